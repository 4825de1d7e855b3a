"""Try the mutants that a session still has, and those that nobody noticed, each by the tests that
run its line.

Runs in a copy of the project, whose files it changes and puts back:
`python -m tests.mutants.trial SESSION SEEN`.
"""

import ast
import json
import os
import shlex
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cosmic_ray.work_item import MutationSpec

PYTEST = "python -m pytest -x -q -p no:cacheprovider -p no:xdist"


@dataclass(frozen=True, slots=True)
class Seen:
    """A test as `tests.mutants.lines` saw it."""

    seconds: float
    lines: frozenset[int]


def read_seen(file: Path) -> dict[str, Seen]:
    read = json.loads(file.read_text(encoding="utf-8"))
    return {test: Seen(each["seconds"], frozenset(each["lines"])) for test, each in read.items()}


def statement(source: str, line: int) -> range:
    """The lines of the smallest statement at `line`: of a function, a loop or a branch those before
    its body, decorators included."""
    smallest = range(line, line + 1)
    size = len(source)
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.stmt):
            continue
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(each.lineno for each in decorators)])
        body = getattr(node, "body", None)
        end = body[0].lineno if body else (node.end_lineno or first) + 1
        lines = range(first, max(end, first + 1))
        if line in lines and len(lines) < size:
            smallest, size = lines, len(lines)
    return smallest


def running(lines: range, seen: Mapping[str, Seen]) -> list[str]:
    """Who runs any of some lines: all tests, when the import already does."""
    imported = not seen[""].lines.isdisjoint(lines)
    return [test for test in seen if test and (imported or not seen[test].lines.isdisjoint(lines))]


@dataclass(slots=True)
class Order:
    """Who tries a mutant first: the least seconds a mutant noticed, as far as that is known."""

    seen: Mapping[str, Seen]
    asked: Counter[str] = field(default_factory=Counter)
    noticed: Counter[str] = field(default_factory=Counter)

    def of(self, tests: Iterable[str]) -> list[str]:
        return sorted(tests, key=self._price)

    def _price(self, test: str) -> float:
        # who was never asked is taken to notice every second one
        return self.seen[test].seconds * (self.asked[test] + 2) / (self.noticed[test] + 1)

    def learn(self, tests: Sequence[str], output: str) -> None:
        """What `pytest -x` said of a mutant that was tried by `tests`, in this order."""
        said = [line.partition(" ")[2] for line in output.splitlines() if line[:6] in _FAILURES]
        for test in tests:
            self.asked[test] += 1
            if any(line == test or line.startswith(f"{test} - ") for line in said):
                self.noticed[test] += 1
                return


_FAILURES = ("FAILED", "ERROR ")
_TOO_LONG = 1800
"""Seconds for all tests of a mutant; each test by itself has a limit, too."""


def main() -> None:
    # here, for they take a second, and the tests of this module need none of them
    from cosmic_ray.mutating import mutate_and_test
    from cosmic_ray.work_db import WorkDB, use_db
    from cosmic_ray.work_item import TestOutcome

    session, seen = sys.argv[1], read_seen(Path(sys.argv[2]))
    os.environ["MUTANTS_SEEN"] = sys.argv[2]
    order = Order(seen)
    with use_db(session, WorkDB.Mode.open) as work:
        unnoticed = [
            item
            for item, result in work.completed_work_items
            if result.test_outcome is TestOutcome.SURVIVED
        ]
        for item in [*work.pending_work_items, *unnoticed]:
            tests = order.of(_running(item.mutations[0], seen))
            # with none nothing can notice
            command = f"{PYTEST} -p tests.mutants.limit {shlex.join(tests)}" if tests else "true"
            result = mutate_and_test(item.mutations, command, _TOO_LONG)
            order.learn(tests, result.output or "")
            work.set_result(item.job_id, result)


def _running(mutation: "MutationSpec", seen: Mapping[str, Seen]) -> list[str]:
    source = mutation.module_path.read_text(encoding="utf-8")
    return running(statement(source, mutation.start_pos[0]), seen)


if __name__ == "__main__":
    main()

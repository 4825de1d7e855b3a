"""Try the mutants that a session still has, each by the tests that run its line, quickest first.

Runs in a copy of the project, whose files it changes and puts back:
`python -m tests.mutants.trial SESSION SEEN`.
"""

import ast
import json
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.work_db import WorkDB, use_db
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
    """Who runs any of some lines, quickest first: all tests, when the import already does."""
    imported = "" in seen and not seen[""].lines.isdisjoint(lines)
    chosen = [
        test for test in seen if test and (imported or not seen[test].lines.isdisjoint(lines))
    ]
    return sorted(chosen, key=lambda test: seen[test].seconds)


def main() -> None:
    session, seen = sys.argv[1], read_seen(Path(sys.argv[2]))
    with use_db(session, WorkDB.Mode.open) as work:
        for item in list(work.pending_work_items):
            command, limit = _command(item.mutations[0], seen)
            work.set_result(item.job_id, mutate_and_test(item.mutations, command, limit))


def _command(mutation: MutationSpec, seen: Mapping[str, Seen]) -> tuple[str, float]:
    """What tries a mutant, and after how many seconds it surely loops for ever."""
    source = mutation.module_path.read_text(encoding="utf-8")
    tests = running(statement(source, mutation.start_pos[0]), seen)
    if not tests:
        return "true", 10  # nothing runs it: nothing can notice
    limit = 30 + 5 * sum(seen[test].seconds for test in tests)
    return f"{PYTEST} {shlex.join(tests)}", limit


if __name__ == "__main__":
    main()

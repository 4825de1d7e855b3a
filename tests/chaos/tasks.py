"""The campaign in parts that know nothing of each other: each can be done in any process, and done
again it does the same."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from itertools import product
from typing import Any, NamedTuple

from tests.chaos import backlog, conditions, crashes, lasting, machine
from tests.chaos.guards import GUARDS, Guard, without
from tests.chaos.story import Totals
from tests.chaos.world import World, inhabited

SINGLES = 40
"""In so many parts the single faults of a course are done."""
LASTING, SEEDS = 20, 5
"""In so many parts the troubles that last are done, and of each condition so many seeds a part."""
PAIRS = 100
"""So many pairs of deaths are one part."""
BLOCK, BLOCK_ON_MOTO = 100, 20
"""So many schedules."""


class Task(NamedTuple):
    """A part, by its kind and its place among those of the kind."""

    kind: str
    number: int

    @property
    def name(self) -> str:
        return f"{self.kind} {self.number}"


@dataclass(slots=True)
class Run:
    """One schedule: which faults it met, and what it came to."""

    name: str
    injected: Counter[str]
    totals: Totals


@dataclass(slots=True)
class Done:
    """A part that is done; `found` is what it has to say beside its runs."""

    task: Task
    runs: list[Run] = field(default_factory=list)
    found: Any = None


_lived_in = ExitStack()
_make: list[crashes.Make] = []


def live_in(on_moto: bool) -> None:
    """Prepare a process for parts; what its functions log goes nowhere."""
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115 (for as long as the process lives)
    _make[:] = [_lived_in.enter_context(inhabited(on_moto=on_moto))]


def do(task: Task) -> Done:
    """Do one part, in a process that `live_in` prepared."""
    make = _make[0]
    done = Done(task)
    match task.kind:
        case "singles":
            course, part = divmod(task.number, SINGLES)
            name = list(crashes.COURSES)[course]
            done.runs = _told(crashes.singles(make, name, start=part, step=SINGLES))
        case "lasting":
            done.runs = _told(lasting.runs(make, start=task.number, step=LASTING))
            seeds = range(task.number * SEEDS, (task.number + 1) * SEEDS)
            done.runs += [
                Run(f"{name}, seed {seed}", Counter(), conditions.live(make, name, seed))
                for name, seed in product(conditions.CONDITIONS, seeds)
            ]
        case "pairs":
            done.runs = _told(crashes.pairs(make, start=task.number * PAIRS, count=PAIRS))
        case "schedules":
            done.runs = _block(make, task, BLOCK)
        case "on_moto":
            done.runs = _block(make, task, BLOCK_ON_MOTO)
        case "guard":
            with without(GUARDS[task.number]):
                done.found = _caught(make, GUARDS[task.number])
        case "backlog":
            done.found = asdict(backlog.drain(make, users=10_000, faults=50))
    return done


def count_of_pairs() -> int:
    """How many parts the pairs have."""
    with inhabited() as make:
        return -(-crashes.count_pairs(make) // PAIRS)


def _told(runs: Iterator[tuple[str, World, Totals]]) -> list[Run]:
    return [Run(name, world.injected, totals) for name, world, totals in runs]


def _block(make: crashes.Make, task: Task, size: int) -> list[Run]:
    """Some schedules, by their numbers."""
    found: list[Run] = []
    first = task.number * size
    several = machine.runs(make, start=first, count=size)
    for number, (schedule, world, totals) in enumerate(several, first):
        name = f"schedule {number}"
        if not totals.holds:
            name += f": {', '.join(map(str, machine.shortest(make, schedule)))}"
        found.append(Run(name, world.injected, totals))
    return found


def _caught(make: crashes.Make, guard: Guard) -> str | None:
    """How the campaign notices that a guard is missing; None when it does not."""
    for totals in guard.runs(make):
        if not totals.holds:
            said = [*totals.lost, *totals.duplicated, *totals.wrong]
            return f"{guard.place}: {said[0]}"
    return None

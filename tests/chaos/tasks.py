"""The campaign in parts that know nothing of each other: each can be done in any process, and done
again it does the same."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from itertools import product
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.chaos import backlog, conditions, crashes, lasting
from tests.chaos.guards import GUARDS, Guard, without
from tests.chaos.machine import Campaign
from tests.chaos.story import Totals
from tests.chaos.world import World, inhabited

STEPS = 30
SINGLES = 40
"""In so many parts the single faults of a course are done."""
LASTING, SEEDS = 20, 5
"""In so many parts the troubles that last are done, and of each condition so many seeds a part."""
PAIRS = 100
"""So many pairs of deaths are one part."""
BLOCK, BLOCK_ON_MOTO = 100, 20
"""So many schedules of the state machine."""


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
            troubled, part = divmod(task.number, SINGLES)
            runs = crashes.singles(make, troubled=bool(troubled), start=part, step=SINGLES)
            done.runs = _told(runs)
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
    """Some schedules of the state machine; its number is their seed."""
    runs: list[Run] = []

    def record(world: World, totals: Totals) -> None:
        runs.append(Run(f"{task.kind}, seed {task.number}", world.injected, totals))

    Campaign.make, Campaign.record = staticmethod(make), staticmethod(record)
    with suppress(AssertionError):  # it is in the record
        run_machine(task.number, size)
    return runs


def run_machine(number: int, size: int) -> None:
    """So many schedules of `STEPS` steps from the seed `number`. Raises AssertionError when one
    does not hold."""
    run_state_machine_as_test(
        seed(number)(Campaign),
        settings=settings(
            max_examples=size,
            stateful_step_count=STEPS,
            phases=[Phase.generate],
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
        _min_steps=STEPS,  # without it one in four, made from another by a change, stops early
    )


def _caught(make: crashes.Make, guard: Guard) -> str | None:
    """How the campaign notices that a guard is missing; None when it does not."""
    for totals in guard.runs(make):
        if not totals.holds:
            said = [*totals.lost, *totals.duplicated, *totals.wrong]
            return f"{guard.place}: {said[0]}"
    return None

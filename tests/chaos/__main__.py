"""make chaos: run the campaign, save its totals, resume where it was stopped, write the report.

`SCHEDULES=N` bounds the schedules of the state machine, to which one in twenty is added on moto,
and `PAIRS=N` the pairs of deaths; by default 100,000 and all of them. Schedule block B is made from
the seed B: the same everywhere.
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import asdict
from io import StringIO
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from local.stack import deployed
from tests.chaos import backlog, crashes, report, wire
from tests.chaos.guards import GUARDS, Guard, without
from tests.chaos.machine import Campaign
from tests.chaos.story import Totals
from tests.chaos.world import World, inhabited
from tests.support.clients import forget_clients
from tests.support.template import ROOT

BLOCK = 100
STEPS = 30
SAVED = ROOT / "build" / "chaos.json"


class Progress:
    """The totals so far, on disk after each part."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {
            **dict.fromkeys(
                ("schedules", "faults", "lost", "duplicated", "unknown", "resent", "accepted"), 0
            ),
            "singles": 0,
            "pairs": 0,
            "next_pair": 0,
            "next_block": {"schedules": 0, "on_moto": 0},
            "on_moto": 0,
            "slowest_recovery_minutes": 0,
            "faults_by_kind": {},
            "failures": [],
            "guards": {},
            "backlog": {},
            "wire": {},
            "sms_throttled": {},
        }
        if SAVED.is_file():
            self.state |= json.loads(SAVED.read_text())

    def count(self, kind: str, name: str, world: World, totals: Totals) -> None:
        state = self.state
        state[kind] += 1
        state["faults"] += world.injected.total()
        by_kind = Counter(state["faults_by_kind"])
        by_kind.update(world.injected)
        state["faults_by_kind"] = {k: n for k, n in sorted(by_kind.items()) if n}
        state["lost"] += len(totals.lost)
        state["duplicated"] += len(totals.duplicated)
        for counted in ("unknown", "resent", "accepted"):
            state[counted] += getattr(totals, counted)
        slowest = max(state["slowest_recovery_minutes"], totals.minutes)
        state["slowest_recovery_minutes"] = slowest
        if not totals.holds:
            said = [*totals.lost, *totals.duplicated, *totals.wrong]
            state["failures"].append({"schedule": name, "wrong": said})

    def count_wire(self, outcome: wire.Outcome) -> None:
        state = self.state
        state["wire"][outcome.name] = asdict(outcome)
        state["faults"] += outcome.fired
        for counted in ("lost", "duplicated", "unknown", "resent", "accepted"):
            state[counted] += getattr(outcome, counted)
        if outcome.wrong:
            state["failures"].append({"schedule": f"wire, {outcome.name}", "wrong": outcome.wrong})

    def save(self) -> None:
        SAVED.parent.mkdir(exist_ok=True)
        SAVED.write_text(json.dumps(self.state, indent=1) + "\n")
        report.write(self.state)


def main() -> int:
    schedules = int(os.environ.get("SCHEDULES") or 100_000)
    pairs = int(os.environ.get("PAIRS") or sys.maxsize)
    progress = Progress()
    with inhabited() as make, silence():
        if not progress.state["singles"]:
            for troubled in (False, True):
                for name, world, totals in crashes.singles(make, troubled=troubled):
                    progress.count("singles", name, world, totals)
            tell(progress, f"{progress.state['singles']} single faults")
        if not progress.state["backlog"]:
            progress.state["backlog"] = asdict(backlog.drain(make, users=10_000, faults=50))
            tell(progress, "a backlog of 10,000 users")
        for guard in GUARDS:
            if guard.name not in progress.state["guards"]:
                with without(guard):
                    progress.state["guards"][guard.name] = caught(make, guard)
                tell(progress, f"without the guard {guard.name!r}")
    wires(progress)
    with inhabited() as make, silence():
        while progress.state["schedules"] < schedules:
            block(make, progress, "schedules", BLOCK)
            tell(progress, f"{progress.state['schedules']} schedules")
        if progress.state["pairs"] < pairs:
            start = progress.state["next_pair"]
            for name, world, totals in crashes.pairs(make, start=start):
                progress.count("pairs", name, world, totals)
                progress.state["next_pair"] += 1
                if progress.state["pairs"] % 500 == 0:
                    tell(progress, f"{progress.state['pairs']} pairs of deaths")
                if progress.state["pairs"] >= pairs:
                    break
            tell(progress, f"{progress.state['pairs']} pairs of deaths")
    with inhabited(on_moto=True) as make, silence():
        while progress.state["on_moto"] < schedules // 20:
            block(make, progress, "on_moto", BLOCK // 5)
            tell(progress, f"{progress.state['on_moto']} schedules through moto")
    bites = all(progress.state["guards"].values())
    return 0 if bites and not progress.state["failures"] else 1


def wires(progress: Progress) -> None:
    """Faults on the wire, on the deployed local stack."""
    left = [
        (day, schedule)
        for day, schedule in enumerate(wire.schedules())
        if schedule.name not in progress.state["wire"]
    ]
    if not left and progress.state["sms_throttled"]:
        return
    forget_clients()
    with deployed() as stack, wire.between(stack) as proxy:
        for day, schedule in left:
            progress.count_wire(wire.run(stack, proxy, schedule, day=day))
            tell(progress, f"on the wire: {schedule.name}")
        progress.state["sms_throttled"] = wire.sms_throttled(stack, proxy, day=1000)
    forget_clients()
    tell(progress, "SMS throttled to nothing")


def block(make: crashes.Make, progress: Progress, kind: str, size: int) -> None:
    """Some schedules of the state machine."""
    number = progress.state["next_block"][kind]

    def record(world: World, totals: Totals) -> None:
        progress.count(kind, f"{kind}, seed {number}", world, totals)

    Campaign.make, Campaign.record = staticmethod(make), staticmethod(record)
    with suppress(AssertionError):  # it is in the record
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
        )
    progress.state["next_block"][kind] = number + 1


def caught(make: crashes.Make, guard: Guard) -> str | None:
    """How the campaign notices that a guard is missing; None when it does not."""
    for totals in crashes.named(make, guard.noticed_at, troubled=guard.troubled):
        if not totals.holds:
            said = [*totals.lost, *totals.duplicated, *totals.wrong]
            return f"{guard.noticed_at}: {said[0]}"
    return None


@contextmanager
def silence() -> Iterator[None]:
    """What the functions log goes nowhere."""
    with redirect_stdout(StringIO()):
        yield


def tell(progress: Progress, done: str) -> None:
    progress.save()
    state = progress.state
    counts = ", ".join(f"{name} {state[name]}" for name in ("faults", "lost", "duplicated"))
    print(f"{done}: {counts}, failures {len(state['failures'])}", file=sys.__stdout__, flush=True)


if __name__ == "__main__":
    sys.exit(main())

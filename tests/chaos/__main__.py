"""make chaos: run the campaign, save its totals, resume where it was stopped, write the report.

`SCHEDULES=N` bounds the schedules of the dice, to which one in twenty is added on moto,
and `PAIRS=N` the pairs of deaths; by default 100,000 and all of them. It takes all processors.
Each schedule is made from its number: the same everywhere.
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from multiprocessing import get_context
from typing import Any

from local.stack import deployed
from tests.chaos import crashes, report, tasks, wire
from tests.chaos.guards import GUARDS
from tests.chaos.tasks import Done, Run, Task
from tests.support.clients import forget_clients
from tests.support.template import ROOT

SAVED = ROOT / "build" / "chaos.json"
SMS_DAY = 1000
"""The day of the last part of the wire, later than those of all schedules and their reruns."""


class Progress:
    """The totals so far, on disk after each part."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {
            **dict.fromkeys(
                ("schedules", "faults", "lost", "duplicated", "unknown", "resent", "accepted"), 0
            ),
            "singles": 0,
            "lasting": 0,
            "pairs": 0,
            "done": [],
            "on_moto": 0,
            "slowest_recovery_minutes": 0,
            "faults_by_kind": {},
            "failures": [],
            "guards": {},
            "backlog": {},
            "wire": {},
            "reruns": 0,
            "sms_throttled": {},
        }
        if SAVED.is_file():
            self.state |= json.loads(SAVED.read_text())

    def count(self, done: Done) -> None:
        state, task = self.state, done.task
        state["done"].append(task.name)
        match task.kind:
            case "guard":
                state["guards"][GUARDS[task.number].name] = done.found
            case "backlog":
                state["backlog"] = done.found
        for run in done.runs:
            self._count_run(task.kind, run)

    def _count_run(self, kind: str, run: Run) -> None:
        state, totals = self.state, run.totals
        state[kind] += 1
        state["faults"] += run.injected.total()
        by_kind = Counter(state["faults_by_kind"])
        by_kind.update(run.injected)
        state["faults_by_kind"] = {k: n for k, n in sorted(by_kind.items()) if n}
        state["lost"] += len(totals.lost)
        state["duplicated"] += len(totals.duplicated)
        for counted in ("unknown", "resent", "accepted"):
            state[counted] += getattr(totals, counted)
        slowest = max(state["slowest_recovery_minutes"], totals.minutes)
        state["slowest_recovery_minutes"] = slowest
        if not totals.holds:
            said = [*totals.lost, *totals.duplicated, *totals.wrong]
            state["failures"].append({"schedule": run.name, "wrong": said})

    def count_wire(self, outcome: wire.Outcome) -> None:
        state = self.state
        state["wire"][outcome.name] = asdict(outcome)
        state["faults"] += outcome.fired
        state["reruns"] += outcome.reruns
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
    together(progress, [Task("singles", n) for n in range(len(crashes.COURSES) * tasks.SINGLES)])
    together(progress, [Task("lasting", n) for n in range(tasks.LASTING)])
    together(progress, [Task("backlog", 0), *(Task("guard", n) for n in range(len(GUARDS)))])
    wires(progress)
    parts = min(tasks.count_of_pairs(), -(-pairs // tasks.PAIRS))
    together(progress, [Task("pairs", n) for n in range(parts)])
    together(progress, [Task("schedules", n) for n in range(-(-schedules // tasks.BLOCK))])
    on_moto = -(-schedules // 20 // tasks.BLOCK_ON_MOTO)
    together(progress, [Task("on_moto", n) for n in range(on_moto)], on_moto=True)
    bites = all(progress.state["guards"].values())
    return 0 if bites and not progress.state["failures"] else 1


def together(progress: Progress, wanted: Iterable[Task], *, on_moto: bool = False) -> None:
    """Do what is left of some parts, in as many processes as there are processors."""
    left = [task for task in wanted if task.name not in progress.state["done"]]
    if not left:
        return
    with ProcessPoolExecutor(
        initializer=tasks.live_in, initargs=(on_moto,), mp_context=get_context("spawn")
    ) as pool:
        try:
            for future in as_completed([pool.submit(tasks.do, task) for task in left]):
                progress.count(future.result())
                tell(progress, future.result().task.name)
        except BaseException:
            pool.shutdown(cancel_futures=True)  # what is left is for the next run
            raise


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
        progress.state["sms_throttled"] = wire.sms_throttled(stack, proxy, day=SMS_DAY)
    forget_clients()
    tell(progress, "SMS throttled to nothing")


def tell(progress: Progress, done: str) -> None:
    progress.save()
    state = progress.state
    counts = ", ".join(f"{name} {state[name]}" for name in ("faults", "lost", "duplicated"))
    print(f"{done}: {counts}, failures {len(state['failures'])}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

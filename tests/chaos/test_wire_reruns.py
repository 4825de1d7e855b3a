"""A schedule on the wire whose fault never happened says nothing: it is run again by itself."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.chaos import __main__ as campaign
from tests.chaos import report, wire
from tests.chaos.backlog import Drained
from tests.chaos.comparison import Totals
from tests.chaos.guards import GUARDS
from tests.chaos.tasks import Done, Run, Task
from tests.chaos.wire import NEVER_HAPPENED, RUNS_AT_MOST, Outcome, until_it_happens


def never() -> Outcome:
    return Outcome("deliver: every Query slow", "deliver", "Query", wrong=[NEVER_HAPPENED])


def happened(*wrong: str) -> Outcome:
    return Outcome("deliver: every Query slow", "deliver", "Query", wrong=[*wrong], fired=7)


@pytest.mark.parametrize("failures", range(RUNS_AT_MOST))
def test_it_is_run_until_its_fault_happens(failures: int) -> None:
    asked: list[int] = []

    def live(number: int) -> Outcome:
        asked.append(number)
        return happened() if number == failures else never()

    outcome = until_it_happens(live)
    assert asked == [*range(failures + 1)]
    assert (outcome.wrong, outcome.fired, outcome.reruns) == ([], 7, failures)


def test_one_that_never_happens_is_wrong_after_a_few_runs() -> None:
    asked: list[int] = []

    def live(number: int) -> Outcome:
        asked.append(number)
        return never()

    outcome = until_it_happens(live)
    assert asked == [*range(RUNS_AT_MOST)]
    assert (outcome.wrong, outcome.reruns) == ([NEVER_HAPPENED], RUNS_AT_MOST - 1)


@pytest.mark.parametrize("wrong", [("2 times: somebody",), ("never at rest", NEVER_HAPPENED)])
def test_what_else_is_wrong_is_not_run_away_from(wrong: tuple[str, ...]) -> None:
    asked: list[int] = []

    def live(number: int) -> Outcome:
        asked.append(number)
        return happened(*wrong)

    assert until_it_happens(live).wrong == [*wrong]
    assert asked == [0]


def test_each_run_has_a_later_day_than_all_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process must not know of a trouble that is still to come."""
    starts: list[Any] = []

    def once(stack: Any, proxy: Any, schedule: Any, start: Any) -> Outcome:
        starts.append(start)
        return never()

    monkeypatch.setattr(wire, "_run_once", once)
    for day, schedule in zip(range(3), wire.schedules(), strict=False):
        wire.run(None, None, schedule, day=day)
    assert len(starts) == 3 * RUNS_AT_MOST
    assert starts == sorted(set(starts))
    days = RUNS_AT_MOST * len(list(wire.schedules()))
    assert days < campaign.SMS_DAY, "the last part of the wire has days of its own"


def test_reruns_stand_in_the_totals_and_in_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaign, "SAVED", tmp_path / "build" / "chaos.json")
    monkeypatch.setattr(report, "REPORT", tmp_path / "report.md")
    progress = campaign.Progress()
    outcome = happened()
    outcome.reruns = 2
    progress.count_wire(outcome)
    progress.count_wire(Outcome("settle: every GetItem throttled", "settle", "GetItem", fired=1))
    progress.save()
    assert progress.state["wire"]["deliver: every Query slow"]["reruns"] == 2
    assert campaign.Progress().state["reruns"] == 2
    (line,) = (
        line for line in report.REPORT.read_text().splitlines() if line.startswith("Run again")
    )
    assert "`deliver: every Query slow` (2)" in line
    assert "settle" not in line


def test_every_part_stands_in_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "SAVED", tmp_path / "build" / "chaos.json")
    monkeypatch.setattr(report, "REPORT", tmp_path / "report.md")
    progress = campaign.Progress()
    drained = Drained(1000, 1234, 5, 990, 7, 0, 0, 3)
    progress.count(Done(Task("backlog", 0), found=asdict(drained)))
    progress.count(Done(Task("guard", 0), found="dies at FindDue: Query"))
    run = Run("dies at FindDue: Query", Counter(report.KINDS.keys()), Totals(accepted=6))
    progress.count(Done(Task("singles", 0), [run]))
    progress.save()
    text = report.REPORT.read_text()
    assert "It took 1,234 wake-ups in 5 minutes of ticks." in text
    assert all(kind in text for kind in report.KINDS.values())
    assert f"| {GUARDS[0].name} | dies at FindDue: Query |" in text

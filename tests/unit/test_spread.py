"""The spread window, and the pace of a worker."""

from collections import Counter
from dataclasses import replace
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders import spread
from bill_reminders.delivery import pace
from bill_reminders.delivery.pace import Pace
from bill_reminders.domain.account import Account
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.local_time import QuietHours, local_date, together
from bill_reminders.domain.people import Plan
from bill_reminders.domain.reminder_series import planned_instant
from bill_reminders.domain.reminders import Trigger
from bill_reminders.storage import rows
from bill_reminders.storage.accounts import shard_of
from tests.support.people import a_user

MINUTE = timedelta(minutes=1)
DUE = date(2027, 2, 10)
USER = a_user(channels=[Channel.SMS])


def instant(trigger: Trigger, spread_minutes: int = 30, quiet: QuietHours | None = None) -> str:
    user = replace(USER, spread_minutes=spread_minutes)
    planned = planned_instant(user, user.plan, DUE, trigger, together(quiet, None))
    return f"{planned:%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        (Trigger.lead(3), "02-07 09:30"),
        (Trigger.lead(1), "02-09 09:30"),
        (Trigger.lead(0), "02-10 09:00"),
        (Trigger.overdue(1), "02-11 09:00"),
        (Trigger.snooze(date(2027, 2, 8)), "02-08 09:00"),
    ],
)
def test_lead_days_are_spread_and_nothing_else(trigger: Trigger, expected: str) -> None:
    assert instant(trigger) == expected


@pytest.mark.parametrize(
    ("quiet", "spread_minutes", "expected"),
    [
        ((time(9, 10), time(18)), 30, "02-09 09:09"),
        ((time(9, 1), time(18)), 30, "02-09 09:00"),
        ((time(9, 10), time(9, 20)), 30, "02-09 09:30"),
        ((time(8), time(10)), 30, "02-09 10:30"),
        ((time(0), time(1)), 16 * 60, "02-09 23:59"),
        ((time(22), time(8)), 16 * 60, "02-09 21:59"),
        ((time(8), time(23, 50)), 30, "02-09 23:59"),
    ],
)
def test_spreading_leads_neither_into_quiet_hours_nor_into_another_day(
    quiet: tuple[time, time], spread_minutes: int, expected: str
) -> None:
    assert instant(Trigger.lead(1), spread_minutes, QuietHours(*quiet)) == expected


@given(
    st.integers(0, 23 * 60 + 59),
    st.integers(0, 240),
    st.none() | st.tuples(st.times(), st.times()).filter(lambda ends: ends[0] != ends[1]),
    st.sampled_from(["America/New_York", "Australia/Lord_Howe", "Asia/Shanghai"]),
    st.dates(date(2027, 1, 1), date(2027, 12, 31)),
)
def test_wherever_it_is_put_it_is_as_good_as_before(
    at: int, minutes: int, ends: tuple[time, time] | None, zone: str, due_on: date
) -> None:
    whole = None if ends is None else QuietHours(*(each.replace(microsecond=0) for each in ends))
    if whole is not None and whole.start == whole.end:
        return
    quiet = together(whole, None)
    user = replace(USER, zone=ZoneInfo(zone), plan=Plan(remind_at=time(at // 60, at % 60)))
    own, other = (
        planned_instant(
            replace(user, spread_minutes=each), user.plan, due_on, Trigger.lead(1), quiet
        )
        for each in (0, minutes)
    )
    assert own <= other <= own + minutes * MINUTE
    assert local_date(own, user.zone) == local_date(other, user.zone)
    assert not quiet.cover(other, user.zone)


def test_each_user_has_a_place_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"user-{n}" for n in range(6000)]
    assert {spread.minutes_of(name) for name in names} == {0}
    monkeypatch.setenv("SPREAD_MINUTES", "29")
    places = Counter(map(spread.minutes_of, names))
    assert sorted(places) == list(range(30))
    assert max(places.values()) < 2 * min(places.values())
    of_one_shard = {spread.minutes_of(name) for name in names if shard_of(name, 4) == 0}
    assert len(of_one_shard) == 30
    assert [spread.minutes_of(name) for name in names[:9]] == [
        spread.minutes_of(name) for name in names[:9]
    ]


def test_it_is_known_of_every_user_that_is_read_and_no_change_of_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SPREAD_MINUTES", "240")
    read = rows.user_from(rows.user_item(USER))
    assert read.spread_minutes == spread.minutes_of(USER.user_id) > 0
    account = Account(1, read)
    assert account.with_user(USER) is account
    changed = account.with_user(replace(USER, tips=False))
    assert changed.user.spread_minutes == read.spread_minutes


def test_a_worker_keeps_its_share_of_the_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    now, slept = [100.0], list[float]()

    def sleep(seconds: float) -> None:
        slept.append(round(seconds, 6))
        now[0] += seconds

    monkeypatch.setattr(pace.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(pace.time, "sleep", sleep)
    worker = Pace.share(20, 2)
    worker.wait()
    now[0] += 0.04  # what a message takes
    worker.wait()
    worker.wait()
    now[0] += 7  # after a rest the first is free, and no more
    worker.wait()
    worker.wait()
    assert slept == [0.06, 0.1, 0.1]


@pytest.mark.parametrize(
    ("per_second", "workers", "expected"), [(1, 2, 1), (14, 2, 2), (20, 2, 3), (100, 2, 13)]
)
def test_so_many_messages_are_under_way_as_a_worker_needs_for_its_pace(
    per_second: float, workers: int, expected: int
) -> None:
    assert Pace.share(per_second, workers).at_once == expected

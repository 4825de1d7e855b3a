"""A second message: once, while it helps, and when no nearer reminder of the same is to come.

Unless a test says otherwise one bill is due on 10 February 2027. All times are those on the wall in
New York, and twelve minutes have passed since the message left and nobody can tell what became of
it.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.bills import Bill, FailedDebit, Snooze
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.forecast import forecast
from bill_reminders.domain.ledger import Recorded, State
from bill_reminders.domain.local_time import QuietHours, local_date
from bill_reminders.domain.payments import Payment
from bill_reminders.domain.people import Join, Plan, PlanChange, User
from bill_reminders.domain.planning import decide, deserves_resend
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.reminders import Reminder
from tests.support.people import a_bill, a_user

NEW_YORK = ZoneInfo("America/New_York")
DUE = date(2027, 2, 10)
USER = a_user(zone="America/New_York")
LATER = timedelta(minutes=12)


def at(wall: str) -> datetime:
    return datetime.fromisoformat(f"2027-{wall}").replace(tzinfo=NEW_YORK).astimezone(UTC)


def lost_at(user: User, bill: Bill, now: datetime) -> dict[str, Recorded]:
    """The ledger after what was due at `now` was claimed, and whatever was skipped noted."""
    decision = decide(user, [bill], {}, channel=Channel.SMS, now=now)
    assert len(decision.due) == 1
    rows = [Recorded(each, State.UNKNOWN) for each in decision.due]
    rows += [Recorded(each.reminder, State.SKIPPED) for each in decision.skipped]
    return {row.reminder.key: row for row in rows}


def deserved(user: User, bill: Bill, rows: dict[str, Recorded], now: datetime) -> bool:
    (row,) = (row for row in rows.values() if row.state is State.UNKNOWN)
    return deserves_resend(row, user, bill, rows, now=now)


def planned(*lead_days: int, **changes: Any) -> Bill:
    return a_bill(due_on=DUE, plan_change=PlanChange(lead_days=lead_days), **changes)


DEBIT_OF_FIRST = (FailedDebit(0, at("02-10 14:00"), "e1"),)


@pytest.mark.parametrize(
    ("bill", "wall", "expected"),
    [
        (planned(3, 1, 0), "02-07 09:00", False),
        (planned(3, 1, 0), "02-09 09:00", False),
        (planned(3, 1, 0), "02-10 09:00", True),
        (planned(3, 1, 0), "02-11 09:00", True),
        (planned(3), "02-07 09:00", True),
        (planned(30), "01-11 09:00", True),
        (planned(7, 3), "02-03 09:00", False),
        (planned(7, 3), "02-07 09:00", True),
        (planned(), "02-11 09:00", True),
        (planned(3, 1, 0, autopay=True), "02-09 09:00", True),
        (planned(3, autopay=True, failed_debits=DEBIT_OF_FIRST), "02-10 14:00", True),
        (planned(5, snoozes=(Snooze(0, date(2027, 2, 8)),)), "02-08 09:00", True),
        (planned(5, 1, snoozes=(Snooze(0, date(2027, 2, 8)),)), "02-08 09:00", False),
        (planned(5, snoozes=(Snooze(0, date(2027, 2, 13)),)), "02-13 09:00", True),
    ],
    ids=[
        "the first of three",
        "the second of three",
        "on the due day, though an overdue notice follows",
        "an overdue notice",
        "the only lead day",
        "the only lead day, a month ahead",
        "the first of two",
        "the last of two, both before the due day",
        "of a plan with overdue days alone",
        "what stands for the plan of what is debited",
        "a debit failed, though the plan is back",
        "a snooze that is the last",
        "a snooze before a lead day",
        "a snooze past the due day",
    ],
)
def test_it_is_sent_once_more_when_no_nearer_one_is_to_come(
    bill: Bill, wall: str, expected: bool
) -> None:
    rows = lost_at(USER, bill, at(wall))
    assert deserved(USER, bill, rows, at(wall) + LATER) is expected
    again = {key: replace(row, resends=1) for key, row in rows.items()}
    assert not deserved(USER, bill, again, at(wall) + LATER), "never a third time"


def snoozed(bill: Bill, day: int) -> Bill:
    return replace(bill, snoozes=(Snooze(0, date(2027, 2, day)),))


def paused(day: int) -> User:
    return replace(USER, paused_until=date(2027, 2, day))


THREE = planned(3, 1, 0)
WHEN = at("02-07 09:00")


@pytest.mark.parametrize(
    ("user", "bill", "now", "expected"),
    [
        (USER, THREE, at("02-10 00:10"), False),
        (paused(8), THREE, WHEN + LATER, False),
        (paused(10), THREE, WHEN + LATER, True),
        (USER, snoozed(THREE, 9), WHEN + LATER, False),
        (USER, snoozed(THREE, 12), WHEN + LATER, False),
        (USER, replace(THREE, autopay=True), WHEN + LATER, False),
        (USER, planned(3, 0), at("02-08 09:00"), False),
        (USER, planned(3, 0), at("02-10 09:00"), False),
        (USER, planned(7, 3), WHEN + LATER, True),
        (USER, planned(3, 1, 0, closed_at=WHEN), WHEN + LATER, False),
        (USER, replace(THREE, payments=(Payment(0, WHEN, payment_id="p"),)), WHEN + LATER, False),
        (replace(USER, addresses={}), THREE, WHEN + LATER, False),
        (USER, planned(3), at("02-10 23:59"), True),
        (USER, planned(3), at("02-11 00:00"), False),
        (USER, None, WHEN + LATER, False),
    ],
    ids=[
        "the nearer one is to come on the due day itself",
        "a pause that ends before the nearer ones",
        "a pause that is over after all of them",
        "snoozed until a nearer day",
        "snoozed past the due day, which says all that is wanted",
        "debited by now: that day's reminder is to come",
        "the due day is to come",
        "the due day's has come, and goes in its place",
        "all nearer days were taken out of the plan",
        "closed meanwhile",
        "paid meanwhile",
        "no address",
        "to the end of the due day",
        "the due day is over",
        "deleted",
    ],
)
def test_what_happens_meanwhile_decides(
    user: User, bill: Bill | None, now: datetime, expected: bool
) -> None:
    rows = lost_at(USER, THREE, WHEN)
    (row,) = (row for row in rows.values() if row.state is State.UNKNOWN)
    assert deserves_resend(row, user, bill, rows, now=now) is expected


def test_a_nearer_one_that_went_out_is_no_reason_to_send_an_older_one() -> None:
    rows = lost_at(USER, THREE, WHEN)
    nearer = decide(USER, [THREE], rows, channel=Channel.SMS, now=at("02-10 09:00")).due
    rows |= {each.key: Recorded(each, State.SENT) for each in nearer}
    assert not deserved(USER, THREE, rows, at("02-10 09:05"))


def test_only_its_own_channel_counts() -> None:
    """The due day's goes by e-mail alone: what was lost by SMS was the last one there."""
    plan = Plan(
        channels=(Channel.EMAIL, Channel.SMS), lead_days=(3, 0), joins=(Join(Channel.SMS, None),)
    )
    user = a_user(zone="America/New_York", channels=plan.channels, plan=plan)
    bill = a_bill(due_on=DUE)
    by_email = decide(user, [bill], {}, channel=Channel.EMAIL, now=WHEN).due
    rows = {each.key: Recorded(each, State.BOUNCED) for each in by_email}
    by_sms = decide(user, [bill], rows, channel=Channel.SMS, now=WHEN).due
    rows |= {each.key: Recorded(each, State.UNKNOWN) for each in by_sms}
    assert [str(each.trigger) for each in by_sms] == ["lead:3"]
    assert deserved(user, bill, rows, WHEN + LATER)


def test_a_second_debit_that_failed_stands_for_the_first_and_nothing_else_does() -> None:
    user = replace(USER, quiet_hours=QuietHours(time(22), time(7)))
    first, second = (
        FailedDebit(0, at(wall), event)
        for wall, event in (("02-10 14:00", "e1"), ("02-10 23:00", "e2"))
    )
    bill = planned(3, 1, 0, autopay=True, failed_debits=(first,))
    rows = lost_at(user, bill, first.at)
    both = replace(bill, failed_debits=(first, second))
    assert deserved(user, bill, rows, first.at + LATER)
    late = at("02-10 23:05")
    assert deserved(user, bill, rows, late)
    assert not deserved(user, both, rows, at("02-11 07:00")), "the second one goes now"


@given(
    lead_days=st.sets(st.sampled_from([0, 1, 2, 3, 5, 8]), min_size=1).map(tuple),
    overdue_days=st.sets(st.sampled_from([1, 2, 4]), max_size=2).map(tuple),
    remind_at=st.sampled_from([time(0), time(9), time(23, 59)]),
    quiet=st.none()
    | st.sampled_from([QuietHours(time(21), time(8)), QuietHours(time(8), time(3))]),
    snooze=st.none() | st.integers(-6, 3),
    pause=st.none() | st.integers(-6, 3),
    autopay=st.booleans(),
    every_day=st.booleans(),
    minutes=st.integers(10, 9 * 24 * 60),
)
def test_somebody_who_misses_one_is_reminded_in_time_by_another_or_gets_it_again(
    lead_days: tuple[int, ...],
    overdue_days: tuple[int, ...],
    remind_at: time,
    quiet: QuietHours | None,
    snooze: int | None,
    pause: int | None,
    autopay: bool,
    every_day: bool,
    minutes: int,
) -> None:
    """Against the outlook, which plays all that comes."""
    plan = Plan(lead_days=lead_days, overdue_days=overdue_days, remind_at=remind_at)
    user = a_user(zone="America/New_York", plan=plan, quiet_hours=quiet)
    bill = a_bill(due_on=DUE, autopay=autopay)
    if every_day:
        bill = replace(bill, recurrence=Recurrence(DUE, 3, Unit.DAY))
    start = at("02-01 00:00")
    (first, *_) = forecast(
        user, [bill], {}, channels=[Channel.SMS], now=start, until=at("03-15 00:00"), at_most=1
    )
    rows = {first.reminder.key: Recorded(first.reminder, State.UNKNOWN)}
    now = first.at + timedelta(minutes=minutes)
    if snooze is not None:
        bill = replace(bill, snoozes=(Snooze(0, DUE + timedelta(days=snooze)),))
    if pause is not None:
        user = replace(user, paused_until=DUE + timedelta(days=pause))
    (row,) = rows.values()
    comes = nearer_in_time(user, bill, rows, first.reminder, now)
    if deserves_resend(row, user, bill, rows, now=now):
        assert not comes
        return
    waiting = {row.reminder.key: replace(row, state=State.WAITING, resends=1)}
    skips = decide(user, [bill], waiting, channel=Channel.SMS, now=now).skipped
    assert comes or any(skip.reminder.key == row.reminder.key for skip in skips)


def nearer_in_time(
    user: User, bill: Bill, rows: dict[str, Recorded], lost: Reminder, now: datetime
) -> bool:
    """Whether another of the same occurrence goes out from now to the end of the due day."""
    played = forecast(
        user, [bill], rows, channels=[Channel.SMS], now=now, until=now + timedelta(days=20)
    )
    return any(
        each.skip is None
        and each.reminder.occurrence == lost.occurrence
        and local_date(each.at, NEW_YORK) <= DUE
        for each in played
    )


@pytest.mark.parametrize(("quiet", "expected"), [("20:00-08:00", False), ("23:00-08:00", True)])
def test_it_goes_at_once_only_when_it_need_not_wait_for_the_morning(
    quiet: str, expected: bool
) -> None:
    start, end = (time.fromisoformat(part) for part in quiet.split("-"))
    user = replace(USER, quiet_hours=QuietHours(start, end))
    bill, now = planned(3), at("02-07 21:00")
    rows = lost_at(USER, bill, at("02-07 09:00"))
    (row,) = (row for row in rows.values() if row.state is State.UNKNOWN)
    assert deserves_resend(row, user, bill, rows, now=now)
    assert deserves_resend(row, user, bill, rows, now=now, at_once=True) is expected


def test_what_a_shorter_plan_looks_at_no_more_is_not_sent_again() -> None:
    """Given back it would wait for ever."""
    late = a_bill(due_on=DUE, plan_change=PlanChange(lead_days=(), overdue_days=(20,)))
    now = at("03-02 09:00")
    rows = lost_at(USER, late, now)
    assert deserved(USER, late, rows, now + LATER)
    assert not deserved(USER, planned(3), rows, now + LATER)

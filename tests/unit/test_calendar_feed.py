"""The calendar feed, read by another library than the one that writes it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import takewhile
from typing import Any

import ics
import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar, vDuration
from ics.grammar.parse import GRAMMAR

from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill, Mute, MuteReason, Snooze
from bill_reminders.domain.enums import Channel, Shift
from bill_reminders.domain.forecast import forecast
from bill_reminders.domain.ledger import Recorded, State
from bill_reminders.domain.local_time import QuietHours
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Payment, Statement
from bill_reminders.domain.people import Language, Plan, PlanChange, User
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.reminders import Reminder, SkipReason, Trigger
from bill_reminders.domain.working_days import Place
from bill_reminders.feeds.calendar import (
    ALARMS_AHEAD,
    MOST_EVENTS,
    _alarms,
    _shown,
    feed,
)
from tests.support.examples import examples
from tests.support.people import a_bill, a_user
from tests.support.steps import steps

GRAMMAR.parse = lru_cache(4096)(GRAMMAR.parse)
"""The other library is slow, and most lines of an event stand in the one before, too."""

NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
FOURTH = date(2027, 3, 4)
MONTHLY = Recurrence(FOURTH, 1, Unit.MONTH)


def account(*bills: Bill, version: int = 1, **user: Any) -> Account:
    return Account(version, a_user(**user), bills)


def events(account: Account, now: datetime = NOW) -> list[Any]:
    """As the other library reads them, by date."""
    calendar = ics.Calendar(feed(account, now=now).decode())
    return sorted(calendar.events, key=lambda event: (event.begin, event.name))


def alarms(event: Any) -> list[datetime]:
    return sorted(alarm.trigger.astimezone(UTC) for alarm in event.alarms)


def lines(account: Account) -> list[str]:
    return feed(account, now=NOW).decode().replace("\r\n ", "").split("\r\n")


def test_a_due_date_is_one_whole_day_with_the_plans_alarms() -> None:
    (event,) = events(account(a_bill(due_on=FOURTH)))
    assert event.all_day
    assert event.begin.date() == FOURTH
    assert event.duration == timedelta(days=1)
    assert event.name == "Lantern Bank Credit card: $120.50"
    assert alarms(event) == [
        datetime(2027, 3, day, 9, 0, tzinfo=UTC) for day in (3, 4, 5)
    ]  # of 3, 1, 0 days before and 1 after, the first is over at noon
    text = lines(account(a_bill(due_on=FOURTH)))
    assert "DTSTART;VALUE=DATE:20270304" in text
    assert "DTEND;VALUE=DATE:20270305" in text
    assert "TRIGGER;VALUE=DATE-TIME:20270303T090000Z" in text


@pytest.mark.parametrize(
    ("zone", "due_on", "expected"),
    [
        # clocks go forward on 14 March in New York, on 28 March in Berlin
        ("America/New_York", date(2027, 3, 14), [(13, 14), (14, 13), (15, 13)]),
        ("Europe/Berlin", date(2027, 3, 28), [(27, 8), (28, 7), (29, 7)]),
        ("Asia/Shanghai", date(2027, 3, 14), [(13, 1), (14, 1), (15, 1)]),
        ("Pacific/Auckland", date(2027, 3, 14), [(12, 20), (13, 20), (14, 20)]),
    ],
)
def test_alarms_are_instants_that_keep_nine_on_the_wall(
    zone: str, due_on: date, expected: list[tuple[int, int]]
) -> None:
    plan = Plan(lead_days=(1, 0))
    (event,) = events(account(a_bill(due_on=due_on), zone=zone, plan=plan))
    assert event.begin.date() == due_on
    assert alarms(event) == [datetime(2027, 3, d, h, 0, tzinfo=UTC) for d, h in expected]


USERS = st.builds(
    lambda zone, plan, quiet, paused: a_user(
        zone=zone, plan=plan, quiet_hours=quiet, paused_until=paused
    ),
    st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"]),
    st.builds(
        Plan,
        lead_days=st.lists(st.integers(0, 30), max_size=4, unique=True).map(tuple),
        overdue_days=st.lists(st.integers(1, 9), max_size=2, unique=True).map(tuple),
        remind_at=st.times().map(lambda t: t.replace(second=0, microsecond=0)),
        channels=st.sampled_from([(Channel.SMS,), (Channel.SMS, Channel.EMAIL)]),
    ),
    st.none() | st.just(QuietHours(time(21), time(8))),
    st.none() | st.just(date(2027, 3, 20)),
)


@examples(15)  # the independent reader is slow
@given(
    user=USERS,
    every=st.integers(1, 3),
    unit=st.sampled_from([Unit.WEEK, Unit.MONTH, Unit.YEAR]),
    first=st.dates(date(2027, 2, 1), date(2027, 5, 1)),
    snoozed=st.booleans(),
)
def test_alarms_fall_at_the_planned_instants(
    user: User, every: int, unit: Unit, first: date, snoozed: bool
) -> None:
    bill = a_bill(
        due_on=first,
        recurrence=Recurrence(first, every, unit),
        owed_from=first,
        snoozes=(Snooze(0, first + timedelta(days=2)),) if snoozed else (),
    )
    planned = {
        (each.reminder.occurrence, each.at)
        for each in forecast(user, (bill,), {}, now=NOW, until=NOW + ALARMS_AHEAD)
        if each.skip in (None, SkipReason.NO_ADDRESS) and each.at > NOW + timedelta(minutes=1)
    }
    in_reach = takewhile(lambda each: each[1] < date(2028, 5, 1), bill.occurrences_from(first))
    days = {bill.payable_on(day): number for number, day in in_reach}
    shown = events(Account(1, user, (bill,)))
    assert sum(len(alarms(event)) for event in shown) == len(planned)
    rung = {at for event in shown for at in alarms(event)}
    assert rung == {at for _, at in planned}
    for event in shown:
        number = days[event.begin.date()]
        assert set(alarms(event)) == {at for of, at in planned if of == number}


def test_a_user_whom_no_channel_reaches_has_alarms_all_the_same() -> None:
    for plan in (Plan(), Plan(channels=())):  # nobody has confirmed anything, either
        (event,) = events(account(a_bill(due_on=FOURTH), addresses={}, plan=plan))
        assert len(alarms(event)) == 3


def uids(account: Account) -> list[str]:
    return [event.uid for event in events(account)]


def test_an_update_keeps_its_uid_and_has_a_higher_sequence() -> None:
    bill = a_bill(due_on=FOURTH)
    before = uids(account(bill))
    moved = replace(bill, recurrence=Recurrence(date(2027, 3, 9)))
    paid = replace(bill, payments=(Payment(0, NOW, None, "p"),))
    named = replace(bill, name="Visa", biller="Other", shift=Shift.NEXT, place=Place("DE"))
    for changed in (moved, paid, named):
        assert uids(account(changed)) == before
    assert "SEQUENCE:7" in lines(account(paid, version=7))
    assert uids(account(replace(bill, bill_id="other"))) != before


def test_each_due_date_of_a_bill_has_its_own_uid_that_tells_nothing() -> None:
    found = uids(account(a_bill(due_on=FOURTH, recurrence=MONTHLY)))
    assert len(set(found)) == len(found) == 14
    assert not any("somebody" in uid or "bill#" in uid for uid in found)


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        (Language.ENGLISH, "Paid: Lantern Bank Credit card"),
        (Language.SIMPLIFIED_CHINESE, "已还：Lantern Bank Credit card"),
        (Language.TRADITIONAL_CHINESE, "已繳：Lantern Bank Credit card"),
    ],
)
def test_what_is_paid_is_marked_and_rings_no_more(language: Language, shown: str) -> None:
    bill = a_bill(due_on=FOURTH, payments=(Payment(0, NOW, None, "p"),))
    (event,) = events(account(bill, language=language))
    assert event.name == shown
    assert alarms(event) == []


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        (Language.ENGLISH, "In the newer statement: Lantern Bank Credit card"),
        (Language.SIMPLIFIED_CHINESE, "已并入新账单：Lantern Bank Credit card"),
        (Language.TRADITIONAL_CHINESE, "已併入新帳單：Lantern Bank Credit card"),
    ],
)
def test_what_a_newer_statement_took_in_is_marked(language: Language, shown: str) -> None:
    statements = tuple(Statement(n, Money(Decimal(500 + n), "USD")) for n in range(2))
    card = a_bill(
        due_on=FOURTH, recurrence=MONTHLY, statement_day=15, amount=None, statements=statements
    )
    (first, second, *_) = events(account(card, language=language), NOW + timedelta(days=10))
    assert first.name == shown
    assert "501.00" in second.name


def test_what_is_paid_in_part_names_what_is_left() -> None:
    paid = Payment(0, NOW, Money(Decimal("100"), "USD"), "p")
    (event,) = events(account(a_bill(due_on=FOURTH, payments=(paid,))))
    assert event.name == "Lantern Bank Credit card: $20.50 left of $120.50"
    assert len(alarms(event)) == 3


def test_what_is_silent_does_not_ring_and_what_is_not_theirs_is_not_shown() -> None:
    bill = a_bill(due_on=FOURTH)
    stopped = replace(bill, mute=Mute(NOW, MuteReason.STOPPED))
    foreign = replace(bill, mute=Mute(NOW, MuteReason.NOT_MINE))
    (event,) = events(account(stopped))
    assert alarms(event) == []
    assert events(account(foreign)) == []
    assert events(account(replace(bill, closed_at=NOW))) == []


def test_it_reaches_a_hundred_days_back_and_four_hundred_ahead() -> None:
    daily = a_bill(
        due_on=date(2026, 1, 1),
        recurrence=Recurrence(date(2026, 1, 1), 1, Unit.DAY),
        owed_from=date(2026, 1, 1),
    )
    silent = Plan(lead_days=(), overdue_days=())  # how far alarms reach is another matter
    days = days_of(account(daily, plan=silent))
    assert (days[0], days[-1]) == (date(2026, 11, 21), date(2028, 4, 4))
    many = [replace(daily, bill_id=f"bill-{n}") for n in range(5)]
    nearest = [each.due_on for each in _shown(account(*many), NOW.date())]
    assert len(nearest) == MOST_EVENTS
    assert nearest[-1] < date(2028, 4, 4)


def days_of(account: Account) -> list[date]:
    return days_in(feed(account, now=NOW))


def days_in(read: bytes) -> list[date]:
    """By eye: the independent reader takes seconds for so many events."""
    found = re.findall(rb"DTSTART;VALUE=DATE:(\d{8})", read)
    return sorted(date.fromisoformat(each.decode()) for each in found)


def test_lines_are_short_enough_in_every_language_and_numbers_are_masked() -> None:
    long = a_bill(due_on=FOURTH, biller="纸鹤银行" * 15, name="卡 4111111111111111; a,b\\c\nd")
    text = feed(account(long, language=Language.SIMPLIFIED_CHINESE), now=NOW)
    assert max(len(line) for line in text.split(b"\r\n")) <= 75
    (event,) = events(account(long, language=Language.SIMPLIFIED_CHINESE))
    assert "*1111; a,b\\c d" in event.name
    assert b"411111" not in text


def test_it_stays_the_same_while_nothing_changes() -> None:
    one = account(a_bill(due_on=FOURTH))
    assert feed(one, now=NOW) == feed(one, now=NOW + timedelta(hours=11))
    assert feed(one, now=NOW) != feed(one, now=NOW + timedelta(hours=13))


def test_a_reminder_that_went_out_rings_no_more() -> None:
    reminder = Reminder(
        "somebody", "bill", 0, FOURTH, Trigger.lead(1), Channel.SMS,
        datetime(2027, 3, 3, 9, 0, tzinfo=UTC),
    )  # fmt: skip
    sent: Mapping[str, Recorded] = {reminder.key: Recorded(reminder, State.SENT)}
    (event,) = events(replace(account(a_bill(due_on=FOURTH)), recorded=sent))
    assert [at.day for at in alarms(event)] == [4, 5]


# What a standard's field holds, and what one reading costs ----------------------------------------


def test_how_often_to_read_it_is_a_duration_of_the_standard() -> None:
    held = Calendar.from_ical(feed(account(), now=NOW))
    for name in ("X-PUBLISHED-TTL", "REFRESH-INTERVAL"):
        assert vDuration.from_ical(held[name].to_ical().decode()) == timedelta(hours=4)
    assert "X-PUBLISHED-TTL:PT4H" in lines(account())


def test_no_event_is_private_for_programs_hide_the_titles_of_those() -> None:
    assert not [line for line in lines(account(a_bill(due_on=FOURTH))) if "CLASS" in line]


def daily(count: int, **changes: Any) -> list[Bill]:
    first = date(2026, 1, 1)
    bill = a_bill(
        due_on=first, recurrence=Recurrence(first, 1, Unit.DAY), owed_from=first, **changes
    )
    return [replace(bill, bill_id=f"bill-{n}") for n in range(count)]


def test_one_reading_is_bounded_and_has_the_nearest_alarms() -> None:
    ahead = PlanChange(lead_days=tuple(range(12)), overdue_days=())
    rings = _alarms(account(*daily(20, plan_change=ahead)), NOW).values()
    days = sorted({at.date() for each in rings for at in each})
    assert days == [NOW.date() + timedelta(days=n) for n in range(1, len(days) + 1)]
    assert 1 < len(days) < 20, "of a hundred days"


def test_what_is_put_aside_is_shown_and_does_not_ring() -> None:
    every_day = PlanChange(lead_days=tuple(range(366)), overdue_days=tuple(range(1, 61)))
    heavy = account(*daily(3, plan_change=every_day))
    read = feed(heavy, now=NOW)
    assert b"BEGIN:VALARM" not in read
    assert len(days_in(read)) == 3 * 501
    assert steps(lambda: _alarms(heavy, NOW)) < 1_000


def test_many_bills_cost_no_more_due_dates_than_are_shown() -> None:
    few, many = account(*daily(5)), account(*daily(100))
    assert _shown(many, NOW.date())[0].due_on >= NOW.date() - timedelta(days=11)
    taken = [steps(lambda at=at: _shown(at, NOW.date())) for at in (few, many)]
    assert taken[1] < 3 * taken[0]

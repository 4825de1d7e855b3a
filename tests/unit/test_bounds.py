"""How many reminders are live at once: counted from dates, and bounded."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from math import inf
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain import planning
from bill_reminders.domain.bills import Bill, Mute, MuteReason
from bill_reminders.domain.bounds import (
    LIVE_OF_BILL,
    LIVE_OF_USER,
    PLANNED_AT_ONCE,
    Room,
    TooManyReminders,
    is_beyond,
    live,
    need_bounds,
)
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.forecast import Coming, forecast, next_on_each_channel
from bill_reminders.domain.loans import Loan, Method
from bill_reminders.domain.money import Money
from bill_reminders.domain.people import MOST_LEAD_DAYS, MOST_OVERDUE_DAYS, Plan, PlanChange, User
from bill_reminders.domain.recurrence import Recurrence, Unit
from tests.support.people import a_bill, a_user
from tests.support.steps import steps

TODAY = date(2027, 3, 1)
NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
YEAR_AHEAD = PlanChange(lead_days=(365,), overdue_days=())
EVERY_DAY_A_YEAR = PlanChange(lead_days=tuple(range(366)), overdue_days=tuple(range(1, 61)))
"""What a file could set, and a page, before there were bounds."""


def a_repeating(
    unit: Unit | None = Unit.DAY, every: int = 1, first: date = TODAY, **changes: Any
) -> Bill:
    recurrence = Recurrence(first, every, unit, until=changes.pop("until", None))
    recurrence = replace(recurrence, count=changes.pop("count", None))
    return a_bill(due_on=first, **{"recurrence": recurrence, "owed_from": first, **changes})


@pytest.mark.parametrize(
    ("bill", "plan", "expected"),
    [
        (a_repeating(None), Plan(), 4),
        (a_repeating(Unit.MONTH), Plan(), 4),
        (a_repeating(Unit.WEEK), Plan(), 2 * 4),
        (a_repeating(Unit.DAY), Plan(), 14 * 4),  # 1 and 9 days back, today, 3 days ahead
        (a_repeating(Unit.DAY, first=date(2020, 1, 1)), Plan(), 14 * 4),
        (a_repeating(Unit.DAY, first=date(2031, 1, 1)), Plan(), 14 * 4),
        (a_repeating(Unit.DAY, 2), Plan(), 7 * 4),
        (a_repeating(Unit.DAY), Plan((365,), ()), 375),
        (a_repeating(Unit.DAY), Plan((365,), (1,)), 376 * 2),
        (a_repeating(Unit.MONTH), Plan((365,), ()), 13),
        (a_repeating(Unit.YEAR), Plan((365,), (60,)), 2 * 2),
        (a_repeating(Unit.DAY), Plan((), ()), 0),
        (a_repeating(Unit.DAY, count=3), Plan(), 3 * 4),
        (a_repeating(Unit.DAY, until=TODAY + 4 * DAY), Plan(), 5 * 4),
        (a_repeating(Unit.DAY, first=date(2020, 1, 1), until=date(2020, 3, 1)), Plan(), 0),
        (a_repeating(Unit.DAY, first=date(2020, 1, 1), count=9), Plan(), 0),
        (a_repeating(Unit.DAY, first=date(2020, 1, 1), owed_from=TODAY), Plan(), 14 * 4),
        (a_repeating(Unit.DAY, autopay=True), Plan((365,), (1,)), 12),
        (a_repeating(Unit.DAY, closed_at=NOW), Plan(), 0),
        (a_repeating(Unit.DAY, mute=Mute(NOW, MuteReason.STOPPED)), Plan(), 0),
        (a_repeating(Unit.DAY, plan_change=YEAR_AHEAD), Plan(), 375),
        (a_repeating(Unit.YEAR, 1000), Plan(), 4),
        (a_repeating(None, first=date(2199, 12, 31)), Plan((365,), ()), 1),
        (a_repeating(None, first=date(9999, 12, 31)), Plan((365,), ()), 1),
    ],
)  # fmt: skip
def test_what_is_live_at_once_is_dates_in_reach_times_triggers(
    bill: Bill, plan: Plan, expected: int
) -> None:
    assert live(a_user(plan=plan), bill, TODAY) == expected


def test_a_loan_ends_with_its_last_instalment() -> None:
    terms = Loan(Money(Decimal(1200), "USD"), Decimal("0.01"), 5, Method.EQUAL_INSTALMENT)
    loan = a_repeating(Unit.DAY, amount=None, loan=terms)
    assert live(a_user(), loan, TODAY) == 5 * 4
    assert live(a_user(), loan, TODAY + 100 * DAY) == 0


def test_earlier_dates_that_are_owed_still_count() -> None:
    recurrence = Recurrence(
        TODAY, first_number=2, earlier=((0, TODAY - 50 * DAY), (1, TODAY - DAY))
    )
    bill = a_bill(due_on=TODAY, recurrence=recurrence, owed_from=date(2020, 1, 1))
    assert live(a_user(), bill, TODAY) == 2 * 4


@given(
    unit=st.sampled_from(Unit),
    every=st.integers(1, 5),
    first=st.dates(date(2026, 1, 1), date(2028, 1, 1)),
    leads=st.lists(st.integers(0, 365), max_size=3, unique=True).map(tuple),
    overdues=st.lists(st.integers(1, 60), max_size=3, unique=True).map(tuple),
    ahead=st.integers(0, 800),
    last_day=st.booleans(),
)
def test_no_day_to_come_has_more_dates_in_reach_than_were_counted(
    unit: Unit,
    every: int,
    first: date,
    leads: tuple[int, ...],
    overdues: tuple[int, ...],
    ahead: int,
    last_day: bool,
) -> None:
    """But for one date, where months are shorter than those that were counted in."""
    recurrence = Recurrence(first, every, unit, last_day=last_day and unit is Unit.MONTH)
    bill = a_bill(due_on=first, recurrence=recurrence, owed_from=first)
    day = TODAY + ahead * DAY
    from_day = day - (9 + max(overdues, default=0)) * DAY
    until = day + max(leads, default=0) * DAY
    dates = [due for number in range(1200) if (due := recurrence.due_on(number)) is not None]
    found = sum(from_day <= due <= until for due in dates)
    triggers = len(leads) + len(overdues)
    counted = live(a_user(plan=Plan(leads, overdues)), bill, TODAY)
    assert triggers * found <= counted + triggers
    if unit in (Unit.DAY, Unit.WEEK):
        assert triggers * found <= counted


def test_counting_takes_as_many_steps_for_any_bill() -> None:
    user = a_user()
    old = a_repeating(first=date(1970, 1, 1), plan_change=EVERY_DAY_A_YEAR)
    new = a_repeating(Unit.WEEK)
    for bill in (old, new):
        assert steps(lambda bill=bill: live(user, bill, TODAY)) < 100


def test_500_open_bills_with_a_usual_plan_fit() -> None:
    user = a_user()
    bills = [a_repeating(Unit.WEEK, bill_id=f"bill-{n}") for n in range(500)]
    need_bounds((user, ()), (user, bills), TODAY)
    busy = a_user(plan=Plan((7, 3, 1, 0), (1, 7)))
    months = [a_repeating(Unit.MONTH, bill_id=f"bill-{n}") for n in range(500)]
    need_bounds((busy, ()), (busy, months), TODAY)


DAILY = a_repeating()
HEAVY = a_repeating(plan_change=EVERY_DAY_A_YEAR)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda bill: replace(bill, closed_at=NOW), id="closed"),
        pytest.param(lambda bill: replace(bill, mute=Mute(NOW, MuteReason.STOPPED)), id="stopped"),
        pytest.param(lambda bill: replace(bill, name="Another"), id="named"),
        pytest.param(lambda bill: replace(bill, autopay=True), id="debited"),
        pytest.param(
            lambda bill: replace(bill, plan_change=PlanChange(tuple(range(300)))), id="shortened"
        ),
    ],
)
def test_who_is_above_a_bound_may_do_all_that_does_not_enlarge(
    change: Callable[[Bill], Bill],
) -> None:
    user = a_user()
    need_bounds((user, (HEAVY,)), (user, (change(HEAVY),)), TODAY)
    Room(user, (HEAVY,), TODAY).take(change(HEAVY))
    other = replace(DAILY, bill_id="other")
    need_bounds((user, (HEAVY, other)), (user, (HEAVY,)), TODAY)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((), (HEAVY,)),
        ((DAILY,), (replace(DAILY, plan_change=PlanChange(lead_days=(365,))),)),
        ((replace(HEAVY, closed_at=NOW),), (HEAVY,)),
        ((replace(HEAVY, mute=Mute(NOW, MuteReason.STOPPED)),), (HEAVY,)),
        ((replace(HEAVY, autopay=True),), (HEAVY,)),
        ((), (a_repeating(first=date(2099, 1, 1), plan_change=EVERY_DAY_A_YEAR),)),
    ],
    ids=["entered", "planned", "reopened", "unsilenced", "debited no more", "begins later"],
)
def test_what_enlarges_a_bill_above_its_bound_is_refused_with_the_remedy(
    before: tuple[Bill, ...], after: tuple[Bill, ...]
) -> None:
    user = a_user()
    with pytest.raises(TooManyReminders) as caught:
        need_bounds((user, before), (user, after), TODAY)
    assert (caught.value.field, caught.value.bill_id) == ("lead_days", "bill")
    assert f"{LIVE_OF_BILL} reminders" in caught.value.problem
    assert "choose fewer or nearer lead days" in caught.value.problem
    with pytest.raises(TooManyReminders):
        Room(user, before, TODAY).take(after[0])


def test_a_user_has_a_bound_beside_those_of_their_bills() -> None:
    user = a_user()
    bills = [replace(DAILY, bill_id=f"bill-{n}") for n in range(LIVE_OF_USER // 56)]
    need_bounds((user, ()), (user, bills), TODAY)
    more = replace(DAILY, bill_id="more")
    with pytest.raises(TooManyReminders, match="6,000 reminders") as caught:
        need_bounds((user, bills), (user, [*bills, more]), TODAY)
    assert caught.value.bill_id == "more"
    with pytest.raises(TooManyReminders, match="or close or delete bills"):
        Room(user, bills, TODAY).take(more)
    smaller = replace(bills[0], closed_at=NOW)
    need_bounds((user, [*bills, more]), (user, [smaller, *bills[1:], more]), TODAY)


def test_the_plan_for_a_kind_is_named_where_it_is_what_changed() -> None:
    user = a_user()
    heavier = replace(user, kind_plans=MappingProxyType({DAILY.kind: EVERY_DAY_A_YEAR}))
    with pytest.raises(TooManyReminders) as caught:
        need_bounds((user, (DAILY,)), (heavier, (DAILY,)), TODAY)
    assert caught.value.kind is DAILY.kind
    with pytest.raises(TooManyReminders) as caught:
        need_bounds((user, (DAILY,)), (replace(user, plan=Plan((365,))), (DAILY,)), TODAY)
    assert caught.value.kind is None


def test_nothing_that_may_be_entered_today_is_put_aside() -> None:
    user = a_user()
    assert PLANNED_AT_ONCE == 2 * LIVE_OF_USER
    assert not is_beyond(user, [replace(DAILY, bill_id=f"b{n}") for n in range(214)], TODAY)
    assert is_beyond(user, [replace(DAILY, bill_id=f"b{n}") for n in range(215)], TODAY)


# What planning costs -----------------------------------------------------------------------------


def decided(user: User, bill: Bill) -> planning.Decision:
    return planning.decide(user, (bill,), {}, channel=Channel.SMS, now=NOW)


def test_a_decision_takes_steps_by_the_reminder_and_few() -> None:
    user = a_user(plan=Plan((0,), (), remind_at=time(9)))
    taken = {}
    for days in (40, 120, 365):
        bill = a_repeating(plan_change=PlanChange(lead_days=(days,), overdue_days=()))
        decision = decided(user, bill)
        assert days <= decision.planned <= days + 10
        taken[days] = steps(lambda bill=bill: decided(user, bill)) / decision.planned
    assert max(taken.values()) < 1.2 * min(taken.values()), "not one step a pair of them"
    assert max(taken.values()) < 110


def test_what_is_put_aside_has_no_outlook() -> None:
    user = a_user()
    assert forecast(user, (HEAVY,), {}, now=NOW, until=NOW + 9 * DAY) == ()
    assert set(next_on_each_channel(user, (HEAVY,), {}, now=NOW).values()) == {None}
    assert steps(lambda: forecast(user, (HEAVY,), {}, now=NOW, until=NOW + 9 * DAY)) < 500


def test_an_outlook_has_the_nearest_when_its_effort_is_spent() -> None:
    user = a_user()
    many = [replace(DAILY, bill_id=f"bill-{n}") for n in range(3)]
    effort = len(many) * 60 * 5
    found: dict[float, tuple[Coming, ...]] = {}

    def look(effort: float) -> None:
        found[effort] = forecast(user, many, {}, now=NOW, until=NOW + 50 * DAY, effort=effort)

    assert steps(lambda: look(effort)) < effort * 200 < steps(lambda: look(inf))
    few, everything = found[effort], found[inf]
    assert 0 < len(few) < len(everything)
    assert few == everything[: len(few)]


def test_a_plan_may_name_twenty_days_of_each_kind() -> None:
    assert (MOST_LEAD_DAYS, MOST_OVERDUE_DAYS) == (20, 20)

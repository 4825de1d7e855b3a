"""What falls due over all bills, and what it comes to."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bill_reminders.domain.bills import Bill, Mute, MuteReason
from bill_reminders.domain.due_dates import due_dates, totals
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Payment, Statement
from bill_reminders.domain.recurrence import Recurrence, Unit
from tests.support.people import a_bill

FIRST, LAST = date(2027, 3, 1), date(2027, 3, 30)
NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
STOPPED = Mute(NOW, MuteReason.STOPPED)
NOT_MINE = Mute(NOW, MuteReason.NOT_MINE)


def days(*bills: Bill) -> list[date]:
    return [due.payable_on for due in due_dates(bills, first=FIRST, last=LAST)]


def a_monthly_bill(due_on: date, **changes: Any) -> Bill:
    recurrence = Recurrence(due_on, unit=Unit.MONTH)
    return replace(a_bill(due_on=due_on), recurrence=recurrence, **changes)


@pytest.mark.parametrize("day", [FIRST, LAST])
def test_both_ends_are_included(day: date) -> None:
    assert days(a_bill(due_on=day)) == [day]


@pytest.mark.parametrize("day", [FIRST - timedelta(days=1), LAST + timedelta(days=1)])
def test_what_is_due_outside_is_left_out(day: date) -> None:
    assert days(a_bill(due_on=day)) == []


@pytest.mark.parametrize(
    ("changes", "count"),
    [({"closed_at": NOW}, 0), ({"mute": NOT_MINE}, 0), ({"mute": STOPPED}, 1)],
    ids=["closed", "not mine", "stopped"],
)
def test_what_nobody_owes_any_more_is_left_out(changes: dict[str, Any], count: int) -> None:
    assert len(days(a_bill(due_on=FIRST, **changes))) == count


def test_only_what_is_left_counts_in_each_currency() -> None:
    statements = tuple(Statement(n, Money(Decimal(n), "EUR")) for n in range(1, 4))
    bills = [
        a_monthly_bill(FIRST, payments=(Payment(0, NOW, Money(Decimal(20), "USD")),)),
        a_monthly_bill(FIRST, payments=(Payment(0, NOW),)),
        a_monthly_bill(FIRST),
        a_monthly_bill(FIRST, amount=None),
        a_monthly_bill(date(2026, 11, 1), amount=None, statements=statements),
    ]
    (dollars, euros), unknown = totals(due_dates(bills, first=FIRST, last=LAST), FIRST)
    assert (dollars.left, dollars.expected.amount) == (Money(Decimal("221.00"), "USD"), 0)
    assert (euros.left.amount, euros.expected) == (0, Money(Decimal(2), "EUR"))
    assert (dollars.count, euros.count, unknown) == (2, 1, 1)


def test_nothing_comes_to_nothing() -> None:
    assert totals([], FIRST) == ([], 0)


def test_what_is_presumed_to_be_paid_is_in_no_total() -> None:
    debited = replace(a_bill(due_on=FIRST), autopay=True)
    found = list(due_dates([debited], first=FIRST, last=LAST))
    assert [total.count for total in totals(found, FIRST)[0]] == [1]
    assert totals(found, LAST) == ([], 0)

"""The next 30 days as a small chart, from what is open in them."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.due_dates import Due, dues_of
from bill_reminders.domain.local_time import DAY
from bill_reminders.domain.money import Money

DAYS = 30
HEIGHT = 60
"""Of the tallest bar, in the chart's own units; a day is 10 of them wide."""
SHORTEST = 6
"""A small bill, or one of unknown amount, is seen all the same."""


class Bar(NamedTuple):
    """A day with something to pay: `x` and `height` in the chart's units."""

    x: int
    height: int


def due_soon(bills: Iterable[Bill], today: date) -> list[Due]:
    """What is open and payable from `today` on, for 30 days, the earliest first. A bill that is
    silent, for whatever reason, goes on."""
    last = today + (DAYS - 1) * DAY
    found = (
        due
        for bill in bills
        if bill.closed_at is None
        for due in dues_of(bill, first=today, last=last)
        if not bill.is_closed(due.number)
    )
    return sorted(found, key=lambda due: (due.payable_on, due.bill.bill_id))


def totals(due_dates: Iterable[Due]) -> list[Money]:
    """What is known to come together, by currency, the most frequent currency first."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    counts: Counter[str] = Counter()
    for due in due_dates:
        if (left := due.owed.left) is not None:
            sums[left.currency] += left.amount
            counts[left.currency] += 1
    return [Money(sums[currency], currency) for currency, _ in counts.most_common()]


def bars(due_dates: Iterable[Due], today: date) -> list[Bar]:
    """One bar a day. Heights compare amounts of the most frequent currency; days with others, or
    with unknown amounts alone, have the shortest."""
    listed = list(due_dates)
    main = next((total.currency for total in totals(listed)), None)
    days: dict[int, Decimal] = defaultdict(Decimal)
    for due in listed:
        left = due.owed.left
        known = left is not None and left.currency == main
        days[(due.payable_on - today).days] += left.amount if known and left else 0
    tallest = max(days.values(), default=Decimal(0)) or Decimal(1)
    return [
        Bar(day * 10, max(SHORTEST, round(HEIGHT * amount / tallest)))
        for day, amount in sorted(days.items())
    ]

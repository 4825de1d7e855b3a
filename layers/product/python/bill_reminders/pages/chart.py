"""The next 30 days as a small chart, from what is open in them."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.clock import DAY
from bill_reminders.domain.money import Money

DAYS = 30
HEIGHT = 60
"""Of the tallest bar, in the chart's own units; a day is 10 of them wide."""
SHORTEST = 6
"""A small bill, or one of unknown amount, is seen all the same."""


@dataclass(frozen=True, slots=True)
class Due:
    """An open occurrence; `left` is None while nobody knows it."""

    bill: Bill
    due_on: date
    left: Money | None


@dataclass(frozen=True, slots=True)
class Bar:
    """A day with something to pay: `x` and `height` in the chart's units."""

    x: int
    height: int


def due_soon(bills: Iterable[Bill], today: date) -> list[Due]:
    """What is open and payable from `today` on, for 30 days, the earliest first."""
    found: list[Due] = []
    for bill in bills:
        if bill.closed_at is not None:
            continue
        for number, due_on in bill.occurrences_from(today):
            payable_on = bill.payable_on(due_on)
            if payable_on >= today + DAYS * DAY:
                break
            if not bill.is_closed(number):
                found.append(Due(bill, payable_on, bill.owed(number).left))
    return sorted(found, key=lambda due: (due.due_on, due.bill.bill_id))


def totals(dues: Iterable[Due]) -> list[Money]:
    """What is known to come together, by currency, the most frequent currency first."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    counts: Counter[str] = Counter()
    for due in dues:
        if due.left is not None:
            sums[due.left.currency] += due.left.amount
            counts[due.left.currency] += 1
    return [Money(sums[currency], currency) for currency, _ in counts.most_common()]


def bars(dues: Iterable[Due], today: date) -> list[Bar]:
    """One bar a day. Heights compare amounts of the most frequent currency; days with others, or
    with unknown amounts alone, have the shortest."""
    listed = list(dues)
    main = next((total.currency for total in totals(listed)), None)
    days: dict[int, Decimal] = defaultdict(Decimal)
    for due in listed:
        known = due.left is not None and due.left.currency == main
        days[(due.due_on - today).days] += due.left.amount if known and due.left else 0
    tallest = max(days.values(), default=Decimal(0)) or Decimal(1)
    return [
        Bar(day * 10, max(SHORTEST, round(HEIGHT * amount / tallest)))
        for day, amount in sorted(days.items())
    ]

"""One payment for several due dates: three months' rent at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import chain, islice

from bill_reminders.domain import cards
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.money import Money

MOST_DATES = 24
"""Due dates that one payment may go to."""


class Rest(StrEnum):
    """What becomes of what is over when more is paid than is left of a due date."""

    STAYS = "stays"
    """It stays with that date, which is overpaid."""
    NEXT_DATES = "next_dates"
    """It goes to the next open ones."""


@dataclass(frozen=True, slots=True)
class _Open:
    """A due date that a payment may go to: what is left of it, and by how much less or more it is
    paid as well, see Bill.owed."""

    number: int
    left: Decimal
    tolerance: Decimal


def parts(bill: Bill, number: int, paid: Money, today: date) -> tuple[tuple[int, Money], ...]:
    """How what is paid for occurrence `number` on the local date `today` goes on: to what is left
    of it, then to the next open ones in order, each with its part.

    A date whose amount is not known, or in another currency, takes nothing, and nothing goes past
    it. What no date takes stays with the last one that took something. So it is after `MOST_DATES`.
    """
    taking: list[_Open] = []
    over, tolerance = paid.amount, Decimal(0)
    for each in islice(_open_from(bill, number, paid.currency, today), MOST_DATES):
        taking.append(each)
        over -= each.left
        tolerance += each.tolerance
        if over <= tolerance:
            break
    if not taking:
        return ((number, paid),)
    amounts = _shared(taking, over) if abs(over) <= tolerance else _in_order(taking, over)
    return tuple((at, Money(amount, paid.currency)) for at, amount in amounts if amount)


def _open_from(bill: Bill, first: int, currency: str, today: date) -> Iterator[_Open]:
    first_due_on = bill.due_on(first) or today
    later = (
        number
        for number, due_on in bill.owed_occurrences()
        if due_on > first_due_on and bill.is_open(number, bill.payable_on(due_on), today)
    )
    for number in chain([first], later):
        owed, rest = bill.owed(number), cards.left_on(bill, number, today)
        if rest is None or rest.currency != currency:
            return
        left = rest.amount
        # what is no more than rounding cannot be paid by rounding
        tolerance = owed.tolerance if left > 2 * owed.tolerance else Decimal(0)
        yield _Open(number, left, tolerance)


def _shared(taking: Sequence[_Open], over: Decimal) -> Iterator[tuple[int, Decimal]]:
    """Each date closed, where so many instalments as the lender rounds them were paid: each takes
    of what is over, or missing, as much as closes it all the same."""
    for each in taking:
        share = max(-each.tolerance, min(each.tolerance, over))
        over -= share
        yield each.number, each.left + share


def _in_order(taking: Sequence[_Open], over: Decimal) -> Iterator[tuple[int, Decimal]]:
    """Each date closed, and the last one with what is over, or missing."""
    *before, last = taking
    yield from ((each.number, each.left) for each in before)
    yield last.number, last.left + over

"""What falls due in some days, over all bills, and what it comes to."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from bill_reminders.domain import cards
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Owed


class Due(NamedTuple):
    """An occurrence of a bill: the nominal date `due_on`, the date after weekends and holidays
    `payable_on`, and what is owed of it."""

    bill: Bill
    number: int
    due_on: date
    payable_on: date
    owed: Owed


@dataclass(frozen=True, slots=True)
class Total:
    """What is left to pay in one currency: `left` as far as amounts are known, and `expected` by
    the history of those that are not. `count` is how many are in the two."""

    left: Money
    expected: Money
    count: int


def due_dates(bills: Iterable[Bill], *, first: date, last: date) -> Iterator[Due]:
    """The owed occurrences that are payable from `first` to `last` (both included), bill by bill;
    not those of bills that are closed, or not their user's."""
    for bill in bills:
        if bill.closed_at is None and not bill.is_not_mine:
            yield from dues_of(bill, first=first, last=last)


def dues_of(bill: Bill, *, first: date, last: date) -> Iterator[Due]:
    """The owed occurrences of one bill that are payable from `first` to `last`."""
    for number, due_on in bill.occurrences_from(first):
        payable_on = bill.payable_on(due_on)
        if payable_on > last:
            return
        yield Due(bill, number, due_on, payable_on, bill.owed(number))


def totals(several: Iterable[Due], today: date) -> tuple[list[Total], int]:
    """What is not paid of `several` on the local date `today`, nor presumed to be, by currency,
    that of most occurrences first; and how many of them nobody knows the amount of."""
    left: defaultdict[str, Decimal] = defaultdict(Decimal)
    expected: defaultdict[str, Decimal] = defaultdict(Decimal)
    counts: Counter[str] = Counter()
    unknown = 0
    for due in _counted([*several], today):
        owed = due.owed
        rest = cards.left_on(due.bill, due.number, today)
        if rest is not None:
            left[rest.currency] += rest.amount
            counts[rest.currency] += 1
        elif owed.expected is not None:
            usual = owed.expected.usual
            expected[usual.currency] += usual.amount
            counts[usual.currency] += 1
        else:
            unknown += 1
    known = [
        Total(Money(left[currency], currency), Money(expected[currency], currency), count)
        for currency, count in counts.most_common()
    ]
    return known, unknown


def _counted(several: Sequence[Due], today: date) -> Iterator[Due]:
    """Those that are open, each once: a minimum that was missed of a card is part of the newer
    statement's amount, too, where that is among them."""
    listed = {(due.bill.bill_id, due.number) for due in several}
    for due in several:
        bill, number = due.bill, due.number
        balance = (bill.bill_id, cards.balance_of(bill, number, today))
        is_in_balance = balance != (bill.bill_id, number) and balance in listed
        if bill.is_open(number, due.payable_on, today) and not is_in_balance:
            yield due

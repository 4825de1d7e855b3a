"""What a bill keeps of dates that are long over, so that it never outgrows its item.

A list of a bill holds at most `MOST` entries. When one would hold more, what belongs to dates that
are closed, and over for longer than `RECENT`, is put away: it can be read, and changes no more. The
bill keeps the numbers of those dates.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from bill_reminders.domain import cards
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.payments import HISTORY, Payment

RECENT = timedelta(days=366)
"""Up to so long after its due date a payment can be undone."""

MOST = 400
"""Entries of each list: those of a bill that falls due every day for longer than `RECENT`. With the
longest values in all lists a bill takes three quarters of the 400 KB of an item."""

MOST_TEXT = 60_000
"""Bytes (UTF-8) of the references and notes of a bill's payments together, beside those lists."""

LISTS = {
    "payments": "payments",
    "statements": "statements",
    "snoozes": "snoozes",
    "failed_debits": "failed debits",
    "reopened": "undone payments",
}
"""The lists of a bill that grow with use, and what people call their entries."""

TEXTS = "texts"
"""What grows with them: the references and notes of payments."""


def with_room(bill: Bill, before: Bill | None, today: date) -> Bill:
    """`bill`, of which a change on the user's local date `today` made what was `before`, with what
    is older put away if one of its lists has grown too long.

    Raises InvalidValue, naming the list, when it is too long all the same.
    """
    if bill is before or not _too_long(bill, before):
        return bill
    known = frozenset() if before is None else frozenset(before.payments)
    for may_go in (_noted_before(today - RECENT), known.__contains__):
        kept = without(bill, _spans({*_numbers(bill.settled), *_over(bill, today, may_go)}))
        if not (too_long := _too_long(kept, before)):
            return kept
    for name in too_long:
        raise _full(name)
    return kept


def _full(name: str) -> InvalidValue:
    if name == TEXTS:
        return InvalidValue(
            "note",
            "the references and notes of this bill's payments have no more room: leave this one's "
            "out or make it shorter, or undo payments that you do not need",
        )
    return InvalidValue(
        name,
        f"a bill holds at most {MOST} {LISTS.get(name, name)} of dates that are open or less than "
        f"a year past: take back those you do not need, or enter a new bill from the next date on",
    )


def without(bill: Bill, settled: Sequence[tuple[int, int]]) -> Bill:
    """`bill` without what belongs to the dates of these spans, which are closed."""
    gone = replace(bill, settled=tuple(settled))
    lists: dict[str, Any] = {
        name: tuple(e for e in getattr(bill, name) if not gone.is_settled(e.occurrence))
        for name in LISTS
    }
    return replace(gone, **lists)


def _too_long(bill: Bill, before: Bill | None) -> list[str]:
    """A list that was too long, before there were bounds, may stay as long as it is."""
    lengths = {name: len(getattr(bill, name)) for name in LISTS}
    known = {name: 0 if before is None else len(getattr(before, name)) for name in LISTS}
    if bill.loan is not None:
        lengths["prepayments"] = len(bill.loan.prepayments)
        loan = None if before is None else before.loan
        known["prepayments"] = 0 if loan is None else len(loan.prepayments)
    lengths[TEXTS] = _bytes_of_texts(bill)
    known[TEXTS] = 0 if before is None else _bytes_of_texts(before)
    most = {TEXTS: MOST_TEXT}
    return [name for name, n in lengths.items() if n > max(most.get(name, MOST), known[name])]


def _bytes_of_texts(bill: Bill) -> int:
    texts = (text for each in bill.payments for text in (each.reference, each.note))
    return sum(len(text.encode()) for text in texts if text is not None)


type MayGo = Callable[[Payment], bool]


def _noted_before(day: date) -> MayGo:
    return lambda payment: payment.paid_at.date() < day


def _over(bill: Bill, today: date, may_go: MayGo) -> set[int]:
    """The dates that can be put away, with payments that all `may_go`: what was noted for an old
    date just now may still be undone. What the next amount is expected from stays."""
    kept = {each.occurrence for each in bill.statements[-HISTORY:]}
    kept |= {each.occurrence for each in bill.payments if not may_go(each)}
    numbers = {each.occurrence for name in LISTS for each in getattr(bill, name)} - kept

    def is_long_over(number: int) -> bool:
        due_on = bill.due_on(number)
        return due_on is None or bill.payable_on(due_on) < today - RECENT

    def is_over(number: int) -> bool:
        return bill.is_closed(number) or cards.is_carried(bill, number, today)

    return {each for each in numbers if is_long_over(each) and is_over(each)}


def _numbers(spans: Iterable[tuple[int, int]]) -> set[int]:
    return {number for first, last in spans for number in range(first, last + 1)}


def _spans(numbers: Iterable[int]) -> tuple[tuple[int, int], ...]:
    spans: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if spans and spans[-1][1] == number - 1:
            spans[-1] = spans[-1][0], number
        else:
            spans.append((number, number))
    return tuple(spans)

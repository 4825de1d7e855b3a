"""A card is one balance: what a newer statement makes of older ones.

Nothing here is stored. A statement that is taken back leaves no trace, and one that comes late for
an older date is history. The rules are those of docs/rules.md.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Standing, Statement

if TYPE_CHECKING:
    from bill_reminders.domain.bills import Bill
    from bill_reminders.domain.terms import Dated


def is_card(terms: "Dated") -> bool:
    """Whether each statement is the balance of all: of a bill whose terms say when its statements
    are made. Those of other bills, whatever their kind, are each owed on their own, and a loan's
    schedule says what is."""
    has_cycle = terms.statement_day is not None or terms.recurrence.after_statement > 0
    return has_cycle and terms.loan is None


def newer(bill: "Bill", number: int, today: date) -> Sequence[Statement]:
    """The statements that have taken in what is left of occurrence `number` by the local date
    `today`, in order.

    One does so from the day after the date before its own: what is stated early, or ahead of its
    time, silences nothing that is still to come. One in another currency is another balance.
    """
    statements = bill.statements
    if not statements or statements[-1].occurrence <= number:
        return ()
    amount = bill.owed(number).amount
    return [
        each
        for each in statements
        if each.occurrence > number
        and is_card(bill.terms_of(each.occurrence))
        and (amount is None or each.amount.currency == amount.currency)
        and _has_come(bill, each.occurrence, number, today)
    ]


def _has_come(bill: "Bill", occurrence: int, older: int, today: date) -> bool:
    before = bill.due_on(occurrence - 1) or bill.due_on(older)
    return before is not None and bill.payable_on(before) < today


def is_carried(bill: "Bill", number: int, today: date) -> bool:
    """Whether a newer statement holds all that is left of an occurrence, so that nothing reminds of
    it: it is closed by that, and not paid."""
    found = newer(bill, number, today)
    if not found or bill.is_closed(number):
        return False
    return _missed(bill, number, found, today) is None


def missed_minimum(bill: "Bill", number: int, today: date) -> Money | None:
    """What is left of the minimum payment that was missed of an occurrence, of which a newer
    statement holds the rest; None where none was, or it is in the balance by now."""
    found = newer(bill, number, today)
    return _missed(bill, number, found, today) if found and not bill.is_closed(number) else None


def _missed(bill: "Bill", number: int, found: Sequence[Statement], today: date) -> Money | None:
    """It is met by what is paid of the balance later, and over when the newer date falls due."""
    owed, due_on = bill.owed(number), bill.due_on(found[0].occurrence)
    if not owed.minimum or owed.amount is None or due_on is None:
        return None
    if bill.payable_on(due_on) <= today or any(bill.is_closed(each.occurrence) for each in found):
        return None
    currency = owed.amount.currency
    later = (
        payment.amount.amount
        for payment in bill.payments
        if payment.occurrence > number
        and payment.amount is not None
        and payment.amount.currency == currency
    )
    left = owed.minimum - owed.paid - sum(later, Decimal(0))
    return Money(left, currency) if left > 0 else None


def left_on(bill: "Bill", number: int, today: date) -> Money | None:
    """What is left to pay of an occurrence on the local date `today`; None while nobody knows."""
    left = bill.owed(number).left
    if left is not None and is_carried(bill, number, today):
        return Money(Decimal(0), left.currency)
    return missed_minimum(bill, number, today) or left


def is_paid_since(bill: "Bill", number: int, today: date) -> bool:
    """Whether the balance that took an occurrence in was paid, so that nothing can be new of it."""
    return any(bill.is_closed(each.occurrence) for each in newer(bill, number, today))


def balance_of(bill: "Bill", number: int, day: date) -> int:
    """The occurrence whose statement holds what is left of occurrence `number` on the local date
    `day`: the newest; `number` itself while none has taken it in."""
    if bill.is_closed(number):
        return number
    return max((each.occurrence for each in newer(bill, number, day)), default=number)


def is_minimum_met(bill: "Bill", number: int) -> bool:
    """Whether the minimum payment is made and a balance is left: it is not overdue by that."""
    stated = any(each.occurrence == number and each.minimum for each in bill.statements)
    return stated and bill.owed(number).standing is Standing.MINIMUM_MET


def with_days_left_out(
    before: "Bill", after: "Bill", number: int, *, today: date, now: datetime
) -> "Bill":
    """`after` without the days on which it would have been overdue while its minimum was met:
    undone, it stood as that until `now`."""
    due_on = after.due_on(number)
    is_missed = is_minimum_met(before, number) and not is_minimum_met(after, number)
    if due_on is None or not is_missed or after.payable_on(due_on) >= today:
        return after
    return after.with_reopened(number, now)

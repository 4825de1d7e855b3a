"""Payments, statements, automatic payments that failed, and principal paid back early.

All raise NoSuchBill.
"""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from bill_reminders.commands.occurrences import left_to_pay, need_due_date, oldest_unpaid
from bill_reminders.domain import cards
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill, FailedDebit
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.loans import Prepayment, schedule
from bill_reminders.domain.money import Money
from bill_reminders.domain.paying_ahead import Rest, parts
from bill_reminders.domain.payments import Payment, Statement
from bill_reminders.domain.reminders import Trigger


def pay(
    account: Account,
    bill_id: str,
    occurrence: int | None = None,
    *,
    payment_id: str,
    amount: Money | None = None,
    rest: Rest = Rest.STAYS,
    paid_on: date | None = None,
    reference: str | None = None,
    note: str | None = None,
    now: datetime,
) -> Account:
    """Note a payment of all that is owed, or of `amount`. With `occurrence` None it goes to the
    oldest one that is open; `rest` is what becomes of what is over. All that is owed of one that a
    card's newer statement has taken in is what that statement says. The others as in Payment.

    Raises InvalidValue when there is no such occurrence, nothing is left to pay, the amount is not
    above zero or not in the bill's currency, or `paid_on` is after the user's today.
    """
    if amount is not None and not (amount.amount.is_finite() and amount.amount > 0):
        raise InvalidValue("amount", "not above zero: write what was paid")
    bill = account.need_bill(bill_id)
    if any(payment.payment_id == payment_id for payment in bill.payments):
        return account
    today = account.today(now)
    if paid_on is not None and paid_on > today:
        raise InvalidValue(
            "paid_on", "not here yet: write today or the day on which it was paid, or leave it out"
        )
    number = oldest_unpaid(bill, today) if occurrence is None else occurrence
    need_due_date(bill, number)
    if amount is None:
        number = cards.balance_of(bill, number, paid_on or today)
    payment = Payment(number, now, amount, payment_id, paid_on, reference, note)
    if amount is None or rest is Rest.STAYS:
        return account.with_bill(bill.with_payment(payment))
    for each, part in parts(bill, number, amount, today):
        bill = bill.with_payment(replace(payment, occurrence=each, amount=part))
    return account.with_bill(bill)


def undo(account: Account, bill_id: str, payment_id: str, *, now: datetime) -> Account:
    """Take a payment back, of all occurrences that it went to. What fell due to be reminded of
    meanwhile is not made up for; the days that are still to come are."""
    bill = account.need_bill(bill_id)
    after, today = bill, account.today(now)
    for number in [each.occurrence for each in bill.payments if each.payment_id == payment_id]:
        undone = after.without_payment(payment_id, number, now=now)
        after = cards.with_days_left_out(after, undone, number, today=today, now=now)
    return account.with_bill(after)


def state(account: Account, bill_id: str, statement: Statement) -> Account:
    """Note what the biller states for one occurrence. Raises InvalidValue when there is no such
    occurrence, payments of it are in another currency, the amount is not a number, the minimum is
    not between zero and it, or its own date is beyond those of its neighbours."""
    amount, minimum = statement.amount.amount, statement.minimum
    if not amount.is_finite():
        raise InvalidValue("amount", "not a number: write what the biller states")
    if minimum is not None and not (
        minimum.is_finite() and 0 <= minimum <= max(amount, Decimal(0))
    ):
        raise InvalidValue("minimum", "not between zero and the amount: correct one of them")
    bill = account.need_bill(bill_id)
    need_due_date(bill, statement.occurrence)
    if statement.due_on is not None:
        _need_between(bill, statement.occurrence, statement.due_on)
    return account.with_bill(bill.with_statement(statement))


def _need_between(bill: Bill, number: int, due_on: date) -> None:
    before, after = bill.due_on(number - 1), bill.due_on(number + 1)
    if before is not None and due_on < before:
        raise InvalidValue(
            "due_on", "before the due date that comes before it: write that date or a later one"
        )
    if after is not None and due_on > after:
        raise InvalidValue(
            "due_on", "after the due date that follows it: write that date or an earlier one"
        )
    if not bill.owes(due_on):
        raise InvalidValue(
            "due_on",
            "before the day from which the bill is owed: set its owed_from to an earlier day first",
        )


def unstate(account: Account, bill_id: str, occurrence: int) -> Account:
    """Take back what was stated for one occurrence, as if nothing had been: what it took in of a
    card's older ones is open again, and its own date is the usual one."""
    return account.with_bill(account.need_bill(bill_id).without_statement(occurrence))


def fail_debit(
    account: Account, bill_id: str, occurrence: int | None, event: str, *, now: datetime
) -> Account:
    """Note that an automatic payment did not go through: the user hears of it, and their plan holds
    again for that occurrence; with None it is the one debited last. Raises InvalidValue when there
    is no such occurrence, or `event` cannot stand in a key."""
    Trigger.autopay_failed(event)
    bill = account.need_bill(bill_id)
    if any(each.event == event for each in bill.failed_debits):
        return account
    number = occurrence
    if number is None:
        number = left_to_pay(bill.debited_last(account.today(now)))
    need_due_date(bill, number)
    return account.with_bill(bill.with_failed_debit(FailedDebit(number, now, event)))


def undo_failed_debit(account: Account, bill_id: str, event: str) -> Account:
    """Take a failed debit back, as if it had not been noted; whoever heard of it has heard of
    it."""
    bill = account.need_bill(bill_id)
    kept = tuple(each for each in bill.failed_debits if each.event != event)
    if kept == bill.failed_debits:
        return account
    return account.with_bill(replace(bill, failed_debits=kept))


def prepay(account: Account, bill_id: str, prepayment: Prepayment) -> Account:
    """Note principal of a loan that was paid early: the instalments after it are computed anew.

    Raises InvalidValue when the bill is no loan, or less than that is owed.
    """
    bill = account.need_bill(bill_id)
    if bill.loan is None:
        raise InvalidValue("bill_id", "the bill is no loan: note a payment instead")
    if prepayment in bill.loan.prepayments:
        return account
    several = sorted((*bill.loan.prepayments, prepayment), key=lambda each: each.after)
    loan = replace(bill.loan, prepayments=tuple(several))
    schedule(loan)  # raises when it is more than what is owed
    return account.with_bill(replace(bill, loan=loan))


def undo_prepayment(account: Account, bill_id: str, prepayment: Prepayment) -> Account:
    """Take a prepayment back, as if it had not been made."""
    bill = account.need_bill(bill_id)
    if bill.loan is None or prepayment not in bill.loan.prepayments:
        return account
    kept = tuple(each for each in bill.loan.prepayments if each != prepayment)
    return account.with_bill(replace(bill, loan=replace(bill.loan, prepayments=kept)))

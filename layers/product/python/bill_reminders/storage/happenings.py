"""What happens to a bill or a user: statements, payments, snoozes, STOP, the end.

Each is one transaction that plans the user again. Each may be repeated, after a lost answer too,
and does nothing the second time; the result says whether anything changed. All raise what
accounts.change raises.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from types import MappingProxyType

from pynamodb.transactions import TransactWrite

from bill_reminders.domain.bills import (
    LATE_AT_MOST,
    Bill,
    FailedDebit,
    Silence,
    SilenceReason,
    Snooze,
)
from bill_reminders.domain.choices import bill_chose, user_chose
from bill_reminders.domain.clock import DAY, local_date
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.loans import Prepayment, schedule
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Payment, Statement
from bill_reminders.domain.people import Address, Plan, PlanChange, StoppedBy, User
from bill_reminders.domain.reminders import Trigger
from bill_reminders.domain.terms import Channel, Kind
from bill_reminders.storage import accounts, addresses
from bill_reminders.storage.accounts import Account, Change, put_bill, with_user
from bill_reminders.storage.people import need_room_for_open
from bill_reminders.storage.tables import BillItem


class NoSuchBill(InvalidValue):
    """The user has no such bill."""

    def __init__(self) -> None:
        super().__init__("bill_id", "the user has no such bill; list the bills to find it")


class NeedsConfirmation(InvalidValue):
    """The wish is unusual enough to be asked for twice. Repeat it as confirmed."""


def record_payment(
    user_id: str,
    bill_id: str,
    occurrence: int | None = None,
    *,
    payment_id: str,
    amount: Money | None = None,
    now: datetime,
) -> bool:
    """Note a payment of all that is owed, or of `amount`. With `occurrence` None it goes to the
    oldest one that is open, see Bill.first_unpaid.

    Raises InvalidValue when there is no such bill or occurrence, nothing is left to pay, or the
    amount is not one of the bill's currency.
    """
    if amount is not None and not (amount.amount.is_finite() and amount.amount > 0):
        raise InvalidValue("amount", "not above zero: write what was paid")

    def pay(bill: Bill, user: User) -> Bill:
        if any(payment.payment_id == payment_id for payment in bill.payments):
            return bill
        number = _unpaid(bill, user, now) if occurrence is None else occurrence
        _need_occurrence(bill, number)
        return bill.with_payment(Payment(number, now, amount, payment_id))

    return _change_bill(user_id, bill_id, now, pay)


def undo_payment(user_id: str, bill_id: str, payment_id: str, *, now: datetime) -> bool:
    """Take a payment back. What fell due to be reminded of meanwhile is not made up for; the days
    that are still to come are. Raises InvalidValue when there is no such bill."""

    def undo(bill: Bill, user: User) -> Bill:
        number = next((p.occurrence for p in bill.payments if p.payment_id == payment_id), None)
        if number is None:
            return bill
        return bill.without_payment(payment_id, number, now=now)

    return _change_bill(user_id, bill_id, now, undo)


def record_statement(user_id: str, bill_id: str, statement: Statement, *, now: datetime) -> bool:
    """Note what the biller states for one occurrence. Raises InvalidValue when there is no such
    bill or occurrence, payments of it are in another currency, the amount is not a number, or the
    minimum is not between zero and it."""
    amount, minimum = statement.amount.amount, statement.minimum
    if not amount.is_finite():
        raise InvalidValue("amount", "not a number: write what the biller states")
    if minimum is not None and not (
        minimum.is_finite() and 0 <= minimum <= max(amount, Decimal(0))
    ):
        raise InvalidValue("minimum", "not between zero and the amount: correct one of them")

    def state(bill: Bill, user: User) -> Bill:
        _need_occurrence(bill, statement.occurrence)
        return bill.with_statement(statement)

    return _change_bill(user_id, bill_id, now, state)


def record_failed_debit(
    user_id: str, bill_id: str, occurrence: int | None, event: str, *, now: datetime
) -> bool:
    """Note that an automatic payment did not go through: the user hears of it, and their plan holds
    again for that occurrence; with None it is the one debited last. Raises InvalidValue when there
    is no such bill or occurrence, or `event` cannot stand in a key."""
    Trigger.autopay_failed(event)

    def fail(bill: Bill, user: User) -> Bill:
        if any(each.event == event for each in bill.failed_debits):
            return bill
        number = occurrence
        if number is None:
            number = _left_to_pay(bill.debited_last(local_date(now, user.zone)))
        _need_occurrence(bill, number)
        return bill.with_failed_debit(FailedDebit(number, now, event))

    return _change_bill(user_id, bill_id, now, fail)


def undo_failed_debit(user_id: str, bill_id: str, event: str, *, now: datetime) -> bool:
    """Take a failed debit back, as if it had not been noted; whoever heard of it has heard of it.
    Raises InvalidValue when there is no such bill."""

    def undo(bill: Bill, user: User) -> Bill:
        kept = tuple(each for each in bill.failed_debits if each.event != event)
        return bill if kept == bill.failed_debits else replace(bill, failed_debits=kept)

    return _change_bill(user_id, bill_id, now, undo)


def snooze(
    user_id: str,
    bill_id: str,
    occurrence: int | None,
    until: date,
    *,
    confirmed: bool = False,
    now: datetime,
) -> bool:
    """Be silent about one occurrence, with None the oldest one that is open, and remind of it on
    the local date `until`.

    Raises NeedsConfirmation for a date past the due date unless `confirmed`; InvalidValue when
    there is no such bill or occurrence, or the date is not ahead, or more than 60 days late.
    """

    def put_off(bill: Bill, user: User) -> Bill:
        number = _unpaid(bill, user, now) if occurrence is None else occurrence
        due_on = _need_occurrence(bill, number)
        wanted = bill.with_snooze(Snooze(number, until))
        if wanted == bill:
            return bill
        payable_on = bill.payable_on(due_on)
        if until <= local_date(now, user.zone):
            raise InvalidValue("until", "not ahead: choose tomorrow or a later date")
        if until > payable_on + LATE_AT_MOST * DAY:
            raise InvalidValue(
                "until", f"more than {LATE_AT_MOST} days after the due date: choose an earlier date"
            )
        if until > payable_on and not confirmed:
            raise NeedsConfirmation(
                "until", "after the due date: ask once more as confirmed, or choose an earlier date"
            )
        return wanted

    return _change_bill(user_id, bill_id, now, put_off)


def undo_snooze(user_id: str, bill_id: str, occurrence: int, *, now: datetime) -> bool:
    """Take a snooze back: the days of the plan that are still to come hold again. Raises
    InvalidValue when there is no such bill."""
    return _change_bill(user_id, bill_id, now, lambda bill, user: bill.without_snooze(occurrence))


def record_prepayment(user_id: str, bill_id: str, prepayment: Prepayment, *, now: datetime) -> bool:
    """Note principal of a loan that was paid early: the instalments after it are computed anew.

    Raises InvalidValue when there is no such bill, it is no loan, or less than that is owed.
    """

    def prepay(bill: Bill, user: User) -> Bill:
        if bill.loan is None:
            raise InvalidValue("bill_id", "the bill is no loan: note a payment instead")
        if prepayment in bill.loan.prepayments:
            return bill
        several = sorted((*bill.loan.prepayments, prepayment), key=lambda each: each.after)
        loan = replace(bill.loan, prepayments=tuple(several))
        schedule(loan)  # raises when it is more than what is owed
        return replace(bill, loan=loan)

    return _change_bill(user_id, bill_id, now, prepay)


def undo_prepayment(user_id: str, bill_id: str, prepayment: Prepayment, *, now: datetime) -> bool:
    """Take a prepayment back, as if it had not been made. Raises InvalidValue when there is no such
    bill."""

    def undo(bill: Bill, user: User) -> Bill:
        if bill.loan is None or prepayment not in bill.loan.prepayments:
            return bill
        kept = tuple(each for each in bill.loan.prepayments if each != prepayment)
        return replace(bill, loan=replace(bill.loan, prepayments=kept))

    return _change_bill(user_id, bill_id, now, undo)


def close_bill(user_id: str, bill_id: str, *, now: datetime) -> bool:
    """Remind of nothing of this bill any more. Raises InvalidValue when there is no such bill."""

    def close(bill: Bill, user: User) -> Bill:
        return bill if bill.closed_at is not None else replace(bill, closed_at=now)

    return _change_bill(user_id, bill_id, now, close)


def reopen_bill(user_id: str, bill_id: str, *, now: datetime) -> bool:
    """Remind of a bill again that was closed. Raises InvalidValue when there is no such bill;
    people.TooManyBills."""

    def edit(account: Account) -> Change | None:
        known = account.bill(bill_id)
        if known is None:
            raise NoSuchBill
        if known.closed_at is None:
            return None
        bill = replace(known, closed_at=None)
        after = account.with_bill(bill)
        need_room_for_open(after)
        return Change(after, (put_bill(bill),))

    return accounts.change(user_id, now=now, edit=edit)


def silence(user_id: str, bill_id: str, reason: SilenceReason, *, now: datetime) -> bool:
    """Remind of nothing of this bill until `unsilence`. Raises InvalidValue when there is no such
    bill."""

    def hush(bill: Bill, user: User) -> Bill:
        if bill.silence is not None and bill.silence.reason is reason:
            return bill
        return replace(bill, silence=Silence(now, reason))

    return _change_bill(user_id, bill_id, now, hush)


def unsilence(user_id: str, bill_id: str, *, now: datetime) -> bool:
    """Remind of a bill again. Raises InvalidValue when there is no such bill."""
    return _change_bill(user_id, bill_id, now, lambda bill, user: replace(bill, silence=None))


def change_plans(
    user_id: str,
    bill_id: str,
    change: Callable[[User, Bill], tuple[Plan, PlanChange]],
    *,
    now: datetime,
) -> bool:
    """Change the user's own plan and what one bill changes in it, together, as the user's own
    choice. Raises InvalidValue when there is no such bill."""

    def edit(account: Account) -> Change | None:
        known = account.bill(bill_id)
        if known is None:
            raise NoSuchBill
        plan, own = change(account.user, known)
        user = user_chose(account.user, replace(account.user, plan=plan))
        wanted = with_user(account, user)
        if (bill := bill_chose(known, replace(known, plan_change=own))) == known:
            return wanted
        after, writes = (account, ()) if wanted is None else (wanted.after, wanted.writes)
        return Change(after.with_bill(bill), (*writes, put_bill(bill)))

    return accounts.change(user_id, now=now, edit=edit)


def delete_bill(user_id: str, bill_id: str, *, now: datetime) -> bool:
    """Delete a bill; False when there is none. What is queued about it does not go out."""

    def delete(transaction: TransactWrite) -> None:
        transaction.delete(BillItem(user_id, bill_id))

    def edit(account: Account) -> Change | None:
        if account.bill(bill_id) is None:
            return None
        left = tuple(bill for bill in account.bills if bill.bill_id != bill_id)
        return Change(replace(account, bills=left), (delete,))

    return accounts.change(user_id, now=now, edit=edit)


def change_user(user_id: str, change: Callable[[User], User], *, now: datetime) -> bool:
    """Change settings, as the user's own choice: zone, language, plan, quiet hours, pause."""

    def edit(account: Account) -> Change | None:
        return with_user(account, user_chose(account.user, change(account.user)))

    return accounts.change(user_id, now=now, edit=edit)


def change_kind_plan(user_id: str, kind: Kind, plan_change: PlanChange, *, now: datetime) -> bool:
    """Change the user's plan for all bills of one kind."""

    def with_plan(user: User) -> User:
        return replace(user, kind_plans=MappingProxyType({**user.kind_plans, kind: plan_change}))

    return change_user(user_id, with_plan, now=now)


def stop(
    user_id: str,
    channel: Channel,
    *,
    by: StoppedBy = StoppedBy.REPLY,
    said_at: datetime | None = None,
    now: datetime,
) -> bool:
    """The owner of the address on `channel` said STOP: nothing goes there until they say START."""
    return change_user(
        user_id, partial(with_stop, channel=channel, by=by, said_at=said_at, now=now), now=now
    )


def stop_address(
    user_id: str,
    channel: Channel,
    address: str,
    *,
    by: StoppedBy,
    sent_at: datetime,
    now: datetime,
) -> bool:
    """A provider says of a message of `sent_at` that `address` is of no use: nothing goes there
    until its owner confirms it anew; False when they have since, when it is not the user's any
    more, or when it is stopped already."""
    stop_it = partial(with_stop, channel=channel, address=address, by=by, sent_at=sent_at, now=now)
    return change_user(user_id, stop_it, now=now)


def with_stop(
    user: User,
    *,
    channel: Channel,
    by: StoppedBy,
    now: datetime,
    said_at: datetime | None = None,
    address: str | None = None,
    sent_at: datetime | None = None,
) -> User:
    """`user` with the address on `channel` stopped; as they are when it is not `address` any more,
    or was confirmed after `sent_at`.

    A STOP that was said by SMS stays the reason even if another way to say it is used later. With
    `said_at` one that was said again counts from then, so that no earlier START lifts it.
    """

    def stopped(known: Address) -> Address:
        if known.stopped_at is not None and by is not StoppedBy.REPLY:
            return known
        if address is not None and not addresses.is_same(channel, known.value, address):
            return known
        by_code = known.attestation if known.confirmed else None
        if sent_at is not None and by_code is not None and by_code.at > sent_at:
            return known
        before, said = known.stopped_at or now, said_at or now
        at = before if said_at is None else said if known.stopped_at is None else max(before, said)
        return replace(known, stopped_at=at, stopped_by=by)

    return _with_address(channel, stopped, user)


def start(
    user_id: str,
    channel: Channel,
    *,
    lifts: Collection[StoppedBy] = tuple(StoppedBy),
    said_at: datetime | None = None,
    now: datetime,
) -> bool:
    """The owner of the address on `channel` takes their STOP back, if it was said in a way that
    `lifts` names, and not after `said_at`."""

    def started(address: Address) -> Address:
        if address.stopped_at is None or address.stopped_by not in lifts:
            return address
        if said_at is not None and said_at < address.stopped_at:
            return address
        return replace(address, stopped_at=None, stopped_by=StoppedBy.REPLY)

    return change_user(user_id, partial(_with_address, channel, started), now=now)


def _with_address(channel: Channel, change: Callable[[Address], Address], user: User) -> User:
    address = user.addresses.get(channel)
    return user if address is None else user.with_address(channel, change(address))


def close_links(user_id: str, *, now: datetime) -> bool:
    """Let the links in all messages of up to `now` open nothing any more. Later ones do."""

    def close(user: User) -> User:
        return replace(user, links_closed_at=max(now, user.links_closed_at or now))

    return change_user(user_id, close, now=now)


def plan_again(user_id: str, *, now: datetime) -> None:
    """Compute the user's instants anew: after an update of zone data or of a holiday calendar."""
    accounts.change(user_id, now=now, edit=lambda account: Change(account, ()))


def _change_bill(
    user_id: str, bill_id: str, now: datetime, change: Callable[[Bill, User], Bill]
) -> bool:
    def edit(account: Account) -> Change | None:
        known = account.bill(bill_id)
        if known is None:
            raise NoSuchBill
        bill = change(known, account.user)
        return None if bill == known else Change(account.with_bill(bill), (put_bill(bill),))

    return accounts.change(user_id, now=now, edit=edit)


def _unpaid(bill: Bill, user: User, now: datetime) -> int:
    return _left_to_pay(bill.first_unpaid(local_date(now, user.zone)))


def _left_to_pay(number: int | None) -> int:
    if number is None:
        raise InvalidValue(
            "occurrence",
            "nothing of this bill is left to pay: name the occurrence that it is for",
        )
    return number


def _need_occurrence(bill: Bill, number: int) -> date:
    due_on = bill.due_on(number)
    if due_on is None:
        raise InvalidValue(
            "occurrence", "the bill has no such occurrence: read the bill for their numbers"
        )
    return due_on

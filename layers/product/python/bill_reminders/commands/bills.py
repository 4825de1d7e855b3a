"""Bills: entered, changed, closed, reopened, deleted."""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import LATE_AT_MOST, Bill
from bill_reminders.domain.errors import BillRemindersError, InvalidValue
from bill_reminders.domain.loans import Loan, need_covered, schedule
from bill_reminders.domain.local_time import DAY
from bill_reminders.domain.overrides import with_bill_overrides

type BillFactory = Callable[[date], Bill]
"""Makes a bill, given the date from which on it is owed unless the draft knows a better one."""

MOST_OPEN_BILLS = 500
MOST_BILLS = 2000
"""With those that are closed: planning and lists read all of them."""


class TooManyBills(BillRemindersError):
    """A user's bills would be more than planning can be asked to read."""

    def __init__(self, most: int, which: str) -> None:
        super().__init__(f"more than {most} {which} bills")
        self.most = most
        self.which = which


def enter(account: Account, bill_id: str, draft: BillFactory, *, now: datetime) -> Account:
    """Add a bill, owed from the user's today, see `entered`. One that is there under that id stays
    as it is. Raises TooManyBills, and InvalidValue as loans.need_covered does."""
    if account.bill(bill_id) is not None:
        return account
    bill = entered(draft, account.today(now))
    need_covered(bill.loan)
    after = account.with_bill(bill)
    need_room(account, after)
    return after


def entered(draft: BillFactory, today: date) -> Bill:
    """The bill that its user enters on their local date `today`. Where all its dates are over, and
    the draft does not say since when it is owed, the last one is, as long as anything would be
    reminded of it: nobody enters what they have paid."""
    bill = draft(today)
    if next(bill.owed_occurrences(), None) is not None:
        return bill
    earlier = draft(today - LATE_AT_MOST * DAY).owed_occurrences()
    last = deque(earlier, maxlen=1)
    return draft(last[0][1]) if last else bill


def change(account: Account, bill_id: str, draft: BillFactory, *, now: datetime) -> Account:
    """Make of a bill what its user says. What happened to it stays. Raises NoSuchBill."""
    known = account.need_bill(bill_id)
    return account.with_bill(in_place_of(known, draft, account.today(now)))


def in_place_of(known: Bill, draft: BillFactory, today: date) -> Bill:
    """The draft as the bill that its user changes: with all that happened to it up to the user's
    local date `today`. Raises what loans.need_covered does, and
    InvalidValue ("loan") for terms by which a prepayment that is known cannot have been made."""
    bill = with_history(known, draft, today)
    _need_prepayments(bill.loan, known.loan)
    need_covered(bill.loan)
    return with_bill_overrides(known, bill)


def with_history(known: Bill, draft: BillFactory, today: date) -> Bill:
    """The draft with all that happened to the bill that it takes the place of, and with the number
    that each occurrence has."""
    wanted = draft(known.owed_from)
    loan = _with_prepayments(wanted.loan, known.loan)
    # a loan's terms hold from the first date that comes with them
    recurrence = wanted.recurrence.in_place_of(known.recurrence, keep_anchor=loan is None)
    if wanted.follows(known):
        recurrence = replace(recurrence, first_number=known.recurrence.first_number + 1)
    bill = replace(
        wanted,
        loan=loan,
        recurrence=recurrence,
        statements=known.statements,
        payments=known.payments,
        failed_debits=known.failed_debits,
        reopened=known.reopened,
        closed_at=known.closed_at,
        mute=known.mute,
        overrides=known.overrides,
        version=known.version,
    )
    return bill.with_snoozes_of(known).with_overdue_of(known, today)


def _with_prepayments(loan: Loan | None, before: Loan | None) -> Loan | None:
    """A loan as it is entered; while its principal and number of instalments stay, with what was
    paid back early, which nobody enters with it."""
    if loan is None or before is None:
        return loan
    if (loan.principal, loan.instalments) != (before.principal, before.instalments):
        return loan
    try:
        same = replace(loan, prepayments=before.prepayments)
        schedule(same)
    except InvalidValue:  # by these terms it cannot have been paid
        return loan
    return same


def _need_prepayments(loan: Loan | None, before: Loan | None) -> None:
    if loan is None or before is None or loan.prepayments or not before.prepayments:
        return
    if (loan.principal, loan.instalments) == (before.principal, before.instalments):
        raise InvalidValue(
            "loan",
            "terms by which a prepayment of it cannot have been made: correct them, or delete the "
            "prepayment first",
        )


def close(account: Account, bill_id: str, *, now: datetime) -> Account:
    """Remind of nothing of this bill any more. Raises NoSuchBill."""
    bill = account.need_bill(bill_id)
    if bill.closed_at is not None:
        return account
    return account.with_bill(replace(bill, closed_at=now))


def reopen(account: Account, bill_id: str) -> Account:
    """Remind of a bill again that was closed. Raises NoSuchBill, TooManyBills."""
    bill = account.need_bill(bill_id)
    if bill.closed_at is None:
        return account
    after = account.with_bill(replace(bill, closed_at=None))
    need_room_for_open(after)
    return after


def delete(account: Account, bill_id: str) -> Account:
    """Delete a bill; what is queued about it does not go out. Raises NoSuchBill, unless an earlier
    try may have deleted it."""
    if account.bill(bill_id) is None and account.uncertain:
        return account
    account.need_bill(bill_id)
    return account.without_bill(bill_id)


def need_room(before: Account, after: Account) -> None:
    """Raises TooManyBills when a change adds bills beyond what one user may have."""
    if len(after.bills) <= len(before.bills):
        return
    if len(after.bills) > MOST_BILLS:
        raise TooManyBills(MOST_BILLS, "stored")
    need_room_for_open(after)


def need_room_for_open(account: Account) -> None:
    """Raises TooManyBills when more bills are open than one user may have."""
    bills = account.bills
    if len(bills) > MOST_OPEN_BILLS and sum(map(_is_open, bills)) > MOST_OPEN_BILLS:
        raise TooManyBills(MOST_OPEN_BILLS, "open")


def _is_open(bill: Bill) -> bool:
    # before its dates nothing is presumed to be paid: what is only presumed keeps a bill open
    return bill.closed_at is None and bill.first_unpaid(date.min) is not None

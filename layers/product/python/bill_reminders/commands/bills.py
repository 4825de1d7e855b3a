"""Bills: entered, changed, closed, reopened, deleted."""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Final, Literal

from bill_reminders.domain import edits
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import LATE_AT_MOST, Bill
from bill_reminders.domain.errors import BillRemindersError, InvalidValue
from bill_reminders.domain.loans import Loan, need_covered
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


class ChangedSince(BillRemindersError):
    """A change of a bill cannot be undone any more: another one came after it."""


def enter(account: Account, bill_id: str, draft: BillFactory, *, now: datetime) -> Account:
    """Add a bill, owed from the user's today, see `entered`. One that is there under that id stays
    as it is. Raises TooManyBills, and InvalidValue as loans.need_covered does."""
    if account.bill(bill_id) is not None:
        return account
    bill = entered(draft, account.today(now))
    for terms in bill.terms:
        need_covered(terms.loan)
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


BEGINNING: Final = "beginning"
"""A change holds for all dates, as if the bill had been entered so."""

type Since = date | Literal["beginning"] | None
"""From when on a change of a bill holds: from now on (None), from the first date that is due on
that day or later, or from the beginning."""


def change(
    account: Account,
    bill_id: str,
    draft: Callable[[Bill], BillFactory],
    *,
    since: Since = None,
    now: datetime,
) -> Account:
    """Make of a bill what its user says, `since` a date. What happened to it stays. `draft` is
    given the bill with the terms that the change begins with as its own. Raises NoSuchBill, and
    what `in_place_of` does."""
    known, today = account.need_bill(bill_id), account.today(now)
    begins = basis(known, today, since)
    bill = in_place_of(begins, draft(begins), today, since)
    return account if bill == known else account.with_bill(bill)


def undo_change(
    account: Account, bill_id: str, *, was: Bill, version: int, now: datetime
) -> Account:
    """Make of a bill what it `was` before the change that was written as its `version`; undone
    again, nothing. Raises NoSuchBill, and ChangedSince when anything else of it has changed."""
    bill = account.need_bill(bill_id)
    before = edits.taken_back(bill, was).as_of(account.today(now))
    if bill == before:
        return account
    if bill.version != version:
        raise ChangedSince("the bill has changed since: correct it with a new change")
    return account.with_bill(before)


def basis(known: Bill, today: date, since: Since = None) -> Bill:
    """`known` with the terms as its own that a change begins with. Raises InvalidValue ("from")
    for a date that is past, or when there is none to come."""
    day = since if isinstance(since, date) else None
    if day is not None and day < today:
        raise InvalidValue(
            "from", "past: leave it out for a change from now on, or say beginning for all dates"
        )
    first = edits.first_to_change(known, today, day)
    if day is not None and first is None:
        raise InvalidValue("from", "no date of it is due then: write an earlier day")
    return known.in_terms_of(None if first is None else first[0])


def in_place_of(known: Bill, draft: BillFactory, today: date, since: Since = None) -> Bill:
    """The draft as the bill that its user changes: with all that happened to it up to the user's
    local date `today`. `known` is a `basis`. Raises what loans.need_covered does;
    InvalidValue ("loan") for terms by which a prepayment that is known cannot have been made, and
    for what cannot be from the beginning."""
    bill = with_history(known, draft, today, since)
    _need_prepayments(bill.loan, known.loan)
    need_covered(bill.loan)
    return with_bill_overrides(known, bill).as_of(today)


def with_history(known: Bill, draft: BillFactory, today: date, since: Since = None) -> Bill:
    """The draft with all that happened to the bill that it takes the place of, and with the terms
    that hold before and after the change. `known` is a `basis`."""
    wanted = replace(
        draft(known.owed_from),
        statements=known.statements,
        payments=known.payments,
        snoozes=known.snoozes,
        failed_debits=known.failed_debits,
        reopened=known.reopened,
        closed_at=known.closed_at,
        mute=known.mute,
        overrides=known.overrides,
        settled=known.settled,
        version=known.version,
    )
    if since is None or isinstance(since, date):
        bill = edits.from_now_on(known, wanted, today, since)
    else:
        bill = edits.from_the_beginning(known, wanted)
    return bill.with_snoozes_of(known)


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

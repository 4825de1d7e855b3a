"""Snoozes: nothing is said of one due date for a while."""

from datetime import date, datetime

from bill_reminders.commands.occurrences import need_due_date, oldest_unpaid
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import LATE_AT_MOST, Snooze
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.local_time import DAY


class NeedsConfirmation(InvalidValue):
    """The wish is unusual enough to be asked for twice. Repeat it as confirmed."""


def snooze(
    account: Account,
    bill_id: str,
    occurrence: int | None,
    until: date,
    *,
    confirmed: bool = False,
    now: datetime,
) -> Account:
    """Be silent about one occurrence, with None the oldest one that is open, and remind of it on
    the local date `until`.

    Raises NoSuchBill; NeedsConfirmation for a date past the due date unless `confirmed`;
    InvalidValue when there is no such occurrence, or the date is not ahead, or more than 60 days
    late.
    """
    bill, today = account.need_bill(bill_id), account.today(now)
    number = oldest_unpaid(bill, today) if occurrence is None else occurrence
    due_on = need_due_date(bill, number)
    wanted = bill.with_snooze(Snooze(number, until))
    if wanted == bill:
        return account
    payable_on = bill.payable_on(due_on)
    if until <= today:
        raise InvalidValue("until", "not ahead: choose tomorrow or a later date")
    if until > payable_on + LATE_AT_MOST * DAY:
        raise InvalidValue(
            "until", f"more than {LATE_AT_MOST} days after the due date: choose an earlier date"
        )
    if until > payable_on and not confirmed:
        raise NeedsConfirmation(
            "until", "after the due date: ask once more as confirmed, or choose an earlier date"
        )
    return account.with_bill(wanted)


def undo(account: Account, bill_id: str, occurrence: int) -> Account:
    """Take a snooze back: the days of the plan that are still to come hold again. Raises
    NoSuchBill."""
    return account.with_bill(account.need_bill(bill_id).without_snooze(occurrence))

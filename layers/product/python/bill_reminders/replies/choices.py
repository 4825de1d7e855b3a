"""Which bills a reply may mean, and what is open at all."""

from collections.abc import Iterable, Iterator
from datetime import date

from bill_reminders.domain import cards
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import LATE_AT_MOST, Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import State
from bill_reminders.domain.local_time import DAY
from bill_reminders.domain.reminders import Trigger
from bill_reminders.domain.replies import Target
from bill_reminders.messages.notices import Notice

AHEAD = 30 * DAY
BACK = LATE_AT_MOST * DAY
"""Older debts are not reminded of any more."""

_NOT_TOLD = frozenset({State.SKIPPED, State.WAITING, State.FAILED, State.BOUNCED, State.EXPIRED})


def open_ones(account: Account, today: date) -> list[Notice]:
    """All that is open and reminded of: overdue, or payable in the next 30 days; the nearest due
    first."""
    found = (each for bill in account.bills for each in _open(bill, today))
    return sorted(found, key=lambda notice: (notice.due_on, notice.bill.bill_id))


def meant(account: Account, today: date) -> list[Notice]:
    """What a reply may be about: of each bill the oldest open occurrence that an SMS told of; when
    there is none, the oldest open one of each bill."""
    told = {
        (row.reminder.bill_id, row.reminder.occurrence)
        for row in account.recorded.values()
        if row.reminder.channel is Channel.SMS and row.state not in _NOT_TOLD
    }
    notices = open_ones(account, today)
    known = [each for each in notices if (each.bill.bill_id, each.occurrence) in told]
    return list(_oldest_of_each(known or notices))


def notice_of(account: Account, target: Target) -> Notice | None:
    """What `target` names; None when it is gone."""
    bill = account.bill(target.bill_id)
    due_on = None if bill is None else bill.due_on(target.occurrence)
    if bill is None or due_on is None:
        return None
    return _notice(bill, target.occurrence, bill.payable_on(due_on))


def balance_of(account: Account, target: Target, today: date) -> Target:
    """`target`, or the newer statement of the card that has taken it in."""
    bill = account.bill(target.bill_id)
    if bill is None:
        return target
    return Target(target.bill_id, cards.balance_of(bill, target.occurrence, today))


def target_of(notice: Notice) -> Target:
    return Target(notice.bill.bill_id, notice.occurrence)


def _open(bill: Bill, today: date) -> Iterator[Notice]:
    if not bill.reminds:
        return
    for number, due_on in bill.occurrences_from(today - BACK):
        payable_on = bill.payable_on(due_on)
        if payable_on >= today + AHEAD:
            return
        if bill.is_open(number, payable_on, today):
            yield _notice(bill, number, payable_on)


def _notice(bill: Bill, number: int, payable_on: date) -> Notice:
    failed = {each.occurrence for each in bill.failed_debits}
    return Notice(
        bill,
        payable_on,
        Trigger.lead(0),
        occurrence=number,
        will_be_debited=bill.terms_of(number).autopay and number not in failed,
    )


def _oldest_of_each(notices: Iterable[Notice]) -> Iterator[Notice]:
    seen: set[str] = set()
    for notice in notices:
        if notice.bill.bill_id not in seen:
            seen.add(notice.bill.bill_id)
            yield notice

"""The changes that people, billers and files make: users, bills, payments."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from itertools import batched

from bill_reminders.domain.bills import Bill, Payment
from bill_reminders.domain.clock import local_date
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.people import User
from bill_reminders.storage.accounts import (
    Account,
    Change,
    change,
    put_bill,
    put_user,
    register,
)
from bill_reminders.storage.transactions import Stale


class Saved(StrEnum):
    """What saving did."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


def save_user(user: User, *, shards: int, now: datetime) -> Saved:
    """Register a user, or change one who exists. An address that is new is greeted anew."""
    try:
        register(user, shards=shards)
    except Stale:
        changed = change(user.user_id, now=now, edit=lambda account: _with_user(account, user))
        return Saved.CHANGED if changed else Saved.UNCHANGED
    return Saved.NEW


def _with_user(account: Account, user: User) -> Change | None:
    if account.user == user:
        return None
    kept = frozenset(
        channel
        for channel in account.greeted
        if (old := account.user.addresses.get(channel)) is not None
        and (new := user.addresses.get(channel)) is not None
        and old.value == new.value
    )
    return Change(replace(account, user=user, greeted=kept), (put_user(user),))


BILLS_AT_ONCE = 50
"""Bills that one transaction saves: well below what it takes."""

Draft = Callable[[date], Bill]
"""Makes a bill, given the date from which on it is owed unless the draft knows a better one."""


def save_bills(user_id: str, drafts: Iterable[Draft], *, now: datetime) -> Counter[Saved]:
    """Create or change bills of one user.

    What a draft cannot know is kept: since when the bill is owed, its payments, its end, and which
    number an occurrence has. A new bill is owed from the user's today. Raises what accounts.change
    raises.
    """
    total: Counter[Saved] = Counter()
    for batch in batched(drafts, BILLS_AT_ONCE, strict=False):
        saved: Counter[Saved] = Counter()
        edit = partial(_with_bills, drafts=batch, now=now, saved=saved)
        change(user_id, now=now, edit=edit)
        total += saved
    return total


def _with_bills(
    account: Account, drafts: Iterable[Draft], now: datetime, saved: Counter[Saved]
) -> Change | None:
    saved.clear()
    after, writes = account, []
    for draft in drafts:
        bill = draft(local_date(now, account.user.zone))
        known = account.bill(bill.bill_id)
        if known is not None:
            wanted = draft(known.owed_from)
            bill = replace(
                wanted,
                recurrence=wanted.recurrence.in_place_of(known.recurrence),
                payments=known.payments,
                closed_at=known.closed_at,
            )
        saved[_verdict(known, bill)] += 1
        if bill != known:
            after = after.with_bill(bill)
            writes.append(put_bill(bill))
    return Change(after, tuple(writes)) if writes else None


def _verdict(known: Bill | None, bill: Bill) -> Saved:
    if known is None:
        return Saved.NEW
    return Saved.UNCHANGED if bill == known else Saved.CHANGED


def record_payment(user_id: str, bill_id: str, occurrence: int, *, now: datetime) -> bool:
    """Note that an occurrence is paid; False when it already was. Nothing about it goes out any
    more. Raises InvalidValue when there is no such bill or occurrence, and what accounts.change
    raises."""

    def edit(account: Account) -> Change | None:
        bill = account.bill(bill_id)
        if bill is None:
            raise InvalidValue("bill_id", "the user has no such bill; list the bills to find it")
        if bill.recurrence.due_on(occurrence) is None:
            raise InvalidValue("occurrence", "the bill has no such occurrence")
        paid = bill.with_payment(Payment(occurrence, now))
        return None if paid == bill else Change(account.with_bill(paid), (put_bill(paid),))

    return change(user_id, now=now, edit=edit)

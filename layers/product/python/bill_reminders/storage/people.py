"""Users and bills as a file or a form gives them: made new, or changed."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from itertools import batched
from types import MappingProxyType

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.clock import local_date
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


def _with_user(account: Account, wanted: User) -> Change | None:
    user = _keeping_choices(wanted, account.user)
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


def _keeping_choices(wanted: User, known: User) -> User:
    """`wanted` with what only the user decides: their plans by kind, and a STOP to an address."""
    addresses = {
        channel: replace(address, stopped_at=old.stopped_at)
        if (old := known.addresses.get(channel)) is not None and old.value == address.value
        else address
        for channel, address in wanted.addresses.items()
    }
    kind_plans = wanted.kind_plans or known.kind_plans
    return replace(wanted, kind_plans=kind_plans, addresses=MappingProxyType(addresses))


BILLS_AT_ONCE = 50
"""Bills that one transaction saves: well below what it takes."""

Draft = Callable[[date], Bill]
"""Makes a bill, given the date from which on it is owed unless the draft knows a better one."""


def save_bills(user_id: str, drafts: Iterable[Draft], *, now: datetime) -> Counter[Saved]:
    """Create or change bills of one user.

    What a draft cannot know is kept: since when the bill is owed, what happened to it (statements,
    payments, snoozes, its end), and which number an occurrence has. A new bill is owed from the
    user's today. Raises what accounts.change
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
                # a loan's terms hold from the first date that comes with them
                recurrence=wanted.recurrence.in_place_of(
                    known.recurrence, keep_anchor=wanted.loan is None
                ),
                statements=known.statements,
                payments=known.payments,
                snoozes=known.snoozes,
                failed_debits=known.failed_debits,
                reopened=known.reopened,
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

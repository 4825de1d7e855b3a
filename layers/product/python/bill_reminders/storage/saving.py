"""Users and bills of a file, saved: made new, or changed."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from itertools import batched

from bill_reminders.commands.imports import (
    Draft,
    Imported,
    Merging,
    Saved,
    import_bills,
    import_user,
)
from bill_reminders.domain.account import Account
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.people import User
from bill_reminders.storage import accounts, addresses, identities, leftovers
from bill_reminders.storage.transactions import Stale

BILLS_AT_ONCE = 50
"""Bills that one transaction saves: well below what it takes."""


def save_user(user: User, *, shards: int, now: datetime) -> Saved:
    """Register a user, or change one who exists. An address that is new is welcomed again. Whoever
    signs in decides by themselves: a file changes nothing of theirs.

    Raises addresses.AddressTaken when one of them is another user's; TooManyReminders when their
    bills would have too many by the plan.
    """
    user = addresses.minding_stops(user)
    if _registered(user, shards, now):
        return Saved.NEW
    if identities.signed_in_as(user.user_id) is not None:
        return Saved.UNCHANGED
    after = accounts.change(user.user_id, lambda account: import_user(account, user), now=now)
    return Saved.CHANGED if after.written else Saved.UNCHANGED


def _registered(user: User, shards: int, now: datetime) -> bool:
    """Register a user; False when they exist. Whoever had the id before may not be erased to the
    end yet: what they left is theirs, and goes first."""
    if accounts.exists(user.user_id):
        return False
    leftovers.clear(user.user_id)
    try:
        accounts.register(user, shards=shards, now=now)
    except Stale:
        return False
    return True


def save_bills(
    user_id: str,
    drafts: Iterable[Draft],
    *,
    now: datetime,
    unlabelled: Collection[str] = (),
    own: bool = False,
    refuse: Callable[[int, InvalidValue], None] | None = None,
) -> Counter[Saved]:
    """Create or change bills of one user, as a file gives them: see commands.imports. Raises
    TooManyBills, before anything is saved, and what accounts.change raises.

    With `refuse` a bill that cannot be so is left out, and told by its place among the drafts.
    Without it imports.DraftRefused is raised before anything is saved.
    """
    merging = Merging(unlabelled, own=own, leave_out=refuse is not None)
    batches = list(batched(enumerate(drafts), BILLS_AT_ONCE, strict=False))
    if len(batches) > 1:
        _rehearse(user_id, batches, merging, now)
    total: Counter[Saved] = Counter()
    for batch in batches:
        imported = _import(user_id, batch, merging, now)
        total += imported.saved
        if refuse is not None:
            for place, error in imported.refused:
                refuse(place, error)
    return total


type Batch = Iterable[tuple[int, Draft]]
"""Drafts with their places."""


def _import(user_id: str, batch: Batch, merging: Merging, now: datetime) -> Imported:
    tries: list[Imported] = []

    def imported(account: Account) -> Account:
        tries.append(import_bills(account, batch, merging, now=now))
        return tries[-1].after

    accounts.change(user_id, imported, now=now)
    return tries[-1]


def _rehearse(user_id: str, batches: Iterable[Batch], merging: Merging, now: datetime) -> None:
    """Raises what saving would, as the account stands now.

    Each batch is a transaction of its own, so this is no promise: who adds bills at the same time
    can take the room, and an account that never holds still or a lost connection can end the saving
    between two batches. What is saved by then stays, and the same file may be sent again.
    """
    account = accounts.read(user_id, now=now)
    for batch in batches:
        account = import_bills(account, batch, merging, now=now).after

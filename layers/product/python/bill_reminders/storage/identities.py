"""Who signs in, and whose account that is.

People exist before they sign in: a biller imports them. Such an account is joined once, by a code
that the biller hands out or by confirming a contact that it holds.
"""

from datetime import datetime

from pynamodb.expressions.update import Action

from bill_reminders.domain.account import Account
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.domain.handovers import HandoverKind
from bill_reminders.domain.journal import Event
from bill_reminders.domain.people import User
from bill_reminders.storage import accounts, handovers, journal, tables
from bill_reminders.storage.accounts import read
from bill_reminders.storage.sign_in_tables import IdentityItem
from bill_reminders.storage.tables import ScheduleItem
from bill_reminders.storage.transactions import Lost, Stale, Write, commit


class AlreadyRegistered(BillRemindersError):
    """The identity has an account."""


class NotEmpty(BillRemindersError):
    """An account with bills in it cannot give way to an imported one."""


class AlreadyJoined(BillRemindersError):
    """Somebody else signs in to that account."""


def user_of(identity: str) -> str | None:
    """The user that `<issuer>#<subject>` signs in as; None while there is no account."""
    found = _get(identity)
    return None if found is None else found.user_id


def signed_in_as(user_id: str) -> str | None:
    """The identity that signs in to an account; None for one that was imported."""
    found = _get(_back(user_id))
    return None if found is None else found.signed_in_as


def _back(user_id: str) -> str:
    return f"user#{user_id}"


def _get(key: str) -> IdentityItem | None:
    try:
        return IdentityItem.get(key, consistent_read=True)
    except IdentityItem.DoesNotExist:
        return None


def register(user: User, identity: str, *, made_by: str, shards: int, now: datetime) -> str:
    """Create a user, their schedule and their way in; the user's id.

    It is never that of an earlier account of theirs, which may still be being erased: so it does
    not derive from the request `made_by`. Doing that again gives the id that it made first. Raises
    AlreadyRegistered when the identity has another account.
    """
    try:
        way_in = _way_in(identity, user.user_id, made_by)
        accounts.register(user, shards=shards, now=now, more=way_in)
    except (Stale, Lost):
        known = _get(identity)
        if known is None or known.user_id is None or known.made_by != made_by:
            raise AlreadyRegistered("there is an account for this identity") from None
        return known.user_id
    return user.user_id


def _way_in(identity: str, user_id: str, made_by: str | None = None) -> tuple[Write, Write]:
    new = IdentityItem.identity.does_not_exist()
    there = IdentityItem(identity, user_id=user_id, made_by=made_by)
    back = IdentityItem(_back(user_id), signed_in_as=identity)
    return (
        lambda write: write.save(there, condition=new),
        lambda write: write.save(back, condition=new),
    )


def unsubscribe_link(identity: str, user_id: str) -> tuple[Write, Write]:
    """What takes the way in of an account away."""
    ours = IdentityItem.user_id == user_id
    there, back = IdentityItem(identity), IdentityItem(_back(user_id))
    return (
        lambda write: write.delete(there, condition=ours),
        lambda write: write.delete(back),
    )


def joined_by(identity: str, request: str) -> str | None:
    """The account that this very request has let `identity` sign in to; None if it has not."""
    found = _get(identity)
    return found.user_id if found is not None and found.made_by == request else None


def join(
    identity: str,
    imported_id: str,
    *,
    made_by: str,
    now: datetime,
    channel: Channel | None = None,
) -> bool:
    """Let `identity` sign in to an imported account, in place of an own one that is empty; what
    that one leaves behind is the caller's to clear. It is kept that the request `made_by` did it,
    and by the contact on which `channel`, None for a link code: the others may undo it.

    False, and nothing is done, when it does so already. Raises NotEmpty, AlreadyJoined,
    handovers.NotSettled of the own account, accounts.UnknownUser.
    """
    own_id = user_of(identity)
    if own_id == imported_id:
        return False
    imported = read(imported_id, now=now)
    if own_id is None:
        writes: list[Write] = list(_way_in(identity, imported_id, made_by))
    else:
        handovers.need_settled(own_id, now=now)  # giving it up is erasing it
        own = read(own_id, now=now)
        if own.bills:
            raise NotEmpty("the account has bills")
        gone = accounts.unregister(own_id, own.version, own.user, life=own.life)
        writes = [*gone, *_way_over(identity, own_id, imported_id, made_by)]
    joined = HandoverKind.JOINED
    writes += handovers.begun(joined, imported, channel, by=identity, now=now)
    try:
        commit(_still_there(imported), _noted(imported, now), *writes)
    except (Stale, Lost):
        if user_of(identity) != imported_id:
            raise AlreadyJoined("the account is another one's, or changed meanwhile") from None
    return True


def _still_there(account: Account) -> Write:
    unchanged = ScheduleItem.user_id.exists() & tables.in_life(account.life)
    user_id = account.user.user_id
    return lambda write: write.condition_check(ScheduleItem, user_id, condition=unchanged)


def _noted(account: Account, now: datetime) -> Write:
    owned = account.user, account.bills
    return journal.beside(owned, Event.JOINED, version=account.version, now=now)


def _way_over(identity: str, own_id: str, imported_id: str, made_by: str) -> tuple[Write, ...]:
    there = IdentityItem(identity)
    back = IdentityItem(_back(imported_id), signed_in_as=identity)
    ours, new = IdentityItem.user_id == own_id, IdentityItem.identity.does_not_exist()
    to: list[Action] = [IdentityItem.user_id.set(imported_id), IdentityItem.made_by.set(made_by)]
    return (
        lambda write: write.update(there, actions=to, condition=ours),
        lambda write: write.save(back, condition=new),
        lambda write: write.delete(IdentityItem(_back(own_id))),
    )

"""Who signs in, and whose account that is.

People exist before they sign in: a biller imports them. Such an account is joined once, by a code
that the biller hands out or by confirming a contact that it holds.
"""

from datetime import datetime

from pynamodb.expressions.update import Action

from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.domain.people import User
from bill_reminders.storage import accounts
from bill_reminders.storage.access_tables import IdentityItem
from bill_reminders.storage.accounts import Account, read
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


def register(user: User, identity: str, *, made_by: str, shards: int) -> str:
    """Create a user, their schedule and their way in; the user's id.

    It is never that of an earlier account of theirs, which may still be being erased: so it does
    not derive from the request `made_by`. Doing that again gives the id that it made first. Raises
    AlreadyRegistered when the identity has another account.
    """
    try:
        accounts.register(user, shards=shards, more=_way_in(identity, user.user_id, made_by))
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


def way_out(identity: str, user_id: str) -> tuple[Write, Write]:
    """What takes the way in of an account away."""
    ours = IdentityItem.user_id == user_id
    there, back = IdentityItem(identity), IdentityItem(_back(user_id))
    return (
        lambda write: write.delete(there, condition=ours),
        lambda write: write.delete(back),
    )


def join(identity: str, imported_id: str, *, now: datetime) -> None:
    """Let `identity` sign in to an imported account, in place of an own one that is empty; what
    that one leaves behind is the caller's to clear.

    Doing it again does nothing. Raises NotEmpty, AlreadyJoined, accounts.UnknownUser.
    """
    own_id = user_of(identity)
    if own_id == imported_id:
        return
    imported = read(imported_id, now=now)
    if own_id is None:
        writes: list[Write] = list(_way_in(identity, imported_id))
    else:
        own = read(own_id, now=now)
        if own.bills:
            raise NotEmpty("the account has bills")
        gone = accounts.unregister(own_id, own.version, own.user)
        writes = [*gone, *_way_over(identity, own_id, imported_id)]
    try:
        commit(_still_there(imported), *writes)
    except (Stale, Lost):
        if user_of(identity) != imported_id:
            raise AlreadyJoined("the account is another one's, or changed meanwhile") from None


def _still_there(account: Account) -> Write:
    unchanged = ScheduleItem.user_id.exists()
    user_id = account.user.user_id
    return lambda write: write.condition_check(ScheduleItem, user_id, condition=unchanged)


def _way_over(identity: str, own_id: str, imported_id: str) -> tuple[Write, ...]:
    there = IdentityItem(identity)
    back = IdentityItem(_back(imported_id), signed_in_as=identity)
    ours, new = IdentityItem.user_id == own_id, IdentityItem.identity.does_not_exist()
    to: list[Action] = [IdentityItem.user_id.set(imported_id), IdentityItem.made_by.remove()]
    return (
        lambda write: write.update(there, actions=to, condition=ours),
        lambda write: write.save(back, condition=new),
        lambda write: write.delete(IdentityItem(_back(own_id))),
    )

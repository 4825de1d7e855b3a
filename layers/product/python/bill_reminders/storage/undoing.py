"""Undoes a handover: the account is as it was for its owner, and whoever came in is out again.

May be repeated: what is undone stays so.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from bill_reminders.commands import contacts
from bill_reminders.domain.account import Account
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.handovers import Handover, HandoverKind, with_stop
from bill_reminders.domain.journal import Event
from bill_reminders.domain.people import Address, User, same_address
from bill_reminders.storage import (
    accounts,
    addresses,
    calendars,
    handovers,
    identities,
    journal,
)
from bill_reminders.storage.accounts import UnknownUser
from bill_reminders.storage.transactions import Write


def undo(handover: Handover, *, now: datetime) -> bool:
    """False when it is too late: somebody else holds the address by now, or its user has another
    one. Raises what accounts.change does."""
    if handover.kind is HandoverKind.JOINED:
        _undo_joining(handover, now)
        return True
    return _undo_moving(handover, now)


def _is_undone(handover: Handover) -> bool:
    """Read again: another press of the button may have come first."""
    known = handovers.find(handover.user_id, handovers.key_of(handover.kind, handover.channel))
    return known is None or known.event != handover.event or known.undone_at is not None


def _undo_joining(handover: Handover, now: datetime) -> None:
    user_id = handover.user_id

    def as_it_was(account: Account) -> Account:
        if not _is_to_be_undone(handover, account):
            return account
        return account.with_user(_as_it_was(handover, account.user))

    def undone(before: Account, after: Account) -> Iterator[Write]:
        if not _is_to_be_undone(handover, before):
            return
        if identities.signed_in_as(user_id) == handover.by:
            yield from identities.unsubscribe_link(handover.by, user_id)
        yield handovers.undone(handover, now=now)
        yield _noted(before, now)

    accounts.change(user_id, as_it_was, now=now, beside=undone)
    calendars.withdraw(user_id)
    let_in = _let_in(handover)
    if let_in is not None:
        # so that a biller's next file does not open the door again
        addresses.keep_stop(*let_in, said_at=now)


def _is_to_be_undone(handover: Handover, account: Account) -> bool:
    return account.life == handover.life and not _is_undone(handover)


def _noted(account: Account, now: datetime) -> Write:
    """A row of its own: where the settings are as they were, the change leaves none."""
    owned, version = (account.user, account.bills), account.version + 1
    return journal.beside(owned, Event.UNDONE, version=version, now=now)


def _let_in(handover: Handover) -> tuple[Channel, str] | None:
    if handover.channel is None:
        return None
    address = handover.was.addresses[handover.channel]
    return handover.channel, address.value


def _as_it_was(handover: Handover, present: User) -> User:
    """The settings and contacts from before, without the contact that let somebody in."""
    was = handover.was
    let_in = _let_in(handover)
    if let_in is not None:
        was = contacts.without(was, *let_in)
    kept = {
        channel: _with_stop(channel, address, present)
        for channel, address in was.addresses.items()
        if _is_free(channel, address, present.user_id)
    }
    closed = max(filter(None, (was.links_closed_at, present.links_closed_at)), default=None)
    return replace(was, addresses=MappingProxyType(kept), links_closed_at=closed)


def _is_free(channel: Channel, address: Address, user_id: str) -> bool:
    known = addresses.owner_of(channel, address.value)
    return known is None or known.user_id in (None, user_id)


def _with_stop(channel: Channel, address: Address, present: User) -> Address:
    held = present.addresses.get(channel)
    if held is not None and same_address(channel, held.value, address.value):
        return with_stop(address, held.stopped_at, held.stopped_by)
    known = addresses.owner_of(channel, address.value)
    if known is None or known.user_id is not None:
        return address
    return with_stop(address, known.stopped_at)


def _undo_moving(handover: Handover, now: datetime) -> bool:
    channel = handover.channel
    assert channel is not None, "an address left one channel"
    address = handover.was.addresses[channel]
    try:
        present = accounts.read(handover.user_id, now=now).user
    except UnknownUser:
        return False
    if _is_undone(handover):
        return True
    if channel in present.addresses or not _is_with(handover, channel, address):
        return False
    if _is_of_one_thrown_out(handover, channel, address):
        return False
    with suppress(UnknownUser):  # erased since, and the address is nobody's
        accounts.change(
            handover.by,
            lambda account: contacts.give_up(account, channel, address.value),
            now=now,
        )

    def with_it_again(account: Account) -> Account:
        if not _is_to_be_undone(handover, account):
            return account
        return account.with_user(_with_it_again(handover, channel, address, account.user))

    def undone(before: Account, after: Account) -> Iterator[Write]:
        if _is_to_be_undone(handover, before):
            yield handovers.undone(handover, now=now)

    accounts.change(handover.user_id, with_it_again, now=now, beside=undone)
    return True


def _with_it_again(handover: Handover, channel: Channel, address: Address, user: User) -> User:
    """The user with the address again; and with the plan from before, unless they changed it."""
    was = handover.was
    left = contacts.without(was, channel, address.value)
    known = addresses.owner_of(channel, address.value)
    back = user.with_address(channel, with_stop(address, known.stopped_at if known else None))
    if (user.plan, user.kind_plans) == (left.plan, left.kind_plans):
        return replace(back, plan=was.plan, kind_plans=was.kind_plans)
    return contacts.in_plan(back, channel)


def _is_of_one_thrown_out(handover: Handover, channel: Channel, address: Address) -> bool:
    """Whether the address left while somebody was in who is out again, and let them in or was
    theirs: with it they would read on, and come in again."""
    joined = handovers.joined(handover.user_id)
    if joined is None or joined.undone_at is None:
        return False
    if not joined.made_at <= handover.made_at <= joined.undone_at:
        return False
    known = joined.was.addresses.get(channel)
    is_owners = known is not None and same_address(channel, known.value, address.value)
    return channel is joined.channel or not is_owners


def _is_with(handover: Handover, channel: Channel, address: Address) -> bool:
    """Whether the address is still with who took it, or nobody's by now."""
    known = addresses.owner_of(channel, address.value)
    return known is None or known.user_id in (None, handover.by)

"""Whose an address is: one user's at most, found by a keyed hash.

The address itself stands in its owner's item alone. A STOP stays behind when its owner goes, so
that whoever enters the address next has to confirm it anew.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial

from pynamodb.exceptions import DeleteError, UpdateError
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.domain.people import Address, User, folded, same_address
from bill_reminders.storage.access_tables import AddressItem
from bill_reminders.storage.keyed_hash import keyed_hash
from bill_reminders.storage.transactions import Write, condition_failed


class AddressTaken(BillRemindersError):
    """The address is another user's, whose id is in `owner`."""

    def __init__(self, channel: Channel, owner: str) -> None:
        super().__init__("the address belongs to another account")
        self.channel = channel
        self.owner = owner


def address_hash(channel: Channel, address: str) -> str:
    return keyed_hash("address", f"{channel}:{folded(channel, address)}")


def owner_of(channel: Channel, address: str) -> AddressItem | None:
    """What is known of an address: its owner, and a STOP."""
    try:
        return AddressItem.get(address_hash(channel, address), consistent_read=True)
    except AddressItem.DoesNotExist:
        return None


def minding_stops(user: User) -> User:
    """`user`, whose addresses nobody confirmed, with every STOP that an earlier owner left."""
    for channel, address in user.addresses.items():
        known = owner_of(channel, address.value)
        if known is not None and known.user_id is None and address.stopped_at is None:
            user = user.with_address(channel, replace(address, stopped_at=known.stopped_at))
    return user


def keep_stop(channel: Channel, address: str, *, said_at: datetime) -> bool:
    """Remember the STOP of an address that is nobody's; False when it is somebody's."""
    actions: list[Action] = [
        AddressItem.channel.set(channel.value),
        AddressItem.stopped_at.set(said_at),
    ]
    item = AddressItem(address_hash(channel, address))
    try:
        item.update(actions, condition=AddressItem.user_id.does_not_exist())
    except UpdateError as error:
        if not condition_failed(error):
            raise
        return False
    return True


def forget_stop(channel: Channel, address: str, *, said_at: datetime) -> bool:
    """Forget the STOP of an address that is nobody's, if it was said before `said_at`; False when
    there is none."""
    nobodys = AddressItem.user_id.does_not_exist() & (AddressItem.stopped_at <= said_at)
    try:
        AddressItem(address_hash(channel, address)).delete(condition=nobodys)
    except DeleteError as error:
        if not condition_failed(error):
            raise
        return False
    return True


def moved(before: User | None, after: User) -> Iterator[Write]:
    """What makes `after`'s addresses theirs, and no longer theirs those that they gave up.

    Raises AddressTaken when one is another user's; so does a later look, after a race is lost.
    """
    for channel in Channel:
        old = None if before is None else before.addresses.get(channel)
        new = after.addresses.get(channel)
        if old is not None and new is not None and same_address(channel, old.value, new.value):
            continue
        if old is not None:
            yield from given_up(after.user_id, channel, old)
        if new is not None:
            yield _taken(after.user_id, channel, new)


def _taken(user_id: str, channel: Channel, address: Address) -> Write:
    known = owner_of(channel, address.value)
    if known is not None and known.user_id not in (None, user_id):
        raise AddressTaken(channel, known.user_id)
    item = AddressItem(
        address_hash(channel, address.value),
        channel=channel.value,
        user_id=user_id,
        stopped_at=address.stopped_at,
    )
    free = AddressItem.user_id.does_not_exist() | (AddressItem.user_id == user_id)
    return lambda transaction: transaction.save(item, condition=free)


def given_up(user_id: str, channel: Channel, address: Address) -> Iterator[Write]:
    """Make an address nobody's, unless it is somebody else's by now."""
    known = owner_of(channel, address.value)
    if known is not None and known.user_id == user_id:
        yield partial(_give_up, known, user_id, address)


def _give_up(
    known: AddressItem, user_id: str, address: Address, transaction: TransactWrite
) -> None:
    ours = AddressItem.user_id == user_id
    if address.stopped_at is None:
        transaction.delete(known, condition=ours)
        return
    actions: list[Action] = [
        AddressItem.user_id.remove(),
        AddressItem.stopped_at.set(address.stopped_at),
    ]
    transaction.update(known, actions=actions, condition=ours)

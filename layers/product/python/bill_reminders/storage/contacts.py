"""A user's own addresses: taken once their owner proved that they are theirs, and given up.

A channel joins the user's plan with its first address and leaves it with its last.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.domain.people import (
    NO_CHANGE,
    Address,
    Attestation,
    Join,
    Plan,
    PlanChange,
    StoppedBy,
    User,
)
from bill_reminders.domain.terms import Channel
from bill_reminders.storage import accounts, identities
from bill_reminders.storage.accounts import Contended, UnknownUser, with_user
from bill_reminders.storage.addresses import AddressTaken, is_same


class HeldByImport(BillRemindersError):
    """The address is that of an imported account that nobody signs in to yet: join `owner`."""

    def __init__(self, owner: str) -> None:
        super().__init__("the address belongs to an account that a biller made")
        self.owner = owner


def take(
    user_id: str,
    channel: Channel,
    value: str,
    *,
    lifts: Collection[StoppedBy] = tuple(StoppedBy),
    now: datetime,
) -> bool:
    """Make an address the user's own, in place of another on that channel.

    Who proved last that they read it has it: numbers are handed on, and what is sent to an earlier
    owner's number would be read by the next one. A stop of the channel that came about in a way
    that `lifts` does not name is kept, for another address too. Raises HeldByImport and what
    accounts.change does.
    """
    for _ in range(accounts.ROUNDS):
        try:
            return _change(user_id, now, lambda user: _with(user, channel, value, lifts, now))
        except AddressTaken as taken:
            if identities.signed_in_as(taken.owner) is None:
                raise HeldByImport(taken.owner) from None
            _release(taken.owner, channel, value, now)
    raise Contended("the address is changing hands too fast")


def _release(owner: str, channel: Channel, value: str, now: datetime) -> None:
    try:
        give_up(owner, channel, value, now=now)
    except UnknownUser:
        return  # erased in between, and the address with them


def give_up(user_id: str, channel: Channel, value: str, *, now: datetime) -> bool:
    """Take an address from the user; False when it is not theirs."""
    return _change(user_id, now, lambda user: _without(user, channel, value))


def _with(
    user: User, channel: Channel, value: str, lifts: Collection[StoppedBy], now: datetime
) -> User:
    known = user.addresses.get(channel)
    taken = Address(value, Attestation.by_code(now))
    if known is None:
        return _joined(user.with_address(channel, taken), channel)
    if known.stopped_at is not None and known.stopped_by not in lifts:
        taken = replace(taken, stopped_at=known.stopped_at, stopped_by=known.stopped_by)
    if known.confirmed and replace(taken, attestation=known.attestation) == known:
        return user
    return user.with_address(channel, taken)


def _joined(user: User, channel: Channel) -> User:
    if channel in user.plan.channels:
        return user
    return replace(user, plan=replace(user.plan, channels=(*user.plan.channels, channel)))


def _without(user: User, channel: Channel, value: str) -> User:
    known = user.addresses.get(channel)
    if known is None or not is_same(channel, known.value, value):
        return user
    left, joins = _left(user.plan, channel)
    plan = replace(user.plan, channels=left, joins=joins)
    kinds = {kind: _kind_without(change, channel) for kind, change in user.kind_plans.items()}
    kept = {kind: change for kind, change in kinds.items() if change != NO_CHANGE}
    gone = user.without_address(channel)
    return replace(gone, plan=plan, kind_plans=MappingProxyType(kept))


def _left(
    plan: Plan | PlanChange, channel: Channel
) -> tuple[tuple[Channel, ...], tuple[Join, ...]]:
    channels = tuple(other for other in plan.channels or () if other is not channel)
    return channels, tuple(join for join in plan.joins if join.channel is not channel)


def _kind_without(change: PlanChange, channel: Channel) -> PlanChange:
    left, joins = _left(change, channel)
    return replace(change, channels=left or None, joins=joins if left else ())


def _change(user_id: str, now: datetime, change: Callable[[User], User]) -> bool:
    return accounts.change(
        user_id, now=now, edit=lambda account: with_user(account, change(account.user))
    )

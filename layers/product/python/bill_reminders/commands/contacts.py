"""A user's own addresses. A channel joins the user's plan with its first address and leaves it with
its last."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from bill_reminders.domain.account import Account
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import (
    NO_CHANGE,
    Address,
    Attestation,
    Join,
    Plan,
    PlanChange,
    StoppedBy,
    User,
    same_address,
)


def take(
    account: Account,
    channel: Channel,
    value: str,
    *,
    lifts: Collection[StoppedBy] = tuple(StoppedBy),
    now: datetime,
) -> Account:
    """Make an address the user's own, which they proved at `now`, in place of another on that
    channel. A stop that came about in a way that `lifts` does not name is kept, for another address
    too."""
    return account.with_user(_with(account.user, channel, value, lifts, now))


def give_up(account: Account, channel: Channel, value: str) -> Account:
    """Take an address from the user; nothing changes when it is not theirs."""
    return account.with_user(without(account.user, channel, value))


def _with(
    user: User, channel: Channel, value: str, lifts: Collection[StoppedBy], now: datetime
) -> User:
    known = user.addresses.get(channel)
    taken = Address(value, Attestation.by_code(now))
    if known is None:
        return in_plan(user.with_address(channel, taken), channel)
    if known.stopped_at is not None and known.stopped_by not in lifts:
        taken = replace(taken, stopped_at=known.stopped_at, stopped_by=known.stopped_by)
    if known.confirmed and replace(taken, attestation=known.attestation) == known:
        return user
    return user.with_address(channel, taken)


def in_plan(user: User, channel: Channel) -> User:
    """The user with `channel` in their plan, last."""
    if channel in user.plan.channels:
        return user
    return replace(user, plan=replace(user.plan, channels=(*user.plan.channels, channel)))


def without(user: User, channel: Channel, value: str) -> User:
    """The user without that address, and where they had it, without its channel in their plans."""
    known = user.addresses.get(channel)
    if known is None or not same_address(channel, known.value, value):
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

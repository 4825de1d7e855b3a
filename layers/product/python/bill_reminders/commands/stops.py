"""Stops of an address, starts, and links that open nothing any more."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime

from bill_reminders.domain.account import Account
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Address, StoppedBy, same_address


def stop(
    account: Account,
    channel: Channel,
    *,
    by: StoppedBy = StoppedBy.REPLY,
    said_at: datetime | None = None,
    now: datetime,
) -> Account:
    """The owner of the address on `channel` said STOP: nothing goes there until they say START.

    A STOP that was said by SMS stays the reason even if another way to say it is used later. With
    `said_at` one that was said again counts from then, so that no earlier START lifts it.
    """

    def stopped(known: Address) -> Address:
        if known.stopped_at is not None and by is not StoppedBy.REPLY:
            return known
        before, said = known.stopped_at or now, said_at or now
        at = before if said_at is None else said if known.stopped_at is None else max(before, said)
        return replace(known, stopped_at=at, stopped_by=by)

    return _with_address(account, channel, stopped)


def stop_address(
    account: Account,
    channel: Channel,
    address: str | None,
    *,
    by: StoppedBy,
    sent_at: datetime | None,
    now: datetime,
) -> Account:
    """A provider says of a message of `sent_at` that `address` is of no use: nothing goes there
    until its owner confirms it again. Nothing changes when they have since, when it is not the
    user's any more, or when it is stopped already. Without an `address` the present one is
    meant."""
    known = account.user.addresses.get(channel)
    if known is None:
        return account
    if address is not None and not same_address(channel, known.value, address):
        return account
    by_code = known.attestation if known.confirmed else None
    if sent_at is not None and by_code is not None and by_code.at > sent_at:
        return account
    return stop(account, channel, by=by, now=now)


def start(
    account: Account,
    channel: Channel,
    *,
    lifts: Collection[StoppedBy] = tuple(StoppedBy),
    said_at: datetime | None = None,
) -> Account:
    """The owner of the address on `channel` takes their STOP back, if it was said in a way that
    `lifts` names, and not after `said_at`."""

    def started(address: Address) -> Address:
        if address.stopped_at is None or address.stopped_by not in lifts:
            return address
        if said_at is not None and said_at < address.stopped_at:
            return address
        return replace(address, stopped_at=None, stopped_by=StoppedBy.REPLY)

    return _with_address(account, channel, started)


def close_links(account: Account, *, now: datetime) -> Account:
    """Let the links in all messages of up to `now` open nothing any more. Later ones do."""
    user = account.user
    return account.with_user(replace(user, links_closed_at=max(now, user.links_closed_at or now)))


def _with_address(
    account: Account, channel: Channel, change: Callable[[Address], Address]
) -> Account:
    address = account.user.addresses.get(channel)
    if address is None:
        return account
    return account.with_user(account.user.with_address(channel, change(address)))

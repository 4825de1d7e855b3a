"""Addresses that change hands: taken by who proved last that they are theirs."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime

from bill_reminders.commands import contacts as commands
from bill_reminders.domain.account import Account, differs
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.domain.handovers import HandoverKind
from bill_reminders.domain.journal import Event, fields_between
from bill_reminders.domain.people import Address, StoppedBy
from bill_reminders.storage import accounts, handovers, identities, joining, journal
from bill_reminders.storage.accounts import Contended, UnknownUser
from bill_reminders.storage.addresses import AddressTaken
from bill_reminders.storage.transactions import Write

REACHED_BY_CODE = tuple(each for each in Channel if not each.is_device)


class HeldByImport(BillRemindersError):
    """The address is that of an imported account that nobody signs in to yet, and opens it: join
    `owner`."""

    def __init__(self, owner: str) -> None:
        super().__init__("the address belongs to an account that a biller made")
        self.owner = owner


def take(
    user_id: str,
    channel: Channel,
    value: str,
    *,
    lifts: Collection[StoppedBy] = tuple(StoppedBy),
    consent: str = "",
    now: datetime,
    proof_since: datetime | None = None,
    tell: Callable[[str, str], object] = lambda user_id, key: None,
) -> Account:
    """Make an address the user's own, see commands.contacts.take; the account as it is then. The
    journal keeps the words of their `consent` to be written to there, where there are any.

    Who proved last that they read it has it: numbers are handed on, and what is sent to an earlier
    owner's number would be read by the next one.

    An imported account that holds the address is to be joined instead, if it may be: judged by what
    happened from `proof_since` on, see domain.joining; None for always. If it may not, it loses the
    address like any other. Before somebody loses it, `tell` is called with their id and the key of
    the handover, for their other contacts. Raises HeldByImport and what accounts.change does.
    """
    for _ in range(accounts.ROUNDS):
        try:
            return _taken(user_id, channel, value, lifts, consent, now)
        except AddressTaken as taken:
            if _is_to_be_joined(taken.owner, channel, proof_since, now):
                raise HeldByImport(taken.owner) from None
            tell(taken.owner, handovers.key_of(HandoverKind.MOVED, channel))
            _release(taken.owner, channel, value, user_id, now)
    raise Contended("the address is changing hands too fast")


def _taken(
    user_id: str,
    channel: Channel,
    value: str,
    lifts: Collection[StoppedBy],
    consent: str,
    now: datetime,
) -> Account:
    found = fields_between(f"consent.{channel}", None, consent or None)

    def noted(before: Account, after: Account) -> Iterator[Write]:
        if found and differs(before, after):
            owned, version = (before.user, before.bills), before.version + 1
            yield journal.beside(owned, Event.CONSENT, version=version, now=now, found=found)

    after = accounts.change(
        user_id,
        lambda account: commands.take(account, channel, value, lifts=lifts, now=now),
        now=now,
        beside=noted,
    )
    if found and not (after.written or after.uncertain):
        # the address is in use, and its user has said yes to it again
        journal.note(user_id, Event.CONSENT, now=now, found=found)
    return after


def _is_to_be_joined(
    owner: str, channel: Channel, proof_since: datetime | None, now: datetime
) -> bool:
    if identities.signed_in_as(owner) is not None:
        return False
    return proof_since is None or joining.opens(owner, channel, since=proof_since, now=now)


def _release(owner: str, channel: Channel, value: str, taker: str, now: datetime) -> None:
    """Take an address from its owner for `taker`, and record it for the owner's other contacts."""

    def recorded(before: Account, after: Account) -> Iterable[Write]:
        if channel.is_device or not differs(before, after):
            return ()
        return handovers.begun(HandoverKind.MOVED, before, channel, by=taker, now=now)

    try:
        accounts.change(
            owner,
            lambda account: commands.give_up(account, channel, value),
            now=now,
            beside=recorded,
        )
    except UnknownUser:
        return  # erased in between, and the address with them


def bring(user_id: str, brought: Mapping[Channel, Address], *, now: datetime) -> None:
    """Take the addresses of an account that gave way, where the user has none on the channel. They
    may have been the user's before: confirmed by somebody who had not joined yet, see
    domain.joining. A device registers itself again; what is stopped or unconfirmed stays behind."""
    held = accounts.read(user_id, now=now).user.addresses
    for channel in REACHED_BY_CODE:
        known = brought.get(channel)
        if known is not None and known.usable and known.confirmed and channel not in held:
            with suppress(AddressTaken):  # somebody has confirmed it since
                _taken(user_id, channel, known.value, tuple(StoppedBy), "", now)

"""Tells the other contacts of an account that it was joined, or that an address of it went to
somebody else. In nobody's quiet hours: the queue hands the wish over again until they end."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from aws_lambda_powertools import Logger

from bill_reminders.channels import registry
from bill_reminders.channels.one_off import Direct
from bill_reminders.channels.providers import NoAnswer, Refused, Rejected
from bill_reminders.delivery import direct, direct_rows
from bill_reminders.delivery.direct import Senders
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import MayPass
from bill_reminders.domain.handovers import UNDO_LASTS, Handover, told_at
from bill_reminders.domain.people import Address, StoppedBy
from bill_reminders.messages.notices import Sender
from bill_reminders.storage import accounts, addresses, handovers
from bill_reminders.storage.accounts import UnknownUser

logger = Logger(child=True)


class Waits(MayPass):
    """Somebody is still to be told: their quiet hours are not over, or the provider is busy."""


@dataclass(frozen=True, slots=True)
class Outbound:
    """How to send: who the messages come from, and where their links lead. Without an
    `sms_origin` an SMS carries no link."""

    sender: Sender
    senders: Senders
    page_origin: str
    sms_origin: str


def tell(user_id: str, key: str, outbound: Outbound, *, now: datetime) -> None:
    """Tell each contact once. May be repeated. Does nothing for a handover that did not come about,
    was undone, or whose account is gone. Raises Waits."""
    handover = handovers.find(user_id, key)
    if handover is None or handover.undone_at is not None:
        return
    if not accounts.lives(user_id, handover.life):
        return
    waiting = [
        channel
        for channel, address in _untold(handover, now)
        if _is_quiet(handover, channel, now) or not _told(handover, channel, address, outbound, now)
    ]
    if waiting:
        raise Waits("somebody is still to be told")


def _is_quiet(handover: Handover, channel: Channel, now: datetime) -> bool:
    return told_at(handover.was, channel, now) > now


def _untold(handover: Handover, now: datetime) -> Iterator[tuple[Channel, Address]]:
    for channel, address in handover.others.items():
        if direct_rows.is_known(handover.user_id, handovers.row_key(handover, channel)):
            continue
        if not registry.contact(channel).takes_own_words(address.value):
            continue  # there every wording is registered beforehand, and none holds a link
        if _may_be_written_to(handover, channel, address, now):
            yield channel, address


def _may_be_written_to(
    handover: Handover, channel: Channel, address: Address, now: datetime
) -> bool:
    """Also an address that who joined has removed since, or stopped by a page, which reads like
    its owner's stop; not one that is another user's by now, or whose owner said STOP."""
    known = addresses.owner_of(channel, address.value)
    if known is None or known.user_id is None:
        return known is None or known.stopped_at is None
    if known.user_id != handover.user_id:
        return False
    try:
        held = accounts.read(handover.user_id, now=now).user.addresses.get(channel)
    except UnknownUser:
        return False
    if held is None or held.stopped_at is None:
        return True
    return held.stopped_by is StoppedBy.PAGE and held.stopped_at >= handover.made_at


def _origin(channel: Channel, address: Address, outbound: Outbound) -> str:
    return registry.contact(channel).link_origin(
        address.value, page=outbound.page_origin, short=outbound.sms_origin
    )


def _told(
    handover: Handover, channel: Channel, address: Address, outbound: Outbound, now: datetime
) -> bool:
    """Whether the contact needs no further try."""
    token = handovers.open_undo(handover, now=now)
    origin = _origin(channel, address, outbound)
    link = f"{origin}/r/{token}" if origin else ""
    message = Direct(
        handover.user_id,
        handovers.row_key(handover, channel),
        channel,
        address.value,
        lambda: registry.words(channel).handover(
            handover, to=address.value, sender=outbound.sender, link=link
        ),
        self_registered=handover.was.self_registered,
        life=handover.life,
        push_lasts=UNDO_LASTS,
    )
    try:
        direct.send(message, outbound.senders, now=now)
    except Refused:
        handovers.close_undo(token)
        return False
    except (Rejected, UnknownUser):
        handovers.close_undo(token)
        return True
    except NoAnswer:
        logger.warning("nobody can tell whether a contact was told", user_id=handover.user_id)
    handovers.note_told(handover, channel, token, now=now)
    return True

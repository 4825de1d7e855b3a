"""Channels that died: a provider said of an address that it is of no use. Its user did not wish
that, and is told on another channel."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.handovers import others, told_at
from bill_reminders.domain.local_time import DAY, instant_of, local_date
from bill_reminders.domain.people import Address, Language, StoppedBy, User

TOLD_OF = frozenset({StoppedBy.BOUNCED, StoppedBy.COMPLAINT})
"""An opt-out, wherever it was said, is its user's own wish: nothing is said about it. A message
that was reported as unwanted often was by a slip, and ends every reminder there."""


@dataclass(frozen=True, slots=True)
class DeadChannel:
    """What is to be told: reminders by `channel` no longer arrive. `link` leads to a page about
    them, "" where none may stand; `source` is who vouched for the address that is told, "" unless
    it has to hear how to stop."""

    language: Language
    channel: Channel
    by: StoppedBy
    link: str = field(default="", repr=False)
    source: str = ""


def died(before: User, after: User) -> Iterator[Channel]:
    """The channels that a change of the user lets die: only what could be used dies, and once."""
    for channel, address in after.addresses.items():
        known = before.address(channel)
        if known is not None and known.value == address.value and _is_dead(address):
            yield channel


def is_dead_since(user: User, channel: Channel, instant: datetime) -> bool:
    """Whether the channel died at that second, and its address neither came back nor was
    replaced."""
    address = user.addresses.get(channel)
    if address is None or address.stopped_at is None:
        return False
    return _is_dead(address) and address.stopped_at.replace(microsecond=0) == instant


def _is_dead(address: Address) -> bool:
    return address.stopped_at is not None and address.stopped_by in TOLD_OF


def to_tell(user: User, dead: Channel) -> Iterator[tuple[Channel, Address]]:
    """Where the user may be told, those of their plan first, as they prefer them."""
    usable = others(user, dead)
    for channel in dict.fromkeys((*user.plan.channels, *usable)):
        if channel in usable:
            yield channel, usable[channel]


def may_go_at(user: User, channel: Channel, now: datetime) -> datetime:
    """When a message may go out that nobody has just asked for: not in a pause, nor in quiet
    hours."""
    pause = user.paused_until
    if pause is not None and local_date(now, user.zone) <= pause:
        now = max(now, instant_of(pause + DAY, user.plan.remind_at, user.zone))
    return told_at(user, channel, now)

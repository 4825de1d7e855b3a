"""What changed hands: an imported account that somebody joined, or an address that left its user.

The other contacts of the account are told, and may undo it for seven days from that message.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Address, StoppedBy, User

UNDO_LASTS = timedelta(days=7)


class HandoverKind(StrEnum):
    JOINED = "joined"
    """Somebody joined the imported account, by its contact on `channel` or by a link code."""
    MOVED = "moved"
    """Its address on `channel` became another user's, who confirmed it."""


@dataclass(frozen=True, slots=True)
class Handover:
    """What became of the account of `was`, as it stood before: later changes of settings silence no
    message about it. `by` is the identity that joined, or the user who took the address. `event`
    tells this handover from another one of the same kind. Until `undo_until` it may be undone. It
    is about that `life` of the account alone, see accounts.life_of."""

    kind: HandoverKind
    event: str
    was: User
    channel: Channel | None
    by: str = field(repr=False)
    made_at: datetime
    undo_until: datetime
    undone_at: datetime | None = None
    life: str | None = None

    @property
    def user_id(self) -> str:
        return self.was.user_id

    @property
    def others(self) -> Mapping[Channel, Address]:
        """The contacts to tell: all that may be written to, save the one that changed hands."""
        return others(self.was, self.channel)

    def may_be_undone(self, now: datetime) -> bool:
        return self.undone_at is None and now < self.undo_until


def others(user: User, channel: Channel | None) -> Mapping[Channel, Address]:
    usable = {each: user.address(each) for each in Channel if each is not channel}
    return MappingProxyType({each: known for each, known in usable.items() if known is not None})


def told_at(user: User, channel: Channel, now: datetime) -> datetime:
    """When a message on `channel` may go out: now, or when its quiet hours are over."""
    return user.quiet_on(channel).end_after(now, user.zone)


def undo_until(user: User, channel: Channel | None, now: datetime) -> datetime:
    """Until when a handover of `channel` may be undone, as far as is known before the others are
    told: seven days from the last of those messages."""
    return max(told_at(user, each, now) for each in others(user, channel)) + UNDO_LASTS


def with_stop(
    address: Address, stopped_at: datetime | None, by: StoppedBy = StoppedBy.REPLY
) -> Address:
    """An opt-out always wins, also over an undo; it is lifted as it could be before."""
    if stopped_at is None or address.stopped_at is not None:
        return address
    return replace(address, stopped_at=stopped_at, stopped_by=by)

"""What a reply to an SMS asks for, and what a conversation by SMS is about."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

LASTS = timedelta(hours=24)
"""How long a question waits for its answer, how long what a reply did can be taken back, and how
long a reply may do something by itself."""


class Intent(StrEnum):
    """What somebody wants who writes back."""

    STOP = "stop"
    START = "start"
    HELP = "help"
    LIST = "list"
    PAID = "paid"
    SNOOZE = "snooze"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class Reply:
    """An SMS that came in: from `sender` to `recipient`, both E.164, at a UTC instant. `message_id`
    is the provider's name for it, the same however often it is handed over."""

    message_id: str
    sender: str = field(repr=False)
    recipient: str = field(repr=False)
    text: str = field(repr=False)
    received_at: datetime

    def is_old(self, now: datetime) -> bool:
        """Whether too much may have happened since it was written to do what it asks for."""
        return self.received_at < now - LASTS


class Target(NamedTuple):
    """One occurrence of one bill."""

    bill_id: str
    occurrence: int


class Question(NamedTuple):
    """What a user was asked last: which of `options` (counted from 1) the reply `asked_by` meant;
    with a single one, whether they really want to be reminded of it after its due date."""

    intent: Intent
    options: tuple[Target, ...]
    asked_by: str
    asked_at: datetime

    def waits_for(self, reply: Reply, now: datetime) -> bool:
        """Whether `reply` may answer it; one that was written before it was asked does not."""
        asked_at = self.asked_at.replace(microsecond=0)  # replies come in whole seconds
        return asked_at <= reply.received_at and now < self.asked_at + LASTS


class LastAction(NamedTuple):
    """What the reply `by`, received at `said_at`, did: PAID, SNOOZE or UNDO. `undone_by` is the
    reply that took it back."""

    intent: Intent
    target: Target
    by: str
    at: datetime
    said_at: datetime
    undone_by: str | None = None

    def can_be_undone(self, reply: Reply, now: datetime) -> bool:
        """Whether `reply` takes it back; one that was written before it means something else."""
        is_later = self.said_at <= reply.received_at
        return is_later and now < self.at + LASTS and self.undone_by in (None, reply.message_id)

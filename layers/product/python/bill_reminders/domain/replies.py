"""What a reply to an SMS asks for, and what a conversation by SMS is about."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

LASTS = timedelta(hours=24)
"""How long a question waits for its answer, and how long what a reply did can be taken back."""


class Wish(StrEnum):
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


@dataclass(frozen=True, slots=True)
class Target:
    """One occurrence of one bill."""

    bill_id: str
    occurrence: int


@dataclass(frozen=True, slots=True)
class Question:
    """What a user was asked last: which of `options` (counted from 1) the reply `asked_by` meant;
    with a single one, whether they really want to be reminded of it after its due date."""

    wish: Wish
    options: tuple[Target, ...]
    asked_by: str
    asked_at: datetime

    def waits(self, now: datetime) -> bool:
        return now < self.asked_at + LASTS


@dataclass(frozen=True, slots=True)
class Deed:
    """What the reply `by` did last, PAID or SNOOZE; `undone_by` is the reply that took it back."""

    wish: Wish
    target: Target
    by: str
    at: datetime
    undone_by: str | None = None

    def can_be_undone(self, by: str, now: datetime) -> bool:
        """Whether the reply `by` takes it back, be it for the second time."""
        return now < self.at + LASTS and self.undone_by in (None, by)

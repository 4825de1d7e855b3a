"""Reminders: the intent to remind a user of one occurrence, for one trigger, on one channel."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple, Self

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import InvalidValue

_EVENT = re.compile(r"[A-Za-z0-9._-]{1,64}")


class TriggerKind(StrEnum):
    """What makes a reminder due. The order is that of nearness on one day, the nearest last."""

    SNOOZE = "snooze"
    LEAD = "lead"
    OVERDUE = "overdue"
    AUTOPAY_FAILED = "autopay_failed"


_RANKS = {kind: rank for rank, kind in enumerate(TriggerKind)}


@dataclass(frozen=True, slots=True)
class Trigger:
    """Why a reminder exists: `lead:3`, `lead:0`, `overdue:1`, `snooze:2027-03-02`,
    `autopay_failed:<event>`.

    `days` count before the due date for a lead day and after it when overdue, and are never
    negative; a snooze has its local `day`, a failed debit the biller's name of its `event`.
    """

    kind: TriggerKind
    days: int = 0
    day: date | None = None
    event: str = ""

    @classmethod
    def lead(cls, days: int) -> Self:
        return cls(TriggerKind.LEAD, days)

    @classmethod
    def overdue(cls, days: int) -> Self:
        return cls(TriggerKind.OVERDUE, days)

    @classmethod
    def snooze(cls, day: date) -> Self:
        return cls(TriggerKind.SNOOZE, day=day)

    @classmethod
    def autopay_failed(cls, event: str) -> Self:
        """Raises InvalidValue for a name that cannot stand in a key."""
        if not _EVENT.fullmatch(event):
            raise InvalidValue(
                "event", "not an id: write 1 to 64 letters, digits, points, underscores, hyphens"
            )
        return cls(TriggerKind.AUTOPAY_FAILED, event=event)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what str() writes. Raises InvalidValue for anything else."""
        kind, _, value = text.partition(":")
        match kind:
            case TriggerKind.LEAD | TriggerKind.OVERDUE if value.isdecimal():
                return cls(TriggerKind(kind), int(value))
            case TriggerKind.SNOOZE:
                try:
                    return cls.snooze(date.fromisoformat(value))
                except ValueError:
                    pass
            case TriggerKind.AUTOPAY_FAILED:
                return cls.autopay_failed(value)
        raise InvalidValue("trigger", f"{text!r} is not a kind of trigger with its value")

    @property
    def is_overdue(self) -> bool:
        return self.kind is TriggerKind.OVERDUE

    @property
    def offset(self) -> int | None:
        """Days from the due date, negative before it; None where the trigger has its own day."""
        match self.kind:
            case TriggerKind.LEAD:
                return -self.days
            case TriggerKind.OVERDUE:
                return self.days
        return None

    @property
    def rank(self) -> int:
        """Which of two on one day stands nearer: the higher."""
        return _RANKS[self.kind]

    def __str__(self) -> str:
        value = self.day.isoformat() if self.day is not None else self.event or self.days
        return f"{self.kind}:{value}"


@dataclass(frozen=True, slots=True)
class Reminder:
    """One reminder. Everything but `planned_at` is its identity, see `key`.

    `due_on` is the nominal due date; `revision` counts how often it was changed after the user
    had heard of another one, see planning.decide.
    """

    user_id: str
    bill_id: str
    occurrence: int
    due_on: date
    trigger: Trigger
    channel: Channel
    planned_at: datetime
    revision: int = 0

    @property
    def key(self) -> str:
        """Its name in the user's ledger: `2027-03-05#rent#0006#r0#lead:3#sms`. One accepted message
        a key, for ever.

        It starts with the due date so that all that is in play for a user is one range of keys.
        """
        occurrence = f"{self.bill_id}#{self.occurrence:04d}#r{self.revision}"
        return f"{self.due_on}#{occurrence}#{self.trigger}#{self.channel}"


class SkipReason(StrEnum):
    """Why a reminder that was due did not go out."""

    NO_ADDRESS = "no_address"
    """The user has no usable address on the channel."""
    MERGED = "merged"
    """Quiet hours brought it to the day of a nearer reminder, which went in its place."""
    SUPERSEDED = "superseded"
    """It was missed, and a nearer reminder of the same occurrence took its place."""
    EXPIRED = "expired"
    """It was missed, and by now it would no longer help."""
    SNOOZED = "snoozed"
    """The user asked not to hear of it before a later day."""
    WHILE_PAID = "while_paid"
    """It fell due while the occurrence stood as paid; the payment was undone later."""
    CARRIED = "carried"
    """A newer statement of the card has taken in what was left of its occurrence."""
    WITHDRAWN = "withdrawn"
    """While it waited to be sent again, a payment or a change made it needless."""
    RESTORED = "restored"
    """It was planned before the tables were restored from a backup, and may have gone out since
    that was made. Its row is `unknown`, not `skipped`."""


class Skip(NamedTuple):
    """A reminder that is noted in the ledger and not sent."""

    reminder: Reminder
    reason: SkipReason

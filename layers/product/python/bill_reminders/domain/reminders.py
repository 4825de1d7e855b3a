"""Reminders: the intent to remind a user of one occurrence, for one trigger, on one channel."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import total_ordering
from typing import Self

from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.people import Channel


@total_ordering
@dataclass(frozen=True, slots=True)
class Trigger:
    """Why a reminder exists, as days relative to the due date.

    `offset` is negative before the due date, 0 on it and positive after it; written `lead:3`,
    `lead:0`, `overdue:1`. Triggers sort from the earliest to the latest.
    """

    offset: int

    @classmethod
    def lead(cls, days: int) -> Self:
        return cls(-days)

    @classmethod
    def overdue(cls, days: int) -> Self:
        return cls(days)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `lead:3` or `overdue:1`. Raises InvalidValue for anything else."""
        kind, _, days = text.partition(":")
        if kind not in ("lead", "overdue") or not days.isdecimal():
            raise InvalidValue("trigger", f"{text!r} is neither lead:N nor overdue:N")
        return cls.lead(int(days)) if kind == "lead" else cls.overdue(int(days))

    @property
    def is_overdue(self) -> bool:
        return self.offset > 0

    @property
    def days(self) -> int:
        """The distance to the due date, never negative."""
        return abs(self.offset)

    def __str__(self) -> str:
        return f"overdue:{self.days}" if self.is_overdue else f"lead:{self.days}"

    def __lt__(self, other: "Trigger") -> bool:
        return self.offset < other.offset


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
    WITHDRAWN = "withdrawn"
    """While it waited to be sent again, a payment or a change made it needless."""


@dataclass(frozen=True, slots=True)
class Skip:
    """A reminder that is noted in the ledger and not sent."""

    reminder: Reminder
    reason: SkipReason

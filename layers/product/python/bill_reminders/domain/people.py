"""A user: who they are, how to reach them, and how they wish to be reminded."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bill_reminders.domain.clock import QuietHours


class Channel(StrEnum):
    """A way to reach a user."""

    SMS = "sms"
    PUSH = "push"
    EMAIL = "email"


class Language(StrEnum):
    """A language that messages are written in, by its BCP 47 tag."""

    ENGLISH = "en"
    SIMPLIFIED_CHINESE = "zh-Hans"
    TRADITIONAL_CHINESE = "zh-Hant"


@dataclass(frozen=True, slots=True)
class PlanChange:
    """What one bill changes in its user's plan; None keeps the user's own choice."""

    lead_days: tuple[int, ...] | None = None
    overdue_days: tuple[int, ...] | None = None
    remind_at: time | None = None
    channels: tuple[Channel, ...] | None = None


NO_CHANGE = PlanChange()


@dataclass(frozen=True, slots=True)
class Plan:
    """When and where to remind.

    `lead_days` count days before the due date (0 to 365, 0 is the due day), `overdue_days` days
    after it (1 to 60); `remind_at` is wall time in the user's zone.
    """

    lead_days: tuple[int, ...] = (3, 1, 0)
    overdue_days: tuple[int, ...] = (1,)
    remind_at: time = time(9, 0)
    channels: tuple[Channel, ...] = (Channel.SMS,)

    def with_change(self, change: PlanChange) -> "Plan":
        """This plan with what `change` sets."""
        return Plan(
            lead_days=self.lead_days if change.lead_days is None else change.lead_days,
            overdue_days=(
                self.overdue_days if change.overdue_days is None else change.overdue_days
            ),
            remind_at=self.remind_at if change.remind_at is None else change.remind_at,
            channels=self.channels if change.channels is None else change.channels,
        )


DEFAULT_PLAN = Plan()


@dataclass(frozen=True, slots=True)
class Attestation:
    """Who vouches that an address belongs to the user and may be written to, since when, and on
    what evidence (for example the number of a signed form)."""

    source: str
    at: datetime
    evidence: str


@dataclass(frozen=True, slots=True)
class Address:
    """Where a channel reaches the user: an E.164 number, an e-mail address or an SNS endpoint ARN.

    It may be used only while it is attested.
    """

    value: str = field(repr=False)
    attestation: Attestation | None = None

    @property
    def usable(self) -> bool:
        return self.attestation is not None


@dataclass(frozen=True, slots=True)
class User:
    """A person who wants to be reminded.

    Nothing goes out up to and including the local date `paused_until` (holiday mode); what is still
    useful then goes out once.
    """

    user_id: str
    language: Language
    zone: ZoneInfo
    plan: Plan = DEFAULT_PLAN
    quiet_hours: QuietHours | None = None
    paused_until: date | None = None
    addresses: Mapping[Channel, Address] = field(default_factory=lambda: MappingProxyType({}))

    def address(self, channel: Channel) -> Address | None:
        """The address that `channel` may use now, or None."""
        address = self.addresses.get(channel)
        return address if address is not None and address.usable else None

    def with_address(self, channel: Channel, address: Address) -> "User":
        return replace(self, addresses=MappingProxyType({**self.addresses, channel: address}))

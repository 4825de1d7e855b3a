"""A user: who they are, how to reach them, and how they wish to be reminded."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from enum import StrEnum
from types import MappingProxyType
from typing import Self
from zoneinfo import ZoneInfo

from bill_reminders.domain.countries import rules_for
from bill_reminders.domain.enums import Channel, Kind
from bill_reminders.domain.local_time import QuietHours, QuietSpans, local_date, together


class Language(StrEnum):
    """A language that messages are written in, by its BCP 47 tag."""

    ENGLISH = "en"
    SIMPLIFIED_CHINESE = "zh-Hans"
    TRADITIONAL_CHINESE = "zh-Hant"


@dataclass(frozen=True, slots=True)
class Join:
    """A channel that escalates: it takes part from `lead_days` before the due date on, and when
    overdue; not in earlier reminders. With None it is a fallback and takes part in none of itself.
    Where it takes no part it stands in for those that fail, see Plan.stands_in_for."""

    channel: Channel
    lead_days: int | None


@dataclass(frozen=True, slots=True)
class PlanChange:
    """What one bill, or one kind of bill, changes in its user's plan; None keeps what was.

    The channels and where each joins come together: `joins` counts only beside `channels`.
    """

    lead_days: tuple[int, ...] | None = None
    overdue_days: tuple[int, ...] | None = None
    remind_at: time | None = None
    channels: tuple[Channel, ...] | None = None
    joins: tuple[Join, ...] = ()

    def over(self, known: "PlanChange") -> "PlanChange":
        """This change, with what `known` sets where this one sets nothing."""
        where = known if self.channels is None else self
        return PlanChange(
            lead_days=known.lead_days if self.lead_days is None else self.lead_days,
            overdue_days=known.overdue_days if self.overdue_days is None else self.overdue_days,
            remind_at=known.remind_at if self.remind_at is None else self.remind_at,
            channels=where.channels,
            joins=where.joins,
        )


NO_CHANGE = PlanChange()


FURTHEST_LEAD = 365
LATEST_OVERDUE = 60

MOST_LEAD_DAYS = 20
MOST_OVERDUE_DAYS = 20
"""How many days before the due date, and after it, a plan may name. Every entrance takes as many;
what was stored before that was so is still planned."""


@dataclass(frozen=True, slots=True)
class Plan:
    """When and where to remind.

    `lead_days` count days before the due date (0 to 365, 0 is the due day), `overdue_days` days
    after it (1 to 60); `remind_at` is wall time in the user's zone. A channel that no `joins` names
    takes part in every reminder; if there is none, the one that joins first does.
    """

    lead_days: tuple[int, ...] = (3, 1, 0)
    overdue_days: tuple[int, ...] = (1,)
    remind_at: time = time(9, 0)
    channels: tuple[Channel, ...] = (Channel.SMS,)
    joins: tuple[Join, ...] = ()

    def with_change(self, change: PlanChange) -> "Plan":
        """This plan with what `change` sets."""
        return Plan(
            lead_days=self.lead_days if change.lead_days is None else change.lead_days,
            overdue_days=(
                self.overdue_days if change.overdue_days is None else change.overdue_days
            ),
            remind_at=self.remind_at if change.remind_at is None else change.remind_at,
            channels=self.channels if change.channels is None else change.channels,
            joins=self.joins if change.channels is None else change.joins,
        )

    def takes_part(self, channel: Channel, days: int) -> bool:
        """Whether a reminder `days` before the due date goes by `channel` of itself; after it,
        `days` is negative."""
        joins_at = self._joins().get(channel, FURTHEST_LEAD)
        return joins_at is not None and days <= joins_at

    def stands_in_for(self, channel: Channel, days: int) -> tuple[Channel, ...]:
        """The channels that must all have failed before a reminder goes by `channel`, which takes
        no part in it: those that do, and those that stand in and are wanted more. Empty when nobody
        takes part whom it could stand in for."""
        part = tuple(other for other in self.channels if self.takes_part(other, days))
        if not part or channel in part:
            return ()
        ahead = self.channels[: self.channels.index(channel)]
        return tuple(other for other in self.channels if other in part or other in ahead)

    def _joins(self) -> Mapping[Channel, int | None]:
        if not self.joins:
            return {}
        joins = {join.channel: join.lead_days for join in self.joins}
        if self.channels and all(each in joins for each in self.channels):
            # nobody is left for the earliest reminders, so who joins first takes part in them too
            del joins[max(self.channels, key=lambda each: _joining(joins[each]))]
        return joins


def _joining(lead_days: int | None) -> int:
    return -1 if lead_days is None else lead_days


DEFAULT_PLAN = Plan()


@dataclass(frozen=True, slots=True)
class Attestation:
    """Who vouches that an address belongs to the user and may be written to, since when, and on
    what evidence (for example the number of a signed form)."""

    source: str
    at: datetime
    evidence: str

    @classmethod
    def by_code(cls, at: datetime) -> Self:
        """The owner's own word: they entered the code that was sent to the address."""
        return cls("", at, "code")


class StoppedBy(StrEnum):
    """How an address came to be stopped, which decides how that is taken back."""

    REPLY = "reply"
    """Its owner wrote STOP from it: only START from it or a new confirmation lifts that."""
    PAGE = "page"
    """A button of the page behind a link."""
    UNSUBSCRIBE = "unsubscribe"
    """The button of a mail program."""
    PROVIDER = "provider"
    """The provider says that its owner opted out with it."""
    BOUNCED = "bounced"
    """The provider says that there is no such number or mailbox, or that the device is gone."""
    COMPLAINT = "complaint"
    """Its owner reported a message as unwanted."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a channel reaches the user: an E.164 number, an e-mail address or an SNS endpoint ARN.

    It may be used only while it is attested, and not after its owner said STOP.
    """

    value: str = field(repr=False)
    attestation: Attestation | None = None
    stopped_at: datetime | None = None
    stopped_by: StoppedBy = StoppedBy.REPLY

    @property
    def usable(self) -> bool:
        return self.attestation is not None and self.stopped_at is None

    @property
    def confirmed(self) -> bool:
        """Whether its owner entered a code that was sent there; else a biller vouches for it."""
        return self.attestation is not None and not self.attestation.source


def folded(channel: Channel, address: str) -> str:
    """Mailboxes that differ in case only are one mailbox in practice; endpoints are not."""
    return address.casefold() if channel is Channel.EMAIL else address


def same_address(channel: Channel, one: str, other: str) -> bool:
    """Whether two addresses reach the same place."""
    return folded(channel, one) == folded(channel, other)


@dataclass(frozen=True, slots=True)
class User:
    """A person who wants to be reminded.

    `kind_plans` change the plan for bills of one kind. Nothing goes out up to and including the
    local date `paused_until` (holiday mode); what is still useful then goes out once. `code_word`
    stands in messages so that an imitation is recognised; `tips` allows short lessons. Links in
    messages of up to `links_closed_at` open nothing any more.
    `self_registered` tells those who made their account by themselves from those that a biller's
    file made: see domain.quotas.
    `spread_minutes` is how much later than others they hear before the due day, where the deployer
    spreads reminders; it is derived, not theirs to set. `overrides` are the fields that the user
    set otherwise than their biller's file: see domain.overrides. `version` rises with each write of
    them.
    """

    user_id: str
    language: Language
    zone: ZoneInfo
    plan: Plan = DEFAULT_PLAN
    kind_plans: Mapping[Kind, PlanChange] = field(default_factory=lambda: MappingProxyType({}))
    quiet_hours: QuietHours | None = None
    paused_until: date | None = None
    code_word: str | None = None
    tips: bool = True
    links_closed_at: datetime | None = None
    addresses: Mapping[Channel, Address] = field(default_factory=lambda: MappingProxyType({}))
    overrides: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    self_registered: bool = field(default=False, compare=False)
    spread_minutes: int = field(default=0, compare=False)
    version: int = field(default=0, compare=False, repr=False)

    def quiet_on(self, channel: Channel) -> QuietSpans:
        """When nothing may go out on `channel`: the user's own hours, and for SMS those in which
        the law of the number's country lets nothing arrive."""
        number = self.addresses.get(Channel.SMS) if channel is Channel.SMS else None
        law = None if number is None else rules_for(number.value).quiet
        return together(self.quiet_hours, law)

    def knows_how_to_stop(self, channel: Channel, told_at: datetime, now: datetime) -> bool:
        """Whether a message on `channel` at `now` may leave out how to stop, which one of `told_at`
        said: the first to an address does, and where its country's carriers want that, the first
        SMS of each month on the user's calendar."""
        number = self.addresses.get(Channel.SMS) if channel is Channel.SMS else None
        if number is None or not rules_for(number.value).monthly_stop:
            return True
        told_on, today = local_date(told_at, self.zone), local_date(now, self.zone)
        return (told_on.year, told_on.month) == (today.year, today.month)

    def address(self, channel: Channel) -> Address | None:
        """The address that `channel` may use now, or None."""
        address = self.addresses.get(channel)
        return address if address is not None and address.usable else None

    def plan_for(self, kind: Kind, change: PlanChange) -> Plan:
        """The plan of a bill: the user's, changed for its kind, changed by the bill itself.

        Channels of which the user has no address any more are no choice: the bill would be silent.
        An address that is stopped is one, for a stop sends nothing elsewhere.
        """
        plan = self.plan
        for each in (self.kind_plans.get(kind, NO_CHANGE), change):
            listed = each.channels or ()
            gone = bool(listed) and all(self.addresses.get(other) is None for other in listed)
            plan = plan.with_change(replace(each, channels=None) if gone else each)
        return plan

    def with_address(self, channel: Channel, address: Address) -> "User":
        return replace(self, addresses=MappingProxyType({**self.addresses, channel: address}))

    def without_address(self, channel: Channel) -> "User":
        left = {other: known for other, known in self.addresses.items() if other is not channel}
        return replace(self, addresses=MappingProxyType(left))

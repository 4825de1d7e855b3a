"""An account: a user with all that decides what is due, as one value.

Whatever happens to it is a command, see `bill_reminders.commands`: a function from the account to
the account after it. The store compares the two and writes what differs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType

from bill_reminders.domain import planning
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.ledger import Recorded
from bill_reminders.domain.local_time import local_date
from bill_reminders.domain.people import User, same_address
from bill_reminders.domain.revisions import Deleted

UNHEARD_OF = timedelta(days=400)
"""So far ahead no lead day reaches, whatever weekends and holidays move."""


class NoSuchBill(InvalidValue):
    """The user has no such bill."""

    def __init__(self) -> None:
        super().__init__("bill_id", "the user has no such bill; list the bills to find it")


@dataclass(frozen=True, slots=True)
class Account:
    """A user with everything that decides what is due, as of `version`.

    `wakes` holds the instants at which channels are to be woken, `quarantined` those put aside
    because their wake-up was poison. `recorded` has all that the ledger knows of due dates from
    `recorded_from` on. `welcomed` are the channels whose present address has had its first message,
    `untold` those of them that must be told how to stop again, see
    User.knows_how_to_stop. `counted` holds how many messages were claimed for a channel on a local
    day. `deleted` is what may have been heard of bills that are gone. `life`
    tells this account from an earlier and a later one under the same id. One that was read as
    `beyond` has more reminders than are planned: nothing of it is, and its ledger was not read.

    `uncertain` is set when an earlier try of a change may have been written, `written` when a
    change was; `source` is what the store read it from. Accounts are alike whatever these say.
    """

    version: int
    user: User
    bills: tuple[Bill, ...] = ()
    recorded: Mapping[str, Recorded] = field(default_factory=lambda: MappingProxyType({}))
    recorded_from: date = date.max
    wakes: Mapping[Channel, datetime] = field(default_factory=lambda: MappingProxyType({}))
    quarantined: Mapping[Channel, datetime] = field(default_factory=lambda: MappingProxyType({}))
    welcomed: frozenset[Channel] = frozenset()
    untold: frozenset[Channel] = frozenset()
    counted: Mapping[Channel, tuple[date, int]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    deleted: tuple[Deleted, ...] = ()
    life: str | None = None
    beyond: bool = False
    uncertain: bool = field(default=False, compare=False)
    written: bool = field(default=False, compare=False)
    source: object = field(default=None, compare=False, repr=False)

    def says_how_to_stop(self, channel: Channel) -> bool:
        """Whether the next message on `channel` does."""
        return channel not in self.welcomed or channel in self.untold

    def since(self, channel: Channel) -> datetime | None:
        """Since when the channel waits to be looked at, be it put aside or not."""
        waits = (self.wakes.get(channel), self.quarantined.get(channel))
        return min(filter(None, waits), default=None)

    def decide(self, channel: Channel, now: datetime) -> planning.Decision:
        return planning.decide(
            self.user,
            self.bills,
            self.recorded,
            channel=channel,
            now=now,
            since=self.since(channel),
        )

    def earliest_due_date(self, now: datetime) -> date:
        """How far back planning at `now` needs the ledger. Of what is `beyond` nothing is planned,
        and nothing was said yet of dates so far ahead."""
        if self.beyond:
            return local_date(now, self.user.zone) + UNHEARD_OF
        start = min([now, *self.wakes.values(), *self.quarantined.values()])
        return planning.earliest_due_date(self.user, self.bills, start)

    def messages_on(self, channel: Channel, day: date) -> int:
        """How many messages were claimed for `channel` on the user's local `day`."""
        counted_on, count = self.counted.get(channel, (day, 0))
        return count if counted_on == day else 0

    def today(self, now: datetime) -> date:
        """The user's local date at `now`."""
        return local_date(now, self.user.zone)

    def bill(self, bill_id: str) -> Bill | None:
        return next((bill for bill in self.bills if bill.bill_id == bill_id), None)

    def need_bill(self, bill_id: str) -> Bill:
        """The bill. Raises NoSuchBill."""
        bill = self.bill(bill_id)
        if bill is None:
            raise NoSuchBill
        return bill

    def with_bill(self, bill: Bill) -> "Account":
        """The account with a bill in place of the one of the same id, or beside the others."""
        if self.bill(bill.bill_id) is bill:
            return self
        others = (other for other in self.bills if other.bill_id != bill.bill_id)
        return replace(self, bills=(*others, bill))

    def without_bill(self, bill_id: str) -> "Account":
        return replace(self, bills=tuple(each for each in self.bills if each.bill_id != bill_id))

    def with_user(self, user: User) -> "Account":
        """The account with `user` in place of its own; the same one when nothing differs. An
        address that is new is welcomed again."""
        if user == self.user:
            return self
        welcomed = frozenset(
            channel
            for channel in self.welcomed
            if (old := self.user.addresses.get(channel)) is not None
            and (new := user.addresses.get(channel)) is not None
            and same_address(channel, old.value, new.value)
        )
        user = replace(user, spread_minutes=self.user.spread_minutes)
        return replace(self, user=user, welcomed=welcomed)


def differs(before: Account, after: Account) -> bool:
    """Whether a change of the account has something to write."""
    if before is after:
        return False
    return (before.user, before.welcomed, before.recorded) != (
        after.user,
        after.welcomed,
        after.recorded,
    ) or by_id(before.bills) != by_id(after.bills)


def by_id(bills: tuple[Bill, ...]) -> Mapping[str, Bill]:
    """Bills by their ids: they stand in no order."""
    return {bill.bill_id: bill for bill in bills}

"""A provider that gives no answers for hours while many users are due."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Plan
from bill_reminders.storage.saving import save_bills, save_user
from bill_reminders.storage.tables import LedgerItem
from tests.chaos.crashes import Make
from tests.chaos.story import MINUTE, NINE
from tests.chaos.world import SHARDS, World
from tests.support.people import a_bill, a_user

ENTERED = NINE - timedelta(days=20)
TODAY = date(2027, 3, 1)
PLAN = Plan(lead_days=(0,), overdue_days=(), channels=(Channel.SMS,))
AFTERWARDS = timedelta(hours=4)


@dataclass(frozen=True)
class Endured:
    """How those who were due at the beginning fared."""

    sent: int
    unknown: int
    twice: int
    waiting: int
    asked: int
    """How many sends left while the provider gave no answer."""
    last: timedelta
    """How long after the outage the last message was taken."""


def endure(
    make: Make, *, users: int, trouble: str, lasts: timedelta, restarts: bool = False
) -> Endured:
    """Let `users` be due at nine, by SMS, when the provider begins to end every send as `trouble`
    says, for as long as it `lasts`; with `restarts` the sender is a new process every half hour."""
    world = make()
    names = [f"user-{n:03}" for n in range(users)]
    for user_id in names:
        save_user(a_user(user_id, plan=PLAN), shards=SHARDS, now=ENTERED)
        bill = a_bill(user_id, "rent", due_on=TODAY)
        save_bills(user_id, [lambda _, bill=bill: bill], now=ENTERED)
    world.now = NINE - MINUTE
    world.trouble["sms"] = trouble
    while world.now < NINE + lasts + AFTERWARDS:
        world.now += MINUTE
        if world.now >= NINE + lasts:
            world.trouble.clear()
        if restarts and world.now.minute % 30 == 0:
            world.restart("SendSms")
        _a_minute(world)
    return _fared(world, names, NINE + lasts)


def _a_minute(world: World) -> None:
    world.tick()
    while world.deliver("SmsNudges"):
        pass
    world.sweep()


def _fared(world: World, names: list[str], over: datetime) -> Endured:
    rows = [row for user_id in names for row in LedgerItem.query(user_id)]
    taken = Counter(each.user_id for each in world.accepted)
    states = Counter(row.state for row in rows)
    return Endured(
        sent=states["sent"],
        unknown=states["unknown"],
        twice=sum(count > 1 for count in taken.values()),
        waiting=states["waiting"] + len(names) - len(rows),
        asked=sum(world.injected.values()),
        last=max((each.at for each in world.accepted), default=over) - over,
    )

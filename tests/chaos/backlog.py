"""After an outage: many users wait, and all that still helps goes out once."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Plan
from bill_reminders.storage.saving import save_bills, save_user
from bill_reminders.storage.tables import LedgerItem
from tests.chaos.crashes import Make
from tests.chaos.story import MINUTE, NINE
from tests.chaos.world import SHARDS
from tests.support.people import a_bill, a_user

ENTERED = NINE - timedelta(days=20)
OUTAGE = timedelta(days=1, hours=3)
"""From the minute at which everybody is due until the first tick: the due day of some is over."""
PLAN = Plan(lead_days=(0,), overdue_days=(), channels=(Channel.SMS,))


@dataclass(frozen=True)
class Drained:
    """How a backlog ended."""

    users: int
    wake_ups: int
    minutes: int
    sent: int
    expired: int
    twice: int
    too_late: int
    left: int


def drain(make: Make, *, users: int, faults: int) -> Drained:
    """Let `users` wait through an outage, half of them with a bill that was due on its first day
    and half with one due on the day it ends; then tick every minute, with `faults` deaths on the
    way."""
    world = make()
    names = [f"user-{n:05}" for n in range(users)]
    for number, user_id in enumerate(names):
        save_user(a_user(user_id, plan=PLAN), shards=SHARDS, now=ENTERED)
        due_on = date(2027, 3, 1 + number % 2)
        bill = a_bill(user_id, "rent", due_on=due_on)
        save_bills(user_id, [lambda _, bill=bill: bill], now=ENTERED)
    world.now = NINE + OUTAGE
    start, wake_ups = world.now, 0
    world.numbered = True
    for number in range(faults):
        world.before[40 + number * 97] = world.dies
    while world.now - start < timedelta(hours=6):
        world.now += MINUTE
        world.tick()
        while delivered := world.deliver("SmsNudges"):
            wake_ups += delivered
        world.sweep()
        world.redrive()
        rows = [row for user_id in names for row in LedgerItem.query(user_id)]
        at_rest = [row for row in rows if row.settle_at is None and row.state != "waiting"]
        if len(at_rest) == users:
            break
    taken = Counter(key for each in world.accepted for key in ((each.user_id, *each.keys),))
    resends = sum(row.resends or 0 for row in rows)
    return Drained(
        users=users,
        wake_ups=wake_ups,
        minutes=int((world.now - start) / MINUTE),
        sent=len(taken),
        expired=sum(row.reason == "expired" for row in rows),
        twice=max(0, len(world.accepted) - len(taken) - resends),
        too_late=sum(key.startswith("2027-03-01") for _, key in taken),
        left=users - len(rows),
    )

"""What people do, by the product's own commands, with its line in the script.

What is refused did not happen: then the script says nothing of it.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.domain.people import PlanChange
from bill_reminders.storage.saving import save_bills
from tests.chaos.oracle import Script
from tests.chaos.story import bill_row
from tests.chaos.world import World
from tests.support import account_changes
from tests.support.people import a_bill


def does(world: World, act: Callable[[], object], say: Callable[[Script], object]) -> None:
    """Write a line of the script and do what it says, in the middle of whatever is at work."""
    before = world.witness.script
    world.witness.script = before.copy()
    say(world.witness.script)
    try:
        world.undisturbed(act)
    except BillRemindersError:
        world.witness.script = before


def pays(world: World, user_id: str, bill_id: str) -> None:
    does(
        world,
        lambda: account_changes.record_payment(
            user_id, bill_id, 0, payment_id="paid", now=world.now
        ),
        lambda script: script.happens(world.now, user_id, "paid", bill_id, value="paid"),
    )


def takes_back(world: World, user_id: str, bill_id: str) -> None:
    does(
        world,
        lambda: account_changes.undo_payment(user_id, bill_id, "paid", now=world.now),
        lambda script: script.happens(world.now, user_id, "undone", bill_id, value="paid"),
    )


def stops(world: World, user_id: str, channel: Channel) -> None:
    does(
        world,
        lambda: account_changes.stop(user_id, channel, now=world.now),
        lambda script: script.says_stop(world.now, user_id, channel.value),
    )


def starts(world: World, user_id: str, channel: Channel) -> None:
    does(
        world,
        lambda: account_changes.start(user_id, channel, now=world.now),
        lambda script: script.happens(world.now, user_id, "started", value=channel.value),
    )


def deletes(world: World, user_id: str, bill_id: str) -> None:
    facts = world.facts(user_id)

    def say(script: Script) -> None:
        script.leaves_date(user_id, bill_id, facts)
        script.happens(world.now, user_id, "deleted", bill_id)

    does(world, lambda: account_changes.delete_bill(user_id, bill_id, now=world.now), say)


def snoozes(world: World, user_id: str, bill_id: str, until: date) -> None:
    does(
        world,
        lambda: account_changes.snooze(user_id, bill_id, 0, until, confirmed=True, now=world.now),
        lambda script: script.happens(
            world.now, user_id, "snoozed", bill_id, until=until.isoformat()
        ),
    )


def pauses(world: World, user_id: str, until: date | None) -> None:
    does(
        world,
        lambda: account_changes.change_user(
            user_id, lambda user: replace(user, paused_until=until), now=world.now
        ),
        lambda script: script.happens(
            world.now, user_id, "paused", until="" if until is None else until.isoformat()
        ),
    )


def enters(world: World, user_id: str) -> None:
    """A bill of which something is to be said before anything else."""
    tonight = PlanChange(lead_days=(1,), remind_at=time(21))
    bill = a_bill(user_id, "new", due_on=date(2027, 3, 2), plan_change=tonight)

    def say(script: Script) -> None:
        if (user_id, "new") not in script.bills:
            script.enters(bill_row(user_id, "new", "2027-03-02", lead_days="1", remind_at="21:00"))

    does(world, lambda: save_bills(user_id, [lambda _: bill], now=world.now), say)

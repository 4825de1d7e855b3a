"""What lasts and is no error of a call: another version of the code writes too, clocks step inside
a handler, queues hand over late and in another order, rows expire early or late."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from random import Random
from typing import Any
from unittest.mock import patch

from bill_reminders.delivery import claims
from bill_reminders.delivery.wake_ups import WakeUp
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Plan
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.storage.saving import save_bills, save_user
from tests.chaos import lasting
from tests.chaos.expressions import Item
from tests.chaos.lasting import (
    A_DAY,
    BEGINS,
    QUEUES,
    Lived,
    Make,
    minute,
    people,
    run_on,
    wake_and_deliver,
)
from tests.chaos.store import Store
from tests.chaos.story import MINUTE, NINE, Totals
from tests.chaos.world import SHARDS, Asked, Letter, World
from tests.support import account_changes
from tests.support.newer import NEWER, newer_item
from tests.support.people import a_bill, a_user

KEPT = ("Users", "Bills", "Schedules")
"""Tables whose rows are changed and never written anew."""
STEP_SECONDS = 300
"""By how much a clock steps at most."""
LATE_MINUTES = 180
"""By how much a queue hands over late at most."""


def newer_code_beside(make: Make, seed: int) -> Totals:
    """Newer code has written everybody, and writes half of what is written: into every map."""
    world, chance = make(), Random(seed)
    people(world)
    _leave(world, lambda: True)

    def also(asked: Asked, act: Callable[[], Any]) -> Any:
        answer = act()
        if asked.operation in ("TransactWriteItems", "UpdateItem", "PutItem"):
            _leave(world, lambda: chance.random() < 0.5)
        return answer

    world.mishap = also
    while world.now < BEGINS + 60 * MINUTE:
        minute(world)
    totals = _in_the_end(world)
    for table in KEPT:
        plain = [row for row in world.store.all_items(table) if row.get("newer") != NEWER]
        totals.wrong += [f"forgot what newer code wrote: {table} {row}" for row in plain]
    return totals


def _leave(world: World, here: Callable[[], bool]) -> None:
    assert isinstance(world.store, Store)
    for name in (*KEPT, "Ledger"):
        table = world.store.tables[name]
        for place, item in list(table.items.items()):
            if "newer" not in item and here():
                table.put(place, newer_item(item))


def states_of_newer_code(make: Make, seed: int) -> Totals:
    """Newer code has claimed some, in a state of which this code knows nothing, and marks them an
    hour later. They may fail until then, and nobody waits for them."""
    world, chance = make(), Random(seed)
    people(world)
    assert isinstance(world.store, Store)
    newer = {f"{channel}-today" for channel in Channel}
    rows: list[tuple[Any, Item]] = []
    for channel in Channel:
        claims.claim_next(f"{channel}-today", channel, with_link=True, now=NINE)
    table = world.store.tables["Ledger"]
    for place, item in list(table.items.items()):
        if item["user_id"]["S"] in newer:
            rows.append((place, item))
            table.put(place, item | {"state": {"S": chance.choice(("offered", "held"))}})
    while world.now < BEGINS + 60 * MINUTE:
        for user_id in newer:  # whatever wakes them meanwhile, as a bill that is entered does
            for queue in QUEUES[:3]:
                if queue.lower().startswith(user_id.partition("-")[0]):
                    world.queues[queue].append(Letter(WakeUp(user_id, world.now).body()))
        minute(world)
    for place, item in rows:
        table.put(place, item | {"state": {"S": "sent"}})
        for name in ("settle_at", "settle_shard"):
            table.items[place].pop(name, None)
    world.redrive()
    owed = lasting.due()
    for channel in Channel:  # newer code has sent theirs
        del owed[f"{channel}-today", channel.value]
    return run_on(Lived(world, owed))


def clocks_that_step(make: Make, seed: int) -> Totals:
    """The clock of a sender is set, forward or back, between two calls of one invocation."""
    world, chance = make(), Random(seed)
    people(world)

    def step(asked: Asked, act: Callable[[], Any]) -> Any:
        answer = act()
        sends = world.processes[-1].name.startswith("Send")
        seconds = chance.randint(-STEP_SECONDS, STEP_SECONDS) if sends else 0
        world.skew = timedelta(seconds=seconds)
        return answer

    world.mishap = step
    while world.now < BEGINS + 60 * MINUTE:
        wake_and_deliver(world)
        world.skew = timedelta()  # every process has a clock of its own
        world.sweep()
        world.now += MINUTE
    return _in_the_end(world)


def _in_the_end(world: World) -> Totals:
    world.mishap = None
    return run_on(Lived(world, lasting.due()))


def letters_late_and_in_another_order(make: Make, seed: int) -> Totals:
    """Whatever is put into a queue comes minutes to hours later, in any order, now and then twice;
    ticks go on."""
    world, chance = make(), Random(seed)
    people(world)
    known: list[Letter] = []
    while world.now < BEGINS + 4 * 60 * MINUTE:
        minute(world)
        for queue in QUEUES:
            letters = world.queues[queue]
            for letter in [each for each in letters if each not in known]:
                late = chance.choice((0, 0, 1, 4, 30, LATE_MINUTES)) * MINUTE
                letter.not_before = max(letter.not_before or world.now, world.now + late)
                known.append(letter)
                if chance.random() < 0.1:
                    again = Letter(letter.written, not_before=letter.not_before + late)
                    letters.append(again)
                    known.append(again)
            chance.shuffle(letters)
        world.now += world.now.minute % 5 * MINUTE if world.now > NINE + 60 * MINUTE else 0 * MINUTE
    return run_on(Lived(world, lasting.due()))


def rows_that_expire_at_once(make: Make, seed: int) -> Totals:
    """A debit of a date of years ago fails today, and other bills wake its user while that still
    helps; rows are gone in the minute in which they expire."""
    world, occurrence = make(), Random(seed).randint(0, 12)
    plan = Plan(lead_days=(0,), overdue_days=(), channels=(Channel.SMS,))
    monthly = Recurrence(date(2025, 1, 15), 1, Unit.MONTH)
    world.now = NINE
    save_user(a_user("ann", channels=(Channel.SMS,), plan=plan), shards=SHARDS, now=NINE - MINUTE)
    bill = a_bill(
        "ann",
        "rent",
        due_on=monthly.first_due,
        recurrence=monthly,
        autopay=True,
        owed_from=monthly.first_due,
    )
    others = [a_bill("ann", f"water-{day}", due_on=date(2027, 3, day)) for day in (2, 3)]
    save_bills("ann", [lambda _, b=each: b for each in (bill, *others)], now=NINE - MINUTE)
    account_changes.record_failed_debit("ann", "rent", occurrence, "debit", now=world.now)
    while world.now < NINE + timedelta(days=3):
        minute(world)
        world.now += (14 if world.now > NINE + 30 * MINUTE else 0) * MINUTE
        _expire(world)
    lived = Lived(world, Counter({("ann", "sms"): 3}), late=True)
    return run_on(lived)


def _expire(world: World) -> None:
    """What has expired by now is gone."""
    assert isinstance(world.store, Store)
    for table in world.store.tables.values():
        for place, item in list(table.items.items()):
            if "expires_at" in item and int(item["expires_at"]["N"]) <= world.now.timestamp():
                table.remove(place)


CONDITIONS: Mapping[str, Callable[[Make, int], Totals]] = {
    "newer code beside this": newer_code_beside,
    "states of newer code": states_of_newer_code,
    "clocks that step inside a handler": clocks_that_step,
    "letters late and in another order": letters_late_and_in_another_order,
    "rows that expire at once": rows_that_expire_at_once,
}


def live(make: Make, name: str, seed: int) -> Totals:
    """Live through a condition, as the seed has it."""
    with patch.object(claims, "MESSAGES_A_DAY", A_DAY):
        return CONDITIONS[name](make, seed)

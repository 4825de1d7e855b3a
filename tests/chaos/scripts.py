"""Scenes in which a guard of the delivery path is needed that no single fault puts to the test.

Each plays with the product as it is, and says what became of it: whether everybody heard once, as
after any lasting trouble, and what else the scene is about.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

from bill_reminders.delivery import claims, finder
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Plan
from bill_reminders.storage.saving import save_bills, save_user
from bill_reminders.storage.tables import LedgerItem
from tests.chaos import conditions, lasting, story, visits
from tests.chaos.lasting import A_DAY, ENTERED, TODAY, Lived, Make, Trouble, minute, of_mail, run_on
from tests.chaos.store import cancelled, error
from tests.chaos.story import MINUTE, NINE, Totals
from tests.chaos.world import SHARDS, Asked, Letter, World, receives_at_most
from tests.support.people import a_bill, a_user

Scene = Callable[[Make], Totals]


def somebody(
    user_id: str,
    channel: Channel,
    *,
    due_on: date = TODAY,
    at: time = time(9),
    shards: int = SHARDS,
) -> None:
    """A user with one bill, of which they hear on its due day."""
    plan = Plan(lead_days=(0,), overdue_days=(), channels=(channel,), remind_at=at)
    save_user(a_user(user_id, channels=(channel,), plan=plan), shards=shards, now=ENTERED)
    bill = a_bill(user_id, "rent", due_on=due_on)
    save_bills(user_id, [lambda _: bill], now=min(ENTERED, NINE) + MINUTE)


def owed(names: list[str], channel: Channel) -> Counter[tuple[str, str]]:
    return Counter((user_id, channel.value) for user_id in names)


def until(world: World, hour: int, minutes: int) -> None:
    """Every function on its occasion until that time of the day."""
    while world.now < NINE.replace(hour=hour, minute=minutes):
        minute(world)


def in_trouble_at_a_last_receive(make: Make) -> Totals:
    """The tables are throttled, but for transactions, from some call on of a last receive."""
    totals = Totals()
    for begins in range(8, 12):
        world, names, calls = make(), [f"user-{n}" for n in range(4)], 0
        for user_id in names:
            somebody(user_id, Channel.SMS)
        world.now = NINE
        world.tick()
        for letter in world.queues["SmsNudges"]:
            letter.receives = receives_at_most("SmsNudges") - 1

        def outage(service: str, operation: str, begins: int = begins) -> None:
            nonlocal calls
            calls += service == "dynamodb"
            if service == "dynamodb" and calls > begins and operation != "TransactWriteItems":
                raise error("ProvisionedThroughputExceededException", operation)

        world.outage = outage
        world.deliver("SmsNudges")
        world.outage = None
        lived = Lived(world, owed(names, Channel.SMS))
        if world.dead["SmsNudges"]:
            lived.totals.wrong.append("a dead letter of trouble that passes")
        run_on(lived)
        for kind in ("lost", "duplicated", "wrong"):
            getattr(totals, kind).extend(getattr(lived.totals, kind))
    return totals


def a_redrive_in_trouble(make: Make) -> Totals:
    """Who was put aside is in no index: nothing but the redriven wake-up knows of them."""
    world = make()
    somebody("ann", Channel.SMS)
    row = world.store.tables["Users"].items[("ann",)]
    language, row["language"] = row["language"], {"S": "no language"}
    world.now = NINE
    until(world, 9, 40)
    row["language"] = language
    world.outage = _reads_are_throttled
    world.redrive()
    until(world, 10, 10)
    world.outage = None
    return run_on(Lived(world, owed(["ann"], Channel.SMS)))


def _reads_are_throttled(service: str, operation: str) -> None:
    if operation in ("GetItem", "BatchGetItem", "Query"):
        raise error("ProvisionedThroughputExceededException", operation)


def one_behind_those_who_cannot_go(make: Make) -> Totals:
    """One of whom a tick told nothing, and after them a dozen whose rows somebody holds for an
    hour; a look at what is older takes two."""
    world, stuck = make(), [f"stuck-{n}" for n in range(12)]
    somebody("old", Channel.SMS, shards=1)
    for user_id in stuck:
        somebody(user_id, Channel.SMS, at=time(9, 3), shards=1)

    def held(asked: Asked, act: Callable[[], Any]) -> Any:
        if asked.operation == "TransactWriteItems" and "stuck-" in str(asked.request):
            raise cancelled(["TransactionConflict"])
        return act()

    world.now, world.mishap = NINE + 4 * MINUTE, held
    with patch.object(finder, "AT_LEAST", 2), patch.object(finder.Route, "until_next_look", 0.0):
        until(world, 9, 40)
        world.mishap = None
        lived = Lived(world, owed(["old", *stuck], Channel.SMS))
        lived.totals.wrong += _late(world, {"old"}, NINE + 10 * MINUTE)
        return run_on(lived)


def _late(world: World, names: set[str], latest: Any) -> list[str]:
    """Those who had not heard by then."""
    heard = {each.user_id for each in world.accepted if each.at <= latest}
    return [f"heard too late: {user_id}" for user_id in sorted(names - heard)]


def a_change_after_a_long_outage(make: Make) -> Totals:
    """Somebody enters a bill after weeks in which nothing ran: what fell due in them is noted."""
    world = make()
    somebody("ann", Channel.SMS)
    world.now = NINE + timedelta(days=40)
    bill = a_bill("ann", "gym", due_on=world.now.date() + timedelta(days=30))
    save_bills("ann", [lambda _: bill], now=world.now)
    world.now += MINUTE
    lived = Lived(world, Counter())
    run_on(lived)
    states = [(row.bill_id, row.state, row.reason) for row in LedgerItem.query("ann")]
    if states != [("rent", "skipped", "expired")]:
        lived.totals.lost.append(f"passed over without a note: {states}")
    return lived.totals


def a_receipt_in_time(ending: str, make: Make) -> Totals:
    """Nobody knows what became of a mail; the next one is taken; its receipt comes soon after."""
    world = make()
    somebody("ann", Channel.EMAIL)
    somebody("bob", Channel.EMAIL, at=time(9, 1))
    world.now, world.answers = NINE, [ending]
    until(world, 9, 6)
    mail = next(each for each in world.accepted if each.user_id == "ann")
    world.queues["Receipts"].append(Letter(partial(of_mail, world, mail, "Delivery")))
    return run_on(Lived(world, owed(["ann", "bob"], Channel.EMAIL)))


def one_refusal_after_a_trouble(make: Make) -> Totals:
    """The provider refuses all for a while; when that is long over, one message."""
    world, later = make(), [f"later-{n}" for n in range(6)]
    early = [f"early-{n}" for n in range(4)]
    for user_id in early:
        somebody(user_id, Channel.SMS)
    for user_id in later:
        somebody(user_id, Channel.SMS, at=time(12))
    world.now, world.trouble["sms"] = NINE, "throttled"
    until(world, 9, 20)
    world.trouble.clear()
    until(world, 12, 0)
    world.answers = ["throttled"]
    minute(world)
    lived = Lived(world, owed([*early, *later], Channel.SMS))
    late = _late(world, set(later), NINE.replace(hour=12))
    if len(late) > 1:
        lived.totals.wrong += late
    return run_on(lived)


def pressed(make: Make) -> Totals:
    """Buttons are pressed on the pages of a morning, and undone; the days go on."""
    world = make()
    story.people(world)
    visits.course(world)
    return story.finish(world)


NO_TROUBLE = Trouble("", "", "", lasts=timedelta(minutes=25))

SCENES: Mapping[str, Scene] = {
    "a last receive in trouble": in_trouble_at_a_last_receive,
    "a redrive in trouble": a_redrive_in_trouble,
    "one behind those who cannot go": one_behind_those_who_cannot_go,
    "a change after a long outage": a_change_after_a_long_outage,
    "a receipt in time, no answer before": partial(a_receipt_in_time, "lost"),
    "a receipt in time, a death before": partial(a_receipt_in_time, "died_after"),
    "one refusal after a trouble": one_refusal_after_a_trouble,
    "a page's buttons": pressed,
    "no trouble": lambda make: lasting.live_through(make, NO_TROUBLE)[1],
}


def play(make: Make, name: str) -> Totals:
    """A scene, a condition or a trouble that lasts, by its name."""
    if name in conditions.CONDITIONS:
        return conditions.live(make, name, 0)
    with patch.object(claims, "MESSAGES_A_DAY", A_DAY):
        if name in SCENES:
            return SCENES[name](make)
        (trouble,) = (each for each in lasting.troubles() if each.name == name)
        return lasting.live_through(make, trouble)[1]

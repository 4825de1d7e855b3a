"""A plain course of the campaign's days, and their end."""

from copy import deepcopy
from datetime import datetime, timedelta
from functools import partial

from bill_reminders.storage.attributes import minute_text
from tests.chaos import cast
from tests.chaos.comparison import FINAL, Totals, compare
from tests.chaos.expressions import Item
from tests.chaos.store import Store
from tests.chaos.world import START, Accepted, Letter, World
from tests.support import receipts as forms

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NINE = START + timedelta(hours=9)
QUEUES = ("SmsNudges", "PushNudges", "EmailNudges", "Receipts", "JobsQueue", "Replies")
SKEW = timedelta(minutes=5)
"""By how much a function's clock may differ from the others'."""
NEVER = "9999"


_entered: dict[str, list[Item]] = {}
"""The rows of the tables with the people in them, once that was done."""


def people(world: World) -> None:
    """Enter the people of the campaign, by the product's own code; only once, for that takes an
    eighth of a schedule. What is journalled is done anew."""
    world.now = NINE
    world.witness.script = cast.script()
    if _entered and world.journal is None:
        world.store.fill(_entered)
        return
    cast.enter()
    for name in Store().tables:
        _entered[name] = deepcopy(world.store.all_items(name))


def course(world: World, *, troubled: bool = False) -> None:
    """A morning with every handler on its usual occasions. A troubled one has a provider that
    refuses one message, leaves two without an answer, and at the end sends bounces, and after them
    what it should have sent before."""
    if troubled:
        world.answers += ["throttled", "taken", "lost", "lost"]
    for minutes in (0, 1, 3, 14, 15, 16):
        world.now = NINE + minutes * MINUTE
        world.tick()
        for queue in QUEUES[:3]:
            world.deliver(queue)
        if minutes == 1 and not troubled:
            send_receipts(world)
            world.deliver("Receipts")
        world.sweep()
    if troubled:
        for kind in ("bad", "good"):
            send_receipts(world, kind)
            world.deliver("Receipts")


def send_receipts(world: World, kind: str = "good") -> None:
    """What the providers say of all that they took until now."""
    for each in world.accepted:
        written = partial(_letter, world, each, kind)
        world.queues["Receipts"].append(Letter(written))
        if kind == "bad":
            world.said[each.provider_id] = kind
            world.witness.bad_words.add((each.user_id, each.channel))


def _letter(world: World, each: Accepted, kind: str) -> str:
    """A receipt as it reads when it is taken."""
    # by the provider's own clock, which the offset of a local stack does not move
    at = datetime.now(each.at.tzinfo) - (world.now - each.at)
    match each.channel:
        case "email":
            event = {"good": "Delivery", "bad": "Bounce"}[kind]
            details = {"bounceType": "Permanent"} if kind == "bad" else {}
            return forms.of_email(
                event,
                tag=each.tag,
                address=each.address,
                at=at,
                provider_id=each.provider_id,
                **details,
            )
        case "sms":
            bad = {"status": "FAILURE", "said": "Invalid phone number"} if kind == "bad" else {}
            return forms.of_sms(number=each.address, provider_id=each.provider_id, at=at, **bad)
    if kind == "good":  # SNS tells only of devices that failed
        return forms.notification({"EventType": "EndpointUpdated"}, topic=forms.DEVICE_TOPIC)
    return forms.of_device(endpoint=each.address, provider_id=each.provider_id, at=at)


def finish(world: World) -> Totals:
    """Let everything run on without faults, then compare ledger and providers."""
    world.before.clear()
    world.after.clear()
    world.answers.clear()
    world.trouble.clear()
    world.numbered = False
    world.skew = timedelta()
    world.store.catch_up()
    started = world.now
    for _ in range(300):  # what waits for its provider may do so for two hours
        world.now += MINUTE
        if world.now.minute % 15 == 0:
            world.throw_poison_away()
            world.redrive()
        # a tick or a sweep that has nothing to find is most of the time, and does nothing
        if min(_wakes(world), default=NEVER) <= minute_text(world.now):
            world.tick()
        for queue in QUEUES:
            while world.deliver(queue):
                pass
        if min(_looks(world), default=NEVER) <= minute_text(world.now):
            world.sweep()
        if _is_settled(world):
            break
    totals = Totals(minutes=int((world.now - started) / MINUTE))
    compare(world, totals)
    return totals


def _wakes(world: World) -> list[str]:
    return [
        item[f"{channel}_next_at"]["S"]
        for item in world.store.all_items("Schedules")
        for channel in ("sms", "push", "email")
        if f"{channel}_next_at" in item
    ]


def _looks(world: World) -> list[str]:
    return [row["settle_at"]["S"] for row in world.store.all_items("Ledger") if "settle_at" in row]


def _is_settled(world: World) -> bool:
    if any(world.queues.values()) or any(world.dead.values()):
        return False
    # what was planned by a clock ahead of this one is due within the skew
    if min(_wakes(world), default=NEVER) <= minute_text(world.now + SKEW + MINUTE):
        return False
    at_rest = (*FINAL, "in_digest", "waiting")
    return all(
        row["state"]["S"] in at_rest and "settle_at" not in row
        for row in world.store.all_items("Ledger")
        if "state" in row and not _waits_for_good_hours(world, row)
    )


def _waits_for_good_hours(world: World, row: Item) -> bool:
    """Whether it tells of a dead address, which may wait for a night to end, or a pause."""
    is_of_address = row["user_id"]["S"].startswith("dead:")
    return is_of_address and row.get("settle_at", {"S": ""})["S"] > minute_text(world.now + HOUR)

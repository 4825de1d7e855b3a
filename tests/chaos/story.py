"""People and bills of the campaign, a plain course of their days, and what must hold at the end."""

from copy import deepcopy
from datetime import date, datetime, time, timedelta
from functools import partial

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.local_time import QuietHours
from bill_reminders.domain.people import Join, Plan, PlanChange
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.storage.attributes import minute_text
from bill_reminders.storage.saving import save_bills, save_user
from tests.brute_force import Row
from tests.chaos.comparison import FINAL, Totals, compare
from tests.chaos.expressions import Item
from tests.chaos.oracle import Script
from tests.chaos.store import Store
from tests.chaos.world import START, Accepted, Letter, World
from tests.support import receipts as forms
from tests.support.people import a_bill, a_user

MINUTE = timedelta(minutes=1)
NINE = START + timedelta(hours=9)
QUEUES = ("SmsNudges", "PushNudges", "EmailNudges", "Receipts")
SKEW = timedelta(minutes=5)
"""By how much a function's clock may differ from the others'."""
NEVER = "9999"


_entered: dict[str, list[Item]] = {}
"""The rows of the tables with the people in them, once that was done."""


def people(world: World) -> None:
    """Enter the people of the campaign, by the product's own code; only once, for that takes an
    eighth of a schedule. What is journalled is done anew."""
    world.now = NINE
    world.witness.script = script()
    if _entered and world.journal is None:
        world.store.fill(_entered)
        return
    _enter()
    for name in Store().tables:
        _entered[name] = deepcopy(world.store.all_items(name))


def script() -> Script:
    """The same people and bills in the words of the enumerator's files."""
    written = Script()
    for user in (
        _user("ann", "sms+email", lead_days="3+0"),
        _user("bob", "push", time_zone="Asia/Shanghai", quiet_hours="21:00-08:00"),
        _user("eve", "email+push@fallback"),
        _user("dan", "email", quiet_hours="08:00-10:00"),
    ):
        written.users[user["user_id"]] = user
    for bill in (
        bill_row("ann", "rent", "2027-03-01", repeats="every month"),
        bill_row("ann", "power", "2027-03-04"),
        bill_row("bob", "card", "2027-03-02"),
        bill_row("dan", "loan", "2027-03-03"),
        *(
            bill_row("eve", f"bill-{n}", "2027-03-04", lead_days="3", remind_at=f"09:{n:02}")
            for n in (0, 1, 3, 14)
        ),
    ):
        written.enters(bill)
    return written


def _user(user_id: str, channels: str, **more: str) -> Row:
    empty = "lead_days overdue_days remind_at quiet_hours paused_until phone email push_token"
    row = dict.fromkeys(empty.split(), "") | {"user_id": user_id, "time_zone": "UTC"}
    address = {"sms": "phone", "push": "push_token"}
    named = (each.partition("@")[0] for each in channels.split("+"))
    row |= {address.get(channel, channel): f"+999 {user_id}" for channel in named}
    return row | {"channels": channels, "attested_by": "Branch desk"} | more


def bill_row(user_id: str, bill_id: str, first_due: str, **more: str) -> Row:
    """A bill of 120.50 in the words of the enumerator's file."""
    empty = "lead_days overdue_days remind_at channels until autopay"
    row = dict.fromkeys(empty.split(), "") | {"user_id": user_id, "bill_id": bill_id}
    row |= {"first_due": first_due, "repeats": "once", "amount": "120.50"}
    return row | {"owed_from": "2027-01-01"} | more


def _enter() -> None:
    """Four users: digests by SMS and e-mail; push, abroad, with quiet hours; one with more bills,
    each at another minute, than the campaign's daily cap lets go, who hears by push what e-mail
    does not bring; and one who missed a reminder and whose quiet hours have begun."""
    entered = START - timedelta(days=20)
    plan = Plan(lead_days=(3, 0), channels=(Channel.SMS, Channel.EMAIL))
    ann = a_user("ann", channels=plan.channels, plan=plan)
    bob = a_user(
        "bob",
        channels=(Channel.PUSH,),
        zone="Asia/Shanghai",
        quiet_hours=QuietHours(time(21), time(8)),
    )
    by_email = Plan(channels=(Channel.EMAIL, Channel.PUSH), joins=(Join(Channel.PUSH, None),))
    eve = a_user("eve", channels=by_email.channels, plan=by_email)
    dan = a_user("dan", channels=(Channel.EMAIL,), quiet_hours=QuietHours(time(8), time(10)))
    for user in (ann, bob, eve, dan):
        save_user(user, shards=4, now=entered)
    monthly = Recurrence(date(2027, 3, 1), 1, Unit.MONTH)
    bills = {
        "ann": [
            a_bill("ann", "rent", due_on=monthly.first_due, recurrence=monthly),
            a_bill("ann", "power", due_on=date(2027, 3, 4)),
        ],
        "bob": [a_bill("bob", "card", due_on=date(2027, 3, 2))],
        "dan": [a_bill("dan", "loan", due_on=date(2027, 3, 3))],
        "eve": [
            a_bill(
                "eve",
                f"bill-{minute}",
                due_on=date(2027, 3, 4),
                plan_change=PlanChange(lead_days=(3,), remind_at=time(9, minute)),
            )
            for minute in (0, 1, 3, 14)
        ],
    }
    for user_id, several in bills.items():
        save_bills(user_id, [lambda _, bill=bill: bill for bill in several], now=START - MINUTE)


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
            world.redrive()
        # a tick or a sweep that has nothing to find is most of the time, and does nothing
        if min(_wakes(world), default=NEVER) <= minute_text(world.now):
            world.tick()
        for queue in QUEUES:
            while world.deliver(queue):
                pass
        if any("settle_at" in row for row in world.store.all_items("Ledger")):
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
        if "state" in row
    )

"""People and bills of the campaign, a plain course of their days, and what must hold at the end."""

from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from bill_reminders.delivery import claims
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.local_time import QuietHours, instant_of
from bill_reminders.domain.people import Join, Plan, PlanChange
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.storage import accounts
from bill_reminders.storage.attributes import minute_text
from bill_reminders.storage.saving import save_bills, save_user
from bill_reminders.storage.tables import LedgerItem
from tests.chaos.expressions import Item
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
USERS = ("ann", "bob", "eve", "dan")
FINAL = {"sent", "delivered", "bounced", "complained", "failed", "expired", "unknown", "skipped"}
NOT_ARRIVED = {"bounced", "failed", "expired"}
TAKEN = {"sent", "delivered", "bounced", "complained", "expired"}
"""States that only a message which the provider took can reach. `failed` may be either."""


_entered: dict[str, list[Item]] = {}
"""The rows of the tables with the people in them, once that was done."""


def people(world: World) -> None:
    """Enter the people of the campaign, by the product's own code; only once, for that takes an
    eighth of a schedule. What is journalled is done anew."""
    world.now = NINE
    if _entered and world.journal is None:
        world.store.fill(_entered)
        return
    _enter()
    for name in Store().tables:
        _entered[name] = deepcopy(world.store.all_items(name))


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


@dataclass
class Totals:
    """What a schedule came to."""

    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unknown: int = 0
    resent: int = 0
    accepted: int = 0
    minutes: int = 0

    @property
    def holds(self) -> bool:
        return not (self.lost or self.duplicated or self.wrong)


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
    totals = Totals(wrong=world.wrong, minutes=int((world.now - started) / MINUTE))
    _compare(world, totals)
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


def _compare(world: World, totals: Totals) -> None:
    rows = {(row.user_id, row.key): row for user_id in USERS for row in LedgerItem.query(user_id)}
    taken = Counter((each.user_id, key) for each in world.accepted for key in each.keys)
    totals.accepted = len(world.accepted)
    totals.wrong += [f"sent and not in the ledger: {key}" for key in taken if key not in rows]
    for key, row in rows.items():
        message = rows.get((row.user_id, row.message_key or "")) or row
        state = message.state if row.state == "in_digest" else row.state
        totals.unknown += state == "unknown"
        totals.resent += row.resends or 0
        _compare_row(world, totals, row, state, taken[key])
    _check_cap(world, totals)
    _check_stand_in(world, totals, rows)
    for user_id in USERS:
        _compare_schedule(world, totals, user_id)


def _compare_row(world: World, totals: Totals, row: LedgerItem, state: str, taken: int) -> None:
    name, resends = f"{row.user_id} {row.key}", row.resends or 0
    if state not in (*FINAL, "waiting"):
        totals.lost.append(f"{state} for ever: {name}")
    if row.settle_at is not None:
        totals.lost.append(f"to be settled for ever: {name}")
    if taken > 1 + resends:
        totals.duplicated.append(f"{taken} times: {name}")
    if state in TAKEN and not taken:
        totals.wrong.append(f"{state}, and the provider knows nothing: {name}")
    if world.said.get(row.provider_id or "") == "bad" and state not in ("bounced", "complained"):
        totals.wrong.append(f"{state} though it bounced: {name}")
    if state == "skipped" and taken:
        totals.wrong.append(f"skipped, and sent: {name}")
    owners = {each.owner for each in world.accepted if each.provider_id == row.provider_id}
    # after a resend a receipt may settle, by its number, what another claim has sent
    if owners and row.owner not in owners and not resends:
        totals.wrong.append(f"its claim did not send what it names: {name}")


def _check_cap(world: World, totals: Totals) -> None:
    """No address got more than it may on one local day, resends included."""
    abroad = ZoneInfo("Asia/Shanghai")
    counts = Counter(
        (who, each.channel, each.at.astimezone(abroad if who == "bob" else UTC).date())
        for each in world.accepted
        for who in (each.user_id,)
    )
    totals.wrong += [
        f"{count} messages a day: {who}"
        for who, count in counts.items()
        if count > claims.MESSAGES_A_DAY
    ]


def _check_stand_in(
    world: World, totals: Totals, rows: Mapping[tuple[str, str], LedgerItem]
) -> None:
    """What came back by e-mail is in the ledger as gone by push, or push is to wake by tomorrow:
    the daily cap may hold it until then."""
    account = accounts.read("eve", now=world.now)
    if account.user.address(Channel.PUSH) is None or account.user.paused_until is not None:
        return
    for (user_id, key), row in rows.items():
        message = rows.get((user_id, row.message_key or "")) or row
        if user_id != "eve" or row.channel != "email" or message.state not in NOT_ARRIVED:
            continue
        bill = account.bill(row.bill_id or "")
        if bill is None or not bill.reminds or bill.is_closed(row.occurrence):
            continue
        by_push = (user_id, key.removesuffix("email") + "push")
        wake = account.wakes.get(Channel.PUSH)
        if by_push not in rows and (wake is None or wake > world.now + timedelta(days=1)):
            totals.lost.append(f"{message.state}, and nobody stood in: {user_id} {key}")


def _compare_schedule(world: World, totals: Totals, user_id: str) -> None:
    account = accounts.read(user_id, now=world.now)
    until = account.user.paused_until
    if user_id in world.promised and str(until) != str(world.promised[user_id]):
        totals.wrong.append(f"a setting was forgotten: {user_id}")
    if account.quarantined:
        totals.lost.append(f"put aside for ever: {user_id}")
    for channel in Channel:
        decision, wake = account.decide(channel, world.now), account.wakes.get(channel)
        today = world.now.astimezone(account.user.zone).date()
        is_capped = account.messages_on(channel, today) >= claims.MESSAGES_A_DAY
        if decision.skipped or (decision.due and not is_capped):
            totals.lost.append(f"due and not sent: {user_id} {channel}")
        latest = decision.next_at
        if latest is not None and is_capped:  # a clock that was ahead may have had its look
            latest = max(latest, instant_of(today + timedelta(days=1), time(), account.user.zone))
        if latest is not None and (wake is None or wake > latest):
            totals.lost.append(f"would wake too late: {user_id} {channel}")

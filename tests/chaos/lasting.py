"""Trouble that lasts: one kind of call meets one kind of fault for minutes to hours, then it ends.

Queues hide what failed, and count receives, as on AWS. After the trouble everybody who was due has
heard once if it still helps; nobody is put aside, and no queue holds anything.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import count, product
from random import Random
from typing import Any
from unittest.mock import patch

from botocore.exceptions import ConnectTimeoutError, NoCredentialsError, ReadTimeoutError

from bill_reminders.delivery import claims
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Join, Plan, PlanChange
from bill_reminders.storage.attributes import minute_text
from bill_reminders.storage.saving import save_bills, save_user
from bill_reminders.storage.tables import LedgerItem
from tests.chaos.expressions import Item
from tests.chaos.store import Store, cancelled, error
from tests.chaos.story import MINUTE, NINE, Totals
from tests.chaos.world import SHARDS, Accepted, Asked, Letter, Mishap, World, hidden_for
from tests.support import receipts as forms
from tests.support.people import a_bill, a_user

Make = Callable[[], World]
QUEUES = ("SmsNudges", "PushNudges", "EmailNudges", "Receipts", "JobsQueue")
TODAY = NINE.date()
ENTERED = NINE - timedelta(days=20)
BEGINS = NINE - 2 * MINUTE
REST_WITHIN = 360
"""Minutes after the trouble until everything is at rest: what waits for its provider may do so for
two hours, and what the account is to blame for is asked again once an hour."""
AWS = "https://aws.example.com"
A_DAY = claims.MESSAGES_A_DAY
"""As deployed: the campaign's own cap is so low that tries in trouble use it up."""

# People ------------------------------------------------------------------------------------------

LATER = PlanChange(lead_days=(0,), remind_at=time(9, 20))
EARLY = PlanChange(lead_days=(0,), remind_at=time(8, 58))
WHO = ("today", "in-three-days", "later", "stuck", "both")
CAME_BACK = "came-back"
"""Whose mail came back before anything was known of it: push stands in."""


def due() -> Counter[tuple[str, str]]:
    """Who is to hear of how many reminders, by what."""
    found = Counter((f"{channel}-{what}", channel.value) for channel in Channel for what in WHO)
    found.update((f"{channel}-both", channel.value) for channel in Channel)
    found[CAME_BACK, "push"] = 1
    return found


_entered: dict[str, list[Item]] = {}


def people(world: World) -> None:
    """On each channel one whose due day it is, one three days before it, one who hears later, one
    with a bill at each of these times, and one whose message was claimed by a process that died."""
    world.now = BEGINS - 2 * MINUTE
    if not _entered:
        _enter()
        for name in Store().tables:
            _entered[name] = deepcopy(world.store.all_items(name))
    world.store.fill(_entered)
    minute(world)  # the mail that comes back
    (mail,) = world.accepted
    world.accepted.clear()
    world.queues["Receipts"].append(Letter(partial(of_mail, world, mail, "Bounce")))
    world.now = BEGINS
    for channel in Channel:
        claims.claim_next(f"{channel}-stuck", channel, with_link=True, now=world.now)


def _enter() -> None:
    for channel in Channel:
        for what in WHO:
            user_id, days = f"{channel}-{what}", 3 if what == "in-three-days" else 0
            plan = Plan(lead_days=(days,), overdue_days=(), channels=(channel,))
            save_user(a_user(user_id, channels=(channel,), plan=plan), shards=SHARDS, now=ENTERED)
            changes = {"later": [LATER], "both": [PlanChange(), LATER], "stuck": [EARLY]}
            bills = [
                a_bill(
                    user_id, f"bill-{n}", due_on=TODAY + timedelta(days=days), plan_change=change
                )
                for n, change in enumerate(changes.get(what, [PlanChange()]))
            ]
            save_bills(user_id, [lambda _, b=bill: b for bill in bills], now=BEGINS - 3 * MINUTE)
    plan = Plan(
        lead_days=(0,),
        overdue_days=(),
        channels=(Channel.EMAIL, Channel.PUSH),
        joins=(Join(Channel.PUSH, None),),
    )
    save_user(a_user(CAME_BACK, channels=plan.channels, plan=plan), shards=SHARDS, now=ENTERED)
    first = PlanChange(lead_days=(0,), remind_at=time(8, 56))
    bill = a_bill(CAME_BACK, "rent", due_on=TODAY, plan_change=first)
    save_bills(CAME_BACK, [lambda _: bill], now=BEGINS - 3 * MINUTE)


def of_mail(world: World, mail: Accepted, event: str) -> str:
    """What the provider says of a mail, as it reads when it is taken."""
    at = datetime.now(UTC) - (world.now - mail.at)
    details = {"bounceType": "Permanent"} if event == "Bounce" else {}
    return forms.of_email(
        event,
        tag=mail.tag,
        address=mail.address,
        at=at,
        provider_id=mail.provider_id,
        **details,
    )


# Troubles ----------------------------------------------------------------------------------------

Fault = Callable[[Asked, Callable[[], Any]], Any]
"""What a call meets: it may let AWS act, and answers or raises itself."""


def refuses(code: str, status: int = 400) -> Fault:
    def refused(asked: Asked, act: Callable[[], Any]) -> Any:
        raise error(code, asked.operation, status)

    return refused


def raises(problem: Callable[[], Exception]) -> Fault:
    def raised(asked: Asked, act: Callable[[], Any]) -> Any:
        raise problem()

    return raised


def acts_and(fault: Fault) -> Fault:
    """AWS does it, and says otherwise."""

    def acted(asked: Asked, act: Callable[[], Any]) -> Any:
        act()
        return fault(asked, act)

    return acted


def _unprocessed(asked: Asked, act: Callable[[], Any]) -> Any:
    """Of each table the first half of the keys was read, in as far as a half has any."""
    answer, left = act(), {}
    for table, wanted in asked.request["RequestItems"].items():
        kept = len(wanted["Keys"]) // 2
        left[table] = {**wanted, "Keys": wanted["Keys"][kept:]}
        answer["Responses"][table] = answer["Responses"].get(table, [])[:kept]
    return {**answer, "UnprocessedKeys": left}


def _failed_entries(asked: Asked, act: Callable[[], Any]) -> Any:
    """The queue takes every other message of a batch."""
    entries = asked.request["Entries"]
    asked.request["Entries"] = entries[::2]
    answer = act()
    return {**answer, "Failed": [{"Id": e["Id"], "Code": "InternalError"} for e in entries[1::2]]}


def _later_page(asked: Asked, act: Callable[[], Any]) -> Any:
    """A page holds one item, and there is no second one for now."""
    if "ExclusiveStartKey" in asked.request:
        raise error("ProvisionedThroughputExceededException", asked.operation)
    asked.request["Limit"] = 1
    return act()


def _cancels(*reasons: str) -> Fault:
    def cancels(asked: Asked, act: Callable[[], Any]) -> Any:
        several = asked.request["TransactItems"]
        raise cancelled([reasons[n % len(reasons)] for n in range(len(several))])

    return cancels


EVERY_CALL: Mapping[str, Fault] = {
    "503": refuses("ServiceUnavailable", 503),
    "500": refuses("InternalServerError", 500),
    "500 after it": acts_and(refuses("InternalServerError", 500)),
    "access denied": refuses("AccessDeniedException"),
    "validation": refuses("ValidationException"),
    "no answer": raises(lambda: ReadTimeoutError(endpoint_url=AWS)),
    "no answer after it": acts_and(raises(lambda: ReadTimeoutError(endpoint_url=AWS))),
    "out of reach": raises(lambda: ConnectTimeoutError(endpoint_url=AWS)),
    "no role": raises(NoCredentialsError),
}
THROTTLED = {
    "ssm": "ThrottlingException",
    "sqs": "RequestThrottled",
    "sns": "Throttling",
    "sesv2": "TooManyRequestsException",
    "dynamodb": "ProvisionedThroughputExceededException",
}
OF_CALL: Mapping[str, Mapping[str, Fault]] = {
    "BatchGetItem": {"UnprocessedKeys": _unprocessed},
    "SendMessageBatch": {"Failed": _failed_entries},
    "Query": {"a later page throttled": _later_page},
    "TransactWriteItems": {
        "conflict": _cancels("None", "TransactionConflict"),
        "mixed reasons": _cancels("TransactionConflict", "ThrottlingError", "None"),
        "mixed with a condition": _cancels("ConditionalCheckFailed", "TransactionConflict"),
        "in progress": refuses("TransactionInProgressException"),
    },
    "GetParameter": {"not found": refuses("ParameterNotFound")},
}
CALLS = (
    ("ssm", "GetParameter"),
    ("dynamodb", "GetItem"),
    ("dynamodb", "BatchGetItem"),
    ("dynamodb", "Query"),
    ("dynamodb", "TransactWriteItems"),
    ("dynamodb", "UpdateItem"),
    ("sqs", "GetQueueAttributes"),
    ("sqs", "SendMessageBatch"),
    ("sqs", "SendMessage"),
    ("sns", "Publish"),
    ("sesv2", "SendEmail"),
)
PUT_BACK = "SendMessage"
"""Asked for alone when something else is in trouble."""
EXTENTS = ("every", "every other", "some")
LASTS = (timedelta(minutes=25), timedelta(hours=3))
PROVIDERS = ("sns", "sesv2")


@dataclass(frozen=True)
class Trouble:
    """A kind of call, what it meets, how much of it, and for how long."""

    service: str
    operation: str
    fault: str
    extent: str = "every"
    lasts: timedelta = LASTS[0]

    @property
    def name(self) -> str:
        minutes = int(self.lasts / MINUTE)
        return f"{self.extent} {self.operation}: {self.fault}, {minutes} minutes"

    @property
    def is_of_request(self) -> bool:
        """AWS says that the request itself is wrong."""
        return self.fault == "validation"

    @property
    def buries(self) -> bool:
        """It uses up receives: of what AWS calls wrong, and of what no queue takes back for later.
        A redrive brings it home."""
        return self.is_of_request or self.operation == PUT_BACK

    @property
    def blinds(self) -> bool:
        """Nobody can tell whether a message was taken: its provider gave no answer, or what it
        answered could not be marked."""
        if self.service in PROVIDERS:
            return self.fault.startswith(("5", "no answer"))
        return self.operation == "UpdateItem"

    @property
    def ends_messages(self) -> bool:
        """A provider says that it will never take such a message."""
        return self.service in PROVIDERS and self.is_of_request

    def mishap(self, met: Counter[str]) -> Mishap:
        """Anew for each run; counts in `met` how many calls met it."""
        throttled = refuses(THROTTLED.get(self.service, ""))
        faults = {"": throttled, "throttled": throttled, **EVERY_CALL}
        fault = (faults | OF_CALL.get(self.operation, {}))[self.fault]
        numbers, chance = count(), Random(self.name)

        def happens(asked: Asked, act: Callable[[], Any]) -> Any:
            if self.operation == PUT_BACK and asked.operation == "TransactWriteItems":
                raise error(THROTTLED["dynamodb"], asked.operation)  # so that something is put back
            if (asked.service, asked.operation) != (self.service, self.operation):
                return act()
            match self.extent:
                case "every other" if next(numbers) % 2:
                    return act()
                case "some" if chance.random() < 0.5:
                    return act()
            met["lasting"] += 1
            return fault(asked, act)

        return happens


def kinds() -> Iterator[tuple[str, str, str]]:
    """Every kind of call with every fault that it may meet."""
    for service, operation in CALLS:
        for fault in ("throttled", *EVERY_CALL, *OF_CALL.get(operation, {})):
            yield service, operation, fault


def troubles() -> list[Trouble]:
    """All of them, in a fixed order."""
    return [
        Trouble(*kind, extent, lasts) for kind, extent, lasts in product(kinds(), EXTENTS, LASTS)
    ]


def some() -> list[Trouble]:
    """Each kind of call with its own faults, and with every other of those that any may meet; all
    calls or a part of them in turn, and now and then for hours."""
    return [
        Trouble(*kind, EXTENTS[n % len(EXTENTS)], LASTS[n % HOURS_EVERY == 0])
        for n, kind in enumerate(kinds())
        if kind[2] in OF_CALL.get(kind[1], {}) or _is_in_turn(*kind)
    ]


def _is_in_turn(service: str, operation: str, fault: str) -> bool:
    place = CALLS.index((service, operation)) + ["throttled", *EVERY_CALL].index(fault)
    return place % 2 == 0


HOURS_EVERY = 16


# Living through it -------------------------------------------------------------------------------


def minute(world: World) -> None:
    """Every function on its occasion, and the next minute begins."""
    wake_and_deliver(world)
    world.sweep()
    world.now += MINUTE


def wake_and_deliver(world: World) -> None:
    world.tick()
    for queue in QUEUES:
        world.hidden = hidden_for(queue)
        for _ in range(len(world.queues[queue]) // 10 + 1):
            world.deliver(queue)


@dataclass
class Lived:
    """A run: its people, how much is owed to whom, and the worst that may be said of it."""

    world: World
    owed: Counter[tuple[str, str]]
    blind: bool = False
    """Whether messages may be unknown, or have been sent once more."""
    ended: bool = False
    """Whether messages may have been refused for good."""
    late: bool = False
    """Whether what is told is of a date long past, of which the plan's own days are skipped."""
    totals: Totals = field(default_factory=Totals)


def live_through(make: Make, trouble: Trouble) -> tuple[World, Totals]:
    """The day's beginning in trouble, and what came of it when everything has run on."""
    with patch.object(claims, "MESSAGES_A_DAY", A_DAY):
        return _live_through(make, trouble)


def _live_through(make: Make, trouble: Trouble) -> tuple[World, Totals]:
    world = make()
    people(world)
    world.mishap = trouble.mishap(world.injected)
    over = BEGINS + trouble.lasts
    while world.now < over:
        minute(world)
        if world.now - BEGINS > LASTS[0]:  # of a long one the minutes that look at what is older
            world.now += -world.now.minute % 5 * MINUTE
    world.mishap = None
    buried = sum(map(len, world.dead.values()))
    lived = Lived(world, due(), trouble.blinds, trouble.ends_messages)
    if trouble.buries:
        world.redrive()
    elif buried:
        lived.totals.wrong.append(f"{buried} dead letters of trouble that passes")
    return world, run_on(lived)


def run_on(lived: Lived) -> Totals:
    """Without trouble, until everything is at rest; then who heard is compared with who was due."""
    world, totals = lived.world, lived.totals
    while totals.minutes < REST_WITHIN and not (totals.minutes and is_at_rest(world)):
        minute(world)
        totals.minutes += 1
    compare(lived)
    return totals


def is_at_rest(world: World) -> bool:
    """Nothing is under way, and nothing is due."""
    if any(world.queues.values()) or any(world.dead.values()):
        return False
    wakes = (
        row[name]["S"]
        for row in world.store.all_items("Schedules")
        for name in (f"{channel}_next_at" for channel in Channel)
        if name in row
    )
    if min(wakes, default="9999") <= minute_text(world.now):
        return False
    return all(
        "settle_at" not in row and row.get("state", {"S": ""})["S"] != "waiting"
        for row in world.store.all_items("Ledger")
    )


ARRIVED = {"sent", "delivered"}


def compare(lived: Lived) -> None:
    """What every run must have come to."""
    world, totals = lived.world, lived.totals
    totals.wrong += world.wrong
    totals.accepted = len(world.accepted)
    heard = Counter((each.user_id, each.channel) for each in world.accepted for _ in each.keys)
    rows = [
        row
        for user_id in sorted({user_id for user_id, _ in lived.owed})
        for row in LedgerItem.query(user_id)
    ]
    for row in rows:
        _judge(lived, row)
    excused = _excused(lived, rows)
    for who, owed in lived.owed.items():
        if heard[who] < owed - excused[who]:
            totals.lost.append(f"heard {heard[who]} times, {owed} were due: {who}")
        if heard[who] > owed + (_resends(rows, who) if lived.blind else 0):
            totals.duplicated.append(f"heard {heard[who]} times, {owed} were due: {who}")
    totals.wrong += [f"nothing was due: {who}" for who in heard if who not in lived.owed]
    totals.wrong += [
        f"past its use: {each.user_id} {key}"
        for each in world.accepted
        for key in each.keys
        if not lived.late and each.at.date() > date.fromisoformat(key.partition("#")[0])
    ]
    for queue in QUEUES:
        left = len(world.queues[queue]), len(world.dead[queue])
        if any(left):
            totals.lost.append(f"{left} messages are left in {queue}")
    for row in world.store.all_items("Schedules"):
        totals.lost += [f"put aside: {row['user_id']['S']}" for name in row if "quarant" in name]


def _judge(lived: Lived, row: LedgerItem) -> None:
    totals, name = lived.totals, f"{row.user_id} {row.key}"
    totals.unknown += row.state == "unknown"
    totals.resent += row.resends or 0
    was_stuck = row.user_id.endswith("-stuck")
    if row.resends and not (lived.blind or was_stuck):
        totals.wrong.append(f"sent again, though it was known: {name}")
    if row.settle_at is not None:
        totals.lost.append(f"to be settled for ever: {name}")
    allowed = ARRIVED | {"in_digest"}
    if row.user_id == CAME_BACK and row.channel == "email":
        allowed = {"bounced"}
    if lived.blind:
        allowed |= {"unknown"}
    if lived.ended:
        allowed |= {"failed"}
    if lived.late:
        allowed |= {"skipped"}
    if row.state not in allowed:
        totals.lost.append(f"{row.state}: {name}")


def _excused(lived: Lived, rows: list[LedgerItem]) -> Counter[tuple[str, str]]:
    """What may not have been heard: nobody can tell, or it was refused for good."""
    return Counter(
        (row.user_id, row.channel)
        for row in rows
        if (lived.blind and row.state == "unknown") or (lived.ended and row.state == "failed")
    )


def _resends(rows: list[LedgerItem], who: tuple[str, str]) -> int:
    return sum(row.resends or 0 for row in rows if (row.user_id, row.channel) == who)


def runs(make: Make, *, start: int = 0, step: int = 1) -> Iterator[tuple[str, World, Totals]]:
    """From the trouble `start` on each `step`th."""
    for trouble in troubles()[start::step]:
        yield trouble.name, *live_through(make, trouble)

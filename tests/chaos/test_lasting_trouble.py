"""AWS in trouble for twenty minutes: nobody is put aside, nothing is buried, everybody hears once.

What passes by itself says nothing of a message, a user or a receipt. So it uses up no receive of
a queue and needs no hand afterwards.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from botocore.exceptions import ConnectTimeoutError, NoCredentialsError, ReadTimeoutError

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Plan
from bill_reminders.storage.saving import save_bills, save_user
from bill_reminders.storage.tables import LedgerItem, ScheduleItem
from tests.chaos import conditions, lasting, story
from tests.chaos.lasting import Trouble
from tests.chaos.store import cancelled, error
from tests.chaos.story import MINUTE, NINE
from tests.chaos.world import SHARDS, START, Outage, World, inhabited
from tests.support.people import a_bill, a_user

LASTS = 20
NAMES = [f"user-{number:02}" for number in range(40)]
AWS = "https://aws.example.com"


@pytest.fixture(scope="module")
def make() -> Iterator[Callable[[], World]]:
    with inhabited() as made:
        yield made


def meets(service: str, *operations: str, problem: Callable[[str], Exception]) -> Outage:
    """The named operations of a service meet a problem, all of them when none is named."""

    def outage(called: str, operation: str) -> None:
        if called == service and (not operations or operation in operations):
            raise problem(operation)

    return outage


def answers(code: str, status: int = 400) -> Callable[[str], Exception]:
    return lambda operation: error(code, operation, status)


THROTTLED = answers("ProvisionedThroughputExceededException")
READS = ("GetItem", "BatchGetItem", "Query")
TROUBLES: dict[str, Outage] = {
    "reads are throttled": meets("dynamodb", *READS, problem=THROTTLED),
    "accounts are throttled": meets("dynamodb", "GetItem", "BatchGetItem", problem=THROTTLED),
    "everything is throttled": meets("dynamodb", problem=THROTTLED),
    "too many requests": meets("dynamodb", problem=answers("RequestLimitExceeded")),
    "another kind of throttling": meets("dynamodb", problem=answers("ThrottlingException")),
    "claims conflict": meets(
        "dynamodb",
        "TransactWriteItems",
        problem=lambda _: cancelled(["TransactionConflict", "None"]),
    ),
    "transactions are throttled": meets("dynamodb", "TransactWriteItems", problem=THROTTLED),
    "the tables fail": meets("dynamodb", problem=answers("InternalServerError", 500)),
    "the tables are down": meets("dynamodb", problem=answers("ServiceUnavailable", 503)),
    "no answer": meets("dynamodb", problem=lambda _: ReadTimeoutError(endpoint_url=AWS)),
    "out of reach": meets("dynamodb", problem=lambda _: ConnectTimeoutError(endpoint_url=AWS)),
    "no role": meets("dynamodb", problem=lambda _: NoCredentialsError()),
    "a role that lacks a permission": meets(
        "dynamodb", *READS, problem=answers("AccessDeniedException")
    ),
    "a key that is disabled": meets("dynamodb", problem=answers("KMSInvalidStateException")),
    "the switches are throttled": meets("ssm", problem=answers("ThrottlingException")),
    "the queues are throttled": meets("sqs", problem=answers("RequestThrottled", 403)),
}


@pytest.mark.parametrize("trouble", lasting.some(), ids=lambda trouble: trouble.name)
def test_after_a_trouble_of_any_call_everybody_has_heard_once(
    make: Callable[[], World], trouble: Trouble
) -> None:
    world, totals = lasting.live_through(make, trouble)
    assert totals.holds, totals
    assert world.injected["lasting"] > 0


@pytest.mark.parametrize("condition", conditions.CONDITIONS)
def test_while_a_condition_lasts_everybody_hears_once(
    make: Callable[[], World], condition: str
) -> None:
    for seed in range(2):
        totals = conditions.live(make, condition, seed)
        assert totals.holds, (seed, totals)


def test_the_slice_has_every_call_and_every_fault() -> None:
    chosen = lasting.some()
    for part in ("operation", "fault", "extent", "lasts"):
        every = {getattr(trouble, part) for trouble in lasting.troubles()}
        assert {getattr(trouble, part) for trouble in chosen} == every, part


def everybody(channel: Channel) -> None:
    plan = Plan(lead_days=(3,), overdue_days=(), channels=(channel,))
    for user_id in NAMES:
        save_user(
            a_user(user_id, channels=(channel,), plan=plan), shards=SHARDS, now=START - MINUTE
        )
        bill = a_bill(user_id, "rent", due_on=date(2027, 3, 4))
        save_bills(user_id, [lambda _, bill=bill: bill], now=START - MINUTE)


def a_minute(world: World, queue: str) -> None:
    """Every function on its occasion; what failed comes back in the next minute."""
    world.tick()
    for _ in range(len(world.queues[queue]) // 10 + 1):
        world.deliver(queue)
    world.sweep()
    world.now += MINUTE


def live_through(world: World, queue: str, trouble: Outage, *, woken_before: bool) -> None:
    """A day's beginning in trouble; the first wake-ups are on their way before it, or not."""
    world.now = NINE
    if woken_before:
        world.tick()
    world.outage = trouble
    for _ in range(LASTS):
        a_minute(world, queue)
    world.outage = None


def put_aside() -> list[str]:
    names = [f"{channel}_quarantined_at" for channel in Channel]
    return [
        user_id
        for user_id in NAMES
        if any(getattr(ScheduleItem.get(user_id), name) is not None for name in names)
    ]


@pytest.mark.parametrize(
    ("trouble", "channel", "woken_before"),
    [
        *((trouble, Channel.SMS, True) for trouble in TROUBLES),
        ("reads are throttled", Channel.PUSH, True),
        ("reads are throttled", Channel.EMAIL, True),
        ("accounts are throttled", Channel.SMS, False),
        ("the queues are throttled", Channel.SMS, False),
    ],
)
def test_trouble_that_passes_puts_nobody_aside_and_everybody_hears_once(
    make: Callable[[], World], trouble: str, channel: Channel, woken_before: bool
) -> None:
    world, queue = make(), f"{channel.value.capitalize()}Nudges"
    everybody(channel)
    live_through(world, queue, TROUBLES[trouble], woken_before=woken_before)
    assert (put_aside(), world.dead[queue]) == ([], [])
    for _ in range(10):
        a_minute(world, queue)
    assert Counter(each.user_id for each in world.accepted) == Counter(NAMES)
    assert world.wrong == []
    rows = [row for user_id in NAMES for row in LedgerItem.query(user_id)]
    assert {(row.state, row.attempt) for row in rows} == {("sent", 1)}
    assert (put_aside(), world.dead[queue], world.queues[queue]) == ([], [], [])


def test_who_cannot_be_read_is_put_aside_while_the_others_wait_for_the_tables(
    make: Callable[[], World],
) -> None:
    """Poison stays poison: what passes hides nothing that does not."""
    world, queue = make(), "SmsNudges"
    everybody(Channel.SMS)
    world.store.tables["Users"].items[(NAMES[0],)]["language"] = {"S": "no language"}
    live_through(world, queue, TROUBLES["reads are throttled"], woken_before=True)
    assert put_aside() == []
    for _ in range(10):
        a_minute(world, queue)
    assert put_aside() == [NAMES[0]]
    assert world.dead[queue]
    assert Counter(each.user_id for each in world.accepted) == Counter(NAMES[1:])


@pytest.mark.parametrize("trouble", [name for name in TROUBLES if "queues" not in name])
def test_a_receipt_outlives_the_trouble_and_settles_its_message(
    make: Callable[[], World], trouble: str
) -> None:
    world = make()
    story.people(world)
    story.course(world)
    story.send_receipts(world, "bad")
    world.outage = TROUBLES[trouble]
    for _ in range(LASTS * 3):
        while world.deliver("Receipts"):
            pass
        world.now += MINUTE
    world.outage = None
    assert not world.dead["Receipts"]
    totals = story.finish(world)
    assert totals.holds, totals


def test_a_redrive_in_the_middle_of_trouble_loses_nobody(make: Callable[[], World]) -> None:
    """Who was put aside is in no index, so their wake-up must wait for the tables."""
    world, queue = make(), "SmsNudges"
    everybody(Channel.SMS)
    broken = world.store.tables["Users"].items[(NAMES[0],)]
    language, broken["language"] = broken["language"], {"S": "no language"}
    world.now = NINE
    for _ in range(10):
        a_minute(world, queue)
    assert put_aside() == [NAMES[0]]
    world.store.tables["Users"].items[(NAMES[0],)]["language"] = language
    world.outage = TROUBLES["reads are throttled"]
    world.redrive()
    for _ in range(LASTS):
        a_minute(world, queue)
    world.outage = None
    assert not world.dead[queue]
    for _ in range(10):
        a_minute(world, queue)
    assert put_aside() == []
    assert Counter(each.user_id for each in world.accepted) == Counter(NAMES)


@pytest.mark.parametrize("begins", range(12))
def test_trouble_that_begins_in_the_middle_of_a_last_receive_puts_nobody_aside(
    make: Callable[[], World], begins: int
) -> None:
    """At whichever call of it. What was out of the index is put back, or has its dead letter."""
    world, queue, calls = make(), "SmsNudges", 0
    everybody(Channel.SMS)
    world.now = NINE
    world.tick()
    for letter in world.queues[queue]:
        letter.receives = 2

    def outage(service: str, operation: str) -> None:
        nonlocal calls
        calls += service == "dynamodb"
        if calls > begins and operation != "TransactWriteItems":
            TROUBLES["everything is throttled"](service, operation)

    world.outage = outage
    world.deliver(queue)
    world.outage = None
    assert (put_aside(), world.dead[queue]) == ([], [])
    for _ in range(12):
        a_minute(world, queue)
    assert Counter(each.user_id for each in world.accepted) == Counter(NAMES)
    assert put_aside() == []

"""Mishaps in the middle of a send: nothing is lost by them, nothing is sent twice."""

import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import cycle
from threading import Barrier
from typing import Any
from urllib.parse import parse_qs

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from bill_reminders import batches
from bill_reminders.delivery import claims
from bill_reminders.delivery.circuit import REFUSALS, SHORTEST
from bill_reminders.delivery.pace import Pace
from bill_reminders.delivery.wake_ups import WakeUp
from bill_reminders.delivery.worker import RESERVE_MILLISECONDS
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.money import Money
from bill_reminders.domain.people import Join, Plan, PlanChange, StoppedBy
from bill_reminders.storage import accounts, tables
from bill_reminders.storage.saving import save_bills
from tests.adapters.conftest import SetClock
from tests.support import wire
from tests.support.entered import (
    IN_THREE_DAYS,
    NINE,
    SHARDS,
    enter,
    ledger_of,
    rests_at,
    schedule,
    wakes_at,
)
from tests.support.functions import Context, counted_calls, sqs_event
from tests.support.logged import logged
from tests.support.moto_stack import MotoStack
from tests.support.people import EMAIL, ENDPOINT, PHONE, a_bill, a_user

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
ADDRESSES = (PHONE, PHONE.lstrip("+"), EMAIL, ENDPOINT)
REPEATED = f"Invalid parameter Reason: {PHONE} or {EMAIL} or {ENDPOINT} is not valid"
TOO_LONG = Money(Decimal("1" * 30), "USD")
"""An amount that the table holds and planning ignores, and that Babel cannot write in words."""

CHANNELS = pytest.mark.parametrize("channel", Channel)


@pytest.fixture(autouse=True)
def _at_nine(stack: MotoStack, set_clock: SetClock) -> None:
    stack.client("sesv2").create_email_identity(EmailIdentity="example.com")
    set_clock(NINE + 5 * SECOND)


@pytest.fixture(autouse=True)
def log(stack: MotoStack) -> Iterator[io.StringIO]:
    """What the functions log. After every test here: no address in it."""
    with logged(stack.function("SendSms").logger) as lines:
        yield lines
    for address in ADDRESSES:
        assert address not in lines.getvalue()


def function(stack: MotoStack, channel: Channel) -> Any:
    return stack.function(f"Send{channel.value.capitalize()}")


def wake_up(
    stack: MotoStack,
    channel: Channel,
    *user_ids: str,
    receives: int = 1,
    context: Context | None = None,
) -> list[str]:
    """The wake-ups that shall come back."""
    event = sqs_event(*(WakeUp(user_id, NINE).body() for user_id in user_ids), receives=receives)
    answer = function(stack, channel).handler(event, context or Context())
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@contextmanager
def provider(
    stack: MotoStack, channel: Channel, act: wire.Act
) -> Iterator[list[AWSPreparedRequest]]:
    """The sends that leave while the channel's provider answers with `act`."""
    module = function(stack, channel)
    client = module.reminders.provider
    operation = "SendEmail" if channel is Channel.EMAIL else "Publish"
    requests: list[AWSPreparedRequest] = []
    with wire.before(client, operation, wire.counting(requests, act)):
        yield requests


def takes(channel: Channel) -> wire.Act:
    if channel is Channel.EMAIL:
        return wire.answers(200, '{"MessageId": "m-1"}')
    return wire.answers(
        200,
        "<PublishResponse><PublishResult><MessageId>m-1</MessageId></PublishResult>"
        "</PublishResponse>",
    )


def once(act: wire.Act, channel: Channel) -> wire.Act:
    """`act` for the first send; every later one is taken."""
    failing, taking = wire.first(1, act), takes(channel)
    return lambda request: failing(request) or taking(request)


def text_of(request: AWSPreparedRequest) -> str:
    """Everything that an SNS request carries, in plain letters."""
    return str(parse_qs(request.body))


def enter_due(channel: Channel, *bill_ids: str, user_id: str = "somebody", **bill: Any) -> None:
    """A user with bills whose first reminder is due at NINE on `channel`."""
    bills = (a_bill(user_id, bill_id, due_on=IN_THREE_DAYS, **bill) for bill_id in bill_ids)
    enter(a_user(user_id, channels=(channel,)), *bills)


def states(user_id: str = "somebody") -> set[tuple[str, str | None]]:
    return {(row.state, row.reason) for row in ledger_of(user_id)}


# A message that cannot be composed ---------------------------------------------------------------


def mend(stack: MotoStack, bill_id: str) -> None:
    """As in the console: the bill alone, so that nothing plans the user again."""
    stack.client("dynamodb").update_item(
        TableName=stack.ids["Bills"],
        Key={"user_id": {"S": "somebody"}, "bill_id": {"S": bill_id}},
        UpdateExpression="SET amount = :amount",
        ExpressionAttributeValues={":amount": {"N": "12.5"}},
    )


@CHANNELS
def test_a_message_that_cannot_be_composed_waits_and_its_wake_up_comes_back(
    stack: MotoStack, channel: Channel, log: io.StringIO
) -> None:
    enter_due(channel, "power", "rent", amount=TOO_LONG)
    with provider(stack, channel, takes(channel)) as sent:
        assert wake_up(stack, channel, "somebody") == ["message-0"]
    assert not sent
    assert len(ledger_of("somebody")) == 2
    assert states() == {("waiting", "not_composed")}
    assert {row.not_before for row in ledger_of("somebody")} == {None}
    assert wakes_at("somebody", channel) == NINE + MINUTE
    assert rests_at("somebody", channel) is None
    assert "wake-up failed" in log.getvalue()


def test_the_siblings_of_a_message_that_cannot_be_composed_are_sent(stack: MotoStack) -> None:
    enter_due(Channel.SMS, "rent", user_id="bad", amount=TOO_LONG)
    enter_due(Channel.SMS, "rent", user_id="good")
    with provider(stack, Channel.SMS, takes(Channel.SMS)) as sent:
        assert wake_up(stack, Channel.SMS, "bad", "good") == ["message-0"]
    assert len(sent) == 1
    assert states("good") == {("sent", None)}


@CHANNELS
def test_the_third_time_it_cannot_be_composed_its_user_is_put_aside(
    stack: MotoStack, channel: Channel
) -> None:
    enter_due(channel, "power", "rent", amount=TOO_LONG)
    with provider(stack, channel, takes(channel)) as sent:
        for receives in (1, 2, 3):
            assert rests_at("somebody", channel) is None
            assert wake_up(stack, channel, "somebody", receives=receives) == ["message-0"]
    assert not sent
    assert states() == {("waiting", "not_composed")}
    assert {row.attempt for row in ledger_of("somebody")} == {3}
    assert wakes_at("somebody", channel) is None
    assert rests_at("somebody", channel) is not None


@CHANNELS
def test_once_its_cause_is_mended_a_redrive_sends_it_exactly_once(
    stack: MotoStack, channel: Channel
) -> None:
    enter_due(channel, "power", "rent", amount=TOO_LONG)
    for receives in (1, 2, 3):
        wake_up(stack, channel, "somebody", receives=receives)
    mend(stack, "power")
    mend(stack, "rent")
    with provider(stack, channel, takes(channel)) as sent:
        assert wake_up(stack, channel, "somebody", "somebody") == []
        assert wake_up(stack, channel, "somebody") == []
    assert len(sent) == 1
    assert sorted(row.state for row in ledger_of("somebody")) == ["in_digest", "sent"]
    assert rests_at("somebody", channel) is None
    assert wakes_at("somebody", channel) == NINE + 2 * DAY


def test_what_could_not_be_composed_was_no_greeting(stack: MotoStack) -> None:
    enter_due(Channel.SMS, "rent", amount=TOO_LONG)
    wake_up(stack, Channel.SMS, "somebody")
    mend(stack, "rent")
    with provider(stack, Channel.SMS, takes(Channel.SMS)) as sent:
        wake_up(stack, Channel.SMS, "somebody")
    assert "To stop" in text_of(sent[0])


# An answer that cannot be read -------------------------------------------------------------------

BROKEN_OFF = "<PublishResponse><PublishResult><Messa"
NAMELESS = "<PublishResponse><PublishResult/></PublishResponse>"
PAGE = "<html><body>Welcome</body></html>"
UNREADABLE = [
    *(
        pytest.param(channel, 200, body, id=f"{channel}: {name}")
        for channel in (Channel.SMS, Channel.PUSH)
        for name, body in {
            "garbage": "garbage",
            "nothing": "",
            "a page": PAGE,
            "broken off": BROKEN_OFF,
            "no id": NAMELESS,
            "json": '{"MessageId": "m-1"}',
        }.items()
    ),
    *(
        pytest.param(Channel.EMAIL, 200, body, id=f"email: {name}")
        for name, body in {
            "garbage": "garbage",
            "nothing": "",
            "a page": PAGE,
            "broken off": '{"MessageId": "m-',
            "no id": "{}",
            "null for an id": '{"MessageId": null}',
        }.items()
    ),
    pytest.param(Channel.SMS, 503, PAGE, id="sms: 503 and a page"),
    pytest.param(Channel.EMAIL, 503, PAGE, id="email: 503 and a page"),
    pytest.param(Channel.EMAIL, 200, "[]", id="email: a list"),
    pytest.param(Channel.EMAIL, 200, "null", id="email: null"),
    pytest.param(Channel.EMAIL, 200, '"taken"', id="email: a text"),
    pytest.param(Channel.EMAIL, 503, "[]", id="email: 503 and a list"),
    pytest.param(Channel.SMS, 503, "<busy/>", id="sms: 503 without an error"),
]


@pytest.mark.parametrize(("channel", "status", "body"), UNREADABLE)
def test_an_answer_that_cannot_be_read_leaves_it_unknown_and_is_never_sent_again(
    stack: MotoStack, channel: Channel, status: int, body: str
) -> None:
    enter_due(channel, "rent")
    with provider(stack, channel, wire.answers(status, body)) as sent:
        assert wake_up(stack, channel, "somebody") == []
        assert wake_up(stack, channel, "somebody", "somebody", receives=2) == []
    assert len(sent) == 1
    assert states() == {("unknown", "no_answer")}
    assert [row.provider_id for row in ledger_of("somebody")] == [None]
    assert wakes_at("somebody", channel) == NINE + 2 * DAY


# Too little time ---------------------------------------------------------------------------------


def in_index(channel: Channel) -> set[tuple[str, datetime]]:
    """Who is in the channel's index, and at which minute."""
    index = tables.due_index(channel)
    attribute = tables.next_at(channel).attr_name
    found = (item for shard in range(SHARDS) for item in index.query(shard))
    return {(item.user_id, getattr(item, attribute)) for item in found}


@CHANNELS
@pytest.mark.parametrize("receives", [1, 3])
def test_with_too_little_time_left_no_wake_up_is_begun(
    stack: MotoStack, channel: Channel, receives: int
) -> None:
    enter_due(channel, "rent")
    version = schedule("somebody").version
    late = Context(milliseconds_left=RESERVE_MILLISECONDS - 1)
    with (
        provider(stack, channel, takes(channel)) as sent,
        counted_calls(tables.connection.client) as calls,
    ):
        assert wake_up(stack, channel, "somebody", receives=receives, context=late) == []
    assert not sent
    # of SMS, what a batch may take of the day's total is counted first
    assert calls == (["UpdateItem"] if channel is Channel.SMS else [])
    assert not ledger_of("somebody")
    assert in_index(channel) == {("somebody", NINE)}
    assert schedule("somebody").version == version
    assert rests_at("somebody", channel) is None


def test_with_just_enough_time_left_a_wake_up_is_begun(stack: MotoStack) -> None:
    enter_due(Channel.SMS, "rent")
    context = Context(milliseconds_left=RESERVE_MILLISECONDS)
    with provider(stack, Channel.SMS, takes(Channel.SMS)) as sent:
        wake_up(stack, Channel.SMS, "somebody", context=context)
    assert len(sent) == 1


class RunningOut(Context):
    """Enough time for one wake-up, and for no second one."""

    def get_remaining_time_in_millis(self) -> int:
        left = self.milliseconds_left
        object.__setattr__(self, "milliseconds_left", left - RESERVE_MILLISECONDS)
        return left


def test_when_time_runs_out_the_rest_of_the_batch_stays_in_the_index(stack: MotoStack) -> None:
    enter_due(Channel.SMS, "rent", user_id="first")
    enter_due(Channel.SMS, "rent", user_id="last")
    context = RunningOut(milliseconds_left=RESERVE_MILLISECONDS + 1)
    with provider(stack, Channel.SMS, takes(Channel.SMS)) as sent:
        assert wake_up(stack, Channel.SMS, "first", "last", context=context) == []
        assert len(sent) == 1
        (one,) = (user_id for user_id in ("first", "last") if ledger_of(user_id))
        (other,) = {"first", "last"} - {one}
        assert states(one) == {("sent", None)}
        assert in_index(Channel.SMS) == {(one, NINE + 2 * DAY), (other, NINE)}
        wake_up(stack, Channel.SMS, "first", "last")
    assert len(sent) == 2


# A claim that cannot be given back ---------------------------------------------------------------


def troubles(log: io.StringIO) -> list[dict[str, Any]]:
    """The lines that an alarm looks for."""
    lines = (json.loads(line) for line in log.getvalue().splitlines() if line.startswith("{"))
    return [line for line in lines if line.get("may_pass")]


@CHANNELS
@pytest.mark.parametrize("receives", [1, 3])
def test_a_refusal_that_cannot_be_given_back_is_no_poison_and_says_so(
    stack: MotoStack, channel: Channel, receives: int, log: io.StringIO
) -> None:
    enter_due(channel, "rent")
    refusal = (
        wire.json_error("TooManyRequestsException", status=429, message=REPEATED)
        if channel is Channel.EMAIL
        else wire.xml_error("Throttling", message=REPEATED)
    )
    transactions: list[AWSPreparedRequest] = []
    conflict = wire.cancelled(["TransactionConflict", "None"])

    before = 2 if receives == 3 else 1  # at a last receive the user is put aside, too

    def after_the_claim(request: AWSPreparedRequest) -> Any:
        return conflict(request) if len(transactions) > before else None

    meddling = wire.counting(transactions, after_the_claim)
    with (
        wire.before(tables.connection.client, "TransactWriteItems", meddling),
        provider(stack, channel, refusal) as sent,
    ):
        assert wake_up(stack, channel, "somebody", receives=receives) == []
    assert len(transactions) > 2
    assert len(sent) == 1
    (line,) = troubles(log)
    assert (line["user_id"], line["error"]) == ("somebody", "NotGivenBack")
    assert line["where"]
    assert wakes_at("somebody", channel) is not None
    assert rests_at("somebody", channel) is None
    with provider(stack, channel, takes(channel)) as again:
        wake_up(stack, channel, "somebody", receives=2)
    assert not again, "what stays claimed is nobody else's"
    assert {row.state for row in ledger_of("somebody")} == {"claimed"}


@CHANNELS
@pytest.mark.parametrize("code", ["ThrottlingException", "InternalServerError"])
def test_a_refusal_is_given_back_through_a_table_that_is_busy_for_a_moment(
    stack: MotoStack, channel: Channel, code: str
) -> None:
    """Nothing went out, and nobody may take it for a message of which nothing is known."""
    enter_due(channel, "rent")
    refusal = (
        wire.json_error("TooManyRequestsException", status=429, message=REPEATED)
        if channel is Channel.EMAIL
        else wire.xml_error("Throttling", message=REPEATED)
    )
    client = tables.connection.client
    busy: list[AWSPreparedRequest] = []
    with provider(stack, channel, refusal) as sent:

        def refuse(request: AWSPreparedRequest) -> Any:
            if sent and len(busy) < 2 * client.meta.config.retries["total_max_attempts"]:
                busy.append(request)
                return wire.json_error(code, status=400 if "Throttling" in code else 500)(request)
            return None

        with wire.before(client, "Query", refuse):
            assert wake_up(stack, channel, "somebody") == []
    assert len(busy) == 4, "two reads, each with the library's own second attempt"
    assert len(sent) == 1
    assert {row.state for row in ledger_of("somebody")} == {"waiting"}
    assert wakes_at("somebody", channel) is not None


# A first message that was rejected for good ------------------------------------------------------

REJECTIONS = pytest.mark.parametrize(
    ("channel", "code", "stop"),
    [
        (Channel.SMS, "InvalidParameter", "To stop"),
        (Channel.PUSH, "InvalidParameter", "To stop"),
    ],
)


@REJECTIONS
def test_a_first_message_that_was_rejected_is_no_greeting(
    stack: MotoStack, set_clock: SetClock, channel: Channel, code: str, stop: str
) -> None:
    enter_due(channel, "rent")
    rejection = once(wire.xml_error(code, message=REPEATED), channel)
    with provider(stack, channel, rejection) as sent:
        for days in (0, 2, 3):
            set_clock(NINE + days * DAY + 5 * SECOND)
            assert wake_up(stack, channel, "somebody") == []
    assert sorted(row.state for row in ledger_of("somebody")) == ["failed", "sent", "sent"]
    assert [stop in text_of(request) for request in sent] == [True, True, False]


@REJECTIONS
def test_a_later_message_that_was_rejected_leaves_the_greeting(
    stack: MotoStack, set_clock: SetClock, channel: Channel, code: str, stop: str
) -> None:
    enter_due(channel, "rent")
    taking, rejecting = takes(channel), wire.xml_error(code, message=REPEATED)
    texts: list[str] = []
    for days, act in ((0, taking), (2, rejecting), (3, taking)):
        set_clock(NINE + days * DAY + 5 * SECOND)
        with provider(stack, channel, act) as sent:
            wake_up(stack, channel, "somebody")
        texts += map(text_of, sent)
    assert [stop in text for text in texts] == [True, False, False]


@pytest.mark.parametrize(
    ("channel", "code"), [(Channel.SMS, "InvalidParameter"), (Channel.PUSH, "EndpointDisabled")]
)
def test_a_rejected_message_goes_by_the_channel_that_stands_in(
    stack: MotoStack, set_clock: SetClock, channel: Channel, code: str
) -> None:
    plan = Plan(channels=(channel, Channel.EMAIL), joins=(Join(Channel.EMAIL, None),))
    enter(a_user(channels=plan.channels, plan=plan), a_bill(due_on=IN_THREE_DAYS))
    stack.client("sesv2").create_email_identity(EmailIdentity="example.com")
    set_clock(NINE + 5 * SECOND)
    with provider(stack, channel, wire.xml_error(code, message=REPEATED)):
        wake_up(stack, channel, "somebody")
    assert wakes_at("somebody", Channel.EMAIL) == NINE + MINUTE
    set_clock(NINE + MINUTE)
    assert wake_up(stack, Channel.EMAIL, "somebody") == []
    states = {row.channel: row.state for row in ledger_of("somebody")}
    assert states == {channel.value: "failed", "email": "sent"}


@pytest.mark.parametrize(
    ("channel", "code", "by"),
    [
        (Channel.SMS, "OptedOut", StoppedBy.PROVIDER),
        (Channel.PUSH, "EndpointDisabled", StoppedBy.BOUNCED),
    ],
)
def test_an_address_that_the_provider_knows_to_be_of_no_use_is_not_tried_again(
    stack: MotoStack, set_clock: SetClock, channel: Channel, code: str, by: StoppedBy
) -> None:
    enter_due(channel, "rent")
    set_clock(NINE + 5 * SECOND)
    with provider(stack, channel, wire.xml_error(code, message=REPEATED)) as sent:
        assert wake_up(stack, channel, "somebody") == []
        set_clock(NINE + 2 * DAY + 5 * SECOND)
        assert wake_up(stack, channel, "somebody") == []
    assert len(sent) == 1
    assert accounts.read("somebody", now=NINE).user.addresses[channel].stopped_by is by
    assert sorted(row.state for row in ledger_of("somebody")) == ["failed", "skipped"]


@REJECTIONS
def test_a_rejection_does_not_bring_an_erased_schedule_back(
    stack: MotoStack, channel: Channel, code: str, stop: str
) -> None:
    enter_due(channel, "rent")
    rejecting = wire.xml_error(code, message=REPEATED)

    def erased_meanwhile(request: AWSPreparedRequest) -> Any:
        schedule("somebody").delete()
        return rejecting(request)

    with provider(stack, channel, erased_meanwhile) as sent:
        assert wake_up(stack, channel, "somebody") == []
    assert len(sent) == 1
    assert not accounts.exists("somebody")
    assert states() != {("claimed", None)}


@REJECTIONS
def test_a_rejection_brings_nothing_back_of_a_user_erased_with_their_ledger(
    stack: MotoStack, channel: Channel, code: str, stop: str
) -> None:
    enter_due(channel, "rent")
    rejecting = wire.xml_error(code, message=REPEATED)

    def erased_meanwhile(request: AWSPreparedRequest) -> Any:
        schedule("somebody").delete()
        for row in ledger_of("somebody"):
            row.delete()
        return rejecting(request)

    with provider(stack, channel, erased_meanwhile):
        assert wake_up(stack, channel, "somebody") == []
    assert not accounts.exists("somebody")
    assert not ledger_of("somebody")


# A provider in trouble ---------------------------------------------------------------------------


def refusal(channel: Channel) -> wire.Act:
    return (wire.json_error if channel is Channel.EMAIL else wire.xml_error)("Throttling")


def in_turn(*acts: wire.Act) -> wire.Act:
    """One after the other, and from the beginning."""
    turns = cycle(acts)

    def act(request: AWSPreparedRequest) -> AWSResponse | None:
        return next(turns)(request)

    return act


TROUBLES = pytest.mark.parametrize(
    "trouble",
    [
        refusal,
        lambda _: wire.raises(wire.TIMEOUT),
        lambda _: wire.answers(503, PAGE),
        lambda channel: in_turn(wire.raises(wire.RESET), refusal(channel)),
    ],
    ids=["refusals", "no answers", "failures", "one and the other"],
)


@CHANNELS
@TROUBLES
def test_a_provider_in_trouble_again_and_again_is_left_alone_for_a_while(
    stack: MotoStack,
    set_clock: SetClock,
    channel: Channel,
    trouble: Callable[[Channel], wire.Act],
) -> None:
    users = [f"user-{n:02}" for n in range(20)]
    for user_id in users:
        enter_due(channel, "rent", user_id=user_id)
    under_way = function(stack, channel).worker._pace.at_once
    set_clock(NINE)
    with provider(stack, channel, trouble(channel)) as asked:
        assert wake_up(stack, channel, *users) == []
    assert REFUSALS <= len(asked) < REFUSALS + under_way < len(users)
    touched = {user_id for user_id in users if ledger_of(user_id)}
    assert len(touched) == len(asked)
    left = {*users} - touched
    assert {user_id for user_id, at in in_index(channel) if at == NINE} == left

    set_clock(NINE + SHORTEST + MINUTE)
    with provider(stack, channel, takes(channel)) as sent:
        assert wake_up(stack, channel, *sorted(left)) == []
    assert len(sent) == len(left)


@TROUBLES
def test_after_each_pause_the_oldest_message_alone_finds_out(
    stack: MotoStack, set_clock: SetClock, trouble: Callable[[Channel], wire.Act]
) -> None:
    share_among_few(stack)
    first = [f"user-{n:02}" for n in range(REFUSALS)]
    left = [f"user-{n:02}" for n in range(10, 19)]
    for user_id in (*first, *left):
        enter_due(Channel.PUSH, "rent", user_id=user_id)
    for number, user_id in enumerate(("older", "oldest")):
        plan = Plan(channels=(Channel.PUSH,), remind_at=time(8, 40 - 10 * number))
        enter(
            a_user(user_id, channels=(Channel.PUSH,), plan=plan),
            a_bill(user_id, due_on=IN_THREE_DAYS),
        )
    left += ["older", "oldest"]
    now, pause = NINE, SHORTEST
    set_clock(now)
    with provider(stack, Channel.PUSH, trouble(Channel.PUSH)) as asked:
        wake_up(stack, Channel.PUSH, *first)
        assert len(asked) == REFUSALS
        for number, user_id in enumerate(("oldest", "older", "user-10")):
            now += pause + MINUTE
            set_clock(now)
            assert wake_up(stack, Channel.PUSH, *left) == []
            assert len(asked) == REFUSALS + 1 + number
            assert ledger_of(user_id)
            left.remove(user_id)
            pause *= 2
    assert {user_id for user_id in left if ledger_of(user_id)} == set()
    set_clock(now + pause + MINUTE)
    with provider(stack, Channel.PUSH, takes(Channel.PUSH)) as sent:
        assert wake_up(stack, Channel.PUSH, *left) == []
    assert len(sent) == len(left), "one was taken, and all others followed"


def test_who_has_nothing_to_hear_finds_out_nothing(stack: MotoStack, set_clock: SetClock) -> None:
    """The next one does."""
    first = [f"user-{n}" for n in range(REFUSALS)]
    for user_id in (*first, "last"):
        enter_due(Channel.SMS, "rent", user_id=user_id)
    set_clock(NINE)
    with provider(stack, Channel.SMS, refusal(Channel.SMS)) as asked:
        wake_up(stack, Channel.SMS, *first)
        set_clock(NINE + SHORTEST + MINUTE)
        wake_up(stack, Channel.SMS, "nobody", first[0], "last")
    assert len(asked) == REFUSALS + 1
    assert ledger_of("last")


@pytest.mark.parametrize("queue_takes_it", [True, False])
@pytest.mark.parametrize("others", [(), ("other",)], ids=["alone", "in a batch"])
def test_a_redrive_while_the_provider_is_left_alone_comes_again(
    stack: MotoStack, set_clock: SetClock, others: tuple[str, ...], queue_takes_it: bool
) -> None:
    """Who was put aside is in no index that would bring them back."""
    first = [f"user-{n}" for n in range(REFUSALS)]
    for user_id in (*first, "aside", *others):
        enter_due(Channel.SMS, "rent", user_id=user_id)
    assert claims.quarantine("aside", Channel.SMS) == NINE
    set_clock(NINE + 10 * MINUTE)
    with provider(stack, Channel.SMS, refusal(Channel.SMS)):
        wake_up(stack, Channel.SMS, *first)
    put: list[str] = []

    def take(request: AWSPreparedRequest) -> AWSResponse | None:
        put.append(str(wire.content(request)["MessageBody"]))
        return None if queue_takes_it else wire.json_error("RequestThrottled", 403)(request)

    with wire.before(batches._sqs(), "SendMessage", take):
        left = wake_up(stack, Channel.SMS, "aside", *others)
    assert left == ([] if queue_takes_it else ["message-0"])
    assert {*put} == {WakeUp("aside", NINE).body()}, "the index brings the others"


@pytest.mark.parametrize("act", [wire.raises(wire.TIMEOUT), refusal(Channel.EMAIL)])
def test_what_does_not_fit_into_a_message_in_trouble_is_not_risked_with_it(
    stack: MotoStack, set_clock: SetClock, act: wire.Act
) -> None:
    enter_due(Channel.EMAIL, *(f"bill-{number:03}" for number in range(105)))
    with provider(stack, Channel.EMAIL, once(act, Channel.EMAIL)) as sent:
        wake_up(stack, Channel.EMAIL, "somebody")
        assert len(sent) == 1
        assert {user_id for user_id, _ in in_index(Channel.EMAIL)} == {"somebody"}
        set_clock(NINE + 5 * MINUTE)
        wake_up(stack, Channel.EMAIL, "somebody")
    assert len(sent) > 1
    states = Counter(row.state for row in ledger_of("somebody"))
    assert states["claimed"] == states["waiting"] == 0


def test_what_did_not_fit_comes_back_also_at_a_last_receive(
    stack: MotoStack, set_clock: SetClock
) -> None:
    """Its wake-up is acknowledged, so the index must hold its user."""
    enter_due(Channel.EMAIL, *(f"bill-{number:03}" for number in range(105)))
    trouble = once(wire.raises(wire.TIMEOUT), Channel.EMAIL)
    with provider(stack, Channel.EMAIL, trouble) as sent:
        assert wake_up(stack, Channel.EMAIL, "somebody", receives=3) == []
        assert len(sent) == 1
        assert in_index(Channel.EMAIL) == {("somebody", NINE)}
        assert rests_at("somebody", Channel.EMAIL) is None
        set_clock(NINE + 5 * MINUTE)
        wake_up(stack, Channel.EMAIL, "somebody")
    assert len(sent) > 1


# Many at once ------------------------------------------------------------------------------------


def share_among_few(stack: MotoStack) -> None:
    """Two workers where as many as send one message after the other are deployed."""
    stack.function("SendPush").worker._pace = Pace.share(100, 2)


def test_as_many_are_under_way_at_once_as_the_pace_can_use(stack: MotoStack) -> None:
    share_among_few(stack)
    users = [f"user-{n}" for n in range(10)]
    for user_id in users:
        enter_due(Channel.PUSH, "rent", user_id=user_id)
    all_are_there, taken = Barrier(len(users)), takes(Channel.PUSH)

    def together(request: AWSPreparedRequest) -> Any:
        all_are_there.wait(timeout=30)  # raises when one of them does not come
        return taken(request)

    with provider(stack, Channel.PUSH, together) as sent:
        assert wake_up(stack, Channel.PUSH, *users) == []
    assert len(sent) == len(users)
    assert all(states(user_id) == {("sent", None)} for user_id in users)


def test_one_user_who_is_woken_many_times_at_once_hears_once(stack: MotoStack) -> None:
    share_among_few(stack)
    enter_due(Channel.PUSH, "rent", "power")
    with provider(stack, Channel.PUSH, takes(Channel.PUSH)) as sent:
        assert wake_up(stack, Channel.PUSH, *["somebody"] * 10) == []
    assert len(sent) == 1
    assert sorted(row.state for row in ledger_of("somebody")) == ["in_digest", "sent"]


def test_what_fails_among_many_comes_back_alone(stack: MotoStack) -> None:
    share_among_few(stack)
    users = [f"user-{n}" for n in range(10)]
    for number, user_id in enumerate(users):
        unwritable = {"amount": TOO_LONG} if number == 4 else {}
        enter_due(Channel.PUSH, "rent", user_id=user_id, **unwritable)
    with provider(stack, Channel.PUSH, takes(Channel.PUSH)) as sent:
        assert wake_up(stack, Channel.PUSH, *users) == ["message-4"]
    assert len(sent) == 9


# A plan that shrinks while the provider is asked -------------------------------------------------


def overdue_after(days: int, bill_id: str) -> Bill:
    """A bill whose one reminder by an overdue plan of 60 days is due at NINE."""
    due_on = NINE.date() - 60 * DAY
    change = PlanChange(lead_days=(), overdue_days=(days,))
    return a_bill(bill_id=bill_id, due_on=due_on, owed_from=due_on, plan_change=change)


def test_a_refusal_gives_back_what_a_shorter_plan_no_longer_reaches(stack: MotoStack) -> None:
    enter(a_user(), overdue_after(60, "power"), overdue_after(60, "rent"))
    assert wakes_at("somebody") == NINE
    refusing = wire.xml_error("Throttling", message=REPEATED)

    def shortened_meanwhile(request: AWSPreparedRequest) -> Any:
        drafts = [lambda _, bill_id=name: overdue_after(1, bill_id) for name in ("power", "rent")]
        assert save_bills("somebody", drafts, now=NINE)["changed"] == 2
        account = accounts.read("somebody", now=NINE)
        assert not account.recorded, "planning has no need of the rows any more"
        return refusing(request)

    with provider(stack, Channel.SMS, shortened_meanwhile) as sent:
        assert wake_up(stack, Channel.SMS, "somebody") == []
    assert len(sent) == 1
    rows = ledger_of("somebody")
    assert [row.trigger for row in rows] == ["overdue:60", "overdue:60"]
    assert states() == {("waiting", "Throttling")}
    assert {(row.owner, row.settle_at) for row in rows} == {(None, None)}
    with provider(stack, Channel.SMS, takes(Channel.SMS)) as again:
        assert wake_up(stack, Channel.SMS, "somebody") == []
    assert not again, "the plan asks for it no more"
    assert wakes_at("somebody") is None


# How long a push lasts ---------------------------------------------------------------------------

CLOCKS_GO_FORWARD = date(2027, 3, 14)


@pytest.mark.parametrize(
    ("zone", "day", "remind_at", "now", "left"),
    [
        ("UTC", date(2027, 3, 1), time(9, 0), NINE, 15 * 60 * MINUTE),
        ("Asia/Kathmandu", date(2027, 3, 1), time(14, 45), NINE, timedelta(hours=9, minutes=15)),
        ("UTC", date(2027, 3, 1), time(9, 0), NINE + 14 * 60 * MINUTE, timedelta(hours=1)),
        (
            "America/New_York",
            CLOCKS_GO_FORWARD,
            time(1, 0),
            datetime.fromisoformat("2027-03-14T06:00Z"),
            timedelta(hours=22),
        ),
        ("UTC", date(2027, 3, 1), time(9, 0), NINE + 15 * 60 * MINUTE - 50 * SECOND, MINUTE),
    ],
    ids=["UTC", "Kathmandu", "late in the day", "a day of 23 hours", "a minute at least"],
)
def test_a_push_lasts_until_the_users_day_ends(
    stack: MotoStack,
    set_clock: SetClock,
    zone: str,
    day: date,
    remind_at: time,
    now: datetime,
    left: timedelta,
) -> None:
    plan = Plan(lead_days=(3,), overdue_days=(), remind_at=remind_at, channels=(Channel.PUSH,))
    user = replace(a_user(channels=(Channel.PUSH,), zone=zone), plan=plan)
    enter(user, a_bill(due_on=day + 3 * DAY))
    set_clock(now)
    with provider(stack, Channel.PUSH, takes(Channel.PUSH)) as sent:
        assert wake_up(stack, Channel.PUSH, "somebody") == []
    seconds = times_to_live(sent[0])
    assert seconds.keys() == {"APNS", "APNS_SANDBOX", "FCM"}
    (value,) = set(seconds.values())
    assert max(MINUTE, left - 20 * SECOND) <= value * SECOND <= left


def times_to_live(request: AWSPreparedRequest) -> dict[str, int]:
    """In seconds, by platform."""
    fields = {name: values[0] for name, values in parse_qs(request.body).items()}
    found: dict[str, int] = {}
    for field, name in fields.items():
        if field.startswith("MessageAttributes.entry.") and name.endswith(".TTL"):
            entry = field.removesuffix("Name")
            assert fields[f"{entry}Value.DataType"] == "String"
            platform = name.removeprefix("AWS.SNS.MOBILE.").removesuffix(".TTL")
            found[platform] = int(fields[f"{entry}Value.StringValue"])
    return found

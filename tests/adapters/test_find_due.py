"""find_due wake-ups who is due, whatever else fails, at a cost that depends on nothing else."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import batched
from types import ModuleType
from typing import Any

import pytest
from moto.backends import get_backend

from bill_reminders.delivery.claims import claim_next
from bill_reminders.delivery.switches import UnreadableSwitches
from bill_reminders.domain.enums import Channel
from bill_reminders.storage import tables
from bill_reminders.storage.attributes import minute_text
from tests.adapters.conftest import SetClock
from tests.support import wire
from tests.support.entered import IN_THREE_DAYS, NINE, SHARDS, enter, ledger_of, wakes_at
from tests.support.functions import Context, counted_calls, load, sample_event, sqs_event
from tests.support.logged import logged
from tests.support.moto_stack import MotoStack
from tests.support.people import a_bill, a_user
from tests.support.template import function_environment

MINUTE = timedelta(minutes=1)
QUEUES = {channel: f"{channel.value.capitalize()}Nudges" for channel in Channel}
SENDERS = {channel: f"Send{channel.value.capitalize()}" for channel in Channel}
QUIET = NINE + MINUTE
"""A minute without a look at what is older."""


def tick(stack: MotoStack, minute: datetime = NINE, function: ModuleType | None = None) -> None:
    event = sample_event("find_due") | {"time": minute.strftime("%Y-%m-%dT%H:%M:%SZ")}
    (function or stack.function("FindDue")).handler(event, Context())


def write_schedules(
    stack: MotoStack,
    count: int,
    *,
    at: datetime | Callable[[int], datetime] = NINE,
    channels: tuple[Channel, ...] = (Channel.SMS,),
    prefix: str = "user",
    shard: int | None = None,
) -> None:
    """Plain items, many a call: a crowd that waits until `at`."""
    client = stack.client("dynamodb")
    for numbers in batched(range(count), 25, strict=False):
        puts = []
        for number in numbers:
            instant = minute_text(at(number) if callable(at) else at)
            item = {
                "user_id": {"S": f"{prefix}-{number:05}"},
                "shard": {"N": str(number % SHARDS if shard is None else shard)},
                "version": {"N": "1"},
            } | {f"{channel}_next_at": {"S": instant} for channel in channels}
            puts.append({"PutRequest": {"Item": item}})
        client.batch_write_item(RequestItems={stack.ids["Schedules"]: puts})


def received(stack: MotoStack, channel: Channel = Channel.SMS) -> list[str]:
    """Take everything from a queue: the bodies, in no order."""
    sqs, url = stack.client("sqs"), stack.ids[QUEUES[channel]]
    bodies: list[str] = []
    while True:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        if not messages:
            return bodies
        for message in messages:
            bodies.append(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def woken(stack: MotoStack, channel: Channel = Channel.SMS) -> list[str]:
    return sorted(json.loads(body)["user_id"] for body in received(stack, channel))


def calls_of_a_tick(stack: MotoStack, minute: datetime) -> Counter[str]:
    function = stack.function("FindDue")
    with counted_calls(tables.connection.client, function.sqs, function.ssm) as calls:
        tick(stack, minute)
    return Counter(calls)


def set_switches(stack: MotoStack, value: str) -> None:
    stack.client("ssm").put_parameter(
        Name=stack.ids["Switches"], Value=value, Type="String", Overwrite=True
    )


# Who is woken -----------------------------------------------------------------------------------


def test_the_sample_event_wakes_who_is_due_at_its_minute_once_a_channel(stack: MotoStack) -> None:
    write_schedules(stack, 9, channels=tuple(Channel), prefix="all")
    write_schedules(stack, 2, channels=(Channel.EMAIL,), prefix="mail")
    write_schedules(stack, 5, at=NINE + MINUTE, channels=tuple(Channel), prefix="next")
    stack.function("FindDue").handler(sample_event("find_due"), Context())
    everyone = [f"all-{number:05}" for number in range(9)]
    assert woken(stack, Channel.SMS) == everyone
    assert woken(stack, Channel.PUSH) == everyone
    assert woken(stack, Channel.EMAIL) == [*everyone, "mail-00000", "mail-00001"]


def test_a_wake_up_holds_a_user_and_a_minute_and_no_more(stack: MotoStack) -> None:
    write_schedules(stack, 1)
    tick(stack)
    (body,) = received(stack)
    assert json.loads(body) == {
        "format": 1,
        "user_id": "user-00000",
        "minute": "2027-03-01T09:00Z",
    }


def test_the_seconds_of_a_late_event_are_cut(stack: MotoStack) -> None:
    write_schedules(stack, 1, at=QUIET)
    tick(stack, QUIET + timedelta(seconds=59))
    assert woken(stack) == ["user-00000"]


def test_a_local_stacks_moved_clock_moves_the_tick(stack: MotoStack, set_clock: SetClock) -> None:
    set_clock(datetime.now(UTC) + timedelta(days=30))
    write_schedules(stack, 1, at=NINE + timedelta(days=30))
    tick(stack, NINE + timedelta(seconds=30))
    assert woken(stack) == ["user-00000"]


def test_a_closed_channel_gets_nothing_and_the_others_do(stack: MotoStack) -> None:
    write_schedules(stack, 4, channels=tuple(Channel))
    set_switches(stack, '{"sms": "open", "push": "paused", "email": "open"}')
    tick(stack)
    assert len(woken(stack, Channel.SMS)) == len(woken(stack, Channel.EMAIL)) == 4
    assert not woken(stack, Channel.PUSH)


def test_what_a_pause_held_back_is_woken_when_it_ends(stack: MotoStack) -> None:
    write_schedules(stack, 4, at=QUIET)
    set_switches(stack, '{"sms": "paused", "push": "open", "email": "open"}')
    tick(stack, QUIET)
    set_switches(stack, '{"sms": "open", "push": "open", "email": "open"}')
    tick(stack, NINE + 5 * MINUTE)
    assert len(woken(stack)) == 4


@pytest.mark.parametrize(
    "value", ["open", "{}", '{"sms": "open", "email": "open"}', "[]", '{"sms": "open"', "null"]
)
def test_switches_that_cannot_be_read_send_nothing_and_say_how_they_must_read(
    stack: MotoStack, value: str
) -> None:
    write_schedules(stack, 1)
    set_switches(stack, value)
    with pytest.raises(UnreadableSwitches, match="must read like"):
        tick(stack)
    assert not woken(stack)


# More than a channel can send ---------------------------------------------------------------------


def test_a_minute_that_everybody_chose_is_woken_as_fast_as_the_channel_sends(
    stack: MotoStack,
) -> None:
    """Two a second are 600 until the next look, 150 a shard; that look goes on where this ended."""
    write_schedules(stack, 400, at=QUIET, shard=0)
    slow = slow_function(stack, per_second=2)
    tick(stack, QUIET, slow)
    first = woken(stack)
    assert first == [f"user-{number:05}" for number in range(150)]
    tick(stack, NINE + 5 * MINUTE, slow)  # nobody was sent to in between, so the same come again
    assert woken(stack) == first


def test_a_few_are_woken_at_once_however_slow_the_channel(stack: MotoStack) -> None:
    write_schedules(stack, 120, at=QUIET, shard=3)
    tick(stack, QUIET, slow_function(stack))
    assert len(woken(stack)) == 100


# The look at what is older -----------------------------------------------------------------------


def test_the_oldest_come_first_when_not_all_can_be_looked_at(stack: MotoStack) -> None:
    write_schedules(stack, 120, at=lambda number: NINE - (number + 1) * MINUTE, shard=2)
    tick(stack, NINE, slow_function(stack))
    assert woken(stack) == [f"user-{number:05}" for number in range(20, 120)]


def slow_function(stack: MotoStack, per_second: float = 0.1) -> ModuleType:
    """find_due with so slow an SMS channel that the least number is what it looks at, and with as
    many shards as the users here are spread over."""
    environment = function_environment("FindDue", dict(stack.ids))
    slow = {"SMS_PER_SECOND": str(per_second), "SHARDS_READ": str(SHARDS)}
    return load("FindDue", environment | slow)


@pytest.mark.parametrize(
    ("held", "looked_at"),
    [(0, 150), (100, 125), (250, 100)],
)
def test_the_look_feeds_what_the_channel_sends_in_five_minutes_less_what_its_queue_holds(
    stack: MotoStack, held: int, looked_at: int
) -> None:
    """Two a second are 600 in five minutes, 150 a shard; and 100 a shard whatever the queue."""
    fill(stack, held)
    write_schedules(stack, 160, at=NINE - MINUTE, shard=0)
    tick(stack, NINE, slow_function(stack, per_second=2))
    assert depth(stack) == looked_at + held


def depth(stack: MotoStack) -> int:
    name = "ApproximateNumberOfMessages"
    answer = stack.client("sqs").get_queue_attributes(
        QueueUrl=stack.ids["SmsNudges"], AttributeNames=[name]
    )
    return int(answer["Attributes"][name])


def fill(stack: MotoStack, count: int) -> None:
    sqs = stack.client("sqs")
    for numbers in batched(range(count), 10, strict=False):
        entries = [{"Id": str(number), "MessageBody": "{}"} for number in numbers]
        sqs.send_message_batch(QueueUrl=stack.ids["SmsNudges"], Entries=entries)


def test_what_is_in_flight_counts_as_held(stack: MotoStack) -> None:
    fill(stack, 100)
    sqs, url = stack.client("sqs"), stack.ids["SmsNudges"]
    for _ in range(10):
        sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    write_schedules(stack, 160, at=NINE - MINUTE, shard=0)
    tick(stack, NINE, slow_function(stack, per_second=2))
    assert depth(stack) == 125


def test_the_queue_is_measured_before_this_ticks_own_wake_ups(stack: MotoStack) -> None:
    write_schedules(stack, 40, prefix="due", shard=1)
    write_schedules(stack, 160, at=NINE - MINUTE, prefix="older", shard=0)
    tick(stack, NINE, slow_function(stack, per_second=2))
    assert Counter(user_id.partition("-")[0] for user_id in woken(stack)) == {
        "due": 40,
        "older": 150,
    }


def test_nobody_is_woken_for_a_later_minute_and_nobody_twice_in_a_tick(stack: MotoStack) -> None:
    write_schedules(stack, 40, at=lambda number: NINE + (number - 20) * MINUTE)
    tick(stack, NINE)
    assert woken(stack) == [f"user-{number:05}" for number in range(21)]


# What fails keeps nothing else from being woken --------------------------------------------------


def of_shard(channel: Channel, shard: int, act: wire.Act) -> wire.Act:
    """`act` for the queries of one shard of one channel."""

    def chosen(request: Any) -> Any:
        query = wire.content(request)
        values = query["ExpressionAttributeValues"].values()
        if query["IndexName"] == f"{channel}_due" and {"N": str(shard)} in values:
            return act(request)
        return None

    return chosen


def of_queue(stack: MotoStack, channel: Channel, act: wire.Act) -> wire.Act:
    """`act` for the calls about one channel's queue."""
    url = stack.ids[QUEUES[channel]]
    return lambda request: act(request) if wire.content(request)["QueueUrl"] == url else None


DENIED = wire.json_error("AccessDeniedException")


@pytest.mark.parametrize("minute", [NINE, QUIET])
def test_a_shard_that_fails_keeps_no_other_from_being_woken(
    stack: MotoStack, minute: datetime
) -> None:
    write_schedules(stack, 8, at=minute, channels=tuple(Channel))
    denied = of_shard(Channel.PUSH, 1, DENIED)
    with (
        wire.before(tables.connection.client, "Query", denied),
        pytest.raises(Exception, match="Failed to query items"),
    ):
        tick(stack, minute)
    assert len(woken(stack, Channel.SMS)) == len(woken(stack, Channel.EMAIL)) == 8
    missing = {f"user-{number:05}" for number in (1, 5)}
    assert not missing & set(woken(stack, Channel.PUSH))
    tick(stack, NINE + 5 * MINUTE)
    assert missing < set(woken(stack, Channel.PUSH))


def test_every_shard_but_the_failed_one_is_woken(stack: MotoStack) -> None:
    write_schedules(stack, 8, at=QUIET)
    with (
        wire.before(tables.connection.client, "Query", of_shard(Channel.SMS, 1, DENIED)),
        pytest.raises(Exception, match="Failed to query items"),
    ):
        tick(stack, QUIET)
    assert woken(stack) == [f"user-{number:05}" for number in (0, 2, 3, 4, 6, 7)]


def test_a_queue_that_cannot_be_measured_keeps_nobody_from_being_woken(stack: MotoStack) -> None:
    write_schedules(stack, 8, channels=tuple(Channel), prefix="due")
    write_schedules(stack, 8, at=NINE - MINUTE, channels=tuple(Channel), prefix="older")
    denied = of_queue(stack, Channel.EMAIL, DENIED)
    sqs = stack.function("FindDue").sqs
    with wire.before(sqs, "GetQueueAttributes", denied), pytest.raises(Exception, match="Denied"):
        tick(stack)
    assert [len(woken(stack, channel)) for channel in Channel] == [16, 16, 16]


def refuse_all_entries(request: Any) -> Any:
    """The queue takes nothing of a batch, and says so for each entry."""
    entries = wire.content(request)["Entries"]
    failed = [
        {"Id": entry["Id"], "SenderFault": False, "Code": "InternalError"} for entry in entries
    ]
    return wire.answers(200, json.dumps({"Successful": [], "Failed": failed}))(request)


def test_a_queue_that_refuses_wake_ups_keeps_no_other_from_being_fed(stack: MotoStack) -> None:
    write_schedules(stack, 30, channels=tuple(Channel))
    refusing = of_queue(stack, Channel.SMS, wire.first(1, refuse_all_entries))
    sqs = stack.function("FindDue").sqs
    with (
        wire.before(sqs, "SendMessageBatch", refusing),
        pytest.raises(Exception, match="10 wake-ups were refused"),
    ):
        tick(stack)
    assert len(woken(stack, Channel.SMS)) == 20
    assert len(woken(stack, Channel.PUSH)) == len(woken(stack, Channel.EMAIL)) == 30
    tick(stack, NINE + 5 * MINUTE)
    assert len(woken(stack, Channel.SMS)) == 30


def test_a_batch_that_cannot_be_sent_keeps_no_other_from_being_sent(stack: MotoStack) -> None:
    write_schedules(stack, 200, at=QUIET)
    denied = of_queue(stack, Channel.SMS, wire.first(1, DENIED))
    sqs = stack.function("FindDue").sqs
    with wire.before(sqs, "SendMessageBatch", denied), pytest.raises(Exception, match="Denied"):
        tick(stack, QUIET)
    assert depth(stack) == 190


# What a tick costs -------------------------------------------------------------------------------


@pytest.mark.parametrize("waiting", [10, 10_000])
def test_a_tick_costs_the_same_however_many_users_wait(stack: MotoStack, waiting: int) -> None:
    write_schedules(
        stack, waiting, at=NINE + timedelta(days=3), channels=tuple(Channel), prefix="waiting"
    )
    assert calls_of_a_tick(stack, QUIET) == {"GetParameter": 1, "Query": 48}
    assert calls_of_a_tick(stack, NINE) == {
        "GetParameter": 1,
        "Query": 96,
        "GetQueueAttributes": 3,
    }
    write_schedules(stack, 50, at=NINE + 2 * MINUTE, prefix="due")
    assert calls_of_a_tick(stack, NINE + 2 * MINUTE) == {
        "GetParameter": 1,
        "Query": 48,
        "SendMessageBatch": 5,
    }
    assert len(woken(stack)) == 50


def test_a_closed_channel_costs_nothing(stack: MotoStack) -> None:
    set_switches(stack, '{"sms": "paused", "push": "paused", "email": "open"}')
    assert calls_of_a_tick(stack, NINE) == {
        "GetParameter": 1,
        "Query": 32,
        "GetQueueAttributes": 1,
    }


# Shards ------------------------------------------------------------------------------------------


def test_sixteen_shards_are_read_and_filled_from_the_start(stack: MotoStack) -> None:
    assert function_environment("FindDue", dict(stack.ids))["SHARDS_READ"] == "16"
    assert function_environment("ApiSettings", dict(stack.ids))["SHARDS_READ"] == "16"
    for shard in range(16):
        write_schedules(stack, 1, at=QUIET, prefix=f"shard-{shard:02}", shard=shard)
    tick(stack, QUIET)
    assert len(woken(stack)) == 16


@pytest.mark.parametrize("read", [1, 4, 15])
def test_whom_a_lower_number_of_shards_leaves_out_is_woken_all_the_same_and_told_of(
    stack: MotoStack, read: int
) -> None:
    """Users keep the shard that they were born into."""
    for shard in (0, read - 1, read, 15):
        write_schedules(stack, 1, at=QUIET, prefix=f"shard-{shard:02}", shard=shard)
    environment = function_environment("FindDue", dict(stack.ids))
    lowered = load("FindDue", environment | {"SHARDS_READ": str(read)})
    found = []
    with logged(lowered.logger) as lines:
        for minute in range(1, 6):
            tick(stack, NINE + minute * MINUTE, lowered)
            found += woken(stack)
    assert {user_id[:8] for user_id in found} == {f"shard-{n:02}" for n in (0, read - 1, read, 15)}
    told = [json.loads(line) for line in lines.getvalue().splitlines() if "ShardsRead" in line]
    (line,) = told
    assert (line["level"], line["shards_read"], line["set_to"]) == ("ERROR", read, 16)
    assert line["users"] == len({read, 15})


def test_with_all_shards_read_nothing_is_told(stack: MotoStack) -> None:
    write_schedules(stack, 40, at=QUIET)
    with logged(stack.function("FindDue").logger) as lines:
        tick(stack, NINE + 5 * MINUTE)
    assert len(woken(stack)) == 40
    assert "ShardsRead" not in lines.getvalue()


@pytest.mark.parametrize("instant", ["soon", "9", "no value", "\u00e9"])
def test_an_instant_that_never_comes_is_found_once_an_hour(stack: MotoStack, instant: str) -> None:
    """Text that is no instant sorts behind them all."""
    write_schedules(stack, 1, prefix="never", shard=11)
    stack.client("dynamodb").update_item(
        TableName=stack.ids["Schedules"],
        Key={"user_id": {"S": "never-00000"}},
        UpdateExpression="SET sms_next_at = :none",
        ExpressionAttributeValues={":none": {"S": instant}},
    )
    found = []
    for minute in range(0, 60, 5):
        tick(stack, NINE + minute * MINUTE)
        found += woken(stack)
    assert found == ["never-00000"]


# Healing -----------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process is gone: not an error that anything could handle."""


@pytest.fixture
def player(stack: MotoStack, set_clock: SetClock) -> Iterator["Player"]:
    return Player(stack, set_clock)


class Player:
    """Plays minutes: a tick, then the senders with whatever their queues hold."""

    def __init__(self, stack: MotoStack, set_clock: SetClock) -> None:
        self.stack = stack
        self._set_clock = set_clock
        stack.client("sesv2").create_email_identity(EmailIdentity="example.com")

    def enter_users(self, count: int) -> list[str]:
        """Users with a bill that is due at QUIET, by SMS and by e-mail, over all shards."""
        names = [f"user-{number}" for number in range(count)]
        for name in names:
            user = a_user(name, channels=(Channel.SMS, Channel.EMAIL))
            enter(user, a_bill(name, due_on=IN_THREE_DAYS))
            write = tables.ScheduleItem(name)
            write.update(
                [tables.next_at(channel).set(QUIET) for channel in (Channel.SMS, Channel.EMAIL)]
            )
        return names

    def play(self, first: int, last: int) -> None:
        """The minutes 09:`first` to 09:`last`."""
        for number in range(first, last + 1):
            self.tick(NINE + number * MINUTE)
            self.work()

    def tick(self, minute: datetime) -> None:
        """What the schedule of a local stack with a moved clock does."""
        self._set_clock(minute + timedelta(seconds=2))
        tick(self.stack, datetime.now(UTC))

    def work(self) -> None:
        for channel, function in SENDERS.items():
            for bodies in batched(received(self.stack, channel), 10, strict=False):
                answer = self.stack.function(function).handler(sqs_event(*bodies), Context())
                assert answer == {"batchItemFailures": []}

    def killed_tick(self, minute: datetime, calls: int) -> None:
        """A tick whose process dies after some of its calls."""
        function = self.stack.function("FindDue")
        made = iter(range(calls))

        def die(**_: Any) -> None:
            if next(made, None) is None:
                raise Killed

        clients = (tables.connection.client, function.sqs, function.ssm)
        with ExitStack() as hooks:
            for client in clients:
                client.meta.events.register_first("before-call.*.*", die)
                hooks.callback(client.meta.events.unregister, "before-call.*.*", die)
            with pytest.raises(Killed):
                self.tick(minute)

    def assert_each_was_told_once(self, names: list[str]) -> None:
        for name in names:
            rows = {row.channel: row.state for row in ledger_of(name)}
            assert rows == {"sms": "sent", "email": "sent"}
            assert wakes_at(name) == NINE + timedelta(days=2)
        account = "123456789012"
        assert len(get_backend("sns")[account]["us-east-1"].sms_messages) == len(names)
        assert len(get_backend("ses")[account]["us-east-1"].sent_messages) == len(names)


@pytest.mark.parametrize("calls", [0, 1, 14])
def test_a_tick_that_is_killed_is_made_good_within_five_ticks(player: Player, calls: int) -> None:
    names = player.enter_users(8)
    player.killed_tick(QUIET, calls)
    player.work()
    player.play(2, 5)
    player.assert_each_was_told_once(names)


def test_ticks_that_never_came_are_made_good_by_the_next_fifth_minute(player: Player) -> None:
    names = player.enter_users(8)
    player.play(5, 5)
    player.assert_each_was_told_once(names)


def test_wake_ups_that_were_thrown_away_are_made_good_within_five_ticks(player: Player) -> None:
    names = player.enter_users(8)
    player.tick(QUIET)
    assert len(received(player.stack, Channel.SMS)) == 8
    assert len(received(player.stack, Channel.EMAIL)) == 8
    player.play(2, 5)
    player.assert_each_was_told_once(names)


def test_a_tick_that_comes_twice_tells_nobody_twice(player: Player) -> None:
    names = player.enter_users(3)
    player.tick(QUIET)
    player.play(1, 5)
    player.assert_each_was_told_once(names)


def test_a_user_who_was_told_is_not_found_again(stack: MotoStack) -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS))
    claim_next("somebody", Channel.SMS, now=NINE)
    tick(stack, NINE)
    tick(stack, NINE + 5 * MINUTE)
    assert not woken(stack)

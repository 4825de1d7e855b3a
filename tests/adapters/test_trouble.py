"""What may pass is never poison: no function lets it use up a message, and all of it ends well.

At the last receive, with each kind of trouble: wake-ups are left to the index, receipts, replies
and jobs go back to their queue as new messages, and are worked when the trouble is over.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pynamodb.exceptions import PynamoDBException

from bill_reminders import batches, clock
from bill_reminders.delivery import finder
from bill_reminders.delivery.wake_ups import WakeUp
from bill_reminders.delivery.worker import OLD
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Address
from bill_reminders.storage import accounts, jobs, keyed_hash, tables
from bill_reminders.storage.jobs import Job, JobKind, JobState
from tests.adapters.conftest import SetClock
from tests.support import receipts as forms
from tests.support import wire
from tests.support.entered import IN_THREE_DAYS, NINE, enter, ledger_of, rests_at, wakes_at
from tests.support.functions import Context, sample_event, sqs_event
from tests.support.moto_stack import MotoStack
from tests.support.people import ATTESTED, PHONE, a_bill, a_user
from tests.support.queues import waiting
from tests.support.sms_replies import ORIGINS, envelope
from tests.support.template import template

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
LAST = {"Receipts": 5, "Replies": 5, "JobsQueue": 5, "SmsNudges": 3}
"""As the template's maxReceiveCount: the receive after which a message is a dead letter."""
READER = {"Receipts": "ReadReceipts", "Replies": "ReadReplies", "JobsQueue": "RunJobs"}
QUEUES = pytest.mark.parametrize("queue", READER)

TROUBLES = {
    "throttled": wire.json_error("ProvisionedThroughputExceededException"),
    "too many": wire.json_error("RequestLimitExceeded"),
    "fails": wire.json_error("InternalServerError", status=500),
    "down": wire.answers(503, "<html>down</html>"),
    "no answer": wire.raises(wire.TIMEOUT),
    "reset": wire.raises(wire.RESET),
    "out of reach": wire.raises(wire.UNREACHABLE),
    "forbidden": wire.json_error("AccessDeniedException"),
    "no key": wire.json_error("KMSAccessDeniedException"),
}
EACH = pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
READS = ("GetItem", "Query", "BatchGetItem")


@pytest.fixture(autouse=True)
def _at_nine(stack: MotoStack, set_clock: SetClock) -> None:
    set_clock(NINE + 5 * SECOND)
    stack.client("ssm").put_parameter(
        Name=stack.ids["SmsOrigins"], Value=json.dumps(ORIGINS), Type="String", Overwrite=True
    )


@contextmanager
def tables_in(trouble: wire.Act, *operations: str) -> Iterator[None]:
    """The named operations, or all reads, of the tables meet trouble."""
    with ExitStack() as undo:
        for operation in operations or READS:
            undo.enter_context(wire.before(tables.connection.client, operation, trouble))
        yield


def hand_over(stack: MotoStack, function: str, *bodies: str, receives: int) -> list[str]:
    """The messages that shall come back."""
    answer = stack.function(function).handler(sqs_event(*bodies, receives=receives), Context())
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


PHONES = {"somebody": PHONE, "another": "+447700900124"}
"""Of a country that SMS go to here."""


def due_now(user_id: str = "somebody") -> None:
    user = a_user(user_id).with_address(Channel.SMS, Address(PHONES[user_id], ATTESTED))
    enter(user, a_bill(user_id, due_on=IN_THREE_DAYS))


# Senders -----------------------------------------------------------------------------------------


@EACH
@pytest.mark.parametrize("receives", [1, 3])
@pytest.mark.parametrize("several", [True, False])
def test_a_wake_up_in_trouble_is_left_to_the_index_at_its_last_receive_too(
    stack: MotoStack, trouble: wire.Act, receives: int, several: bool
) -> None:
    users = ["somebody", "another"][: 1 + several]
    for user_id in users:
        due_now(user_id)
    bodies = [WakeUp(user_id, NINE).body() for user_id in users]
    with tables_in(trouble):
        assert hand_over(stack, "SendSms", *bodies, receives=receives) == []
    for user_id in users:
        assert (wakes_at(user_id), rests_at(user_id)) == (NINE, None)
    assert hand_over(stack, "SendSms", *bodies, receives=1) == []
    assert [row.state for user_id in users for row in ledger_of(user_id)] == ["sent"] * len(users)
    assert waiting(stack, "SmsNudges") == []


@EACH
def test_switches_that_do_not_answer_use_up_no_wake_up(stack: MotoStack, trouble: wire.Act) -> None:
    due_now()
    body = WakeUp("somebody", NINE).body()
    ssm = stack.function("SendSms").worker._ssm
    with wire.before(ssm, "GetParameter", trouble):
        assert hand_over(stack, "SendSms", body, receives=3) == []
    assert hand_over(stack, "SendSms", body, receives=1) == []
    assert [row.state for row in ledger_of("somebody")] == ["sent"]


def test_a_mistyped_switch_uses_up_no_wake_up(stack: MotoStack) -> None:
    due_now()
    body, ssm = WakeUp("somebody", NINE).body(), stack.client("ssm")
    name = stack.ids["Switches"]
    known = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    ssm.put_parameter(Name=name, Value="sms: paused", Type="String", Overwrite=True)
    assert hand_over(stack, "SendSms", body, receives=3) == []
    assert not ledger_of("somebody")
    ssm.put_parameter(Name=name, Value=known, Type="String", Overwrite=True)
    assert hand_over(stack, "SendSms", body, receives=1) == []
    assert [row.state for row in ledger_of("somebody")] == ["sent"]


def test_a_new_sender_that_cannot_read_whom_sms_come_from_waits(stack: MotoStack) -> None:
    due_now()
    body, module = WakeUp("somebody", NINE).body(), stack.function("SendSms")
    throttled = TROUBLES["throttled"]
    with wire.before(module.reminders.sender_ids._ssm, "GetParameter", throttled):
        assert hand_over(stack, "SendSms", body, receives=3) == []
        assert not ledger_of("somebody")
    assert hand_over(stack, "SendSms", body, receives=1) == []
    with wire.before(module.reminders.sender_ids._ssm, "GetParameter", throttled):
        due_now("another")
        assert hand_over(stack, "SendSms", WakeUp("another", NINE).body(), receives=1) == []
    assert [row.state for row in ledger_of("another")] == ["sent"], "they are known by now"


def test_an_old_wake_up_in_trouble_goes_back_to_its_queue(
    stack: MotoStack, set_clock: SetClock
) -> None:
    """It may come from the dead letters, whose users are in no index."""
    due_now()
    set_clock(NINE + OLD + SECOND)
    body = WakeUp("somebody", NINE).body()
    with tables_in(TROUBLES["throttled"]):
        assert hand_over(stack, "SendSms", body, receives=1) == []
    assert waiting(stack, "SmsNudges") == [body]
    refusing = wire.json_error("RequestThrottled", status=403)
    with tables_in(TROUBLES["throttled"]), wire.before(batches._sqs(), "SendMessage", refusing):
        assert hand_over(stack, "SendSms", body, receives=1) == ["message-0"]


def test_an_old_wake_up_of_a_paused_channel_goes_back_to_its_queue(
    stack: MotoStack, set_clock: SetClock
) -> None:
    due_now()
    set_clock(NINE + OLD + SECOND)
    stack.client("ssm").put_parameter(
        Name=stack.ids["Switches"],
        Value=json.dumps({"sms": "paused", "push": "open", "email": "open"}),
        Type="String",
        Overwrite=True,
    )
    body = WakeUp("somebody", NINE).body()
    assert hand_over(stack, "SendSms", body, receives=1) == []
    assert waiting(stack, "SmsNudges") == [body]


# Queues whose message is the only record ---------------------------------------------------------


def a_receipt(stack: MotoStack) -> str:
    due_now()
    assert hand_over(stack, "SendSms", WakeUp("somebody", NINE).body(), receives=1) == []
    (row,) = ledger_of("somebody")
    at = datetime.now(UTC)
    return forms.of_sms(
        number=PHONE,
        provider_id=row.provider_id,
        at=at,
        status="FAILURE",
        said="Invalid phone number",
    )


def a_stop(stack: MotoStack) -> str:
    due_now()
    return envelope("STOP")


def a_job(stack: MotoStack) -> str:
    due_now()
    job = Job(
        identity="issuer#subject",
        job_id="f" * 24,
        kind=JobKind.EXPORT,
        user_id="somebody",
        state=JobState.RUNNING,
        created_at=clock.now(),
    )
    assert jobs.promise(job)
    return json.dumps({"identity": job.identity, "job_id": job.job_id})


def is_stopped() -> bool:
    address = accounts.read("somebody", now=NINE).user.addresses[Channel.SMS]
    return address.stopped_at is not None


def is_written() -> bool:
    job = jobs.find("issuer#subject", "f" * 24)
    return job is not None and job.state is JobState.DONE


MESSAGES = {
    "Receipts": (a_receipt, is_stopped),
    "Replies": (a_stop, is_stopped),
    "JobsQueue": (a_job, is_written),
}


@EACH
@QUEUES
def test_what_is_written_in_a_message_alone_outlives_trouble_for_hours(
    stack: MotoStack, queue: str, trouble: wire.Act
) -> None:
    make, is_done = MESSAGES[queue]
    body = make(stack)
    with tables_in(trouble):
        for _ in range(3):  # each time as if it had failed as often as it may
            assert hand_over(stack, READER[queue], body, receives=LAST[queue]) == []
            assert waiting(stack, queue) == [body]
    assert not is_done()
    assert hand_over(stack, READER[queue], body, receives=LAST[queue]) == []
    assert is_done()
    assert waiting(stack, queue) == []


@QUEUES
def test_poison_comes_back_as_often_as_it_may(stack: MotoStack, queue: str) -> None:
    for body in ("{nonsense", "{}", '{"Message": "{7"}'):
        assert hand_over(stack, READER[queue], body, receives=LAST[queue]) == ["message-0"]
    assert waiting(stack, queue) == []


@QUEUES
def test_a_queue_that_takes_nothing_back_keeps_what_it_has(stack: MotoStack, queue: str) -> None:
    make, is_done = MESSAGES[queue]
    body = make(stack)
    refusing = wire.json_error("RequestThrottled", status=403)
    with tables_in(TROUBLES["throttled"]), wire.before(batches._sqs(), "SendMessage", refusing):
        assert hand_over(stack, READER[queue], body, receives=1) == ["message-0"]
    assert hand_over(stack, READER[queue], body, receives=2) == []
    assert is_done()


@QUEUES
def test_a_message_that_came_back_and_waits_as_well_is_worked_once(
    stack: MotoStack, queue: str
) -> None:
    make, is_done = MESSAGES[queue]
    body = make(stack)
    lost = wire.raises(wire.RESET)
    with tables_in(TROUBLES["throttled"]), wire.after(batches._sqs(), "SendMessage", lost):
        assert hand_over(stack, READER[queue], body, receives=1) == ["message-0"]
    assert body in waiting(stack, queue)
    for _ in range(2):
        assert hand_over(stack, READER[queue], body, receives=1) == []
        assert is_done()


@EACH
def test_a_secret_that_does_not_answer_buries_no_stop(stack: MotoStack, trouble: wire.Act) -> None:
    body = a_stop(stack)
    keyed_hash._key.cache_clear()
    with wire.before(keyed_hash._secrets(), "GetSecretValue", trouble):
        assert hand_over(stack, "ReadReplies", body, receives=5) == []
    assert waiting(stack, "Replies") == [body]
    assert hand_over(stack, "ReadReplies", body, receives=1) == []
    assert is_stopped()


def test_a_bucket_that_does_not_answer_buries_no_export(stack: MotoStack) -> None:
    body = a_job(stack)
    s3 = stack.function("RunJobs").bucket.s3
    slow = wire.answers(503, "<Error><Code>SlowDown</Code><Message>no</Message></Error>")
    with wire.before(s3, "PutObject", slow):
        assert hand_over(stack, "RunJobs", body, receives=5) == []
    assert waiting(stack, "JobsQueue") == [body]
    assert hand_over(stack, "RunJobs", body, receives=1) == []
    assert is_written()


def test_a_reply_is_nobodys_business_only_when_it_is_known_which_numbers_are_ours(
    stack: MotoStack,
) -> None:
    """And a STOP is taken without."""
    due_now()
    module = stack.function("ReadReplies")
    paid, stop = envelope("PAID"), envelope("STOP")
    throttled = TROUBLES["throttled"]
    with wire.before(module.sender_ids._ssm, "GetParameter", throttled):
        assert hand_over(stack, "ReadReplies", paid, receives=5) == []
        assert waiting(stack, "Replies") == [paid]
        assert hand_over(stack, "ReadReplies", stop, receives=5) == []
    assert is_stopped()
    hand_over(stack, "ReadReplies", paid, receives=1)
    (bill,) = accounts.read("somebody", now=NINE).bills
    assert len(bill.payments) == 1


# What comes every minute -------------------------------------------------------------------------


@EACH
def test_what_a_tick_in_trouble_misses_the_next_look_finds(
    stack: MotoStack, trouble: wire.Act
) -> None:
    due_now()
    handler = stack.function("FindDue").handler
    with tables_in(trouble, "Query"), pytest.raises(PynamoDBException):
        handler(sample_event("find_due"), Context())
    assert waiting(stack, "SmsNudges") == []
    later = NINE + finder.OLDER_EVERY_MINUTES * MINUTE
    handler({"time": (later - clock.offset()).isoformat()}, Context())
    (body,) = waiting(stack, "SmsNudges")
    assert json.loads(body)["user_id"] == "somebody"


@pytest.mark.parametrize("function", ["FindDue", "Settle"])
def test_a_tick_leaves_no_dead_letter(function: str) -> None:
    """Later ticks make up for one that failed: there is nothing to redrive."""
    properties: dict[str, Any] = template()["Resources"][function]["Properties"]
    assert "DestinationConfig" not in properties["EventInvokeConfig"]

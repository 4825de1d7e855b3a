"""The senders: one attempt on the wire, a mark that says what became of it, no word of people."""

import io
import json
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from moto.backends import get_backend

from bill_reminders.delivery.sender import effective_now
from bill_reminders.delivery.wake_ups import WakeUp
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.local_time import floor_minute
from bill_reminders.domain.people import Address, Language, Plan, PlanChange, StoppedBy
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.storage import accounts, tables
from bill_reminders.storage.saving import save_bills
from bill_reminders.storage.tables import BillItem, LedgerItem
from tests.adapters.conftest import SetClock
from tests.support import wire
from tests.support.account_changes import change_user, close_bill, record_payment
from tests.support.entered import (
    ENTERED,
    IN_THREE_DAYS,
    NINE,
    enter,
    ledger_of,
    rests_at,
    schedule,
    store,
    wakes_at,
)
from tests.support.functions import Context, counted_calls, sample_event, sqs_event
from tests.support.logged import logged
from tests.support.moto_stack import MotoStack
from tests.support.people import ATTESTED, EMAIL, PHONE, a_bill, a_user
from tests.support.steps import steps

ACCOUNT, REGION = "123456789012", "us-east-1"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
TOKEN = "token-of-a-device-of-somebody"
OTHER_PHONE = "+12025550124"
PRIVATE = (PHONE, OTHER_PHONE, PHONE.lstrip("+"), EMAIL, TOKEN, "Lantern", "Credit card", "120.5")

CHANNELS = pytest.mark.parametrize("channel", Channel)


@dataclass
class Stage:
    """A stack at NINE, the senders on it, and what their providers got."""

    stack: MotoStack
    set_clock: SetClock
    application: str
    endpoint: str

    def enter(self, user_id: str, channel: Channel, *bill_ids: str, **changes: Any) -> None:
        """A user with bills whose first reminder is due at NINE on `channel`."""
        user = a_user(user_id, channels=(channel,), **changes)
        if channel is Channel.PUSH and channel in user.addresses:
            user = user.with_address(channel, Address(self.endpoint, ATTESTED))
        bills = (a_bill(user_id, bill_id, due_on=IN_THREE_DAYS) for bill_id in bill_ids or ("b",))
        enter(user, *bills)

    def handle(self, channel: Channel, event: Mapping[str, Any]) -> list[str]:
        """The wake-ups that shall come back."""
        answer = self.stack.function(f"Send{names(channel)}").handler(event, Context())
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def wake_up(self, channel: Channel, *user_ids: str, receives: int = 1) -> list[str]:
        bodies = (WakeUp(user_id, NINE).body() for user_id in user_ids)
        return self.handle(channel, sqs_event(*bodies, receives=receives))

    def provider(self, channel: Channel) -> Any:
        return self.stack.function(f"Send{names(channel)}").reminders.provider

    def delivered(self, channel: Channel) -> list[tuple[str, str]]:
        """Address and text of each message that arrived."""
        if channel is Channel.EMAIL:
            sent = get_backend("ses")[ACCOUNT][REGION].sent_messages
            return [(mail.destinations["ToAddresses"][0], mail.subject) for mail in sent]
        sns = get_backend("sns")[ACCOUNT][REGION]
        if channel is Channel.SMS:
            return list(sns.sms_messages.values())
        endpoints = sns.platform_endpoints.values()
        return [(point.arn, text) for point in endpoints for text in point.messages.values()]

    def address(self, channel: Channel) -> str:
        return {Channel.SMS: PHONE, Channel.EMAIL: EMAIL, Channel.PUSH: self.endpoint}[channel]

    def set_switches(self, value: str) -> None:
        self.stack.client("ssm").put_parameter(
            Name=self.stack.ids["Switches"], Value=value, Type="String", Overwrite=True
        )


def names(channel: Channel) -> str:
    return channel.value.capitalize()


def operation(channel: Channel) -> str:
    return "SendEmail" if channel is Channel.EMAIL else "Publish"


def only_row(user_id: str) -> LedgerItem:
    (row,) = ledger_of(user_id)
    return row


@pytest.fixture
def stage(stack: MotoStack, set_clock: SetClock) -> Stage:
    stack.client("sesv2").create_email_identity(EmailIdentity="example.com")
    sns = stack.client("sns")
    application = sns.create_platform_application(Name="app", Platform="GCM", Attributes={})
    arn = application["PlatformApplicationArn"]
    endpoint = sns.create_platform_endpoint(PlatformApplicationArn=arn, Token=TOKEN)
    set_clock(NINE + timedelta(seconds=5))
    return Stage(stack, set_clock, arn, endpoint["EndpointArn"])


@pytest.fixture(autouse=True)
def log(stack: MotoStack) -> Iterator[io.StringIO]:
    """What the functions log. After every test here: not a word of a person or a bill in it."""
    with logged(stack.function("SendSms").logger) as lines:
        others = logging.StreamHandler(lines)  # what libraries say of themselves
        logging.getLogger().addHandler(others)
        try:
            yield lines
        finally:
            logging.getLogger().removeHandler(others)
    for private in PRIVATE:
        assert private not in lines.getvalue()


# Messages that arrive ----------------------------------------------------------------------------


@CHANNELS
def test_the_sample_event_is_acknowledged_though_its_user_does_not_exist(
    stage: Stage, channel: Channel, log: io.StringIO
) -> None:
    assert stage.handle(channel, sample_event(f"send_{channel}")) == []
    assert not stage.delivered(channel)
    assert "user is gone" in log.getvalue()


@CHANNELS
def test_a_due_reminder_arrives_and_is_marked_sent(stage: Stage, channel: Channel) -> None:
    stage.enter("somebody", channel)
    assert stage.wake_up(channel, "somebody") == []
    ((address, text),) = stage.delivered(channel)
    assert address == stage.address(channel)
    assert "Credit card" in text
    row = only_row("somebody")
    assert row.state == "sent"
    assert row.provider_id
    assert row.settled_at is not None
    assert row.settle_at is None


@CHANNELS
def test_bills_that_are_due_together_arrive_as_one_message(stage: Stage, channel: Channel) -> None:
    stage.enter("somebody", channel, "rent", "power", "water")
    stage.wake_up(channel, "somebody")
    assert len(stage.delivered(channel)) == 1
    assert sorted(row.state for row in ledger_of("somebody")) == ["in_digest", "in_digest", "sent"]


def test_more_bills_than_one_message_takes_say_which_part_they_are(stage: Stage) -> None:
    stage.enter("somebody", Channel.EMAIL, *(f"bill-{number:03}" for number in range(105)))
    stage.wake_up(Channel.EMAIL, "somebody")
    subjects = [subject for _, subject in stage.delivered(Channel.EMAIL)]
    assert ["(1 of 2)" in subjects[0], "(2 of 2)" in subjects[1]] == [True, True]
    assert len(subjects) == 2


@CHANNELS
def test_wake_ups_that_repeat_send_once(stage: Stage, channel: Channel) -> None:
    stage.enter("somebody", channel)
    stage.wake_up(channel, "somebody", "somebody")
    stage.wake_up(channel, "somebody")
    assert len(stage.delivered(channel)) == 1


def test_an_sms_is_sent_as_transactional(stage: Stage) -> None:
    stage.enter("somebody", Channel.SMS)
    requests: list[Any] = []
    with wire.before(stage.provider(Channel.SMS), "Publish", wire.counting(requests)):
        stage.wake_up(Channel.SMS, "somebody")
    assert "Transactional" in str(requests[0].body)


def test_a_push_carries_its_text_for_every_platform(stage: Stage) -> None:
    stage.enter("somebody", Channel.PUSH, language=Language.SIMPLIFIED_CHINESE)
    stage.wake_up(Channel.PUSH, "somebody")
    ((_, text),) = stage.delivered(Channel.PUSH)
    by_platform = json.loads(text)
    assert set(by_platform) == {"default", "APNS", "APNS_SANDBOX", "GCM"}
    alert = json.loads(by_platform["APNS"])["aps"]["alert"]
    shown = json.loads(by_platform["GCM"])["fcmV1Message"]["message"]["notification"]
    assert alert == shown
    assert "Credit card" in alert["title"]


def test_a_push_opens_where_its_bill_is_paid_and_offers_our_page(stage: Stage) -> None:
    stage.enter("somebody", Channel.PUSH)
    bill = a_bill(bill_id="b", due_on=IN_THREE_DAYS, pay_link="https://bank.example.com/pay")
    save_bills("somebody", [lambda today: bill], now=ENTERED)
    stage.wake_up(Channel.PUSH, "somebody")
    ((_, text),) = stage.delivered(Channel.PUSH)
    apple = json.loads(json.loads(text)["APNS"])
    assert apple["url"] == bill.pay_link
    assert re.fullmatch(r"http://pay\.example\.com/r/[A-Za-z0-9]{17}", apple["page"])


def test_an_email_says_how_to_stop_and_carries_our_id(stage: Stage) -> None:
    stage.enter("somebody", Channel.EMAIL)
    requests: list[Any] = []
    with wire.before(stage.provider(Channel.EMAIL), "SendEmail", wire.counting(requests)):
        stage.wake_up(Channel.EMAIL, "somebody")
    mail = wire.content(requests[0])
    (tag,) = mail["EmailTags"]
    assert tag == {"Name": "message_id", "Value": only_row("somebody").owner}
    headers = {each["Name"]: each["Value"] for each in mail["Content"]["Simple"]["Headers"]}
    address, mailbox = headers["List-Unsubscribe"].split(", ")
    assert re.fullmatch(r"<http://pay\.example\.com/u/[A-Za-z0-9]{17}>", address)
    assert mailbox.startswith("<mailto:unsubscribe@example.com?subject=")
    assert tag["Value"] in mailbox
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["Auto-Submitted"] == "auto-generated"
    for text in mail["Content"]["Simple"]["Body"].values():
        assert address.strip("<>") in text["Data"]
        assert address.strip("<>").replace("/u/", "/r/") in text["Data"]
    assert mail["Content"]["Simple"]["Body"].keys() == {"Text", "Html"}
    assert mail["FromEmailAddress"] == "Bill reminders <reminders@example.com>"


# One attempt, and its verdict --------------------------------------------------------------------

REPEATED = f"Invalid parameter: PhoneNumber Reason: {PHONE} or {EMAIL} or {TOKEN} is not valid"


def sns_error(code: str, status: int = 400) -> wire.Act:
    return wire.xml_error(code, status=status, message=REPEATED)


NO_ENDPOINT = "Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified"


def sns_error_with(code: str, message: str) -> wire.Act:
    return wire.xml_error(code, message=message)


def ses_error(code: str, status: int = 400) -> wire.Act:
    return wire.json_error(code, status=status, message=REPEATED)


BROKEN = {
    "timeout": (wire.raises(wire.TIMEOUT), "unknown", "no_answer"),
    "reset": (wire.raises(wire.RESET), "unknown", "no_answer"),
    "unreachable": (wire.raises(wire.UNREACHABLE), "waiting", "unreachable"),
    "never connected": (wire.raises(wire.NEVER_CONNECTED), "waiting", "unreachable"),
}
SNS = {
    "internal error": (sns_error("InternalError", 500), "unknown", "no_answer"),
    "unavailable": (sns_error("ServiceUnavailable", 503), "unknown", "no_answer"),
    "throttled": (sns_error("Throttling"), "waiting", "Throttling"),
    "too many": (sns_error("ThrottledException", 429), "waiting", "ThrottledException"),
    "no permission": (sns_error("AuthorizationError", 403), "waiting", "AuthorizationError"),
    "invalid": (sns_error("InvalidParameter"), "failed", "invalid"),
    "opted out": (sns_error("OptedOut"), "failed", "opted_out"),
    "disabled": (sns_error("EndpointDisabled"), "failed", "endpoint_disabled"),
    "deleted": (sns_error_with("InvalidParameter", NO_ENDPOINT), "failed", "endpoint_gone"),
}
SES = {
    "internal error": (ses_error("InternalFailure", 500), "unknown", "no_answer"),
    "unavailable": (ses_error("ServiceUnavailable", 503), "unknown", "no_answer"),
    "too many": (ses_error("TooManyRequestsException", 429), "waiting", "TooManyRequestsException"),
    "paused": (ses_error("SendingPausedException"), "waiting", "SendingPausedException"),
    "rejected": (ses_error("MessageRejected"), "waiting", "MessageRejected"),
    "invalid": (ses_error("BadRequestException"), "failed", "invalid"),
}
FAULTS = [
    pytest.param(channel, *fault, id=f"{channel}: {name}")
    for channel, faults in (
        (Channel.SMS, BROKEN | SNS),
        (
            Channel.PUSH,
            {"timeout": BROKEN["timeout"]} | {each: SNS[each] for each in ("disabled", "deleted")},
        ),
        (Channel.EMAIL, BROKEN | SES),
    )
    for name, fault in faults.items()
]


@pytest.mark.parametrize(("channel", "fault", "state", "reason"), FAULTS)
def test_a_provider_is_asked_once_and_its_answer_decides(
    stage: Stage, channel: Channel, fault: wire.Act, state: str, reason: str
) -> None:
    stage.enter("somebody", channel)
    attempts: list[Any] = []
    failing = wire.counting(attempts, fault)
    with wire.before(stage.provider(channel), operation(channel), failing):
        assert stage.wake_up(channel, "somebody") == []
        assert stage.wake_up(channel, "somebody") == []
    assert len(attempts) == 1
    assert not stage.delivered(channel)
    row = only_row("somebody")
    assert (row.state, row.reason, row.provider_id) == (state, reason, None)
    waits = state == "waiting"
    assert (wakes_at("somebody", channel) == row.not_before) is waits
    if not waits:
        assert wakes_at("somebody", channel) == NINE + 2 * DAY


def test_a_sender_that_one_country_lacks_holds_up_no_other_country(stage: Stage) -> None:
    american = [f"american-{number}" for number in range(4)]
    for number, user_id in enumerate(american):
        user = a_user(user_id, channels=(Channel.SMS,))
        user = user.with_address(Channel.SMS, Address(f"+1202555010{number}", ATTESTED))
        enter(user, a_bill(user_id, "b", due_on=IN_THREE_DAYS))
    stage.enter("elsewhere", Channel.SMS)
    refusing = sns_error_with("InvalidParameter", "Sender ID is not registered")

    def lacking(request: AWSPreparedRequest) -> AWSResponse | None:
        return refusing(request) if "%2B1202" in str(request.body) else None

    with wire.before(stage.provider(Channel.SMS), "Publish", lacking):
        stage.wake_up(Channel.SMS, *american)
        stage.wake_up(Channel.SMS, "elsewhere")
    assert len(stage.delivered(Channel.SMS)) == 1
    assert [only_row(user_id).state for user_id in american] == ["waiting"] * 4


def test_what_was_refused_for_now_comes_back_later_and_is_sent_once(stage: Stage) -> None:
    stage.enter("somebody", Channel.SMS)
    throttled = wire.first(1, sns_error("Throttling"))
    with wire.before(stage.provider(Channel.SMS), "Publish", throttled):
        stage.wake_up(Channel.SMS, "somebody")
        later = only_row("somebody").not_before
        assert later == floor_minute(later)
        assert NINE + MINUTE <= later <= NINE + 3 * MINUTE
        stage.set_clock(later + timedelta(seconds=1))
        stage.wake_up(Channel.SMS, "somebody")
    assert len(stage.delivered(Channel.SMS)) == 1
    row = only_row("somebody")
    assert (row.state, row.attempt, row.not_before, row.reason) == ("sent", 2, None, None)


def test_each_further_refusal_waits_longer_but_an_hour_at_most(stage: Stage) -> None:
    stage.enter("somebody", Channel.SMS)
    now, waits = NINE, []
    with wire.before(stage.provider(Channel.SMS), "Publish", sns_error("Throttling")):
        for _ in range(9):
            stage.set_clock(now + timedelta(seconds=1))
            stage.wake_up(Channel.SMS, "somebody")
            later = only_row("somebody").not_before
            waits.append(later - now)
            now = later
    for number, wait in enumerate(waits):
        least = min(60, 2**number) / 2 * MINUTE
        assert least <= wait <= 3 * least + 2 * MINUTE
    assert only_row("somebody").attempt == 9


def test_an_endpoint_that_sns_has_disabled_is_failed_with_its_reason(stage: Stage) -> None:
    stage.stack.client("sns").set_endpoint_attributes(
        EndpointArn=stage.endpoint, Attributes={"Enabled": "false"}
    )
    stage.enter("somebody", Channel.PUSH)
    assert stage.wake_up(Channel.PUSH, "somebody") == []
    row = only_row("somebody")
    assert (row.state, row.reason) == ("failed", "endpoint_disabled")


def test_an_endpoint_that_was_deleted_is_not_tried_again(stage: Stage) -> None:
    stage.enter("somebody", Channel.PUSH)
    stage.stack.client("sns").delete_endpoint(EndpointArn=stage.endpoint)
    gone = sns_error_with("InvalidParameter", NO_ENDPOINT)
    with wire.before(stage.provider(Channel.PUSH), "Publish", gone):
        assert stage.wake_up(Channel.PUSH, "somebody") == []
    row = only_row("somebody")
    assert (row.state, row.reason) == ("failed", "endpoint_gone")
    known = accounts.read("somebody", now=NINE).user.addresses[Channel.PUSH]
    assert known.stopped_by is StoppedBy.BOUNCED


@pytest.mark.parametrize(
    ("channel", "fault", "alarms"),
    [
        (Channel.SMS, sns_error("AuthorizationError", 403), True),
        (Channel.SMS, sns_error("Throttling"), False),
        (Channel.PUSH, sns_error("PlatformApplicationDisabled"), True),
        (Channel.EMAIL, ses_error("SendingPausedException"), True),
        (Channel.EMAIL, ses_error("TooManyRequestsException", 429), False),
    ],
)
def test_a_refusal_that_an_administrator_has_to_end_says_so(
    stage: Stage, log: io.StringIO, channel: Channel, fault: wire.Act, alarms: bool
) -> None:
    stage.enter("somebody", channel)
    with wire.before(stage.provider(channel), operation(channel), fault):
        stage.wake_up(channel, "somebody")
    assert only_row("somebody").state == "waiting"
    said = '"message":"account at fault, reminders wait"'
    assert (said in log.getvalue()) is alarms


def test_a_digest_shares_the_verdict_of_its_message(stage: Stage) -> None:
    stage.enter("somebody", Channel.SMS, "rent", "power")
    with wire.before(stage.provider(Channel.SMS), "Publish", sns_error("Throttling")):
        stage.wake_up(Channel.SMS, "somebody")
    assert {row.state for row in ledger_of("somebody")} == {"waiting"}


# Wake-ups
# ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "poison",
    [
        "",
        "not a wake-up",
        "{}",
        "[]",
        "null",
        '{"format": 2, "user_id": "somebody", "minute": "2027-03-01T09:00Z"}',
        '{"format": 1, "user_id": 7, "minute": "2027-03-01T09:00Z"}',
        '{"format": 1, "user_id": "", "minute": "2027-03-01T09:00Z"}',
        '{"format": 1, "user_id": "somebody", "minute": "2027-03-01"}',
        '{"format": 1, "user_id": "somebody", "minute": null}',
        f"call {PHONE} about the Credit card",
    ],
)
def test_poison_comes_back_alone_and_its_siblings_are_sent(stage: Stage, poison: str) -> None:
    stage.enter("first", Channel.SMS)
    stage.enter("last", Channel.SMS)
    event = sqs_event(WakeUp("first", NINE).body(), poison, WakeUp("last", NINE).body())
    assert stage.handle(Channel.SMS, event) == ["message-1"]
    assert len(stage.delivered(Channel.SMS)) == 2


def spoil(stage: Stage, user_id: str, language: str) -> None:
    """An item that cannot be read, as a slip in the console may leave it."""
    stage.stack.client("dynamodb").update_item(
        TableName=stage.stack.ids["Users"],
        Key={"user_id": {"S": user_id}},
        UpdateExpression="SET #language = :language",
        ExpressionAttributeNames={"#language": "language"},
        ExpressionAttributeValues={":language": {"S": language}},
    )


def test_a_user_who_cannot_be_read_harms_nobody_else(stage: Stage, log: io.StringIO) -> None:
    stage.enter("bad", Channel.SMS)
    stage.enter("good", Channel.SMS)
    spoil(stage, "bad", f"{PHONE} {EMAIL}")
    assert stage.wake_up(Channel.SMS, "bad", "good") == ["message-0"]
    assert only_row("good").state == "sent"
    assert "wake-up failed" in log.getvalue()
    assert "ValueError" in log.getvalue()


def test_the_last_receive_puts_a_poisonous_user_aside_until_mended(stage: Stage) -> None:
    stage.enter("bad", Channel.SMS)
    spoil(stage, "bad", "xx")
    assert stage.wake_up(Channel.SMS, "bad", receives=2) == ["message-0"]
    assert wakes_at("bad") == NINE
    assert stage.wake_up(Channel.SMS, "bad", receives=3) == ["message-0"]
    assert wakes_at("bad") is None
    assert rests_at("bad") == NINE
    spoil(stage, "bad", "en")
    assert stage.wake_up(Channel.SMS, "bad") == []  # the redrive
    assert only_row("bad").state == "sent"
    assert rests_at("bad") is None
    assert wakes_at("bad") == NINE + 2 * DAY


def test_a_last_receive_that_succeeds_leaves_nobody_aside(stage: Stage) -> None:
    stage.enter("somebody", Channel.SMS)
    assert stage.wake_up(Channel.SMS, "somebody", receives=3) == []
    assert only_row("somebody").state == "sent"
    assert rests_at("somebody") is None


@pytest.mark.parametrize("receives", [1, 3])
def test_a_busy_account_is_never_out_of_the_index_without_a_dead_letter(
    stage: Stage, receives: int
) -> None:
    """Its wake-up is acknowledged, because the index brings the user back. So it must hold them."""
    stage.enter("somebody", Channel.SMS)

    def claims_conflict(request: Any) -> Any:
        if len(wire.content(request)["TransactItems"]) < 2:
            return None  # the quarantine
        return wire.cancelled(["None", "TransactionConflict"])(request)

    with wire.before(tables.connection.client, "TransactWriteItems", claims_conflict):
        failed = stage.wake_up(Channel.SMS, "somebody", receives=receives)
    assert failed or wakes_at("somebody") == NINE
    assert not stage.delivered(Channel.SMS)
    assert not ledger_of("somebody")


def test_an_erased_user_is_acknowledged(stage: Stage, log: io.StringIO) -> None:
    stage.enter("somebody", Channel.SMS)
    schedule("somebody").delete()
    assert stage.wake_up(Channel.SMS, "somebody") == []
    assert stage.wake_up(Channel.SMS, "somebody", receives=3) == []
    assert not stage.delivered(Channel.SMS)
    assert "user is gone" in log.getvalue()


@CHANNELS
def test_a_user_without_an_address_is_noted_as_skipped(stage: Stage, channel: Channel) -> None:
    stage.enter("somebody", channel, addresses={})
    assert stage.wake_up(channel, "somebody") == []
    assert not stage.delivered(channel)
    row = only_row("somebody")
    assert (row.state, row.reason) == ("skipped", "no_address")


def test_an_address_that_nobody_attested_gets_nothing(stage: Stage) -> None:
    stage.enter("somebody", Channel.SMS, addresses={Channel.SMS: Address(PHONE)})
    stage.wake_up(Channel.SMS, "somebody")
    assert not stage.delivered(Channel.SMS)
    assert only_row("somebody").reason == "no_address"


def test_a_bill_that_is_paid_after_the_wake_up_is_not_reminded(stage: Stage) -> None:
    stage.enter("somebody", Channel.SMS)
    record_payment("somebody", "b", 0, payment_id="payment", now=NINE)
    assert stage.wake_up(Channel.SMS, "somebody") == []
    assert not stage.delivered(Channel.SMS)
    assert not ledger_of("somebody")


def test_a_late_wake_up_is_worded_from_the_clock(stage: Stage) -> None:
    stage.enter("somebody", Channel.SMS)
    stage.set_clock(NINE + 2 * DAY + timedelta(seconds=1))
    stage.wake_up(Channel.SMS, "somebody")
    ((_, text),) = stage.delivered(Channel.SMS)
    assert "due tomorrow" in text
    rows = {row.trigger: row.state for row in ledger_of("somebody")}
    assert rows == {"lead:3": "skipped", "lead:1": "sent"}


def test_the_first_message_alone_says_how_to_stop(stage: Stage) -> None:
    stage.enter("somebody", Channel.SMS)
    stage.wake_up(Channel.SMS, "somebody")
    stage.set_clock(NINE + 2 * DAY + timedelta(seconds=1))
    stage.wake_up(Channel.SMS, "somebody")
    texts = [text for _, text in stage.delivered(Channel.SMS)]
    assert ["To stop" in text for text in texts] == [True, False]


def test_each_user_gets_their_own_message(stage: Stage) -> None:
    stage.enter("somebody", Channel.SMS)
    stage.enter("last", Channel.SMS, addresses={Channel.SMS: Address(OTHER_PHONE, ATTESTED)})
    stage.wake_up(Channel.SMS, "somebody", "last")
    assert sorted(phone for phone, _ in stage.delivered(Channel.SMS)) == sorted(
        [PHONE, OTHER_PHONE]
    )


# Switches ----------------------------------------------------------------------------------------


@CHANNELS
def test_a_paused_channel_acknowledges_and_touches_no_table(stage: Stage, channel: Channel) -> None:
    stage.enter("somebody", channel)
    others = {other.value: "open" for other in Channel}
    stage.set_switches(json.dumps(others | {channel.value: "paused"}))
    with counted_calls(tables.connection.client) as calls:
        assert stage.wake_up(channel, "somebody", receives=3) == []
    assert not calls
    assert not stage.delivered(channel)
    stage.set_switches(json.dumps(others))
    stage.wake_up(channel, "somebody")
    assert len(stage.delivered(channel)) == 1


def test_switches_that_cannot_be_read_send_nothing(stage: Stage) -> None:
    stage.enter("somebody", Channel.SMS)
    stage.set_switches("sms: paused")
    assert stage.wake_up(Channel.SMS, "somebody", receives=3) == []
    assert not stage.delivered(Channel.SMS)
    assert wakes_at("somebody") == NINE


def test_switches_are_read_once_a_batch(stage: Stage) -> None:
    stage.enter("first", Channel.SMS)
    stage.enter("last", Channel.SMS)
    ssm = stage.stack.function("SendSms").worker._ssm
    with counted_calls(ssm) as calls:
        stage.wake_up(Channel.SMS, "first", "last")
    assert calls == ["GetParameter"]


# What is read at once ----------------------------------------------------------------------------


def test_the_beginnings_of_a_batch_are_read_in_two_calls(stage: Stage) -> None:
    users = [f"user-{number}" for number in range(5)]
    for user_id in users:
        stage.enter(user_id, Channel.SMS)
    with counted_calls(tables.connection.client) as calls:
        assert stage.wake_up(Channel.SMS, *users, users[0]) == []
    assert calls.count("BatchGetItem") == 2
    assert "GetItem" not in calls
    assert len(stage.delivered(Channel.SMS)) == len(users)


def test_what_is_paid_after_a_batch_was_read_is_not_reminded(stage: Stage) -> None:
    stage.enter("first", Channel.SMS)
    stage.enter("last", Channel.SMS)

    calls = count()

    def pay(_: Any) -> None:
        if next(calls) == 1:  # the users are read, too, and no thread has begun
            record_payment("first", "b", 0, payment_id="payment", now=NINE)

    with wire.after(tables.connection.client, "BatchGetItem", pay):
        assert stage.wake_up(Channel.SMS, "first", "last") == []
    assert not ledger_of("first")
    assert only_row("last").state == "sent"
    assert len(stage.delivered(Channel.SMS)) == 1


def test_a_change_between_schedules_and_users_of_a_batch_is_not_missed(stage: Stage) -> None:
    """The user read after it is the new one, the schedule before it says that it is older."""
    stage.enter("first", Channel.SMS)
    stage.enter("last", Channel.SMS)
    calls = count()

    def between(request: Any) -> None:
        if next(calls) == 1:
            change_user("first", lambda user: replace(user, addresses={}), now=NINE)

    with wire.before(tables.connection.client, "BatchGetItem", between):
        assert stage.wake_up(Channel.SMS, "first", "last") == []
    assert len(stage.delivered(Channel.SMS)) == 1
    assert [row.state for row in ledger_of("first")] in ([], ["skipped"])
    assert only_row("last").state == "sent"


@pytest.mark.parametrize(
    "trouble",
    [
        wire.raises(wire.RESET),
        wire.json_error("ProvisionedThroughputExceededException"),
        wire.answers(200, json.dumps({"Responses": {}, "UnprocessedKeys": {"any": {}}})),
        wire.answers(200, "not JSON"),
    ],
    ids=["no answer", "throttled", "nothing processed", "unreadable"],
)
def test_a_batch_that_cannot_be_read_at_once_is_read_one_by_one(
    stage: Stage, trouble: wire.Act
) -> None:
    stage.enter("first", Channel.SMS)
    stage.enter("last", Channel.SMS)
    with wire.before(tables.connection.client, "BatchGetItem", trouble):
        assert stage.wake_up(Channel.SMS, "first", "last") == []
    assert [only_row(user_id).state for user_id in ("first", "last")] == ["sent", "sent"]
    assert len(stage.delivered(Channel.SMS)) == 2


def test_a_last_receive_of_a_batch_reads_what_its_quarantine_has_left(stage: Stage) -> None:
    for user_id in ("first", "last"):
        stage.enter(user_id, Channel.SMS)
        record_payment(user_id, "b", 0, payment_id="payment", now=NINE - MINUTE)
    assert stage.wake_up(Channel.SMS, "first", "last", receives=3) == []
    assert [rests_at(user_id) for user_id in ("first", "last")] == [None, None]


# Too much to plan ---------------------------------------------------------------------------------

EVERY_DAY_OF_A_YEAR = PlanChange(lead_days=tuple(range(366)), overdue_days=tuple(range(1, 61)))


def a_heavy_bill(user_id: str) -> Bill:
    """Daily, with every day that files took before there were bounds: 66,430 reminders of today
    alone are to be noted, and one decision takes seconds."""
    daily = Recurrence(NINE.date(), 1, Unit.DAY)
    return a_bill(
        user_id, "heavy", due_on=NINE.date(), recurrence=daily, owed_from=NINE.date(),
        plan_change=EVERY_DAY_OF_A_YEAR,
    )  # fmt: skip


@CHANNELS
def test_accounts_from_before_the_bounds_delay_nobody_else(
    stage: Stage, channel: Channel, log: io.StringIO
) -> None:
    heavy, others = [f"heavy-{n}" for n in range(3)], [f"other-{n}" for n in range(9)]
    for user_id in heavy:
        store(a_user(user_id, channels=(channel,), addresses={}), a_heavy_bill(user_id))
    for user_id in others:
        address = {channel: own_address(stage, channel, user_id)}
        user = a_user(user_id, channels=(channel,), addresses=address)
        enter(user, a_bill(user_id, "b", due_on=IN_THREE_DAYS))
    taken = steps(lambda: stage.wake_up(channel, *heavy))
    assert taken < 3 * 20_000, "nothing was planned"
    assert stage.wake_up(channel, *heavy, *others) == []
    assert len(stage.delivered(channel)) == 9
    for user_id in heavy:
        assert ledger_of(user_id) == []
        assert rests_at(user_id, channel) == NINE
        assert wakes_at(user_id, channel) == NINE + DAY
    entries = [json.loads(line) for line in log.getvalue().splitlines() if line.startswith("{")]
    aside = {
        each["user_id"] for each in entries if each["message"] == "too much to plan, put aside"
    }
    assert aside == {*heavy}


def own_address(stage: Stage, channel: Channel, user_id: str) -> Address:
    number = int(user_id[-1])
    sns = stage.stack.client("sns")
    point = sns.create_platform_endpoint(PlatformApplicationArn=stage.application, Token=user_id)
    return {
        Channel.SMS: Address(f"+1202555013{number}", ATTESTED),
        Channel.EMAIL: Address(f"{user_id}@example.com", ATTESTED),
        Channel.PUSH: Address(point["EndpointArn"], ATTESTED),
    }[channel]


def test_who_was_put_aside_is_looked_at_once_a_day(stage: Stage) -> None:
    store(a_user(), a_heavy_bill("somebody"))
    stage.wake_up(Channel.SMS, "somebody")
    stage.set_clock(NINE + timedelta(hours=5))
    stage.wake_up(Channel.SMS, "somebody")  # a duplicate moves nothing
    assert (rests_at("somebody"), wakes_at("somebody")) == (NINE, NINE + DAY)
    stage.set_clock(NINE + DAY)
    stage.wake_up(Channel.SMS, "somebody")
    assert (rests_at("somebody"), wakes_at("somebody")) == (NINE, NINE + 2 * DAY)
    assert ledger_of("somebody") == []


@pytest.mark.parametrize("receives", [1, 3])
def test_since_when_nothing_was_planned_is_kept_at_a_last_receive_too(
    stage: Stage, receives: int
) -> None:
    store(a_user(), a_heavy_bill("somebody"))
    for day in range(3):
        stage.set_clock(NINE + day * DAY)
        assert stage.wake_up(Channel.SMS, "somebody", receives=receives) == []
        assert (rests_at("somebody"), wakes_at("somebody")) == (NINE, NINE + (day + 1) * DAY)


def test_a_change_within_the_bounds_brings_back_who_was_put_aside(stage: Stage) -> None:
    store(a_user(), a_heavy_bill("somebody"), a_bill(bill_id="rent", due_on=IN_THREE_DAYS))
    stage.wake_up(Channel.SMS, "somebody")
    later = NINE + timedelta(hours=2)
    assert record_payment("somebody", "heavy", 0, payment_id="payment", now=later)
    assert (rests_at("somebody"), wakes_at("somebody")) == (NINE, NINE + DAY), "still too much"
    assert close_bill("somebody", "heavy", now=later)
    assert (rests_at("somebody"), wakes_at("somebody")) == (None, later + MINUTE)
    stage.set_clock(later + MINUTE)
    stage.wake_up(Channel.SMS, "somebody")
    assert [row.key.split("#")[1] for row in ledger_of("somebody")] == ["rent"]
    assert len(stage.delivered(Channel.SMS)) == 1


def test_a_redrive_brings_back_whoever_is_within_the_bounds_by_now(stage: Stage) -> None:
    """A wake-up that comes again after the bill is gone, though no change has said so."""
    store(a_user(), a_heavy_bill("somebody"), a_bill(bill_id="rent", due_on=IN_THREE_DAYS))
    stage.wake_up(Channel.SMS, "somebody")
    BillItem("somebody", "heavy").delete()
    stage.wake_up(Channel.SMS, "somebody", receives=3)
    assert (rests_at("somebody"), wakes_at("somebody")) == (None, NINE + 2 * DAY)
    assert len(stage.delivered(Channel.SMS)) == 1


def test_what_waited_while_put_aside_is_noted_when_it_comes_back(stage: Stage) -> None:
    plan = Plan(lead_days=(3,), overdue_days=())
    rent = a_bill(bill_id="rent", due_on=IN_THREE_DAYS)
    store(a_user(plan=plan), a_heavy_bill("somebody"), rent)
    stage.wake_up(Channel.SMS, "somebody")
    later = NINE + 40 * DAY
    close_bill("somebody", "heavy", now=later)
    assert (rests_at("somebody"), wakes_at("somebody")) == (None, NINE)
    stage.set_clock(later + MINUTE)
    stage.wake_up(Channel.SMS, "somebody")
    assert [(row.state, row.reason) for row in ledger_of("somebody")] == [("skipped", "expired")]


# Whose time it is --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behind", "sent"),
    [
        (timedelta(), True),
        (timedelta(minutes=1), True),
        (timedelta(minutes=4, seconds=50), True),
        (timedelta(minutes=5, seconds=50), False),
        (timedelta(days=1), False),
    ],
)
def test_a_clock_that_is_slow_by_five_minutes_at_most_believes_the_wake_up(
    stage: Stage, behind: timedelta, sent: bool
) -> None:
    stage.enter("somebody", Channel.SMS)
    stage.set_clock(NINE - behind)
    assert stage.wake_up(Channel.SMS, "somebody") == []
    assert bool(stage.delivered(Channel.SMS)) is sent
    assert wakes_at("somebody") == (NINE + 2 * DAY if sent else NINE)


@pytest.mark.parametrize(
    ("clock", "now"),
    [
        (NINE - 5 * MINUTE, NINE),
        (NINE - 5 * MINUTE - timedelta(seconds=1), NINE - 5 * MINUTE - timedelta(seconds=1)),
        (NINE - timedelta(seconds=1), NINE),
        (NINE, NINE),
        (NINE + 30 * DAY, NINE + 30 * DAY),
    ],
)
def test_now_is_the_later_of_the_clock_and_a_wake_up_at_most_five_minutes_ahead(
    clock: datetime, now: datetime
) -> None:
    assert effective_now(clock, WakeUp("somebody", NINE)) == now


# Logs --------------------------------------------------------------------------------------------


def test_a_batch_logs_what_became_of_its_messages_in_numbers(
    stage: Stage, log: io.StringIO
) -> None:
    stage.enter("first", Channel.SMS)
    stage.enter("last", Channel.SMS, plan=Plan(channels=(Channel.SMS,), lead_days=(3,)))
    stage.wake_up(Channel.SMS, "first", "last")
    entries = [json.loads(line) for line in log.getvalue().splitlines() if line.startswith("{")]
    (entry,) = (entry for entry in entries if entry["message"] == "batch delivered")
    assert entry["messages"] == {"sent": 2}
    assert entry["failed_nudges"] == 0
    assert entry["channel"] == "sms"
    assert 0 <= entry["slowest_seconds"] < 600


def test_a_batch_that_sent_nothing_says_nothing_of_its_speed(
    stage: Stage, log: io.StringIO
) -> None:
    stage.wake_up(Channel.SMS, "nobody")
    entries = [json.loads(line) for line in log.getvalue().splitlines() if line.startswith("{")]
    (entry,) = (entry for entry in entries if entry["message"] == "batch delivered")
    assert entry.get("slowest_seconds") is None


def test_an_address_that_cannot_be_sent_to_is_not_repeated_by_our_errors(stage: Stage) -> None:
    """A number that slipped past the importer: SNS names it in its refusal."""
    broken = replace(a_user(), addresses={Channel.SMS: Address(f"{PHONE}-x", ATTESTED)})
    enter(broken, a_bill(due_on=IN_THREE_DAYS))
    assert stage.wake_up(Channel.SMS, "somebody") == []
    row = only_row("somebody")
    assert (row.state, row.reason) == ("failed", "invalid")

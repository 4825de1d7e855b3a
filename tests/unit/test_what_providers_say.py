"""What providers say of a message, at once or later, in every form that is known: who is at fault,
which address is gone, what is only a text, and which topic a receipt may come through."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.channels.providers import NoAnswer, Refused, Rejected, send_once
from bill_reminders.channels.receipts import Receipt, UnreadableReceipt
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import StoppedBy
from bill_reminders.receipts.inbound import PlainText, forgotten, parse
from bill_reminders.storage.common_causes import normal_form
from tests.support import receipts as forms
from tests.support.people import EMAIL, ENDPOINT, PHONE

AT = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
TOPICS = {forms.EMAIL_TOPIC: Channel.EMAIL, forms.DEVICE_TOPIC: Channel.PUSH}


def read(body: str) -> Receipt:
    receipt = parse(body, TOPICS)
    assert receipt is not None
    return receipt


def sms(said: str) -> Receipt:
    return read(forms.of_sms(number=PHONE, provider_id="sms-1", at=AT, status="FAILURE", said=said))


def push(why: str, said: str) -> Receipt:
    return read(forms.of_device(endpoint=ENDPOINT, provider_id="push-1", at=AT, why=why, said=said))


def bounce(kind: str, sub: str, *statuses: str) -> Receipt:
    recipients = [{"emailAddress": EMAIL, "status": status} for status in statuses]
    return read(
        forms.of_email(
            "Bounce",
            tag="tag",
            address=EMAIL,
            at=AT,
            bounceType=kind,
            bounceSubType=sub,
            bouncedRecipients=recipients,
        )
    )


def said_of(receipt: Receipt) -> tuple[str, str | None, StoppedBy | None]:
    assert not receipt.of_account
    return receipt.state.value, receipt.reason, receipt.stop


# The log of SMS ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("No quota left for account", "quota"),
        (" no QUOTA  left for account. ", "quota"),
        ("Monthly spend limit reached", "quota"),
        ("Spending limit exceeded", "quota"),
        (
            "Your account requires additional review prior to being able to send SMS messages. "
            "Please create a support ticket with an explanation of your use case. "
            "https://console.aws.amazon.com/support/cases#/create?issueType=limit-increase",
            "account",
        ),
        ("Account is in the SMS sandbox", "account"),
        ("No origination entities available to send", "sender"),
        ("Sender ID is not registered", "sender"),
        ("Sender not registered", "sender"),
        ("This destination is not registered", "sender"),
        ("Destination not verified", "sender"),
        ("This delivery would exceed max price", "max_price"),
    ],
)
def test_a_text_that_speaks_of_the_account_is_not_the_numbers(said: str, reason: str) -> None:
    receipt = sms(said)
    assert (receipt.of_account, receipt.reason, receipt.stop) == (True, reason, None)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Phone carrier has blocked this message", ("failed", "blocked", None)),
        ("Blocked as spam by phone carrier", ("failed", "blocked", None)),
        ("Destination is on a blocked list", ("failed", "blocked", None)),
        ("Phone is on a blocked list", ("failed", "blocked", None)),
        ("Destination is blacklisted", ("failed", "blocked", None)),
        ("Phone is blacklisted", ("failed", "blocked", None)),
        ("Phone has blocked SMS", ("failed", "blocked_by_phone", None)),
        ("Message body is invalid", ("failed", "invalid", None)),
        ("Phone is currently unreachable/unavailable", ("expired", "unreachable", None)),
        ("Phone carrier is currently unreachable/unavailable", ("expired", "unreachable", None)),
        ("Unknown error attempting to reach phone", ("failed", "not_delivered", None)),
        ("Invalid phone number", ("bounced", "no_such_number", StoppedBy.BOUNCED)),
        ("INVALID PHONE NUMBER.", ("bounced", "no_such_number", StoppedBy.BOUNCED)),
        ("Phone number is opted out", ("failed", "opted_out", StoppedBy.PROVIDER)),
        ("Phone number has opted out", ("failed", "opted_out", StoppedBy.PROVIDER)),
    ],
)
def test_what_is_documented_of_a_number(
    said: str, expected: tuple[str, str, StoppedBy | None]
) -> None:
    receipt = sms(said)
    assert said_of(receipt) == expected
    assert receipt.unknown_text is None


def test_a_text_that_no_table_knows_is_handed_on_to_be_counted() -> None:
    receipt = sms("Carrier said 4711")
    assert said_of(receipt) == ("failed", "not_delivered", None)
    assert receipt.unknown_text == "Carrier said 4711"
    assert "4711" not in repr(receipt)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Carrier said 4711: not today", "carrier  said 99 : NOT today!"),
        (f"No route to {PHONE}.", "No route to +1 (202) 555-0143"),
        ("Ref 3f2a-77b1-c0de1 refused", "ref 0000 refused"),
    ],
)
def test_texts_that_differ_by_numbers_and_signs_are_the_same(one: str, other: str) -> None:
    assert normal_form(one) == normal_form(other)


@given(st.text())
def test_what_is_counted_holds_no_digit(text: str) -> None:
    assert not any(sign.isdecimal() for sign in normal_form(text))


def test_only_the_beginning_of_a_long_text_is_compared() -> None:
    assert normal_form("x" * 2000 + "one") == normal_form("x" * 2000 + "two")


def test_texts_of_other_words_are_others() -> None:
    assert normal_form("No route") != normal_form("No way")


# Devices -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("EndpointNotFound", "Endpoint was not found"),
        ("EndpointDisabled", "Endpoint is disabled"),
        ("InvalidPlatformToken", "Platform token associated with the endpoint is not valid"),
        ("PlatformTokenExpired", ""),
        ("DeliveryFailedPerm", "Unregistered"),
        ("DeliveryFailedPerm", "UNREGISTERED"),
        ("DeliveryFailedPerm", "BadDeviceToken"),
        ("DeliveryFailedPerm", "DeviceTokenNotForTopic"),
        ("InvalidRegistration", ""),
        ("NotRegistered", ""),
    ],
)
def test_a_device_that_is_gone_is_stopped(why: str, said: str) -> None:
    assert said_of(push(why, said)) == ("bounced", "device_is_gone", StoppedBy.BOUNCED)


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("PlatformCredentialsExpired", "Platform credentials are expired"),
        ("DeliveryFailedPerm", "Platform credentials are invalid"),
        ("PlatformApplicationDisabled", ""),
        ("DeliveryFailedPerm", "InvalidProviderToken"),
        ("DeliveryFailedPerm", "THIRD_PARTY_AUTH_ERROR"),
    ],
)
def test_credentials_of_the_app_are_the_accounts(why: str, said: str) -> None:
    receipt = push(why, said)
    assert (receipt.of_account, receipt.reason, receipt.stop) == (True, "credentials", None)


@pytest.mark.parametrize(
    ("why", "said", "reason", "is_known"),
    [
        ("InvalidNotification", "Notification body is invalid", "invalid", True),
        ("DeliveryFailedPerm", "gcm behaved in an unexpected way", "not_delivered", False),
    ],
)
def test_a_push_that_failed_for_another_reason_stops_nothing(
    why: str, said: str, reason: str, is_known: bool
) -> None:
    receipt = push(why, said)
    assert said_of(receipt) == ("failed", reason, None)
    assert (receipt.unknown_text is None) is is_known


def test_an_endpoint_that_was_deleted_is_gone_and_names_no_message() -> None:
    receipt = read(forms.of_deleted_endpoint(endpoint=ENDPOINT, at=AT))
    assert said_of(receipt) == ("bounced", "device_is_gone", StoppedBy.BOUNCED)
    assert (receipt.receipt_id, receipt.address) == (None, ENDPOINT)


# E-mail ------------------------------------------------------------------------------------------

GONE = ("bounced", "bounced", StoppedBy.BOUNCED)
CONTENT = ("failed", "content_refused", None)
FOR_NOW = ("expired", "bounced_for_now", None)


@pytest.mark.parametrize(
    ("kind", "sub", "expected"),
    [
        ("Permanent", "General", GONE),
        ("Permanent", "NoEmail", GONE),
        ("Permanent", "Suppressed", GONE),
        ("Permanent", "OnAccountSuppressionList", GONE),
        ("Permanent", "SomethingNew", GONE),
        ("Permanent", "UnsubscribedRecipient", ("failed", "opted_out", StoppedBy.PROVIDER)),
        ("Permanent", "MessageTooLarge", CONTENT),
        ("Permanent", "ContentRejected", CONTENT),
        ("Permanent", "AttachmentRejected", CONTENT),
        ("Transient", "General", FOR_NOW),
        ("Transient", "MailboxFull", FOR_NOW),
        ("Transient", "MessageTooLarge", FOR_NOW),
        ("Transient", "ContentRejected", FOR_NOW),
        ("Transient", "AttachmentRejected", FOR_NOW),
        ("Undetermined", "Undetermined", FOR_NOW),
    ],
)
def test_a_bounce_stops_a_mailbox_that_is_gone_and_no_other(
    kind: str, sub: str, expected: tuple[str, str, StoppedBy | None]
) -> None:
    assert said_of(bounce(kind, sub, "5.1.1")) == expected
    assert said_of(bounce(kind, sub)) == expected


@pytest.mark.parametrize("kind", ["Permanent", "Transient"])
@pytest.mark.parametrize("status", ["5.7.20", "5.7.23", "5.7.26"])
def test_a_mailbox_that_refuses_an_unproven_sender_is_not_gone(kind: str, status: str) -> None:
    receipt = bounce(kind, "General", status)
    assert (receipt.of_account, receipt.reason, receipt.stop) == (True, "sender_not_proven", None)


@pytest.mark.parametrize(
    ("kind", "details", "expected"),
    [
        ("Reject", {"reason": "Bad content"}, ("failed", "rejected", None)),
        ("Rendering Failure", {}, ("failed", "not_rendered", None)),
        ("Complaint", {}, ("complained", "complained", StoppedBy.COMPLAINT)),
        (
            "Complaint",
            {"complaintSubType": "OnAccountSuppressionList"},
            ("bounced", "complained", StoppedBy.COMPLAINT),
        ),
    ],
)
def test_what_else_ses_says(
    kind: str, details: dict[str, str], expected: tuple[str, str, StoppedBy | None]
) -> None:
    receipt = read(forms.of_email(kind, tag="tag", address=EMAIL, at=AT, **details))
    assert said_of(receipt) == expected


def test_a_delay_says_nothing_final() -> None:
    delayed = forms.of_email("DeliveryDelay", tag="tag", address=EMAIL, at=AT)
    assert parse(delayed, TOPICS) is None


# Plain texts -------------------------------------------------------------------------------------

VALIDATED = "Successfully validated SNS topic for Amazon SES event publishing."
SUBSCRIBE = "You have chosen to subscribe to the topic arn:aws:sns:us-east-1:000000000000:Mail."
JOINED = {"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "You have joined"}


@pytest.mark.parametrize(
    "body",
    [
        forms.published(VALIDATED),
        forms.published(VALIDATED, topic=forms.DEVICE_TOPIC),
        VALIDATED,
        forms.published(SUBSCRIBE, kind="SubscriptionConfirmation"),
        forms.published(SUBSCRIBE, kind="UnsubscribeConfirmation"),
        forms.notification(JOINED),
        "",
        "null",
        "[]",
        "17",
        forms.published("[]"),
        forms.published(""),
    ],
)
def test_a_text_that_a_provider_publishes_claims_to_be_no_receipt(body: str) -> None:
    with pytest.raises(PlainText) as text:
        parse(body, TOPICS)
    for word in ("validated", "chosen", "joined"):
        assert word not in str(text.value)


@pytest.mark.parametrize(
    "body", ["{", " {broken", "{}", forms.published("{broken"), forms.published("{}")]
)
def test_what_begins_like_a_receipt_and_is_none_stays_unreadable(body: str) -> None:
    with pytest.raises(UnreadableReceipt):
        parse(body, TOPICS)


DEEP = '{"a":' * 100_000


@pytest.mark.parametrize(
    "body",
    [DEEP, forms.published(DEEP), json.dumps({"sms_log": DEEP})],
    ids=["it", "its message", "its line"],
)
def test_what_is_nested_too_deep_is_unreadable(body: str) -> None:
    assert forgotten(body) is None
    with pytest.raises(UnreadableReceipt):
        parse(body, TOPICS)


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-01:00"])
def test_an_instant_that_no_calendar_has_is_unreadable(at: str) -> None:
    written = forms.of_email("Send", tag="tag", address=EMAIL, at=AT)
    with pytest.raises(UnreadableReceipt):
        parse(written.replace(AT.isoformat(), at), TOPICS)


@given(st.text())
def test_no_text_at_all_is_taken_for_a_receipt(text: str) -> None:
    for body in (text, forms.published(text), forms.published(text, topic=forms.DEVICE_TOPIC)):
        with pytest.raises((PlainText, UnreadableReceipt)):
            parse(body, TOPICS)


# Topics ------------------------------------------------------------------------------------------

OTHER = "arn:aws:sns:us-east-1:000000000000:Another"


def mail(topic: str, kind: str = "Bounce") -> str:
    return forms.of_email(
        kind, tag="tag", address=EMAIL, at=AT, topic=topic, bounceType="Permanent"
    )


@pytest.mark.parametrize("topic", [forms.DEVICE_TOPIC, OTHER, ""])
@pytest.mark.parametrize("kind", ["Send", "Delivery", "Bounce", "Complaint"])
def test_what_becomes_of_mails_counts_from_its_own_topic_alone(topic: str, kind: str) -> None:
    with pytest.raises(UnreadableReceipt, match="from a topic that is not its own"):
        parse(mail(topic, kind), TOPICS)


@pytest.mark.parametrize("topic", [forms.EMAIL_TOPIC, OTHER, ""])
def test_what_becomes_of_devices_counts_from_its_own_topic_alone(topic: str) -> None:
    forged = forms.of_device(endpoint=ENDPOINT, provider_id="push-1", at=AT, topic=topic)
    with pytest.raises(UnreadableReceipt, match="from a topic that is not its own"):
        parse(forged, TOPICS)


@pytest.mark.parametrize("topic", [forms.EMAIL_TOPIC, forms.DEVICE_TOPIC])
def test_lines_of_the_log_of_sms_come_through_no_topic(topic: str) -> None:
    line = forms.of_sms(number=PHONE, provider_id="sms-1", at=AT)
    with_marks_of_a_topic = json.loads(forms.published("{}", topic=topic)) | json.loads(line)
    for forged in (forms.published(line, topic=topic), json.dumps(with_marks_of_a_topic)):
        with pytest.raises(UnreadableReceipt):
            parse(forged, TOPICS)


@pytest.mark.parametrize("topic", [forms.EMAIL_TOPIC, forms.DEVICE_TOPIC])
def test_an_event_that_bears_the_marks_of_two_kinds_is_of_neither(topic: str) -> None:
    event = json.loads(forms.event_in(mail(topic))) | {"EventType": "DeliveryFailure"}
    with pytest.raises(UnreadableReceipt):
        parse(forms.notification(event, topic=topic), TOPICS)


# Answers -----------------------------------------------------------------------------------------


def answered(code: str, text: str = "", status: int = 400) -> Exception:
    def send(**_: Any) -> dict[str, Any]:
        response: Any = {
            "Error": {"Code": code, "Message": text},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }
        raise ClientError(response, "Publish")

    with pytest.raises((Refused, Rejected, NoAnswer)) as raised:
        send_once(send)
    for private in (PHONE, EMAIL, ENDPOINT):
        assert private not in str(raised.value)
    return raised.value


NO_ENDPOINT = "Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified"
NO_NUMBER = f"Invalid parameter: PhoneNumber Reason: {PHONE} is not valid to publish to"


@pytest.mark.parametrize(
    ("code", "text", "reason", "stop"),
    [
        ("EndpointDisabled", "Endpoint is disabled", "endpoint_disabled", StoppedBy.BOUNCED),
        ("EndpointDisabledException", "", "endpoint_disabled", StoppedBy.BOUNCED),
        ("InvalidParameter", NO_ENDPOINT, "endpoint_gone", StoppedBy.BOUNCED),
        ("InvalidParameterException", NO_ENDPOINT.upper(), "endpoint_gone", StoppedBy.BOUNCED),
        ("NotFound", "Endpoint does not exist", "endpoint_gone", StoppedBy.BOUNCED),
        ("InvalidParameter", NO_NUMBER, "invalid", None),
        ("OptedOut", "", "opted_out", StoppedBy.PROVIDER),
        ("InvalidParameter", f"{PHONE} is opted out", "opted_out", StoppedBy.PROVIDER),
        ("MessageRejected", "Address blacklisted.", "suppressed", StoppedBy.BOUNCED),
        ("InvalidParameter", "Invalid parameter: Message too long", "invalid", None),
        ("InvalidParameterValue", "", "invalid", None),
        ("BadRequestException", f"Invalid email address {EMAIL}.", "invalid", None),
    ],
)
def test_an_answer_that_no_later_try_changes(
    code: str, text: str, reason: str, stop: StoppedBy | None
) -> None:
    error = answered(code, text)
    assert isinstance(error, Rejected)
    assert (error.reason, error.stop) == (reason, stop)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("AuthorizationError", "is not authorized to perform: SNS:Publish"),
        ("AccessDeniedException", ""),
        ("PlatformApplicationDisabled", "Platform application is disabled"),
        ("UserError", "No origination entities available to send"),
        ("InvalidParameter", "Invalid parameter: AWS.SNS.SMS.SenderID Reason: not valid"),
        ("InvalidParameter", "Invalid parameter: AWS.MM.SMS.OriginationNumber Reason: not yours"),
        ("InvalidParameter", f"Invalid parameter: PhoneNumber Reason: {PHONE} not in the sandbox"),
        ("InvalidParameter", f"Invalid parameter: PhoneNumber Reason: {PHONE} is not verified"),
        ("KMSDisabled", ""),
        ("NotFoundException", "Configuration set <mails> does not exist."),
        ("BadRequestException", "Configuration set <mails> does not exist."),
        ("MessageRejected", f"Email address is not verified. The identities failed: {EMAIL}"),
        ("AccountSuspendedException", ""),
        ("SendingPausedException", ""),
        ("MailFromDomainNotVerifiedException", ""),
        ("LimitExceededException", ""),
        ("ThrottlingException", "Daily message quota exceeded."),
        ("SomethingNew", ""),
    ],
)
def test_an_answer_that_speaks_of_the_account_waits_and_alarms(code: str, text: str) -> None:
    error = answered(code, text)
    assert isinstance(error, Refused)
    assert (error.reason, error.of_account) == (code, True)


@pytest.mark.parametrize(
    ("code", "text", "status"),
    [
        ("Throttling", "Rate exceeded", 400),
        ("ThrottledException", "", 429),
        ("TooManyRequestsException", "", 429),
        ("ThrottlingException", "Maximum sending rate exceeded.", 400),
        ("KMSThrottling", "", 400),
        ("SomethingNew", "", 429),
    ],
)
def test_throttling_waits_and_alarms_nobody(code: str, text: str, status: int) -> None:
    error = answered(code, text, status)
    assert isinstance(error, Refused)
    assert not error.of_account


@pytest.mark.parametrize("code", ["InternalError", "OptedOut", "Throttling"])
def test_after_an_error_of_the_providers_own_nobody_can_tell(code: str) -> None:
    assert isinstance(answered(code, NO_ENDPOINT, 503), NoAnswer)

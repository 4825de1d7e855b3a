"""Receipts as they come in: from SES, from SNS about devices, from the delivery log of SMS.

What a provider says is read into our own words here; nothing of its text goes further.
"""

import base64
import gzip
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from bill_reminders.delivery.verdicts import Fault, Form, Verdict, verdict
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.domain.ledger import State
from bill_reminders.domain.people import StoppedBy

_ID = re.compile(r"[A-Za-z0-9._@-]{1,200}")
SMS_LOG = "sms_log"
"""The field of a queue's message that holds an event of the SMS delivery log."""


class UnreadableReceipt(BillRemindersError):
    """What came is no receipt; the message names what is wrong and repeats nothing of it."""


class PlainText(BillRemindersError):
    """What came is a text that a provider publishes, as when a topic is joined to it: it claims to
    be no receipt, and changes nothing."""


@dataclass(frozen=True, slots=True)
class Topics:
    """The ARNs of the topics that receipts come through, each of one kind alone."""

    of_mails: str
    of_devices: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider says of one message.

    `receipt_id` is our own tag of an e-mail, the provider's id of all else; None when it is about
    the address and no message. `at` is when the provider took the message, by its own clock. `stop`
    tells that `address` is of no use any more, `of_account` that the account is at fault and nobody
    got the message. `unknown_text` is a reason that no table of ours knows.
    """

    channel: Channel
    receipt_id: str | None
    provider_id: str
    state: State
    at: datetime
    reason: str | None = None
    stop: StoppedBy | None = None
    of_account: bool = False
    address: str | None = field(default=None, repr=False)
    unknown_text: str | None = field(default=None, repr=False)


def parse(body: str, topics: Topics) -> Receipt | None:
    """The receipt in a message of the queue; None when it says nothing that changes anything.

    A receipt counts from the topic of its kind; a line of the log of SMS comes through no topic.
    Raises Unreadable, PlainText.
    """
    content = _json(body)
    try:
        if content.keys() == {SMS_LOG}:
            return _sms(_json(content[SMS_LOG]))
        if content.get("Type", NOTIFICATION) != NOTIFICATION:
            raise PlainText("it is about a subscription")
        return _of_topic(_text(content.get("TopicArn", "")), _json(content["Message"]), topics)
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise UnreadableReceipt(f"not a receipt: {type(error).__name__}") from None


NOTIFICATION = "Notification"
SUBSCRIBED = "AmazonSnsSubscriptionSucceeded"


def _of_topic(topic: str, event: Mapping[str, Any], topics: Topics) -> Receipt | None:
    if event.get("notificationType") == SUBSCRIBED:
        raise PlainText("it is about a subscription")
    is_of_device, is_of_email = "EventType" in event, "eventType" in event
    if is_of_device == is_of_email:
        raise UnreadableReceipt("not a receipt of one kind")
    if topic != (topics.of_devices if is_of_device else topics.of_mails):
        raise UnreadableReceipt("from a topic that is not its own")
    return _push(event) if is_of_device else _email(event)


def log_events(event: Mapping[str, Any]) -> list[str]:
    """The messages for the queue from what a log's subscription hands over, `{"awslogs": ...}`, one
    for each event in it. Raises Unreadable."""
    try:
        packed = base64.b64decode(event["awslogs"]["data"], validate=True)
        content = json.loads(gzip.decompress(packed))
        if content["messageType"] == "CONTROL_MESSAGE":  # CloudWatch tries out the subscription
            return []
        return [json.dumps({SMS_LOG: each["message"]}) for each in content["logEvents"]]
    except (KeyError, TypeError, ValueError, OSError, EOFError, zlib.error) as error:
        raise UnreadableReceipt(f"not an event of a log: {type(error).__name__}") from None


def forgotten(body: str) -> Mapping[str, Any] | None:
    """The log's event in a dead letter of this function's own, redriven to the queue; None in any
    other message."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    payload = content.get("requestPayload") if isinstance(content, dict) else None
    return payload if isinstance(payload, dict) and "awslogs" in payload else None


def _json(text: object) -> dict[str, Any]:
    """Raises PlainText for a text that does not even begin like an object."""
    if not isinstance(text, str):
        raise UnreadableReceipt("not a text")
    if not text.lstrip().startswith("{"):
        raise PlainText("not an object")
    try:
        content: dict[str, Any] = json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableReceipt("not JSON") from None
    return content


def _id(value: object) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise UnreadableReceipt("the id is not one")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise UnreadableReceipt("not a text where one belongs")
    return value


def _instant(value: object) -> datetime:
    at = datetime.fromisoformat(_text(value))
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What became of a message, why, and what else that says."""

    state: State
    reason: str | None = None
    stop: StoppedBy | None = None
    of_account: bool = False
    unknown_text: str | None = field(default=None, repr=False)


MEANINGS: Mapping[Fault, Meaning] = {
    Fault.ACCOUNT: Meaning(State.FAILED, of_account=True),
    Fault.SENDER: Meaning(State.FAILED, of_account=True),
    Fault.PASSING: Meaning(State.EXPIRED),
    Fault.ADDRESS: Meaning(State.BOUNCED, stop=StoppedBy.BOUNCED),
    Fault.OPTED_OUT: Meaning(State.FAILED, stop=StoppedBy.PROVIDER),
    Fault.MESSAGE: Meaning(State.FAILED),
}


def _meant(verdict: Verdict | None, text: str) -> Meaning:
    if verdict is None:
        return Meaning(State.FAILED, "not_delivered", unknown_text=text)
    return replace(MEANINGS[verdict.fault], reason=verdict.reason)


# E-mail: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html


def _email(event: Mapping[str, Any]) -> Receipt | None:
    mail = event["mail"]
    outcome = _of_email(_text(event["eventType"]), event)
    if outcome is None:
        return None
    (tag,) = mail["tags"]["message_id"]
    (address,) = mail["destination"]  # we write to one at a time
    return _receipt(
        outcome,
        channel=Channel.EMAIL,
        receipt_id=_id(tag),
        provider_id=_id(mail["messageId"]),
        at=_instant(mail["timestamp"]),
        address=_text(address),
    )


def _receipt(outcome: Meaning, **known: Any) -> Receipt:
    return Receipt(
        state=outcome.state,
        reason=outcome.reason,
        stop=outcome.stop,
        of_account=outcome.of_account,
        unknown_text=outcome.unknown_text,
        **known,
    )


_EMAIL: Mapping[str, Meaning] = {
    "Send": Meaning(State.SENT),
    "Delivery": Meaning(State.DELIVERED),
    "Reject": Meaning(State.FAILED, "rejected"),
    "Rendering Failure": Meaning(State.FAILED, "not_rendered"),
}
"""Delays, openings and the like are left out: they say nothing final."""


def _of_email(kind: str, event: Mapping[str, Any]) -> Meaning | None:
    if kind == "Bounce":
        bounce = event["bounce"]
        statuses = (each.get("status") for each in bounce.get("bouncedRecipients") or ())
        text = " ".join(str(each) for each in (bounce.get("bounceSubType"), *statuses))
        return _meant(verdict(Form.BOUNCE, text, kind=_text(bounce["bounceType"])), text)
    if kind == "Complaint":
        return _of_complaint(event["complaint"])
    return _EMAIL.get(kind)


def _of_complaint(complaint: Mapping[str, Any]) -> Meaning | None:
    # mailbox providers also tell when somebody takes a mail out of the junk folder
    if complaint.get("complaintFeedbackType") == "not-spam":
        return None
    # SES kept it back, because of a complaint about an earlier one
    is_kept_back = complaint.get("complaintSubType") == "OnAccountSuppressionList"
    state = State.BOUNCED if is_kept_back else State.COMPLAINED
    return Meaning(state, "complained", StoppedBy.COMPLAINT)


# SMS: https://docs.aws.amazon.com/sns/latest/dg/sms_stats_cloudwatch.html


def _sms(event: Mapping[str, Any]) -> Receipt | None:
    delivery, notification = event["delivery"], event["notification"]
    number = _id(notification["messageId"])
    return _receipt(
        _of_sms(_text(event["status"]), delivery),
        channel=Channel.SMS,
        receipt_id=number,
        provider_id=number,
        at=_instant(notification["timestamp"]),
        address=_text(delivery["destination"]),
    )


def _of_sms(status: str, delivery: Mapping[str, Any]) -> Meaning:
    if status == "SUCCESS":
        # most carriers only say that they took it; a phone that answers says more
        arrived = "dwellTimeMsUntilDeviceAck" in delivery
        return Meaning(State.DELIVERED if arrived else State.SENT)
    if status != "FAILURE":
        raise UnreadableReceipt("the status is neither of the two")
    said = _text(delivery.get("providerResponse", ""))
    return _meant(verdict(Form.SMS, said), said)


# Push: https://docs.aws.amazon.com/sns/latest/dg/application-event-notifications.html


def _push(event: Mapping[str, Any]) -> Receipt | None:
    number: str | None = None
    match event["EventType"]:
        case "DeliveryFailure":
            number = _id(event["MessageId"])
            said = f"{event.get('FailureType', '')} {event.get('FailureMessage', '')}"
            outcome = _meant(verdict(Form.PUSH, said), said)
        case "EndpointDeleted":
            outcome = replace(MEANINGS[Fault.ADDRESS], reason="device_is_gone")
        case _:
            return None
    return _receipt(
        outcome,
        channel=Channel.PUSH,
        receipt_id=number,
        provider_id=number or "",
        at=_instant(event["Time"]),
        address=_text(event["EndpointArn"]),
    )

"""Receipts as they come in: from SES, from SNS about devices, from the delivery log of SMS.

What a provider says is read into our own words here; nothing of its text goes further.
"""

import base64
import gzip
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.domain.ledger import State
from bill_reminders.domain.people import StoppedBy
from bill_reminders.domain.terms import Channel

_ID = re.compile(r"[A-Za-z0-9._@-]{1,200}")
SMS_LOG = "sms_log"
"""The field of a queue's message that holds an event of the SMS delivery log."""


class Unreadable(BillRemindersError):
    """What came is no receipt; the message names what is wrong and repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider says of one message.

    `receipt_id` is our own tag of an e-mail, the provider's id of all else. `at` is when the
    provider took the message, by its own clock. `stop` tells that `address` is of no use any more.
    """

    channel: Channel
    receipt_id: str
    provider_id: str
    state: State
    at: datetime
    reason: str | None = None
    stop: StoppedBy | None = None
    address: str | None = field(default=None, repr=False)


def parse(body: str) -> Receipt | None:
    """The receipt in a message of the queue; None when it says nothing that changes anything.
    Raises Unreadable."""
    content = _json(body)
    try:
        if SMS_LOG in content:
            return _sms(_json(content[SMS_LOG]))
        event = _json(content["Message"])
        if "EventType" in event:
            return _push(event)
        return _email(event)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise Unreadable(f"not a receipt: {type(error).__name__}") from None


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
        raise Unreadable(f"not an event of a log: {type(error).__name__}") from None


def forgotten(body: str) -> Mapping[str, Any] | None:
    """The log's event in a dead letter of this function's own, redriven to the queue; None in any
    other message."""
    try:
        content = json.loads(body)
    except ValueError:
        return None
    payload = content.get("requestPayload") if isinstance(content, dict) else None
    return payload if isinstance(payload, dict) and "awslogs" in payload else None


def _json(text: object) -> dict[str, Any]:
    if not isinstance(text, str):
        raise Unreadable("not a text")
    try:
        content = json.loads(text)
    except ValueError:
        raise Unreadable("not JSON") from None
    if not isinstance(content, dict):
        raise Unreadable("not an object")
    return content


def _id(value: object) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise Unreadable("the id is not one")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Unreadable("not a text where one belongs")
    return value


def _instant(value: object) -> datetime:
    at = datetime.fromisoformat(_text(value))
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


Verdict = tuple[State, str | None, StoppedBy | None]
"""What became of the message, why, and whether its address is of no use any more."""


# E-mail: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html


def _email(event: Mapping[str, Any]) -> Receipt | None:
    mail = event["mail"]
    verdict = _of_email(_text(event["eventType"]), event)
    if verdict is None:
        return None
    state, reason, stop = verdict
    (tag,) = mail["tags"]["message_id"]
    (address,) = mail["destination"]  # we write to one at a time
    return Receipt(
        channel=Channel.EMAIL,
        receipt_id=_id(tag),
        provider_id=_id(mail["messageId"]),
        state=state,
        at=_instant(mail["timestamp"]),
        reason=reason,
        stop=stop,
        address=_text(address),
    )


_EMAIL: Mapping[str, Verdict] = {
    "Send": (State.SENT, None, None),
    "Delivery": (State.DELIVERED, None, None),
    "Reject": (State.FAILED, "rejected", None),
}
"""Delays, openings and the like are left out: they say nothing final."""


def _of_email(kind: str, event: Mapping[str, Any]) -> Verdict | None:
    if kind == "Bounce":
        if event["bounce"]["bounceType"] == "Permanent":
            return State.BOUNCED, "bounced", StoppedBy.BOUNCED
        return State.EXPIRED, "bounced_for_now", None  # a full mailbox, a server that is down
    if kind == "Complaint":
        # mailbox providers also tell when somebody takes a mail out of the junk folder
        is_unwanted = event["complaint"].get("complaintFeedbackType") != "not-spam"
        return (State.COMPLAINED, "complained", StoppedBy.COMPLAINT) if is_unwanted else None
    return _EMAIL.get(kind)


# SMS: https://docs.aws.amazon.com/sns/latest/dg/sms_stats_cloudwatch.html

_SMS_FAILURES: Mapping[str, Verdict] = {
    "invalid phone number": (State.BOUNCED, "no_such_number", StoppedBy.BOUNCED),
    "phone number is opted out": (State.FAILED, "opted_out", StoppedBy.PROVIDER),
    "phone is currently unreachable/unavailable": (State.EXPIRED, "unreachable", None),
    "phone carrier is currently unreachable/unavailable": (State.EXPIRED, "unreachable", None),
    "phone has blocked sms": (State.FAILED, "blocked_by_phone", None),
    "phone is on a blocked list": (State.FAILED, "blocked", None),
    "phone carrier has blocked this message": (State.FAILED, "blocked", None),
    "blocked as spam by phone carrier": (State.FAILED, "blocked", None),
    "destination is on a blocked list": (State.FAILED, "blocked", None),
    "this delivery would exceed max price": (State.FAILED, "too_expensive", None),
    "message body is invalid": (State.FAILED, "invalid", None),
}


def _sms(event: Mapping[str, Any]) -> Receipt | None:
    delivery, notification = event["delivery"], event["notification"]
    state, reason, stop = _of_sms(_text(event["status"]), delivery)
    number = _id(notification["messageId"])
    return Receipt(
        channel=Channel.SMS,
        receipt_id=number,
        provider_id=number,
        state=state,
        at=_instant(notification["timestamp"]),
        reason=reason,
        stop=stop,
        address=_text(delivery["destination"]),
    )


def _of_sms(status: str, delivery: Mapping[str, Any]) -> Verdict:
    if status == "SUCCESS":
        # most carriers only say that they took it; a phone that answers says more
        arrived = "dwellTimeMsUntilDeviceAck" in delivery
        return (State.DELIVERED if arrived else State.SENT), None, None
    if status != "FAILURE":
        raise Unreadable("the status is neither of the two")
    said = _text(delivery.get("providerResponse", "")).strip().casefold()
    return _SMS_FAILURES.get(said, (State.FAILED, "not_delivered", None))


# Push: https://docs.aws.amazon.com/sns/latest/dg/application-event-notifications.html

_DEAD_DEVICE = {"InvalidPlatformToken", "EndpointDisabled", "PlatformTokenExpired"}


def _push(event: Mapping[str, Any]) -> Receipt | None:
    if event["EventType"] != "DeliveryFailure":
        return None
    is_dead = event.get("FailureType") in _DEAD_DEVICE
    number = _id(event["MessageId"])
    return Receipt(
        channel=Channel.PUSH,
        receipt_id=number,
        provider_id=number,
        state=State.BOUNCED if is_dead else State.FAILED,
        at=_instant(event["Time"]),
        reason="device_is_gone" if is_dead else "not_delivered",
        stop=StoppedBy.BOUNCED if is_dead else None,
        address=_text(event["EndpointArn"]),
    )

"""What providers say later of a message, in their own forms."""

import base64
import gzip
import json
from datetime import datetime
from typing import Any

EMAIL_TOPIC, DEVICE_TOPIC = "EmailEvents", "DeviceEvents"
"""What the topics are called where nothing is deployed: by their logical ids."""


def notification(event: dict[str, Any], *, topic: str = EMAIL_TOPIC) -> str:
    """As SNS puts it into the queue."""
    return published(json.dumps(event), topic=topic)


def published(message: str, *, topic: str = EMAIL_TOPIC, kind: str = "Notification") -> str:
    """What somebody publishes to a topic, as SNS puts it into the queue."""
    return json.dumps({"Type": kind, "TopicArn": topic, "Message": message})


def event_in(notification: str) -> str:
    """What the provider publishes to the topic."""
    return str(json.loads(notification)["Message"])


def of_email(
    kind: str,
    *,
    tag: str,
    address: str,
    at: datetime,
    provider_id: str = "ses-1",
    topic: str = EMAIL_TOPIC,
    **details: Any,
) -> str:
    """As SES writes it, with `details` for its kind."""
    field = {"Send": "send", "Delivery": "delivery", "Reject": "reject"}.get(kind, kind.lower())
    return notification(
        {
            "eventType": kind,
            "mail": {
                "timestamp": at.isoformat(),
                "messageId": provider_id,
                "destination": [address],
                "tags": {"message_id": [tag], "ses:operation": ["SendEmail"]},
            },
            field: details,
        },
        topic=topic,
    )


def bounce(kind: str = "Permanent", **more: Any) -> str:
    return of_email("Bounce", bounceType=kind, bounceSubType="General", **more)


def of_device(
    *,
    endpoint: str,
    provider_id: str,
    at: datetime,
    why: str = "InvalidPlatformToken",
    said: str = "",
    topic: str = DEVICE_TOPIC,
) -> str:
    """As SNS tells of an endpoint that its push service does not take any more."""
    return notification(
        {
            "DeliveryAttempts": 1,
            "EndpointArn": endpoint,
            "EventType": "DeliveryFailure",
            "FailureMessage": said,
            "FailureType": why,
            "MessageId": provider_id,
            "Service": "SNS",
            "Time": _instant(at),
        },
        topic=topic,
    )


def of_deleted_endpoint(*, endpoint: str, at: datetime) -> str:
    """As SNS tells that an endpoint is gone."""
    return notification(
        {
            "EndpointArn": endpoint,
            "EventType": "EndpointDeleted",
            "Service": "SNS",
            "Time": _instant(at),
        },
        topic=DEVICE_TOPIC,
    )


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def log_line(
    *,
    number: str,
    provider_id: str,
    at: datetime,
    said: str = "Message has been accepted by phone",
    status: str = "SUCCESS",
    ack: bool = True,
    sms_type: str = "Transactional",
) -> str:
    """As SNS writes what became of an SMS into its log."""
    delivery = {
        "destination": number,
        "priceInUSD": 0.00645,
        "smsType": sms_type,
        "providerResponse": said,
        "dwellTimeMs": 420,
    }
    if ack:
        delivery["dwellTimeMsUntilDeviceAck"] = 1344
    return json.dumps(
        {
            "notification": {
                "messageId": provider_id,
                "timestamp": at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
            },
            "delivery": delivery,
            "status": status,
        }
    )


def of_sms(**line: Any) -> str:
    """As read_receipts puts a line of that log into its queue."""
    return json.dumps({"sms_log": log_line(**line)})


def log_event(*lines: str, kind: str = "DATA_MESSAGE") -> dict[str, Any]:
    """As CloudWatch hands lines of a log to a function."""
    content = {
        "messageType": kind,
        "logGroup": "sns/us-east-1/000000000000/DirectPublishToPhoneNumber",
        "logEvents": [{"id": str(n), "message": line} for n, line in enumerate(lines)],
    }
    packed = gzip.compress(json.dumps(content).encode())
    return {"awslogs": {"data": base64.b64encode(packed).decode()}}

"""The request that SNS takes for a push notification."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any

from bill_reminders.messages.names import shorten

PLATFORMS = ("APNS", "APNS_SANDBOX", "FCM")

LARGEST_PUSH = 4096
"""Bytes of a payload that APNs and FCM take."""


@dataclass(frozen=True, slots=True)
class Opens:
    """What a touch on a notification opens, and how a phone groups it: those about one bill replace
    each other. `page` is our page about it where the touch opens another one, for the app to offer
    beside. `badge` counts the bills that it is about."""

    url: str | None = field(default=None, repr=False)
    page: str | None = field(default=None, repr=False)
    thread: str = "bills"
    badge: int = 1


def push_request(
    endpoint: str,
    title: str,
    body: str,
    *,
    expires_in: timedelta,
    opens: Opens | None = None,
) -> dict[str, Any]:
    """For SNS Publish. A device that was off for longer than `expires_in` is not shown it any
    more: "due tomorrow" is wrong the next day. A body that is too long for a payload is cut."""
    seconds = {"DataType": "String", "StringValue": str(max(60, int(expires_in.total_seconds())))}
    attributes = {f"AWS.SNS.MOBILE.{name}.TTL": seconds for name in PLATFORMS}
    if opens is not None:
        # SNS has no other name of it for the sandbox, as it has of the TTL
        attributes["AWS.SNS.MOBILE.APNS.COLLAPSE_ID"] = {
            "DataType": "String",
            "StringValue": _collapse_id(opens.thread),
        }
    return {
        "TargetArn": endpoint,
        "Message": _payload(title, body, opens),
        "MessageStructure": "json",
        "MessageAttributes": attributes,
    }


LONGEST_COLLAPSE_ID = 64
"""Bytes that APNs takes; as long as a SHA-256 in hexadecimal digits."""


def _collapse_id(thread: str) -> str:
    """What an iPhone goes by to show a notification in place of the one before: a thread alone only
    groups. It travels as a header, so it is ASCII."""
    if len(thread) < LONGEST_COLLAPSE_ID and thread.isascii() and thread.isprintable():
        return thread
    return sha256(thread.encode()).hexdigest()


def _payload(title: str, body: str, opens: Opens | None) -> str:
    """One text in the form of every push service; SNS picks the one of the endpoint's platform."""
    shown, width = body, len(body)
    apple, google = _apple(title, shown, opens), _google(title, shown, opens)
    while max(len(apple.encode()), len(google.encode())) > LARGEST_PUSH:
        width = width * 3 // 4
        shown = shorten(body, width)
        apple, google = _apple(title, shown, opens), _google(title, shown, opens)
    return _json(
        {
            "default": f"{title}\n{shown}",
            "APNS": apple,
            "APNS_SANDBOX": apple,
            "GCM": google,
        }
    )


def _apple(title: str, body: str, opens: Opens | None) -> str:
    aps: dict[str, Any] = {"alert": {"title": title, "body": body}, "sound": "default"}
    if opens is None:
        return _json({"aps": aps})
    aps |= {"thread-id": opens.thread, "badge": opens.badge}
    return _json({"aps": aps} | _links(opens))


def _google(title: str, body: str, opens: Opens | None) -> str:
    message: dict[str, Any] = {"notification": {"title": title, "body": body}}
    if opens is not None:
        shown = {"tag": opens.thread, "notification_count": opens.badge}
        message["android"] = {"notification": shown}
        if links := _links(opens):
            message["data"] = links
    return _json({"fcmV1Message": {"message": message}})


def _links(opens: Opens) -> dict[str, str]:
    links = {"url": opens.url, "page": opens.page}
    return {name: link for name, link in links.items() if link}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)

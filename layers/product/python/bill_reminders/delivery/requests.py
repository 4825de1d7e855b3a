"""The requests that providers take, from what is to be said."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bill_reminders.delivery.origins import LEFT_TO_AWS, Origin
from bill_reminders.domain.countries import SenderId, rules_for
from bill_reminders.messages.names import shorten

PLATFORMS = ("APNS", "APNS_SANDBOX", "FCM")


def sms_request(
    number: str, body: str, *, origin: Origin = LEFT_TO_AWS, wording: str = ""
) -> dict[str, Any]:
    """For SNS Publish. `wording` is the number of the registered wording, where there is one.

    Where its id has to travel, a sender ID goes only along with it: without, operators drop the
    message, while AWS has a way that needs neither.
    """
    rules = rules_for(number)
    template = origin.templates.get(wording, "") if rules.template_ids else ""
    registered = bool(template and origin.entity_id)
    names_sender = rules.sender_id is not SenderId.NONE and not origin.number
    values = {
        "AWS.SNS.SMS.SMSType": "Transactional",
        "AWS.MM.SMS.OriginationNumber": origin.number,
        "AWS.SNS.SMS.SenderID": (
            origin.sender_id if names_sender and (registered or not rules.template_ids) else ""
        ),
        "AWS.MM.SMS.EntityId": origin.entity_id if registered else "",
        "AWS.MM.SMS.TemplateId": template if registered else "",
    }
    return {
        "PhoneNumber": number,
        "Message": body,
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value}
            for name, value in values.items()
            if value
        },
    }


LARGEST_PUSH = 4096
"""Bytes of a payload that APNs and FCM take."""


@dataclass(frozen=True, slots=True)
class Opens:
    """What a touch on a notification opens, and how a phone groups it: those about one bill replace
    each other. `badge` counts the bills that it is about."""

    url: str | None = None
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
    return {
        "TargetArn": endpoint,
        "Message": _payload(title, body, opens),
        "MessageStructure": "json",
        "MessageAttributes": {f"AWS.SNS.MOBILE.{name}.TTL": seconds for name in PLATFORMS},
    }


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
    return _json({"aps": aps} | ({"url": opens.url} if opens.url else {}))


def _google(title: str, body: str, opens: Opens | None) -> str:
    message: dict[str, Any] = {"notification": {"title": title, "body": body}}
    if opens is not None:
        shown = {"tag": opens.thread, "notification_count": opens.badge}
        message["android"] = {"notification": shown}
        if opens.url:
            message["data"] = {"url": opens.url}
    return _json({"fcmV1Message": {"message": message}})


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Whom e-mails come from, and the configuration set by which SES tells what becomes of them."""

    address: str
    configuration_set: str


def email_request(
    *,
    sender: Mailbox,
    to: str,
    subject: str,
    text: str,
    html: str,
    message_id: str,
    list_unsubscribe: str | None = None,
    one_click: bool = False,
) -> dict[str, Any]:
    """For SESv2 SendEmail."""
    simple: dict[str, Any] = {
        "Subject": _utf8(subject),
        "Body": {"Text": _utf8(text), "Html": _utf8(html)},
    }
    # no out-of-office reply, please (RFC 3834)
    simple["Headers"] = [{"Name": "Auto-Submitted", "Value": "auto-generated"}]
    if list_unsubscribe is not None:
        simple["Headers"].append({"Name": "List-Unsubscribe", "Value": list_unsubscribe})
        if one_click:
            post = {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"}
            simple["Headers"].append(post)
    return {
        "FromEmailAddress": sender.address,
        "ConfigurationSetName": sender.configuration_set,
        "Destination": {"ToAddresses": [to]},
        "Content": {"Simple": simple},
        "EmailTags": [{"Name": "message_id", "Value": message_id}],
    }


def _utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}

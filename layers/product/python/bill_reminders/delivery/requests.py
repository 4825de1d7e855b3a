"""The requests that providers take, from what is to be said."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from email.header import Header
from email.utils import formataddr
from hashlib import sha256
from typing import Any

from bill_reminders.delivery.sender_ids import LEFT_TO_AWS, SenderIdentity
from bill_reminders.domain.countries import SenderId, rules_for
from bill_reminders.messages.names import shorten

PLATFORMS = ("APNS", "APNS_SANDBOX", "FCM")


def sms_request(
    number: str, body: str, *, origin: SenderIdentity = LEFT_TO_AWS, wording: str = ""
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


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Who e-mails come from, by address and `name`, and the configuration set by which SES tells
    what becomes of them."""

    address: str
    configuration_set: str
    name: str = ""

    @property
    def header(self) -> str:
        """As the header From has it: without a name, an inbox shows what is before the @. A name
        that is not ASCII is encoded (RFC 2047), in words of 75 characters at most."""
        readable = "".join(sign if sign.isprintable() else " " for sign in self.name)
        name = " ".join(readable.split())
        if not name.isascii() or "=?" in name:  # that would be read as encoded already
            return f"{Header(name, 'utf-8', maxlinelen=75).encode(linesep='')} <{self.address}>"
        return formataddr((name, self.address))


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
        "FromEmailAddress": sender.header,
        "ConfigurationSetName": sender.configuration_set,
        "Destination": {"ToAddresses": [to]},
        "Content": {"Simple": simple},
        "EmailTags": [{"Name": "message_id", "Value": message_id}],
    }


def _utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}

"""The requests that providers take, from what is to be said."""

import json
from datetime import timedelta
from typing import Any

from bill_reminders.delivery.origins import LEFT_TO_AWS, Origin
from bill_reminders.messages.countries import SenderId, rules_for

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


def push_request(endpoint: str, title: str, body: str, *, expires_in: timedelta) -> dict[str, Any]:
    """For SNS Publish. A device that was off for longer than `expires_in` is not shown it any
    more: "due tomorrow" is wrong the next day."""
    seconds = {"DataType": "String", "StringValue": str(max(60, int(expires_in.total_seconds())))}
    return {
        "TargetArn": endpoint,
        "Message": _payload(title, body),
        "MessageStructure": "json",
        "MessageAttributes": {f"AWS.SNS.MOBILE.{name}.TTL": seconds for name in PLATFORMS},
    }


def _payload(title: str, body: str) -> str:
    """One text in the form of every push service; SNS picks the one of the endpoint's platform."""
    shown = {"title": title, "body": body}
    apple = json.dumps({"aps": {"alert": shown, "sound": "default"}}, ensure_ascii=False)
    google = json.dumps({"fcmV1Message": {"message": {"notification": shown}}}, ensure_ascii=False)
    return json.dumps(
        {
            "default": f"{title}\n{body}",
            "APNS": apple,
            "APNS_SANDBOX": apple,
            "GCM": google,
        },
        ensure_ascii=False,
    )


def email_request(
    *,
    sender: str,
    to: str,
    subject: str,
    text: str,
    html: str,
    message_id: str,
    list_unsubscribe: str | None = None,
) -> dict[str, Any]:
    """For SESv2 SendEmail."""
    simple: dict[str, Any] = {
        "Subject": _utf8(subject),
        "Body": {"Text": _utf8(text), "Html": _utf8(html)},
    }
    if list_unsubscribe is not None:
        simple["Headers"] = [{"Name": "List-Unsubscribe", "Value": list_unsubscribe}]
    return {
        "FromEmailAddress": sender,
        "Destination": {"ToAddresses": [to]},
        "Content": {"Simple": simple},
        "EmailTags": [{"Name": "message_id", "Value": message_id}],
    }


def _utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}

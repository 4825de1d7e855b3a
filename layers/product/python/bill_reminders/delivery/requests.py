"""The requests that providers take, from what is to be said."""

import json
from datetime import timedelta
from typing import Any

PLATFORMS = ("APNS", "APNS_SANDBOX", "FCM")


def sms_request(number: str, body: str) -> dict[str, Any]:
    """For SNS Publish."""
    return {
        "PhoneNumber": number,
        "Message": body,
        "MessageAttributes": {
            "AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}
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

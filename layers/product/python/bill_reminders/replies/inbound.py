"""An SMS that came in, as SNS hands it over through a queue."""

import json
import re
from datetime import UTC, datetime, timedelta

from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.domain.replies import Reply

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_RECIPIENT = re.compile(r"\+?[0-9]{3,15}")
"""Short codes have neither a plus nor a country."""
_ID = re.compile(r"[A-Za-z0-9-]{1,50}")


class UnreadableReply(BillRemindersError):
    """What came is no reply; the message names what is wrong and repeats nothing of it."""


def parse(body: str, *, clock_offset: timedelta) -> Reply:
    """The reply in a queue's message. The envelope's own instant, moved as the clock is, orders
    what carriers and topics do not. Raises Unreadable.

    https://docs.aws.amazon.com/sms-voice/latest/userguide/two-way-sms-payload.html
    """
    try:
        envelope = json.loads(body)
        at = datetime.fromisoformat(envelope["Timestamp"])
        payload = json.loads(envelope["Message"])
        message_id, sender, recipient, text = (
            payload[name]
            for name in (
                "inboundMessageId",
                "originationNumber",
                "destinationNumber",
                "messageBody",
            )
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableReply(f"not a notification of an SMS: {type(error).__name__}") from None
    if at.tzinfo is None:
        raise UnreadableReply("the envelope's time has no zone")
    for name, value, form in (
        ("inboundMessageId", message_id, _ID),
        ("originationNumber", sender, _NUMBER),
        ("destinationNumber", recipient, _RECIPIENT),
    ):
        if not isinstance(value, str) or not form.fullmatch(value):
            raise UnreadableReply(f"{name} is not one")
    if not isinstance(text, str):
        raise UnreadableReply("messageBody is no text")
    received_at = (at.astimezone(UTC) + clock_offset).replace(microsecond=0)
    return Reply(message_id, sender, recipient, text, received_at)

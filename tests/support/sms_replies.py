"""Somebody who writes back to an SMS, and reads what comes of it."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from moto.backends import get_backend

from bill_reminders import clock
from tests.support.functions import Context, sqs_event
from tests.support.moto_stack import MotoStack
from tests.support.people import PHONE

OUR_NUMBER = "+12025550100"
ORIGINS = {
    "US": {"number": OUR_NUMBER, "two_way": True},
    "GB": {"sender_id": "Lantern"},  # where PHONE is
}
_numbers = count(1)


def envelope(
    text: str,
    *,
    sender: str = PHONE,
    recipient: str = OUR_NUMBER,
    message_id: str = "",
    at: datetime | None = None,
) -> str:
    """What SNS puts into the queue; `at` is the instant on the stack's clock, now by default."""
    real = datetime.now(UTC) if at is None else at - clock.offset()
    payload = {
        "originationNumber": sender,
        "destinationNumber": recipient,
        "messageKeyword": "KEYWORD_000000000000",
        "messageBody": text,
        "inboundMessageId": message_id or f"00000000-0000-4000-8000-{next(_numbers):012}",
        "previousPublishedMessageId": "11111111-1111-4111-8111-111111111111",
    }
    stamp = real.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    return json.dumps({"Type": "Notification", "Message": json.dumps(payload), "Timestamp": stamp})


@dataclass
class Phone:
    """A phone, by default that of "somebody"."""

    stack: MotoStack
    number: str = PHONE
    read: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.stack.client("ssm").put_parameter(
            Name=self.stack.ids["SmsOrigins"],
            Value=json.dumps(ORIGINS),
            Type="String",
            Overwrite=True,
        )

    def write(self, text: str, **more: Any) -> str:
        """The new answers to `text`, one a line."""
        self.hand_over(envelope(text, sender=self.number, **more))
        return self.new_messages()

    def hand_over(self, *bodies: str) -> list[str]:
        """The messages that shall come back."""
        with self.stack.working("ReadReplies"):
            handler = self.stack.function("ReadReplies").handler
            answer = handler(sqs_event(*bodies), Context())
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def new_messages(self) -> str:
        got = self.messages()
        new, self.read = got[self.read :], len(got)
        return "\n".join(new)

    def messages(self) -> list[str]:
        sent = get_backend("sns")["123456789012"]["us-east-1"].sms_messages.values()
        return [text for number, text in sent if number == self.number]

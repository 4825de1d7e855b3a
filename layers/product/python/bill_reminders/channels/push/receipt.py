"""Events of a platform application:
https://docs.aws.amazon.com/sns/latest/dg/application-event-notifications.html"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bill_reminders.channels.push.verdicts import VERDICTS
from bill_reminders.channels.receipts import MEANINGS, Receipt, ident, instant, meant, text_of
from bill_reminders.channels.verdicts import Fault
from bill_reminders.domain.enums import Channel

TOPIC, MARK = "DEVICE_EVENTS_TOPIC", "EventType"
FINDS_UNMARKED = False  # they come for what was marked


def read(event: Mapping[str, Any]) -> Receipt | None:
    number: str | None = None
    match event["EventType"]:
        case "DeliveryFailure":
            number = ident(event["MessageId"])
            said = f"{event.get('FailureType', '')} {event.get('FailureMessage', '')}"
            meaning = meant(VERDICTS.verdict(said), said)
        case "EndpointDeleted":
            meaning = replace(MEANINGS[Fault.ADDRESS], reason="device_is_gone")
        case _:
            return None
    return meaning.receipt(
        channel=Channel.PUSH,
        receipt_id=number,
        provider_id=number or "",
        at=instant(event["Time"]),
        address=text_of(event["EndpointArn"]),
    )

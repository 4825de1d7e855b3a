"""The delivery log of SMS: https://docs.aws.amazon.com/sns/latest/dg/sms_stats_cloudwatch.html"""

from collections.abc import Mapping
from typing import Any

from bill_reminders.channels.receipts import (
    Meaning,
    Receipt,
    UnreadableReceipt,
    ident,
    instant,
    meant,
    text_of,
)
from bill_reminders.channels.sms.sms_type import SMS_TYPE
from bill_reminders.channels.sms.verdicts import VERDICTS
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import State

TOPIC = MARK = ""
FINDS_UNMARKED = True


def read(event: Mapping[str, Any]) -> Receipt | None:
    delivery, notification = event["delivery"], event["notification"]
    number = ident(notification["messageId"])
    return _meaning(text_of(event["status"]), delivery).receipt(
        channel=Channel.SMS,
        receipt_id=number,
        provider_id=number,
        at=instant(notification["timestamp"]),
        address=text_of(delivery["destination"]),
        foreign=delivery.get("smsType", SMS_TYPE) != SMS_TYPE,
    )


def _meaning(status: str, delivery: Mapping[str, Any]) -> Meaning:
    if status == "SUCCESS":
        # most carriers only say that they took it; a phone that answers says more
        arrived = "dwellTimeMsUntilDeviceAck" in delivery
        return Meaning(State.DELIVERED if arrived else State.SENT)
    if status != "FAILURE":
        raise UnreadableReceipt("the status is neither of the two")
    said = text_of(delivery.get("providerResponse", ""))
    return meant(VERDICTS.verdict(said), said)

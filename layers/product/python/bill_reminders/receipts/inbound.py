"""Receipts as they come in: through the topic of their channel, or from the delivery log of SMS.

What a provider says is read into our own words by its channel; nothing of its text goes further.
"""

import base64
import gzip
import json
import zlib
from collections.abc import Mapping
from typing import Any

from bill_reminders.channels import registry
from bill_reminders.channels.receipts import Receipt, UnreadableReceipt, text_of
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import BillRemindersError

LOG = "_log"
"""With what the field of a queue's message ends that holds an event of a channel's log."""

SMS_LOG = f"{Channel.SMS}{LOG}"

type Topics = Mapping[str, Channel]
"""The ARNs of the topics that receipts come through, each of one channel alone."""


class PlainText(BillRemindersError):
    """What came is a text that a provider publishes, as when a topic is joined to it: it claims to
    be no receipt, and changes nothing."""


def parse(body: str, topics: Topics) -> Receipt | None:
    """The receipt in a message of the queue; None when it says nothing that changes anything.

    A receipt counts from the topic of its channel; a line of a log comes through no topic. Raises
    UnreadableReceipt, PlainText.
    """
    content = _json(body)
    try:
        if (channel := _logged(content)) is not None:
            return registry.receipt(channel).read(_json(content[f"{channel}{LOG}"]))
        if content.get("Type", NOTIFICATION) != NOTIFICATION:
            raise PlainText("it is about a subscription")
        return _of_topic(text_of(content.get("TopicArn", "")), _json(content["Message"]), topics)
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise UnreadableReceipt(f"not a receipt: {type(error).__name__}") from None


NOTIFICATION = "Notification"
SUBSCRIBED = "AmazonSnsSubscriptionSucceeded"


def _logged(content: Mapping[str, Any]) -> Channel | None:
    """The channel from whose log it is."""
    fields = content.keys()
    named = (channel for channel in Channel if fields == {f"{channel}{LOG}"})
    return next((each for each in named if not registry.receipt(each).TOPIC), None)


def _of_topic(topic: str, event: Mapping[str, Any], topics: Topics) -> Receipt | None:
    if event.get("notificationType") == SUBSCRIBED:
        raise PlainText("it is about a subscription")
    marked = [each for each in topics.values() if registry.receipt(each).MARK in event]
    if len(marked) != 1:
        raise UnreadableReceipt("not a receipt of one kind")
    if topics.get(topic) is not marked[0]:
        raise UnreadableReceipt("from a topic that is not its own")
    return registry.receipt(marked[0]).read(event)


def log_events(event: Mapping[str, Any]) -> list[str]:
    """The messages for the queue from what a log's subscription hands over, `{"awslogs": ...}`, one
    for each event in it. Raises UnreadableReceipt."""
    try:
        packed = base64.b64decode(event["awslogs"]["data"], validate=True)
        content = json.loads(gzip.decompress(packed))
        if content["messageType"] == "CONTROL_MESSAGE":  # CloudWatch tries out the subscription
            return []
        return [json.dumps({SMS_LOG: each["message"]}) for each in content["logEvents"]]
    except (KeyError, TypeError, ValueError, OSError, EOFError, zlib.error) as error:
        raise UnreadableReceipt(f"not an event of a log: {type(error).__name__}") from None


def forgotten(body: str) -> Mapping[str, Any] | None:
    """The log's event in a dead letter of this function's own, redriven to the queue; None in any
    other message."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    payload = content.get("requestPayload") if isinstance(content, dict) else None
    return payload if isinstance(payload, dict) and "awslogs" in payload else None


def _json(text: object) -> dict[str, Any]:
    """Raises PlainText for a text that does not even begin like an object."""
    if not isinstance(text, str):
        raise UnreadableReceipt("not a text")
    if not text.lstrip().startswith("{"):
        raise PlainText("not an object")
    try:
        content: dict[str, Any] = json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableReceipt("not JSON") from None
    return content

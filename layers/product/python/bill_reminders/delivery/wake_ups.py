"""Wake-ups: "look at this user on this channel now". A hint, never an order."""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime
from itertools import batched
from typing import Any, NamedTuple

from bill_reminders.domain.errors import BillRemindersError, MayPass
from bill_reminders.storage.attributes import minute_text, parse_minute

FORMAT = 1
BATCH = 10
"""What SQS takes in one call."""


class UnreadableWakeUp(BillRemindersError):
    """A message that is no wake-up; it belongs in the dead-letter queue."""


class NotQueued(MayPass):
    """The queue took only a part of the wake-ups; the look at what is older finds the rest."""


class WakeUp(NamedTuple):
    """A user, and the minute that woke them."""

    user_id: str
    minute: datetime

    def body(self) -> str:
        return json.dumps(
            {"format": FORMAT, "user_id": self.user_id, "minute": minute_text(self.minute)}
        )


def parse(body: str) -> WakeUp:
    """Read a message body. Raises UnreadableWakeUp, whose text repeats nothing of the body."""
    try:
        content = json.loads(body)
        if content["format"] != FORMAT or not isinstance(content["user_id"], str):
            raise UnreadableWakeUp("the wake-up has an unknown format")
        return WakeUp(content["user_id"], parse_minute(content["minute"]))
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableWakeUp("the message is not a wake-up") from error


def send(sqs: Any, queue_url: str, wake_ups: Iterable[WakeUp], *, pool: ThreadPoolExecutor) -> None:
    """Put wake-ups on a queue, ten a call, calls side by side on `pool`. Raises at the end, when
    all are tried: NotQueued when the queue refused some, else what the first failing call did."""

    def send_batch(batch: tuple[WakeUp, ...]) -> int:
        answer = sqs.send_message_batch(QueueUrl=queue_url, Entries=_entries(batch))
        return len(answer.get("Failed", ()))

    # not pool.map, which gives up the calls that have not started when one fails
    calls = [pool.submit(send_batch, batch) for batch in batched(wake_ups, BATCH, strict=False)]
    wait(calls)
    refused = sum(call.result() for call in calls)
    if refused:
        raise NotQueued(f"{refused} wake-ups were refused by the queue")


def _entries(batch: Iterable[WakeUp]) -> list[dict[str, str]]:
    return [
        {"Id": str(number), "MessageBody": wake_up.body()} for number, wake_up in enumerate(batch)
    ]

"""Nudges: "look at this user on this channel now". A hint, never an order."""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import Any

from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.storage.attributes import minute_text, parse_minute

FORMAT = 1
BATCH = 10
"""What SQS takes in one call."""


class UnreadableNudge(BillRemindersError):
    """A message that is no nudge; it belongs in the dead-letter queue."""


class NotQueued(BillRemindersError):
    """The queue took only a part of the nudges; the look at what is older finds the rest."""


@dataclass(frozen=True, slots=True)
class Nudge:
    """A user, and the minute that woke them."""

    user_id: str
    minute: datetime

    def body(self) -> str:
        return json.dumps(
            {"format": FORMAT, "user_id": self.user_id, "minute": minute_text(self.minute)}
        )


def parse(body: str) -> Nudge:
    """Read a message body. Raises UnreadableNudge, whose text repeats nothing of the body."""
    try:
        content = json.loads(body)
        if content["format"] != FORMAT or not isinstance(content["user_id"], str):
            raise UnreadableNudge("the nudge has an unknown format")
        return Nudge(content["user_id"], parse_minute(content["minute"]))
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableNudge("the message is not a nudge") from error


def send(sqs: Any, queue_url: str, nudges: Iterable[Nudge], *, pool: ThreadPoolExecutor) -> None:
    """Put nudges on a queue, ten a call, calls side by side on `pool`. Raises NotQueued at the
    end when the queue refused some."""

    def send_batch(batch: tuple[Nudge, ...]) -> int:
        answer = sqs.send_message_batch(QueueUrl=queue_url, Entries=_entries(batch))
        return len(answer.get("Failed", ()))

    refused = sum(pool.map(send_batch, batched(nudges, BATCH, strict=False)))
    if refused:
        raise NotQueued(f"{refused} nudges were refused by the queue")


def _entries(batch: Iterable[Nudge]) -> list[dict[str, str]]:
    return [{"Id": str(number), "MessageBody": nudge.body()} for number, nudge in enumerate(batch)]

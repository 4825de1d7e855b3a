"""A queue's batch: each message by itself, and those that failed come back alone.

Powertools has the same, and loads with it asyncio and every kind of event that Lambda knows: a
quarter of what a cold start costs here.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypedDict


@dataclass(frozen=True, slots=True)
class Message:
    """What a queue hands over, and how often by now, this time included."""

    body: str = field(repr=False)
    receives: int


class Failure(TypedDict):
    """A message of a batch that shall come back."""

    itemIdentifier: str


class BatchAnswer(TypedDict):
    """What Lambda wants to know of a batch: the messages that shall come back, no others."""

    batchItemFailures: list[Failure]


def failed(message_ids: Iterable[str]) -> BatchAnswer:
    """The answer that names these messages."""
    return {"batchItemFailures": [{"itemIdentifier": each} for each in message_ids]}


def work(event: dict[str, Any], take: Callable[[Message], object]) -> BatchAnswer:
    """Hand each message of the queue to `take`; what raises an error comes back. `take` has logged
    it."""
    failures: list[str] = []
    for record in event["Records"]:
        receives = int(record["attributes"]["ApproximateReceiveCount"])
        try:
            take(Message(record["body"], receives))
        except Exception:  # it is in the log
            failures.append(record["messageId"])
    return failed(failures)

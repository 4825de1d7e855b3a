"""A queue's batch: each message by itself, and those that failed come back alone.

Powertools has the same, and loads with it asyncio and every kind of event that Lambda knows: a
quarter of what a cold start costs here.

What may pass is no failure of a message, and must not use up its receives. Where the message is the
only record of what it says it goes back to its queue as a new one, for later: however long the
trouble lasts, nothing is buried. Whoever takes messages finds what an earlier try has done.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from random import uniform
from typing import Any, NamedTuple, TypedDict

from bill_reminders import aws
from bill_reminders.trouble import may_pass


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


class Later(NamedTuple):
    """A queue, and after how many seconds, more or less, a message that is put back returns."""

    queue_url: str
    seconds: int

    def put(self, body: str) -> bool:
        """Hand a message back as a new one; False when the queue does not take it, which is then
        to come back as what failed does. It may be there all the same: a message comes twice."""
        try:
            _sqs().send_message(
                QueueUrl=self.queue_url,
                MessageBody=body,
                DelaySeconds=round(self.seconds * uniform(0.5, 1.5)),
            )
        except Exception as error:
            if not may_pass(error):
                raise
            return False
        return True


@cache
def _sqs() -> Any:
    return aws.client("sqs", aws.PROMPT)


def work(event: dict[str, Any], take: Callable[[Message], object], later: Later) -> BatchAnswer:
    """Hand each message of the queue to `take`; what raises an error comes back, and what may pass
    as a new message. `take` has logged it."""
    failures: list[str] = []
    for record in event["Records"]:
        receives = int(record["attributes"]["ApproximateReceiveCount"])
        try:
            take(Message(record["body"], receives))
        except Exception as error:  # it is in the log
            if not (may_pass(error) and later.put(record["body"])):
                failures.append(record["messageId"])
    return failed(failures)

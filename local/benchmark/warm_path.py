"""What a warm sender costs a reminder, beside a plain loop: run from the built layers alone.

The plain loop is what one writes first: read the bill, put a row if it is absent, send, update the
row; boto3, one thread, as it comes. Ours is the deployed function with batches as its queue hands
them over. Both talk to the stand-in, in turns, and both wait for it as long.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from statistics import median
from time import monotonic, process_time
from typing import Any

import app  # type: ignore[import-not-found]  # the function
import boto3

from local.benchmark.context import Context

ROUNDS = 7
OF_PEER, OF_OURS = 30, 100
"""Reminders in each round."""

_numbers = count()


def compare(batch: int, bills: str, ledger: str) -> None:
    """Print CPU milliseconds a reminder and reminders a second, of the peer and of ours."""
    minute = datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ")
    peer = Peer(bills, ledger)
    ways: dict[str, Callable[[], int]] = {
        "peer": peer.run,
        "ours": lambda: sum(_deliver(batch, minute) for _ in range(OF_OURS // batch)),
    }
    figures: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for number in range(ROUNDS + 1):
        for name, way in ways.items():
            cpu, first_read = process_time(), monotonic()
            sent = way()
            used, passed = process_time() - cpu, monotonic() - first_read
            if number:  # the first one is to get warm
                figures[name].append((1000 * used / sent, sent / passed))
    print(
        json.dumps(
            {
                name: {
                    "milliseconds": median(used for used, _ in found),
                    "per_second": median(speed for _, speed in found),
                }
                for name, found in figures.items()
            }
        )
    )


class Peer:
    """The plain loop."""

    def __init__(self, bills: str, ledger: str) -> None:
        self._tables = boto3.client("dynamodb")
        self._ses = boto3.client("sesv2")
        self._bills, self._ledger = bills, ledger

    def run(self) -> int:
        for _ in range(OF_PEER):
            self._remind(f"user-{next(_numbers)}")
        return OF_PEER

    def _remind(self, user_id: str) -> None:
        user = {"S": user_id}
        bill = self._tables.get_item(
            TableName=self._bills, Key={"user_id": user, "bill_id": {"S": "bill"}}
        )["Item"]
        key = {"user_id": user, "key": {"S": f"{bill['first_due']['S']}#bill"}}
        self._tables.put_item(
            TableName=self._ledger,
            Item={**key, "state": {"S": "claimed"}},
            ConditionExpression="attribute_not_exists(user_id)",
        )
        text = f"{bill['biller']['S']}: {bill['name']['S']} is due on {bill['first_due']['S']}."
        answer = self._ses.send_email(
            FromEmailAddress="reminders@example.com",
            Destination={"ToAddresses": [f"{user_id}@example.com"]},
            Content={
                "Simple": {
                    "Subject": {"Data": "A bill is due"},
                    "Body": {"Text": {"Data": text}, "Html": {"Data": f"<p>{text}</p>"}},
                }
            },
        )
        self._tables.update_item(
            TableName=self._ledger,
            Key=key,
            UpdateExpression="SET #state = :sent, provider_id = :id",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":sent": {"S": "sent"}, ":id": {"S": answer["MessageId"]}},
        )


def _deliver(size: int, minute: str) -> int:
    records: list[dict[str, Any]] = [
        {
            "messageId": str(number),
            "body": json.dumps({"format": 1, "user_id": f"user-{number}", "minute": minute}),
            "attributes": {"ApproximateReceiveCount": "1"},
        }
        for number in (next(_numbers) for _ in range(size))
    ]
    answer = app.handler({"Records": records}, Context())
    if answer["batchItemFailures"]:
        raise RuntimeError("the sender failed on the stand-in")
    return size

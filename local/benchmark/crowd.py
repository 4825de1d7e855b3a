"""How a tick grows with who waits and with who is due, and reading a user with their bills.

A million users do not fit onto a local engine in minutes: an index in memory answers in its place,
by pages and units as DynamoDB counts them. It sees the requests as they would have left.
"""

import json
import os
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from bill_reminders import aws
from bill_reminders.delivery.finder import Route, tick
from bill_reminders.domain.enums import Channel
from bill_reminders.storage import accounts, rows, tables
from bill_reminders.storage.attributes import minute_text
from bill_reminders.storage.tables import ScheduleItem
from local.benchmark import plot
from local.benchmark.figures import Figure
from local.benchmark.growth import a_user, some_bills
from local.stack import ROOT

NINE = datetime(2029, 6, 4, 9, 1, tzinfo=UTC)
"""A minute without a look at what is older."""
SHARDS = 16
WAITING = (1_000, 100_000, 1_000_000)
DUE = (0, 10, 100, 1_000, 10_000)
BILLS = (10, 100, 1_000)
KEY_BYTES = 110
"""Of a user in an index: id, shard and minute, and what DynamoDB adds to each."""
PAGE_BYTES, UNIT_BYTES = 1_000_000, 4_096
PLOT = ROOT / "docs" / "growth.svg"

type Key = tuple[str, str]
"""A minute, and who wakes then."""


@dataclass
class Double:
    """DynamoDB and SQS for one user's account, and for the indexes."""

    index: dict[int, list[Key]] = field(default_factory=lambda: defaultdict(list))
    items: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    units: float = 0.0

    def forget(self) -> None:
        self.calls.clear()
        self.units = 0.0

    def answer(self, model: Any, params: dict[str, Any], **_: Any) -> Any:
        """Instead of the wire, at botocore's own event."""
        self.calls[model.name] += 1
        asked = json.loads(params["body"])
        parsed: dict[str, Any] = {}
        if model.name == "Query" and "IndexName" in asked:
            parsed = self._of_index(asked)
        elif model.name == "Query":
            parsed = self._page(asked["TableName"])
        elif model.name == "GetItem":
            parsed = {"Item": self._page(asked["TableName"])["Items"][0]}
        return SimpleNamespace(status_code=200), parsed

    def _of_index(self, asked: dict[str, Any]) -> dict[str, Any]:
        values = list(asked["ExpressionAttributeValues"].values())
        shard = next(int(value["N"]) for value in values if "N" in value)
        minute = next(value["S"] for value in values if "S" in value)
        of_sms = tables.due_index(Channel.SMS).Meta.index_name
        keys = self.index[shard] if asked["IndexName"] == of_sms else []
        begin = bisect_left(keys, (minute, ""))
        if start := asked.get("ExclusiveStartKey"):
            begin = bisect_right(keys, (minute, start["user_id"]["S"]))
        end = bisect_right(keys, (minute, "~"))
        page = keys[begin : min(end, begin + PAGE_BYTES // KEY_BYTES, begin + asked["Limit"])]
        self.units += max(1.0, -(-len(page) * KEY_BYTES // UNIT_BYTES)) / 2
        answer: dict[str, Any] = {
            "Items": [{"user_id": {"S": user_id}} for _, user_id in page],
            "Count": len(page),
            "ScannedCount": len(page),
        }
        if begin + len(page) < end:
            answer["LastEvaluatedKey"] = {"user_id": {"S": page[-1][1]}}
        return answer

    def _page(self, table: str) -> dict[str, Any]:
        """The account's items there, consistently read."""
        items = self.items[table]
        size = sum(len(json.dumps(item)) for item in items)
        self.units += max(1, -(-size // UNIT_BYTES))
        return {"Items": items, "Count": len(items), "ScannedCount": len(items)}


@contextmanager
def doubled() -> Iterator[Double]:
    """The product's clients talk to a double meanwhile."""
    double = Double()
    events = aws.session().get_component("event_emitter")
    known = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    names = {name: name.capitalize() for name in ("schedules", "users", "bills", "ledger")}
    before = tables.connection._client
    with patch.dict(os.environ, known | {"AWS_DEFAULT_REGION": "us-east-1"}):
        events.register("before-call", double.answer)
        tables.connection._client = None
        tables.bind(**names)
        try:
            yield double
        finally:
            events.unregister("before-call", double.answer)
            tables.connection._client = before


def measured() -> Iterator[Figure]:
    """A tick among more who wait costs the same; with more who are due, in proportion."""
    lines: dict[str, list[tuple[float, float]]] = {}
    with doubled() as double:
        quiet: dict[int, float] = {}
        for waiting in WAITING:
            lines[f"{waiting:,} waiting"] = points = []
            crowd = _shards(waiting)
            for due in DUE:
                units, calls = _tick(double, crowd, due)
                points.append((due, units + calls))
                if due == 0:
                    quiet[waiting] = units
            yield Figure(f"growth: a quiet tick, {waiting:,} waiting", quiet[waiting], "units")
        ratio = quiet[WAITING[-1]] / quiet[WAITING[0]]
        yield Figure("growth: a quiet tick, most / fewest", ratio, "ratio", 1)
        *_, (_, fewer), (_, many) = points
        yield Figure("growth: a tick for 10,000 / for 1,000", many / fewer, "ratio", 10)
        for count in BILLS:
            units = _account(double, count)
            yield Figure(f"growth: reading a user of {count:,} bills", units, "units")
    PLOT.write_text(
        plot.svg(
            lines,
            title="A tick: index units and calls, by how many are due",
            across="users due in the minute",
            up="units and calls",
        ),
        encoding="utf-8",
    )


def _shards(waiting: int) -> list[list[Key]]:
    """So many, who wake in the weeks after the minute."""
    minutes = [minute_text(NINE + timedelta(minutes=1 + later)) for later in range(40_000)]
    users = ((minutes[number % len(minutes)], f"user-{number:08}") for number in range(waiting))
    shards: list[list[Key]] = [[] for _ in range(SHARDS)]
    for number, key in enumerate(users):
        shards[number % SHARDS].append(key)
    return [sorted(keys) for keys in shards]


def _tick(double: Double, crowd: list[list[Key]], due: int) -> tuple[float, int]:
    """Units and calls of one tick by SMS for so many due, and a crowd that is due later."""
    for shard, later in enumerate(crowd):
        now = [(minute_text(NINE), f"due-{number:08}") for number in range(shard, due, SHARDS)]
        double.index[shard] = now + later
    double.forget()
    # as fast a channel as lets all of them be woken at once
    routes = [Route(channel, f"https://queue/{channel}", 1_000) for channel in Channel]
    found = tick(NINE, routes, shards=SHARDS, sqs=aws.client("sqs"))
    assert found[Channel.SMS].due == due
    return double.units, double.calls.total()


def _account(double: Double, count: int) -> float:
    user, bills = a_user(), some_bills(count)
    models: dict[str, Callable[[], list[Any]]] = {
        "Schedules": lambda: [ScheduleItem(user.user_id, shard=0, version=1)],
        "Users": lambda: [rows.user_item(user)],
        "Bills": lambda: [rows.bill_item(bill) for bill in bills],
        "Ledger": list,
    }
    double.items = {name: [dict(m.serialize()) for m in make()] for name, make in models.items()}
    double.forget()
    accounts.read(user.user_id, now=NINE)
    return double.units

"""AWS calls and DynamoDB's units for what happens most, counted on the deployed local stack.

The handlers run in this process with the environment of the deployed ones; the engine tells what
each call consumes, as AWS bills it. What only a local stack reads, its clock, is left out.
"""

import importlib.util
import json
import logging
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from io import StringIO
from types import ModuleType
from typing import Any, TextIO
from unittest.mock import patch
from zoneinfo import ZoneInfo

import boto3

from bill_reminders import aws, clock
from bill_reminders.commands.payments import pay
from bill_reminders.commands.plans import change_settings
from bill_reminders.delivery.wake_ups import WakeUp
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import User
from bill_reminders.storage import accounts, tables
from bill_reminders.storage.saving import save_bills, save_user
from local.benchmark.context import Context
from local.benchmark.figures import Figure
from local.benchmark.people import a_card, somebody
from local.stack import BUILT, ROOT, Stack, deployed

NOW = datetime(2029, 6, 4, 9, 2, 2, tzinfo=UTC)
"""In a minute at which nobody else wakes and find_due does not look at what is older."""
DUE_IN_THREE_DAYS = date(2029, 6, 7)
ENTERED = datetime(2029, 5, 7, 12, tzinfo=UTC)
SHARDS = 16

READ_OPERATIONS = {"GetItem", "Query"}

KNOWN = {
    "a single reminder: write units a reminder": 12,
    "a single reminder: read units a message": 4,
    "a single reminder: AWS calls a message": 8,
    "a digest of 5: write units a reminder": 4,
    "a digest of 5: read units a message": 4,
    "a digest of 5: AWS calls a message": 8,
    "a batch of 10: AWS calls a message": 5.3,
    "a batch of 10: read units a message": 4,
    "a batch of 10: write units a message": 12,
    "a batch of 10: log lines": 1,
    "a reminder of one of 10 bills: read units": 4,
    "a receipt of what is known: AWS calls": 3,
    "a receipt of what is known: read units": 1.5,
    "a receipt of what is known: write units": 0,
    "a receipt of delivery: AWS calls": 3,
    "a receipt of delivery: read units": 1.5,
    "a receipt of delivery: write units": 1,
    "a quiet tick: AWS calls": 49,
    "a quiet tick: read units": 24,
    "a quiet tick: write units": 0,
    "a tick for 10: calls that put wake-ups": 1,
    "a tick for 10: write units": 0,
    "a quiet sweep: AWS calls": 8,
    "a quiet sweep: read units": 4,
    "a payment: AWS calls": 5,
    "a payment: read units": 4,
    "a payment: write units": 6,
    "a setting changed: AWS calls": 5,
    "a setting changed: read units": 4,
    "a setting changed: write units": 8,
    "a bill created: AWS calls": 5,
    "a bill created: read units": 4,
    "a bill created: write units": 6,
}
"""What each costs. `make cost` counts on it; tests/stack/test_counts.py fails when it is no longer
true."""


@dataclass
class Tally:
    """Calls by service and operation, and units."""

    calls: Counter[str] = field(default_factory=Counter)
    reads: float = 0.0
    writes: float = 0.0


class Counted:
    """Counts the calls of the product's clients that are made meanwhile in this process."""

    def __init__(self, clock_parameter: str) -> None:
        self._clock = clock_parameter
        self._handlers = {
            "before-parameter-build.dynamodb": self._ask,
            "before-call": self._call,
            "after-call.dynamodb": self._answer,
        }
        self.tally = Tally()

    def __enter__(self) -> "Counted":
        events = aws.session().get_component("event_emitter")
        for name, handler in self._handlers.items():
            events.register(name, handler)
        tables.connection._client = None  # a client has the handlers of when it was made
        return self

    def __exit__(self, *_: object) -> None:
        events = aws.session().get_component("event_emitter")
        for name, handler in self._handlers.items():
            events.unregister(name, handler)
        tables.connection._client = None

    def anew(self) -> Tally:
        """Counts from none."""
        self.tally = Tally()
        return self.tally

    def _ask(self, params: dict[str, Any], **_: Any) -> None:
        params["ReturnConsumedCapacity"] = "TOTAL"

    def _call(self, model: Any, params: dict[str, Any], **_: Any) -> None:
        name = f"{model.service_model.service_name}:{model.name}"
        if name == "ssm:GetParameter" and json.loads(params["body"])["Name"] == self._clock:
            return
        self.tally.calls[name] += 1

    def _answer(self, model: Any, parsed: dict[str, Any], **_: Any) -> None:
        if model.name == "BatchGetItem":
            # the engine leaves its units out; AWS bills each item as if it were read by itself
            self.tally.reads += sum(len(items) for items in parsed["Responses"].values())
            return
        consumed = parsed.get("ConsumedCapacity", [])
        for each in consumed if isinstance(consumed, list) else [consumed]:
            if model.name in READ_OPERATIONS:
                self.tally.reads += each["CapacityUnits"]
            else:
                self.tally.writes += each["CapacityUnits"]


def measured() -> Iterator[Figure]:
    """Calls and units, each against its floor in docs/benchmarks.md."""
    with deployed() as stack:
        yield from counted_on(stack)


def counted_on(stack: Stack) -> Iterator[Figure]:
    """The same on a stack that is there; its clock is moved."""
    stack.set_clock(NOW)
    with Counted(stack.outputs["ClockOffsetParameter"]) as counted:
        sender, finder = _loaded(stack, "SendEmail"), _loaded(stack, "FindDue")
        yield from _of_messages(counted, sender)
        topic = stack.outputs["EmailEventsTopic"]
        yield from _of_receipts(counted, _loaded(stack, "ReadReceipts"), topic)
        yield from _of_ticks(counted, finder)
        stack.set_clock(NOW)  # else it may be a minute by now in which dead letters are counted
        yield from _of_sweeps(counted, _loaded(stack, "Settle"))
        yield from _of_changes(counted)


def _of_messages(counted: Counted, sender: ModuleType) -> Iterator[Figure]:
    _enter("warm", 1, due=1)
    _send(sender, "warm")  # what is read once a process
    # a worker tells once a minute that its provider is well, however much it sends: left out
    sender.worker._good_news_at = clock.now() + timedelta(hours=1)
    for name, bills, due in (("a single reminder", 1, 1), ("a digest of 5", 5, 5)):
        user_id = name.replace(" ", "-")
        _enter(user_id, bills, due=due)
        tally = counted.anew()
        _send(sender, user_id)
        assert tally.calls["sesv2:SendEmail"] == 1, tally
        most = 10 if due == 1 else 4
        yield Figure(f"{name}: write units a reminder", tally.writes / due, "units", most)
        yield Figure(f"{name}: read units a message", tally.reads, "units")
        yield Figure(f"{name}: AWS calls a message", tally.calls.total(), "calls")
    users = [f"of-ten-{number}" for number in range(10)]
    for user_id in users:
        _enter(user_id, 1, due=1)
    tally, written = counted.anew(), StringIO()
    with redirected(written):
        _send(sender, *users)
    assert tally.calls["sesv2:SendEmail"] == len(users), tally
    yield Figure("a batch of 10: AWS calls a message", tally.calls.total() / len(users), "calls")
    yield Figure("a batch of 10: read units a message", tally.reads / len(users), "units")
    yield Figure("a batch of 10: write units a message", tally.writes / len(users), "units")
    yield Figure("a batch of 10: log lines", written.getvalue().count("\n"), "lines", 1)
    _enter("ten-bills", 10, due=1)
    tally = counted.anew()
    _send(sender, "ten-bills")
    yield Figure("a reminder of one of 10 bills: read units", tally.reads, "units", 8)


def _of_ticks(counted: Counted, finder: ModuleType) -> Iterator[Figure]:
    for number in range(10):
        _enter(f"waits-{number}", 1, due=1)
    for name, minute in (("a quiet tick", NOW - timedelta(minutes=1)), ("a tick for 10", NOW)):
        tally = counted.anew()
        finder.handler({"time": (minute - clock.offset()).isoformat()}, Context())
        if "quiet" in name:
            yield Figure(f"{name}: AWS calls", tally.calls.total(), "calls")
            yield Figure(f"{name}: read units", tally.reads, "units")
        else:
            batches = tally.calls["sqs:SendMessageBatch"]
            yield Figure(f"{name}: calls that put wake-ups", batches, "calls", 1)
        yield Figure(f"{name}: write units", tally.writes, "units", 0)


def _of_receipts(counted: Counted, reader: ModuleType, topic: str) -> Iterator[Figure]:
    """Of the single reminder's message: that SES took it, and that it arrived. A reader tells once
    in ten minutes that receipts come, however many: left out."""
    reader.heard.update(dict.fromkeys(Channel, clock.now() + timedelta(hours=1)))
    (row,) = tables.LedgerItem.query("a-single-reminder", consistent_read=True)
    event = json.loads((ROOT / "events" / "read_receipts.json").read_text())
    mail = {
        "timestamp": NOW.isoformat(),
        "messageId": row.provider_id,
        "destination": ["a-single-reminder@example.com"],
        "tags": {"message_id": [row.receipt_id]},
    }
    for kind in ("Send", "Delivery"):
        receipt = json.dumps({"eventType": kind, "mail": mail, kind.lower(): {}})
        body = {"Type": "Notification", "TopicArn": topic, "Message": receipt}
        event["Records"][0]["body"] = json.dumps(body)
        tally = counted.anew()
        assert reader.handler(event, Context())["batchItemFailures"] == []
        name = {"Send": "a receipt of what is known", "Delivery": "a receipt of delivery"}[kind]
        yield Figure(f"{name}: AWS calls", tally.calls.total(), "calls")
        yield Figure(f"{name}: read units", tally.reads, "units")
        yield Figure(f"{name}: write units", tally.writes, "units")


def _of_sweeps(counted: Counted, settle: ModuleType) -> Iterator[Figure]:
    tally = counted.anew()
    settle.handler({"time": (NOW - clock.offset()).isoformat()}, Context())
    yield Figure("a quiet sweep: AWS calls", tally.calls.total(), "calls")
    yield Figure("a quiet sweep: read units", tally.reads, "units")


def _of_changes(counted: Counted) -> Iterator[Figure]:
    _enter("changes", 10, due=0)
    acts: dict[str, Callable[[], object]] = {
        "a payment": lambda: accounts.change(
            "changes", partial(pay, bill_id="bill-0", payment_id="paid", now=NOW), now=NOW
        ),
        "a setting changed": lambda: accounts.change(
            "changes",
            partial(change_settings, settings=lambda user: _in(user, "America/New_York")),
            now=NOW,
        ),
        "a bill created": lambda: _save_bill("changes", _bill("changes", 10, due=False), now=NOW),
    }
    for name, act in acts.items():
        tally = counted.anew()
        act()
        yield Figure(f"{name}: AWS calls", tally.calls.total(), "calls")
        yield Figure(f"{name}: read units", tally.reads, "units")
        yield Figure(f"{name}: write units", tally.writes, "units")


def _loaded(stack: Stack, name: str) -> ModuleType:
    """A deployed function's module, in this process, with its environment."""
    deployed_as = boto3.client("lambda").get_function_configuration(
        FunctionName=stack.outputs[f"{name}Function"]
    )
    spec = importlib.util.spec_from_file_location(f"counted_{name}", BUILT / name / "app.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with patch.dict(os.environ, deployed_as["Environment"]["Variables"]):
        spec.loader.exec_module(module)
    return module


@contextmanager
def redirected(stream: TextIO) -> Iterator[None]:
    """What the functions log goes there meanwhile."""
    handlers = [
        handler
        for name in logging.root.manager.loggerDict
        for handler in logging.getLogger(name).handlers
        if type(handler) is logging.StreamHandler  # pytest has its own kinds
    ]
    before = [handler.setStream(stream) for handler in handlers]
    try:
        yield
    finally:
        for handler, old in zip(handlers, before, strict=True):
            handler.setStream(old or sys.stdout)


def _send(sender: ModuleType, *user_ids: str) -> None:
    event = json.loads((ROOT / "events" / "send_email.json").read_text())
    (record,) = event["Records"]
    event["Records"] = [
        record | {"messageId": user_id, "body": WakeUp(user_id, NOW.replace(second=0)).body()}
        for user_id in user_ids
    ]
    answer = sender.handler(event, Context())
    assert answer["batchItemFailures"] == []


def _enter(user_id: str, bills: int, *, due: int) -> None:
    """A user with so many bills by e-mail, the first `due` of them to be reminded of now."""
    user = somebody(user_id, remind_at=time(9, 2), entered=ENTERED)
    save_user(user, shards=SHARDS, now=ENTERED)
    for number in range(bills):
        _save_bill(user_id, _bill(user_id, number, due=number < due), now=ENTERED)


def _bill(user_id: str, number: int, *, due: bool) -> Bill:
    first = DUE_IN_THREE_DAYS if due else DUE_IN_THREE_DAYS + timedelta(days=5)
    return a_card(user_id, f"bill-{number}", first_due=first, entered=ENTERED)


def _save_bill(user_id: str, bill: Bill, *, now: datetime) -> None:
    save_bills(user_id, [lambda _: bill], now=now)


def _in(user: User, zone: str) -> User:
    return replace(user, zone=ZoneInfo(zone))

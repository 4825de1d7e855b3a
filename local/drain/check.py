"""The simulation against a real run: so many users at nine o'clock on the local stack, by e-mail.

The quota is so low, and shared by so many workers, that a small machine can keep it; what is
compared is what find_due feeds when, and how senders share a quota. Each user must get one e-mail.
"""

import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import batched
from typing import Any

import boto3

from bill_reminders.domain.enums import Channel as Kind
from bill_reminders.storage import rows
from bill_reminders.storage.tables import BillItem, ScheduleItem, UserItem, due_index, next_at
from local.benchmark.people import a_card, somebody
from local.drain.simulation import SCHEDULE_LATENCY, Channel, Setup, drain
from local.stack import Stack, deployed

PER_SECOND, WORKERS, SHARDS = 20, 4, 16
NINE = datetime(2029, 6, 4, 9, tzinfo=UTC)
ENTERED = NINE - timedelta(days=30)
LOOK_SECONDS = 3


def compared(users: int, machine: dict[str, Any]) -> str:
    """Play it, and say what was expected and what happened. Raises AssertionError when somebody
    got no e-mail, or two."""
    channel = Channel("e-mail", users, PER_SECOND, WORKERS)
    expected = drain(Setup((channel,), SHARDS, 1024, machine))["e-mail"].last
    with deployed(EmailPerSecond=PER_SECOND, EmailConcurrency=WORKERS) as stack:
        _stop_schedules()
        _enter(users)
        took, late = _play(stack)
        got = Counter(sent.address for sent in stack.outbox())
    assert len(got) == users, f"{users - len(got)} users got nothing"
    assert set(got.values()) == {1}, "somebody got two"
    return (
        f"{users:,} users at {PER_SECOND} e-mails a second on the local stack: the last one left "
        f"after {took:.0f} s, {expected:.0f} s in the simulation, "
        f"{users / PER_SECOND:.0f} s by the quota alone; each user got one. "
        f"{late} ticks outlasted the 15 s that a local function may take."
    )


def _stop_schedules() -> None:
    """The ticks are ours: the engine's would come at any second of a moved minute."""
    events = boto3.client("events")
    for rule in events.list_rules()["Rules"]:
        events.disable_rule(Name=rule["Name"])


def _play(stack: Stack) -> tuple[float, int]:
    """A tick each minute as time passes; seconds until nobody waits, and how many ticks were cut
    off: what they did not get to, the next look finds."""
    stack.set_clock(NINE)
    first_read, ticks = time.monotonic(), list[Future[None]]()
    with ThreadPoolExecutor(1) as other:
        while _waiting():
            due = first_read + 60 * len(ticks) + SCHEDULE_LATENCY
            if time.monotonic() >= due:
                ticks.append(other.submit(stack.tick))
            time.sleep(LOOK_SECONDS if ticks else 0.1)
        took = time.monotonic() - first_read
    stack.settle(120)
    return took, sum(tick.exception() is not None for tick in ticks)


def _waiting() -> int:
    index = due_index(Kind.EMAIL)
    return sum(index.count(shard, next_at(Kind.EMAIL) == NINE) for shard in range(SHARDS))


def _enter(users: int) -> None:
    models: list[ScheduleItem | UserItem | BillItem] = []
    for number in range(users):
        user_id = f"user-{number:06}"
        user = somebody(user_id, remind_at=NINE.time(), entered=ENTERED)
        bill = a_card(user_id, "bill", first_due=date(2029, 6, 7), entered=ENTERED)
        models += [
            ScheduleItem(user_id, shard=number % SHARDS, version=1, email_next_at=NINE),
            rows.user_item(user),
            rows.bill_item(bill),
        ]
    client = boto3.client("dynamodb")

    def put(some: tuple[ScheduleItem | UserItem | BillItem, ...]) -> None:
        asked: dict[str, list[Any]] = {}
        for model in some:
            put_it = {"PutRequest": {"Item": model.serialize()}}
            asked.setdefault(model.Meta.table_name, []).append(put_it)
        client.batch_write_item(RequestItems=asked)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, batched(models, 24, strict=False)))

"""What a month costs: counts that the tests hold still, times prices that stand in a file.

All amounts are USD, as decimals.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from bill_reminders.delivery.lookout import LETTERS_EVERY_MINUTES
from local.benchmark.counts import KNOWN

HERE = Path(__file__).parent
MINUTES = 30 * 24 * 60
BATCH = 10

CHANNELS, TABLES, MACHINES, QUEUES, WATCH = (
    "the channels themselves",
    "DynamoDB",
    "Lambda and schedules",
    "SQS and SNS between functions",
    "logs, alarms, secret",
)
SERVICES = (CHANNELS, TABLES, MACHINES, QUEUES, WATCH)

QUEUES_POLLED, QUEUES_OF_LETTERS = 6, 7
ALARMS, COMPOSITE_ALARMS, METRICS, SECRETS = 48, 1, 39, 1
"""As template.yaml has them, and bill_reminders/metrics.py; what alarms wait for is written, and so
paid for, in times of trouble alone."""


@dataclass(frozen=True, slots=True)
class Line:
    """So many of what has a price, and on whose account they come."""

    service: str
    price: str
    quantity: float


@dataclass(frozen=True, slots=True)
class Workload:
    """What a user does in a month, and what machines are assumed to take; see workload.toml."""

    user: Mapping[str, Any]
    machine: Mapping[str, Any]
    sms_parts: float

    @property
    def reminders(self) -> float:
        planned: float = self.user["bills"] * self.user["reminders_a_bill"]
        return planned * (1 - self.user["saved_by_payments"])

    @property
    def messages(self) -> float:
        return float(self.reminders / self.user["reminders_a_message"])

    def cpu_seconds(self, memory: str) -> float:
        """How long a function with so much memory works at one message: Lambda gives a processor
        in proportion. While its threads wait it works at others."""
        share = min(1.0, self.machine[memory] / self.machine["megabytes_a_processor"])
        return float(self.machine["cpu_milliseconds_a_message"] / 1000 / share)


class Prices:
    """The file of prices."""

    def __init__(self) -> None:
        known = tomllib.loads((HERE / "prices.toml").read_text(encoding="utf-8"))
        self.date = known.pop("date")
        self._each = {
            name: Decimal(str(price["usd"])) / price["per"] for name, price in known.items()
        }

    def of(self, lines: Iterable[Line]) -> Decimal:
        """What they cost together."""
        total = Decimal(0)
        for line in lines:
            total += self._each[line.price] * Decimal(str(line.quantity))
        return total


def assumed() -> dict[str, Any]:
    """The file of the workload: `user`, and the `machine` that it is worked by."""
    return tomllib.loads((HERE / "workload.toml").read_text(encoding="utf-8"))


def workload(sms_parts: Mapping[str, float]) -> Workload:
    """That of the file; `sms_parts` is the mean by kind of text."""
    known = assumed()
    shares = known["user"]["sms"]
    mean = sum(share * sms_parts[kind] for kind, share in shares.items())
    return Workload(known["user"], known["machine"], mean)


def message(reminders: float, channel: str, work: Workload) -> Iterator[Line]:
    """One message of so many reminders, from the wake-up to its receipts, without what the channel
    itself costs."""
    single = KNOWN["a single reminder: write units a reminder"]
    of_five = 5 * KNOWN["a digest of 5: write units a reminder"]
    each_more = (of_five - single) / 4
    yield Line(TABLES, "write_unit", single + each_more * (reminders - 1))
    yield Line(TABLES, "read_unit", KNOWN["a batch of 10: read units a message"])
    if channel == "sms":
        yield Line(TABLES, "write_unit", 1 / BATCH)  # its parts of the day's total
    yield Line(QUEUES, "sqs_request", 3 / BATCH)  # put, taken and deleted by tens
    yield Line(MACHINES, "lambda_request", 1 / BATCH)
    crowd = work.user["in_a_crowd"]
    alone, paced = work.cpu_seconds("megabytes"), work.machine["pace_milliseconds"] / 1000
    yield _busy("megabytes", (1 - crowd) * alone + crowd * max(alone, paced), work)
    yield Line(WATCH, "log_gb", work.machine["log_bytes_a_batch"] / BATCH / 1e9)
    yield from _receipts(channel, work)


def _busy(memory: str, seconds: float, work: Workload) -> Line:
    return Line(MACHINES, "lambda_gb_second", seconds * work.machine[memory] / 1024)


def _receipts(channel: str, work: Workload) -> Iterator[Line]:
    """What providers say of a message that arrives: SES says that it took it and that it arrived,
    the log of SMS says it once, and a push that arrives is not heard of."""
    kinds = {
        "email": ("a receipt of what is known", "a receipt of delivery"),
        "sms": ("a receipt of delivery",),
        "push": (),
    }[channel]
    for kind in kinds:
        yield Line(TABLES, "read_unit", KNOWN[f"{kind}: read units"])
        yield Line(TABLES, "write_unit", KNOWN[f"{kind}: write units"])
        yield Line(QUEUES, "sqs_request", 1 + 2 / BATCH)
        if channel == "email":
            yield Line(QUEUES, "sns_publish", 1)
        calls = KNOWN[f"{kind}: AWS calls"]
        seconds = calls * work.machine["milliseconds_a_table_call"] / 1000
        yield _busy("megabytes", seconds, work)
        yield Line(MACHINES, "lambda_request", 1 / BATCH)
        yield Line(WATCH, "log_gb", work.machine["log_bytes_a_batch"] / BATCH / 1e9)


def channel_itself(channel: str, work: Workload) -> Line:
    """What the provider asks for one message."""
    return {
        "email": Line(CHANNELS, "email", 1),
        "push": Line(CHANNELS, "sns_publish", 1),
        "sms": Line(CHANNELS, "sms_part", work.sms_parts),
    }[channel]


def standing_still(work: Workload) -> Iterator[Line]:
    """A month in which nobody is due anything."""
    calls = KNOWN["a quiet tick: AWS calls"] + KNOWN["a quiet sweep: AWS calls"]
    reads = KNOWN["a quiet tick: read units"] + KNOWN["a quiet sweep: read units"]
    # the look at what is older asks every shard once more, every fifth minute
    older = KNOWN["a quiet tick: read units"] / 5
    yield Line(TABLES, "read_unit", MINUTES * (reads + older))
    yield Line(MACHINES, "schedule_run", 2 * MINUTES)
    yield Line(MACHINES, "lambda_request", 2 * MINUTES)
    seconds = calls * work.machine["milliseconds_a_table_call"] / 1000
    yield _busy("finder_megabytes", MINUTES * seconds, work)
    yield Line(QUEUES, "sqs_request", QUEUES_POLLED * work.machine["polls_a_minute"] * MINUTES)
    yield Line(WATCH, "log_gb", 2 * MINUTES * work.machine["log_bytes_a_batch"] / 1e9)
    looks = MINUTES / LETTERS_EVERY_MINUTES
    yield Line(QUEUES, "sqs_request", QUEUES_OF_LETTERS * looks)
    yield Line(WATCH, "alarm", ALARMS)
    yield Line(WATCH, "composite_alarm", COMPOSITE_ALARMS)
    yield Line(WATCH, "metric", METRICS)
    yield Line(WATCH, "secret", SECRETS)


def of_user(work: Workload) -> Iterator[Line]:
    """One user's month."""
    for channel, share in work.user["channels"].items():
        of_one = message(work.user["reminders_a_message"], channel, work)
        for line in (*of_one, channel_itself(channel, work)):
            yield Line(line.service, line.price, line.quantity * work.messages * share)
    changes, reads = work.user["changes"], work.user["reads"]
    counted = changes + reads  # each call once, against its caller's limit
    yield Line(TABLES, "write_unit", counted + changes * KNOWN["a payment: write units"])
    yield Line(TABLES, "read_unit", (changes + reads) * KNOWN["a payment: read units"])
    yield Line(TABLES, "stored_gb", work.user["stored_kilobytes"] / 1e6)
    yield Line(MACHINES, "api_request", changes + reads)
    yield Line(MACHINES, "lambda_request", changes + reads)
    yield _busy("api_megabytes", (changes + reads) * work.cpu_seconds("api_megabytes"), work)
    bytes_ = (changes + reads) * work.machine["log_bytes_a_batch"]
    yield Line(WATCH, "log_gb", bytes_ / 1e9)


def month(users: int, work: Workload) -> list[Line]:
    """Of so many users, standing still included."""
    lines = [Line(each.service, each.price, each.quantity * users) for each in of_user(work)]
    return [*standing_still(work), *lines]


def a_schedule_a_reminder(users: int, work: Workload) -> list[Line]:
    """The same reminders with one EventBridge schedule each, which calls a function: it reads the
    bill, puts a row, sends and updates the row. Nothing is sent together, since each schedule knows
    of one reminder, and none of the guarantees is there."""
    count = users * work.reminders
    seconds = (
        3 * work.machine["milliseconds_a_table_call"] + work.machine["milliseconds_a_provider_call"]
    ) / 1000 + work.cpu_seconds("megabytes")
    lines = [
        Line(MACHINES, "schedule_run", count),
        Line(MACHINES, "lambda_request", count),
        _busy("megabytes", count * seconds, work),
        Line(TABLES, "read_unit", count),
        Line(TABLES, "write_unit", 3 * count),  # the row twice, the schedule's name once
        Line(WATCH, "log_gb", count * work.machine["log_bytes_a_batch"] / 1e9),
    ]
    for channel, share in work.user["channels"].items():
        itself = channel_itself(channel, work)
        lines.append(Line(itself.service, itself.price, itself.quantity * count * share))
    return lines


def a_daily_scan(users: int, work: Workload) -> list[Line]:
    """The same reminders found by reading all bills once a day, at one time of day for everybody:
    1 KB a bill, eventually consistent; then as above, without the schedules."""
    bills = users * work.user["bills"]
    found = [line for line in a_schedule_a_reminder(users, work) if line.price != "schedule_run"]
    return [*found, Line(TABLES, "read_unit", 30 * bills / 4 / 2)]

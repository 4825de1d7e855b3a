"""When the last message leaves if everybody chose the same minute: second by second.

What it knows of the product: find_due wake-ups what is due, then every fifth minute what is older,
each time at most what the channel sends until the next look; a sender claims, sends and marks, at
its share of the quota; a claim moves its user out of the index. What it knows of AWS are the limits
that bind first, from local/costs/workload.toml.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bill_reminders.delivery.finder import AT_LEAST, OLDER_EVERY_MINUTES
from bill_reminders.delivery.pace import A_MESSAGE_TAKES
from local.benchmark.counts import KNOWN

SCHEDULE_LATENCY = 2
"""Seconds into its minute at which a tick begins."""
FINDER_SECONDS = 60
"""How long find_due may work, as in template.yaml."""
CYCLE = 60 * OLDER_EVERY_MINUTES
SETTLED = 2 * CYCLE
"""Seconds after which workers have grown and what the first tick found is known."""
NEARLY = 1.05
"""What sends so nearly as fast as the quota is held up by the quota."""
WAKE_UPS_A_CALL = 10
WRITES_OF_A_CLAIM_IN_AN_INDEX = 2
"""The old minute goes, the new one comes."""

QUOTA, WORKERS, PARTITIONS, FINDER = (
    "provider's quota",
    "senders' concurrency",
    "shards",
    "find_due",
)


@dataclass(frozen=True, slots=True)
class Channel:
    """How many wait for it, and what its parameters allow."""

    name: str
    users: int
    per_second: float
    concurrency: int


@dataclass(frozen=True, slots=True)
class Setup:
    """A deployment, the crowd that waits, and what the machines are taken to do."""

    channels: tuple[Channel, ...]
    shards: int
    finder_megabytes: int
    machine: Mapping[str, Any]

    @property
    def finder_share(self) -> float:
        """Of a processor; Python's threads share one."""
        return float(min(1.0, self.finder_megabytes / self.machine["megabytes_a_processor"]))

    @property
    def sender_share(self) -> float:
        megabytes = self.machine["megabytes"] / self.machine["megabytes_a_processor"]
        return float(min(1.0, megabytes))


@dataclass(slots=True)
class Drained:
    """When the last message of a channel left, in seconds after the minute began, and what held
    it up for how many seconds."""

    last: float = 0.0
    held_by: Counter[str] = field(default_factory=Counter)

    @property
    def bottleneck(self) -> str:
        return self.held_by.most_common(1)[0][0] if self.held_by else QUOTA


@dataclass(slots=True)
class _Queue:
    waits: float
    """Users in the index, those in the queue included."""
    woken: float = 0.0
    to_put: float = 0.0


def drain(setup: Setup) -> dict[str, Drained]:
    """Play it to the end."""
    queues = {each.name: _Queue(each.users) for each in setup.channels}
    results = {each.name: Drained() for each in setup.channels}
    finder = _Finder(setup, queues)
    senders = [_Senders(each, setup) for each in setup.channels]
    second = 0
    before: _Cycle | None = None
    while any(queue.waits >= 1 for queue in queues.values()):
        if second % CYCLE == 0:
            now = _Cycle.of(queues, results)
            if before is not None and second > SETTLED:
                second += CYCLE * _skip(now, before, queues, results)
                now = _Cycle.of(queues, results)
            before = now
        finder.work(second)
        for channel, sender in zip(setup.channels, senders, strict=True):
            queue = queues[channel.name]
            if queue.waits < 1:
                continue
            rate, limit = sender.rate(second)
            sent = min(rate, queue.woken)
            queue.woken -= sent
            queue.waits -= sent
            starved = sent < rate and queue.waits >= 1 and second > SCHEDULE_LATENCY
            results[channel.name].held_by[FINDER if starved else limit] += 1
            if queue.waits < 1:
                results[channel.name].last = second + sent / rate
        second += 1
    return results


@dataclass(frozen=True, slots=True)
class _Cycle:
    """Where every channel stood when a look at what is older began."""

    waits: Mapping[str, float]
    woken: Mapping[str, float]
    held_by: Mapping[str, Counter[str]]

    @classmethod
    def of(cls, queues: Mapping[str, _Queue], results: Mapping[str, Drained]) -> "_Cycle":
        return cls(
            {name: queue.waits for name, queue in queues.items()},
            {name: queue.woken for name, queue in queues.items()},
            {name: Counter(found.held_by) for name, found in results.items()},
        )


def _skip(
    now: _Cycle,
    before: _Cycle,
    queues: Mapping[str, _Queue],
    results: Mapping[str, Drained],
) -> int:
    """How many cycles all go on as the last one did, which are then over: a crowd of millions is
    hours of the same."""
    sent = {name: before.waits[name] - now.waits[name] for name in queues}
    busy = [name for name in queues if sent[name] > 0]
    same = all(abs(now.woken[name] - before.woken[name]) < sent[name] / 100 for name in busy)
    cycles = min((int(now.waits[name] / sent[name]) - 2 for name in busy), default=0)
    if not same or cycles < 1:
        return 0
    for name in busy:
        queues[name].waits -= cycles * sent[name]
        for limit, count in (now.held_by[name] - before.held_by[name]).items():
            results[name].held_by[limit] += cycles * count
    return cycles


class _Senders:
    """The workers of a channel, which grow in number to its concurrency."""

    def __init__(self, channel: Channel, setup: Setup) -> None:
        machine = setup.machine
        self._channel = channel
        self._at_first = machine["workers_at_first"]
        self._more_a_second = machine["workers_more_a_minute"] / 60
        self._of_worker = _rate_of_worker(channel, setup)
        self._partitions = (
            setup.shards * machine["partition_writes"] / WRITES_OF_A_CLAIM_IN_AN_INDEX
        )
        self._grown: tuple[float, str] | None = None

    def rate(self, second: int) -> tuple[float, str]:
        """Messages a second that they can send, and what keeps them from more."""
        if self._grown is not None:
            return self._grown
        workers = self._at_first + self._more_a_second * second
        if workers < self._channel.concurrency:
            return self._limited(workers)
        self._grown = self._limited(self._channel.concurrency)
        return self._grown

    def _limited(self, workers: float) -> tuple[float, str]:
        limits = {
            QUOTA: self._channel.per_second,
            WORKERS: workers * self._of_worker,
            PARTITIONS: self._partitions,
        }
        limit = min(limits, key=lambda name: limits[name])
        if limits[limit] >= self._channel.per_second / NEARLY:
            return limits[limit], QUOTA
        return limits[limit], limit


def _rate_of_worker(channel: Channel, setup: Setup) -> float:
    """Messages a second that one worker can send."""
    machine = setup.machine
    by_processor = 1000 / machine["cpu_milliseconds_a_message"] * setup.sender_share
    calls = KNOWN["a batch of 10: AWS calls a message"] - 1
    latency = calls * machine["milliseconds_a_table_call"] + machine["milliseconds_a_provider_call"]
    interval = channel.concurrency / channel.per_second
    threads = min(WAKE_UPS_A_CALL, max(1, A_MESSAGE_TAKES / interval))
    # a batch ends with the last message's answer, and the next one begins by reading
    between = (latency + machine["milliseconds_between_batches"]) / 1000
    by_pace = WAKE_UPS_A_CALL / (WAKE_UPS_A_CALL * interval + between)
    return float(min(by_pace, by_processor, threads * 1000 / latency))


class _Finder:
    """One function for all channels: it reads keys, then puts wake-ups by tens."""

    def __init__(self, setup: Setup, queues: Mapping[str, _Queue]) -> None:
        self._setup = setup
        self._queues = queues
        self._puts_a_second = _puts_a_second(setup)
        self._reads_until = 0.0
        self._stops_at = 0.0

    def work(self, second: int) -> None:
        if second % 60 == SCHEDULE_LATENCY:
            self._tick(second)
        if second < self._reads_until or second >= self._stops_at:
            return
        busy = [queue for queue in self._queues.values() if queue.to_put > 0]
        for queue in busy:
            put = min(queue.to_put, self._puts_a_second / len(busy))
            queue.to_put -= put
            queue.woken += put

    def _tick(self, second: int) -> None:
        minute, machine = second // 60, self._setup.machine
        keys = 0.0
        for channel in self._setup.channels:
            queue = self._queues[channel.name]
            most = max(AT_LEAST * self._setup.shards, channel.per_second * OLDER_EVERY_MINUTES * 60)
            queue.to_put = 0.0  # what an earlier tick did not get to is looked for again
            if minute == 0:
                found = min(queue.waits, most)
                queue.to_put = found
            elif minute % OLDER_EVERY_MINUTES == 0:
                found = min(queue.waits, max(AT_LEAST * self._setup.shards, most - queue.woken))
                # the oldest are those that are in the queue already
                queue.to_put = max(0.0, found - queue.woken)
            else:
                found = 0.0
            keys += found
        pages = keys / self._setup.shards / machine["keys_a_page"]
        reading = max(
            keys * machine["cpu_milliseconds_a_key"] / 1000 / self._setup.finder_share,
            pages * machine["milliseconds_a_page"] / 1000,
        )
        self._reads_until = second + reading
        self._stops_at = second + FINDER_SECONDS


def _puts_a_second(setup: Setup) -> float:
    machine = setup.machine
    by_processor = 1000 / machine["cpu_milliseconds_a_queue_call"] * setup.finder_share
    by_threads = setup.shards * len(setup.channels) * 1000 / machine["milliseconds_a_queue_call"]
    return float(WAKE_UPS_A_CALL * min(by_processor, by_threads))


def by_quota_alone(channels: Sequence[Channel]) -> dict[str, float]:
    """Seconds that the provider's quota dictates, from the tick on."""
    return {each.name: SCHEDULE_LATENCY + each.users / each.per_second for each in channels}

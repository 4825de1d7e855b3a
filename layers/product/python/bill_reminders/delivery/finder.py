"""find_due: which users have something to hear at this minute, on which channel.

It reads keys from the sparse indexes and nothing else: no user, no bill, no plan. What it misses,
because it crashed, never ran, lost a wake-up or met an index that lagged, the look at what is older
finds within five minutes. So does what it leaves: when more are due than the channel sends until
that look, as when a million chose nine o'clock, wake-ups for all would outlast the function's time.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from math import ceil
from typing import Any

from bill_reminders.delivery import wake_ups
from bill_reminders.delivery.wake_ups import WakeUp
from bill_reminders.domain.enums import Channel
from bill_reminders.storage.tables import due_index, next_at

OLDER_EVERY_MINUTES = 5
AT_LEAST = 100
"""So many a shard are woken however slow the channel, and however full its queue seems: neither
poison nor a wrong count may stop the healing."""

DEPTHS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@dataclass(frozen=True, slots=True)
class Route:
    """A channel's queue, and how many messages a second the channel sends at most."""

    channel: Channel
    queue_url: str
    per_second: float

    @property
    def until_next_look(self) -> float:
        """How many messages the channel sends from one look at what is older to the next."""
        return self.per_second * OLDER_EVERY_MINUTES * 60


@dataclass(frozen=True, slots=True)
class Found:
    """How many users were woken: due at this minute, and due earlier."""

    due: int
    older: int


def tick(
    minute: datetime, routes: Iterable[Route], *, shards: int, sqs: Any
) -> Mapping[Channel, Found]:
    """Wake everyone who is due at `minute` on one of the open `routes`, all routes at once.

    A shard or a route that fails keeps no other from being woken; the first error is raised when
    all are done.
    """
    routes = tuple(routes)
    with ThreadPoolExecutor(max_workers=max(1, len(routes))) as pool:
        running = {
            route.channel: pool.submit(_tick_route, minute, route, shards, sqs) for route in routes
        }
    return {channel: future.result() for channel, future in running.items()}


def _tick_route(minute: datetime, route: Route, shards: int, sqs: Any) -> Found:
    with ThreadPoolExecutor(max_workers=shards) as pool:
        most = max(AT_LEAST, ceil(route.until_next_look / shards))
        due = [pool.submit(_due, route.channel, shard, minute, most) for shard in range(shards)]
        older: list[Future[list[str]]] = []
        errors: list[BaseException] = []
        if minute.minute % OLDER_EVERY_MINUTES == 0:
            try:
                limit = _older_limit(route, shards, sqs)  # before this tick's own wake-ups arrive
            except Exception as failure:  # an unread depth must not stop the healing
                errors.append(failure)
                limit = AT_LEAST
            older = [
                pool.submit(_older, route.channel, shard, minute, limit) for shard in range(shards)
            ]
        due_users, due_errors = _gather(due)
        older_users, older_errors = _gather(older)
        wake_ups.send(
            sqs,
            route.queue_url,
            [WakeUp(user_id, minute) for user_id in chain(due_users, older_users)],
            pool=pool,
        )
    for error in chain(errors, due_errors, older_errors):
        raise error
    return Found(len(due_users), len(older_users))


def _gather(futures: Iterable[Future[list[str]]]) -> tuple[list[str], list[BaseException]]:
    """What the shards that answered found, and the errors of those that did not."""
    answers = [(future, future.exception()) for future in futures]
    users = [user_id for future, error in answers if error is None for user_id in future.result()]
    return users, [error for _, error in answers if error is not None]


def _due(channel: Channel, shard: int, minute: datetime, most: int) -> list[str]:
    found = due_index(channel).query(shard, next_at(channel) == minute, limit=most)
    return [item.user_id for item in found]


def _older(channel: Channel, shard: int, minute: datetime, most: int) -> list[str]:
    found = due_index(channel).query(shard, next_at(channel) < minute, limit=most)
    return [item.user_id for item in found]


def _older_limit(route: Route, shards: int, sqs: Any) -> int:
    """How many a shard: what the channel sends until the next look, less what its queue holds."""
    answer = sqs.get_queue_attributes(QueueUrl=route.queue_url, AttributeNames=list(DEPTHS))
    held = sum(int(answer["Attributes"][name]) for name in DEPTHS)
    return max(AT_LEAST, int((route.until_next_look - held) // shards))

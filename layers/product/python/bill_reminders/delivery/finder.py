"""find_due: which users have something to hear at this minute, on which channel.

It reads keys from the sparse indexes and nothing else: no user, no bill, no plan. What it misses,
because it crashed, never ran, lost a wake-up or met an index that lagged, the look at what is older
finds within five minutes. So does what it leaves: when more are due than the channel sends until
that look, as when a million chose nine o'clock, wake-ups for all would outlast the function's time.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from itertools import chain
from math import ceil
from typing import Any, NamedTuple

from aws_lambda_powertools import Logger

from bill_reminders.delivery import wake_ups
from bill_reminders.delivery.depth import held
from bill_reminders.delivery.wake_ups import WakeUp
from bill_reminders.domain.enums import Channel
from bill_reminders.storage.tables import due_users, next_at

logger = Logger(child=True)

OLDER_EVERY_MINUTES = 5
MOST_SHARDS = 16
"""So many shards there can be. Users keep the shard that they were born into: where fewer are read
than once were, the look at what is older reads the others too, so that nobody is hidden."""

AT_LEAST = 100
"""So many a shard are woken however slow the channel, and however full its queue seems: neither
poison nor a wrong count may stop the healing."""

NEVER, NEVER_AT = "3", 55
"""What sorts behind all instants of this millennium is none, and its user would never be found.
Once an hour, at this minute, they are; the sender puts the instant right."""


class Route(NamedTuple):
    """A channel's queue, and how many messages a second the channel sends at most."""

    channel: Channel
    queue_url: str
    per_second: float

    @property
    def until_next_look(self) -> float:
        """How many messages the channel sends from one look at what is older to the next."""
        return self.per_second * OLDER_EVERY_MINUTES * 60


class Found(NamedTuple):
    """How many users were woken: due at this minute, and due earlier."""

    due: int
    older: int


def tick(
    minute: datetime, routes: Iterable[Route], *, shards: int, sqs: Any
) -> Mapping[Channel, Found]:
    """Wake everyone who is due at `minute` on one of the open `routes`, all routes at once. Users
    are spread over `shards`; those in a later one are found by the look at what is older.

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
    with ThreadPoolExecutor(max_workers=MOST_SHARDS) as pool:
        most = max(AT_LEAST, ceil(route.until_next_look / shards))
        due = [pool.submit(_due, route.channel, shard, minute, most) for shard in range(shards)]
        older: list[Future[list[str]]] = []
        hidden: list[Future[list[str]]] = []
        errors: list[BaseException] = []
        if minute.minute % OLDER_EVERY_MINUTES == 0:
            try:
                limit = _older_limit(route, shards, sqs)  # before this tick's own wake-ups arrive
            except Exception as failure:  # an unread depth must not stop the healing
                errors.append(failure)
                limit = AT_LEAST
            looks = [_older, _never] if minute.minute == NEVER_AT else [_older]
            older, hidden = (
                [
                    pool.submit(look, route.channel, shard, minute, limit)
                    for look in looks
                    for shard in which
                ]
                for which in (range(shards), range(shards, MOST_SHARDS))
            )
        due_users, due_errors = _gather(due)
        older_users, older_errors = _gather([*older, *hidden])
        _tell_of(hidden, route.channel, shards)
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


def _tell_of(hidden: Iterable[Future[list[str]]], channel: Channel, shards: int) -> None:
    """Whoever waits in a shard that a tick does not read hears up to five minutes late."""
    users, _ = _gather(hidden)
    if users:
        logger.error(
            "users wait in shards that ShardsRead leaves out: set it higher again",
            channel=channel.value,
            users=len(users),
            shards_read=shards,
            set_to=MOST_SHARDS,
        )


def _due(channel: Channel, shard: int, minute: datetime, most: int) -> list[str]:
    return list(due_users(channel, shard, next_at(channel) == minute, limit=most))


def _older(channel: Channel, shard: int, minute: datetime, most: int) -> list[str]:
    return list(due_users(channel, shard, next_at(channel) < minute, limit=most))


def _never(channel: Channel, shard: int, minute: datetime, most: int) -> list[str]:
    """Whose instant never comes, for it is none."""
    return list(due_users(channel, shard, next_at(channel) > {"S": NEVER}, limit=most))


def _older_limit(route: Route, shards: int, sqs: Any) -> int:
    """How many a shard: what the channel sends until the next look, less what its queue holds."""
    return max(AT_LEAST, int((route.until_next_look - held(sqs, route.queue_url)) // shards))

"""The sweep: every minute, look at the messages of which nobody knows what became of them, and at
the channels that died."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import zip_longest

from aws_lambda_powertools import Logger

from bill_reminders import metrics
from bill_reminders.delivery import dead_channels, reconciling
from bill_reminders.delivery.reconciling import Outcome, Unreconciled
from bill_reminders.domain.enums import Channel
from bill_reminders.logs import where
from bill_reminders.trouble import may_pass, name_of

logger = Logger(child=True)

A_SHARD = 200
"""Looked at in one sweep at most; the oldest first, the rest in the next minute."""

NO_TIME = "no time left, the next sweep goes on"

UNKNOWN = (Outcome.LAPSED, Outcome.RESENT, Outcome.WAITS, Outcome.UNKNOWN)
"""What is done with a message of which nobody knows."""
MANY = 3
"""So many unknown messages at one look are more than a worker that died leaves."""

POISON_RESTS = timedelta(hours=1)
"""A message that cannot be settled is looked at that much later, so that it is in nobody's way."""


class SweepFailed(Exception):
    """Some messages could not be settled; the next sweep tries them again."""


def sweep(
    now: datetime,
    *,
    resend: Collection[Channel],
    has_time: Callable[[], bool],
    hand_over: Callable[[str, str], object] = lambda user_id, key: None,
) -> Counter[Outcome]:
    """Settle what is to be looked at by `now`, as long as `has_time`; how often each outcome was
    reached. `hand_over` takes a user and the key of a row about a dead channel of theirs to who can
    tell them. One message or shard that fails keeps no other from being settled: SweepFailed is
    raised when all are done, or the time is over."""
    outcomes: Counter[Outcome] = Counter()
    never_marked: Counter[str] = Counter()
    failed = 0
    waiting: list[Iterator[Unreconciled]] = []
    for shard in _shards(now):
        if not has_time():
            logger.warning(NO_TIME)
            waiting.clear()
            break
        try:
            messages = reconciling.unreconciled(shard, now=now, limit=A_SHARD)
        except Exception as error:
            failed += 1
            logger.error("shard not read", error=name_of(error), where=where(error))
            continue
        waiting.append(iter(messages))
    for message in _in_turn(waiting):
        if not has_time():
            logger.warning(NO_TIME)
            break
        try:
            died = dead_channels.user_of(message.user_id)
            if died is not None:
                hand_over(died, message.key)
                reconciling.put_off(message, until=now + dead_channels.LOOKED_AT_AGAIN)
                outcomes[Outcome.HANDED_OVER] += 1
                continue
            outcome = reconciling.reconcile(message, resend=resend, now=now)
            outcomes[outcome] += 1
            never_marked[message.key.rpartition("#")[2]] += outcome is Outcome.LAPSED
        except Exception as error:
            failed += 1
            _note(message, error, now)
    _tell(outcomes, never_marked)
    if failed:
        raise SweepFailed(f"{failed} messages or shards could not be settled")
    return outcomes


def _tell(outcomes: Counter[Outcome], never_marked: Counter[str]) -> None:
    """Of messages about no bill, whose keys end with no channel, nobody counts what became."""
    for channel in Channel:
        if never_marked[channel]:
            logger.info("never marked", **metrics.of(channel, {"Unknown": never_marked[channel]}))
    unknown = sum(outcomes[each] for each in UNKNOWN)
    if unknown >= MANY:
        logger.warning(
            "several messages are unknown", messages=unknown, **metrics.signal("UnknownRising")
        )


def _shards(now: datetime) -> Iterable[int]:
    """All of them, beginning with another one each minute: who comes last now comes first soon."""
    first = int(now.timestamp() // 60) % len(reconciling.SHARDS)
    return (*reconciling.SHARDS[first:], *reconciling.SHARDS[:first])


def _in_turn(shards: Iterable[Iterator[Unreconciled]]) -> Iterator[Unreconciled]:
    """One message of each shard, then the next of each: what has gathered in one shard takes no
    other's share of the time."""
    for round_ in zip_longest(*shards):
        yield from filter(None, round_)


def _note(message: Unreconciled, error: Exception, now: datetime) -> None:
    """What may pass is looked at again in a minute; an alarm tells of what is put off."""
    is_poison = not may_pass(error)
    if is_poison:
        _make_room(message, now)
    logger.error(
        "message not settled",
        user_id=message.user_id,
        error=name_of(error),
        where=where(error),
        put_off=is_poison,
        **metrics.signal("MessagesPutOff", when=is_poison),
    )


def _make_room(message: Unreconciled, now: datetime) -> None:
    with suppress(Exception):  # it stays where it is
        reconciling.put_off(message, until=now + POISON_RESTS)

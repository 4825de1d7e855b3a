"""Limits: how often something may be asked for in an hour and in a day, by whom.

Counted before the thing is done, all counters in one transaction, so that many requests at once
cannot slip through together. What is merely a call is counted alone: one write unit instead of two.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.storage.access_tables import LimitItem
from bill_reminders.storage.keyed_hash import keyed_hash
from bill_reminders.storage.transactions import Stale, Write, commit, condition_failed

HOUR = timedelta(hours=1)
FIVE_MINUTES = timedelta(minutes=5)
"""In which the calls of one identity, one link or one feed are counted."""


class Limit(NamedTuple):
    """At most `most` times in each `window` (from its start on the UTC clock) for one `whom`, which
    is stored as a keyed hash."""

    what: str
    whom: str
    most: int
    window: timedelta

    def counter(self, now: datetime) -> str:
        start = int(now.timestamp() // self.window.total_seconds())
        return f"{self.what}#{keyed_hash('limit', self.whom)[:32]}#{start}"

    def ends_in(self, now: datetime) -> timedelta:
        seconds = self.window.total_seconds()
        return timedelta(seconds=seconds - now.timestamp() % seconds)


class TooOften(BillRemindersError):
    """Limits are used up: `what` names them, `retry_after` says for how long."""

    def __init__(self, retry_after: timedelta, what: Collection[str] = ()) -> None:
        super().__init__("asked for too often")
        self.retry_after = retry_after
        self.what = what


class Standing(NamedTuple):
    """Where a caller is after a call: `left` more may follow before `resets_in` is over. One that
    `is_over` was not counted, and is to be refused."""

    limit: Limit
    left: int
    resets_in: timedelta
    is_over: bool = False


def count(limit: Limit, *, now: datetime) -> Standing:
    """Count one call, if there is one left. Costs one write unit."""
    item = LimitItem(limit.counter(now))
    actions, free = _one_more(limit, now)
    try:
        item.update(actions, condition=free)
    except UpdateError as error:
        if not condition_failed(error):
            raise
        return Standing(limit, 0, limit.ends_in(now), is_over=True)
    return Standing(limit, limit.most - item.asked, limit.ends_in(now))


def take_one(limit: Limit, *, now: datetime) -> None:
    """Count one call. Costs one write unit. Raises TooOften when none is left."""
    standing = count(limit, now=now)
    if standing.is_over:
        raise TooOften(standing.resets_in, [limit.what])


def reserve(limits: Iterable[Limit], *, now: datetime) -> None:
    """Count once for all of `limits`, or not at all. Raises TooOften, transactions.Busy or Lost."""
    wanted = tuple(limits)
    try:
        commit(*(_count(limit, now) for limit in wanted))
    except Stale:
        # the longest window that may be at fault: an earlier try could only fail again
        full = _used_up(wanted, now)
        wait = max((limit.ends_in(now) for limit in full), default=timedelta(minutes=1))
        raise TooOften(wait, [limit.what for limit in full]) from None


def asked(limit: Limit, *, now: datetime) -> int:
    """How often it was counted for `limit` in the window of `now`. Raises what the table raises."""
    try:
        return LimitItem.get(limit.counter(now), consistent_read=True).asked
    except LimitItem.DoesNotExist:
        return 0


def _one_more(limit: Limit, now: datetime) -> tuple[list[Action], Condition]:
    """What counts once, and on what condition."""
    ends = int((now + limit.ends_in(now) + HOUR).timestamp())
    actions: list[Action] = [LimitItem.asked.add(1), LimitItem.expires_at.set(ends)]
    return actions, LimitItem.asked.does_not_exist() | (LimitItem.asked < limit.most)


def _count(limit: Limit, now: datetime) -> Write:
    item = LimitItem(limit.counter(now))
    actions, free = _one_more(limit, now)
    return lambda write: write.update(item, actions=actions, condition=free)


def _used_up(limits: Iterable[Limit], now: datetime) -> list[Limit]:
    return [limit for limit in limits if asked(limit, now=now) >= limit.most]

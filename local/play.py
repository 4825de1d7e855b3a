"""Plays a stretch of time on a local stack: the clock jumps from one due instant to the next."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from bill_reminders.domain.clock import MINUTE
from bill_reminders.domain.people import Channel
from bill_reminders.storage import tables
from bill_reminders.storage.tables import ScheduleItem
from local.stack import BUILD, Stack

IDLE_HOUR = 12
"""The hour, UTC, of the tick that every day gets even when nothing is due."""

INTO_THE_MINUTE = timedelta(seconds=2)
"""A schedule never fires at the very start of its minute."""


def play(stack: Stack, start: datetime, end: datetime) -> Iterator[datetime]:
    """Tick at every due instant after `start` up to `end`, and once a day besides; yields each
    minute when all its messages are out."""
    minute = start
    while True:
        minute = _next_stop(minute)
        if minute > end:
            return
        stack.set_clock(minute + INTO_THE_MINUTE)
        stack.tick()
        stack.settle()
        if stack.dead_letters():
            raise RuntimeError(f"a sender failed at {minute}, see {BUILD / 'engine.log'}")
        yield minute


def _next_stop(last: datetime) -> datetime:
    """The next instant at which a channel wakes, or the next idle tick."""
    idle = last.replace(hour=IDLE_HOUR, minute=0)
    if idle <= last:
        idle += timedelta(days=1)
    wakes = [
        wake
        for schedule in ScheduleItem.scan(consistent_read=True)
        for channel in Channel
        if (wake := getattr(schedule, tables.next_at(channel).attr_name)) is not None
    ]
    # what should have gone out by now and did not is looked for minute by minute
    return max(min([idle, *wakes]), last + MINUTE)

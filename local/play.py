"""Plays a stretch of time on a local stack: the clock jumps from one due instant to the next."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.local_time import MINUTE
from bill_reminders.storage import tables
from bill_reminders.storage.tables import ScheduleItem
from local import sample_events
from local.sample_events import Event
from local.stack import BUILD, Stack

IDLE_HOUR = 12
"""The hour, UTC, of the tick that every day gets even when nothing is due."""

INTO_THE_MINUTE = timedelta(seconds=2)
"""A schedule never fires at the very start of its minute."""

Outage = tuple[datetime, datetime]
"""From when on no tick comes, and the minute of the first one that comes again."""


def play(
    stack: Stack,
    start: datetime,
    end: datetime,
    *,
    events: Sequence[Event] = (),
    outage: Outage | None = None,
) -> Iterator[datetime]:
    """Tick at every due instant after `start` up to `end`, and once a day besides; yields each
    minute when all its messages are out. Events, in order, come after their minute's tick."""
    minute, coming = start, list(events)
    while True:
        minute = _next_stop(minute, coming, outage)
        if minute > end:
            return
        stack.set_clock(minute + INTO_THE_MINUTE)
        if not _is_out(minute, outage):
            stack.tick()
            stack.settle()
            if stack.dead_letters():
                raise RuntimeError(f"a sender failed at {minute}, see {BUILD / 'engine.log'}")
        while coming and sample_events.instant(coming[0]) <= minute:
            sample_events.apply(coming.pop(0), now=minute + INTO_THE_MINUTE)
        yield minute


def _is_out(minute: datetime, outage: Outage | None) -> bool:
    return outage is not None and outage[0] <= minute < outage[1]


def _next_stop(last: datetime, coming: Sequence[Event], outage: Outage | None) -> datetime:
    """The next instant at which a channel wakes or something happens, or the next idle tick."""
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
    tick = max(min([idle, *wakes]), last + MINUTE)
    if outage is not None and _is_out(tick, outage):
        tick = outage[1]
    return min([tick, *(sample_events.instant(event) for event in coming[:1])])

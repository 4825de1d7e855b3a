"""The widget of the next hours: how many users each channel looks at, hour by hour.

It counts keys of the sparse indexes and reads no user. Whoever is looked at does not always get a
message: what is due is decided then.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple

from bill_reminders.console import sentences
from bill_reminders.console.calls import Call, Means
from bill_reminders.console.waking import minutes_before
from bill_reminders.domain.enums import Channel
from bill_reminders.storage.attributes import parse_minute

HOUR = timedelta(hours=1)
USUAL, MOST = 24, 72
"""Hours that are shown."""

COUNTED = 20_000
"""Users of a shard that are counted for a channel, the earliest: more would take too long."""


class Row(NamedTuple):
    """An hour (UTC), with how many users each channel looks at, and how long the bar of each is, in
    percent of the longest."""

    hour: str
    counts: tuple[int, ...]
    bars: tuple[int, ...]


def answer(call: Call, means: Means, *, now: datetime) -> Mapping[str, Any]:
    """What the widget shows."""
    hours = _hours(call.field("hours"))
    end = _hour(now) + hours * HOUR
    found = minutes_before(end, means.shards, limit=COUNTED)
    late: Counter[Channel] = Counter()
    by_hour: dict[Channel, Counter[datetime]] = {channel: Counter() for channel in Channel}
    for channel, of_shards in found.items():
        for minute in map(parse_minute, chain.from_iterable(of_shards)):
            late[channel] += minute < now - timedelta(minutes=1)
            by_hour[channel][_hour(max(minute, now))] += 1
    return {
        "hours": hours,
        "channels": [sentences.NAMES[channel] for channel in Channel],
        "rows": list(_rows(by_hour, now, hours)),
        "late": [(sentences.NAMES[channel], late[channel]) for channel in Channel if late[channel]],
        "cut": any(len(each) == COUNTED for of_shards in found.values() for each in of_shards),
    }


def _rows(by_hour: Mapping[Channel, Counter[datetime]], now: datetime, hours: int) -> Iterator[Row]:
    longest = max((n for counts in by_hour.values() for n in counts.values()), default=0)
    for ahead in range(hours):
        hour = _hour(now) + ahead * HOUR
        counts = tuple(by_hour[channel][hour] for channel in Channel)
        if any(counts):
            bars = tuple(round(100 * count / longest) for count in counts)
            yield Row(f"{hour:%Y-%m-%d %H}:00", counts, bars)


def _hour(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)


def _hours(text: str) -> int:
    """How many, within bounds; the usual number for what is none."""
    return min(max(int(text), 1), MOST) if text.isdecimal() and len(text) < 4 else USUAL

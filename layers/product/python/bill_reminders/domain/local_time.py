"""Wall clocks and instants: zones, daylight saving and quiet hours.

An instant is an aware UTC datetime; a date and a time of day are local and mean nothing without
an IANA zone. Rules: the rows "daylight saving" and "quiet hours" in docs/rules.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def floor_minute(instant: datetime) -> datetime:
    """The whole minute that `instant` lies in."""
    return instant.replace(second=0, microsecond=0)


def next_minute(instant: datetime) -> datetime:
    """The first whole minute after `instant`; a whole minute gives the one after it."""
    return floor_minute(instant) + MINUTE


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar date on the wall in `zone` at `instant`."""
    return instant.astimezone(zone).date()


def wall_text(at: time) -> str:
    """A time of day as people read it: `09:00`."""
    return at.strftime("%H:%M")


@lru_cache(4096)  # planning asks for one morning once a bill, and more often
def instant_of(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The UTC instant at which clocks in `zone` show `at` on `day`.

    A time that daylight saving skips gives the first instant after the gap; a time that happens
    twice gives the first of the two.
    """
    return _readings(day, at, zone)[0]


def _readings(day: date, at: time, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Every instant that shows `at` on `day`, in order; for a skipped time the end of the gap."""
    wall = datetime.combine(day, at, tzinfo=zone)
    first, second = (wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return (first,)
    if first < second:
        return (first, second)
    return (_end_of_gap(second, first, zone),)


def _end_of_gap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first instant with the new offset, between an instant before and one after the gap.

    In a gap, fold 1 reads the time with the new offset and so lands before the change, and fold 0
    lands after it (PEP 495). Offsets change on whole seconds.
    """
    old = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after


def _starts(day: date, at: time, until: time, zone: ZoneInfo) -> Iterator[datetime]:
    """Where on `day` the span from `at` to `until` may start: when clocks show `at`, and when they
    are set back from after `until` to before it."""
    yield from _readings(day, at, zone)
    match _readings(day, until, zone):
        case first, second:
            yield _end_of_gap(first, second, zone)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A daily span of wall time in which nothing may go out; `start` included, `end` not.

    It may span midnight (22:00 to 08:00). Equal ends are refused where values are parsed.
    """

    start: time
    end: time

    def cover(self, instant: datetime, zone: ZoneInfo) -> bool:
        """Whether `instant` is quiet on the wall in `zone`."""
        return self.holds(instant.astimezone(zone).time().replace(fold=0))

    def holds(self, wall: time) -> bool:
        """Whether the time of day `wall` is quiet."""
        if self.start < self.end:
            return self.start <= wall < self.end
        return wall >= self.start or wall < self.end

    def end_after(self, instant: datetime, zone: ZoneInfo) -> datetime:
        """The first instant after a quiet `instant` that is not quiet."""
        today = local_date(instant, zone)
        return min(
            reading
            for offset in (0, 1, 2)
            for reading in _starts(today + offset * DAY, self.end, self.start, zone)
            if reading > instant and not self.cover(reading, zone)
        )

    def last_minute_before(self, instant: datetime, zone: ZoneInfo) -> datetime:
        """The last whole minute before the quiet span that holds `instant`."""
        today = local_date(instant, zone)
        return max(
            reading - MINUTE
            for offset in (-2, -1, 0)
            for reading in _starts(today + offset * DAY, self.start, self.end, zone)
            if reading <= instant and not self.cover(reading - MINUTE, zone)
        )


class QuietSpans(NamedTuple):
    """Several quiet hours at once, of which at least one minute of the day is free."""

    spans: tuple[QuietHours, ...]

    def __bool__(self) -> bool:
        return bool(self.spans)

    def cover(self, instant: datetime, zone: ZoneInfo) -> bool:
        """Whether `instant` is quiet on the wall in `zone`."""
        return self._covering(instant, zone) is not None

    def end_after(self, instant: datetime, zone: ZoneInfo) -> datetime:
        """The first instant from `instant` on that is not quiet."""
        while (span := self._covering(instant, zone)) is not None:
            instant = span.end_after(instant, zone)
        return instant

    def last_minute_before(self, instant: datetime, zone: ZoneInfo) -> datetime:
        """The last whole minute up to a quiet `instant` that is not quiet."""
        while (span := self._covering(instant, zone)) is not None:
            instant = span.last_minute_before(instant, zone)
        return instant

    def _covering(self, instant: datetime, zone: ZoneInfo) -> QuietHours | None:
        return next((span for span in self.spans if span.cover(instant, zone)), None)


def together(own: QuietHours | None, law: QuietHours | None) -> QuietSpans:
    """What a user and the law want quiet. Should that be the whole day, the law alone counts: else
    nobody would ever be reminded."""
    if own is None or law is None:
        return QuietSpans(tuple(filter(None, (own, law))))
    is_whole_day = law.holds(own.end) and own.holds(law.end)
    return QuietSpans((law,) if is_whole_day else (own, law))

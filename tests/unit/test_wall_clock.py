"""What the wall shows and when, and which hours are quiet.

Changes of the clocks that the tables use, as local times:

    New York      2026-11-01 02:00 back to 01:00    2027-03-14 02:00 on to 03:00
    London        2026-10-25 02:00 back to 01:00    2027-03-28 01:00 on to 02:00
    Sydney        2027-04-04 03:00 back to 02:00    2026-10-04 02:00 on to 03:00
    Lord Howe     2027-04-04 02:00 back to 01:30    2026-10-04 02:00 on to 02:30
    Casablanca    2026-02-15 03:00 back to 02:00    2026-03-22 02:00 on to 03:00
    Santiago      2027-04-04 00:00 back to 23:00    2027-09-05 00:00 on to 01:00
    Troll         2026-10-25 03:00 back to 01:00    2027-03-28 01:00 on to 03:00
    Apia                                            2011-12-30 00:00 on to 24:00
"""

import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.local_time import (
    QuietHours,
    floor_minute,
    instant_of,
    local_date,
    next_minute,
)
from tests.support.examples import examples

MINUTE = timedelta(minutes=1)
NEW_YORK = ZoneInfo("America/New_York")

PROPERTY = examples(120)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def instant(wall: str, zone: str) -> datetime:
    day, at = wall.split()
    return instant_of(date.fromisoformat(day), time.fromisoformat(at), ZoneInfo(zone))


def quiet(span: str) -> QuietHours:
    start, end = map(time.fromisoformat, span.split("-"))
    return QuietHours(start, end)


@pytest.mark.parametrize(
    ("zone", "wall", "expected"),
    [
        ("America/New_York", "2027-02-10 09:00", "2027-02-10 14:00"),
        ("Asia/Kolkata", "2027-02-10 09:00", "2027-02-10 03:30"),
        ("Asia/Kathmandu", "2027-02-10 09:00", "2027-02-10 03:15"),
        ("Pacific/Kiritimati", "2027-02-10 09:00", "2027-02-09 19:00"),
        ("Pacific/Pago_Pago", "2027-02-10 09:00", "2027-02-10 20:00"),
        ("Pacific/Pago_Pago", "2027-02-10 23:59", "2027-02-11 10:59"),
    ],
)
def test_a_time_on_the_wall_is_an_instant(zone: str, wall: str, expected: str) -> None:
    assert instant(wall, zone) == utc(expected)


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [
        ("America/New_York", "2027-03-13 14:00", "2027-03-14 13:00"),
        ("America/New_York", "2026-10-31 13:00", "2026-11-01 14:00"),
        ("Europe/London", "2027-03-27 09:00", "2027-03-28 08:00"),
        ("Australia/Sydney", "2027-04-02 22:00", "2027-04-03 23:00"),
        ("Australia/Lord_Howe", "2027-04-02 22:00", "2027-04-03 22:30"),
    ],
)
def test_nine_stays_nine_when_the_clocks_change(zone: str, before: str, after: str) -> None:
    for expected in map(utc, (before, after)):
        day = expected.astimezone(ZoneInfo(zone)).date()
        assert instant(f"{day} 09:00", zone) == expected


@pytest.mark.parametrize(
    ("zone", "wall", "expected"),
    [
        ("America/New_York", "2027-03-14 01:59", "2027-03-14 06:59"),
        ("America/New_York", "2027-03-14 02:00", "2027-03-14 07:00"),
        ("America/New_York", "2027-03-14 02:59", "2027-03-14 07:00"),
        ("America/New_York", "2027-03-14 03:00", "2027-03-14 07:00"),
        ("America/New_York", "2027-03-14 03:01", "2027-03-14 07:01"),
        ("Europe/London", "2027-03-28 01:30", "2027-03-28 01:00"),
        ("Australia/Sydney", "2026-10-04 02:30", "2026-10-03 16:00"),
        ("Australia/Lord_Howe", "2026-10-04 02:10", "2026-10-03 15:30"),
        ("Australia/Lord_Howe", "2026-10-04 02:40", "2026-10-03 15:40"),
        ("Africa/Casablanca", "2026-03-22 02:30", "2026-03-22 02:00"),
        ("America/Santiago", "2027-09-05 00:00", "2027-09-05 04:00"),
        ("Antarctica/Troll", "2027-03-28 02:30", "2027-03-28 01:00"),
        # Samoa crossed the date line and had no 30 December 2011.
        ("Pacific/Apia", "2011-12-29 23:59", "2011-12-30 09:59"),
        ("Pacific/Apia", "2011-12-30 00:00", "2011-12-30 10:00"),
        ("Pacific/Apia", "2011-12-30 23:59", "2011-12-30 10:00"),
        ("Pacific/Apia", "2011-12-31 00:01", "2011-12-30 10:01"),
    ],
)
def test_a_time_that_is_skipped_is_the_first_instant_after_the_gap(
    zone: str, wall: str, expected: str
) -> None:
    assert instant(wall, zone) == utc(expected)


@pytest.mark.parametrize(
    ("zone", "wall", "expected"),
    [
        ("America/New_York", "2026-11-01 00:59", "2026-11-01 04:59"),
        ("America/New_York", "2026-11-01 01:00", "2026-11-01 05:00"),
        ("America/New_York", "2026-11-01 01:59", "2026-11-01 05:59"),
        ("America/New_York", "2026-11-01 02:00", "2026-11-01 07:00"),
        ("Europe/London", "2026-10-25 01:30", "2026-10-25 00:30"),
        ("Australia/Sydney", "2027-04-04 02:30", "2027-04-03 15:30"),
        ("Australia/Lord_Howe", "2027-04-04 01:45", "2027-04-03 14:45"),
        ("Africa/Casablanca", "2026-02-15 02:30", "2026-02-15 01:30"),
        ("America/Santiago", "2027-04-03 23:30", "2027-04-04 02:30"),
        ("Antarctica/Troll", "2026-10-25 02:30", "2026-10-25 00:30"),
    ],
)
def test_a_time_that_happens_twice_is_the_first(zone: str, wall: str, expected: str) -> None:
    assert instant(wall, zone) == utc(expected)


def test_the_date_on_the_wall_is_not_the_date_in_utc() -> None:
    noon = utc("2027-03-01 10:30")
    assert local_date(noon, ZoneInfo("Pacific/Kiritimati")) == date(2027, 3, 2)
    assert local_date(noon, ZoneInfo("Pacific/Pago_Pago")) == date(2027, 2, 28)


def test_the_next_minute_is_a_whole_one_and_never_this_one() -> None:
    assert floor_minute(utc("2027-03-01 10:30:59.999999")) == utc("2027-03-01 10:30")
    assert next_minute(utc("2027-03-01 10:30:59.999999")) == utc("2027-03-01 10:31")
    assert next_minute(utc("2027-03-01 10:30")) == utc("2027-03-01 10:31")


@pytest.mark.parametrize(
    ("span", "is_quiet", "is_not"),
    [
        ("08:00-16:00", ["08:00", "12:00", "15:59"], ["07:59", "16:00", "00:00"]),
        ("22:00-08:00", ["22:00", "23:59", "00:00", "07:59"], ["21:59", "08:00", "12:00"]),
        ("00:00-06:00", ["00:00", "05:59"], ["23:59", "06:00"]),
        ("20:00-00:00", ["20:00", "23:59"], ["19:59", "00:00"]),
    ],
)
def test_quiet_hours_include_their_start_and_not_their_end(
    span: str, is_quiet: list[str], is_not: list[str]
) -> None:
    for at in (*is_quiet, *is_not):
        noted = quiet(span).cover(instant(f"2027-02-10 {at}", "America/New_York"), NEW_YORK)
        assert noted is (at in is_quiet), at


def test_an_hour_that_happens_twice_is_quiet_twice() -> None:
    for first_or_second in ("2026-11-01 05:15", "2026-11-01 06:15"):  # both 01:15 in New York
        assert quiet("01:00-02:00").cover(utc(first_or_second), NEW_YORK)
        assert not quiet("02:00-03:00").cover(utc(first_or_second), NEW_YORK)


def test_quiet_hours_within_a_gap_do_not_happen_that_day() -> None:
    for minute in ("2027-03-14 06:59", "2027-03-14 07:00"):  # 01:59, then 03:00
        assert not quiet("02:00-03:00").cover(utc(minute), NEW_YORK)


# Clocks set back within quiet hours that start, or end, in the hour that repeats.


@pytest.mark.parametrize(
    ("zone", "span", "at", "last_before", "first_after"),
    [
        pytest.param(
            *("America/New_York", "08:00-16:00", "2027-02-10 15:00"),
            *("2027-02-10 12:59", "2027-02-10 21:00"),
            id="by day",
        ),
        pytest.param(
            *("America/New_York", "08:00-16:00", "2027-02-10 13:00"),
            *("2027-02-10 12:59", "2027-02-10 21:00"),
            id="in their first minute",
        ),
        pytest.param(
            *("America/New_York", "08:00-16:00", "2027-02-10 20:59"),
            *("2027-02-10 12:59", "2027-02-10 21:00"),
            id="in their last minute",
        ),
        pytest.param(
            *("America/New_York", "22:00-08:00", "2027-02-11 04:30"),
            *("2027-02-11 02:59", "2027-02-11 13:00"),
            id="over midnight, before it",
        ),
        pytest.param(
            *("America/New_York", "22:00-08:00", "2027-02-11 11:00"),
            *("2027-02-11 02:59", "2027-02-11 13:00"),
            id="over midnight, after it",
        ),
        pytest.param(
            *("America/New_York", "10:00-06:00", "2027-02-11 04:30"),
            *("2027-02-10 14:59", "2027-02-11 11:00"),
            id="twenty hours",
        ),
        pytest.param(
            *("Pacific/Kiritimati", "22:00-08:00", "2027-02-10 09:00"),
            *("2027-02-10 07:59", "2027-02-10 18:00"),
            id="at the other side of the date line",
        ),
        pytest.param(
            *("America/New_York", "22:00-02:30", "2027-03-14 06:30"),
            *("2027-03-14 02:59", "2027-03-14 07:00"),
            id="ending in a gap",
        ),
        pytest.param(
            *("America/New_York", "02:30-08:00", "2027-03-14 08:00"),
            *("2027-03-14 06:59", "2027-03-14 12:00"),
            id="starting in a gap",
        ),
        pytest.param(
            *("America/New_York", "22:00-08:00", "2027-03-14 08:00"),
            *("2027-03-14 02:59", "2027-03-14 12:00"),
            id="with a gap in them",
        ),
        pytest.param(
            *("America/New_York", "22:00-08:00", "2026-11-01 06:30"),
            *("2026-11-01 01:59", "2026-11-01 13:00"),
            id="with an hour in them that happens twice",
        ),
        pytest.param(
            *("America/New_York", "22:00-01:30", "2026-11-01 05:10"),
            *("2026-11-01 01:59", "2026-11-01 05:30"),
            id="ending at a time that happens twice: at the first",
        ),
        pytest.param(
            *("America/New_York", "22:00-01:30", "2026-11-01 06:10"),
            *("2026-11-01 05:59", "2026-11-01 06:30"),
            id="ending at a time that happens twice: at the second, set back into them",
        ),
        pytest.param(
            *("America/New_York", "01:30-05:00", "2026-11-01 07:00"),
            *("2026-11-01 06:29", "2026-11-01 10:00"),
            id="starting at a time that happens twice: the second",
        ),
        pytest.param(
            *("America/New_York", "01:30-05:00", "2026-11-01 05:45"),
            *("2026-11-01 05:29", "2026-11-01 06:00"),
            id="starting at a time that happens twice: the first, set back out of them",
        ),
        pytest.param(
            *("Australia/Lord_Howe", "22:00-02:15", "2026-10-03 15:00"),
            *("2026-10-03 11:29", "2026-10-03 15:30"),
            id="ending in a gap of half an hour",
        ),
        pytest.param(
            *("America/Santiago", "22:00-00:30", "2027-09-05 03:00"),
            *("2027-09-05 01:59", "2027-09-05 04:00"),
            id="ending in a gap at midnight",
        ),
        pytest.param(
            *("Pacific/Apia", "22:00-08:00", "2011-12-30 09:00"),
            *("2011-12-30 07:59", "2011-12-30 18:00"),
            id="with a skipped day in them",
        ),
    ],
)
def test_around_quiet_hours_it_is_not_quiet(
    zone: str, span: str, at: str, last_before: str, first_after: str
) -> None:
    hours, wall, now = quiet(span), ZoneInfo(zone), utc(at)
    assert hours.cover(now, wall)
    assert hours.last_minute_before(now, wall) == utc(last_before)
    assert hours.end_after(now, wall) == utc(first_after)


# A shift in the north, in the south, forward at midnight, by half an hour, by two hours, back at
# midnight, and none.
ZONES = (
    "America/New_York",
    "Australia/Sydney",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "America/Nuuk",
    "Asia/Kathmandu",
)
# Half of the days are days on which some of these change their clocks.
DAYS = st.dates(date(2026, 1, 1), date(2028, 12, 31)) | st.sampled_from(
    [date(2026, 10, 25), date(2026, 11, 1), date(2027, 3, 14), date(2027, 3, 28), date(2027, 4, 4)]
)
# Half of the times are in the hours in which they do.
MINUTES = st.integers(0, 24 * 60 - 1) | st.integers(23 * 60, 27 * 60)
WALL_TIMES = MINUTES.map(lambda minutes: time(minutes // 60 % 24, minutes % 60))


def is_legal(hours: QuietHours) -> bool:
    """Longer than nothing, and at most 20 hours."""
    start, end = (timedelta(hours=at.hour, minutes=at.minute) for at in (hours.start, hours.end))
    return timedelta() < (end - start) % timedelta(days=1) <= timedelta(hours=20)


SPANS = st.builds(QuietHours, WALL_TIMES, WALL_TIMES).filter(is_legal)


@PROPERTY
@given(st.sampled_from(ZONES), DAYS, WALL_TIMES)
def test_an_instant_reads_back_what_was_asked_for_unless_that_was_skipped(
    name: str, day: date, at: time
) -> None:
    zone, wanted = ZoneInfo(name), datetime.combine(day, at)
    found = instant_of(day, at, zone)
    shown, shown_before = (
        moment.astimezone(zone).replace(tzinfo=None) for moment in (found, found - MINUTE)
    )
    assert shown_before < wanted <= shown
    if shown != wanted:
        gap = shown - shown_before - MINUTE
        assert gap > timedelta()
        assert shown - wanted <= gap


@PROPERTY
@given(st.sampled_from(ZONES), SPANS, DAYS, WALL_TIMES)
def test_the_minutes_next_to_quiet_hours_are_not_quiet(
    name: str, hours: QuietHours, day: date, at: time
) -> None:
    zone = ZoneInfo(name)
    now = instant_of(day, at, zone)
    if not hours.cover(now, zone):
        return
    before, after = hours.last_minute_before(now, zone), hours.end_after(now, zone)
    assert before < now < after
    assert not hours.cover(before, zone)
    assert not hours.cover(after, zone)
    assert hours.cover(before + MINUTE, zone)
    assert hours.cover(after - MINUTE, zone)


CHANGES = st.sampled_from(
    [
        ("Africa/Cairo", "2026-10-29 21:00"),
        ("America/New_York", "2026-11-01 06:00"),
        ("America/New_York", "2027-03-14 07:00"),
        ("America/Nuuk", "2026-10-25 01:00"),
        ("Antarctica/Troll", "2026-10-25 01:00"),
        ("Australia/Lord_Howe", "2027-04-03 15:00"),
    ]
)


@PROPERTY
@given(CHANGES, SPANS, st.integers(-180, 180))
def test_quiet_hours_have_no_pause_between_the_minutes_next_to_them(
    change: tuple[str, str], hours: QuietHours, minutes: int
) -> None:
    name, changes_at = change
    zone, now = ZoneInfo(name), utc(changes_at) + minutes * MINUTE
    if not hours.cover(now, zone):
        return
    before, after = hours.last_minute_before(now, zone), hours.end_after(now, zone)
    between = range(1, (after - before) // MINUTE)
    assert all(hours.cover(before + n * MINUTE, zone) for n in between)


def test_zones_are_those_of_the_pinned_package() -> None:
    assert zoneinfo.TZPATH == ()
    assert available_timezones() >= {"Asia/Shanghai", "America/New_York", "Pacific/Apia"}

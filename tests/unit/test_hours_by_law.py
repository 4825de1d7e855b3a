"""SMS and the hours in which a country's law lets none arrive."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.countries import rules_for
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.forecast import forecast
from bill_reminders.domain.local_time import QuietHours, together
from bill_reminders.domain.people import Address, Plan, User
from tests.support.people import ATTESTED, a_bill, a_user

AMERICAN, BRITISH = "+12025550123", "+447700900123"
LAW = QuietHours(time(21), time(8))
NEW_YORK = "America/New_York"
DUE_ON = date(2027, 2, 10)


def reachable_at(number: str, channel: Channel, **changes: object) -> User:
    user = a_user(channels=(channel,), zone=NEW_YORK, **changes)
    return user.with_address(Channel.SMS, Address(number, ATTESTED))


def times(user: User) -> list[str]:
    """When it is reminded of a bill, on its own wall."""
    now = datetime(2027, 2, 1, 12, tzinfo=UTC)
    bills = (a_bill(due_on=DUE_ON),)
    coming = forecast(user, bills, {}, now=now, until=datetime(2027, 3, 1, tzinfo=UTC))
    return [f"{each.at.astimezone(user.zone):%m-%d %H:%M}" for each in coming if not each.skip]


def plan(at: str, channel: Channel = Channel.SMS) -> Plan:
    return Plan(lead_days=(1, 0), remind_at=time.fromisoformat(at), channels=(channel,))


@pytest.mark.parametrize(
    ("at", "own", "expected"),
    [
        # before the due day to their end, on it to the minute before, overdue to their end; what
        # that brings to one day goes as one
        ("22:30", None, ["02-10 20:59", "02-12 08:00"]),
        ("06:00", None, ["02-09 08:00", "02-10 08:00", "02-11 08:00"]),
        ("20:59", None, ["02-09 20:59", "02-10 20:59", "02-11 20:59"]),
        # the user's own are minded with them, wherever they lie
        ("22:30", "08:00-10:00", ["02-10 20:59", "02-12 10:00"]),
        ("22:30", "19:00-22:00", ["02-10 18:59", "02-12 08:00"]),
        ("12:30", "12:00-14:00", ["02-09 14:00", "02-10 11:59", "02-11 14:00"]),
        # the whole day would be quiet: the law holds, and reminders still come
        ("12:30", "07:00-22:00", ["02-09 12:30", "02-10 12:30", "02-11 12:30"]),
    ],
)
def test_no_sms_arrives_when_the_law_of_its_country_forbids_it(
    at: str, own: str | None, expected: list[str]
) -> None:
    hours = None if own is None else QuietHours(*map(time.fromisoformat, own.split("-")))
    found = times(reachable_at(AMERICAN, Channel.SMS, plan=plan(at), quiet_hours=hours))
    assert found == expected


def test_the_law_of_the_numbers_country_counts_and_for_sms_alone() -> None:
    late = ["02-09 22:30", "02-10 22:30", "02-11 22:30"]
    assert times(reachable_at(BRITISH, Channel.SMS, plan=plan("22:30"))) == late
    by_mail = plan("22:30", Channel.EMAIL)
    assert times(reachable_at(AMERICAN, Channel.EMAIL, plan=by_mail)) == late
    assert rules_for(AMERICAN).quiet == LAW


WALLS = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))
SPANS = (
    st.tuples(WALLS, WALLS)
    .filter(lambda ends: ends[0] != ends[1])
    .map(lambda ends: QuietHours(*ends))
)


@given(
    own=SPANS,
    law=SPANS,
    minute=st.integers(0, 366 * 24 * 60),
    zone=st.sampled_from([NEW_YORK, "Europe/Berlin", "Australia/Lord_Howe", "UTC"]),
)
def test_what_two_spans_leave_free_is_found_in_both_directions(
    own: QuietHours, law: QuietHours, minute: int, zone: str
) -> None:
    where = ZoneInfo(zone)
    instant = datetime.fromtimestamp(1_798_761_600 + 60 * minute, UTC)
    quiet = together(own, law)
    assert not law.cover(instant, where) or quiet.cover(instant, where)
    after, before = quiet.end_after(instant, where), quiet.last_minute_before(instant, where)
    assert before <= instant <= after
    assert not quiet.cover(after, where) and not quiet.cover(before, where)
    if not quiet.cover(instant, where):
        assert before == after == instant
    if len(quiet.spans) == 1:
        every = (time(each // 60, each % 60) for each in range(24 * 60))
        assert all(own.holds(wall) or law.holds(wall) for wall in every)

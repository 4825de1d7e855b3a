"""The brute-force count itself, against dates and instants worked out by hand.

A user here lives in New York unless a test says otherwise: UTC-5 in winter, UTC-4 in summer.
"""

import csv
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.brute_force import Expected, enumerate_due, messages
from tests.diary import occurrence_on

USER = {
    "user_id": "somebody",
    "language": "en",
    "time_zone": "America/New_York",
    "channels": "email",
    "lead_days": "",
    "overdue_days": "",
    "remind_at": "",
    "quiet_hours": "",
    "phone": "",
    "email": "somebody@example.com",
    "push_token": "",
    "attested_by": "Branch desk",
    "attested_at": "2026-08-14",
    "evidence": "form 7",
}
BILL = {
    "bill_id": "rent",
    "user_id": "somebody",
    "biller": "Thistledown",
    "name": "Rent",
    "amount": "100.00",
    "currency": "USD",
    "first_due": "2027-02-10",
    "repeats": "once",
    "until": "",
    "owed_from": "",
    "lead_days": "",
    "overdue_days": "",
    "remind_at": "",
    "channels": "",
}
LONG_BEFORE = "2027-01-05 12:00"

Count = Callable[..., list[Expected]]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def count(tmp_path: Path) -> Count:
    def write(name: str, rows: list[dict[str, str]]) -> Path:
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
        return path

    def count(
        user: dict[str, str] | None = None,
        *bills: dict[str, str],
        imported_at: str = LONG_BEFORE,
        days: int = 60,
        events: list[dict[str, str]] | None = None,
    ) -> list[Expected]:
        start = utc(imported_at)
        return enumerate_due(
            write("users.csv", [USER | (user or {})]),
            write("bills.csv", [BILL | bill for bill in bills or ({},)]),
            imported_at=start,
            until=start + timedelta(days=days),
            events_csv=write("events.csv", events) if events else None,
        )

    return count


def fates(found: list[Expected]) -> dict[str, tuple[str, str]]:
    """What became of each trigger: its outcome and the minute it went out, else was planned for."""
    return {e.trigger: (e.outcome, f"{e.sent_at or e.planned_at:%m-%d %H:%M}") for e in found}


def due_dates(first_due: str, repeats: str, until: str = "", years: int = 5) -> list[str]:
    start = date.fromisoformat(first_due).replace(day=1)
    days = [start + timedelta(days=n) for n in range(366 * years)]
    numbers = {d: occurrence_on(d, first_due=first_due, repeats=repeats, until=until) for d in days}
    falls = {day.isoformat(): number for day, number in numbers.items() if number is not None}
    assert list(falls.values()) == list(range(len(falls)))
    return list(falls)


@pytest.mark.parametrize(
    ("first_due", "repeats", "first_dates"),
    [
        ("2027-01-31", "every month", ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]),
        ("2028-01-30", "every month", ["2028-01-30", "2028-02-29", "2028-03-30"]),
        ("2024-02-29", "every month", ["2024-02-29", "2024-03-29", "2024-04-29"]),
        ("2024-02-29", "every year", ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28"]),
        ("2027-02-28", "every year", ["2027-02-28", "2028-02-28", "2029-02-28"]),
        ("2026-11-30", "every 3 months", ["2026-11-30", "2027-02-28", "2027-05-30"]),
        ("2027-02-10", "last day of every month", ["2027-02-28", "2027-03-31", "2027-04-30"]),
        ("2027-11-30", "last day of every 3 months", ["2027-11-30", "2028-02-29", "2028-05-31"]),
        ("2026-12-25", "every 2 weeks", ["2026-12-25", "2027-01-08", "2027-01-22"]),
        ("2027-01-20", "every 30 days", ["2027-01-20", "2027-02-19", "2027-03-21"]),
        ("2027-02-28", "every day", ["2027-02-28", "2027-03-01", "2027-03-02"]),
    ],
)
def test_due_dates_count_from_the_anchor(
    first_due: str, repeats: str, first_dates: list[str]
) -> None:
    assert due_dates(first_due, repeats)[: len(first_dates)] == first_dates


def test_the_29th_of_february_comes_back_in_a_leap_year() -> None:
    assert due_dates("2024-02-29", "every year")[4] == "2028-02-29"


def test_the_last_date_is_included() -> None:
    assert due_dates("2027-01-31", "every month", "2027-02-28") == ["2027-01-31", "2027-02-28"]
    assert due_dates("2027-01-31", "every month", "2027-02-27") == ["2027-01-31"]
    assert due_dates("2027-01-31", "once") == ["2027-01-31"]


def test_the_default_plan_is_three_days_one_day_the_day_and_one_overdue(count: Count) -> None:
    assert fates(count()) == {
        "lead:3": ("sent", "02-07 14:00"),
        "lead:1": ("sent", "02-09 14:00"),
        "lead:0": ("sent", "02-10 14:00"),
        "overdue:1": ("sent", "02-11 14:00"),
    }


def test_a_bill_overrides_its_user(count: Count) -> None:
    bill = {"lead_days": "2", "overdue_days": "none", "remind_at": "18:30", "channels": "sms"}
    (found,) = count({"phone": "+1 202-555-0101", "overdue_days": "5"}, bill)
    assert (found.trigger, found.channel) == ("lead:2", "sms")
    assert found.sent_at == utc("2027-02-08 23:30")


def test_a_time_in_the_gap_goes_at_the_first_instant_after_it(count: Count) -> None:
    # New York skips from 02:00 to 03:00 on 14 March 2027.
    user, bill = {"remind_at": "02:30"}, {"first_due": "2027-03-14", "overdue_days": "1"}
    assert fates(count(user, bill, days=90)) == {
        "lead:3": ("sent", "03-11 07:30"),
        "lead:1": ("sent", "03-13 07:30"),
        "lead:0": ("sent", "03-14 07:00"),
        "overdue:1": ("sent", "03-15 06:30"),
    }


def test_a_time_that_happens_twice_goes_once_at_the_first(count: Count) -> None:
    # New York shows 01:30 twice on 1 November 2026, London on 25 October 2026.
    for zone, day, instant in (
        ("America/New_York", "2026-11-01", "11-01 05:30"),
        ("Europe/London", "2026-10-25", "10-25 00:30"),
    ):
        user = {"time_zone": zone, "remind_at": "01:30", "lead_days": "0", "overdue_days": "none"}
        found = count(user, {"first_due": day}, imported_at="2026-10-01 12:00")
        assert fates(found) == {"lead:0": ("sent", instant)}


def test_quiet_hours_after_midnight_move_every_reminder_to_their_end(count: Count) -> None:
    # The last minute before them is not the due day, their end still is.
    found = count({"remind_at": "06:00", "quiet_hours": "22:00-08:00"})
    assert fates(found) == {
        "lead:3": ("sent", "02-07 13:00"),
        "lead:1": ("sent", "02-09 13:00"),
        "lead:0": ("sent", "02-10 13:00"),
        "overdue:1": ("sent", "02-11 13:00"),
    }


def test_quiet_hours_before_midnight_spare_the_due_day(count: Count) -> None:
    found = count({"remind_at": "23:00", "lead_days": "3+0", "quiet_hours": "22:00-08:00"})
    assert fates(found) == {
        "lead:3": ("sent", "02-08 13:00"),
        "lead:0": ("sent", "02-11 02:59"),
        "overdue:1": ("sent", "02-12 13:00"),
    }


def test_quiet_hours_include_their_start_but_not_their_end(count: Count) -> None:
    only = {"lead_days": "2", "overdue_days": "none", "quiet_hours": "08:00-16:00"}
    for remind_at, instant in (("07:59", "12:59"), ("08:00", "21:00"), ("16:00", "21:00")):
        found = count(only | {"remind_at": remind_at})
        assert fates(found) == {"lead:2": ("sent", f"02-08 {instant}")}


def test_two_triggers_that_quiet_hours_bring_to_one_day_go_as_the_nearer(count: Count) -> None:
    found = count({"remind_at": "21:00", "quiet_hours": "20:30-10:00"})
    assert fates(found) == {
        "lead:3": ("sent", "02-08 15:00"),
        "lead:1": ("skipped:merged", "02-11 01:29"),
        "lead:0": ("sent", "02-11 01:29"),
        "overdue:1": ("sent", "02-12 15:00"),
    }


def test_created_late_one_catch_up_goes_for_the_nearest_missed_lead_day(count: Count) -> None:
    assert fates(count(imported_at="2027-02-09 18:20:31")) == {
        "lead:3": ("skipped:superseded", "02-07 14:00"),
        "lead:1": ("sent", "02-09 18:21"),
        "lead:0": ("sent", "02-10 14:00"),
        "overdue:1": ("sent", "02-11 14:00"),
    }


def test_a_catch_up_waits_for_the_end_of_quiet_hours(count: Count) -> None:
    # 23:30 on the ninth in New York.
    user = {"quiet_hours": "22:00-08:00", "lead_days": "3+1"}
    found = count(user, imported_at="2027-02-10 04:30")
    assert fates(found)["lead:1"] == ("sent", "02-10 13:00")


def test_a_catch_up_that_quiet_hours_bring_to_the_due_day_goes_with_its_reminder(
    count: Count,
) -> None:
    found = count({"quiet_hours": "22:00-08:00"}, imported_at="2027-02-10 04:30")
    assert fates(found)["lead:1"] == ("skipped:merged", "02-09 14:00")
    assert fates(found)["lead:0"] == ("sent", "02-10 14:00")


def test_a_catch_up_yields_to_a_trigger_that_comes_due_meanwhile(count: Count) -> None:
    found = count({"quiet_hours": "22:00-09:00"}, imported_at="2027-02-10 04:30")
    assert fates(found)["lead:1"] == ("skipped:superseded", "02-09 14:00")
    assert fates(found)["lead:0"] == ("sent", "02-10 14:00")


def test_a_lead_day_is_useless_once_the_due_day_is_over(count: Count) -> None:
    # 23:30 on the due day: nothing may go before 08:00 on the next.
    user = {"quiet_hours": "22:00-08:00", "overdue_days": "none"}
    assert fates(count(user, imported_at="2027-02-11 04:30")) == {
        "lead:3": ("skipped:superseded", "02-07 14:00"),
        "lead:1": ("skipped:superseded", "02-09 14:00"),
        "lead:0": ("skipped:expired", "02-10 14:00"),
    }


@pytest.mark.parametrize(
    ("imported_at", "outcome"),
    [("2027-02-18 20:00", "sent"), ("2027-02-19 20:00", "skipped:expired")],
)
def test_an_overdue_notice_is_useful_for_seven_days(
    count: Count, imported_at: str, outcome: str
) -> None:
    found = count(None, {"owed_from": "2027-02-01"}, imported_at=imported_at)
    assert fates(found)["overdue:1"][0] == outcome


def test_what_fell_due_before_the_bill_was_entered_is_not_owed(count: Count) -> None:
    late = "2027-02-12 20:00"
    assert count(imported_at=late) == []
    assert fates(count(None, {"owed_from": "2027-02-10"}, imported_at=late)) != {}


def test_a_channel_without_a_usable_address_is_skipped(count: Count) -> None:
    found = count({"channels": "sms+email"})
    assert Counter((e.channel, e.outcome) for e in found) == {
        ("sms", "skipped:no_address"): 4,
        ("email", "sent"): 4,
    }
    assert {e.outcome for e in count({"attested_by": ""})} == {"skipped:no_address"}


def test_reminders_of_one_user_channel_and_minute_share_a_message(count: Count) -> None:
    found = count(None, {}, {"bill_id": "power"}, {"bill_id": "gas", "remind_at": "10:00"})
    assert sorted(messages(found).values()) == [1, 1, 1, 1, 2, 2, 2, 2]


EVENT = {"user_id": "somebody", "bill_id": "rent", "due_on": "2027-02-10", "event": "redated"}


@pytest.mark.parametrize(
    ("moves", "lines"),
    [
        pytest.param(
            [("02-08 12:00", "03-01")],
            ["02-10 r0 lead:3", "03-01 r1 lead:3", "03-01 r1 lead:1"],
            id="told, then moved",
        ),
        pytest.param(
            [("02-05 12:00", "03-01")],
            ["03-01 r0 lead:3", "03-01 r0 lead:1", "03-01 r0 lead:0"],
            id="moved before anybody was told",
        ),
        pytest.param(
            [("02-08 12:00", "03-01"), ("02-08 18:00", "02-10")],
            ["02-10 r0 lead:3", "02-10 r0 lead:1", "02-10 r0 lead:0"],
            id="moved back untold",
        ),
        pytest.param(
            [("02-08 12:00", "02-11"), ("02-08 18:00", "02-10")],
            ["02-10 r0 lead:3", "02-11 r1 lead:3", "02-10 r2 lead:3"],
            id="moved back after the other date was told",
        ),
    ],
)
def test_a_date_that_moves_is_told_again_exactly_if_another_was_told(
    count: Count, moves: list[tuple[str, str]], lines: list[str]
) -> None:
    events = [EVENT | {"at": f"2027-{at}Z", "value": f"2027-{day}"} for at, day in moves]
    sent = sorted((e for e in count(events=events) if e.sent_at), key=lambda e: e.sent_at)
    assert [f"{e.due_on:%m-%d} r{e.revision} {e.trigger}" for e in sent][:3] == lines


def test_a_missed_reminder_that_would_be_too_late_after_the_night_expires(count: Count) -> None:
    """On the due day, entered in quiet hours: its night ends on the next day, when it helps no more
    and an overdue notice goes. It did not wait for that day, and has not merged with its notice."""
    found = fates(
        count(
            {"quiet_hours": "18:00-08:00"},
            {"owed_from": "2027-02-01"},
            imported_at="2027-02-11 01:00",
        )
    )
    assert found["lead:0"][0] == "skipped:expired"
    assert found["overdue:1"] == ("sent", "02-11 14:00")

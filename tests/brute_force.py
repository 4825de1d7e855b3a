"""Which reminders fall due, counted the slow way: a third count that the planner must agree with.

It shares nothing with the code it checks, not even a constant: a mistake made twice in one place
would agree with itself. Due dates are found by asking each day whether the bill falls due on it,
instants by walking the minutes of UTC and reading the wall clock at each of them.
"""

import csv
import re
import zoneinfo
from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

# The pinned tzdata package decides, not whatever the machine has.
zoneinfo.reset_tzpath(to=())

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
OVERDUE_IS_USEFUL_FOR = 7 * DAY
# Two days more than an overdue notice is useful: room for quiet hours and for the zone.
LOOK_BACK = 9 * DAY
# Banks are never closed for longer.
LONGEST_CLOSURE = 14 * DAY
# Quiet hours and zones shift an instant by less than two days.
LOOK_AHEAD = 2 * DAY
# No zone is further ahead of UTC than 14 hours.
FURTHEST_AHEAD = timedelta(hours=15)

# Weekdays on which banks are closed, by hand, for the countries and the months of the sample.
CLOSED = {
    "CN": {"2027-02-05", "2027-02-08", "2027-02-09", "2027-02-10", "2027-04-05"},
    "GB": {"2027-03-26", "2027-03-29"},
    "HK": {"2027-02-08", "2027-02-09", "2027-03-26", "2027-03-29", "2027-04-05"},
    "TW": {"2027-02-04", "2027-02-05", "2027-02-08", "2027-02-09", "2027-02-10"}
    | {"2027-03-01", "2027-04-05", "2027-04-06"},
    "US": {"2027-02-15"},
}

REPEATS = re.compile(r"(last day of )?every (?:(\d+) )?(day|week|month|year)s?")


@dataclass(frozen=True)
class Expected:
    """One reminder on one channel. `sent_at` is the minute it goes out, None if it is skipped."""

    user_id: str
    bill_id: str
    occurrence: int
    due_on: date
    trigger: str
    channel: str
    planned_at: datetime
    outcome: str
    sent_at: datetime | None


@dataclass(frozen=True)
class Wall:
    """A user's wall clock and the hours in which it is quiet."""

    zone: ZoneInfo
    quiet: tuple[time, time] | None

    def day_of(self, instant: datetime) -> date:
        return instant.astimezone(self.zone).date()

    def is_quiet(self, instant: datetime) -> bool:
        if self.quiet is None:
            return False
        start, end = self.quiet
        now = instant.astimezone(self.zone).time()
        if start < end:
            return start <= now < end
        return now >= start or now < end


@dataclass(frozen=True)
class Verdict:
    """What becomes of one trigger of one occurrence, before anybody asks for an address.

    Its offset counts the days from the due date: -3 is three days before, 1 is a day overdue.
    """

    offset: int
    planned_at: datetime
    outcome: str
    sent_at: datetime | None = None


def enumerate_due(
    users_csv: Path, bills_csv: Path, *, imported_at: datetime, until: datetime
) -> list[Expected]:
    """Every reminder that becomes due in [imported_at, until], both aware, if nobody pays.

    Both files are imported at `imported_at`; the system is up all the time and ticks each minute.
    """
    imported_at, until = imported_at.astimezone(UTC), until.astimezone(UTC)
    users = {row["user_id"]: row for row in _rows(users_csv)}
    found = [
        expected
        for bill in _rows(bills_csv)
        for expected in _due_of_bill(users[bill["user_id"]], bill, imported_at, until)
    ]
    return sorted(found, key=lambda e: (e.planned_at, e.user_id, e.bill_id, e.trigger, e.channel))


def messages(expected: Iterable[Expected]) -> Counter[tuple[str, str, datetime]]:
    """How many reminders each message carries, by user, channel and minute."""
    return Counter((e.user_id, e.channel, e.sent_at) for e in expected if e.sent_at is not None)


def _due_of_bill(
    user: dict[str, str], bill: dict[str, str], imported_at: datetime, until: datetime
) -> Iterator[Expected]:
    wall = Wall(_zone(user["time_zone"]), _quiet_hours(user["quiet_hours"]))
    leads = _days(bill["lead_days"] or user["lead_days"] or "3+1+0")
    overdues = _days(bill["overdue_days"] or user["overdue_days"] or "1")
    remind_at = time.fromisoformat(bill["remind_at"] or user["remind_at"] or "09:00")
    offsets = sorted({-lead for lead in leads} | overdues)
    channels = (bill["channels"] or user["channels"]).split("+")
    usable = _usable_channels(user)

    today = wall.day_of(imported_at)
    owed_from = date.fromisoformat(bill["owed_from"]) if bill["owed_from"] else today
    day = today - max(overdues, default=0) * DAY - LOOK_BACK - LONGEST_CLOSURE
    last = wall.day_of(until) + max(leads, default=0) * DAY + LOOK_AHEAD + LONGEST_CLOSURE
    for due in (day + n * DAY for n in range((last - day).days + 1)):
        number = occurrence_on(
            due, first_due=bill["first_due"], repeats=bill["repeats"], until=bill["until"]
        )
        if number is None:
            continue
        payable = payable_on(due, bill.get("country", ""), bill.get("if_not_working_day", ""))
        if payable < owed_from:
            continue
        instants = {offset: _planned_at(wall, payable, offset, remind_at) for offset in offsets}
        for verdict in _verdicts(wall, payable, instants, imported_at, until):
            lead = verdict.offset <= 0
            for channel in channels:
                unreachable = verdict.outcome == "sent" and channel not in usable
                yield Expected(
                    user_id=user["user_id"],
                    bill_id=bill["bill_id"],
                    occurrence=number,
                    due_on=due,
                    trigger=f"lead:{-verdict.offset}" if lead else f"overdue:{verdict.offset}",
                    channel=channel,
                    planned_at=verdict.planned_at,
                    outcome="skipped:no_address" if unreachable else verdict.outcome,
                    sent_at=None if unreachable else verdict.sent_at,
                )


def payable_on(due: date, country: str, policy: str) -> date:
    """The day on which it must be paid, where the bill moves what falls on a day off."""
    day = due
    while policy in {"previous", "next"} and (
        day.weekday() >= 5 or (country and day.isoformat() in CLOSED[country])
    ):
        day += DAY if policy == "next" else -DAY
    return day


def occurrence_on(day: date, *, first_due: str, repeats: str, until: str = "") -> int | None:
    """The number of the occurrence that falls due on this day (0 at the anchor), if one does."""
    anchor = date.fromisoformat(first_due)
    if day < anchor or (until and day > date.fromisoformat(until)):
        return None
    if repeats == "once":
        return 0 if day == anchor else None
    rule = REPEATS.fullmatch(repeats)
    if rule is None:
        raise ValueError(f"{repeats!r} is not a way to repeat")
    last, step, unit = rule[1], int(rule[2] or 1), rule[3]
    if unit in {"day", "week"}:
        if last:
            raise ValueError(f"{repeats!r}: only months and years have a last day here")
        gone = (day - anchor).days
        step *= 7 if unit == "week" else 1
    else:
        end_of_month = monthrange(day.year, day.month)[1]
        if day.day != (end_of_month if last else min(anchor.day, end_of_month)):
            return None
        gone = (day.year - anchor.year) * 12 + day.month - anchor.month
        step *= 12 if unit == "year" else 1
    return gone // step if gone % step == 0 else None


def _verdicts(
    wall: Wall, due: date, instants: dict[int, datetime], imported_at: datetime, until: datetime
) -> Iterator[Verdict]:
    """`instants` holds the planned instant of each offset, the farthest first."""
    # Of the triggers that quiet hours brought to one day the last one, the nearest, stays.
    nearest_on = {wall.day_of(instant): offset for offset, instant in instants.items()}
    standing = set(nearest_on.values())
    missed = {offset for offset in standing if instants[offset] <= imported_at}
    coming = standing - missed

    verdicts = {
        offset: Verdict(offset, instants[offset], "sent", sent_at=instants[offset])
        for offset in coming
        if instants[offset] <= until
    }
    if missed:
        nearest = max(missed)
        useful_on = wall.day_of(instants[nearest]) + OVERDUE_IS_USEFUL_FOR if nearest > 0 else due
        at, outcome = _catch_up(wall, imported_at, useful_on, {instants[o] for o in coming})
        if at <= until:
            for offset in missed:
                verdicts[offset] = Verdict(offset, instants[offset], "skipped:superseded")
            sent_at = at if outcome == "sent" else None
            verdicts[nearest] = Verdict(nearest, instants[nearest], outcome, sent_at=sent_at)

    for offset, instant in instants.items():
        nearer = nearest_on[wall.day_of(instant)]
        if nearer in verdicts:
            merged = Verdict(offset, instants[nearer], "skipped:merged")
            yield verdicts[offset] if nearer == offset else merged


def _catch_up(
    wall: Wall, imported_at: datetime, useful_on: date, coming: set[datetime]
) -> tuple[datetime, str]:
    """When the nearest missed trigger is decided, and how. `useful_on` is its last useful day."""
    tick = imported_at.replace(second=0, microsecond=0) + MINUTE
    if wall.day_of(tick) > useful_on:
        return tick, "skipped:expired"
    moment = _out_of_quiet(wall, tick, MINUTE)
    if any(planned_at <= moment for planned_at in coming):
        return moment, "skipped:superseded"
    return moment, "sent" if wall.day_of(moment) <= useful_on else "skipped:expired"


def _planned_at(wall: Wall, due: date, offset: int, remind_at: time) -> datetime:
    nominal = _first_instant(wall.zone, due + offset * DAY, remind_at)
    end = _out_of_quiet(wall, nominal, MINUTE)
    if offset != 0 or not wall.is_quiet(nominal):
        return end
    before = _out_of_quiet(wall, nominal, -MINUTE)
    return end if wall.day_of(before) != due and wall.day_of(end) == due else before


@cache
def _first_instant(zone: ZoneInfo, day: date, wall: time) -> datetime:
    """The first minute at which the wall shows this time or, in a gap, a later one."""
    wanted = datetime.combine(day, wall)
    minute = wanted.replace(tzinfo=UTC) - FURTHEST_AHEAD
    while minute.astimezone(zone).replace(tzinfo=None) < wanted:
        minute += MINUTE
    return minute


@cache
def _out_of_quiet(wall: Wall, minute: datetime, step: timedelta) -> datetime:
    while wall.is_quiet(minute):
        minute += step
    return minute


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [{k: v.strip() for k, v in row.items()} for row in csv.DictReader(file)]


@cache
def _zone(name: str) -> ZoneInfo:
    # Not from the shared cache: it may hold zones read before the path was reset.
    return ZoneInfo.no_cache(name)


def _quiet_hours(text: str) -> tuple[time, time] | None:
    if not text:
        return None
    start, end = (time.fromisoformat(part) for part in text.split("-"))
    if start == end:
        raise ValueError("quiet hours that never end let nothing through")
    return start, end


def _days(text: str) -> set[int]:
    return set() if text == "none" else {int(day) for day in text.split("+")}


def _usable_channels(user: dict[str, str]) -> set[str]:
    addresses = {"sms": user["phone"], "email": user["email"], "push": user["push_token"]}
    return {channel for channel, address in addresses.items() if address and user["attested_by"]}

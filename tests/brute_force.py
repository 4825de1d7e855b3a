"""Which reminders fall due, counted the slow way: a third count that the planner must agree with.

It shares nothing with the code it checks, not even a constant: a mistake made twice in one place
would agree with itself. Due dates are found by asking each day whether the bill falls due on it,
instants by walking the minutes of UTC and reading the wall clock at each of them. What happens to
each occurrence on each channel is then lived through, from one moment that matters to the next.
"""

import csv
import re
import zoneinfo
from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple
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
    revision: int = 0


@dataclass(frozen=True)
class Wall:
    """A user's wall clock and the hours in which it is quiet: their own, and the law's. Should
    those be the whole day, the law's alone."""

    zone: ZoneInfo
    own: tuple[time, time] | None
    law: tuple[time, time] | None = None

    def day_of(self, instant: datetime) -> date:
        return instant.astimezone(self.zone).date()

    def is_quiet(self, instant: datetime) -> bool:
        now = instant.astimezone(self.zone).time()
        return _within(now, self.law) or (not _fill_the_day(self) and _within(now, self.own))


def _within(now: time, span: tuple[time, time] | None) -> bool:
    if span is None:
        return False
    start, end = span
    return start <= now < end if start < end else now >= start or now < end


@cache
def _fill_the_day(wall: Wall) -> bool:
    minutes = (time(minute // 60, minute % 60) for minute in range(24 * 60))
    return all(_within(minute, wall.own) or _within(minute, wall.law) for minute in minutes)


NIGHT = (time(21), time(8))
LAW = {"+1 202": NIGHT, "+61": NIGHT, "+999": NIGHT, "+44": None, "": None}
"""When no SMS may arrive at the numbers of the files, by how they start. Of a country that nobody
knows, as that of +999, the strictest is assumed."""


@dataclass(frozen=True)
class Verdict:
    """What became of one trigger of one occurrence: sent, or why not, and at which minute."""

    trigger: str
    planned_at: datetime
    outcome: str
    at: datetime
    revision: int
    due: str


Row = dict[str, str]

MOVING = ("redated", "stated", "unstated")
"""The events by which an occurrence may get another date."""

CHANNELS = ("sms", "push", "email")


def enumerate_due(
    users_csv: Path,
    bills_csv: Path,
    *,
    imported_at: datetime,
    until: datetime,
    events_csv: Path | None = None,
    outage: tuple[datetime, datetime] | None = None,
) -> list[Expected]:
    """Every reminder that becomes due in [imported_at, until], both aware.

    Both files are imported at `imported_at`; then the events come, in the order of their minutes.
    The system ticks each minute, save those of the outage (its end, divisible by five, is a tick).
    """
    imported_at, until = imported_at.astimezone(UTC), until.astimezone(UTC)
    users = {row["user_id"]: row for row in _rows(users_csv)}
    events = sorted(_rows(events_csv), key=_at) if events_csv else []
    found = [
        expected
        for bill in _rows(bills_csv)
        for expected in _due_of_bill(
            users[bill["user_id"]],
            bill,
            [
                event
                for event in events
                if event["user_id"] == bill["user_id"] and event["bill_id"] in ("", bill["bill_id"])
            ],
            imported_at,
            until,
            outage,
        )
    ]
    return sorted(found, key=lambda e: (e.planned_at, e.user_id, e.bill_id, e.trigger, e.channel))


def messages(expected: Iterable[Expected]) -> Counter[tuple[str, str, datetime]]:
    """How many reminders each message carries, by user, channel and minute."""
    return Counter((e.user_id, e.channel, e.sent_at) for e in expected if e.sent_at is not None)


def _due_of_bill(
    user: Row,
    bill: Row,
    events: list[Row],
    imported_at: datetime,
    until: datetime,
    outage: tuple[datetime, datetime] | None,
) -> Iterator[Expected]:
    wall = Wall(_zone(user["time_zone"]), _quiet_hours(user["quiet_hours"]))
    plans = [Now(user, bill, "", events[:n]) for n in range(len(events) + 1)]
    before = max(plan.latest for plan in plans)
    after = max(offset for plan in plans for offset in (*plan.leads, 0))
    today = wall.day_of(imported_at)
    owed_from = date.fromisoformat(bill["owed_from"]) if bill["owed_from"] else today
    moved = {event["value"] for event in events if event["event"] == "stated" and event["value"]}
    # a date of its own is no further away than the next usual one
    further = 62 * DAY if moved else timedelta()
    day = today - before * DAY - LOOK_BACK - LONGEST_CLOSURE - further
    last = wall.day_of(until) + after * DAY + LOOK_AHEAD + LONGEST_CLOSURE + further
    for due in (day + n * DAY for n in range((last - day).days + 1)):
        number = occurrence_on(
            due,
            first_due=bill["first_due"],
            repeats=bill["repeats"],
            until=bill["until"],
            count=bill.get("count") or bill.get("instalments") or "",
            days_after_statement=int(bill.get("due_after_statement") or 0),
        )
        if number is None:
            continue
        policy = bill.get("if_not_working_day", "")
        if max(due, payable_on(due, bill.get("country", ""), policy)) < owed_from:
            continue
        lives: dict[str, _Life] = {}
        for channel in CHANNELS:
            lives[channel] = _Life(user, bill, due, channel, events, lives)
        _live(lives.values(), imported_at, until, outage)
        for channel, life in lives.items():
            for verdict in life.verdicts.values():
                sent = verdict.outcome == "sent"
                yield Expected(
                    user_id=user["user_id"],
                    bill_id=bill["bill_id"],
                    occurrence=number,
                    due_on=date.fromisoformat(verdict.due),
                    trigger=verdict.trigger,
                    channel=channel,
                    planned_at=verdict.planned_at,
                    outcome=verdict.outcome,
                    sent_at=verdict.at if sent else None,
                    revision=verdict.revision,
                )


class Mark(NamedTuple):
    """A reminder that is wanted: the minute at which it goes by itself, its kind (of two on one day
    the higher stands nearer), the day that it is for, and its name."""

    instant: datetime
    rank: int
    day: date
    name: str


class Now:
    """What holds of one occurrence after these events: a plain reading of the files."""

    def __init__(
        self, user: Row, bill: Row, due: str, events: Iterable[Row], channel: str = ""
    ) -> None:
        self.user, self.bill, self.nominal, self.due = user, bill, due, due
        self.channel = channel
        self.zone, self.quiet = user["time_zone"], user["quiet_hours"]
        self.paused_until = user.get("paused_until", "")
        self.own_leads = user["lead_days"] or "3+1+0"
        self.kind_leads = ""
        self.snoozed_until, self.reopened_at = "", ""
        self.failures: list[Row] = []
        self.stopped: set[str] = set()
        self.closed = False
        self.statements: dict[str, Row] = {}
        self.payments: dict[str, tuple[str, Row]] = {}
        for event in events:
            self._setting(event)
            if event["bill_id"]:
                self._happening(event)
        self._plan()

    def _setting(self, event: Row) -> None:
        match event["event"], event["value"].split():
            case "moved", [zone]:
                self.zone = zone
            case "paused", _:
                self.paused_until = event["until"]
            case "planned", ["kind", kind, days]:
                if kind == (self.bill.get("kind") or "other"):
                    self.kind_leads = days
            case "planned", [days]:
                self.own_leads = days
            case "stopped", [channel]:
                self.stopped.add(channel)
            case "started", [channel]:
                self.stopped.discard(channel)

    def _happening(self, event: Row) -> None:
        mine = event["due_on"] == self.nominal
        match event["event"]:
            case "closed" | "deleted":
                self.closed = True
            case "redated":
                self._redated(event["value"])
            case "stated":
                self.statements[event["due_on"]] = event
                if mine:
                    self._redated(event["value"] or self.nominal)
            case "unstated" if event["due_on"] in self.statements:
                del self.statements[event["due_on"]]
                if mine:
                    self._redated(self.nominal)
            case "paid":
                self._paid(event)
            case "undone" if event["value"] in self.payments:
                was_settled, was_met = self.settled, self.minimum_met
                del self.payments[event["value"]]
                day = self.wall.day_of(_at(event))
                missed = was_met and not self.minimum_met and day > self.payable
                if (was_settled or missed) and not self.settled:
                    self.reopened_at = event["at"]
            case "snoozed" if mine:
                self.snoozed_until = event["until"]
            case "debit_failed" if mine:
                if all(event["value"] != known["value"] for known in self.failures):
                    self.failures.append(event)

    def _paid(self, event: Row) -> None:
        """All that is owed of what a newer statement took in is what that one says."""
        due = event["due_on"]
        if not event["amount"] and not self.settled_of(due):
            due = max([due, *self.newer(due, self.wall.day_of(_at(event)))])
        if event["amount"] or not self.settled_of(due):  # of nothing that is left nothing is paid
            self.payments.setdefault(event["value"], (due, event))

    def _redated(self, due: str) -> None:
        """A wish for a day up to the due date is none for a day after it."""
        until = self.snoozed_until
        is_up_to_it = bool(until) and until <= f"{self.payable}"
        self.due = due
        if is_up_to_it and f"{self.payable}" < until:
            self.snoozed_until = ""

    def _plan(self) -> None:
        user, bill = self.user, self.bill
        self.leads = _days(bill["lead_days"] or self.kind_leads or self.own_leads)
        self.overdues = _days(bill["overdue_days"] or user["overdue_days"] or "1")
        self.remind_at = time.fromisoformat(bill["remind_at"] or user["remind_at"] or "09:00")
        self.latest = max(self.overdues, default=0)
        if not self.leads and not self.overdues:
            self.failures = []
        elif bill.get("autopay") == "yes" and not self.failures:
            self.leads, self.overdues = {1}, set()
        cells = (bill["channels"] or user["channels"]).split("+")
        self.joins = {
            name: -999 if joins == "fallback" else int(joins or 365)
            for name, _, joins in (cell.partition("@") for cell in cells)
        }
        self.joins[max(self.joins, key=lambda name: self.joins[name])] = 365

    @property
    def payable(self) -> date:
        country, policy = self.bill.get("country", ""), self.bill.get("if_not_working_day", "")
        return payable_on(date.fromisoformat(self.due), country, policy)

    @property
    def settled(self) -> bool:
        return self.settled_of(self.nominal)

    def settled_of(self, due: str) -> bool:
        """Whether the occurrence of that usual date was paid, or there is nothing to pay of it."""
        if any(on == due and not event["amount"] for on, event in self.payments.values()):
            return True
        amount = self.amount_of(due)["amount"]
        is_known = due in self.statements or any(on == due for on, _ in self.payments.values())
        return bool(amount and is_known and self.paid_of(due) >= Decimal(amount))

    def amount_of(self, due: str) -> Row:
        """What its statement says, else the bill."""
        said = self.statements.get(due) or self.bill
        return {name: said.get(name) or "" for name in ("amount", "currency", "minimum")}

    @property
    def amount(self) -> str:
        return self.amount_of(self.nominal)["amount"]

    def paid_of(self, due: str, *, currency: str = "", later: bool = False) -> Decimal:
        return sum(
            (
                Decimal(event["amount"])
                for on, event in self.payments.values()
                if (on > due if later else on == due)
                and event["amount"]
                and currency in ("", event.get("currency", ""))
            ),
            Decimal(0),
        )

    @property
    def minimum_met(self) -> bool:
        minimum = Decimal(self.amount_of(self.nominal)["minimum"] or 0)
        return bool(minimum) and self.paid_of(self.nominal) >= minimum and not self.settled

    def newer(self, due: str, today: date) -> list[str]:
        """The usual dates of those whose statements have taken in what was left of the one of
        `due`: of a card, in its currency, once the date before theirs is over."""
        if not is_card(self.bill):
            return []
        mine = self.amount_of(due)
        return [
            other
            for other, statement in sorted(self.statements.items())
            if other > due
            and (not mine["amount"] or statement.get("currency", "") == mine["currency"])
            and self.payable_of(usual_before(other, self.bill)) < today
        ]

    def payable_of(self, due: str) -> date:
        country, policy = self.bill.get("country", ""), self.bill.get("if_not_working_day", "")
        own = self.statements[due]["value"] if due in self.statements else ""
        return payable_on(date.fromisoformat(own or due), country, policy)

    def carried(self, today: date) -> bool:
        """Whether a newer statement holds what is left, and not even a minimum was missed that is
        still to be paid by itself."""
        newer = self.newer(self.nominal, today)
        if not newer or self.settled:
            return False
        mine = self.amount_of(self.nominal)
        if not mine["amount"] or not Decimal(mine["minimum"] or 0):
            return True
        if self.payable_of(newer[0]) <= today or any(map(self.settled_of, newer)):
            return True
        later = self.paid_of(self.nominal, currency=mine["currency"], later=True)
        return self.paid_of(self.nominal) + later >= Decimal(mine["minimum"])

    def balance_paid(self, today: date) -> bool:
        return any(map(self.settled_of, self.newer(self.nominal, today)))

    def marks(self) -> list[Mark]:
        """All that plan, snooze and failed debits want of it, in no order."""
        offsets = {f"lead:{days}": -days for days in self.leads}
        if not self.minimum_met:
            offsets |= {f"overdue:{days}": days for days in self.overdues}
        found = [self._mark(name, 1, offset) for name, offset in offsets.items()]
        if self.snoozed_until:
            found += self.named(f"snooze:{self.snoozed_until}")
        for failure in self.failures:
            instant = out_of_quiet(self.wall, _at(failure), MINUTE)
            name = f"autopay_failed:{failure['value']}"
            found.append(Mark(instant, 2, self.wall.day_of(_at(failure)), name))
        return found

    def days_by_themselves(self) -> list[date]:
        """The days of snoozes and failed debits, which may come long after the plan's."""
        snoozed = [date.fromisoformat(self.snoozed_until)] if self.snoozed_until else []
        return snoozed + [self.wall.day_of(_at(failure)) for failure in self.failures]

    def named(self, name: str) -> list[Mark]:
        """The mark of that name, wanted or not, as zone, hours and plan are now; none for a debit
        of which nothing is known."""
        kind, _, value = name.partition(":")
        match kind:
            case "lead" | "overdue":
                return [self._mark(name, 1, -int(value) if kind == "lead" else int(value))]
            case "snooze":
                return [self._mark(name, 0, (date.fromisoformat(value) - self.payable).days)]
        return [mark for mark in self.marks() if mark.name == name]

    def _mark(self, name: str, rank: int, offset: int) -> Mark:
        instant = planned_instant(self.wall, self.payable, offset, self.remind_at)
        return Mark(instant, rank, self.payable + offset * DAY, name)

    def ahead(self, channel: str, days: int) -> list[str] | None:
        """The channels that must fail before a reminder goes by this one so many days before the
        due date; None when it goes anyway, [] when it never does."""
        part = [other for other, joins in self.joins.items() if days <= joins]
        if channel in part:
            return None
        listed = list(self.joins)
        return [*part, *listed[: listed.index(channel)]] if part else []

    def resumes_at(self) -> datetime | None:
        """The minute of the day after the pause from which on reminders go again."""
        if not self.paused_until:
            return None
        wall, day = self.wall, date.fromisoformat(self.paused_until) + DAY
        usual = first_instant(wall.zone, day, self.remind_at)
        before = out_of_quiet(wall, usual, -MINUTE)
        too_late = wall.day_of(out_of_quiet(wall, usual, MINUTE)) != day
        return before if too_late and wall.day_of(before) == day else usual

    @property
    def wall(self) -> Wall:
        number = self.user["phone"] if self.channel == "sms" else ""
        law = next(span for start, span in LAW.items() if number.startswith(start))
        return Wall(_zone(self.zone), _quiet_hours(self.quiet), law)


def _live(
    lives: Iterable["_Life"],
    imported_at: datetime,
    until: datetime,
    outage: tuple[datetime, datetime] | None,
) -> None:
    """Live through one occurrence on all channels, which may wait for each other's failure."""
    minute = imported_at.replace(second=0, microsecond=0) + MINUTE
    while minute <= until:
        if outage is not None and outage[0] <= minute < outage[1]:
            minute = outage[1]
            continue
        waits = [at for life in lives for at in life.pass_through(minute)]
        if outage is not None and outage[1] > minute:
            waits.append(outage[1])
        if not waits:
            break
        minute = min(waits)


class _Life:
    """One occurrence on one channel; `lives` are those of the same occurrence by channel."""

    def __init__(
        self,
        user: Row,
        bill: Row,
        due: date,
        channel: str,
        events: list[Row],
        lives: dict[str, "_Life"],
    ) -> None:
        self.lives = lives
        self.user, self.bill, self.channel, self.events = user, bill, channel, events
        self.first_due = due.isoformat()
        self.usable = channel in usable_channels(user)
        self.verdicts: dict[tuple[str, int, str], Verdict] = {}

    def now(self, minute: datetime) -> Now:
        """What holds in a minute: an event takes effect in the minute after its own."""
        history = [event for event in self.events if _at(event) < minute]
        return Now(self.user, self.bill, self.first_due, history, self.channel)

    def pass_through(self, minute: datetime) -> list[datetime]:
        """Live through a minute; those in which something may happen next."""
        waits = self.look(minute)
        waits += [at for at in self.planned(self.now(minute), minute).values() if at > minute]
        return waits + [_at(event) + MINUTE for event in self.events if _at(event) >= minute]

    def planned(self, now: Now, minute: datetime) -> dict[str, datetime]:
        """Each trigger's instant; of those on one day the nearest gives it to all."""
        if self.channel not in now.joins or now.closed:
            return {}
        wall, dated = now.wall, now.marks()
        snooze = (mark.instant for mark in dated if mark.name.startswith("snooze"))
        self.silent_until = next(snooze, minute)
        self.meant_for = {name: (kind, day) for _, kind, day, name in dated}
        wanted = [mark for mark in dated if self.speaks(now, mark.name, minute)]
        order = sorted(wanted, key=lambda mark: (wall.day_of(mark[0]), mark[1], mark[2]))
        at_last = {wall.day_of(mark.instant): mark.instant for mark in order if mark.rank != 2}

        def turn(mark: Mark) -> tuple[date, bool]:
            """One goes for all of a day. What says that a debit failed that day says nothing of
            what the day has yet to say."""
            day = wall.day_of(mark.instant)
            on_its_day = (mark.rank, mark.day) == (2, day)
            return day, not on_its_day or mark.instant >= at_last.get(day, mark.instant)

        order.sort(key=turn)
        nearest_in = {turn(mark): mark for mark in order}
        self.standing = {mark.name: nearest_in[turn(mark)].name for mark in order}
        self.instants = {turn(mark)[0]: mark.instant for mark in nearest_in.values()}
        return {mark.name: nearest_in[turn(mark)].instant for mark in order}

    def ahead(self, now: Now, name: str) -> list[str] | None:
        """The channels that must fail before this one says `name`; None when it says it anyway."""
        kind, day = self.meant_for[name]
        return now.ahead(self.channel, 0 if kind == 2 else (now.payable - day).days)

    def speaks(self, now: Now, name: str, minute: datetime) -> bool:
        ahead = self.ahead(now, name)
        if ahead is None:
            return True
        what = now.due, self.revision(minute), name
        return (
            bool(ahead)
            and self.reachable(now)
            and all(self.lives[other].has_failed(what, minute) for other in ahead)
        )

    def has_failed(self, what: tuple[str, int, str], minute: datetime) -> bool:
        verdict = self.verdicts.get(what)
        outcome = "" if verdict is None or verdict.at > minute else verdict.outcome
        if outcome in ("sent", "skipped:no_address"):
            return outcome != "sent"
        return not self.reachable(self.now(minute))

    def reachable(self, now: Now) -> bool:
        return self.usable and self.channel not in now.stopped

    def revision(self, minute: datetime) -> int:
        """Each change of the date looks back at the one that it leaves. If anybody was told of that
        as it was then, every other date is one revision more; if nobody was, it leaves no trace."""
        due, revision = self.first_due, 0
        last_told: tuple[str, int] | None = None
        for event in self.events:
            if event["event"] not in MOVING or _at(event) >= minute:
                continue
            moved = self.now(_at(event) + MINUTE).due
            if moved == due:
                continue
            if self.was_told(due, revision, by=_at(event)):
                last_told = due, revision
            due = moved
            if last_told is not None:
                revision = last_told[1] + (due != last_told[0])
        return revision

    def was_told(self, due: str, revision: int, *, by: datetime) -> bool:
        return any(
            (verdict.due, verdict.revision, verdict.outcome) == (due, revision, "sent")
            and verdict.at <= by
            for life in self.lives.values()
            for verdict in life.verdicts.values()
        )

    def look(self, minute: datetime) -> list[datetime]:
        """Settle what has come due by `minute`; when to look again at what waits."""
        now = self.now(minute)
        planned = self.planned(now, minute)
        over_on = max([now.payable + now.latest * DAY, *now.days_by_themselves()]) + LOOK_BACK
        if now.settled or now.wall.day_of(minute) > over_on:
            return []  # what a change of plan would have wanted of a date long gone is not noted
        revision = self.revision(minute)
        arrived = [name for name, instant in planned.items() if instant <= minute]
        untold = [
            name
            for name in arrived
            if name.startswith("autopay")
            and (now.due, revision, name) not in self.verdicts
            and now.wall.day_of(minute) <= now.wall.day_of(planned[name]) + OVERDUE_IS_USEFUL_FOR
        ]
        # nothing else says that a debit failed, so that one goes first
        chosen = (untold or arrived or [""])[-1]
        waits: list[datetime] = []
        today = now.wall.day_of(minute)
        carried, balance_paid = now.carried(today), now.balance_paid(today)
        for name in arrived:
            if (now.due, revision, name) in self.verdicts:
                continue
            instant = planned[name]
            if carried and (balance_paid or not name.startswith("autopay")):
                noted = Verdict(name, instant, "skipped:carried", minute, revision, now.due)
                self.verdicts[now.due, revision, name] = noted
                continue
            own = Verdict(name, instant, "", minute, revision, now.due)
            anywhere = self.ahead(now, name) is not None
            nearer_went = any(
                self.is_nearer(now, other, own)
                for other in self.heard(now.due, revision, anywhere=anywhere)
            )
            merged = self.standing[name] != name
            if name != chosen or nearer_went:
                outcome = "skipped:merged" if merged else "skipped:superseded"
            elif (
                now.reopened_at
                and instant <= _instant(now.reopened_at)
                and not name.startswith("autopay")
            ):
                outcome = "skipped:while_paid"
            elif self.is_snoozed(now, planned, minute) and not name.startswith("autopay"):
                outcome = "skipped:snoozed"
            else:
                fate = self.fate(now, name, instant, minute)
                if isinstance(fate, datetime):
                    waits.append(fate)
                    continue
                outcome = fate
            verdict = Verdict(name, instant, outcome, minute, revision, now.due)
            self.verdicts[now.due, revision, name] = verdict
        return waits

    def is_snoozed(self, now: Now, planned: dict[str, datetime], minute: datetime) -> bool:
        if not now.snoozed_until:
            return False
        return planned.get(f"snooze:{now.snoozed_until}", self.silent_until) > minute

    def fate(self, now: Now, name: str, instant: datetime, minute: datetime) -> str | datetime:
        """What becomes of the nearest one, or when it is to be looked at again."""
        wall = now.wall
        planned_on = wall.day_of(instant)
        useful_on = now.payable
        if planned_on > now.payable or name.startswith("autopay"):
            useful_on = planned_on + OVERDUE_IS_USEFUL_FOR
        if wall.day_of(minute) > useful_on:
            return "skipped:expired"
        resumes = now.resumes_at()
        if resumes is not None and minute < resumes:
            return min(resumes, first_instant(wall.zone, useful_on + DAY, time()))
        if wall.is_quiet(minute):
            ends = out_of_quiet(wall, minute, MINUTE)
            # the end of a night is no day of its own: where a nearer one goes later on it, that
            # night has brought two to one day
            if not name.startswith("autopay") and self.comes_later_on(wall.day_of(ends), ends):
                return "skipped:merged"
            return ends
        return "sent" if self.reachable(now) else "skipped:no_address"

    def comes_later_on(self, day: date, instant: datetime) -> bool:
        return any(at > instant and wall_day == day for wall_day, at in self.instants.items())

    def heard(self, due: str, revision: int, *, anywhere: bool) -> list[Verdict]:
        """What went out about this occurrence, here or on any channel."""
        return [
            verdict
            for life in (self.lives.values() if anywhere else (self,))
            for verdict in life.verdicts.values()
            if (verdict.outcome, verdict.due, verdict.revision) == ("sent", due, revision)
        ]

    def is_nearer(self, now: Now, sent: Verdict, own: Verdict) -> bool:
        """By the days that they are for; a failed debit is for none, and only another says it."""
        meant, sent_for = (self.day_meant(now, each.trigger) for each in (own, sent))
        if meant is None:
            return sent_for is None and sent.planned_at > own.planned_at
        if sent_for is None:
            return sent.planned_at >= own.planned_at
        return sent_for > meant

    def day_meant(self, now: Now, trigger: str) -> tuple[date, bool] | None:
        kind, _, value = trigger.partition(":")
        match kind:
            case "autopay_failed":
                return None
            case "snooze":
                return date.fromisoformat(value), False
        return now.payable + int(value) * DAY * (1 if kind == "overdue" else -1), True


def is_card(bill: Row) -> bool:
    """A loan's schedule says what is owed; of a card each statement is the balance of all."""
    by_dates = bill.get("statement_day") or bill.get("due_after_statement")
    return bool(by_dates) and not bill.get("loan_method")


@cache
def _usual_before(due: str, first_due: str, repeats: str, after: int) -> str:
    day = date.fromisoformat(due) - DAY
    while (
        occurrence_on(day, first_due=first_due, repeats=repeats, days_after_statement=after) is None
    ):
        day -= DAY
    return day.isoformat()


def usual_before(due: str, bill: Row) -> str:
    """The usual date of the occurrence before the one of `due`, which is not the first."""
    after = int(bill.get("due_after_statement") or 0)
    return _usual_before(due, bill["first_due"], bill["repeats"], after)


def payable_on(due: date, country: str, policy: str) -> date:
    """The day on which it must be paid, where the bill moves what falls on a day off."""
    day = due
    while policy in {"previous", "next"} and (
        day.weekday() >= 5 or (country and day.isoformat() in CLOSED[country])
    ):
        day += DAY if policy == "next" else -DAY
    return day


def occurrence_on(
    day: date,
    *,
    first_due: str,
    repeats: str,
    until: str = "",
    count: str = "",
    days_after_statement: int = 0,
) -> int | None:
    """The number of the occurrence that falls due on this day (0 at the anchor), if one does."""
    anchor = date.fromisoformat(first_due)
    if day < anchor or (until and day > date.fromisoformat(until)):
        return None
    number = _step_on(
        day - days_after_statement * DAY, anchor - days_after_statement * DAY, repeats
    )
    return None if number is None or (count and number >= int(count)) else number


def _step_on(day: date, anchor: date, repeats: str) -> int | None:
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


def planned_instant(wall: Wall, due: date, offset: int, remind_at: time) -> datetime:
    nominal = first_instant(wall.zone, due + offset * DAY, remind_at)
    end = out_of_quiet(wall, nominal, MINUTE)
    if offset != 0 or not wall.is_quiet(nominal):
        return end
    before = out_of_quiet(wall, nominal, -MINUTE)
    return end if wall.day_of(before) != due and wall.day_of(end) == due else before


def midnight(wall: Wall, day: date) -> datetime:
    """When a day begins."""
    return first_instant(wall.zone, day, time())


@cache
def first_instant(zone: ZoneInfo, day: date, wall: time) -> datetime:
    """The first minute at which the wall shows this time or, in a gap, a later one."""
    wanted = datetime.combine(day, wall)
    minute = wanted.replace(tzinfo=UTC) - FURTHEST_AHEAD
    while minute.astimezone(zone).replace(tzinfo=None) < wanted:
        minute += MINUTE
    return minute


@cache
def out_of_quiet(wall: Wall, minute: datetime, step: timedelta) -> datetime:
    while wall.is_quiet(minute):
        minute += step
    return minute


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _at(event: Row) -> datetime:
    return _instant(event["at"])


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


def usable_channels(user: dict[str, str]) -> set[str]:
    addresses = {"sms": user["phone"], "email": user["email"], "push": user["push_token"]}
    return {channel for channel, address in addresses.items() if address and user["attested_by"]}

"""Which reminders fall due, counted the slow way: a third count that the planner must agree with.

It shares nothing with the code it checks, not even a constant: a mistake made twice in one place
would agree with itself. Due dates are found by asking each day whether the bill falls due on it,
instants by walking the minutes of UTC and reading the wall clock at each of them. What happens to
each occurrence on each channel is then lived through, from one moment that matters to the next.
"""

import csv
import zoneinfo
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tests.diary import (
    DAY,
    Diary,
    Facts,
    Line,
    Row,
    edited,
    edited_from_the_beginning,
    pairs,
    payable,
)

# The pinned tzdata package decides, not whatever the machine has.
zoneinfo.reset_tzpath(to=())

MINUTE = timedelta(minutes=1)
OVERDUE_IS_USEFUL_FOR = 7 * DAY
# Two days more than an overdue notice is useful: room for quiet hours and for the zone.
LOOK_BACK = 9 * DAY
# Banks are never closed for longer.
LONGEST_CLOSURE = 14 * DAY
# Quiet hours and zones shift an instant by less than two days.
LOOK_AHEAD = 2 * DAY
# No zone is further ahead of UTC than 14 hours.
FURTHEST_AHEAD = timedelta(hours=15)


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


MOVING = ("changed", "redated", "stated", "unstated")
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
    today = wall.day_of(imported_at)
    bill = bill | {"owed_from": bill["owed_from"] or today.isoformat()}
    diaries: Diaries = {}
    plans = [Now(user, bill, 0, events[:n], diaries=diaries) for n in range(len(events) + 1)]
    before = max(plan.latest for plan in plans)
    after = max(lead for plan in plans for lead in (*plan.plan_leads, 1))
    first = today - before * DAY - LOOK_BACK - LONGEST_CLOSURE
    last = wall.day_of(until) + after * DAY + LOOK_AHEAD + LONGEST_CLOSURE
    days = f"{first}", f"{last}"
    numbers = {
        n for plan in plans for n in plan.diary.lines if days[0] <= plan.due_of(n) <= days[1]
    }
    for number in sorted(numbers | plans[-1].singled_out):
        lives: dict[str, _Life] = {}
        for channel in CHANNELS:
            lives[channel] = _Life(user, bill, number, channel, events, lives, diaries)
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


Diaries = dict[int, tuple[Diary, str]]
"""By the place of an edit among a bill's events: its dates after it, and since when it is owed."""


@cache
def _begun(bill: tuple[tuple[str, str], ...]) -> Diary:
    return Diary.begun(dict(bill))


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
        self,
        user: Row,
        bill: Row,
        number: int,
        events: Sequence[Row],
        channel: str = "",
        diaries: Diaries | None = None,
    ) -> None:
        self.user, self.whole, self.number = user, bill, number
        self.channel = channel
        self.diary, self.first_written = _begun(tuple(sorted(bill.items()))), bill
        self.owed_from = bill["owed_from"]
        self.zone, self.quiet = user["time_zone"], user["quiet_hours"]
        self.paused_until = user.get("paused_until", "")
        self.own_leads = user["lead_days"] or "3+1+0"
        self.kind_leads = ""
        self.snoozed_until, self.reopened_at = "", ""
        self.failures: list[Row] = []
        self.failed: set[str] = set()
        self.touched: set[int] = set()
        self.singled_out: set[int] = set()
        self.stopped: set[str] = set()
        self.closed = False
        self.statements: dict[int, Row] = {}
        self.payments: dict[str, tuple[int, Row]] = {}
        diaries = {} if diaries is None else diaries
        for place, event in enumerate(events):
            self._setting(event)
            if event["bill_id"]:
                was_payable = None if self.line is None else self.payable
                self._happening(event, place, diaries)
                self._wish_to_hear_earlier_ends(was_payable)
        self._plan()

    def _setting(self, event: Row) -> None:
        match event["event"], event["value"].split():
            case "moved", [zone]:
                self.zone = zone
            case "paused", _:
                self.paused_until = event["until"]
            case "planned", ["kind", kind, days]:
                if kind == (self.whole.get("kind") or "other"):
                    self.kind_leads = days
            case "planned", [days]:
                self.own_leads = days
            case "stopped", [channel]:
                self.stopped.add(channel)
            case "started", [channel]:
                self.stopped.discard(channel)

    def _happening(self, event: Row, place: int, diaries: Diaries) -> None:
        number = self.number_of(event)
        mine = number == self.number
        match event["event"]:
            case "closed" | "deleted":
                self.closed = True
            case "redated" | "changed":
                if place not in diaries:
                    diaries[place] = self._edited(event)
                self.diary, self.owed_from = diaries[place]
            case "stated":
                self.statements[number] = event
            case "unstated":
                self.statements.pop(number, None)
            case "paid":
                self._paid(event, number)
            case "undone" if event["value"] in self.payments:
                was_settled, was_met = self.settled, self.minimum_met
                del self.payments[event["value"]]
                if self.line is None:
                    return
                day = self.wall.day_of(_at(event))
                missed = was_met and not self.minimum_met and day > self.payable
                if (was_settled or missed) and not self.settled:
                    self.reopened_at = event["at"]
            case "snoozed":
                self.singled_out.add(number)
                if mine:
                    self.snoozed_until = event["until"]
            case "debit_failed":
                self._debit_failed(event, number)

    def number_of(self, event: Row) -> int:
        """Of the date that an event names: as it is usual now, or was when the bill came in."""
        due = event.get("due_on", "")
        now = (n for n, line in self.diary.lines.items() if line.due == due)
        then = _begun(tuple(sorted(self.whole.items()))).lines
        at_first = (n for n, line in then.items() if line.due == due)
        return next(now, next(at_first, -1))

    def _edited(self, event: Row) -> tuple[Diary, str]:
        """The diary after an edit, and since when the bill is owed then."""
        money = {cell: event[cell] for cell in ("amount", "currency") if event.get(cell)}
        said, since = money | pairs(event["value"]), event["due_on"]
        if event["event"] == "redated":
            said, since = {"first_due": event["value"]}, ""
        touched = {n for n, _ in self.payments.values()} | {*self.statements}
        facts = Facts(
            today=self.wall.day_of(_at(event)),
            closed={n for n in touched if self.settled_of(n)},
            touched=touched | self.touched,
            own={n: each["value"] for n, each in self.statements.items() if each["value"]},
            money={n: self.amount_of(n) for n in touched},
        )
        if since == "beginning":
            return edited_from_the_beginning(self.diary, said, facts), self.owed_from
        diary, begins = edited(self.diary, said, facts, since, lambda line: self.owes(line.number))
        return diary, min(self.owed_from, begins or self.owed_from)

    def _wish_to_hear_earlier_ends(self, was_payable: date | None) -> None:
        """A wish for a day up to the due date is none for a day after it."""
        if was_payable is None or self.line is None:
            return
        if f"{self.payable}" < self.snoozed_until <= f"{was_payable}":
            self.snoozed_until = ""

    def _debit_failed(self, event: Row, number: int) -> None:
        if event["value"] in self.failed:
            return
        self.failed.add(event["value"])
        self.touched.add(number)
        self.singled_out.add(number)
        if number == self.number:
            self.failures.append(event)

    def _paid(self, event: Row, number: int) -> None:
        """All that is owed of what a newer statement took in is what that one says."""
        if not event["amount"] and not self.settled_of(number):
            number = max([number, *self.newer(number, self.wall.day_of(_at(event)))])
        if event["amount"] or not self.settled_of(number):  # of nothing left nothing is paid
            self.payments.setdefault(event["value"], (number, event))

    @property
    def line(self) -> Line | None:
        return self.diary.lines.get(self.number)

    @property
    def bill(self) -> Row:
        """What holds for this date."""
        return self.diary.after if self.line is None else self.line.bill

    @property
    def due(self) -> str:
        """Its date, "" when it has none any more."""
        return self.due_of(self.number)

    def due_of(self, number: int) -> str:
        line = self.diary.lines.get(number)
        if line is None:
            return ""
        return self.statements.get(number, {}).get("value", "") or line.due

    @property
    def is_owed(self) -> bool:
        return self.line is not None and self.owes(self.number)

    def owes(self, number: int) -> bool:
        return max(self.due_of(number), f"{self.payable_of(number)}") >= self.owed_from

    def _plan(self) -> None:
        user, bill = self.user, self.bill
        self.plan_leads = _days(bill["lead_days"] or self.kind_leads or self.own_leads)
        self.leads = self.plan_leads
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
        return self.payable_of(self.number)

    @property
    def settled(self) -> bool:
        return self.settled_of(self.number)

    def settled_of(self, number: int) -> bool:
        """Whether that occurrence was paid, or there is nothing to pay of it."""
        if any(n == number and not event["amount"] for n, event in self.payments.values()):
            return True
        amount = self.amount_of(number)["amount"]
        is_known = number in self.statements or any(n == number for n, _ in self.payments.values())
        return bool(amount and is_known and self.paid_of(number) >= Decimal(amount))

    def amount_of(self, number: int) -> Row:
        """What its statement says, else what was said of the bill for that date."""
        line = self.diary.lines.get(number)
        said = self.statements.get(number) or ({} if line is None else line.money)
        return {name: said.get(name) or "" for name in ("amount", "currency", "minimum")}

    @property
    def amount(self) -> str:
        return self.amount_of(self.number)["amount"]

    def paid_of(self, number: int, *, currency: str = "", later: bool = False) -> Decimal:
        return sum(
            (
                Decimal(event["amount"])
                for n, event in self.payments.values()
                if (n > number if later else n == number)
                and event["amount"]
                and currency in ("", event.get("currency", ""))
            ),
            Decimal(0),
        )

    @property
    def minimum_met(self) -> bool:
        minimum = Decimal(self.amount_of(self.number)["minimum"] or 0)
        return bool(minimum) and self.paid_of(self.number) >= minimum and not self.settled

    def newer(self, number: int, today: date) -> list[int]:
        """Those whose statements have taken in what was left of `number`: of a card, in its
        currency, once the date before theirs is over."""
        mine, lines = self.amount_of(number), self.diary.lines
        return [
            other
            for other, statement in sorted(self.statements.items())
            if other > number
            and is_card(lines[other].bill if other in lines else self.whole)
            and (not mine["amount"] or statement.get("currency", "") == mine["currency"])
            and self.payable_of(other - 1 if other - 1 in lines else number) < today
        ]

    def payable_of(self, number: int) -> date:
        return payable(self.due_of(number), self.diary.lines[number].bill)

    def carried(self, today: date) -> bool:
        """Whether a newer statement holds what is left, and not even a minimum was missed that is
        still to be paid by itself."""
        newer = self.newer(self.number, today)
        if not newer or self.settled:
            return False
        mine = self.amount_of(self.number)
        if not mine["amount"] or not Decimal(mine["minimum"] or 0):
            return True
        if self.payable_of(newer[0]) <= today or any(map(self.settled_of, newer)):
            return True
        later = self.paid_of(self.number, currency=mine["currency"], later=True)
        return self.paid_of(self.number) + later >= Decimal(mine["minimum"])

    def balance_paid(self, today: date) -> bool:
        return any(map(self.settled_of, self.newer(self.number, today)))

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
        number: int,
        channel: str,
        events: list[Row],
        lives: dict[str, "_Life"],
        diaries: Diaries,
    ) -> None:
        self.lives, self.number, self.diaries = lives, number, diaries
        self.read: dict[int, Now] = {}
        self.user, self.bill, self.channel, self.events = user, bill, channel, events
        self.first_due = Now(user, bill, number, ()).due
        self.usable = channel in usable_channels(user)
        self.verdicts: dict[tuple[str, int, str], Verdict] = {}

    def now(self, minute: datetime) -> Now:
        """What holds in a minute: an event takes effect in the minute after its own."""
        history = [event for event in self.events if _at(event) < minute]
        if len(history) not in self.read:
            now = Now(self.user, self.bill, self.number, history, self.channel, self.diaries)
            self.read[len(history)] = now
        return self.read[len(history)]

    def pass_through(self, minute: datetime) -> list[datetime]:
        """Live through a minute; those in which something may happen next."""
        waits = self.look(minute)
        waits += [at for at in self.planned(self.now(minute), minute).values() if at > minute]
        return waits + [_at(event) + MINUTE for event in self.events if _at(event) >= minute]

    def planned(self, now: Now, minute: datetime) -> dict[str, datetime]:
        """Each trigger's instant; of those on one day the nearest gives it to all."""
        if self.channel not in now.joins or now.closed or not now.is_owed:
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
        if not now.is_owed:
            return []
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
        resumes, over = now.resumes_at(), midnight(wall, useful_on + DAY)
        if resumes is not None and minute < resumes:
            return min(resumes, over)
        if wall.is_quiet(minute):
            ends = out_of_quiet(wall, minute, MINUTE)
            # the end of a night is no day of its own: where a nearer one goes later on it, that
            # night has brought two to one day; unless it helps no more by then
            day = wall.day_of(ends)
            is_debit = name.startswith("autopay")
            if not is_debit and day <= useful_on and self.comes_later_on(day, ends):
                return "skipped:merged"
            return min(ends, over)
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

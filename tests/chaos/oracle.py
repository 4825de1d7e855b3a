"""What has to be said, what may be and what must not be: by the script alone.

The script is what people entered and did, in the words of the enumerator's files and in the order
in which it was committed. What follows from it is docs/rules.md, read anew on the enumerator's
instants; nothing here is the product's, not even a constant. What the ledger's rows say is taken as
a fact about the past only: each is held against the script when it is written, and against the
provider at the end.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache, cached_property
from typing import Any
from zoneinfo import ZoneInfo

from tests.brute_force import (
    CHANNELS,
    DAY,
    MINUTE,
    OVERDUE_IS_USEFUL_FOR,
    Mark,
    Now,
    Row,
    Wall,
    midnight,
    out_of_quiet,
    usable_channels,
)
from tests.diary import occurrence_on

DID_NOT_ARRIVE = {"bounced", "failed", "expired"}
DEBIT, SNOOZE = 2, 0
"""Kinds of marks."""


@dataclass(frozen=True)
class Fact:
    """What the ledger has of a reminder: the state of the message that carries it."""

    state: str
    reason: str = ""
    resends: int = 0
    not_before: datetime | None = None
    planned_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.state == "waiting"

    @property
    def may_be_known(self) -> bool:
        """Whether its user may have read it."""
        return self.state not in ("waiting", "skipped") or self.resends > 0

    @property
    def failed(self) -> bool:
        """Whether it is certain that nobody got it, and that it is not tried again."""
        return self.state in DID_NOT_ARRIVE or (self.state, self.reason) == (
            "skipped",
            "no_address",
        )


Facts = Mapping[str, Fact]
"""By ledger key, of one user."""


@dataclass(frozen=True)
class Fate:
    """What may become of a reminder in a minute: `words` are "sent" and "skipped:<reason>". While
    it waits there are none, and it has to be looked at `at` an instant or before."""

    words: frozenset[str] = frozenset()
    at: datetime | None = None


@dataclass
class Dates:
    """The due date of a bill, which of its revisions that is, and the one told of last."""

    due: str
    revision: int = 0
    told: tuple[str, int] | None = None

    def leave(self, *, told: bool) -> None:
        if told:
            self.told = self.due, self.revision

    def arrive(self, due: str) -> None:
        """If anybody was told of a date, every other one is a revision more; if nobody was, it
        leaves no trace."""
        self.due = due
        if self.told is not None:
            self.revision = self.told[1] + (due != self.told[0])


class Read(Now):
    """Read to its end: what follows from it is asked for again and again."""

    def __init__(
        self, user: Row, bill: Row, number: int, events: Sequence[Row], channel: str = ""
    ) -> None:
        super().__init__(user, bill, number, events, channel)
        self._wall = super().wall
        self._payable = None if self.line is None else super().payable
        self._marks: list[Mark] | None = None

    @property
    def wall(self) -> Wall:
        return self.__dict__.get("_wall") or super().wall  # asked for while it is read

    @property
    def payable(self) -> date:
        return self.__dict__.get("_payable") or super().payable  # asked for while it is read

    def marks(self) -> list[Mark]:
        if self._marks is None:
            self._marks = super().marks()
        return self._marks


@dataclass
class Script:
    """What people entered and did. A bill is by its user and id; one that is gone stays, as
    deleted."""

    users: dict[str, Row] = field(default_factory=dict)
    bills: dict[tuple[str, str], Row] = field(default_factory=dict)
    events: list[Row] = field(default_factory=list)
    dates: dict[tuple[str, str], Dates] = field(default_factory=dict)
    addresses: dict[tuple[str, str], int] = field(default_factory=dict)
    """Of users and channels: the number of the address that took the place of the first one."""
    silenced: frozenset[tuple[str, str, int]] = frozenset()
    """Addresses that were given up when their owner had said STOP: by user, channel and number."""
    lives: dict[str, int] = field(default_factory=dict)
    """How often each user was erased."""

    def enters(self, bill: Row) -> None:
        """A bill that is new, or that was deleted and comes back."""
        place = bill["user_id"], bill["bill_id"]
        self.events = [each for each in self.events if (each["user_id"], each["bill_id"]) != place]
        self.bills[place] = bill
        if place in self.dates:
            self.dates[place].arrive(bill["first_due"])
        else:
            self.dates[place] = Dates(bill["first_due"])

    def happens(
        self, at: datetime, user_id: str, event: str, bill_id: str = "", **more: str
    ) -> None:
        """An event as in the enumerator's file. What names no `due_on` is of the first date."""
        row = dict.fromkeys(("due_on", "value", "until", "amount"), "") | more
        row |= {"at": at.isoformat(), "user_id": user_id, "event": event, "bill_id": bill_id}
        if (user_id, bill_id) in self.bills and not row["due_on"]:
            row["due_on"] = self.bills[user_id, bill_id]["first_due"]
        self.events.append(row)

    def says_stop(self, at: datetime, user_id: str, channel: str, *, by: str = "") -> None:
        """Where there is no address there is nothing to stop. `by` is "page" when it was said
        there."""
        if user_id in self.users and channel in usable_channels(self.users[user_id]):
            self.happens(at, user_id, "stopped", value=channel, by=by)

    def says_start(self, at: datetime, user_id: str, channel: str) -> None:
        """Written by SMS: it lifts nothing that was said later, by the clock of who heard it."""
        stops = [
            datetime.fromisoformat(each["at"])
            for each in self.events
            if (each["user_id"], each["event"], each["value"]) == (user_id, "stopped", channel)
        ]
        if max(stops, default=at) <= at:
            self.happens(at, user_id, "started", value=channel)

    def mutes(self, at: datetime, user_id: str, bill_id: str, reason: str) -> None:
        """Nothing of a bill is to be said, or with the reason "" again what is to come."""
        if (user_id, bill_id) in self.bills:
            self.happens(at, user_id, "muted", bill_id, value=reason)

    def leaves_date(self, user_id: str, bill_id: str, facts: Facts) -> None:
        """Whether anybody may have heard of a date decides what the next one is."""
        if (user_id, bill_id) not in self.dates:
            return
        dates = self.dates[user_id, bill_id]
        of_it = f"{dates.due}#{bill_id}#"
        told = any(
            key.startswith(of_it) and f"#r{dates.revision}#" in key and fact.may_be_known
            for key, fact in facts.items()
        )
        dates.leave(told=told)

    def gives_up(self, user_id: str, channel: str) -> None:
        """An address becomes nobody's; a STOP stays with it."""
        if channel in self.stopped(user_id):
            number = self.addresses.get((user_id, channel), 0)
            self.silenced |= {(user_id, channel, number)}

    def erases(self, user_id: str) -> None:
        """Nothing is left of a user but the STOPs of their addresses."""
        for channel in CHANNELS:
            self.gives_up(user_id, channel)
            self.addresses.pop((user_id, channel), None)
        del self.users[user_id]
        self.lives[user_id] = self.lives.get(user_id, 0) + 1
        self.bills = {place: row for place, row in self.bills.items() if place[0] != user_id}
        self.dates = {place: each for place, each in self.dates.items() if place[0] != user_id}
        self.events = [each for each in self.events if each["user_id"] != user_id]

    def registers(self, user: Row, bills: Iterable[Row], at: datetime) -> None:
        """Whoever had the id before, this one begins with nothing."""
        self.users[user["user_id"]] = user
        for bill in bills:
            self.enters(bill)
        for user_id, channel, number in sorted(self.silenced):
            if (user_id, number) == (user["user_id"], 0):
                self.says_stop(at, user_id, channel)

    def now(self, user_id: str, bill_id: str, number: int, channel: str) -> Now:
        history = [
            event
            for event in self.events
            if event["user_id"] == user_id and event["bill_id"] in ("", bill_id)
        ]
        bill = self.bills[user_id, bill_id]
        return Read(self.users[user_id], bill, number, history, channel)

    def copy(self) -> "Script":
        dates = {place: replace(each) for place, each in self.dates.items()}
        return replace(
            self,
            users=dict(self.users),
            bills=dict(self.bills),
            events=list(self.events),
            dates=dates,
            addresses=dict(self.addresses),
            lives=dict(self.lives),
        )

    def _last(self, user_id: str, event: str) -> Row | None:
        of_user = (each for each in reversed(self.events) if each["user_id"] == user_id)
        return next((each for each in of_user if each["event"] == event), None)

    def zone(self, user_id: str) -> ZoneInfo:
        moved = self._last(user_id, "moved")
        return ZoneInfo(self.users[user_id]["time_zone"] if moved is None else moved["value"])

    def paused_until(self, user_id: str) -> str:
        paused = self._last(user_id, "paused")
        return "" if paused is None else paused["until"]

    def muted(self, user_id: str, bill_id: str) -> str:
        """Why nothing of a bill is to be said: "stopped", "not_mine", or "" when it is."""
        for each in reversed(self.events):
            if (each["event"], each["user_id"], each["bill_id"]) == ("muted", user_id, bill_id):
                return each["value"]
        return ""

    def page_lifts(self, user_id: str, channel: str) -> bool:
        """Whether a page may take the STOP of a channel back: one that was said there, and by no
        other way since."""
        said: str | None = None
        for each in self.events:
            if (each["user_id"], each["value"]) == (user_id, channel):
                match each["event"]:
                    case "stopped":
                        said = each["by"] if said is None or not each["by"] else said
                    case "started":
                        said = None
        return said == "page"

    def stopped(self, user_id: str) -> set[str]:
        """The channels of which the user said STOP, and not START since."""
        said = {
            each["value"]: each["event"]
            for each in self.events
            if each["user_id"] == user_id and each["event"] in ("stopped", "started")
        }
        return {channel for channel, word in said.items() if word == "stopped"}


@cache
def nominal_date(first_due: str, repeats: str, number: int) -> date | None:
    """The date on which an occurrence would fall due if none had moved."""
    for days in range(400):
        day = date.fromisoformat(first_due) + days * DAY
        if occurrence_on(day, first_due=first_due, repeats=repeats) == number:
            return day
    return None


@dataclass(frozen=True)
class Key:
    """A ledger key, taken apart."""

    due: str
    bill_id: str
    number: int
    revision: int
    name: str
    channel: str

    @classmethod
    def parse(cls, text: str) -> "Key":
        due, bill_id, number, revision, name, channel = text.split("#")
        return cls(due, bill_id, int(number), int(revision[1:]), name, channel)


@dataclass(frozen=True)
class Oracle:
    """The script, what the ledger has of one user, and the channels whose address is stopped."""

    script: Script
    user_id: str
    facts: Facts
    stopped: frozenset[str] = frozenset()
    _read: dict[tuple[str, int, str], Now] = field(default_factory=dict)

    def _now(self, *of: Any) -> Now:
        if of not in self._read:
            self._read[of] = self.script.now(self.user_id, *of)
        return self._read[of]

    def fates(self, bill_id: str, number: int, channel: str, minute: datetime) -> dict[str, Fate]:
        """What may become of the reminders of an occurrence on a channel, by ledger key."""
        place = self.user_id, bill_id
        if place not in self.script.bills or self.script.muted(*place):
            return {}
        now = self._now(bill_id, number, channel)
        if now.closed or now.settled or not now.is_owed or channel not in now.joins:
            return {}
        revision = self.script.dates[place].revision
        said = f"{now.due}#{bill_id}#{number:04}#r{revision}#"
        return _Occurrence(self, now, said, channel, minute).fates()

    def reachable(self, channel: str) -> bool:
        usable = usable_channels(self.script.users[self.user_id])
        return channel in usable and channel not in self.stopped

    def judge(self, text: str, word: str, minutes: Iterable[datetime]) -> str | None:
        """What is wrong with a reminder being claimed ("sent") or noted in one of these minutes;
        None when nothing is."""
        key, fact = Key.parse(text), self.facts.get(text)
        found = [
            self.fates(key.bill_id, key.number, key.channel, minute).get(text) for minute in minutes
        ]
        if any(fate is not None and word in fate.words for fate in found):
            return None
        allowed = sorted({each for fate in found if fate is not None for each in fate.words})
        is_needless = None in found or "skipped:expired" in allowed
        if word == "skipped:withdrawn" and fact is not None and fact.is_open and is_needless:
            return None
        return f"{word}, and the script explains {', '.join(allowed) or 'nothing'}: {text}"

    def numbers(self, bill_id: str, minute: datetime) -> Iterator[int]:
        """The occurrences of a bill of which anything can be due by `minute` or soon after it."""
        bill = self.script.bills[self.user_id, bill_id]
        for number in range(100):
            day = nominal_date(bill["first_due"], bill["repeats"], number)
            if day is None or day > minute.date() + 40 * DAY:
                return
            yield number

    def wanted(self, minute: datetime) -> dict[str, Fate]:
        """What may become of all reminders of the user, those to come among them."""
        found: dict[str, Fate] = {}
        for user_id, bill_id in self.script.bills:
            if user_id == self.user_id:
                for number in self.numbers(bill_id, minute):
                    for channel in CHANNELS:
                        found |= self.fates(bill_id, number, channel, minute)
        return found


@dataclass(frozen=True)
class _Occurrence:
    """An occurrence on a channel in a minute; `said` is what the ledger keys of it begin with."""

    oracle: Oracle
    now: Now
    said: str
    channel: str
    minute: datetime

    def fates(self) -> dict[str, Fate]:
        come = [mark for mark in self._marks if self._instead(mark).instant <= self.minute]
        wishes = [mark for mark in self.now.marks() if mark.rank == SNOOZE]
        ends = [mark.instant for mark in wishes]
        ends += [self._instead(mark).instant for mark in self._marks if mark.rank == SNOOZE]
        silent = max(ends, default=self.minute) > self.minute
        return {
            self._key(mark.name): self._come(mark, come, silent=silent)
            if mark in come
            else Fate(at=self._instead(mark).instant)
            for mark in self._marks
        }

    @cached_property
    def _marks(self) -> list[Mark]:
        """From the farthest to the nearest, by the turns in which they go."""
        marks = filter(self._speaks, self.now.marks())
        return sorted(marks, key=lambda mark: (*self._turn(mark), *self._place(mark)))

    @cached_property
    def _usual_at(self) -> Mapping[date, datetime]:
        """When the last goes on a day that plan and snoozes want."""
        usual = [mark for mark in self.now.marks() if mark.rank != DEBIT and self._speaks(mark)]
        day_of = self.now.wall.day_of
        return {day_of(mark.instant): mark.instant for mark in sorted(usual, key=self._place)}

    def _turn(self, mark: Mark) -> tuple[date, bool]:
        """One goes for all of a day; but a debit that fails on it takes nothing with it that comes
        later on that day."""
        day = self.now.wall.day_of(mark.instant)
        fails_then = (mark.rank, mark.day) == (DEBIT, day)
        return day, not fails_then or mark.instant >= self._usual_at.get(day, mark.instant)

    def _instead(self, mark: Mark) -> Mark:
        """The one that goes for all of its turn, at its own minute."""
        return self._last[self._turn(mark)]

    @cached_property
    def _last(self) -> Mapping[tuple[date, bool], Mark]:
        return {self._turn(mark): mark for mark in self._marks}

    def _come(self, mark: Mark, come: list[Mark], *, silent: bool) -> Fate:
        """Of what has come only the nearest may go, and nothing once a nearer one has gone; while
        the user wants to hear later, nothing but of a debit."""
        now, words = self.now, set[str]()
        foremost, instead = self._foremost(come), self._instead(mark)
        is_debit = mark.rank == DEBIT
        put_off = list(self._waits(foremost))
        if foremost.rank == DEBIT and put_off and come.index(mark) > come.index(foremost):
            return Fate(at=max(put_off))  # it may be needed, should the debit help no more by then
        if mark is not foremost or self._nearer_went(mark):
            words.add("skipped:superseded" if mark is instead else "skipped:merged")
        if not is_debit and now.reopened_at and mark.instant <= _parsed(now.reopened_at):
            words.add("skipped:while_paid")
        if not is_debit and silent:
            words.add("skipped:snoozed")
        if now.wall.day_of(self.minute) > self._helps_until(mark):
            words.add("skipped:expired")
        waits = list(self._waits(mark))
        if not (is_debit or words or [*self._not_before(mark)]) and self._night_brings_nearer(mark):
            words.add("skipped:merged")
        if words:
            return Fate(frozenset(words))
        if waits:
            return Fate(at=max(waits))  # also where there is no address: there may be one by then
        goes = "sent" if self.oracle.reachable(self.channel) else "skipped:no_address"
        return Fate(frozenset({goes}))

    def _waits(self, mark: Mark) -> Iterator[datetime]:
        """Until when it waits: for a silence to end, or its provider."""
        over = midnight(self.now.wall, self._helps_until(mark) + DAY)
        if self.minute < over:
            yield from (min(at, over) for at in self._silences())
            yield from self._not_before(mark)

    def _nearer_went(self, mark: Mark) -> bool:
        """Of two days the later one is nearer, and for one day what the plan says. A debit that
        failed is for no day: it stands for what had come by then, and nothing but another for
        it."""
        at = self._instead(mark).instant
        for other, fact in self._heard(mark):
            if DEBIT in {mark.rank, other.rank}:
                then = fact.planned_at or other.instant
                if other.rank == DEBIT and (then > at if mark.rank == DEBIT else then >= at):
                    return True
            elif (other.day, other.rank) > (mark.day, mark.rank):
                return True
        return False

    def _night_brings_nearer(self, put_off: Mark) -> bool:
        """Whether quiet hours put it off to a day, on which it still helps, and on which a nearer
        reminder goes later."""
        wall, resumes = self.now.wall, self.now.resumes_at()
        is_paused = resumes is not None and self.minute < resumes
        if is_paused or not wall.is_quiet(self.minute):
            return False
        ends = out_of_quiet(wall, self.minute, MINUTE)
        return wall.day_of(ends) <= self._helps_until(put_off) and any(
            self._instead(mark).instant > ends
            and wall.day_of(self._instead(mark).instant) == wall.day_of(ends)
            and self._is_open(self._key(mark.name))
            for mark in self._marks
        )

    def _is_open(self, key: str) -> bool:
        return key not in self.oracle.facts or self.oracle.facts[key].is_open

    def _foremost(self, come: list[Mark]) -> Mark:
        """A debit that failed and of which nobody was told goes first; then the nearest."""
        for mark in reversed(come):
            fact = self.oracle.facts.get(self._key(mark.name))
            today = self.now.wall.day_of(self.minute)
            if (
                mark.rank == DEBIT
                and (fact is None or fact.is_open)
                and today <= self._helps_until(mark)
            ):
                return mark
        return come[-1]

    def _helps_until(self, mark: Mark) -> date:
        """The due day, or a week from the day on which a notice goes that comes later; of a debit
        always that week."""
        goes_on, due = self.now.wall.day_of(self._instead(mark).instant), self.now.payable
        return goes_on + OVERDUE_IS_USEFUL_FOR if mark.rank == DEBIT or goes_on > due else due

    def _silences(self) -> Iterator[datetime]:
        """Until when a pause lasts, and quiet hours."""
        resumes = self.now.resumes_at()
        if resumes is not None and self.minute < resumes:
            yield resumes
        elif self.now.wall.is_quiet(self.minute):
            yield out_of_quiet(self.now.wall, self.minute, MINUTE)

    def _not_before(self, mark: Mark) -> Iterator[datetime]:
        """Until when the provider is not asked again."""
        fact = self.oracle.facts.get(self._key(mark.name))
        if fact is not None and fact.not_before is not None and fact.not_before > self.minute:
            yield fact.not_before

    def _speaks(self, mark: Mark) -> bool:
        """Whether a reminder goes by this channel: it takes part, or stands in for those that
        failed."""
        ahead = self._ahead(mark)
        if ahead is None:
            return True
        return (
            bool(ahead)
            and self.oracle.reachable(self.channel)
            and all(self._failed_on(other, mark) for other in ahead)
        )

    def _ahead(self, mark: Mark) -> list[str] | None:
        days = 0 if mark.rank == DEBIT else (self.now.payable - mark.day).days
        return self.now.ahead(self.channel, days)

    def _failed_on(self, other: str, mark: Mark) -> bool:
        fact = self.oracle.facts.get(f"{self.said}{mark.name}#{other}")
        if fact is None or not (fact.may_be_known or fact.failed):
            return not self.oracle.reachable(other)
        return fact.failed

    def _heard(self, mark: Mark) -> Iterator[tuple[Mark, Fact]]:
        """What may have been heard of the occurrence: on this channel, and of what stands in on
        any, unless it is certain that it did not arrive."""
        anywhere = self._ahead(mark) is not None
        for text, fact in self.oracle.facts.items():
            if not text.startswith(self.said) or not fact.may_be_known:
                continue
            key = Key.parse(text)
            here = key.channel == self.channel
            if here or (anywhere and not fact.failed):
                yield from ((each, fact) for each in self.now.named(key.name))

    def _key(self, name: str) -> str:
        return f"{self.said}{name}#{self.channel}"

    def _place(self, mark: Mark) -> tuple[date, int, date]:
        """Which of two stands nearer, by the present wall and plan."""
        return self.now.wall.day_of(mark.instant), mark.rank, mark.day


def _parsed(text: str) -> datetime:
    return datetime.fromisoformat(text)

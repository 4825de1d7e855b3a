"""The dates of a bill as somebody keeps them by hand in a diary, a line each, for the third count.

Which days a bill falls due on is found by asking each day. An edit strikes lines out and writes
others in their place; what is over, and what is closed, nobody touches. Like the count that reads
it, see tests/brute_force.py, it shares nothing with the code that it checks.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

DAY = timedelta(days=1)
LAST_PAGE = date(2029, 12, 31)
"""No line is written for a later day."""

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

Row = dict[str, str]

STEP = ("repeats", "due_after_statement")
DATES = ("first_due", *STEP, "until", "count")
"""The cells of a bill that say on which days it falls due."""

FIRST = "number of first_due"
"""A cell of what is said after the last line: of days of which no line is written yet."""

MONEY = ("amount", "currency")
"""One says nothing without the other."""


class Line(NamedTuple):
    """A date of a bill. `bill` is what was said of it, `kept` the amount and currency that the line
    keeps whatever is said later. The number of one that is `apart` is none of those that the dates
    around it go by."""

    number: int
    due: str
    bill: Row
    kept: Row | None = None
    apart: bool = False

    @property
    def money(self) -> Row:
        return {cell: (self.kept or self.bill).get(cell) or "" for cell in MONEY}


@dataclass(frozen=True)
class Diary:
    """The lines by their numbers, and what is said of the bill `after` the last of them."""

    lines: Mapping[int, Line]
    after: Row

    @classmethod
    def begun(cls, bill: Row) -> "Diary":
        bill = {cell: _said(cell, text) for cell, text in bill.items()}
        bill["count"] = bill.get("count") or bill.get("instalments") or ""
        dates = enumerate(limited(bill))
        return cls({number: Line(number, due, bill) for number, due in dates}, bill)


class Facts(NamedTuple):
    """What is known on a day: the lines that are closed, those of which anything was paid, stated
    or not debited, the days and the money of those that a statement gave them."""

    today: date
    closed: set[int]
    touched: set[int]
    own: Mapping[int, str]
    money: Mapping[int, Row]

    def payable(self, line: Line) -> date:
        return payable(self.own.get(line.number, line.due), line.bill)


def payable(due: str, bill: Row) -> date:
    policy = bill.get("if_not_working_day", "")
    return payable_on(date.fromisoformat(due), bill.get("country", ""), policy)


def pairs(text: str) -> Row:
    """The cells of an edit: "first_due=2027-03-20; repeats=every 2 weeks"."""
    said = (each.partition("=") for each in text.split(";") if each.strip())
    cells = ((name.strip(), value.strip()) for name, _, value in said)
    return {name: _said(name, value) for name, value in cells}


def _said(cell: str, text: str) -> str:
    """Two words say nothing."""
    nothing = {"autopay": "no", "if_not_working_day": "none"}
    return "" if text == nothing.get(cell) else text


# An edit ------------------------------------------------------------------------------------------


def edited(
    diary: Diary, said: Row, facts: Facts, since: str, is_owed: Callable[[Line], bool]
) -> tuple[Diary, str]:
    """The diary after an edit from now on, or from the first line on or after the day `since`; and
    the day that it writes in place of an owed one, "" when it does not."""
    pivot = _first_to_change(diary, facts, since)
    before = diary.after if pivot is None else pivot.bill
    changed = {cell: text for cell, text in said.items() if text != (before.get(cell) or "")}
    is_over = pivot is not None and facts.payable(pivot) < facts.today
    if is_over and changed.get("repeats", "once") != "once":
        pivot = None  # what is over is not what repeats
    replaces = pivot is not None and is_owed(pivot)
    number = max(diary.lines, default=-1) + 1 if pivot is None else pivot.number
    if not changed:
        return diary, ""
    over = {n: line for n, line in diary.lines.items() if n < number}
    if pivot is not None and pivot.kept is not None and changed.keys() & set(MONEY):
        pivot = pivot._replace(kept=None)
    page = _Page(diary, pivot, number, before, changed, facts, since)
    coming, after = page.written()
    coming = [line._replace(bill=_told(line.bill, before, changed)) for line in coming]
    lines = over | {line.number: line for line in coming}
    begins = min((line.due for line in coming if line.number == number), default="")
    return Diary(lines, _told(after, before, changed)), begins if replaces else ""


def edited_from_the_beginning(diary: Diary, said: Row, facts: Facts) -> Diary:
    """As if the bill had been entered so."""
    pivot = _first_to_change(diary, facts, "")
    before = diary.after if pivot is None else pivot.bill
    changed = {cell: text for cell, text in said.items() if text != (before.get(cell) or "")}
    others = {cell: text for cell, text in changed.items() if cell not in DATES}
    bill = before | changed
    if bill.get("instalments"):
        bill["count"] = bill["instalments"]
    if not _gives_the_same(before, bill):
        first = diary.lines[min(diary.lines)]
        number = _number_of_first(diary, first, bill)
        dates = enumerate(limited(bill), number)
        return Diary({n: Line(n, due, bill) for n, due in dates}, bill)
    lines = {
        n: line._replace(bill=line.bill | others, kept=None if line.kept is None else {})
        for n, line in diary.lines.items()
    }
    again = Diary(lines, diary.after | others)
    if others.keys() == changed.keys():
        return again
    mine = (n for n, line in lines.items() if _rule(line.bill) == _rule(before))
    number = min(mine, default=max(lines) + 1)
    page = _Page(again, None, number, before | others, changed, facts)
    coming, after = page.with_other_ends(since=date.min)
    earlier = {n: line for n, line in lines.items() if n < number}
    return Diary(earlier | {line.number: line for line in coming}, after)


def _first_to_change(diary: Diary, facts: Facts, since: str) -> Line | None:
    order = sorted(
        diary.lines.values(), key=lambda each: (facts.own.get(each.number, each.due), each.number)
    )
    ahead = [
        line
        for line in order
        if line.number not in facts.closed and facts.payable(line) >= facts.today
    ]
    if not ahead:
        once = [line for line in order if line.bill["repeats"] == "once"]
        is_open = len(order) == len(once) == 1 and once[0].number not in facts.closed
        return once[0] if is_open and not since else None
    return next((line for line in ahead if facts.own.get(line.number, line.due) >= since), None)


def _told(bill: Row, before: Row, changed: Row) -> Row:
    """What is said of a later line, where it had what is changed now."""
    new = dict(bill)
    for cell, text in changed.items():
        together = MONEY if cell in MONEY else (cell,)
        if cell not in DATES and all(
            (bill.get(each) or "") == (before.get(each) or "") for each in together
        ):
            new[cell] = text
    return new


def _rule(bill: Row) -> Row:
    return {cell: bill.get(cell) or "" for cell in DATES}


def _gives_the_same(before: Row, after: Row) -> bool:
    """Whether the days are those that it has, be another of them told as the first one."""
    if any((before.get(cell) or "") != (after.get(cell) or "") for cell in STEP):
        return False
    days, first = days_of(before), after["first_due"]
    if first not in days:
        return False
    behind = days.index(first)
    return days[behind : behind + 40] == days_of(after)[:40]


class _Page:
    """The lines from the one with `number` on, which an edit writes anew."""

    def __init__(
        self,
        diary: Diary,
        pivot: Line | None,
        number: int,
        before: Row,
        changed: Row,
        facts: Facts,
        since: str = "",
    ) -> None:
        self.diary, self.pivot, self.number, self.facts = diary, pivot, number, facts
        self.since = since
        self.before, self.changed = before, changed
        self.said = before | {cell: changed[cell] for cell in DATES if cell in changed}
        restepped = any((before.get(cell) or "") != (self.said.get(cell) or "") for cell in STEP)
        self.restepped = restepped
        lines = dict(diary.lines) if pivot is None else {**diary.lines, number: pivot}
        self.ahead = [self._keeping(line) for n, line in sorted(lines.items()) if n >= number]
        self.mine = [line for line in self.ahead if _rule(line.bill) == _rule(before)]
        self.later = [line for line in self.ahead if _rule(line.bill) != _rule(before)]
        self.later_begins = min((each.due for each in self.later if each.kept is None), default="")

    def _keeping(self, line: Line) -> Line:
        """What is closed keeps its day and its money; where the days go by another step, so does
        all of which anything is known, and its number is no other line's."""
        facts, n = self.facts, line.number
        if line.kept is not None:
            return line._replace(apart=line.apart or self.restepped)
        if n > self.number and n in (facts.touched if self.restepped else facts.closed):
            return line._replace(kept=facts.money.get(n) or line.money, apart=self.restepped)
        return line

    def written(self) -> tuple[list[Line], Row]:
        """The lines, and what is said after the last of them."""
        if not self.changed.keys() & set(DATES):
            return self.ahead, self.diary.after
        if _gives_the_same(self.before, self.said):
            return self.with_other_ends(self.facts.today)
        return self._with_other_days()

    def with_other_ends(self, since: date) -> tuple[list[Line], Row]:
        """The same days, fewer or more of them. Of a bill that has ended those from `since` on."""
        days = days_of(self.before)
        ends = dict(self.said) | {"first_due": self.before["first_due"]}
        if "count" in self.changed and self.said["count"]:
            behind = days.index(self.said["first_due"])
            ends["count"] = str(int(self.said["count"]) + behind)
        fitting = limited(ends)
        rule = {cell: ends.get(cell) or "" for cell in DATES}
        stay = [line for line in self.mine if line.kept is not None or line.due in fitting]
        at, highest = self._last_written(days)
        more: list[Line] = []
        for place, due in enumerate(days[: len(fitting)]):
            if place <= at or self.later:  # what follows took over where it was to begin
                continue
            number = self._counted_on(highest, place - at)
            if self.pivot is not None or payable(due, self.said) >= since:
                more.append(Line(number, due, self.before | rule))
        mine = [line._replace(bill=line.bill | rule) for line in stay] + more
        return [*mine, *self.later], self.diary.after | (
            rule if _rule(self.diary.after) == _rule(self.before) else {}
        )

    def _last_written(self, days: list[str]) -> tuple[int, int]:
        """The place among the days, and the number, of the last of them that has a line."""
        known = [line for line in self.diary.lines.values() if not line.apart]
        mine = [line for line in known if _rule(line.bill) == _rule(self.before)]
        own = [line for line in mine if line.kept is None]
        if own:
            last = max(own, key=lambda line: line.number)
            highest = max(line.number for line in mine)
            return days.index(last.due) + highest - last.number, highest
        if FIRST in self.diary.after:
            first = int(self.diary.after[FIRST])
            return self.number - 1 - first, self.number - 1
        at_home = [line for line in known if line.due in days]
        last = max(at_home, key=lambda line: line.number)
        return days.index(last.due), last.number

    def _counted_on(self, number: int, steps: int) -> int:
        """The number so many on, past the lines that are apart."""
        apart = {line.number for line in self.ahead if line.apart}
        for _ in range(steps):
            number += 1
            while number in apart:
                number += 1
        return number

    def _with_other_days(self) -> tuple[list[Line], Row]:
        rule = {cell: self.said.get(cell) or "" for cell in DATES}
        said_day = "first_due" in self.changed
        as_many = bool(rule["count"]) and "count" not in self.changed
        left = sum(line.kept is None for line in self.mine)
        if as_many and self.later and self.pivot is not None:  # as if those did not follow
            gone = sum(day < self.pivot.due for day in days_of(self.before))
            left = int(rule["count"]) - gone - sum(line.kept is not None for line in self.mine)
        if self.pivot is not None and self.restepped and not said_day:
            rule["first_due"] = self._day(self.pivot)
            if rule["count"] and not as_many:
                gone = sum(day < self.pivot.due for day in days_of(self.before))
                rule["count"] = str(max(0, int(rule["count"]) - gone))
        days = limited(rule | {"count": ""} if as_many else rule)
        if self._corrects_what_was_paid(days):
            moved = [line._replace(due=days[0]) for line in self.diary.lines.values()]
            return moved, self.diary.after
        counts_on = self.restepped and not said_day and self.pivot is not None
        at = 0 if counts_on else self._first_of(days)
        if self.later_begins and at < len(days) and days[at] >= self.later_begins:
            # nothing is left before what was to come later: that holds, on the days said now
            self.mine, self.later, self.later_begins = self.ahead, [], ""
        first = self.number - at
        kept = {line.number: line for line in self.ahead if line.kept is not None}
        kept_days = {line.due for line in kept.values()}
        written: list[Line] = []
        number = self.number
        for due in days[at:]:
            is_later = bool(self.later_begins) and due >= self.later_begins
            if (as_many and not left) or (is_later and not as_many):
                break
            while number in kept and kept[number].apart:
                number += 1
            at += 1
            if number not in kept and due not in kept_days:
                if not is_later:
                    written.append(Line(number, due, self._said_on(due) | rule))
                left -= 1
            number += not is_later
        if as_many:
            rule["count"] = str(at)
            written = [line._replace(bill=line.bill | rule) for line in written]
        mine = [line._replace(bill=line.bill | rule) for line in self.mine if line.kept is not None]
        after = self.diary.after
        if _rule(after) == _rule(self.before):
            after = after | rule | {FIRST: f"{first}"}
        return self._and_later(mine + written, number), after

    def _corrects_what_was_paid(self, days: list[str]) -> bool:
        """Another date of what falls due once, was paid and is not over: it stays paid."""
        once = {self.said["repeats"], self.before["repeats"]} == {"once"}
        if not once or self.pivot is not None or not self.diary.lines or not days:
            return False
        (line,) = self.diary.lines.values()
        return self.facts.payable(line) >= self.facts.today and not self._can_be(days[0])

    def _said_on(self, due: str) -> Row:
        """What was said of that day, before its line came to stand there."""
        passed = [line for line in self.mine if line.due <= due]
        return passed[-1].bill if passed else self.before

    def _and_later(self, mine: list[Line], number: int | None = None) -> list[Line]:
        """With the lines that go by days of their own, which follow in number. When they get other
        numbers, what is known of one keeps its own. A loan has as many lines as before."""
        if number is None:
            number = max((line.number for line in mine), default=self.number - 1) + 1
        later = self.later
        if number != next((line.number for line in later if line.kept is None), number):
            later = [self._apart(line) for line in later]
        kept = {line.number for line in (*mine, *later) if line.kept is not None}
        following: list[Line] = []
        for line in later:
            if line.kept is None:
                while number in kept:
                    number += 1
                following.append(line._replace(number=number))
                number += 1
            else:
                following.append(line)
                number += line.apart
        most = max(self.diary.lines) if later and self.before.get("loan_method") else number
        return [line for line in (*mine, *following) if line.number <= most or line.kept]

    def _apart(self, line: Line) -> Line:
        n = line.number
        if line.kept is None and n in self.facts.touched:
            line = line._replace(kept=self.facts.money.get(n) or line.money)
        return line if line.kept is None else line._replace(apart=True)

    def _day(self, line: Line) -> str:
        return self.facts.own.get(line.number, line.due)

    def _first_of(self, days: list[str]) -> int:
        """Which of the days that are said takes the place of the next line: the first that can be;
        if the very first one is past, it tells the day alone, and the nearest is meant."""
        if self.said["repeats"] == "once" and self.pivot is not None:
            return 0
        at = next((n for n, due in enumerate(days) if self._can_be(due)), len(days))
        if at == 0 or self.restepped or self.pivot is None:
            return at
        near = date.fromisoformat(self._day(self.pivot))
        while at + 1 < len(days) and _apart(days[at + 1], near) < _apart(days[at], near):
            at += 1
        return at

    @property
    def _before(self) -> Line | None:
        """The last date before the one that is changed."""
        if self.pivot is None:
            return self.diary.lines.get(self.number - 1)
        day = self._day(self.pivot)
        earlier = [
            line
            for line in self.diary.lines.values()
            if line.number < self.number and self._day(line) <= day
        ]
        return max(earlier, key=lambda line: line.number, default=None)

    def _can_be(self, due: str) -> bool:
        """Neither past, nor before the day that is said, nor so soon after the last line that it
        corrects that one. Of the same step, it may come before that day, if near to the line."""
        last = self._before
        half = timedelta(days=_length(self.said["repeats"])) / 2
        if self.since and self.pivot is not None:
            near = date.fromisoformat(self._day(self.pivot)) - half
            earliest = date.fromisoformat(self.since) if self.restepped else near
            if date.fromisoformat(due) < earliest:
                return False
        if last is not None:
            gone = date.fromisoformat(due) - date.fromisoformat(self._day(last))
            if gone < min(7 * DAY, half):
                return False
        bill = _told(self.before, self.before, self.changed)
        return payable(due, bill) >= self.facts.today


def _apart(due: str, other: date) -> timedelta:
    return abs(date.fromisoformat(due) - other)


def _length(repeats: str) -> int:
    """Days from one date to the next; a month counts 30."""
    rule = REPEATS.fullmatch(repeats)
    if rule is None:
        return 365
    return int(rule[2] or 1) * {"day": 1, "week": 7, "month": 30, "year": 365}[rule[3]]


def _number_of_first(diary: Diary, first: Line, after: Row) -> int:
    """The number of the new first day: that of the nearest of the old days, or past all that are
    before it when the days go by another step."""
    before = first.bill
    if before["repeats"] == "once":
        is_later = after["first_due"] > before["first_due"]
        return first.number + (before["repeats"] != after["repeats"] and is_later)
    wanted = date.fromisoformat(after["first_due"])
    anchor = date.fromisoformat(before["first_due"])
    behind = int(before.get("due_after_statement") or 0) * DAY
    steps: dict[date, int] = {}
    for day in (wanted + n * DAY for n in range(-800, 801)):
        step = _step_on(day - behind, anchor - behind, before["repeats"])
        if step is not None:
            steps[day] = step
    if any((before.get(cell) or "") != (after.get(cell) or "") for cell in STEP):
        found = min(day for day in steps if day >= wanted)
    else:
        found = min(steps, key=lambda day: (abs(day - wanted), day < wanted))
    at_home = (line.number for line in diary.lines.values() if line.due == f"{found}")
    at_first = steps.get(date.fromisoformat(first.due), 0)
    return next(at_home, first.number + steps[found] - at_first)


# Days ---------------------------------------------------------------------------------------------


def days_of(bill: Row) -> list[str]:
    """All days on which it falls due if it never ends."""
    after = int(bill.get("due_after_statement") or 0)
    return list(_days_of(bill["first_due"], bill["repeats"], after))


@cache
def _days_of(first_due: str, repeats: str, after: int) -> tuple[str, ...]:
    first = date.fromisoformat(first_due)
    days = (first + n * DAY for n in range((LAST_PAGE - first).days + 1))
    return tuple(
        day.isoformat()
        for day in days
        if occurrence_on(day, first_due=first_due, repeats=repeats, days_after_statement=after)
        is not None
    )


def limited(bill: Row) -> list[str]:
    """The days on which it falls due, with the end that it has."""
    until, count = bill.get("until") or "", bill.get("count") or ""
    days = (day for day in days_of(bill) if not until or day <= until)
    return [day for n, day in enumerate(days) if not count or n < int(count)]


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

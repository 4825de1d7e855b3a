"""Recurrences: the dates on which a bill falls due, and which number each has."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum


class Unit(StrEnum):
    """The step of a recurrence."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Recurrence:
    """The due dates of a bill, numbered from `first_number` at `first_due`.

    Each date is computed from the anchor `first_due`, never from the date before, so that the 31st
    comes back after a short month: 31 Jan, 28 Feb, 31 Mar. `unit` None is a one-off bill.
    `last_day` (months only) means the last day of every month, whatever day the anchor is.
    `until` is the last date on which an occurrence may fall (included), `count` how many there are
    in all. With `after_statement` it is the dates of statements that recur, in months as long as
    they are, and each occurrence is due that many days after its statement. `earlier` are numbers
    and dates from before `first_due`, in order, which were there until the dates changed.
    """

    first_due: date
    every: int = 1
    unit: Unit | None = None
    last_day: bool = False
    until: date | None = None
    first_number: int = 0
    count: int | None = None
    after_statement: int = 0
    earlier: tuple[tuple[int, date], ...] = ()

    def due_on(self, number: int) -> date | None:
        """The due date of occurrence `number`, or None when the bill has ended by then."""
        steps = number - self.first_number
        if steps < 0:
            return dict(self.earlier).get(number)
        if self.unit is None and steps > 0:
            return None
        if self.count is not None and steps >= self.count:
            return None
        day = self._stepped_if_possible(steps)
        return None if day is None or (self.until is not None and day > self.until) else day

    def from_day(self, day: date) -> Iterator[tuple[int, date]]:
        """The occurrences due on `day` or later, in order, each with its number."""
        yield from ((number, due) for number, due in self.earlier if due >= day)
        number = self.first_number + self._first_guess(day)
        while (due := self.due_on(number)) is not None:
            if due >= day:
                yield number, due
            number += 1

    def at_most_within(self, days: int, *, after: date) -> int:
        """About how many dates lie within as many `days`, wherever those begin on `after` or
        later. It steps through none of them."""
        kept = sum(day >= after for _, day in self.earlier)
        first = self.first_number + self._first_guess(after)
        while (begins := self.due_on(first)) is not None and begins < after:
            first += 1
        if begins is None:
            return kept
        reach = min(timedelta(days=days - 1), date.max - begins)
        end = min(begins + reach, self.until or date.max)
        number = max(first, self.first_number + self._first_guess(end))
        if self.count is not None:
            number = min(number, self.first_number + self.count)
        while (due := self.due_on(number)) is not None and due <= end:
            number += 1
        return kept + number - first

    def in_place_of(self, known: "Recurrence", *, keep_anchor: bool = True) -> "Recurrence":
        """This recurrence, numbered so that an occurrence keeps its number, and with it its
        payments and its rows in the ledger.

        A file that always gives the next due date as the first one brings the same dates with
        another anchor: then the known anchor stays, unless `keep_anchor` is False. Else the first
        date takes the number of the nearest known one, or, when the step changes, the number after
        those before it.
        """
        if self._step != known._step:
            return replace(self, first_number=known._number_from(self.first_due))
        number = known._nearest_number(self.first_due)
        moved = replace(self, first_number=number)
        if keep_anchor and number >= known.first_number and moved._same_dates(known):
            return replace(known, until=self.until, count=self._count_from(known, number))
        return moved

    def _count_from(self, known: "Recurrence", number: int) -> int | None:
        """`count`, told from the known anchor: those before this one's first are there too."""
        return None if self.count is None else self.count + number - known.first_number

    @property
    def _step(self) -> tuple[int, Unit | None, bool, int]:
        return (self.every, self.unit, self.last_day, self.after_statement)

    def _number_from(self, day: date) -> int:
        """The number of the first date on or after `day`, as if there were no last one."""
        if self.unit is None:
            return self.first_number + (day > self.first_due)
        steps = self._first_guess(day)
        while self._stepped(steps) < day:
            steps += 1
        while self._stepped(steps - 1) >= day:
            steps -= 1
        return self.first_number + steps

    def _nearest_number(self, day: date) -> int:
        if self.unit is None:
            return self.first_number
        number = self._number_from(day)
        after, before = (self._stepped(n - self.first_number) for n in (number, number - 1))
        return number if after - day <= day - before else number - 1

    def _same_dates(self, known: "Recurrence") -> bool:
        """Whether both give the same dates from here on: 31 January and 28 February do not. Months
        come back to the same lengths after four years."""
        ahead = range(self.first_number, self.first_number + 50)
        return all(
            self._stepped_if_possible(number - self.first_number)
            == known._stepped_if_possible(number - known.first_number)
            for number in ahead
        )

    def _stepped_if_possible(self, steps: int) -> date | None:
        try:
            return self._stepped(steps)
        except (OverflowError, ValueError):  # beyond the year 9999
            return None

    def _stepped(self, steps: int) -> date:
        """Stepped from the statement where there is one, so that its short months count."""
        if not self.after_statement:
            return self._ahead(self.first_due, steps * self.every)
        return self._ahead(self._anchor, steps * self.every) + self._notice

    @property
    def _notice(self) -> timedelta:
        return timedelta(days=self.after_statement)

    @property
    def _anchor(self) -> date:
        return self.first_due - self._notice

    def _ahead(self, day: date, units: int) -> date:
        match self.unit:
            case Unit.DAY:
                return day + timedelta(days=units)
            case Unit.WEEK:
                return day + timedelta(weeks=units)
            case Unit.MONTH:
                return _months_ahead(day, units, last_day=self.last_day)
            case Unit.YEAR:
                return _months_ahead(day, units * 12)
            case None:
                return day

    def _first_guess(self, day: date) -> int:
        """How many steps lead to a date that is near the first one on or after `day`, and not
        after it."""
        if self.unit is None or day <= self.first_due:
            return 0
        anchor, stepped_day = self._anchor, day - self._notice
        match self.unit:
            case Unit.DAY | Unit.WEEK:
                step = timedelta(days=self.every * (7 if self.unit is Unit.WEEK else 1))
                return (stepped_day - anchor) // step
            case Unit.MONTH:
                months = (stepped_day.year - anchor.year) * 12 + stepped_day.month - anchor.month
                return max(0, (months - 1) // self.every)
            case Unit.YEAR:
                return max(0, (stepped_day.year - anchor.year - 1) // self.every)


def _months_ahead(day: date, months: int, *, last_day: bool = False) -> date:
    """That day of the month so many months on, the last one where the month is shorter. Every look
    ahead steps through dates, several times as fast so as with a relativedelta each."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    length = monthrange(year, month + 1)[1]
    return date(year, month + 1, length if last_day else min(day.day, length))

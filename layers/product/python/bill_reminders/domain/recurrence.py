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
    and dates from before `first_due`, in order, which were there until the dates changed. `taken`
    are numbers, in order, that dates of other terms have: they are passed over.
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
    taken: tuple[int, ...] = ()

    def due_on(self, number: int) -> date | None:
        """The due date of occurrence `number`, or None when the bill has ended by then."""
        if number < self.first_number:
            return dict(self.earlier).get(number)
        return None if number in self.taken else self.dated(self._steps_to(number))

    def dated(self, steps: int) -> date | None:
        """The date so many steps after the first one, or None when the bill has ended by then."""
        if self.unit is None and steps > 0:
            return None
        if self.count is not None and steps >= self.count:
            return None
        day = self._stepped_if_possible(steps)
        return None if day is None or (self.until is not None and day > self.until) else day

    def from_day(self, day: date) -> Iterator[tuple[int, date]]:
        """The occurrences due on `day` or later, in order, each with its number."""
        yield from ((number, due) for number, due in self.earlier if due >= day)
        steps = self.steps_near(day)
        while (due := self.dated(steps)) is not None:
            if due >= day:
                yield self.number_of(steps) if self.taken else self.first_number + steps, due
            steps += 1

    def number_of(self, steps: int) -> int:
        """The number of the date so many steps after the first one."""
        number = self.first_number + steps
        for taken in self.taken:
            number += self.first_number <= taken <= number
        return number

    def _steps_to(self, number: int) -> int:
        steps = number - self.first_number
        return steps - sum(self.first_number <= taken < number for taken in self.taken)

    def at_most_within(self, days: int, *, after: date) -> int:
        """About how many dates lie within as many `days`, wherever those begin on `after` or
        later. It steps through none of them."""
        kept = sum(day >= after for _, day in self.earlier)
        first = self.steps_near(after)
        while (begins := self.dated(first)) is not None and begins < after:
            first += 1
        if begins is None:
            return kept
        reach = min(timedelta(days=days - 1), date.max - begins)
        end = min(begins + reach, self.until or date.max)
        steps = max(first, self.steps_near(end))
        if self.count is not None:
            steps = min(steps, self.count)
        while (due := self.dated(steps)) is not None and due <= end:
            steps += 1
        return kept + steps - first

    @property
    def half_step(self) -> timedelta:
        """Half the time from one date to the next, in whole months of thirty days."""
        days = {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 30, Unit.YEAR: 365, None: 365}[self.unit]
        return timedelta(days=days * self.every) / 2

    def steps_like(self, other: "Recurrence") -> bool:
        """Whether both go from one date to the next alike, whatever the dates are."""
        return self._step == other._step

    def in_place_of(self, known: "Recurrence", *, keep_anchor: bool = True) -> "Recurrence":
        """This recurrence, numbered so that an occurrence keeps its number, and with it its
        payments and its rows in the ledger.

        A file that always gives the next due date as the first one brings the same dates with
        another anchor: then the known anchor stays, unless `keep_anchor` is False. Else the first
        date takes the number of the nearest known one, or, when the step changes, the number after
        those before it.
        """
        if not self.steps_like(known):
            return replace(self, first_number=known.number_of(known._steps_from(self.first_due)))
        steps = self.steps_behind(known) if keep_anchor else None
        if steps is not None:
            return replace(
                known, until=self.until, count=None if self.count is None else self.count + steps
            )
        return replace(self, first_number=known.number_of(known._nearest_steps(self.first_due)))

    def steps_behind(self, known: "Recurrence") -> int | None:
        """By how many of its dates this begins later than `known`, if both give the same ones from
        there on; else None. 31 January and 28 February do not. Months come back to the same lengths
        after four years."""
        if not self.steps_like(known):
            return None
        steps = known._nearest_steps(self.first_due)
        is_same = steps >= 0 and all(
            self._stepped_if_possible(ahead) == known._stepped_if_possible(steps + ahead)
            for ahead in range(50)
        )
        return steps if is_same else None

    @property
    def _step(self) -> tuple[int, Unit | None, bool, int]:
        return (self.every, self.unit, self.last_day, self.after_statement)

    def _steps_from(self, day: date) -> int:
        """How many steps lead to the first date on or after `day`, as if there were no last one."""
        if self.unit is None:
            return int(day > self.first_due)
        steps = self.steps_near(day)
        while self._stepped(steps) < day:
            steps += 1
        while self._stepped(steps - 1) >= day:
            steps -= 1
        return steps

    def _nearest_steps(self, day: date) -> int:
        if self.unit is None:
            return 0
        steps = self._steps_from(day)
        after, before = self._stepped(steps), self._stepped(steps - 1)
        return steps if after - day <= day - before else steps - 1

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

    def steps_near(self, day: date) -> int:
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

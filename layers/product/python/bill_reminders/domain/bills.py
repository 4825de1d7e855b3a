"""Bills and their occurrences: what a user owes a biller, and on which dates."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from dateutil.relativedelta import relativedelta

from bill_reminders.domain.money import Money
from bill_reminders.domain.people import NO_CHANGE, PlanChange
from bill_reminders.domain.working_days import (
    FURTHEST,
    Place,
    Shift,
    is_working_day,
    last_working_day_before,
    payable_date,
)


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
    `until` is the last date on which an occurrence may fall (included).
    """

    first_due: date
    every: int = 1
    unit: Unit | None = None
    last_day: bool = False
    until: date | None = None
    first_number: int = 0

    def due_on(self, number: int) -> date | None:
        """The due date of occurrence `number`, or None when the bill has ended by then."""
        steps = number - self.first_number
        if steps < 0 or (self.unit is None and steps > 0):
            return None
        day = self._stepped_if_possible(steps)
        return None if day is None or (self.until is not None and day > self.until) else day

    def from_day(self, day: date) -> Iterator[tuple[int, date]]:
        """The occurrences due on `day` or later, in order, each with its number."""
        number = self.first_number + self._first_guess(day)
        while (due := self.due_on(number)) is not None:
            if due >= day:
                yield number, due
            number += 1

    def in_place_of(self, known: "Recurrence") -> "Recurrence":
        """This recurrence, numbered so that an occurrence keeps its number, and with it its
        payments and its rows in the ledger.

        A file that always gives the next due date as the first one brings the same dates with
        another anchor: then the known anchor stays. Else the first date takes the number of the
        nearest known one, or, when the step changes, the number after those before it.
        """
        if (self.every, self.unit, self.last_day) != (known.every, known.unit, known.last_day):
            return replace(self, first_number=known._number_from(self.first_due))
        number = known._nearest_number(self.first_due)
        moved = replace(self, first_number=number)
        if number >= known.first_number and moved._same_dates(known):
            return replace(known, until=self.until)
        return moved

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
        return self.first_due + self._distance(steps)

    def _distance(self, number: int) -> relativedelta:
        steps = number * self.every
        match self.unit:
            case Unit.DAY:
                return relativedelta(days=steps)
            case Unit.WEEK:
                return relativedelta(weeks=steps)
            case Unit.MONTH:
                return relativedelta(months=steps, day=31 if self.last_day else None)
            case Unit.YEAR:
                return relativedelta(years=steps)
            case None:
                return relativedelta()

    def _first_guess(self, day: date) -> int:
        """How many steps lead to a date that is near the first one on or after `day`, and not
        after it."""
        if self.unit is None or day <= self.first_due:
            return 0
        match self.unit:
            case Unit.DAY | Unit.WEEK:
                step = timedelta(days=self.every * (7 if self.unit is Unit.WEEK else 1))
                return (day - self.first_due) // step
            case Unit.MONTH:
                months = (day.year - self.first_due.year) * 12 + day.month - self.first_due.month
                return max(0, (months - 1) // self.every)
            case Unit.YEAR:
                return max(0, (day.year - self.first_due.year - 1) // self.every)


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment that closed one occurrence, at a UTC instant."""

    occurrence: int
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class Bill:
    """What a user owes a biller, once or again and again.

    `amount` is None while nobody knows it. What fell due before `owed_from` (a local date) is not
    owed. A bill with `closed_at` set reminds of nothing any more. `place` is where the biller is:
    its weekends and holidays decide what `shift` makes of a due date that is not a working day.
    """

    user_id: str
    bill_id: str
    biller: str
    name: str
    recurrence: Recurrence
    owed_from: date
    amount: Money | None = None
    plan_change: PlanChange = NO_CHANGE
    payments: tuple[Payment, ...] = ()
    closed_at: datetime | None = None
    place: Place | None = None
    shift: Shift = Shift.NONE

    def payable_on(self, due_on: date) -> date:
        """The date after the weekend and holiday shift: lead days and overdue days count from it,
        and the words name it. Occurrence numbers and end dates follow the nominal `due_on`.

        Raises what working_days.payable_date raises.
        """
        return payable_date(due_on, self.shift, self.place)

    def last_working_day(self, payable_on: date) -> date | None:
        """The last working day before, when money may not move on `payable_on` itself; None when
        it is a working day, or when nobody knows where the biller works."""
        if self.place is None or is_working_day(payable_on, self.place):
            return None
        return last_working_day_before(payable_on, self.place)

    def occurrences_from(self, day: date) -> Iterator[tuple[int, date]]:
        """The owed occurrences that are payable on `day` or later, in order: each with its number
        and its nominal due date."""
        earliest = max(day, self.owed_from)
        # no holidays last longer, so nothing that is due before this is payable after `earliest`
        start = earliest - FURTHEST if self.shift is Shift.NEXT else earliest
        for number, due_on in self.recurrence.from_day(start):
            if self.payable_on(due_on) >= earliest:
                yield number, due_on

    @property
    def paid(self) -> frozenset[int]:
        """The numbers of the occurrences that are paid."""
        return frozenset(payment.occurrence for payment in self.payments)

    def with_payment(self, payment: Payment) -> "Bill":
        """This bill with one occurrence paid; unchanged when it already was."""
        if payment.occurrence in self.paid:
            return self
        return replace(self, payments=(*self.payments, payment))

"""Bills and their occurrences: what a user owes a biller, and on which dates."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from dateutil.relativedelta import relativedelta

from bill_reminders.domain.money import Money
from bill_reminders.domain.people import NO_CHANGE, PlanChange


class Unit(StrEnum):
    """The step of a recurrence."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Recurrence:
    """The due dates of a bill, numbered from 0 at `first_due`.

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

    def due_on(self, number: int) -> date | None:
        """The due date of occurrence `number`, or None when the bill has ended by then."""
        if number < 0 or (self.unit is None and number > 0):
            return None
        try:
            day = self.first_due + self._distance(number)
        except (OverflowError, ValueError):  # beyond the year 9999
            return None
        return None if self.until is not None and day > self.until else day

    def from_day(self, day: date) -> Iterator[tuple[int, date]]:
        """The occurrences due on `day` or later, in order, each with its number."""
        number = self._first_guess(day)
        while (due := self.due_on(number)) is not None:
            if due >= day:
                yield number, due
            number += 1

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
        """A number whose date is not after the first occurrence on or after `day`, and near it."""
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
    owed. A bill with `closed_at` set reminds of nothing any more.
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

    @property
    def paid(self) -> frozenset[int]:
        """The numbers of the occurrences that are paid."""
        return frozenset(payment.occurrence for payment in self.payments)

    def with_payment(self, payment: Payment) -> "Bill":
        """This bill with one occurrence paid; unchanged when it already was."""
        if payment.occurrence in self.paid:
            return self
        return replace(self, payments=(*self.payments, payment))

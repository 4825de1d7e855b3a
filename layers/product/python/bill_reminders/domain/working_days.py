"""Working days of the biller's country, and the date on which a bill must in fact be paid.

Rules: the row "weekend, holiday" in docs/rules.md. Weekends and holidays come from the `holidays`
library, and domain.bank_days says which of its calendars are those of banks. Where the library has
not (yet) heard of a year's holidays or make-up days, as beyond the year 2100, weekends and the
holidays that it does know count.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from bill_reminders.domain.bank_days import BankDays, bank_days_of
from bill_reminders.domain.enums import Shift
from bill_reminders.domain.errors import BillRemindersError, InvalidValue
from bill_reminders.domain.local_time import DAY

if TYPE_CHECKING:
    from holidays import HolidayBase

FURTHEST = timedelta(days=31)  # the longest closure in any country's calendar is of 12 days


@dataclass(frozen=True, slots=True)
class Place:
    """Where a biller works: an ISO 3166-1 alpha-2 code, and if its holidays differ there the
    second part of an ISO 3166-2 code (`SCT` of GB-SCT)."""

    country: str
    subdivision: str | None = None


class NoWorkingDay(BillRemindersError):
    """No working day within `FURTHEST` of a date, or none before the calendar itself ends."""

    def __init__(self, day: date) -> None:
        super().__init__(
            f"no working day within {FURTHEST.days} days of {day}: correct the biller's country "
            "or turn the bill's weekend and holiday shift off"
        )


def check_place(place: Place) -> None:
    """Raises InvalidValue, naming `country` or `subdivision`, when no calendar is known for it."""
    if place.country not in _countries():
        raise InvalidValue(
            "country",
            "no holidays are known for it; use an ISO 3166-1 code of two capitals, such as CN",
        )
    known = getattr(_library(), place.country).subdivisions
    if place.subdivision is not None and place.subdivision not in known:
        remedy = f"use one of {', '.join(known)}, or leave it out" if known else "leave it out"
        raise InvalidValue("subdivision", f"{place.country} has none of that name; {remedy}")


def is_working_day(day: date, place: Place) -> bool:
    """Whether banks of `place` work on `day`: no weekend there (make-up days excepted), no holiday.

    Raises InvalidValue for an unknown place.
    """
    return _calendar(place, day.year).is_working_day(day)


def payable_date(due_on: date, shift: Shift, place: Place | None) -> date:
    """The date that lead days and overdue days count from: `due_on`, shifted as the bill wants it.

    Where the biller's country is not known, Saturdays and Sundays alone are no working days.
    Raises InvalidValue for an unknown place and NoWorkingDay.
    """
    match shift:
        case Shift.NONE:
            return due_on
        case Shift.PREVIOUS:
            return first_day(due_on, -DAY, _working_in(place))
        case Shift.NEXT:
            return first_day(due_on, DAY, _working_in(place))


def last_working_day_before(day: date, place: Place | None) -> date:
    """The last working day that is earlier than `day`; place and errors as for `payable_date`."""
    try:
        eve = day - DAY
    except OverflowError:
        raise NoWorkingDay(day) from None
    return first_day(eve, -DAY, _working_in(place))


def first_day(start: date, step: timedelta, works: Callable[[date], bool]) -> date:
    """The first of `start`, `start + step`, ... that `works`. Raises NoWorkingDay."""
    day = start
    try:
        while not works(day):
            day += step
            if abs(day - start) > FURTHEST:
                raise NoWorkingDay(start)
    except OverflowError:  # beyond the years 1 and 9999
        raise NoWorkingDay(start) from None
    return day


def _working_in(place: Place | None) -> Callable[[date], bool]:
    if place is None:
        return lambda day: day.weekday() < 5
    return lambda day: is_working_day(day, place)


def _library() -> ModuleType:
    # Imported at the first bill that wants it, as most bills shift nothing: with its first calendar
    # the library imports all 250 countries, a third of what boto3 costs a cold start.
    import holidays  # noqa: PLC0415

    return holidays


@cache
def _countries() -> frozenset[str]:
    """The alpha-2 codes alone. `list_supported_countries` would import every calendar for them."""
    from holidays.registry import EntityLoader  # noqa: PLC0415

    return frozenset(EntityLoader.get_country_codes(include_aliases=False))


class _Calendar(NamedTuple):
    """A year's weekends, holidays and make-up days, and what banks close on beside them."""

    base: "HolidayBase"
    closed: frozenset[date]

    def is_working_day(self, day: date) -> bool:
        return day not in self.closed and self.base.is_working_day(day)


@lru_cache(maxsize=512)
def _calendar(place: Place, year: int) -> _Calendar:
    """One object a year, never expanded: no answer depends on which years were asked before."""
    check_place(place)
    banks = bank_days_of(place.country)
    closed = {*banks.around_easter(year), *banks.saturdays_in(year)}
    with warnings.catch_warnings():
        # Some calendars warn that a year has estimated or no dates; the rule is to take what is
        # known, and a log line for each such bill tells nobody anything.
        warnings.simplefilter("ignore")
        base = _holidays(place, banks, year)
        if banks.instead:
            # what its parts keep beside the country's own days, which count as the banks keep them
            closed |= base.keys() - _holidays(Place(banks.beside), banks, year).keys()
            base = _market(banks.instead, year)
        if banks.also and not (place.subdivision and banks.parts_know):
            closed |= {day for day in _market(banks.also, year) if not banks.works_on(day)}
    if banks.weekend is not None:
        base.weekend = set(banks.weekend)
    return _Calendar(base, frozenset(closed))


def _holidays(place: Place, banks: BankDays, year: int) -> "HolidayBase":
    supported = getattr(_library(), place.country).supported_categories
    calendar: HolidayBase = _library().country_holidays(
        place.country,
        subdiv=place.subdivision or banks.usual_part,
        years=year,
        expand=False,
        categories=[category for category in banks.categories if category in supported],
    )
    return calendar


def _market(code: str, year: int) -> "HolidayBase":
    calendar: HolidayBase = _library().financial_holidays(code, years=year, expand=False)
    return calendar

"""From which first date all dates lead to one that is said to be the next."""

from datetime import date

import pytest
from hypothesis import given, strategies

from bill_reminders.domain.edits import first_date_for
from bill_reminders.domain.recurrence import Recurrence, Unit
from tests.support.people import a_bill

JANUARY = date(2027, 1, 4)


@pytest.mark.parametrize(
    ("recurrence", "number", "next_due", "first"),
    [
        (Recurrence(JANUARY, 1, Unit.MONTH), 2, date(2027, 3, 10), date(2027, 1, 10)),
        (Recurrence(JANUARY, 1, Unit.MONTH), 0, date(2027, 1, 31), date(2027, 1, 31)),
        (Recurrence(JANUARY, 2, Unit.WEEK), 3, date(2027, 2, 16), date(2027, 1, 5)),
        (Recurrence(JANUARY, 1, Unit.YEAR), 1, date(2028, 2, 29), None),
        (Recurrence(date(2027, 2, 4), 1, Unit.MONTH), 1, date(2027, 3, 31), None),
        (Recurrence(date(2027, 2, 28), 1, Unit.MONTH, last_day=True), 1, date(2027, 3, 31),
         date(2027, 2, 28)),
        (Recurrence(JANUARY, 1, Unit.MONTH, count=3), 2, date(2027, 3, 10), date(2027, 1, 10)),
        (Recurrence(JANUARY, 1, Unit.MONTH, first_number=5), 7, date(2027, 3, 10),
         date(2027, 1, 10)),
        (Recurrence(date(2027, 1, 20), 1, Unit.MONTH, after_statement=20), 2, date(2027, 3, 22),
         date(2027, 1, 22)),
    ],
)  # fmt: skip
def test_the_first_date_is_so_many_steps_before_the_next(
    recurrence: Recurrence, number: int, next_due: date, first: date | None
) -> None:
    known = a_bill(due_on=recurrence.first_due, recurrence=recurrence)
    assert first_date_for(known, number, next_due, recurrence) == first


@given(
    recurrence=strategies.builds(
        Recurrence,
        strategies.dates(date(2020, 1, 1), date(2030, 1, 1)),
        strategies.integers(1, 5),
        strategies.sampled_from(list(Unit)),
    ),
    number=strategies.integers(0, 60),
    next_due=strategies.dates(date(2027, 1, 1), date(2040, 1, 1)),
)
def test_a_first_date_leads_to_the_next_one(
    recurrence: Recurrence, number: int, next_due: date
) -> None:
    known = a_bill(due_on=recurrence.first_due, recurrence=recurrence)
    first = first_date_for(known, number, next_due, recurrence)
    if first is None:
        assert recurrence.unit in (Unit.MONTH, Unit.YEAR)
        assert next_due.day > 28
        return
    moved = Recurrence(first, recurrence.every, recurrence.unit)
    assert moved.due_on(number) == next_due

"""On which dates a bill falls due."""

from datetime import date, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.recurrence import Recurrence, Unit
from tests.diary import occurrence_on
from tests.support.examples import examples

DAY = timedelta(days=1)

PROPERTY = examples(60)


def recurrence(
    first_due: str, unit: Unit | None, every: int = 1, *, last_day: bool = False, until: str = ""
) -> Recurrence:
    end = date.fromisoformat(until) if until else None
    return Recurrence(date.fromisoformat(first_due), every, unit, last_day, end)


def due_dates(recurrence: Recurrence, count: int) -> list[str | None]:
    return [str(due) if (due := recurrence.due_on(n)) else None for n in range(count)]


@pytest.mark.parametrize(
    ("anchor", "every", "dates"),
    [
        pytest.param("2027-01-31", 1, ["01-31", "02-28", "03-31", "04-30", "05-31"], id="31st"),
        pytest.param("2027-01-30", 1, ["01-30", "02-28", "03-30", "04-30"], id="30th"),
        pytest.param("2027-01-29", 1, ["01-29", "02-28", "03-29"], id="29th"),
        pytest.param("2028-01-31", 1, ["01-31", "02-29", "03-31"], id="31st in a leap year"),
        pytest.param("2028-01-29", 1, ["01-29", "02-29", "03-29"], id="29th in a leap year"),
        pytest.param("2027-02-28", 1, ["02-28", "03-28", "04-28"], id="28th is not a last day"),
        pytest.param("2026-11-30", 3, ["11-30", "02-28", "05-30", "08-30"], id="quarterly"),
        pytest.param("2027-08-31", 6, ["08-31", "02-29", "08-31"], id="half-yearly, leap year"),
    ],
)
def test_a_short_month_shortens_that_date_and_no_later_one(
    anchor: str, every: int, dates: list[str]
) -> None:
    due = due_dates(recurrence(anchor, Unit.MONTH, every), len(dates))
    assert [day and day[5:] for day in due] == dates


def test_a_yearly_29_february_falls_on_the_28th_in_common_years_and_comes_back() -> None:
    assert due_dates(recurrence("2096-02-29", Unit.YEAR), 9) == [
        "2096-02-29",
        "2097-02-28",
        "2098-02-28",
        "2099-02-28",
        "2100-02-28",  # a century is no leap year
        "2101-02-28",
        "2102-02-28",
        "2103-02-28",
        "2104-02-29",
    ]


@pytest.mark.parametrize(
    ("anchor", "dates"),
    [
        pytest.param("2027-02-28", ["02-28", "03-31", "04-30"], id="from a last day"),
        pytest.param("2027-02-10", ["02-28", "03-31", "04-30"], id="from within a month"),
        pytest.param("2028-01-30", ["01-31", "02-29", "03-31"], id="in a leap year"),
    ],
)
def test_the_last_day_of_the_month_is_the_last_whatever_the_anchor(
    anchor: str, dates: list[str]
) -> None:
    due = due_dates(recurrence(anchor, Unit.MONTH, last_day=True), len(dates))
    assert [day and day[5:] for day in due] == dates


@pytest.mark.parametrize(
    ("recurrence", "dates"),
    [
        (recurrence("2027-02-27", Unit.DAY), ["2027-02-27", "2027-02-28", "2027-03-01"]),
        (recurrence("2027-01-20", Unit.DAY, 30), ["2027-01-20", "2027-02-19", "2027-03-21"]),
        (recurrence("2026-12-25", Unit.WEEK), ["2026-12-25", "2027-01-01", "2027-01-08"]),
        (recurrence("2026-12-25", Unit.WEEK, 2), ["2026-12-25", "2027-01-08", "2027-01-22"]),
        (recurrence("2026-12-05", Unit.MONTH), ["2026-12-05", "2027-01-05", "2027-02-05"]),
        (recurrence("2026-12-05", Unit.YEAR, 3), ["2026-12-05", "2029-12-05", "2032-12-05"]),
        (recurrence("2027-01-31", None), ["2027-01-31", None, None]),
    ],
    ids=["day", "30 days", "week", "2 weeks", "month", "3 years", "once"],
)
def test_a_bill_comes_back_every_so_many_days_weeks_months_or_years(
    recurrence: Recurrence, dates: list[str | None]
) -> None:
    assert due_dates(recurrence, 3) == dates
    assert recurrence.due_on(-1) is None


@pytest.mark.parametrize(
    ("until", "dates"),
    [
        ("2027-02-28", ["2027-01-31", "2027-02-28", None]),
        ("2027-02-27", ["2027-01-31", None, None]),
        ("2027-01-31", ["2027-01-31", None, None]),
        ("2027-01-30", [None, None, None]),
    ],
)
def test_a_bill_ends_with_its_last_date_included(until: str, dates: list[str | None]) -> None:
    ending = recurrence("2027-01-31", Unit.MONTH, until=until)
    assert due_dates(ending, 3) == dates
    assert [str(due) for _, due in ending.from_day(date(2027, 1, 1))] == [d for d in dates if d]


@pytest.mark.parametrize(
    ("recurrence", "dates"),
    [
        (recurrence("9999-12-30", Unit.DAY), ["9999-12-30", "9999-12-31", None]),
        (recurrence("9999-12-20", Unit.WEEK), ["9999-12-20", "9999-12-27", None]),
        (recurrence("9999-10-31", Unit.MONTH), ["9999-10-31", "9999-11-30", "9999-12-31", None]),
        (recurrence("9999-11-05", Unit.MONTH, last_day=True), ["9999-11-30", "9999-12-31", None]),
        (recurrence("9996-02-29", Unit.YEAR, 3), ["9996-02-29", "9999-02-28", None]),
    ],
    ids=["day", "week", "month", "last day", "year"],
)
def test_a_bill_without_end_ends_with_the_calendar(
    recurrence: Recurrence, dates: list[str | None]
) -> None:
    assert due_dates(recurrence, len(dates)) == dates
    assert recurrence.due_on(10**30) is None
    assert [str(due) for _, due in recurrence.from_day(date(1, 1, 1))] == dates[:-1]


@st.composite
def recurrences(draw: st.DrawFn) -> Recurrence:
    unit = draw(st.sampled_from([None, *Unit]))
    every = 1 if unit is None else draw(st.integers(1, 4) | st.integers(1, 1000))
    # Anchors at the end of a month are the ones that go wrong.
    first_due = draw(st.dates(date(1970, 1, 1), date(2200, 12, 31)))
    if draw(st.booleans()):
        first_due = first_due.replace(month=draw(st.sampled_from([1, 3, 12])), day=31)
    until = first_due + draw(st.integers(31, 5000)) * DAY if draw(st.booleans()) else None
    return Recurrence(first_due, every, unit, unit is Unit.MONTH and draw(st.booleans()), until)


def in_words(recurrence: Recurrence) -> str:
    if recurrence.unit is None:
        return "once"
    last = "last day of " if recurrence.last_day else ""
    return f"{last}every {recurrence.every} {recurrence.unit}s"


@PROPERTY
@given(recurrences(), st.integers(0, 60), st.integers(-400, 400))
def test_the_dates_from_a_day_on_are_all_dates_but_the_earlier_ones(
    recurrence: Recurrence, number: int, shift: int
) -> None:
    day = (recurrence.due_on(number) or recurrence.first_due) + shift * DAY
    # Four hundred days hold at most as many further dates.
    dates = ((n, recurrence.due_on(n)) for n in range(number + 500))
    wanted = ((n, due) for n, due in dates if due is not None and due >= day)
    assert list(islice(recurrence.from_day(day), 4)) == list(islice(wanted, 4))


@PROPERTY
@given(recurrences(), st.integers(0, 60))
def test_a_date_is_its_number_of_steps_away_from_the_anchor(
    recurrence: Recurrence, number: int
) -> None:
    due = recurrence.due_on(number)
    if due is None:
        return
    # Counted the other way round: from the date back to its number.
    first_due, repeats = str(recurrence.first_due), in_words(recurrence)
    assert occurrence_on(due, first_due=first_due, repeats=repeats) == number


def numbered(recurrence: Recurrence, day: str, count: int = 3) -> list[tuple[int, str]]:
    found = islice(recurrence.from_day(date.fromisoformat(day)), count)
    return [(number, due.isoformat()) for number, due in found]


@pytest.mark.parametrize(
    ("known", "new", "expected"),
    [
        pytest.param(
            *("2027-01-05", "2027-03-05"),
            [(0, "2027-01-05"), (1, "2027-02-05"), (2, "2027-03-05")],
            id="the next due date of the same dates: the anchor stays",
        ),
        pytest.param(
            *("2027-01-05", "2027-03-10"),
            [(2, "2027-03-10"), (3, "2027-04-10"), (4, "2027-05-10")],
            id="another day of the month, given as the next due date",
        ),
        pytest.param(
            *("2027-01-05", "2027-01-10"),
            [(0, "2027-01-10"), (1, "2027-02-10"), (2, "2027-03-10")],
            id="another day of the month",
        ),
        pytest.param(
            *("2027-01-05", "2027-01-01"),
            [(0, "2027-01-01"), (1, "2027-02-01"), (2, "2027-03-01")],
            id="a few days earlier",
        ),
        pytest.param(
            *("2027-03-05", "2027-01-05"),
            [(-2, "2027-01-05"), (-1, "2027-02-05"), (0, "2027-03-05")],
            id="from earlier on",
        ),
        pytest.param(
            *("2027-01-31", "2027-02-28"),
            [(1, "2027-02-28"), (2, "2027-03-28"), (3, "2027-04-28")],
            id="the end of February is not the 31st",
        ),
    ],
)
def test_an_occurrence_keeps_its_number_when_a_bill_is_given_anew(
    known: str, new: str, expected: list[tuple[int, str]]
) -> None:
    before, after = (Recurrence(date.fromisoformat(day), 1, Unit.MONTH) for day in (known, new))
    assert numbered(after.in_place_of(before), min(known, new)) == expected


@pytest.mark.parametrize(
    ("every", "unit", "new", "number"),
    [
        (2, Unit.WEEK, "2027-01-18", 0),
        (2, Unit.WEEK, "2027-01-19", 1),  # as far from the one before as from the one after
        (2, Unit.WEEK, "2027-01-20", 1),
        (10, Unit.DAY, "2027-01-16", 0),
        (10, Unit.DAY, "2027-01-17", 1),
        (10, Unit.DAY, "2027-02-05", 2),
        (10, Unit.DAY, "2027-02-06", 3),
        (1, Unit.MONTH, "2027-02-25", 1),
        (1, Unit.MONTH, "2027-02-26", 2),
        (2, Unit.DAY, "2027-01-11", 0),
        (2, Unit.DAY, "2027-01-10", -1),
    ],
)
def test_a_date_between_two_takes_the_number_of_the_nearer_and_in_the_middle_of_the_later(
    every: int, unit: Unit, new: str, number: int
) -> None:
    known = Recurrence(date(2027, 1, 12), every, unit)
    moved = Recurrence(date.fromisoformat(new), every, unit).in_place_of(known, keep_anchor=False)
    assert moved.first_number == number


def test_another_step_goes_on_counting() -> None:
    monthly = Recurrence(date(2027, 1, 5), 1, Unit.MONTH)
    weekly = Recurrence(date(2027, 3, 1), 1, Unit.WEEK).in_place_of(monthly)
    assert numbered(weekly, "2027-01-01") == [
        (2, "2027-03-01"),
        (3, "2027-03-08"),
        (4, "2027-03-15"),
    ]
    once = Recurrence(date(2027, 1, 5))
    assert numbered(Recurrence(date(2027, 2, 5)).in_place_of(once), "2027-01-01") == [
        (0, "2027-02-05")
    ]


def test_a_new_end_is_taken_over() -> None:
    known = Recurrence(date(2027, 1, 5), 1, Unit.MONTH)
    shorter = Recurrence(date(2027, 2, 5), 1, Unit.MONTH, until=date(2027, 2, 28))
    assert numbered(shorter.in_place_of(known), "2027-01-01") == [
        (0, "2027-01-05"),
        (1, "2027-02-05"),
    ]


@given(
    st.dates(date(2024, 1, 1), date(2028, 12, 31)),
    st.integers(1, 40),
    st.sampled_from(Unit),
    st.integers(0, 30),
)
def test_the_same_dates_from_any_later_one_change_nothing(
    first: date, every: int, unit: Unit, later: int
) -> None:
    known = Recurrence(first, every, unit)
    day = known.due_on(later)
    assert day is not None
    again = Recurrence(day, every, unit).in_place_of(known)
    assert again.due_on(later) == day
    if again.first_due == first:
        assert again == known

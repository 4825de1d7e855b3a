"""Cards: a statement day and a due day, or days after the statement; and ends by count."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.enums import Kind
from bill_reminders.domain.recurrence import Recurrence, Unit
from tests.support.people import a_bill


def dates(recurrence: Recurrence, count: int) -> list[str]:
    found = (recurrence.due_on(recurrence.first_number + number) for number in range(count))
    return [str(day) for day in found]


@pytest.mark.parametrize(
    ("first_due", "days", "expected"),
    [
        # statements on the 31st of January, 28 February, 31 March: never from the one before
        ("2027-02-20", 20, ["2027-02-20", "2027-03-20", "2027-04-20", "2027-05-20"]),
        ("2027-02-10", 10, ["2027-02-10", "2027-03-10", "2027-04-10", "2027-05-10"]),
        # 29 February of a leap year is the anchor's own day
        ("2028-02-18", 20, ["2028-02-18", "2028-03-20", "2028-04-18", "2028-05-19"]),
    ],
)
def test_the_due_date_is_that_many_days_after_each_statement(
    first_due: str, days: int, expected: list[str]
) -> None:
    cycle = Recurrence(date.fromisoformat(first_due), 1, Unit.MONTH, after_statement=days)
    assert dates(cycle, 4) == expected


@pytest.mark.parametrize(
    ("due_on", "statement_day", "statement_on"),
    [
        ("2027-03-25", 5, "2027-03-05"),
        ("2027-03-05", 5, "2027-02-05"),
        ("2027-03-05", 31, "2027-02-28"),
        ("2028-03-05", 31, "2028-02-29"),
        ("2027-01-05", 20, "2026-12-20"),
        ("2027-05-31", 31, "2027-04-30"),
        ("2027-03-31", 30, "2027-03-30"),
    ],
)
def test_the_statement_is_the_last_one_before_the_due_date(
    due_on: str, statement_day: int, statement_on: str
) -> None:
    due = date.fromisoformat(due_on)
    card = a_bill(due_on=due, kind=Kind.CARD, statement_day=statement_day)
    assert card.statement_on(due) == date.fromisoformat(statement_on)


def test_an_amount_is_pending_until_its_statement() -> None:
    due = date(2027, 3, 25)
    card = a_bill(due_on=due, amount=None, statement_day=5)
    assert card.owed(0).statement_on == date(2027, 3, 5)
    assert card.owed(0).amount is None
    cycle = Recurrence(due, 1, Unit.MONTH, after_statement=20)
    assert a_bill(due_on=due, amount=None, recurrence=cycle).owed(1).statement_on == date(
        2027, 4, 5
    )


def test_a_count_ends_a_bill_and_the_earlier_end_wins() -> None:
    three = Recurrence(date(2027, 1, 31), 1, Unit.MONTH, count=3)
    assert dates(three, 4) == ["2027-01-31", "2027-02-28", "2027-03-31", "None"]
    assert dates(replace(three, until=date(2027, 2, 28)), 3)[2] == "None"


def test_a_count_goes_on_from_a_new_anchor() -> None:
    known = Recurrence(date(2027, 1, 15), 1, Unit.MONTH, count=12)
    # the file of March counts what is left
    again = Recurrence(date(2027, 3, 15), 1, Unit.MONTH, count=10).in_place_of(known)
    assert again == known
    terms = Recurrence(date(2027, 3, 15), 1, Unit.MONTH).in_place_of(known, keep_anchor=False)
    assert (terms.first_due, terms.first_number) == (date(2027, 3, 15), 2)


@given(
    st.dates(date(2026, 1, 1), date(2029, 12, 31)),
    st.integers(0, 60),
    st.integers(1, 6),
    st.booleans(),
    st.integers(0, 900),
)
def test_looking_from_any_day_finds_the_same_dates(
    first_due: date, after: int, every: int, last_day: bool, later: int
) -> None:
    cycle = Recurrence(first_due, every, Unit.MONTH, last_day, after_statement=after)
    day = first_due + timedelta(days=later)
    wanted = [(number, cycle.due_on(number)) for number in range(80)]
    expected = [(number, due) for number, due in wanted if due is not None and due >= day][:3]
    assert list(islice(cycle.from_day(day), 3)) == expected


@pytest.mark.parametrize(
    ("days", "dates_after"),
    [
        (1, ["2027-02-01", "2027-03-01", "2027-04-01", "2027-05-01"]),
        (25, ["2027-02-25", "2027-03-25", "2027-04-25", "2027-05-25"]),
        (56, ["2027-03-28", "2027-04-25", "2027-05-26", "2027-06-25"]),
    ],
)
def test_a_statement_on_the_31st_comes_back_to_the_31st(days: int, dates_after: list[str]) -> None:
    first = date(2027, 1, 31) + timedelta(days=days)
    card = a_bill(
        due_on=first, recurrence=Recurrence(first, 1, Unit.MONTH, after_statement=days), amount=None
    )
    assert dates(card.recurrence, 4) == dates_after
    statements = [card.owed(number).statement_on for number in range(4)]
    assert list(map(str, statements)) == ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]


def test_a_statement_in_february_follows_the_leap_years() -> None:
    first = date(2027, 3, 15)  # 15 days after the statement of the last of February
    card = Recurrence(first, 1, Unit.MONTH, last_day=True, after_statement=15)
    found = {due for _, due in islice(card.from_day(first), 25) if due.month == 3}
    assert sorted(map(str, found)) == ["2027-03-15", "2028-03-15", "2029-03-15"]
    assert a_bill(due_on=first, recurrence=card).statement_on(date(2028, 3, 15)) == date(
        2028, 2, 29
    )


def test_a_known_amount_waits_for_no_statement() -> None:
    assert a_bill(due_on=date(2027, 3, 25), statement_day=5).owed(0).statement_on is None


@given(
    st.dates(date(2026, 1, 1), date(2029, 12, 31)),
    st.integers(0, 60),
    st.integers(1, 6),
    st.sampled_from([None, *Unit]),
    st.none() | st.integers(1, 12),
    st.none() | st.integers(0, 900),
    st.integers(-100, 900),
)
def test_looking_from_any_day_ends_where_the_bill_ends(
    first_due: date,
    after: int,
    every: int,
    unit: Unit | None,
    count: int | None,
    lasts: int | None,
    later: int,
) -> None:
    until = None if lasts is None else first_due + timedelta(days=lasts)
    cycle = Recurrence(first_due, every, unit, until=until, count=count, after_statement=after)
    day = first_due + timedelta(days=later)
    wanted = [(number, cycle.due_on(number)) for number in range(1000)]
    expected = [(number, due) for number, due in wanted if due is not None and due >= day]
    assert list(islice(cycle.from_day(day), 5)) == expected[:5]


@given(
    st.dates(date(2026, 1, 1), date(2029, 12, 31)),
    st.integers(0, 30),
    st.integers(1, 24),
    st.integers(0, 12),
)
def test_a_file_that_counts_what_is_left_never_moves_the_end(
    first_due: date, after: int, count: int, gone: int
) -> None:
    known = Recurrence(first_due, 1, Unit.MONTH, count=count, after_statement=after)
    next_due = known.due_on(gone)
    if next_due is None:
        return
    given_anew = replace(known, first_due=next_due, count=count - gone).in_place_of(known)
    ends = [number for number in range(40) if given_anew.due_on(number) is not None]
    assert ends[-1] == count - 1
    assert given_anew.due_on(gone) == next_due

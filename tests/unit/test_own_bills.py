"""A user's own bills as a file: what is written reads back, and runs nowhere."""

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel, Kind, Label, Shift
from bill_reminders.domain.loans import Loan, Method, per_period
from bill_reminders.domain.local_time import DAY
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Payment
from bill_reminders.domain.people import Join, PlanChange
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.working_days import Place
from bill_reminders.files.bills import read_bills, read_own_bills
from bill_reminders.files.export import write_bills
from bill_reminders.files.legible import fault
from local.sample import BILLS
from tests.support.examples import examples
from tests.support.people import a_bill

TODAY = date(2027, 1, 1)
DUE = date(2027, 3, 31)


def back(*bills: Bill) -> list[Bill]:
    parsed = read_own_bills(write_bills(bills), "somebody")
    assert parsed.errors == ()
    return [row.bill(TODAY) for row in parsed.rows]


BILLS_OF_ALL_KINDS = [
    a_bill(due_on=DUE, amount=None),
    replace(
        a_bill(due_on=DUE, label=Label.BUSINESS, kind=Kind.CARD, statement_day=31),
        recurrence=Recurrence(DUE, 1, Unit.MONTH),
    ),
    a_bill(due_on=DUE, late_fee=Money(Decimal("35.00"), "USD"), late_apr=Decimal("18.25")),
    a_bill(due_on=DUE, amount=None, late_fee=Money(Decimal(0), "JPY"), late_apr=Decimal(1000)),
    a_bill(due_on=DUE, autopay=True, place=Place("GB", "SCT"), shift=Shift.PREVIOUS),
    *(
        replace(a_bill(due_on=DUE), recurrence=recurrence)
        for recurrence in (
            Recurrence(DUE, 1, Unit.MONTH),
            Recurrence(DUE, 2, Unit.WEEK, count=7),
            Recurrence(DUE, 1, Unit.MONTH, last_day=True, until=date(2030, 1, 1)),
            Recurrence(DUE, 1, Unit.MONTH, after_statement=20),
            Recurrence(DUE, 3, Unit.YEAR),
        )
    ),
    *(
        replace(
            a_bill(due_on=DUE, amount=None),
            recurrence=Recurrence(DUE, 1, Unit.MONTH),
            loan=Loan(Money(Decimal("12000.00"), "CNY"), rate, 12, method),
        )
        for method in Method
        for rate in (
            per_period(Decimal("0.042"), 12) if method is not Method.FLAT_FEE else Decimal("0.006"),
        )
    ),
]


@pytest.mark.parametrize("bill", BILLS_OF_ALL_KINDS)
def test_a_bill_reads_back_as_it_was(bill: Bill) -> None:
    assert back(bill) == [bill]


NAMES = st.one_of(
    st.text(
        st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cf", "Co", "Cn")), max_size=100
    ),
    st.text("'=+-@\" ,;a\u200f租🏠", max_size=12),
).map(str.strip)
DECIMALS = {"USD": 2, "JPY": 0, "KWD": 3}
DATES = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@st.composite
def names(draw: st.DrawFn) -> str:
    return draw(NAMES.filter(lambda name: fault(name) is None))


@st.composite
def recurrences(draw: st.DrawFn) -> Recurrence:
    unit = draw(st.sampled_from([None, *Unit]))
    first_due = draw(DATES)
    monthly = unit is Unit.MONTH
    return Recurrence(
        first_due,
        1 if unit is None else draw(st.integers(1, 1000)),
        unit,
        last_day=monthly and draw(st.booleans()),
        until=draw(st.none() | st.dates(first_due + 100 * DAY, date(2199, 12, 31))),
        count=draw(st.none() | st.integers(1, 1200)),
        after_statement=draw(st.integers(0, 60)) if monthly else 0,
    )


@st.composite
def plans(draw: st.DrawFn) -> PlanChange:
    channels = draw(st.none() | st.lists(st.sampled_from(Channel), min_size=1, unique=True))
    takes_part = st.just(())
    joins = st.tuples(st.none() | st.integers(0, 365))
    leads = draw(st.lists(takes_part | joins, min_size=3, max_size=3))
    pairs = zip(channels or (), leads, strict=False)
    return PlanChange(
        lead_days=draw(
            st.none() | st.lists(st.integers(0, 365), max_size=4, unique=True).map(tuple)
        ),
        overdue_days=draw(
            st.none() | st.lists(st.integers(1, 60), max_size=3, unique=True).map(tuple)
        ),
        remind_at=draw(st.none() | st.builds(time, st.integers(0, 23), st.integers(0, 59))),
        channels=None if channels is None else tuple(channels),
        joins=tuple(Join(channel, *days) for channel, days in pairs if days),
    )


@st.composite
def money(draw: st.DrawFn) -> Money:
    currency = draw(st.sampled_from(sorted(DECIMALS)))
    units = draw(st.integers(1, 10**12 - 1))
    return Money(Decimal(units).scaleb(-DECIMALS[currency]), currency)


def fees_in(currency: str) -> st.SearchStrategy[Money]:
    units = st.integers(0, 10**9)
    return units.map(lambda each: Money(Decimal(each).scaleb(-DECIMALS[currency]), currency))


@st.composite
def bills(draw: st.DrawFn) -> Bill:
    """A bill as a row can say it: with the terms of a loan there is neither amount nor count."""
    recurrence = draw(recurrences())
    amount, loan, statement_day = draw(st.none() | money()), None, None
    if recurrence.unit is Unit.MONTH and not recurrence.after_statement:
        statement_day = draw(st.none() | st.integers(1, 31))
    if recurrence.unit is not None and draw(st.booleans()):
        amount, recurrence = None, replace(recurrence, count=None)
        fee = Decimal(draw(st.integers(0, 10**12))).scaleb(-12)
        loan = Loan(draw(money()), fee, draw(st.integers(1, 1200)), Method.FLAT_FEE)
    known = amount if loan is None else loan.principal
    return a_bill(
        due_on=recurrence.first_due,
        biller=draw(names()),
        name=draw(names()),
        recurrence=recurrence,
        owed_from=draw(DATES),
        kind=draw(st.sampled_from(Kind)),
        label=draw(st.sampled_from(Label)),
        amount=amount,
        loan=loan,
        statement_day=statement_day,
        autopay=draw(st.booleans()),
        late_fee=draw(st.none() | fees_in(known.currency if known else "KWD")),
        late_apr=draw(st.none() | st.decimals(0, 1000, places=4)),
        plan_change=draw(plans()),
        place=draw(st.sampled_from([None, Place("US"), Place("GB", "SCT"), Place("TW")])),
        shift=draw(st.sampled_from(Shift)),
    )


@examples(100)
@given(bills())
def test_any_bill_reads_back_as_it_was(bill: Bill) -> None:
    assert back(bill) == [bill]


@examples(60)
@given(
    st.decimals(Decimal(0), Decimal(100), places=10),
    st.sampled_from([(Unit.MONTH, 1), (Unit.MONTH, 3), (Unit.WEEK, 2), (Unit.YEAR, 1)]),
)
def test_the_rate_of_a_loan_reads_back_to_the_last_digit(
    percent: Decimal, step: tuple[Unit, int]
) -> None:
    unit, every = step
    periods = {Unit.MONTH: 12, Unit.WEEK: 52, Unit.YEAR: 1}[unit] // every
    rate = per_period(percent / 100, periods)
    loan = Loan(Money(Decimal(1000), "USD"), rate, 12, Method.EQUAL_PRINCIPAL)
    bill = replace(
        a_bill(due_on=DUE, amount=None), recurrence=Recurrence(DUE, every, unit), loan=loan
    )
    assert back(bill) == [bill]


def test_the_samples_read_back_as_they_were() -> None:
    rows = read_bills(BILLS.read_text("utf-8")).rows
    bills = [replace(row.bill(TODAY), user_id="somebody", bill_id=str(row.row)) for row in rows]
    assert sorted(back(*bills), key=lambda bill: bill.bill_id) == sorted(
        bills, key=lambda bill: bill.bill_id
    )


@pytest.mark.parametrize("name", ["=1+1", "+49", "-x", "@sum", "'=1+1", "''=x", "'", "'plain"])
def test_a_name_that_looks_like_a_formula_is_harmless_and_reads_back(name: str) -> None:
    bill = a_bill(due_on=DUE, biller=name, name=name)
    (row,) = csv.DictReader(io.StringIO(write_bills([bill])))
    assert not {row["biller"][0], row["name"][0]} & set("=+-@")
    assert back(bill) == [bill]


def test_a_closed_bill_is_not_written() -> None:
    closed = a_bill(due_on=DUE, closed_at=datetime(2027, 1, 2, tzinfo=UTC))
    assert back(closed) == []


SMALL = "bill_id,biller,name,first_due\nrent,Oak Homes,Rent,2027-03-01\n"


def test_four_columns_are_enough() -> None:
    parsed = read_own_bills(SMALL, "somebody")
    assert parsed.errors == ()
    (bill,) = (row.bill(TODAY) for row in parsed.rows)
    assert (bill.user_id, bill.recurrence) == ("somebody", Recurrence(date(2027, 3, 1)))


@pytest.mark.parametrize("column", ["user_id", "owner"])
def test_a_file_cannot_name_another_user(column: str) -> None:
    parsed = read_own_bills(
        f"{column},bill_id,biller,name,first_due\nother,rent,Oak,Rent,2027-03-01\n", "somebody"
    )
    assert parsed.rows == ()
    assert [error.column for error in parsed.errors] == [column]


@pytest.mark.parametrize("missing", ["bill_id", "biller", "name", "first_due"])
def test_a_column_that_is_needed_is_asked_for(missing: str) -> None:
    parsed = read_own_bills(SMALL.replace(missing, "amount", 1), "somebody")
    assert missing in [error.column for error in parsed.errors]


def test_what_no_column_says_is_left_out() -> None:
    bill = replace(
        a_bill(due_on=DUE, payments=(Payment(0, datetime(2027, 1, 2, tzinfo=UTC)),)),
        recurrence=Recurrence(DUE, 1, Unit.MONTH, first_number=7),
    )
    assert back(bill) == [replace(bill, payments=(), recurrence=Recurrence(DUE, 1, Unit.MONTH))]


def test_bills_stand_in_the_order_of_their_ids_below_one_header() -> None:
    lines = write_bills([a_bill(bill_id=each, due_on=DUE) for each in "ba"]).split("\r\n")
    assert [line.split(",")[0] for line in lines] == ["bill_id", "a", "b", ""]


def test_the_file_without_bills_has_a_header_that_reads_back() -> None:
    assert back() == []


def test_the_same_bill_stands_in_a_file_once() -> None:
    parsed = read_own_bills(SMALL + "rent,Elm Homes,Rent,2027-04-01\n", "somebody")
    (error,) = parsed.errors
    assert (error.row, error.column) == (3, "bill_id")
    assert [row.biller for row in parsed.rows] == ["Oak Homes"]


@pytest.mark.parametrize(
    ("column", "cell", "named"),
    [
        ("amount", "5", ["currency"]),
        ("repeats", "now and then", ["repeats"]),
        ("until", "2027-02-01", ["until"]),
        ("due_after_statement", "20", ["due_after_statement"]),
        ("channels", "fax", ["channels"]),
        ("principal", "100", ["loan_method", "rate", "instalments", "currency", "repeats"]),
        ("subdivision", "SCT", ["country"]),
    ],
)
def test_what_is_wrong_in_an_own_file_is_named_with_row_and_column(
    column: str, cell: str, named: list[str]
) -> None:
    header, row = SMALL.splitlines()
    parsed = read_own_bills(f"{header},{column}\n{row},{cell}\n", "somebody")
    assert parsed.rows == ()
    assert [(error.row, error.column) for error in parsed.errors] == [(2, each) for each in named]


@pytest.mark.parametrize("name", ['"two\nlines"', '"two\r\nlines"', "two\u2028lines", "\u202edrac"])
def test_a_name_is_one_line_without_hidden_direction_marks(name: str) -> None:
    parsed = read_own_bills(SMALL.replace("Rent", name), "somebody")
    assert [(error.row, error.column) for error in parsed.errors] == [(2, "name")]


def test_the_longest_name_may_look_like_a_formula() -> None:
    bill = a_bill(due_on=DUE, name="=" * 100)
    assert back(bill) == [bill]


@pytest.mark.parametrize("name", ["'=1+1", "=1+1"])
def test_an_apostrophe_may_be_gone_after_a_spreadsheet_has_saved_the_file(name: str) -> None:
    (row,) = read_own_bills(SMALL.replace("Rent", name), "somebody").rows
    assert row.name == "=1+1"


def test_the_mark_that_a_spreadsheet_puts_before_a_file_is_no_part_of_it() -> None:
    assert read_own_bills("\ufeff" + SMALL, "somebody").errors == ()


@pytest.mark.parametrize("name", ["🏠 Rent", "دفعة", "房租, 水电", 'The "big" one'])
def test_any_script_emoji_commas_and_quotes_are_welcome(name: str) -> None:
    bill = a_bill(due_on=DUE, name=name)
    assert back(bill) == [bill]

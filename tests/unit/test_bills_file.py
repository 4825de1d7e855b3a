"""What bills.csv may hold, and what is said about a file that cannot be used."""

import csv
import io
from collections import Counter
from datetime import date, time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.enums import Channel, Shift
from bill_reminders.domain.money import Money
from bill_reminders.domain.people import NO_CHANGE, PlanChange
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.working_days import Place
from bill_reminders.files.bills import COLUMNS, OPTIONAL_COLUMNS, BillRow, read_bills
from bill_reminders.files.rows import RowError, decode
from bill_reminders.files.users import read_users

SAMPLES = Path(__file__).parents[2] / "samples"
TODAY = date(2027, 2, 15)

GOOD = {
    "bill_id": "card",
    "user_id": "harbor-01",
    "biller": "Bluefin Thimble Bank",
    "name": "Credit card",
    "amount": "96.40",
    "currency": "USD",
    "first_due": "2027-01-31",
    "repeats": "every month",
}
OTHER = {"bill_id": "rent"}


def bills_csv(*changes: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> str:
    """A file with a good row for each of `changes`, changed so."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    for change in changes or ({},):
        cells = GOOD | change
        writer.writerow([cells.get(column, "") for column in columns])
    return text.getvalue()


def the_row(change: dict[str, str]) -> BillRow:
    parsed = read_bills(bills_csv(change))
    assert parsed.errors == ()
    (row,) = parsed.rows
    return row


def the_error(text: str) -> RowError:
    (error,) = read_bills(text).errors
    return error


def test_a_row_becomes_a_bill() -> None:
    assert the_row({}) == BillRow(
        row=2,
        user_id="harbor-01",
        bill_id="card",
        biller="Bluefin Thimble Bank",
        name="Credit card",
        amount=Money(Decimal("96.40"), "USD"),
        recurrence=Recurrence(date(2027, 1, 31), every=1, unit=Unit.MONTH),
        owed_from=None,
        plan_change=NO_CHANGE,
        currency="USD",
    )


def test_a_bill_is_owed_from_the_day_it_is_entered() -> None:
    bill = the_row({}).bill(TODAY)

    assert bill.owed_from == TODAY
    assert (bill.user_id, bill.bill_id) == ("harbor-01", "card")
    assert (bill.payments, bill.closed_at) == ((), None)


def test_a_bill_entered_as_owed_keeps_its_date() -> None:
    bill = the_row({"owed_from": "2027-02-10"}).bill(TODAY)

    assert bill.owed_from == date(2027, 2, 10)


def test_a_bill_changes_what_its_cells_set() -> None:
    cells = {"lead_days": "30+7", "overdue_days": "none", "remind_at": "18:30", "channels": "push"}

    assert the_row(cells).plan_change == PlanChange(
        lead_days=(30, 7), overdue_days=(), remind_at=time(18, 30), channels=(Channel.PUSH,)
    )


@pytest.mark.parametrize(
    ("cell", "every", "unit", "last_day"),
    [
        ("once", 1, None, False),
        ("every day", 1, Unit.DAY, False),
        ("every 30 days", 30, Unit.DAY, False),
        ("every 2 weeks", 2, Unit.WEEK, False),
        ("every month", 1, Unit.MONTH, False),
        ("every 1 month", 1, Unit.MONTH, False),
        ("every 3 months", 3, Unit.MONTH, False),
        ("Every  Year", 1, Unit.YEAR, False),
        ("every 1000 years", 1000, Unit.YEAR, False),
        ("last day of every month", 1, Unit.MONTH, True),
        ("last day of every 2 months", 2, Unit.MONTH, True),
    ],
)
def test_repetitions(cell: str, every: int, unit: Unit | None, last_day: bool) -> None:
    recurrence = the_row({"repeats": cell}).recurrence

    assert (recurrence.every, recurrence.unit, recurrence.last_day) == (every, unit, last_day)


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("0.01", "USD"),
        ("28500", "TWD"),
        ("28500.5", "TWD"),
        ("48000", "JPY"),
        ("1.250", "KWD"),
        ("9999999999999", "CNY"),
        ("9999999999999.99", "EUR"),
    ],
)
def test_amounts(amount: str, currency: str) -> None:
    assert the_row({"amount": amount, "currency": currency}).amount == Money(
        Decimal(amount), currency
    )


@pytest.mark.parametrize("currency", ["", "HKD"])
def test_an_amount_may_be_unknown(currency: str) -> None:
    row = the_row({"amount": "", "currency": currency})
    assert (row.amount, row.currency, row.bill(TODAY).currency) == (None, *[currency or None] * 2)


@pytest.mark.parametrize(
    "name", ["信用卡还款", "房貸", "חשמל", "کارت‌اعتباری", "Rent 👩‍👩‍👧 🏠", "x" * 100]
)
def test_names_of_any_script(name: str) -> None:
    row = the_row({"name": name, "biller": name})

    assert (row.name, row.biller) == (name, name)


def test_until_may_be_the_first_due_date() -> None:
    recurrence = the_row({"until": "2027-01-31"}).recurrence

    assert recurrence.until == recurrence.due_on(0)
    assert recurrence.due_on(1) is None


@pytest.mark.parametrize(
    ("column", "cell", "remedy"),
    [
        ("bill_id", "", "fill it in"),
        ("bill_id", "card#1", "write 1 to 64 letters"),
        ("bill_id", "x" * 65, "write 1 to 64 letters"),
        ("user_id", "", "fill it in"),
        ("user_id", "harbor 01", "write 1 to 64 letters"),
        ("biller", "", "fill it in"),
        ("biller", "x" * 101, "write at most 100"),
        ("biller", "Bank\x00", "delete it"),
        ("name", "", "fill it in"),
        ("name", "Credit\ncard", "delete it"),
        ("name", "Credit\u2028card", "delete it"),
        ("name", "\u202edrac tiderC", "delete it"),
        ("name", "Credit \u2066card\u2069", "delete it"),
        ("amount", "0", "write what is to be paid"),
        ("amount", "-5", "write digits"),
        ("amount", "+5", "write digits"),
        ("amount", "1,250.00", "write digits"),
        ("amount", "$96.40", "write digits"),
        ("amount", "96,40", "write digits"),
        ("amount", "1e3", "write digits"),
        ("amount", "NaN", "write digits"),
        ("amount", "Infinity", "write digits"),
        ("amount", ".5", "write digits"),
        ("amount", "5.", "write digits"),
        ("amount", "٥", "write digits"),
        ("amount", "1.500", "write no more than that"),
        ("amount", "12345678901234", "write at most 13 digits before the point"),
        ("amount", "12345678901234.56", "write at most 13 digits before the point"),
        ("amount", "9" * 10000, "write at most 13 digits before the point"),
        ("currency", "", "write its ISO 4217 code"),
        ("currency", "RMB", "write its ISO 4217 code"),
        ("currency", "DEM", "write its ISO 4217 code"),
        ("currency", "$", "write its ISO 4217 code"),
        ("first_due", "", "fill it in"),
        ("first_due", "2027-02-30", "2027-02-30 is an impossible date: write YYYY-MM-DD"),
        ("first_due", "2027-13-01", "a day that exists"),
        ("first_due", "0000-01-01", "a day that exists"),
        ("first_due", "2026-02-29", "a day that exists"),
        ("first_due", "31/01/2027", "write it as YYYY-MM-DD"),
        ("first_due", "2027-1/31", "write it as YYYY-MM-DD"),
        ("first_due", "20270131", "write it as YYYY-MM-DD"),
        ("first_due", "2027-W04-7", "write it as YYYY-MM-DD"),
        ("first_due", "1969-12-31", "from 1970 to 2199"),
        ("first_due", "2200-01-01", "from 1970 to 2199"),
        ("repeats", "", "fill it in"),
        ("repeats", "monthly", "write once, every month"),
        ("repeats", "every", "write once, every month"),
        ("repeats", "every 1.5 months", "write once, every month"),
        ("repeats", "last day of month", "write once, every month"),
        ("repeats", "every 0 days", "write every 1 to 1000 days"),
        ("repeats", "every 1001 weeks", "write every 1 to 1000 weeks"),
        ("repeats", "last day of every week", "write last day of every month"),
        ("until", "2027-01-30", "write a later date"),
        ("until", "2027-02-30", "a day that exists"),
        ("owed_from", "yesterday", "write it as YYYY-MM-DD"),
        ("lead_days", "400", "write numbers from 0 to 365"),
        ("overdue_days", "0", "write numbers from 1 to 60"),
        ("remind_at", "25:00", "write HH:MM"),
        ("channels", "fax", "write sms, push and email"),
    ],
)
def test_a_bad_cell_is_named_with_its_remedy(column: str, cell: str, remedy: str) -> None:
    parsed = read_bills(bills_csv(OTHER, {column: cell}))

    (error,) = parsed.errors
    assert (error.row, error.column) == (3, column)
    assert remedy in error.problem
    assert [row.row for row in parsed.rows] == [2]


@pytest.mark.parametrize(
    ("cell", "currency"), [("100.00", "JPY"), ("5.5", "KRW"), ("5.005", "EUR")]
)
def test_an_amount_has_no_more_decimals_than_its_currency(cell: str, currency: str) -> None:
    error = the_error(bills_csv({"amount": cell, "currency": currency}))

    assert error.column == "amount"
    assert currency in error.problem
    assert cell not in error.problem


def test_a_bill_of_the_last_day_may_not_end_before_that_day() -> None:
    cells = {"first_due": "2027-01-10", "until": "2027-01-20"}

    assert the_error(bills_csv(cells | {"repeats": "last day of every month"})).column == "until"
    assert the_row(cells).recurrence.due_on(0) == date(2027, 1, 10)


def test_all_errors_of_a_row_are_reported() -> None:
    bad = {"biller": "", "amount": "x", "currency": "x", "first_due": "x", "repeats": "x"}

    errors = read_bills(bills_csv(bad)).errors

    assert {error.column for error in errors} == bad.keys()


def test_a_bill_stands_in_a_file_once_for_each_user() -> None:
    parsed = read_bills(bills_csv({}, {"user_id": "meadow-02"}, {"amount": "1"}))

    (error,) = parsed.errors
    assert (error.row, error.column) == (4, "bill_id")
    assert "row 2" in error.problem
    assert "give it another id" in error.problem
    assert [row.row for row in parsed.rows] == [2, 3]


def test_a_missing_column_is_named() -> None:
    without = tuple(column for column in COLUMNS if column != "until")

    error = the_error(bills_csv(columns=without))

    assert (error.row, error.column) == (1, "until")
    assert "add it" in error.problem


def test_the_sample_has_no_error() -> None:
    parsed = read_bills(decode((SAMPLES / "bills.csv").read_bytes()))

    assert parsed.errors == ()
    assert 32 <= len(parsed.rows) <= 40


def test_the_bills_of_the_sample_belong_to_its_users() -> None:
    users = {row.user.user_id for row in read_users((SAMPLES / "users.csv").read_text()).rows}

    bills = read_bills((SAMPLES / "bills.csv").read_text()).rows

    assert Counter(row.user_id for row in bills).keys() == users


ANY_CELL = st.one_of(
    st.text(max_size=30),
    st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", fullmatch=True),
    st.from_regex(r"(last day of )?every [0-9]{1,5} (day|week|month|year)s?", fullmatch=True),
    st.sampled_from([*GOOD.values(), "once", "JPY", "NaN", "1e999999999", '"', "9" * 400]),
)


@given(st.text())
def test_any_text_gives_errors_and_raises_nothing(text: str) -> None:
    parsed = read_bills(text)

    assert parsed.rows == ()
    assert parsed.errors


@given(st.lists(st.lists(ANY_CELL, min_size=len(COLUMNS), max_size=len(COLUMNS)), max_size=4))
def test_any_cells_raise_nothing(table: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([COLUMNS, *table])

    parsed = read_bills(text.getvalue())

    numbers = {row.row for row in parsed.rows} | {error.row for error in parsed.errors}
    assert numbers <= set(range(2, len(table) + 2))


@given(st.dictionaries(st.sampled_from(COLUMNS), ANY_CELL))
def test_a_row_is_good_or_has_errors(change: dict[str, str]) -> None:
    parsed = read_bills(bills_csv(change))

    assert bool(parsed.rows) != bool(parsed.errors)
    for row in parsed.rows:
        assert row.bill(TODAY).recurrence.due_on(0) is not None


@given(st.decimals(min_value=1000, max_value=10**18, places=4), st.sampled_from(COLUMNS))
def test_no_error_repeats_an_amount(amount: Decimal, column: str) -> None:
    for cell in (str(amount), f"{amount:,}", f"${amount}"):
        said = " ".join(map(str, read_bills(bills_csv({column: cell})).errors))
        assert cell not in said


@pytest.mark.parametrize(
    ("change", "place", "shift"),
    [
        ({}, None, Shift.NONE),
        ({"country": "gb", "if_not_working_day": "Next"}, Place("GB"), Shift.NEXT),
        ({"country": "GB", "subdivision": "sct"}, Place("GB", "SCT"), Shift.NONE),
        ({"if_not_working_day": "previous"}, None, Shift.PREVIOUS),
    ],
)
def test_a_biller_has_a_country_whose_holidays_count(
    change: dict[str, str], place: Place | None, shift: Shift
) -> None:
    row = the_row(change)
    assert (row.place, row.shift) == (place, shift)
    assert (row.bill(TODAY).place, row.bill(TODAY).shift) == (place, shift)


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"country": "Atlantis"}, "country"),
        ({"country": "ZZ"}, "country"),
        ({"subdivision": "SCT"}, "country"),
        ({"country": "GB", "subdivision": "TX"}, "subdivision"),
        ({"if_not_working_day": "sometimes"}, "if_not_working_day"),
    ],
)
def test_a_place_that_is_unknown_is_refused(change: dict[str, str], column: str) -> None:
    assert the_error(bills_csv(change)).column == column


def test_a_file_from_before_there_were_countries_goes_on_working() -> None:
    older = tuple(column for column in COLUMNS if column not in OPTIONAL_COLUMNS)
    parsed = read_bills(bills_csv(columns=older))
    assert parsed.errors == ()
    assert parsed.rows[0].place is None


@pytest.mark.parametrize(
    "card",
    [{"kind": "card"}, {"statement_day": "15"}, {"due_after_statement": "20"}],
    ids=["by its kind", "by its statement day", "by its days after the statement"],
)
def test_a_credit_of_a_card_leaves_nothing_to_pay_on_its_first_date_alone(
    card: dict[str, str],
) -> None:
    bill = the_row({"amount": "-12.00"} | card).bill(TODAY)
    assert bill.amount is None
    assert bill.currency == "USD"
    assert bill.owed(0).left == Money(Decimal(0), "USD")
    assert bill.is_closed(0)
    assert not bill.is_closed(1)


@pytest.mark.parametrize("amount", ["-0", "-0.00", "--5", "-", "-1.500", "- 5"])
def test_what_is_no_credit_of_a_card_is_refused(amount: str) -> None:
    error = the_error(bills_csv({"amount": amount, "kind": "card"}))
    assert error.column == "amount"

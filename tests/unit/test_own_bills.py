"""A user's own bills as a file: what is written reads back, and runs nowhere."""

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bill_reminders.domain.bills import Bill, Label
from bill_reminders.domain.loans import Loan, Method, per_period
from bill_reminders.domain.money import Money
from bill_reminders.domain.people import Channel, Join, Kind, PlanChange
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.working_days import Place, Shift
from bill_reminders.files.bills import read_bills, read_own_bills
from bill_reminders.files.export import write_bills
from local.sample import BILLS
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


PLANS = st.builds(
    PlanChange,
    lead_days=st.none() | st.lists(st.integers(0, 365), max_size=4, unique=True).map(tuple),
    overdue_days=st.none() | st.lists(st.integers(1, 60), max_size=3, unique=True).map(tuple),
    channels=st.just((Channel.PUSH, Channel.SMS)),
    joins=st.just((Join(Channel.SMS, 0),)),
)
NAMES = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cf", "Zs")), min_size=1, max_size=100
)


@settings(max_examples=60)
@given(
    NAMES,
    NAMES,
    PLANS,
    st.decimals(Decimal("0.01"), Decimal("9999999"), places=2),
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
)
def test_any_bill_reads_back_as_it_was(
    biller: str, name: str, plan: PlanChange, amount: Decimal, due_on: date
) -> None:
    bill = a_bill(
        due_on=due_on, biller=biller, name=name, plan_change=plan, amount=Money(amount, "USD")
    )
    assert back(bill) == [bill]


@settings(max_examples=60)
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
    bill = a_bill(due_on=DUE, name=name)
    (row,) = csv.DictReader(io.StringIO(write_bills([bill])))
    assert row["name"][0] not in "=+-@"
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


@pytest.mark.parametrize("name", ["🏠 Rent", "دفعة", "房租, 水电", 'The "big" one'])
def test_any_script_emoji_commas_and_quotes_are_welcome(name: str) -> None:
    bill = a_bill(due_on=DUE, name=name)
    assert back(bill) == [bill]

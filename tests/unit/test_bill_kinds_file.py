"""The columns of bills.csv for kinds of bills, cards, loans and autopay, and channels that join."""

from datetime import date
from decimal import Decimal

import pytest

from bill_reminders.domain.bills import Bill, Label
from bill_reminders.domain.loans import Method
from bill_reminders.domain.people import Channel, Join, Kind
from bill_reminders.files.bills import read_bills
from bill_reminders.files.rows import Parsed

ROW = {
    "bill_id": "bill",
    "user_id": "somebody",
    "biller": "Lantern Bank",
    "name": "Bill",
    "amount": "",
    "currency": "USD",
    "first_due": "2027-03-31",
    "repeats": "every month",
    "until": "",
    "owed_from": "",
    "lead_days": "",
    "overdue_days": "",
    "remind_at": "",
    "channels": "",
}
LOAN = {"loan_method": "equal_principal", "principal": "1200", "rate": "6", "instalments": "12"}


def parsed(cells: dict[str, str]) -> Parsed[object]:
    row = ROW | cells
    return read_bills(f"{','.join(row)}\n{','.join(row.values())}\n")  # type: ignore[return-value]


def the_bill(**cells: str) -> Bill:
    result = read_bills(f"{','.join(ROW | cells)}\n{','.join((ROW | cells).values())}\n")
    assert result.errors == ()
    return result.rows[0].bill(date(2027, 3, 1))


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_read(kind: Kind) -> None:
    assert the_bill(kind=kind.upper()).kind is kind


def test_a_file_that_knows_no_kinds_goes_on_working() -> None:
    bill = the_bill()
    assert (bill.kind, bill.label, bill.autopay, bill.loan) == (
        Kind.OTHER,
        Label.PERSONAL,
        False,
        None,
    )


def test_a_card_has_a_statement_day_or_days_after_it() -> None:
    assert the_bill(statement_day="5").statement_on(date(2027, 3, 31)) == date(2027, 3, 5)
    assert the_bill(due_after_statement="20").statement_on(date(2027, 3, 31)) == date(2027, 3, 11)


def test_label_autopay_and_count_are_read() -> None:
    bill = the_bill(label="business", autopay="yes", count="2")
    assert (bill.label, bill.autopay, bill.due_on(1), bill.due_on(2)) == (
        Label.BUSINESS,
        True,
        date(2027, 4, 30),
        None,
    )


@pytest.mark.parametrize(
    ("method", "rate", "repeats", "per_period"),
    [
        ("equal_instalment", "6", "every month", "0.005"),
        ("equal_principal", "6", "every 3 months", "0.015"),
        ("interest_only", "5.2", "every 2 weeks", "0.002"),
        ("interest_only", "5.2", "every year", "0.052"),
        ("flat_fee", "0.75", "every month", "0.0075"),
    ],
)
def test_a_rate_is_of_a_year_and_a_flat_fee_of_a_period(
    method: str, rate: str, repeats: str, per_period: str
) -> None:
    loan = the_bill(**LOAN | {"loan_method": method, "rate": rate}, repeats=repeats).loan
    assert loan is not None
    assert (loan.method, loan.rate) == (Method(method), Decimal(per_period))


def test_a_loan_says_its_amounts_and_ends_with_its_last_instalment() -> None:
    bill = the_bill(**LOAN)
    assert str(bill.owed(0).amount) == str(bill.owed(0).left)
    assert bill.owed(0).amount is not None
    assert bill.owed(0).amount.amount == Decimal("106.00")
    assert (bill.due_on(11), bill.due_on(12)) == (date(2028, 2, 29), None)


def test_a_channel_may_join_late() -> None:
    change = the_bill(channels="push+sms@0").plan_change
    assert change.channels == (Channel.PUSH, Channel.SMS)
    assert change.joins == (Join(Channel.SMS, 0),)


@pytest.mark.parametrize(
    ("cells", "column", "remedy"),
    [
        ({"kind": "toll"}, "kind", "write card, loan"),
        ({"label": "ours"}, "label", "write personal, business"),
        ({"autopay": "maybe"}, "autopay", "yes nor no"),
        ({"count": "0"}, "count", "from 1 to 1200"),
        ({"count": "1e3"}, "count", "digits alone"),
        ({"count": "²"}, "count", "digits alone"),
        ({"statement_day": "32"}, "statement_day", "from 1 to 31"),
        ({"due_after_statement": "61"}, "due_after_statement", "from 1 to 60"),
        ({"statement_day": "5", "repeats": "once"}, "statement_day", "write every month"),
        ({"statement_day": "5", "due_after_statement": "20"}, "statement_day", "keep one"),
        ({"principal": "1200"}, "loan_method", "or none"),
        (LOAN | {"loan_method": "balloon"}, "loan_method", "write equal_instalment"),
        (LOAN | {"rate": "6%"}, "rate", "write 4.2"),
        (LOAN | {"rate": "101"}, "rate", "more than 100%"),
        (LOAN | {"principal": "-5"}, "principal", "write digits"),
        (LOAN | {"principal": "0"}, "principal", "above zero"),
        (LOAN | {"principal": "1.005"}, "principal", "too many decimals"),
        (LOAN | {"instalments": "1201"}, "instalments", "from 1 to 1200"),
        (LOAN | {"amount": "5.00"}, "amount", "leave it empty"),
        (LOAN | {"count": "5"}, "count", "leave it empty"),
        (LOAN | {"currency": ""}, "currency", "ISO 4217"),
        (LOAN | {"repeats": "once"}, "repeats", "every month"),
        (LOAN | {"repeats": "every 5 months"}, "repeats", "divides"),
        (LOAN | {"repeats": "every 10 days"}, "repeats", "divides"),
        ({"channels": "sms@"}, "channels", "lead day"),
        ({"channels": "sms@400"}, "channels", "0 to 365"),
        ({"channels": "sms@0+sms"}, "channels", "twice"),
    ],
)
def test_a_bad_cell_is_named_with_its_remedy(
    cells: dict[str, str], column: str, remedy: str
) -> None:
    result = parsed(cells)
    assert result.rows == ()
    assert [error for error in result.errors if error.column == column]
    assert any(remedy in error.problem for error in result.errors if error.column == column)

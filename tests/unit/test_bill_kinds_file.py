"""The columns of bills.csv for kinds of bills, cards, loans, autopay and what lateness costs, and
channels that join."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel, Kind, Label
from bill_reminders.domain.loans import Method
from bill_reminders.domain.money import Money
from bill_reminders.domain.people import Join
from bill_reminders.files.bills import OPTIONAL_COLUMNS, BillRow, read_bills
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
BANKS = {
    "loan_method": "equal_instalment",
    "principal": "1200",
    "rate": "6",
    "instalments": "12",
}
LOAN = {"loan_method": "equal_principal", "principal": "1200", "rate": "6", "instalments": "12"}


def parsed(cells: dict[str, str]) -> Parsed[BillRow]:
    row = ROW | cells
    return read_bills(f"{','.join(row)}\n{','.join(row.values())}\n")


def the_bill(**cells: str) -> Bill:
    result = parsed(cells)
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


@pytest.mark.parametrize("after", ["1", "20", "60"])
def test_days_after_a_statement_leave_the_first_due_date_as_it_is(after: str) -> None:
    assert the_bill(due_after_statement=after).due_on(0) == date(2027, 3, 31)


def test_a_statement_may_come_on_the_last_day_of_every_month() -> None:
    bill = the_bill(
        first_due="2027-03-20", repeats="last day of every month", due_after_statement="20"
    )
    assert [bill.due_on(number) for number in range(3)] == [
        date(2027, 3, 20),
        date(2027, 4, 20),
        date(2027, 5, 20),
    ]


@pytest.mark.parametrize(
    ("count", "until", "last"),
    [("1", "", 0), ("3", "", 2), ("3", "2027-04-30", 1), ("2", "2027-12-31", 1)],
)
def test_a_bill_ends_with_its_count_or_its_last_date(count: str, until: str, last: int) -> None:
    bill = the_bill(count=count, until=until)
    assert bill.due_on(last) is not None
    assert bill.due_on(last + 1) is None


@pytest.mark.parametrize("cell", ["no", "No", ""])
def test_a_bill_is_not_paid_by_itself_unless_it_says_so(cell: str) -> None:
    assert not the_bill(autopay=cell).autopay


def test_label_autopay_and_count_are_read() -> None:
    bill = the_bill(label="business", autopay="yes", count="2")
    assert (bill.label, bill.autopay, bill.due_on(1), bill.due_on(2)) == (
        Label.BUSINESS,
        True,
        date(2027, 4, 30),
        None,
    )


@pytest.mark.parametrize(
    ("fee", "apr"), [("35.00", "18.25"), ("0", "0"), ("", "1000"), ("", "0.0001"), ("5", "")]
)
def test_what_it_costs_to_be_late_is_read(fee: str, apr: str) -> None:
    bill = the_bill(late_fee=fee, late_apr=apr)
    assert bill.late_fee == (Money(Decimal(fee), "USD") if fee else None)
    assert bill.late_apr == (Decimal(apr) if apr else None)


@pytest.mark.parametrize(
    ("method", "rate", "repeats", "per_period"),
    [
        ("equal_instalment", "6", "every month", "0.005"),
        ("equal_principal", "6", "every 3 months", "0.015"),
        ("interest_only", "5.2", "every 2 weeks", "0.002"),
        ("interest_only", "5.2", "every year", "0.052"),
        ("equal_instalment", "6", "every 12 months", "0.06"),
        ("equal_instalment", "5.2", "every week", "0.001"),
        ("equal_instalment", "6", "last day of every month", "0.005"),
        ("equal_principal", "0", "every month", "0"),
        ("flat_fee", "0.75", "every month", "0.0075"),
        ("flat_fee", "0.75", "every 10 days", "0.0075"),
        ("flat_fee", "0.75", "every 5 months", "0.0075"),
    ],
)
def test_a_rate_is_of_a_year_and_a_flat_fee_of_a_period(
    method: str, rate: str, repeats: str, per_period: str
) -> None:
    loan = the_bill(**LOAN | {"loan_method": method, "rate": rate}, repeats=repeats).loan
    assert loan is not None
    assert (loan.method, loan.rate) == (Method(method), Decimal(per_period))


@pytest.mark.parametrize(
    ("cell", "changes"),
    [
        ("4.5 after 3", [(3, "0.00375")]),
        ("4.5 after 3; 3 after 11", [(3, "0.00375"), (11, "0.0025")]),
        (" 3  AFTER 11 ;4.50 after 3", [(3, "0.00375"), (11, "0.0025")]),
        ("0 after 0", [(0, "0")]),
    ],
)
def test_a_loan_may_have_rates_that_came_later(cell: str, changes: list[tuple[int, str]]) -> None:
    loan = the_bill(**LOAN, rate_changes=cell).loan
    assert loan is not None
    assert [(each.after, each.rate) for each in loan.rate_changes] == [
        (after, Decimal(rate)) for after, rate in changes
    ]


@pytest.mark.parametrize(
    ("repeats", "regular"),
    [
        ("every month", 30),
        ("last day of every month", 30),
        ("every 3 months", 90),
        ("every 2 weeks", 14),
        ("every year", 360),
    ],
)
def test_a_first_period_of_odd_length_counts_by_the_days_of_a_regular_one(
    repeats: str, regular: int
) -> None:
    loan = the_bill(**LOAN, repeats=repeats, first_period_days="46").loan
    assert loan is not None
    assert (loan.first_period_days, loan.period_days) == (46, regular)


def test_a_loan_says_its_amounts_and_ends_with_its_last_instalment() -> None:
    bill = the_bill(**LOAN)
    assert str(bill.owed(0).amount) == str(bill.owed(0).left)
    assert bill.owed(0).amount is not None
    assert bill.owed(0).amount.amount == Decimal("106.00")
    assert (bill.due_on(11), bill.due_on(12)) == (date(2028, 2, 29), None)


@pytest.mark.parametrize(
    ("cell", "channels", "joins"),
    [
        ("push+sms", (Channel.PUSH, Channel.SMS), ()),
        ("push+sms@0", (Channel.PUSH, Channel.SMS), (Join(Channel.SMS, 0),)),
        (
            "Push + SMS @ 1 + email@365",
            (Channel.PUSH, Channel.SMS, Channel.EMAIL),
            (Join(Channel.SMS, 1), Join(Channel.EMAIL, 365)),
        ),
    ],
)
def test_a_channel_may_join_late(
    cell: str, channels: tuple[Channel, ...], joins: tuple[Join, ...]
) -> None:
    change = the_bill(channels=cell).plan_change
    assert (change.channels, change.joins) == (channels, joins)


@pytest.mark.parametrize(
    ("cells", "column", "remedy"),
    [
        ({"kind": "toll"}, "kind", "write card, loan"),
        ({"label": "ours"}, "label", "write personal, business"),
        ({"autopay": "maybe"}, "autopay", "yes nor no"),
        ({"count": "0"}, "count", "from 1 to 1200"),
        ({"count": "1e3"}, "count", "digits alone"),
        ({"count": "²"}, "count", "digits alone"),
        ({"count": "1201"}, "count", "from 1 to 1200"),
        ({"count": "0000000019999"}, "count", "from 1 to 1200"),
        ({"count": "0" * 9 + "9" * 5000}, "count", "from 1 to 1200"),
        ({"statement_day": "0"}, "statement_day", "from 1 to 31"),
        ({"statement_day": "32"}, "statement_day", "from 1 to 31"),
        ({"due_after_statement": "61"}, "due_after_statement", "from 1 to 60"),
        ({"due_after_statement": "0"}, "due_after_statement", "from 1 to 60"),
        ({"statement_day": "5", "repeats": "once"}, "statement_day", "write every month"),
        ({"statement_day": "5", "repeats": "every year"}, "statement_day", "write every month"),
        (
            {"due_after_statement": "5", "repeats": "every 4 weeks"},
            "due_after_statement",
            "write every month",
        ),
        ({"statement_day": "5", "due_after_statement": "20"}, "statement_day", "keep one"),
        ({"late_fee": "35.00", "currency": ""}, "currency", "ISO 4217"),
        ({"late_fee": "35.005"}, "late_fee", "write no more than that; 0 for no fee"),
        ({"late_fee": "5%"}, "late_fee", "write digits"),
        ({"late_fee": "-1"}, "late_fee", "leave it empty"),
        ({"late_fee": "9" * 14}, "late_fee", "at most 13 digits before the point"),
        ({"late_apr": "18.25%"}, "late_apr", "write 18.25 for 18.25%"),
        ({"late_apr": "1000.0001"}, "late_apr", "from 0 to 1000"),
        ({"late_apr": "18.25001"}, "late_apr", "at most 4 decimals"),
        ({"late_apr": "-1"}, "late_apr", "leave it empty"),
        ({"late_apr": "1e2"}, "late_apr", "write 18.25"),
        ({"late_apr": "٣"}, "late_apr", "write 18.25"),
        ({"principal": "1200"}, "loan_method", "or none"),
        (LOAN | {"principal": ""}, "principal", "or none"),
        (LOAN | {"rate": ""}, "rate", "or none"),
        (LOAN | {"instalments": ""}, "instalments", "or none"),
        (LOAN | {"loan_method": "balloon"}, "loan_method", "write equal_instalment"),
        (LOAN | {"rate": "6%"}, "rate", "write 4.2"),
        (LOAN | {"rate": "-1"}, "rate", "write 4.2"),
        (LOAN | {"rate": "4 2"}, "rate", "write 4.2"),
        (LOAN | {"rate": "101"}, "rate", "more than 100%"),
        (LOAN | {"principal": "-5"}, "principal", "write digits"),
        (LOAN | {"principal": "0"}, "principal", "above zero"),
        (LOAN | {"principal": "1.005"}, "principal", "too many decimals"),
        (LOAN | {"principal": "1.500"}, "principal", "write no more than that"),
        (LOAN | {"principal": "9" * 14}, "principal", "write at most 13 digits"),
        (LOAN | {"principal": "1200.5", "currency": "JPY"}, "principal", "JPY has 0"),
        (LOAN | {"instalments": "0"}, "instalments", "from 1 to 1200"),
        (LOAN | {"instalments": "1201"}, "instalments", "from 1 to 1200"),
        (LOAN | {"rate_changes": "4.5"}, "rate_changes", "write 4.5 after 3"),
        (LOAN | {"rate_changes": "4.5 after 3 4 after 5"}, "rate_changes", "a semicolon"),
        (LOAN | {"rate_changes": "4.5 after 3;"}, "rate_changes", "write 4.5 after 3"),
        (LOAN | {"rate_changes": "4.5% after 3"}, "rate_changes", "write 4.5 after 3"),
        (LOAN | {"rate_changes": "4..5 after 3"}, "rate_changes", "write 4.2"),
        (LOAN | {"rate_changes": "101 after 3"}, "rate_changes", "more than 100%"),
        (LOAN | {"rate_changes": "4.5 after 12"}, "rate_changes", "fewer than there are"),
        (LOAN | {"rate_changes": "4 after 3; 5 after 3"}, "rate_changes", "list each once"),
        ({"rate_changes": "4.5 after 3"}, "principal", "or none"),
        (BANKS | {"rate_changes": "4 after 3 at x"}, "rate_changes", "at 5065.74"),
        (BANKS | {"rate_changes": "4 after 3 at 1.5.0"}, "rate_changes", "write digits"),
        (BANKS | {"rate_changes": "4 after 3 at 0"}, "rate_changes", "not above zero"),
        (LOAN | {"rate_changes": "4 after 3 at 100"}, "rate_changes", "leave it empty"),
        (BANKS | {"stated_instalment": "x"}, "stated_instalment", "write digits"),
        (BANKS | {"stated_instalment": "0"}, "stated_instalment", "not above zero"),
        (BANKS | {"stated_instalment": "5.99"}, "stated_instalment", "cover the interest"),
        (BANKS | {"stated_instalment": "200"}, "stated_instalment", "write 7 instalments"),
        (BANKS | {"stated_instalment": "103.285"}, "stated_instalment", "too many decimals"),
        (LOAN | {"stated_instalment": "103.28"}, "stated_instalment", "leave it empty"),
        ({"stated_instalment": "103.28"}, "principal", "or none"),
        ({"first_period_days": "46"}, "principal", "or none"),
        (LOAN | {"first_period_days": "0"}, "first_period_days", "write 46"),
        (LOAN | {"first_period_days": "-46"}, "first_period_days", "write 46"),
        (LOAN | {"first_period_days": "1000"}, "first_period_days", "write 46"),
        (
            LOAN | {"loan_method": "flat_fee", "first_period_days": "46"},
            "first_period_days",
            "leave it empty",
        ),
        (LOAN | {"amount": "5.00"}, "amount", "leave it empty"),
        (LOAN | {"count": "5"}, "count", "leave it empty"),
        (LOAN | {"currency": ""}, "currency", "ISO 4217"),
        (LOAN | {"repeats": "once"}, "repeats", "every month"),
        (LOAN | {"repeats": "every 5 months"}, "repeats", "divides"),
        (LOAN | {"repeats": "every 3 weeks"}, "repeats", "divides"),
        (LOAN | {"repeats": "every 24 months"}, "repeats", "divides"),
        (LOAN | {"repeats": "every 2 years"}, "repeats", "divides"),
        (LOAN | {"repeats": "every 10 days"}, "repeats", "divides"),
        (LOAN | {"loan_method": "flat_fee", "repeats": "once"}, "repeats", "every month"),
        ({"channels": "sms@"}, "channels", "lead day"),
        ({"channels": "sms@400"}, "channels", "0 to 365"),
        ({"channels": "sms@-1"}, "channels", "lead day"),
        ({"channels": "sms@0@1"}, "channels", "lead day"),
        ({"channels": "sms@٣"}, "channels", "lead day"),
        ({"channels": "@0"}, "channels", "write sms, push and email"),
        ({"channels": "sms@0+sms"}, "channels", "twice"),
    ],
)
def test_a_bad_cell_is_named_with_its_remedy(
    cells: dict[str, str], column: str, remedy: str
) -> None:
    result = parsed(cells)
    assert result.rows == ()
    assert any(remedy in error.problem for error in result.errors if error.column == column)


def test_all_bad_terms_of_a_loan_are_reported() -> None:
    bad = {"loan_method": "x", "principal": "x", "rate": "x", "instalments": "x"}
    also = {"repeats": "once", "amount": "5.00", "count": "5"}
    assert {error.column for error in parsed(bad | also).errors} == {*bad, *also}


LIKELY = st.sampled_from([*Kind, *Label, *Method, "yes", "0", "1", "5", "20", "31", "1200", "6.5"])
CELLS = st.fixed_dictionaries(
    {},
    optional={
        "repeats": st.sampled_from(
            ["once", "every month", "every 2 weeks", "every year", "last day of every month"]
        ),
        "amount": st.sampled_from(["", "5.00"]),
        "channels": st.from_regex(r"(sms|push)(@[0-9]{1,4})?\+email@?[0-9]?", fullmatch=True),
        **dict.fromkeys(OPTIONAL_COLUMNS, LIKELY | st.from_regex(r"[0-9.]{0,12}", fullmatch=True)),
    },
)


@given(st.sampled_from([{}, LOAN]), CELLS)
def test_cells_give_a_bill_or_errors_and_raise_nothing(
    loan: dict[str, str], cells: dict[str, str]
) -> None:
    result = parsed(loan | cells)
    assert bool(result.rows) != bool(result.errors)
    for row in result.rows:
        bill = row.bill(date(2027, 3, 1))
        assert bill.loan is None or bill.amount is None
        assert bill.recurrence.due_on(0) is not None

"""The table of a bill's fields: whoever adds one is told where it was forgotten."""

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from bill_reminders.api.bills import (
    BillChange,
    BillFields,
    BillSummary,
    LoanTerms,
    Repeats,
    fields_view,
    read_change,
    read_fields,
)
from bill_reminders.api.plans import PlanFields
from bill_reminders.api.terms import TermsFields, TermsView
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel, Kind, Label, Shift
from bill_reminders.domain.loans import Loan, Method, RateChange, per_period
from bill_reminders.domain.money import Money
from bill_reminders.domain.people import PlanChange
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.terms import VALUES
from bill_reminders.domain.working_days import Place
from bill_reminders.files import bill_fields
from bill_reminders.files.bill_fields import COMPOSED, FIELDS, BillRow
from bill_reminders.files.bills import (
    COLUMNS,
    OPTIONAL_COLUMNS,
    OWN_COLUMNS,
    OWN_NEEDED,
    read_own_bills,
)
from bill_reminders.files.export import write_bills
from bill_reminders.files.rows import Row
from bill_reminders.storage.rows import bill_from, bill_item
from bill_reminders.storage.tables import BillItem
from tests.support.people import a_bill

DOCUMENT = Path(__file__).parents[2] / "docs" / "files.md"
TODAY = date(2027, 3, 1)
DUE = date(2027, 3, 5)

WHOSE = {"user_id", "bill_id"}
HAPPENED = {
    *("statements", "payments", "snoozes", "failed_debits", "reopened", "closed_at", "mute"),
    *("heard", "settled", "overrides", "version"),
    *("loan_first", "terms_from", "terms_begin", "earlier_terms", "later_terms", "kept"),
}
"""What a bill keeps of what happened to it, which nobody enters as a field."""

OBJECTS: dict[str, type[BaseModel]] = {"repeats": Repeats, "loan": LoanTerms, "plan": PlanFields}

NAMES = [each.name for each in FIELDS]


def test_the_table_json_and_files_name_the_same_fields() -> None:
    assert list(BillFields.model_fields) == NAMES
    assert list(BillChange.model_fields) == NAMES
    assert set(NAMES) <= BillSummary.model_fields.keys()
    assert ("bill_id", "user_id", "from", *bill_fields.COLUMNS) == COLUMNS
    assert ("bill_id", "from", *bill_fields.COLUMNS) == OWN_COLUMNS
    assert len(set(COLUMNS)) == len(COLUMNS)


def test_terms_in_json_have_every_field_that_terms_say() -> None:
    roots = {each.attribute.partition(".")[0] for each in bill_fields.OF_TERMS}
    assert roots == {*VALUES} - {"loan_first"}
    names = {each.name for each in bill_fields.OF_TERMS}
    assert TermsFields.model_fields.keys() == names | {"since"}
    assert TermsView.model_fields.keys() == names | {"since", "first", "begins", "in_force"}


@pytest.mark.parametrize("name", OBJECTS)
def test_what_is_an_object_in_json_has_a_cell_for_each_of_its_names(name: str) -> None:
    field = next(each for each in FIELDS if each.name == name)
    if name == "repeats":  # one cell says all
        assert list(field.columns) == ["repeats"]
    else:
        assert list(field.columns.values()) == [
            f"{name}.{each}" for each in OBJECTS[name].model_fields
        ]


def test_whatever_a_bill_is_has_a_field_or_happened_to_it() -> None:
    entered = {each.attribute.partition(".")[0] for each in FIELDS}
    assert {each.name for each in fields(Bill)} == entered | HAPPENED | WHOSE
    assert {each.name for each in fields(BillRow)} == entered | WHOSE | {"row", "since"}


@pytest.mark.parametrize(
    ("kind", "root", "elsewhere"),
    [
        (Recurrence, "recurrence", {"every", "last_day", "first_number", "earlier", "taken"}),
        (Place, "place", set()),
    ],
)
def test_what_several_fields_make_has_them_all(kind: Any, root: str, elsewhere: set[str]) -> None:
    inside = {
        each.attribute.partition(".")[2] for each in FIELDS if each.attribute.startswith(root)
    }
    assert root in COMPOSED
    assert {each.name for each in fields(kind)} == inside | elsewhere


def documented() -> Iterator[str]:
    """The columns that the document has in its table of bills.csv."""
    section = DOCUMENT.read_text("utf-8").partition("## bills.csv")[2].partition("\n## ")[0]
    for line in section.splitlines():
        if line.startswith("| `"):
            yield from re.findall("`([a-z_]+)`", line.split("|")[1])


def test_the_document_tells_of_every_column() -> None:
    assert sorted(documented()) == sorted(COLUMNS)


def test_the_document_says_what_an_own_file_needs() -> None:
    text = DOCUMENT.read_text("utf-8").replace("\n", " ")
    (said,) = re.findall("; only ([^;]+?) are needed", text)
    assert tuple(re.findall("`([a-z_]+)`", said)) == OWN_NEEDED


def test_a_column_that_was_always_there_may_not_be_left_out() -> None:
    newer = {column for each in FIELDS if each.newer for column in each.columns}
    assert set(OPTIONAL_COLUMNS) == newer | {"from"}
    assert not {"biller", "amount", "repeats", "lead_days"} & {*OPTIONAL_COLUMNS}


# With all that a field can say --------------------------------------------------------------------

CARD = a_bill(
    due_on=DUE,
    biller="Bluefin Thimble Bank",
    name="Black card",
    recurrence=Recurrence(DUE, 2, Unit.MONTH, until=date(2029, 1, 1), count=9),
    owed_from=date(2027, 1, 31),
    kind=Kind.CARD,
    label=Label.BUSINESS,
    amount=Money(Decimal("120.50"), "USD"),
    statement_day=15,
    autopay=True,
    late_fee=Money(Decimal("35.00"), "USD"),
    late_apr=Decimal("18.25"),
    plan_change=PlanChange((7, 1), (2,), time(8, 30), (Channel.EMAIL,)),
    place=Place("GB", "SCT"),
    shift=Shift.NEXT,
    pay_link="https://pay.example.com/card?ref=7",
    reference="INV 7",
    note="From the joint account",
)
AFTER_STATEMENT = replace(
    CARD, statement_day=None, recurrence=replace(CARD.recurrence, after_statement=20)
)
LOAN = replace(
    CARD,
    kind=Kind.LOAN,
    amount=None,
    statement_day=None,
    recurrence=Recurrence(DUE, 1, Unit.MONTH),
    loan=Loan(
        Money(Decimal("12000.00"), "USD"),
        per_period(Decimal("0.042"), 12),
        12,
        Method.EQUAL_PRINCIPAL,
        rate_changes=(
            RateChange(3, per_period(Decimal("0.045"), 12)),
            RateChange(9, per_period(Decimal("0.0399"), 12)),
        ),
    ),
)
STATED = replace(
    LOAN,
    loan=replace(
        LOAN.loan,
        method=Method.EQUAL_INSTALMENT,
        stated_instalment=Decimal("1022.90"),
        first_period_days=46,
        rate_changes=(RateChange(3, per_period(Decimal("0.045"), 12), Decimal("1024.11")),),
    ),
)
FULL = (CARD, AFTER_STATEMENT, LOAN, STATED)
PLAIN = a_bill(due_on=date(2027, 9, 9), amount=None, owed_from=TODAY)


def test_between_them_they_say_something_in_every_field() -> None:
    for each in FIELDS:
        assert any(each.view(bill) != each.view(PLAIN) for bill in FULL), each.name
        assert any(each.write(bill) != each.write(PLAIN) for bill in FULL), each.name


def in_json(bill: Bill) -> Bill:
    fields = BillFields.model_validate(fields_view(bill).model_dump())
    return read_fields(fields, user_id=bill.user_id, bill_id=bill.bill_id).bill(TODAY)


def in_a_change(bill: Bill) -> Bill:
    """Every field of it as a change of another bill."""
    change = BillChange.model_validate(fields_view(bill).model_dump())
    return read_change(replace(PLAIN, bill_id=bill.bill_id), change).bill(TODAY)


def in_a_file(bill: Bill) -> Bill:
    (row,) = read_own_bills(write_bills([bill]), bill.user_id).rows
    return row.bill(TODAY)


def in_the_table(bill: Bill) -> Bill:
    item = BillItem()
    item.deserialize(bill_item(bill).serialize())
    return bill_from(item)


@pytest.mark.parametrize("through", [in_json, in_a_change, in_a_file, in_the_table])
@pytest.mark.parametrize("bill", FULL)
def test_no_field_is_lost_on_its_way(through: Any, bill: Bill) -> None:
    again = through(bill)
    for each in FIELDS:
        assert each.value(again) == each.value(bill), each.name
    assert again == bill


def test_a_loan_without_later_terms_is_stored_as_it_always_was() -> None:
    plain = replace(LOAN, loan=replace(LOAN.loan, rate_changes=()))
    stored = bill_item(plain).serialize()
    assert stored["loan"]["M"].keys() == {"principal", "currency", "rate", "instalments", "method"}
    assert in_the_table(plain) == plain


@pytest.mark.parametrize("bill", FULL)
@pytest.mark.parametrize("field", FIELDS, ids=NAMES)
def test_json_and_cells_say_the_same(field: bill_fields.BillField, bill: Bill) -> None:
    said, cells = field.cells(field.view(bill)), field.write(bill)
    assert {**said} == {name: cell for name, cell in cells.items() if cell}


def test_a_change_leaves_every_field_that_it_does_not_name() -> None:
    for bill in FULL:
        changed = read_change(bill, BillChange.model_validate({"label": "personal"})).bill(TODAY)
        assert changed == replace(bill, label=Label.PERSONAL)


def test_what_stays_is_not_read_again() -> None:
    kept = {"biller": "https://old.example", "name": "Old", "plan": PlanChange((900,))}
    cells = {"user_id": "somebody", "bill_id": "bill", "first_due": "2027-03-05", "repeats": "once"}
    row = Row(0, cells)
    bill = bill_fields.read_row(row, "somebody", "bill", kept=kept)
    assert row.errors == [] and bill is not None
    assert (bill.biller, bill.name, bill.plan_change) == tuple(kept.values())

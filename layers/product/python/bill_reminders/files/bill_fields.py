"""A bill's fields, in one table: what each is called and where it is kept, how its cells are read
(with the remedy for what cannot be) and written, and how JSON says it.

The columns of files, the export, and the bridge between JSON and cells come from FIELDS. What is
entered as JSON becomes cells first, so that one set of rules reads both.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import Any

from bill_reminders.domain import terms
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Kind, Label, Shift
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.loans import Loan
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Statement
from bill_reminders.domain.people import NO_CHANGE, PlanChange
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.working_days import Place, check_place
from bill_reminders.files import bill_cells, loans, plans
from bill_reminders.files.cells import (
    count,
    day,
    days_after,
    line_of,
    month_day,
    one_of,
    words,
    yes_or_no,
)
from bill_reminders.files.money import currency, percent_text, plain
from bill_reminders.files.rows import Row, RowError
from bill_reminders.files.web_addresses import web_address

SINCE = "from"
"""The column that says since when a row's terms hold."""

LONGEST_REFERENCE = 35
"""Characters: what banks carry in a structured one."""

LONGEST_NOTE = 200
"""Characters."""

type Cells = Mapping[str, str]
"""By column; one that is missing is empty."""

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Reading:
    """The values of a row by field, each read once and when it is first asked for: one may need
    another. `typed` makes of a cell what people typed; what is `kept` is not read."""

    def __init__(self, row: Row, typed: Callable[[str], str], kept: Mapping[str, Any]) -> None:
        self.row = row
        self.typed = typed
        self._values = dict(kept)

    def __getitem__(self, name: str) -> Any:
        """A field's value, or one that several fields make (see COMPOSED); None when there is none,
        or once an error is noted."""
        if name not in self._values:
            self._values[name] = _READERS[name](self)
        return self._values[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class BillField:
    """A field of a bill.

    `name` is what JSON calls it, `columns` what files call it, each with its path in JSON.
    `attribute` is where a Bill keeps it. `read` makes its value of a row, `write` its cells of a
    bill, `view` what JSON says of a bill (text, numbers, yes or no, lists and maps of these), and
    `cells` its cells of that. Every bill has one that is `needed`; in a person's own file an empty
    cell means `empty`. Columns that are `newer` may be left out of a biller's file: they came when
    there were files. What is `typed` is a text of a person's own. `stays` is for a field by rules
    that became stricter: a change that does not name it leaves what was right when it was entered.
    """

    name: str
    attribute: str
    columns: Mapping[str, str]
    read: Callable[[Reading], Any]
    write: Callable[[Bill], Cells]
    view: Callable[[Bill], Any]
    cells: Callable[[Any], Cells]
    needed: bool = False
    empty: str = ""
    newer: bool = False
    typed: bool = False
    stays: bool = False

    def value(self, bill: "Bill | BillRow") -> Any:
        """What `read` gave; None where there is nothing."""
        return _value(bill, self.attribute)


def _value(bill: "Bill | BillRow", attribute: str) -> Any:
    value: Any = bill
    for name in attribute.split("."):
        value = None if value is None else getattr(value, name)
    return value


@dataclass(frozen=True, slots=True)
class BillRow:
    """A bill as a row gives it; `owed_from` and `label` are None where the row leaves them open.
    Its terms hold from the first date due on `since` or later, from now on where that is None."""

    row: int
    user_id: str
    bill_id: str
    biller: str
    name: str
    amount: Money | None
    recurrence: Recurrence
    owed_from: date | None = None
    kind: Kind = Kind.OTHER
    label: Label | None = None
    statement_day: int | None = None
    autopay: bool = False
    late_fee: Money | None = None
    late_apr: Decimal | None = None
    loan: Loan | None = None
    plan_change: PlanChange = NO_CHANGE
    place: Place | None = None
    shift: Shift = Shift.NONE
    currency: str | None = None
    pay_link: str | None = field(default=None, repr=False)
    reference: str | None = field(default=None, repr=False)
    note: str | None = field(default=None, repr=False)
    since: date | None = None

    def bill(self, today: date) -> Bill:
        """The bill, entered on the local date `today`: what fell due before is not owed, unless
        the row says since when it is. A credit is what is stated for the first date alone: nobody
        knows yet what the next ones come to."""
        names = {each.name for each in fields(self)} - {"row", "since"}
        said = {name: getattr(self, name) for name in names}
        left_open: dict[str, Any] = {
            "owed_from": self.owed_from or today,
            "label": self.label or Label.PERSONAL,
        }
        if self.amount is not None and self.amount.amount < 0:
            credit = Statement(self.recurrence.first_number, self.amount)
            left_open |= {"amount": None, "currency": self.amount.currency, "statements": (credit,)}
        return Bill(**(said | left_open))

    def refused(self, error: InvalidValue) -> RowError:
        """The row's error where its bill cannot be saved."""
        return RowError(self.row, error.field, error.problem)


def read_row(
    row: Row,
    user_id: str,
    bill_id: str,
    *,
    typed: Callable[[str], str] = str,
    kept: Mapping[str, Any],
) -> BillRow | None:
    """The bill of a row, but for what is `kept` of its fields; None, and errors noted in the row,
    where it says none."""
    reading = Reading(row, typed, kept)
    values = {attribute: reading[name] for attribute, name in _SOURCES.items()}
    since = row.read_optional(SINCE, day)
    if any(each.needed and reading[each.name] is None for each in FIELDS):
        return None
    return BillRow(row=row.number, user_id=user_id, bill_id=bill_id, since=since, **values)


def written(bill: Bill, of: Iterable[BillField] = ()) -> Cells:
    """The cells of a bill, or of some of its fields, as a person's own file has them."""
    return {
        column: bill_cells.escaped(cell) if each.typed else cell
        for each in of or FIELDS
        for column, cell in each.write(bill).items()
    }


def viewed(bill: Bill) -> dict[str, Any]:
    """What JSON says of a bill, field by field."""
    return {each.name: each.view(bill) for each in FIELDS}


def cells_of(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The cells of what JSON says of every field."""
    for each in FIELDS:
        yield from each.cells(said[each.name]).items()


def staying(bill: Bill, named: frozenset[str] | set[str]) -> dict[str, Any]:
    """By field what a change leaves as it is, which does not name it."""
    return {each.name: each.value(bill) for each in FIELDS if each.stays and each.name not in named}


# Fields of one cell -------------------------------------------------------------------------------


def _one_cell(
    name: str,
    read: Callable[[Reading], Any],
    *,
    attribute: str = "",
    cell: Callable[[Any], str] = str,
    view: Callable[[Any], Any] | None = None,
    said: Callable[[Any], str] = str,
    **more: Any,
) -> BillField:
    """A field whose column is called as it is. `cell` writes its value, `view` says it in JSON
    (without, the cell does), `said` makes the cell of what JSON says."""
    kept_at, say = attribute or name, view or cell

    def write(bill: Bill) -> Cells:
        value = _value(bill, kept_at)
        return {} if value is None else {name: cell(value)}

    def in_json(bill: Bill) -> Any:
        value = _value(bill, kept_at)
        return None if value is None else say(value)

    return BillField(
        name=name,
        attribute=kept_at,
        columns={name: name},
        read=read,
        write=write,
        view=in_json,
        cells=lambda value: {} if value is None else {name: said(value).strip()},
        **more,
    )


def _cell(column: str, parse: Callable[[str], Any], default: Any = None) -> Callable[..., Any]:
    """Reads a cell that may be empty."""

    def read(reading: Reading) -> Any:
        value = reading.row.read_optional(column, parse)
        return default if value is None else value

    return read


def _needed(column: str, parse: Callable[[str], Any]) -> Callable[[Reading], Any]:
    return lambda reading: reading.row.read(column, parse)


def _typed(column: str, parse: Callable[[str], str]) -> Callable[[Reading], Any]:
    """Reads a cell that a spreadsheet may have run as a formula."""
    return lambda reading: reading.row.read_optional(
        column, lambda cell: parse(reading.typed(cell))
    )


def _name(column: str) -> Callable[[Reading], Any]:
    return lambda reading: reading.row.read(column, lambda cell: words(reading.typed(cell)))


def _currency(reading: Reading) -> str | None:
    """The currency of the row's amounts. It may stand alone: the amount is not known yet."""
    row = reading.row
    if (row["amount"] or row["late_fee"]) and not row["currency"]:
        row.refuse("currency", "empty beside an amount: write its ISO 4217 code, for example USD")
    return row.read_optional("currency", currency)


def _money(column: str, parse: Callable[..., Decimal]) -> Callable[[Reading], Money | None]:
    def read(reading: Reading) -> Money | None:
        code: str | None = reading["currency"]
        value = reading.row.read_optional(column, partial(parse, currency=code))
        return None if value is None or code is None else Money(value, code)

    return read


def _amount(reading: Reading) -> Money | None:
    """Of a card it may be a credit, see BillRow.bill."""
    by_cycle = reading["statement_day"] or reading["due_after_statement"]
    is_card = reading["kind"] is Kind.CARD or bool(by_cycle)
    parse = bill_cells.balance_due if is_card else bill_cells.amount_due
    return _money("amount", parse)(reading)


def _capitals(column: str) -> Callable[[Reading], str | None]:
    return lambda reading: (reading.row.read_optional(column, str) or "").upper() or None


def _text(value: Any) -> str:
    return str(value.value)


def _digits(money: Money) -> str:
    return f"{money.amount:f}"


def _unless_zero(number: int) -> int | None:
    return number or None


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


_day = date.isoformat


# Fields of several cells --------------------------------------------------------------------------


def _repeats_cell(bill: Bill) -> Cells:
    again = bill.recurrence
    text = bill_cells.repeats_text(again.every, again.unit, last_day=again.last_day)
    return {"repeats": text}


def _repeats_view(bill: Bill) -> Mapping[str, Any] | None:
    again = bill.recurrence
    if again.unit is None:
        return None
    return {"every": again.every, "unit": again.unit.value, "last_day": again.last_day}


def _repeats_said(value: Mapping[str, Any] | None) -> Cells:
    said = value or {"every": 1, "unit": None, "last_day": False}
    text = bill_cells.repeats_text(said["every"], said["unit"], last_day=said["last_day"])
    return {"repeats": text}


def _loan(reading: Reading) -> Loan | None:
    return loans.loan(reading.row, reading["currency"], reading["recurrence"])


def _recurrence(reading: Reading) -> Recurrence | None:
    row, first_due, step = reading.row, reading["first_due"], reading["repeats"]
    until, times = reading["until"], reading["count"]
    after_statement = reading["due_after_statement"]
    if first_due is None or step is None:
        return None
    every, unit, last_day = step
    for column in ("statement_day", "due_after_statement"):
        if row[column] and unit is not Unit.MONTH:
            row.refuse(column, "statements come by months: write every month, or leave it empty")
    if row["statement_day"] and row["due_after_statement"]:
        row.refuse(
            "statement_day",
            "beside due_after_statement, which says the same another way: keep one of the two",
        )
    recurrence = Recurrence(
        first_due,
        every,
        unit,
        last_day,
        until,
        count=times,
        after_statement=after_statement,
    )
    if recurrence.due_on(recurrence.first_number) is None:
        row.refuse(
            "until",
            "before the first due date, so nothing would ever be due: write a later date, or leave "
            "it empty for a bill without end",
        )
    return recurrence


def _place(reading: Reading) -> Place | None:
    """The biller's country, whose holidays count, and its subdivision where they differ there."""
    row, country, subdivision = reading.row, reading["country"], reading["subdivision"]
    if row["country"] and not country:
        return None
    if not country:
        if subdivision is not None:
            row.refuse("country", "empty beside a subdivision: write the ISO 3166-1 code of both")
        return None
    place = Place(country, subdivision)
    try:
        check_place(place)
    except InvalidValue as error:
        row.refuse(error.field, error.problem)
        return None
    return place


COMPOSED: Mapping[str, Callable[[Reading], Any]] = {"recurrence": _recurrence, "place": _place}
"""What a Bill keeps as one value that several fields make."""


# The table ----------------------------------------------------------------------------------------

FIELDS: tuple[BillField, ...] = (
    _one_cell("biller", _name("biller"), needed=True, typed=True, stays=True),
    _one_cell("name", _name("name"), needed=True, typed=True, stays=True),
    _one_cell("kind", _cell("kind", one_of(Kind), Kind.OTHER), cell=_text, newer=True),
    _one_cell("label", _cell("label", one_of(Label)), cell=_text, newer=True),
    _one_cell("amount", _amount, cell=_digits, view=plain),
    _one_cell("currency", _currency),
    _one_cell(
        "first_due",
        _needed("first_due", day),
        attribute="recurrence.first_due",
        cell=_day,
        needed=True,
    ),
    BillField(
        name="repeats",
        attribute="recurrence.unit",
        columns={"repeats": "repeats"},
        read=_needed("repeats", bill_cells.repeats),
        write=_repeats_cell,
        view=_repeats_view,
        cells=_repeats_said,
        needed=True,
        empty="once",
    ),
    _one_cell("count", _cell("count", count), attribute="recurrence.count", view=int, newer=True),
    _one_cell("until", _cell("until", day), attribute="recurrence.until", cell=_day),
    _one_cell("owed_from", _cell("owed_from", day), cell=_day),
    _one_cell("statement_day", _cell("statement_day", month_day), view=int, newer=True),
    _one_cell(
        "due_after_statement",
        _cell("due_after_statement", days_after, 0),
        attribute="recurrence.after_statement",
        cell=lambda days: str(days or ""),
        view=_unless_zero,
        newer=True,
    ),
    _one_cell(
        "autopay",
        _cell("autopay", yes_or_no, False),
        cell=_yes_or_no,
        view=bool,
        said=_yes_or_no,
        newer=True,
    ),
    _one_cell("late_fee", _money("late_fee", bill_cells.fee), cell=_digits, view=plain, newer=True),
    _one_cell("late_apr", _cell("late_apr", bill_cells.late_apr), cell=percent_text, newer=True),
    BillField(
        name="loan",
        attribute="loan",
        columns={column: f"loan.{name}" for column, name in loans.IN_JSON.items()},
        read=_loan,
        write=lambda bill: loans.loan_cells(bill.loan, bill.recurrence),
        view=lambda bill: loans.loan_view(bill.loan, bill.recurrence),
        cells=loans.cells_said,
        newer=True,
    ),
    BillField(
        name="plan",
        attribute="plan_change",
        columns={column: f"plan.{column}" for column in plans.COLUMNS},
        read=lambda reading: plans.plan_change(reading.row),
        write=lambda bill: plans.plan_cells(bill.plan_change),
        view=lambda bill: plans.change_view(bill.plan_change),
        cells=plans.cells_said,
        stays=True,
    ),
    _one_cell("country", _capitals("country"), attribute="place.country", newer=True),
    _one_cell("subdivision", _capitals("subdivision"), attribute="place.subdivision", newer=True),
    _one_cell(
        "if_not_working_day",
        _cell("if_not_working_day", bill_cells.shift, Shift.NONE),
        attribute="shift",
        cell=_text,
        newer=True,
    ),
    _one_cell("pay_link", _cell("pay_link", web_address), newer=True),
    _one_cell("reference", _typed("reference", line_of(LONGEST_REFERENCE)), newer=True, typed=True),
    _one_cell("note", _typed("note", line_of(LONGEST_NOTE)), newer=True, typed=True),
)

COLUMNS = tuple(column for each in FIELDS for column in each.columns)

OF_TERMS = tuple(each for each in FIELDS if each.attribute.partition(".")[0] in terms.VALUES)
"""What terms say; all else is of the bill, whatever its terms are."""

OF_THE_BILL = tuple(each for each in FIELDS if each not in OF_TERMS)

IN_JSON: Mapping[str, str] = MappingProxyType(
    {column: path for each in FIELDS for column, path in each.columns.items()}
)
"""What JSON calls a column."""

_READERS = {**{each.name: each.read for each in FIELDS}, **COMPOSED}

_SOURCES = {
    root: root if root in COMPOSED else each.name
    for each in FIELDS
    for root in [each.attribute.partition(".")[0]]
}
"""By attribute of a bill what reads it."""

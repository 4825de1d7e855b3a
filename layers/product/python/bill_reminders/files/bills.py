"""bills.csv: one bill a row, with the user who owes it."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.loans import Loan
from bill_reminders.domain.money import Money
from bill_reminders.domain.people import NO_CHANGE, PlanChange
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.terms import Kind, Label, Shift
from bill_reminders.domain.working_days import Place, check_place
from bill_reminders.files import loans
from bill_reminders.files.cells import (
    CellError,
    count,
    day,
    days_after,
    identifier,
    month_day,
    one_of,
    words,
    yes_or_no,
)
from bill_reminders.files.money import amount, currency
from bill_reminders.files.plans import plan_change
from bill_reminders.files.rows import Parsed, Row, read

COLUMNS = (
    "bill_id",
    "user_id",
    "biller",
    "name",
    "kind",
    "label",
    "amount",
    "currency",
    "first_due",
    "repeats",
    "count",
    "until",
    "owed_from",
    "statement_day",
    "due_after_statement",
    "autopay",
    "late_fee",
    "late_apr",
    *loans.COLUMNS,
    "lead_days",
    "overdue_days",
    "remind_at",
    "channels",
    "country",
    "subdivision",
    "if_not_working_day",
)
OPTIONAL_COLUMNS = (
    "kind",
    "label",
    "count",
    "statement_day",
    "due_after_statement",
    "autopay",
    "late_fee",
    "late_apr",
    *loans.COLUMNS,
    "country",
    "subdivision",
    "if_not_working_day",
)

OWN_COLUMNS = tuple(column for column in COLUMNS if column != "user_id")
OWN_NEEDED = ("bill_id", "biller", "name", "first_due")

_FORMULA = re.compile(r"'*[=+\-@]")
"""What a spreadsheet would run, and what looks as if it had been kept from that."""

MAX_EVERY = 1000

MAX_LATE_APR = 1000

_LATE_APR = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4})?")

_REPEATS = re.compile(r"(last day of )?every (?:([0-9]{1,4}) )?(day|week|month|year)s?")


@dataclass(frozen=True, slots=True)
class BillRow:
    """A bill as the file gives it; `owed_from` and `label` are None where the file leaves them
    open."""

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

    def bill(self, today: date) -> Bill:
        """The bill, entered on the local date `today`: what fell due before is not owed, unless
        the file says since when it is."""
        return Bill(
            user_id=self.user_id,
            bill_id=self.bill_id,
            biller=self.biller,
            name=self.name,
            recurrence=self.recurrence,
            owed_from=self.owed_from or today,
            kind=self.kind,
            label=self.label or Label.PERSONAL,
            amount=self.amount,
            statement_day=self.statement_day,
            autopay=self.autopay,
            late_fee=self.late_fee,
            late_apr=self.late_apr,
            loan=self.loan,
            plan_change=self.plan_change,
            place=self.place,
            shift=self.shift,
        )


def unlabelled(rows: Iterable[BillRow]) -> frozenset[str]:
    """The ids of the bills whose label the file leaves open."""
    return frozenset(row.bill_id for row in rows if row.label is None)


def read_bills(text: str) -> Parsed[BillRow]:
    """Read the text of bills.csv. Never raises: what is wrong is in the errors.

    Whether a user exists is for the caller to check, who knows the users that are stored.
    """
    return read(text, COLUMNS, partial(_bill_row, seen={}), optional=OPTIONAL_COLUMNS)


def read_own_bills(text: str, user_id: str) -> Parsed[BillRow]:
    """Read the bills of one user, who is known: the columns of bills.csv without `user_id`, of
    which only four are needed. An empty `repeats` means once."""
    return read(
        text,
        OWN_COLUMNS,
        partial(_bill_row, seen={}, text=unescaped),
        optional=[column for column in OWN_COLUMNS if column not in OWN_NEEDED],
        defaults={"user_id": user_id, "repeats": "once"},
    )


def read_bill(row: Row) -> BillRow | None:
    """One bill from cells that need not come from a file; what is wrong is in the row's errors."""
    return _bill_row(row, seen={})


def escaped(text: str) -> str:
    """`text` with an apostrophe before what a spreadsheet would run as a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def unescaped(text: str) -> str:
    """A text in a file that was `escaped` there."""
    return words(text[1:] if text.startswith("'") and _FORMULA.match(text) else text)


def _bill_row(
    row: Row, seen: dict[tuple[str, str], int], text: Callable[[str], str] = words
) -> BillRow | None:
    bill_id = row.read("bill_id", identifier)
    user_id = row.read("user_id", identifier)
    if bill_id is not None and user_id is not None:
        first = seen.setdefault((user_id, bill_id), row.number)
        if first != row.number:
            row.refuse(
                "bill_id",
                f"the same bill of the same user stands in row {first}: give it another id, or "
                "keep one of the two rows",
            )
    biller = row.read("biller", text)
    name = row.read("name", text)
    code = _currency(row)
    amount = _money(row, "amount", amount_due, code)
    recurrence = _recurrence(row)
    kind = row.read_optional("kind", one_of(Kind)) or Kind.OTHER
    label = row.read_optional("label", one_of(Label))
    statement_day = row.read_optional("statement_day", month_day)
    autopay = row.read_optional("autopay", yes_or_no) or False
    late_fee = _money(row, "late_fee", fee, code)
    apr = row.read_optional("late_apr", late_apr)
    terms = loans.loan(row, code, recurrence)
    owed_from = row.read_optional("owed_from", day)
    change = plan_change(row)
    place = _place(row)
    policy = row.read_optional("if_not_working_day", shift) or Shift.NONE
    if bill_id is None or user_id is None or biller is None or name is None or recurrence is None:
        return None
    return BillRow(
        row=row.number,
        user_id=user_id,
        bill_id=bill_id,
        biller=biller,
        name=name,
        amount=amount,
        recurrence=recurrence,
        owed_from=owed_from,
        kind=kind,
        label=label,
        statement_day=statement_day,
        autopay=autopay,
        late_fee=late_fee,
        late_apr=apr,
        loan=terms,
        plan_change=change,
        place=place,
        shift=policy,
    )


def _currency(row: Row) -> str | None:
    """The currency of the row's amounts. It may stand alone: the amount is not known yet."""
    if (row["amount"] or row["late_fee"]) and not row["currency"]:
        row.refuse("currency", "empty beside an amount: write its ISO 4217 code, for example USD")
    return row.read_optional("currency", currency)


def _money(
    row: Row, column: str, parse: Callable[..., Decimal], currency: str | None
) -> Money | None:
    """The amount in `column`, read by one of the readers below."""
    value = row.read_optional(column, partial(parse, currency=currency))
    return None if value is None or currency is None else Money(value, currency)


def _place(row: Row) -> Place | None:
    """The biller's country, whose holidays count, and its subdivision where they differ there."""
    country, subdivision = row["country"].upper(), row["subdivision"].upper() or None
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


def shift(text: str) -> Shift:
    """What becomes of a due date that is not a working day."""
    try:
        return Shift(text.lower())
    except ValueError:
        raise CellError(
            "not a choice: write none to leave such a date, or previous or next to move it to the "
            "working day before or after"
        ) from None


def _recurrence(row: Row) -> Recurrence | None:
    first_due = row.read("first_due", day)
    step = row.read("repeats", repeats)
    until = row.read_optional("until", day)
    times = row.read_optional("count", count)
    after_statement = row.read_optional("due_after_statement", days_after) or 0
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


def amount_due(text: str, *, currency: str | None) -> Decimal:
    """What is to be paid, above zero."""
    try:
        value = amount(text, currency=currency)
    except CellError as error:
        raise CellError(f"{error}; leave it empty while it is unknown") from None
    if value == 0:
        raise CellError("zero: write what is to be paid, or leave it empty while it is unknown")
    return value


def fee(text: str, *, currency: str | None) -> Decimal:
    """What the biller charges for a missed due date, zero for nothing."""
    try:
        return amount(text, currency=currency)
    except CellError as error:
        raise CellError(f"{error}; 0 for no fee, or leave it empty while it is unknown") from None


def late_apr(text: str) -> Decimal:
    """Percent of a year, on what is overdue; zero for no interest."""
    if not _LATE_APR.fullmatch(text) or (percent := Decimal(text)) > MAX_LATE_APR:
        raise CellError(
            f"not a yearly rate from 0 to {MAX_LATE_APR} percent with at most 4 decimals: write "
            "18.25 for 18.25%, without the sign, or leave it empty while it is unknown"
        )
    return percent


def repeats(text: str) -> tuple[int, Unit | None, bool]:
    """`once`, `every 2 weeks` or `last day of every month` as (every, unit, last_day)."""
    plain = " ".join(text.lower().split())
    if plain == "once":
        return 1, None, False
    match = _REPEATS.fullmatch(plain)
    if not match:
        raise CellError(
            "not a repetition: write once, every month, every 2 weeks (any number of days, weeks, "
            "months or years), or last day of every month"
        )
    last_day, every, unit = match[1] is not None, int(match[2] or 1), Unit(match[3])
    if not 1 <= every <= MAX_EVERY:
        raise CellError(f"out of range: write every 1 to {MAX_EVERY} {unit}s")
    if last_day and unit is not Unit.MONTH:
        raise CellError("only months have a last day here: write last day of every month")
    return every, unit, last_day


def repeats_text(every: int, unit: str | None, *, last_day: bool) -> str:
    """The cell that `repeats` reads; `unit` None is once."""
    if unit is None:
        return "once"
    start = "last day of " if last_day else ""
    return f"{start}every {unit}" if every == 1 else f"{start}every {every} {unit}s"

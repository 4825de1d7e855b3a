"""bills.csv: one bill a row, with the user who owes it; of a bill with several terms, a row for
each. Its columns are in bill_fields.py."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.files import bill_fields
from bill_reminders.files.bill_cells import unescaped
from bill_reminders.files.bill_fields import (
    FIELDS,
    NOTHING,
    OF_THE_BILL,
    SINCE,
    BillField,
    BillRow,
)
from bill_reminders.files.cells import identifier
from bill_reminders.files.rows import Parsed, Row, RowError, read

COLUMNS = ("bill_id", "user_id", SINCE, *bill_fields.COLUMNS)
OPTIONAL_COLUMNS = (SINCE, *(column for each in FIELDS if each.newer for column in each.columns))

OWN_COLUMNS = ("bill_id", SINCE, *bill_fields.COLUMNS)
OWN_NEEDED = ("bill_id", *(each.name for each in FIELDS if each.needed and not each.empty))


class BillRows(NamedTuple):
    """All rows of one bill, in the order of the file."""

    rows: tuple[BillRow, ...]

    @property
    def terms(self) -> tuple[tuple[date | None, Callable[[date], Bill]], ...]:
        """Since when each row holds, and the bill that it makes of the date since when it is
        owed."""
        return tuple((row.since, row.bill) for row in self.rows)

    def refused(self, error: InvalidValue, place: int) -> RowError:
        """The error of the row at that place where the bill cannot be saved."""
        return self.rows[place].refused(error)


def by_bill(rows: Iterable[BillRow]) -> list[BillRows]:
    """The rows of each bill together; bills in the order of their first rows."""
    found: dict[tuple[str, str], list[BillRow]] = {}
    for row in rows:
        found.setdefault((row.user_id, row.bill_id), []).append(row)
    return [BillRows(tuple(several)) for several in found.values()]


def unlabelled(rows: Iterable[BillRow]) -> frozenset[str]:
    """The ids of the bills whose label the file leaves open."""
    return frozenset(row.bill_id for row in rows if row.label is None)


def read_bills(text: str) -> Parsed[BillRow]:
    """Read the text of bills.csv. Never raises: what is wrong is in the errors.

    Whether a user exists is for the caller to check, who knows the users that are stored.
    """
    reader = _Reader()
    return reader.whole(read(text, COLUMNS, reader.row, optional=OPTIONAL_COLUMNS))


def read_own_bills(text: str, user_id: str) -> Parsed[BillRow]:
    """Read the bills of one user, who is known: the columns of bills.csv without `user_id`, of
    which only four are needed. An empty `repeats` means once."""
    reader = _Reader(typed=unescaped)
    parsed = read(
        text,
        OWN_COLUMNS,
        reader.row,
        optional=[column for column in OWN_COLUMNS if column not in OWN_NEEDED],
        defaults={"user_id": user_id} | {each.name: each.empty for each in FIELDS if each.empty},
    )
    return reader.whole(parsed)


def read_bill(row: Row, *, kept: Mapping[str, Any] = NOTHING) -> BillRow | None:
    """One bill from cells that need not come from a file; what is wrong is in the row's errors. Of
    fields that are `kept` no cell is read."""
    return _Reader(kept=kept).row(row)


class _Reader:
    """Reads rows one after the other, and knows those before of the same bill."""

    def __init__(
        self, *, typed: Callable[[str], str] = str, kept: Mapping[str, Any] = NOTHING
    ) -> None:
        self._typed, self._kept = typed, kept
        self._firsts: dict[tuple[str, str], _First] = {}

    def row(self, row: Row) -> BillRow | None:
        """The bill of a row; None when it has errors."""
        bill_id = row.read("bill_id", identifier)
        user_id = row.read("user_id", identifier)
        if bill_id is None or user_id is None:
            self._read(row, user_id, bill_id)
            return None
        first = self._firsts.get((user_id, bill_id))
        if first is None:
            bill = self._read(row, user_id, bill_id)
            self._firsts[user_id, bill_id] = _First(row, bill)
            return bill
        bill = self._read(first.fill(row), user_id, bill_id)
        first.need_of_the_same(row, bill)
        return bill

    def whole(self, parsed: Parsed[BillRow]) -> Parsed[BillRow]:
        """What was read without the bills of which a row is in error: half of a bill's terms would
        be another bill."""
        bad = {error.row for error in parsed.errors}
        left_out = [first for first in self._firsts.values() if first.numbers & bad]
        errors = [error for first in left_out for error in first.errors_of_others(bad)]
        gone = {number for first in left_out for number in first.numbers}
        return Parsed(
            tuple(row for row in parsed.rows if row.row not in gone),
            tuple(sorted([*parsed.errors, *errors], key=lambda error: error.row)),
        )

    def _read(self, row: Row, user_id: str | None, bill_id: str | None) -> BillRow | None:
        return bill_fields.read_row(
            row, user_id or "", bill_id or "", typed=self._typed, kept=self._kept
        )


class _First:
    """The first row of a bill: what it says of the bill holds for all its rows."""

    def __init__(self, row: Row, bill: BillRow | None) -> None:
        self._row, self._bill = row, bill
        self._days = {_since(row, bill): row.number}
        self.numbers = {row.number}

    def fill(self, row: Row) -> Row:
        """Another row of the bill, which may leave empty what is not of its terms."""
        return row.filled(
            {column: self._row[column] for each in self._in_common(row) for column in each.columns}
        )

    def _in_common(self, row: Row) -> Iterator[BillField]:
        """What the rows of a bill have in common: its late fee, too, where they have the same
        currency."""
        for each in OF_THE_BILL:
            if each.name != "late_fee" or row["currency"] == self._row["currency"]:
                yield each

    def need_of_the_same(self, row: Row, bill: BillRow | None) -> None:
        """Note in a row of which day there was one before, or what it says otherwise than the first
        one."""
        before = self._days.setdefault(_since(row, bill), row.number)
        if before != row.number:
            row.refuse(
                "bill_id",
                f"the same bill of the same user stands in row {before}: give it another id, keep "
                f"one of the two rows, or write in the column {SINCE} since when each holds",
            )
            return
        self.numbers.add(row.number)
        if bill is None or self._bill is None:
            return
        for each in self._in_common(row):
            if each.value(bill) != each.value(self._bill):
                row.refuse(
                    each.name if each.name in each.columns else "bill_id",
                    f"otherwise than in row {self._row.number} of the same bill, and no terms that "
                    "change: write the same, or leave it empty here",
                )

    def errors_of_others(self, bad: set[int]) -> list[RowError]:
        """Of the rows that are right themselves."""
        return [
            RowError(
                number,
                "bill_id",
                f"left out, as row {min(self.numbers & bad)} of the same bill cannot be used: "
                "correct that one",
            )
            for number in sorted(self.numbers - bad)
        ]


def _since(row: Row, bill: BillRow | None) -> date | str | None:
    """The day from which a row holds, as well as it can be read."""
    return row[SINCE] or None if bill is None else bill.since

"""bills.csv: one bill a row, with the user who owes it. Its columns are in bill_fields.py."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from bill_reminders.files import bill_fields
from bill_reminders.files.bill_cells import unescaped
from bill_reminders.files.bill_fields import FIELDS, NOTHING, BillRow
from bill_reminders.files.cells import identifier
from bill_reminders.files.rows import Parsed, Row, read

COLUMNS = ("bill_id", "user_id", *bill_fields.COLUMNS)
OPTIONAL_COLUMNS = tuple(column for each in FIELDS if each.newer for column in each.columns)

OWN_COLUMNS = ("bill_id", *bill_fields.COLUMNS)
OWN_NEEDED = ("bill_id", *(each.name for each in FIELDS if each.needed and not each.empty))


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
        partial(_bill_row, seen={}, typed=unescaped),
        optional=[column for column in OWN_COLUMNS if column not in OWN_NEEDED],
        defaults={"user_id": user_id} | {each.name: each.empty for each in FIELDS if each.empty},
    )


def read_bill(row: Row, *, kept: Mapping[str, Any] = NOTHING) -> BillRow | None:
    """One bill from cells that need not come from a file; what is wrong is in the row's errors. Of
    fields that are `kept` no cell is read."""
    return _bill_row(row, seen={}, kept=kept)


def _bill_row(
    row: Row,
    seen: dict[tuple[str, str], int],
    typed: Callable[[str], str] = str,
    kept: Mapping[str, Any] = NOTHING,
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
    bill = bill_fields.read_row(row, user_id or "", bill_id or "", typed=typed, kept=kept)
    return None if bill_id is None or user_id is None else bill

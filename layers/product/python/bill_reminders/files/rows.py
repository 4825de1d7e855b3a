"""CSV text to rows of named cells, with a sentence for everything that is wrong in a file."""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from bill_reminders.domain.errors import InvalidValue
from bill_reminders.files.cells import CellError

NOTHING: Mapping[str, str] = MappingProxyType({})

MAX_ROWS = 100_000
"""More would not fit one import; the header and blank rows do not count."""

MAX_CELL = 32_767
"""Characters; a spreadsheet's cell holds no more either."""

MAX_UNKNOWN = 10
"""Unknown columns that a report names; it counts the others."""

csv.field_size_limit(2**31 - 1)  # else a long cell ends the reading, as if its quote were open

_BYTE_ORDER_MARK = "\ufeff"
_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_READ = ",;\t"
_NAMED = re.compile(r'"?sep=(.)"?[ \t]*(?:\r\n|\r|\n|\Z)', re.IGNORECASE)
"""The line in which a file for spreadsheets may say its separator; they do not count it."""
_MISSING = "missing column: add it to the header, and leave a cell empty that has nothing to say"
_LIKE_A_COLUMN = re.compile(r"[a-z][a-z _-]{0,29}")


class RowError(NamedTuple):
    """What is wrong in a file, and the remedy.

    `row` counts as a spreadsheet does: the header is row 1. `column` is empty when the whole row,
    or the file, is at fault. `problem` never repeats an address or an amount.
    """

    row: int
    column: str
    problem: str

    def __str__(self) -> str:
        place = f"row {self.row}, {self.column}" if self.column else f"row {self.row}"
        return f"{place}: {self.problem}"


class Parsed[T](NamedTuple):
    """The rows of a file that can be used, and the errors of all others, in the file's order."""

    rows: tuple[T, ...]
    errors: tuple[RowError, ...]


class Row:
    """A row while it is read: its stripped cells by column, and the errors found so far.

    A reader goes through all cells before it gives up, so that one look at the report is enough
    to correct the row.
    """

    def __init__(self, number: int, cells: Mapping[str, str]) -> None:
        self.number = number
        self.errors: list[RowError] = []
        self._cells = cells

    def __getitem__(self, column: str) -> str:
        return self._cells.get(column, "")  # an optional column that the file does without

    def filled(self, cells: Mapping[str, str]) -> "Row":
        """This row, with `cells` in place of those that are empty. Its errors are this one's."""
        row = Row(
            self.number, {**cells, **{name: cell for name, cell in self._cells.items() if cell}}
        )
        row.errors = self.errors
        return row

    def refuse(self, column: str, problem: str) -> None:
        self.errors.append(RowError(self.number, column, problem))

    def read[T](self, column: str, parse: Callable[[str], T]) -> T | None:
        """The value of a cell that every row needs; None once an error is noted."""
        if not self[column]:
            self.refuse(column, "empty: every row needs it, fill it in")
            return None
        return self.read_optional(column, parse)

    def read_optional[T](self, column: str, parse: Callable[[str], T]) -> T | None:
        """The value of a cell; None when it is empty, or once an error is noted."""
        if not self[column]:
            return None
        if len(self[column]) > MAX_CELL:
            self.refuse(column, f"too long: a cell holds at most {MAX_CELL} characters, shorten it")
            return None
        try:
            return parse(self[column])
        except CellError as error:
            self.refuse(column, str(error))
            return None


def decode(data: bytes) -> str:
    """The text of a file. Raises InvalidValue when it is not UTF-8 (with or without its mark)."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidValue(
            "file", 'not in UTF-8: save it again as "CSV UTF-8", or choose UTF-8 as encoding'
        ) from None


def read[T](
    text: str,
    columns: Sequence[str],
    parse: Callable[[Row], T | None],
    *,
    optional: Sequence[str] = (),
    defaults: Mapping[str, str] = NOTHING,
) -> Parsed[T]:
    """Read all rows of a CSV text whose first row names `columns`, in any order.

    Only those of `optional` may be left out: they came later, and older files go on working. An
    empty cell, and one that is left out, holds what `defaults` names for its column.

    `parse` turns one row into a value, or notes errors on it; the value of a row with errors is
    dropped. A file whose header is wrong, or which is too long, gives errors and no rows.
    """
    plain, separator = _plain(text, {*columns} - {*optional})
    records, errors = _records(plain, separator)
    if len(records) > MAX_ROWS + 1:
        number, _ = records[-1]
        problem = f"more than {MAX_ROWS} rows: split the file and give each part its header"
        return Parsed((), (RowError(number, "", problem),))
    if not records:
        problem = f"the file is empty: start it with the row {','.join(columns)}"
        return Parsed((), tuple(errors) or (RowError(1, "", problem),))
    (header, cells), *body = records
    names = [cell.lower() for cell in cells]
    if not set(names) & set(columns):
        return Parsed((), (RowError(header, "", _no_header(plain, names, columns)),))
    if faults := tuple(_header_errors(header, names, columns, optional)):
        return Parsed((), faults)

    values: list[T] = []
    row_errors: list[RowError] = []
    for number, cells in body:
        if len(cells) != len(names):
            problem = _wrong_count(len(cells), len(names), _SEPARATORS[separator])
            row_errors.append(RowError(number, "", problem))
            continue
        filled = {name: cell for name, cell in zip(names, cells, strict=True) if cell}
        row = Row(number, {**defaults, **filled})
        value = parse(row)
        if value is not None and not row.errors:
            values.append(value)
        row_errors += row.errors
    return Parsed(tuple(values), (*row_errors, *errors))


def _plain(text: str, needed: set[str]) -> tuple[str, str]:
    """The text without what stands before its header, and what separates its cells: a comma,
    unless it names another sign or its header has all that is needed by another."""
    plain = text.removeprefix(_BYTE_ORDER_MARK)
    if (named := _NAMED.match(plain)) and named[1] in _READ:
        return plain[named.end() :], named[1]
    line = _first_line(plain)
    fits = (each for each in _READ if needed <= {*_cells(line, each)})
    return plain, next(fits, ",")


def _first_line(text: str) -> str:
    return next(iter(text.lstrip().splitlines()), "")


def _cells(line: str, separator: str) -> list[str]:
    """The names of a header."""
    return [cell.strip(' "').lower() for cell in line.split(separator)]


def _records(text: str, separator: str) -> tuple[list[tuple[int, list[str]]], list[RowError]]:
    """The numbered rows that are not blank, and why reading stopped early, if it did."""
    trimmed = io.StringIO(_space_after_quote(separator).sub(r"\1", text), newline="")
    records: list[tuple[int, list[str]]] = []
    number = 0
    try:
        for cells in csv.reader(trimmed, delimiter=separator, strict=True, skipinitialspace=True):
            number += 1
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                records.append((number, stripped))
            if len(records) > MAX_ROWS + 1:
                break
    except csv.Error:
        problem = (
            "a quote that opens in this row is not closed, or text follows the closing one; no "
            f"row from here on was read: close the quote before the {_SEPARATORS[separator]}, "
            "write a quote inside a value twice, and import again"
        )
        return records, [RowError(number + 1, "", problem)]
    return records, []


@cache
def _space_after_quote(separator: str) -> re.Pattern[str]:
    """Behind a quoted cell; not behind a quote inside of one."""
    ends = rf"[{separator}\r\n]"
    space = r"[ \t]" if separator != "\t" else " "
    return re.compile(rf'((?:\A|{ends}){space}*"(?:[^"]|"")*+"){space}+(?={ends}|\Z)')


def _no_header(text: str, names: Sequence[str], columns: Sequence[str]) -> str:
    """What to say of a first row that names no column, and what it has instead."""
    count = f"{len(names)} cells" if len(names) > 1 else "one cell"
    line = _first_line(text)
    other = max(_SEPARATORS, key=line.count)
    found = f"{count} and no {_SEPARATORS[other]}"
    if "\0" in text:
        found = "the signs of UTF-16, so save it as UTF-8"
    elif other in line:
        found = count if other == "," else f"{_SEPARATORS[other]}s"
    return (
        "no header: the first row names the columns, separated by commas: "
        f"{', '.join(columns)}. It has {found}"
    )


def _header_errors(
    number: int, names: Sequence[str], columns: Sequence[str], optional: Sequence[str]
) -> Iterator[RowError]:
    known = ", ".join(columns)
    for column in columns:
        if column not in names and column not in optional:
            yield RowError(number, column, _MISSING)
    unknown = [(place, name) for place, name in enumerate(names, start=1) if name not in columns]
    for place, name in unknown[:MAX_UNKNOWN]:
        # Without its header a file's first row may hold addresses.
        column = name if _LIKE_A_COLUMN.fullmatch(name) else f"column {place}"
        yield RowError(number, column, f"unknown column: remove it; the columns are {known}")
    if (left := len(unknown) - MAX_UNKNOWN) > 0:
        more = f"{left:,} more unknown column{'s' if left > 1 else ''}"
        yield RowError(number, "", f"{more}: remove all that are not among the columns above")
    for name, count in Counter(names).items():
        if count > 1 and name in columns:
            yield RowError(number, name, "the column stands here twice: keep one of them")


def _wrong_count(found: int, wanted: int, separator: str) -> str:
    return (
        f"{found} cells where the header names {wanted}: give every column a cell, empty if need "
        f"be, and put quotes around a value that holds a {separator}"
    )

"""The cells of a bill: read into values (CellError with the remedy, see cells.py), and written."""

import re
from decimal import Decimal

from bill_reminders.domain.enums import Shift
from bill_reminders.domain.recurrence import Unit
from bill_reminders.files.cells import CellError
from bill_reminders.files.money import amount

MAX_EVERY = 1000

MAX_LATE_APR = 1000

_LATE_APR = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4})?")

_REPEATS = re.compile(r"(last day of )?every (?:([0-9]{1,4}) )?(day|week|month|year)s?")

_FORMULA = re.compile(r"'*[=+\-@]")
"""What a spreadsheet would run, and what looks as if it had been kept from that."""


def escaped(text: str) -> str:
    """`text` with an apostrophe before what a spreadsheet would run as a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def unescaped(text: str) -> str:
    """A text that was `escaped` in a file, as it was before."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def shift(text: str) -> Shift:
    """What becomes of a due date that is not a working day."""
    try:
        return Shift(text.lower())
    except ValueError:
        raise CellError(
            "not a choice: write none to leave such a date, or previous or next to move it to the "
            "working day before or after"
        ) from None


def amount_due(text: str, *, currency: str | None) -> Decimal:
    """What is to be paid, above zero."""
    try:
        value = amount(text, currency=currency)
    except CellError as error:
        raise CellError(f"{error}; leave it empty while it is unknown") from None
    if value == 0:
        raise CellError("zero: write what is to be paid, or leave it empty while it is unknown")
    return value


def balance_due(text: str, *, currency: str | None) -> Decimal:
    """What is to be paid of a card, or a credit below zero, of which nothing is."""
    if not text.startswith("-"):
        return amount_due(text, currency=currency)
    return -amount_due(text[1:], currency=currency)


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

"""One cell of a file to one value, for the kinds of cells that several files share.

Every function takes a stripped text that is not empty, and raises CellError with the problem and
the remedy. None repeats the cell, for a shifted column may put an address anywhere; a date that
does not exist is the exception.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from enum import StrEnum

from bill_reminders.domain.errors import BillRemindersError

MAX_WORDS = 100
"""The longest name that a message can carry, in characters."""

FIRST_YEAR, LAST_YEAR = 1970, 2199

_IDENTIFIER = re.compile(r"[A-Za-z0-9._-]{1,64}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER = re.compile(r"[0-9]{1,4}")
_WALL_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")

_UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}
"""Control characters, lone surrogates, line and paragraph separators (Unicode categories)."""

_BIDI_CONTROLS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
"""Embeddings, overrides and isolates: they could make a text show another amount or name."""


class CellError(BillRemindersError):
    """A cell that cannot be read; the message says the problem and the remedy."""


def identifier(text: str) -> str:
    """An id of the file's owner. It stands in keys, links and log lines, so it is plain ASCII."""
    if not _IDENTIFIER.fullmatch(text):
        raise CellError(
            "not an id: write 1 to 64 letters a-z or A-Z, digits, points, underscores and hyphens"
        )
    return text


def words(text: str) -> str:
    """A text that people read: one line in any script, emoji included."""
    if len(text) > MAX_WORDS:
        raise CellError(f"too long: write at most {MAX_WORDS} characters")
    if any(map(_is_control, text)):
        raise CellError(
            "holds a line break or an invisible control character: delete it and type the text anew"
        )
    return text


def _is_control(character: str) -> bool:
    return (
        unicodedata.category(character) in _UNPRINTABLE
        or unicodedata.bidirectional(character) in _BIDI_CONTROLS
    )


def day(text: str) -> date:
    """A local date, `2027-03-01`."""
    if not _DATE.fullmatch(text):
        raise CellError("not a date: write it as YYYY-MM-DD")
    try:
        value = date.fromisoformat(text)
    except ValueError:
        raise CellError(
            f"{text} is an impossible date: write YYYY-MM-DD, a day that exists"
        ) from None
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise CellError(f"{text} is too far away: write a date from {FIRST_YEAR} to {LAST_YEAR}")
    return value


def instant(text: str) -> datetime:
    """The UTC instant of `2027-03-01T09:30:00+08:00`, in whole seconds, which is what is stored.

    A date alone means its first instant in UTC.
    """
    if _DATE.match(text):
        first = datetime.combine(day(text[:10]), time(), tzinfo=UTC)
        if len(text) == 10:
            return first
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        value = None
    if value is None or value.tzinfo is None or not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise CellError(
            "not a date or an instant with its offset: "
            "write YYYY-MM-DD, or YYYY-MM-DDThh:mm:ss with Z or +hh:mm at the end"
        )
    return value.astimezone(UTC).replace(microsecond=0)


def wall_time(text: str) -> time:
    """A local time of day. `9:00` is read too: spreadsheets drop the leading zero."""
    match = _WALL_TIME.fullmatch(text)
    if not match or int(match[1]) > 23 or int(match[2]) > 59:
        raise CellError("not a time of day: write HH:MM from 00:00 to 23:59")
    return time(int(match[1]), int(match[2]))


def count(text: str) -> int:
    """How many: 1 to 1200, a hundred years of months."""
    return _number(text, 1, 1200)


def month_day(text: str) -> int:
    """A day of the month; in shorter months it means the last one."""
    return _number(text, 1, 31)


def days_after(text: str) -> int:
    """A number of days, two months at most."""
    return _number(text, 1, 60)


def _number(text: str, least: int, most: int) -> int:
    if not _NUMBER.fullmatch(text) or not least <= int(text) <= most:
        raise CellError(f"not a number from {least} to {most}: write digits alone")
    return int(text)


def yes_or_no(text: str) -> bool:
    """`yes` or `no`."""
    if text.lower() not in ("yes", "no"):
        raise CellError("neither yes nor no: write one of them")
    return text.lower() == "yes"


def one_of[T: StrEnum](choices: type[T]) -> Callable[[str], T]:
    """A reader of the words of `choices`."""

    def read(text: str) -> T:
        try:
            return choices(text.lower())
        except ValueError:
            raise CellError(f"not a choice: write {', '.join(choices)}") from None

    return read

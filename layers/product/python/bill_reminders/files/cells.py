"""One cell of a file to one value, for the kinds of cells that several files share.

Every function takes a stripped text that is not empty, and raises CellError with the problem and
the remedy. None repeats the cell, for a shifted column may put an address anywhere; a date that
does not exist is the exception.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from enum import StrEnum

from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.files.legible import fault, link_fault

MAX_WORDS = 100
"""The longest name that a message can carry, in characters."""

FIRST_YEAR, LAST_YEAR = 1970, 2199

_IDENTIFIER = re.compile(r"[A-Za-z0-9._-]{1,64}")
_DATE = re.compile(
    r"([0-9]{4})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日)"
    r"(?:[ T]0{1,2}:00(?::00(?:\.0+)?)?)?"
)
"""The year first, as spreadsheets write it too, with a midnight behind it perhaps."""
_BEGINS_WITH_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T")
_REWRITTEN = re.compile(r"[0-9]{1,2}([-/.])[0-9]{1,2}\1[0-9]{1,4}")
_NUMBER = re.compile(r"[0-9]{1,4}")
_WALL_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")


_HALF_WIDTH = {0x3000: " ", **{0xFF00 + code: chr(0x20 + code) for code in range(1, 0x5F)}}


class CellError(BillRemindersError):
    """A cell that cannot be read; the message says the problem and the remedy."""


def half_width(text: str) -> str:
    """`text` with the wide forms of ASCII, as Chinese and Japanese keyboards write them, in their
    usual form. No other character changes."""
    return text.translate(_HALF_WIDTH)


def identifier(text: str) -> str:
    """An id of the file's owner. It stands in keys, links and log lines, so it is plain ASCII."""
    if not _IDENTIFIER.fullmatch(text):
        raise CellError(
            "not an id: write 1 to 64 letters a-z or A-Z, digits, points, underscores and hyphens"
        )
    return text


def words(text: str) -> str:
    """A text that goes out in messages: one line in any script, emoji included, and no link."""
    return _without_link(remark(text))


def remark(text: str) -> str:
    """A text that is kept and never sent: it may hold a link."""
    if len(text) > MAX_WORDS:
        raise CellError(f"too long: write at most {MAX_WORDS} characters")
    return legible(text)


def line_of(most: int) -> Callable[[str], str]:
    """A reader of a text of one line and at most so many characters, without a link."""

    def read(text: str) -> str:
        if len(text) > most:
            raise CellError(f"too long: write at most {most} characters")
        if link_fault(text) is not None:
            raise CellError("holds a web address: write it without ://, or where a link belongs")
        return legible(text)

    return read


def prose(text: str) -> str:
    """A text of any length that people read, without a link."""
    return _without_link(legible(text))


def _without_link(text: str) -> str:
    if (problem := link_fault(text)) is not None:
        raise CellError(problem)
    return text


def legible(text: str) -> str:
    """A text that people can see and read, of any length."""
    if (problem := fault(text)) is not None:
        raise CellError(problem)
    return text


def day(text: str) -> date:
    """A local date, `2027-03-01`. Other forms with the year first are read too: they have one
    meaning, and spreadsheets make them of the first."""
    plain = half_width(text)
    if _REWRITTEN.fullmatch(plain):
        raise CellError(
            "not a date with its year first, perhaps because a spreadsheet rewrote it: write it as "
            "YYYY-MM-DD, and format the column as text so that it stays"
        )
    match = _DATE.fullmatch(plain)
    if match is None:
        raise CellError("not a date: write it as YYYY-MM-DD")
    year, month, number = (int(match[each]) for each in (1, *((3, 4) if match[2] else (5, 6))))
    try:
        value = date(year, month, number)
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
    if _DATE.fullmatch(half_width(text)):
        return datetime.combine(day(text), time(), tzinfo=UTC)
    if _BEGINS_WITH_DATE.match(text):
        day(text[:10])
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

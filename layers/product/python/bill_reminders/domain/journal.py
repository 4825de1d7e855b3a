"""What a change of an account was: which fields, from which value to which, in short texts.

Delivery's own marks (who was welcomed, what was claimed or put aside) are no part of it: the ledger
tells those. Values may be private. They are kept with the user's other data, and never logged.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum
from functools import singledispatch
from itertools import accumulate
from typing import Any

from dateutil.relativedelta import relativedelta

from bill_reminders.domain.bills import HOW_TO_PAY, Bill
from bill_reminders.domain.money import Money
from bill_reminders.domain.people import User

WHOSE = ("user_id", "bill_id")
"""Fields that a row's key tells already."""

UNTOLD = frozenset(HOW_TO_PAY)
"""Fields of which a row tells that they changed, and not what they say: whoever takes a link or a
note away wants it gone."""
SOMETHING = "…"
"""Stands for what an untold field says."""

RETENTION = relativedelta(months=13)
"""How long a row is kept: as long as the ledger keeps a reminder."""


class Entrance(StrEnum):
    """Through which door a change came."""

    API = "api"
    PAGE = "page"
    """The page behind a message's link, and the unsubscribe button of a mail program."""
    REPLY = "reply"
    FILE = "file"
    """A person's own file, sent to the API."""
    IMPORT = "import"
    """A biller's file, imported by an administrator."""
    RECEIPT = "receipt"
    DELIVERY = "delivery"
    """A provider refused an address while a message was being sent."""
    OPERATION = "operation"
    """A command or script of an administrator."""


class Event(StrEnum):
    """What happened."""

    REGISTERED = "registered"
    CHANGED = "changed"
    JOINED = "joined"
    UNDONE = "undone"
    """Another contact undid that somebody joined, who is out again."""
    EXPORT = "export"
    ERASURE = "erasure"
    WRONG_CODE = "wrong_code"
    FEEDBACK = "feedback"
    CONSENT = "consent"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field before and after; None where there was or is nothing. `what` is its path, of the
    user where no `bill` is named."""

    what: str
    old: str | None = field(repr=False)
    new: str | None = field(repr=False)
    bill: str | None = None


type Owned = tuple[User, Sequence[Bill]]
"""A user with all bills."""


def differences(before: Owned | None, after: Owned) -> tuple[Difference, ...]:
    """What a person would say changed; empty when it is nothing. Without `before` the user is
    new."""
    user, bills = after
    if before is None:
        return (Difference("user", None, _text(user)), *_of_bills((), bills))
    known, known_bills = before
    return (*_between("", known, user), *_of_bills(known_bills, bills))


def fields_between(path: str, old: Any, new: Any) -> tuple[Difference, ...]:
    """What differs between two values of one kind, of which either may be None."""
    return tuple(_between(path, old, new))


def _of_bills(before: Sequence[Bill], after: Sequence[Bill]) -> Iterator[Difference]:
    known, kept = _by_id(before), _by_id(after)
    for bill_id, bill in kept.items():
        if bill is not (was := known.get(bill_id)):
            yield from (replace(each, bill=bill_id) for each in _between("", was, bill))
    for bill_id in sorted(known.keys() - kept.keys()):
        yield Difference("bill", _text(known[bill_id]), None, bill=bill_id)


def _by_id(bills: Sequence[Bill]) -> dict[str, Bill]:
    return {bill.bill_id: bill for bill in bills}


def _between(path: str, old: Any, new: Any) -> Iterator[Difference]:
    """The innermost fields that differ; of a list of values what left it and what joined it."""
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _between(f"{path}.{key}", old.get(key), new.get(key))
    elif type(old) is type(new) and is_dataclass(new) and not isinstance(new, Money):
        for name in _compared(new):
            written = WRITTEN_AS.get(name, name)
            inner = f"{path}.{written}" if path else written
            yield from _between(inner, getattr(old, name), getattr(new, name))
    elif isinstance(old, tuple) and isinstance(new, tuple) and _holds_values(*old, *new):
        yield Difference(path, _listed(old, but=new), _listed(new, but=old))
    else:
        tell = _something_if if path in UNTOLD else _text_if
        yield Difference(path or "bill", tell(old), tell(new))


def _holds_values(*several: Any) -> bool:
    return any(map(is_dataclass, several))


def _listed(several: tuple[Any, ...], *, but: tuple[Any, ...]) -> str | None:
    known = {*but}
    return _text(tuple(each for each in several if each not in known)) or None


WRITTEN_AS = {"mute": "silence"}
"""Fields that the code calls otherwise than the rows that are written, and the API."""


def _compared(value: Any) -> list[str]:
    return [each.name for each in fields(value) if each.compare]


def _something_if(value: Any) -> str | None:
    return None if value is None else SOMETHING


def _text_if(value: Any) -> str | None:
    return None if value is None else _text(value)


@singledispatch
def _text(value: Any) -> str:
    """A value as a person can read it; of several fields those that differ from how they begin."""
    if not is_dataclass(value):
        return str(value)
    begins = {each.name: each.default for each in fields(value)}
    held = {name: getattr(value, name) for name in _compared(value) if name not in WHOSE}
    said = {n: each for n, each in held.items() if each is not None and each != begins[n]}
    texts = {n: SOMETHING if n in UNTOLD else _inner(each) for n, each in said.items()}
    return "; ".join(f"{WRITTEN_AS.get(n, n)} {text}" for n, text in texts.items() if text)


@_text.register
def _(value: Money) -> str:
    return f"{value.amount:f} {value.currency}"


@_text.register
def _(value: Decimal) -> str:
    return f"{value:f}"


@_text.register
def _(value: bool) -> str:
    return "yes" if value else "no"


@_text.register
def _(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@_text.register
def _(value: date | time) -> str:
    return value.isoformat()


@_text.register(Mapping)
def _(value: Mapping[Any, Any]) -> str:
    return "; ".join(f"{key} {_inner(each)}" for key, each in value.items())


@_text.register(tuple)
def _(value: tuple[Any, ...]) -> str:
    return ", ".join(map(_inner, value))


def _inner(value: Any) -> str:
    text = _text(value)
    return f"({text})" if is_dataclass(value) and not isinstance(value, Money) else text


# Short enough -------------------------------------------------------------------------------------

OVERHEAD = 32
"""Bytes that a table adds to the texts of one difference: names of attributes, and what a map and
its entries take."""

SHORTER = (600, 300, 150, 80, 40, 20, 0)
"""Bytes to which values are cut, one after the other, until all fields find room."""


def cut(several: Iterable[Difference], room: int) -> tuple[tuple[Difference, ...], int]:
    """As many differences as `room` bytes hold, and how many are left out. Values are cut before a
    field is left out: that it changed says more than all of another's value."""
    all_of_them = tuple(several)
    for most in SHORTER:
        short = tuple(_shortened(each, most) for each in all_of_them)
        if sum(map(size, short)) <= room:
            return short, 0
    fit = sum(total <= room for total in accumulate(map(size, short)))
    return short[:fit], len(short) - fit


def size(difference: Difference) -> int:
    """Bytes that it takes in a table, at most."""
    texts = (difference.what, difference.old, difference.new, difference.bill)
    return OVERHEAD + sum(len(each.encode()) for each in texts if each is not None)


def _shortened(difference: Difference, most: int) -> Difference:
    old, new = _first(difference.old, most), _first(difference.new, most)
    return replace(difference, old=old, new=new)


def _first(text: str | None, most: int) -> str | None:
    if text is None or len(raw := text.encode()) <= most:
        return text
    return f"{raw[:most].decode(errors='ignore')}…"

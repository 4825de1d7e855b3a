"""The environment of a function, read once at its start into typed values."""

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, Protocol, cast, get_args

from bill_reminders.domain.errors import BillRemindersError


class MissingConfiguration(BillRemindersError):
    """The environment lacks a variable, or holds one that cannot be read."""


class Settings(Protocol):
    """A NamedTuple of what is read."""

    _field_defaults: ClassVar[dict[str, Any]]


_gathered: ContextVar[list[str] | None] = ContextVar("gathered", default=None)


@contextmanager
def all_at_once() -> Iterator[None]:
    """Around several reads: what is wrong with any of them is told together, at the end. Raises
    MissingConfiguration."""
    faults: list[str] = []
    token = _gathered.set(faults)
    try:
        yield
    finally:
        _gathered.reset(token)
    _need_none(faults)


def text(name: str) -> str:
    """One variable. Raises MissingConfiguration."""
    found = os.environ.get(name, "")
    if not found:
        _need_none([f"{name} is missing"])
    return found


def read[T: Settings](
    settings: type[T],
    environment: Mapping[str, str] | None = None,
    *,
    required: Collection[str] = (),
) -> T:
    """Fill a NamedTuple of `str`, `int` and `float` fields from variables of the same name in
    capitals. An empty value counts as missing unless the field has a default and is not `required`.

    A field of type `dict[E, S]`, of an enum and another such tuple, has an S for each member of
    E, whose value the names of its variables begin with: SMS_QUEUE_URL.

    Raises MissingConfiguration with a sentence that names every variable at fault.
    """
    faults: list[str] = []
    source = os.environ if environment is None else environment
    filled = _fill(settings, source, "", required, faults)
    _need_none(faults)
    return cast(T, filled)  # when faults are gathered, nobody sees it before they are raised


def _need_none(faults: list[str]) -> None:
    gathered = _gathered.get()
    if gathered is not None:
        gathered += [fault for fault in faults if fault not in gathered]
    elif faults:
        raise MissingConfiguration(
            f"Cannot start: {', '.join(faults)}. template.yaml sets the environment of each "
            "function; deploy it again, or restore the variable in the function's configuration."
        )


def _fill[T: Settings](
    settings: type[T],
    source: Mapping[str, str],
    prefix: str,
    required: Collection[str],
    faults: list[str],
) -> T | None:
    """None when there are faults."""
    values: dict[str, object] = {}
    for field, kind in settings.__annotations__.items():
        if of_dict := get_args(kind):
            members, each = of_dict
            values[field] = {
                member: _fill(each, source, f"{prefix}{member.value}_", required, faults)
                for member in members
            }
            continue
        name = f"{prefix}{field}".upper()
        found = source.get(name, "")
        if not found:
            if field not in settings._field_defaults or field in required:
                faults.append(f"{name} is missing")
            continue
        try:
            values[field] = kind(found)
        except ValueError:
            faults.append(f"{name} is not a number")
    return None if faults else settings(**values)

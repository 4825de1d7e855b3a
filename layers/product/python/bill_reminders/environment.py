"""The environment of a function, read once at its start into a typed value."""

import os
from collections.abc import Mapping
from dataclasses import fields
from typing import get_args, get_origin

from bill_reminders.domain.errors import BillRemindersError


class MissingConfiguration(BillRemindersError):
    """The environment lacks a variable, or holds one that cannot be read."""


def text(name: str) -> str:
    """One variable. Raises MissingConfiguration."""
    if found := os.environ.get(name, ""):
        return found
    raise MissingConfiguration(_sentence([f"{name} is missing"]))


def read[T](settings: type[T], environment: Mapping[str, str] | None = None) -> T:
    """Fill a dataclass of `str`, `int` and `float` fields from variables of the same name in
    capitals. An empty value counts as missing unless the field has a default.

    A field of type `dict[E, S]`, of an enum and another such dataclass, has an S for each member of
    E, whose value the names of its variables begin with: SMS_QUEUE_URL.

    Raises MissingConfiguration with a sentence that names every variable at fault.
    """
    faults: list[str] = []
    filled = _fill(settings, os.environ if environment is None else environment, "", faults)
    if filled is None:
        raise MissingConfiguration(_sentence(faults))
    return filled


def _fill[T](
    settings: type[T], source: Mapping[str, str], prefix: str, faults: list[str]
) -> T | None:
    """None when there are faults."""
    values: dict[str, object] = {}
    for field in fields(settings):  # type: ignore[arg-type]
        if get_origin(field.type) is dict:
            members, each = get_args(field.type)
            values[field.name] = {
                member: _fill(each, source, f"{prefix}{member.value}_", faults)
                for member in members
            }
            continue
        name = f"{prefix}{field.name}".upper()
        text = source.get(name, "")
        optional = field.default is not field.default_factory  # both MISSING when required
        if not text:
            if not optional:
                faults.append(f"{name} is missing")
            continue
        try:
            values[field.name] = field.type(text)  # type: ignore[operator]
        except ValueError:
            faults.append(f"{name} is not a number")
    return None if faults else settings(**values)


def _sentence(faults: list[str]) -> str:
    return (
        f"Cannot start: {', '.join(faults)}. template.yaml sets the environment of each "
        "function; deploy it again, or restore the variable in the function's configuration."
    )

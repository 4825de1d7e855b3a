"""What is private stays out of the printed form of whatever carries it, and so out of a log line
or an error that prints it."""

import pkgutil
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from importlib import import_module

import pytest

import bill_reminders

PRIVATE = {
    "address",
    "email",
    "endpoint",
    "endpoints",
    "link",
    "note",
    "number",
    "pay_link",
    "phone",
    "push_token",
    "reference",
    "token",
    "unsubscribe_link",
}

OURS = {
    "bill_reminders.channels.sms.sender_ids.SenderIdentity.number",
    "bill_reminders.channels.email.request.Mailbox.address",
}
"""Whom messages come from is no secret."""


def carriers() -> Iterator[tuple[str, bool]]:
    """The private fields of dataclasses and of named tuples, and whether they are printed."""
    for found in pkgutil.walk_packages(bill_reminders.__path__, "bill_reminders."):
        if found.name.endswith("__main__"):
            continue
        module = import_module(found.name)
        for name, kind in vars(module).items():
            if not isinstance(kind, type) or kind.__module__ != found.name:
                continue
            for field, type_, printed in fields_of(kind):
                if field in PRIVATE and "str" in str(type_):
                    yield f"{found.name}.{name}.{field}", printed


def fields_of(kind: type) -> Iterator[tuple[str, object, bool]]:
    """The name and type of each, and whether it is printed."""
    if is_dataclass(kind):
        yield from ((each.name, each.type, each.repr) for each in fields(kind))
    elif issubclass(kind, tuple):
        for name in getattr(kind, "_fields", ()):
            yield name, kind.__annotations__[name], True


CARRIERS = {name: printed for name, printed in carriers() if name not in OURS}


def test_they_are_found() -> None:
    assert "bill_reminders.delivery.failures.Failure.address" in CARRIERS
    assert len(CARRIERS) > 5


@pytest.mark.parametrize("name", CARRIERS)
def test_it_is_not_printed(name: str) -> None:
    assert not CARRIERS[name]

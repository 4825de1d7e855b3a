"""What is private stays out of the printed form of whatever carries it, and so out of a log line
or an error that prints it."""

import pkgutil
from collections.abc import Iterator
from dataclasses import Field, fields, is_dataclass
from importlib import import_module
from typing import Any

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


def carriers() -> Iterator[tuple[str, Field[Any]]]:
    for found in pkgutil.walk_packages(bill_reminders.__path__, "bill_reminders."):
        if found.name.endswith("__main__"):
            continue
        module = import_module(found.name)
        for name, kind in vars(module).items():
            if not (isinstance(kind, type) and is_dataclass(kind)):
                continue
            if kind.__module__ == found.name:
                for field in fields(kind):
                    if field.name in PRIVATE and "str" in str(field.type):
                        yield f"{found.name}.{name}.{field.name}", field


CARRIERS = {name: field for name, field in carriers() if name not in OURS}


def test_they_are_found() -> None:
    assert "bill_reminders.delivery.failures.Failure.address" in CARRIERS
    assert len(CARRIERS) > 5


@pytest.mark.parametrize("name", CARRIERS)
def test_it_is_not_printed(name: str) -> None:
    assert not CARRIERS[name].repr

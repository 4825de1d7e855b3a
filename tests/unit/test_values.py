"""Values are dataclasses, which the journal compares field by field; what only carries them from
one function to the next may be a named tuple, which loads faster."""

from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any, get_args, get_type_hints

import pytest

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.people import User
from bill_reminders.storage.history import Feedback


def within(kind: type, seen: set[type]) -> Iterator[type]:
    """The classes of ours that a value holds, itself among them."""
    if kind in seen or not kind.__module__.startswith("bill_reminders."):
        return
    seen.add(kind)
    yield kind
    if is_dataclass(kind) or hasattr(kind, "_fields"):
        for hint in get_type_hints(kind).values():
            for each in classes_in(hint):
                yield from within(each, seen)


def classes_in(hint: Any) -> Iterator[type]:
    if isinstance(hint, type):
        yield hint
    for part in get_args(hint):
        yield from classes_in(part)


HELD = {kind for value in (Bill, User, Feedback) for kind in within(value, set())}


def test_they_are_found() -> None:
    assert {kind.__name__ for kind in HELD} >= {"Bill", "Place", "Loan", "Plan", "QuietHours"}


@pytest.mark.parametrize("kind", sorted(HELD, key=lambda kind: kind.__name__))
def test_what_the_journal_compares_is_no_tuple(kind: type) -> None:
    assert not issubclass(kind, tuple)

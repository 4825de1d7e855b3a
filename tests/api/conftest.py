"""A stack on moto for every test, a clock that tests can set, and somebody who has signed in."""

from collections.abc import Iterator
from datetime import UTC, datetime

import boto3
import pytest

from bill_reminders import clock
from bill_reminders.domain.enums import Channel
from bill_reminders.storage import contacts, identities, tables
from tests.support.api import Person
from tests.support.moto_stack import OFFSET_PARAMETER, MotoStack, SetClock, moto_stack

NOON = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
"""Where the clock stands when a test begins."""


@pytest.fixture
def stack() -> Iterator[MotoStack]:
    with moto_stack() as deployed:
        assert tables.connection.client is not None  # made here, or each thread would make one
        boto3.client("sesv2").create_email_identity(EmailIdentity="example.com")
        yield deployed


@pytest.fixture
def set_clock(stack: MotoStack, monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Moves the product's clock."""
    monkeypatch.setenv(clock.OFFSET_VARIABLE, OFFSET_PARAMETER)
    return stack.set_clock


@pytest.fixture
def person(stack: MotoStack, set_clock: SetClock) -> Person:
    """Somebody with an account in London, at noon on the first of March 2027."""
    set_clock(NOON)
    return Person(stack, "somebody").registered("Europe/London")


@pytest.fixture
def reached(person: Person) -> Person:
    """The person, with a phone number in use."""
    contacts.take(user_id(person), Channel.SMS, "+12025550123", now=NOON)
    return person


def user_id(person: Person) -> str:
    found = identities.user_of(person.identity)
    assert found is not None
    return found

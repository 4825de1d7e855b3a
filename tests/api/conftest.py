"""A stack of its own for every test, and a clock that tests can set."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from bill_reminders import clock
from bill_reminders.storage import tables
from tests.support.moto_stack import MotoStack, moto_stack

OFFSET_PARAMETER = "/tests/clock-offset"

SetClock = Callable[[datetime], None]


@pytest.fixture
def stack() -> Iterator[MotoStack]:
    with moto_stack() as deployed:
        assert tables.connection.client is not None  # made here, or each thread would make one
        yield deployed


@pytest.fixture
def set_clock(stack: MotoStack, monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Moves the product's clock as a local stack's is moved; it goes on from there."""
    monkeypatch.setenv(clock.OFFSET_VARIABLE, OFFSET_PARAMETER)
    ssm = stack.client("ssm")

    def move(instant: datetime) -> None:
        seconds = (instant - datetime.now(UTC)).total_seconds()
        ssm.put_parameter(Name=OFFSET_PARAMETER, Value=str(seconds), Type="String", Overwrite=True)

    return move

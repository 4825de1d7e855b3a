"""A slice of the campaign's faults on the wire: all of them are run by `make chaos`."""

from collections.abc import Iterator

import pytest

from local.stack import Stack
from tests.chaos import wire

SLICE = (
    "deliver: every Publish answer cut off",
    "deliver: every other SendEmail 500 after",
    "deliver: every other TransactWriteItems answer cut off",
    "deliver: every TransactWriteItems throttled",
    "deliver: shard 2's Query throttled",
    "deliver: every SendMessageBatch reset before",
    "settle: every other UpdateItem answer cut off",
    "settle: every TransactWriteItems 500 after",
)
SCHEDULES = {schedule.name: schedule for schedule in wire.schedules()}


@pytest.fixture(scope="module")
def proxy(stack: Stack) -> Iterator[wire.Wire]:
    with wire.between(stack) as proxy:
        yield proxy


@pytest.mark.parametrize("name", SLICE)
def test_whatever_happens_on_the_wire_everyone_is_reminded_once(
    stack: Stack, proxy: wire.Wire, name: str
) -> None:
    outcome = wire.run(stack, proxy, SCHEDULES[name], day=100 + SLICE.index(name))
    assert outcome.wrong == []
    assert (outcome.lost, outcome.duplicated) == (0, 0)


def test_sms_that_is_throttled_to_nothing_keeps_no_other_channel_from_sending(
    stack: Stack, proxy: wire.Wire
) -> None:
    assert wire.sms_throttled(stack, proxy, day=200, users=3)["refused"] > 0

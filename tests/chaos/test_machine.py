"""Schedules are made by their numbers, and one that does not hold is told as short as it can be."""

from collections.abc import Callable, Iterator

import pytest

from bill_reminders.domain.enums import Channel
from tests.chaos import machine
from tests.chaos.guards import Guard, without
from tests.chaos.machine import Step
from tests.chaos.world import World, inhabited

STOPS_NOTHING = Guard(
    "a stop is written",
    "commands.stops",
    "_with_address",
    "return account.with_user(account.user.with_address(channel, change(address)))",
    "return account",
)


@pytest.fixture(scope="module")
def make() -> Iterator[Callable[[], World]]:
    with inhabited() as made:
        yield made


def test_a_number_makes_one_schedule_and_another_makes_another() -> None:
    known = {number: machine.steps(number) for number in range(200)}
    assert all(machine.steps(number) == schedule for number, schedule in known.items())
    assert len({str(schedule) for schedule in known.values()}) == len(known)
    assert {len(schedule) for schedule in known.values()} == {machine.STEPS}


def test_schedules_have_steps_of_every_kind_and_each_lacks_some() -> None:
    kinds = [{step.name for step in machine.steps(number)} for number in range(200)]
    assert set[str]().union(*kinds) == machine.ALL
    assert all(kind < machine.ALL for kind in kinds)


def test_of_one_that_does_not_hold_is_left_what_it_takes(make: Callable[[], World]) -> None:
    stop = Step("stops", ("ann", Channel.SMS))
    schedule = [Step("tick", (1,)), stop, Step("sweep", ()), Step("redrive", ())]
    assert machine.live(make, schedule)[1].holds
    with without(STOPS_NOTHING):
        assert machine.shortest(make, schedule) == [stop]


ONCE_MISJUDGED = {
    "a START by SMS after a STOP, while a function's clock is behind": [
        Step("stops", ("ann", Channel.SMS)),
        Step("clocks_differ", (-120,)),
        Step("writes_back", ("START",)),
    ],
    "a night after which it helps no more": [Step("time_passes", (14 * 60,))],
    "a debit that waits for the night of a new zone to end": [
        Step("a_debit_fails", (("bob", "card"), "debit-1")),
        Step("settings_change", ("zone", "bob", 2)),
        Step("minutes_with_everything", (3,)),
    ],
}


@pytest.mark.parametrize("schedule", ONCE_MISJUDGED.values(), ids=list(ONCE_MISJUDGED))
def test_what_the_oracle_once_misjudged_holds(
    make: Callable[[], World], schedule: list[Step]
) -> None:
    totals = machine.live(make, schedule)[1]
    assert totals.holds, totals

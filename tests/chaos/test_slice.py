"""A bounded slice of the campaign, from fixed seeds; `make chaos` runs all of it."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice

import pytest

from tests.chaos import backlog, crashes, machine, story
from tests.chaos.guards import GUARDS, Guard, without
from tests.chaos.world import World, inhabited


@pytest.fixture(scope="module")
def make() -> Iterator[Callable[[], World]]:
    with inhabited() as made:
        yield made


@pytest.mark.parametrize("course", crashes.COURSES)
def test_single_faults(make: Callable[[], World], course: str) -> None:
    seen: Counter[str] = Counter()
    kinds: set[str] = set()
    for name, world, totals in crashes.some(make, course, of_each=1 if course == "pressed" else 2):
        assert totals.holds, (name, totals)
        seen += world.injected
        kinds.add(name.partition(" at ")[0])
    assert {"died", "answer lost", "throttled", "meanwhile"} <= set(seen)
    assert kinds >= {*crashes.KINDS, *crashes.MEANWHILE}


def test_pairs_of_deaths(make: Callable[[], World]) -> None:
    runs = deaths = 0
    for name, world, totals in crashes.pairs(make, start=41, step=499):
        assert totals.holds, (name, totals)
        runs, deaths = runs + 1, deaths + world.injected["died"]
    assert deaths > runs > 20, "most die twice; a course that dies early makes fewer calls"


def test_any_interleaving(make: Callable[[], World]) -> None:
    seen: Counter[str] = Counter()
    done: set[str] = set()
    for schedule, world, totals in machine.runs(make, count=60):
        assert totals.holds, (machine.shortest(make, schedule), totals)
        seen += world.injected + world.pressed
        seen["accepted"] += totals.accepted
        done |= {each.name for each in schedule}
    assert seen["accepted"] > 50
    assert {"died", "meanwhile", "poison", "clock skew", "index lag"} <= set(seen)
    assert done == machine.ALL


@pytest.mark.parametrize("channel", ["sms", "email", "push"])
@pytest.mark.parametrize("trouble", ["throttled", "silent", "failed", "died"])
def test_one_channels_trouble_delays_no_other(
    make: Callable[[], World], channel: str, trouble: str
) -> None:
    """The others' messages are taken in the minute in which they are without that trouble."""

    def taken_at(troubles: dict[str, str]) -> dict[tuple[str, str], datetime]:
        world = make()
        story.people(world)
        world.trouble |= troubles
        story.course(world)
        found = {(each.channel, each.user_id): each.at for each in world.accepted}
        assert story.finish(world).holds
        return found

    usual = taken_at({})
    assert {name for name, _ in usual} == {"sms", "email", "push"}
    expected = {key: at for key, at in usual.items() if key[0] != channel}
    assert taken_at({channel: trouble}) == expected


def test_a_backlog_after_an_outage_goes_out_once_and_nothing_past_its_use(
    make: Callable[[], World],
) -> None:
    drained = backlog.drain(make, users=300, faults=5)
    assert (drained.twice, drained.too_late, drained.left) == (0, 0, 0)
    assert drained.sent + drained.expired >= 295, "a death may leave one unknown"
    assert drained.expired == 150


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_the_campaign_notices_each_guard_that_is_missing(
    make: Callable[[], World], guard: Guard
) -> None:
    """And nothing is noticed at that place while the guard is there."""
    for totals in islice(guard.runs(make), 3):
        assert totals.holds, totals
    with without(guard):
        assert not all(totals.holds for totals in guard.runs(make))

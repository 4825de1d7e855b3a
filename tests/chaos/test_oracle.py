"""Faults of the product that call themselves right: by the script the campaign notices each."""

from collections.abc import Callable, Iterator
from unittest.mock import patch

import pytest

from tests.brute_force import DAY
from tests.chaos import acts, story
from tests.chaos.guards import Guard, without
from tests.chaos.store import Store
from tests.chaos.story import HOUR, MINUTE, Totals
from tests.chaos.world import Letter, World, inhabited

FAULTS = (
    (
        Guard(
            "the due day is forgotten",
            "domain.reminder_series",
            "_by_plan",
            "{*plan.lead_days}",
            "{*plan.lead_days} - {0}",
            "",
        ),
        "due and not sent: ann 2027-03-01#rent#0000#r0#lead:0#sms",
    ),
    (
        Guard(
            "notices of what is overdue are forgotten",
            "domain.reminder_series",
            "_by_plan",
            "{*plan.overdue_days}",
            "set()",
            "",
        ),
        "would wake too late, 2027-03-04T09:00Z for 2027-03-02T09:00: ann sms",
    ),
    (
        Guard(
            "what is due is noted as superseded",
            "domain.planning",
            "_judge",
            "due.append(reminder)",
            "skipped.append(Skip(reminder, SkipReason.SUPERSEDED))",
            "",
        ),
        "skipped:superseded, and the script explains sent: 2027-03-01#rent#0000#r0#lead:0#sms",
    ),
    (
        Guard(
            "what is superseded is noted as expired",
            "delivery.claims",
            "_skipped_rows",
            "item.reason = skip.reason.value",
            "item.reason = 'expired'",
            "",
        ),
        "skipped:expired, and the script explains skipped:superseded: 2027-03-01#rent#0000#r0",
    ),
    (
        Guard(
            "what was taken is marked as unknown",
            "delivery.sender",
            "_send_claim",
            "claims.mark(claim, State.SENT, now=now, provider_id=provider_id)",
            "claims.mark_unknown(claim, reason='no_answer', now=now)",
            "",
        ),
        "unknown, and nothing was injected: ann 2027-03-01#rent#0000#r0#lead:0#sms",
    ),
    (
        Guard(
            "the next look is planned for a day later",
            "domain.planning",
            "decide",
            "next_at=min(wakes, default=None)",
            "next_at=min((each + DAY for each in wakes), default=None)",
            "",
        ),
        "would wake too late, 2027-03-03T09:00Z for 2027-03-02T09:00: ann sms",
    ),
    (
        Guard(
            "the next look is written a day later",
            "delivery.claims",
            "_moved_instant",
            "accounts.set_or_remove(next_at, decision.next_at)",
            "accounts.set_or_remove(next_at, decision.next_at and decision.next_at + DAY)",
            "",
        ),
        "would wake too late, 2027-03-03T09:00Z for 2027-03-02T09:00: ann sms",
    ),
)


@pytest.fixture(scope="module")
def make() -> Iterator[Callable[[], World]]:
    with inhabited() as made:
        yield made


def played(make: Callable[[], World]) -> Totals:
    world = make()
    story.people(world)
    story.course(world)
    return story.finish(world)


def test_a_calm_day_ends_as_the_script_has_it(make: Callable[[], World]) -> None:
    totals = played(make)
    assert totals.holds, totals
    assert (totals.unknown, totals.resent) == (0, 0)
    assert totals.accepted == 6


@pytest.mark.parametrize(("fault", "said"), FAULTS, ids=[fault.name for fault, _ in FAULTS])
def test_a_fault_that_the_product_calls_right_is_noticed_by_the_script(
    make: Callable[[], World], fault: Guard, said: str
) -> None:
    with without(fault):
        totals = played(make)
    found = [*totals.lost, *totals.duplicated, *totals.wrong]
    assert any(said in each for each in found), found


def told_of_a_debit(make: Callable[[], World]) -> Totals:
    """It fails an hour before the due day's own reminder."""
    world = make()
    story.people(world)
    world.now = story.NINE + 3 * DAY - HOUR
    acts.debit_fails(world, "ann", "power", "debit")
    for minutes in (5, 55):
        world.now += minutes * MINUTE
        world.tick()
        for queue in story.QUEUES:
            world.deliver(queue)
    return story.finish(world)


def test_a_debit_and_what_its_day_has_yet_to_say_are_both_told(make: Callable[[], World]) -> None:
    totals = told_of_a_debit(make)
    assert totals.holds, totals


SWALLOWS = Guard(
    "a debit that fails takes with it what comes later that day",
    "domain.reminder_series",
    "_of_one_day",
    "each.reminder.trigger in debits",
    "False",
    "",
)


def test_a_debit_that_swallows_what_its_day_has_yet_to_say_is_noticed(
    make: Callable[[], World],
) -> None:
    with without(SWALLOWS):
        totals = told_of_a_debit(make)
    said = "skipped:merged, and the script explains nothing: 2027-03-04#power#0000#r0#lead:0#sms"
    assert any(said in each for each in totals.wrong), totals


def test_what_is_left_in_a_queue_is_lost(make: Callable[[], World]) -> None:
    world = make()
    story.people(world)
    world.dead["SmsNudges"].append(Letter("{}"))
    world.dead["SmsNudges"].append(Letter("{}", is_poison=True))
    totals = story.finish(world)
    assert totals.lost == ["1 messages are left in SmsNudges"]


def test_what_the_world_cannot_do_is_wrong_though_the_product_lives_through_it(
    make: Callable[[], World],
) -> None:
    world = make()
    story.people(world)
    with patch.object(Store, "_query", side_effect=KeyError("Unheard")):
        world.tick()
    assert "the world cannot do dynamodb Query: KeyError('Unheard')" in world.wrong

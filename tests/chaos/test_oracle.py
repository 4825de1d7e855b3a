"""Faults of the product that call themselves right: by the script the campaign notices each."""

from collections.abc import Callable, Iterator

import pytest

from tests.chaos import story
from tests.chaos.guards import Guard, without
from tests.chaos.story import Totals
from tests.chaos.world import World, inhabited

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

"""A provider that gives no answers for hours: nearly everybody is reminded when it is over."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from unittest.mock import patch

import pytest

from bill_reminders.delivery import claims
from tests.chaos import outage
from tests.chaos.world import World, inhabited

USERS = 24
A_DAY = claims.MESSAGES_A_DAY
"""As deployed: the campaign's own cap is so low that refusals use it up."""


@pytest.fixture(scope="module")
def make() -> Iterator[Callable[[], World]]:
    with inhabited() as made, patch.object(claims, "MESSAGES_A_DAY", A_DAY):
        yield made


def test_who_is_refused_for_hours_is_reminded_once(make: Callable[[], World]) -> None:
    """What the others are measured by."""
    found = outage.endure(make, users=USERS, trouble="throttled", lasts=timedelta(hours=4))
    assert (found.sent, found.unknown, found.twice, found.waiting) == (USERS, 0, 0, 0)


@pytest.mark.parametrize("trouble", ["failed", "silent"])
@pytest.mark.parametrize("restarts", [False, True], ids=["one process", "many"])
def test_who_gets_no_answer_for_hours_is_reminded_once_but_for_few(
    make: Callable[[], World], trouble: str, restarts: bool
) -> None:
    found = outage.endure(
        make, users=USERS, trouble=trouble, lasts=timedelta(hours=4), restarts=restarts
    )
    assert found.sent + found.unknown == USERS
    assert found.unknown <= 3, "each that was asked for in vain for the second time"
    assert (found.twice, found.waiting) == (0, 0)
    assert found.last < timedelta(hours=2, minutes=45)


def test_what_may_have_been_taken_is_sent_twice_at_most(make: Callable[[], World]) -> None:
    found = outage.endure(make, users=USERS, trouble="lost", lasts=timedelta(hours=4))
    assert found.sent + found.unknown == USERS
    assert found.unknown <= 3
    assert found.waiting == 0


@pytest.mark.parametrize("minutes", [0, 1, 5, 30])
def test_one_who_is_alone_gets_a_second_message_too(
    make: Callable[[], World], minutes: int
) -> None:
    """With nobody else due it is the one that finds out."""
    found = outage.endure(make, users=1, trouble="silent", lasts=timedelta(minutes=minutes))
    assert (found.sent, found.unknown) == ((1, 0) if minutes < 10 else (0, 1))
    assert found.last <= timedelta(minutes=20)


def test_a_short_outage_costs_nobody_their_reminder(make: Callable[[], World]) -> None:
    found = outage.endure(make, users=USERS, trouble="failed", lasts=timedelta(minutes=25))
    assert (found.sent, found.unknown, found.twice, found.waiting) == (USERS, 0, 0, 0)

"""Whoever runs a stack plans users again, after an update of zones or holidays."""

import pytest

from bill_reminders.cli.__main__ import main
from bill_reminders.cli.outcomes import GOOD, LEFT, NOT_DONE
from bill_reminders.domain.enums import Channel
from bill_reminders.storage import saving, tables
from bill_reminders.storage.tables import ScheduleItem
from tests.adapters.conftest import SetClock
from tests.support import wire
from tests.support.entered import ENTERED
from tests.support.moto_stack import STACK, MotoStack
from tests.support.people import a_user, bill_due_today

USERS = ("customer-17", "customer-18", "customer-19")


@pytest.fixture(autouse=True)
def _planned_by_an_old_calendar(stack: MotoStack, set_clock: SetClock) -> None:
    """As if what they are woken by had been computed with zones that are wrong by now."""
    set_clock(ENTERED)
    for user_id in USERS:
        saving.save_user(a_user(user_id, channels=[Channel.SMS]), shards=4, now=ENTERED)
        saving.save_bills(user_id, [bill_due_today(user_id)], now=ENTERED)
        right[user_id] = woken_at(user_id)
        ScheduleItem(user_id).update([tables.next_at(Channel.SMS).set(ENTERED)])


right: dict[str, object] = {}


def woken_at(user_id: str) -> object:
    item = ScheduleItem.get(user_id, consistent_read=True)
    return getattr(item, tables.next_at(Channel.SMS).attr_name)


def run(*flags: str) -> int:
    return main(["plan-again", "--stack", STACK, *flags])


def test_everybody_is_planned_by_what_is_known_now(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--everybody") == GOOD
    assert {user_id: woken_at(user_id) for user_id in USERS} == right
    assert capsys.readouterr().out == "planned again: 3 users; 0 not\n"
    assert run("--everybody") == GOOD, "it may be repeated"


def test_one_user_is_planned_alone() -> None:
    assert run("--user", USERS[0]) == GOOD
    assert woken_at(USERS[0]) == right[USERS[0]]
    assert woken_at(USERS[1]) != right[USERS[1]]


def test_who_could_not_be_planned_is_named_and_the_others_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ScheduleItem(USERS[1]).delete()  # erased in between
    client = tables.connection.client
    denied = wire.json_error("AccessDeniedException", message="not authorized")
    with wire.before(client, "TransactWriteItems", denied):
        assert run("--everybody") == LEFT
    told = capsys.readouterr()
    assert told.out == "planned again: 1 users; 2 not\n"
    assert [line.partition(":")[0] for line in sorted(told.err.splitlines())] == [
        USERS[0],
        USERS[2],
    ]
    assert "AccessDenied" in told.err


@pytest.mark.parametrize("flags", [[], ["--everybody", "--user", USERS[0]]])
def test_it_is_said_whom(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(*flags)
    assert stopped.value.code == NOT_DONE
    assert "--user with the id of one user, or --everybody" in capsys.readouterr().err


def test_a_user_who_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--user", "nobody") == NOT_DONE
    assert "the user does not exist" in capsys.readouterr().err

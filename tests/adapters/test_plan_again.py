"""Whoever runs a stack plans users again, after an update of zones, holidays or the spread."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from unittest.mock import patch

import pytest

from bill_reminders.cli import planning
from bill_reminders.cli.__main__ import main
from bill_reminders.cli.outcomes import GOOD, LEFT, NOT_DONE
from bill_reminders.domain import working_days
from bill_reminders.domain.enums import Channel, Shift
from bill_reminders.domain.working_days import Place
from bill_reminders.storage import accounts, saving, tables
from bill_reminders.storage.tables import ScheduleItem
from tests.adapters.conftest import SetClock
from tests.support import wire
from tests.support.account_changes import change_user
from tests.support.entered import ENTERED
from tests.support.moto_stack import STACK, MotoStack
from tests.support.people import a_bill, a_user

USERS = ("customer-17", "customer-18", "customer-19")
OLD = "tzdata 2020.1, holidays 0.10, spread 0"
WEDNESDAY = date(2027, 3, 17)

ALL_DONE = "nobody is to be planned again\n"


@pytest.fixture(autouse=True)
def _entered(stack: MotoStack, set_clock: SetClock) -> None:
    """Three users with a bill that is due on a Wednesday, or on the working day before."""
    set_clock(ENTERED)
    for user_id in USERS:
        saving.save_user(a_user(user_id, channels=[Channel.SMS]), shards=4, now=ENTERED)
        bill = a_bill(user_id, due_on=WEDNESDAY, shift=Shift.PREVIOUS, place=Place("GB"))
        saving.save_bills(user_id, [lambda _, bill=bill: bill], now=ENTERED)


@pytest.fixture
def _update() -> Iterator[None]:
    """Of the libraries: the Wednesday is a holiday after all, and the layers pin other versions."""
    is_working_day = working_days.is_working_day

    def without_it(day: date, place: Place) -> bool:
        return day != WEDNESDAY and is_working_day(day, place)

    with (
        patch.object(working_days, "is_working_day", without_it),
        patch("bill_reminders.planned_by.CALENDARS", "tzdata 2099.1, holidays 9.9"),
    ):
        yield


def schedule(user_id: str) -> ScheduleItem:
    return ScheduleItem.get(user_id, consistent_read=True)


def woken_at(user_id: str) -> datetime:
    found: datetime = getattr(schedule(user_id), tables.next_at(Channel.SMS).attr_name)
    return found


def run(*flags: str) -> int:
    return main(["plan-again", "--stack", STACK, "--per-second", "1000", *flags])


def test_whoever_is_planned_now_is_not_planned_again(capsys: pytest.CaptureFixture[str]) -> None:
    before = [schedule(user_id).version for user_id in USERS]
    assert run("--everybody") == GOOD
    assert capsys.readouterr().out == ALL_DONE
    assert [schedule(user_id).version for user_id in USERS] == before


@pytest.mark.usefixtures("_update")
def test_a_due_date_that_turns_out_to_be_a_holiday_is_reminded_of_earlier(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert {woken_at(user_id) for user_id in USERS} == {datetime(2027, 3, 14, 9, tzinfo=UTC)}
    assert planning.left() == 3
    assert run("--everybody") == GOOD
    assert capsys.readouterr().out == "planned again: 3 users; 0 not\n"
    assert {woken_at(user_id) for user_id in USERS} == {datetime(2027, 3, 13, 9, tzinfo=UTC)}
    assert planning.left() == 0


@pytest.mark.usefixtures("_update")
def test_it_goes_on_where_it_was_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    """Also where a user changed something meanwhile: that plans them."""
    assert run("--user", USERS[0]) == GOOD
    change_user(USERS[1], lambda user: user.with_address(Channel.SMS, user.addresses[Channel.SMS]),
                now=ENTERED)  # fmt: skip
    accounts.plan_again(USERS[1], now=ENTERED)
    capsys.readouterr()
    assert run("--everybody") == GOOD
    assert capsys.readouterr().out == "planned again: 1 users; 0 not\n"


def test_who_was_planned_before_that_was_kept_is_planned(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ScheduleItem(USERS[0]).update([ScheduleItem.planned_by.remove()])
    ScheduleItem(USERS[1]).update([ScheduleItem.planned_by.set(OLD)])
    assert run("--everybody") == GOOD
    assert capsys.readouterr().out == "planned again: 2 users; 0 not\n"


@pytest.mark.usefixtures("_update")
def test_who_could_not_be_planned_is_named_and_the_others_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    client = tables.connection.client
    denied = wire.json_error("AccessDeniedException", message="not authorized")
    with wire.before(client, "TransactWriteItems", denied):
        assert run("--everybody") == LEFT
    told = capsys.readouterr()
    assert told.out == "planned again: 0 users; 3 not\n"
    assert sorted(line.partition(":")[0] for line in told.err.splitlines()) == [*USERS]
    assert "AccessDenied" in told.err
    assert run("--everybody") == GOOD


@pytest.mark.usefixtures("_update")
def test_who_is_erased_meanwhile_keeps_nobody_from_it(capsys: pytest.CaptureFixture[str]) -> None:
    left = [*USERS, "erased"]
    with patch.object(planning, "_left", lambda: iter(left)):
        assert run("--everybody") == GOOD
    assert capsys.readouterr().out == "planned again: 4 users; 0 not\n"


@pytest.mark.parametrize("flags", [[], ["--everybody", "--user", USERS[0]]])
def test_it_is_said_whom(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(*flags)
    assert stopped.value.code == NOT_DONE
    assert "--user with the id of one user, or --everybody" in capsys.readouterr().err


def test_a_user_who_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--user", "nobody") == NOT_DONE
    assert "the user does not exist" in capsys.readouterr().err


@pytest.mark.usefixtures("_update")
def test_a_check_counts_who_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "--stack", STACK])
    assert "3 users were planned by other time zones, holidays" in capsys.readouterr().out
    run("--everybody")
    capsys.readouterr()
    main(["check", "--stack", STACK])
    assert "users were planned by other" not in capsys.readouterr().out


def test_the_spread_of_the_stack_counts(
    stack: MotoStack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command plans as the functions do, which have it in their environment."""
    monkeypatch.setenv("SPREAD_MINUTES", "999")
    assert run("--everybody") == GOOD
    assert capsys.readouterr().out == ALL_DONE, "the stack spreads nothing, whatever is set here"

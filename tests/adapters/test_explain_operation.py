"""Whoever runs a stack asks why somebody was, or was not, reminded."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bill_reminders.cli.__main__ import main
from bill_reminders.cli.outcomes import GOOD
from bill_reminders.commands.mute import mute
from bill_reminders.domain.bills import MuteReason
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import State
from bill_reminders.domain.reminders import Reminder, Trigger
from bill_reminders.storage import accounts, rows, saving
from tests.adapters.conftest import SetClock
from tests.support.entered import ENTERED
from tests.support.moto_stack import STACK
from tests.support.people import a_bill, a_user, address_of

DUE = date(2027, 3, 5)
NINE = datetime(2027, 3, 2, 9, tzinfo=UTC)
NOW = datetime(2027, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _a_sent_reminder(stack: object, set_clock: SetClock) -> None:
    set_clock(ENTERED)
    saving.save_user(a_user("ash", channels=[Channel.SMS, Channel.EMAIL]), shards=4, now=ENTERED)
    bills = [a_bill("ash", each, due_on=DUE) for each in ("power", "rent")]
    saving.save_bills("ash", [lambda _, bill=bill: bill for bill in bills], now=ENTERED)
    reminder = Reminder("ash", "rent", 0, DUE, Trigger.lead(3), Channel.SMS, NINE)
    rows.ledger_item(reminder, State.DELIVERED, attempt=1, at=NINE).save()
    set_clock(NOW)


def explained(capsys: pytest.CaptureFixture[str], *flags: str) -> str:
    assert main(["explain", "--stack", STACK, *flags]) == GOOD
    return capsys.readouterr().out


def test_it_says_of_each_bill_and_channel_what_decides(capsys: pytest.CaptureFixture[str]) -> None:
    said = explained(capsys, "--who", "ash")
    assert "rent: Lantern Bank, Credit card" in said
    assert (
        "SMS: 3 days before of Friday, March 5, 2027: The provider says that it arrived. Next: 1 "
        "day before, Thursday, March 4, 2027 at 09:00 (UTC)." in said
    )
    assert said.count("A reminder of Friday, March 5, 2027 is due now") == 3


def test_the_tables_say_what_was_planned_and_what_became_of_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = explained(capsys, "--who", "ash", "--bill", "rent")
    assert "power" not in said
    about = "rent, SMS, 3 days before of Friday, March 5, 2027"
    when = "Tuesday, March 2, 2027 at 09:00 (UTC)"
    assert f"{when}  {about}: planned for this minute." in said
    assert f"{when}  {about}: The provider says that it arrived." in said


def test_a_change_stands_there_without_its_values(
    capsys: pytest.CaptureFixture[str], set_clock: SetClock
) -> None:
    accounts.change(
        "ash", lambda account: mute(account, "rent", MuteReason.STOPPED, now=NOW), now=NOW
    )
    set_clock(NOW + timedelta(hours=1))
    said = explained(capsys, "--who", "ash", "--bill", "rent")
    assert "The user stopped the reminders of this bill on Tuesday, March 2, 2027 at 12:00" in said
    assert "Journal: changed through operation: rent: silence" in said
    assert "120.50" not in said


def test_of_a_past_time_only_the_tables_speak(capsys: pytest.CaptureFixture[str]) -> None:
    said = explained(capsys, "--who", "ash", "--at", "2027-03-01T12:00Z")
    assert "Next:" not in said
    assert "The provider says that it arrived." in said
    assert "The provider" not in explained(capsys, "--who", "ash", "--at", "2027-02-20T12:00Z")


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.EMAIL])
def test_who_it_is_may_be_said_by_an_address_that_is_never_shown(
    capsys: pytest.CaptureFixture[str], channel: Channel
) -> None:
    address = address_of("ash", channel)
    said = explained(capsys, "--who", address)
    assert "rent: Lantern Bank" in said
    assert address not in said


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        ((), "Say who"),
        (("--who", "nobody"), "There is no such user"),
        (("--who", "+447700900999"), "Nobody has this address"),
        (("--who", "ash", "--bill", "gas"), "no such bill"),
        (("--who", "ash", "--at", "yesterday"), "not a date or an instant"),
    ],
)
def test_what_cannot_be_asked_is_named(
    capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], problem: str
) -> None:
    with pytest.raises(SystemExit):
        main(["explain", "--stack", STACK, *flags])
    assert problem in capsys.readouterr().err

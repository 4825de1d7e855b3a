"""A check names whose schedule cannot be read, and tells of users in shards that are left out."""

from typing import Any

import pytest

from bill_reminders.cli.__main__ import main
from bill_reminders.cli.outcomes import GOOD, LEFT
from bill_reminders.importing.target import Target
from bill_reminders.storage import saving
from tests.adapters.conftest import SetClock
from tests.support.entered import ENTERED
from tests.support.moto_stack import STACK, MotoStack
from tests.support.people import a_user

USERS = ("customer-17", "customer-18", "customer-19")


@pytest.fixture(autouse=True)
def _entered(stack: MotoStack, set_clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    set_clock(ENTERED)
    monkeypatch.setattr("bill_reminders.cli.sns.preferences", lambda *_, **__: [])
    monkeypatch.setattr("bill_reminders.cli.alarming.say", lambda _: True)
    for number, user_id in enumerate(USERS):
        saving.save_user(a_user(user_id), shards=16, now=ENTERED)
        change(stack, user_id, shard={"N": str(number)})


def change(stack: MotoStack, user_id: str, **changes: dict[str, Any] | None) -> None:
    client, table = stack.client("dynamodb"), stack.ids["Schedules"]
    item = client.get_item(TableName=table, Key={"user_id": {"S": user_id}})["Item"] | changes
    client.put_item(TableName=table, Item={n: value for n, value in item.items() if value})


def read_by(monkeypatch: pytest.MonkeyPatch, shards: int) -> None:
    """As if the stack had been deployed with so many."""
    monkeypatch.setattr("bill_reminders.cli.sns.connect", lambda _: Target(shards, ""))


def checked(capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    capsys.readouterr()
    return main(["check", "--stack", STACK]), capsys.readouterr().out


def test_a_new_stack_is_good(capsys: pytest.CaptureFixture[str]) -> None:
    outcome, told = checked(capsys)
    assert outcome == GOOD
    assert "ShardsRead" not in told
    assert "cannot be read" not in told


@pytest.mark.parametrize(("read", "outcome"), [(3, GOOD), (4, GOOD), (2, LEFT), (1, LEFT)])
def test_shards_that_a_lower_parameter_leaves_out_are_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, read: int, outcome: int
) -> None:
    """Also of an older stack, which has four: users keep the shard of their birth."""
    read_by(monkeypatch, read)
    found, told = checked(capsys)
    assert found == outcome
    said = f"ShardsRead is {read}, but users are in 3 shards: deploy with ShardsRead=3 at least"
    assert (said in told) is (outcome == LEFT)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"version": None}, "customer-18: the schedule cannot be read: it has no version"),
        ({"sms_next_at": {"S": "soon"}}, "sms_next_at is not a minute as 2027-03-01T01:00Z"),
        ({"life": {"N": "7"}}, "life is a number, not text"),
        ({"shard": None}, "customer-18: no tick finds the schedule: its shard must be 0 to 15"),
        ({"shard": {"N": "16"}}, "its shard must be 0 to 15"),
        ({"shard": {"N": "-1"}}, "its shard must be 0 to 15"),
    ],
)
def test_who_cannot_be_read_or_found_is_named_with_what_is_wrong(
    stack: MotoStack,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, dict[str, Any] | None],
    words: str,
) -> None:
    change(stack, "customer-18", **changes)
    outcome, told = checked(capsys)
    assert outcome == LEFT
    assert words in told
    assert "not reminded of anything: 1; put their items" in told
    assert "customer-17" not in told

"""The deployed stack's tables are lost and come back from a backup, as docs/runbook.md has it."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from bill_reminders.cli.__main__ import main
from bill_reminders.cli.outcomes import GOOD
from bill_reminders.domain.enums import Channel
from bill_reminders.storage.attributes import minute_text
from bill_reminders.storage.saving import save_bills
from bill_reminders.storage.tables import LedgerItem
from local.stack import NAME, Stack, wait_until
from tests.stack.people import NOW, register_user
from tests.support.people import bill_due_today

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def tables_of(stack: Stack) -> list[str]:
    return [name for output, name in stack.outputs.items() if output.endswith("Table")]


def back_up(stack: Stack) -> dict[str, str]:
    """The backups' addresses, by table."""
    dynamodb = boto3.client("dynamodb")
    return {
        table: dynamodb.create_backup(TableName=table, BackupName="before")["BackupDetails"][
            "BackupArn"
        ]
        for table in tables_of(stack)
    }


def restore(backups: dict[str, str]) -> None:
    dynamodb = boto3.client("dynamodb")
    for table, backup in backups.items():
        dynamodb.delete_table(TableName=table)
        dynamodb.get_waiter("table_not_exists").wait(TableName=table)
        dynamodb.restore_table_from_backup(TargetTableName=table, BackupArn=backup)
        dynamodb.get_waiter("table_exists").wait(TableName=table)


@pytest.fixture
def switches(stack: Stack) -> Iterator[Callable[[str], None]]:
    """Sets all channels, and leaves the parameter as it was."""
    ssm, name = boto3.client("ssm"), stack.outputs["SwitchesParameter"]
    before = ssm.get_parameter(Name=name)["Parameter"]["Value"]

    def put(value: dict[str, Any]) -> None:
        ssm.put_parameter(Name=name, Value=json.dumps(value), Type="String", Overwrite=True)

    def turn(state: str) -> None:
        known = json.loads(ssm.get_parameter(Name=name)["Parameter"]["Value"])
        put(known | {channel.value: state for channel in Channel})

    yield turn
    put(json.loads(before))


def live(stack: Stack, at: datetime) -> None:
    stack.set_clock(at)
    stack.tick()
    stack.settle()


@pytest.mark.parametrize("told", [False, True])
def test_a_restore_sends_nothing_again_once_it_is_told_and_goes_on(
    stack: Stack, new_id: Callable[[], str], switches: Callable[[str], None], told: bool
) -> None:
    users = [new_id(), new_id()]
    register_user(stack, users[0], channels=(Channel.SMS, Channel.EMAIL))
    register_user(stack, users[1], channels=(Channel.EMAIL,))
    for user_id in users:
        bills = [bill_due_today(user_id, bill_id=f"bill-{n}", name=user_id) for n in range(2)]
        save_bills(user_id, bills, now=NOW - MINUTE)

    def heard() -> Counter[tuple[str, str]]:
        return Counter(
            (user_id, sent.channel.value)
            for sent in stack.outbox()
            for user_id in users
            if user_id in sent.text
        )

    backups = back_up(stack)
    live(stack, NOW)
    wait_until(lambda: len(heard()) == 3, 60, "a channel sent nothing")
    once = heard()
    assert set(once.values()) == {1}

    closed_at = NOW + HOUR
    stack.set_clock(closed_at)
    switches("paused")
    restore(backups)
    assert not [row for user_id in users for row in LedgerItem.query(user_id)]
    stack.set_clock(closed_at + HOUR)
    if told:
        assert main(["restored", "--stack", NAME, "--before", minute_text(closed_at)]) == GOOD
    switches("open")
    live(stack, closed_at + HOUR + MINUTE)  # the look at what is older comes every five minutes
    live(stack, closed_at + HOUR + 5 * MINUTE)

    if not told:  # what the switch is for
        assert heard() == Counter(dict.fromkeys(once, 2))
        return
    assert heard() == once
    rows = [row for user_id in users for row in LedgerItem.query(user_id)]
    assert {(row.state, row.reason) for row in rows} == {("unknown", "restored")}
    assert sum(row.trigger == "lead:0" for row in rows) == 6, "a row for each of a message's bills"

    live(stack, NOW + DAY + MINUTE)
    live(stack, NOW + DAY + 5 * MINUTE)
    assert heard() == Counter(dict.fromkeys(once, 2)), "the day after's, and nothing else"
    stack.sweep()
    assert stack.held() == stack.dead_letters() == 0

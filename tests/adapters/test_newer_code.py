"""What newer code wrote into an account is kept by older code that changes it: after a rollback, or
on the machine of who imports."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bill_reminders.storage import accounts, rows, tables
from bill_reminders.storage.saving import save_user
from bill_reminders.storage.tables import BillItem, ScheduleItem, UserItem
from tests.support.entered import SHARDS
from tests.support.every_command import EARLIER, EVERY, NOW, the_bills, the_user
from tests.support.moto_stack import MotoStack
from tests.support.newer import NEWER, newer_item

ADDED = {
    "payments.pay": 1,
    "payments.state": 1,
    "payments.fail_debit": 1,
    "payments.prepay": 1,
}
"""How many elements of lists a command adds, of which newer code knows nothing yet."""

REMOVED = {
    "payments.undo": 1,
    "payments.unstate": 1,
    "payments.undo_failed_debit": 1,
    "payments.undo_prepayment": 1,
    "snoozes.undo": 1,
    "contacts.give_up": 1,
}
"""How many maps go, with all that is in them."""


def maps_of(value: Any) -> Iterator[dict[str, Any]]:
    match value:
        case {"M": known}:
            yield known
            for each in known.values():
                yield from maps_of(each)
        case {"L": several}:
            for each in several:
                yield from maps_of(each)


class Tables:
    """The items of the account as they are stored."""

    def __init__(self, stack: MotoStack) -> None:
        self._client = stack.client("dynamodb")
        self._names = {model: model.Meta.table_name for model in (UserItem, BillItem, ScheduleItem)}

    def items(self) -> dict[tuple[str, str], dict[str, Any]]:
        return {
            (name, item.get("bill_id", {"S": ""})["S"]): item
            for name in self._names.values()
            for item in self._client.scan(TableName=name)["Items"]
        }

    def change(self, edit: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        for (name, _), item in self.items().items():
            self._client.put_item(TableName=name, Item=edit(item))


@pytest.fixture
def stored(stack: MotoStack) -> Tables:
    """The account of every command, in which newer code has left what this code does not know."""
    user = the_user()
    save_user(user, shards=SHARDS, now=EARLIER)
    rows.user_item(user).save()  # with what a file cannot say
    for bill in the_bills():
        rows.bill_item(bill).save()
    held = Tables(stack)
    held.change(newer_item)
    return held


@pytest.mark.parametrize("name", EVERY)
def test_a_command_keeps_what_it_does_not_know(stored: Tables, name: str) -> None:
    before = stored.items()
    assert accounts.change("somebody", EVERY[name], now=NOW).written
    after = stored.items()
    kept = before.keys() & after.keys()
    assert len(kept) >= len(before) - (name == "bills.delete")
    for place in kept:
        assert after[place]["newer"] == NEWER, place
    several = [maps for place in kept for each in after[place].values() for maps in maps_of(each)]
    held = [maps for place in kept for each in before[place].values() for maps in maps_of(each)]
    plain = [maps for maps in several if "newer" not in maps]
    assert len(plain) == ADDED.get(name, 0), json.dumps(plain)
    assert len(several) - len(plain) == len(held) - REMOVED.get(name, 0)


@pytest.mark.parametrize("name", EVERY)
def test_a_command_writes_only_what_it_changes(stored: Tables, name: str) -> None:
    """And it leaves the versions of all else."""
    before = stored.items()
    changed = accounts.change("somebody", EVERY[name], now=NOW)
    after = stored.items()
    version = str(changed.version)
    for place in before.keys() & after.keys() - {(tables.ScheduleItem.Meta.table_name, "")}:
        if after[place] != before[place]:
            assert after[place]["version"] == {"N": version}, place
        else:
            assert "version" not in after[place]


def test_what_is_heard_of_a_deleted_bill_keeps_what_newer_code_said(stored: Tables) -> None:
    schedule = ScheduleItem.get("somebody")
    gone = {"bill_id": "gone", "occurrence": 0, "due_on": NOW.date(), "revision": 0}
    heard = tables.DeletedMap(**gone, following=1)
    schedule.update([ScheduleItem.deleted.set([heard])])
    stored.change(newer_item)
    ours = accounts.read("somebody", now=NOW)
    assert [bill_id for bill_id, _ in ours.deleted] == ["gone"]
    accounts.change("somebody", EVERY["bills.close"], now=NOW)
    kept = stored.items()[ScheduleItem.Meta.table_name, ""]["deleted"]["L"]
    assert [each["M"]["newer"] for each in kept] == [NEWER]

"""What a check finds in the schedules: users that cannot be read, and shards that are read too late
or never. It reads all of them, and changes nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pynamodb.pagination import ResultIterator

from bill_reminders.delivery.finder import MOST_SHARDS
from bill_reminders.storage.accounts import need_version
from bill_reminders.storage.tables import ScheduleItem, UnreadableItem

NAMED_AT_MOST = 20


@dataclass(slots=True)
class Found:
    """Why which users cannot be read or found; and as many shards as reach to the last that holds
    somebody."""

    faults: dict[str, str] = field(default_factory=dict)
    shards: int = 0


def say(shards_read: int) -> bool:
    """Print what is wrong; whether nothing is."""
    found = _look()
    for user_id, fault in list(found.faults.items())[:NAMED_AT_MOST]:
        print(f"{user_id}: {fault}")
    if found.faults:
        print(
            f"not reminded of anything: {len(found.faults):,}; put their items in the table "
            f"{ScheduleItem.Meta.table_name} right, then redrive the dead letters"
        )
    if found.shards > shards_read:
        print(
            f"ShardsRead is {shards_read}, but users are in {found.shards} shards: deploy with "
            f"ShardsRead={found.shards} at least; until then those in the last ones hear up to "
            "five minutes late"
        )
    return not found.faults and found.shards <= shards_read


def _look() -> Found:
    found = Found()
    for raw in _all():
        user_id = raw["user_id"]["S"]
        if fault := _fault(raw):
            found.faults[user_id] = fault
            continue
        found.shards = max(found.shards, int(raw["shard"]["N"]) + 1)
    return found


def _fault(raw: Mapping[str, Any]) -> str:
    """Why the user cannot be read or found; empty when they can."""
    try:
        schedule = ScheduleItem.from_raw_data(dict(raw))
        need_version(schedule)
    except UnreadableItem as error:
        return str(error)
    if schedule.shard is None or not 0 <= schedule.shard < MOST_SHARDS:
        return f"no tick finds the schedule: its shard must be 0 to {MOST_SHARDS - 1}"
    return ""


def _all() -> Iterator[Mapping[str, Any]]:
    return ResultIterator(ScheduleItem._get_connection().scan, (), {})

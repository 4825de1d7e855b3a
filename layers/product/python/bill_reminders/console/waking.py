"""When users are to be looked at, read from the sparse indexes: keys alone, and no user."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from bill_reminders.domain.enums import Channel
from bill_reminders.storage.tables import due_minutes, next_at

AT_ONCE = 16
"""Queries side by side."""


def minutes_before(end: datetime, shards: int, *, limit: int) -> dict[Channel, list[list[str]]]:
    """By channel, and shard by shard, the minutes before `end` at which users are to be looked at,
    one for each, as they are stored; the earliest of a shard, `limit` of them at most."""

    def read(each: tuple[Channel, int]) -> list[str]:
        channel, shard = each
        return list(due_minutes(channel, shard, next_at(channel) < end, limit=limit))

    asked = [(channel, shard) for channel in Channel for shard in range(shards)]
    found: dict[Channel, list[list[str]]] = {channel: [] for channel in Channel}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for (channel, _), minutes in zip(asked, pool.map(read, asked), strict=True):
            found[channel].append(minutes)
    return found

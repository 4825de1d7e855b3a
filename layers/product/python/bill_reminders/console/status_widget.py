"""The first line of the dashboard: whether reminders are going out on time, or what is wrong and
since when."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from bill_reminders.console import sentences
from bill_reminders.console.calls import Call, Means
from bill_reminders.delivery.switches import UnreadableSwitches
from bill_reminders.domain.enums import Channel
from bill_reminders.storage.attributes import parse_minute
from bill_reminders.storage.tables import due_minutes, next_at

LATE_AFTER = timedelta(minutes=10)
"""Twice as long as a missed tick takes to be made good."""

COUNTED = 1000
"""Users of a shard that are counted; a crowd is told as "at least"."""

AT_ONCE = 16
"""Queries side by side."""


class Trouble(NamedTuple):
    """What is wrong, in a sentence, and the page of docs/runbook.md that says what to do."""

    sentence: str
    page: str


def answer(call: Call, means: Means, *, now: datetime) -> Mapping[str, Any]:
    """What the widget shows. No trouble that lasts less than ten minutes is told."""
    troubles, notes = list[Trouble](), list[str]()
    try:
        open_channels = means.read_open()
    except UnreadableSwitches:
        sentence = "The switches cannot be read: nothing goes out on any channel."
        return {"troubles": [Trouble(sentence, "find_due-fails")], "notes": []}
    for channel, minutes in _late(means.shards, now).items():
        name = sentences.NAMES[channel]
        if channel not in open_channels:
            waiting = f", and {_wait(minutes)}" if minutes else ""
            notes.append(f"{name} is closed in the switches{waiting}.")
        elif minutes:
            since = parse_minute(min(minutes))
            troubles.append(
                Trouble(
                    f"{name}: {_wait(minutes)}, the first since {since:%Y-%m-%d %H:%M} UTC.",
                    "not-going-out",
                )
            )
    return {"troubles": troubles, "notes": notes}


def _late(shards: int, now: datetime) -> dict[Channel, list[str]]:
    """By channel the minutes at which users were due who were not looked at yet."""
    asked = [(channel, shard) for channel in Channel for shard in range(shards)]

    def read(each: tuple[Channel, int]) -> list[str]:
        channel, shard = each
        return list(due_minutes(channel, shard, next_at(channel) < now - LATE_AFTER, limit=COUNTED))

    found: dict[Channel, list[str]] = {channel: [] for channel in Channel}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for (channel, _), minutes in zip(asked, pool.map(read, asked), strict=True):
            found[channel] += minutes
    return found


def _wait(minutes: list[str]) -> str:
    if len(minutes) >= COUNTED:
        return f"at least {len(minutes):,} users wait"
    return "1 user waits" if len(minutes) == 1 else f"{len(minutes):,} users wait"

"""The first line of the dashboard: whether reminders are going out on time, or what is wrong and
since when."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple

from bill_reminders.console import sentences
from bill_reminders.console.calls import Call, Means
from bill_reminders.console.waking import minutes_before
from bill_reminders.delivery.switches import UnreadableSwitches
from bill_reminders.storage.attributes import parse_minute

LATE_AFTER = timedelta(minutes=10)
"""Twice as long as a missed tick takes to be made good."""

COUNTED = 1000
"""Users of a shard that are counted; a crowd is told as "at least"."""


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
    late = minutes_before(now - LATE_AFTER, means.shards, limit=COUNTED)
    for channel, of_shards in late.items():
        minutes = list(chain.from_iterable(of_shards))
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


def _wait(minutes: list[str]) -> str:
    if len(minutes) >= COUNTED:
        return f"at least {len(minutes):,} users wait"
    return "1 user waits" if len(minutes) == 1 else f"{len(minutes):,} users wait"

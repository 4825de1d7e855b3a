"""The columns that set a reminder plan: a user's own, or what one bill changes in it."""

import re
from collections.abc import Iterable

from bill_reminders.domain.people import Join, PlanChange
from bill_reminders.domain.terms import Channel
from bill_reminders.files.cells import CellError, wall_time
from bill_reminders.files.rows import Row

MAX_LEAD_DAYS = 365
MAX_OVERDUE_DAYS = 60

FALLBACK = "fallback"

_NUMBER = re.compile(r"[0-9]{1,4}")


def plan_change(row: Row) -> PlanChange:
    """What the row sets. An empty cell sets nothing."""
    listed = row.read_optional("channels", channels)
    return PlanChange(
        lead_days=row.read_optional("lead_days", lead_days),
        overdue_days=row.read_optional("overdue_days", overdue_days),
        remind_at=row.read_optional("remind_at", wall_time),
        channels=None if listed is None else listed[0],
        joins=() if listed is None else listed[1],
    )


def channels(text: str) -> tuple[tuple[Channel, ...], tuple[Join, ...]]:
    """`sms+email`, the most wanted first; `push+sms@0` lets SMS join on the due day, and
    `push+sms@fallback` only where push fails."""
    wanted: list[Channel] = []
    joins: list[Join] = []
    for part in _parts(text.lower()):
        name, *when = (piece.strip() for piece in part.split("@"))
        try:
            channel = Channel(name)
        except ValueError:
            raise CellError(
                "not a list of channels: write sms, push and email joined by +"
            ) from None
        if channel in wanted:
            raise CellError("a channel stands here twice: write each once")
        wanted.append(channel)
        if len(when) > 1:
            raise CellError("a channel joins on one lead day or is a fallback: write one of them")
        if when == [FALLBACK]:
            joins.append(Join(channel, None))
        elif when:
            (days,) = when
            if not _NUMBER.fullmatch(days) or int(days) > MAX_LEAD_DAYS:
                raise CellError(
                    "not a lead day after @: write how many days before the due date the channel "
                    f"joins, 0 to {MAX_LEAD_DAYS}, or {FALLBACK}"
                )
            joins.append(Join(channel, int(days)))
    return tuple(wanted), tuple(joins)


def lead_days(text: str) -> tuple[int, ...]:
    """Days before the due date, `3+1+0`; `none` for no reminder before it is overdue."""
    return _days(text, 0, MAX_LEAD_DAYS)


def overdue_days(text: str) -> tuple[int, ...]:
    """Days after the due date, `1+7`; `none` for no notice."""
    return _days(text, 1, MAX_OVERDUE_DAYS)


def days_text(days: Iterable[int]) -> str:
    """The cell that `lead_days` or `overdue_days` reads."""
    return "+".join(map(str, days)) or "none"


def channels_text(channels: Iterable[Channel], joins: Iterable[Join]) -> str:
    """The cell that `channels` reads."""
    late = {
        join.channel: f"@{FALLBACK if join.lead_days is None else join.lead_days}" for join in joins
    }
    return "+".join(f"{channel}{late.get(channel, '')}" for channel in channels)


def _days(text: str, least: int, most: int) -> tuple[int, ...]:
    if text.lower() == "none":
        return ()
    parts = _parts(text)
    if not all(_NUMBER.fullmatch(part) and least <= int(part) <= most for part in parts):
        raise CellError(
            f"not a list of days: write numbers from {least} to {most} joined by +, or none"
        )
    days = tuple(map(int, parts))
    if len(set(days)) < len(days):
        raise CellError("a day stands here twice: write each once")
    return days


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split("+")]

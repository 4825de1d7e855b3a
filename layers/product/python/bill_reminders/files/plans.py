"""The columns that set a reminder plan: a user's own, or what one bill changes in it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.local_time import wall_text
from bill_reminders.domain.people import (
    FURTHEST_LEAD,
    LATEST_OVERDUE,
    MOST_LEAD_DAYS,
    MOST_OVERDUE_DAYS,
    Join,
    Plan,
    PlanChange,
)
from bill_reminders.files.cells import CellError, wall_time
from bill_reminders.files.rows import Row

COLUMNS = ("lead_days", "overdue_days", "remind_at", "channels")

FALLBACK = "fallback"

*_OTHERS, _LAST = Channel

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


def plan_cells(plan: Plan | PlanChange) -> dict[str, str]:
    """A plan, or what is changed in one, as the cells that `plan_change` reads; "" changes
    nothing."""
    channels = plan.channels
    return {
        "lead_days": "" if plan.lead_days is None else days_text(plan.lead_days),
        "overdue_days": "" if plan.overdue_days is None else days_text(plan.overdue_days),
        "remind_at": "" if plan.remind_at is None else wall_text(plan.remind_at),
        "channels": "" if channels is None else channels_text(channels, plan.joins),
    }


def change_view(change: PlanChange) -> dict[str, Any] | None:
    """What is changed, as JSON says it; None when nothing is."""
    if change == PlanChange():
        return None
    return {
        "lead_days": None if change.lead_days is None else list(change.lead_days),
        "overdue_days": None if change.overdue_days is None else list(change.overdue_days),
        "remind_at": None if change.remind_at is None else wall_text(change.remind_at),
        "channels": (
            None if change.channels is None else channels_view(change.channels, change.joins)
        ),
    }


def channels_view(channels: Iterable[Channel], joins: Iterable[Join]) -> list[dict[str, Any]]:
    """The channels of a plan as JSON says them."""
    late = {join.channel: join.lead_days for join in joins}
    return [
        {
            "channel": channel.value,
            "from_lead_days": late.get(channel),
            "fallback": channel in late and late[channel] is None,
        }
        for channel in channels
    ]


def cells_said(plan: Mapping[str, Any] | None) -> dict[str, str]:
    """The cells of a plan, or of what is changed in one, that JSON says."""
    if plan is None:
        return {}
    cells = {
        name: days_text(plan[name])
        for name in ("lead_days", "overdue_days")
        if plan[name] is not None
    }
    if plan["remind_at"] is not None:
        cells["remind_at"] = plan["remind_at"]
    if plan["channels"] is not None:
        cells["channels"] = "+".join(map(_channel_said, plan["channels"]))
    return cells


def _channel_said(channel: Mapping[str, Any]) -> str:
    days = channel["from_lead_days"]
    joins = ("" if days is None else f"@{days}") + (f"@{FALLBACK}" if channel["fallback"] else "")
    return f"{channel['channel']}{joins}"


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
            known = f"{', '.join(_OTHERS)} and {_LAST}"
            raise CellError(f"not a list of channels: write {known} joined by +") from None
        if channel in wanted:
            raise CellError("a channel stands here twice: write each once")
        wanted.append(channel)
        if len(when) > 1:
            raise CellError("a channel joins on one lead day or is a fallback: write one of them")
        if when == [FALLBACK]:
            joins.append(Join(channel, None))
        elif when:
            (days,) = when
            if not _NUMBER.fullmatch(days) or int(days) > FURTHEST_LEAD:
                raise CellError(
                    "not a lead day after @: write how many days before the due date the channel "
                    f"joins, 0 to {FURTHEST_LEAD}, or {FALLBACK}"
                )
            joins.append(Join(channel, int(days)))
    return tuple(wanted), tuple(joins)


def lead_days(text: str) -> tuple[int, ...]:
    """Days before the due date, `3+1+0`, at most 20; `none` for no reminder before it is
    overdue."""
    return _days(text, 0, FURTHEST_LEAD, at_most=MOST_LEAD_DAYS)


def overdue_days(text: str) -> tuple[int, ...]:
    """Days after the due date, `1+7`, at most 20; `none` for no notice."""
    return _days(text, 1, LATEST_OVERDUE, at_most=MOST_OVERDUE_DAYS)


def days_text(days: Iterable[int]) -> str:
    """The cell that `lead_days` or `overdue_days` reads."""
    return "+".join(map(str, days)) or "none"


def channels_text(channels: Iterable[Channel], joins: Iterable[Join]) -> str:
    """The cell that `channels` reads."""
    late = {
        join.channel: f"@{FALLBACK if join.lead_days is None else join.lead_days}" for join in joins
    }
    return "+".join(f"{channel}{late.get(channel, '')}" for channel in channels)


def _days(text: str, least: int, most: int, *, at_most: int) -> tuple[int, ...]:
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
    if len(days) > at_most:
        raise CellError(f"more than {at_most} days: keep at most {at_most} of them")
    return days


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split("+")]

"""The columns that set a reminder plan: a user's own, or what one bill changes in it."""

import re

from bill_reminders.domain.people import Channel, PlanChange
from bill_reminders.files.cells import CellError, wall_time
from bill_reminders.files.rows import Row

MAX_LEAD_DAYS = 365
MAX_OVERDUE_DAYS = 60

_NUMBER = re.compile(r"[0-9]{1,4}")


def plan_change(row: Row) -> PlanChange:
    """What the row sets. An empty cell sets nothing."""
    return PlanChange(
        lead_days=row.read_optional("lead_days", lead_days),
        overdue_days=row.read_optional("overdue_days", overdue_days),
        remind_at=row.read_optional("remind_at", wall_time),
        channels=row.read_optional("channels", channels),
    )


def channels(text: str) -> tuple[Channel, ...]:
    """`sms+email`, the most wanted first."""
    try:
        wanted = tuple(Channel(part) for part in _parts(text.lower()))
    except ValueError:
        raise CellError("not a list of channels: write sms, push and email joined by +") from None
    if len(set(wanted)) < len(wanted):
        raise CellError("a channel stands here twice: write each once")
    return wanted


def lead_days(text: str) -> tuple[int, ...]:
    """Days before the due date, `3+1+0`; `none` for no reminder before it is overdue."""
    return _days(text, 0, MAX_LEAD_DAYS)


def overdue_days(text: str) -> tuple[int, ...]:
    """Days after the due date, `1+7`; `none` for no notice."""
    return _days(text, 1, MAX_OVERDUE_DAYS)


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

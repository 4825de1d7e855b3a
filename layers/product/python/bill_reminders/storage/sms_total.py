"""The total of all SMS of a day, counted in parts, which is what carriers bill.

One counter a day (UTC) for all users together. It names nobody, so it needs no key, and whoever
sends takes from it before sending: what dies in between is counted and not sent, never the reverse.
"""

from datetime import UTC, datetime, time, timedelta

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.update import Action

from bill_reminders.domain.local_time import DAY
from bill_reminders.storage.access_tables import LimitItem
from bill_reminders.storage.transactions import condition_failed

ROUNDS = 3
"""How often to look again at what is left while others take from it."""


def ends_in(now: datetime) -> timedelta:
    """How long the day of `now` still lasts on the UTC clock."""
    today = datetime.combine(now.astimezone(UTC), time(), UTC)
    return today + DAY - now


def take(parts: int, *, most: int, now: datetime) -> int | None:
    """Take `parts` of the day's total; how many are taken of it now. None, with nothing taken, when
    they would be more than `most`. One write. Raises what the table raises."""
    if parts > most:
        return None
    item = LimitItem(_counter(now))
    ends = int((now + ends_in(now) + DAY).timestamp())
    actions: list[Action] = [LimitItem.asked.add(parts), LimitItem.expires_at.set(ends)]
    free = LimitItem.asked.does_not_exist() | (LimitItem.asked <= most - parts)
    try:
        item.update(actions, condition=free)
    except UpdateError as error:
        if not condition_failed(error):
            raise
        return None
    return item.asked


def take_up_to(parts: int, *, most: int, now: datetime) -> tuple[int, int]:
    """Take `parts`, or what is left below `most`; how many those are, and how many are taken of the
    day's total now. Raises what the table raises."""
    used = 0
    for _ in range(ROUNDS):
        taken = take(parts, most=most, now=now) if parts else None
        if taken is not None:
            return parts, taken
        used = _used(now)
        parts = max(0, min(parts, most - used))
        if not parts:
            break
    return 0, used


def _used(now: datetime) -> int:
    try:
        return LimitItem.get(_counter(now), consistent_read=True).asked
    except LimitItem.DoesNotExist:
        return 0


def _counter(now: datetime) -> str:
    return f"sms parts#{now.astimezone(UTC).date()}"

"""The journal: one row for each change of an account, and for what changes none but matters.

`accounts.register` and `accounts.change` write the rows of changes, in the change's own
transaction. What passes neither is noted where it is decided, see `note`. A row's key is its owner
and `<version of the schedule, 8 digits>#<entry>`; nothing of it is ever logged.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from secrets import token_hex

from pynamodb.transactions import TransactWrite

from bill_reminders.domain.journal import (
    RETENTION,
    Difference,
    Entrance,
    Event,
    Owned,
    cut,
    differences,
)
from bill_reminders.storage.record_tables import DifferenceMap, JournalItem
from bill_reminders.storage.tables import ScheduleItem, in_life
from bill_reminders.storage.transactions import Stale, Write, commit

ROW_AT_MOST = 1024
"""Bytes of a row: one more would cost two more write units."""

FIXED = 128
"""Bytes of a row beside its key and its differences, at most."""

THE_CHANGE = "0"
"""The entry of what raised the version: it comes before all that is noted at that version."""

FINE_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"

_entrances: list[Entrance] = []


@contextmanager
def through(entrance: Entrance) -> Iterator[None]:
    """Names the entrance of all changes that are made meanwhile in this process. It decorates each
    function's handler; where none is named, an administrator's script is at work."""
    # not a context variable: the threads of a handler make changes, too
    _entrances.append(entrance)
    try:
        yield
    finally:
        _entrances.pop()


def entrance() -> Entrance:
    """The one that was named last."""
    return _entrances[-1] if _entrances else Entrance.OPERATION


def registered(after: Owned, *, now: datetime) -> Write:
    """The row of a new account, whose first version is 1."""
    return _row(after, 1, THE_CHANGE, Event.REGISTERED, differences(None, after), now)


def changed(before: Owned, after: Owned, *, version: int, now: datetime) -> Iterator[Write]:
    """The row of a change to `version`; none when nothing changed that a person would name."""
    if found := differences(before, after):
        yield _row(after, version, THE_CHANGE, Event.CHANGED, found, now)


def beside(
    owner: Owned, event: Event, *, version: int, now: datetime, found: Iterable[Difference] = ()
) -> Write:
    """The row of what is decided in a transaction that has other conditions for the account to be
    there, and that leaves it at `version`."""
    return _row(owner, version, _entry(now), event, found, now)


def note(
    user_id: str,
    event: Event,
    *,
    now: datetime,
    found: Iterable[Difference] = (),
    writes: Iterable[Write] = (),
) -> bool:
    """Write the row of what passes no change, together with `writes`.

    False, and nothing is written, when there is no such user, or no longer, or a condition of
    `writes` fails. Raises transactions.Busy or Lost.
    """
    try:
        schedule = ScheduleItem.get(user_id, consistent_read=True)
    except ScheduleItem.DoesNotExist:
        return False
    row = _row(user_id, schedule.version, _entry(now), event, found, now)
    try:
        commit(_lives(schedule), row, *writes)
    except Stale:
        return False
    return True


def _lives(schedule: ScheduleItem) -> Write:
    alive = ScheduleItem.user_id.exists() & in_life(schedule.life)
    return lambda write: write.condition_check(ScheduleItem, schedule.user_id, condition=alive)


def _entry(now: datetime) -> str:
    """In the order of time, to the microsecond, and never another's."""
    return f"{now.strftime(FINE_FORMAT)}#{token_hex(4)}"


def _row(
    owner: Owned | str,
    version: int,
    entry: str,
    event: Event,
    found: Iterable[Difference],
    now: datetime,
) -> Write:
    user_id = owner if isinstance(owner, str) else owner[0].user_id
    key = f"{version:08}#{entry}"
    room = ROW_AT_MOST - FIXED - len(user_id.encode()) - len(key)
    kept, left_out = cut(found, room)
    row = JournalItem(
        user_id,
        key,
        event=event.value,
        through=entrance().value,
        at=now,
        changes=[_map(each) for each in kept] or None,
        left_out=left_out or None,
        expires_at=int((now + RETENTION).timestamp()),
    )
    return partial(_put, row)


def _map(each: Difference) -> DifferenceMap:
    return DifferenceMap(what=each.what, old=each.old, new=each.new, bill=each.bill)


def _put(row: JournalItem, transaction: TransactWrite) -> None:
    transaction.save(row)

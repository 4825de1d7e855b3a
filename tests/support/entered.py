"""People and bills that are entered in a stack, and what its tables then hold."""

from datetime import UTC, date, datetime

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import User
from bill_reminders.storage import rows, tables
from bill_reminders.storage.saving import save_bills, save_user
from bill_reminders.storage.tables import LedgerItem, ScheduleItem

SHARDS = 4
ENTERED = datetime(2027, 2, 1, 12, 0, tzinfo=UTC)
"""Long before anything is due."""
NINE = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
"""The minute of the sample events, and the time of day of the default plan."""
IN_THREE_DAYS = date(2027, 3, 4)
"""The due date whose first reminder goes out at NINE."""


def enter(user: User, *bills: Bill, now: datetime = ENTERED) -> User:
    """Save a user and their bills, the way that importing does."""
    save_user(user, shards=SHARDS, now=now)
    if bills:
        save_bills(user.user_id, [lambda _, bill=bill: bill for bill in bills], now=now)
    return user


def store(user: User, *bills: Bill, wakes: datetime = NINE) -> None:
    """A user and bills as they may stand in the tables from before there were bounds, to be woken
    on all of the plan's channels."""
    save_user(user, shards=SHARDS, now=ENTERED)
    for bill in bills:
        rows.bill_item(bill).save()
    schedule(user.user_id).update([tables.next_at(each).set(wakes) for each in user.plan.channels])


def schedule(user_id: str) -> ScheduleItem:
    return ScheduleItem.get(user_id, consistent_read=True)


def wakes_at(user_id: str, channel: Channel = Channel.SMS) -> datetime | None:
    value: datetime | None = getattr(schedule(user_id), tables.next_at(channel).attr_name)
    return value


def rests_at(user_id: str, channel: Channel = Channel.SMS) -> datetime | None:
    """The quarantined instant."""
    value: datetime | None = getattr(schedule(user_id), tables.quarantined_at(channel).attr_name)
    return value


def ledger_of(user_id: str) -> list[LedgerItem]:
    return list(LedgerItem.query(user_id, consistent_read=True))


def states_of(user_id: str) -> dict[str, str]:
    """The state of each row, by its key without the due date."""
    return {row.key.partition("#")[2]: row.state for row in ledger_of(user_id)}

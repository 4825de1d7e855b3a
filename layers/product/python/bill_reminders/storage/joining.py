"""What is on record about the address of an imported account, for domain.joining to judge."""

from datetime import datetime

from bill_reminders.domain import joining
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import State
from bill_reminders.storage import accounts, tables
from bill_reminders.storage.accounts import UnknownUser
from bill_reminders.storage.tables import LedgerItem


def opens(user_id: str, channel: Channel, *, since: datetime, now: datetime) -> bool:
    """Whether who confirms the address of `user_id` on `channel` may join that account, judged by
    what happened from `since` on. Reads the user's ledger; an erased account opens to nobody."""
    try:
        first_read = accounts.first_read_of(user_id)
        account = accounts.read(user_id, now=now, first_read=first_read)
    except UnknownUser:
        return False
    welcomed_at = getattr(first_read.schedule, tables.welcomed_at(channel).attr_name)
    delivered_at = None if welcomed_at is None else _delivered_at(user_id, channel, welcomed_at)
    return joining.may_join(
        account.user, account.bills, channel, delivered_at=delivered_at, since=since, now=now
    )


def _delivered_at(user_id: str, channel: Channel, welcomed_at: datetime) -> datetime | None:
    """When something last arrived at the address that had its first message at `welcomed_at`; what
    arrived before went to another address."""
    arrived = (LedgerItem.channel == channel.value) & (LedgerItem.state == State.DELIVERED.value)
    to_it = arrived & (LedgerItem.recorded_at >= welcomed_at)
    rows = LedgerItem.query(user_id, filter_condition=to_it, consistent_read=True)
    return max((row.settled_at or row.recorded_at for row in rows), default=None)

"""The ledger's rows as planning reads them: by the due dates that their keys begin with."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from bill_reminders.domain import revisions
from bill_reminders.domain.bills import Bill, Heard
from bill_reminders.domain.ledger import LEDGER_RETENTION, Recorded, State
from bill_reminders.domain.people import User
from bill_reminders.domain.reminder_series import plan_of
from bill_reminders.domain.reminders import SkipReason
from bill_reminders.storage import rows
from bill_reminders.storage.tables import LedgerItem
from bill_reminders.storage.transactions import Write

LAST_DUE_DATE = "9999~"
"""After every key that starts with a due date, before those of messages about no bill."""


def since(user_id: str, earliest: date) -> dict[str, Recorded]:
    """All rows of due dates from `earliest` on; strongly consistent."""
    return _between(user_id, f"{earliest}", LAST_DUE_DATE)


def _between(user_id: str, first: str, last: str) -> dict[str, Recorded]:
    found = LedgerItem.query(user_id, LedgerItem.key.between(first, last), consistent_read=True)
    return {item.key: rows.recorded_from(item) for item in found}


def with_messages(
    user: User, bills: Iterable[Bill], recorded: Mapping[str, Recorded]
) -> dict[str, Recorded]:
    """The rows with the state of the digest that carries each.

    A digest's state may stand in a row of an older due date than those that were read. Where a
    channel stands in for others by what became of it, it is looked up: that must not depend on how
    far back the ledger was read.
    """
    falling_back = {bill.bill_id for bill in bills if plan_of(user, bill).joins}
    unread = {
        row.message_key
        for row in recorded.values()
        if row.state is State.IN_DIGEST
        and row.message_state is None
        and row.message_key is not None
        and row.message_key not in recorded
        and row.reminder.bill_id in falling_back
    }
    messages = dict(recorded)
    for key in unread:
        messages |= _between(user.user_id, key, key)
    return {key: _with_message_state(row, messages) for key, row in recorded.items()}


def _with_message_state(row: Recorded, messages: Mapping[str, Recorded]) -> Recorded:
    message = None if row.state is not State.IN_DIGEST else messages.get(row.message_key or "")
    return row if message is None else replace(row, message_state=message.state)


def heard_of(
    known: Bill,
    bill: Bill | None,
    recorded: Mapping[str, Recorded],
    *,
    recorded_from: date,
    today: date,
) -> tuple[Heard, ...]:
    """What may have been heard of the dates that a change from `known` to `bill` leaves, see
    domain.revisions. `recorded` are all rows of due dates from `recorded_from` on; older ones are
    read by the keys of the dates that are left."""
    if not revisions.moves_dates(known, bill):
        return known.heard
    reach = LEDGER_RETENTION if bill is not None else revisions.DELETED_FOR
    older = revisions.left_dates(known, bill, first=today - reach, until=recorded_from)
    left = dict(recorded)
    if older:
        first, last = f"{min(older)}#{known.bill_id}#", f"{max(older)}#{known.bill_id}#~"
        left |= _between(known.user_id, first, last)
    return revisions.heard_of(known, bill, left.values(), today=today)


def withdrawn(row: Recorded, now: datetime) -> Write:
    """Notes that a reminder which waits is not wanted any more; what perhaps went out is not noted
    as if it had not."""
    state = State.UNKNOWN if row.resends else State.SKIPPED
    item = rows.ledger_item(row.reminder, state, attempt=row.attempt, at=now, links=row.links)
    item.reason = SkipReason.WITHDRAWN.value
    item.resends = row.resends or None
    waits = LedgerItem.state == State.WAITING.value
    return lambda transaction: transaction.save(item, condition=waits)

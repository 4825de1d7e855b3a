"""Bills as they were before a change that may be undone, in the ledger's table.

A row for each change that offers its undo, under `edit:<id>`: no reminder asks for it, and it is
erased with its user.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from bill_reminders.domain.bills import HOW_TO_PAY, Bill
from bill_reminders.storage import rows
from bill_reminders.storage.record_tables import EDITED, EditItem
from bill_reminders.storage.tables import BillItem
from bill_reminders.storage.transactions import Write

KEPT = timedelta(days=1)
"""Longer than the page that offers the undo is looked at."""


class Edit(NamedTuple):
    """A bill before a change, and the version of the bill that the change made."""

    was: Bill
    version: int


def noted(edit_id: str, was: Bill, *, version: int, now: datetime) -> Iterator[Write]:
    """Keep a bill as it `was`, in the change to `version` of the account."""
    item = EditItem(
        was.user_id,
        f"{EDITED}{edit_id}",
        was=json.dumps(rows.bill_item(_terms_alone(was)).to_dynamodb_dict()),
        version=version,
        expires_at=int((now + KEPT).timestamp()),
    )
    yield lambda transaction: transaction.save(item)


def _terms_alone(was: Bill) -> Bill:
    """What an edit leaves as it is need not be kept: there may be much of it."""
    nothing: dict[str, Any] = dict.fromkeys(("payments", "statements", "failed_debits"), ())
    nothing |= dict.fromkeys(("reopened", "heard", "settled"), ()) | dict.fromkeys(HOW_TO_PAY)
    return replace(was, **nothing)


def find(user_id: str, edit_id: str, *, now: datetime) -> Edit | None:
    """None when there is none of that id, or no longer."""
    try:
        item = EditItem.get(user_id, f"{EDITED}{edit_id}", consistent_read=True)
    except EditItem.DoesNotExist:
        return None
    if item.expires_at <= now.timestamp():
        return None
    was = BillItem()
    was.from_dynamodb_dict(json.loads(item.was))
    return Edit(rows.bill_from(was), item.version)

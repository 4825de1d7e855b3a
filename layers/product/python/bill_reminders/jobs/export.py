"""Everything that is kept about one user, as one JSON document.

Items as they are stored, so that nothing is left out by a view that forgot it; hashes and what
belongs to the machine (owners, leases, versions) say nothing about the user and are left out.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from bill_reminders.storage import accounts
from bill_reminders.storage.access_tables import FeedbackItem
from bill_reminders.storage.attributes import INSTANT_FORMAT
from bill_reminders.storage.conversations import DID
from bill_reminders.storage.record_tables import (
    EDITED,
    HANDOVER,
    SETTLED,
    DeedItem,
    JournalItem,
    SettledItem,
)
from bill_reminders.storage.sign_in_tables import CodeItem
from bill_reminders.storage.tables import DEAD_CHANNELS, BillItem, LedgerItem, UserItem

OF_THE_MACHINE = {
    "owner",
    "settle_shard",
    "settle_at",
    "attempt",
    "expires_at",
    "message_key",
    "provider_id",
    "receipt_id",
    "link",
}


EMPTY: dict[str, Any] = {
    "user": None,
    "contacts_to_confirm": [],
    "bills": [],
    "put_away": [],
    "reminders": [],
    "replies": [],
    "feedback": [],
    "changes": [],
}


def export(user_id: str, *, life: str | None, now: datetime) -> bytes:
    """The document, UTF-8, of that `life` of the account. It holds nothing when that is over: the
    user is being erased, and whoever has the id by now is another one's customer."""
    found = _everything(user_id, now)
    if not accounts.lives(user_id, life):  # asked last: a life that is over never comes back
        found = EMPTY
    document = {"format": 1, "exported_at": now.strftime(INSTANT_FORMAT), **found}
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _everything(user_id: str, now: datetime) -> dict[str, Any]:
    try:
        user: dict[str, Any] | None = _plain(UserItem.get(user_id, consistent_read=True))
    except UserItem.DoesNotExist:
        user = None
    now_seconds = now.timestamp()
    waiting = [
        {"channel": code.channel, "address": code.address}
        for code in CodeItem.query(user_id, consistent_read=True)
        if code.expires_at > now_seconds and code.used_by is None
    ]
    return {
        "user": user,
        "contacts_to_confirm": waiting,
        "bills": list(_all(BillItem, user_id)),
        "put_away": list(_all(SettledItem, user_id, SettledItem.key.startswith(SETTLED))),
        "reminders": [
            each
            for each in _all(LedgerItem, user_id)
            if not each["key"].startswith((DID, EDITED, HANDOVER, SETTLED))
        ]
        + list(_all(LedgerItem, f"{DEAD_CHANNELS}{user_id}")),
        "replies": list(_all(DeedItem, user_id, DeedItem.key.startswith(DID))),
        "feedback": list(_all(FeedbackItem, user_id)),
        "changes": list(_all(JournalItem, user_id)),
    }


def _all(table: Any, user_id: str, keys: Any = None) -> Iterator[dict[str, Any]]:
    return map(_plain, table.query(user_id, keys, consistent_read=True))


def _plain(item: Any) -> dict[str, Any]:
    """An item without the types of the table: numbers as text, so that money stays exact."""
    stored = item.serialize(null_check=False)
    return {name: _value(value) for name, value in stored.items() if name not in OF_THE_MACHINE}


def _value(stored: dict[str, Any]) -> Any:
    ((kind, value),) = stored.items()
    match kind:
        case "L":
            return [_value(each) for each in value]
        case "M":
            return {name: _value(each) for name, each in value.items()}
        case "NULL":
            return None
    return value

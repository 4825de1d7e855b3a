"""What is on record beside reminders: what happened to an account, what replies and handovers did,
what bills have put away, how providers answer.

Keys and attributes, no rules, as tables.py, which functions that only find who is due load alone.
"""

from typing import Any

from pynamodb.attributes import ListAttribute, MapAttribute, UnicodeAttribute
from pynamodb.connection.table import TableConnection

from bill_reminders.storage.attributes import InstantAttribute, IntegerAttribute
from bill_reminders.storage.tables import LedgerItem, PaymentMap, StatementMap, Table


class ChannelItem(Table):
    """How a channel's provider answers, see storage/channels.py. Beside the users' rows, in the
    ledger's table: whoever may write the one may write the other."""

    lies_in = "ledger"

    class Meta:
        table_name: str

    name = UnicodeAttribute(hash_key=True, attr_name="user_id")
    key = UnicodeAttribute(range_key=True)
    succeeded_at = InstantAttribute(null=True)
    unanswered_at = InstantAttribute(null=True)
    unanswered = IntegerAttribute(null=True)
    receipt_at = InstantAttribute(null=True)

    @classmethod
    def _get_connection(cls) -> TableConnection:
        """The ledger's, which knows the indexes of their table."""
        return LedgerItem._get_connection()


class DeedItem(Table):
    """What a reply by SMS did, in the ledger's table under `did:<id of the reply>`: found by that
    id when the reply is handed over again, and erased with its user. `to` is written as
    `<occurrence>#<bill_id>`."""

    lies_in = "ledger"

    class Meta:
        table_name: str

    user_id = UnicodeAttribute(hash_key=True)
    key = UnicodeAttribute(range_key=True)
    did = UnicodeAttribute()
    to = UnicodeAttribute()
    said_at = InstantAttribute()
    recorded_at = InstantAttribute()
    expires_at = IntegerAttribute()


SETTLED = "settled:"
"""With what the keys of settled items begin."""


class SettledItem(Table):
    """Payments and statements that a bill has put away, in the ledger's table: see
    storage.put_away."""

    lies_in = "ledger"

    class Meta:
        table_name: str

    user_id = UnicodeAttribute(hash_key=True)
    key = UnicodeAttribute(range_key=True)
    payments = ListAttribute[PaymentMap](of=PaymentMap, null=True)
    statements = ListAttribute[StatementMap](of=StatementMap, null=True)


EDITED = "edit:"
"""With what the keys of EditItem begin."""


class EditItem(Table):
    """A bill before a change of it that may be undone, in the ledger's table: see storage.edits.
    `was` is the bill's item before, as JSON, and `version` that of the bill after the change."""

    lies_in = "ledger"

    class Meta:
        table_name: str

    user_id = UnicodeAttribute(hash_key=True)
    key = UnicodeAttribute(range_key=True)
    was = UnicodeAttribute()
    version = IntegerAttribute()
    expires_at = IntegerAttribute()


class DifferenceMap(MapAttribute[str, Any]):
    """A field that changed, of the user where no bill is named; without `old` or `new` there was
    or is nothing."""

    what = UnicodeAttribute()
    old = UnicodeAttribute(null=True)
    new = UnicodeAttribute(null=True)
    bill = UnicodeAttribute(null=True)


class JournalItem(Table):
    """What happened to an account, see storage/journal.py. `through` is the entrance, `left_out`
    how many changes found no room. `expires_at` is the table's TTL, in epoch seconds."""

    lies_in = "journal"

    class Meta:
        table_name: str

    owner = UnicodeAttribute(hash_key=True)
    entry = UnicodeAttribute(range_key=True)
    event = UnicodeAttribute()
    through = UnicodeAttribute()
    at = InstantAttribute()
    changes = ListAttribute[DifferenceMap](of=DifferenceMap, null=True)
    left_out = IntegerAttribute(null=True)
    expires_at = IntegerAttribute()


HANDOVER = "handover:"
"""With what the keys of HandoverItem begin."""


class HandoverItem(Table):
    """An imported account that was joined, or an address that left its user, in the ledger's table:
    see domain.handovers. `was` is the user's item before, as JSON."""

    lies_in = "ledger"

    class Meta:
        table_name: str

    user_id = UnicodeAttribute(hash_key=True)
    key = UnicodeAttribute(range_key=True)
    event = UnicodeAttribute()
    life = UnicodeAttribute(null=True)
    kind = UnicodeAttribute()
    channel = UnicodeAttribute(null=True)
    by = UnicodeAttribute()
    was = UnicodeAttribute()
    made_at = InstantAttribute()
    undo_until = InstantAttribute()
    undone_at = InstantAttribute(null=True)
    expires_at = IntegerAttribute()

"""The tables of those who come without signing in: by an address, a link or a reply.

Keys and attributes, no rules; names and retention are declared in template.yaml. `expires_at` is
each table's TTL, in epoch seconds.
"""

from pynamodb.attributes import BooleanAttribute, ListAttribute, UnicodeAttribute

from bill_reminders.storage.attributes import InstantAttribute, IntegerAttribute
from bill_reminders.storage.tables import Table


class AddressItem(Table):
    """Whose an address is. Without `user_id` it is nobody's, and remembers a STOP."""

    lies_in = "addresses"

    class Meta:
        table_name: str

    address_hash = UnicodeAttribute(hash_key=True)
    channel = UnicodeAttribute()
    user_id = UnicodeAttribute(null=True)
    stopped_at = InstantAttribute(null=True)


class LinkItem(Table):
    """A secret that was handed out, and what it may do for whom; and back from `user#<user_id>` to
    the hash of the code that opens that account, in `purpose`; from `calendar#<user_id>` to that of
    the calendar's link, likewise. Without `expires_at` it holds until it is withdrawn.

    A message's link holds the ledger keys of its `reminders`, its `channel`, and in `sent_to` a
    hash of the token with the address that it went to; in `proof_hash` that of the cookie of a
    browser in which the code was entered, until `proven_until`."""

    lies_in = "links"

    class Meta:
        table_name: str

    token_hash = UnicodeAttribute(hash_key=True)
    purpose = UnicodeAttribute()
    user_id = UnicodeAttribute()
    channel = UnicodeAttribute(null=True)
    sent_to = UnicodeAttribute(null=True)
    reminders = ListAttribute[str](of=UnicodeAttribute, null=True)
    closes_at = InstantAttribute(null=True)
    made_at = InstantAttribute(null=True)
    proof_hash = UnicodeAttribute(null=True)
    proven_until = InstantAttribute(null=True)
    expires_at = IntegerAttribute(null=True)


class ConversationItem(Table):
    """What a user was asked by SMS last, and what a reply of theirs did last; a target is written
    as `<occurrence>#<bill_id>`."""

    lies_in = "conversations"

    class Meta:
        table_name: str

    user_id = UnicodeAttribute(hash_key=True)
    asked = UnicodeAttribute(null=True)
    asked_by = UnicodeAttribute(null=True)
    asked_at = InstantAttribute(null=True)
    options = ListAttribute[str](of=UnicodeAttribute, null=True)
    did = UnicodeAttribute(null=True)
    did_to = UnicodeAttribute(null=True)
    did_by = UnicodeAttribute(null=True)
    did_at = InstantAttribute(null=True)
    did_said_at = InstantAttribute(null=True)
    undone_by = UnicodeAttribute(null=True)
    expires_at = IntegerAttribute()


class LimitItem(Table):
    """How often something was asked for in one hour or day."""

    lies_in = "limits"

    class Meta:
        table_name: str

    counter = UnicodeAttribute(hash_key=True)
    asked = IntegerAttribute()
    expires_at = IntegerAttribute()


class SameTextItem(Table):
    """For which addresses the same failure came lately, each as `<hash>@<epoch seconds>`; `asked`
    counts the writes. It lies in the limits' table."""

    lies_in = "limits"

    class Meta:
        table_name: str

    counter = UnicodeAttribute(hash_key=True)
    asked = IntegerAttribute()
    seen = ListAttribute[str](of=UnicodeAttribute)
    expires_at = IntegerAttribute()


class FeedbackItem(Table):
    """What a user said about one reminder."""

    lies_in = "feedback"

    class Meta:
        table_name: str

    user_id = UnicodeAttribute(hash_key=True)
    reminder_id = UnicodeAttribute(range_key=True)
    timing = UnicodeAttribute(null=True)
    useful = BooleanAttribute(null=True)
    suggestion = UnicodeAttribute(null=True)
    given_at = InstantAttribute()

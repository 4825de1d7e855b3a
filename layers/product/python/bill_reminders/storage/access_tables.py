"""The tables of those who sign in: who they are, what they asked for, what they were answered.

Keys and attributes, no rules; names and retention are declared in template.yaml. `expires_at` is
each table's TTL, in epoch seconds.
"""

from typing import Any

from pynamodb.attributes import BooleanAttribute, ListAttribute, UnicodeAttribute

from bill_reminders.storage.attributes import InstantAttribute, IntegerAttribute, MomentAttribute
from bill_reminders.storage.tables import Table


class IdentityItem(Table):
    """Whose account a token's owner has: `<issuer>#<subject>`, and back: `user#<user_id>`.

    The first kind holds `user_id`, and which request made the account; the second `signed_in_as`.
    """

    class Meta:
        table_name: str

    identity = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute(null=True)
    made_by = UnicodeAttribute(null=True)
    signed_in_as = UnicodeAttribute(null=True)


class AddressItem(Table):
    """Whose an address is. Without `user_id` it is nobody's, and remembers a STOP."""

    class Meta:
        table_name: str

    address_hash = UnicodeAttribute(hash_key=True)
    channel = UnicodeAttribute()
    user_id = UnicodeAttribute(null=True)
    stopped_at = InstantAttribute(null=True)


class CodeItem(Table):
    """A six-digit code that was sent to an address and waits to be entered."""

    class Meta:
        table_name: str

    user_id = UnicodeAttribute(hash_key=True)
    contact_id = UnicodeAttribute(range_key=True)
    channel = UnicodeAttribute()
    address = UnicodeAttribute()
    code_hash = UnicodeAttribute()
    sent_at = InstantAttribute()
    asked_at = MomentAttribute(null=True)
    tries = IntegerAttribute()
    used_by = UnicodeAttribute(null=True)
    expires_at = IntegerAttribute()


class LinkItem(Table):
    """A secret that was handed out, and what it may do for whom; and back from `user#<user_id>` to
    the hash of the code that opens that account, in `purpose`; from `calendar#<user_id>` to that of
    the calendar's link, likewise. Without `expires_at` it holds until it is withdrawn.

    A message's link holds the ledger keys of its `reminders`, its `channel`, and in `sent_to` a
    hash of the token with the address that it went to; in `proof_hash` that of the cookie of a
    browser in which the code was entered, until `proven_until`."""

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

    class Meta:
        table_name: str

    counter = UnicodeAttribute(hash_key=True)
    asked = IntegerAttribute()
    expires_at = IntegerAttribute()


class SameTextItem(Table):
    """For which addresses the same failure came lately, each as `<hash>@<epoch seconds>`; `asked`
    counts the writes. It lies in the limits' table."""

    class Meta:
        table_name: str

    counter = UnicodeAttribute(hash_key=True)
    asked = IntegerAttribute()
    seen = ListAttribute[str](of=UnicodeAttribute)
    expires_at = IntegerAttribute()


class ProofItem(Table):
    """When the right code for an address was last entered, and for which contact: a code of another
    one that was asked for before is worthless. It lies in the limits' table, for as long as such a
    code could live."""

    class Meta:
        table_name: str

    counter = UnicodeAttribute(hash_key=True)
    proved_at = MomentAttribute()
    contact_id = UnicodeAttribute()
    expires_at = IntegerAttribute()


class AnswerItem(Table):
    """A request with an idempotency key: at work until `locked_until`, or answered. A long body is
    `packed` with gzip, in base64, for an item holds 400 KB."""

    class Meta:
        table_name: str

    caller = UnicodeAttribute(hash_key=True)
    request = UnicodeAttribute(range_key=True)
    body_hash = UnicodeAttribute()
    attempt = UnicodeAttribute()
    locked_until = InstantAttribute()
    status = IntegerAttribute(null=True)
    body = UnicodeAttribute(null=True)
    packed = UnicodeAttribute(null=True)
    headers = UnicodeAttribute(null=True)
    expires_at = IntegerAttribute()


class FeedbackItem(Table):
    """What a user said about one reminder."""

    class Meta:
        table_name: str

    user_id = UnicodeAttribute(hash_key=True)
    reminder_id = UnicodeAttribute(range_key=True)
    timing = UnicodeAttribute(null=True)
    useful = BooleanAttribute(null=True)
    suggestion = UnicodeAttribute(null=True)
    given_at = InstantAttribute()


class JobItem(Table):
    """An export or an erasure that somebody was promised, of one `life` of an account."""

    class Meta:
        table_name: str

    identity = UnicodeAttribute(hash_key=True)
    job_id = UnicodeAttribute(range_key=True)
    kind = UnicodeAttribute()
    user_id = UnicodeAttribute()
    life = UnicodeAttribute(null=True)
    request = UnicodeAttribute(null=True)
    state = UnicodeAttribute()
    created_at = InstantAttribute()
    done_at = InstantAttribute(null=True)
    sign_in = UnicodeAttribute(null=True)
    signed_in_as = UnicodeAttribute(null=True)
    endpoints = ListAttribute[str](of=UnicodeAttribute, null=True)
    expires_at = IntegerAttribute()


_BY_NAME: dict[str, tuple[Any, ...]] = {
    "identities": (IdentityItem,),
    "addresses": (AddressItem,),
    "codes": (CodeItem,),
    "links": (LinkItem,),
    "conversations": (ConversationItem,),
    "limits": (LimitItem, ProofItem, SameTextItem),
    "answers": (AnswerItem,),
    "feedback": (FeedbackItem,),
    "jobs": (JobItem,),
}


def bind(**names: str) -> None:
    """Name the deployed tables, as tables.bind does: `identities="...", codes="..."`."""
    for name, table in names.items():
        for model in _BY_NAME[name]:
            model.Meta.table_name = table

"""The tables of those who sign in: who they are, their codes, what they asked for, the answers.

As access_tables.py, which functions without the API load alone.
"""

from pynamodb.attributes import ListAttribute, UnicodeAttribute

from bill_reminders.storage.attributes import InstantAttribute, IntegerAttribute, MomentAttribute
from bill_reminders.storage.tables import Table


class IdentityItem(Table):
    """Whose account a token's owner has: `<issuer>#<subject>`, and back: `user#<user_id>`.

    The first kind holds `user_id`, and which request made the account; the second `signed_in_as`.
    """

    lies_in = "identities"

    class Meta:
        table_name: str

    identity = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute(null=True)
    made_by = UnicodeAttribute(null=True)
    signed_in_as = UnicodeAttribute(null=True)


class CodeItem(Table):
    """A six-digit code that was sent to an address and waits to be entered."""

    lies_in = "codes"

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


class ProofItem(Table):
    """When the right code for an address was last entered, and for which contact: a code of another
    one that was asked for before is worthless. It lies in the limits' table, for as long as such a
    code could live."""

    lies_in = "limits"

    class Meta:
        table_name: str

    counter = UnicodeAttribute(hash_key=True)
    proved_at = MomentAttribute()
    contact_id = UnicodeAttribute()
    expires_at = IntegerAttribute()


class AnswerItem(Table):
    """A request with an idempotency key: at work until `locked_until`, or answered. A long body is
    `packed` with gzip, in base64, for an item holds 400 KB."""

    lies_in = "answers"

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


class JobItem(Table):
    """An export or an erasure that somebody was promised, of one `life` of an account."""

    lies_in = "jobs"

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

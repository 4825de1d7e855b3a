"""Link codes: a biller hands one to a customer whom it imported, to join that account with.

Twelve letters and digits that are not mistaken for each other (60 bits), kept as a keyed hash, good
for one account, once.
"""

from datetime import datetime, timedelta
from secrets import choice

from bill_reminders.storage.access_tables import LinkItem
from bill_reminders.storage.keyed_hash import keyed_hash

LIFETIME = timedelta(days=90)
JOIN = "join"

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: without I, L, O and U."""

_LOOKALIKES = str.maketrans("ILO", "110", " -")


def create(user_id: str, *, now: datetime) -> str:
    """A new code for an account, as `K7PD-3MWX-Q94T`, in place of an earlier one."""
    withdraw(user_id)
    letters = "".join(choice(ALPHABET) for _ in range(12))
    expires_at = int((now + LIFETIME).timestamp())
    code = LinkItem(_hash(letters), purpose=JOIN, user_id=user_id, expires_at=expires_at)
    # found by who it is for, too: so that it can be withdrawn
    to_it = LinkItem(back(user_id), purpose=code.token_hash, user_id=user_id, expires_at=expires_at)
    to_it.save()
    code.save()
    return "-".join((letters[:4], letters[4:8], letters[8:]))


def withdraw(user_id: str) -> None:
    """Let no code open this account any more."""
    try:
        to_it = LinkItem.get(back(user_id), consistent_read=True)
    except LinkItem.DoesNotExist:
        return
    LinkItem(to_it.purpose).delete()
    to_it.delete()


def back(user_id: str) -> str:
    """The key of what leads from a user to the hash of their code."""
    return f"user#{user_id}"


def user_of(code: str, *, now: datetime) -> str | None:
    """Whose account a code opens; None when it is none, or expired."""
    try:
        item = LinkItem.get(_hash(code.upper().translate(_LOOKALIKES)), consistent_read=True)
    except LinkItem.DoesNotExist:
        return None
    lasts = item.expires_at is not None and item.expires_at > now.timestamp()
    is_good = item.purpose == JOIN and lasts
    return item.user_id if is_good else None


def _hash(letters: str) -> str:
    return keyed_hash("link", letters)

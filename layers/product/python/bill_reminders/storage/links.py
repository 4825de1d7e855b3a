"""Links: what the bearer of a secret may do, for one user.

A secret is random and kept as its SHA-256 alone, so that whoever reads the table can open nothing.
It says nothing about its user, expires, and can be withdrawn. The link codes of letters, which
people type, are short and have their own rules: see link_codes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest
from secrets import choice, token_urlsafe
from string import ascii_letters, digits

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.update import Action

from bill_reminders.domain.bills import LATE_AT_MOST
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.local_time import DAY
from bill_reminders.domain.people import User, folded
from bill_reminders.domain.reminders import Reminder
from bill_reminders.storage.access_tables import LinkItem
from bill_reminders.storage.transactions import Write, condition_failed

LENGTH = 17
"""Letters and digits: 101 bits, and no sign at the end that a phone takes for punctuation."""

PROOF_LASTS = timedelta(minutes=30)
"""How long a browser in which the code was entered sees more than the message's own bills."""

WAY_OUT_LASTS = timedelta(days=366)
"""How long an e-mail's own button still stops e-mails. Mail is kept, and read again."""


class Purpose(StrEnum):
    """What a link is for. One that was made for something else opens nothing."""

    MESSAGE = "message"
    """What a message's own link may do: see its bills, answer it, stop what it is about."""
    CALENDAR = "calendar"
    """Read the user's due dates, see calendars."""
    UNDO = "undo"
    """Undo that somebody joined an account or took an address, see handovers."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a secret opens. A message's link names the ledger keys of the `reminders` in it, the
    `channel` it came by, the address that it was `sent_to`, as a hash, and when it was `made_at`;
    None for both: made before they were kept. After `closes_at` only the way out is left of it;
    None: never. Until `proven_until` the browser whose cookie has `proof_hash` reaches the whole
    account with it."""

    token_hash: str
    purpose: Purpose
    user_id: str
    channel: Channel | None
    reminders: tuple[str, ...]
    closes_at: datetime | None
    sent_to: str | None = None
    made_at: datetime | None = None
    proof_hash: str | None = field(default=None, repr=False)
    proven_until: datetime | None = None

    def is_proven(self, secret: str, *, now: datetime) -> bool:
        """Whether `secret` is what `prove` made last, not longer ago than PROOF_LASTS."""
        if self.proof_hash is None or self.proven_until is None or self.proven_until <= now:
            return False
        return compare_digest(self.proof_hash, token_hash(secret))

    def reaches(self, token: str, user: User) -> bool:
        """Whether what it was sent to is the user's address still, and they have not closed it. Who
        reads the mailbox or number that they gave up shall not answer for them, nor stop the
        address that took its place."""
        closed_at = user.links_closed_at
        if closed_at is not None and (self.made_at is None or self.made_at <= closed_at):
            return False
        if self.sent_to is None or self.channel is None:
            return True
        known = user.addresses.get(self.channel)
        return known is not None and self.sent_to == _sent_to(token, self.channel, known.value)


def new_token() -> str:
    return "".join(choice(ascii_letters + digits) for _ in range(LENGTH))


def token_hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _sent_to(token: str, channel: Channel, address: str) -> str:
    """A hash that tells the address only to who has the token, which is kept nowhere."""
    return token_hash(f"{token} {folded(channel, address)}")


def of_message(
    token: str,
    reminders: Iterable[Reminder],
    *,
    channel: Channel | None = None,
    address: str,
    now: datetime,
) -> Write:
    """Open with `token` the page of a message with `reminders` to `address`, until nobody can be
    reminded of them any more; the way out for a year. `channel` is the one that it goes by, where
    that is not the reminders' own."""
    told = tuple(reminders)
    channel = channel or told[0].channel
    closes_at = max(now, *(_at_midnight(each) for each in told)) + LATE_AT_MOST * DAY
    item = LinkItem(
        token_hash(token),
        purpose=Purpose.MESSAGE.value,
        user_id=told[0].user_id,
        channel=channel.value,
        sent_to=_sent_to(token, channel, address),
        reminders=[each.key for each in told],
        made_at=now,
        closes_at=closes_at,
        expires_at=int(max(now + WAY_OUT_LASTS, closes_at).timestamp()),
    )
    return lambda transaction: transaction.save(item)


def _at_midnight(reminder: Reminder) -> datetime:
    day = reminder.due_on
    return datetime(day.year, day.month, day.day, tzinfo=reminder.planned_at.tzinfo)


def find(token: str, purpose: Purpose, *, now: datetime) -> Link | None:
    """What `token` opens; None when it is none, has expired, was withdrawn, or was made for another
    purpose: who asks cannot tell which."""
    try:
        item = LinkItem.get(token_hash(token), consistent_read=True)
    except LinkItem.DoesNotExist:
        return None
    is_over = item.expires_at is not None and item.expires_at <= now.timestamp()
    if item.purpose != purpose.value or is_over:
        return None
    return Link(
        token_hash=item.token_hash,
        purpose=purpose,
        user_id=item.user_id,
        channel=None if item.channel is None else Channel(item.channel),
        reminders=tuple(item.reminders or ()),
        closes_at=item.closes_at,
        sent_to=item.sent_to,
        made_at=item.made_at,
        proof_hash=item.proof_hash,
        proven_until=item.proven_until,
    )


def prove(hash_of_token: str, *, now: datetime) -> str | None:
    """A secret that proves for PROOF_LASTS that whoever shows it reads what the link was sent to,
    in place of an earlier one; None when there is no such link any more."""
    secret = token_urlsafe(32)
    actions: list[Action] = [
        LinkItem.proof_hash.set(token_hash(secret)),
        LinkItem.proven_until.set(now + PROOF_LASTS),
    ]
    try:
        LinkItem(hash_of_token).update(actions, condition=LinkItem.token_hash.exists())
    except UpdateError as error:
        if not condition_failed(error):
            raise
        return None
    return secret


def withdrawn(token: str) -> Write:
    """Let `token` open nothing any more, as part of a transaction."""
    item = LinkItem(token_hash(token))
    return lambda transaction: transaction.delete(item)

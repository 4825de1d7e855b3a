"""Six-digit codes: sent to an address, entered by who reads it there.

Only a keyed hash is stored. A code lives for ten minutes and takes five tries, wrong ones included;
a new one replaces it.
"""

import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from secrets import randbelow

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.update import Action

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.domain.journal import Event
from bill_reminders.storage import journal
from bill_reminders.storage.addresses import address_hash
from bill_reminders.storage.keyed_hash import keyed_hash
from bill_reminders.storage.sign_in_tables import CodeItem, ProofItem
from bill_reminders.storage.transactions import condition_failed

LIFETIME = timedelta(minutes=10)
MOST_TRIES = 5


class NoCode(BillRemindersError):
    """There is no code to enter for this contact: never asked for, expired, or tried too often."""


class OldCode(BillRemindersError):
    """The code was asked for before somebody else proved that the address is theirs."""


class WrongCode(BillRemindersError):
    """Not the code that was sent; `left` tries remain."""

    def __init__(self, left: int) -> None:
        super().__init__("not the code that was sent")
        self.left = left


@dataclass(frozen=True, slots=True)
class Pending:
    """An address whose owner has still to enter the code. `asked_at` is `sent_at` to the
    microsecond: it tells which of two people asked first."""

    contact_id: str
    channel: Channel
    address: str = field(repr=False)
    sent_at: datetime
    asked_at: datetime
    expires_at: datetime
    tries_left: int


def contact_id(user_id: str, channel: Channel, address: str) -> str:
    """A contact's id: the same before and after it is confirmed, and of no use to anybody else."""
    return keyed_hash("contact", f"{user_id}:{channel}:{address}")[:20]


OF_A_LINK = "link#"
"""Begins what stands for a contact where the code is asked for by the page behind a link."""


def link_id(token_hash: str) -> str:
    """What a link's code is entered for: it confirms no contact, and serves no other link."""
    return f"{OF_A_LINK}{token_hash[:32]}"


def create(
    user_id: str, channel: Channel, address: str, *, ident: str | None = None, now: datetime
) -> str:
    """A new code for an address, in place of an earlier one. To be sent there and nowhere else.
    It is entered for the contact, or for `ident`."""
    code = f"{randbelow(1_000_000):06}"
    ident = ident or contact_id(user_id, channel, address)
    CodeItem(
        user_id,
        ident,
        channel=channel.value,
        address=address,
        code_hash=_hash(user_id, ident, code),
        sent_at=now,
        asked_at=now,
        tries=0,
        expires_at=int((now + LIFETIME).timestamp()),
    ).save()
    return code


def pending(user_id: str, *, now: datetime) -> list[Pending]:
    """The addresses that still wait for their code, the latest first."""
    stored = CodeItem.query(user_id, consistent_read=True)
    found = [_pending(item) for item in stored if item.used_by is None and not _of_link(item)]
    alive = [each for each in found if each.expires_at > now]
    return sorted(alive, key=lambda each: each.sent_at, reverse=True)


def _of_link(item: CodeItem) -> bool:
    return item.contact_id.startswith(OF_A_LINK)


def _pending(item: CodeItem) -> Pending:
    return Pending(
        contact_id=item.contact_id,
        channel=Channel(item.channel),
        address=item.address,
        sent_at=item.sent_at,
        asked_at=item.asked_at or item.sent_at,
        expires_at=datetime.fromtimestamp(item.expires_at, UTC),
        tries_left=max(0, MOST_TRIES - item.tries),
    )


def enter(user_id: str, contact: str, code: str, *, request: str, now: datetime) -> Pending:
    """Use up one try; the address when `code` is right. A code that has served, see `use_up`, is
    taken again from the same `request` alone, whose answer may have got lost.

    Raises NoCode, WrongCode, of which the journal is told; transactions.Busy or Lost.
    """
    item = CodeItem(user_id, contact)
    alive = (CodeItem.tries < MOST_TRIES) & (CodeItem.expires_at > int(now.timestamp()))
    alive &= CodeItem.used_by.does_not_exist() | (CodeItem.used_by == request)
    try:
        item.update([CodeItem.tries.add(1)], condition=alive)
    except UpdateError as error:
        if not condition_failed(error):
            raise
        raise NoCode("there is no code to enter") from None
    if not hmac.compare_digest(item.code_hash, _hash(user_id, contact, code)):
        journal.note(user_id, Event.WRONG_CODE, now=now)
        raise WrongCode(MOST_TRIES - item.tries)
    return _pending(item)


def outdate_others(pending: Pending, *, now: datetime) -> None:
    """The right code was entered: from now on no code that somebody else asked for before takes
    the address. Raises OldCode when that has happened to this one."""
    proof = ProofItem(f"proof#{address_hash(pending.channel, pending.address)}")
    first = ProofItem.counter.does_not_exist() | (ProofItem.proved_at < pending.asked_at)
    proved: list[Action] = [
        ProofItem.proved_at.set(now),
        ProofItem.contact_id.set(pending.contact_id),
        ProofItem.expires_at.set(int((now + LIFETIME).timestamp())),
    ]
    try:
        proof.update(proved, condition=first | (ProofItem.contact_id == pending.contact_id))
    except UpdateError as error:
        if not condition_failed(error):
            raise
        raise OldCode("somebody has confirmed the address since the code was asked for") from None


def use_up(user_id: str, contact: str, *, request: str) -> None:
    """The code has served `request`, and serves no other."""
    try:
        CodeItem(user_id, contact).update(
            [CodeItem.used_by.set(request)], condition=CodeItem.user_id.exists()
        )
    except UpdateError as error:  # forgotten in between
        if not condition_failed(error):
            raise


def is_known(user_id: str, contact: str) -> bool:
    """Whether a code was made for a contact and is not forgotten; it may have expired or served."""
    named = CodeItem.contact_id == contact
    return any(CodeItem.query(user_id, named, consistent_read=True))


def forget(user_id: str, contact: str) -> None:
    """Drop a code that is not wanted, if there is one."""
    CodeItem(user_id, contact).delete()


def _hash(user_id: str, contact: str, code: str) -> str:
    return keyed_hash("code", f"{user_id}:{contact}:{code}")

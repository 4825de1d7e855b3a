"""What becomes of a receipt: the ledger's row, the address, or nothing."""

from contextlib import suppress
from datetime import datetime
from enum import StrEnum

from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.domain.terms import Channel
from bill_reminders.receipts.inbound import Receipt
from bill_reminders.storage import addresses, happenings, receipts
from bill_reminders.storage.accounts import UnknownUser
from bill_reminders.storage.failures import Failure
from bill_reminders.storage.tables import LedgerItem


class TooEarly(BillRemindersError):
    """The ledger does not know the message yet: its sender has not marked it, or an index lags."""


class Outcome(StrEnum):
    """What a receipt did."""

    SETTLED = "settled"
    """The row of its message says it now."""
    KNOWN = "known"
    """The ledger knew that, or knows better."""
    GUESSED = "guessed"
    """No row bears its id; the only message to that address of which nobody knew took it."""
    FOREIGN = "foreign"
    """No message of ours is meant."""


def take(receipt: Receipt, *, may_wait: bool, now: datetime) -> Outcome:
    """Act on a receipt; doing it again does nothing. Raises TooEarly when its message is not known
    and it `may_wait`; what accounts.change raises."""
    failure = Failure(
        receipt.state, receipt.reason, receipt.stop, receipt.address, sent_at=receipt.at
    )
    row, guessed = receipts.named(receipt.receipt_id, receipt.channel), False
    if row is None and may_wait:
        raise TooEarly("the ledger does not know the message yet")
    if row is None and (owner := _owner(receipt)) is not None:
        row = receipts.named_in(owner, receipt.receipt_id, receipt.channel)
        if row is None:
            row, guessed = _only_one(receipt, owner), True
    settled = row is not None and receipts.apply(
        row, failure, provider_id=receipt.provider_id, now=now
    )
    if row is None or row.bill_id is None or not settled:
        _stop(receipt, now)
    if row is None:
        return Outcome.FOREIGN
    if not settled:
        return Outcome.KNOWN
    return Outcome.GUESSED if guessed else Outcome.SETTLED


def _only_one(receipt: Receipt, owner: str) -> LedgerItem | None:
    """For SMS alone: receipts of e-mails bear our own tag, those of devices come for what was
    marked."""
    if receipt.channel is not Channel.SMS:
        return None
    return receipts.only_unknown(owner, receipt.channel, sent_at=receipt.at)


def _owner(receipt: Receipt) -> str | None:
    if receipt.address is None:
        return None
    known = addresses.owner_of(receipt.channel, receipt.address)
    return None if known is None else known.user_id


def _stop(receipt: Receipt, now: datetime) -> None:
    """An address that is of no use is stopped, whatever its message has become."""
    if receipt.stop is None or receipt.address is None:
        return
    owner = _owner(receipt)
    if owner is not None:
        with suppress(UnknownUser):
            happenings.stop_address(
                owner,
                receipt.channel,
                receipt.address,
                by=receipt.stop,
                sent_at=receipt.at,
                now=now,
            )

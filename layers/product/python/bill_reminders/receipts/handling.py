"""What becomes of a receipt: the ledger's row, the address, or nothing."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from random import uniform
from typing import NamedTuple

from bill_reminders.channels import registry
from bill_reminders.channels.receipts import Receipt
from bill_reminders.commands.stops import stop_address
from bill_reminders.delivery import dead_channels, direct_rows, receipts, undelivered
from bill_reminders.delivery.failures import Failure
from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.domain.ledger import State
from bill_reminders.domain.local_time import floor_minute, next_minute
from bill_reminders.storage import accounts, addresses, common_causes
from bill_reminders.storage.accounts import UnknownUser
from bill_reminders.storage.tables import LedgerItem


class TooEarly(BillRemindersError):
    """The ledger does not know the message yet: its sender has not marked it, or an index lags."""


class Effect(StrEnum):
    """What a receipt did."""

    SETTLED = "settled"
    """The row of its message says it now."""
    KNOWN = "known"
    """The ledger knew that, or knows better."""
    GUESSED = "guessed"
    """No row bears its id; the only message to that address with an unknown outcome took it."""
    WAITS = "waits"
    """The account is at fault: its message ended undelivered, and its reminders wait."""
    FOREIGN = "foreign"
    """No message of ours is meant."""


class Done(NamedTuple):
    """What a receipt did; for what reason the account is at fault, None when it is not; and what it
    made of a message with reminders, None when it left it as it was."""

    outcome: Effect
    account_fault: str | None = None
    became: State | None = None


def take(receipt: Receipt, *, may_wait: bool, now: datetime) -> Done:
    """Act on a receipt; doing it again does nothing. Raises TooEarly when its message is not known
    and it `may_wait`; what accounts.change raises."""
    row, guessed = None, False
    if receipt.receipt_id is not None:
        row = receipts.named(receipt.receipt_id, receipt.channel)
        if row is None and may_wait:
            raise TooEarly("the ledger does not know the message yet")
    receipt = _judged(receipt, now)
    if row is None and receipt.receipt_id is not None and (owner := _owner(receipt)) is not None:
        row = receipts.named_in(owner, receipt.receipt_id, receipt.channel)
        if row is None:
            row, guessed = _only_one(receipt, owner), True
    outcome = _act(receipt, row, guessed, now)
    if outcome is not Effect.KNOWN and _is_code_that_came_back(receipt):
        registry.contact(receipt.channel).note_returned(sent_at=receipt.at)
    fault = receipt.reason if receipt.of_account else None
    return Done(outcome, fault, _became(receipt, row, outcome))


def _became(receipt: Receipt, row: LedgerItem | None, outcome: Effect) -> State | None:
    if row is None or row.bill_id is None:
        return None
    if outcome is Effect.WAITS:
        return State.WAITING
    return receipt.state if outcome in (Effect.SETTLED, Effect.GUESSED) else None


def _is_code_that_came_back(receipt: Receipt) -> bool:
    is_code = receipt.channel.bears_our_tag and direct_rows.is_of_code(receipt.receipt_id)
    return is_code and receipt.state in (State.BOUNCED, State.EXPIRED)


def _judged(receipt: Receipt, now: datetime) -> Receipt:
    """A reason that no table knows is the address's, until it has come for one after another."""
    if receipt.unknown_text is None or receipt.address is None:
        return receipt
    if not common_causes.is_the_accounts(
        receipt.channel, receipt.unknown_text, receipt.address, now=now
    ):
        return receipt
    return replace(receipt, of_account=True, reason="same_for_many")


def _act(receipt: Receipt, row: LedgerItem | None, guessed: bool, now: datetime) -> Effect:
    if receipt.of_account and row is not None and row.bill_id is not None:
        return Effect.WAITS if _give_back(receipt, row, guessed, now) else Effect.KNOWN
    settled = row is not None and receipts.apply(
        row, _failure(receipt), provider_id=receipt.provider_id, guessed=guessed, now=now
    )
    if row is None or row.bill_id is None or not settled:
        _stop(receipt, now)
    if row is None:
        return Effect.FOREIGN
    if not settled:
        return Effect.KNOWN
    return Effect.GUESSED if guessed else Effect.SETTLED


def _failure(receipt: Receipt) -> Failure:
    return Failure(receipt.state, receipt.reason, receipt.stop, receipt.address, sent_at=receipt.at)


def _give_back(receipt: Receipt, row: LedgerItem, guessed: bool, now: datetime) -> bool:
    return undelivered.give_back(
        row,
        provider_id=receipt.provider_id,
        reason=receipt.reason or "account",
        not_before=_later(now, row.attempt),
        guessed=guessed,
        now=now,
    )


SOONEST_MINUTES, LATEST_MINUTES = 15, 60
"""When to send again what the account did not let through: an administrator has to act first, and
each try costs a claim."""


def _later(now: datetime, attempt: int) -> datetime:
    """After about 15, 30, 60, 60 ... minutes, each with jitter so that all do not come back at
    once."""
    minutes = min(LATEST_MINUTES, SOONEST_MINUTES * 2 ** min(attempt - 1, 8))
    return next_minute(floor_minute(now) + timedelta(minutes=minutes * uniform(0.5, 1.5)))


def _only_one(receipt: Receipt, owner: str) -> LedgerItem | None:
    """Of a channel whose receipts mean what nobody marked as well. One that is another
    application's means none of ours, and one that has given its own message back no other."""
    if not registry.receipt(receipt.channel).FINDS_UNMARKED or receipt.foreign:
        return None
    if undelivered.is_noted(receipt.provider_id):
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
            accounts.change(
                owner,
                partial(
                    stop_address,
                    channel=receipt.channel,
                    address=receipt.address,
                    by=receipt.stop,
                    sent_at=receipt.at,
                    now=now,
                ),
                now=now,
                beside=partial(dead_channels.noted, now=now),
            )

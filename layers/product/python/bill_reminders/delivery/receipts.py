"""Receipts and the ledger: which message one is about, and what it makes of it."""

from datetime import datetime, timedelta

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.update import Action

from bill_reminders.channels.providers import CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS
from bill_reminders.delivery import failures
from bill_reminders.delivery.claims import (
    NAMELESS,
    STILL_UNKNOWN,
    may_become,
    read_row,
    same_claim,
    settled,
)
from bill_reminders.delivery.failures import Failure
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import ACCEPTED, State
from bill_reminders.storage.accounts import UnknownUser
from bill_reminders.storage.tables import LedgerItem
from bill_reminders.storage.transactions import condition_failed

SKEW = timedelta(seconds=2)
"""By how much the provider's clock may differ from ours, which counts whole seconds."""

HANDED_OVER_WITHIN = timedelta(seconds=CONNECT_TIMEOUT_SECONDS + READ_TIMEOUT_SECONDS + 3)
"""So long after the instant of its claim a provider has taken a message, if it ever does: what is
read and claimed before, its place in the pace, and one call with its timeouts."""


def named(receipt_id: str, channel: Channel) -> LedgerItem | None:
    """The message that a receipt calls by its id; None while the ledger does not know that id."""
    for found in LedgerItem.by_receipt.query(receipt_id):
        row = read_row(found.user_id, found.key)
        if row is not None and row.receipt_id == receipt_id and row.channel == channel.value:
            return row
    return None


def named_in(user_id: str, receipt_id: str, channel: Channel) -> LedgerItem | None:
    """As `named`, among one user's messages and without the index, which may lag for longer than a
    receipt can wait."""
    is_it = (LedgerItem.receipt_id == receipt_id) & (LedgerItem.channel == channel.value)
    query = LedgerItem.query(user_id, filter_condition=is_it, consistent_read=True)
    return next(iter(query), None)


def only_unknown(user_id: str, channel: Channel, *, sent_at: datetime) -> LedgerItem | None:
    """The user's one message on `channel` that is unknown, that no receipt has named, and that may
    have left at `sent_at`, by the provider's clock. None when there is no such message, or more
    than one: then nobody can say which was meant. Other applications of the account may write to
    the same address: what was taken seconds away from our own attempt is not ours."""
    from_, until = sent_at - HANDED_OVER_WITHIN - SKEW, sent_at + SKEW
    nobody_knows = (
        (LedgerItem.channel == channel.value)
        & (LedgerItem.state == State.UNKNOWN.value)
        & LedgerItem.recorded_at.between(from_, until)
        & NAMELESS
        & LedgerItem.owner.exists()
    )
    query = LedgerItem.query(user_id, filter_condition=nobody_knows, consistent_read=True)
    rows = list(query)
    return rows[0] if len(rows) == 1 else None


def apply(
    row: LedgerItem, failure: Failure, *, provider_id: str, guessed: bool = False, now: datetime
) -> bool:
    """Let a message become what a receipt says of it; False when the ledger knows better: of one
    that was `guessed`, when it is not unknown any more. Raises what accounts.change raises, but for
    UnknownUser."""
    actions = settled(
        failure.state, due_on=row.due_on, provider_id=provider_id, reason=failure.reason, now=now
    )
    is_good = failure.state in ACCEPTED and failure.stop is None
    if is_good or row.bill_id is None:
        return _update(row, failure.state, actions, guessed=guessed)
    try:
        return failures.receive(row, failure, actions=actions, guessed=guessed, now=now)
    except UnknownUser:  # erased in between
        return False


def _update(row: LedgerItem, state: State, actions: list[Action], *, guessed: bool) -> bool:
    condition = same_claim(row) & (STILL_UNKNOWN if guessed else may_become(state))
    try:
        LedgerItem(row.user_id, row.key).update(actions, condition=condition)
    except UpdateError as error:
        if not condition_failed(error):
            raise
        return False
    return True

"""What a provider took and, its account being at fault, handed to nobody: the message ends
undelivered, and its reminders wait to be claimed again, all in one transaction."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from bill_reminders.delivery import claims
from bill_reminders.domain.account import Account
from bill_reminders.domain.ledger import UNDELIVERED, Recorded, State
from bill_reminders.storage import accounts
from bill_reminders.storage.access_tables import LimitItem
from bill_reminders.storage.keyed_hash import keyed_hash
from bill_reminders.storage.tables import LedgerItem
from bill_reminders.storage.transactions import Write

KEPT = timedelta(days=4)
"""How long a receipt that gave something back is known when it comes again: longer than providers
take for one (72 hours), and than a queue for its last try."""


def is_noted(provider_id: str) -> bool:
    """Whether a receipt of that name has given its message back: when it comes again it shall mean
    no other."""
    try:
        LimitItem.get(_note(provider_id), consistent_read=True)
    except LimitItem.DoesNotExist:
        return False
    return True


def give_back(
    row: LedgerItem,
    *,
    provider_id: str,
    reason: str,
    not_before: datetime,
    guessed: bool = False,
    now: datetime,
) -> bool:
    """Let the reminders of a message wait until `not_before`; False when the ledger knows better
    (of one that was `guessed`, when it is not unknown any more), or the user is gone. Raises
    accounts.Contended, transactions.Busy.

    A change like any other, so whatever was paid, stopped or paused meanwhile counts; so does the
    first message's sentence on how to stop, which nobody has read.
    """

    states = frozenset({State.UNKNOWN}) if guessed else UNDELIVERED

    def carried(account: Account) -> list[Recorded]:
        message = account.recorded.get(row.key)
        if message is None or not _is_same(message, row, states):
            return []
        return [each for each in account.recorded.values() if each.message_key == row.key]

    def given_back(account: Account) -> Account:
        waiting = {
            each.reminder.key: replace(each, state=State.WAITING, not_before=not_before)
            for each in carried(account)
        }
        if not waiting:
            return account
        channel = account.recorded[row.key].reminder.channel
        return replace(
            account,
            recorded={**account.recorded, **waiting},
            welcomed=account.welcomed - {channel},
        )

    def written(before: Account, after: Account) -> Iterator[Write]:
        several = carried(before)
        if several:
            yield from _waiting(several, row, states, not_before=not_before, reason=reason, now=now)
            yield _noted(provider_id, now)

    try:
        return accounts.change(
            row.user_id, given_back, now=now, reach=row.due_on, beside=written
        ).written
    except accounts.UnknownUser:  # being erased
        return False


def _is_same(message: Recorded, row: LedgerItem, states: Collection[State]) -> bool:
    same_claim = (message.owner, message.attempt) == (row.owner, row.attempt)
    return same_claim and message.state in states


def _waiting(
    carried: Iterable[Recorded],
    row: LedgerItem,
    states: Collection[State],
    *,
    not_before: datetime,
    reason: str,
    now: datetime,
) -> Iterable[Write]:
    """The message loses its name, so that no receipt of it, twice or late, speaks of the next."""
    actions: list[Action] = [
        LedgerItem.state.set(State.WAITING.value),
        LedgerItem.not_before.set(not_before),
        LedgerItem.reason.set(reason),
        LedgerItem.owner.remove(),
        LedgerItem.message_key.remove(),
        LedgerItem.receipt_id.remove(),
        *claims.NO_LOOK,
    ]
    for each in carried:
        key = each.reminder.key
        condition = _may_wait(row, states) if key == row.key else _rides_along(row)
        written = [*actions, claims.kept(each.reminder.due_on, now)]
        yield partial(_update, LedgerItem(row.user_id, key), written, condition)


def _may_wait(row: LedgerItem, states: Collection[State]) -> Condition:
    allowed = LedgerItem.state.is_in(*sorted(state.value for state in states))
    return claims.same_claim(row) & allowed


def _rides_along(row: LedgerItem) -> Condition:
    same_message = (LedgerItem.owner == row.owner) & (LedgerItem.message_key == row.key)
    return same_message & (LedgerItem.state == State.IN_DIGEST.value)


def _update(
    item: LedgerItem, actions: list[Action], condition: Condition, transaction: TransactWrite
) -> None:
    transaction.update(item, actions=actions, condition=condition)


def _note(provider_id: str) -> str:
    return f"undelivered#{keyed_hash('receipt', provider_id)[:32]}"


def _noted(provider_id: str, now: datetime) -> Write:
    actions: list[Action] = [
        LimitItem.asked.set(1),
        LimitItem.expires_at.set(int((now + KEPT).timestamp())),
    ]
    return lambda write: write.update(LimitItem(_note(provider_id)), actions=actions)

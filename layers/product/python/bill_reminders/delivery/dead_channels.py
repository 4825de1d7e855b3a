"""The ledger's rows about channels that died: each is written with the stop of its address, and
stands among what the sweep looks at until its user was told or cannot be."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from bill_reminders.delivery.claims import kept, settle_shard, settled
from bill_reminders.domain.account import Account
from bill_reminders.domain.dead_channels import died
from bill_reminders.domain.ledger import State
from bill_reminders.storage.tables import LedgerItem
from bill_reminders.storage.transactions import Write, condition_failed

DEAD = "dead:"

LOOKED_AT_AGAIN = timedelta(hours=1)
"""After that the sweep hands a row over again that no job has settled: a queue's message may get
lost among the dead letters."""


def noted(before: Account, after: Account, *, now: datetime) -> Iterator[Write]:
    """What says, in the transaction that stops an address, that its user is to be told: with the
    account's version, so that no erasure brings it back."""
    for channel in died(before.user, after.user):
        row = LedgerItem(before.user.user_id, f"{DEAD}{channel}-{now:%Y%m%dT%H%M%S}")
        actions: list[Action] = [
            LedgerItem.trigger.set(DEAD.rstrip(":")),
            LedgerItem.channel.set(channel.value),
            LedgerItem.planned_at.set(now),
            LedgerItem.state.set(State.WAITING.value),
            LedgerItem.attempt.set(0),
            LedgerItem.recorded_at.set(now),
            LedgerItem.settle_shard.set(settle_shard(row.user_id)),
            LedgerItem.settle_at.set(now),
            kept(None, now),
        ]
        yield partial(_put, row, actions)


def _put(row: LedgerItem, actions: list[Action], transaction: TransactWrite) -> None:
    transaction.update(row, actions=actions)


def is_of_dead_channel(key: str) -> bool:
    """Whether the ledger's row of that key is about a channel that died."""
    return key.startswith(DEAD)


def put_off(row: LedgerItem, until: datetime) -> None:
    """Look at it then, if it is still to be looked at."""
    _update(row, [LedgerItem.settle_at.set(until)])


def settle(row: LedgerItem, state: State, *, reason: str | None = None, now: datetime) -> None:
    """Note what became of it, if nothing is noted yet; of one that was erased nothing is."""
    _update(row, settled(state, due_on=None, reason=reason, now=now))


def _update(row: LedgerItem, actions: list[Action]) -> None:
    try:
        LedgerItem(row.user_id, row.key).update(actions, condition=LedgerItem.settle_at.exists())
    except UpdateError as error:
        if not condition_failed(error):
            raise

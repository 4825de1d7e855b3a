"""The ledger's rows about channels that died: each is written with the stop of its address, and
stands among what the sweep looks at until its user was told or cannot be."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from bill_reminders.delivery.claims import kept, read_row, settle_shard, settled
from bill_reminders.domain.account import Account
from bill_reminders.domain.dead_channels import died
from bill_reminders.domain.handovers import others
from bill_reminders.domain.ledger import State
from bill_reminders.storage.tables import DEAD_CHANNELS, LedgerItem
from bill_reminders.storage.transactions import Write, condition_failed

LOOKED_AT_AGAIN = timedelta(hours=1)
"""After that the sweep hands a row over again that no job has settled: a queue's message may get
lost among the dead letters."""


def noted(before: Account, after: Account, *, now: datetime) -> Iterator[Write]:
    """What says, in the transaction that stops an address, that its user is to be told: with the
    account's version, so that no erasure brings it back. Nothing where no other channel can be
    used: the page and the API show it."""
    for channel in died(before.user, after.user):
        if not others(after.user, channel):
            continue
        user_id = before.user.user_id
        row = LedgerItem(f"{DEAD_CHANNELS}{user_id}", f"{channel}-{now:%Y%m%dT%H%M%S}")
        actions: list[Action] = [
            LedgerItem.trigger.set("dead"),
            LedgerItem.channel.set(channel.value),
            LedgerItem.planned_at.set(now),
            LedgerItem.state.set(State.WAITING.value),
            LedgerItem.attempt.set(0),
            LedgerItem.recorded_at.set(now),
            LedgerItem.settle_shard.set(settle_shard(user_id)),
            LedgerItem.settle_at.set(now),
            kept(None, now),
        ]
        yield partial(_put, row, actions)


def _put(row: LedgerItem, actions: list[Action], transaction: TransactWrite) -> None:
    transaction.update(row, actions=actions)


def user_of(owner: str) -> str | None:
    """Whose channel died, by who owns a row of the ledger; None for rows about something else."""
    return owner.removeprefix(DEAD_CHANNELS) if owner.startswith(DEAD_CHANNELS) else None


def find(user_id: str, key: str) -> LedgerItem | None:
    """The row about a channel of the user; None when it is settled, or was erased."""
    row = read_row(f"{DEAD_CHANNELS}{user_id}", key)
    return None if row is None or row.settle_at is None else row


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

"""Messages of which nobody knows what became of them: whose lease ran out before they were marked,
and whose provider gave no answer. Receipts may say; else the channel's policy decides, once."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from bill_reminders.domain.ledger import (
    RECEIPT_WAIT,
    RESENDS_AT_MOST,
    Recorded,
    State,
    deserves_resend,
)
from bill_reminders.domain.terms import Channel
from bill_reminders.storage import accounts
from bill_reminders.storage.accounts import Account, Change
from bill_reminders.storage.ledger import (
    NO_LOOK,
    SETTLE_SHARDS,
    may_become,
    read_row,
    same_claim,
    settled,
    to_look_at,
)
from bill_reminders.storage.tables import LedgerItem
from bill_reminders.storage.transactions import Write, condition_failed


class Outcome(StrEnum):
    """What a look at a message did."""

    LEFT = "left"
    """Nothing: it is settled by now, or somebody else is at it."""
    LAPSED = "lapsed"
    """Its lease is over and it was never marked: it is unknown, and waits for a receipt."""
    RESENT = "resent"
    """All or a part of it was given back, to be sent once more."""
    PLANNED = "planned"
    """It had failed, and its user is planned anew."""
    UNKNOWN = "unknown"
    """It stays unknown; only a late receipt may still change that."""


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A message's first row, by its keys."""

    user_id: str
    key: str


def unsettled(shard: int, *, now: datetime, limit: int) -> list[Unsettled]:
    """What is to be looked at by `now`, of one of the ledger's SETTLE_SHARDS; the oldest first."""
    found = LedgerItem.unsettled.query(shard, LedgerItem.settle_at <= now, limit=limit)
    return [Unsettled(item.user_id, item.key) for item in found]


SHARDS = range(SETTLE_SHARDS)


def settle(message: Unsettled, *, resend: Collection[Channel], now: datetime) -> Outcome:
    """Look at one message; on the channels in `resend` a second one is better than perhaps none.

    Doing it again does nothing. Raises accounts.Contended, transactions.Busy.
    """
    row = read_row(message.user_id, message.key)
    if row is None or row.settle_at is None or row.settle_at > now:
        return Outcome.LEFT
    match row.state:
        case State.CLAIMED:
            return _lapse(row, now)
        case State.UNKNOWN:
            is_allowed = row.bill_id is not None and Channel(row.channel) in resend
            if is_allowed and _give_back(row, now):
                return Outcome.RESENT
            return _write(row, [*NO_LOOK], _same(row), Outcome.UNKNOWN)
        case State.FAILED:
            return _plan_anew(row, now)
    # nothing else is looked at; whatever brought it here shall not bring it back for ever
    return _write(row, [*NO_LOOK], _same(row), Outcome.LEFT)


def put_off(message: Unsettled, *, until: datetime) -> None:
    """Look at a message later, if it is still to be looked at."""
    row = LedgerItem(message.user_id, message.key)
    try:
        row.update([LedgerItem.settle_at.set(until)], condition=LedgerItem.settle_at.exists())
    except UpdateError as error:
        if not condition_failed(error):
            raise


def _lapse(row: LedgerItem, now: datetime) -> Outcome:
    """What is about no bill was asked for by its user, who asks again: it needs no second look."""
    if row.bill_id is None:
        actions = settled(State.UNKNOWN, reason="not_marked", now=now)
    else:
        look_at = row.settle_at + RECEIPT_WAIT
        actions = to_look_at(State.UNKNOWN, reason="not_marked", look_at=look_at, now=now)
    return _write(row, actions, _same(row) & may_become(State.UNKNOWN), Outcome.LAPSED)


def _plan_anew(row: LedgerItem, now: datetime) -> Outcome:
    """The message failed and its account was too busy to hear of it; now the channel that stands in
    is woken."""

    def edit(account: Account) -> Change | None:
        message = account.recorded.get(row.key)
        if message is None or not _is_still(message, row):
            return None
        return Change(account, (partial(_update, row, [*NO_LOOK], _same(row)),))

    try:
        is_planned = accounts.change(row.user_id, now=now, edit=edit, reach=row.due_on)
    except accounts.UnknownUser:  # being erased
        return Outcome.LEFT
    return Outcome.PLANNED if is_planned else Outcome.LEFT


def _same(row: LedgerItem) -> Condition:
    """Nobody has claimed, marked or settled it since it was read."""
    return same_claim(row) & (LedgerItem.state == row.state)


def _write(row: LedgerItem, actions: list[Action], condition: Condition, done: Outcome) -> Outcome:
    try:
        LedgerItem(row.user_id, row.key).update(actions, condition=condition)
    except UpdateError as error:
        if not condition_failed(error):
            raise
        return Outcome.LEFT
    return done


def _give_back(row: LedgerItem, now: datetime) -> bool:
    """Give back the reminders of a message that deserve a resend; the others stay unknown, each for
    itself. False when none does, it has been settled since `row` was read, or its user is gone.

    A change like any other, so whatever was paid, stopped or paused meanwhile is minded; so is the
    first message's sentence on how to stop, which may not have been read.
    """

    def edit(account: Account) -> Change | None:
        message = account.recorded.get(row.key)
        if message is None or not _is_still(message, row):
            return None
        carried = [each for each in account.recorded.values() if each.message_key == row.key]
        again = [each for each in carried if _deserves(each, account, now)]
        if not again:
            return None
        recorded = dict(account.recorded)
        for each in carried:
            key = each.reminder.key
            is_again = each in again
            recorded[key] = replace(
                each,
                state=State.WAITING if is_again else State.UNKNOWN,
                not_before=None,
                resends=RESENDS_AT_MOST if is_again else each.resends,
            )
        after = replace(
            account,
            recorded=recorded,
            greeted=account.greeted - {message.reminder.channel},
        )
        left = [each for each in carried if each not in again]
        return Change(after, (*_waiting(again, row), *_unknown(left, row)))

    try:
        return accounts.change(row.user_id, now=now, edit=edit, reach=row.due_on)
    except accounts.UnknownUser:  # being erased
        return False


def _is_still(message: Recorded, row: LedgerItem) -> bool:
    return (
        message.state is State(row.state)
        and message.owner == row.owner
        and message.attempt == row.attempt
    )


def _deserves(each: Recorded, account: Account, now: datetime) -> bool:
    bill = account.bill(each.reminder.bill_id)
    return deserves_resend(each, account.user, bill, now=now)


def _waiting(carried: Iterable[Recorded], row: LedgerItem) -> Iterable[Write]:
    actions: list[Action] = [
        LedgerItem.state.set(State.WAITING.value),
        LedgerItem.resends.set(RESENDS_AT_MOST),
        LedgerItem.owner.remove(),
        LedgerItem.message_key.remove(),
        LedgerItem.not_before.remove(),
        *NO_LOOK,
    ]
    return _each(carried, actions, row, State.WAITING)


def _unknown(carried: Iterable[Recorded], row: LedgerItem) -> Iterable[Write]:
    """The row of the message is unknown already, and is looked at no more."""
    return _each(
        carried,
        [LedgerItem.state.set(State.UNKNOWN.value), LedgerItem.message_key.remove(), *NO_LOOK],
        row,
        State.UNKNOWN,
    )


def _each(
    carried: Iterable[Recorded], actions: list[Action], row: LedgerItem, state: State
) -> Iterable[Write]:
    for each in carried:
        is_message = each.reminder.key == row.key
        condition = _same(row) if is_message else _rides_along(row) & may_become(state)
        yield partial(_update, LedgerItem(row.user_id, each.reminder.key), actions, condition)


def _rides_along(row: LedgerItem) -> Condition:
    return (LedgerItem.owner == row.owner) & (LedgerItem.message_key == row.key)


def _update(
    item: LedgerItem, actions: list[Action], condition: Condition, transaction: TransactWrite
) -> None:
    transaction.update(item, actions=actions, condition=condition)

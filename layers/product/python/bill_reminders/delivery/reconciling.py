"""Messages of which nobody knows what became of them: whose lease ran out before they were marked,
and whose provider gave no answer. Receipts may say; else the channel's policy decides, once."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from random import uniform

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from bill_reminders.delivery.claims import (
    NO_LOOK,
    SETTLE_SHARDS,
    kept,
    may_become,
    read_row,
    same_claim,
    settled,
    to_look_at,
)
from bill_reminders.domain.account import Account
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import (
    RECEIPT_WAIT,
    RESENDS_AT_MOST,
    Recorded,
    State,
)
from bill_reminders.domain.planning import deserves_resend
from bill_reminders.storage import accounts, channels
from bill_reminders.storage.tables import LedgerItem, unsettled
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
    HANDED_OVER = "handed_over"
    """A channel died, which a job tells its user."""
    WAITS = "waits"
    """It is to be sent once more when the provider answers again."""


FINAL_AFTER = timedelta(hours=72)
"""So long after its claim what is unknown stays so."""

SOONEST, LOOKS_APART = timedelta(minutes=1), timedelta(minutes=30)
"""How long a message that waits for its provider is left alone. When that answers again, those who
wait follow over as long as the second."""


@dataclass(frozen=True, slots=True)
class Unreconciled:
    """A message's first row, by its keys."""

    user_id: str
    key: str


def unreconciled(shard: int, *, now: datetime, limit: int) -> list[Unreconciled]:
    """What is to be looked at by `now`, of one of the ledger's SETTLE_SHARDS; the oldest first."""
    found = unsettled(shard, LedgerItem.settle_at <= now, limit=limit)
    return [Unreconciled(user_id, key) for user_id, key in found]


SHARDS = range(SETTLE_SHARDS)


def reconcile(message: Unreconciled, *, resend: Collection[Channel], now: datetime) -> Outcome:
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
            if is_allowed and now < row.recorded_at + FINAL_AFTER:
                return _send_again(row, now)
            return _write(row, [*NO_LOOK], _same(row), Outcome.UNKNOWN)
        case State.FAILED:
            return _plan_anew(row, now)
    # nothing else is looked at; whatever brought it here shall not bring it back for ever
    return _write(row, [*NO_LOOK], _same(row), Outcome.LEFT)


def put_off(message: Unreconciled, *, until: datetime) -> None:
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
        actions = settled(State.UNKNOWN, due_on=None, reason="not_marked", now=now)
    else:
        look_at = row.settle_at + RECEIPT_WAIT
        actions = to_look_at(
            State.UNKNOWN, due_on=row.due_on, reason="not_marked", look_at=look_at, now=now
        )
    return _write(row, actions, _same(row) & may_become(State.UNKNOWN), Outcome.LAPSED)


def _send_again(row: LedgerItem, now: datetime) -> Outcome:
    """If it is worth it: at once when the provider has taken another message since; else it waits,
    but now and then one that waits is risked, so that nobody waits for ever where nobody else is
    due. It is none that would wait for its user's morning, and so find nothing out."""
    account = _account_of(row, now)
    if not _is_worth_it(row, account, now):
        return _write(row, [*NO_LOOK], _same(row), Outcome.UNKNOWN)
    news = channels.news(Channel(row.channel))
    if not news.is_good(since=row.recorded_at):
        may_be_risked = _is_worth_it(row, account, now, at_once=True)
        if not may_be_risked or not channels.take_trial(news, now):
            look_at = _next_look(row, news.trial_at if may_be_risked else None, now)
            return _write(row, [LedgerItem.settle_at.set(look_at)], _same(row), Outcome.WAITS)
    if _give_back(row, now):
        return Outcome.RESENT
    return _write(row, [*NO_LOOK], _same(row), Outcome.UNKNOWN)


def _next_look(row: LedgerItem, trial_at: datetime | None, now: datetime) -> datetime:
    """As long again as it has waited, with jitter, but not later than one may be risked."""
    grown = now + min(now - row.recorded_at, LOOKS_APART) * uniform(0.5, 1)
    return max(now + SOONEST, min(grown, trial_at or grown))


def _plan_anew(row: LedgerItem, now: datetime) -> Outcome:
    """The message failed and its account was too busy to hear of it; now the channel that stands in
    is woken."""

    def looked_at(before: Account, after: Account) -> Iterator[Write]:
        message = before.recorded.get(row.key)
        if message is not None and _is_still(message, row):
            yield partial(_update, row, [*NO_LOOK], _same(row))

    try:
        after = accounts.change(
            row.user_id, lambda account: account, now=now, reach=row.due_on, beside=looked_at
        )
    except accounts.UnknownUser:  # being erased
        return Outcome.LEFT
    return Outcome.PLANNED if after.written else Outcome.LEFT


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
    """Give back the reminders of a message that deserve a resend. The others stay unknown: in that
    message, for which a receipt may speak still, or each for itself where its own row is given
    back. False when none does, it has been settled since `row` was read, or its user is gone.

    A change like any other, so whatever was paid, stopped or paused meanwhile is minded; so is the
    first message's sentence on how to stop, which may not have been read.
    """

    def carried(account: Account) -> tuple[list[Recorded], list[Recorded]]:
        """What of the message goes again, and what does not."""
        message = account.recorded.get(row.key)
        if message is None or not _is_still(message, row):
            return [], []
        several = _carried(account, row)
        again = [each for each in several if _deserves(each, account, now)]
        left = [each for each in several if each not in again]
        return again, [message] if message in left else left

    def given_back(account: Account) -> Account:
        again, left = carried(account)
        if not again:
            return account
        waiting = {
            each.reminder.key: replace(
                each, state=State.WAITING, not_before=None, resends=RESENDS_AT_MOST
            )
            for each in again
        }
        unknown = {
            each.reminder.key: replace(each, state=State.UNKNOWN, not_before=None) for each in left
        }
        return replace(
            account,
            recorded={**account.recorded, **waiting, **unknown},
            welcomed=account.welcomed - {Channel(row.channel)},
        )

    def written(before: Account, after: Account) -> Iterator[Write]:
        again, left = carried(before)
        if again:
            yield from _waiting(again, row, now)
            yield from _unknown(left, row, now)

    try:
        return accounts.change(
            row.user_id, given_back, now=now, reach=row.due_on, beside=written
        ).written
    except accounts.UnknownUser:  # being erased
        return False


def _account_of(row: LedgerItem, now: datetime) -> Account | None:
    """None while it is being erased."""
    try:
        return accounts.read(row.user_id, now=now, reach=row.due_on)
    except accounts.UnknownUser:
        return None


def _is_worth_it(
    row: LedgerItem, account: Account | None, now: datetime, *, at_once: bool = False
) -> bool:
    """Whether anything of the message deserves a resend as its user's account is now."""
    message = None if account is None else account.recorded.get(row.key)
    return (
        account is not None
        and message is not None
        and _is_still(message, row)
        and any(_deserves(each, account, now, at_once=at_once) for each in _carried(account, row))
    )


def _carried(account: Account, row: LedgerItem) -> list[Recorded]:
    """The reminders that the message of `row` carries."""
    return [each for each in account.recorded.values() if each.message_key == row.key]


def _is_still(message: Recorded, row: LedgerItem) -> bool:
    return (
        message.state is State(row.state)
        and message.owner == row.owner
        and message.attempt == row.attempt
    )


def _deserves(each: Recorded, account: Account, now: datetime, *, at_once: bool = False) -> bool:
    """Of an account that is put aside nothing is planned, and so nothing is sent again."""
    bill = None if account.beyond else account.bill(each.reminder.bill_id)
    return deserves_resend(each, account.user, bill, account.recorded, now=now, at_once=at_once)


def _waiting(carried: Iterable[Recorded], row: LedgerItem, now: datetime) -> Iterable[Write]:
    actions: list[Action] = [
        LedgerItem.state.set(State.WAITING.value),
        LedgerItem.resends.set(RESENDS_AT_MOST),
        LedgerItem.owner.remove(),
        LedgerItem.message_key.remove(),
        LedgerItem.not_before.remove(),
        *NO_LOOK,
    ]
    return _each(carried, actions, row, State.WAITING, now)


def _unknown(carried: Iterable[Recorded], row: LedgerItem, now: datetime) -> Iterable[Write]:
    """The row of the message is unknown already, and is looked at no more."""
    return _each(
        carried,
        [LedgerItem.state.set(State.UNKNOWN.value), LedgerItem.message_key.remove(), *NO_LOOK],
        row,
        State.UNKNOWN,
        now,
    )


def _each(
    carried: Iterable[Recorded],
    actions: list[Action],
    row: LedgerItem,
    state: State,
    now: datetime,
) -> Iterable[Write]:
    for each in carried:
        is_message = each.reminder.key == row.key
        condition = _same(row) if is_message else _rides_along(row) & may_become(state)
        written = [*actions, kept(each.reminder.due_on, now)]
        yield partial(_update, LedgerItem(row.user_id, each.reminder.key), written, condition)


def _rides_along(row: LedgerItem) -> Condition:
    return (LedgerItem.owner == row.owner) & (LedgerItem.message_key == row.key)


def _update(
    item: LedgerItem, actions: list[Action], condition: Condition, transaction: TransactWrite
) -> None:
    transaction.update(item, actions=actions, condition=condition)

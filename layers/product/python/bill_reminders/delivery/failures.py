"""A message that did not arrive: its row says so, an address that is dead is not used again, which
its user is to be told, and their other channels are planned anew, all in one transaction."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from bill_reminders.commands import stops
from bill_reminders.delivery import claims
from bill_reminders.delivery.claims import Claim, settled
from bill_reminders.domain.account import Account
from bill_reminders.domain.ledger import TRANSITIONS, Recorded, State, with_message
from bill_reminders.domain.people import StoppedBy
from bill_reminders.storage import accounts
from bill_reminders.storage.tables import LedgerItem
from bill_reminders.storage.transactions import Write


@dataclass(frozen=True, slots=True)
class Failure:
    """What became of a message, and why in one of our own words; `stop` tells that `address` is not
    to be used again, unless its owner confirmed it after `sent_at`: they know better."""

    state: State
    reason: str | None = None
    stop: StoppedBy | None = None
    address: str | None = field(default=None, repr=False)
    sent_at: datetime | None = None


def note(claim: Claim, failure: Failure, *, now: datetime) -> bool:
    """The provider refused a message for good: say so as its owner; False when this claim is no
    longer its owner's. Raises what accounts.change raises."""

    def is_mine(row: Recorded) -> bool:
        may_speak = row.state in (State.CLAIMED, State.UNKNOWN)
        return row.owner == claim.owner and row.attempt == claim.attempt and may_speak

    return _change(
        LedgerItem(claim.user.user_id, claim.message_key),
        failure,
        is_mine=is_mine,
        condition=claims.owned(claim) & claims.word_of_owner(failure.state),
        actions=settled(failure.state, due_on=claim.due_on, reason=failure.reason, now=now),
        not_welcomed=claim.first,
        reach=min(reminder.due_on for reminder in claim.reminders),
        now=now,
    )


def receive(
    row: LedgerItem, failure: Failure, *, actions: list[Action], guessed: bool, now: datetime
) -> bool:
    """A receipt says that the message of `row` did not arrive, or is not wanted; False when the
    ledger knows better: of one that was `guessed`, when it is not unknown any more. Raises what
    accounts.change raises."""

    def is_same(known: Recorded) -> bool:
        if (known.owner, known.attempt) != (row.owner, row.attempt):
            return False
        if guessed and known.state is not State.UNKNOWN:
            return False
        return failure.state in TRANSITIONS[known.state]

    return _change(
        LedgerItem(row.user_id, row.key),
        failure,
        is_mine=is_same,
        condition=claims.same_claim(row)
        & (claims.STILL_UNKNOWN if guessed else claims.may_become(failure.state)),
        actions=actions,
        not_welcomed=True,  # it may have been the one that says how to stop
        reach=row.due_on,
        now=now,
    )


def _change(
    row: LedgerItem,
    failure: Failure,
    *,
    is_mine: Callable[[Recorded], bool],
    condition: Condition,
    actions: list[Action],
    not_welcomed: bool,
    reach: date,
    now: datetime,
) -> bool:
    def failed(account: Account) -> Account:
        known = account.recorded.get(row.key)
        if known is None or not is_mine(known):
            return account
        channel = known.reminder.channel
        after = replace(
            account,
            recorded=with_message(account.recorded, row.key, failure.state),
            welcomed=account.welcomed - {channel} if not_welcomed else account.welcomed,
        )
        if failure.stop is None:
            return after
        return stops.stop_address(
            after, channel, failure.address, by=failure.stop, sent_at=failure.sent_at, now=now
        )

    def written(before: Account, after: Account) -> Iterator[Write]:
        known = before.recorded.get(row.key)
        if known is not None and is_mine(known):
            yield lambda write: write.update(row, actions=actions, condition=condition)
            from bill_reminders.delivery import dead_channels  # noqa: PLC0415 (few messages fail)

            yield from dead_channels.noted(before, after, now=now)

    return accounts.change(row.user_id, failed, now=now, reach=reach, beside=written).written

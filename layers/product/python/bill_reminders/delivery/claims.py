"""The ledger: claim what is due, send it, mark what became of it.

A claim takes away and nothing else: it checks the schedule's version and leaves it, so that the
channels of one user do not make each other's claims fail.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from pynamodb.attributes import Attribute
from pynamodb.exceptions import PynamoDBException, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from bill_reminders import clock
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.domain.ledger import RECEIPT_WAIT, State, sources
from bill_reminders.domain.local_time import DAY, floor_minute, instant_of, local_date
from bill_reminders.domain.people import User
from bill_reminders.domain.planning import Decision
from bill_reminders.domain.quotas import SELF_REGISTERED_SMS_A_DAY
from bill_reminders.domain.reminders import Reminder, Skip, SkipReason
from bill_reminders.storage import accounts, links, rows, tables
from bill_reminders.storage.accounts import FirstRead, shard_of
from bill_reminders.storage.attributes import parse_minute
from bill_reminders.storage.patience import again_while
from bill_reminders.storage.tables import LedgerItem, ScheduleItem
from bill_reminders.storage.transactions import (
    ACTIONS_AT_MOST,
    Busy,
    Lost,
    Stale,
    Write,
    commit,
    condition_failed,
)
from bill_reminders.trouble import may_pass

ROWS_AT_MOST = ACTIONS_AT_MOST - 2
"""One action of a claim is the schedule's, one the link's; what is beyond goes into further claims.
"""

MESSAGES_A_DAY = 60
"""Claimed for one address on one local day, tries that the provider refused among them. Nobody's
bills need so many: what wants more is a fault, from which the user shall not suffer. The rest waits
for the next day, and goes then if it still helps."""

LEASE = timedelta(minutes=2)
"""How long a claim stays its owner's: longer than a sender may run."""

PLANNED_LATER = timedelta(minutes=1)
"""After that the sweep plans a user anew whose table was busy when a message failed."""

RESTORED = SkipReason.RESTORED

SETTLE_SHARDS = 8
"""Over how many partitions of the index the messages that are under way are spread. It may only
grow: the sweep reads as many."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Reminders that this sender, and nobody else, shall now send as one message.

    Without `reminders` there is nothing to send; with `more` a further claim is to follow.
    `left` counts the due reminders that further claims will take. `token` opens the page of the
    message; None when it carries no link. `resends` counts, by ledger key, how often a reminder was
    given back without knowing whether it had gone out, `links` are those of what went before.
    `woken_at` is the instant at which the channel was to be woken for it. `capped` says that more
    is due than may go today, `aside` that the user was put aside: more reminders of theirs are live
    at once than a wake-up plans. `skipped` counts the reminders that were noted as that beside it.
    """

    user: User
    channel: Channel
    bills: Mapping[str, Bill]
    reminders: tuple[Reminder, ...]
    owner: str
    attempt: int
    first: bool
    left: int
    more: bool
    token: str | None = field(default=None, repr=False)
    resends: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    links: Mapping[str, Sequence[str]] = field(default_factory=lambda: MappingProxyType({}))
    woken_at: datetime | None = None
    capped: bool = False
    aside: bool = False
    skipped: int = 0

    @property
    def message_key(self) -> str:
        """The key of the message's first row, which holds the message's state."""
        return self.reminders[0].key

    @property
    def due_on(self) -> date:
        """The due date of that row."""
        return self.reminders[0].due_on


HeldUntil = Callable[[User], datetime | None]
"""Until when nothing is due to a user, for reasons that are not theirs; None for now."""


def claim_next(
    user_id: str,
    channel: Channel,
    *,
    with_link: bool = False,
    now: datetime,
    first_read: FirstRead | None = None,
    held_until: HeldUntil = lambda user: None,
    unknown_before: datetime | None = None,
) -> Claim:
    """Claim what is due on `channel` at `now`, note what is skipped, move the channel's instant;
    `with_link` makes a link for the message. `first_read` is the account as far as it was read
    before. What is due to a user who is `held_until` later waits for that instant. What was planned
    `unknown_before` may have been sent already, for the tables were restored: it is noted as that.

    Raises accounts.UnknownUser, accounts.Contended, transactions.Busy.
    """
    owner = uuid4().hex
    token = links.new_token() if with_link else None
    tried: Claim | None = None
    for _ in range(accounts.ROUNDS):
        if tried is None:
            account = accounts.read(user_id, now=now, first_read=first_read)
        else:
            account = _read_back(user_id, now)
            # its answer was lost, or was that to the library's own second attempt
            if _is_ours(account, tried):
                return tried
        first_read = None  # from now on everything is read anew
        if account.beyond:
            try:
                _put_aside(account, channel, now)
            except (Stale, Lost):
                continue
            return replace(_claim(account, NOTHING, channel, owner, None), aside=True)
        known = _without_unknown(account.decide(channel, now), unknown_before)
        wanted = _held(account, known, held_until)
        decision = _within_cap(account, wanted, channel, now)
        claim = _claim(account, decision, channel, owner, token)
        claim = replace(claim, capped=decision is not wanted)
        skipped = decision.skipped[:ROWS_AT_MOST]
        if not _changes_anything(account, decision, channel):
            return claim
        try:
            commit(
                _moved_instant(account, decision, claim, now),
                *_claimed_rows(claim, now),
                *_skipped_rows(account, skipped, now),
                *_link(claim, now),
            )
        except (Stale, Lost):
            tried = claim
            continue
        return claim
    raise accounts.Contended("the account is changing too fast")


def _read_back(user_id: str, now: datetime) -> Account:
    """The account after a claim of which nobody knows whether it was written. If it was, nothing
    but this process will ever send it. Raises what accounts.read raises."""
    return _patiently(partial(accounts.read, user_id, now=now))


def _patiently[T](call: Callable[[], T]) -> T:
    """Asks a table that is busy a few times. What commit raises as Busy was tried often enough."""
    return again_while(
        call,
        lambda error: may_pass(error) and not isinstance(error, Busy),
        first_pause=0.1,
        attempts=6,
        seconds=3,
    )


NOTHING = Decision((), (), None)


def _put_aside(account: Account, channel: Channel, now: datetime) -> None:
    """Look at the user tomorrow again; what waits stays where it is. Raises what commit does."""
    actions = list(accounts.put_aside(account, channel, now))
    if not actions:
        return
    schedule = ScheduleItem(account.user.user_id)
    unchanged = ScheduleItem.version == account.version
    commit(lambda write: write.update(schedule, actions=actions, condition=unchanged))


def _without_unknown(decision: Decision, before: datetime | None) -> Decision:
    """Nothing is due that was planned before that instant, and none of it is noted as if it had not
    gone out. What quiet hours merged with another never goes by itself."""

    def is_unknown(reminder: Reminder) -> bool:
        return before is not None and reminder.planned_at < before

    def noted(skip: Skip) -> Skip:
        merged = skip.reason is SkipReason.MERGED
        return skip._replace(reason=RESTORED) if is_unknown(skip.reminder) and not merged else skip

    lost = (Skip(reminder, RESTORED) for reminder in decision.due if is_unknown(reminder))
    return replace(
        decision,
        due=tuple(reminder for reminder in decision.due if not is_unknown(reminder)),
        skipped=(*map(noted, decision.skipped), *lost),
    )


def _held(account: Account, decision: Decision, held_until: HeldUntil) -> Decision:
    """Nothing is due to a user who is held; the channel is woken when that ends."""
    until = held_until(account.user) if decision.due else None
    return decision if until is None else _later(decision, until)


def _later(decision: Decision, instant: datetime) -> Decision:
    """What is due waits for `instant`."""
    return replace(decision, due=(), next_at=min(filter(None, (decision.next_at, instant))))


def _within_cap(account: Account, decision: Decision, channel: Channel, now: datetime) -> Decision:
    """Nothing is due any more today once the address has had its messages; the channel is woken
    when the user's next day begins."""
    today, most = local_date(now, account.user.zone), MESSAGES_A_DAY
    if account.user.self_registered and channel is Channel.SMS:
        most = SELF_REGISTERED_SMS_A_DAY
    if not decision.due or account.messages_on(channel, today) < most:
        return decision
    return _later(decision, instant_of(today + DAY, time(), account.user.zone))


def _claim(
    account: Account, decision: Decision, channel: Channel, owner: str, token: str | None
) -> Claim:
    room = max(0, ROWS_AT_MOST - len(decision.skipped))
    reminders = decision.due[:room]
    known = [account.recorded[r.key] for r in reminders if r.key in account.recorded]
    noted = [_noted_as(account, skip) for skip in decision.skipped[:ROWS_AT_MOST]]
    taken = len(reminders) + len(noted)
    return Claim(
        user=account.user,
        channel=channel,
        bills=MappingProxyType({bill.bill_id: bill for bill in account.bills}),
        reminders=reminders,
        owner=owner,
        attempt=max((row.attempt for row in known), default=0) + 1,
        first=bool(reminders) and account.says_how_to_stop(channel),
        left=len(decision.due) - len(reminders),
        more=taken < len(decision.due) + len(decision.skipped),
        token=token,
        resends=MappingProxyType({r.reminder.key: r.resends for r in known if r.resends}),
        links=MappingProxyType({r.reminder.key: r.links for r in known if r.links}),
        woken_at=account.wakes.get(channel),
        skipped=noted.count(State.SKIPPED),
    )


def _changes_anything(account: Account, decision: Decision, channel: Channel) -> bool:
    return bool(
        decision.due
        or decision.skipped
        or channel in account.quarantined
        or account.wakes.get(channel) != decision.next_at
    )


def _moved_instant(account: Account, decision: Decision, claim: Claim, now: datetime) -> Write:
    """The schedule's part: the version is still the one read, and the channel's true instant.

    While more is to be claimed the instant stays, so that a crash in between loses nothing.
    """
    actions: list[Action] = []
    if not claim.more:
        next_at = tables.next_at(claim.channel)
        actions.append(accounts.set_or_remove(next_at, decision.next_at))
        actions.append(tables.quarantined_at(claim.channel).remove())
    if claim.first:
        actions.append(tables.welcomed_at(claim.channel).set(now))
    if claim.reminders:
        today = local_date(now, account.user.zone)
        count = account.messages_on(claim.channel, today) + 1
        actions.append(tables.counted_on(claim.channel).set(today))
        actions.append(tables.messages(claim.channel).set(count))

    def write(transaction: TransactWrite) -> None:
        user_id = account.user.user_id
        unchanged = ScheduleItem.version == account.version
        if claim.reminders:
            unchanged &= accounts.uncounted(account, claim.channel)
        if actions:
            transaction.update(ScheduleItem(user_id), actions=actions, condition=unchanged)
        else:
            transaction.condition_check(ScheduleItem, user_id, condition=unchanged)

    return write


def may_become(state: State) -> Condition:
    """The row's present state is one that TRANSITIONS lets become `state`."""
    known = [before.value for before in sources(state) if before is not None]
    allowed = LedgerItem.state.is_in(*known)
    return allowed | LedgerItem.key.does_not_exist() if None in sources(state) else allowed


def word_of_owner(state: State) -> Condition:
    """Who claimed a message says once what became of it, though its lease be over; from then on
    only receipts do."""
    unsaid = LedgerItem.state.is_in(State.CLAIMED.value, State.UNKNOWN.value)
    return unsaid & may_become(state)


NAMELESS = LedgerItem.provider_id.does_not_exist()
STILL_UNKNOWN = (LedgerItem.state == State.UNKNOWN.value) & NAMELESS
"""Nobody has said what became of the message, nor what its provider calls it."""


def settle_shard(user_id: str) -> int:
    return shard_of(user_id, SETTLE_SHARDS)


def _save(item: LedgerItem, transaction: TransactWrite) -> None:
    """Claim a row, or note something in it: only one that is not there, or waits."""
    transaction.save(item, condition=may_become(State.CLAIMED))


def _claimed_rows(claim: Claim, now: datetime) -> Iterable[Write]:
    for reminder in claim.reminders:
        first = reminder.key == claim.message_key
        state = State.CLAIMED if first else State.IN_DIGEST
        known = claim.links.get(reminder.key, ())
        item = rows.ledger_item(reminder, state, attempt=claim.attempt, at=now, links=known)
        item.resends = claim.resends.get(reminder.key)
        item.owner = claim.owner
        item.message_key = claim.message_key
        if first:
            item.settle_shard = settle_shard(reminder.user_id)
            item.settle_at = now + LEASE
            item.receipt_id = claim.owner if claim.channel.bears_our_tag else None
            item.link = None if claim.token is None else links.token_hash(claim.token)
        yield partial(_save, item)


def _link(claim: Claim, now: datetime) -> Iterable[Write]:
    address = claim.user.address(claim.channel)
    if claim.token is not None and claim.reminders and address is not None:
        yield links.of_message(claim.token, claim.reminders, address=address.value, now=now)


def _noted_as(account: Account, skip: Skip) -> State:
    """What perhaps went out is not to be noted as if it had not."""
    row = account.recorded.get(skip.reminder.key)
    perhaps = skip.reason is RESTORED or (row is not None and row.resends)
    return State.UNKNOWN if perhaps else State.SKIPPED


def _skipped_rows(account: Account, skipped: Iterable[Skip], now: datetime) -> Iterable[Write]:
    for skip in skipped:
        row = account.recorded.get(skip.reminder.key)
        attempt = 0 if row is None else row.attempt
        state = _noted_as(account, skip)
        known = () if row is None else row.links
        item = rows.ledger_item(skip.reminder, state, attempt=attempt, at=now, links=known)
        item.reason = skip.reason.value
        item.resends = None if row is None else row.resends or None
        yield partial(_save, item)


def _is_ours(account: Account, claim: Claim) -> bool:
    """Whether the claim was written after all. One without reminders need not know: deciding again
    finds out what is left."""
    if not claim.reminders:
        return False
    row = account.recorded.get(claim.message_key)
    return row is not None and row.owner == claim.owner


def kept(due_on: date | None, now: datetime) -> Action:
    """Goes with every change of a row's state: the row may be about a date long past."""
    return LedgerItem.expires_at.set(rows.ledger_expiry(due_on, now))


def settled(
    state: State,
    *,
    due_on: date | None,
    now: datetime,
    provider_id: str | None = None,
    reason: str | None = None,
) -> list[Action]:
    """What makes a message's row, of that due date, say what became of it, to be looked at no
    more."""
    actions: list[Action] = [
        LedgerItem.state.set(state.value),
        kept(due_on, now),
        LedgerItem.settled_at.set(now),
        LedgerItem.reason.remove() if reason is None else LedgerItem.reason.set(reason),
        *NO_LOOK,
    ]
    if provider_id is not None:
        actions.append(LedgerItem.provider_id.set(provider_id))
        actions.append(LedgerItem.receipt_id.set(LedgerItem.receipt_id | provider_id))
    return actions


NO_LOOK = (LedgerItem.settle_shard.remove(), LedgerItem.settle_at.remove())
"""Takes a row out of the index of what is to be settled."""


def to_look_at(
    state: State, *, due_on: date | None, reason: str, look_at: datetime, now: datetime
) -> list[Action]:
    """What makes a message's row, of that due date, say `state`, to be looked at again at
    `look_at`."""
    return [
        LedgerItem.state.set(state.value),
        kept(due_on, now),
        LedgerItem.settled_at.set(now),
        LedgerItem.settle_at.set(look_at),
        LedgerItem.reason.set(reason),
    ]


def mark(
    claim: Claim,
    state: State,
    *,
    now: datetime,
    provider_id: str | None = None,
    reason: str | None = None,
) -> bool:
    """Record what became of the message; False when this claim is no longer its owner's."""
    actions = settled(state, due_on=claim.due_on, now=now, provider_id=provider_id, reason=reason)
    return _mark(claim, state, actions)


def mark_failed(claim: Claim, *, now: datetime, reason: str) -> bool:
    """Record that the provider refused the message for good while the account cannot be planned
    anew: the sweep does that in a minute. False when this claim is no longer its owner's."""
    look_at = now + PLANNED_LATER
    actions = to_look_at(State.FAILED, due_on=claim.due_on, reason=reason, look_at=look_at, now=now)
    return _mark(claim, State.FAILED, actions)


def mark_unknown(claim: Claim, *, now: datetime, reason: str) -> bool:
    """Record that nobody knows whether the message went out; False when this claim is no longer its
    owner's."""
    look_at = now + RECEIPT_WAIT
    actions = to_look_at(
        State.UNKNOWN, due_on=claim.due_on, reason=reason, look_at=look_at, now=now
    )
    return _mark(claim, State.UNKNOWN, actions)


def _mark(claim: Claim, state: State, actions: list[Action]) -> bool:
    row = LedgerItem(claim.user.user_id, claim.message_key)
    try:
        row.update(actions, condition=owned(claim) & word_of_owner(state))
    except UpdateError as error:
        if not condition_failed(error):
            raise
        return False
    return True


def read_row(user_id: str, key: str) -> LedgerItem | None:
    """A row as it stands; None when there is none."""
    try:
        return LedgerItem.get(user_id, key, consistent_read=True)
    except LedgerItem.DoesNotExist:
        return None


def same_claim(row: LedgerItem) -> Condition:
    """The row has not been claimed or given back since it was read."""
    same = LedgerItem.attempt == row.attempt
    if row.owner is None:
        return same & LedgerItem.owner.does_not_exist()
    return same & (LedgerItem.owner == row.owner)


def owned(claim: Claim) -> Condition:
    """The row is still this claim's."""
    return (LedgerItem.owner == claim.owner) & (LedgerItem.attempt == claim.attempt)


def release(claim: Claim, *, not_before: datetime | None, reason: str, now: datetime) -> bool:
    """Give back a claim that was definitely not sent, to be claimed again after `not_before` (at
    once when None); False when this claim is no longer its owner's.

    A change like any other: it plans the user again, so a reminder that a payment made needless
    meanwhile is not sent. What stays claimed would be taken for a message of which nobody knows, so
    a busy table is asked a few times. Raises what accounts.change raises.
    """

    def is_mine(account: Account) -> bool:
        message = account.recorded.get(claim.message_key)
        return message is not None and message.owner == claim.owner

    def given_back(account: Account) -> Account:
        if not is_mine(account):
            return account
        waiting = {
            reminder.key: replace(
                account.recorded[reminder.key], state=State.WAITING, not_before=not_before
            )
            for reminder in claim.reminders
        }
        welcomed = account.welcomed - {claim.channel} if claim.first else account.welcomed
        return replace(account, recorded={**account.recorded, **waiting}, welcomed=welcomed)

    def written(before: Account, after: Account) -> Iterable[Write]:
        return _given_back(claim, not_before, reason, now) if is_mine(before) else ()

    reach = min(reminder.due_on for reminder in claim.reminders)
    user_id = claim.user.user_id
    change = partial(accounts.change, user_id, given_back, now=now, reach=reach, beside=written)
    return _patiently(change).written


def _given_back(
    claim: Claim, not_before: datetime | None, reason: str, now: datetime
) -> Iterable[Write]:
    actions: list[Action] = [
        LedgerItem.state.set(State.WAITING.value),
        accounts.set_or_remove(LedgerItem.not_before, not_before),
        LedgerItem.reason.set(reason),
        LedgerItem.owner.remove(),
        LedgerItem.message_key.remove(),
        LedgerItem.link.remove(),
        LedgerItem.receipt_id.remove(),
        *NO_LOOK,
    ]

    def give_back(reminder: Reminder, transaction: TransactWrite) -> None:
        row = LedgerItem(reminder.user_id, reminder.key)
        condition = owned(claim) & may_become(State.WAITING)
        written = [*actions, kept(reminder.due_on, now)]
        transaction.update(row, actions=written, condition=condition)

    yield from (partial(give_back, reminder) for reminder in claim.reminders)
    if claim.token is not None:
        yield links.withdrawn(claim.token)


class OutOfIndex(BillRemindersError):
    """The user may be out of the index, and could not be put back: a dead letter has to do it."""


def quarantine(user_id: str, channel: Channel) -> datetime | None:
    """Take the user out of the channel's index: their wake-up failed as often as it may. The
    instant that rests now, the earlier one where one rested already; None when the channel was not
    to be woken, or the account changed in between.

    The schedule may be what cannot be read. So it is taken as it stands: the condition compares
    what is there, whatever it is, and an instant that is none gives way to this minute.

    Whatever succeeds later, a change, a redrive or the wake-up itself, brings them back. Raises
    accounts.UnknownUser; OutOfIndex when it may have been written all the same.
    """
    raw = tables.raw_schedule(user_id)
    if raw is None:
        raise accounts.UnknownUser("the user does not exist")
    next_at, resting = tables.next_at(channel), tables.quarantined_at(channel)
    if next_at.attr_name not in raw:
        return None
    instants = [_instant(raw.get(each.attr_name)) for each in (next_at, resting)]
    since = min(filter(None, instants), default=floor_minute(clock.now()))
    unchanged = _as_it_stands(raw, ScheduleItem.version) & _as_it_stands(raw, next_at)
    try:
        commit(
            lambda write: write.update(
                ScheduleItem(user_id),
                actions=[resting.set(since), next_at.remove()],
                condition=unchanged,
            )
        )
    except Stale:
        return None  # somebody changed the account, which is what a quarantine waits for
    except Lost:
        bring_back(user_id, channel, since)
        raise
    return since


def _instant(value: Mapping[str, Any] | None) -> datetime | None:
    """The minute that an attribute holds; None when it is absent or holds none."""
    with suppress(KeyError, ValueError, TypeError):
        return parse_minute((value or {})["S"])
    return None


def _as_it_stands(raw: Mapping[str, Any], attribute: Attribute[Any]) -> Condition:
    """On condition that the attribute has not changed, be it readable or not."""
    path = Path(attribute.attr_name)
    value = raw.get(attribute.attr_name)
    return path.does_not_exist() if value is None else path == value


def bring_back(user_id: str, channel: Channel, instant: datetime) -> None:
    """Put the user back into the channel's index at `instant`, which rests, unless they are in it.
    Raises OutOfIndex when that fails."""
    next_at, resting = tables.next_at(channel), tables.quarantined_at(channel)
    if not _rests(user_id, channel, instant):
        return
    with suppress(Stale):
        try:
            commit(
                lambda write: write.update(
                    ScheduleItem(user_id),
                    actions=[next_at.set(instant), resting.remove()],
                    condition=(resting == instant) & next_at.does_not_exist(),
                )
            )
        except (Busy, Lost, PynamoDBException) as error:
            raise OutOfIndex("the user is out of the index") from error


def _rests(user_id: str, channel: Channel, instant: datetime) -> bool:
    """Whether the instant still rests and no other is set, as far as that can be read."""
    try:
        raw = tables.raw_schedule(user_id)
    except PynamoDBException:
        return True
    if raw is None or tables.next_at(channel).attr_name in raw:
        return False
    return _instant(raw.get(tables.quarantined_at(channel).attr_name)) == instant

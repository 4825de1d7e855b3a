"""The ledger's rows about messages that are about no bill: a code, a test message."""

from datetime import datetime
from uuid import uuid4

from pynamodb.exceptions import DeleteError, UpdateError

from bill_reminders.channels.sends import CODE, tag_of
from bill_reminders.delivery.claims import LEASE, read_row, settle_shard, settled, word_of_owner
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import ACCEPTED, State
from bill_reminders.storage import accounts
from bill_reminders.storage.rows import ledger_expiry
from bill_reminders.storage.tables import LedgerItem, ScheduleItem, in_life
from bill_reminders.storage.transactions import Lost, Stale, commit, condition_failed
from bill_reminders.trouble import may_pass

TEST = "test:"
REPLY = "reply:"


def is_of_code(tag: str | None) -> bool:
    """Whether a message with that tag is a code."""
    return tag is not None and tag.startswith(tag_of(CODE))


def claim(
    user_id: str, key: str, channel: Channel, *, life: str | None, now: datetime
) -> State | None:
    """Note that a message is about to be sent; where it stands when it was noted before.

    Only while the account has that `life`: an erasure leaves no schedule, and what it has deleted
    does not come back. Raises accounts.UnknownUser when it is over, accounts.Contended,
    transactions.Busy or Lost.
    """
    item = LedgerItem(
        user_id,
        key,
        trigger=key.partition(":")[0],
        channel=channel.value,
        planned_at=now,
        state=State.CLAIMED.value,
        attempt=1,
        recorded_at=now,
        owner=uuid4().hex,
        receipt_id=tag_of(key) if channel.bears_our_tag else None,
        settle_shard=settle_shard(user_id),
        settle_at=now + LEASE,
        expires_at=ledger_expiry(None, now),
    )
    living = ScheduleItem.user_id.exists() & in_life(life)
    try:
        commit(
            lambda write: write.condition_check(ScheduleItem, user_id, condition=living),
            lambda write: write.save(item, condition=LedgerItem.key.does_not_exist()),
        )
    except Lost:
        _take_back(item)
        raise
    except Stale:
        return _known(item, life)
    return None


def _known(item: LedgerItem, life: str | None) -> State | None:
    """Where a message stands that could not be claimed as `item`; None when it was after all."""
    known = read_row(item.user_id, item.key)
    if known is None:
        if not accounts.lives(item.user_id, life):
            raise accounts.UnknownUser("the account was erased")
        raise accounts.Contended("another try of it has just been given back")
    if known.owner == item.owner:  # the answer to the library's first attempt was lost
        return None
    # who claimed it has died since, and nobody can tell whether it went out
    return State.UNKNOWN if known.state == State.CLAIMED.value else State(known.state)


def _take_back(item: LedgerItem) -> None:
    """Nothing was sent. If the table lets it, a claim whose answer was lost is none."""
    try:
        item.delete(condition=LedgerItem.owner == item.owner)
    except DeleteError as error:
        if not (condition_failed(error) or may_pass(error)):
            raise


def is_known(user_id: str, key: str) -> bool:
    """Whether the message was sent, or is being sent, or cannot be."""
    try:
        LedgerItem.get(user_id, key, consistent_read=True)
    except LedgerItem.DoesNotExist:
        return False
    return True


def mark(
    user_id: str,
    key: str,
    state: State,
    *,
    now: datetime,
    provider_id: str | None = None,
    reason: str | None = None,
) -> None:
    """Record what became of a message, in its row; of one that was erased nothing is."""
    actions = settled(state, due_on=None, now=now, provider_id=provider_id, reason=reason)
    try:
        LedgerItem(user_id, key).update(actions, condition=word_of_owner(state))
    except UpdateError as error:  # erased in between
        if not condition_failed(error):
            raise


def give_back(user_id: str, key: str) -> None:
    """Nothing was sent: as if it had not been asked for."""
    LedgerItem(user_id, key).delete()


def any_test(user_id: str) -> bool:
    """Whether a test message was ever sent to the user."""
    tests = LedgerItem.query(user_id, LedgerItem.key.startswith(TEST))
    return any(State(item.state) in ACCEPTED for item in tests)

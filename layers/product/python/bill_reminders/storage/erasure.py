"""Erasure: everything about one user goes, the schedule first.

From then on no change and no claim can be written, for each is made on condition of the schedule's
version, and what was asked for (a code, a test message, an answer) is claimed on condition of the
account's life; a mark is made on condition of its own row. So nothing comes back, and what is
queued finds nobody to remind. What stays is a STOP, by the keyed hash of its address.

An erasure is of one life of an account. A biller may import the same customer again, before or
after what is left is deleted: that life has another mark, and nothing of it is touched.
"""

from collections.abc import Iterator
from datetime import datetime

from bill_reminders.domain.people import User
from bill_reminders.storage import accounts, idempotency, identities, leftovers, rows
from bill_reminders.storage.sign_in_tables import AnswerItem
from bill_reminders.storage.tables import ScheduleItem, UserItem
from bill_reminders.storage.transactions import Lost, Stale, Write, commit


def erase(user_id: str) -> None:
    """Erase a user as they live now, their bills and their ledger. May be repeated until it does
    not fail.

    A message that was claimed before may still go out, for as long as a claim's lease. Raises
    accounts.Contended, transactions.Busy or Lost.
    """
    schedule = _schedule(user_id)
    if schedule is not None:
        begin(user_id, schedule.life)
    leftovers.clear(user_id)


def begin(user_id: str, life: str | None) -> None:
    """Take away what reminds a user and lets them in. Does nothing the second time, nor when they
    have another `life` by now. Raises accounts.Contended, transactions.Busy or Lost."""
    lost = 0
    for _ in range(accounts.ROUNDS):
        schedule = _schedule(user_id)
        if schedule is None or schedule.life != life:
            return
        try:
            commit(*_deletions(schedule))
        except Stale:
            continue
        except Lost:
            lost += 1
            if lost == accounts.LOST_AT_MOST:
                raise
            continue
        return
    raise accounts.Contended("the account is changing too fast")


def _schedule(user_id: str) -> ScheduleItem | None:
    try:
        return ScheduleItem.get(user_id, consistent_read=True)
    except ScheduleItem.DoesNotExist:
        return None


def _deletions(schedule: ScheduleItem) -> Iterator[Write]:
    user_id = schedule.user_id
    user = _user(user_id)
    yield from accounts.unregister(user_id, schedule.version, user, life=schedule.life)
    identity = identities.signed_in_as(user_id)
    if identity is not None:
        yield from identities.unsubscribe_link(identity, user_id)


def _user(user_id: str) -> User | None:
    try:
        return rows.user_from(UserItem.get(user_id, consistent_read=True))
    except UserItem.DoesNotExist:
        return None


def forget_answers(identity: str, *, until: datetime) -> None:
    """Delete what `<issuer>#<subject>` asked for up to an instant, so that its keys name new
    requests. What they asked for later, with another account, stays answered."""
    asked_by_then = AnswerItem.locked_until <= until + idempotency.LOCK
    asked = AnswerItem.query(
        idempotency.owner_of(identity), filter_condition=asked_by_then, consistent_read=True
    )
    with AnswerItem.batch_write() as batch:
        for item in asked:
            batch.delete(item)

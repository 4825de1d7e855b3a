"""Erasure: everything about one user goes, the schedule first.

From then on no change and no claim can be written, for each is made on condition of the schedule's
version; a mark is made on condition of its own row. So nothing comes back, and what is queued finds
nobody to remind. What stays is a STOP, by the keyed hash of its address.
"""

from collections.abc import Iterator

from bill_reminders.domain.people import User
from bill_reminders.storage import accounts, answers, calendars, identities, link_codes, links, rows
from bill_reminders.storage.access_tables import (
    AnswerItem,
    CodeItem,
    ConversationItem,
    FeedbackItem,
)
from bill_reminders.storage.tables import BillItem, LedgerItem, ScheduleItem, Table, UserItem
from bill_reminders.storage.transactions import Lost, Stale, Write, commit


def erase(user_id: str) -> None:
    """Erase a user, their bills and their ledger. May be repeated until it does not fail.

    A message that was claimed before may still go out, for as long as a claim's lease. Raises
    accounts.Contended, transactions.Busy.
    """
    begin(user_id)
    finish(user_id)


def begin(user_id: str) -> None:
    """Take away what reminds a user and lets them in. Does nothing the second time. Raises
    accounts.Contended, transactions.Busy."""
    for _ in range(accounts.ROUNDS):
        try:
            schedule = ScheduleItem.get(user_id, consistent_read=True)
        except ScheduleItem.DoesNotExist:
            return
        try:
            commit(*_deletions(schedule))
        except (Stale, Lost):
            continue
        return
    raise accounts.Contended("the account is changing too fast")


def _deletions(schedule: ScheduleItem) -> Iterator[Write]:
    user_id = schedule.user_id
    yield from accounts.unregister(user_id, schedule.version, _user(user_id))
    identity = identities.signed_in_as(user_id)
    if identity is not None:
        yield from identities.way_out(identity, user_id)


def _user(user_id: str) -> User | None:
    try:
        return rows.user_from(UserItem.get(user_id, consistent_read=True))
    except UserItem.DoesNotExist:
        return None


def finish(user_id: str) -> None:
    """Delete what is left of a user: links, bills, ledger, codes, feedback, link codes,
    conversation."""
    has_link = LedgerItem.link.exists()
    messages = LedgerItem.query(user_id, filter_condition=has_link, consistent_read=True)
    links.withdraw([item.link for item in messages])
    for table in (BillItem, LedgerItem, CodeItem, FeedbackItem):
        _delete_all(table, user_id)
    link_codes.withdraw(user_id)
    calendars.withdraw(user_id)
    ConversationItem(user_id).delete()


def forget_answers(identity: str) -> None:
    """Delete what `<issuer>#<subject>` was answered, so that its keys name new requests."""
    _delete_all(AnswerItem, answers.owner_of(identity))


def _delete_all(table: type[Table], key: str) -> None:
    with table.batch_write() as batch:
        for item in table.query(key, consistent_read=True):
            batch.delete(item)

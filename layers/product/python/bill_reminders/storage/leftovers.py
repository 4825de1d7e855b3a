"""What an account leaves behind when its schedule, user and way in are gone.

It is deleted on condition that nobody lives under that id, in every transaction. Whoever is about
to register an id that was used before clears it first, so a new life begins with nothing, and what
is found beside a schedule is that life's own.
"""

from collections.abc import Iterator
from itertools import batched, chain

from bill_reminders.storage import calendars, link_codes
from bill_reminders.storage.access_tables import ConversationItem, FeedbackItem, LinkItem
from bill_reminders.storage.record_tables import JournalItem
from bill_reminders.storage.sign_in_tables import CodeItem
from bill_reminders.storage.tables import DEAD_CHANNELS, BillItem, LedgerItem, ScheduleItem, Table
from bill_reminders.storage.transactions import Stale, Write, commit

AT_ONCE = 24
"""Rows a transaction: the largest bills must not take it above DynamoDB's 4 MB."""


def clear(user_id: str) -> bool:
    """Delete what is left of a user: links, ledger, bills, codes, feedback, journal, link codes,
    calendar, conversation. False, and nothing is deleted, when somebody lives under that id. May
    be repeated until it does not fail. Raises transactions.Busy or Lost."""
    nobody = ScheduleItem.user_id.does_not_exist()
    try:
        for some in batched(_rows(user_id), AT_ONCE, strict=False):
            commit(
                lambda write: write.condition_check(ScheduleItem, user_id, condition=nobody),
                *map(_deletion, some),
            )
    except Stale:
        return False
    return True


def _rows(user_id: str) -> Iterator[Table]:
    """A link before the row by which it is found."""
    yield from _messages(user_id)
    for table in (BillItem, CodeItem, FeedbackItem, JournalItem):
        yield from table.query(user_id, consistent_read=True)
    for back in (link_codes.back(user_id), calendars.back(user_id)):
        for known in _found(LinkItem, back):
            yield LinkItem(known.purpose)
            yield known
    yield from _found(ConversationItem, user_id)


def _messages(user_id: str) -> Iterator[Table]:
    seen: set[str] = set()  # a transaction takes no row twice
    for item in chain(
        LedgerItem.query(user_id, consistent_read=True),
        LedgerItem.query(f"{DEAD_CHANNELS}{user_id}", consistent_read=True),
    ):
        for link in {*filter(None, [item.link]), *(item.earlier_links or ())} - seen:
            seen.add(link)
            yield LinkItem(link)
        yield item


def _found[T: (LinkItem, ConversationItem)](table: type[T], key: str) -> Iterator[T]:
    try:
        yield table.get(key, consistent_read=True)
    except table.DoesNotExist:
        return


def _deletion(row: Table) -> Write:
    return lambda write: write.delete(row)

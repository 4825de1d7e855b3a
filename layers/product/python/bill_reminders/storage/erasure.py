"""Erasure: everything about one user goes, the schedule first.

From then on no change and no claim can be written, for each is made on condition of the schedule's
version; a mark is made on condition of its own row. So nothing comes back, and what is queued finds
nobody to remind.
"""

from functools import partial

from pynamodb.transactions import TransactWrite

from bill_reminders.storage.tables import BillItem, LedgerItem, ScheduleItem, UserItem
from bill_reminders.storage.transactions import Lost, commit


def erase(user_id: str) -> None:
    """Erase a user, their bills and their ledger. May be repeated until it does not fail.

    A message that was claimed before may still go out, for as long as a claim's lease. Raises
    transactions.Busy.
    """
    try:
        commit(partial(_delete_user, user_id))
    except Lost:
        commit(partial(_delete_user, user_id))
    for table in (BillItem, LedgerItem):
        with table.batch_write() as batch:
            for item in table.query(user_id, consistent_read=True):
                batch.delete(item)


def _delete_user(user_id: str, transaction: TransactWrite) -> None:
    transaction.delete(ScheduleItem(user_id))
    transaction.delete(UserItem(user_id))

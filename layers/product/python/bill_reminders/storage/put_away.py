"""What bills have put away: payments and statements of dates that are closed and long over.

A row for each time that a bill made room, in the ledger's table, under
`settled:<bill_id>:<version>`: no reminder asks for it, and it is erased with its user.
"""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from pynamodb.transactions import TransactWrite

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.payments import Payment, Statement
from bill_reminders.storage import rows
from bill_reminders.storage.record_tables import SETTLED, SettledItem
from bill_reminders.storage.transactions import Write


class Older(NamedTuple):
    """What was put away at one time. `key` names it for the next page."""

    payments: tuple[Payment, ...]
    statements: tuple[Statement, ...]
    key: str


def written(wished: Bill, kept: Bill, *, version: int) -> Iterator[Write]:
    """Write what `kept` has put away of `wished`, in a change to `version` of the account."""
    if kept.settled == wished.settled:
        return
    payments = [rows.payment_map(e) for e in wished.payments if kept.is_settled(e.occurrence)]
    statements = [rows.statement_map(e) for e in wished.statements if kept.is_settled(e.occurrence)]
    key = f"{_stem(wished.bill_id)}{version:08}"
    item = SettledItem(
        wished.user_id, key, payments=payments or None, statements=statements or None
    )
    yield partial(_save, item)


def page(user_id: str, bill_id: str, *, after: str | None) -> tuple[Older | None, bool]:
    """What was put away next before `after`, the latest without it, and whether there is more."""
    stem = _stem(bill_id)
    upper = f"{stem}9" if after is None else after
    found = SettledItem.query(
        user_id, SettledItem.key.between(stem, upper), scan_index_forward=False, limit=3
    )
    older = [each for each in found if each.key != after]
    if not older:
        return None, False
    payments = tuple(map(rows.payment_from, older[0].payments or ()))
    statements = tuple(map(rows.statement_from, older[0].statements or ()))
    return Older(payments, statements, older[0].key), len(older) > 1


def _stem(bill_id: str) -> str:
    return f"{SETTLED}{bill_id}:"


def _save(item: SettledItem, transaction: TransactWrite) -> None:
    transaction.save(item)

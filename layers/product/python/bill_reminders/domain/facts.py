"""What others are to be told of a change of an account."""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from bill_reminders.domain.account import Account


class FactKind(StrEnum):
    """Each is for the biller of the bill."""

    NOT_MINE = "not_mine"
    """Its user says that a bill is not theirs."""
    MINE_AFTER_ALL = "mine_after_all"
    """They take that back."""


class Fact(NamedTuple):
    """What became so of one bill."""

    kind: FactKind
    user_id: str
    bill_id: str


def facts_between(before: Account, after: Account) -> Iterator[Fact]:
    """The facts that a change makes, whichever command it was: a bill that is deleted or new makes
    none."""
    for bill in after.bills:
        known = before.bill(bill.bill_id)
        if known is not None and known is not bill and known.is_not_mine != bill.is_not_mine:
            kind = FactKind.NOT_MINE if bill.is_not_mine else FactKind.MINE_AFTER_ALL
            yield Fact(kind, before.user.user_id, bill.bill_id)

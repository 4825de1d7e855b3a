"""What one occurrence costs, what was paid of it, and what is left.

Nothing here is a stored flag: paid, partly paid and pending are worked out from statements,
payments and the bill's terms each time, so they cannot drift from them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bill_reminders.domain.local_time import local_date
from bill_reminders.domain.money import Money, half_up

HISTORY = 6
"""How many of the latest statements say what is usual."""

ENOUGH_HISTORY = 3
"""Fewer statements say nothing about the next one."""

FAR_ABOVE = Decimal("1.5")
"""A statement of this many times the usual, and above all of the history, deserves a word."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What the biller stated for one occurrence: the amount, and the least that must be paid of it
    by the due date (a card's minimum payment), in the same currency. An amount of zero or below it
    leaves nothing to pay. `due_on` is the nominal date on which this one is due where it is not the
    usual one."""

    occurrence: int
    amount: Money
    minimum: Decimal | None = None
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment towards one occurrence, noted at a UTC instant. `amount` None is all that is owed.

    `payment_id` is the caller's name for it, so that it is noted once and can be undone. One that
    went to several occurrences is there once for each, with its part of the amount.

    `paid_on` is the local date on which it was made, where its user says one. `reference` is what
    stood with it, `note` a text for its user alone, which no message says; the journal tells that
    one changed and not what it says. Each is None while there is none.
    """

    occurrence: int
    paid_at: datetime
    amount: Money | None = None
    payment_id: str = ""
    paid_on: date | None = None
    reference: str | None = field(default=None, repr=False)
    note: str | None = field(default=None, repr=False)

    def on(self, zone: ZoneInfo) -> date:
        """The local date on which it was made, as far as anybody knows, for a user in `zone`."""
        return self.paid_on or local_date(self.paid_at, zone)


class Expected(NamedTuple):
    """What a variable bill will probably come to: the middle one of its latest amounts, and the
    range of them."""

    usual: Money
    low: Money
    high: Money


class Standing(StrEnum):
    """Where an occurrence stands, whatever the date."""

    OPEN = "open"
    PARTLY_PAID = "partly_paid"
    MINIMUM_MET = "minimum_met"
    """The minimum payment is made and a balance is left, which costs interest but no late fee."""
    PAID = "paid"
    OVERPAID = "overpaid"


@dataclass(frozen=True, slots=True)
class Owed:
    """What one occurrence costs, as far as anybody knows.

    `amount` is None while it is unknown; then `expected` may tell from the bill's own history, and
    `statement_on` when a card's statement brings it. `paid` is what was paid so far, in the same
    currency; `settled` is True for a payment of all that is owed. `usual` is set when the amount is
    far above it. What was paid up to `tolerance` beside the amount, in either direction, has paid
    it: see Bill.owed.
    """

    amount: Money | None
    minimum: Decimal | None = None
    paid: Decimal = Decimal(0)
    settled: bool = False
    expected: Expected | None = None
    statement_on: date | None = None
    usual: Money | None = None
    tolerance: Decimal = Decimal(0)

    @property
    def standing(self) -> Standing:
        if self.amount is not None and self.paid > self.amount.amount + self.tolerance:
            return Standing.OVERPAID
        if self.settled or self._is_paid:
            return Standing.PAID
        if self.minimum and self.paid >= self.minimum:
            return Standing.MINIMUM_MET
        return Standing.PARTLY_PAID if self.paid else Standing.OPEN

    @property
    def _is_paid(self) -> bool:
        """Whether the amount was paid. A payment of no more than the tolerance pays nothing off by
        it: it may be all that an instalment is."""
        if self.amount is None:
            return False
        missing = self.amount.amount - self.paid
        return missing <= 0 or missing <= self.tolerance < self.paid

    @property
    def is_closed(self) -> bool:
        """Whether nothing is left to pay, so that nothing reminds of it."""
        return self.standing in (Standing.PAID, Standing.OVERPAID)

    @property
    def left(self) -> Money | None:
        """What is left to pay; None while the amount is unknown."""
        if self.amount is None:
            return None
        rest = Decimal(0) if self.is_closed else self.amount.amount - self.paid
        return Money(rest, self.amount.currency)


def expected(statements: Sequence[Statement]) -> Expected | None:
    """What the next statement will probably be, from earlier ones in order; None when there are too
    few, or none in the latest one's currency."""
    latest = _history(statements)
    if len(latest) < ENOUGH_HISTORY:
        return None
    currency = statements[-1].amount.currency
    return Expected(
        usual=Money(_middle(latest, currency), currency),
        low=Money(min(latest), currency),
        high=Money(max(latest), currency),
    )


def far_above(amount: Money, statements: Sequence[Statement]) -> Money | None:
    """The usual amount, when `amount` is far above it and above every earlier statement's."""
    before = expected(statements)
    if before is None or before.usual.currency != amount.currency:
        return None
    is_far = amount.amount >= before.usual.amount * FAR_ABOVE and amount.amount > before.high.amount
    return before.usual if is_far else None


def _history(statements: Sequence[Statement]) -> list[Decimal]:
    if not statements:
        return []
    currency = statements[-1].amount.currency
    same = [each.amount.amount for each in statements if each.amount.currency == currency]
    return same[-HISTORY:]


def _middle(amounts: Sequence[Decimal], currency: str) -> Decimal:
    from statistics import median  # noqa: PLC0415 (slow to load, and few bills have a history)

    return half_up(median(amounts), currency)

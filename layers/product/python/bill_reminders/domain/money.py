"""Amounts of money: a Decimal and an ISO 4217 currency, never a float."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the currency's major unit, for example Decimal("12.50") USD."""

    amount: Decimal
    currency: str

"""Amounts of money: a Decimal and an ISO 4217 currency, never a float."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import get_currency_precision


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the currency's major unit, for example Decimal("12.50") USD."""

    amount: Decimal
    currency: str


def minor_unit(currency: str) -> Decimal:
    """The smallest amount of `currency`, in its major unit: 0.01 of USD, 1 of JPY."""
    return Decimal(1).scaleb(-get_currency_precision(currency))


def half_up(amount: Decimal, currency: str) -> Decimal:
    """`amount` in whole minor units of `currency`."""
    return amount.quantize(minor_unit(currency), ROUND_HALF_UP)


def in_minor_units(money: Money) -> Decimal:
    """The amount with the decimals that its currency has, as 120.50; more where it has more."""
    exponent = money.amount.as_tuple().exponent
    assert isinstance(exponent, int), "an amount is a number"
    decimals = max(get_currency_precision(money.currency), -exponent)
    return money.amount.quantize(Decimal(1).scaleb(-decimals))

"""Amounts of money: a Decimal and an ISO 4217 currency, never a float."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

USUAL_DECIMALS = 2
_NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"
DECIMALS = {
    code: decimals
    for decimals, codes in ((0, _NO_DECIMALS), (3, _THREE), (4, _FOUR))
    for code in codes.split()
}
"""The decimals of minor units in ISO 4217 where they are not USUAL_DECIMALS; a test compares them
with its published list. CLDR's digits are something else: how many a country likes to see."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the currency's major unit, for example Decimal("12.50") USD."""

    amount: Decimal
    currency: str


def decimals_of(currency: str) -> int:
    """How many decimals amounts of `currency` have by ISO 4217: 2 of USD and RSD, 0 of JPY."""
    return DECIMALS.get(currency, USUAL_DECIMALS)


def minor_unit(currency: str) -> Decimal:
    """The smallest amount of `currency`, in its major unit: 0.01 of USD, 1 of JPY."""
    return Decimal(1).scaleb(-decimals_of(currency))


def half_up(amount: Decimal, currency: str) -> Decimal:
    """`amount` in whole minor units of `currency`."""
    return amount.quantize(minor_unit(currency), ROUND_HALF_UP)


def in_minor_units(money: Money) -> Decimal:
    """The amount with the decimals that its currency has, as 120.50; more where it has more."""
    exponent = money.amount.as_tuple().exponent
    assert isinstance(exponent, int), "an amount is a number"
    decimals = max(decimals_of(money.currency), -exponent)
    return money.amount.quantize(Decimal(1).scaleb(-decimals))

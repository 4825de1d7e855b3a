"""Amounts and currencies as people write them (CellError with the remedy, see cells.py)."""

import re
from decimal import Decimal
from functools import cache

from babel.core import get_global
from babel.numbers import get_currency_precision, get_territory_currencies

from bill_reminders.files.cells import CellError

MAX_DIGITS = 13
"""Before the point, in files and in the API."""

_AMOUNT = re.compile(r"([0-9]+)(?:\.([0-9]+))?")


def amount(text: str, *, currency: str | None) -> Decimal:
    """An exact amount in the major unit of `currency`, zero or more.

    More decimals than the currency has are refused even when they are zeros: in half of the world
    1.500 is fifteen hundred. `currency` None skips that check.
    """
    match = _AMOUNT.fullmatch(text)
    if not match:
        raise CellError(
            "not an amount: write digits, with a point before the decimals, and no sign, currency "
            "or thousands separator"
        )
    whole, decimals = match[1], match[2] or ""
    if len(whole) > MAX_DIGITS:
        raise CellError(f"too large: write at most {MAX_DIGITS} digits before the point")
    if currency is not None and len(decimals) > (places := get_currency_precision(currency)):
        raise CellError(f"too many decimals: {currency} has {places}, write no more than that")
    return Decimal(text)


def currency(text: str) -> str:
    """The ISO 4217 code of a currency that some country pays with today."""
    code = text.upper()
    if code not in _currencies():
        raise CellError("not a currency in use: write its ISO 4217 code, for example USD or CNY")
    return code


@cache
def _currencies() -> frozenset[str]:
    return frozenset(
        code
        for territory in get_global("territory_currencies")
        for code in get_territory_currencies(territory)
    )

"""Amounts and currencies as people write them (CellError with the remedy, see cells.py)."""

import re
from decimal import Decimal
from functools import cache

from babel.core import get_global
from babel.numbers import get_territory_currencies

from bill_reminders.domain.money import Money, decimals_of, in_minor_units
from bill_reminders.files.cells import CellError, half_width

MAX_DIGITS = 13
"""Before the point, in files and in the API."""

_AMOUNT = re.compile(r"([0-9]+)(?:\.([0-9]+))?")

_SEPARATORS = {**dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f"), " "), ord("’"): "'"}
"""Spaces and apostrophes that stand between thousands, in their plain form."""


_THOUSANDS = "[1-9][0-9]{0,2}(?:%s[0-9]{3})+"
_LAKHS = "[1-9][0-9]?(?:%s[0-9]{2})+%s[0-9]{3}"
"""How India writes."""


def _typed(marks: str, grouped: str = _THOUSANDS) -> tuple[str, re.Pattern[str]]:
    group, point = marks[0], marks[1]
    whole = grouped.replace("%s", re.escape(group))
    return group, re.compile(rf"([0-9]+|{whole})(?:{re.escape(point)}([0-9]+))?")


_TYPED = (*map(_typed, (",.", ".,", " .", " ,", "'.", "',")), _typed(",.", _LAKHS))
"""Each separator of thousands, and the form that has it."""


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
    if currency is not None and len(decimals) > (places := decimals_of(currency)):
        raise CellError(f"too many decimals: {currency} has {places}, write no more than that")
    return Decimal(text)


def balance(text: str, *, currency: str | None) -> Decimal:
    """As `amount`, or a credit below zero."""
    if text.startswith("-"):
        return -amount(text[1:], currency=currency)
    return amount(text, currency=currency)


class TwoMeanings(CellError):
    """An amount that can be read in two ways; both, in digits with a point before the decimals."""

    def __init__(self, large: str, small: str) -> None:
        super().__init__(
            "can be read in two ways: write it without a separator for thousands, with a point "
            "before the decimals"
        )
        self.large = large
        self.small = small


def typed_amount(text: str, *, currency: str) -> Decimal:
    """An amount as somebody types it: with a comma before the decimals, with separators for
    thousands, or in full width. A point is before the decimals in all languages of the messages.

    Raises TwoMeanings rather than guess: 1,234 is 1234 for a currency of two decimals, and may be
    1.234 for one of three. 1.234 of the former is either thousands, or has a digit too many.
    """
    plain = half_width(text).translate(_SEPARATORS)
    readings = sorted(_readings(plain), key=Decimal)
    if len(readings) < 2:
        return amount(*readings or (plain,), currency=currency)
    small, large = readings
    is_small = _fits(small, currency)
    if is_small == ("," in plain):
        raise TwoMeanings(large, small)
    return amount(small if is_small else large, currency=currency)


def _readings(text: str) -> set[str]:
    """What an amount may mean, in digits with a point before the decimals."""
    found: set[str] = set()
    for group, form in _TYPED:
        if match := form.fullmatch(text):
            whole = match[1].replace(group, "")
            found.add(whole if match[2] is None else f"{whole}.{match[2]}")
    return found


def _fits(text: str, currency: str) -> bool:
    try:
        amount(text, currency=currency)
    except CellError:
        return False
    return True


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


def plain(money: Money) -> str:
    """An amount with the decimals of its currency, never as 1E+3."""
    return f"{in_minor_units(money):f}"


def percent_text(percent: Decimal) -> str:
    """Without zeros at its end, never as 1E+3."""
    return f"{percent.normalize():f}"

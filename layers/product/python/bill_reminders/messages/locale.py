"""Amounts and dates as each language writes them."""

from datetime import date
from decimal import Decimal
from functools import lru_cache

from babel.dates import format_date, format_skeleton
from babel.numbers import (
    format_currency,
    format_percent,
    get_currency_precision,
    get_currency_symbol,
)

from bill_reminders.domain.money import Money, decimals_of
from bill_reminders.domain.people import Language
from bill_reminders.messages.catalogue import catalogue

LOCALES = {
    Language.ENGLISH: "en",
    Language.SIMPLIFIED_CHINESE: "zh_Hans_CN",
    Language.TRADITIONAL_CHINESE: "zh_Hant_TW",
}

_SYMBOL_FIRST = "¤#,##0"
_CODE_FIRST = "¤¤\N{NO-BREAK SPACE}#,##0"
"""For CHF 12.00: Babel has no pattern of its own that keeps letters apart from the digits."""

KEPT = 256
"""Formatted values that are kept: a text is tried in several lengths with the same ones, and Babel
takes its time."""


@lru_cache(KEPT)
def amount(money: Money | None, language: Language, *, symbol: bool = True) -> str:
    """The amount with its currency and the decimals that people are used to see of it, all of its
    minor unit where these would hide something; words for None.

    With `symbol` False the ISO code stands in place of the sign: INR 12.00 instead of ₹12.00.
    """
    if money is None:
        return catalogue(language).say("amount_unknown")
    locale = LOCALES[language]
    sign = get_currency_symbol(money.currency, locale=locale)
    pattern = _SYMBOL_FIRST if symbol and sign != money.currency else _CODE_FIRST
    if decimals := _decimals(money):
        pattern += f".{'0' * decimals}"
    return format_currency(
        money.amount, money.currency, pattern, locale=locale, currency_digits=False
    )


def _decimals(money: Money) -> int:
    shown = get_currency_precision(money.currency)
    hides = money.amount != round(money.amount, shown)
    return max(shown, decimals_of(money.currency)) if hides else shown


@lru_cache(KEPT)
def short_date(day: date, language: Language) -> str:
    """Month and day, for lists: Mar 5."""
    return format_skeleton("MMMd", day, locale=LOCALES[language])


@lru_cache(KEPT)
def weekday_date(day: date, language: Language) -> str:
    """Weekday, month and day, for texts that have little room: Fri, Mar 5."""
    return format_skeleton("MMMEd", day, locale=LOCALES[language])


@lru_cache(KEPT)
def full_date(day: date, language: Language) -> str:
    """Weekday, month, day and year: Friday, March 5, 2027."""
    return format_date(day, "full", locale=LOCALES[language])


def percent(value: Decimal, language: Language) -> str:
    """`value` percent, with the decimals that it needs, at most four: 18.25%."""
    return format_percent(value / 100, "#,##0.####%", locale=LOCALES[language])


def plain_spaces(text: str) -> str:
    """`text` with ordinary spaces for the no-break ones, which GSM-7 does not have."""
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")

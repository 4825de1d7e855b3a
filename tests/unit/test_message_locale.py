"""Amounts and dates as each language writes them."""

from datetime import date
from decimal import Decimal

import pytest

from bill_reminders.domain.money import Money
from bill_reminders.domain.people import Language
from bill_reminders.messages import locale

EN, HANS, HANT = Language.ENGLISH, Language.SIMPLIFIED_CHINESE, Language.TRADITIONAL_CHINESE
FRIDAY = date(2027, 3, 5)


@pytest.mark.parametrize(
    ("amount", "currency", "language", "written"),
    [
        ("1234.5", "USD", EN, "$1,234.50"),
        ("1234.5", "CNY", EN, "CN¥1,234.50"),
        ("1234.5", "CNY", HANS, "¥1,234.50"),
        ("1234.5", "HKD", HANT, "HK$1,234.50"),
        ("1234.5", "TWD", HANT, "$1,234.50"),
        ("1234", "JPY", EN, "¥1,234"),
        ("1234.5678", "KWD", EN, "KWD\u00a01,234.568"),
        ("1234.5", "CHF", HANS, "CHF\u00a01,234.50"),
    ],
)
def test_an_amount_has_its_currency_and_the_decimals_of_it(
    amount: str, currency: str, language: Language, written: str
) -> None:
    assert locale.amount(Money(Decimal(amount), currency), language) == written


def test_a_code_can_stand_in_place_of_the_sign() -> None:
    assert locale.amount(Money(Decimal(12), "INR"), EN, symbol=False) == "INR\u00a012.00"


def test_spaces_that_do_not_break_become_plain_ones() -> None:
    assert locale.plain_spaces("1\u00a0234\u202f567") == "1 234 567"


@pytest.mark.parametrize(
    ("language", "words"),
    [(EN, "amount not known yet"), (HANS, "金额待确认"), (HANT, "金額待確認")],
)
def test_an_amount_that_nobody_knows_is_said_in_words(language: Language, words: str) -> None:
    assert locale.amount(None, language) == words


@pytest.mark.parametrize(
    ("language", "short", "weekday", "full"),
    [
        (EN, "Mar 5", "Fri, Mar 5", "Friday, March 5, 2027"),
        (HANS, "3月5日", "3月5日周五", "2027年3月5日星期五"),
        (HANT, "3月5日", "3月5日 週五", "2027年3月5日 星期五"),
    ],
)
def test_a_date_is_written_at_three_lengths(
    language: Language, short: str, weekday: str, full: str
) -> None:
    assert locale.short_date(FRIDAY, language) == short
    assert locale.weekday_date(FRIDAY, language) == weekday
    assert locale.full_date(FRIDAY, language) == full


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    ("rate", "written"),
    [("18.25", "18.25%"), ("18.2500", "18.25%"), ("0.0001", "0.0001%"), ("1000", "1,000%")],
)
def test_a_rate_has_the_decimals_that_it_needs(rate: str, written: str, language: Language) -> None:
    assert locale.percent(Decimal(rate), language) == written

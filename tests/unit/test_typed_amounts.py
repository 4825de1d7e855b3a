"""Amounts as people type them: what has one meaning is read, what has two is asked about."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.files.cells import CellError
from bill_reminders.files.money import TwoMeanings, amount, typed_amount

ONE_MEANING = [
    ("12.50", "USD", "12.50"),
    ("12,50", "USD", "12.50"),
    ("12,5", "USD", "12.5"),
    ("0,50", "USD", "0.50"),
    ("1234", "USD", "1234"),
    ("1,234", "USD", "1234"),
    ("1,234", "JPY", "1234"),
    ("1,234.50", "USD", "1234.50"),
    ("1.234,50", "USD", "1234.50"),
    ("1,234,567", "KWD", "1234567"),
    ("1.234.567", "USD", "1234567"),
    ("1.234.567,8", "USD", "1234567.8"),
    ("1,23,456.50", "INR", "123456.50"),
    ("1 234,50", "EUR", "1234.50"),
    ("1\u202f234", "EUR", "1234"),
    ("1\u00a0234.50", "EUR", "1234.50"),
    ("1'234.50", "CHF", "1234.50"),
    ("1’234", "CHF", "1234"),
    ("1.234", "KWD", "1.234"),
    ("0,234", "KWD", "0.234"),
    ("1,234.567", "KWD", "1234.567"),
    ("12,3456", "CLF", "12.3456"),
    ("１２．５０", "CNY", "12.50"),
    ("１，２３４．５０", "CNY", "1234.50"),
    ("１２，５０", "CNY", "12.50"),
]


@pytest.mark.parametrize(("text", "currency", "meant"), ONE_MEANING)
def test_an_amount_with_one_meaning_is_read(text: str, currency: str, meant: str) -> None:
    assert typed_amount(text, currency=currency) == Decimal(meant)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("1,234", "KWD"),
        ("１，２３４", "KWD"),
        ("12,500", "TND"),
        ("1.234", "USD"),
        ("1.234", "JPY"),
    ],
)
def test_an_amount_with_two_meanings_is_asked_about(text: str, currency: str) -> None:
    with pytest.raises(TwoMeanings) as caught:
        typed_amount(text, currency=currency)
    plain = text.translate({0xFF0C: ",", **{0xFF10 + n: str(n) for n in range(10)}})
    digits = plain.replace(",", ".")
    assert (caught.value.large, caught.value.small) == (digits.replace(".", ""), digits)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("", "USD"),
        ("ten", "USD"),
        ("-5", "USD"),
        ("12,50", "JPY"),
        ("0,234", "USD"),
        ("12,3456", "USD"),
        ("1,2,3", "USD"),
        ("1,234,56", "USD"),
        ("1.234,567.8", "USD"),
        ("12 50", "USD"),
        ("1 234'567", "USD"),
        (",50", "USD"),
        ("5,", "USD"),
        ("5²", "USD"),
        ("٥", "USD"),
        ("1e3", "USD"),
        ("9,999,999,999,999,999", "USD"),
    ],
)
def test_what_is_no_amount_is_refused(text: str, currency: str) -> None:
    with pytest.raises(CellError) as caught:
        typed_amount(text, currency=currency)
    assert not isinstance(caught.value, TwoMeanings)


UNITS = st.integers(0, 10**12)
PLACES = {"JPY": 0, "USD": 2, "KWD": 3}


@given(UNITS, st.sampled_from(sorted(PLACES)))
def test_what_a_file_takes_means_the_same_on_a_page(units: int, currency: str) -> None:
    text = f"{Decimal(units).scaleb(-PLACES[currency]):f}"
    assert typed_amount(text, currency=currency) == amount(text, currency=currency)


@given(UNITS, st.sampled_from(sorted(PLACES)), st.sampled_from([",.", ".,", " ,", "'."]))
def test_a_written_amount_is_never_taken_for_another(units: int, currency: str, marks: str) -> None:
    group, point = marks
    value = Decimal(units).scaleb(-PLACES[currency])
    text = f"{value:,f}".translate({ord(","): group, ord("."): point})
    try:
        assert typed_amount(text, currency=currency) == value
    except TwoMeanings as error:
        assert value in (Decimal(error.large), Decimal(error.small))

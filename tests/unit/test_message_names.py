"""Names in messages: on one line, without tricks, and cut where a reader would cut."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.recurrence import Recurrence
from bill_reminders.messages.names import clean, masked, shorten, title

FAMILY = "👩‍👩‍👧‍👦"
"""Four people and three joiners: one character to its reader, 11 UTF-16 code units."""


def bill(biller: str, name: str) -> Bill:
    day = date(2027, 3, 5)
    return Bill("user", "bill", biller, name, Recurrence(day), owed_from=day)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Car  loan ", "Car loan"),
        ("Car\r\nloan\0", "Car loan"),
        ("Car\u2028loan\u2029", "Car loan"),
        ("Car\u00a0loan", "Car loan"),
        ("\u202eCar\u202c \u2066loan\u2069", "Car loan"),
        ("Cre\u00addit\ufeff", "Credit"),
        ("Cafe\u0301", "Café"),
        ("Cafe\u200b\u0301", "Café"),
        ("Car \ud83d loan", "Car loan"),
        (FAMILY, FAMILY),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\u200d\u200b \n", ""),
        ("", ""),
    ],
)
def test_a_name_is_one_line_of_what_can_be_read(typed: str, shown: str) -> None:
    assert clean(typed) == shown


@given(st.text(st.characters(exclude_categories=())))
def test_a_cleaned_name_stays_as_it_is(typed: str) -> None:
    assert clean(clean(typed)) == clean(typed)


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [
        ("Credit card", 11, "Credit card"),
        ("Credit card", 10, "Credit ca…"),
        ("Credit card", 8, "Credit…"),
        ("国泰世华银行", 4, "国泰世…"),
        ("ne\u0303\u0332x", 3, "n…"),
        ("ne\u0303\u0332x", 4, "n…"),
        (f"a{FAMILY}b", 12, "a…"),
        (f"a{FAMILY}bc", 13, f"a{FAMILY}…"),
        ("👍🏽👍🏽", 5, "👍🏽…"),
        ("👍🏽👍🏽", 4, "…"),
        ("a🇹🇼b", 4, "a…"),
        ("a🏴\U000e0067\U000e0062\U000e007fb", 6, "a…"),
        ("กำไร", 2, "…"),
        ("क्षमा", 3, "…"),
        ("क्षमा", 4, "क्ष…"),
        ("😀😀", 3, "😀…"),
        ("Credit card", 1, "…"),
    ],
)
def test_a_long_name_is_cut_between_what_readers_call_characters(
    text: str, width: int, short: str
) -> None:
    assert shorten(text, width) == short


@given(st.text(), st.integers(1, 50))
def test_a_short_name_is_a_beginning_that_fits(text: str, width: int) -> None:
    short = shorten(text, width)
    assert len(short.encode("utf-16-be")) // 2 <= width
    assert short == text or text.startswith(short.removesuffix("…"))


@pytest.mark.parametrize(
    ("biller", "name", "shown"),
    [
        ("HSBC", "Credit card", "HSBC Credit card"),
        ("招商银行", "信用卡", "招商银行信用卡"),
        ("HSBC", "信用卡", "HSBC 信用卡"),
        ("招商银行", "Visa", "招商银行 Visa"),
        ("hsbc", "HSBC credit card", "HSBC credit card"),
        ("AXA", "Taxation", "AXA Taxation"),
        ("HSBC", "\n", "HSBC"),
        ("", "Rent", "Rent"),
        ("\0", "\u202e", "A bill"),
        ("Very long biller", "e" + "\u0301" * 40, "Very lo…"),
    ],
)
def test_a_bill_is_called_by_biller_and_name(biller: str, name: str, shown: str) -> None:
    width = 16 if biller != "Very long biller" else 8
    assert title(bill(biller, name), "A bill", width=width) == shown


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Loan 1234567890", "Loan *7890"),
        ("Card 4111 1111 1111 1111", "Card *1111"),
        ("Card 4111-1111-1111-1111", "Card *1111"),
        ("Card 4111.1111.1111.1111", "Card *1111"),
        ("Card 4111 – 1111 – 1111 – 1111", "Card *1111"),
        ("Card 4111\u20111111\u20111111\u20111111", "Card *1111"),
        ("Card 4111/1111_1111·1111", "Card *1111"),
        ("Card ４１１１　１１１１　１１１１　１１１１", "Card *1111"),
        ("Card ４１１１－１１１１－１１１１－１１１１", "Card *1111"),
        ("بطاقة ٤١١١١١١١١١١١١١١١", "بطاقة *1111"),
        ("DE89 3704 0044 0532 0130 00", "*3000"),
        ("GB33BUKB20201555555555", "GB33BUKB*5555"),
        ("ACC1234567890X", "ACC*7890X"),
        ("No.123456789,", "No.*6789,"),
        ("尾号1234567890的贷款", "尾号*7890的贷款"),
        ("FR14 2004 1010 0505 0001 3M02 606", "*2606"),
        ("FR1420041010050500013M02606", "*2606"),
        ("BE68 5390 0754 7034 RENT", "*7034 RENT"),
        ("Kto-Nr. 12/3456/7890", "Kto-Nr. *7890"),
        ("Due 2027-03-05 1234567890", "Due *7890"),
        ("05.03.2027/1234", "*1234"),
        ("12.34.2027 05.03.2027", "*2027"),
        ("Policy 12345678", "Policy *5678"),
    ],
)
def test_an_account_number_shows_its_last_four_digits(typed: str, shown: str) -> None:
    assert masked(clean(typed)) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Due 2027-03-05", "Car 12 of 2027", "2027-03-05 14:00", "Rent 2027-03-05 2027-04-05",
        "Rent 01.03.2027-31.03.2027", "Rent 5.3.2027 – 5.4.2027", "Rent 1/3/27 - 31/3/27",
        "Tax 2025 2026 2027", "Tax 2025/2026/2027",
        "Plan 2026/27 2026/12/31", "2027-03 2027-04",
        "Rent 2027/03/05-2027/04/05", "Policy 123456", "1,234,567.89",
    ],
)  # fmt: skip
def test_dates_and_years_are_no_account_number(text: str) -> None:
    assert masked(text) == text

"""What all SMS have in common: how segments are counted, and the characters that save some.

A segment holds 160 characters of the GSM-7 alphabet (153 when there are several), or 70 (67)
when one character is not in it. Carriers bill each.
"""

from dataclasses import dataclass

import smsutil

from bill_reminders.domain.money import Money
from bill_reminders.domain.people import Language
from bill_reminders.messages.locale import amount, plain_spaces

MOST_SEGMENTS = 2

LONGEST_NAME = 40
READABLE_NAME = 12
"""Widths in UTF-16 code units."""

_TYPOGRAPHY = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "`": "'"}
)


@dataclass(frozen=True, slots=True)
class SmsText:
    """`wording` is the number of the registered wording that `body` is an instance of, or "" where
    texts are free."""

    body: str
    wording: str = ""


def segments(text: str) -> int:
    """How many segments `text` takes, and is billed as."""
    return len(smsutil.split(text).parts)


def fits(text: str) -> bool:
    return segments(text) <= MOST_SEGMENTS


def in_gsm(text: str) -> str:
    """`text` with plain spaces, and with plain quotes and dashes if that brings it into GSM-7."""
    spaced = plain_spaces(text)
    plain = spaced.translate(_TYPOGRAPHY)
    return plain if _is_gsm(plain) else spaced


def money_text(money: Money, language: Language) -> str:
    """In English with the currency's code where its sign alone would force UCS-2."""
    text = amount(money, language)
    if language is Language.ENGLISH and not _is_gsm(text):
        text = amount(money, language, symbol=False)
    return text


def _is_gsm(text: str) -> bool:
    return bool(smsutil.is_valid_gsm(plain_spaces(text)))

"""What all SMS have in common: how segments are counted, and the characters that save some.

A segment holds 160 characters of the GSM-7 alphabet (153 when there are several), or 70 (67)
when one character is not in it. Carriers bill each.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

import smsutil
from smsutil.codecs import GSM_CHARSET, GSM_EXT_CHARSET

from bill_reminders.domain.money import Money
from bill_reminders.domain.people import Language
from bill_reminders.messages.locale import amount, plain_spaces
from bill_reminders.messages.names import ELLIPSIS

MOST_SEGMENTS = 2

_GSM = re.compile(f"[{re.escape(GSM_CHARSET)}]+")
_ESCAPED = re.compile(f"[{re.escape(GSM_EXT_CHARSET)}]")
_SURROGATES = re.compile("[\U00010000-\U0010ffff]")
"""What takes two units, in GSM-7 and in UCS-2, and is not divided between segments."""

LONGEST_NAME = 40
READABLE_NAME = 12
"""Widths in UTF-16 code units."""

_TYPOGRAPHY = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "`": "'"}
)
_PRINTED = re.compile(f"[{''.join(map(chr, _TYPOGRAPHY))}]")
"""Their characters. In a text of many others this is faster by far than to translate it."""
_SIGNS = str.maketrans(
    {
        **dict.fromkeys("‚‹›′", "'"), **dict.fromkeys("„«»", '"'), **dict.fromkeys("‐‑‒―−", "-"),
        "•": "*", "·": ".", "×": "x", "⁄": "/",
        "Þ": "Th", "þ": "th", "Ð": "D", "ð": "d", "ı": "i", "Œ": "OE", "œ": "oe", "Ŋ": "N",
        "ŋ": "n", "Ə": "E", "ə": "e",
        **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True)),
    }
)  # fmt: skip
"""Greek capitals that GSM-7 lacks look like Latin ones."""
_LATIN_LETTER = re.compile(r"LATIN (CAPITAL|SMALL) LETTER ([A-Z])(?: WITH .+)?")
"""What Unicode calls a letter with or without a mark: Ł is an L with stroke."""
_ORNAMENTS = frozenset({"So", "Sk", "Mn", "Me", "Cf"})
"""Categories of signs whose loss leaves a name readable: trade marks, stars, stray accents."""


class SmsText(NamedTuple):
    """`wording` is the number of the registered wording that `body` is an instance of, or "" where
    texts are free."""

    body: str
    wording: str = ""


def segments(text: str) -> int:
    """How many segments `text` takes, and is billed as.

    An SMS is counted in hundreds of sizes before one is chosen, so the text is walked through only
    where a character of two units might stand across the end of a segment.
    """
    wide, alone, each = (_ESCAPED, 160, 153) if _GSM.fullmatch(text) else (_SURROGATES, 70, 67)
    pairs = len(wide.findall(text))
    units = len(text) + pairs
    if units <= alone:
        return 1
    return len(smsutil.split(text).parts) if pairs else -(-units // each)


def fits(text: str) -> bool:
    return segments(text) <= MOST_SEGMENTS


def in_gsm(text: str) -> str:
    """`text` with plain spaces, and with plain quotes and dashes if that brings it into GSM-7."""
    spaced = plain_spaces(text)
    plain = _PRINTED.sub(lambda sign: _TYPOGRAPHY[ord(sign[0])], spaced)
    return plain if is_gsm(plain) else spaced


def money_text(money: Money, language: Language) -> str:
    """In English with the currency's code where its sign alone would force UCS-2."""
    text = amount(money, language)
    if language is Language.ENGLISH and not is_gsm(text):
        text = amount(money, language, symbol=False)
    return text


def is_gsm(text: str) -> bool:
    return _GSM.fullmatch(plain_spaces(text)) is not None


def spelled(name: str) -> str:
    """`name` in GSM-7: marks that the alphabet lacks are left off its letters, ornaments are left
    out, and it ends with an ellipsis before the first character that cannot be spelled."""
    letters: list[str] = []
    for character in name:
        letter = _letter(character)
        if letter is None:
            letters.append(ELLIPSIS)
            break
        letters.append(letter)
    return " ".join("".join(letters).split())


@lru_cache(maxsize=4096)
def _letter(character: str) -> str | None:
    """The same in GSM-7; None when it has nothing like it."""
    form = character if character in "•·" else unicodedata.normalize("NFKC", character)
    plain = form.translate(_TYPOGRAPHY).translate(_SIGNS)
    if is_gsm(plain):
        return plain
    if unicodedata.category(character) in _ORNAMENTS:
        return ""
    name = unicodedata.name(character, "")
    if name.startswith("GREEK"):
        return _greek(character)
    named = _LATIN_LETTER.fullmatch(name)
    if named is None:
        return None
    return named[2] if named[1] == "CAPITAL" else named[2].lower()


def _greek(letter: str) -> str | None:
    """As a capital without accents, which is how GSM-7 has Greek."""
    bare = unicodedata.normalize("NFD", letter)[0].upper().translate(_SIGNS)
    return bare if is_gsm(bare) else None

"""Names that people and billers typed, made safe and short enough to stand in a message."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from bill_reminders.domain.bills import Bill
from bill_reminders.messages.catalogue import Catalogue
from bill_reminders.messages.lures import disarmed

_BREAKS = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters, stray surrogates, line and paragraph separators."""

_JOINERS = re.compile("[\u200c\u200d\U000e0020-\U000e007f]")
"""Format characters that spell emoji, flags and some scripts; every other one is dropped."""

_VIRAMA = 9
"""The combining class of the sign that ties an Indic consonant to the next one."""

_LEADERS = re.compile("[\u200d\u1100-\u115f\ua960-\ua97c]")
"""What holds on to the character after it: the joiner, and Korean initials written apart."""

_FLAG_LETTERS = re.compile("[\U0001f1e6-\U0001f1ff]")
_EXTENDERS = re.compile(
    "[\u200c\u200d\U000e0020-\U000e007f"  # joiners and tags
    "\U0001f3fb-\U0001f3ff"  # skin tones
    "\u0e33\u0eb3"  # Thai and Lao am
    "\u1160-\u11ff\ud7b0-\ud7ff"  # Korean vowels and finals that are written apart
    "\uff9e\uff9f]"  # Japanese voicing marks of half width
)
"""What clings to the character before it and is not a combining mark by its category."""

_BRACKETS = re.compile(r"[()\[\]\uff08\uff09\uff3b\uff3d]+")
_BETWEEN = (
    r"[\s._/·•~+\-\u200c\u200d\u2010-\u2015\u2053\u2212\u223c\u30fc\uff0d-\uff0f\uff5e"
    r"()\[\]\uff08\uff09\uff3b\uff3d]{0,4}"
)
"""What phones skip between the digits of a number to call."""

_LONG_NUMBER = re.compile(
    r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z]? ?\d){9,}"  # an IBAN, in which letters may stand
    rf"|\d(?:{_BETWEEN}\d){{6,}}"
)
"""Seven digits or more of any script, in groups or not: cards, IBANs, loans, and what a phone would
offer to call. A date has eight."""

_DAY, _YEAR = "(?:0?[1-9]|[12][0-9]|3[01])", "(?:19|20)[0-9]{2}"
_DATE = rf"(?:{_YEAR}(?:[-./]{_DAY}){{0,2}}|{_DAY}[-./]{_DAY}[-./](?:{_YEAR}|[0-9]{{2}})|24/7)"
_DATES = re.compile(rf"{_DATE}(?:[\s./–-]{{1,3}}{_DATE}){{0,2}}(?: [0-9]{{1,2}}:)?")
"""Up to three dates or years (or 24/7), the last perhaps with an hour; anything else beside them is
a part of a number."""

FEWEST_HIDDEN = 3
"""Digits beside a date in brackets that make a number of the whole."""

_MASK = "*"
"""A sign of GSM-7: a dot in the middle of the line would cost an SMS half its room."""

ELLIPSIS = "…"


def clean(text: str) -> str:
    """`text` on one line, composed (NFC), without control characters and bidi overrides.

    Breaks become spaces, runs of spaces one. Text in which nothing is visible becomes "".
    """
    line = unicodedata.normalize("NFC", "".join(map(_harmless, text)))
    visible = any(character.isprintable() and character != " " for character in line)
    return " ".join(line.split()) if visible else ""


def _harmless(character: str) -> str:
    category = unicodedata.category(character)
    if category in _BREAKS:
        return " "
    return "" if category == "Cf" and not _JOINERS.match(character) else character


@lru_cache(maxsize=1024)  # an SMS is written in many sizes before one is chosen
def shorten(text: str, width: int) -> str:
    """`text` in at most `width` UTF-16 code units, at least one; cut text ends with an ellipsis.

    It is cut between grapheme clusters, so that no accent or joined emoji loses a part.
    """
    if _units(text) <= width:
        return text
    kept, room = "", width - _units(ELLIPSIS)
    for cluster in _clusters(text):
        room -= _units(cluster)
        if room < 0:
            break
        kept += cluster
    return kept.rstrip() + ELLIPSIS


CODE_WORD_WIDTH = 40
"""In UTF-16 code units: a code word of twenty emoji is still shown whole."""


def known_by(words: Catalogue, code_word: str | None) -> str:
    """What tells a message from an imitation; "" without a code word."""
    word = shorten(shown(code_word or ""), CODE_WORD_WIDTH)
    return words.say("code_word", word=word) if word else ""


@lru_cache(maxsize=256)
def _clusters(text: str) -> tuple[str, ...]:
    """`text` in pieces that a cut must not divide: grapheme clusters, or a few of them together."""
    return tuple(_each_cluster(text))


def _each_cluster(text: str) -> Iterator[str]:
    start = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or not _belong_together(text[end - 1], text[end]):
            yield text[start:end]
            start = end


def _belong_together(one: str, other: str) -> bool:
    """Whether a cluster of UAX #29 may go on from `one` to `other`; some historic scripts apart.

    Where only the text before would tell, as with a row of flags, the answer is yes.
    """
    return bool(
        unicodedata.category(other).startswith("M")
        or _EXTENDERS.match(other)
        or _LEADERS.match(one)
        or unicodedata.combining(one) == _VIRAMA
        or (_FLAG_LETTERS.match(one) and _FLAG_LETTERS.match(other))
    )


def masked(text: str) -> str:
    """`text` with all but the last four digits hidden of an account number, or of one that a phone
    would offer to call: `*7890`."""
    return _LONG_NUMBER.sub(_last_digits, text)


def _last_digits(match: re.Match[str]) -> str:
    follows = match.string[match.end() : match.end() + 1]
    if _DATES.fullmatch(match[0] + (":" if follows == ":" else "")):
        return match[0]
    if _is_date_in_brackets(match[0]):
        return match[0]
    return _MASK + "".join(_digits(match[0])[-4:])


def _is_date_in_brackets(text: str) -> bool:
    """Whether a date is what makes it long, with a small number beside it perhaps."""
    beside = [each for each in _BRACKETS.split(text) if not _DATES.fullmatch(each.strip())]
    return len(_digits("".join(beside))) < FEWEST_HIDDEN


def _digits(text: str) -> list[str]:
    return [str(unicodedata.decimal(each)) for each in text if each.isdecimal()]


@lru_cache(maxsize=256)
def shown(text: str) -> str:
    """What a message says of a text that a person or a biller typed: cleaned, with nothing in it to
    tap. Every such text goes into every message this way."""
    return masked(disarmed(clean(text)))


def biller_and_name(bill: Bill) -> tuple[str, str]:
    """Both as they are shown; the biller is "" where the bill's name already begins with it."""
    biller, name = shown(bill.biller), shown(bill.name)
    return ("" if name.casefold().startswith(biller.casefold()) else biller), name


def title(bill: Bill, unnamed: str, *, width: int) -> str:
    """The biller and the bill's name, each at most `width`; `unnamed` when neither can be read.

    One that is cut down to its ellipsis says nothing, and is left out.
    """
    biller, name = (shorten(text, width).removeprefix(ELLIPSIS) for text in biller_and_name(bill))
    return _join(biller, name) or unnamed


@lru_cache(maxsize=1024)
def _join(biller: str, name: str) -> str:
    """Chinese writes no space between two words; everything else does. Whatever would be something
    to tap only together is kept apart."""
    is_close = biller and name and _is_wide(biller[-1]) and _is_wide(name[0])
    if is_close and disarmed(biller + name) == biller + name:
        return biller + name
    line = f"{biller} {name}".strip()
    return line if masked(line) == line else f"{biller}, {name}"


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _units(text: str) -> int:
    return len(text.encode("utf-16-be", "surrogatepass")) // 2

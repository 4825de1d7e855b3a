"""Names that people and billers typed, made safe and short enough to stand in a message."""

import re
import unicodedata
from collections.abc import Iterator

from bill_reminders.domain.bills import Bill

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

_ACCOUNT_NUMBER = re.compile(r"(?<!\w)(?:[A-Z]{2}[0-9]{2} ?)?[0-9](?:[ -]?[0-9]){8,}(?!\w)")
"""Nine digits or more, in groups or not: cards, IBANs, loans. A date has eight."""

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


def _clusters(text: str) -> Iterator[str]:
    """`text` in pieces that a cut must not divide: grapheme clusters, or a few of them together."""
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
    """`text` with all but the last four digits of an account number hidden."""
    return _ACCOUNT_NUMBER.sub(lambda match: f"•{re.sub('[ -]', '', match[0])[-4:]}", text)


def biller_and_name(bill: Bill) -> tuple[str, str]:
    """Both cleaned and masked; the biller is "" where the bill's name already begins with it."""
    biller, name = masked(clean(bill.biller)), masked(clean(bill.name))
    return ("" if name.casefold().startswith(biller.casefold()) else biller), name


def title(bill: Bill, unnamed: str, *, width: int) -> str:
    """The biller and the bill's name, each at most `width`; `unnamed` when neither can be read.

    One that is cut down to its ellipsis says nothing, and is left out.
    """
    biller, name = (shorten(text, width).removeprefix(ELLIPSIS) for text in biller_and_name(bill))
    return _join(biller, name) or unnamed


def _join(biller: str, name: str) -> str:
    """Chinese writes no space between two words; everything else does."""
    apart = biller and name and not (_is_wide(biller[-1]) and _is_wide(name[0]))
    return f"{biller} {name}" if apart else biller + name


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _units(text: str) -> int:
    return len(text.encode("utf-16-be", "surrogatepass")) // 2

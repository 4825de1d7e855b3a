"""Whether people can read a text: it can be seen, and no wrong encoding made it."""

import re
import unicodedata
from functools import cache

_CONTROLS = {"Cc", "Cs", "Zl", "Zp"}
"""Control characters, lone surrogates, line and paragraph separators (Unicode categories)."""

_BIDI_CONTROLS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
"""Embeddings, overrides and isolates: they could make a text show another amount or name."""

_UNSEEN = {*_CONTROLS, "Cf", "Zs", "Mn", "Me"}
"""What shows nothing by itself: also spaces, format characters, and marks on another character."""

_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0\U0001d159\u2065")
"""What is drawn as nothing: Korean fillers, empty Braille, a null note."""

_IGNORABLE = (range(0xFFF0, 0xFFF9), range(0xE0000, 0xE1000))
"""Code points without a character that Unicode tells programs to draw as nothing, too
(Default_Ignorable_Code_Point)."""

_LOST = re.compile(r"[\ufdd0-\ufdef\ufffd]|锟斤拷|\A\?[? ]*\?\Z")
"""What programs leave of characters that they could not read or write. The Chinese one is two
replacement characters, read as GBK."""


def _read_wrongly(first: int, last: int) -> str:
    """What bytes look like in Windows-1252, or in Latin-1 where that has none."""
    both = (
        bytes([byte]).decode(code, "ignore") for byte in range(first, last + 1) for code in _CODES
    )
    return re.escape("".join(both))


_CODES = ("cp1252", "latin-1")


@cache
def _broken() -> re.Pattern[str]:
    """One character in UTF-8 whose bytes were each read as a character. Compiled for the first text
    that is not plain ASCII."""
    more = f"[{_read_wrongly(0x80, 0xBF)}]"  # a byte that continues a character
    return re.compile(rf"[Â-ß]{more}|[à-ï]{more}{{2}}|[ð-ô]{more}{{3}}")


_WESTERN = frozenset("ÂÃÄÅ")
_SCRIPTS = frozenset("ÎÏÐÑÒ×ØÙÚÛà")
"""The first byte of Latin letters; of Greek, Cyrillic, Hebrew, Arabic and Indic ones, of which no
name has one alone. What else has two bytes is rarer than an É before an apostrophe."""

_ENDS_WORD = frozenset("\u00a0’‘”“…–—™®©°ªº»›«‹•·")


_LINK = re.compile("[:\uff1a][/\uff0f]{2}")


def fault(text: str) -> str | None:
    """Why people cannot read `text`, and the remedy; None when they can."""
    if any(map(_is_control, text)):
        return (
            "holds a line break or an invisible control character: delete it and type the text "
            "again"
        )
    if _LOST.search(text) or any(map(_is_nobodys, text)) or _is_broken(text):
        return (
            "holds characters that a wrong encoding left behind, or that few programs can show: "
            "type the text again, and save a file as UTF-8"
        )
    if not any(map(_is_seen, text)):
        return "nothing of it can be seen: write letters, digits or signs"
    return None


def link_fault(text: str) -> str | None:
    """Why a text that is sent to people may not hold what it does, and the remedy."""
    if _LINK.search(text):
        return "holds a web address: write it without ://, for names go out in messages"
    return None


def _is_control(character: str) -> bool:
    return (
        unicodedata.category(character) in _CONTROLS
        or unicodedata.bidirectional(character) in _BIDI_CONTROLS
    )


def _is_nobodys(character: str) -> bool:
    """Whether it is for private use, or the number of no character at all."""
    return unicodedata.category(character) == "Co" or ord(character) & 0xFFFE == 0xFFFE


def _is_seen(character: str) -> bool:
    is_drawn = unicodedata.category(character) not in _UNSEEN and character not in _BLANK
    return is_drawn and not any(ord(character) in each for each in _IGNORABLE)


def _is_broken(text: str) -> bool:
    """Whether UTF-8 was read as a western encoding somewhere in it, beyond doubt."""
    if text.isascii():
        return False
    found = [each for each in _broken().finditer(text) if _is_utf8(each[0]) and not _is_word(each)]
    foreign = sum(each[0][0] in _SCRIPTS for each in found)
    return foreign > 1 or any(each[0][0] in _WESTERN or each[0][0] > "à" for each in found)


def _is_utf8(text: str) -> bool:
    try:
        again = b"".join(map(_byte, text)).decode()
    except UnicodeDecodeError:
        return False
    return unicodedata.category(again) != "Cn"


def _byte(character: str) -> bytes:
    try:
        return character.encode("cp1252")
    except UnicodeEncodeError:
        return character.encode("latin-1")


def _is_word(found: re.Match[str]) -> bool:
    """Whether it may be how a word ends, with what follows it: Café », AMANHÃ…, SMÅ’S."""
    first, more = found[0][0], found[0][1:]
    before, after = found.string[: found.start()][-1:], found.string[found.end() :]
    if first == "Â" or not before.isalpha() or (first.isupper() and not before.isupper()):
        return False
    is_over = not after[:1].isalnum() or (after[0] in "sS" and not after[1:2].isalnum())
    return is_over and _ENDS_WORD.issuperset(more)

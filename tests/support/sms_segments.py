"""How many segments an SMS takes, counted anew from the standards for the tests alone.

GSM 03.38's default alphabet packs 160 septets into one SMS and 153 into each of several; a
character of its extension table is an escape and a septet, which one segment has to hold together.
Anything else is UTF-16 (UCS-2 to the standard): 70 code units, or 67 each, and a surrogate pair is
not divided either.
"""

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")


def counted(text: str) -> int:
    """The segments that `text` takes."""
    if set(text) <= BASIC | EXTENSION:
        return _packed([1 if character in BASIC else 2 for character in text], 160, 153)
    return _packed([len(character.encode("utf-16-be")) // 2 for character in text], 70, 67)


def _packed(sizes: list[int], alone: int, each: int) -> int:
    if sum(sizes) <= alone:
        return 1
    segments, room = 1, each
    for size in sizes:
        if size > room:
            segments, room = segments + 1, each
        room -= size
    return segments

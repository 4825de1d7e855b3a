"""What a phone or a mail program would turn into something to tap: broken, and still readable.

Names that people and billers typed go out under the sender's name, so they lead nowhere. A space
is put after the sign that makes an address of them: `Booking. com`. A space costs an SMS no
alphabet, as an invisible sign would, and no program looks for an address across one.
"""

import re
from functools import cache

_DOTS = ".\u2024\u3002\ufe52\uff0e\uff61"
"""The full stop, and what browsers read as one in a name of the Internet."""

_SPELLING = r"(?:(?!\d)[A-Za-z\u0080-\U0010ffff])"
"""A sign of a top-level domain, of any script. None is shorter than two, so initials stay whole."""

_SIGNS = frozenset(f"{_DOTS}@\ufe6b\uff20:\uff1a/\uff0f-")
"""Without one of these nothing can be tapped."""


class _Patterns:
    """Compiled for the first text that holds such a sign: most names hold none."""

    def __init__(self) -> None:
        scheme = re.compile(r"[:\uff1a](?=[/\uff0f]{2})")
        slashes = re.compile(r"[/\uff0f]{2}(?=[^\s/\uff0f])")
        # what opens the dialler, a chat or a shop, without any slashes
        of_apps = re.compile(
            r"\b(?:tel|sms|mms|mailto|callto|facetime|skype|whatsapp|geo|market|intent)[:\uff1a]"
            r"(?=\S)",
            re.IGNORECASE,
        )
        at = re.compile(r"(?<=\S)[@\ufe6b\uff20](?=\S)")
        www = re.compile(rf"(?<=www)[{_DOTS}](?=\S)", re.IGNORECASE)
        domain = re.compile(
            rf"(?<=[^\s{_DOTS}])[{_DOTS}](?={_SPELLING}{{2}}|[\u200c\u200d]{_SPELLING})"
        )
        # a toll-free or premium rate number with digits written as letters: 1-800-FLOWERS
        spelled_number = re.compile(r"(?<!\d)(?:8[0-9]{2}|900)-(?=[A-Za-z])")
        self.breaks = (scheme, slashes, of_apps, at, www, domain, spelled_number)
        self.ip_address = re.compile(rf"(?<!\d)\d{{1,3}}(?:[{_DOTS}]\d{{1,3}}){{3}}(?!\d)")
        self.dot_before_digit = re.compile(rf"[{_DOTS}](?=\d)")


_patterns = cache(_Patterns)


def disarmed(text: str) -> str:
    """`text` without links: web and e-mail addresses, IP addresses, links into apps.

    Digits that are a number to call are for names.masked. Applied twice it changes nothing more.
    """
    if _SIGNS.isdisjoint(text):
        return text
    broken = _patterns().ip_address.sub(_apart, text)
    for each in _patterns().breaks:
        broken = each.sub(r"\g<0> ", broken)
    return broken


def _apart(match: re.Match[str]) -> str:
    return _patterns().dot_before_digit.sub(r"\g<0> ", match[0])

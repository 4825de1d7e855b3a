"""What a phone or a mail program would turn into something to tap: broken, and still readable.

Names that people and billers typed go out under the sender's name, so they lead nowhere. A space
is put after the sign that makes an address of them: `Booking. com`. A space costs an SMS no
alphabet, as an invisible sign would, and no program looks for an address across one.
"""

import re

_DOTS = ".\u2024\u3002\ufe52\uff0e\uff61"
"""The full stop, and what browsers read as one in a name of the Internet."""

_SPELLING = r"(?:(?!\d)[A-Za-z\u0080-\U0010ffff])"
"""A sign of a top-level domain, of any script. None is shorter than two, so initials stay whole."""

_DOMAIN = re.compile(rf"(?<=[^\s{_DOTS}])[{_DOTS}](?={_SPELLING}{{2}}|[\u200c\u200d]{_SPELLING})")
_WWW = re.compile(rf"(?<=www)[{_DOTS}](?=\S)", re.IGNORECASE)
_IP_ADDRESS = re.compile(rf"(?<!\d)\d{{1,3}}(?:[{_DOTS}]\d{{1,3}}){{3}}(?!\d)")
_DOT_BEFORE_DIGIT = re.compile(rf"[{_DOTS}](?=\d)")
_AT = re.compile(r"(?<=\S)[@\ufe6b\uff20](?=\S)")
_SCHEME = re.compile(r"[:\uff1a](?=[/\uff0f]{2})")
_SLASHES = re.compile(r"[/\uff0f]{2}(?=[^\s/\uff0f])")
_OF_APPS = re.compile(
    r"\b(?:tel|sms|mms|mailto|callto|facetime|skype|whatsapp|geo|market|intent)[:\uff1a](?=\S)",
    re.IGNORECASE,
)
"""What opens the dialler, a chat or a shop, without any slashes."""
_SPELLED_NUMBER = re.compile(r"(?<!\d)(?:8[0-9]{2}|900)-(?=[A-Za-z])")
"""A toll-free or premium rate number whose digits are written as letters: 1-800-FLOWERS."""

_BREAKS = (_SCHEME, _SLASHES, _OF_APPS, _AT, _WWW, _DOMAIN, _SPELLED_NUMBER)


def disarmed(text: str) -> str:
    """`text` without links: web and e-mail addresses, IP addresses, links into apps.

    Digits that are a number to call are for names.masked. Applied twice it changes nothing more.
    """
    broken = _IP_ADDRESS.sub(_apart, text)
    for each in _BREAKS:
        broken = each.sub(r"\g<0> ", broken)
    return broken


def _apart(match: re.Match[str]) -> str:
    return _DOT_BEFORE_DIGIT.sub(r"\g<0> ", match[0])

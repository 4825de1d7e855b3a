"""Plays the phone and the mail program: what they would turn into something to tap."""

from collections.abc import Iterator
from functools import lru_cache

from linkify_it import LinkifyIt
from phonenumbers import Leniency, PhoneNumberMatcher

REGIONS = ("US", "GB", "CN")
"""Where a phone is set to: it decides which digits without a country code are a number."""

_TOP_LEVEL = ("example", "test", "page", "shop", "link", "公司", "рф", "भारत", "xn--p1ai")
_LINKS = LinkifyIt(options={"fuzzy_link": True, "fuzzy_email": True, "fuzzy_ip": True})
_LINKS.tlds(list(_TOP_LEVEL), True)


def tappable(text: str) -> list[str]:
    """What in `text` leads somewhere when it is touched, each as it is written there."""
    return [*links_in(text), *numbers_in(text)]


def links_in(text: str) -> list[str]:
    return [each.text for each in _LINKS.match(text) or ()]


def numbers_in(text: str) -> list[str]:
    """No number goes on in another line, and most lines of a message are those of the last one."""
    return [number for line in text.split("\n") for number in _in_line(line)]


@lru_cache(maxsize=4096)
def _in_line(line: str) -> tuple[str, ...]:
    return tuple(_numbers(line))


def _numbers(line: str) -> Iterator[str]:
    for region in REGIONS:
        for found in PhoneNumberMatcher(line, region, leniency=Leniency.VALID):
            yield found.raw_string

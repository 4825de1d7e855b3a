"""The second proof: a code that is sent to where a message went opens what is beyond its bills.

It holds for that link, in the browser in which the code was entered, for half an hour.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from bill_reminders.pages.forms import Unclear
from bill_reminders.storage.links import PROOF_LASTS, Link


class WrongProof(Unclear):
    """Not the code that was sent; so many tries are `left`."""

    def __init__(self, left: int) -> None:
        super().__init__("page_fault_proof_wrong", left=str(left))


class NeedsProof(Unclear):
    """What the button does reaches further than the link, and the code was not entered."""

    status = HTTPStatus.FORBIDDEN

    def __init__(self) -> None:
        super().__init__("page_fault_proof")


def cookie_name(token_hash: str) -> str:
    """Each link has its own, so that one proof does not end another."""
    return f"__Host-proof-{token_hash[:16]}"


def is_shown(event: Mapping[str, Any], link: Link, *, now: datetime) -> bool:
    """Whether a request comes from a browser in which the link's code was entered."""
    wanted = f"{cookie_name(link.token_hash)}="
    return any(
        link.is_proven(cookie.removeprefix(wanted), now=now)
        for cookie in _cookies(event)
        if cookie.startswith(wanted)
    )


def _cookies(event: Mapping[str, Any]) -> Iterator[str]:
    """Each as `name=value`. The gateway lists them apart; other engines leave them in a header."""
    yield from event.get("cookies") or ()
    for name, value in event["headers"].items():
        if name.lower() == "cookie":
            yield from map(str.strip, value.split(";"))


def cookie_of(link: Link, secret: str) -> str:
    """What a browser keeps in which the code was entered. A request that another site makes does
    not carry it, and no script reads it."""
    lasts = int(PROOF_LASTS.total_seconds())
    attributes = f"Path=/; Max-Age={lasts}; Secure; HttpOnly; SameSite=Strict"
    return f"{cookie_name(link.token_hash)}={secret}; {attributes}"

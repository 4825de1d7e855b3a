"""The second proof: a code that is sent to where a message went opens what is beyond its bills.

It holds for that link, in the browser in which the code was entered, for half an hour.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from unicodedata import normalize
from uuid import uuid4

from bill_reminders.pages.actions import Form, Unclear, field_of
from bill_reminders.pages.view import Opened
from bill_reminders.storage import codes, links
from bill_reminders.storage.codes import NoCode, WrongCode
from bill_reminders.storage.links import PROOF_LASTS, Link

SIX_DIGITS = re.compile(r"[0-9]{6}")
BETWEEN_DIGITS = str.maketrans("", "", " -")


class WrongProof(Unclear):
    """Not the code that was sent; so many tries are `left`."""

    def __init__(self, left: int) -> None:
        super().__init__("page_fault_proof_wrong", left=str(left))


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


def enter(opened: Opened, form: Form) -> str | None:
    """The cookie of a browser in which the right code was entered; None when the link is gone
    meanwhile. Raises Unclear."""
    code = normalize("NFKC", field_of(form, "code")).translate(BETWEEN_DIGITS)
    if SIX_DIGITS.fullmatch(code) is None:
        raise Unclear("page_fault_proof_code")
    link, request = opened.link, uuid4().hex
    ident = codes.link_id(link.token_hash)
    try:
        codes.enter(link.user_id, ident, code, request=request, now=opened.now)
    except WrongCode as error:
        raise WrongProof(error.left) from None
    except NoCode:
        raise Unclear("page_fault_proof_none") from None
    secret = links.prove(link.token_hash, now=opened.now)
    codes.use_up(link.user_id, ident, request=request)
    return None if secret is None else _cookie(link, secret)


def _cookie(link: Link, secret: str) -> str:
    """A request that another site makes does not carry it, and no script reads it."""
    lasts = int(PROOF_LASTS.total_seconds())
    attributes = f"Path=/; Max-Age={lasts}; Secure; HttpOnly; SameSite=Strict"
    return f"{cookie_name(link.token_hash)}={secret}; {attributes}"

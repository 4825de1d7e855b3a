"""Where a code is entered that opens what is beyond a message's bills."""

import re
from unicodedata import normalize
from uuid import uuid4

from bill_reminders.pages.forms import Form, Unclear, field_of
from bill_reminders.pages.proof import WrongProof, cookie_of
from bill_reminders.pages.view import Opened, code_form, render
from bill_reminders.storage import codes, links
from bill_reminders.storage.codes import NoCode, WrongCode

CODE_MINUTES = int(codes.LIFETIME.total_seconds() // 60)
SIX_DIGITS = re.compile(r"[0-9]{6}")
BETWEEN_DIGITS = str.maketrans("", "", " -")


def page(opened: Opened, number: int, *, fault: str = "") -> str:
    """`fault` says what is wrong with what was entered."""
    return render(
        "proof.html",
        opened.account.user.language,
        base=f"/r/{opened.token}/{number}",
        ask_code=code_form(opened),
        minutes=CODE_MINUTES,
        fault=fault,
    )


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
    return None if secret is None else cookie_of(link, secret)

"""Attacks by HTTP on an account that a biller made: with a number that changed hands, and by a
stranger who is in."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from uuid import uuid4

import pytest

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Address, Attestation
from bill_reminders.storage.saving import save_bills, save_user
from local.stack import Stack, wait_until
from tests.stack.people import NOW
from tests.support.entered import IN_THREE_DAYS
from tests.support.http import Front
from tests.support.people import ATTESTED, a_bill, a_user, new_phone

LONG_AGO = Attestation("Branch desk", NOW - timedelta(days=400), "form 7")


@dataclass(frozen=True)
class Held:
    """An imported account, and its contacts."""

    phone: str
    email: str


def an_import(stack: Stack, attestation: Attestation) -> Held:
    user_id = f"import-{uuid4().hex[:12]}"
    held = Held(new_phone(), f"{user_id}@example.com")
    addresses = {
        Channel.SMS: Address(held.phone, attestation),
        Channel.EMAIL: Address(held.email, attestation),
    }
    user = replace(
        a_user(user_id, channels=tuple(addresses)), addresses=MappingProxyType(addresses)
    )
    save_user(user, shards=int(stack.outputs["ShardsRead"]), now=NOW)
    bill = a_bill(user_id, due_on=IN_THREE_DAYS)
    save_bills(user_id, [lambda _: bill], now=NOW)
    return held


@pytest.fixture
def stranger(stack: Stack) -> Front:
    return Front(stack.api, stack.token(f"{uuid4().hex}@example.com")).registered()


def confirm(stack: Stack, front: Front, phone: str) -> bool:
    """Whether that joined an account."""
    added = front.post("/v1/contacts", {"channel": "sms", "address": phone})
    assert added.status == 201, added.text
    text = [sent.text for sent in stack.outbox() if sent.address == phone][-1]
    code = re.findall(r"\b[0-9]{6}\b", text)[0]
    done = front.post(f"{added.headers['location']}/confirm", {"code": code})
    assert done.status == 200, done.text
    return bool(done.json["joined"])


def test_a_number_that_changed_hands_opens_no_account(stack: Stack, stranger: Front) -> None:
    held = an_import(stack, LONG_AGO)
    assert confirm(stack, stranger, held.phone) is False
    assert stranger.get("/v1/bills").json["bills"] == []


def test_a_stranger_who_is_in_takes_nothing_away_and_is_thrown_out(
    stack: Stack, stranger: Front
) -> None:
    held = an_import(stack, ATTESTED)
    assert confirm(stack, stranger, held.phone) is True
    assert stranger.post("/v1/account/exports").status == 409
    erased = stranger.post("/v1/account/erasures", {"confirm": "erase everything"})
    assert erased.status == 409, erased.text
    told: list[str] = []

    def is_told() -> bool:
        told[:] = [sent.text for sent in stack.outbox() if sent.address == held.email]
        return bool(told)

    wait_until(is_told, 60, "the other contact was not told")
    link = re.findall(r"/r/[A-Za-z0-9]{17}", told[-1])[0]
    owner = Front(stack.api)
    assert owner.get(link).status == 200
    assert len(stranger.get("/v1/bills").json["bills"]) == 1
    owner.call("POST", f"{link}/undo", raw=b"")  # leads back to a page of the links' own domain
    assert "has been undone" in owner.get(link).text
    assert stranger.get("/v1/bills").status == 404

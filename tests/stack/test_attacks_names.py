"""Attacks by what is typed, played by HTTP: a lure under the sender's name, and a way back in."""

import re
from collections.abc import Callable
from datetime import timedelta

import boto3

from bill_reminders.domain.enums import Channel
from bill_reminders.storage import contacts, identities
from local.stack import Stack, wait_until
from tests.stack.people import NOW
from tests.support.http import Front, identity_in
from tests.support.people import fictitious_phone
from tests.support.tappable import tappable

NewId = Callable[[], str]
PHONE = fictitious_phone(4_711)


def signed_in(stack: Stack, name: str) -> Front:
    front = Front(stack.api, stack.token(f"{name}@example.com"))
    made = front.post("/v1/account", {"language": "en", "time_zone": "UTC"})
    assert made.status == 201, made.text
    return front


def test_a_lure_in_a_name_is_refused_or_goes_out_broken(stack: Stack, new_id: NewId) -> None:
    name = new_id()
    stack.set_clock(NOW - timedelta(hours=1))
    front = signed_in(stack, name)
    user_id = identities.user_of(identity_in(front.token or ""))
    assert user_id is not None
    contacts.take(user_id, Channel.SMS, PHONE, now=NOW - timedelta(hours=1))
    bill = {"biller": name, "amount": "12.00", "currency": "USD"}
    bill["first_due"] = NOW.date().isoformat()
    refused = front.post("/v1/bills", bill | {"name": "https://pay-now.example/p"})
    assert refused.status == 422
    assert list(refused.faults()) == ["name"]
    lure = {"name": "pay-now.example/p call 0800 1111"}
    assert front.post("/v1/bills", bill | lure).status == 201
    stack.set_clock(NOW)
    stack.tick()
    wait_until(lambda: bool(texts(stack, name)), 60, "nothing was sent")
    (text,) = texts(stack, name)
    assert "pay-now. example/p call *1111" in text
    (ours,) = tappable(text)
    assert ours in re.findall(r"http://localhost:\d+/r/\w+", text)


def texts(stack: Stack, name: str) -> list[str]:
    return [sent.text for sent in stack.outbox() if sent.address == PHONE and name in sent.text]


def test_who_was_erased_has_no_sign_in_left(stack: Stack, new_id: NewId) -> None:
    email = f"{new_id()}@example.com"
    front = signed_in(stack, email.partition("@")[0])
    asked = front.post("/v1/account/erasures", {"confirm": "erase everything"})
    assert asked.status == 202, asked.text

    def status() -> dict[str, str]:
        told: dict[str, str] = front.get(asked.headers["location"]).json
        return told

    wait_until(lambda: status()["state"] == "done", 60, "the job was not done")
    assert status()["sign_in"] == "deleted"
    users = boto3.client("cognito-idp").list_users(
        UserPoolId=stack.outputs["UserPoolId"], Filter=f'email = "{email}"'
    )["Users"]
    assert users == []

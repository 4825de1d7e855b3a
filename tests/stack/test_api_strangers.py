"""What is one user's is nobody else's: whoever knows an id, a cursor, an ETag or a key of another
user gets no further with it than with one that was made up."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from local.stack import Stack, wait_until
from tests.stack.people import NOW
from tests.support.http import Front, Operation, identity_in, kept_of, operations
from tests.support.people import new_phone

BILL = {"biller": "Oak Homes", "name": "Rent", "first_due": "2027-03-05"}
LOAN = {
    "currency": "USD",
    "repeats": {"unit": "month"},
    "loan": {"method": "equal_principal", "principal": "1200", "rate": "4.2", "instalments": 12},
}
BODIES: dict[str, dict[str, Any] | None] = {
    "getJob": None,
    "getBill": None,
    "getReminder": None,
    "giveFeedback": {"useful": False},
    "takeFeedbackBack": None,
    "changeBill": {"name": "Mine now"},
    "undoPayment": None,
    "putStatement": {"amount": "1", "currency": "USD"},
    "undoStatement": None,
    "snoozeBill": {"until": "2027-03-04"},
    "undoSnooze": None,
    "addPayment": {},
    "undoFailedDebit": None,
    "addFailedDebit": {"occurrence": 1},
    "addPrepayment": {"amount": "20", "effect": "lower_instalment"},
    "undoPrepayment": None,
    "getSchedule": None,
    "listOlderPayments": None,
    "silenceBill": {"reason": "not_mine"},
    "unsilenceBill": None,
    "closeBill": None,
    "reopenBill": None,
    "deleteBill": None,
    "getContact": None,
    "confirmContact": {"code": "{code}"},
    "removeContact": None,
    "removeDevice": None,
}
"""What a stranger sends to each operation that has an id in its path. {code} is the right one. In
an order in which the owner can do all of it."""


@dataclass(frozen=True)
class Owner:
    """A user with something of everything."""

    front: Front
    user_id: str
    ids: dict[str, str]
    etag: str

    def kept(self, stack: Stack) -> dict[str, list[Any]]:
        return kept_of(stack.outputs, self.user_id, identity_in(self.front.token or ""))


def code_to(stack: Stack, address: str) -> str:
    (text,) = [sent.text for sent in stack.outbox() if sent.address == address]
    return re.findall(r"\b[0-9]{6}\b", text)[0]


def an_owner(stack: Stack) -> Owner:
    stack.set_clock(NOW - timedelta(minutes=5))  # shorter than a code lives
    name = f"owner-{uuid4().hex[:12]}"
    front = Front(stack.api, stack.token(f"{name}@example.com"))
    user_id = front.post("/v1/account", {"language": "en", "time_zone": "UTC"}).json["user_id"]
    phone, email = new_phone(), f"{name}@mail.example.com"
    confirmed = front.post("/v1/contacts", {"channel": "sms", "address": phone})
    front.post(f"{confirmed.headers['location']}/confirm", {"code": code_to(stack, phone)})
    waiting = front.post("/v1/contacts", {"channel": "email", "address": email})
    bills = [front.post("/v1/bills", {**BILL, "name": f"{name} {n}"}).json for n in range(2)]
    address = f"/v1/bills/{bills[0]['bill_id']}"
    stack.set_clock(NOW)
    stack.tick()
    wait_until(
        lambda: len(front.get("/v1/reminders?state=sent").json["reminders"]) == 1,
        60,
        "the owner was not reminded",
    )
    stack.settle()
    front.patch(address, {**LOAN, "autopay": True}, "*")
    prepaid = front.post(f"{address}/prepayments", {"amount": "10", "effect": "shorter_term"})
    failed = front.post(f"{address}/failed-debits", {})
    paid = front.post(f"{address}/payments", {})
    device = {"platform": "google", "token": f"device-of-{name}"}
    ids = {
        "number": "0",
        "bill_id": bills[0]["bill_id"],
        "payment_id": paid.json["payments"][0]["payment_id"],
        "prepayment_id": prepaid.json["prepayments"][0]["prepayment_id"],
        "failed_debit_id": failed.json["failed_debits"][0]["failed_debit_id"],
        "reminder_id": front.get("/v1/reminders").json["reminders"][0]["reminder_id"],
        "contact_id": waiting.json["contact_id"],
        "code": code_to(stack, email),
        "device_id": front.post("/v1/devices", device).json["device_id"],
        "job_id": front.post("/v1/account/exports").json["job_id"],
    }
    return Owner(front, user_id, ids, paid.etag)


@pytest.fixture(scope="module")
def owner(stack: Stack) -> Owner:
    return an_owner(stack)


@pytest.fixture(scope="module")
def stranger(stack: Stack) -> Front:
    """Somebody with an account, and nothing in it."""
    return Front(stack.api, stack.token(f"{uuid4().hex}@example.com")).registered()


def with_an_id() -> list[Operation]:
    return [operation for operation in operations() if operation.needs_an_id]


def test_the_table_names_every_operation_that_has_an_id() -> None:
    assert set(BODIES) == {operation.name for operation in with_an_id()}


def ask(front: Front, operation: Operation, ids: dict[str, str], etag: str) -> Any:
    body = BODIES[operation.name]
    if body is not None:
        body = {k: v.format(**ids) if isinstance(v, str) else v for k, v in body.items()}
    headers = {"if-match": etag} if operation.method == "PATCH" else {}
    return front.call(operation.method, operation.path.format(**ids), body, headers=headers)


@pytest.mark.parametrize("operation", with_an_id(), ids=str)
def test_an_id_of_another_user_is_as_unknown_as_one_that_was_made_up(
    stack: Stack, owner: Owner, stranger: Front, operation: Operation
) -> None:
    before = owner.kept(stack)
    answer = ask(stranger, operation, owner.ids, owner.etag)
    assert answer.status == 404, answer.text
    assert answer.json["type"] == "/v1/docs#not-found"
    assert owner.kept(stack) == before

    unheard = {**owner.ids, "bill_id": "b0", "reminder_id": "A" * 40}
    unheard |= {"contact_id": "0" * 20, "device_id": "0" * 20, "job_id": "0" * 24}
    made_up = ask(stranger, operation, unheard, owner.etag)
    assert (made_up.status, made_up.text) == (answer.status, answer.text)


def test_each_of_a_stranger_s_calls_finds_something_when_its_owner_makes_it(stack: Stack) -> None:
    """So that no 404 above was one for some other reason."""
    owner = an_owner(stack)
    named = {operation.name: operation for operation in with_an_id()}
    answers = {name: ask(owner.front, named[name], owner.ids, "*").status for name in BODIES}
    done = {name for name, status in answers.items() if status < 300}
    assert done == set(BODIES), answers


def test_a_payment_of_another_user_is_not_undone_through_a_bill_of_one_s_own(
    stack: Stack, owner: Owner, stranger: Front
) -> None:
    own = stranger.post("/v1/bills", BILL).json["bill_id"]
    before = owner.kept(stack)
    undone = stranger.delete(f"/v1/bills/{own}/payments/{owner.ids['payment_id']}")
    assert undone.status == 404, undone.text
    assert owner.kept(stack) == before


@pytest.mark.parametrize("path", ["/v1/bills", "/v1/occurrences", "/v1/reminders"])
def test_a_cursor_of_another_user_is_refused(owner: Owner, stranger: Front, path: str) -> None:
    cursor = owner.front.get(f"{path}?limit=1").json["next_cursor"]
    address = f"{path}?limit=1&cursor={cursor}"
    assert owner.front.get(address).status == 200
    refused = stranger.get(address)
    assert refused.status == 422, refused.text
    assert set(refused.faults()) == {"cursor"}


def test_an_etag_of_another_user_s_settings_matches_nothing(owner: Owner, stranger: Front) -> None:
    before = stranger.get("/v1/settings")
    etag = owner.front.get("/v1/settings").etag
    assert stranger.patch("/v1/settings", {"tips": False}, etag).status == 412
    assert stranger.get("/v1/settings").json == before.json


@pytest.mark.parametrize("name", ["Rent", "Another one"])
def test_an_idempotency_key_of_another_user_brings_no_answer_of_theirs(
    owner: Owner, stranger: Front, name: str
) -> None:
    key = uuid4().hex
    theirs = owner.front.post("/v1/bills", BILL, key=key)
    own = stranger.post("/v1/bills", {**BILL, "name": name}, key=key)
    assert (theirs.status, own.status) == (201, 201), own.text
    assert own.json["name"] == name
    assert own.json["bill_id"] != theirs.json["bill_id"]
    assert stranger.get(f"/v1/bills/{theirs.json['bill_id']}").status == 404
    assert owner.front.get(f"/v1/bills/{own.json['bill_id']}").status == 404


def test_a_stranger_s_lists_hold_nothing_of_anybody_else(owner: Owner, stack: Stack) -> None:
    newcomer = Front(stack.api, stack.token(f"{uuid4().hex}@example.com")).registered()
    lists = {
        "/v1/bills": "bills",
        "/v1/bills/files/json": "bills",
        "/v1/occurrences": "occurrences",
        "/v1/reminders": "reminders",
        "/v1/reminders/upcoming": "reminders",
        "/v1/contacts": "contacts",
        "/v1/devices": "devices",
    }
    for address, name in lists.items():
        assert newcomer.get(address).json[name] == [], address
        assert owner.front.get(address).json[name] != [], address
    (header,) = newcomer.get("/v1/bills/files/csv").text.splitlines()
    assert header.startswith("bill_id,")

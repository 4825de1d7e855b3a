"""Contacts and devices: an address is its owner's, and nobody else is ever written to."""

import hashlib
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from bill_reminders import clock
from bill_reminders.channels import providers
from bill_reminders.channels.push import endpoints
from bill_reminders.channels.sms.contact import all_codes
from bill_reminders.delivery import claims
from bill_reminders.delivery.wake_ups import WakeUp
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Address, StoppedBy
from bill_reminders.storage import accounts, identities, link_codes
from bill_reminders.storage.access_tables import LimitItem
from bill_reminders.storage.addresses import owner_of
from bill_reminders.storage.erasure import erase
from bill_reminders.storage.tables import UserItem
from tests.api.conftest import SetClock
from tests.support import account_changes, wire
from tests.support.api import Person, Reply
from tests.support.entered import (
    IN_THREE_DAYS,
    NINE,
    enter,
    schedule,
    states_of,
    wakes_at,
)
from tests.support.functions import Context, sqs_event
from tests.support.logged import logged
from tests.support.moto_stack import MotoStack
from tests.support.people import ATTESTED, a_bill, a_user
from tests.support.visitor import Visitor

NOW = datetime(2027, 2, 1, 12, 5, tzinfo=UTC)
"""Five past, so that no test runs over the end of an hour."""
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PHONE, OTHER_PHONE, EMAIL = "+12025550161", "+12025550162", "quentin@example.com"
TOKEN, OTHER_TOKEN = "d1f2c3b4a5968778695a4b3c2d1e0f00", "e1f2c3b4a5968778695a4b3c2d1e0f11"
BILL = {
    "biller": "Lantern Bank",
    "name": "Credit card",
    "amount": "120.50",
    "currency": "USD",
    "first_due": IN_THREE_DAYS.isoformat(),
}


@pytest.fixture(autouse=True)
def _ready(stack: MotoStack, set_clock: SetClock) -> None:
    """A verified sender, an application for push, and the middle of an hour."""
    stack.client("sesv2").create_email_identity(EmailIdentity="example.com")
    made = stack.client("sns").create_platform_application(
        Name="app", Platform="GCM", Attributes={"PlatformCredential": "x"}
    )
    stack.ids["GooglePushApplicationArn"] = made["PlatformApplicationArn"]
    set_clock(NOW)


@pytest.fixture(autouse=True)
def log(stack: MotoStack, _ready: None) -> Iterator[io.StringIO]:
    """What the functions log. After every test: no address, no token and no code of it."""
    with logged(stack.function("ApiSettings").logger) as lines:
        yield lines
    said = lines.getvalue()
    for secret in ("+1202555", "12025550", "example.com", TOKEN, OTHER_TOKEN, ":endpoint/"):
        assert secret not in said
    for text in [text for _, text in _sent_sms()]:
        code = re.search(r"\b[0-9]{6}\b", text)
        assert code is None or f'"{code[0]}"' not in said


def _sent_sms() -> list[tuple[str, str]]:
    messages = get_backend("sns")[DEFAULT_ACCOUNT_ID]["us-east-1"].sms_messages
    return list(messages.values())


def sms_to(number: str) -> list[str]:
    return [text for to, text in _sent_sms() if to == number]


def emails_to(address: str) -> list[Any]:
    sent = get_backend("sesv2")[DEFAULT_ACCOUNT_ID]["us-east-1"].core_backend.sent_messages
    return [each for each in sent if address in each.destinations["ToAddresses"]]


def everything_sent() -> int:
    sent = get_backend("sesv2")[DEFAULT_ACCOUNT_ID]["us-east-1"].core_backend.sent_messages
    return len(_sent_sms()) + len(sent)


def person(stack: MotoStack, name: str = "ann", source: str | None = None) -> Person:
    """Somebody with an account, who asks from a place of their own."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:2])
    return Person(stack, name, source or f"198.51.{number >> 8}.{number & 255}").registered()


def user_id_of(who: Person) -> str:
    user_id = identities.user_of(who.identity)
    assert user_id is not None
    return user_id


def as_if_imported(who: Person) -> Person:
    """With the limits of those whose account a biller made."""
    UserItem(user_id_of(who)).update([UserItem.self_registered.set(False)])
    return who


def add(who: Person, address: str = PHONE, **more: Any) -> Reply:
    channel = "email" if "@" in address else "sms"
    return who.post("/v1/contacts", {"channel": channel, "address": address}, **more)


def code_sent_to(address: str) -> str:
    """The latest code that went to an address."""
    if "@" in address:
        text = re.sub(r"<style.*?</style>|<[^>]+>", " ", emails_to(address)[-1].body, flags=re.S)
    else:
        text = sms_to(address)[-1]
    codes = set(re.findall(r"\b[0-9]{6}\b", text))
    assert len(codes) == 1, text
    return codes.pop()


def confirm(who: Person, added: Reply, code: str, **more: Any) -> Reply:
    return who.post(f"/v1/contacts/{added.json['contact_id']}/confirm", {"code": code}, **more)


def confirmed(who: Person, address: str = PHONE) -> Person:
    added = add(who, address)
    assert added.status == 201, added.text
    done = confirm(who, added, code_sent_to(address))
    assert done.status == 200, done.text
    return who


def another(code: str, by: int = 1) -> str:
    return f"{(int(code) + by) % 1_000_000:06}"


def contacts_of(who: Person) -> dict[str, str]:
    """The state of each, by address."""
    listed = who.get("/v1/contacts").json["contacts"]
    return {each["address"]: each["state"] for each in listed}


def items(stack: MotoStack, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stack.client("dynamodb").scan(TableName=stack.ids[table])["Items"]
    return found


def imported(user_id: str = "imported", address: str = PHONE, *, bills: int = 1) -> str:
    """An account that a biller made: an attested address, and bills."""
    channel = Channel.EMAIL if "@" in address else Channel.SMS
    user = a_user(user_id, channels=(channel,))
    known = user.addresses[channel]
    user = user.with_address(channel, type(known)(address, ATTESTED))
    due = (a_bill(user_id, f"bill-{number}", due_on=IN_THREE_DAYS) for number in range(bills))
    enter(user, *due)
    return user_id


def remind(stack: MotoStack, user_id: str, set_clock: SetClock) -> None:
    """What a tick at NINE sends to one user by SMS."""
    set_clock(NINE + 5 * SECOND)
    answer = stack.function("SendSms").handler(sqs_event(WakeUp(user_id, NINE).body()), Context())
    assert answer["batchItemFailures"] == []


# Codes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [PHONE, EMAIL])
def test_a_code_has_six_digits_and_only_its_keyed_hash_is_kept(
    stack: MotoStack, address: str
) -> None:
    ann = person(stack)
    added = add(ann, address)
    assert added.status == 201, added.text
    assert added.json["state"] == "pending"
    assert added.json["tries_left"] == 5
    assert NOW + 10 * MINUTE <= expires_at(added.json) <= clock.now() + 10 * MINUTE
    assert added.headers["location"] == f"/v1/contacts/{added.json['contact_id']}"
    code = code_sent_to(address)
    user_id, contact_id = user_id_of(ann), added.json["contact_id"]
    assert code not in added.text
    held = json.dumps(items(stack, "Codes"))
    plain = (code, f"{user_id}:{contact_id}:{code}", f"code\0{user_id}:{contact_id}:{code}")
    for text in plain:
        assert hashlib.sha256(text.encode()).hexdigest() not in held
        assert hashlib.md5(text.encode()).hexdigest() not in held
    for table in ("Codes", "Ledger", "Answers", "Limits", "Addresses", "Users"):
        values = json.dumps(items(stack, table))
        assert not re.search(rf"(?<![0-9a-f]){code}(?![0-9a-f])", values)


def test_a_code_lives_for_ten_minutes(stack: MotoStack, set_clock: SetClock) -> None:
    ann, bob = person(stack), person(stack, "bob")
    of_ann, of_bob = add(ann), add(bob, OTHER_PHONE)
    set_clock(NOW + 9 * MINUTE + 50 * SECOND)
    assert confirm(ann, of_ann, code_sent_to(PHONE)).status == 200
    set_clock(NOW + 10 * MINUTE + 5 * SECOND)
    late = confirm(bob, of_bob, code_sent_to(OTHER_PHONE))
    assert late.status in (404, 409)
    assert late.headers["content-type"] == "application/problem+json"
    assert contacts_of(ann) == {PHONE: "confirmed"}
    assert contacts_of(bob) == {}


def test_a_code_takes_five_tries_and_then_not_even_the_right_one(stack: MotoStack) -> None:
    ann = person(stack)
    added, code = add(ann), code_sent_to(PHONE)
    for left in (4, 3, 2, 1, 0):
        wrong = confirm(ann, added, another(code, left + 1))
        assert wrong.status == 422
        assert str(left) in wrong.faults()["code"]
        (listed,) = ann.get("/v1/contacts").json["contacts"]
        assert listed["tries_left"] == left
    for _ in range(2):
        assert confirm(ann, added, code).status == 409
    assert contacts_of(ann) == {PHONE: "pending"}
    assert confirmed(ann)
    assert contacts_of(ann) == {PHONE: "confirmed"}


def test_a_wrong_code_says_what_to_do(stack: MotoStack) -> None:
    ann = person(stack)
    told = confirm(ann, add(ann), another(code_sent_to(PHONE))).faults()["code"]
    assert re.search(r"\b(enter|read|write|check|add|type|try|send)\b", told)


def test_the_right_code_at_the_fifth_try_is_in_time(stack: MotoStack) -> None:
    ann = person(stack)
    added, code = add(ann), code_sent_to(PHONE)
    for number in range(1, 5):
        assert confirm(ann, added, another(code, number)).status == 422
    assert confirm(ann, added, code).status == 200


def test_what_is_no_code_uses_up_no_try(stack: MotoStack) -> None:
    ann = person(stack)
    added, code = add(ann), code_sent_to(PHONE)
    for nonsense in ("", "12345", "1234567", "12345x", "１２３４５６"):
        assert confirm(ann, added, nonsense).status == 400
    assert ann.get("/v1/contacts").json["contacts"][0]["tries_left"] == 5
    assert confirm(ann, added, code).status == 200


def test_a_new_code_takes_the_place_of_the_old_one(stack: MotoStack) -> None:
    ann = person(stack)
    first, old = add(ann), code_sent_to(PHONE)
    assert confirm(ann, first, another(old)).status == 422
    second, new = add(ann), code_sent_to(PHONE)
    assert first.json["contact_id"] == second.json["contact_id"]
    assert second.json["tries_left"] == 5
    if new != old:
        assert confirm(ann, first, old).status == 422
    assert confirm(ann, second, new).status == 200


def test_a_code_serves_once(stack: MotoStack) -> None:
    ann = person(stack)
    added, code = add(ann), code_sent_to(PHONE)
    assert confirm(ann, added, code).status == 200
    assert confirm(ann, added, code).status == 409
    assert contacts_of(ann) == {PHONE: "confirmed"}


def test_a_code_that_has_served_does_not_lift_a_stop(stack: MotoStack) -> None:
    ann = person(stack)
    added, code = add(ann), code_sent_to(PHONE)
    assert confirm(ann, added, code).status == 200
    account_changes.stop(user_id_of(ann), Channel.SMS, now=NOW)
    assert confirm(ann, added, code).status == 409
    assert contacts_of(ann) == {PHONE: "stopped"}


@pytest.mark.parametrize("by", StoppedBy)
def test_a_contact_says_how_it_came_to_be_stopped(stack: MotoStack, by: StoppedBy) -> None:
    ann = person(stack)
    added = add(ann)
    confirm(ann, added, code_sent_to(PHONE))
    (contact,) = ann.get("/v1/contacts").json["contacts"]
    assert contact["stopped_by"] is None
    account_changes.stop(user_id_of(ann), Channel.SMS, by=by, now=NOW)
    (contact,) = ann.get("/v1/contacts").json["contacts"]
    assert contact["stopped_by"] == by.value


def test_a_contact_is_read_where_its_location_says(stack: MotoStack) -> None:
    ann, bob = person(stack), person(stack, "bob")
    added = add(ann)
    location = added.headers["location"]
    assert ann.get(location).json == added.json
    assert bob.get(location).status == 404
    confirm(ann, added, code_sent_to(PHONE))
    assert ann.get("/v1/contacts").json["contacts"] == [ann.get(location).json]
    assert ann.get(location).json["state"] == "confirmed"
    assert ann.call("DELETE", location).status == 204
    assert ann.get(location).status == 404


def expires_at(contact: Any) -> datetime:
    return datetime.fromisoformat(contact["code_expires_at"])


@pytest.mark.parametrize("state", ["stopped", "attested"])
def test_a_contact_that_is_confirmed_anew_is_one_entry(stack: MotoStack, state: str) -> None:
    ann = confirmed(person(stack))
    if state == "stopped":
        account_changes.stop(user_id_of(ann), Channel.SMS, by=StoppedBy.PAGE, now=NOW)
    else:
        vouched = Address(PHONE, ATTESTED)
        account_changes.change_user(
            user_id_of(ann), lambda user: user.with_address(Channel.SMS, vouched), now=NOW
        )
    again = add(ann)
    (contact,) = ann.get("/v1/contacts").json["contacts"]
    assert contact == again.json == ann.get(again.headers["location"]).json
    assert (contact["state"], contact["tries_left"]) == (state, 5)
    assert contact["stopped_by"] == ("page" if state == "stopped" else None)
    assert NOW + 10 * MINUTE <= expires_at(contact) <= clock.now() + 10 * MINUTE
    assert confirm(ann, again, another(code_sent_to(PHONE))).status == 422
    assert ann.get("/v1/contacts").json["contacts"][0]["tries_left"] == 4
    assert confirm(ann, again, code_sent_to(PHONE)).status == 200
    (contact,) = ann.get("/v1/contacts").json["contacts"]
    assert (contact["state"], contact["code_expires_at"]) == ("confirmed", None)


def test_a_code_that_has_served_does_not_take_an_address_back(stack: MotoStack) -> None:
    ann, bob = person(stack), person(stack, "bob")
    key = {"idempotency-key": "the-first-time"}
    added, code = add(ann), code_sent_to(PHONE)
    assert confirm(ann, added, code, headers=key).status == 200
    confirmed(bob)
    for headers in ({}, key):
        confirm(ann, added, code, headers=headers)
        assert contacts_of(ann) == {}
        assert contacts_of(bob) == {PHONE: "confirmed"}


def test_a_confirmation_that_is_repeated_is_answered_as_it_was(stack: MotoStack) -> None:
    ann = person(stack)
    added, code = add(ann), code_sent_to(PHONE)
    key = {"idempotency-key": "confirmed-twice"}
    done = [confirm(ann, added, code, headers=key) for _ in range(2)]
    assert [each.status for each in done] == [200, 200]
    assert done[0].json == done[1].json


def test_a_code_is_for_one_user_and_one_address(stack: MotoStack) -> None:
    ann, bob = person(stack), person(stack, "bob")
    of_ann, code = add(ann), code_sent_to(PHONE)
    assert confirm(bob, of_ann, code).status == 404
    of_bob = add(bob, OTHER_PHONE)
    assert of_bob.json["contact_id"] != of_ann.json["contact_id"]
    if code_sent_to(OTHER_PHONE) != code:
        assert confirm(bob, of_bob, code).status == 422
    second = add(ann, EMAIL)
    if code_sent_to(EMAIL) != code:
        assert confirm(ann, second, code).status == 422
    assert contacts_of(bob) == {OTHER_PHONE: "pending"}
    listed = ann.get("/v1/contacts").json["contacts"]
    assert [each["tries_left"] for each in listed if each["channel"] == "sms"] == [5]


def test_a_contact_that_waits_is_forgotten_with_its_code(stack: MotoStack) -> None:
    ann = person(stack)
    added, code = add(ann), code_sent_to(PHONE)
    assert ann.call("DELETE", f"/v1/contacts/{added.json['contact_id']}").status == 204
    assert confirm(ann, added, code).status == 404
    assert ann.call("DELETE", f"/v1/contacts/{added.json['contact_id']}").status == 404
    assert items(stack, "Codes") == []


def test_a_code_that_is_asked_for_twice_with_one_key_goes_out_once(stack: MotoStack) -> None:
    ann = person(stack)
    key = {"idempotency-key": "asked-for-twice"}
    both = [add(ann, headers=key) for _ in range(2)]
    assert [each.status for each in both] == [201, 201]
    assert len(sms_to(PHONE)) == 1


def test_a_code_that_may_have_gone_out_is_not_sent_again_for_its_key(stack: MotoStack) -> None:
    ann = person(stack)
    key = {"idempotency-key": "no-answer-came"}
    with wire.after(providers.shared("sns"), "Publish", wire.raises(wire.RESET)):
        assert add(ann, headers=key).status == 503
    assert len(sms_to(PHONE)) == 1
    again = add(ann, headers=key)
    assert again.status == 201, again.text
    assert len(sms_to(PHONE)) == 1
    assert confirm(ann, again, code_sent_to(PHONE)).status == 200


def test_a_code_that_was_refused_for_now_may_be_asked_for_again(stack: MotoStack) -> None:
    ann = person(stack)
    key = {"idempotency-key": "refused-for-now"}
    with wire.before(providers.shared("sns"), "Publish", wire.xml_error("Throttling")):
        refused = add(ann, headers=key)
    assert refused.status == 503
    assert int(refused.headers["retry-after"]) > 0
    again = add(ann, headers=key)
    assert again.status == 201, again.text
    assert confirm(ann, again, code_sent_to(PHONE)).status == 200


REJECTED_KEY = {"idempotency-key": "rejected-address"}


def rejected(who: Person) -> None:
    with wire.before(providers.shared("sns"), "Publish", wire.xml_error("InvalidParameter")):
        told = add(who, headers=REJECTED_KEY)
    assert told.status == 422
    assert "address" in told.faults()


def test_after_an_address_was_rejected_the_corrected_one_gets_its_code(stack: MotoStack) -> None:
    """The key was given back with the problem, so it may be used for the corrected request."""
    ann = person(stack)
    rejected(ann)
    corrected = add(ann, OTHER_PHONE, headers=REJECTED_KEY)
    assert corrected.status == 201, corrected.text
    assert len(sms_to(OTHER_PHONE)) == 1


def test_a_rejected_address_is_not_said_to_have_got_a_code(stack: MotoStack) -> None:
    ann = person(stack)
    rejected(ann)
    again = add(ann, headers=REJECTED_KEY)
    assert again.status != 201 or len(sms_to(PHONE)) == 1, again.text


def test_a_rejected_address_does_not_wait_for_a_code(stack: MotoStack) -> None:
    ann = person(stack)
    rejected(ann)
    assert contacts_of(ann) == {}


def test_a_confirmation_whose_answer_was_lost_may_be_repeated(
    stack: MotoStack, set_clock: SetClock
) -> None:
    """It was done; the answer could not be stored, and is given all the same. Should it get lost on
    its way, it is found done with its key."""
    ann = person(stack)
    added, code = add(ann), code_sent_to(PHONE)
    key = {"idempotency-key": "lost-confirmation"}
    dynamodb = accounts.tables.connection.client
    updates: list[Any] = []

    def lose_the_answer(request: Any) -> Any:
        if b"Answers" in request.body and b"UpdateItem" in str(request.headers).encode():
            updates.append(request)
            raise wire.RESET
        return None

    with wire.before(dynamodb, "UpdateItem", lose_the_answer):
        assert confirm(ann, added, code, headers=key).status == 200
    assert updates
    assert contacts_of(ann) == {PHONE: "confirmed"}
    set_clock(NOW + MINUTE)
    again = confirm(ann, added, code, headers=key)
    assert again.status == 200, again.text
    assert again.json["contact"]["state"] == "confirmed"


# Limits ------------------------------------------------------------------------------------------


def numbers(start: int = 0) -> Iterator[str]:
    for number in range(start, 100):
        yield f"+12025551{number:03}"


def too_often(reply: Reply) -> int:
    """The seconds to wait."""
    assert reply.status == 429, reply.text
    assert reply.faults() == {}
    assert "wait" in reply.json["detail"]
    return int(reply.headers["retry-after"])


def test_a_user_gets_five_codes_an_hour_and_ten_a_day(
    stack: MotoStack, set_clock: SetClock
) -> None:
    ann, fresh = as_if_imported(person(stack)), numbers()
    for _ in range(5):
        assert add(ann, next(fresh)).status == 201
    refused = next(fresh)
    assert 54 * 60 <= too_often(add(ann, refused)) <= 55 * 60
    assert sms_to(refused) == []
    assert refused not in contacts_of(ann)
    set_clock(NOW + HOUR)
    for _ in range(5):
        assert add(ann, next(fresh)).status == 201
    set_clock(NOW + 2 * HOUR)
    assert 9 * 3600 <= too_often(add(ann, next(fresh))) <= 10 * 3600
    set_clock(NOW + DAY)
    assert add(ann, next(fresh)).status == 201


def test_an_address_gets_three_codes_an_hour_and_six_a_day_whoever_asks(
    stack: MotoStack, set_clock: SetClock
) -> None:
    written = [PHONE, "+1 202 555 0161", "+1 (202) 555-0161"]
    for number, address in enumerate(written):
        assert add(person(stack, f"p{number}"), address).status == 201
    assert too_often(add(person(stack, "p3"), PHONE)) <= 3600
    set_clock(NOW + HOUR)
    for number in range(4, 7):
        assert add(person(stack, f"p{number}"), PHONE).status == 201
    set_clock(NOW + 2 * HOUR)
    assert too_often(add(person(stack, "p7"), PHONE)) > 3600
    assert len(sms_to(PHONE)) == 6


def test_a_mailbox_is_one_address_in_any_case(stack: MotoStack) -> None:
    for number, address in enumerate((EMAIL, EMAIL.upper(), EMAIL.title())):
        assert add(person(stack, f"p{number}"), address).status == 201
    too_often(add(person(stack, "p3"), EMAIL.swapcase()))


def test_a_source_asks_for_twenty_codes_an_hour_whoever_signs_in_there(stack: MotoStack) -> None:
    fresh = numbers()
    for number in range(20):
        who = person(stack, f"pumped-{number}", "203.0.113.9")
        assert add(who, next(fresh)).status == 201
    last = person(stack, "pumped-20", "203.0.113.9")
    refused = next(fresh)
    assert too_often(add(last, refused)) <= 3600
    assert sms_to(refused) == []
    elsewhere = Person(stack, "pumped-20", "203.0.113.10")
    assert add(elsewhere, refused).status == 201


def test_codes_by_sms_end_for_all_together_until_the_next_day(
    stack: MotoStack, set_clock: SetClock, log: io.StringIO
) -> None:
    confirmed(person(stack, "known"), OTHER_PHONE)
    used = LimitItem(all_codes(2000).counter(NOW))
    used.refresh()
    assert used.asked == 1
    used.update([LimitItem.asked.set(1999)])
    fresh = numbers()
    assert add(person(stack, "last"), next(fresh)).status == 201
    assert "used up" not in log.getvalue()
    late, refused = person(stack, "late"), next(fresh)
    assert 11 * 3600 <= too_often(add(late, refused)) <= 12 * 3600
    assert sms_to(refused) == []
    assert '"message":"codes by SMS are used up"' in log.getvalue()
    assert add(late, EMAIL).status == 201, "codes by e-mail cost nothing to speak of"
    known = Person(stack, "known", "203.0.113.10")
    assert known.post("/v1/test-messages", {"channel": "sms"}).status == 201
    set_clock(NOW + DAY)
    assert add(late, refused).status == 201


def test_another_limit_raises_no_alarm(stack: MotoStack, log: io.StringIO) -> None:
    for number in range(3):
        add(person(stack, f"p{number}"))
    too_often(add(person(stack, "p3")))
    assert "used up" not in log.getvalue()


def test_what_is_refused_or_repeated_counts_for_nothing(stack: MotoStack) -> None:
    ann = person(stack)
    key = {"idempotency-key": "one-and-the-same"}
    for _ in range(8):
        assert add(ann, "+1202").status == 422
        assert add(ann, headers=key).status == 201
    for _ in range(2):
        assert add(ann).status == 201
    too_often(add(ann))  # the address's fourth


def test_limits_hold_no_address_and_no_user(stack: MotoStack) -> None:
    ann = person(stack)
    add(ann)
    held = json.dumps(items(stack, "Limits"))
    for secret in (PHONE, user_id_of(ann), ann.source, ann.subject):
        assert secret not in held
        assert hashlib.sha256(secret.encode()).hexdigest()[:32] not in held


# Who is written to -------------------------------------------------------------------------------


def test_nothing_but_the_code_goes_to_an_address_that_nobody_confirmed(
    stack: MotoStack, set_clock: SetClock
) -> None:
    ann = person(stack)
    assert ann.post("/v1/bills", BILL).status == 201
    added = add(ann)
    assert wakes_at(user_id_of(ann)) is None
    refused = ann.post("/v1/test-messages", {"channel": "sms"})
    assert refused.status == 409
    assert confirm(ann, added, another(code_sent_to(PHONE))).status == 422
    want = {"plan": {"channels": [{"channel": "sms"}]}}
    assert ann.patch("/v1/settings", want, "*").status == 200
    remind(stack, user_id_of(ann), set_clock)
    assert len(sms_to(PHONE)) == everything_sent() == 1


def test_the_code_says_nothing_else(stack: MotoStack) -> None:
    ann = person(stack)
    ann.post("/v1/bills", BILL)
    ann.patch("/v1/settings", {"code_word": "Harbour"}, "*")
    add(ann)
    add(ann, EMAIL)
    body = emails_to(EMAIL)[0].body + emails_to(EMAIL)[0].subject
    for text in (*sms_to(PHONE), body):
        for secret in ("Lantern", "Credit", "120.50", "Harbour", "ann"):
            assert secret not in text.replace("annot", "")
    assert code_sent_to(EMAIL) not in emails_to(EMAIL)[0].subject


def test_a_confirmed_contact_takes_the_place_of_the_earlier_one_and_the_schedule_follows(
    stack: MotoStack, set_clock: SetClock
) -> None:
    ann = person(stack)
    assert ann.post("/v1/bills", BILL).status == 201
    user_id = user_id_of(ann)
    assert wakes_at(user_id) is None
    confirmed(ann)
    assert wakes_at(user_id) == NINE
    assert ann.get("/v1/settings").json["plan"]["channels"] == [
        {"channel": "sms", "from_lead_days": None, "fallback": False}
    ]
    added = add(ann, OTHER_PHONE)
    assert contacts_of(ann) == {PHONE: "confirmed", OTHER_PHONE: "pending"}
    assert confirm(ann, added, code_sent_to(OTHER_PHONE)).status == 200
    assert contacts_of(ann) == {OTHER_PHONE: "confirmed"}
    assert owner_of(Channel.SMS, PHONE) is None
    known = owner_of(Channel.SMS, OTHER_PHONE)
    assert known is not None
    assert known.user_id == user_id
    assert wakes_at(user_id) == NINE
    codes = len(sms_to(PHONE))
    remind(stack, user_id, set_clock)
    assert len(sms_to(OTHER_PHONE)) == 2
    assert len(sms_to(PHONE)) == codes
    assert schedule(user_id).sms_greeted_at is not None


def test_a_new_address_is_greeted_anew(stack: MotoStack, set_clock: SetClock) -> None:
    ann = person(stack)
    ann.post("/v1/bills", BILL)
    confirmed(ann)
    remind(stack, user_id_of(ann), set_clock)
    assert schedule(user_id_of(ann)).sms_greeted_at is not None
    confirmed(ann, OTHER_PHONE)
    assert schedule(user_id_of(ann)).sms_greeted_at is None


def test_confirming_the_same_address_again_changes_nothing(stack: MotoStack) -> None:
    ann = person(stack)
    ann.post("/v1/bills", BILL)
    confirmed(ann)
    before = items(stack, "Users"), items(stack, "Schedules"), items(stack, "Addresses")
    confirmed(ann)
    assert (items(stack, "Users"), items(stack, "Schedules"), items(stack, "Addresses")) == before


def test_a_removed_contact_is_written_to_no_more(stack: MotoStack, set_clock: SetClock) -> None:
    ann = person(stack)
    ann.post("/v1/bills", BILL)
    added = add(ann)
    confirm(ann, added, code_sent_to(PHONE))
    assert ann.call("DELETE", f"/v1/contacts/{added.json['contact_id']}").status == 204
    assert wakes_at(user_id_of(ann)) is None
    assert owner_of(Channel.SMS, PHONE) is None
    remind(stack, user_id_of(ann), set_clock)
    assert len(sms_to(PHONE)) == 1
    assert contacts_of(ann) == {}


def test_a_user_closes_the_links_in_their_messages(stack: MotoStack, set_clock: SetClock) -> None:
    ann = confirmed(person(stack))
    ann.post("/v1/bills", BILL)
    set_clock(NINE)
    claim = claims.claim_next(user_id_of(ann), Channel.SMS, with_link=True, now=NINE)
    visitor = Visitor(stack)
    assert visitor.get(f"/r/{claim.token}").status == 200
    for _ in range(2):
        assert ann.call("DELETE", "/v1/links").status == 204
        assert visitor.get(f"/r/{claim.token}").status == 404


def test_bills_and_kinds_by_sms_alone_go_by_email_once_the_phone_is_gone(
    stack: MotoStack, set_clock: SetClock
) -> None:
    ann = confirmed(confirmed(person(stack)), EMAIL)
    by_sms = {"channels": [{"channel": "sms"}]}
    assert ann.post("/v1/bills", {**BILL, "plan": by_sms}).status == 201
    assert ann.post("/v1/bills", {**BILL, "name": "Rent", "kind": "rent"}).status == 201
    with_days = {"channels": [{"channel": "sms"}, {"channel": "push"}], "lead_days": [3]}
    kinds = {"rent": with_days, "card": by_sms}
    assert ann.patch("/v1/settings", {"kind_plans": kinds}, "*").status == 200
    assert len(accounts.read(user_id_of(ann), now=NINE).decide(Channel.EMAIL, NINE).due) == 0
    (phone,) = [
        each for each in ann.get("/v1/contacts").json["contacts"] if each["channel"] == "sms"
    ]
    assert ann.call("DELETE", f"/v1/contacts/{phone['contact_id']}").status == 204
    assert len(accounts.read(user_id_of(ann), now=NINE).decide(Channel.EMAIL, NINE).due) == 2
    kept = ann.get("/v1/settings").json["kind_plans"]
    assert [each["channel"] for each in kept["rent"]["channels"]] == ["push"]
    assert list(kept) == ["rent"]


def test_an_address_moves_to_who_confirmed_it_last(stack: MotoStack, set_clock: SetClock) -> None:
    ann, bob = person(stack), person(stack, "bob")
    for who in (ann, bob):
        assert who.post("/v1/bills", BILL).status == 201
    confirmed(ann)
    added = add(bob)
    assert contacts_of(ann) == {PHONE: "confirmed"}  # asking for a code takes nothing away
    done = confirm(bob, added, code_sent_to(PHONE))
    assert done.json["joined"] is False
    assert contacts_of(ann) == {}
    assert contacts_of(bob) == {PHONE: "confirmed"}
    known = owner_of(Channel.SMS, PHONE)
    assert known is not None
    assert known.user_id == user_id_of(bob)
    assert wakes_at(user_id_of(ann)) is None
    assert wakes_at(user_id_of(bob)) == NINE
    before = len(sms_to(PHONE))
    remind(stack, user_id_of(ann), set_clock)
    assert len(sms_to(PHONE)) == before
    remind(stack, user_id_of(bob), set_clock)
    assert len(sms_to(PHONE)) == before + 1
    assert ann.get("/v1/bills").json["bills"][0]["name"] == "Credit card"


def test_a_mailbox_in_another_case_moves_too(stack: MotoStack) -> None:
    ann, bob = confirmed(person(stack), EMAIL), person(stack, "bob")
    written = "Quentin@example.com"
    added = add(bob, written)
    code = code_sent_to(added.json["address"])
    assert confirm(bob, added, code).status == 200
    assert contacts_of(ann) == {}
    assert len(items(stack, "Addresses")) == 1


# Accounts that billers made ----------------------------------------------------------------------


@pytest.mark.parametrize("address", [PHONE, EMAIL])
def test_an_imported_account_is_joined_by_confirming_its_contact(
    stack: MotoStack, address: str
) -> None:
    imported(address=address)
    ann = person(stack)
    own = user_id_of(ann)
    added = add(ann, address)
    done = confirm(ann, added, code_sent_to(address))
    assert done.status == 200, done.text
    assert done.json["joined"] is True
    assert done.json["contact"]["state"] == "confirmed"
    assert user_id_of(ann) == "imported"
    assert identities.signed_in_as("imported") == ann.identity
    assert [each["bill_id"] for each in ann.get("/v1/bills").json["bills"]] == ["bill-0"]
    assert contacts_of(ann) == {address: "confirmed"}
    assert not accounts.exists(own)
    assert own not in json.dumps(items(stack, "Identities") + items(stack, "Users"))
    again = ann.get("/v1/contacts").json["contacts"]
    assert again == [done.json["contact"]]


@pytest.mark.parametrize("by", ["code", "link code"])
def test_of_an_account_that_was_given_up_nothing_is_left(stack: MotoStack, by: str) -> None:
    """It has ended, so nobody could erase what is left of it."""
    imported()
    ann = person(stack)
    own = user_id_of(ann)
    add(ann, OTHER_PHONE)
    confirmed(ann, EMAIL)
    assert register(ann).status == 201
    if by == "code":
        confirmed(ann)
    else:
        assert join(ann, link_codes.create("imported", now=NOW)).status == 200
    assert user_id_of(ann) == "imported"
    assert run_jobs(stack) == []
    left = {
        table: found
        for table in (
            "Schedules",
            "Users",
            "Bills",
            "Ledger",
            "Codes",
            "Addresses",
            "Identities",
            "Feedback",
            "Links",
        )
        if (found := [item for item in items(stack, table) if own in str(item)])
    }
    assert left == {}
    assert known_endpoints(stack) == set()
    assert accounts.exists("imported")


def run_jobs(stack: MotoStack) -> list[str]:
    """Run all that waits for it, however long it is delayed; the messages that come back."""
    queues = get_backend("sqs")[DEFAULT_ACCOUNT_ID]["us-east-1"].queues
    waiting = queues[stack.ids["JobsQueue"].rpartition("/")[2]]._messages
    bodies = [message.body for message in waiting]
    waiting.clear()
    if not bodies:
        return []
    answer = stack.function("RunJobs").handler(sqs_event(*bodies), Context())
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_an_own_account_with_bills_does_not_give_way(stack: MotoStack) -> None:
    imported()
    ann = person(stack)
    mine = ann.post("/v1/bills", BILL).json["bill_id"]
    own = user_id_of(ann)
    added, code = add(ann), code_sent_to(PHONE)
    refused = confirm(ann, added, code)
    assert refused.status == 409, refused.text
    assert "delete" in refused.json["detail"]
    assert user_id_of(ann) == own
    assert identities.signed_in_as("imported") is None
    known = owner_of(Channel.SMS, PHONE)
    assert known is not None
    assert known.user_id == "imported"
    assert [each["bill_id"] for each in ann.get("/v1/bills").json["bills"]] == [mine]
    assert ann.call("DELETE", f"/v1/bills/{mine}").status == 204
    done = confirm(ann, added, code)  # the same code, which was right
    assert done.status == 200, done.text
    assert done.json["joined"] is True


def test_an_imported_account_without_bills_is_joined_too(stack: MotoStack) -> None:
    imported(bills=0)
    ann = confirmed(person(stack))
    assert user_id_of(ann) == "imported"


def test_an_imported_account_that_was_joined_is_like_any_other(stack: MotoStack) -> None:
    """Its address moves to who confirms it next, and the account stays with who joined it."""
    imported()
    ann, bob = confirmed(person(stack)), person(stack, "bob")
    done = confirm(bob, add(bob), code_sent_to(PHONE))
    assert done.json["joined"] is False
    assert user_id_of(ann) == "imported"
    assert contacts_of(ann) == {}
    assert contacts_of(bob) == {PHONE: "confirmed"}


def test_nobody_joins_with_a_wrong_code(stack: MotoStack) -> None:
    imported()
    ann = person(stack)
    own, added = user_id_of(ann), add(ann)
    for number in range(1, 6):
        assert confirm(ann, added, another(code_sent_to(PHONE), number)).status == 422
    assert confirm(ann, added, code_sent_to(PHONE)).status == 409
    assert user_id_of(ann) == own


def join(who: Person, code: str, **more: Any) -> Reply:
    return who.post("/v1/account/join", {"link_code": code}, **more)


def test_an_imported_account_is_joined_by_its_link_code_once(stack: MotoStack) -> None:
    imported()
    code = link_codes.create("imported", now=NOW)
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}", code)
    assert code not in json.dumps(items(stack, "Links"))
    assert code.replace("-", "") not in json.dumps(items(stack, "Links"))
    ann, bob = Person(stack, "ann"), person(stack, "bob")
    key = {"idempotency-key": "joined-with-a-code"}
    done = join(ann, code, headers=key)
    assert done.status == 200, done.text
    assert done.json == {"user_id": "imported"}
    assert user_id_of(ann) == "imported"
    assert contacts_of(ann) == {PHONE: "attested"}
    assert join(ann, code, headers=key).json == done.json
    own = user_id_of(bob)
    refused = join(bob, code)
    assert refused.status == 422
    assert set(refused.faults()) == {"link_code"}
    assert code not in refused.text
    assert user_id_of(bob) == own
    assert items(stack, "Links") == []


def test_a_second_link_code_does_not_open_an_account_that_somebody_joined(
    stack: MotoStack,
) -> None:
    imported()
    ann, bob = Person(stack, "ann"), person(stack, "bob")
    assert join(ann, link_codes.create("imported", now=NOW)).status == 200
    own = user_id_of(bob)
    second = link_codes.create("imported", now=NOW)
    assert join(bob, second).status == 409
    assert (user_id_of(ann), user_id_of(bob)) == ("imported", own)
    assert accounts.exists(own)


def test_a_new_link_code_takes_the_place_of_the_old_one(stack: MotoStack) -> None:
    imported()
    first, second = (link_codes.create("imported", now=NOW) for _ in range(2))
    ann = Person(stack, "ann")
    assert join(ann, first).status == 422
    assert join(ann, second).status == 200


@pytest.mark.parametrize(
    "written",
    [
        str.lower,
        lambda code: code.replace("-", ""),
        lambda code: code.replace("-", " "),
        lambda code: code.replace("0", "o").replace("1", "l"),
        lambda code: code.replace("1", "I"),
    ],
)
def test_a_link_code_may_be_written_as_people_do(stack: MotoStack, written: Any) -> None:
    imported()
    ann = Person(stack, "ann")
    done = join(ann, written(link_codes.create("imported", now=NOW)))
    assert done.status == 200, done.text


def test_a_link_code_gives_up_an_own_account_that_is_empty_and_no_other(stack: MotoStack) -> None:
    imported()
    ann, bob = person(stack), person(stack, "bob")
    bob.post("/v1/bills", BILL)
    code = link_codes.create("imported", now=NOW)
    refused = join(bob, code)
    assert refused.status == 409
    assert identities.signed_in_as("imported") is None
    own = user_id_of(ann)
    assert join(ann, code).status == 200
    assert not accounts.exists(own)


def test_a_link_code_expires(stack: MotoStack, set_clock: SetClock) -> None:
    imported()
    code = link_codes.create("imported", now=NOW)
    ann = Person(stack, "ann")
    set_clock(NOW + 90 * DAY + MINUTE)
    assert join(ann, code).status == 422
    set_clock(NOW + 90 * DAY - MINUTE)
    assert join(ann, code).status == 200


def test_wrong_link_codes_are_limited(stack: MotoStack, set_clock: SetClock) -> None:
    imported()
    code = link_codes.create("imported", now=NOW)
    ann = Person(stack, "ann")
    for number in range(10):
        assert join(ann, f"0000-0000-00{number:02}").status == 422
    wait = too_often(join(ann, code))
    assert 3600 < wait <= 12 * 3600
    assert identities.user_of(ann.identity) is None
    set_clock(NOW + DAY)
    assert join(ann, code).status == 200


def test_link_codes_are_limited_for_a_source(stack: MotoStack) -> None:
    for number in range(60):
        who = Person(stack, f"guesser-{number}", "203.0.113.9")
        assert join(who, f"0000-0000-00{number:02}").status == 422
    too_often(join(Person(stack, "guesser-60", "203.0.113.9"), "0000-0000-0099"))


def test_the_link_code_of_an_erased_account_opens_nothing(stack: MotoStack) -> None:
    imported()
    code = link_codes.create("imported", now=NOW)
    erase("imported")
    ann = Person(stack, "ann")
    assert join(ann, code).status == 422
    assert identities.user_of(ann.identity) is None


def test_a_registered_user_cannot_be_joined(stack: MotoStack) -> None:
    ann, bob = person(stack), person(stack, "bob")
    code = link_codes.create(user_id_of(ann), now=NOW)
    assert join(bob, code).status == 409
    assert user_id_of(bob) != user_id_of(ann)


# STOP --------------------------------------------------------------------------------------------


@pytest.fixture
def stopped(stack: MotoStack, _ready: None) -> Person:
    """Somebody with a bill and a confirmed number, who said STOP."""
    ann = person(stack)
    ann.post("/v1/bills", BILL)
    confirmed(ann)
    account_changes.stop(user_id_of(ann), Channel.SMS, now=NOW)
    assert contacts_of(ann) == {PHONE: "stopped"}
    return ann


def nothing_goes_out(stack: MotoStack, user_id: str, set_clock: SetClock) -> None:
    sent = everything_sent()
    remind(stack, user_id, set_clock)
    assert everything_sent() == sent


def test_nothing_but_a_new_confirmation_lifts_a_stop(
    stack: MotoStack, stopped: Person, set_clock: SetClock
) -> None:
    assert stopped.post("/v1/test-messages", {"channel": "sms"}).status == 409
    want = {"plan": {"channels": [{"channel": "sms"}]}}
    assert stopped.patch("/v1/settings", want, "*").status == 200
    added = add(stopped)
    assert contacts_of(stopped)[PHONE] != "confirmed"
    assert confirm(stopped, added, another(code_sent_to(PHONE))).status == 422
    nothing_goes_out(stack, user_id_of(stopped), set_clock)
    assert "skipped" in states_of(user_id_of(stopped)).values()


def test_a_new_confirmation_lifts_a_stop(
    stack: MotoStack, stopped: Person, set_clock: SetClock
) -> None:
    confirmed(stopped)
    assert contacts_of(stopped) == {PHONE: "confirmed"}
    sent = len(sms_to(PHONE))
    remind(stack, user_id_of(stopped), set_clock)
    assert len(sms_to(PHONE)) == sent + 1


def erased(stack: MotoStack, who: Person) -> None:
    done = who.post("/v1/account/erasures", {"confirm": "erase everything"})
    assert done.status == 202, done.text
    job = {"identity": who.identity, "job_id": done.json["job_id"]}
    answer = stack.function("RunJobs").handler(sqs_event(json.dumps(job)), Context())
    assert answer == {"batchItemFailures": []}


def test_a_stop_outlives_erasure(stack: MotoStack, stopped: Person, set_clock: SetClock) -> None:
    erased(stack, stopped)
    for _ in range(2):  # and the same file once more
        imported("customer-7")
        address = accounts.read("customer-7", now=NOW).user.addresses[Channel.SMS]
        assert address.stopped_at is not None
    nothing_goes_out(stack, "customer-7", set_clock)


def test_a_stop_outlives_erasure_for_a_new_confirmation_to_lift(
    stack: MotoStack, stopped: Person, set_clock: SetClock
) -> None:
    erased(stack, stopped)
    imported("customer-7")
    bob = Person(stack, "bob")
    assert join(bob, link_codes.create("customer-7", now=NOW)).status == 200
    confirmed(bob)
    sent = len(sms_to(PHONE))
    remind(stack, "customer-7", set_clock)
    assert len(sms_to(PHONE)) == sent + 1


def test_a_stop_outlives_an_erasure_after_the_address_was_imported_anew(
    stack: MotoStack, stopped: Person, set_clock: SetClock
) -> None:
    erased(stack, stopped)
    imported("customer-7")
    erase("customer-7")
    imported("customer-8")
    nothing_goes_out(stack, "customer-8", set_clock)


def test_a_stop_outlives_its_contact_and_an_import_of_the_address_for_another_user(
    stack: MotoStack, stopped: Person, set_clock: SetClock
) -> None:
    confirmed(stopped, OTHER_PHONE)  # in place of the one that said STOP
    imported("customer-7")
    nothing_goes_out(stack, "customer-7", set_clock)


def test_a_stop_of_an_imported_address_outlives_joining(
    stack: MotoStack, set_clock: SetClock
) -> None:
    imported()
    account_changes.stop("imported", Channel.SMS, now=NOW)
    ann = Person(stack, "ann")
    assert join(ann, link_codes.create("imported", now=NOW)).status == 200
    assert contacts_of(ann) == {PHONE: "stopped"}
    nothing_goes_out(stack, "imported", set_clock)


def test_a_stop_outlives_an_import_of_the_mailbox_in_another_case(stack: MotoStack) -> None:
    imported(address="Quentin@example.com")
    account_changes.stop("imported", Channel.EMAIL, now=NOW)
    imported(address="quentin@example.com")
    address = accounts.read("imported", now=NOW).user.addresses[Channel.EMAIL]
    assert address.stopped_at is not None


def test_a_stop_goes_on_when_the_address_moves_away_and_is_imported_back(
    stack: MotoStack,
) -> None:
    ann = confirmed(person(stack))
    account_changes.stop(user_id_of(ann), Channel.SMS, now=NOW)
    (held,) = ann.get("/v1/contacts").json["contacts"]
    assert ann.call("DELETE", f"/v1/contacts/{held['contact_id']}").status == 204
    known = owner_of(Channel.SMS, PHONE)
    assert known is not None
    assert (known.user_id, known.stopped_at is None) == (None, False)
    assert PHONE not in json.dumps(items(stack, "Addresses"))


# Devices -----------------------------------------------------------------------------------------


def register(who: Person, token: str = TOKEN, **more: Any) -> Reply:
    return who.post("/v1/devices", {"platform": "google", "token": token}, **more)


def endpoint_of(who: Person) -> str:
    return accounts.read(user_id_of(who), now=NOW).user.addresses[Channel.PUSH].value


def enabled(stack: MotoStack, endpoint: str) -> bool:
    sns = stack.client("sns")
    said = sns.get_endpoint_attributes(EndpointArn=endpoint)["Attributes"]["Enabled"]
    return bool(said.lower() == "true")


def known_endpoints(stack: MotoStack) -> set[str]:
    listed = stack.client("sns").list_endpoints_by_platform_application(
        PlatformApplicationArn=stack.ids["GooglePushApplicationArn"]
    )
    return {each["EndpointArn"] for each in listed["Endpoints"]}


def test_a_token_that_is_registered_again_is_the_same_device(stack: MotoStack) -> None:
    ann = person(stack)
    ann.post("/v1/bills", BILL)
    first = register(ann)
    assert first.status == 201, first.text
    endpoint = endpoint_of(ann)
    assert wakes_at(user_id_of(ann), Channel.PUSH) == NINE
    second = register(ann)
    assert second.json == first.json
    assert endpoint_of(ann) == endpoint
    assert known_endpoints(stack) == {endpoint}
    assert ann.get("/v1/devices").json["devices"] == [first.json]
    assert TOKEN not in first.text
    assert "arn:" not in first.text


def test_a_device_that_was_disabled_is_enabled_again(stack: MotoStack) -> None:
    ann = person(stack)
    register(ann)
    endpoint = endpoint_of(ann)
    stack.client("sns").set_endpoint_attributes(
        EndpointArn=endpoint, Attributes={"Enabled": "false"}
    )
    assert not enabled(stack, endpoint)
    assert register(ann).status == 201
    assert enabled(stack, endpoint)
    assert endpoint_of(ann) == endpoint


def test_another_token_takes_the_place_of_the_one_before(stack: MotoStack) -> None:
    ann = person(stack)
    first = register(ann)
    old = endpoint_of(ann)
    second = register(ann, OTHER_TOKEN)
    assert second.status == 201
    assert second.json["device_id"] != first.json["device_id"]
    assert known_endpoints(stack) == {endpoint_of(ann)} != {old}
    assert ann.get("/v1/devices").json["devices"] == [second.json]
    assert len(items(stack, "Addresses")) == 1


@pytest.mark.parametrize("token", [TOKEN, OTHER_TOKEN])
@pytest.mark.parametrize("by", [StoppedBy.PAGE, StoppedBy.UNSUBSCRIBE, StoppedBy.REPLY])
def test_a_start_of_the_app_does_not_lift_a_stop(
    stack: MotoStack, by: StoppedBy, token: str
) -> None:
    ann = person(stack)
    register(ann)
    account_changes.stop(user_id_of(ann), Channel.PUSH, by=by, now=NOW)
    told = register(ann, token)
    assert (told.status, told.json["state"]) == (201, "stopped")
    assert told.json["stopped_by"] == by.value
    assert known_endpoints(stack) == {endpoint_of(ann)}
    assert ann.post("/v1/test-messages", {"channel": "push"}).status == 409
    wanted = {"platform": "google", "token": token, "resume": True}
    assert ann.post("/v1/devices", wanted).json["state"] == "confirmed"
    assert ann.post("/v1/test-messages", {"channel": "push"}).status == 201


@pytest.mark.parametrize("token", [TOKEN, OTHER_TOKEN])
def test_a_device_that_was_gone_is_back_with_a_start_of_the_app(
    stack: MotoStack, token: str
) -> None:
    ann = person(stack)
    register(ann)
    account_changes.stop(user_id_of(ann), Channel.PUSH, by=StoppedBy.BOUNCED, now=NOW)
    assert register(ann, token).json["state"] == "confirmed"


def test_a_new_token_leaves_push_out_of_a_plan_that_has_none(stack: MotoStack) -> None:
    ann = confirmed(person(stack))
    register(ann)
    plan = {"plan": {"channels": [{"channel": "sms"}]}}
    assert ann.patch("/v1/settings", plan, "*").status == 200
    register(ann, OTHER_TOKEN)
    listed = ann.get("/v1/settings").json["plan"]["channels"]
    assert [each["channel"] for each in listed] == ["sms"]


def test_another_number_leaves_sms_out_of_a_plan_that_has_none(stack: MotoStack) -> None:
    ann = confirmed(confirmed(person(stack)), EMAIL)
    plan = {"plan": {"channels": [{"channel": "email"}]}}
    assert ann.patch("/v1/settings", plan, "*").status == 200
    listed = confirmed(ann, OTHER_PHONE).get("/v1/settings").json["plan"]["channels"]
    assert [each["channel"] for each in listed] == ["email"]


def test_a_device_moves_to_who_registered_it_last(stack: MotoStack) -> None:
    ann, bob = person(stack), person(stack, "bob")
    for who in (ann, bob):
        who.post("/v1/bills", BILL)
    register(ann)
    assert register(bob).status == 201
    assert ann.get("/v1/devices").json["devices"] == []
    assert wakes_at(user_id_of(ann), Channel.PUSH) is None
    assert wakes_at(user_id_of(bob), Channel.PUSH) == NINE
    assert known_endpoints(stack) == {endpoint_of(bob)}
    # the earlier one signs in with a new phone: the device of the other one stays
    assert register(ann, OTHER_TOKEN).status == 201
    assert known_endpoints(stack) == {endpoint_of(ann), endpoint_of(bob)}


def test_a_device_is_removed(stack: MotoStack) -> None:
    ann, bob = person(stack), person(stack, "bob")
    ann.post("/v1/bills", BILL)
    device = register(ann).json["device_id"]
    assert bob.call("DELETE", f"/v1/devices/{device}").status == 404
    assert ann.call("DELETE", f"/v1/devices/{device}").status == 204
    assert ann.call("DELETE", f"/v1/devices/{device}").status == 404
    assert known_endpoints(stack) == set()
    assert wakes_at(user_id_of(ann), Channel.PUSH) is None
    assert items(stack, "Addresses") == []


def test_a_device_that_a_biller_imported_can_be_registered(stack: MotoStack) -> None:
    """The biller's file names the customer's token; the customer's app then registers it."""
    application = stack.ids["GooglePushApplicationArn"]
    endpoint = endpoints.endpoint_of(application, TOKEN)
    user = a_user("imported", channels=(Channel.PUSH,))
    known = user.addresses[Channel.PUSH]
    enter(user.with_address(Channel.PUSH, type(known)(endpoint, ATTESTED)))
    ann = person(stack)
    done = register(ann)
    assert done.status < 500, done.text


def test_a_push_service_that_is_busy_is_no_fault_of_ours(stack: MotoStack) -> None:
    ann = person(stack)
    register(ann)
    busy = wire.before(
        endpoints._sns(), "CreatePlatformEndpoint", wire.xml_error("Throttled", status=400)
    )
    with busy:
        told = register(ann, OTHER_TOKEN)
    assert told.status == 503, told.text
    assert int(told.headers["retry-after"]) > 0


@pytest.mark.parametrize("number", ["+449098790000", "+18005550123", "+881612345678"])
def test_no_code_goes_to_a_number_that_only_costs_money(stack: MotoStack, number: str) -> None:
    told = person(stack).post("/v1/contacts", {"channel": "sms", "address": number})
    assert told.status == 422
    assert set(told.faults()) == {"address"}
    assert "write a mobile number" in told.text
    assert number not in told.text
    assert get_backend("sns")[DEFAULT_ACCOUNT_ID]["us-east-1"].sms_messages == {}


def test_a_token_that_the_push_service_refuses_is_named(stack: MotoStack) -> None:
    ann = person(stack)
    act = wire.xml_error("InvalidParameter", message=f"Invalid parameter: Token {TOKEN} is bad")
    with wire.before(endpoints._sns(), "CreatePlatformEndpoint", act):
        told = register(ann)
    assert told.status == 422
    assert set(told.faults()) == {"token"}
    assert TOKEN not in told.text


def test_a_platform_that_is_not_set_up_says_so(stack: MotoStack) -> None:
    ann = person(stack)
    told = ann.post("/v1/devices", {"platform": "apple", "token": TOKEN})
    assert told.status == 409
    assert "apple" in told.json["detail"]


# Test messages -----------------------------------------------------------------------------------


def test_a_test_message_goes_out_once_for_its_key_and_five_times_an_hour(
    stack: MotoStack, set_clock: SetClock
) -> None:
    ann = confirmed(as_if_imported(person(stack)))
    key = {"idempotency-key": "tested-once"}
    want = {"channel": "sms"}
    for _ in range(3):
        done = ann.post("/v1/test-messages", want, headers=key)
        assert (done.status, done.json) == (201, {"channel": "sms", "state": "sent"})
    assert len(sms_to(PHONE)) == 2  # a code, and one test message
    for _ in range(4):
        assert ann.post("/v1/test-messages", want).status == 201
    assert too_often(ann.post("/v1/test-messages", want)) <= 3600
    assert len(sms_to(PHONE)) == 6
    for hours in (1, 2, 3):
        set_clock(NOW + hours * HOUR)
        for _ in range(5):
            assert ann.post("/v1/test-messages", want).status == 201
    set_clock(NOW + 4 * HOUR)
    assert too_often(ann.post("/v1/test-messages", want)) > 3600


def test_a_test_message_goes_out_in_quiet_hours_and_a_pause(stack: MotoStack) -> None:
    ann = confirmed(person(stack))
    quiet = {"quiet_hours": {"start": "04:00", "end": "23:00"}, "paused_until": "2027-12-31"}
    assert ann.patch("/v1/settings", quiet, "*").status == 200
    assert ann.post("/v1/test-messages", {"channel": "sms"}).status == 201


def test_a_test_message_whose_answer_was_lost_is_not_sent_again(stack: MotoStack) -> None:
    ann = confirmed(person(stack))
    key = {"idempotency-key": "tested-and-lost"}
    with wire.after(providers.shared("sns"), "Publish", wire.raises(wire.TIMEOUT)):
        told = ann.post("/v1/test-messages", {"channel": "sms"}, headers=key)
    assert told.status == 503
    again = ann.post("/v1/test-messages", {"channel": "sms"}, headers=key)
    assert (again.status, again.json["state"]) == (201, "unknown")
    assert len(sms_to(PHONE)) == 2


def test_a_test_message_by_email_and_push(stack: MotoStack) -> None:
    ann = confirmed(person(stack), EMAIL)
    register(ann)
    for channel in ("email", "push"):
        done = ann.post("/v1/test-messages", {"channel": channel})
        assert (done.status, done.json["state"]) == (201, "sent"), done.text
    assert len(emails_to(EMAIL)) == 2


def test_a_test_message_goes_to_no_address_of_somebody_else(stack: MotoStack) -> None:
    ann, bob = confirmed(person(stack)), person(stack, "bob")
    confirmed(bob)
    assert ann.post("/v1/test-messages", {"channel": "sms"}).status == 409
    assert len(sms_to(PHONE)) == 2

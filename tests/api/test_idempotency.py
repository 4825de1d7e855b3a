"""A function that dies in the middle of a POST: nothing is done twice, and nothing is lost.

Death is an error that nothing catches, at any call to AWS: before the request leaves, or when AWS
has acted on it and the function has not heard. What had the key is dead, so it is locked for a
while; then the same request does what is left to do.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from botocore.awsrequest import AWSPreparedRequest
from moto.backends import get_backend

from bill_reminders import clock
from bill_reminders.channels import providers
from bill_reminders.storage import keyed_hash, tables
from bill_reminders.storage.idempotency import LOCK
from bill_reminders.storage.sign_in_tables import AnswerItem, CodeItem
from tests.api.conftest import SetClock
from tests.support import wire
from tests.support.api import Person, Reply
from tests.support.moto_stack import MotoStack
from tests.support.people import fictitious_phone

NOW = datetime(2027, 3, 2, 9, 0, 2, tzinfo=UTC)
BILL = {
    "biller": "Oak Homes",
    "name": "Rent",
    "first_due": "2027-03-05",
    "repeats": {"every": 1, "unit": "month"},
}


class Killed(BaseException):
    """The function's process ends here."""


@dataclass
class Death:
    """At which call to AWS the process ends; `at` says which it was, and is "" while it lives."""

    number: int
    when: str
    seen: int = 0
    at: str = ""

    def meet(self, event_name: str, **_: Any) -> None:
        operation = event_name.rpartition(".")[2]
        self.seen += 1
        if self.seen == self.number:
            self.at = f"{self.when} {operation} ({self.number})"
            raise Killed


@contextmanager
def dying(death: Death) -> Iterator[None]:
    """The product's clients meet `death` at each call, moto having answered or not."""
    clients = [
        tables.connection.client,
        providers.shared("sns"),
        keyed_hash._secrets(),
        clock._parameters(),
    ]
    with ExitStack() as undo:
        for client in clients:
            events = client.meta.events
            register = events.register_first if death.when == "before" else events.register_last
            register("before-send", death.meet)
            undo.callback(events.unregister, "before-send", death.meet)
        yield


def phone_of(person: Person) -> str:
    """No other person of a test has it, for each has another source."""
    return fictitious_phone(int(person.source.rpartition(".")[2]))


def codes_to(phone: str) -> list[str]:
    messages = get_backend("sns")["123456789012"]["us-east-1"].sms_messages.values()
    return [re.findall(r"\d{6}", text)[0] for number, text in messages if number == phone]


@dataclass(frozen=True)
class Post:
    """A POST to be killed. `prepare` makes what it needs and gives its address, `done` counts what
    it made, `ident` finds the id of that in the answer."""

    prepare: Callable[[Person], str]
    body: Callable[[Person], dict[str, Any]]
    done: Callable[[Person], int]
    ident: Callable[[Any], str]


def to_bills(person: Person) -> str:
    person.registered()
    return "/v1/bills"


def to_payments(person: Person) -> str:
    made = person.registered().post("/v1/bills", BILL)
    return f"{made.headers['location']}/payments"


def to_contacts(person: Person) -> str:
    person.registered()
    return "/v1/contacts"


def payments_of(person: Person) -> int:
    (bill,) = person.get("/v1/bills").json["bills"]
    return len(person.get(f"/v1/bills/{bill['bill_id']}").json["payments"])


POSTS = {
    "account": Post(
        prepare=lambda _: "/v1/account",
        body=lambda _: {"language": "en", "time_zone": "UTC"},
        done=lambda _: sum(1 for _ in tables.UserItem.scan()),
        ident=lambda account: account["user_id"],
    ),
    "bill": Post(
        prepare=to_bills,
        body=lambda _: BILL,
        done=lambda person: len(person.get("/v1/bills").json["bills"]),
        ident=lambda bill: bill["bill_id"],
    ),
    "payment": Post(
        prepare=to_payments,
        body=lambda _: {},  # the oldest that is unpaid, which is another one once this is done
        done=payments_of,
        ident=lambda bill: bill["payments"][0]["payment_id"],
    ),
    "contact": Post(
        prepare=to_contacts,
        body=lambda person: {"channel": "sms", "address": phone_of(person)},
        done=lambda person: len(person.get("/v1/contacts").json["contacts"]),
        ident=lambda contact: contact["contact_id"],
    ),
}


@dataclass(frozen=True)
class Life:
    """What became of one request: killed at `death`, repeated at once, after the lock, and again.
    `made` is how many things there are then that were not there before."""

    person: Person
    death: str
    locked: bool
    at_once: Reply
    later: Reply
    again: Reply
    made: int


def lives(stack: MotoStack, set_clock: SetClock, post: Post, when: str) -> Iterator[Life]:
    """The request, killed at its first call to AWS, at its second, and so on until it survives."""
    for number in count(1):
        moment = NOW + number * timedelta(minutes=1)
        set_clock(moment)
        person = Person(stack, uuid4().hex, source=f"192.0.2.{number}")
        address, body = post.prepare(person), post.body(person)
        before = post.done(person)
        key = {"idempotency-key": uuid4().hex}
        death = Death(number, when)
        with dying(death), suppress(Killed):
            person.post(address, body, headers=key)
        if not death.at:
            return
        locked = [
            item.status for item in AnswerItem.scan() if key["idempotency-key"] in item.request
        ]
        at_once = person.post(address, body, headers=key)
        set_clock(clock.now() + LOCK + timedelta(seconds=1))
        later = person.post(address, body, headers=key)
        again = person.post(address, body, headers=key)
        made = post.done(person) - before
        yield Life(person, death.at, locked == [None], at_once, later, again, made)


WHENEVER = pytest.mark.parametrize("when", ["before", "after"])


def wrong_with(life: Life, post: Post) -> list[str]:
    """What is not as it should be."""
    later, again = life.later, life.again
    wrong = []
    if life.at_once.status != (409 if life.locked else 201):
        wrong.append(f"at once: {life.at_once.status}")
    elif life.locked and not 1 <= int(life.at_once.headers["retry-after"]) <= LOCK.total_seconds():
        wrong.append(f"Retry-After: {life.at_once.headers['retry-after']}")
    if (later.status, again.status) != (201, 201):
        wrong.append(f"after the lock: {later.status}, {again.status}")
    elif (post.ident(later.json), later.json) != (post.ident(again.json), again.json):
        wrong.append("another answer the second time")
    elif later.headers.get("etag") != again.headers.get("etag"):
        wrong.append("another ETag the second time")
    if life.made != 1:
        wrong.append(f"made {life.made}")
    return wrong


LOST_CODE = ["after the lock: 404, 404", "made 0"]
"""See test_a_code_that_was_never_made."""


@WHENEVER
@pytest.mark.parametrize("name", ["account", "bill", "payment"])
def test_what_died_in_the_middle_is_done_once_when_it_is_tried_again(
    stack: MotoStack, set_clock: SetClock, name: str, when: str
) -> None:
    post = POSTS[name]
    seen = list(lives(stack, set_clock, post, when))
    # so that it was not only killed where nothing had been done yet, or all was done
    assert len([life for life in seen if life.locked]) > 1
    assert {life.death: wrong for life in seen if (wrong := wrong_with(life, post))} == {}


@WHENEVER
def test_a_contact_is_made_once_and_the_code_that_arrived_can_be_entered(
    stack: MotoStack, set_clock: SetClock, when: str
) -> None:
    post, sent = POSTS["contact"], []
    for life in lives(stack, set_clock, post, when):
        codes = codes_to(phone_of(life.person))
        assert len(codes) <= 1, life.death
        sent.append(bool(codes))
        wrong = wrong_with(life, post)
        assert wrong == [] or (wrong == LOST_CODE and not codes), life.death
        if codes:
            address = f"{life.later.headers['location']}/confirm"
            entered = life.person.post(address, {"code": codes[0]})
            assert entered.status == 200, f"{life.death}: {entered.text}"
    assert any(sent)


def test_a_code_that_was_never_made_is_made_by_the_second_try(
    stack: MotoStack, set_clock: SetClock
) -> None:
    set_clock(NOW)
    person = Person(stack, uuid4().hex).registered()
    body = {"channel": "sms", "address": phone_of(person)}
    key = {"idempotency-key": uuid4().hex}

    def die_at_the_code(request: AWSPreparedRequest) -> None:
        if wire.content(request)["TableName"] == CodeItem.Meta.table_name:
            raise Killed

    with (
        wire.before(tables.connection.client, "PutItem", die_at_the_code),
        pytest.raises(Killed),
    ):
        person.post("/v1/contacts", body, headers=key)
    set_clock(clock.now() + LOCK + timedelta(seconds=1))
    again = person.post("/v1/contacts", body, headers=key)
    assert again.status == 201, again.text


@pytest.mark.parametrize(("name", "field"), [("settings", "code_word"), ("bill", "name")])
def test_a_change_that_was_made_is_not_refused_because_the_table_s_answer_got_lost(
    stack: MotoStack, name: str, field: str
) -> None:
    person = Person(stack, uuid4().hex).registered()
    made = person.post("/v1/bills", BILL)
    address = "/v1/settings" if name == "settings" else made.headers["location"]
    # The library's own second attempt, too: AWS knows it by its token, moto does not.
    lost = wire.first(2, wire.raises(wire.RESET))
    etag = person.get(address).etag
    with wire.after(tables.connection.client, "TransactWriteItems", lost):
        changed = person.patch(address, {field: "Harbour"}, etag)
    assert person.get(address).json[field] == "Harbour"
    assert changed.status == 200, changed.text

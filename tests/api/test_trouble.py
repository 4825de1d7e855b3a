"""Trouble of AWS in the middle of a request: 503 and when to come back, never our fault.

Every operation of the API is tried with each of its calls to AWS failing, one at a time: before AWS
has acted, and after it has. Then the same request is repeated. What it did is done once, and it is
answered as it would have been without the trouble.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from botocore.awsrequest import AWSPreparedRequest
from moto.backends import get_backend

from bill_reminders import clock
from bill_reminders.api import queued_jobs
from bill_reminders.api.routes import mute
from bill_reminders.channels import providers
from bill_reminders.channels.push import endpoints
from bill_reminders.delivery import claims
from bill_reminders.domain.enums import Channel
from bill_reminders.storage import identities, keyed_hash, link_codes, saving, tables
from tests.support import wire
from tests.support.api import Person, Reply
from tests.support.moto_stack import OFFSET_PARAMETER, MotoStack, moto_stack
from tests.support.people import a_user, fictitious_phone

NOW = datetime(2027, 3, 2, 9, 0, 2, tzinfo=UTC)
FIELDS = {"biller": "Oak Homes", "name": "Rent", "amount": "900", "currency": "GBP"}
BILL = {**FIELDS, "first_due": "2027-03-05", "repeats": {"every": 1, "unit": "month"}}


def before(client: Any) -> wire.Act:
    """The service is too busy, in the form in which it says so."""
    if client.meta.service_model.service_name == "sns":
        return wire.xml_error("Throttling")
    return wire.json_error("ProvisionedThroughputExceededException")


def after(client: Any) -> wire.Act:
    """It has acted, and its answer gets lost."""
    return wire.raises(wire.RESET)


def clients() -> list[Any]:
    return [
        tables.connection.client,
        providers.shared("sns"),
        providers.shared("sesv2"),
        providers.shared("ssm"),
        endpoints._sns(),
        keyed_hash._secrets(),
        queued_jobs._sqs(),
        mute._client(),
    ]


def name_of(request: AWSPreparedRequest, event_name: str) -> str:
    """What is called, and of which table if it is one."""
    operation = event_name.rpartition(".")[2]
    table = re.search(r'"TableName": ?"([^"]+)"', str(request.body))
    return operation if table is None else f"{operation} {table[1]}"


@contextmanager
def each_call(kind: Callable[[Any], wire.Act], number: int = 0) -> Iterator[list[str]]:
    """The calls to AWS by name, in order; that of the given number, from 1 on, meets trouble, and
    so does the library's own second attempt of it."""
    keyed_hash._key.cache_clear()  # a new process reads the secret
    calls: list[str] = []

    def meet(client: Any, request: AWSPreparedRequest, event_name: str) -> Any:
        calls.append(name_of(request, event_name))
        is_again = len(calls) == number + 1 and calls[-1:] == calls[-2:-1]
        return kind(client)(request) if len(calls) == number or is_again else None

    with ExitStack() as undo:
        for client in {id(each): each for each in clients()}.values():
            events = client.meta.events
            register = events.register_first if kind is before else events.register_last

            def handler(
                request: AWSPreparedRequest, event_name: str, client: Any = client, **_: Any
            ) -> Any:
                return meet(client, request, event_name)

            register("before-send", handler)
            undo.callback(events.unregister, "before-send", handler)
        yield calls


def worth_trying(calls: list[str], kind: Callable[[Any], wire.Act]) -> list[int]:
    """The first and the last of those that are alike. An answer that was lost of a call that only
    reads is as good as none; and of one that sends, it leaves the message unknown for good."""
    numbers = {
        name: (calls.index(name), len(calls) - calls[::-1].index(name) - 1) for name in calls
    }
    others = ("Get", "Query", "BatchGet", "Publish", "SendEmail")
    wanted = [name for name in numbers if kind is before or not name.startswith(others)]
    return sorted({number + 1 for name in wanted for number in numbers[name]})


@dataclass(frozen=True)
class Wanted:
    """A request."""

    method: str
    address: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: str | None = None


def bill(person: Person, wanted: Any = None) -> str:
    made = person.post("/v1/bills", wanted or BILL)
    assert made.status == 201, made.text
    return made.headers["location"]


_numbers: dict[str, int] = {}


def phone_of(person: Person) -> str:
    """Nobody else's: the tests share a stack, and who confirms a number takes it from others."""
    return fictitious_phone(_numbers.setdefault(person.subject, len(_numbers)))


def code_sent_to(phone: str) -> str:
    messages = get_backend("sns")["123456789012"]["us-east-1"].sms_messages.values()
    return re.findall(r"\d{6}", [text for number, text in messages if number == phone][-1])[0]


def asked_for_code(person: Person, phone: str | None = None) -> str:
    made = person.post("/v1/contacts", {"channel": "sms", "address": phone or phone_of(person)})
    assert made.status == 201, made.text
    return made.headers["location"]


def reached(person: Person) -> str:
    """With a phone number in use; the contact's address."""
    contact = asked_for_code(person)
    done = person.post(f"{contact}/confirm", {"code": code_sent_to(phone_of(person))})
    assert done.status == 200, done.text
    return contact


def device(person: Person) -> str:
    token = {"platform": "google", "token": f"token-of-{person.subject}"}
    made = person.post("/v1/devices", token)
    assert made.status == 201, made.text
    return f"/v1/devices/{made.json['device_id']}"


def told(person: Person) -> str:
    """One reminder in the ledger; its address."""
    bill(person)
    reached(person)
    user_id = identities.user_of(person.identity)
    assert user_id is not None
    claims.claim_next(user_id, Channel.SMS, now=clock.now() + timedelta(days=1))
    return f"/v1/reminders/{person.get('/v1/reminders').json['reminders'][0]['reminder_id']}"


def imported(person: Person) -> str:
    user_id = f"imported-{person.subject}"
    saving.save_user(a_user(user_id), shards=4, now=NOW)
    return user_id


def to_join(person: Person) -> Wanted:
    code = link_codes.create(imported(person), now=clock.now())
    return Wanted("POST", "/v1/account/join", {"link_code": code})


def to_confirm(person: Person) -> Wanted:
    contact = asked_for_code(person)
    return Wanted("POST", f"{contact}/confirm", {"code": code_sent_to(phone_of(person))})


def tried(person: Person) -> Wanted:
    reached(person)
    return Wanted("POST", "/v1/test-messages", {"channel": "sms"})


def to_confirm_what_a_biller_holds(person: Person) -> Wanted:
    held = a_user(f"imported-{person.subject}")
    known = held.addresses[Channel.SMS]
    held = held.with_address(Channel.SMS, replace(known, value=phone_of(person)))
    saving.save_user(held, shards=4, now=NOW)
    return to_confirm(person)


def with_etag(method: str, address: str, body: Any) -> Callable[[Person], Wanted]:
    def prepare(person: Person) -> Wanted:
        where = bill(person) if address == "" else address
        return Wanted(method, where, body, {"if-match": person.get(where).etag})

    return prepare


def of_bill(
    method: str, ending: str = "", body: Any = None, *, first: Any = (), wanted: Any = None
) -> Callable[[Person], Wanted]:
    """A request about a new bill, after those in `first` were made."""

    def prepare(person: Person) -> Wanted:
        address = bill(person, wanted)
        ident = ""
        for earlier, path, content, name in first:
            made = person.call(earlier, f"{address}{path}", content)
            assert made.status < 300, made.text
            ident = made.json[name][0][f"{name[:-1]}_id"] if name else ""
        return Wanted(method, f"{address}{ending}{ident}", body)

    return prepare


def simple(method: str, address: str, body: Any = None) -> Callable[[Person], Wanted]:
    return lambda _: Wanted(method, address, body)


def at_own(
    make: Callable[[Person], str], method: str, ending: str = "", body: Any = None
) -> Callable[[Person], Wanted]:
    return lambda person: Wanted(method, f"{make(person)}{ending}", body)


def with_bill(method: str, address: str) -> Callable[[Person], Wanted]:
    def prepare(person: Person) -> Wanted:
        bill(person)
        return Wanted(method, address)

    return prepare


def published(method: str) -> Callable[[Person], Wanted]:
    def prepare(person: Person) -> Wanted:
        assert person.call("PUT", "/v1/calendar").status == 200
        return Wanted(method, "/v1/calendar")

    return prepare


def exported(person: Person) -> str:
    return str(person.post("/v1/account/exports").headers["location"])


CSV = "biller,name,amount,currency,first_due,repeats\nOak Homes,Rent,900,GBP,2027-03-05,monthly\n"
AUTOPAY = {**BILL, "autopay": True}

OPERATIONS: dict[str, Callable[[Person], Wanted]] = {
    "getSetup": simple("GET", "/v1/setup"),
    "getSettings": simple("GET", "/v1/settings"),
    "changeSettings": with_etag("PATCH", "/v1/settings", {"code_word": "Harbour"}),
    "joinAccount": to_join,
    "exportAccount": simple("POST", "/v1/account/exports"),
    "eraseAccount": simple("POST", "/v1/account/erasures", {"confirm": "erase everything"}),
    "getJob": at_own(exported, "GET"),
    "listContacts": at_own(asked_for_code, "GET"),
    "addContact": lambda p: Wanted(
        "POST", "/v1/contacts", {"channel": "sms", "address": phone_of(p)}
    ),
    "addContact by e-mail": lambda p: Wanted(
        "POST", "/v1/contacts", {"channel": "email", "address": f"someone@{p.subject[:12]}.example"}
    ),
    "confirmContact": to_confirm,
    "confirmContact that joins": to_confirm_what_a_biller_holds,
    "removeContact": at_own(reached, "DELETE"),
    "removeContact that waits": at_own(asked_for_code, "DELETE"),
    "closeLinks": simple("DELETE", "/v1/links"),
    "listDevices": simple("GET", "/v1/devices"),
    "registerDevice": lambda p: Wanted(
        "POST", "/v1/devices", {"platform": "google", "token": f"token-of-{p.subject}"}
    ),
    "removeDevice": at_own(device, "DELETE"),
    "sendTestMessage": lambda p: (
        reached(p) and Wanted("POST", "/v1/test-messages", {"channel": "sms"})
    ),
    "getCalendar": published("GET"),
    "publishCalendar": simple("PUT", "/v1/calendar"),
    "publishCalendar again": published("PUT"),
    "withdrawCalendar": published("DELETE"),
    "listBills": with_bill("GET", "/v1/bills"),
    "createBill": simple("POST", "/v1/bills", BILL),
    "getBill": of_bill("GET"),
    "changeBill": with_etag("PATCH", "", {"name": "Harbour"}),
    "closeBill": of_bill("POST", "/close"),
    "reopenBill": of_bill("POST", "/reopen", first=[("POST", "/close", None, "")]),
    "deleteBill": of_bill("DELETE"),
    "silenceBill": of_bill("PUT", "/silence", {"reason": "not_mine"}),
    "unsilenceBill": of_bill(
        "DELETE", "/silence", first=[("PUT", "/silence", {"reason": "not_mine"}, "")]
    ),
    "addPayment": of_bill("POST", "/payments", {}),
    "undoPayment": of_bill("DELETE", "/payments/", first=[("POST", "/payments", {}, "payments")]),
    "addFailedDebit": of_bill("POST", "/failed-debits", {"occurrence": 0}, wanted=AUTOPAY),
    "undoFailedDebit": of_bill(
        "DELETE",
        "/failed-debits/",
        first=[("POST", "/failed-debits", {"occurrence": 0}, "failed_debits")],
        wanted=AUTOPAY,
    ),
    "putStatement": of_bill("PUT", "/occurrences/0/statement", {"amount": "800"}),
    "undoStatement": of_bill(
        "DELETE",
        "/occurrences/0/statement",
        first=[("PUT", "/occurrences/0/statement", {"amount": "800"}, "")],
    ),
    "snoozeBill": of_bill("POST", "/snoozes", {"until": "2027-03-04"}),
    "undoSnooze": of_bill(
        "DELETE", "/snoozes/0", first=[("POST", "/snoozes", {"until": "2027-03-04"}, "")]
    ),
    "importBills": lambda _: Wanted(
        "POST", "/v1/bills/files/csv", headers={"content-type": "text/csv"}, raw=CSV
    ),
    "exportBillsCsv": with_bill("GET", "/v1/bills/files/csv"),
    "exportBillsJson": with_bill("GET", "/v1/bills/files/json"),
    "listOccurrences": with_bill("GET", "/v1/occurrences"),
    "listUpcoming": with_bill("GET", "/v1/reminders/upcoming"),
    "listReminders": lambda p: Wanted("GET", told(p).rpartition("/")[0]),
    "getReminder": at_own(told, "GET"),
    "giveFeedback": at_own(told, "PUT", "/feedback", {"timing": "right"}),
    "takeFeedbackBack": at_own(told, "DELETE", "/feedback"),
}
"""Everything that the API does, by operation; those that go several ways, each way."""


def ask(person: Person, wanted: Wanted, key: str) -> Reply:
    headers = {**wanted.headers}
    if wanted.method == "POST":
        headers["idempotency-key"] = key
    return person.call(wanted.method, wanted.address, wanted.body, headers=headers, raw=wanted.raw)


def plain(text: str) -> str:
    """An answer without what no two of them share: ids, instants, secrets and addresses."""
    if text.startswith("{"):
        text = json.dumps(json.loads(text))  # an answer that was stored has other spaces
    text = re.sub(r'"(address|reminder_id|message_id|url)": "[^"]*"', r'"\1"', text)
    text = re.sub(r"[0-9a-f]{20,32}", "ID", text)
    return re.sub(r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "AT", text)


def wrong_with(reply: Reply, usual: Reply) -> list[str]:
    """What is not as it should be, of an answer in trouble."""
    if reply.status == usual.status:
        return [] if plain(reply.text) == plain(usual.text) else [f"says {plain(reply.text)}"]
    if reply.status != 503:
        return [f"{reply.status}: {reply.text}"]
    if json.loads(reply.text)["type"] != "/v1/docs#try-again":
        return [f"another problem: {reply.text}"]
    return [] if int(reply.headers["retry-after"]) > 0 else ["no Retry-After"]


KINDS = pytest.mark.parametrize("kind", [before, after])


@pytest.fixture(scope="module")
def shared() -> Iterator[MotoStack]:
    """One stack for all: everybody in it is a person of their own. Its clock stands at NOW."""
    with moto_stack() as deployed, pytest.MonkeyPatch.context() as patch:
        assert tables.connection.client is not None
        deployed.client("sesv2").create_email_identity(EmailIdentity="example.com")
        application = deployed.client("sns").create_platform_application(
            Name="app", Platform="GCM", Attributes={"PlatformCredential": "x"}
        )
        deployed.ids["GooglePushApplicationArn"] = application["PlatformApplicationArn"]
        patch.setenv(clock.OFFSET_VARIABLE, OFFSET_PARAMETER)
        deployed.set_clock(NOW)
        yield deployed


def stranger(shared: MotoStack) -> Person:
    """Somebody new, at an address of their own: what others ask for does not count against them."""
    subject = uuid4()
    source = ".".join(str(byte) for byte in (10, *subject.bytes[:3]))
    return Person(shared, subject.hex, source).registered()


@KINDS
@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_may_pass_is_a_503_and_the_request_is_done_once_when_it_is_repeated(
    shared: MotoStack, operation: str, kind: Callable[[Any], wire.Act]
) -> None:
    someone = stranger(shared)
    wanted = OPERATIONS[operation](someone)
    with each_call(kind) as calls:
        usual = ask(someone, wanted, uuid4().hex)
    assert usual.status < 300, usual.text
    faults: dict[str, list[str]] = {}
    for number in worth_trying(calls, kind):
        person = stranger(shared)
        wanted, key = OPERATIONS[operation](person), uuid4().hex
        with each_call(kind, number) as met:
            reply = ask(person, wanted, key)
        wrong = wrong_with(reply, usual)
        if reply.status == 503 or wanted.method == "POST":
            again = ask(person, wanted, key)
            # what the first try deleted is gone
            is_gone = kind is after and wanted.method == "DELETE" and again.status == 404
            if not is_gone and (
                again.status != usual.status or plain(again.text) != plain(usual.text)
            ):
                wrong.append(f"again: {again.status} {plain(again.text)[:300]}")
        if wrong:
            faults[f"{met[number - 1]} ({number})"] = wrong
    assert faults == {}, json.dumps(faults)


@pytest.mark.parametrize("number", range(8))
def test_no_call_that_is_never_answered_outlasts_its_request(
    shared: MotoStack, number: int
) -> None:
    assert len(clients()) == 8
    told = clients()[number].meta.config
    seconds = told.connect_timeout + told.read_timeout
    assert told.retries["total_max_attempts"] * seconds <= 15  # the function may run for 30


CHANGES: dict[str, Callable[[Person], Wanted]] = {
    "the name of a bill": with_etag("PATCH", "", {"name": "Harbour"}),
    "the date of a bill": with_etag("PATCH", "", {"first_due": "2027-03-09"}),
    "the plan of a bill": with_etag("PATCH", "", {"plan": {"lead_days": [5]}}),
    "settings": with_etag("PATCH", "/v1/settings", {"code_word": "Harbour"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_that_is_repeated_because_its_answer_never_came_is_answered_as_it_was(
    shared: MotoStack, change: str
) -> None:
    person = stranger(shared)
    wanted = CHANGES[change](person)
    made = ask(person, wanted, "")
    assert made.status == 200, made.text
    again = ask(person, wanted, "")
    assert (again.status, again.text, again.etag) == (200, made.text, made.etag)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_what_somebody_else_has_changed_since_is_still_refused(
    shared: MotoStack, change: str
) -> None:
    person = stranger(shared)
    wanted = CHANGES[change](person)
    assert ask(person, wanted, "").status == 200
    other = {"code_word": "Lantern"} if change == "settings" else {"name": "Lantern"}
    where = person.get(wanted.address)
    assert person.patch(wanted.address, other, where.etag).status == 200
    back = {**wanted.body} if "code_word" in wanted.body else {**wanted.body, "name": "Harbour"}
    assert ask(person, replace(wanted, body=back), "").status == 412

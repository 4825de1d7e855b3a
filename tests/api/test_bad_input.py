"""Whatever is sent, the answer says which field and what to do about it, and nothing is done."""

import io
import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote

import pytest
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from bill_reminders.commands.bills import MOST_OPEN_BILLS
from bill_reminders.storage import identities, tables
from bill_reminders.storage.saving import save_bills
from tests.support.api import Person, Reply
from tests.support.logged import logged
from tests.support.moto_stack import MotoStack, moto_stack
from tests.support.people import a_bill
from tests.support.template import OPENAPI

PHONE, EMAIL, AMOUNT = "+12025550187", "quentin.tester@example.com", "48151.62"
BILLER, NAME = "Lantern Savings Bank", "Gold card of Quentin"
KEPT_APART = {"Answers", "Limits"}
"""Tables that a refused request may write to: it was asked, and how often."""

TELLING = {"biller", "name", "amount", "minimum", "principal", "address", "token", "code"}
"""Fields whose values may not stand in an answer or a log line."""

REMEDY = re.compile(
    r"\b(write|leave|send|add|keep|take|choose|delete|read|close|correct|save|start|give|copy|"
    r"name|wait|repeat|list|create|check|type|fill|ask|use|GET|must match|this address takes)\b"
)

BILL: Mapping[str, Any] = {
    "biller": BILLER,
    "name": NAME,
    "amount": AMOUNT,
    "currency": "USD",
    "first_due": "2100-03-05",
}
MONTHLY: Mapping[str, Any] = {**BILL, "repeats": {"unit": "month"}}
LOAN: Mapping[str, Any] = {
    **{name: value for name, value in MONTHLY.items() if name != "amount"},
    "loan": {
        "method": "equal_instalment",
        "principal": "48151.62",
        "rate": "4.2",
        "instalments": 12,
    },
}


# One stack for all of these: what is refused leaves it as it was ----------------------------------


@pytest.fixture(scope="module")
def stack() -> Iterator[MotoStack]:
    with moto_stack() as deployed:
        assert tables.connection.client is not None
        yield deployed


@pytest.fixture(autouse=True)
def _not_called_yet(stack: MotoStack) -> None:
    """Nobody has called too often when a test begins, however fast the tests before it were."""
    dynamodb = get_backend("dynamodb")[DEFAULT_ACCOUNT_ID]["us-east-1"]
    dynamodb.tables[stack.ids["Limits"]].items.clear()


@pytest.fixture(autouse=True)
def log(stack: MotoStack) -> Iterator[io.StringIO]:
    """What the functions log; after every test: facts at level INFO, and no trace."""
    with logged(stack.function("ApiSettings").logger) as lines:
        yield lines
    for line in lines.getvalue().splitlines():
        said = json.loads(line)
        assert said["level"] == "INFO", line
        assert "exception" not in said, line
    assert "Traceback" not in lines.getvalue()


def everything(stack: MotoStack) -> dict[str, list[str]]:
    """All items of all tables but those KEPT_APART, and what waits for jobs. Read from moto itself:
    scans would take most of the time of these tests."""
    dynamodb = get_backend("dynamodb")[DEFAULT_ACCOUNT_ID]["us-east-1"]
    held = {
        name: sorted(
            json.dumps(item.to_json(), sort_keys=True) for item in dynamodb.tables[made].all_items()
        )
        for name, made in stack.ids.items()
        if made in dynamodb.tables and name not in KEPT_APART
    }
    assert "Bills" in held
    queues = get_backend("sqs")[DEFAULT_ACCOUNT_ID]["us-east-1"].queues
    return held | {"queues": [f"{name}: {len(each._messages)}" for name, each in queues.items()]}


def telling(body: Any, name: str = "") -> Iterator[str]:
    """The values of a body that nobody may repeat."""
    match body:
        case dict():
            for key, value in body.items():
                yield from telling(value, key)
        case list():
            for value in body:
                yield from telling(value, name)
        case str() | int() | float() if name in TELLING and len(str(body).strip(" 0.")) > 3:
            yield str(body)


@dataclass(frozen=True)
class Prober:
    """A registered user with one bill, and one without an account, who send nonsense."""

    stack: MotoStack
    log: io.StringIO
    person: Person
    bill_id: str
    stranger: Person

    def refused(
        self,
        method: str,
        address: str,
        body: Any = None,
        *,
        field: str | None,
        status: int | None = None,
        secrets: tuple[str, ...] = (),
        by: Person | None = None,
        **more: Any,
    ) -> Reply:
        """Send it and see that it is refused well. `field` None: the fault lies in no single one;
        "*": in any."""
        before = everything(self.stack)
        reply = (by or self.person).call(method, address, body, **more)
        assert 400 <= reply.status < 500, (reply.status, reply.text)
        assert status in (None, reply.status), (reply.status, reply.text)
        faults = {name.lower(): remedy for name, remedy in reply.faults().items()}
        if field is None:
            assert faults == {}, reply.text
        elif field == "*":
            assert faults, reply.text
        else:
            assert field.lower() in faults, reply.text
        for said in (reply.json["detail"], *faults.values()):
            assert REMEDY.search(said) or said.endswith("see errors"), said
        assert reply.json["status"] == reply.status
        assert everything(self.stack) == before
        for secret in (*telling(body), *secrets):
            assert secret not in reply.text
            assert secret not in self.log.getvalue()
        return reply

    def takes(self, method: str, address: str, body: Any = None, **more: Any) -> Reply:
        reply = self.person.call(method, address, body, **more)
        assert 200 <= reply.status < 300, (reply.status, reply.text)
        return reply


@pytest.fixture(scope="module")
def _registered(stack: MotoStack) -> tuple[Person, str]:
    person = Person(stack, "prober").registered()
    bill = person.post("/v1/bills", MONTHLY)
    assert bill.status == 201, bill.text
    return person, bill.json["bill_id"]


@pytest.fixture
def prober(stack: MotoStack, log: io.StringIO, _registered: tuple[Person, str]) -> Prober:
    person, bill_id = _registered
    return Prober(stack, log, person, bill_id, Person(stack, "stranger"))


def test_the_sound_bodies_of_these_tests_are_taken(prober: Prober) -> None:
    for body in (BILL, MONTHLY, LOAN):
        prober.takes("POST", "/v1/bills", body)


# Bodies that are no JSON, or no object -----------------------------------------------------------

_DEEP = "[" * 20_000 + "]" * 20_000
RAW = {
    "empty": "",
    "null": "null",
    "a list": "[]",
    "a text": '"text"',
    "a number": "17",
    "true": "true",
    "not closed": '{"biller": "Lantern',
    "closed twice": "{}}",
    "two documents": "{}{}",
    "a comma too many": '{"biller": "Lantern",}',
    "single quotes": "{'biller': 'Lantern'}",
    "no quotes": "{biller: 1}",
    "a comment": '{"biller": 1} // really',
    "a byte order mark": "\ufeff{}",
    "a control character": '{"biller": "a\x01b"}',
    "NaN": '{"biller": NaN}',
    "Infinity": '{"biller": Infinity}',
    "minus Infinity": '{"plan": {"lead_days": [-Infinity]}}',
    "the same name twice": '{"biller": "a", "biller": "b"}',
    "the same name twice, further in": '{"plan": {"lead_days": [1], "lead_days": [2]}}',
    "the same name twice, in a list": '{"plan": {"channels": [{"a": 1, "a": 1}]}}',
    "the same name twice, written otherwise": '{"biller": "a", "bill\\u0065r": "b"}',
    "a float beyond all numbers": '{"owner": 1e9999}',
    "an integer of 4,000 digits": '{"owner": ' + "9" * 4000 + "}",
    "an integer of 5,000 digits": '{"owner": ' + "9" * 5000 + "}",
    "half a character": '{"owner": "\\ud83d"}',
    "half a character in a name": '{"\\udca9": 1}',
    "half a character, not escaped": '{"owner": "\ud83d"}',
    "20,000 lists in each other": _DEEP,
    "20,000 lists in a field": f'{{"owner": {_DEEP}}}',
    "1,000 lists in a field": '{"owner": ' + "[" * 1000 + "]" * 1000 + "}",
    "10,000 objects in a field": '{"owner": ' * 5000 + "1" + "}" * 5000,
}


def with_body() -> list[tuple[str, str]]:
    """Method and path of everything that takes JSON, from the document."""
    paths = json.loads(OPENAPI.read_text())["paths"]
    return sorted(
        (method.upper(), path)
        for path, operations in paths.items()
        for method, operation in operations.items()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    )


def address_of(path: str, bill_id: str) -> str:
    """A path with ids that look right; the bill is there."""
    for name, value in {
        "bill_id": bill_id,
        "number": "0",
        "contact_id": "0123456789abcdef0123",
        "reminder_id": "a" * 24,
    }.items():
        path = path.replace(f"{{{name}}}", value)
    assert "{" not in path
    return path


ROUTES = pytest.mark.parametrize(
    ("method", "path"), with_body(), ids=[f"{method} {path}" for method, path in with_body()]
)
ANY_STATE = {"if-match": "*"}


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        ('{"biller": "a\\ud83d", "name": "b"}', {"biller"}),
        ('{"plan": {"channels": [{"a": 1}, {"channel": "\\udca9"}]}}', {"plan.channels.1.channel"}),
        ('{"biller": "\\ud83d", "name": "\\ud83d"}', {"biller", "name"}),
        ('{"\\udca9": 1}', {""}),
        (json.dumps({f"f{n}": "\ud83d" for n in range(3000)}), {"f0", "f99"}),
    ],
)
def test_half_a_character_is_named_with_its_field(
    prober: Prober, raw: str, fields: set[str]
) -> None:
    answer = prober.person.call("POST", "/v1/bills", raw=raw)
    assert answer.status == 400
    assert answer.faults().keys() >= fields
    assert len(answer.text) < 40_000


def test_a_report_of_thousands_of_faults_names_the_first_and_counts_the_rest(
    prober: Prober,
) -> None:
    unknown = {f"f{number}": 1 for number in range(4000)}
    answer = prober.person.post("/v1/bills", unknown)
    assert answer.status == 400
    assert len(answer.json["errors"]) == 100
    assert answer.json["detail"].startswith("4003 fields cannot be used")
    assert "the first 100" in answer.json["detail"]
    assert len(answer.text) < 40_000


@ROUTES
def test_a_body_that_is_no_sound_json_object_is_refused(
    prober: Prober, method: str, path: str
) -> None:
    for raw in RAW.values():
        prober.refused(
            method,
            address_of(path, prober.bill_id),
            raw=raw,
            field="*",
            status=400,
            headers=ANY_STATE,
        )


@ROUTES
def test_a_body_that_is_too_large_is_refused(prober: Prober, method: str, path: str) -> None:
    for size in (64 * 1024 + 1, 1024 * 1024):
        raw = '{"name": "' + "a" * (size - 12) + '"}'
        assert len(raw) == size
        prober.refused(
            method,
            address_of(path, prober.bill_id),
            raw=raw,
            field=None,
            status=413,
            headers=ANY_STATE,
        )


@ROUTES
@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "text/json",
        "application/jsonp",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=application/json",
        "application/xml, application/json",
    ],
)
def test_a_body_of_another_type_is_refused(
    prober: Prober, method: str, path: str, content_type: str | None
) -> None:
    prober.refused(
        method,
        address_of(path, prober.bill_id),
        raw="{}",
        field=None,
        status=415,
        headers={**ANY_STATE, "content-type": cast(str, content_type)},
    )


@ROUTES
def test_fields_that_nobody_knows_are_refused(prober: Prober, method: str, path: str) -> None:
    for name in ("owner", "user_id", "bill_id", "identity", "state", "__proto__", "é"):
        prober.refused(
            method,
            address_of(path, prober.bill_id),
            {name: "somebody-else"},
            field=name,
            status=400,
            secrets=("somebody-else",),
            headers=ANY_STATE,
        )


@pytest.mark.parametrize(
    "written",
    [
        "application/json",
        "application/json;charset=utf-8",
        "application/json ; charset=UTF-8",
        "Application/JSON",
        "application/JSON; charset=utf-8",
    ],
)
def test_the_type_of_a_body_may_be_written_in_capitals_and_with_its_charset(
    prober: Prober, written: str
) -> None:
    """RFC 9110, 8.3.1: types are the same in any case."""
    reply = prober.person.call("POST", "/v1/bills", BILL, headers={"content-type": written})
    prober.log.truncate(0)
    assert reply.status == 201, reply.text


@ROUTES
def test_a_list_is_not_taken_for_the_object_in_it(prober: Prober, method: str, path: str) -> None:
    somebody = Person(prober.stack, f"lists {method} {path}").registered()
    bill_id = somebody.post("/v1/bills", BILL).json["bill_id"]
    for raw in ("[{}]", "[{}, {}]"):
        address = address_of(path, bill_id)
        told = somebody.call(method, address, raw=raw, headers=ANY_STATE)
        assert told.status == 400, told.text
        assert list(told.faults()) == [""], told.text


class Binary:
    """A stack behind a gateway that takes bodies for binary."""

    def __init__(self, stack: MotoStack) -> None:
        self._stack = stack

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stack, name)

    def function(self, name: str) -> Any:
        handler = self._stack.function(name).handler
        return SimpleNamespace(
            handler=lambda event, context: handler({**event, "isBase64Encoded": True}, context)
        )


def as_base64(prober: Prober) -> Person:
    return Person(cast(MotoStack, Binary(prober.stack)), prober.person.subject)


def test_a_body_in_base64_is_read_like_any_other(prober: Prober) -> None:
    name = "Größe 账单 💡"
    body = json.dumps({**BILL, "name": name}, ensure_ascii=False).encode()
    made = as_base64(prober).call("POST", "/v1/bills", raw=b64encode(body))
    assert made.status == 201, made.text
    assert made.json["name"] == name


@pytest.mark.parametrize(
    "raw",
    [
        b64encode(b"\xff\xfe{}"),
        b64encode(b'{"name": "\xe9"}'),
        b64encode(b'{"name": "\xed\xa0\xbd"}'),
        b64encode(b'{"name": "\xc0\x80"}'),
        b64encode(json.dumps(BILL).encode("utf-16")),
        b64encode(b"{"),
        b64encode(b'{"biller": "a", "biller": "b"}'),
        b"{}",
        b"not base64 at all!",
        b64encode(json.dumps(BILL).encode())[:-3],
    ],
)
def test_a_body_in_base64_that_cannot_be_read_is_refused(prober: Prober, raw: bytes) -> None:
    prober.refused("POST", "/v1/bills", raw=raw, field="*", status=400, by=as_base64(prober))


def test_a_body_in_base64_of_other_letters_is_refused(prober: Prober) -> None:
    prober.refused("POST", "/v1/bills", raw="é", field="", status=400, by=as_base64(prober))


@pytest.mark.parametrize("name", [PHONE, EMAIL, AMOUNT])
def test_an_unknown_field_that_is_called_by_an_address_is_not_logged(
    prober: Prober, name: str
) -> None:
    reply = prober.person.post("/v1/bills", {**BILL, name: True})
    assert reply.status == 400
    assert "request refused" in prober.log.getvalue()
    assert name not in prober.log.getvalue()


def test_a_kind_of_plan_that_is_called_by_an_address_is_not_logged(prober: Prober) -> None:
    reply = prober.person.patch("/v1/settings", {"kind_plans": {EMAIL: None}}, "*")
    assert reply.status == 400
    assert "request refused" in prober.log.getvalue()
    assert EMAIL not in prober.log.getvalue()


# Bills -------------------------------------------------------------------------------------------

GONE = object()


def changed(body: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**body, **changes}.items() if value is not GONE}


bill, monthly, loan = partial(changed, BILL), partial(changed, MONTHLY), partial(changed, LOAN)


def planned(**plan: Any) -> dict[str, Any]:
    return bill(plan=plan)


def terms(**changes: Any) -> dict[str, Any]:
    return loan(loan=changed(LOAN["loan"], **changes))


SMS = {"channel": "sms"}
WRONG_BILLS: list[tuple[str, dict[str, Any]]] = [
    # of another type
    ("biller", bill(biller=5)),
    ("biller", bill(biller=None)),
    ("biller", bill(biller=[BILLER])),
    ("biller", bill(biller=GONE)),
    ("name", bill(name={"en": NAME})),
    ("name", bill(name=GONE)),
    ("kind", bill(kind=None)),
    ("kind", bill(kind="yacht")),
    ("kind", bill(kind="CARD")),
    ("label", bill(label="family")),
    ("amount", bill(amount=48151.62)),
    ("amount", bill(amount=10**400)),
    ("amount", bill(amount=True)),
    ("first_due", bill(first_due=20270305)),
    ("first_due", bill(first_due=None)),
    ("first_due", bill(first_due=GONE)),
    ("autopay", bill(autopay="yes")),
    ("autopay", bill(autopay=1)),
    ("autopay", bill(autopay=None)),
    ("count", monthly(count="12")),
    ("count", monthly(count=12.5)),
    ("count", monthly(count=True)),
    ("count", monthly(count=10**400)),
    ("repeats", bill(repeats="every month")),
    ("repeats", bill(repeats=[])),
    ("repeats.unit", bill(repeats={})),
    ("repeats.unit", bill(repeats={"unit": "fortnight"})),
    ("repeats.every", bill(repeats={"unit": "month", "every": "1"})),
    ("repeats.every", bill(repeats={"unit": "month", "every": 0})),
    ("repeats.every", bill(repeats={"unit": "month", "every": -1})),
    ("repeats.every", bill(repeats={"unit": "month", "every": 1001})),
    ("repeats.last_day", bill(repeats={"unit": "month", "last_day": "yes"})),
    ("repeats", bill(repeats={"unit": "week", "last_day": True})),
    ("repeats.until", bill(repeats={"unit": "month", "until": "2100-03-05"})),
    ("plan", bill(plan=[])),
    ("plan.owner", planned(owner="me")),
    # amounts and currencies
    ("currency", bill(currency="XXX")),
    ("currency", bill(currency="ZZZ")),
    ("currency", bill(currency="DEM")),
    ("currency", bill(currency="BTC")),
    ("currency", bill(currency="usd")),
    ("currency", bill(currency="US")),
    ("currency", bill(currency="$")),
    ("currency", bill(currency="")),
    ("currency", bill(currency=GONE)),
    ("amount", bill(amount="48151.625")),
    ("amount", bill(amount="48151.620")),
    ("amount", bill(amount="48151.5", currency="JPY")),
    ("amount", bill(amount="48151.62345")),
    ("amount", bill(amount="0")),
    ("amount", bill(amount="0.00")),
    ("amount", bill(amount="000000")),
    ("amount", bill(amount="-48151.62")),
    ("amount", bill(amount="+48151.62")),
    ("amount", bill(amount="1e9999")),
    ("amount", bill(amount="1E5")),
    ("amount", bill(amount="NaN")),
    ("amount", bill(amount="Infinity")),
    ("amount", bill(amount="48,151.62")),
    ("amount", bill(amount="48151.")),
    ("amount", bill(amount=".62")),
    ("amount", bill(amount=" 48151.62")),
    ("amount", bill(amount="48151.62\n")),
    ("amount", bill(amount="٤٨١٥١")),
    ("amount", bill(amount="４８１５１")),
    ("amount", bill(amount="$48151.62")),
    ("amount", bill(amount="0x10")),
    ("amount", bill(amount="")),
    ("amount", bill(amount="99999999999999")),
    # dates
    ("first_due", bill(first_due="0000-01-01")),
    ("first_due", bill(first_due="0001-01-01")),
    ("first_due", bill(first_due="9999-12-31")),
    ("first_due", bill(first_due="1969-12-31")),
    ("first_due", bill(first_due="2200-01-01")),
    ("first_due", bill(first_due="2100-02-30")),
    ("first_due", bill(first_due="2100-02-29")),
    ("first_due", bill(first_due="2100-13-01")),
    ("first_due", bill(first_due="2100-00-10")),
    ("first_due", bill(first_due="2100-3-5")),
    ("first_due", bill(first_due="05.03.2100")),
    ("first_due", bill(first_due="2100-03-05T00:00:00Z")),
    ("first_due", bill(first_due="２１００-03-05")),
    ("first_due", bill(first_due="2100-03-05\n")),
    ("first_due", bill(first_due="tomorrow")),
    ("first_due", bill(first_due="")),
    ("until", monthly(until="2100-02-28")),
    ("until", bill(until="2100-03-04")),
    ("until", monthly(until="2100-02-30")),
    ("owed_from", bill(owed_from="2100-02-30")),
    ("owed_from", bill(owed_from="yesterday")),
    ("count", monthly(count=0)),
    ("count", monthly(count=-1)),
    ("count", monthly(count=1201)),
    # plans
    ("plan.lead_days.0", planned(lead_days=[10_000])),
    ("plan.lead_days.1", planned(lead_days=[3, -1])),
    ("plan.lead_days.0", planned(lead_days=[366])),
    ("plan.lead_days.0", planned(lead_days=["3"])),
    ("plan.lead_days.0", planned(lead_days=[3.5])),
    ("plan.lead_days.0", planned(lead_days=[True])),
    ("plan.lead_days.0", planned(lead_days=[None])),
    ("plan.lead_days.0", planned(lead_days=[[3]])),
    ("plan.lead_days", planned(lead_days=[3, 1, 3])),
    ("plan.lead_days", planned(lead_days="3+1")),
    ("plan.lead_days", planned(lead_days=list(range(21)))),
    ("plan.lead_days", planned(lead_days={"0": 3})),
    ("plan.overdue_days.0", planned(overdue_days=[0])),
    ("plan.overdue_days.0", planned(overdue_days=[61])),
    ("plan.overdue_days", planned(overdue_days=[1, 1])),
    ("plan.remind_at", planned(remind_at="24:00")),
    ("plan.remind_at", planned(remind_at="09:60")),
    ("plan.remind_at", planned(remind_at="9:00")),
    ("plan.remind_at", planned(remind_at="09:00:00")),
    ("plan.remind_at", planned(remind_at="09:00Z")),
    ("plan.remind_at", planned(remind_at=900)),
    ("plan.channels", planned(channels=[])),
    ("plan", bill(plan="sms")),
    ("plan.channels.0", planned(channels=["sms"])),
    ("plan.channels", planned(channels=[SMS, SMS])),
    ("plan.channels", planned(channels=[SMS, {"channel": "push"}, {**SMS, "from_lead_days": 0}])),
    ("plan.channels", planned(channels=[SMS] * 4)),
    ("plan.channels.0.channel", planned(channels=[{"channel": "fax"}])),
    ("plan.channels.0.channel", planned(channels=[{}])),
    ("plan.channels.0.address", planned(channels=[{**SMS, "address": PHONE}])),
    ("plan.channels.0.from_lead_days", planned(channels=[{**SMS, "from_lead_days": 366}])),
    ("plan.channels", planned(channels=[{**SMS, "from_lead_days": 0, "fallback": True}])),
    ("plan.channels.0.fallback", planned(channels=[{**SMS, "fallback": "yes"}])),
    ("plan.channels.0.from_lead_days", planned(channels=[{**SMS, "from_lead_days": -1}])),
    # cards
    ("statement_day", monthly(statement_day=0)),
    ("statement_day", monthly(statement_day=32)),
    ("statement_day", monthly(statement_day="15")),
    ("statement_day", bill(statement_day=15)),
    ("statement_day", monthly(statement_day=15, due_after_statement=20)),
    ("due_after_statement", monthly(due_after_statement=0)),
    ("due_after_statement", monthly(due_after_statement=61)),
    ("due_after_statement", bill(due_after_statement=20)),
    ("due_after_statement", bill(repeats={"unit": "week"}, due_after_statement=20)),
    # what it costs to be late
    ("late_fee", bill(late_fee="-35.00")),
    ("late_fee", bill(late_fee="48151.625")),
    ("late_fee", bill(late_fee="99999999999999")),
    ("late_fee", bill(late_fee=35)),
    ("currency", bill(amount=None, currency=None, late_fee="35.00")),
    ("late_apr", bill(late_apr="1000.0001")),
    ("late_apr", bill(late_apr="10000")),
    ("late_apr", bill(late_apr="18.25001")),
    ("late_apr", bill(late_apr="18,25")),
    ("late_apr", bill(late_apr="18.25%")),
    ("late_apr", bill(late_apr="-1")),
    ("late_apr", bill(late_apr="1e2")),
    ("late_apr", bill(late_apr=18.25)),
    # loans
    ("amount", loan(amount=AMOUNT)),
    ("count", loan(count=12)),
    ("currency", loan(currency=GONE)),
    ("repeats", loan(repeats=None)),
    ("repeats", loan(repeats={"unit": "day"})),
    ("repeats", loan(repeats={"unit": "month", "every": 5})),
    ("loan", loan(loan="equal_instalment")),
    ("loan.method", terms(method="magic")),
    ("loan.method", terms(method=GONE)),
    ("loan.principal", terms(principal=48151.62)),
    ("loan.principal", terms(principal="-48151.62")),
    ("loan.principal", terms(principal="0")),
    ("loan.principal", terms(principal="48151.625")),
    ("loan.principal", terms(principal=GONE)),
    ("loan.rate", terms(rate="101")),
    ("loan.rate", terms(rate="-1")),
    ("loan.rate", terms(rate="4,2")),
    ("loan.rate", terms(rate="4.2%")),
    ("loan.rate", terms(rate=4.2)),
    ("loan.instalments", terms(instalments=0)),
    ("loan.instalments", terms(instalments=1201)),
    ("loan.instalments", terms(instalments="12")),
    ("loan.currency", terms(currency="USD")),
    ("loan.first_period_days", terms(first_period_days=0)),
    ("loan.first_period_days", terms(first_period_days=1000)),
    ("loan.first_period_days", terms(first_period_days="46")),
    ("loan.first_period_days", terms(method="flat_fee", first_period_days=46)),
    ("loan.stated_instalment", terms(stated_instalment="0")),
    ("loan.stated_instalment", terms(stated_instalment="0.01")),
    ("loan.stated_instalment", terms(stated_instalment=1032.79)),
    ("loan.rate_changes", terms(rate_changes="4.5 after 3")),
    ("loan.rate_changes", terms(rate_changes=None)),
    ("loan.rate_changes", terms(rate_changes=[{"after": 1199, "rate": "4.5"}])),
    ("loan.rate_changes", terms(rate_changes=2 * [{"after": 1, "rate": "4.5"}])),
    ("loan.rate_changes", terms(rate_changes=121 * [{"after": 1, "rate": "4.5"}])),
    ("loan.rate_changes.0.after", terms(rate_changes=[{"rate": "4.5"}])),
    ("loan.rate_changes.0.after", terms(rate_changes=[{"after": -1, "rate": "4.5"}])),
    ("loan.rate_changes.0.rate", terms(rate_changes=[{"after": 1, "rate": 4.5}])),
    ("loan.rate_changes.0.rate", terms(rate_changes=[{"after": 1, "rate": "4,5"}])),
    # places
    ("country", bill(country="ZZ")),
    ("country", bill(country="us")),
    ("country", bill(country="USA")),
    ("country", bill(subdivision="NY")),
    ("subdivision", bill(country="US", subdivision="QQ")),
    ("subdivision", bill(country="US", subdivision="new york")),
    ("if_not_working_day", bill(if_not_working_day="sometimes")),
    # what is not the caller's to say
    ("owner", bill(owner="somebody")),
    ("user_id", bill(user_id="somebody")),
    ("bill_id", bill(bill_id="mine")),
    ("closed_at", bill(closed_at="2027-03-05T00:00:00Z")),
    ("status", bill(status="paid")),
    ("payments", bill(payments=[])),
]


@pytest.mark.parametrize(("field", "body"), WRONG_BILLS)
def test_a_bill_that_cannot_be_is_not_created(
    prober: Prober, field: str, body: dict[str, Any]
) -> None:
    prober.refused("POST", "/v1/bills", body, field=field)


@pytest.mark.parametrize(
    ("field", "body"), [case for case in WRONG_BILLS if len(case[1]) >= len(BILL)]
)
def test_a_bill_is_not_changed_to_one_that_cannot_be(
    prober: Prober, field: str, body: dict[str, Any]
) -> None:
    """All fields are sent, so the bill would become the one that cannot be created."""
    empty = dict.fromkeys(("amount", "currency", "repeats", "loan", "count", "until"))
    kept = dict.fromkeys(("statement_day", "due_after_statement", "country", "plan"))
    prober.refused(
        "PATCH",
        f"/v1/bills/{prober.bill_id}",
        {**empty, **kept, **body},
        field=field,
        headers=ANY_STATE,
    )


CONTROLS = {
    "NUL": "\0",
    "newline": "\n",
    "carriage return": "\r",
    "tab": "\t",
    "escape": "\x1b[31m",
    "backspace": "\b",
    "delete": "\x7f",
    "next line": "\x85",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "right-to-left override": "\u202e",
    "left-to-right override": "\u202d",
    "right-to-left embedding": "\u202b",
    "pop directional formatting": "\u202c",
    "right-to-left isolate": "\u2067",
    "first strong isolate": "\u2068",
}


@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS)
@pytest.mark.parametrize("field", ["biller", "name"])
def test_control_characters_and_bidi_overrides_in_names_are_refused(
    prober: Prober, field: str, control: str
) -> None:
    body = bill(**{field: f"Lantern{control}Harbour"})
    prober.refused("POST", "/v1/bills", body, field=field, secrets=("Harbour",))
    prober.refused(
        "PATCH",
        f"/v1/bills/{prober.bill_id}",
        {field: f"Lantern{control}Harbour"},
        field=field,
        headers=ANY_STATE,
    )


@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS)
def test_control_characters_and_bidi_overrides_in_a_code_word_are_refused(
    prober: Prober, control: str
) -> None:
    body = {"code_word": f"Har{control}bour"}
    prober.refused(
        "PATCH", "/v1/settings", body, field="code_word", headers=ANY_STATE, secrets=("bour",)
    )


@pytest.mark.parametrize("field", ["biller", "name"])
@pytest.mark.parametrize("text", ["", " ", "   ", "\u3000", "a" * 101, "💡" * 101, "a" * 5000])
def test_names_that_say_nothing_or_too_much_are_refused(
    prober: Prober, field: str, text: str
) -> None:
    prober.refused("POST", "/v1/bills", bill(**{field: text}), field=field)


@pytest.mark.parametrize(
    "text",
    [
        "💡",
        "Strom 💡 & Gas 🔥",
        "👩‍👩‍👧‍👦 Familie",
        "🏴󠁧󠁢󠁳󠁣󠁴󠁿 Council tax",
        "בנק לאומי",
        "بنك القاهرة ١٢",
        "信用卡（金卡）",
        'O\'Neill "Söhne" <b>&amp;</b>',
        "'; DROP TABLE bills; --",
        "{{ 7 * 7 }} ${jndi:ldap:x} %s %00",
        "=HYPERLINK(1)",
        "a" * 100,
        "💡" * 100,
    ],
)
def test_names_in_any_script_and_with_emoji_are_welcome(prober: Prober, text: str) -> None:
    made = prober.takes("POST", "/v1/bills", bill(biller=text, name=text))
    read = prober.takes("GET", f"/v1/bills/{made.json['bill_id']}")
    assert read.json["biller"] == read.json["name"] == text
    prober.takes("DELETE", f"/v1/bills/{made.json['bill_id']}")


def test_one_bill_more_than_anybody_may_have_is_refused(
    stack: MotoStack, log: io.StringIO, prober: Prober
) -> None:
    many = Person(stack, "many").registered()
    user_id = identities.user_of(many.identity)
    assert user_id is not None
    drafts = [
        lambda _, number=number: a_bill(user_id, f"bill-{number}", due_on=date(2100, 3, 5))
        for number in range(MOST_OPEN_BILLS)
    ]
    save_bills(user_id, drafts, now=datetime.now(UTC))
    prober.refused("POST", "/v1/bills", BILL, field=None, status=409, by=many)
    closed = many.post("/v1/bills/bill-0/close")
    assert closed.status == 200, closed.text
    assert many.post("/v1/bills", BILL).status == 201
    prober.refused("POST", "/v1/bills", BILL, field=None, status=409, by=many)
    prober.refused("POST", "/v1/bills/bill-0/reopen", None, field=None, status=409, by=many)


# What happens to a bill --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("amount", {"amount": "0"}),
        ("amount", {"amount": "0.00"}),
        ("amount", {"amount": "-48151.62"}),
        ("amount", {"amount": "48151.625"}),
        ("amount", {"amount": "1e9999"}),
        ("amount", {"amount": 48151.62}),
        ("currency", {"amount": "48151.62", "currency": "XXX"}),
        ("currency", {"amount": "48151.62", "currency": "EUR"}),
        ("currency", {"currency": 840}),
        ("occurrence", {"occurrence": -1}),
        ("occurrence", {"occurrence": 100_001}),
        ("occurrence", {"occurrence": "0"}),
        ("occurrence", {"occurrence": 10**400}),
        ("payment_id", {"payment_id": "mine"}),
        ("paid_at", {"paid_at": "2027-01-01T00:00:00Z"}),
    ],
)
def test_a_payment_that_cannot_be_is_not_noted(
    prober: Prober, field: str, body: dict[str, Any]
) -> None:
    prober.refused("POST", f"/v1/bills/{prober.bill_id}/payments", body, field=field)


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("until", {}),
        ("until", {"until": "2100-02-30"}),
        ("until", {"until": "0000-01-01"}),
        ("until", {"until": "9999-12-31"}),
        ("until", {"until": "2001-01-01"}),
        ("until", {"until": "2199-12-31", "confirmed": True}),
        ("until", {"until": "2100-03-06"}),
        ("confirmed", {"until": "2100-03-06", "confirmed": "yes"}),
        ("occurrence", {"until": "2100-03-01", "occurrence": -1}),
    ],
)
def test_a_snooze_that_cannot_be_is_refused(
    prober: Prober, field: str, body: dict[str, Any]
) -> None:
    prober.refused("POST", f"/v1/bills/{prober.bill_id}/snoozes", body, field=field)


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("amount", {}),
        ("amount", {"amount": None}),
        ("amount", {"amount": "--48151.62"}),
        ("amount", {"amount": "48151.62-"}),
        ("amount", {"amount": "(48151.62)"}),
        ("amount", {"amount": "48151.625"}),
        ("amount", {"amount": "-48151.625"}),
        ("currency", {"amount": "48151.62", "currency": "XXX"}),
        ("minimum", {"amount": "48151.62", "minimum": "48151.63"}),
        ("minimum", {"amount": "48151.62", "minimum": "-5"}),
        ("minimum", {"amount": "48151.62", "minimum": "5.001"}),
        ("minimum", {"amount": "-48151.62", "minimum": "5"}),
        ("due_on", {"amount": "48151.62", "due_on": "2027-02-30"}),
        ("due_on", {"amount": "48151.62", "due_on": "5 March"}),
    ],
)
def test_a_statement_that_cannot_be_is_refused(
    prober: Prober, field: str, body: dict[str, Any]
) -> None:
    path = f"/v1/bills/{prober.bill_id}/occurrences/0/statement"
    prober.refused("PUT", path, body, field=field)


def test_an_occurrence_that_does_not_exist_cannot_be_paid_or_snoozed(prober: Prober) -> None:
    path = f"/v1/bills/{prober.bill_id}"
    beyond = {"occurrence": 100_000}
    prober.refused("POST", f"{path}/payments", beyond, field="occurrence")
    snooze = {**beyond, "until": "2100-03-01"}
    prober.refused("POST", f"{path}/snoozes", snooze, field="occurrence")


def test_an_occurrence_that_does_not_exist_cannot_be_stated(prober: Prober) -> None:
    path = f"/v1/bills/{prober.bill_id}/occurrences"
    for number in ("100000", "0/.."):
        prober.refused("PUT", f"{path}/{number}/statement", {"amount": "5"}, field=None, status=404)
        prober.refused("DELETE", f"{path}/{number}/statement", None, field=None, status=404)
    for number in ("-1", "0%2f..", "100001", "1.5", "x", "1e3", "0x1", "%20", "9" * 400):
        prober.refused("PUT", f"{path}/{number}/statement", {"amount": "5"}, field="number")
        prober.refused("DELETE", f"{path}/{number}/statement", None, field="number")


# Accounts and settings ---------------------------------------------------------------------------

ZONES = [
    "Mars/Olympus",
    "Europe/Nowhere",
    "europe/london",
    "+08:00",
    "-5",
    "UTC+8",
    "GMT-3",
    "Etc/GMT+8",
    "Factory",
    "",
    " ",
    "UTC ",
    "Europe/London\n",
    "Europe/Lon\0don",
    "../../etc/passwd",
    "/usr/share/zoneinfo/UTC",
    "x" * 65,
    "x" * 5000,
    "Asia/上海",
]


@pytest.mark.parametrize("zone", [*ZONES, 8, None, ["UTC"]])
def test_a_zone_that_does_not_exist_is_refused(prober: Prober, zone: Any) -> None:
    body = {"language": "en", "time_zone": zone}
    prober.refused("POST", "/v1/account", body, field="time_zone", by=prober.stranger)
    prober.refused("PATCH", "/v1/settings", body, field="time_zone", headers=ANY_STATE)


@pytest.mark.parametrize("language", ["de", "EN", "zh", "", None, 7, ["en"]])
def test_a_language_that_messages_are_not_written_in_is_refused(
    prober: Prober, language: Any
) -> None:
    body = {"language": language, "time_zone": "UTC"}
    prober.refused("POST", "/v1/account", body, field="language", by=prober.stranger)
    prober.refused("PATCH", "/v1/settings", body, field="language", headers=ANY_STATE)


def test_an_account_needs_its_language_and_zone_and_takes_no_id(prober: Prober) -> None:
    for field, body in (
        ("language", {"time_zone": "UTC"}),
        ("time_zone", {"language": "en"}),
        ("user_id", {"language": "en", "time_zone": "UTC", "user_id": "somebody"}),
        ("owner", {"language": "en", "time_zone": "UTC", "owner": "somebody"}),
    ):
        prober.refused("POST", "/v1/account", body, field=field, status=400, by=prober.stranger)


WRONG_SETTINGS: list[tuple[str, dict[str, Any]]] = [
    ("quiet_hours", {"quiet_hours": {"start": "08:00", "end": "07:00"}}),
    ("quiet_hours", {"quiet_hours": {"start": "00:00", "end": "20:01"}}),
    ("quiet_hours", {"quiet_hours": {"start": "08:00", "end": "08:00"}}),
    ("quiet_hours", {"quiet_hours": "22:00-08:00"}),
    ("quiet_hours.end", {"quiet_hours": {"start": "22:00"}}),
    ("quiet_hours.end", {"quiet_hours": {"start": "22:00", "end": "24:00"}}),
    ("quiet_hours.start", {"quiet_hours": {"start": "22:00+01:00", "end": "08:00"}}),
    ("paused_until", {"paused_until": "2027-02-30"}),
    ("paused_until", {"paused_until": "9999-12-31"}),
    ("paused_until", {"paused_until": True}),
    ("code_word", {"code_word": ""}),
    ("code_word", {"code_word": "x" * 21}),
    ("code_word", {"code_word": 42}),
    ("tips", {"tips": None}),
    ("tips", {"tips": "yes"}),
    ("plan", {"plan": None}),
    ("plan.lead_days.0", {"plan": {"lead_days": [10_000]}}),
    ("plan.lead_days", {"plan": {"lead_days": [3, 3]}}),
    ("plan.overdue_days", {"plan": {"overdue_days": [1, 1]}}),
    ("plan.channels", {"plan": {"channels": [SMS, SMS]}}),
    ("kind_plans", {"kind_plans": []}),
    ("kind_plans", {"kind_plans": None}),
    ("kind_plans.card.lead_days", {"kind_plans": {"card": {"lead_days": [1, 1]}}}),
    ("kind_plans.card.lead_days.0", {"kind_plans": {"card": {"lead_days": [-1]}}}),
    ("kind_plans.card.owner", {"kind_plans": {"card": {"owner": 1}}}),
    ("owner", {"owner": "somebody"}),
    ("user_id", {"user_id": "somebody"}),
    ("addresses", {"addresses": {"sms": PHONE}}),
    ("effective_plans", {"effective_plans": {}}),
]


@pytest.mark.parametrize(("field", "body"), WRONG_SETTINGS)
def test_settings_that_cannot_be_are_refused(
    prober: Prober, field: str, body: dict[str, Any]
) -> None:
    prober.refused("PATCH", "/v1/settings", body, field=field, headers=ANY_STATE)
    more = {**body, "tips": body.get("tips", False)}
    prober.refused("PATCH", "/v1/settings", more, field=field, headers=ANY_STATE)


def test_a_kind_that_does_not_exist_has_no_plan(prober: Prober) -> None:
    body = {"kind_plans": {"yacht": {"lead_days": [1]}}}
    prober.refused("PATCH", "/v1/settings", body, field="*", headers=ANY_STATE)


@pytest.mark.parametrize("word", [" ", "    ", "\u3000"])
def test_a_code_word_that_nobody_can_see_is_refused(prober: Prober, word: str) -> None:
    prober.refused(
        "PATCH", "/v1/settings", {"code_word": word}, field="code_word", headers=ANY_STATE
    )


def test_every_fault_of_a_request_is_told_at_once(prober: Prober) -> None:
    body = bill(biller=5, owner=1, first_due="never", plan={"lead_days": [-1], "remind_at": "noon"})
    told = prober.refused("POST", "/v1/bills", body, field="biller").faults()
    assert {"biller", "owner", "first_due", "plan.lead_days.0", "plan.remind_at"} == set(told)
    body = {"time_zone": "+08:00", "plan": {"lead_days": [1, 1]}, "code_word": "a\0b"}
    told = prober.refused(
        "PATCH", "/v1/settings", body, field="time_zone", headers=ANY_STATE
    ).faults()
    assert {"time_zone", "plan.lead_days", "code_word"} == set(told)
    body = bill(currency="XXX", first_due="2100-02-30", plan={"lead_days": [1, 1]}, country="ZZ")
    told = prober.refused("POST", "/v1/bills", body, field="currency").faults()
    assert {"currency", "first_due", "plan.lead_days", "country"} == set(told)


# Contacts, devices, and what is asked for only once ----------------------------------------------

WRONG_PHONES = [
    "+99912345678",
    "+00012345678",
    "+1",
    "+",
    "+1202555",
    "+120255501870000000",
    "12025550187",
    "0012025550187",
    "020 7946 0018",
    "+1 202 555 0187 ext. 5",
    "tel:+12025550187",
    "+12025550187,+12025550188",
    "+12025550187\n+12025550188",
    "+١٢٠٢٥٥٥٠١٨٧",
    "+1-800-FLOWERS",
    "call me maybe",
    EMAIL,
    "x" * 321,
    "  ",
]
WRONG_EMAILS = [
    "quentin.tester",
    "quentin.tester@",
    "@example.com",
    "quentin.tester@localhost",
    "quentin.tester@example",
    "quentin tester@example.com",
    "quentin.tester@@example.com",
    "quentin..tester@example.com",
    "quentin.tester@example..com",
    "quentin.tester@-example.com",
    "quentin.tester@[192.0.2.1]",
    "Quentin <quentin.tester@example.com>",
    "quentin.tester@example.com,other@example.com",
    "quentin.tester@example.com\nBcc: other@example.com",
    "quentin.tester@example.com\0",
    "quëntin@example.com",
    PHONE,
    "x" * 300 + "@example.com",
    "x" * 321,
    "   ",
]


@pytest.mark.parametrize(
    ("channel", "address"),
    [("sms", each) for each in WRONG_PHONES] + [("email", each) for each in WRONG_EMAILS],
)
def test_an_address_that_cannot_be_written_to_gets_no_code(
    prober: Prober, channel: str, address: str
) -> None:
    body = {"channel": channel, "address": address}
    prober.refused("POST", "/v1/contacts", body, field="address")


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("channel", {"channel": "push", "address": PHONE}),
        ("channel", {"channel": "fax", "address": PHONE}),
        ("channel", {"address": PHONE}),
        ("channel", {"channel": ["sms"], "address": PHONE}),
        ("address", {"channel": "sms"}),
        ("address", {"channel": "sms", "address": 12025550187}),
        ("address", {"channel": "sms", "address": [PHONE]}),
        ("confirmed", {"channel": "sms", "address": PHONE, "confirmed": True}),
        ("user_id", {"channel": "sms", "address": PHONE, "user_id": "somebody"}),
    ],
)
def test_a_contact_that_cannot_be_is_refused(
    prober: Prober, field: str, body: dict[str, Any]
) -> None:
    prober.refused("POST", "/v1/contacts", body, field=field, status=400, secrets=(PHONE,))


@pytest.mark.parametrize(
    "code", ["12345", "1234567", "12345a", "１２３４５６", " 123456", "123456\n", "", 123456, None]
)
def test_a_code_has_six_digits(prober: Prober, code: Any) -> None:
    path = "/v1/contacts/0123456789abcdef0123/confirm"
    prober.refused("POST", path, {"code": code}, field="code", status=400)


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("token", {"platform": "google", "token": "token-of-x"}),
        ("token", {"platform": "google", "token": "x" * 4097}),
        ("token", {"platform": "google", "token": "with a space in the middle"}),
        ("token", {"platform": "google", "token": "with-a-\0-in-the-middle"}),
        ("token", {"platform": "google", "token": "é" * 20}),
        ("token", {"platform": "google", "token": 12345678901234567890}),
        ("token", {"platform": "google"}),
        ("platform", {"platform": "nokia", "token": "x" * 32}),
        ("endpoint", {"platform": "google", "token": "x" * 32, "endpoint": "arn:aws:sns:x"}),
    ],
)
def test_a_device_that_cannot_be_is_refused(
    prober: Prober, field: str, body: dict[str, Any]
) -> None:
    prober.refused("POST", "/v1/devices", body, field=field)


@pytest.mark.parametrize("code", ["x", "", "K7PD-3MWX-Q94T" * 3, "K7PD_3MWX_Q94T", "💡" * 12, 5])
def test_a_link_code_of_another_form_is_refused(prober: Prober, code: Any) -> None:
    body = {"link_code": code}
    prober.refused("POST", "/v1/account/join", body, field="link_code", by=prober.stranger)


def test_a_link_code_that_nobody_handed_out_opens_nothing(prober: Prober) -> None:
    prober.refused(
        "POST",
        "/v1/account/join",
        {"link_code": "K7PD-3MWX-Q94T"},
        field="link_code",
        status=422,
        by=prober.stranger,
        secrets=("K7PD", "K7PD3MWXQ94T"),
    )


@pytest.mark.parametrize(
    "body", [{}, {"confirm": ""}, {"confirm": "ERASE EVERYTHING"}, {"confirm": True}]
)
def test_nobody_is_erased_without_the_very_words(prober: Prober, body: dict[str, Any]) -> None:
    prober.refused("POST", "/v1/account/erasures", body, field="confirm", status=400)


def test_a_test_message_goes_nowhere_without_an_address(prober: Prober) -> None:
    for channel in ("sms", "email", "push"):
        body = {"channel": channel}
        prober.refused("POST", "/v1/test-messages", body, field=None, status=409)
    prober.refused("POST", "/v1/test-messages", {"channel": "fax"}, field="channel", status=400)
    body = {"channel": "sms", "address": PHONE}
    prober.refused("POST", "/v1/test-messages", body, field="address", status=400)


def test_nothing_but_an_account_can_be_made_without_one(prober: Prober) -> None:
    for method, path, body in (
        ("GET", "/v1/settings", None),
        ("GET", "/v1/bills", None),
        ("GET", "/v1/reminders", None),
        ("GET", "/v1/contacts", None),
        ("POST", "/v1/bills", BILL),
        ("POST", "/v1/contacts", {"channel": "sms", "address": PHONE}),
        ("POST", "/v1/account/exports", None),
        ("POST", "/v1/account/erasures", {"confirm": "erase everything"}),
        ("POST", f"/v1/bills/{prober.bill_id}/payments", {}),
        ("DELETE", f"/v1/bills/{prober.bill_id}", None),
    ):
        prober.refused(method, path, body, field=None, status=404, by=prober.stranger)
    prober.refused(
        "PATCH",
        "/v1/settings",
        {"tips": False},
        field=None,
        status=404,
        by=prober.stranger,
        headers=ANY_STATE,
    )


# Files -------------------------------------------------------------------------------------------

HEADER = (
    "bill_id,user_id,biller,name,amount,currency,first_due,repeats,until,owed_from,"
    "lead_days,overdue_days,remind_at,channels"
)
CSV = {"content-type": "text/csv"}


def test_a_file_cannot_put_a_bill_into_another_account(stack: MotoStack, prober: Prober) -> None:
    Person(stack, "victim").registered()
    victim = identities.user_of(Person(stack, "victim").identity)
    before = everything(stack)
    row = f"evil,{victim},Evil Bank,Pay here,5,USD,2100-03-05,once,,,,,,"
    prober.person.post("/v1/bills/files/csv", raw=f"{HEADER}\n{row}\n", headers=CSV)
    theirs = [
        item
        for name, items in everything(stack).items()
        for item in items
        if item not in before[name] and victim in str(item)
    ]
    assert theirs == []


@pytest.mark.parametrize("query", ["", "?all_or_none=true"])
def test_a_file_with_more_bills_than_anybody_may_have_is_refused_as_a_whole(
    stack: MotoStack, prober: Prober, query: str
) -> None:
    many = Person(stack, f"a file of many{query}").registered()
    header = "bill_id,biller,name,first_due"
    rows = [f"bill-{n},Oak Homes,Rent,2100-03-05" for n in range(MOST_OPEN_BILLS + 80)]
    path, first = "/v1/bills/files/csv", rows[: MOST_OPEN_BILLS - 20]
    sent = many.post(path, raw="\n".join([header, *first]), headers=CSV)
    assert sent.json["new"] == len(first)
    # the first transactions would find room, the last none
    raw = "\n".join([header, *rows])
    prober.refused("POST", f"{path}{query}", raw=raw, field=None, status=409, headers=CSV, by=many)


def test_a_file_that_is_none_is_refused(prober: Prober) -> None:
    path = "/v1/bills/files/csv"
    prober.refused("POST", path, field="", status=400, headers=CSV)
    prober.refused("POST", path, raw="", field="", status=400, headers=CSV)
    large = f"{HEADER}\n" + "x" * 512 * 1024
    prober.refused("POST", path, raw=large, field=None, status=413, headers=CSV)
    prober.refused("POST", path, raw=HEADER, field=None, status=415)
    for written in (None, "text/plain", "application/json"):
        headers = {"content-type": cast(str, written)}
        prober.refused("POST", path, raw=HEADER, field=None, status=415, headers=headers)
    latin = b64encode(f"{HEADER}\nx,y,é".encode("latin-1"))
    prober.refused("POST", path, raw=latin, field="*", headers=CSV, by=as_base64(prober))


# Lists and cursors -------------------------------------------------------------------------------


def test_a_cursor_is_good_for_its_caller_its_list_and_its_filters_alone(
    stack: MotoStack, prober: Prober
) -> None:
    mine, theirs = Person(stack, "pages").registered(), Person(stack, "pages too").registered()
    for person in (mine, theirs):
        for day in ("2100-03-01", "2100-03-02", "2100-03-03"):
            assert person.post("/v1/bills", bill(first_due=day)).status == 201
    cursor = mine.get("/v1/bills?limit=1").json["next_cursor"]
    filtered = mine.get("/v1/bills?limit=1&label=personal").json["next_cursor"]
    foreign = theirs.get("/v1/bills?limit=1").json["next_cursor"]
    assert mine.get(f"/v1/bills?limit=2&cursor={cursor}").status == 200
    wrong = {
        foreign,
        filtered,
        "",
        "x",
        "x" * 1000,
        "é",
        "%00",
        cursor + "=",
        cursor + "A",
        cursor.upper(),
        cursor[:32],
        cursor[32:],
        cursor[:-1],
        cursor[1:],
        cursor[: len(cursor) // 2],
        ("0" if cursor[0] != "0" else "1") + cursor[1:],
        cursor[:-1] + ("A" if cursor[-1] != "A" else "B"),
        foreign[:32] + cursor[32:],
        "0" * 32 + cursor[32:],
    }
    for each in wrong:
        address = f"/v1/bills?limit=1&cursor={quote(each, safe='%')}"
        prober.refused("GET", address, field="cursor", status=422, by=mine)
    for filters in (
        "label=personal",
        "label=business",
        "status=upcoming",
        "due_from=2100-01-01",
        "due_until=2100-12-31",
        "biller=Lantern",
    ):
        address = f"/v1/bills?limit=1&{filters}&cursor={cursor}"
        prober.refused("GET", address, field="cursor", status=422, by=mine)
    address = f"/v1/reminders?cursor={cursor}"
    prober.refused("GET", address, field="cursor", status=422, by=mine)
    prober.refused("GET", f"/v1/bills?cursor={'x' * 1001}", field="cursor", status=400, by=mine)


@pytest.mark.parametrize(
    ("field", "address"),
    [
        ("limit", "/v1/bills?limit=0"),
        ("limit", "/v1/bills?limit=-1"),
        ("limit", "/v1/bills?limit=101"),
        ("limit", "/v1/bills?limit=1e1"),
        ("limit", "/v1/bills?limit=ten"),
        ("limit", "/v1/bills?limit="),
        ("limit", f"/v1/bills?limit={'9' * 5000}"),
        ("limit", "/v1/reminders?limit=101"),
        ("status", "/v1/bills?status=lost"),
        ("label", "/v1/bills?label=family"),
        ("biller", "/v1/bills?biller="),
        ("biller", f"/v1/bills?biller={'x' * 101}"),
        ("due_from", "/v1/bills?due_from=0000-01-01"),
        ("due_from", "/v1/bills?due_from=tomorrow"),
        ("due_until", "/v1/bills?due_until=9999-12-31"),
        ("channel", "/v1/reminders?channel=fax"),
        ("state", "/v1/reminders?state=lost"),
        ("bill_id", "/v1/reminders?bill_id=a%2Fb"),
        ("bill_id", "/v1/reminders?bill_id="),
        ("days", "/v1/reminders/upcoming?days=0"),
        ("days", "/v1/reminders/upcoming?days=91"),
        ("days", "/v1/reminders/upcoming?days=30.5"),
        ("days", "/v1/reminders/upcoming?days=%D9%A3"),
    ],
)
def test_a_query_that_cannot_be_is_refused(prober: Prober, field: str, address: str) -> None:
    prober.refused("GET", address, field=field, status=400)


@pytest.mark.parametrize("field", ["due_from", "due_until"])
def test_a_filter_by_a_date_that_does_not_exist_is_refused(prober: Prober, field: str) -> None:
    prober.refused("GET", f"/v1/bills?{field}=2100-02-30", field=field)


# Paths -------------------------------------------------------------------------------------------

IDS = [
    "a/b",
    "../settings",
    "..%2Fsettings",
    "a%2Fb",
    "a\\b",
    "%",
    "%zz",
    "%00",
    "\0",
    "\x0b",
    "a b",
    "a%20b",
    "é",
    "💡",
    "%F0%9F%92%A1",
    "%ED%A0%BD",
    "%ff",
    "账单",
    "\u202e",
    "*",
    "'or'1'='1",
    "a;b=c",
    "{bill_id}",
    "<bill_id>",
    "a" * 65,
    "a" * 5000,
    PHONE,
    quote(EMAIL),
]
PATHS = [
    ("GET", "/v1/bills/{}"),
    ("DELETE", "/v1/bills/{}"),
    ("POST", "/v1/bills/{}/close"),
    ("DELETE", "/v1/bills/{bill_id}/payments/{}"),
    ("GET", "/v1/contacts/{}"),
    ("DELETE", "/v1/contacts/{}"),
    ("DELETE", "/v1/devices/{}"),
    ("GET", "/v1/account/jobs/{}"),
    ("GET", "/v1/reminders/{}"),
]


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_an_id_of_any_letters_is_no_trouble(prober: Prober, method: str, path: str) -> None:
    for each in IDS:
        address = path.replace("{bill_id}", prober.bill_id).replace("{}", each)
        field = "*" if prober.person.call(method, address).status == 400 else None
        prober.refused(method, address, field=field, secrets=(PHONE, EMAIL))


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_an_id_that_nobody_gave_is_not_found(prober: Prober, method: str, path: str) -> None:
    for each in ("0123456789abcdef0123", "0123456789abcdef01234567", "." * 20):
        address = path.replace("{bill_id}", prober.bill_id).replace("{}", each)
        reply = prober.person.call(method, address)
        field = "*" if reply.status == 400 else None
        prober.refused(method, address, field=field)
        assert reply.status in (400, 404)


def test_a_reminder_id_names_reminders_alone(stack: MotoStack, prober: Prober) -> None:
    """Not a code or a test message, whose rows stand in the same table."""
    asked = Person(stack, "asked").registered()
    added = asked.post("/v1/contacts", {"channel": "sms", "address": "+12025550111"})
    assert added.status == 201, added.text
    user_id = identities.user_of(asked.identity)
    assert user_id is not None
    (row,) = tables.LedgerItem.query(user_id)
    assert row.key.startswith("code:")
    ident = b64encode(row.key.encode(), altchars=b"-_").decode().rstrip("=")
    prober.refused("GET", f"/v1/reminders/{ident}", field=None, status=404, by=asked)
    feedback = {"useful": True}
    path = f"/v1/reminders/{ident}/feedback"
    prober.refused("PUT", path, feedback, field=None, status=404, by=asked)


def test_an_address_that_leads_nowhere_and_a_method_that_is_not_meant_are_refused(
    prober: Prober,
) -> None:
    for path in ("/v1/settings/", "/v1/account/nothing", "/v1/bills/", "/v1/reminders/a/b/c"):
        prober.refused("GET", path, field=None, status=404)
    for method, path, allowed in (
        ("DELETE", "/v1/settings", "GET, PATCH"),
        ("PUT", "/v1/bills", "GET, POST"),
        ("HEAD", "/v1/bills", "GET, POST"),
        ("PUT", f"/v1/bills/{prober.bill_id}", "GET, PATCH, DELETE"),
        ("GET", "/v1/account", "POST"),
        ("TRACE", "/v1/account", "POST"),
    ):
        reply = prober.refused(method, path, field=None, status=405)
        assert reply.headers["allow"] == allowed


# Headers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    [None, "", "short", "x" * 65, "with a space", "with/slash", "é" * 10, "aaaaaaaa\n", "a,b"],
)
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/bills", BILL),
        ("/v1/bills/{bill_id}/payments", {}),
        ("/v1/bills/{bill_id}/close", None),
        ("/v1/bills/{bill_id}/snoozes", {"until": "2100-03-01"}),
        ("/v1/contacts", {"channel": "sms", "address": PHONE}),
        ("/v1/devices", {"platform": "google", "token": "x" * 32}),
        ("/v1/test-messages", {"channel": "sms"}),
        ("/v1/account/exports", None),
        ("/v1/account/erasures", {"confirm": "erase everything"}),
    ],
)
def test_a_post_needs_an_idempotency_key(
    prober: Prober, path: str, body: Any, key: str | None
) -> None:
    prober.refused(
        "POST",
        path.replace("{bill_id}", prober.bill_id),
        body,
        field="Idempotency-Key",
        status=400,
        headers={"idempotency-key": cast(str, key)},
    )


def test_an_idempotency_key_is_for_one_body(prober: Prober) -> None:
    key = {"idempotency-key": "the-same-key"}
    made = prober.takes("POST", "/v1/bills", BILL, headers=key)
    for other in (bill(name="Another card"), bill(amount="1.00"), monthly()):
        prober.refused("POST", "/v1/bills", other, field="Idempotency-Key", status=422, headers=key)
    before = everything(prober.stack)
    again = prober.takes("POST", "/v1/bills", BILL, headers=key)
    assert (again.status, again.json) == (201, made.json)
    assert (again.etag, again.headers["location"]) == (made.etag, made.headers["location"])
    assert everything(prober.stack) == before


def test_an_idempotency_key_is_for_one_query(prober: Prober) -> None:
    path, headers = "/v1/bills/files/csv", CSV | {"idempotency-key": "a-key-for-one-query"}
    raw = "bill_id,biller,name,first_due\nbad id,Oak Homes,Rent,2100-03-05\n"
    first = prober.takes("POST", f"{path}?all_or_none=true", raw=raw, headers=headers)
    for other in (path, f"{path}?all_or_none=false"):
        prober.refused("POST", other, raw=raw, field="Idempotency-Key", status=422, headers=headers)
    again = prober.takes("POST", f"{path}?all_or_none=true", raw=raw, headers=headers)
    assert again.json == first.json


def test_an_idempotency_key_of_a_refused_request_may_be_used_again(prober: Prober) -> None:
    key = {"idempotency-key": "refused-at-first"}
    prober.refused("POST", "/v1/bills", bill(currency="XXX"), field="currency", headers=key)
    prober.takes("POST", "/v1/bills", BILL, headers=key)


def test_an_idempotency_key_of_somebody_else_says_nothing(stack: MotoStack, prober: Prober) -> None:
    key = {"idempotency-key": "a-shared-key-of-two"}
    mine = prober.takes("POST", "/v1/bills", BILL, headers=key)
    other = Person(stack, "other").registered()
    theirs = other.post("/v1/bills", BILL, headers=key)
    assert theirs.status == 201
    assert theirs.json["bill_id"] != mine.json["bill_id"]


def patches(prober: Prober) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "/v1/settings", {"tips": False}
    yield f"/v1/bills/{prober.bill_id}", {"name": "Another card"}


def test_a_change_without_an_etag_is_refused(prober: Prober) -> None:
    for path, body in patches(prober):
        prober.refused("PATCH", path, body, field=None, status=428)
        prober.refused("PATCH", path, body, field=None, status=428, headers={"if-match": ""})


def test_a_change_of_another_state_is_refused(prober: Prober) -> None:
    of_settings = prober.person.get("/v1/settings").etag
    for path, body in patches(prober):
        etag = prober.person.get(path).etag
        others = {of_settings} - {etag}
        for wrong in (
            f"W/{etag}",
            f"w/{etag}",
            etag.strip('"'),
            etag.upper(),
            f"'{etag}'",
            '"*"',
            '""',
            '"x"',
            f'{etag[:-2]}"',
            "é",
            *others,
        ):
            headers = {"if-match": wrong}
            prober.refused("PATCH", path, body, field=None, status=412, headers=headers)
        headers = {"if-match": etag * 60}
        prober.refused("PATCH", path, body, field="If-Match", status=400, headers=headers)


def test_a_change_of_a_state_that_has_passed_is_refused(stack: MotoStack, prober: Prober) -> None:
    late = Person(stack, "late").registered()
    made = late.post("/v1/bills", BILL)
    path = f"/v1/bills/{made.json['bill_id']}"
    assert late.patch(path, {"name": "First"}, made.etag).status == 200
    headers = {"if-match": made.etag}
    body = {"name": "Second card"}
    prober.refused("PATCH", path, body, field=None, status=412, headers=headers, by=late)
    both = {"if-match": f"{made.etag}, {late.get(path).etag}"}
    assert late.call("PATCH", path, body, headers=both).status == 200

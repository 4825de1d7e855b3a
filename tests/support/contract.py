"""What Schemathesis cannot make up: the ids, codes, ETags and tokens of somebody who is there.

A case is made from the document alone. `Supplies.fit` puts something real in place of what was made
up: in a share of the cases, and never where a case is wrong on purpose.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4
from zlib import crc32

import requests
from schemathesis import Case, Response
from schemathesis.core import NotSet
from schemathesis.core.failures import Failure
from schemathesis.core.parameters import ParameterLocation

from bill_reminders.api.problems import CONTENT_TYPE, KINDS
from bill_reminders.storage import link_codes
from bill_reminders.storage.access_tables import LimitItem
from bill_reminders.storage.saving import save_user
from local.stack import Stack, wait_until
from tests.support.http import Front
from tests.support.people import a_user, new_phone

STAND_IN = "the-token-of-the-user"
"""What cases hold in place of a token."""

BILL = {"biller": "Lantern Bank", "name": "Credit card", "first_due": "2027-03-05"}
MONTHLY = {"repeats": {"every": 1, "unit": "month"}}
PRICED = {"amount": "120.50", "currency": "USD"}
LOAN = {"method": "equal_instalment", "principal": "12000.00", "rate": "4.2", "instalments": 12}
BILLS: tuple[dict[str, Any], ...] = (
    {**PRICED, **MONTHLY, "kind": "card", "statement_day": 15, "late_fee": "35.00"},
    {**PRICED, "label": "business", "autopay": True, "late_apr": "18.25"},
    {**MONTHLY, "currency": "USD", "kind": "loan", "loan": LOAN},
    {**PRICED, **MONTHLY, "country": "US", "subdivision": "CA", "if_not_working_day": "next"},
    {**MONTHLY, "plan": {"lead_days": [3], "channels": [{"channel": "sms", "from_lead_days": 3}]}},
    {**MONTHLY, "plan": {"channels": [{"channel": "push"}, {"channel": "sms", "fallback": True}]}},
    {"amount": "15000", "currency": "JPY", "first_due": "2027-02-01", "count": 3, **MONTHLY},
    {"first_due": "1980-12-01", "repeats": {"every": 118, "unit": "year"}},
    {"first_due": "1970-01-20", "owed_from": "1970-01-01", "due_after_statement": 60, **MONTHLY},
)
DAYS = "+".join(map(str, range(20, 0, -1)))
KEPT = f"""\
bill_id,biller,name,first_due,repeats,amount,currency,lead_days
long,Oak Homes,Deposit,2027-03-20,once,1234567890123,USD,{DAYS}
last,Oak Homes,Lease,2199-12-31,every month,,,
"""
"""As many lead days as a plan may have, the largest amount, and dates beyond the last year."""
CSV = "bill_id,biller,name,first_due,amount,currency\r\n{},Oak Homes,Rent,2027-03-20,900,USD\r\n"


class StandIn:
    """How cases are signed; those that shall go without a token are not."""

    def get(self, case: Case, context: Any) -> str:
        return STAND_IN

    def set(self, case: Case, data: str, context: Any) -> None:
        case.headers["Authorization"] = f"Bearer {data}"


class Wire(requests.Session):
    """Sends what has the stand-in with a real token."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self.token = ""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        if request.headers.get("Authorization") == f"Bearer {STAND_IN}":
            request.headers["Authorization"] = f"Bearer {self.token}"
        return super().send(request, **kwargs)


class Seen:
    """The statuses that each operation answered with."""

    def __init__(self) -> None:
        self.statuses: defaultdict[str, Counter[int]] = defaultdict(Counter)

    def note(self, case: Case, response: Response) -> None:
        if response.request.method == case.operation.method.upper():
            self.statuses[operation_id(case)][response.status_code] += 1


def operation_id(case: Case) -> str:
    return str(case.operation.definition.raw["operationId"])


def is_right(case: Case, *locations: ParameterLocation) -> bool:
    """Whether what stands there is as the document describes it; everywhere unless said where."""
    assert case.meta is not None
    if not locations:
        return bool(case.meta.generation.mode.is_positive)
    return not any(case.meta.is_negative_at(each) for each in locations)


def text_of(case: Case) -> str:
    return repr((case.path_parameters, case.query, sorted(case.headers.items()), case.body))


def is_a_sound_problem(ctx: Any, response: Response, case: Case) -> None:
    """A check: a problem document says what the status line says."""
    if response.headers.get("content-type") != [CONTENT_TYPE]:
        return
    said = response.json()
    status, title = KINDS[said["type"].removeprefix("/v1/docs#")]
    told = (said["status"], said["title"], response.status_code)
    if told != (status.value, title, status.value):
        raise Failure(
            operation=case.operation.label,
            title="A problem document that contradicts its answer",
            message=f"{response.status_code}: {said}",
        )


class Caller:
    """A user who has just registered, and how their cases are sent."""

    AGREED_OF_8 = 8
    """How many of the cases that are right are made to mean something."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.token_of_device = f"device-{uuid4().hex}"
        self.wire = Wire()
        self.used: set[str] = set()
        self.made = ""
        self.front = self.newcomer().registered()

    def newcomer(self) -> Front:
        return Front(self.stack.api, self.stack.token(f"{uuid4().hex}@example.com"))

    def an_email(self) -> dict[str, str]:
        return {"channel": "email", "address": f"{uuid4().hex}@mail.example.com"}

    def lift_limits(self) -> None:
        """Let everything be asked for as if it were the first time."""
        for limit in LimitItem.scan():
            limit.delete()

    def drawn(self, of: int, why: str) -> int:
        """A number below `of`, always the same for the same case as it was made."""
        return crc32((why + self.made).encode("utf-8", "surrogatepass")) % of

    def call(self, case: Case) -> Response:
        return case.call(base_url=self.stack.api, session=self.wire)

    def fit(self, case: Case) -> None:
        """Make it a case that this user could have sent."""
        self.made = text_of(case)
        if case.path_parameters and is_right(case, ParameterLocation.PATH):
            self._fit_path(case)
        self.wire.token = self.front.token or ""
        if operation_id(case) in LIMITED:
            self.lift_limits()
        if is_right(case, ParameterLocation.HEADER):
            self._fit_headers(case)
        if operation_id(case) == "importBills" and not isinstance(case.body, str | NotSet):
            case.body = json.dumps(case.body)  # which is what is sent: a text like any other
        _read_numbers(case)
        if is_right(case) and self.drawn(8, "agreed") < self.AGREED_OF_8:
            AGREED.get(operation_id(case), _leave)(self, case)

    def _fit_path(self, case: Case) -> None:
        """The ids stay as they are."""

    def _fit_headers(self, case: Case) -> None:
        key = case.headers.get("Idempotency-Key")
        if key is not None:  # one that was there before would be answered as before, or with 422
            if key in self.used:
                key = case.headers["Idempotency-Key"] = f"case-{len(self.used):08}"
            self.used.add(key)
        if any(parameter.name == "If-Match" for parameter in case.operation.iter_parameters()):
            share = self.drawn(5, "match")
            if share < 2:
                case.headers["If-Match"] = "*"
            elif share < 4:
                read = self.front.get(case.formatted_path)
                case.headers["If-Match"] = read.headers.get("etag", "*")


class Supplies(Caller):
    """A user with something of everything, made by HTTP; and more of it when a case uses it up."""

    AGREED_OF_8 = 7

    def __init__(self, stack: Stack, now: datetime) -> None:
        """The user is reminded at `now`, when plans remind."""
        stack.set_clock(now - timedelta(minutes=5))  # shorter than a code lives
        super().__init__(stack)
        self.now = now
        self.poison = stack.dead_letters()
        self.erasable = self.collector = self.front
        self.collected = 0
        self.confirm({"channel": "sms", "address": new_phone()})
        self.confirm(self.an_email())
        self.bills = [*(self.bill(**fields) for fields in BILLS), "long", "last"]
        kept = self.front.post(
            "/v1/bills/files/csv", raw=KEPT.encode(), headers={"content-type": "text/csv"}
        )
        report = {"new": 2, "changed": 0, "unchanged": 0, "errors": [], "errors_left_off": 0}
        assert kept.json == report, kept.text
        self.device()
        self.be_reminded()
        self.reminders = [
            each["reminder_id"] for each in self.front.get("/v1/reminders").json["reminders"]
        ]
        for bill_id in self.bills[:2]:
            self.payment(bill_id)
        statement = {"amount": "99.50", "minimum": "9"}
        stated = self.front.put(f"/v1/bills/{self.bills[0]}/occurrences/1/statement", statement)
        assert stated.status == 200, stated.text
        self.job = self.front.post("/v1/account/exports").json["job_id"]
        self.ids: dict[str, str] = {}

    def begin(self) -> None:
        """What the cases of one operation share; they may change it as they like."""
        if self.ids:
            self.front.delete(f"/v1/bills/{self.ids['bill_id']}")
        bill_id = self.bill(**PRICED, **MONTHLY)
        self.ids = {
            "bill_id": bill_id,
            "payment_id": self.payment(bill_id),
            "prepayment_id": f"r{'0' * 16}",
            "failed_debit_id": "d",
            "contact_id": self.contact(self.an_email()),
            "device_id": self.device(),
            "job_id": self.job,
        }
        self.erasable, self.collector = (self.newcomer().registered() for _ in range(2))

    def bill(self, **fields: Any) -> str:
        made = self.front.post("/v1/bills", {**BILL, **fields})
        assert made.status == 201, made.text
        return str(made.json["bill_id"])

    def payment(self, bill_id: str) -> str:
        paid = self.front.post(f"/v1/bills/{bill_id}/payments", {"amount": "1"})
        assert paid.status == 201, paid.text
        return str(paid.json["payments"][-1]["payment_id"])

    def loan(self) -> str:
        return self.bill(currency="USD", kind="loan", loan=LOAN, **MONTHLY)

    def prepayment(self, bill_id: str) -> str:
        body = {"amount": "10.00", "effect": "lower_instalment"}
        paid = self.front.post(f"/v1/bills/{bill_id}/prepayments", body)
        assert paid.status == 201, paid.text
        return str(paid.json["prepayments"][-1]["prepayment_id"])

    def failed_debit(self, bill_id: str) -> str:
        failed = self.front.post(f"/v1/bills/{bill_id}/failed-debits", {})
        assert failed.status == 201, failed.text
        return str(failed.json["failed_debits"][-1]["failed_debit_id"])

    def contact(self, wanted: dict[str, str]) -> str:
        self.lift_limits()
        waiting = self.front.post("/v1/contacts", wanted)
        assert waiting.status == 201, waiting.text
        return str(waiting.json["contact_id"])

    def code_to(self, address: str) -> str:
        texts = [sent.text for sent in self.stack.outbox() if sent.address == address]
        return str(re.findall(r"\b[0-9]{6}\b", texts[-1])[0])

    def confirm(self, wanted: dict[str, str]) -> None:
        contact_id = self.contact(wanted)
        body = {"code": self.code_to(wanted["address"])}
        done = self.front.post(f"/v1/contacts/{contact_id}/confirm", body)
        assert done.status == 200, done.text

    def device(self) -> str:
        wanted = {"platform": "google", "token": f"device-{uuid4().hex}"}
        made = self.front.post("/v1/devices", wanted)
        assert made.status == 201, made.text
        return str(made.json["device_id"])

    def be_reminded(self) -> None:
        self.stack.set_clock(self.now)
        self.stack.tick()
        sent = "/v1/reminders?state=sent"
        wait_until(lambda: self.front.get(sent).json["reminders"], 60, "nothing was sent")
        self.stack.settle()

    def link_code(self) -> str:
        """Of an account that nobody signs in to yet, as an import makes one."""
        imported = a_user(f"imported-{uuid4().hex[:12]}", channels=())
        save_user(imported, shards=int(self.stack.outputs["ShardsRead"]), now=self.now)
        return link_codes.create(imported.user_id, now=self.now)

    def fit(self, case: Case) -> None:
        super().fit(case)
        if operation_id(case) == "eraseAccount":  # when a wrong case erases, too
            self.wire.token = self.erasable.token or ""
        if operation_id(case) == "createBill":
            self.wire.token = self.collector.token or ""
        if self._is_real and is_right(case):
            FRESH.get(operation_id(case), _leave)(self, case)

    @property
    def _is_real(self) -> bool:
        return self.drawn(4, "real") > 0

    def _fit_path(self, case: Case) -> None:
        if not self._is_real:
            return
        number = self.drawn(60, "which")
        known: dict[str, Any] = {
            **self.ids,
            "reminder_id": self.reminders[number % len(self.reminders)],
        }
        if case.operation.method == "get":
            known["bill_id"] = self.bills[number % len(self.bills)]
        if number % 3:
            known["number"] = number % 5
        named = {name: known.get(name, value) for name, value in case.path_parameters.items()}
        case.path_parameters = named

    def replace_used(self, case: Case, response: Response) -> None:
        """After a case was sent."""
        if operation_id(case) == "eraseAccount" and response.status_code == 202:
            self.erasable = self.newcomer().registered()
        if operation_id(case) == "createBill" and response.status_code == 201:
            self.collected = (self.collected + 1) % MOST_COLLECTED
            if not self.collected:
                self.collector = self.newcomer().registered()


def _read_numbers(case: Case) -> None:
    """A query with an unknown parameter is made with its numbers as texts, and would be taken for
    wrong because of them."""
    for name in ("limit", "days", "every", "instalments"):
        number = case.query.get(name)
        if isinstance(number, str) and re.fullmatch(r"[0-9]{1,4}", number):
            case.query[name] = int(number)


MOST_COLLECTED = 30
"""Bills of one user: with more of them every case takes longer."""
LIMITED = {"addContact", "joinAccount", "exportAccount", "sendTestMessage"}
"""The operations that answer 429 when they are asked for too often."""


def _leave(caller: Caller, case: Case) -> None:
    """There is nothing to be added."""


def _path(case: Case, **named: str) -> None:
    case.path_parameters = {**case.path_parameters, **named}


def _confirm(supplies: Supplies, case: Case) -> None:
    wanted = supplies.an_email()
    _path(case, contact_id=supplies.contact(wanted))
    if supplies.drawn(4, "code"):
        case.body = {"code": supplies.code_to(wanted["address"])}


def _undo(supplies: Supplies, case: Case) -> None:
    _path(case, payment_id=supplies.payment(case.path_parameters["bill_id"]))


def _prepay(supplies: Supplies, case: Case) -> None:
    _path(case, bill_id=supplies.loan())
    if supplies.drawn(2, "prepayment"):
        case.body = {"amount": "20.00", "effect": "shorter_term"}


def _take_prepayment_back(supplies: Supplies, case: Case) -> None:
    bill_id = supplies.loan()
    _path(case, bill_id=bill_id, prepayment_id=supplies.prepayment(bill_id))


def _take_failed_debit_back(supplies: Supplies, case: Case) -> None:
    bill_id = supplies.bill(autopay=True, **MONTHLY)
    _path(case, bill_id=bill_id, failed_debit_id=supplies.failed_debit(bill_id))


def _create(supplies: Supplies, case: Case) -> None:
    supplies.wire.token = supplies.newcomer().token or ""


def _join(supplies: Supplies, case: Case) -> None:
    supplies.wire.token = supplies.newcomer().token or ""
    case.body = {"link_code": supplies.link_code()}


def _add(caller: Caller, case: Case) -> None:
    case.body = caller.an_email()


def _import(supplies: Supplies, case: Case) -> None:
    case.body = CSV.format(supplies.ids["bill_id"])


def _schedule(supplies: Supplies, case: Case) -> None:
    _path(case, bill_id=supplies.loan())
    _page(supplies, case)


def _page(caller: Caller, case: Case) -> None:
    """A cursor that was given out, where one was made up; none where there is no second page."""
    if "cursor" in case.query:
        query = {name: value for name, value in case.query.items() if name != "cursor"}
        one = urlencode({**query, "limit": 1}, doseq=True)
        first = caller.front.get(f"{case.formatted_path}?{one}")
        cursor = first.json["next_cursor"] if first.status == 200 else None
        case.query = {**query, "cursor": cursor} if cursor else query


def _some_days(caller: Caller, case: Case) -> None:
    days = {"from": "2027-03-01", "until": "2027-05-31"}
    case.query = {**case.query, **{name: days[name] for name in days if name in case.query}}
    _page(caller, case)


def _quote(caller: Caller, case: Case) -> None:
    """A whole number of periods a year, and a currency in use."""
    case.query = {**case.query, "currency": "USD", "principal": "12000.00", "rate": "4.2"}
    case.query |= {"first_due": "2027-03-05", "unit": "month", "every": 1}


def _agree(caller: Caller, case: Case) -> None:
    """Fields that do not contradict each other, days that exist, words that can be read."""
    body = dict(case.body)
    for name in ("biller", "name"):
        if not body.get(name, "x").strip().isprintable() or not body.get(name, "x").strip():
            body[name] = BILL[name]
    for name in ("first_due", "until", "owed_from"):
        if body.get(name):
            body[name] = min(body[name], body[name][:8] + "28")
    if body.get("until"):
        body["until"] = max(body["until"], body.get("first_due", BILL["first_due"]))
    if body.get("statement_day"):
        body["due_after_statement"] = None
    if body.get("statement_day") or body.get("due_after_statement"):
        body |= MONTHLY
    _agree_on_money(body)
    if "country" in body or "subdivision" in body:
        body |= {"country": "US", "subdivision": "CA"}
    if body.get("plan"):
        body["plan"] = {name: _each_once(value) for name, value in body["plan"].items()}
    case.body = body


def _agree_on_money(body: dict[str, Any]) -> None:
    if body.get("loan"):
        body |= {"amount": None, "repeats": body.get("repeats") or MONTHLY["repeats"]}
    elif body.get("amount"):
        body |= PRICED
    if body.get("late_fee"):
        body["late_fee"] = "35.00"
    if body.get("late_apr"):
        body["late_apr"] = "18.25"
    if any(map(body.get, ("amount", "currency", "late_fee", "loan"))):
        body["currency"] = "USD"


def _each_once(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    named = {each["channel"] if isinstance(each, dict) else int(each): each for each in value}
    return list(named.values())


def _register(caller: Caller, case: Case) -> None:
    """Always the same one: another would take its place."""
    case.body = {"platform": "google", "token": caller.token_of_device}


def _live_somewhere(caller: Caller, case: Case) -> None:
    if "time_zone" in case.body:
        case.body = {**case.body, "time_zone": "Asia/Shanghai"}


AGREED: Mapping[str, Callable[[Caller, Case], None]] = {
    "addContact": _add,
    "changeBill": _agree,
    "changeSettings": _live_somewhere,
    "createAccount": _live_somewhere,
    "createBill": _agree,
    "listBills": _page,
    "listOccurrences": _some_days,
    "listReminders": _page,
    "quoteLoan": _quote,
    "registerDevice": _register,
}
"""What makes a share of the cases that are right mean something, too."""
FRESH: Mapping[str, Callable[[Supplies, Case], None]] = {
    "addFailedDebit": lambda s, case: _path(case, bill_id=s.bill(autopay=True, **MONTHLY)),
    "addPrepayment": _prepay,
    "closeBill": lambda s, case: _path(case, bill_id=s.bill(**PRICED)),
    "confirmContact": _confirm,
    "createAccount": _create,
    "deleteBill": lambda s, case: _path(case, bill_id=s.bill()),
    "getSchedule": _schedule,
    "importBills": _import,
    "joinAccount": _join,
    "removeContact": lambda s, case: _path(case, contact_id=s.contact(s.an_email())),
    "removeDevice": lambda s, case: _path(case, device_id=s.device()),
    "undoFailedDebit": _take_failed_debit_back,
    "undoPayment": _undo,
    "undoPrepayment": _take_prepayment_back,
}
"""What a case that is right needs to be done, and uses up."""

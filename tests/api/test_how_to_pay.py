"""How a bill is paid: in by API and file, out by API, files, page and push."""

import csv
import io
from typing import Any

import pytest

from bill_reminders.delivery import claims
from bill_reminders.domain.bills import HOW_TO_PAY, Bill
from bill_reminders.domain.enums import Channel
from tests.api.conftest import SetClock
from tests.support.api import Person
from tests.support.entered import IN_THREE_DAYS, NINE, enter
from tests.support.logged import logged
from tests.support.moto_stack import MotoStack
from tests.support.people import a_bill, a_user
from tests.support.visitor import Visitor

PAY = "https://bank.example.com/pay/7?a=1&b=2"
SAID = {"pay_link": PAY, "reference": "INV 7", "note": "From the joint account"}
BILL = {
    "biller": "Lantern Bank",
    "name": "Card",
    "amount": "9.00",
    "currency": "USD",
    "first_due": "2027-03-05",
}


def test_every_field_of_how_to_pay_is_looked_at_here() -> None:
    assert tuple(SAID) == HOW_TO_PAY


def said_of(bill: dict[str, Any]) -> dict[str, Any]:
    return {name: bill[name] for name in HOW_TO_PAY}


NOTHING = dict.fromkeys(HOW_TO_PAY)


def test_it_is_entered_changed_and_taken_away(person: Person) -> None:
    made = person.post("/v1/bills", BILL | SAID)
    assert (made.status, said_of(made.json)) == (201, SAID)
    address = made.headers["location"]
    for change, wanted in [
        ({"name": "Black card"}, SAID),
        (NOTHING, NOTHING),
        (SAID, SAID),
    ]:
        changed = person.patch(address, change, "*")
        assert (changed.status, said_of(changed.json)) == (200, wanted)
        assert said_of(person.get(address).json) == wanted
    assert said_of(person.get("/v1/bills").json["bills"][0]) == SAID


def test_it_goes_out_by_both_exports_and_comes_in_by_a_file(person: Person) -> None:
    address = person.post("/v1/bills", BILL | SAID).headers["location"]
    text = person.get("/v1/bills/files/csv").text
    (row,) = csv.DictReader(io.StringIO(text))
    assert {name: row[name] for name in HOW_TO_PAY} == SAID
    (listed,) = person.get("/v1/bills/files/json").json["bills"]
    assert said_of(listed) == SAID
    person.patch(address, NOTHING, "*")
    sent = person.post("/v1/bills/files/csv", raw=text, headers={"content-type": "text/csv"})
    assert (sent.status, sent.json["changed"]) == (200, 1), sent.text
    assert said_of(person.get(address).json) == SAID


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pay_link", "http://bank.example.com/pay"),
        ("pay_link", "https://user:word@bank.example.com/pay"),
        ("pay_link", "https://192.168.0.1/pay"),
        ("pay_link", "https://bank.example.com/" + "x" * 476),
        ("reference", "see https://bank.example.com"),
        ("reference", "x" * 36),
        ("reference", "two\nlines"),
        ("note", "see https://bank.example.com"),
        ("note", "x" * 201),
    ],
)
def test_what_it_may_not_hold_is_refused_by_its_field(
    person: Person, field: str, value: str
) -> None:
    for answer in (
        person.post("/v1/bills", BILL | {field: value}),
        person.patch(person.post("/v1/bills", BILL).headers["location"], {field: value}, "*"),
    ):
        assert answer.status in {400, 422}
        assert [each["field"] for each in answer.json["errors"]] == [field]
        assert value not in answer.text


def told(*bills: Bill, channel: Channel = Channel.SMS) -> str:
    """The token in a message that has just gone out."""
    enter(a_user(), *bills)
    claim = claims.claim_next("somebody", channel, with_link=True, now=NINE)
    assert claim.token is not None
    return claim.token


@pytest.fixture
def visitor(stack: MotoStack, set_clock: SetClock) -> Visitor:
    set_clock(NINE)
    return Visitor(stack)


def test_the_first_button_of_the_page_leads_to_where_the_bill_is_paid(visitor: Visitor) -> None:
    token = told(a_bill(due_on=IN_THREE_DAYS, **SAID))
    page = visitor.get(f"/r/{token}")
    assert page.links[0] == PAY
    assert "Pay at bank.example.com" in page.text
    assert page.text.index("bank.example.com") < page.text.index("<button")
    assert "Payment reference: INV 7" in page.text
    assert "Your note: From the joint account" in page.text
    paid = visitor.press(page.form("paid"))
    assert "bank.example.com" not in paid.text
    assert "INV 7" not in paid.text
    assert "Your note: From the joint account" in paid.text


def test_a_bill_without_it_has_a_page_as_before(visitor: Visitor) -> None:
    page = visitor.get(f"/r/{told(a_bill(due_on=IN_THREE_DAYS))}")
    assert [each for each in page.links if not each.startswith("#")] == []
    assert "Pay at" not in page.text


def test_none_of_it_is_logged(stack: MotoStack, person: Person) -> None:
    with logged(stack.function("ApiBills").logger) as lines:
        made = person.post("/v1/bills", BILL | SAID)
        person.patch(made.headers["location"], NOTHING, "*")
        person.post("/v1/bills", BILL | dict.fromkeys(SAID, "https://user:word@x.example.com"))
    for value in ("bank.example.com", "user:word", *SAID.values()):
        assert value not in lines.getvalue()

"""What is entered reads back: every field of a bill and of the settings, by API, file and page."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.support.api import Person, Reply
from tests.support.bodies import bill_bodies, settings_changes

POWER = {"biller": "P", "name": "Power", "first_due": "2026-12-05", "currency": "GBP"}


def entered(person: Person, **fields: Any) -> str:
    made = person.post("/v1/bills", POWER | fields)
    assert made.status == 201, made.text
    return made.headers["location"]


def state(person: Person, address: str, **body: Any) -> Reply:
    return person.call("PUT", f"{address}/occurrences/0/statement", body)


def exported(person: Person) -> list[dict[str, str]]:
    text = person.get("/v1/bills/files/csv").text
    return list(csv.DictReader(io.StringIO(text)))


def sent_in(person: Person, text: str) -> dict[str, Any]:
    headers = {"content-type": "text/csv"}
    answer = person.call("POST", "/v1/bills/files/csv", raw=text, headers=headers)
    assert answer.status == 200, answer.text
    assert answer.json["errors"] == []
    return {name: count for name, count in answer.json.items() if count and name != "errors"}


def test_a_currency_is_kept_while_the_amount_is_not_known_yet(person: Person) -> None:
    address = entered(person, owed_from="2026-12-01")
    assert person.get(address).json["currency"] == "GBP"
    assert state(person, address, amount="30.00").json["next"]["currency"] == "GBP"
    paid = person.post(f"{address}/payments", {"amount": "10.00"}).json
    assert (paid["payments"][0]["currency"], paid["next"]["left"]) == ("GBP", "20.00")


def test_a_payment_of_what_nobody_knows_yet_is_in_the_bills_currency(person: Person) -> None:
    address = entered(person, first_due="2027-03-05")
    refused = person.post(f"{address}/payments", {"amount": "10", "currency": "EUR"})
    assert refused.faults() == {"currency": "the bill is in GBP: write what was paid of that"}
    paid = person.post(f"{address}/payments", {"amount": "10"})
    assert paid.json["payments"][0]["currency"] == "GBP"


def test_a_currency_outlives_the_amount_and_goes_when_it_is_taken_away(person: Person) -> None:
    address = entered(person, amount="12.00")
    assert person.patch(address, {"amount": None}, "*").json["currency"] == "GBP"
    assert person.patch(address, {"name": "Gas"}, "*").json["currency"] == "GBP"
    assert person.patch(address, {"currency": "EUR"}, "*").json["currency"] == "EUR"
    assert person.patch(address, {"currency": None}, "*").json["currency"] is None


def test_a_currency_alone_is_exported_and_read_back(person: Person) -> None:
    entered(person)
    (row,) = exported(person)
    assert (row["currency"], row["amount"]) == ("GBP", "")
    text = person.get("/v1/bills/files/csv").text
    assert sent_in(person, text) == {"unchanged": 1}
    assert sent_in(person, text.replace("GBP", "EUR")) == {"changed": 1}
    (bill,) = person.get("/v1/bills/files/json").json["bills"]
    assert bill["currency"] == "EUR"


@pytest.mark.parametrize("named", [{"occurrence": 0}, {}], ids=["named", "the oldest"])
def test_a_payment_without_a_currency_is_in_that_of_what_it_pays(
    person: Person, named: dict[str, Any]
) -> None:
    address = entered(person, first_due="2027-03-05")
    state(person, address, amount="120.50", currency="EUR")
    paid = person.post(f"{address}/payments", {"amount": "20.50", **named})
    assert paid.status == 201, paid.text
    assert paid.json["payments"][0]["currency"] == "EUR"


@pytest.mark.parametrize("currency", ["GBP", "EUR"])
def test_the_first_statement_may_be_in_any_currency(person: Person, currency: str) -> None:
    address = entered(person, first_due="2027-03-05")
    stated = state(person, address, amount="30.00", currency=currency)
    assert stated.json["next"]["currency"] == currency
    assert stated.json["currency"] == "GBP"


@pytest.mark.parametrize(
    "body",
    [
        {"amount": "30.00", "currency": "GBP", "minimum": None},
        {"amount": "30.00", "currency": "EUR", "minimum": "30.00"},
        {"amount": "0.00", "currency": "GBP", "minimum": "0.00"},
        {"amount": "3000", "currency": "JPY", "minimum": "1"},
        {"amount": "3.125", "currency": "KWD", "minimum": "0.001"},
    ],
)
def test_a_statement_and_a_payment_of_it_read_back(person: Person, body: dict[str, Any]) -> None:
    address = entered(person, first_due="2027-03-05")
    occurrence = state(person, address, **body).json["occurrences"][0]
    assert {name: occurrence[name] for name in body} == body
    paid = {"occurrence": 0, "amount": body["minimum"] or "7.50", "currency": body["currency"]}
    if Decimal(paid["amount"]):
        (payment,) = person.post(f"{address}/payments", paid).json["payments"]
        assert {name: payment[name] for name in paid} == paid


FEW = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
"""Each is some requests on moto; tests/unit/test_reads_back.py has many more examples."""


def fields_of(bill: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    return {name: bill[name] for name in body}


@FEW
@given(bill_bodies(), bill_bodies())
def test_whatever_is_entered_of_a_bill_reads_back(
    person: Person, body: dict[str, Any], other: dict[str, Any]
) -> None:
    for left in person.get("/v1/bills").json["bills"]:  # by an example that failed
        person.call("DELETE", f"/v1/bills/{left['bill_id']}")
    made = person.post("/v1/bills", body)
    assert made.status == 201, made.text
    address = made.headers["location"]
    assert fields_of(person.get(address).json, body) == body
    (bill,) = person.get("/v1/bills/files/json").json["bills"]
    assert fields_of(bill, body) == body
    text = person.get("/v1/bills/files/csv").text
    assert sent_in(person, text) == {"unchanged": 1}
    changed = person.patch(address, other, "*")
    assert changed.status == 200, changed.text
    assert fields_of(person.get(address).json, other) == other
    assert person.call("DELETE", address).status == 204
    assert sent_in(person, text) == {"new": 1}
    assert fields_of(person.get(address).json, body) == body
    assert person.call("DELETE", address).status == 204


@FEW
@given(settings_changes())
def test_whatever_is_entered_of_the_settings_reads_back(
    person: Person, change: dict[str, Any]
) -> None:
    changed = person.patch("/v1/settings", change, "*")
    assert changed.status == 200, changed.text
    kinds = {kind: plan for kind, plan in change["kind_plans"].items() if plan is not None}
    assert fields_of(person.get("/v1/settings").json, change) == change | {"kind_plans": kinds}

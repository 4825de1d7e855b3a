"""Payments through the API: for several due dates at once, with a date, a reference and a note."""

import json
from dataclasses import replace
from typing import Any

import pytest

from bill_reminders.domain.older import MOST
from bill_reminders.domain.payments import Payment
from bill_reminders.jobs.export import export
from bill_reminders.storage import accounts
from bill_reminders.storage.record_tables import JournalItem
from tests.api.conftest import NOON, SetClock, user_id
from tests.api.test_bills import LOAN, add, by_sms
from tests.api.test_older import paid_daily, stored_daily_bill
from tests.support.api import Person, Reply
from tests.support.logged import logged
from tests.support.moto_stack import MotoStack

KEY = {"Idempotency-Key": "5f0c7e52-6a55-4a43"}
SAID = {"paid_on": "2027-02-27", "reference": "INV 7", "note": "From the joint account"}
NEXT = {"rest": "next_dates"}


def rent(person: Person, **more: Any) -> str:
    return add(person, name="Rent", kind="rent", amount="100.00", **more)


def pay(person: Person, bill: str, **said: Any) -> Reply:
    return person.post(f"{bill}/payments", said)


def parts(answer: Reply) -> list[tuple[int, str, str, str | None, str]]:
    assert answer.status == 201, answer.text
    names = ("occurrence", "due_on", "amount", "left", "standing")
    return [tuple(each[name] for name in names) for each in answer.json["noted"]["parts"]]


def standings(bill: dict[str, Any], count: int = 4) -> list[str]:
    return [each["standing"] for each in bill["occurrences"][:count]]


def test_three_months_at_once_close_three_dates_and_the_answer_says_so(person: Person) -> None:
    by_sms(person)
    bill = rent(person)
    paid = pay(person, bill, amount="300.00", **NEXT)
    assert parts(paid) == [
        (0, "2027-03-05", "100.00", "0.00", "paid"),
        (1, "2027-04-05", "100.00", "0.00", "paid"),
        (2, "2027-05-05", "100.00", "0.00", "paid"),
    ]
    assert paid.json["next"]["due_on"] == "2027-06-05"
    assert {each["due_on"] for each in paid.json["planned_reminders"]} == {
        "2027-06-05",
        "2027-07-05",
        "2027-08-05",
    }
    payment_id = paid.json["noted"]["payment_id"]
    read = person.get(bill).json
    assert [each["payment_id"] for each in read["payments"]] == [payment_id] * 3
    assert [each["paid_by"] for each in read["occurrences"][:4]] == [[payment_id]] * 3 + [[]]
    due = person.get("/v1/occurrences?from=2027-03-01&until=2027-06-30").json
    assert [(each["left"], each["count"]) for each in due["totals"]] == [("100.00", 1)]


def test_undoing_it_opens_all_of_its_dates_again(person: Person) -> None:
    bill = rent(person)
    before = person.get(bill).json
    paid = pay(person, bill, amount="250.00", **NEXT).json
    assert standings(paid) == ["paid", "paid", "partly_paid", "open"]
    one = f"{bill}/payments/{paid['noted']['payment_id']}"
    undone = person.call("DELETE", one)
    assert (undone.status, undone.json) == (200, before)
    assert person.call("DELETE", one).status == 404


@pytest.mark.parametrize("said", [{}, {"rest": "stays"}], ids=["unsaid", "said"])
def test_what_is_over_stays_unless_the_user_says_otherwise(
    person: Person, said: dict[str, str]
) -> None:
    paid = pay(person, rent(person), amount="300.00", **said)
    assert parts(paid) == [(0, "2027-03-05", "300.00", "0.00", "overpaid")]
    assert standings(paid.json, 2) == ["overpaid", "open"]


def test_it_is_noted_once_however_often_it_is_asked_for(person: Person) -> None:
    bill = rent(person)
    wish = {"amount": "300.00", **NEXT}
    first = person.post(f"{bill}/payments", wish, headers=KEY)
    again = person.post(f"{bill}/payments", wish, headers=KEY)
    assert (again.status, again.json) == (201, first.json)
    assert len(person.get(bill).json["payments"]) == 3
    other = person.post(f"{bill}/payments", wish | {"rest": "stays"}, headers=KEY)
    assert other.status == 422


def test_where_nothing_was_left_nothing_is_noted(person: Person) -> None:
    bill = rent(person)
    pay(person, bill)
    assert pay(person, bill, occurrence=0).json["noted"] is None


def test_an_amount_that_nobody_knows_ends_it(person: Person) -> None:
    bill = add(person, amount=None, currency="GBP")
    person.call("PUT", f"{bill}/occurrences/0/statement", {"amount": "40.00"})
    paid = pay(person, bill, amount="100.00", **NEXT)
    assert parts(paid) == [(0, "2027-03-05", "100.00", "0.00", "overpaid")]
    unknown = pay(person, bill, amount="10.00", **NEXT)
    assert parts(unknown) == [(1, "2027-04-05", "10.00", None, "partly_paid")]


def test_instalments_of_a_loan_are_paid_ahead(person: Person) -> None:
    bill = add(person, **LOAN)
    first, second, *_ = person.get(bill).json["occurrences"]
    both = f"{float(first['amount']) + float(second['amount']):.2f}"
    assert standings(pay(person, bill, amount=both, **NEXT).json, 3) == ["paid", "paid", "open"]


def said_of(payment: dict[str, Any]) -> dict[str, Any]:
    return {name: payment[name] for name in SAID}


def test_a_date_a_reference_and_a_note_read_back_with_each_part(person: Person) -> None:
    bill = rent(person)
    paid = pay(person, bill, amount="200.00", **SAID, **NEXT)
    assert [said_of(each) for each in paid.json["payments"]] == [SAID, SAID]
    assert [said_of(each) for each in person.get(bill).json["payments"]] == [SAID, SAID]
    pay(person, bill)
    last = person.get(bill).json["payments"][-1]
    assert said_of(last) == dict.fromkeys(SAID)
    assert last["paid_at"] == "2027-03-01T12:00:00Z"


def test_it_reminds_as_if_it_said_nothing(person: Person) -> None:
    by_sms(person)
    first, second = rent(person), rent(person)
    plain, said = pay(person, first, amount="40.00"), pay(person, second, amount="40.00", **SAID)

    def planned(answer: Reply) -> list[dict[str, Any]]:
        return [each | {"bill_id": ""} for each in answer.json["planned_reminders"]]

    assert planned(plain) == planned(said)
    assert planned(plain)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("paid_on", "2027-03-02"),
        ("paid_on", "2027-02-30"),
        ("paid_on", "yesterday"),
        ("reference", "x" * 36),
        ("reference", "see https://bank.example.com"),
        ("reference", "two\nlines"),
        ("note", "x" * 201),
        ("note", "see https://bank.example.com"),
        ("rest", "elsewhere"),
    ],
)
def test_what_it_may_not_hold_is_refused_by_its_field(
    person: Person, field: str, value: str
) -> None:
    bill = rent(person)
    refused = pay(person, bill, amount="40.00", **{field: value})
    assert refused.status in {400, 422}
    assert [each["field"] for each in refused.json["errors"]] == [field]
    assert value not in refused.text
    assert person.get(bill).json["payments"] == []


def test_today_is_the_users_own(person: Person, set_clock: SetClock) -> None:
    set_clock(NOON.replace(hour=20))
    bill = rent(person)
    assert pay(person, bill, paid_on="2027-03-02").status == 422
    person.patch("/v1/settings", {"time_zone": "Asia/Shanghai"}, "*")
    assert pay(person, bill, paid_on="2027-03-02").status == 201


def test_the_journal_tells_that_it_was_noted_and_not_what_it_says(person: Person) -> None:
    pay(person, rent(person), amount="40.00", **SAID)
    told = [
        each.new
        for row in JournalItem.query(user_id(person))
        for each in row.changes or ()
        if each.what == "payments"
    ]
    assert len(told) == 1
    assert "paid_on 2027-02-27; reference …; note …" in told[0]


def test_the_export_has_it(person: Person) -> None:
    pay(person, rent(person), amount="40.00", **SAID)
    who = user_id(person)
    document = json.loads(export(who, life=accounts.life_of(who), now=NOON))
    (bill,) = document["bills"]
    assert SAID.items() <= bill["payments"][0].items()


def test_what_is_put_away_keeps_it(person: Person) -> None:
    paid = [replace(each, reference="INV 7", note="Ours") for each in paid_daily(MOST)]
    bill = stored_daily_bill(person, payments=tuple(paid))
    kept = pay(person, bill).json["payments"]
    older = person.get(f"{bill}/older-payments").json["payments"]
    assert older
    said = [(each["reference"], each["note"]) for each in [*older, *kept[:-1]]]
    assert said == [("INV 7", "Ours")] * MOST


def test_none_of_it_is_logged_or_printed(stack: MotoStack, person: Person) -> None:
    with logged(stack.function("ApiBills").logger) as lines:
        pay(person, rent(person), **SAID)
        pay(person, rent(person), **SAID | {"note": "x" * 250})
    printed = repr(Payment(0, NOON, None, "p", None, SAID["reference"], SAID["note"]))
    for word in (SAID["reference"], SAID["note"]):
        assert word not in lines.getvalue() + printed


def test_a_bill_in_another_currency_than_its_dates_names_takes_none_of_it(person: Person) -> None:
    bill = rent(person)
    person.call("PUT", f"{bill}/occurrences/1/statement", {"amount": "90.00", "currency": "EUR"})
    paid = pay(person, bill, amount="300.00", **NEXT)
    assert parts(paid) == [(0, "2027-03-05", "300.00", "0.00", "overpaid")]
    refused = pay(person, bill, amount="300.00", currency="GBP", **NEXT)
    assert (refused.status, [each["field"] for each in refused.json["errors"]]) == (
        422,
        ["currency"],
    )

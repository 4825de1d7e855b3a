"""Schedules of loans, and quotes, through the API."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.api.test_bills import CARD, LOAN, LOANS, add, prepay
from tests.support.api import Person
from tests.support.moto_stack import MotoStack


def schedule(person: Person, address: str, query: str = "") -> Any:
    answer = person.get(f"{address}/schedule{query}")
    assert answer.status == 200, answer.text
    return answer.json


def total(rows: list[dict[str, Any]], name: str) -> Decimal:
    return sum((Decimal(row[name]) for row in rows), Decimal(0))


@pytest.mark.parametrize("loan", LOANS, ids=[loan["method"] for loan in LOANS])
def test_a_schedule_pays_the_principal_back(person: Person, loan: dict[str, Any]) -> None:
    address = add(person, **LOAN | {"loan": loan})
    bill, found = person.get(address).json, schedule(person, address)
    rows = found["instalments"]
    assert [row["number"] for row in rows] == [each["number"] for each in bill["occurrences"]]
    assert [row["instalment"] - 1 for row in rows] == [row["number"] for row in rows]
    assert [row["due_on"] for row in rows] == [each["due_on"] for each in bill["occurrences"]]
    assert [row["total"] for row in rows] == [each["amount"] for each in bill["occurrences"]]
    assert total(rows, "principal") == Decimal(loan["principal"])
    assert total(rows, "interest") == Decimal(found["total_interest"])
    assert (rows[-1]["balance"], found["currency"], found["count"]) == ("0.00", "GBP", len(rows))


def test_a_schedule_minds_what_was_paid_and_paid_back(person: Person) -> None:
    address = add(person, **LOAN)
    before = schedule(person, address)
    person.post(f"{address}/payments", {})
    prepay(person, address, amount="5000")
    after = schedule(person, address)
    assert [row["standing"] for row in after["instalments"][:2]] == ["paid", "open"]
    first, known = after["instalments"][0], before["instalments"][0]
    assert Decimal(first["balance"]) == Decimal(known["balance"]) - 5000
    assert Decimal(after["total_interest"]) < Decimal(before["total_interest"])


def test_a_long_schedule_goes_on_where_its_cursor_says(person: Person) -> None:
    address = add(person, **LOAN | {"loan": LOANS[1] | {"instalments": 1200}})
    page = schedule(person, address, "?limit=100")
    assert (page["count"], len(page["instalments"])) == (1200, 100)
    following = schedule(person, address, f"?limit=100&cursor={page['next_cursor']}")
    assert following["instalments"][0]["instalment"] == 101
    last = schedule(person, add(person, **LOAN), "?limit=12")
    assert last["next_cursor"] is None
    another = add(person, **LOAN)
    refused = person.get(f"{another}/schedule?cursor={page['next_cursor']}")
    assert (refused.status, refused.faults().keys()) == (422, {"cursor"})


def test_what_is_due_after_the_bill_ends_has_no_date(person: Person) -> None:
    rows = schedule(person, add(person, **LOAN, until="2027-03-31"))["instalments"]
    assert [row["due_on"] for row in rows[:2]] == ["2027-03-05", None]


def test_a_bill_that_is_no_loan_has_no_schedule(person: Person) -> None:
    for address in (add(person), "/v1/bills/none"):
        assert person.get(f"{address}/schedule").status == 404


def test_dates_of_a_schedule_reach_beyond_every_calendar(person: Person) -> None:
    yearly = {"repeats": {"unit": "year"}, "country": "GB", "if_not_working_day": "next"}
    address = add(person, **LOAN | {"loan": LOANS[1] | {"instalments": 1200}} | yearly)
    cursor = ""
    for _ in range(12):
        page = schedule(person, address, f"?limit=100{cursor}")
        cursor = f"&cursor={page['next_cursor']}"
    assert page["instalments"][-1]["due_on"] > "3220"
    assert page["next_cursor"] is None


# A rate that changes ------------------------------------------------------------------------------

MORTGAGE = {
    "method": "equal_instalment",
    "principal": "1000000.00",
    "rate": "4.2",
    "instalments": 360,
}


def a_mortgage(person: Person, **terms: Any) -> str:
    return add(
        person,
        **LOAN | {"loan": MORTGAGE | terms, "currency": "CNY", "first_due": "2027-01-20"},
        owed_from="2027-01-01",
    )


@pytest.mark.parametrize(("rate", "rest"), [("4.5", "5065.74"), ("3.5", "4492.93")])
def test_another_rate_leaves_what_was_paid(person: Person, rate: str, rest: str) -> None:
    address = a_mortgage(person)
    for occurrence in range(3):
        paid = {"occurrence": occurrence, "amount": "4890.17"}
        assert person.post(f"{address}/payments", paid).status == 201
    before = schedule(person, address)["instalments"]
    change = {"loan": MORTGAGE | {"rate_changes": [{"after": 3, "rate": rate}]}}
    changed = person.patch(address, change, "*")
    assert (changed.status, changed.json["next"]["number"]) == (200, 3), changed.text
    assert (changed.json["next"]["amount"], changed.json["next"]["left"]) == (rest, rest)
    (known,) = changed.json["loan"]["rate_changes"]
    assert known == {"after": 3, "rate": rate, "stated_instalment": None, "instalments": None}
    after = schedule(person, address)
    rows = after["instalments"]
    assert (rows[:3], rows[2]["balance"], after["count"]) == (before[:3], "995814.87", 360)
    assert [row["standing"] for row in rows[:4]] == ["paid"] * 3 + ["open"]
    assert {row["total"] for row in rows[3:]} == {rest}


def test_another_rate_leaves_what_was_paid_back_early(person: Person) -> None:
    address = a_mortgage(person)
    prepay(person, address, amount="1000", after=2)
    change = {"loan": MORTGAGE | {"rate_changes": [{"after": 3, "rate": "4.5"}]}}
    changed = person.patch(address, change, "*")
    assert [each["amount"] for each in changed.json["prepayments"]] == ["1000.00"]


def test_terms_by_which_a_prepayment_cannot_have_been_made_are_refused(person: Person) -> None:
    """All of it was paid back after eleven instalments; at another rate less was owed then."""
    address = add(person, **LOAN)
    left = schedule(person, address)["instalments"][10]["balance"]
    prepay(person, address, amount=left, after=11)
    refused = person.patch(address, {"loan": LOANS[0] | {"rate": "0"}}, "*")
    assert (refused.status, refused.faults().keys()) == (422, {"loan"})
    assert len(person.get(address).json["prepayments"]) == 1


def test_changes_of_the_rate_may_stand_in_any_order(person: Person) -> None:
    several = [{"after": 12, "rate": "4"}, {"after": 3, "rate": "4.50"}]
    bill = person.get(a_mortgage(person, rate_changes=several)).json
    known = [(each["after"], each["rate"]) for each in bill["loan"]["rate_changes"]]
    assert known == [(3, "4.5"), (12, "4")]


def test_the_banks_own_instalment_holds_beside_the_terms(person: Person) -> None:
    terms = {"method": "equal_instalment", "principal": "12000.00", "rate": "6", "instalments": 12}
    of = LOAN | {"currency": "CNY", "first_due": "2027-01-20", "owed_from": "2027-01-01"}
    computed = schedule(person, add(person, **of | {"loan": terms}))
    assert computed["instalments"][0]["total"] == "1032.80"
    address = add(person, **of | {"loan": terms | {"stated_instalment": "1032.79"}})
    stated = schedule(person, address)
    totals = [row["total"] for row in stated["instalments"]]
    assert (totals[:11], stated["count"]) == (["1032.79"] * 11, 12)
    assert total(stated["instalments"], "principal") == 12000
    assert 0 < Decimal(totals[11]) - Decimal(computed["instalments"][11]["total"]) < 1
    paid = person.post(f"{address}/payments", {"occurrence": 0, "amount": "1032.79"})
    assert paid.json["next"]["number"] == 1


def test_a_later_instalment_covers_the_interest_on_what_is_left(person: Person) -> None:
    """2,000.00 are less than the interest on 995,814.87, and more than that on 395,814.87."""
    changes = [{"after": 3, "rate": "4.2", "stated_instalment": "2000.00"}]
    change = {"loan": MORTGAGE | {"rate_changes": changes}}
    address = a_mortgage(person)
    for refused in (
        person.patch(address, change, "*"),
        person.post("/v1/bills", CARD | LOAN | {"currency": "CNY"} | change),
    ):
        assert (refused.status, refused.faults().keys()) == (422, {"loan.rate_changes"})
    known = prepay(person, address, amount="600000", after=3).json["prepayments"][0]
    assert person.patch(address, change, "*").status == 200
    rows = schedule(person, address)["instalments"]
    assert {row["total"] for row in rows[3:]} == {"2000.00"}
    person.call("DELETE", f"{address}/prepayments/{known['prepayment_id']}")
    rows = schedule(person, address)["instalments"]
    assert {(row["principal"], row["balance"]) for row in rows[3:]} == {("0.00", "995814.87")}


def test_a_first_period_of_odd_length_pays_interest_for_its_days(person: Person) -> None:
    """Paid out on 5 January, first due on 20 February: 12,000.00 x 6% x 46 / 360 = 92.00."""
    terms = {"method": "equal_instalment", "principal": "12000.00", "rate": "6", "instalments": 12}
    of = LOAN | {"currency": "CNY", "first_due": "2027-02-20", "owed_from": "2027-01-01"}
    regular = schedule(person, add(person, **of | {"loan": terms}))["instalments"]
    address = add(person, **of | {"loan": terms | {"first_period_days": 46}})
    first, *others = schedule(person, address)["instalments"]
    assert (first["principal"], first["interest"], first["total"]) == ("972.80", "92.00", "1064.80")
    assert person.get(address).json["next"]["amount"] == "1064.80"
    assert others == regular[1:]


# What a loan would cost ---------------------------------------------------------------------------

TERMS = {"currency": "GBP", "first_due": "2027-03-05"}


def quote(person: Person, **terms: Any) -> Any:
    answer = person.get(f"/v1/loan-quotes?{urlencode(TERMS | terms)}")
    assert answer.status == 200, answer.text
    return answer.json


@pytest.mark.parametrize("loan", LOANS, ids=[loan["method"] for loan in LOANS])
def test_a_quote_is_what_the_bill_will_be(person: Person, loan: dict[str, Any]) -> None:
    quoted = quote(person, **loan)
    address = add(person, **LOAN | {"loan": loan}, owed_from="2027-01-01")
    taken = schedule(person, address)
    for one, other in zip(quoted["instalments"], taken["instalments"], strict=True):
        assert one.items() <= other.items()
    assert quoted["total_interest"] == taken["total_interest"]
    assert Decimal(quoted["total"]) == total(quoted["instalments"], "total")


def test_a_quote_says_the_true_rate_behind_a_flat_fee(person: Person) -> None:
    fee = quote(person, method="flat_fee", principal="12000", rate="0.6", instalments=12)
    assert fee["total_interest"] == "864.00"
    assert Decimal("13") < Decimal(fee["effective_annual_rate"]) < Decimal("15")
    free = quote(person, method="equal_principal", principal="100", rate="0", instalments=3)
    assert free["effective_annual_rate"] == "0"
    days = {"every": 10, "unit": "day"}
    no_year = quote(person, method="flat_fee", principal="1", rate="1", instalments=2, **days)
    assert no_year["effective_annual_rate"] is None
    assert [each["due_on"] for each in no_year["instalments"]] == ["2027-03-05", "2027-03-15"]


def test_a_quote_needs_no_account(stack: MotoStack) -> None:
    assert quote(Person(stack, "nobody"), **LOANS[0])["principal"] == "12000.00"


@pytest.mark.parametrize(
    ("terms", "status", "field"),
    [
        ({"currency": "XXX"}, 422, "currency"),
        ({"first_due": "2027-02-30"}, 422, "first_due"),
        ({"principal": "0"}, 422, "principal"),
        ({"principal": "1.005"}, 422, "principal"),
        ({"rate": "101"}, 422, "rate"),
        ({"every": 5}, 422, "every"),
        ({"instalments": 1201}, 400, "instalments"),
        ({"rate": "4,2"}, 400, "rate"),
        ({"method": "gift"}, 400, "method"),
    ],
)
def test_terms_that_cannot_be_are_named(
    person: Person, terms: dict[str, Any], status: int, field: str
) -> None:
    refused = person.get(f"/v1/loan-quotes?{urlencode(TERMS | LOANS[0] | terms)}")
    assert (refused.status, refused.faults().keys()) == (status, {field}), refused.text
    assert [each["in"] for each in refused.json["errors"]] == ["query"]

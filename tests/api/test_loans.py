"""Schedules of loans through the API."""

from decimal import Decimal
from typing import Any

import pytest

from tests.api.test_bills import LOAN, LOANS, add, prepay
from tests.support.api import Person


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

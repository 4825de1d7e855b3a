"""What is due over all bills, through the API."""

from decimal import Decimal
from typing import Any

import pytest

from tests.api.test_bills import add
from tests.support.api import Person


def due(person: Person, query: str = "") -> Any:
    answer = person.get(f"/v1/occurrences{query}")
    assert answer.status == 200, answer.text
    return answer.json


def test_what_is_due_in_the_next_days_comes_by_date_with_totals(person: Person) -> None:
    card = add(person, name="card", first_due="2027-03-05", amount="100.50")
    add(person, name="rent", first_due="2027-03-04", amount="900", repeats={"unit": "week"})
    add(person, name="trip", first_due="2027-03-20", amount="5000", currency="JPY", repeats=None)
    add(person, name="water", first_due="2027-03-30", amount=None)
    add(person, name="later", first_due="2027-03-31", repeats=None)
    month = due(person)
    assert (month["first_day"], month["last_day"]) == ("2027-03-01", "2027-03-30")
    assert [(each["name"], each["due_on"][-2:]) for each in month["occurrences"]] == [
        ("rent", "04"),
        ("card", "05"),
        ("rent", "11"),
        ("rent", "18"),
        ("trip", "20"),
        ("rent", "25"),
        ("water", "30"),
    ]
    assert month["totals"] == [
        {"currency": "GBP", "left": "3700.50", "expected": "0.00", "count": 5},
        {"currency": "JPY", "left": "5000", "expected": "0", "count": 1},
    ]
    assert (month["unknown"], month["next_cursor"]) == (1, None)
    person.post(f"{card}/payments", {"amount": "0.50"})
    assert due(person)["totals"][0]["left"] == "3700.00"
    person.post(f"{card}/payments", {})
    month = due(person)
    assert month["occurrences"][1]["standing"] == "paid"
    assert (month["totals"][0]["left"], month["totals"][0]["count"]) == ("3600.00", 4)


def test_one_of_unknown_amount_counts_by_its_history(person: Person) -> None:
    water = add(person, amount=None, first_due="2027-01-15", owed_from="2027-01-01")
    for number, amount in enumerate(("30", "40", "50")):
        stated = {"amount": amount, "currency": "GBP"}
        person.call("PUT", f"{water}/occurrences/{number}/statement", stated)
    spring = due(person, "?from=2027-03-10&until=2027-04-30")
    assert [(each["amount"], each["expected"]) for each in spring["occurrences"]] == [
        ("50.00", None),
        (None, "40.00"),
    ]
    assert spring["totals"] == [
        {"currency": "GBP", "left": "50.00", "expected": "40.00", "count": 2}
    ]
    overdue = due(person, "?from=2027-01-01&until=2027-02-28")
    assert [each["overdue"] for each in overdue["occurrences"]] == [True, True]


def test_bills_that_are_closed_or_somebody_else_s_are_left_out(person: Person) -> None:
    person.post(f"{add(person, name='closed')}/close")
    person.call("PUT", f"{add(person, name='foreign')}/silence", {"reason": "not_mine"})
    person.call("PUT", f"{add(person, name='silent')}/silence", {})
    (only,) = due(person)["occurrences"]
    assert (only["name"], only["silenced"]["reason"]) == ("silent", "stopped")


def test_a_day_counts_after_its_holiday_shift(person: Person) -> None:
    shift = {"country": "GB", "repeats": None, "first_due": "2027-03-06"}
    add(person, name="before", if_not_working_day="previous", **shift)
    add(person, name="after", if_not_working_day="next", **shift)
    friday, monday = "2027-03-05", "2027-03-08"
    for day, name in ((friday, "before"), (monday, "after")):
        (found,) = due(person, f"?from={day}&until={day}")["occurrences"]
        assert (found["name"], found["due_on"]) == (name, day)
        assert found["nominal_due_on"] == "2027-03-06"


def test_the_list_goes_on_where_its_cursor_says_and_its_totals_stay(person: Person) -> None:
    add(person, name="a", repeats={"unit": "day"}, amount="1")
    add(person, name="b", repeats={"unit": "day"}, amount="2")
    query = "?from=2027-03-05&until=2027-03-09&limit=4"
    page = due(person, query)
    total, found = page["totals"], list(page["occurrences"])
    while page["next_cursor"]:
        page = due(person, f"{query}&cursor={page['next_cursor']}")
        assert page["totals"] == total
        found += page["occurrences"]
    assert len({(each["bill_id"], each["number"]) for each in found}) == len(found) == 10
    assert [each["due_on"] for each in found] == sorted(each["due_on"] for each in found)
    assert sum(Decimal(each["left"]) for each in found) == Decimal(total[0]["left"]) == 15


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2027-02-30", "from"),
        ("until=2027-02-30", "until"),
        ("until=2027-02-28", "until"),
        ("from=2027-01-01&until=2028-01-02", "until"),
        ("cursor=abc", "cursor"),
    ],
)
def test_days_that_cannot_be_are_named(person: Person, query: str, field: str) -> None:
    refused = person.get(f"/v1/occurrences?{query}")
    assert (refused.status, refused.faults().keys()) == (422, {field})


def test_a_whole_year_may_be_looked_at(person: Person) -> None:
    assert due(person, "?from=2027-01-01&until=2028-01-01")["last_day"] == "2028-01-01"
    assert person.get("/v1/occurrences?from=tomorrow").faults().keys() == {"from"}


def test_more_than_anybody_can_have_due_is_refused(person: Person) -> None:
    for number in range(14):
        add(person, name=str(number), repeats={"unit": "day"})
    assert due(person, "?until=2028-02-01")["totals"][0]["count"] <= 5000
    refused = person.get("/v1/occurrences?from=2027-03-05&until=2028-03-04")
    assert (refused.status, refused.faults().keys()) == (422, {"until"})

"""Bills that are entered when their dates are over: nothing is called paid that nobody paid."""

from datetime import timedelta
from typing import Any

import pytest

from bill_reminders.domain.bills import LATE_AT_MOST
from tests.api.conftest import NOON
from tests.api.test_bills import LOAN, add, by_sms, from_the_biller, listed
from tests.support.api import Person

TODAY = NOON.date()
FIVE_DAYS_AGO = (TODAY - timedelta(days=5)).isoformat()
ONCE = {"repeats": None, "first_due": FIVE_DAYS_AGO}
ENDED = {"first_due": "2026-11-24", "count": 4}
"""Monthly, last due on 24 February."""


def seen(person: Person, address: str) -> tuple[str, list[str], str]:
    bill = person.get(address).json
    dates = [each["due_on"] for each in bill["occurrences"]]
    return bill["status"], dates, bill["owed_from"]


OVER: dict[str, tuple[dict[str, Any], str]] = {
    "once": (ONCE, FIVE_DAYS_AGO),
    "by a count": (ENDED, "2027-02-24"),
    "by a last date": ({"first_due": "2026-11-24", "until": "2027-02-26"}, "2027-02-24"),
    "a loan": (
        LOAN | {"first_due": "2026-02-24", "loan": LOAN["loan"] | {"instalments": 13}},
        "2027-02-24",
    ),
}


@pytest.mark.parametrize(("fields", "last"), OVER.values(), ids=OVER)
def test_of_a_bill_whose_dates_are_over_the_last_one_is_owed(
    person: Person, fields: dict[str, Any], last: str
) -> None:
    by_sms(person)
    address = add(person, **fields)
    assert seen(person, address) == ("overdue", [last], last)
    assert [each["trigger"] for each in person.get(address).json["planned_reminders"]]
    person.post(f"{address}/payments", {})
    assert seen(person, address)[0] == "paid"


def test_it_is_the_same_in_a_persons_own_file(person: Person) -> None:
    header = "bill_id,biller,name,amount,currency,first_due,repeats"
    text = f"{header}\nold,Lantern Bank,Card,9.00,GBP,{FIVE_DAYS_AGO},once\n"
    for saved in ("new", "unchanged"):
        sent = person.post("/v1/bills/files/csv", raw=text, headers={"content-type": "text/csv"})
        assert (sent.status, sent.json[saved]) == (200, 1), sent.text
    (bill,) = person.get("/v1/bills").json["bills"]
    assert (bill["status"], bill["owed_from"]) == ("overdue", FIVE_DAYS_AGO)


def test_what_goes_on_begins_with_its_next_date(person: Person) -> None:
    status, dates, owed_from = seen(person, add(person, first_due=FIVE_DAYS_AGO))
    assert (status, dates[0], owed_from) == ("upcoming", "2027-03-24", TODAY.isoformat())


NOT_OWED: dict[str, dict[str, Any]] = {
    "its user says so": ONCE | {"owed_from": TODAY.isoformat()},
    "longer ago than anything is reminded of": {
        "repeats": None,
        "first_due": (TODAY - timedelta(days=LATE_AT_MOST + 1)).isoformat(),
    },
    "a series of which its user says so": ENDED | {"owed_from": "2027-02-25"},
}


@pytest.mark.parametrize("fields", NOT_OWED.values(), ids=NOT_OWED)
def test_what_is_not_owed_is_called_that_and_not_paid(
    person: Person, fields: dict[str, Any]
) -> None:
    by_sms(person)
    address = add(person, name="old", **fields)
    assert seen(person, address)[:2] == ("not_owed", [])
    assert person.get(address).json["planned_reminders"] == []
    assert (listed(person, "?status=not_owed"), listed(person, "?status=paid")) == (["old"], [])
    owed = person.patch(address, {"owed_from": "2026-01-01"}, "*").json
    assert owed["status"] == "overdue"


def test_a_payment_of_what_is_not_owed_is_one(person: Person) -> None:
    address = add(person, **NOT_OWED["its user says so"])
    assert person.post(f"{address}/payments", {}).status == 422
    assert person.post(f"{address}/payments", {"occurrence": 0}).json["status"] == "paid"


def test_a_billers_file_keeps_to_the_day_of_its_first_import(person: Person) -> None:
    for _ in range(2):
        from_the_biller(person, first_due=FIVE_DAYS_AGO)
        assert seen(person, "/v1/bills/rent") == ("not_owed", [], TODAY.isoformat())
    from_the_biller(person, first_due=FIVE_DAYS_AGO, owed_from=FIVE_DAYS_AGO)
    assert seen(person, "/v1/bills/rent")[0] == "overdue"


def test_what_the_biller_takes_by_itself_is_presumed_to_be_paid(person: Person) -> None:
    assert seen(person, add(person, autopay=True, **ONCE))[0] == "paid"

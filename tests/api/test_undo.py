"""The ways back through the API: snoozes, closed bills, failed debits."""

from datetime import timedelta
from typing import Any

import pytest

from tests.api.conftest import NOON, SetClock
from tests.api.test_bills import add, by_sms
from tests.support.api import Person


def snoozed(bill: dict[str, Any]) -> list[str | None]:
    return [each["snoozed_until"] for each in bill["occurrences"][:2]]


def test_a_snooze_is_seen_with_its_due_date_and_can_be_undone(person: Person) -> None:
    by_sms(person)
    address = add(person)
    before = person.get(address).json
    bill = person.post(f"{address}/snoozes", {"until": "2027-03-04"}).json
    assert snoozed(bill) == ["2027-03-04", None]
    assert bill["planned_reminders"] != before["planned_reminders"]
    for _ in range(2):
        undone = person.call("DELETE", f"{address}/snoozes/0")
        assert (undone.status, undone.json) == (200, before)
    assert person.call("DELETE", f"{address}/snoozes/12").status == 200
    assert person.call("DELETE", f"{add(person, repeats=None)}/snoozes/1").status == 404


def test_a_snooze_that_is_over_or_paid_is_shown_no_more(
    person: Person, set_clock: SetClock
) -> None:
    address = add(person)
    person.post(f"{address}/snoozes", {"until": "2027-03-04"})
    paid = person.post(f"{address}/payments", {}).json
    assert snoozed(paid) == [None, None]
    payment = paid["payments"][0]["payment_id"]
    assert snoozed(person.call("DELETE", f"{address}/payments/{payment}").json)[0] == "2027-03-04"
    set_clock(NOON + timedelta(days=4))
    assert snoozed(person.get(address).json) == [None, None]


@pytest.mark.parametrize("reason", ["closed", "silenced", "paid"])
def test_a_snooze_that_would_do_nothing_is_refused(person: Person, reason: str) -> None:
    address = add(person)
    match reason:
        case "closed":
            person.post(f"{address}/close")
        case "silenced":
            person.call("PUT", f"{address}/silence", {})
        case "paid":
            person.post(f"{address}/payments", {})
    refused = person.post(f"{address}/snoozes", {"occurrence": 0, "until": "2027-03-04"})
    assert (refused.status, refused.json["type"]) == (409, "/v1/docs#conflict")
    assert reason in refused.json["detail"]
    assert snoozed(person.get(address).json) == [None, None]


def test_a_closed_bill_can_be_reopened(person: Person) -> None:
    by_sms(person)
    address = add(person)
    before = person.get(address)
    person.post(f"{address}/close")
    closed = person.get(address).etag
    etags = set[str]()
    for _ in range(2):
        reopened = person.post(f"{address}/reopen")
        assert (reopened.status, reopened.json) == (200, before.json)
        etags.add(reopened.etag)
    assert len(etags - {before.etag, closed}) == 1
    assert person.post("/v1/bills/none/reopen").status == 404


def test_a_failed_debit_can_be_undone(person: Person) -> None:
    by_sms(person)
    address = add(person, autopay=True, repeats=None)
    before = person.get(address).json
    (failed,) = person.post(f"{address}/failed-debits", {}).json["failed_debits"]
    one = f"{address}/failed-debits/{failed['failed_debit_id']}"
    undone = person.call("DELETE", one)
    assert (undone.status, undone.json) == (200, before)
    assert person.call("DELETE", one).status == 404

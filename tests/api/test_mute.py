"""Bills that are silenced and unsilenced through the API, and seen as such when a page did it."""

import json
from typing import Any

import pytest

from bill_reminders.api.routes import mute
from bill_reminders.domain.bills import MuteReason
from tests.api.conftest import NOON, user_id
from tests.api.test_bills import add, by_sms, listed
from tests.support import account_changes
from tests.support.api import Person, Reply


@pytest.fixture
def told(person: Person) -> list[tuple[str, dict[str, str]]]:
    """What is put on the bus from now on."""
    put: list[tuple[str, dict[str, str]]] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        for entry in params["Entries"]:
            assert entry["EventBusName"] == person.stack.ids["BillEvents"]
            put.append((entry["DetailType"], json.loads(entry["Detail"])))

    mute._client().meta.events.register("before-parameter-build.*.PutEvents", note)
    return put


def hush(person: Person, address: str, **body: str) -> Reply:
    done = person.call("PUT", f"{address}/silence", body)
    assert done.status == 200, done.text
    return done


def unhush(person: Person, address: str) -> Reply:
    done = person.call("DELETE", f"{address}/silence")
    assert done.status == 200, done.text
    return done


def test_a_silenced_bill_goes_on_and_is_not_reminded_of(person: Person) -> None:
    by_sms(person)
    address = add(person)
    before = person.get(address)
    assert before.json["silenced"] is None
    silenced = hush(person, address)
    assert silenced.json["silenced"] == {"at": "2027-03-01T12:00:00Z", "reason": "stopped"}
    assert (silenced.json["status"], silenced.json["planned_reminders"]) == ("upcoming", [])
    assert silenced.json["next"] == before.json["next"]
    assert silenced.etag != before.etag
    (summary,) = person.get("/v1/bills").json["bills"]
    assert summary["silenced"] == silenced.json["silenced"]
    assert unhush(person, address).json == before.json


def test_silencing_twice_is_silencing_once(
    person: Person, told: list[tuple[str, dict[str, str]]]
) -> None:
    address = add(person)
    unhush(person, address)
    for body in ({}, {"reason": "not_mine"}):
        once = hush(person, address, **body).json
        assert hush(person, address, **body).json == once
    for _ in range(2):
        assert unhush(person, address).json["silenced"] is None
    assert [kind for kind, _ in told] == ["bill not mine", "bill mine after all"]


def test_the_biller_of_one_that_is_not_mine_is_told(
    person: Person, told: list[tuple[str, dict[str, str]]]
) -> None:
    address = add(person)
    ids = {"user_id": user_id(person), "bill_id": address.rpartition("/")[2]}
    foreign = hush(person, address, reason="not_mine")
    assert foreign.json["silenced"]["reason"] == "not_mine"
    assert hush(person, address, reason="stopped").json["silenced"]["reason"] == "stopped"
    unhush(person, address)
    assert [(kind, ids.items() <= detail.items()) for kind, detail in told] == [
        ("bill not mine", True),
        ("bill mine after all", True),
    ]


def test_what_a_page_has_silenced_is_seen_and_lifted(person: Person) -> None:
    by_sms(person)
    address = add(person)
    bill_id = address.rpartition("/")[2]
    account_changes.mute(user_id(person), bill_id, MuteReason.STOPPED, now=NOON)
    assert person.get(address).json["silenced"]["reason"] == "stopped"
    assert listed(person, "?status=upcoming") == ["Credit card"]
    lifted = unhush(person, address).json
    assert lifted["planned_reminders"][0]["at"] == "2027-03-02T09:00:00Z"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_nobody_silences_a_bill_that_they_do_not_have(person: Person, method: str) -> None:
    body = {} if method == "PUT" else None
    assert person.call(method, "/v1/bills/none/silence", body).status == 404


def test_a_reason_that_nobody_knows_is_refused(person: Person) -> None:
    refused = person.call("PUT", f"{add(person)}/silence", {"reason": "tired"})
    assert (refused.status, refused.faults().keys()) == (400, {"reason"})


def test_nothing_is_silenced_when_the_biller_cannot_be_told(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = add(person)
    refuses = {"FailedEntryCount": 1}
    monkeypatch.setattr(mute._client(), "put_events", lambda **_: refuses)
    refused = person.call("PUT", f"{address}/silence", {"reason": "not_mine"})
    assert (refused.status, refused.json["type"]) == (503, "/v1/docs#try-again")
    assert int(refused.headers["retry-after"]) > 0
    assert person.get(address).json["silenced"] is None

"""The life of a user, from nothing to erasure, by HTTP alone."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.request import urlopen

import boto3
import pytest

from bill_reminders.delivery.wake_ups import WakeUp
from bill_reminders.domain.local_time import floor_minute
from bill_reminders.storage.tables import UserItem
from local.stack import Stack, wait_until
from tests.stack.people import NOW
from tests.support.http import Front, identity_in, kept_of
from tests.support.people import new_phone

NewId = Callable[[], str]

OPENED = NOW - timedelta(hours=1)
"""When the user comes, an hour before the first reminder is due."""
DUE_ON = (NOW + timedelta(days=3)).date()
REMINDERS = [
    (f"{DUE_ON - timedelta(days=lead)}T09:00:00Z", trigger)
    for lead, trigger in ((3, "lead:3"), (1, "lead:1"), (0, "lead:0"), (-1, "overdue:1"))
]
"""What the plan of a new account makes of a bill that is due then."""
FEEDBACK = {"timing": "right", "useful": True, "suggestion": "Say first how much."}


class Life:
    """One user, their front end, and what they have seen so far."""

    def __init__(self, stack: Stack, name: str) -> None:
        self.stack = stack
        self.name = name
        self.front = Front(stack.api, stack.token(f"{name}@example.com"))
        self.phone = new_phone()
        self.user_id = self.card = self.rent = self.endpoint = self.export_id = ""

    def texts(self) -> list[str]:
        return self.texts_to(self.phone)

    def texts_to(self, address: str) -> list[str]:
        return [sent.text for sent in self.stack.outbox() if sent.address == address]

    def missing(self) -> tuple[bool, str | None]:
        setup = self.front.get("/v1/setup")
        assert setup.status == 200, setup.text
        return setup.json["complete"], setup.json["next_step"]

    def upcoming(self, bill_id: str) -> list[tuple[str, str]]:
        coming = self.front.get("/v1/reminders/upcoming?days=90").json["reminders"]
        return [(each["at"], each["trigger"]) for each in coming if each["bill_id"] == bill_id]

    def next_sms(self) -> str | None:
        coming = self.front.get("/v1/settings").json["next_reminders"]["sms"]
        return None if coming is None else coming["at"]

    def job(self, job_id: str) -> dict[str, Any]:
        status: dict[str, Any] = self.front.get(f"/v1/account/jobs/{job_id}").json
        return status

    def done(self, job_id: str) -> None:
        wait_until(lambda: self.job(job_id)["state"] == "done", 60, "the job was not done")

    def kept(self) -> dict[str, list[Any]]:
        return kept_of(self.stack.outputs, self.user_id, identity_in(self.front.token or ""))


def test_from_signing_in_to_the_first_reminder_to_erasure(stack: Stack, new_id: NewId) -> None:
    stack.set_clock(OPENED)
    life = Life(stack, new_id())
    is_told_what_is_missing_until_nothing_is(life)
    is_reminded_in_the_minute(life)
    says_what_they_think_of_it(life)
    pays_and_is_left_alone(life)
    changes_what_comes_next(life)
    sees_a_message_arrive_on_a_device(life)
    takes_everything_along(life)
    is_erased(life)


def is_told_what_is_missing_until_nothing_is(life: Life) -> None:
    front = life.front
    assert life.missing() == (False, "account")
    assert front.get("/v1/settings").status == 404
    made = front.post("/v1/account", {"language": "en", "time_zone": "UTC"})
    assert made.status == 201, made.text
    life.user_id = made.json["user_id"]

    assert life.missing() == (False, "contact")
    contact = front.post("/v1/contacts", {"channel": "sms", "address": life.phone})
    assert (contact.status, contact.json["state"]) == (201, "pending"), contact.text
    (text,) = life.texts()
    (code,) = re.findall(r"\b[0-9]{6}\b", text)
    confirmed = front.post(f"{contact.headers['location']}/confirm", {"code": code})
    assert (confirmed.status, confirmed.json["contact"]["state"]) == (200, "confirmed")

    assert life.missing() == (False, "bill")
    bill = {"biller": "Lantern Bank", "name": life.name, "kind": "card", "currency": "USD"}
    card = front.post("/v1/bills", {**bill, "amount": "120.55", "first_due": DUE_ON.isoformat()})
    assert (card.status, card.json["status"]) == (201, "upcoming"), card.text
    assert front.get(card.headers["location"]).json == card.json
    life.card = card.json["bill_id"]
    assert life.missing() == (True, "test_message")
    assert life.upcoming(life.card) == REMINDERS
    assert life.next_sms() == REMINDERS[0][0]


def is_reminded_in_the_minute(life: Life) -> None:
    life.stack.set_clock(NOW)
    life.stack.tick()
    wait_until(lambda: len(life.texts()) == 2, 60, "the reminder did not go out")
    life.stack.settle()
    assert life.name in life.texts()[1]
    (reminder,) = life.front.get(f"/v1/reminders?bill_id={life.card}").json["reminders"]
    assert (reminder["state"], reminder["channel"], reminder["name"]) == ("sent", "sms", life.name)
    assert reminder["why"] == "By your reminder plan: 3 days before."
    assert reminder["settled_at"] is not None
    assert life.upcoming(life.card) == REMINDERS[1:]


def says_what_they_think_of_it(life: Life) -> None:
    (reminder,) = life.front.get("/v1/reminders").json["reminders"]
    address = f"/v1/reminders/{reminder['reminder_id']}"
    assert life.front.put(f"{address}/feedback", FEEDBACK).status == 200
    assert life.front.get(address).json["feedback"].items() >= FEEDBACK.items()


def pays_and_is_left_alone(life: Life) -> None:
    paid = life.front.post(f"/v1/bills/{life.card}/payments", {"amount": "120.55"})
    assert (paid.status, paid.json["status"]) == (201, "paid"), paid.text
    assert (life.upcoming(life.card), life.next_sms()) == ([], None)
    life.stack.set_clock(NOW + timedelta(days=2))  # when the next one would have gone out
    life.stack.tick()
    life.stack.settle()
    assert len(life.texts()) == 2
    life.stack.set_clock(NOW + timedelta(hours=1))


def changes_what_comes_next(life: Life) -> None:
    front = life.front
    bill = {"biller": "Oak Homes", "name": "Rent", "first_due": "2027-03-20"}
    monthly = {**bill, "repeats": {"every": 1, "unit": "month"}}
    life.rent = front.post("/v1/bills", monthly).json["bill_id"]
    assert life.next_sms() == "2027-03-17T09:00:00Z"

    settings = front.get("/v1/settings")
    pause = {"paused_until": "2027-03-18"}
    assert front.patch("/v1/settings", pause).status == 428
    paused = front.patch("/v1/settings", pause, settings.etag)
    assert paused.status == 200, paused.text
    assert paused.json["next_reminders"]["sms"]["at"] == "2027-03-19T09:00:00Z"
    assert life.next_sms() == "2027-03-19T09:00:00Z"
    assert front.patch("/v1/settings", {"tips": False}, settings.etag).status == 412

    change = {"paused_until": None, "plan": {"lead_days": [5], "remind_at": "10:30"}}
    planned = front.patch("/v1/settings", change, paused.etag)
    assert planned.status == 200, planned.text
    assert planned.json == front.get("/v1/settings").json
    assert life.next_sms() == "2027-03-15T10:30:00Z"


def sees_a_message_arrive_on_a_device(life: Life) -> None:
    wanted = {"platform": "google", "token": f"device-of-{life.name}"}
    device = life.front.post("/v1/devices", wanted)
    assert (device.status, device.json["state"]) == (201, "confirmed"), device.text
    assert life.front.get("/v1/devices").json["devices"] == [device.json]
    channels = life.front.get("/v1/settings").json["plan"]["channels"]
    assert [each["channel"] for each in channels] == ["sms", "push"]

    life.endpoint = UserItem.get(life.user_id).push.address
    trial = life.front.post("/v1/test-messages", {"channel": "push"})
    assert (trial.status, trial.json) == (201, {"channel": "push", "state": "sent"})
    assert len(life.texts_to(life.endpoint)) == 1
    assert life.missing() == (True, None)


def takes_everything_along(life: Life) -> None:
    asked = life.front.post("/v1/account/exports")
    assert asked.status == 202, asked.text
    life.export_id = asked.json["job_id"]
    life.done(life.export_id)
    with urlopen(life.job(life.export_id)["download_url"], timeout=30) as answer:
        exported = json.load(answer)
    assert {bill["bill_id"] for bill in exported["bills"]} == {life.card, life.rent}
    assert exported["user"]["sms"]["address"] == life.phone
    assert [each["suggestion"] for each in exported["feedback"]] == [FEEDBACK["suggestion"]]
    assert life.card in {each.get("bill_id") for each in exported["reminders"]}


def is_erased(life: Life) -> None:
    stack, front = life.stack, life.front
    # so that what is empty afterwards was not empty all the time
    assert all(life.kept().values())
    poison = stack.dead_letters()
    gone = front.post("/v1/account/erasures", {"confirm": "erase everything"})
    assert gone.status == 202, gone.text
    assert front.get("/v1/settings").status == 404
    assert life.missing() == (False, "account")

    due = NOW.replace(day=15, hour=10, minute=30)  # of the rent
    stack.set_clock(due)
    stack.tick()
    for queue in ("SmsQueueUrl", "PushQueueUrl"):  # and what was queued already
        wake_up = WakeUp(life.user_id, floor_minute(due))
        boto3.client("sqs").send_message(QueueUrl=stack.outputs[queue], MessageBody=wake_up.body())
    stack.settle()
    life.done(gone.json["job_id"])
    assert (len(life.texts()), len(life.texts_to(life.endpoint))) == (2, 1)
    assert stack.dead_letters() == poison

    assert {table: items for table, items in life.kept().items() if items} == {}
    assert front.get(f"/v1/account/jobs/{life.export_id}").status == 404
    objects = boto3.client("s3").list_objects_v2(Bucket=stack.outputs["ExportsBucket"])
    assert not any(life.export_id in each["Key"] for each in objects.get("Contents", []))
    sns = boto3.client("sns")
    with pytest.raises(sns.exceptions.NotFoundException):
        sns.get_endpoint_attributes(EndpointArn=life.endpoint)


def test_a_new_bill_reads_back_as_it_was_answered_and_can_be_changed_with_that_etag(
    stack: Stack, new_id: NewId
) -> None:
    front = Front(stack.api, stack.token(f"{new_id()}@example.com")).registered()
    bill = {"biller": "Oak Homes", "name": "Rent", "first_due": "2027-03-20"}
    made = front.post("/v1/bills", {**bill, "amount": "120.50", "currency": "USD"})
    assert made.status == 201, made.text
    read = front.get(made.headers["location"])
    assert (read.json, read.etag) == (made.json, made.etag)
    assert front.patch(made.headers["location"], {"name": "Flat"}, made.etag).status == 200


def test_what_is_taken_away_is_answered_with_204(stack: Stack, new_id: NewId) -> None:
    name = new_id()
    front = Front(stack.api, stack.token(f"{name}@example.com")).registered()
    bill = {"biller": "Oak Homes", "name": "Rent", "first_due": "2027-03-20"}
    address = {"channel": "email", "address": f"{name}@mail.example.com"}
    device = {"platform": "google", "token": f"device-of-{name}"}
    device_id = front.post("/v1/devices", device).json["device_id"]
    made = [
        front.post("/v1/bills", bill).headers["location"],
        front.post("/v1/contacts", address).headers["location"],
        f"/v1/devices/{device_id}",
    ]
    assert [front.delete(each).status for each in made] == [204, 204, 204]
    assert [front.delete(each).status for each in made] == [404, 404, 404]

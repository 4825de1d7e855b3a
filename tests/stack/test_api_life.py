"""The life of a user, from nothing to erasure, by HTTP alone."""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.request import urlopen
from zlib import crc32

import boto3
import pytest
from boto3.dynamodb.conditions import Key

from bill_reminders.delivery.nudges import Nudge
from bill_reminders.domain.clock import floor_minute
from bill_reminders.storage.tables import UserItem
from local.stack import Stack, wait_until
from tests.stack.conftest import NOW
from tests.support.http import Front

NewId = Callable[[], str]

OPENED = NOW - timedelta(hours=1)
"""When the user comes, an hour before the first reminder is due."""


def texts_to(stack: Stack, address: str) -> list[str]:
    return [sent.text for sent in stack.outbox() if sent.address == address]


def identity_in(token: str) -> str:
    """Whom the tables know the owner of a token as."""
    middle = token.split(".")[1]
    claims = json.loads(urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return f"{claims['iss']}#{claims['sub']}"


def missing_in(front: Front) -> tuple[bool, str | None]:
    setup = front.get("/v1/setup")
    assert setup.status == 200, setup.text
    return setup.json["complete"], setup.json["next_step"]


def upcoming_of(front: Front, bill_id: str) -> list[tuple[str, str]]:
    coming = front.get("/v1/reminders/upcoming?days=90").json["reminders"]
    return [(each["at"], each["trigger"]) for each in coming if each["bill_id"] == bill_id]


def next_sms(front: Front) -> str | None:
    coming = front.get("/v1/settings").json["next_reminders"]["sms"]
    return None if coming is None else coming["at"]


def job_done(front: Front, job_id: str) -> dict[str, Any] | None:
    status = front.get(f"/v1/account/jobs/{job_id}").json
    return status if status["state"] == "done" else None


def kept_of(stack: Stack, user_id: str, identity: str) -> dict[str, list[Any]]:
    """All items about a user in the tables that are keyed by users and identities."""
    tables = boto3.resource("dynamodb")
    keys = {
        "Users": ("user_id", user_id),
        "Schedules": ("user_id", user_id),
        "Bills": ("user_id", user_id),
        "Ledger": ("user_id", user_id),
        "Codes": ("user_id", user_id),
        "Feedback": ("user_id", user_id),
        "Identities": ("identity", identity),
        "Answers": ("caller", sha256(identity.encode()).hexdigest()),
    }
    found = {
        name: tables.Table(stack.outputs[f"{name}Table"]).query(
            KeyConditionExpression=Key(attribute).eq(value), ConsistentRead=True
        )["Items"]
        for name, (attribute, value) in keys.items()
    }
    back = tables.Table(stack.outputs["IdentitiesTable"]).query(
        KeyConditionExpression=Key("identity").eq(f"user#{user_id}"), ConsistentRead=True
    )
    found["Identities"] += back["Items"]
    addresses = tables.Table(stack.outputs["AddressesTable"]).scan(ConsistentRead=True)["Items"]
    found["Addresses"] = [item for item in addresses if item.get("user_id") == user_id]
    return found


def test_from_signing_in_to_the_first_reminder_to_erasure(stack: Stack, new_id: NewId) -> None:
    name = new_id()
    phone = f"+1202555{crc32(name.encode()) % 10_000:04}"
    stack.set_clock(OPENED)
    front = Front(stack.api, stack.token(f"{name}@example.com"))
    identity = identity_in(front.token or "")

    # first use: the API says what is missing, until nothing is
    assert missing_in(front) == (False, "account")
    assert front.get("/v1/settings").status == 404
    made = front.post("/v1/account", {"language": "en", "time_zone": "UTC"})
    assert made.status == 201, made.text
    user_id = made.json["user_id"]
    assert missing_in(front) == (False, "contact")

    contact = front.post("/v1/contacts", {"channel": "sms", "address": phone})
    assert (contact.status, contact.json["state"]) == (201, "pending"), contact.text
    (text,) = texts_to(stack, phone)
    (code,) = re.findall(r"\b[0-9]{6}\b", text)
    confirmed = front.post(f"{contact.headers['location']}/confirm", {"code": code})
    assert (confirmed.status, confirmed.json["contact"]["state"]) == (200, "confirmed")
    assert missing_in(front) == (False, "bill")

    due_on = (NOW + timedelta(days=3)).date()
    card = front.post(
        "/v1/bills",
        {
            "biller": "Lantern Bank",
            "name": name,
            "kind": "card",
            "amount": "120.55",
            "currency": "USD",
            "first_due": due_on.isoformat(),
        },
    )
    assert (card.status, card.json["status"]) == (201, "upcoming"), card.text
    bill_id = card.json["bill_id"]
    assert front.get(card.headers["location"]).json == card.json
    assert missing_in(front) == (True, "test_message")
    at = [f"{due_on - timedelta(days=lead)}T09:00:00Z" for lead in (3, 1, 0, -1)]
    triggers = ["lead:3", "lead:1", "lead:0", "overdue:1"]
    assert upcoming_of(front, bill_id) == list(zip(at, triggers, strict=True))
    assert next_sms(front) == at[0]

    # the minute comes
    stack.set_clock(NOW)
    stack.tick()
    wait_until(lambda: len(texts_to(stack, phone)) == 2, 60, "the reminder did not go out")
    stack.settle()
    reminder_text = texts_to(stack, phone)[1]
    assert name in reminder_text
    (reminder,) = front.get(f"/v1/reminders?bill_id={bill_id}").json["reminders"]
    assert (reminder["state"], reminder["channel"], reminder["name"]) == ("sent", "sms", name)
    assert reminder["why"] == "You asked for a reminder 3 days before."
    assert reminder["settled_at"] is not None
    assert upcoming_of(front, bill_id) == list(zip(at, triggers, strict=True))[1:]

    said = {"timing": "right", "useful": True, "suggestion": "Say first how much."}
    address = f"/v1/reminders/{reminder['reminder_id']}"
    assert front.put(f"{address}/feedback", said).status == 200
    assert front.get(address).json["feedback"].items() >= said.items()

    # what is paid is not reminded of any more
    paid = front.post(f"/v1/bills/{bill_id}/payments", {"amount": "120.55"})
    assert (paid.status, paid.json["status"]) == (201, "paid"), paid.text
    assert (upcoming_of(front, bill_id), next_sms(front)) == ([], None)
    stack.set_clock(NOW + timedelta(days=2))
    stack.tick()
    stack.settle()
    assert len(texts_to(stack, phone)) == 2

    # settings decide what comes next
    stack.set_clock(NOW + timedelta(hours=1))
    rent = front.post(
        "/v1/bills",
        {
            "biller": "Oak Homes",
            "name": f"Rent {name}",
            "first_due": "2027-03-20",
            "repeats": {"every": 1, "unit": "month"},
        },
    ).json["bill_id"]
    assert next_sms(front) == "2027-03-17T09:00:00Z"
    settings = front.get("/v1/settings")
    assert front.patch("/v1/settings", {"paused_until": "2027-03-18"}).status == 428
    paused = front.patch("/v1/settings", {"paused_until": "2027-03-18"}, settings.etag)
    assert paused.status == 200, paused.text
    assert paused.json["next_reminders"]["sms"]["at"] == next_sms(front) == "2027-03-19T09:00:00Z"
    assert front.patch("/v1/settings", {"tips": False}, settings.etag).status == 412
    change = {"paused_until": None, "plan": {"lead_days": [5], "remind_at": "10:30"}}
    planned = front.patch("/v1/settings", change, paused.etag)
    assert planned.status == 200, planned.text
    assert next_sms(front) == "2027-03-15T10:30:00Z"
    assert planned.json == front.get("/v1/settings").json

    # a device, and seeing a message arrive on it
    device = front.post("/v1/devices", {"platform": "google", "token": f"device-of-{name}"})
    assert (device.status, device.json["state"]) == (201, "confirmed"), device.text
    assert front.get("/v1/devices").json["devices"] == [device.json]
    channels = front.get("/v1/settings").json["plan"]["channels"]
    assert [each["channel"] for each in channels] == ["sms", "push"]
    endpoint = UserItem.get(user_id).push.address
    trial = front.post("/v1/test-messages", {"channel": "push"})
    assert (trial.status, trial.json) == (201, {"channel": "push", "state": "sent"})
    assert len(texts_to(stack, endpoint)) == 1
    assert missing_in(front) == (True, None)

    # everything goes along
    asked = front.post("/v1/account/exports")
    assert asked.status == 202, asked.text
    export_id = asked.json["job_id"]
    wait_until(lambda: job_done(front, export_id), 60, "the export was not written")
    url = (job_done(front, export_id) or {})["download_url"]
    with urlopen(url, timeout=30) as answer:
        exported = json.load(answer)
    assert {bill["bill_id"] for bill in exported["bills"]} == {bill_id, rent}
    assert exported["user"]["sms"]["address"] == phone
    assert [each["suggestion"] for each in exported["feedback"]] == [said["suggestion"]]
    assert bill_id in {each.get("bill_id") for each in exported["reminders"]}
    kept = kept_of(stack, user_id, identity)
    assert [table for table, items in kept.items() if not items] == ["Codes"]

    # and everything goes
    gone = front.post("/v1/account/erasures", {"confirm": "erase everything"})
    assert gone.status == 202, gone.text
    assert front.get("/v1/settings").status == 404
    assert missing_in(front) == (False, "account")
    poison = stack.dead_letters()
    stack.set_clock(NOW.replace(day=15, hour=10, minute=30))  # when the rent would be due
    stack.tick()
    for queue in ("SmsQueueUrl", "PushQueueUrl"):  # and what was queued before
        boto3.client("sqs").send_message(
            QueueUrl=stack.outputs[queue],
            MessageBody=Nudge(user_id, floor_minute(NOW.replace(day=15, hour=10))).body(),
        )
    stack.settle()
    wait_until(lambda: job_done(front, gone.json["job_id"]), 60, "the erasure was not finished")
    assert (len(texts_to(stack, phone)), len(texts_to(stack, endpoint))) == (2, 1)
    assert stack.dead_letters() == poison
    kept = kept_of(stack, user_id, identity)
    assert kept == dict.fromkeys(kept, [])
    assert front.get(f"/v1/account/jobs/{export_id}").status == 404
    objects = boto3.client("s3").list_objects_v2(Bucket=stack.outputs["ExportsBucket"])
    assert export_id not in json.dumps([each["Key"] for each in objects.get("Contents", [])])
    sns = boto3.client("sns")
    with pytest.raises(sns.exceptions.NotFoundException):
        sns.get_endpoint_attributes(EndpointArn=endpoint)


@pytest.mark.xfail(
    strict=True,
    reason="DynamoDB drops the zeros at the end of a number: 120.50 reads back as 120.5, and the "
    "ETag, a hash of the value's repr, is another one than the ETag that the POST answered with",
)
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

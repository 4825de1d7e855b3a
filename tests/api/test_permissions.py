"""Least privilege: a walk through every operation uses just what the roles allow."""

import json
import re
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto.backends import get_backend

from bill_reminders.delivery import claims
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.handovers import HandoverKind
from bill_reminders.domain.older import MOST
from bill_reminders.domain.people import Address, User
from bill_reminders.domain.replies import Intent, Question, Target
from bill_reminders.jobs.telling_message import body_of
from bill_reminders.storage import (
    accounts,
    conversations,
    handovers,
    identities,
    jobs,
    link_codes,
    saving,
)
from bill_reminders.storage.jobs import Job, JobKind, JobState
from tests.api.test_older import paid_daily, stored_daily_bill
from tests.support import account_changes
from tests.support.api import Person
from tests.support.functions import Context, sqs_event
from tests.support.moto_stack import MotoStack
from tests.support.people import ATTESTED, a_user
from tests.support.permissions import allowed, watched

FUNCTIONS = ("ApiSettings", "ApiBills", "ApiReminders", "RunJobs")

SELDOM = {
    # What only a fault or an old endpoint calls for; the tests of those faults make them.
    "ApiSettings": {
        ("dynamodb:DeleteItem", "Ledger"),
        ("dynamodb:GetItem", "Ledger"),
        ("sns:SetEndpointAttributes", ""),
        ("s3:GetObject", ""),  # by whoever follows a link that the function has signed
    },
    "ApiBills": {("dynamodb:DeleteItem", "Answers")},
    "RunJobs": {
        ("sqs:SendMessage", ""),  # what may pass goes back to its queue
        ("cognito-idp:AdminDeleteUser", ""),  # of who signs in with the stack's own pool
    },
}
ONCE_A_PROCESS = {("secretsmanager:GetSecretValue", "")}
"""Which all functions are in here."""
OF_QUEUES = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}


def code_sent_to(phone: str) -> str:
    messages = get_backend("sns")["123456789012"]["us-east-1"].sms_messages.values()
    sent = [text for number, text in messages if number == phone]
    return re.findall(r"\d{6}", sent[-1])[0]


def confirm(person: Person, phone: str) -> None:
    made = person.post("/v1/contacts", {"channel": "sms", "address": phone})
    address = f"/v1/contacts/{made.json['contact_id']}/confirm"
    done = person.post(address, {"code": code_sent_to(phone)})
    assert done.status == 200, done.text


def walk(stack: MotoStack) -> None:
    """Everything that the API can do, more than once where that takes another way."""
    boto3.client("sesv2").create_email_identity(EmailIdentity="example.com")
    now = datetime.now(UTC)
    one, other = Person(stack, "one").registered(), Person(stack, "other").registered()
    one.get("/v1/setup")
    etag = one.get("/v1/settings").etag
    assert one.patch("/v1/settings", {"tips": False}, etag).status == 200
    confirm(one, "+12025550101")
    confirm(other, "+12025550101")  # takes it from the first
    confirm(one, "+12025550102")
    mail = one.post("/v1/contacts", {"channel": "email", "address": "one@example.com"})
    assert mail.status == 201, mail.text
    assert one.call("DELETE", mail.headers["location"]).status == 204
    device = one.post("/v1/devices", {"platform": "google", "token": "a-token-of-a-device"})
    assert device.status == 201, device.text
    again = {"idempotency-key": "the-same-key"}
    for _ in range(2):
        tried = one.post("/v1/test-messages", {"channel": "sms"}, headers=again)
        assert tried.status == 201, tried.text
    assert one.post("/v1/test-messages", {"channel": "push"}).status == 201
    gone = f"/v1/devices/{device.json['device_id']}"
    assert one.call("DELETE", gone).status == 204
    assert one.call("PUT", "/v1/calendar").status == 200
    one.get("/v1/calendar")
    assert one.call("DELETE", "/v1/calendar").status == 204
    bills(one, now)
    assert one.post("/v1/contacts", {"channel": "sms", "address": "nonsense"}).status == 422

    join(stack, now)
    guest = Person(stack, "another guest").registered()
    confirm(guest, "+12025550104")
    guest_id = identities.user_of(guest.identity)
    assert guest_id is not None
    account_changes.stop(guest_id, Channel.SMS, now=now)
    for person in (one, guest):
        export = person.post("/v1/account/exports")
        run(stack, person, export.json["job_id"])
        status = person.get(export.headers["location"]).json
        assert status["state"] == "done" and status["download_url"]
    for _ in range(2):  # the second finds the account gone, and the job promised
        intent = {"confirm": "erase everything"}
        again = {"idempotency-key": "the-same-key"}
        erasure = guest.post("/v1/account/erasures", intent, headers=again)
        assert erasure.status == 202, erasure.text
    run(stack, guest, erasure.json["job_id"])
    erase_as_if_the_request_had_died(stack, one, now)
    too_often(other)


def join(stack: MotoStack, now: datetime) -> None:
    """An imported account, whose other contacts are told."""
    imported = reached_everywhere(stack)
    saving.save_user(imported, shards=4, now=now)
    link = link_codes.create("imported", now=now)
    guest = Person(stack, "guest").registered()
    confirm(guest, "+12025550103")
    happy = guest.post("/v1/account/join", {"link_code": link})
    assert happy.status == 200, happy.text
    stopped = guest.get("/v1/contacts").json["contacts"]
    assert stopped[0]["state"] == "attested"
    tell_the_others(stack)
    assert guest.post("/v1/account/exports").status == 409  # they may still undo the joining
    account_changes.stop("imported", Channel.SMS, now=now)


def reached_everywhere(stack: MotoStack) -> User:
    endpoint = boto3.client("sns").create_platform_endpoint(
        PlatformApplicationArn=stack.ids["GooglePushApplicationArn"], Token="of-an-import"
    )
    user = a_user("imported", channels=tuple(Channel))
    user = user.with_address(Channel.SMS, Address("+447700900105", ATTESTED))  # at any hour
    return user.with_address(Channel.PUSH, Address(endpoint["EndpointArn"], ATTESTED))


def tell_the_others(stack: MotoStack) -> None:
    """Once more after it was done, too."""
    event = sqs_event(body_of("imported", handovers.key_of(HandoverKind.JOINED, None)))
    for _ in range(2):
        with stack.working("RunJobs"):
            answer = stack.function("RunJobs").handler(event, Context())
        assert answer == {"batchItemFailures": []}


def erase_as_if_the_request_had_died(stack: MotoStack, person: Person, now: datetime) -> None:
    """Before it took anything away: then all of it is left to the job."""
    user_id = identities.user_of(person.identity)
    assert user_id is not None
    account_changes.stop(user_id, Channel.SMS, now=now)
    confirm_later = {"channel": "email", "address": "one@example.com"}
    assert person.post("/v1/contacts", confirm_later).status == 201
    device = {"platform": "google", "token": "a-token-of-another-device"}
    assert person.post("/v1/devices", device).status == 201
    link_codes.create(user_id, now=now)
    conversations.ask(user_id, Question(Intent.PAID, (Target("bill", 0),), "reply-1", now))
    job = Job(
        identity=person.identity,
        job_id="f" * 24,
        kind=JobKind.ERASURE,
        user_id=user_id,
        life=accounts.life_of(user_id),
        state=JobState.RUNNING,
        created_at=datetime.now(UTC),
        endpoints=("arn:aws:sns:us-east-1:123456789012:endpoint/GCM/app/gone",),
    )
    assert jobs.promise(job)
    run(stack, person, job.job_id)
    assert person.get("/v1/settings").status == 404


def bills(one: Person, now: datetime) -> None:
    due = (now + timedelta(days=9)).date().isoformat()
    fields = {"biller": "Lantern Bank", "name": "Card", "amount": "9", "currency": "USD"}
    wanted = {**fields, "first_due": due, "repeats": {"unit": "month"}}
    for _ in range(2):
        made = one.post("/v1/bills", wanted, headers={"idempotency-key": "the-same-key"})
        assert made.status == 201, made.text
    address = made.headers["location"]
    paid = one.post(f"{address}/payments", {"amount": "1"})
    payment = paid.json["payments"][0]["payment_id"]
    assert one.call("DELETE", f"{address}/payments/{payment}").status == 200
    assert one.call("PUT", f"{address}/occurrences/0/statement", {"amount": "8"}).status == 200
    assert one.call("DELETE", f"{address}/occurrences/0/statement").status == 200
    until = (now + timedelta(days=2)).date().isoformat()
    assert one.post(f"{address}/snoozes", {"until": until}).status == 201
    assert one.call("DELETE", f"{address}/snoozes/0").status == 200
    assert one.call("PUT", f"{address}/silence", {"reason": "not_mine"}).status == 200
    assert one.call("DELETE", f"{address}/silence").status == 200
    assert one.patch(address, {"name": "Another"}, "*").status == 200
    one.get("/v1/bills"), one.get(address), one.get("/v1/bills/files/csv")
    one.get("/v1/occurrences")
    one.get("/v1/bills/files/json"), one.get("/v1/reminders/upcoming")
    reminder(one)
    full = stored_daily_bill(one, payments=paid_daily(MOST))
    assert one.post(f"{full}/payments", {}).status == 201
    assert one.get(f"{full}/older-payments").status == 200
    assert one.post(f"{address}/close").status == 200
    assert one.post(f"{address}/reopen").status == 200
    passing = one.post("/v1/bills", {**fields, "first_due": due}).headers["location"]
    assert one.call("DELETE", passing).status == 204


def reminder(one: Person) -> None:
    """One reminder in the ledger: a lead day that has passed, as a sender would note it."""
    user_id = identities.user_of(one.identity)
    assert user_id is not None
    later = (datetime.now(UTC) + timedelta(days=8)).replace(hour=18)  # at no quiet hour
    claims.claim_next(user_id, Channel.SMS, now=later)
    listed = one.get("/v1/reminders").json["reminders"]
    ident = listed[0]["reminder_id"]
    assert one.get(f"/v1/reminders/{ident}").status == 200
    for _ in range(2):
        assert one.call("DELETE", f"/v1/reminders/{ident}/feedback").status == 200
        said = one.call("PUT", f"/v1/reminders/{ident}/feedback", {"timing": "right"})
        assert said.status == 200, said.text


def too_often(person: Person) -> None:
    for number in range(6):
        last = person.post("/v1/contacts", {"channel": "sms", "address": f"+1202555011{number}"})
    assert last.status == 429
    assert int(last.headers["retry-after"]) > 0


def run(stack: MotoStack, person: Person, job_id: str) -> None:
    event = sqs_event(json.dumps({"identity": person.identity, "job_id": job_id}))
    handler = stack.function("RunJobs").handler
    with stack.working("RunJobs"):
        assert handler(event, Context()) == {"batchItemFailures": []}


@pytest.fixture
def push(stack: MotoStack) -> None:
    """The applications that the parameters of the template name."""
    application = boto3.client("sns").create_platform_application(
        Name="app", Platform="GCM", Attributes={"PlatformCredential": "x"}
    )
    stack.ids["GooglePushApplicationArn"] = application["PlatformApplicationArn"]


def test_roles_allow_what_the_functions_do_and_no_more(stack: MotoStack, push: None) -> None:
    with watched(stack) as used:
        walk(stack)
    for function in FUNCTIONS:
        permitted = {pair for pair in allowed(function) if pair[0] not in OF_QUEUES}
        assert sorted(used[function] - permitted) == [], f"{function} lacks permissions"
        spare = permitted - used[function] - SELDOM.get(function, set()) - ONCE_A_PROCESS
        assert sorted(spare) == [], f"{function} has permissions that it does not use"

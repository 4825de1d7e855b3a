"""An account: made once, taken away whole, erased whole."""

import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from bill_reminders.api import queued_jobs
from bill_reminders.channels.push import endpoints
from bill_reminders.delivery import claims
from bill_reminders.delivery.wake_ups import WakeUp
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.replies import Intent, LastAction, Question, Target
from bill_reminders.jobs import export
from bill_reminders.storage import (
    accounts,
    calendars,
    codes,
    conversations,
    history,
    idempotency,
    identities,
    jobs,
    link_codes,
    tables,
)
from bill_reminders.storage.transactions import commit
from tests.api.conftest import SetClock
from tests.support import account_changes, wire
from tests.support.api import Person, Reply
from tests.support.entered import IN_THREE_DAYS, NINE, enter
from tests.support.functions import Context, sqs_event
from tests.support.logged import logged
from tests.support.moto_stack import MotoStack
from tests.support.people import a_bill, a_user

NOW = datetime(2027, 2, 1, 12, 5, tzinfo=UTC)
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
PHONE, EMAIL, TOKEN = "+12025550171", "quentin@example.com", "d1f2c3b4a5968778695a4b3c2d1e0f00"
SUGGESTION = "Say first what is due 账单"
ACCOUNT = {"language": "en", "time_zone": "UTC"}
BILL = {
    "biller": "Lantern Bank",
    "name": "Kreditkarte 信用卡",
    "amount": "120.50",
    "currency": "USD",
    "first_due": IN_THREE_DAYS.isoformat(),
    "repeats": {"unit": "month"},
}
ERASE = {"confirm": "erase everything"}
TABLES = (
    "Schedules",
    "Users",
    "Bills",
    "Ledger",
    "Journal",
    "Identities",
    "Addresses",
    "Codes",
    "Links",
    "Limits",
    "Answers",
    "Feedback",
    "Jobs",
)


@pytest.fixture(autouse=True)
def _ready(stack: MotoStack, set_clock: SetClock) -> None:
    stack.client("sesv2").create_email_identity(EmailIdentity="example.com")
    made = stack.client("sns").create_platform_application(
        Name="app", Platform="GCM", Attributes={"PlatformCredential": "x"}
    )
    stack.ids["GooglePushApplicationArn"] = made["PlatformApplicationArn"]
    set_clock(NOW)


@pytest.fixture(autouse=True)
def log(stack: MotoStack, _ready: None) -> Iterator[io.StringIO]:
    """What the functions log. After every test: no address and nothing of a bill in it."""
    with logged(stack.function("RunJobs").logger) as lines:
        yield lines
    said = lines.getvalue()
    for secret in ("12025550171", "quentin@", TOKEN, ":endpoint/", "Lantern", "120.50"):
        assert secret not in said
    assert "Traceback" not in said


def items(stack: MotoStack, table: str) -> list[dict[str, Any]]:
    """Those that are about somebody: how a channel's provider answers is not."""
    found: list[dict[str, Any]] = stack.client("dynamodb").scan(TableName=stack.ids[table])["Items"]
    return [
        each for each in found if not each.get("user_id", {}).get("S", "").startswith("channel#")
    ]


def left_of(stack: MotoStack, *but: str) -> dict[str, list[dict[str, Any]]]:
    """What the tables hold, besides those of `but`."""
    return {table: found for table in TABLES if table not in but and (found := items(stack, table))}


def user_id_of(who: Person) -> str:
    user_id = identities.user_of(who.identity)
    assert user_id is not None
    return user_id


def confirmed(who: Person, address: str) -> None:
    channel = "email" if "@" in address else "sms"
    added = who.post("/v1/contacts", {"channel": channel, "address": address})
    assert added.status == 201, added.text
    if channel == "email":
        sent = get_backend("sesv2")[DEFAULT_ACCOUNT_ID]["us-east-1"].core_backend.sent_messages
        text = re.sub(r"<style.*?</style>|<[^>]+>", " ", sent[-1].body, flags=re.S)
    else:
        sms = get_backend("sns")[DEFAULT_ACCOUNT_ID]["us-east-1"].sms_messages
        text = [said for to, said in sms.values() if to == address][-1]
    (code,) = set(re.findall(r"(?<![0-9])[0-9]{6}(?![0-9])", text))
    path = f"/v1/contacts/{added.json['contact_id']}/confirm"
    assert who.post(path, {"code": code}).status == 200


def registered_device(who: Person, token: str = TOKEN) -> str:
    done = who.post("/v1/devices", {"platform": "google", "token": token})
    assert done.status == 201, done.text
    return accounts.read(user_id_of(who), now=NOW).user.addresses[Channel.PUSH].value


def known_endpoints(stack: MotoStack) -> set[str]:
    listed = stack.client("sns").list_endpoints_by_platform_application(
        PlatformApplicationArn=stack.ids["GooglePushApplicationArn"]
    )
    return {each["EndpointArn"] for each in listed["Endpoints"]}


def lived_in(stack: MotoStack, set_clock: SetClock, name: str = "ann") -> Person:
    """Somebody of whom every table holds something: contacts, a device, a code that waits, a bill
    that was paid in part and stated, a reminder that was sent, feedback, a test message."""
    set_clock(NOW)
    who = Person(stack, name).registered()
    confirmed(who, PHONE)
    confirmed(who, EMAIL)
    registered_device(who)
    who.post("/v1/contacts", {"channel": "sms", "address": "+12025550179"})
    settings = {
        "code_word": "Harbour",
        "quiet_hours": {"start": "22:00", "end": "07:00"},
        "kind_plans": {"card": {"lead_days": [5]}},
        "plan": {"channels": [{"channel": "sms"}]},
    }
    assert who.patch("/v1/settings", settings, "*").status == 200
    bill_id = who.post("/v1/bills", BILL).json["bill_id"]
    path = f"/v1/bills/{bill_id}"
    assert who.post(f"{path}/payments", {"amount": "20.25"}).status == 201
    stated = who.call("PUT", f"{path}/occurrences/1/statement", {"amount": "99.90"})
    assert stated.status == 200, stated.text
    assert who.post("/v1/test-messages", {"channel": "email"}).status == 201
    set_clock(NINE + 5 * SECOND)
    wake_up = sqs_event(WakeUp(user_id_of(who), NINE).body())
    assert stack.function("SendSms").handler(wake_up, Context())["batchItemFailures"] == []
    (reminder,) = who.get("/v1/reminders").json["reminders"]
    assert reminder["state"] == "sent"
    feedback = {"timing": "right", "useful": True, "suggestion": SUGGESTION}
    given = who.call("PUT", f"/v1/reminders/{reminder['reminder_id']}/feedback", feedback)
    assert given.status == 200, given.text
    set_clock(NINE + MINUTE)
    return who


def message_of(who: Person, asked: Reply) -> str:
    return json.dumps({"identity": who.identity, "job_id": asked.json["job_id"]})


def run(stack: MotoStack, *bodies: str) -> list[str]:
    """The messages of a batch that come back, by id, or by body where they are put back as new."""
    before = len(waiting_jobs(stack))
    answer = stack.function("RunJobs").handler(sqs_event(*bodies), Context())
    failures = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
    return [*failures, *waiting_jobs(stack)[before:]]


def waiting_jobs(stack: MotoStack) -> list[str]:
    """The bodies in the queue of jobs, also of those that are delayed."""
    queues = get_backend("sqs")[DEFAULT_ACCOUNT_ID]["us-east-1"].queues
    name = stack.ids["JobsQueue"].rpartition("/")[2]
    return [message.body for message in queues[name]._messages]


def erase(stack: MotoStack, who: Person, **more: Any) -> Reply:
    """Ask for it, and let the job run."""
    asked = who.post("/v1/account/erasures", ERASE, **more)
    assert asked.status == 202, asked.text
    assert run(stack, message_of(who, asked)) == []
    return asked


# Made once ---------------------------------------------------------------------------------------


def test_an_account_is_made_once(stack: MotoStack) -> None:
    ann = Person(stack, "ann")
    key = {"idempotency-key": "one-account"}
    made = ann.post("/v1/account", ACCOUNT, headers=key)
    assert made.status == 201, made.text
    assert made.headers["location"] == "/v1/settings"
    again = ann.post("/v1/account", ACCOUNT, headers=key)
    assert (again.status, again.json, again.headers["location"]) == (
        201,
        made.json,
        "/v1/settings",
    )
    other = ann.post("/v1/account", ACCOUNT)
    assert other.status == 409
    assert "GET /v1/settings" in other.json["detail"]
    assert ann.post("/v1/account", {**ACCOUNT, "language": "zh-Hans"}).status == 409
    changed = ann.post("/v1/account", {**ACCOUNT, "language": "zh-Hans"}, headers=key)
    assert changed.status == 422
    assert len(items(stack, "Users")) == len(items(stack, "Schedules")) == 1
    assert len(items(stack, "Identities")) == 2
    assert user_id_of(ann) == made.json["user_id"]


def test_an_account_whose_answer_was_lost_is_found_again(stack: MotoStack) -> None:
    ann = Person(stack, "ann")
    key = {"idempotency-key": "made-and-lost"}
    with wire.after(
        tables.connection.client, "TransactWriteItems", wire.first(3, wire.raises(wire.RESET))
    ):
        first = ann.post("/v1/account", ACCOUNT, headers=key)
    again = ann.post("/v1/account", ACCOUNT, headers=key)
    assert again.status == 201, (first.text, again.text)
    assert len(items(stack, "Users")) == 1


def test_two_people_with_one_key_have_two_accounts(stack: MotoStack) -> None:
    key = {"idempotency-key": "the-same-of-both"}
    made = [Person(stack, name).post("/v1/account", ACCOUNT, headers=key) for name in ("a", "b")]
    assert [each.status for each in made] == [201, 201]
    assert made[0].json != made[1].json


def test_a_user_id_tells_nothing_of_the_token(stack: MotoStack) -> None:
    ann = Person(stack, "ann").registered()
    assert "ann" not in user_id_of(ann).removeprefix("u")
    assert re.fullmatch(r"u[0-9a-f]{24}", user_id_of(ann))


# Taken away --------------------------------------------------------------------------------------


def exported(stack: MotoStack, who: Person) -> dict[str, Any]:
    asked = who.post("/v1/account/exports")
    assert asked.status == 202, asked.text
    assert asked.json["state"] == "running"
    assert asked.json["download_url"] is None
    assert run(stack, message_of(who, asked)) == []
    done = who.get(asked.headers["location"]).json
    assert done["state"] == "done"
    assert done["done_at"] is not None
    assert "X-Amz-Expires=300" in done["download_url"]
    key = done["download_url"].partition("?")[0].rpartition("/")[2]
    found = stack.client("s3").get_object(Bucket=stack.ids["Exports"], Key=key)
    assert found["ContentType"].startswith("application/json")
    document: dict[str, Any] = json.loads(found["Body"].read())
    return document


def test_an_export_holds_everything_that_is_kept(stack: MotoStack, set_clock: SetClock) -> None:
    ann = lived_in(stack, set_clock)
    told = exported(stack, ann)
    assert told["format"] == 1
    assert told["exported_at"].startswith("2027-03-01T09:01")
    user = told["user"]
    assert user["user_id"] == user_id_of(ann)
    assert user["sms"]["address"] == PHONE
    assert user["email"]["address"] == EMAIL
    assert ":endpoint/" in user["push"]["address"]
    assert user["code_word"] == "Harbour"
    assert user["time_zone"] == "UTC"
    assert user["kind_plans"][0]["kind"] == "card"
    (bill,) = told["bills"]
    assert (bill["biller"], bill["name"]) == (BILL["biller"], BILL["name"])
    assert Decimal(bill["amount"]) == Decimal("120.50")
    assert Decimal(bill["payments"][0]["amount"]) == Decimal("20.25")
    assert Decimal(bill["statements"][0]["amount"]) == Decimal("99.90")
    reminders = told["reminders"]
    assert {"lead", "code", "test"} <= {re.split("[:]", each["trigger"])[0] for each in reminders}
    assert len(reminders) == len(items(stack, "Ledger"))
    (feedback,) = told["feedback"]
    assert feedback["suggestion"] == SUGGESTION
    assert feedback["timing"] == "right"


def test_every_attribute_is_in_the_export_or_is_the_machines(
    stack: MotoStack, set_clock: SetClock
) -> None:
    ann = lived_in(stack, set_clock)
    told = exported(stack, ann)
    machine = export.OF_THE_MACHINE
    for table, listed in (
        ("Users", [told["user"]]),
        ("Bills", told["bills"]),
        ("Ledger", told["reminders"]),
        ("Feedback", told["feedback"]),
    ):
        stored = items(stack, table)
        assert len(stored) == len(listed)
        for item in stored:
            names = set(item) - machine
            assert any(names <= set(each) for each in listed), (table, names)


def test_an_export_tells_what_replies_did_apart_from_the_reminders(
    stack: MotoStack, set_clock: SetClock
) -> None:
    ann = lived_in(stack, set_clock)
    before = exported(stack, ann)
    action = LastAction(Intent.PAID, Target("rent", 1), "reply-1", NOW, NOW)
    commit(*conversations.once(user_id_of(ann), action, last=action).writes)
    told = exported(stack, ann)
    assert told["reminders"] == before["reminders"]
    (reply,) = told["replies"]
    assert (reply["did"], reply["to"]) == ("paid", "1#rent")


def test_an_export_holds_no_hash_and_no_code(stack: MotoStack, set_clock: SetClock) -> None:
    ann = lived_in(stack, set_clock)
    text = json.dumps(exported(stack, ann))
    for table in ("Codes", "Addresses", "Answers", "Limits", "Links"):
        for item in items(stack, table):
            for name, value in item.items():
                if name in ("code_hash", "address_hash", "caller", "token_hash", "body_hash"):
                    assert value["S"] not in text
    assert not re.search(r"[0-9a-f]{32}", text)


def test_an_export_names_the_contacts_that_still_wait(
    stack: MotoStack, set_clock: SetClock
) -> None:
    """They are kept about the user, and are listed as contacts."""
    ann = Person(stack, "ann").registered()
    ann.post("/v1/contacts", {"channel": "sms", "address": PHONE})
    assert PHONE in json.dumps(exported(stack, ann))


def test_an_export_does_not_say_that_a_confirmed_contact_waits(stack: MotoStack) -> None:
    ann = Person(stack, "ann").registered()
    confirmed(ann, PHONE)
    assert exported(stack, ann)["contacts_to_confirm"] == []


def test_an_export_is_the_own_account_alone(stack: MotoStack, set_clock: SetClock) -> None:
    ann = lived_in(stack, set_clock)
    bob = Person(stack, "bob").registered()
    told = exported(stack, bob)
    assert told["user"]["user_id"] == user_id_of(bob)
    assert (told["bills"], told["reminders"], told["feedback"]) == ([], [], [])
    asked = ann.post("/v1/account/exports")
    assert bob.get(asked.headers["location"]).status == 404


def test_exports_are_limited(stack: MotoStack, set_clock: SetClock) -> None:
    ann = Person(stack, "ann").registered()
    key = {"idempotency-key": "exported-once"}
    first = ann.post("/v1/account/exports", headers=key)
    assert ann.post("/v1/account/exports", headers=key).json == first.json
    assert len(waiting_jobs(stack)) == 1
    for _ in range(4):
        assert ann.post("/v1/account/exports").status == 202
    refused = ann.post("/v1/account/exports")
    assert refused.status == 429
    assert 3600 < int(refused.headers["retry-after"]) <= 12 * 3600
    set_clock(NOW + DAY)
    assert ann.post("/v1/account/exports").status == 202


def test_an_export_that_runs_twice_is_written_twice(stack: MotoStack) -> None:
    ann = Person(stack, "ann").registered()
    asked = ann.post("/v1/account/exports")
    for _ in range(2):
        assert run(stack, message_of(ann, asked)) == []
    assert ann.get(asked.headers["location"]).json["state"] == "done"
    assert len(stack.client("s3").list_objects_v2(Bucket=stack.ids["Exports"])["Contents"]) == 1


# Erased ------------------------------------------------------------------------------------------


def test_erasure_leaves_nothing_but_the_job(stack: MotoStack, set_clock: SetClock) -> None:
    ann = lived_in(stack, set_clock)
    user_id = user_id_of(ann)
    exported(stack, ann)
    asked = erase(stack, ann)
    assert left_of(stack, "Jobs", "Limits") == {}
    (job,) = items(stack, "Jobs")
    assert set(job) - {"request"} == {
        "identity",
        "job_id",
        "kind",
        "user_id",
        "state",
        "created_at",
        "done_at",
        "sign_in",
        "expires_at",
    }
    assert known_endpoints(stack) == set()
    assert "Contents" not in stack.client("s3").list_objects_v2(Bucket=stack.ids["Exports"])
    held = json.dumps(items(stack, "Limits"))
    for secret in (user_id, PHONE, EMAIL, ann.subject, ann.source):
        assert secret not in held
    told = ann.get(asked.headers["location"]).json
    assert (told["kind"], told["state"]) == ("erasure", "done")


def test_counters_of_limits_end_within_a_day_after_erasure(
    stack: MotoStack, set_clock: SetClock
) -> None:
    ann = lived_in(stack, set_clock)
    erase(stack, ann)
    # the day's total of SMS is everybody's, and names nobody
    own = [each for each in items(stack, "Limits") if "sms parts" not in each["counter"]["S"]]
    latest = max(int(item["expires_at"]["N"]) for item in own)
    assert latest <= (NINE + MINUTE + DAY + timedelta(hours=1)).timestamp()


def test_a_stop_alone_outlives_erasure_as_a_hash(stack: MotoStack, set_clock: SetClock) -> None:
    ann = lived_in(stack, set_clock)
    account_changes.stop(user_id_of(ann), Channel.SMS, now=NINE)
    erase(stack, ann)
    left = left_of(stack, "Jobs", "Limits")
    assert set(left) == {"Addresses"}
    (kept,) = left["Addresses"]
    assert set(kept) == {"address_hash", "channel", "stopped_at"}
    assert PHONE not in json.dumps(kept)


def test_from_the_answer_on_nothing_goes_out_and_nobody_gets_in(
    stack: MotoStack, set_clock: SetClock
) -> None:
    ann = lived_in(stack, set_clock)
    user_id = user_id_of(ann)
    assert ann.post("/v1/bills", {**BILL, "first_due": "2027-03-05"}).status == 201
    asked = ann.post("/v1/account/erasures", ERASE)
    assert asked.status == 202
    assert asked.json["state"] == "running"
    sms = get_backend("sns")[DEFAULT_ACCOUNT_ID]["us-east-1"].sms_messages
    before = len(sms)
    set_clock(NINE + DAY + 5 * SECOND)
    wake_up = sqs_event(WakeUp(user_id, NINE + DAY).body())
    assert stack.function("SendSms").handler(wake_up, Context())["batchItemFailures"] == []
    assert len(sms) == before
    for path in ("settings", "bills", "contacts", "devices", "reminders", "bills/files/json"):
        told = ann.get(f"/v1/{path}")
        assert (told.status, told.json["type"]) == (404, "/v1/docs#no-account"), path
    assert ann.get("/v1/setup").json["next_step"] == "account"
    assert ann.get(asked.headers["location"]).json["state"] == "running"
    assert items(stack, "Schedules") == items(stack, "Users") == items(stack, "Identities") == []
    assert items(stack, "Addresses") == []


def test_an_erasure_is_delayed_until_what_was_claimed_has_gone(stack: MotoStack) -> None:
    ann = Person(stack, "ann").registered()
    ann.post("/v1/account/erasures", ERASE)
    queues = get_backend("sqs")[DEFAULT_ACCOUNT_ID]["us-east-1"].queues
    (message,) = queues[stack.ids["JobsQueue"].rpartition("/")[2]]._messages
    assert message.delayed
    assert json.loads(message.body)["identity"] == ann.identity


def test_an_erasure_that_is_asked_for_twice_is_one(stack: MotoStack, set_clock: SetClock) -> None:
    ann = lived_in(stack, set_clock)
    key = {"idempotency-key": "erased-once"}
    first, second = (ann.post("/v1/account/erasures", ERASE, headers=key) for _ in range(2))
    assert second.json == first.json
    other = ann.post("/v1/account/erasures", ERASE)
    assert other.status == 404
    assert run(stack, message_of(ann, first), message_of(ann, first)) == []
    assert left_of(stack, "Jobs", "Limits") == {}
    after = ann.post("/v1/account/erasures", ERASE, headers=key)
    assert (after.status, after.json["job_id"]) == (202, first.json["job_id"])


def test_nobody_elses_account_is_touched(stack: MotoStack, set_clock: SetClock) -> None:
    bob = Person(stack, "bob").registered()
    bob.post("/v1/bills", BILL)
    exported(stack, bob)
    before = {table: items(stack, table) for table in TABLES}
    erase(stack, lived_in(stack, set_clock))
    for table in set(TABLES) - {"Jobs", "Limits"}:
        assert items(stack, table) == before[table], table
    assert bob.get("/v1/bills").json["bills"][0]["name"] == BILL["name"]


def test_an_erasure_takes_the_link_codes_along(stack: MotoStack) -> None:
    enter(a_user("imported", addresses={}), a_bill("imported", due_on=IN_THREE_DAYS))
    ann = Person(stack, "ann")
    first = link_codes.create("imported", now=NOW)
    assert ann.post("/v1/account/join", {"link_code": first}).status == 200
    link_codes.create("imported", now=NOW)
    erase(stack, ann)
    assert left_of(stack, "Jobs", "Limits") == {}


@pytest.mark.parametrize(
    "order",
    [
        pytest.param(1, id="in turn"),
        pytest.param(
            -1,
            id="the erasure first",
        ),
    ],
)
def test_an_erasure_takes_along_what_an_account_left_that_was_given_up(
    stack: MotoStack, set_clock: SetClock, order: int
) -> None:
    """Its codes, rows, exports and device. Both jobs are in the queue, which keeps no order."""
    set_clock(NOW)
    enter(a_user("imported"), a_bill("imported", due_on=IN_THREE_DAYS))
    ann = Person(stack, "ann").registered()
    ann.post("/v1/contacts", {"channel": "sms", "address": "+12025550179"})
    confirmed(ann, PHONE)
    registered_device(ann)
    exported(stack, ann)
    before = len(waiting_jobs(stack))
    code = link_codes.create("imported", now=NOW)
    assert ann.post("/v1/account/join", {"link_code": code}).status == 200
    set_clock(NOW + 8 * DAY)
    assert ann.post("/v1/account/erasures", ERASE).status == 202
    assert run(stack, *waiting_jobs(stack)[before:][::order]) == []
    assert left_of(stack, "Jobs", "Limits") == {}
    assert known_endpoints(stack) == set()
    assert "Contents" not in stack.client("s3").list_objects_v2(Bucket=stack.ids["Exports"])


def test_an_account_that_was_joined_is_erased_whole(stack: MotoStack, set_clock: SetClock) -> None:
    set_clock(NOW)
    enter(a_user("imported"), a_bill("imported", due_on=IN_THREE_DAYS))
    ann = Person(stack, "ann")
    code = link_codes.create("imported", now=NOW)
    assert ann.post("/v1/account/join", {"link_code": code}).status == 200
    assert run(stack, waiting_jobs(stack)[-1]) == []  # tells its contact how to undo that
    set_clock(NOW + 8 * DAY)
    erase(stack, ann)
    assert left_of(stack, "Jobs", "Limits") == {}


# The job's function ------------------------------------------------------------------------------


POISON = [
    "",
    "not json",
    "null",
    "[]",
    "17",
    "{}",
    '{"identity": "x"}',
    '{"identity": null, "job_id": null}',
    '{"identity": "", "job_id": ""}',
    '{"identity": ["x"], "job_id": {"a": 1}}',
    "[" * 100_000,
]


def test_poison_comes_back_alone_and_holds_up_nothing(stack: MotoStack, log: io.StringIO) -> None:
    ann = Person(stack, "ann").registered()
    asked = ann.post("/v1/account/exports")
    good = message_of(ann, asked)
    back = run(stack, *POISON, good)
    assert back == [f"message-{number}" for number in range(len(POISON))]
    assert ann.get(asked.headers["location"]).json["state"] == "done"
    failures = list(map(json.loads, log.getvalue().splitlines()))
    assert [line["level"] for line in failures].count("ERROR") == len(POISON)


def test_an_unknown_job_is_acknowledged(stack: MotoStack) -> None:
    Person(stack, "ann").registered()
    before = left_of(stack)
    unknown = [
        json.dumps({"identity": "https://issuer.example.com#ann", "job_id": "0" * 24}),
        json.dumps({"identity": "nobody", "job_id": "é" * 24}),
        json.dumps({"identity": "nobody", "job_id": 5}),
    ]
    assert run(stack, *unknown) == []
    assert left_of(stack) == before


def test_a_job_of_a_kind_that_nobody_knows_comes_back(stack: MotoStack) -> None:
    ann = Person(stack, "ann").registered()
    asked = ann.post("/v1/account/exports")
    stack.client("dynamodb").update_item(
        TableName=stack.ids["Jobs"],
        Key={"identity": {"S": ann.identity}, "job_id": {"S": asked.json["job_id"]}},
        UpdateExpression="SET kind = :kind",
        ExpressionAttributeValues={":kind": {"S": "dance"}},
    )
    assert run(stack, message_of(ann, asked)) == ["message-0"]


def test_an_erasure_that_runs_twice_finds_less_to_do(stack: MotoStack, set_clock: SetClock) -> None:
    ann = lived_in(stack, set_clock)
    asked = erase(stack, ann)
    before = left_of(stack)
    for _ in range(2):
        assert run(stack, message_of(ann, asked)) == []
    after = left_of(stack)
    assert {**after, "Jobs": []} == {**before, "Jobs": []}


def test_an_export_that_comes_after_the_erasure_writes_nothing(
    stack: MotoStack, set_clock: SetClock
) -> None:
    ann = lived_in(stack, set_clock)
    late = ann.post("/v1/account/exports")
    asked = ann.post("/v1/account/erasures", ERASE)
    assert run(stack, message_of(ann, asked), message_of(ann, late)) == []
    assert "Contents" not in stack.client("s3").list_objects_v2(Bucket=stack.ids["Exports"])
    assert left_of(stack, "Jobs", "Limits") == {}
    assert len(items(stack, "Jobs")) == 1


# When something dies in the middle ---------------------------------------------------------------


class Died(BaseException):
    """The function was killed: nothing of ours may catch it."""


def clients() -> list[Any]:
    return [
        tables.connection.client,
        queued_jobs._sqs(),
        endpoints._sns(),
    ]


def counting_calls(act: Callable[[int], None]) -> Callable[[AWSPreparedRequest], None]:
    number = iter(range(10_000))

    def meet(request: AWSPreparedRequest) -> None:
        act(next(number))

    return meet


def watched(several: list[Any], moment: str, act: Callable[[int], None]) -> ExitStack:
    """`act` sees the number of each request of any of the clients, before it leaves or after AWS
    has acted on it."""
    meet = counting_calls(act)
    stack = ExitStack()
    for client in several:

        def handle(event_name: str, request: AWSPreparedRequest, **_: Any) -> None:
            meet(request)

        events = client.meta.events
        if moment == "before":
            events.register_first("before-send", handle)
        else:
            events.register_last("before-send", handle)
        stack.callback(events.unregister, "before-send", handle)
    return stack


def dies_at(call: int, error: BaseException) -> Callable[[int], None]:
    def act(number: int) -> None:
        if number >= call:
            raise error

    return act


CALLS_OF_AN_ERASURE = 21


def test_an_erasure_asks_aws_as_often_as_it_is_killed_below(
    stack: MotoStack, set_clock: SetClock
) -> None:
    ann = lived_in(stack, set_clock)
    calls: list[int] = []
    with watched(clients(), "before", calls.append):
        assert ann.post("/v1/account/erasures", ERASE).status == 202
    assert len(calls) == CALLS_OF_AN_ERASURE


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", range(CALLS_OF_AN_ERASURE))
def test_an_erasure_whose_request_died_is_finished_by_its_job_or_by_asking_again(
    stack: MotoStack, set_clock: SetClock, call: int, moment: str
) -> None:
    """At each call to AWS the function is killed. When the job was enqueued by then, it alone does
    all of it; else the user, who got no answer, asks again with the same key."""
    ann = lived_in(stack, set_clock)
    exported(stack, ann)
    before = len(waiting_jobs(stack))
    key = {"idempotency-key": "erased-in-the-dark"}
    with watched(clients(), moment, dies_at(call, Died())), pytest.raises(Died):
        ann.post("/v1/account/erasures", ERASE, headers=key)
    enqueued = waiting_jobs(stack)[before:]
    if not enqueued:
        assert identities.user_of(ann.identity) is not None, "it must be able to ask again"
        set_clock(NINE + 3 * MINUTE)  # past the lock of the key
        asked = ann.post("/v1/account/erasures", ERASE, headers=key)
        assert asked.status == 202, asked.text
        enqueued = waiting_jobs(stack)[before:]
    assert run(stack, *enqueued) == []
    assert left_of(stack, "Jobs", "Limits") == {}
    assert known_endpoints(stack) == set()
    assert "Contents" not in stack.client("s3").list_objects_v2(Bucket=stack.ids["Exports"])
    kinds = {(item["kind"]["S"], item["state"]["S"]) for item in items(stack, "Jobs")}
    assert kinds == {("erasure", "done")}


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        ("TransactWriteItems", wire.RESET),
        ("TransactWriteItems", wire.UNREACHABLE),
        ("Query", wire.TIMEOUT),
        ("GetItem", wire.RESET),
        ("PutItem", wire.TIMEOUT),
        ("BatchWriteItem", wire.RESET),
    ],
)
def test_an_erasure_that_met_a_fault_may_be_asked_for_again(
    stack: MotoStack, set_clock: SetClock, operation: str, fault: Exception
) -> None:
    ann = lived_in(stack, set_clock)
    key = {"idempotency-key": "erased-with-faults"}
    with wire.before(tables.connection.client, operation, wire.raises(fault)):
        told = ann.post("/v1/account/erasures", ERASE, headers=key)
    assert told.status in (202, 500, 503), told.text
    set_clock(NINE + 3 * MINUTE)
    again = ann.post("/v1/account/erasures", ERASE, headers=key)
    assert again.status in (202, 404), again.text
    bodies = [each for each in waiting_jobs(stack) if each]
    assert run(stack, *bodies) == []
    assert left_of(stack, "Jobs", "Limits", "Answers") == {}


def job_clients(stack: MotoStack) -> list[Any]:
    return [tables.connection.client, endpoints._sns(), stack.function("RunJobs").bucket.s3]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_erasure_whose_job_died_anywhere_is_finished_when_it_comes_again(
    stack: MotoStack, set_clock: SetClock, moment: str
) -> None:
    """The queue brings it again until it is done."""
    ann = lived_in(stack, set_clock)
    exported(stack, ann)
    asked = ann.post("/v1/account/erasures", ERASE)
    body = message_of(ann, asked)
    done, call = False, 0
    while not done:
        with watched(job_clients(stack), moment, dies_at(call, wire.RESET)):
            done = run(stack, body) == []
        call += 1
        assert call < 100
    assert call > 3
    assert left_of(stack, "Jobs", "Limits") == {}
    assert known_endpoints(stack) == set()
    assert "Contents" not in stack.client("s3").list_objects_v2(Bucket=stack.ids["Exports"])
    assert ann.get(asked.headers["location"]).json["state"] == "done"


# And made anew -----------------------------------------------------------------------------------


def test_after_erasure_the_same_identity_starts_empty(
    stack: MotoStack, set_clock: SetClock
) -> None:
    ann = lived_in(stack, set_clock)
    old = user_id_of(ann)
    erase(stack, ann)
    made = ann.post("/v1/account", {"language": "zh-Hant", "time_zone": "Asia/Taipei"})
    assert made.status == 201, made.text
    assert made.json["user_id"] != old
    settings = ann.get("/v1/settings").json
    assert settings["language"] == "zh-Hant"
    assert settings["code_word"] is None
    assert settings["kind_plans"] == {}
    assert settings["quiet_hours"] is None
    for path, name in (
        ("bills", "bills"),
        ("contacts", "contacts"),
        ("devices", "devices"),
        ("reminders", "reminders"),
    ):
        assert ann.get(f"/v1/{path}").json[name] == []
    assert ann.get("/v1/setup").json["next_step"] == "contact"
    confirmed(ann, PHONE)
    assert registered_device(ann) in known_endpoints(stack)
    assert exported(stack, ann)["bills"] == []


def test_the_job_of_an_erasure_leaves_alone_what_was_made_anew_meanwhile(
    stack: MotoStack, set_clock: SetClock
) -> None:
    """The job runs minutes after the answer, and the user need not wait for it."""
    ann = lived_in(stack, set_clock)
    asked = ann.post("/v1/account/erasures", ERASE)
    ann.registered()
    confirmed(ann, PHONE)
    bill_id = ann.post("/v1/bills", BILL).json["bill_id"]
    new = user_id_of(ann)
    assert run(stack, message_of(ann, asked)) == []
    assert user_id_of(ann) == new
    assert [each["bill_id"] for each in ann.get("/v1/bills").json["bills"]] == [bill_id]
    assert ann.get("/v1/contacts").json["contacts"][0]["state"] == "confirmed"
    for table in set(TABLES) - {"Jobs", "Limits", "Answers", "Identities", "Addresses"}:
        for item in items(stack, table):
            assert item.get("user_id", item.get("owner")) == {"S": new}, table


def test_the_job_of_an_erasure_leaves_alone_a_device_that_was_registered_anew(
    stack: MotoStack, set_clock: SetClock
) -> None:
    """The same phone has the same token, and so the same endpoint."""
    ann = lived_in(stack, set_clock)
    asked = ann.post("/v1/account/erasures", ERASE)
    ann.registered()
    endpoint = registered_device(ann)
    assert run(stack, message_of(ann, asked)) == []
    assert endpoint in known_endpoints(stack)


def test_the_job_of_an_erasure_leaves_alone_a_device_that_is_another_users_by_then(
    stack: MotoStack, set_clock: SetClock
) -> None:
    ann, bob = lived_in(stack, set_clock), Person(stack, "bob").registered()
    asked = ann.post("/v1/account/erasures", ERASE)
    endpoint = registered_device(bob)
    assert run(stack, message_of(ann, asked)) == []
    assert endpoint in known_endpoints(stack)


CREATED = {"idempotency-key": "create-my-account"}


def test_an_account_made_anew_with_the_key_of_the_first_is_there(stack: MotoStack) -> None:
    """The answer of the first creation must not stand for an account that is no more."""
    ann = Person(stack, "ann")
    assert ann.post("/v1/account", ACCOUNT, headers=CREATED).status == 201
    ann.post("/v1/account/erasures", ERASE)
    made = ann.post("/v1/account", ACCOUNT, headers=CREATED)
    assert made.status != 201 or ann.get("/v1/settings").status == 200


def test_an_erasure_that_is_delivered_again_leaves_the_new_account_alone(
    stack: MotoStack,
) -> None:
    """A queue may deliver twice. The new account was made with the key of the first one."""
    ann = Person(stack, "ann")
    assert ann.post("/v1/account", ACCOUNT, headers=CREATED).status == 201
    asked = erase(stack, ann)
    assert ann.post("/v1/account", ACCOUNT, headers=CREATED).status == 201
    assert ann.post("/v1/bills", BILL).status == 201
    assert run(stack, message_of(ann, asked)) == []
    assert ann.get("/v1/settings").status == 200
    assert len(ann.get("/v1/bills").json["bills"]) == 1


def test_an_erasure_with_the_key_of_an_earlier_one_erases(
    stack: MotoStack, set_clock: SetClock
) -> None:
    """A key is kept for a day; two days later it names a new request."""
    ann = Person(stack, "ann").registered()
    key = {"idempotency-key": "erase-my-account"}
    erase(stack, ann, headers=key)
    set_clock(NOW + 2 * DAY)
    ann.registered()
    assert ann.post("/v1/bills", BILL).status == 201
    erase(stack, ann, headers=key)
    assert ann.get("/v1/settings").status == 404
    assert items(stack, "Bills") == []


def test_a_job_is_kept_for_a_week(stack: MotoStack) -> None:
    ann = Person(stack, "ann").registered()
    asked = erase(stack, ann)
    job = jobs.find(ann.identity, asked.json["job_id"])
    assert job is not None
    assert job.endpoints == ()
    (item,) = items(stack, "Jobs")
    assert int(item["expires_at"]["N"]) == pytest.approx((NOW + 7 * DAY).timestamp(), abs=60)


# And imported again ----------------------------------------------------------------------------

AGAIN = NINE + timedelta(minutes=1, seconds=30)


def joined(stack: MotoStack, set_clock: SetClock) -> Person:
    """Somebody who joined an account that a biller had imported. Every table holds rows of it."""
    set_clock(NOW - 8 * DAY)  # its contacts may undo that for a week
    enter(a_user("imported"), a_bill("imported", "old", due_on=IN_THREE_DAYS))
    ann = Person(stack, "ann")
    code = link_codes.create("imported", now=NOW - 8 * DAY)
    assert ann.post("/v1/account/join", {"link_code": code}).status == 200
    set_clock(NOW)
    registered_device(ann)
    lives_on("old", NINE)
    ann.post("/v1/contacts", {"channel": "sms", "address": "+12025550179"})
    exported(stack, ann)
    set_clock(NINE + MINUTE)
    return ann


def lives_on(name: str, now: datetime) -> None:
    """What comes to an imported account: a reminder with a link, feedback, a letter's code, a
    calendar, a question by SMS."""
    claim = claims.claim_next("imported", Channel.SMS, with_link=True, now=now)
    assert {each.bill_id for each in claim.reminders} == {name}
    said = history.Feedback("right", True, name, now)
    history.give_feedback("imported", claim.reminders[0].key, said)
    link_codes.create("imported", now=now)
    calendars.renew("imported", now=now)
    target = Target(name, 0)
    conversations.ask("imported", Question(Intent.PAID, (target,), "reply-1", now))


def imported_again(stack: MotoStack) -> dict[str, list[dict[str, Any]]]:
    """The biller's next file holds the customer still, and life goes on; all that is stored."""
    enter(a_user("imported"), a_bill("imported", "new", due_on=IN_THREE_DAYS), now=AGAIN)
    lives_on("new", AGAIN)
    codes.create("imported", Channel.EMAIL, EMAIL, now=AGAIN)
    return stored(stack)


def stored(stack: MotoStack) -> dict[str, list[dict[str, Any]]]:
    return {**left_of(stack, "Jobs", "Limits"), "Conversations": items(stack, "Conversations")}


OF_A_LIFE = {
    "Schedules": 1,
    "Users": 1,
    "Addresses": 1,
    "Bills": 1,
    "Ledger": 1,
    "Journal": 3,  # registered, a bill, feedback
    "Feedback": 1,
    "Codes": 1,
    "Links": 5,  # a message's, a letter's, a calendar's, and the way back from the user to two
    "Conversations": 1,
}


def killed(stack: MotoStack, body: str, call: int, moment: str = "before") -> None:
    with (
        watched(job_clients(stack), moment, dies_at(call, Died())),
        pytest.raises(Died),
    ):
        run(stack, body)


def expire(stack: MotoStack) -> None:
    """The week of the records of jobs is over, and long before it the day of exports."""
    for each in stack.client("s3").list_objects_v2(Bucket=stack.ids["Exports"]).get("Contents", ()):
        stack.client("s3").delete_object(Bucket=stack.ids["Exports"], Key=each["Key"])
    for item in items(stack, "Jobs"):
        key = {name: item[name] for name in ("identity", "job_id")}
        stack.client("dynamodb").delete_item(TableName=stack.ids["Jobs"], Key=key)


def asked_to_erase(stack: MotoStack, who: Person, **more: Any) -> str:
    """The message that the queue holds then."""
    assert who.post("/v1/account/erasures", ERASE, **more).status == 202
    return waiting_jobs(stack)[-1]


@pytest.mark.parametrize(
    "steps",
    [
        "job",
        "job job",
        "expire job",
        "dies job",
        "dies expire job",
        "import job",
        "import job job",
        "import expire job",
        "job import job",
        "job expire import job",
        "dies import job",
        "dies expire import job",
        "import dies job",
        "import dies expire job",
        "job import job import job",
    ],
)
def test_an_erasure_takes_the_life_that_it_was_asked_for_and_no_other(
    stack: MotoStack, set_clock: SetClock, steps: str
) -> None:
    """However often it is delivered, and whenever: half done, after its record has expired, before
    or after the biller imported the same customer again."""
    ann = joined(stack, set_clock)
    body = asked_to_erase(stack, ann)
    alive = None
    for step in steps.split():
        match step:
            case "job":
                assert run(stack, body) == []
            case "dies":
                killed(stack, body, 8)
            case "expire":
                expire(stack)
            case "import" if alive is None:
                alive = imported_again(stack)
                assert {table: len(rows) for table, rows in alive.items()} == OF_A_LIFE
            case "import":
                enter(a_user("imported"), a_bill("imported", "new", due_on=IN_THREE_DAYS))
    assert stored(stack) == (alive or {"Conversations": []})
    assert known_endpoints(stack) == set()
    assert "Contents" not in stack.client("s3").list_objects_v2(Bucket=stack.ids["Exports"])


CALLS_OF_A_JOB = 19


def test_the_job_of_an_erasure_asks_aws_as_often_as_it_is_killed_below(
    stack: MotoStack, set_clock: SetClock
) -> None:
    body = asked_to_erase(stack, joined(stack, set_clock))
    calls: list[int] = []
    with watched(job_clients(stack), "before", calls.append):
        assert run(stack, body) == []
    assert len(calls) == CALLS_OF_A_JOB


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", range(CALLS_OF_A_JOB))
def test_a_life_that_begins_while_an_erasure_lies_half_done_is_kept_whole(
    stack: MotoStack, set_clock: SetClock, call: int, moment: str
) -> None:
    body = asked_to_erase(stack, joined(stack, set_clock))
    killed(stack, body, call, moment)
    alive = imported_again(stack)
    assert {table: len(rows) for table, rows in alive.items()} == OF_A_LIFE
    assert run(stack, body, body) == []
    assert stored(stack) == alive


def test_a_life_that_begins_while_an_erasure_is_at_work_is_kept_whole(
    stack: MotoStack, set_clock: SetClock
) -> None:
    """Just before what is left is deleted."""
    body = asked_to_erase(stack, joined(stack, set_clock))
    with wire.before_call(
        tables.connection.client, "TransactWriteItems", lambda: imported_again(stack)
    ):
        assert run(stack, body) == []
    kept = stored(stack)
    assert {table: len(rows) for table, rows in kept.items()} == OF_A_LIFE
    assert [item["bill_id"]["S"] for item in kept["Bills"]] == ["new"]


def dies_after_the_promise() -> wire.Act:
    """The first transaction notes the job, the second begins the erasure."""
    numbers = count()

    def act(_: AWSPreparedRequest) -> None:
        if next(numbers) == 1:
            raise Died

    return act


@pytest.mark.parametrize("died", [False, True])
def test_an_erasure_whose_request_died_takes_the_account_as_a_file_changed_it(
    stack: MotoStack, set_clock: SetClock, died: bool
) -> None:
    """It is the life that was to be erased, however a file changed it since."""
    ann = joined(stack, set_clock)
    before = len(waiting_jobs(stack))
    with (
        wire.before(tables.connection.client, "TransactWriteItems", dies_after_the_promise()),
        pytest.raises(Died),
    ):
        ann.post("/v1/account/erasures", ERASE)
    (body,) = waiting_jobs(stack)[before:]
    enter(a_user("imported"), a_bill("imported", "new", due_on=IN_THREE_DAYS), now=AGAIN)
    if died:
        expire(stack)
    assert run(stack, body) == []
    assert {**stored(stack), "Answers": []} == {"Answers": [], "Conversations": []}


def test_an_erasure_whose_request_died_leaves_the_life_after_another_alone(
    stack: MotoStack, set_clock: SetClock
) -> None:
    """The first message waits while the user asks again, and the account comes back."""
    ann = joined(stack, set_clock)
    before = len(waiting_jobs(stack))
    with (
        wire.before(tables.connection.client, "TransactWriteItems", dies_after_the_promise()),
        pytest.raises(Died),
    ):
        ann.post("/v1/account/erasures", ERASE)
    (first,) = waiting_jobs(stack)[before:]
    second = asked_to_erase(stack, ann)
    alive = imported_again(stack)
    assert run(stack, second, first, second, first) == []
    assert stored(stack) == alive


def test_two_lives_with_one_key_are_erased_one_after_the_other(
    stack: MotoStack, set_clock: SetClock
) -> None:
    key = {"idempotency-key": "erase-my-account"}
    ann = joined(stack, set_clock)
    first = asked_to_erase(stack, ann, headers=key)
    assert run(stack, first) == []
    set_clock(NOW + 2 * DAY)
    new = a_user("imported", addresses={})  # nobody who may undo the joining
    enter(new, a_bill("imported", "new", due_on=IN_THREE_DAYS))
    code = link_codes.create("imported", now=NOW + 2 * DAY)
    assert ann.post("/v1/account/join", {"link_code": code}).status == 200
    second = asked_to_erase(stack, ann, headers=key)
    assert second != first
    assert run(stack, second) == []
    assert stored(stack) == {"Conversations": []}
    assert {item["state"]["S"] for item in items(stack, "Jobs")} == {"done"}


def test_an_export_that_comes_after_the_erasure_holds_nothing_of_the_next_life(
    stack: MotoStack, set_clock: SetClock
) -> None:
    """Whoever is imported under that id need not be the one who asked."""
    ann = joined(stack, set_clock)
    late = ann.post("/v1/account/exports")
    assert late.status == 202
    ann.post("/v1/account/erasures", ERASE)
    imported_again(stack)
    assert run(stack, message_of(ann, late)) == []
    key = f"{late.json['job_id']}.json"
    found = stack.client("s3").get_object(Bucket=stack.ids["Exports"], Key=key)
    told = json.loads(found["Body"].read())
    assert told["user"] is None
    for name in ("bills", "reminders", "feedback", "contacts_to_confirm"):
        assert told[name] == []


@pytest.mark.parametrize("steps", ["job", "import job", "job import job", "import expire job"])
def test_what_an_account_left_that_gave_way_is_cleared_and_no_later_life(
    stack: MotoStack, set_clock: SetClock, steps: str
) -> None:
    """An imported account without bills gives way to another, and comes with the next file."""
    set_clock(NOW)
    enter(a_user("imported", addresses={}))
    enter(a_user("other", addresses={}))
    ann = Person(stack, "ann")
    code = link_codes.create("imported", now=NOW)
    assert ann.post("/v1/account/join", {"link_code": code}).status == 200
    history.give_feedback("imported", "old", history.Feedback("right", True, "old", NOW))
    link_codes.create("imported", now=NOW)
    before = len(waiting_jobs(stack))
    code = link_codes.create("other", now=NOW)
    assert ann.post("/v1/account/join", {"link_code": code}).status == 200
    (body,) = (each for each in waiting_jobs(stack)[before:] if "tell" not in each)
    others = stored(stack) if "import" not in steps else None
    alive: dict[str, list[dict[str, Any]]] = {}
    for step in steps.split():
        match step:
            case "job":
                assert run(stack, body) == []
            case "expire":
                expire(stack)
            case "import":
                alive = imported_again(stack)
    if alive:
        assert stored(stack) == alive
    else:
        assert others is not None
        assert items(stack, "Feedback") == items(stack, "Links") == []
        assert stored(stack)["Schedules"] == others["Schedules"]


def test_an_account_that_did_not_give_way_is_left_alone(
    stack: MotoStack, set_clock: SetClock
) -> None:
    """The join failed after its job had been promised; the job comes twice, once too late."""
    ann = lived_in(stack, set_clock)
    enter(a_user("imported", addresses={}))
    code = link_codes.create("imported", now=NOW)
    before = len(waiting_jobs(stack))
    assert ann.post("/v1/account/join", {"link_code": code}).status == 409
    (body,) = (each for each in waiting_jobs(stack)[before:] if "tell" not in each)
    alive = {**stored(stack), "Answers": []}
    assert run(stack, body, body) == []
    expire(stack)
    assert run(stack, body) == []
    assert {**stored(stack), "Answers": []} == alive


def test_the_job_of_an_erasure_leaves_the_answers_of_the_next_account(stack: MotoStack) -> None:
    ann = Person(stack, "ann").registered()
    body = asked_to_erase(stack, ann)
    until = datetime.now(UTC) + timedelta(hours=1)
    request = idempotency.Request(ann.identity, "POST", "/v1/bills", "a-later-key", b"{}")
    attempt = idempotency.begin(request, now=max(until, NOW + timedelta(hours=1)))
    assert isinstance(attempt, str)
    assert run(stack, body, body) == []
    assert len(items(stack, "Answers")) == 1

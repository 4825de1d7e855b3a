"""The journal: one row for each change of an account, in order, and gone with its user."""

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from moto.backends import get_backend

from bill_reminders.cli.__main__ import main
from bill_reminders.delivery import claims
from bill_reminders.delivery.wake_ups import WakeUp
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.journal import Event
from bill_reminders.domain.ledger import State
from bill_reminders.domain.people import Plan
from bill_reminders.files import bills as bills_file
from bill_reminders.files import users as users_file
from bill_reminders.storage import (
    erasure,
    handovers,
    history,
    journal,
    leftovers,
    link_codes,
    tables,
)
from bill_reminders.storage.history import Feedback
from bill_reminders.storage.tables import LedgerItem
from tests.api.conftest import NOON, SetClock, user_id
from tests.support import account_changes, wire
from tests.support import receipts as forms
from tests.support.api import Person
from tests.support.entered import IN_THREE_DAYS, NINE, enter, ledger_of
from tests.support.functions import Context, sqs_event
from tests.support.logged import logged
from tests.support.moto_stack import STACK, MotoStack
from tests.support.people import EMAIL, a_bill, a_user
from tests.support.sms_replies import Phone
from tests.support.visitor import Visitor

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NUMBER, MAILBOX = "+12025550123", "somebody@example.com"
BILL = {
    "biller": "Lantern Bank",
    "name": "Card",
    "amount": "9.00",
    "currency": "USD",
    "first_due": "2027-03-05",
}
UNIT = 1024

Row = dict[str, Any]


def rows_of(stack: MotoStack, owner: str) -> list[Row]:
    """As the table holds them, in the order of their keys."""
    found: list[Row] = stack.client("dynamodb").query(
        TableName=stack.ids["Journal"],
        KeyConditionExpression="#owner = :owner",
        ExpressionAttributeNames={"#owner": "owner"},
        ExpressionAttributeValues={":owner": {"S": owner}},
    )["Items"]
    return found


def said(row: Row) -> tuple[str, str]:
    return row["through"]["S"], row["event"]["S"]


def changes(row: Row) -> list[dict[str, str]]:
    return [
        {name: value["S"] for name, value in each["M"].items()}
        for each in row.get("changes", {"L": []})["L"]
    ]


def code_sent_to(number: str) -> str:
    sms = get_backend("sns")["123456789012"]["us-east-1"].sms_messages.values()
    texts = [text for to, text in sms if to == number]
    return re.findall(r"\d{6}", texts[-1])[0]


def a_reminder(owner: str, at: datetime) -> str:
    """The token of the link in a message that went out."""
    claim = claims.claim_next(owner, Channel.SMS, with_link=True, now=at)
    assert claim.token is not None
    claims.mark(claim, State.SENT, now=at, provider_id="p")
    return claim.token


def run_job(stack: MotoStack, person: Person, job_id: str) -> None:
    event = sqs_event(json.dumps({"identity": person.identity, "job_id": job_id}))
    assert stack.function("RunJobs").handler(event, Context()) == {"batchItemFailures": []}


@dataclass
class Life:
    """What somebody does, and the rows that came of it since the last look."""

    stack: MotoStack
    person: Person
    owner: str
    known: int = 0

    def new(self) -> list[Row]:
        rows = rows_of(self.stack, self.owner)
        fresh, self.known = rows[self.known :], len(rows)
        return fresh

    def left(self, through: str, event: str) -> list[dict[str, str]]:
        """The changes that the one new row holds."""
        (row,) = self.new()
        assert said(row) == (through, event)
        return changes(row)


@pytest.fixture
def life(stack: MotoStack, person: Person) -> Life:
    return Life(stack, person, user_id(person))


def signs_up(life: Life) -> None:
    (change,) = life.left("api", "registered")
    assert change["what"] == "user"
    assert "zone Europe/London" in change["new"]


def confirms_a_contact(life: Life) -> None:
    made = life.person.post("/v1/contacts", {"channel": "sms", "address": NUMBER})
    address = f"/v1/contacts/{made.json['contact_id']}/confirm"
    right = code_sent_to(NUMBER)
    wrong = "000000" if right != "000000" else "000001"
    assert life.person.post(address, {"code": wrong}).status == 422
    assert life.left("api", "wrong_code") == []
    agreed = {"code": right, "consent": "Yes, text me."}
    assert life.person.post(address, agreed).status == 200
    changed, consent = life.new()
    assert (said(changed), said(consent)) == (("api", "changed"), ("api", "consent"))
    assert changes(consent) == [{"what": "consent.sms", "new": "Yes, text me."}]
    assert consent["at"]["S"].startswith("2027-03-01T12:00")


def enters_and_pays_a_bill(life: Life) -> None:
    created = life.person.post("/v1/bills", BILL)
    (change,) = life.left("api", "changed")
    assert change["bill"] == created.json["bill_id"]
    assert "amount 9.00 USD" in change["new"] and "old" not in change
    bill = created.headers["location"]
    assert life.person.patch(bill, {"amount": "10.00", "currency": "USD"}, "*").status == 200
    (change,) = life.left("api", "changed")
    assert (change["what"], change["old"], change["new"]) == ("amount", "9.00 USD", "10.00 USD")
    paid = life.person.post(f"{bill}/payments", {"amount": "1"})
    assert {each["what"] for each in life.left("api", "changed")} == {"payments"}
    payment = paid.json["payments"][0]["payment_id"]
    assert life.person.call("DELETE", f"{bill}/payments/{payment}").status == 200
    assert {each["what"] for each in life.left("api", "changed")} == {"payments"}


def changes_a_setting_once(life: Life) -> None:
    for _ in range(2):
        assert life.person.patch("/v1/settings", {"tips": False}, "*").status == 200
    assert life.left("api", "changed") == [{"what": "tips", "old": "yes", "new": "no"}]


def presses_buttons(life: Life, now: datetime) -> None:
    token = a_reminder(life.owner, now)
    assert life.new() == [], "the ledger tells of that"
    visitor = Visitor(life.stack)
    page = visitor.get(f"/r/{token}")
    visitor.press(page.form("snooze"))
    assert {each["what"] for each in life.left("page", "changed")} == {"snoozes"}
    for _ in range(2):
        visitor.press(page.form("feedback"), ("timing", "right"))
    (change,) = life.left("page", "feedback")
    assert change["what"].startswith("feedback.2027-03-05#")
    assert "timing right" in change["new"]


def replies(life: Life) -> None:
    phone = Phone(life.stack, NUMBER)
    phone.write("STOP")
    what = {each["what"] for each in life.left("reply", "changed")}
    assert "addresses.sms.stopped_at" in what
    phone.write("START")
    assert {each["what"] for each in life.left("reply", "changed")} == what


def sends_a_file(life: Life) -> None:
    file = "bill_id,biller,name,first_due\ngas,Paper Crane,Gas,2027-04-01\n"
    text = {"content-type": "text/csv"}
    sent = life.person.call("POST", "/v1/bills/files/csv", raw=file, headers=text)
    assert sent.status == 200, sent.text
    (change,) = life.left("file", "changed")
    assert change["bill"] == "gas"


def is_operated_on(life: Life, now: datetime) -> None:
    account_changes.close_bill(life.owner, "gas", now=now)
    assert {each["what"] for each in life.left("operation", "changed")} == {"closed_at"}
    account_changes.plan_again(life.owner, now=now)
    assert life.new() == [], "nothing that a person would name"


def asks_for_an_export(life: Life) -> None:
    asked = life.person.post("/v1/account/exports")
    assert asked.status == 202, asked.text
    assert life.left("api", "export") == []
    run_job(life.stack, life.person, asked.json["job_id"])
    key = f"{asked.json['job_id']}.json"
    bucket = life.stack.ids["Exports"]
    body = life.stack.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    told = json.loads(body)["changes"]
    assert [(each["through"], each["event"]) for each in told] == [
        said(row) for row in rows_of(life.stack, life.owner)
    ]


def is_erased(life: Life) -> None:
    asked = life.person.post("/v1/account/erasures", {"confirm": "erase everything"})
    assert asked.status == 202, asked.text
    assert life.left("api", "erasure") == []
    run_job(life.stack, life.person, asked.json["job_id"])
    assert rows_of(life.stack, life.owner) == []


def test_a_life_leaves_one_row_for_each_change_and_none_once_it_is_erased(
    life: Life, set_clock: SetClock
) -> None:
    signs_up(life)
    confirms_a_contact(life)
    enters_and_pays_a_bill(life)
    changes_a_setting_once(life)
    at = NOON.replace(day=2, hour=9)
    set_clock(at + MINUTE)
    presses_buttons(life, at)
    replies(life)
    sends_a_file(life)
    is_operated_on(life, at + MINUTE)
    asks_for_an_export(life)
    is_erased(life)


def counted(lines: StringIO) -> list[str]:
    """What the alarms count."""
    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    found = [line for line in told if line["message"] == "in the journal"]
    assert not any("user_id" in line for line in found)
    return [line["what"] for line in found]


def test_wrong_codes_exports_and_erasures_are_counted_without_a_name(life: Life) -> None:
    with logged(life.stack.function("ApiSettings").logger) as lines:
        signs_up(life)
        confirms_a_contact(life)
        asks_for_an_export(life)
        is_erased(life)
    assert counted(lines) == ["wrong_code", "export", "erasure"]
    for private in (NUMBER.lstrip("+"), "text me"):
        assert private not in lines.getvalue()


def test_words_of_consent_are_kept_also_for_a_contact_in_use(
    life: Life, set_clock: SetClock
) -> None:
    """Who is asked again, in other words, has said yes to those."""
    signs_up(life)
    for hours, words in enumerate(("text me", "text me about offers, too")):
        set_clock(NOON + hours * HOUR)
        made = life.person.post("/v1/contacts", {"channel": "sms", "address": NUMBER})
        address = f"/v1/contacts/{made.json['contact_id']}/confirm"
        entered = {"code": code_sent_to(NUMBER), "consent": words}
        assert life.person.post(address, entered).status == 200
    rows = rows_of(life.stack, life.owner)
    kept = [changes(row)[0]["new"] for row in rows if row["event"]["S"] == "consent"]
    assert kept == ["text me", "text me about offers, too"]


# Of a biller -------------------------------------------------------------------------------------

USER = {
    "user_id": "anna",
    "language": "en",
    "time_zone": "UTC",
    "channels": "sms",
    "phone": NUMBER,
    "attested_by": "Branch desk",
    "attested_at": "2027-01-01",
    "evidence": "form 7",
}
RENT = BILL | {"bill_id": "rent", "user_id": "anna", "repeats": "once"}


def imported(folder: Path, **bill: str) -> None:
    files = (("users", users_file.COLUMNS, USER), ("bills", bills_file.COLUMNS, RENT | bill))
    arguments = ["import", "--stack", STACK]
    for name, columns, row in files:
        path = folder / f"{name}.csv"
        cells = (row.get(column, "") for column in columns)
        path.write_text(f"{','.join(columns)}\n{','.join(cells)}\n")
        arguments += [f"--{name}", str(path)]
    assert main(arguments) == 0


def test_an_import_is_told_apart_and_the_same_file_again_leaves_no_row(
    stack: MotoStack, set_clock: SetClock, tmp_path: Path
) -> None:
    set_clock(NOON)
    imported(tmp_path)
    first, second = rows_of(stack, "anna")
    assert (said(first), said(second)) == (("import", "registered"), ("import", "changed"))
    assert "source Branch desk" in changes(first)[0]["new"]
    imported(tmp_path)
    assert len(rows_of(stack, "anna")) == 2
    imported(tmp_path, amount="8.00")
    *_, third = rows_of(stack, "anna")
    assert said(third) == ("import", "changed")
    assert {"what": "amount", "old": "9.00 USD", "new": "8.00 USD", "bill": "rent"} in changes(
        third
    )


def test_a_join_leaves_a_row_in_the_account_that_is_joined_and_none_in_the_one_given_up(
    life: Life, tmp_path: Path
) -> None:
    imported(tmp_path)
    wrong = {"link_code": "AAAA-AAAA-AAAA"}
    code = {"link_code": link_codes.create("anna", now=NOON)}
    signs_up(life)
    with logged(life.stack.function("ApiSettings").logger) as lines:
        assert life.person.post("/v1/account/join", wrong).status == 422
        assert life.left("api", "wrong_code") == []
        assert life.person.post("/v1/account/join", code).status == 200
    assert counted(lines) == ["wrong_code", "joined"]
    assert said(rows_of(life.stack, "anna")[-1]) == ("api", "joined")
    leftovers.clear(life.owner)  # which is what the job does that the API promised
    assert rows_of(life.stack, life.owner) == []


def test_a_join_that_is_undone_leaves_a_row_though_nothing_else_changed(life: Life) -> None:
    enter(a_user("anna"), a_bill("anna", due_on=IN_THREE_DAYS))
    code = {"link_code": link_codes.create("anna", now=NOON)}
    assert life.person.post("/v1/account/join", code).status == 200
    joined = handovers.joined("anna")
    assert joined is not None
    visitor = Visitor(life.stack)
    form = visitor.get(f"/r/{handovers.open_undo(joined, now=NOON)}").form("undo")
    for _ in range(2):
        visitor.press(form)
    assert [said(row) for row in rows_of(life.stack, "anna")][-2:] == [
        ("api", "joined"),
        ("page", "undone"),
    ]


# What providers say ------------------------------------------------------------------------------


def sent_by_email(stack: MotoStack) -> LedgerItem:
    """The row of a message that went out at nine."""
    enter(a_user(channels=[Channel.EMAIL]), a_bill(due_on=IN_THREE_DAYS))
    event = sqs_event(WakeUp("somebody", NINE).body())
    assert stack.function("SendEmail").handler(event, Context()) == {"batchItemFailures": []}
    (row,) = ledger_of("somebody")
    return row


def test_a_bounce_leaves_a_row_and_a_delivery_none(stack: MotoStack, set_clock: SetClock) -> None:
    set_clock(NINE + MINUTE / 2)
    row = sent_by_email(stack)
    before = len(rows_of(stack, "somebody"))
    known = {"tag": row.owner, "address": EMAIL, "at": datetime.now(UTC)}
    read = stack.function("ReadReceipts").handler
    read(sqs_event(forms.of_email("Delivery", **known), receives=3), Context())
    assert len(rows_of(stack, "somebody")) == before
    read(sqs_event(forms.bounce(**known), receives=3), Context())
    *_, last = rows_of(stack, "somebody")
    assert len(rows_of(stack, "somebody")) == before + 1
    assert said(last) == ("receipt", "changed")
    assert {each["what"] for each in changes(last)} >= {"addresses.email.stopped_at"}


OPTED_OUT = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>OptedOut</Code><Message>no</Message></Error>"
    "</ErrorResponse>"
)
THROTTLED = OPTED_OUT.replace("OptedOut", "Throttling")


@pytest.mark.parametrize(
    ("answer", "told"), [(OPTED_OUT, [("delivery", "changed")]), (THROTTLED, [])]
)
def test_a_sender_leaves_a_row_only_when_a_provider_says_that_an_address_opted_out(
    stack: MotoStack, set_clock: SetClock, answer: str, told: list[tuple[str, str]]
) -> None:
    set_clock(NINE + MINUTE / 2)
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS))
    before = len(rows_of(stack, "somebody"))
    sender = stack.function("SendSms")
    with wire.before(sender.reminders.provider, "Publish", wire.answers(400, answer)):
        sender.handler(sqs_event(WakeUp("somebody", NINE).body()), Context())
    assert [said(row) for row in rows_of(stack, "somebody")[before:]] == told


def test_what_is_emptied_is_told_too(stack: MotoStack) -> None:
    enter(a_user(), now=NOON)
    none = Plan(overdue_days=())
    account_changes.change_user("somebody", lambda user: replace(user, plan=none), now=NOON)
    *_, last = rows_of(stack, "somebody")
    assert changes(last) == [{"what": "plan.overdue_days", "old": "1", "new": ""}]


# In the table ------------------------------------------------------------------------------------


def bytes_of(value: Any) -> int:
    """What AWS says that a value takes: the UTF-8 of texts, a byte for two digits and one more, and
    three for a list or map with one for each of its entries."""
    ((kind, held),) = value.items()
    match kind:
        case "S":
            return len(held.encode())
        case "N":
            return len(held) // 2 + 2
        case "L":
            return 3 + sum(1 + bytes_of(each) for each in held)
        case "M":
            return 3 + sum(1 + len(name.encode()) + bytes_of(each) for name, each in held.items())
    raise AssertionError(f"teach bytes_of() the type {kind}")


def long_bill(number: int) -> Bill:
    return a_bill(
        bill_id=f"bill-{number:04}-{'x' * 50}", name="名" * 60, due_on=IN_THREE_DAYS + number * DAY
    )


def test_no_row_takes_more_than_two_write_units(stack: MotoStack, set_clock: SetClock) -> None:
    set_clock(NOON)
    long = [long_bill(n) for n in range(120)]
    enter(a_user(code_word="W" * 20), *long)
    account_changes.record_payment("somebody", long[0].bill_id, payment_id="p" * 200, now=NOON)
    rows = rows_of(stack, "somebody")
    sizes = [sum(len(name) + bytes_of(value) for name, value in row.items()) for row in rows]
    assert len(rows) == 1 + 3 + 1, "bills are saved by fifties"
    assert max(sizes) <= UNIT
    assert max(sizes) > UNIT // 2, "what fits is told"
    left_out = [int(row["left_out"]["N"]) for row in rows if "left_out" in row]
    told = [len(changes(row)) for row in rows[1:4]]
    assert sum(left_out) + sum(told) == 120


def test_a_row_is_kept_for_thirteen_months(life: Life) -> None:
    (row,) = life.new()
    until = datetime.fromtimestamp(int(row["expires_at"]["N"]), UTC)
    assert until == NOON.replace(year=2028, month=4)
    assert row["entry"]["S"] == "00000001#0"


def test_nothing_is_noted_of_somebody_who_is_gone_or_of_another_life(
    stack: MotoStack, set_clock: SetClock
) -> None:
    set_clock(NOON)
    enter(a_user(), now=NOON)
    erasure.erase("somebody")
    assert not journal.note("somebody", Event.WRONG_CODE, now=NOON)
    assert not journal.note("nobody", Event.WRONG_CODE, now=NOON)
    assert rows_of(stack, "somebody") == []


def test_feedback_is_not_kept_of_somebody_who_is_gone(
    stack: MotoStack, set_clock: SetClock
) -> None:
    set_clock(NOON)
    enter(a_user(), now=NOON)
    erasure.erase("somebody")
    history.give_feedback("somebody", "key", Feedback("right", True, "words", NOON))
    assert stack.client("dynamodb").scan(TableName=stack.ids["Feedback"])["Items"] == []


def test_a_row_that_is_about_to_be_written_does_not_outlive_its_user(
    stack: MotoStack, set_clock: SetClock
) -> None:
    """The user is erased, and imported again, between the look at the schedule and the row."""
    set_clock(NOON)
    enter(a_user(), now=NOON)

    def another_life() -> None:
        erasure.erase("somebody")
        enter(a_user(), now=NOON)

    with wire.before_call(tables.connection.client, "TransactWriteItems", another_life):
        assert not journal.note("somebody", Event.FEEDBACK, now=NOON)
    assert [said(row)[1] for row in rows_of(stack, "somebody")] == ["registered"]

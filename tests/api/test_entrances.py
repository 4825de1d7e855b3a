"""Whichever way a wish is said, by the API, a button of the page, a reply or a file, it leaves the
same in the tables."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import boto3
import pytest

from bill_reminders import clock
from bill_reminders.delivery import claims
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import State
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.pages.proof import cookie_name
from bill_reminders.storage import identities, links, tables
from bill_reminders.storage.tables import BillItem, UserItem
from tests.support.api import Person
from tests.support.entered import IN_THREE_DAYS, NINE, enter
from tests.support.every_command import all_commands
from tests.support.moto_stack import OFFSET_PARAMETER, MotoStack, moto_stack
from tests.support.people import a_bill, a_user
from tests.support.sms_replies import Phone
from tests.support.visitor import Visitor

MINUTE = timedelta(minutes=1)
MONTHLY = Recurrence(IN_THREE_DAYS, 1, Unit.MONTH)
BILL = "/v1/bills/bill"
CSV = {"content-type": "text/csv"}


@dataclass(frozen=True)
class Somebody:
    """Somebody who has just been reminded of a bill, with all that they can answer by."""

    stack: MotoStack
    person: Person
    visitor: Visitor
    phone: Phone
    token: str

    def api(self, method: str, address: str, body: Any = None, **more: Any) -> None:
        reply = self.person.call(method, address, body, **more)
        assert 200 <= reply.status < 300, reply.text

    def change(self, address: str, body: Any) -> None:
        known = self.person.get(BILL)
        self.api("PATCH", address, body, headers={"if-match": known.etag})

    def press(self, action: str, *more: tuple[str, str], **fields: str) -> None:
        page = self.visitor.get(f"/r/{self.token}")
        pressed = self.visitor.press(page.form(action, **fields), *more)
        assert pressed.status == 200, pressed.text

    def press_twice(self, action: str, *more: tuple[str, str]) -> None:
        """Press what asks for a second yes, and say it."""
        asked = self.visitor.press(self.visitor.get(f"/r/{self.token}").form(action), *more)
        pressed = self.visitor.press(asked.form(action, confirmed="yes"))
        assert pressed.status == 200, pressed.text

    def post(self, action: str) -> None:
        """Press a button of the page that is shown already, and do not look where it leads."""
        pressed = self.visitor.post(f"/r/{self.token}/0/{action}", "")
        assert pressed.status == 303, pressed.text

    def plan(self, *ticked: tuple[str, str]) -> None:
        """Send the page's form of the plan with just these boxes ticked."""
        form = self.visitor.get(f"/r/{self.token}").form("plan")
        self.visitor.press(replace(form, fields={"boxes": "yes"}), *ticked)

    def mail(self, action: str) -> None:
        pressed = self.visitor.press(self.visitor.get(f"/u/{self.token}").form(action))
        assert pressed.status == 200, pressed.text


@contextmanager
def somebody(channel: Channel, **bill: Any) -> Iterator[Somebody]:
    with moto_stack() as stack, pytest.MonkeyPatch.context() as patched:
        assert tables.connection.client is not None
        boto3.client("sesv2").create_email_identity(EmailIdentity="example.com")
        patched.setenv(clock.OFFSET_VARIABLE, OFFSET_PARAMETER)
        stack.set_clock(NINE + MINUTE)
        enter(a_user(channels=(Channel.SMS, Channel.EMAIL)), a_bill(due_on=IN_THREE_DAYS, **bill))
        person = Person(stack, "somebody")
        identities.join(person.identity, "somebody", made_by="request", now=NINE)
        claim = claims.claim_next("somebody", channel, with_link=True, now=NINE)
        claims.mark(claim, State.SENT, now=NINE, provider_id="p")
        assert claim.token is not None
        visitor = Visitor(stack)
        secret = links.prove(links.token_hash(claim.token), now=NINE)
        assert secret is not None
        visitor.cookies[cookie_name(links.token_hash(claim.token))] = secret
        yield Somebody(stack, person, visitor, Phone(stack), claim.token)


def left(stack: MotoStack) -> str:
    """What the tables hold of the user and their bills, whoever gave a payment or a bill its id,
    at whichever second, and by which way an address was stopped."""
    client = stack.client("dynamodb")
    held = [
        sorted(
            client.scan(TableName=model.Meta.table_name, ConsistentRead=True)["Items"],
            key=lambda item: str(item.get("name")),
        )
        for model in (UserItem, BillItem)
    ]
    text = json.dumps(held, sort_keys=True)
    text = re.sub(r"2027-03-01T09:0[0-9]:[0-9.]+Z", "now", text)
    for name in ("payment_id", "bill_id", "stopped_by", "version"):
        text = re.sub(rf'"{name}": {{"[SN]": "[^"]*"}}', f'"{name}": "-"', text)
    return text


Act = Callable[[Somebody], None]
Ways = Mapping[str, Act]


def api(method: str, address: str, body: Any = None, **more: Any) -> Act:
    return lambda somebody: somebody.api(method, address, body, **more)


def page(action: str, *more: tuple[str, str], **fields: str) -> Act:
    return lambda somebody: somebody.press(action, *more, **fields)


def reply(text: str) -> Act:
    return lambda somebody: print(somebody.phone.write(text))


def mail(action: str) -> Act:
    return lambda somebody: somebody.mail(action)


def each(*acts: Act) -> Act:
    def all_of_them(somebody: Somebody) -> None:
        for act in acts:
            act(somebody)

    return all_of_them


def undone_payment(somebody: Somebody) -> None:
    payment = somebody.person.get(BILL).json["payments"][0]
    somebody.api("DELETE", f"{BILL}/payments/{payment['payment_id']}")


def press_undo(somebody: Somebody) -> None:
    somebody.press("unpaid")


NEW = {
    "biller": "Oak Homes",
    "name": "Rent",
    "amount": "700",
    "currency": "USD",
    "first_due": "2027-04-01",
}
COLUMNS = "bill_id,biller,name,amount,currency,first_due"
ENTERED = f"{COLUMNS}\nrent,Oak Homes,Rent,700,USD,2027-04-01\n"
RENAMED = f"{COLUMNS}\nbill,Lantern Bank,Black card,120.50,USD,2027-03-04\n"
DAYS = {"lead_days": [7, 0]}
BOXES = (
    ("lead_days", "7"),
    ("lead_days", "0"),
    ("overdue_days", "1"),
    ("remind_at", "09:00"),
    ("channels", "sms"),
    ("channels", "email"),
)

GOES_ON = ("rest", "next_dates")
"""What is over, on the page."""

NOW, LATER, ALWAYS = ("since", "now"), ("since", "later"), ("since", "beginning")
"""From when on a change of the page holds."""

ALWAYS_ADDRESS = f"{BILL}?from=beginning&confirm=true"

WISHES: Mapping[str, tuple[str, Ways]] = {
    "a new bill": (
        "bills.enter",
        {
            "API": api("POST", "/v1/bills", NEW),
            "own file": api("POST", "/v1/bills/files/csv", raw=ENTERED, headers=CSV),
        },
    ),
    "a change of a bill": (
        "bills.change",
        {
            "API": lambda somebody: somebody.change(BILL, {"name": "Black card"}),
            "own file": api("POST", "/v1/bills/files/csv", raw=RENAMED, headers=CSV),
        },
    ),
    "another amount from now on": (
        "bills.change",
        {
            "API": lambda somebody: somebody.change(BILL, {"amount": "110.00"}),
            "page": page("edit", ("amount", "１１０，00"), NOW),
        },
    ),
    "another amount for the dates from a later day": (
        "bills.change",
        {
            "API": lambda somebody: somebody.change(f"{BILL}?from=2027-05-01", {"amount": "110"}),
            "page": page("edit", ("amount", "110"), LATER, ("from", "2027-05-01")),
        },
    ),
    "another amount that was so for all dates": (
        "bills.change",
        {
            "API": lambda somebody: somebody.change(ALWAYS_ADDRESS, {"amount": "110"}),
            "page": lambda somebody: somebody.press_twice("edit", ("amount", "110"), ALWAYS),
        },
    ),
    "another day of the dates from now on": (
        "bills.change",
        {
            "API": lambda somebody: somebody.change(BILL, {"first_due": "2027-03-20"}),
            "page": page("edit", ("first_due", "2027-03-20"), NOW),
        },
    ),
    "another day that was so for all dates": (
        "bills.change",
        {
            "API": lambda somebody: somebody.change(ALWAYS_ADDRESS, {"first_due": "2027-03-10"}),
            "page": lambda somebody: somebody.press_twice(
                "edit", ("first_due", "2027-03-10"), ALWAYS
            ),
        },
    ),
    "autopay from now on": (
        "bills.change",
        {
            "API": lambda somebody: somebody.change(BILL, {"autopay": True}),
            "page": page("edit", ("autopay", "yes"), NOW),
        },
    ),
    "paid": (
        "payments.pay",
        {"API": api("POST", f"{BILL}/payments", {}), "page": page("paid"), "reply": reply("PAID")},
    ),
    "paid in part": (
        "payments.pay",
        {
            "API": api("POST", f"{BILL}/payments", {"amount": "20.50"}),
            "page": page("paid", ("amount", "20.50")),
        },
    ),
    "paid for two dates, the other day": (
        "payments.pay",
        {
            "API": api(
                "POST",
                f"{BILL}/payments",
                {"amount": "200", "paid_on": "2027-02-27", "rest": "next_dates"},
            ),
            "page": page("paid", ("amount", "200"), ("paid_on", "2027-02-27"), GOES_ON),
        },
    ),
    "not paid for two dates after all": (
        "payments.undo",
        {
            "API": each(
                api("POST", f"{BILL}/payments", {"amount": "200", "rest": "next_dates"}),
                undone_payment,
            ),
            "page": each(page("paid", ("amount", "200"), GOES_ON), press_undo),
        },
    ),
    "not paid after all": (
        "payments.undo",
        {
            "API": each(api("POST", f"{BILL}/payments", {}), undone_payment),
            "page": each(page("paid"), press_undo),
            "reply": each(reply("PAID"), reply("UNDO")),
        },
    ),
    "tomorrow": (
        "snoozes.snooze",
        {
            "API": api("POST", f"{BILL}/snoozes", {"until": "2027-03-02"}),
            "page": page("snooze", until="tomorrow"),
            "reply": reply("SNOOZE"),
        },
    ),
    "not tomorrow after all": (
        "snoozes.undo",
        {
            "API": each(
                api("POST", f"{BILL}/snoozes", {"until": "2027-03-02"}),
                api("DELETE", f"{BILL}/snoozes/0"),
            ),
            "page": each(page("snooze", until="tomorrow"), page("unsnooze")),
            "reply": each(reply("SNOOZE"), reply("UNDO")),
        },
    ),
    "no reminders of this bill": (
        "mute.mute",
        {
            "API": api("PUT", f"{BILL}/silence", {"reason": "stopped"}),
            "page": page("stop-bill"),
        },
    ),
    "not mine": (
        "mute.mute",
        {
            "API": api("PUT", f"{BILL}/silence", {"reason": "not_mine"}),
            "page": page("not-mine"),
        },
    ),
    "reminders again": (
        "mute.unmute",
        {
            "API": each(
                api("PUT", f"{BILL}/silence", {"reason": "not_mine"}),
                api("DELETE", f"{BILL}/silence"),
            ),
            "page": each(page("not-mine"), page("remind-again")),
        },
    ),
    "no SMS": ("stops.stop", {"page": page("stop-channel", channel="sms"), "reply": reply("STOP")}),
    "SMS again": (
        "stops.start",
        {
            "page": each(page("stop-channel", channel="sms"), page("start-channel", channel="sms")),
            "reply": each(reply("STOP"), reply("START")),
        },
    ),
    "no e-mail": (
        "stops.stop",
        {"page": page("stop-channel", channel="email"), "mail": mail("stop")},
    ),
    "e-mail again": (
        "stops.start",
        {
            "page": each(
                page("stop-channel", channel="email"), page("start-channel", channel="email")
            ),
            "mail": each(mail("stop"), mail("start")),
        },
    ),
    "other days for a bill": (
        "plans.change_plans",
        {
            "API": lambda somebody: somebody.change(BILL, {"plan": DAYS}),
            "page": lambda somebody: somebody.plan(("scope", "bill"), *BOXES),
        },
    ),
}

ONE_WAY = {
    "bills.undo_change": "page",
    "bills.close": "API",
    "bills.reopen": "API",
    "bills.delete": "API",
    "payments.state": "API",
    "payments.unstate": "API",
    "payments.fail_debit": "API",
    "payments.undo_failed_debit": "API",
    "payments.prepay": "API",
    "payments.undo_prepayment": "API",
    "stops.stop_address": "receipts",
    "stops.close_links": "API",
    "plans.change_settings": "scripts",
    "contacts.take": "API",
    "contacts.give_up": "API",
    "imports.import_user": "a biller's file",
    "imports.import_bills": "a biller's file, or the user's own",
}
"""Commands that one entrance offers."""


def test_every_command_is_offered() -> None:
    assert {command for command, _ in WISHES.values()} | ONE_WAY.keys() == all_commands()


@pytest.mark.parametrize("intent", WISHES)
def test_every_entrance_leaves_the_same(intent: str) -> None:
    found: dict[str, str] = {}
    for way, act in WISHES[intent][1].items():
        channel = Channel.EMAIL if "mail" in intent else Channel.SMS
        again = any(each in intent for each in ("two dates", "all dates", "the dates"))
        monthly = {"recurrence": MONTHLY} if again else {}
        with somebody(channel, **monthly) as asking:
            before = left(asking.stack)
            act(asking)
            found[way] = left(asking.stack)
            is_undone = intent.endswith(("after all", "again"))
            assert is_undone or found[way] != before, way
    first, *others = found
    for other in others:
        assert found[other] == found[first], (first, other)


def oldest(somebody: Somebody) -> list[int]:
    return [each["occurrence"] for each in somebody.person.get(BILL).json["payments"]]


NAMING_NONE: Mapping[str, Act] = {
    "API": api("POST", f"{BILL}/payments", {}),
    "API, with an amount": api("POST", f"{BILL}/payments", {"amount": "120.50"}),
    "reply": reply("PAID"),
    "reply, in Chinese": reply("已付"),
}


@pytest.mark.parametrize("way", NAMING_NONE)
def test_a_payment_without_a_number_closes_the_oldest_open_date_by_every_entrance(way: str) -> None:
    """One date was due two days ago, the next is due in a month; then the first is paid, too."""
    pays = NAMING_NONE[way]
    two_days_ago = IN_THREE_DAYS - timedelta(days=5)
    with somebody(Channel.SMS, recurrence=Recurrence(two_days_ago, 1, Unit.MONTH)) as asking:
        pays(asking)
        assert oldest(asking) == [0]
        pays(asking)
        assert oldest(asking) == [0, 1]


READ_ONCE: Mapping[str, Act] = {
    "a change by the API": lambda somebody: somebody.api(
        "PATCH", BILL, {"name": "Black card"}, headers={"if-match": "*"}
    ),
    "a payment by the API": api("POST", f"{BILL}/payments", {}),
    "a button of the page": lambda somebody: somebody.post("stop-bill"),
    "a reply": reply("PAID"),
}


@pytest.mark.parametrize("intent", READ_ONCE)
def test_the_account_is_read_once(intent: str) -> None:
    with somebody(Channel.SMS) as asking:
        events, read = tables.connection.client.meta.events, list[str]()
        bills = BillItem.Meta.table_name

        def note(params: Mapping[str, Any], **_: Any) -> None:
            if params["TableName"] == bills:
                read.append(bills)

        events.register("provide-client-params.dynamodb.Query", note)
        try:
            READ_ONCE[intent](asking)
        finally:
            events.unregister("provide-client-params.dynamodb.Query", note)
    assert read == [bills]


def test_the_biller_is_told_both_times_though_a_stale_page_said_stop_between() -> None:
    told: list[str] = []
    with somebody(Channel.SMS) as asking:
        stale = asking.visitor.get(f"/r/{asking.token}").form("stop-bill")
        client = asking.stack.function("LinkPage").events.client
        with pytest.MonkeyPatch.context() as patched:

            def put_events(**request: Any) -> dict[str, int]:
                told.extend(entry["DetailType"] for entry in request["Entries"])
                return {"FailedEntryCount": 0}

            patched.setattr(client, "put_events", put_events)
            asking.press("not-mine")
            asking.visitor.press(stale)
            asking.press("remind-again")
    assert told == ["bill not mine", "bill mine after all"]

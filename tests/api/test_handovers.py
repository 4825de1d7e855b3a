"""What changed hands is told to the other contacts of the account, who may undo it for a week."""

import json
import re
from dataclasses import replace
from datetime import time, timedelta

import pytest
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.local_time import QuietHours
from bill_reminders.domain.people import Address, Language, StoppedBy
from bill_reminders.storage import accounts, identities, link_codes
from bill_reminders.storage.addresses import owner_of
from bill_reminders.storage.saving import save_user
from tests.api.conftest import SetClock
from tests.api.test_contacts import (
    BILL,
    EMAIL,
    OTHER_PHONE,
    PHONE,
    add,
    code_sent_to,
    confirm,
    confirmed,
    contacts_of,
    emails_to,
    items,
    join,
    person,
    run_jobs,
    sms_to,
    user_id_of,
)
from tests.api.test_joining import NEW, NOW, imported
from tests.support import account_changes
from tests.support.api import Person, Reply
from tests.support.moto_stack import MotoStack
from tests.support.people import a_user
from tests.support.visitor import Page, Visitor

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MAIL = {Channel.EMAIL: Address(EMAIL, NEW)}
ERASE = {"confirm": "erase everything"}


@pytest.fixture(autouse=True)
def _ready(stack: MotoStack, set_clock: SetClock) -> None:
    made = stack.client("sns").create_platform_application(
        Name="app", Platform="GCM", Attributes={"PlatformCredential": "x"}
    )
    stack.ids["GooglePushApplicationArn"] = made["PlatformApplicationArn"]
    set_clock(NOW)


def stranger_in(stack: MotoStack, by: str = "contact") -> Person:
    """Somebody who joined the imported account, which has a mailbox too; its owner was told."""
    imported(others=MAIL)
    who = person(stack, "stranger")
    if by == "contact":
        confirmed(who)
    else:
        assert join(who, link_codes.create("imported", now=NOW)).status == 200
    assert user_id_of(who) == "imported"
    return who


def link_to(address: str) -> str:
    """Where the latest message to an address leads, without its host."""
    said = emails_to(address)[-1].body if "@" in address else sms_to(address)[-1]
    return re.findall(r"/r/[A-Za-z0-9]{17}", said)[-1]


def pressed(stack: MotoStack, link: str) -> Page:
    visitor = Visitor(stack)
    return visitor.press(visitor.get(link).form("undo"))


# The others are told ------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["contact", "link code"])
def test_the_other_contacts_hear_that_somebody_joined_the_account(
    stack: MotoStack, by: str
) -> None:
    stranger_in(stack, by)
    assert emails_to(EMAIL) == []
    run_jobs(stack)
    (mail,) = emails_to(EMAIL)
    assert "signed in to your reminder account" in mail.body
    assert PHONE not in mail.body
    assert "Lantern" not in mail.body
    told = [text for text in sms_to(PHONE) if "opened by somebody" in text or "signed in" in text]
    assert len(told) == (0 if by == "contact" else 1)
    run_jobs(stack)
    assert len(emails_to(EMAIL)) == 1


def test_push_tells_it_too(stack: MotoStack) -> None:
    endpoint = stack.client("sns").create_platform_endpoint(
        PlatformApplicationArn=stack.ids["GooglePushApplicationArn"], Token="a-token-of-a-device"
    )["EndpointArn"]
    imported(others={Channel.PUSH: Address(endpoint, NEW)})
    confirmed(person(stack, "stranger"))
    run_jobs(stack)
    known = get_backend("sns")[DEFAULT_ACCOUNT_ID]["us-east-1"].platform_endpoints[endpoint]
    (message,) = known.messages.values()
    assert "signed in" in str(message)
    assert "/r/" in str(message)


@pytest.mark.parametrize(
    ("language", "words"),
    [(Language.SIMPLIFIED_CHINESE, "提醒账户"), (Language.TRADITIONAL_CHINESE, "提醒帳戶")],
)
def test_the_others_are_told_in_their_language(
    stack: MotoStack, language: Language, words: str
) -> None:
    imported(others=MAIL)
    account_changes.change_user("imported", lambda user: replace(user, language=language), now=NOW)
    confirmed(person(stack, "stranger"))
    run_jobs(stack)
    assert words in emails_to(EMAIL)[-1].body


def test_nobody_is_told_in_their_quiet_hours(stack: MotoStack, set_clock: SetClock) -> None:
    imported(others=MAIL)
    quiet = QuietHours(time(12), time(15))
    account_changes.change_user("imported", lambda user: replace(user, quiet_hours=quiet), now=NOW)
    who = confirmed(person(stack, "stranger"))
    other = {"quiet_hours": {"start": "16:00", "end": "11:00"}}
    assert who.patch("/v1/settings", other, "*").status == 200
    for _ in range(3):
        run_jobs(stack)
        assert emails_to(EMAIL) == []
    set_clock(NOW.replace(hour=15, minute=1))
    run_jobs(stack)
    assert len(emails_to(EMAIL)) == 1
    set_clock(NOW.replace(hour=15, minute=0) + 7 * DAY)
    assert Visitor(stack).get(link_to(EMAIL)).status == 200


def test_a_contact_that_the_stranger_removed_is_told_all_the_same(stack: MotoStack) -> None:
    who = stranger_in(stack)
    for held in who.get("/v1/contacts").json["contacts"]:
        if held["channel"] == "email":
            assert who.call("DELETE", f"/v1/contacts/{held['contact_id']}").status == 204
    run_jobs(stack)
    assert len(emails_to(EMAIL)) == 1


def test_a_contact_that_is_stopped_is_not_told(stack: MotoStack) -> None:
    imported(others=MAIL)
    account_changes.stop("imported", Channel.EMAIL, now=NOW)
    confirmed(person(stack, "stranger"))
    run_jobs(stack)
    assert emails_to(EMAIL) == []


def test_a_contact_that_was_stopped_by_a_page_since_is_told_all_the_same(stack: MotoStack) -> None:
    imported(others=MAIL)
    confirmed(person(stack, "stranger"))
    account_changes.stop(
        "imported", Channel.EMAIL, by=StoppedBy.PAGE, now=NOW + timedelta(minutes=1)
    )
    run_jobs(stack)
    assert len(emails_to(EMAIL)) == 1


def test_nobody_is_told_of_a_joining_that_was_refused(stack: MotoStack) -> None:
    imported(others=MAIL)
    who = person(stack, "stranger")
    assert who.post("/v1/bills", BILL).status == 201
    assert confirm(who, add(who), code_sent_to(PHONE)).status == 409
    run_jobs(stack)
    assert emails_to(EMAIL) == []


# Exports and erasure wait -------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["contact", "link code"])
def test_who_joined_takes_nothing_away_and_erases_nothing_while_it_may_be_undone(
    stack: MotoStack, set_clock: SetClock, by: str
) -> None:
    who = stranger_in(stack, by)
    for refused in (
        who.post("/v1/account/exports"),
        who.post("/v1/account/erasures", ERASE),
    ):
        assert refused.status == 409, refused.text
        assert "2027-02-08T12:05:" in refused.json["detail"]
        assert 0 < int(refused.headers["retry-after"]) <= 7 * 86400
    assert accounts.exists("imported")
    run_jobs(stack)
    set_clock(NOW + 7 * DAY - HOUR)
    assert who.post("/v1/account/exports").status == 409
    set_clock(NOW + 7 * DAY + HOUR)
    assert who.post("/v1/account/exports").status == 202
    assert who.post("/v1/account/erasures", ERASE).status == 202


@pytest.mark.parametrize("by", ["contact", "link code"])
def test_who_joined_does_not_give_the_account_up_for_another_one_either(
    stack: MotoStack, set_clock: SetClock, by: str
) -> None:
    who = stranger_in(stack)
    assert who.call("DELETE", "/v1/bills/bill", headers={"if-match": "*"}).status == 204
    imported(address=OTHER_PHONE, user_id="second")

    def move_on() -> Reply:
        if by == "link code":
            return join(who, link_codes.create("second", now=NOW))
        return confirm(who, add(who, OTHER_PHONE), code_sent_to(OTHER_PHONE))

    refused = move_on()
    assert refused.status == 409, refused.text
    assert "2027-02-08T12:05:" in refused.json["detail"]
    run_jobs(stack)
    assert user_id_of(who) == "imported"
    assert accounts.exists("imported")
    set_clock(NOW + 7 * DAY + HOUR)
    assert move_on().status == 200
    assert user_id_of(who) == "second"


def test_an_account_with_no_other_contact_is_its_joiners_at_once(stack: MotoStack) -> None:
    imported()
    who = confirmed(person(stack, "owner"))
    assert who.post("/v1/account/exports").status == 202


def test_an_account_of_ones_own_is_exported_and_erased_at_once(stack: MotoStack) -> None:
    who = confirmed(person(stack))
    assert who.post("/v1/account/exports").status == 202
    assert who.post("/v1/account/erasures", ERASE).status == 202


# Undoing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["contact", "link code"])
def test_who_joined_is_out_again_and_the_account_as_it_was(stack: MotoStack, by: str) -> None:
    who = stranger_in(stack, by)
    before = accounts.read("imported", now=NOW).user
    run_jobs(stack)
    confirmed(who, OTHER_PHONE)
    (mail,) = [
        held for held in who.get("/v1/contacts").json["contacts"] if held["channel"] == "email"
    ]
    assert who.call("DELETE", f"/v1/contacts/{mail['contact_id']}").status == 204
    assert who.patch("/v1/settings", {"tips": False, "language": "zh-Hans"}, "*").status == 200
    page = pressed(stack, link_to(EMAIL))
    assert page.status == 200
    assert "undone" in page.text
    assert who.get("/v1/settings").status == 404
    assert who.get("/v1/bills").status == 404
    assert identities.signed_in_as("imported") is None
    user = accounts.read("imported", now=NOW).user
    assert (user.language, user.tips) == (before.language, before.tips)
    assert user.address(Channel.EMAIL) == Address(EMAIL, NEW)
    phone = user.address(Channel.SMS)
    assert phone == (None if by == "contact" else Address(PHONE, NEW))
    assert owner_of(Channel.SMS, OTHER_PHONE) is None
    assert [bill.bill_id for bill in accounts.read("imported", now=NOW).bills] == ["bill"]


def test_a_stop_that_was_said_meanwhile_is_kept_and_lifted_as_before(stack: MotoStack) -> None:
    stranger_in(stack)
    run_jobs(stack)
    account_changes.stop("imported", Channel.EMAIL, by=StoppedBy.UNSUBSCRIBE, now=NOW)
    pressed(stack, link_to(EMAIL))
    mail = accounts.read("imported", now=NOW).user.addresses[Channel.EMAIL]
    assert (mail.stopped_at, mail.stopped_by) == (NOW, StoppedBy.UNSUBSCRIBE)


def test_opening_the_link_undoes_nothing(stack: MotoStack) -> None:
    who = stranger_in(stack)
    run_jobs(stack)
    for method in ("GET", "HEAD"):
        assert Visitor(stack).get(link_to(EMAIL), method).status == 200
    assert user_id_of(who) == "imported"


def test_undoing_twice_is_undoing_once(stack: MotoStack) -> None:
    stranger_in(stack)
    run_jobs(stack)
    link = link_to(EMAIL)
    form = Visitor(stack).get(link).form("undo")
    for _ in range(2):
        assert "undone" in Visitor(stack).press(form).text
    owner = Person(stack, "owner")
    assert join(owner, link_codes.create("imported", now=NOW)).status == 200
    Visitor(stack).press(form)
    assert user_id_of(owner) == "imported"


def test_the_link_is_good_for_seven_days_from_its_message(
    stack: MotoStack, set_clock: SetClock
) -> None:
    who = stranger_in(stack)
    run_jobs(stack)
    link = link_to(EMAIL)
    form = Visitor(stack).get(link).form("undo")
    set_clock(NOW + 7 * DAY + HOUR)
    assert Visitor(stack).get(link).status == 404
    assert Visitor(stack).press(form).status == 404
    assert user_id_of(who) == "imported"


def test_the_link_is_kept_as_a_hash_alone(stack: MotoStack) -> None:
    stranger_in(stack)
    run_jobs(stack)
    token = link_to(EMAIL).rpartition("/")[2]
    for table in ("Links", "Ledger", "Users"):
        assert token not in json.dumps(items(stack, table))


def test_the_number_that_let_somebody_in_does_not_let_them_in_again(stack: MotoStack) -> None:
    who = stranger_in(stack)
    run_jobs(stack)
    pressed(stack, link_to(EMAIL))
    user = a_user("imported", channels=(Channel.SMS, Channel.EMAIL))
    for channel, value in ((Channel.SMS, PHONE), (Channel.EMAIL, EMAIL)):
        user = user.with_address(channel, Address(value, NEW))
    save_user(user, shards=4, now=NOW)  # the biller's next file names it again
    again = person(stack, who.subject)
    done = confirm(again, add(again), code_sent_to(PHONE))
    assert done.json["joined"] is False
    assert identities.signed_in_as("imported") is None


def test_the_strangers_calendar_opens_no_more(stack: MotoStack) -> None:
    who = stranger_in(stack)
    run_jobs(stack)
    assert who.call("PUT", "/v1/calendar").status == 200
    pressed(stack, link_to(EMAIL))
    assert [each for each in items(stack, "Links") if "calendar" in str(each)] == []


# A number that leaves somebody who signs in -------------------------------------------------------


def robbed(stack: MotoStack) -> tuple[Person, Person]:
    """Somebody with a number and a mailbox, and who confirmed the number after them."""
    ann = confirmed(confirmed(person(stack)), EMAIL)
    bob = confirmed(person(stack, "bob"))
    assert contacts_of(ann) == {EMAIL: "confirmed"}
    return ann, bob


def test_the_other_contacts_hear_that_a_number_is_somebody_elses(stack: MotoStack) -> None:
    robbed(stack)
    run_jobs(stack)
    mail = emails_to(EMAIL)[-1]
    assert "confirmed an address of yours" in mail.body
    assert PHONE not in mail.body


def test_a_number_comes_back_with_the_link(stack: MotoStack) -> None:
    ann, bob = robbed(stack)
    run_jobs(stack)
    assert "undone" in pressed(stack, link_to(EMAIL)).text
    assert contacts_of(ann) == {PHONE: "confirmed", EMAIL: "confirmed"}
    assert contacts_of(bob) == {}
    assert user_id_of(bob) != user_id_of(ann)
    channels = ann.get("/v1/settings").json["plan"]["channels"]
    assert [each["channel"] for each in channels] == ["sms", "email"]


def test_a_number_does_not_come_back_from_a_third_person(stack: MotoStack) -> None:
    ann, _ = robbed(stack)
    run_jobs(stack)
    link = link_to(EMAIL)
    form = Visitor(stack).get(link).form("undo")
    cat = confirmed(person(stack, "cat"))
    assert Visitor(stack).press(form).status == 409
    assert contacts_of(cat) == {PHONE: "confirmed"}
    assert contacts_of(ann) == {EMAIL: "confirmed"}


@pytest.mark.parametrize("by", ["contact", "link code"])
def test_a_number_of_who_was_thrown_out_does_not_come_back_with_another_link(
    stack: MotoStack, by: str
) -> None:
    """It left the account while they were in: whoever was told of both may press both buttons."""
    if by == "contact":
        stranger_in(stack)
    else:
        imported(address=EMAIL)
        who = person(stack, "stranger")
        assert join(who, link_codes.create("imported", now=NOW)).status == 200
        confirmed(who)
    run_jobs(stack)
    joined = link_to(EMAIL)
    confirmed(person(stack, "accomplice"))
    run_jobs(stack)
    moved = link_to(EMAIL)
    assert moved != joined
    form = Visitor(stack).get(moved).form("undo")
    assert "undone" in pressed(stack, joined).text
    assert Visitor(stack).press(form).status == 409
    assert list(accounts.read("imported", now=NOW).user.addresses) == [Channel.EMAIL]


def test_an_imported_account_hears_of_a_number_that_did_not_open_it(stack: MotoStack) -> None:
    imported(replace(NEW, at=NOW - 400 * DAY), others=MAIL)
    who = confirmed(person(stack, "stranger"))
    assert user_id_of(who) != "imported"
    run_jobs(stack)
    assert len(emails_to(EMAIL)) == 1
    pressed(stack, link_to(EMAIL))
    assert contacts_of(who) == {}
    known = owner_of(Channel.SMS, PHONE)
    assert known is not None
    assert known.user_id == "imported"

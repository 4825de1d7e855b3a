"""What whoever gets hold of a message's link may not do, by HTTP as an attacker would."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from bill_reminders.domain.account import Account
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Address
from bill_reminders.storage import accounts
from bill_reminders.storage.saving import save_bills, save_user
from local.stack import Stack, wait_until
from tests.stack.people import NOW
from tests.support.people import ATTESTED, a_bill, a_user, bill_due_today, new_phone

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
SECRET = "Clinic at the Lake"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str


def call(address: str, form: str | None = None, **more: str) -> Answer:
    """`more` are headers, with _ for -. No redirect is followed."""
    parts = urlsplit(address)
    connection = HTTPConnection(parts.netloc, timeout=60)
    headers = {name.replace("_", "-"): value for name, value in more.items()}
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request("GET" if form is None else "POST", parts.path, form, headers)
    answer = connection.getresponse()
    found = Answer(answer.status, dict(answer.getheaders()), answer.read().decode())
    connection.close()
    return found


@dataclass(frozen=True)
class Victim:
    stack: Stack
    user_id: str
    phone: str

    @property
    def account(self) -> Account:
        return accounts.read(self.user_id, now=NOW + 5 * MINUTE)

    def texts(self, pattern: str) -> list[str]:
        """What SMS to them hold."""
        sent = [each.text for each in self.stack.outbox() if each.address == self.phone]
        return [match[0] for text in sent if (match := re.search(pattern, text))]


@pytest.fixture
def victim(stack: Stack, new_id: Callable[[], str]) -> Victim:
    """Somebody with an SMS about one of their two bills."""
    user_id = new_id()
    phone = new_phone()
    user = replace(
        a_user(user_id, channels=[Channel.SMS, Channel.EMAIL]),
        addresses={
            Channel.SMS: Address(phone, ATTESTED),
            Channel.EMAIL: Address(f"{user_id}@example.com", ATTESTED),
        },
    )
    save_user(user, shards=int(stack.outputs["ShardsRead"]), now=NOW)
    other = a_bill(user_id, "clinic", name=SECRET, due_on=NOW.date() + 9 * DAY)
    save_bills(user_id, [bill_due_today(user_id, "card"), lambda _: other], now=NOW)
    stack.set_clock(NOW + MINUTE)
    stack.tick()
    found = Victim(stack, user_id, phone)
    wait_until(lambda: bool(found.texts(r"/r/\w+")), 60, "no message came")
    return found


def test_a_stolen_link_reaches_its_message_alone(victim: Victim) -> None:
    (link,) = victim.texts(r"http://localhost:\d+/r/\w+")
    page = call(link)
    assert (page.status, SECRET in page.text, "E-mail" in page.text) == (200, False, False)
    before = victim.account
    whole_plan = "scope=all&boxes=yes&lead_days=1&remind_at=18:30&channels=sms"
    for button, form in (
        ("stop-channel", "channel=email"),
        ("start-channel", "channel=email"),
        ("plan", whole_plan),
    ):
        assert call(f"{link}/0/{button}", form).status == 403, button
    for site in ({"Sec_Fetch_Site": "cross-site"}, {"Origin": "https://other.example.com"}):
        assert call(f"{link}/0/paid", "payment_id=page-1", **site).status == 403
    assert (victim.account.user, victim.account.bills) == (before.user, before.bills)


def test_the_owner_reaches_the_rest_with_a_code(victim: Victim) -> None:
    (link,) = victim.texts(r"http://localhost:\d+/r/\w+")
    asked = call(f"{link}/0/code", f"request={'a' * 32}")
    assert asked.status == 303
    (code,) = victim.texts(r"(?<!\d)\d{6}(?!\d)")
    entered = call(f"{link}/0/proof", f"code={code}")
    cookie = entered.headers["Set-Cookie"].partition(";")[0]
    assert SECRET in call(link, Cookie=f"other=1; {cookie}").text
    assert SECRET not in call(link).text
    assert call(f"{link}/0/stop-channel", "channel=email", Cookie=cookie).status == 303
    assert victim.account.user.address(Channel.EMAIL) is None

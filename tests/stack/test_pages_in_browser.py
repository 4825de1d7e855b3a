"""The page behind the link of a real message, in a headless Chromium, on the deployed stack.

Every button is pressed without JavaScript. Screenshots lie in build/screenshots.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Page

from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill, MuteReason
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.money import Money
from bill_reminders.domain.people import Address, Language
from bill_reminders.messages.catalogue import catalogue
from bill_reminders.storage import accounts, history
from bill_reminders.storage.saving import save_bills, save_user
from bill_reminders.storage.tables import LedgerItem
from local.stack import Stack, wait_until
from tests.stack.chromium import need_accessible, shot
from tests.stack.people import NOW
from tests.support.people import ATTESTED, a_bill, a_user, bill_due_today, new_phone

SIZES = [(360, 740), (1280, 800)]
DAY = timedelta(days=1)

NewId = Callable[[], str]


def reminded(stack: Stack, user_id: str, language: Language = Language.ENGLISH) -> dict[str, str]:
    """Somebody who has just had reminders of a bill that is due today; the links in them."""
    phone = new_phone()
    email = f"{user_id}@example.com"
    user = replace(
        a_user(user_id, channels=[Channel.SMS, Channel.EMAIL], language=language),
        code_word="Heron 鹭",
        addresses={
            Channel.SMS: Address(phone, ATTESTED),
            Channel.EMAIL: Address(email, ATTESTED),
        },
    )
    save_user(user, shards=int(stack.outputs["ShardsRead"]), now=NOW)
    fee, rate = Money(Decimal(35), "USD"), Decimal("18.25")
    drafts = [
        bill_due_today(
            user_id, "card", name="Card 4111 1111 1111 1111", late_fee=fee, late_apr=rate
        ),
        lambda today: a_bill(user_id, "clinic", name="Clinic", due_on=today + 9 * DAY),
    ]
    save_bills(user_id, drafts, now=NOW)
    stack.set_clock(NOW + timedelta(minutes=1))
    stack.tick()
    wait_until(lambda: len(links_of(stack, phone, email)) == 2, 60, "no message came")
    return links_of(stack, phone, email)


def links_of(stack: Stack, *addresses: str) -> dict[str, str]:
    found = {}
    for sent in stack.outbox():
        link = re.search(r"http://localhost:\d+/r/\w+", sent.text)
        if sent.address in addresses and link is not None:
            found[sent.channel.value] = link[0]
    return found


def code_sent_to(stack: Stack, user_id: str) -> str:
    """The six digits that went to somebody's phone last."""
    phone = account(user_id).user.addresses[Channel.SMS].value
    found = [
        match[0]
        for sent in stack.outbox()
        if sent.address == phone and (match := re.search(r"(?<!\d)\d{6}(?!\d)", sent.text))
    ]
    return found[-1]


def account(user_id: str) -> Account:
    return accounts.read(user_id, now=NOW + timedelta(minutes=5))


@dataclass(frozen=True)
class Walk:
    """A user at their page."""

    page: Page
    user_id: str
    language: Language
    stack: Stack

    @property
    def card(self) -> Bill:
        bill = account(self.user_id).bill("card")
        assert bill is not None
        return bill

    def press(self, action: str, nth: int = 0, **fields: str) -> None:
        """Fill in the form that goes to `action`, and press its button; unfold what hides it."""
        form = self.page.locator(f"form[action$='/{action}']").nth(nth)
        folded = form.locator("xpath=ancestor::details[not(@open)]/summary")
        if folded.count():
            folded.click()
        for name, value in fields.items():
            form.locator(f"[name={name}]").fill(value)
        form.locator("button").first.click()

    def sees(self, text: str) -> bool:
        return text in self.page.content()

    def is_told(self, key: str) -> None:
        said = self.page.locator("[role=status]").inner_text()
        assert catalogue(self.language).say(key) in said

    def shot(self, name: str) -> None:
        width = self.page.viewport_size or {}
        shot(self.page, f"{name}-{self.language}-{width.get('width')}")


def pays_and_undoes(walk: Walk) -> None:
    walk.press("paid")
    walk.is_told("page_done_paid")
    assert walk.card.is_closed(0)
    walk.shot("paid")
    walk.press("unpaid")
    walk.is_told("page_done_unpaid")
    assert not walk.card.payments
    walk.press("paid", 1, amount="20.50")
    assert walk.card.owed(0).paid == Decimal("20.50")
    walk.press("unpaid")
    assert not walk.card.payments


def snoozes_and_undoes(walk: Walk) -> None:
    walk.press("snooze")  # tomorrow is after the due day: it wants a second yes
    assert not walk.card.snoozes
    walk.shot("second-yes")
    walk.press("snooze")
    walk.is_told("page_done_snooze")
    assert walk.card.snoozes[0].until == (NOW + DAY).date()
    walk.press("unsnooze")
    assert not walk.card.snoozes
    walk.press("snooze", 1, until=(NOW + 3 * DAY).date().isoformat())
    walk.press("snooze")
    assert walk.card.snoozes[0].until == (NOW + 3 * DAY).date()
    walk.press("unsnooze")
    assert not walk.card.snoozes


def gives_an_opinion_and_takes_it_back(walk: Walk) -> None:
    walk.press("feedback")
    walk.press("feedback", 1, suggestion="Shorter, please.")
    walk.is_told("page_done_feedback")
    (said,) = history.all_feedback(walk.user_id).values()
    assert (said.timing, said.suggestion) == ("too_early", "Shorter, please.")
    walk.press("unsay")
    assert not history.all_feedback(walk.user_id)


def changes_the_plan_and_back(walk: Walk) -> None:
    before = account(walk.user_id)
    form = walk.page.locator("form[action$='/plan']")
    form.locator("xpath=ancestor::details/summary").click()
    form.locator("input[name=lead_days][value='7']").check()
    form.locator("input[name=remind_at]").fill("18:30")
    form.locator("button").click()
    walk.is_told("page_done_plan")
    walk.shot("plan")
    assert walk.card.plan_change.lead_days == (7, 3, 1, 0)
    walk.press("plan")  # the first one takes it back
    assert account(walk.user_id).bills == before.bills


def stops_and_starts(walk: Walk) -> None:
    walk.press("stop-channel")
    walk.is_told("page_done_stop_channel")
    assert account(walk.user_id).user.address(Channel.SMS) is None
    walk.press("start-channel")
    assert account(walk.user_id).user.address(Channel.SMS) is not None
    for action, reason in (
        ("stop-bill", MuteReason.STOPPED),
        ("not-mine", MuteReason.NOT_MINE),
    ):
        walk.press(action)
        mute = walk.card.mute
        assert mute is not None
        assert mute.reason is reason
        walk.shot(action)
        walk.press("remind-again")
        assert walk.card.mute is None


def proves_who_reads_the_messages(walk: Walk) -> None:
    other = catalogue(walk.language).say("page_channel_email")
    assert not walk.sees("Clinic") and not walk.sees(other)
    walk.press("code")
    walk.shot("proof")
    walk.press("proof", code="12345")
    assert walk.page.locator("[role=alert]").count() == 1
    walk.press("proof", code=code_sent_to(walk.stack, walk.user_id))
    walk.is_told("page_done_proof")
    walk.shot("proven")
    assert walk.sees("Clinic") and walk.sees(other)
    walk.press("stop-channel", 1)
    assert account(walk.user_id).user.address(Channel.EMAIL) is None
    walk.press("start-channel")
    assert account(walk.user_id).user.address(Channel.EMAIL) is not None


def corrects_the_bill_and_back(walk: Walk) -> None:
    before, more = walk.card, Money(Decimal(130), "USD")
    walk.press("edit", amount="130")
    walk.is_told("page_done_edit")
    walk.shot("corrected")
    assert walk.card.amount == more
    walk.press("unedit")
    walk.is_told("page_done_unedit")
    assert walk.card == before
    form = walk.page.locator("form[action$='/edit']")
    form.locator("xpath=ancestor::details/summary").click()
    form.locator("[name=amount]").fill("130")
    form.locator("[value=beginning]").check()
    walk.shot("correcting")
    form.locator("button").click()
    assert walk.page.locator("[role=alert]").count() == 1
    walk.shot("for-all-dates")
    assert walk.card == before
    walk.press("edit")  # the second yes
    walk.is_told("page_done_edit")
    assert walk.card.amount == more
    walk.press("unedit")
    assert walk.card == before


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size[0]))
def test_every_button_works_without_javascript_and_can_be_undone(
    stack: Stack,
    browser: Browser,
    new_id: NewId,
    size: tuple[int, int],
    language: Language,
) -> None:
    user_id = new_id()
    link = reminded(stack, user_id, language)["sms"]
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height}, java_script_enabled=False
    )
    page = context.new_page()
    page.goto(link)
    walk = Walk(page, user_id, language, stack)
    walk.shot("bill")
    assert page.locator("html").get_attribute("lang") == language.value
    assert "*1111" in page.content()
    assert "Heron 鹭" in page.content()
    for step in (
        pays_and_undoes,
        snoozes_and_undoes,
        gives_an_opinion_and_takes_it_back,
        changes_the_plan_and_back,
        stops_and_starts,
        proves_who_reads_the_messages,
        corrects_the_bill_and_back,
    ):
        step(walk)
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size[0]))
def test_nothing_serious_keeps_anybody_from_using_the_pages(
    stack: Stack, browser: Browser, new_id: NewId, size: tuple[int, int], scheme: Any
) -> None:
    user_id = new_id()
    sent = reminded(stack, user_id)
    link = sent["email"]
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        bypass_csp=True,  # the page itself allows no script
    )
    page = context.new_page()
    for name, address in (
        ("bill", link),
        ("enter-code", f"{link}/0/proof"),
        ("way-out", link.replace("/r/", "/u/")),
        ("dead", f"{link}x"),
    ):
        page.goto(address)
        shot(page, f"{name}-{scheme}-{size[0]}")
        for details in page.locator("summary").all():
            details.click()
        need_usable(page)
    walk = Walk(page, user_id, Language.ENGLISH, stack)
    page.goto(sent["sms"])
    walk.press("code")
    walk.press("proof", code=code_sent_to(stack, user_id))
    walk.press("edit", amount="ten")
    shot(page, f"correcting-{scheme}-{size[0]}")
    need_usable(page)
    page.locator("form[action$='/edit'] [value=beginning]").check()
    walk.press("edit", amount="130")
    assert page.locator("[role=alert] button").count() == 1
    need_usable(page)
    context.close()


def need_usable(page: Page) -> None:
    """Nothing is wider than the screen, and nothing serious is in the way of anybody."""
    scrolls = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert scrolls <= 0, "it scrolls sideways"
    need_accessible(page)


def test_one_click_at_the_address_of_the_header_stops_e_mails_at_once(
    stack: Stack, new_id: NewId
) -> None:
    user_id = new_id()
    page = reminded(stack, user_id)["email"]
    unsubscribe_link = page.replace("/r/", "/u/")
    request = Request(
        unsubscribe_link,
        data=b"List-Unsubscribe=One-Click",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        method="POST",
    )
    with urlopen(request, timeout=30) as answer:
        assert answer.status == 200
        assert answer.url == unsubscribe_link, "no redirect"
    save_bills(user_id, [bill_due_today(user_id, "rent")], now=NOW + timedelta(minutes=2))
    stack.set_clock(NOW + timedelta(minutes=3))
    stack.tick()
    stack.settle()
    states = {
        row.channel: (row.state, row.reason)
        for row in LedgerItem.query(user_id)
        if (row.bill_id, row.trigger) == ("rent", "lead:0")
    }
    assert states == {"email": ("skipped", "no_address"), "sms": ("sent", None)}

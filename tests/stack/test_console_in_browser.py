"""The administrator's dashboard in a headless Chromium: the deployed dashboard, its function, and a
page that draws it as CloudWatch does. Screenshots lie in build/screenshots."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from bill_reminders.domain.enums import Channel
from bill_reminders.storage.saving import save_bills, save_user
from local.console import drawn
from local.stack import Stack
from tests.stack.chromium import need_accessible, shot
from tests.stack.people import NOW
from tests.support.people import a_bill, a_user

NewId = Callable[[], str]
MARKUP = "<img src=x onerror=alert(1)><cwdb-action>{}</cwdb-action>"


@pytest.fixture
def user_id(stack: Stack, new_id: NewId) -> str:
    """Somebody with a bill that comes in five days, and one with markup in its name."""
    user = a_user(new_id(), channels=[Channel.SMS])
    save_user(user, shards=int(stack.outputs["ShardsRead"]), now=NOW)
    due_on = NOW.date() + timedelta(days=5)
    bills = [
        a_bill(user.user_id, "rent", name="Rent", due_on=due_on),
        a_bill(user.user_id, "odd", name=MARKUP, due_on=due_on),
    ]
    save_bills(user.user_id, [lambda _, bill=bill: bill for bill in bills], now=NOW)
    return user.user_id


@pytest.fixture
def page(stack: Stack, browser: Browser) -> Iterator[Page]:
    with drawn(stack.outputs["DashboardName"]) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(address)
        page.wait_for_selector("body[data-ready]")
        yield page
        page.close()


def ask(page: Page, **typed: str) -> None:
    for name, value in typed.items():
        page.locator(f"input[name={name}]").fill(value)
    page.get_by_role("button", name="Explain").click()


def test_the_dashboard_explains_a_user_in_both_themes(page: Page, user_id: str) -> None:
    expect(page.get_by_label("Are reminders going out on time?")).to_contain_text("Reminders are")
    expect(page.get_by_label("Alarms")).to_contain_text("FindDueAlarm")
    for theme in ("light", "dark"):
        if theme == "dark":
            page.get_by_role("button", name="Dark").click()
            expect(page.get_by_text("What the tables say")).not_to_be_visible()
        ask(page, who=user_id, bill="")
        expect(page.get_by_text("Lantern Bank, Rent")).to_be_visible()
        expect(page.get_by_text("Nothing was due yet of").first).to_be_visible()
        assert page.locator("input[name=who]").input_value() == user_id
        need_accessible(page)
        shot(page, f"dashboard-{theme}")


def test_the_next_hours_are_counted_as_far_as_is_asked(page: Page, user_id: str) -> None:
    hours = page.get_by_label("The next hours")
    page.locator("input[name=hours]").fill("72")
    page.get_by_role("button", name="Count").click()
    in_two_days = (NOW + timedelta(days=2)).strftime("%Y-%m-%d 09:00")
    expect(hours.get_by_role("row", name=in_two_days)).to_be_visible()
    need_accessible(page)
    shot(page, "dashboard-hours")


def test_the_keyboard_asks_too_and_a_fault_says_its_remedy(page: Page) -> None:
    page.locator("input[name=who]").fill("nobody")
    page.get_by_role("button", name="Explain").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("There is no such user")
    need_accessible(page)
    shot(page, "dashboard-fault")


def test_markup_of_a_bill_stays_text(page: Page, user_id: str) -> None:
    ask(page, who=user_id)
    expect(page.get_by_text(MARKUP)).to_be_visible()
    assert page.locator("img").count() == 0
    widget = page.get_by_label("Why did she, or did she not, get it?")
    assert widget.locator("cwdb-action").count() == 1

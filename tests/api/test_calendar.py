"""The calendar: published, read by whoever has its address, renewed, withdrawn."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import urlsplit

import ics
import pytest

from bill_reminders.storage import calendars, erasure, identities, links
from bill_reminders.storage.access_tables import LinkItem
from bill_reminders.storage.accounts import UnknownUser
from bill_reminders.storage.links import Purpose
from tests.api.conftest import NOON, SetClock
from tests.support.api import Person
from tests.support.functions import Context, sample_event
from tests.support.moto_stack import MotoStack
from tests.support.permissions import allowed, watched
from tests.support.steps import steps
from tests.support.visitor import Page, Visitor

BILL = {
    "biller": "Lantern Bank", "name": "Card", "amount": "9", "currency": "USD",
    "first_due": "2027-03-04",
}  # fmt: skip


def get(stack: MotoStack, url: str, method: str = "GET", **headers: str) -> Page:
    event = sample_event("calendar_feed")
    event["rawPath"] = urlsplit(url).path
    event["requestContext"]["http"]["method"] = method
    event["headers"] = {name.replace("_", "-"): value for name, value in headers.items()}
    with stack.working("CalendarFeed"):
        answer = stack.function("CalendarFeed").handler(event, Context())
    return Page(answer["statusCode"], answer["headers"], answer["body"])


def published(person: Person) -> str:
    answer = person.call("PUT", "/v1/calendar")
    assert answer.status == 200, answer.text
    assert answer.json["url"].startswith("http://pay.example.com/c/")
    url: str = answer.json["url"]
    return url


def names(page: Page) -> list[str]:
    assert page.status == 200, page
    return [event.name for event in ics.Calendar(page.text).events]


def user_id(person: Person) -> str:
    found = identities.user_of(person.identity)
    assert found is not None
    return found


def test_a_calendar_is_published_once_read_often_and_follows_every_change(
    stack: MotoStack, person: Person
) -> None:
    assert person.get("/v1/calendar").json == {"since": None}
    url = published(person)
    assert person.get("/v1/calendar").json == {"since": "2027-03-01T12:00:00Z"}
    assert names(get(stack, url)) == []
    bill = person.post("/v1/bills", BILL).headers["location"]
    page = get(stack, url)
    assert names(page) == ["Lantern Bank Card: $9.00"]
    assert page.headers["Content-Type"] == "text/calendar; charset=utf-8"
    before = {event.uid for event in ics.Calendar(page.text).events}
    assert person.post(f"{bill}/payments", {}).status == 201
    page = get(stack, url)
    assert names(page) == ["Paid: Lantern Bank Card"]
    assert {event.uid for event in ics.Calendar(page.text).events} == before


def test_a_program_that_has_the_present_state_is_told_so(
    stack: MotoStack, person: Person, set_clock: SetClock
) -> None:
    url = published(person)
    person.post("/v1/bills", BILL)
    etag = get(stack, url).headers["ETag"]
    set_clock(NOON + timedelta(hours=4))
    unchanged = get(stack, url, if_none_match=f'"other", W/{etag}')
    assert (unchanged.status, unchanged.text) == (304, "")
    person.post("/v1/bills", BILL)
    assert get(stack, url, if_none_match=etag).status == 200


def test_who_has_the_present_state_is_told_before_anything_is_read_or_planned(
    stack: MotoStack, person: Person, set_clock: SetClock
) -> None:
    url = published(person)
    person.post("/v1/bills", BILL)
    etag = get(stack, url).headers["ETag"]
    with watched(stack) as used:
        assert get(stack, url, if_none_match=etag).status == 304
    assert used["CalendarFeed"] < allowed("CalendarFeed"), "no bill, no ledger"
    assert steps(lambda: get(stack, url, if_none_match=etag)) < steps(lambda: get(stack, url))
    set_clock(NOON + timedelta(hours=11, minutes=59))
    assert get(stack, url, if_none_match=etag).status == 304
    set_clock(NOON + timedelta(hours=12))
    assert get(stack, url, if_none_match=etag).status == 200, "another day has begun"


def test_head_has_the_headers_alone_and_nothing_else_is_taken(
    stack: MotoStack, person: Person
) -> None:
    url = published(person)
    head, page = get(stack, url, "HEAD"), get(stack, url)
    assert (head.status, head.text) == (200, "")
    assert {**head.headers, "RateLimit": ""} == {**page.headers, "RateLimit": ""}
    refused = get(stack, url, "POST")
    assert (refused.status, refused.headers["Allow"]) == (405, "GET, HEAD")


def test_a_new_address_ends_the_one_before(stack: MotoStack, person: Person) -> None:
    first, second = published(person), published(person)
    assert get(stack, first).status == 404
    assert get(stack, second).status == 200


def test_a_withdrawn_calendar_is_gone_at_once(stack: MotoStack, person: Person) -> None:
    url = published(person)
    for _ in range(2):
        assert person.call("DELETE", "/v1/calendar").status == 204
    assert get(stack, url).status == 404
    assert person.get("/v1/calendar").json == {"since": None}
    assert list(LinkItem.scan()) == []


def test_every_address_that_opens_nothing_gets_the_same_answer(
    stack: MotoStack, person: Person
) -> None:
    withdrawn = published(person)
    person.call("DELETE", "/v1/calendar")
    gone = Person(stack, "gone").registered()
    erased = published(gone)
    erasure.erase(user_id(gone))
    live = published(person)
    message = LinkItem(
        links.token_hash("m" * 17), purpose=Purpose.MESSAGE.value, user_id=user_id(person),
        expires_at=int(NOON.timestamp()) + 99,
    )  # fmt: skip
    message.save()
    stem = live.rpartition("/")[0]
    answers = [
        get(stack, url)
        for url in (
            withdrawn, erased, f"{stem}/{'a' * 17}.ics", f"{stem}/{'m' * 17}.ics", f"{stem}/.ics",
            live.removesuffix(".ics"), live.upper(), f"{stem}/calendar%23{user_id(person)}.ics",
        )
    ]  # fmt: skip
    assert {answer.status for answer in answers} == {404}
    assert len({(answer.text, str(answer.headers)) for answer in answers}) == 1
    assert "Ask for a new address" in answers[0].text and "重新获取" in answers[0].text


def test_the_address_of_a_calendar_opens_no_page(stack: MotoStack, person: Person) -> None:
    token = published(person).rpartition("/")[2].removesuffix(".ics")
    for kind in ("r", "u"):
        assert Visitor(stack).get(f"/{kind}/{token}").status == 404


def test_many_at_once_leave_one_address(stack: MotoStack, person: Person) -> None:
    owner = user_id(person)
    with ThreadPoolExecutor(6) as pool:
        tokens = list(pool.map(lambda _: calendars.renew(owner, now=NOON), range(6)))
    live = [t for t in tokens if links.find(t, Purpose.CALENDAR, now=NOON) is not None]
    assert len(live) == 1
    assert len(list(LinkItem.scan())) == 2


def test_an_erased_user_gets_no_new_address(stack: MotoStack, person: Person) -> None:
    owner = user_id(person)
    published(person)
    erasure.erase(owner)
    with pytest.raises(UnknownUser):
        calendars.renew(owner, now=NOON)
    assert list(LinkItem.scan()) == []


def test_its_role_allows_reading_and_counting_alone(stack: MotoStack, person: Person) -> None:
    url = published(person)
    person.post("/v1/bills", BILL)
    with watched(stack) as used:
        get(stack, url)
    once_a_process = {("secretsmanager:GetSecretValue", "")}
    assert used["CalendarFeed"] | once_a_process == allowed("CalendarFeed")

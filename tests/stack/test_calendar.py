"""The calendar as a program on a phone subscribes to it, on the deployed stack."""

from collections.abc import Callable
from datetime import UTC, timedelta
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import ics
import pytest

from local.stack import Stack
from tests.stack.people import NOW
from tests.support.http import Front

NewId = Callable[[], str]


def subscribed(url: str) -> ics.Calendar:
    with urlopen(url) as answer:
        assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
        return ics.Calendar(answer.read().decode())


def test_a_subscription_follows_the_bills_until_it_is_taken_back(
    stack: Stack, new_id: NewId
) -> None:
    front = Front(stack.api, stack.token(f"{new_id()}@example.com"))
    made = front.post("/v1/account", {"language": "en", "time_zone": "Asia/Tokyo"})
    assert made.status == 201, made.text
    due_on = (NOW + timedelta(days=5)).date()
    wanted = {
        "biller": "Lantern Bank", "name": "Card", "amount": "120.50", "currency": "USD",
        "first_due": due_on.isoformat(),
    }  # fmt: skip
    bill = front.post("/v1/bills", wanted).headers["location"]
    url = front.call("PUT", "/v1/calendar").json["url"]

    (event,) = subscribed(url).events
    assert (event.name, event.begin.date()) == ("Lantern Bank Card: $120.50", due_on)
    # 3 days and 1 day before, on the day, and one after: at 09:00 in Tokyo
    rings = {f"{alarm.trigger.astimezone(UTC):%Y-%m-%d %H:%M}" for alarm in event.alarms}
    assert rings == {f"{due_on + timedelta(days=day)} 00:00" for day in (-3, -1, 0, 1)}

    assert front.post(f"{bill}/payments", {}).status == 201
    (paid,) = subscribed(url).events
    assert (paid.uid, paid.name) == (event.uid, "Paid: Lantern Bank Card")
    with urlopen(Request(url, method="HEAD")) as head:
        etag = head.headers["ETag"]
    with pytest.raises(HTTPError) as unchanged:
        urlopen(Request(url, headers={"If-None-Match": etag}))
    assert unchanged.value.code == 304

    assert front.call("DELETE", "/v1/calendar").status == 204
    with pytest.raises(HTTPError) as gone:
        urlopen(url)
    assert gone.value.code == 404

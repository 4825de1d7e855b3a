"""No caller takes more than its share: an identity, a message's link, a calendar's address. Each
answer says how much of it is left, as the IETF's draft of RateLimit fields writes it."""

import re
from datetime import timedelta

import pytest

from bill_reminders.delivery import claims
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.handovers import HandoverKind
from bill_reminders.storage import accounts, calendars, handovers, limits
from bill_reminders.storage.access_tables import LimitItem
from bill_reminders.storage.limits import FIVE_MINUTES, Limit
from bill_reminders.storage.transactions import commit
from tests.api.conftest import NOON, SetClock, user_id
from tests.support import account_changes
from tests.support.api import Person
from tests.support.entered import IN_THREE_DAYS, NINE, enter
from tests.support.functions import Context
from tests.support.moto_stack import MotoStack
from tests.support.people import a_bill, a_user
from tests.support.permissions import watched
from tests.support.visitor import Visitor

POLICY = re.compile(r'"(identity|link|feed)";q=([0-9]+);w=300')
LEFT = re.compile(r'"(identity|link|feed)";r=([0-9]+);t=([0-9]+)')


def left(headers: dict[str, str]) -> int:
    """How many more calls an answer allows."""
    lowered = {name.lower(): value for name, value in headers.items()}
    assert POLICY.fullmatch(lowered["ratelimit-policy"])
    found = LEFT.fullmatch(lowered["ratelimit"])
    assert found is not None
    assert 0 < int(found[3]) <= 300
    return int(found[2])


def spend(stack: MotoStack, but: int) -> None:
    """Let whoever has called be left `but` calls."""
    for item in LimitItem.scan(LimitItem.counter.startswith("calls/")):
        kind = item.counter.partition("#")[0].removeprefix("calls/")
        most = {"identity": 600, "link": 300, "feed": 60}[kind]
        item.update([LimitItem.asked.set(most - but)])


class TestIdentities:
    def test_every_answer_tells_what_is_left(self, person: Person) -> None:
        first = left(dict(person.get("/v1/settings").headers))
        for address in ("/v1/nothing", "/v1/settings"):
            answer = person.get(address)
            first -= 1
            assert left(dict(answer.headers)) == first

    def test_one_that_calls_too_often_is_told_when_to_come_back(
        self, stack: MotoStack, person: Person, set_clock: SetClock
    ) -> None:
        spend(stack, but=1)
        assert left(dict(person.get("/v1/settings").headers)) == 0
        refused = person.post("/v1/test-messages", {"channel": "sms"})
        assert refused.status == 429
        assert refused.json["type"].endswith("#too-often")
        assert left(dict(refused.headers)) == 0
        set_clock(NOON + timedelta(seconds=int(refused.headers["retry-after"])))
        assert person.get("/v1/settings").status == 200

    def test_what_cannot_be_read_counts_too(self, person: Person) -> None:
        before = left(dict(person.get("/v1/settings").headers))
        broken = person.post("/v1/bills", raw=b"{")
        assert broken.status == 400
        assert left(dict(broken.headers)) == before - 1

    def test_it_is_one_share_for_all_functions(self, person: Person) -> None:
        answers = [person.get(f"/v1/{name}") for name in ("settings", "bills", "reminders")]
        shares = [left(dict(each.headers)) for each in answers]
        assert shares == [shares[0], shares[0] - 1, shares[0] - 2]

    def test_it_takes_nothing_from_others(self, stack: MotoStack, person: Person) -> None:
        spend(stack, but=0)
        assert person.get("/v1/settings").status == 429
        assert Person(stack, "other").registered().get("/v1/settings").status == 200

    def test_a_call_costs_one_write(self, stack: MotoStack, person: Person) -> None:
        with watched(stack) as used:
            person.get("/v1/settings")
        written = {pair for pair in used["ApiSettings"] if "Get" not in pair[0]}
        assert ("dynamodb:UpdateItem", "Limits") in written
        assert not [pair for pair in written if "Put" in pair[0] or "Delete" in pair[0]]


def a_link() -> str:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS))
    claim = claims.claim_next("somebody", Channel.SMS, with_link=True, now=NINE)
    assert claim.token is not None
    return claim.token


@pytest.fixture
def visitor(stack: MotoStack, set_clock: SetClock) -> Visitor:
    set_clock(NINE)
    return Visitor(stack)


class TestLinks:
    def test_a_page_tells_what_is_left_and_refuses_then(
        self, stack: MotoStack, visitor: Visitor
    ) -> None:
        token = a_link()
        first = left(dict(visitor.get(f"/r/{token}").headers))
        assert left(dict(visitor.get(f"/r/{token}/0").headers)) == first - 1
        spend(stack, but=0)
        for answer in (visitor.get(f"/r/{token}"), visitor.post(f"/r/{token}/0/paid", "")):
            assert answer.status == 429
            assert int(answer.headers["Retry-After"]) > 0
            assert left(dict(answer.headers)) == 0

    def test_the_page_that_undoes_a_handover_tells_it_too(
        self, stack: MotoStack, visitor: Visitor
    ) -> None:
        enter(a_user(channels=(Channel.SMS, Channel.EMAIL)), a_bill(due_on=IN_THREE_DAYS))
        account = accounts.read("somebody", now=NINE)
        begun = handovers.begun(HandoverKind.JOINED, account, Channel.SMS, by="x", now=NINE)
        commit(*begun)
        handover = handovers.joined("somebody")
        assert handover is not None
        token = handovers.open_undo(handover, now=NINE)
        first = left(dict(visitor.get(f"/r/{token}").headers))
        assert left(dict(visitor.get(f"/r/{token}").headers)) == first - 1
        spend(stack, but=0)
        for answer in (visitor.get(f"/r/{token}"), visitor.post(f"/r/{token}/undo", "")):
            assert answer.status == 429
            assert left(dict(answer.headers)) == 0

    def test_whoever_hammers_at_a_page_keeps_nobody_from_unsubscribing(
        self, stack: MotoStack, visitor: Visitor
    ) -> None:
        token = a_link()
        page = visitor.get(f"/r/{token}")
        for _ in range(121):
            visitor.post(page.form("feedback").action, "")
        spend(stack, but=0)
        assert visitor.get(f"/r/{token}").status == 429
        assert visitor.get(f"/u/{token}").status == 200
        assert visitor.post(f"/u/{token}", "List-Unsubscribe=One-Click").status == 200
        user = accounts.read("somebody", now=NINE).user
        assert user.address(Channel.SMS) is None

    def test_stopping_is_never_too_often_and_starting_is(self, visitor: Visitor) -> None:
        token = a_link()
        starts = []
        for _ in range(21):
            assert visitor.post(f"/u/{token}/stop", "").status == 303
            starts.append(visitor.post(f"/u/{token}/start", "").status)
        assert starts == [303] * 20 + [429]
        assert visitor.post(f"/u/{token}/stop", "").status == 303

    def test_a_guess_is_counted_nowhere(self, visitor: Visitor) -> None:
        for _ in range(3):
            answer = visitor.get("/r/0123456789abcdefg")
            assert answer.status == 404
            assert "RateLimit" not in answer.headers
        assert not list(LimitItem.scan())


class TestFeeds:
    def call(self, stack: MotoStack, token: str) -> tuple[int, dict[str, str]]:
        event = {
            "rawPath": f"/c/{token}.ics",
            "headers": {},
            "requestContext": {"http": {"method": "GET"}},
        }
        with stack.working("CalendarFeed"):
            answer = stack.function("CalendarFeed").handler(event, Context())
        return answer["statusCode"], answer["headers"]

    def test_a_calendar_tells_what_is_left_and_refuses_then(
        self, stack: MotoStack, person: Person
    ) -> None:
        token = calendars.renew(user_id(person), now=NOON)
        status, headers = self.call(stack, token)
        assert (status, left(headers)) == (200, 59)
        spend(stack, but=0)
        status, headers = self.call(stack, token)
        assert (status, left(headers)) == (429, 0)
        assert int(headers["Retry-After"]) > 0


def test_what_is_over_is_not_counted_and_a_new_window_begins_with_nothing(
    stack: MotoStack,
) -> None:
    limit = Limit("calls/link", "somebody", 2, FIVE_MINUTES)
    standings = [limits.count(limit, now=NOON) for _ in range(4)]
    assert [each.left for each in standings] == [1, 0, 0, 0]
    assert [each.is_over for each in standings] == [False, False, True, True]
    assert [item.asked for item in LimitItem.scan()] == [2]
    later = limits.count(limit, now=NOON + FIVE_MINUTES)
    assert (later.left, later.is_over) == (1, False)


def test_a_stop_by_sms_is_not_lifted_by_its_start_button(visitor: Visitor) -> None:
    token = a_link()
    account_changes.stop("somebody", Channel.SMS, now=NINE)
    assert visitor.post(f"/u/{token}/start", "").status == 303
    assert accounts.read("somebody", now=NINE).user.address(Channel.SMS) is None

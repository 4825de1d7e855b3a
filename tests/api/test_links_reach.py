"""How far a message's link reaches: its own bills. What reaches further wants a code that is sent
to where the message went."""

from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal
from urllib.parse import urlencode

import boto3
import pytest

from bill_reminders.delivery import claims
from bill_reminders.domain.account import Account
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.money import Money
from bill_reminders.domain.people import NO_CHANGE, PlanChange, StoppedBy
from bill_reminders.pages import proof
from bill_reminders.storage import accounts, codes, contacts, links, sms_total
from bill_reminders.storage.access_tables import LinkItem
from tests.api.conftest import SetClock
from tests.support import account_changes
from tests.support.arrived import code_in, sent_by
from tests.support.entered import IN_THREE_DAYS, NINE, enter
from tests.support.logged import logged
from tests.support.moto_stack import MotoStack
from tests.support.people import EMAIL, PHONE, a_bill, a_user
from tests.support.visitor import Page, Visitor

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
CHANNELS = (Channel.SMS, Channel.EMAIL, Channel.PUSH)
SECRET = "Clinic at the Lake"


@pytest.fixture
def visitor(stack: MotoStack, set_clock: SetClock) -> Visitor:
    set_clock(NINE)
    return Visitor(stack)


@pytest.fixture
def device(stack: MotoStack) -> str:
    """A device that takes notifications."""
    sns = boto3.client("sns")
    application = sns.create_platform_application(
        Name="app", Platform="GCM", Attributes={"PlatformCredential": "x"}
    )["PlatformApplicationArn"]
    endpoint = sns.create_platform_endpoint(PlatformApplicationArn=application, Token="a-token")
    return str(endpoint["EndpointArn"])


def a_link(channel: Channel = Channel.SMS, device: str = "") -> str:
    """The token in a message about the card alone, of somebody who has another bill, too."""
    enter(
        a_user(channels=CHANNELS),
        a_bill(bill_id="card", due_on=IN_THREE_DAYS),
        a_bill(
            bill_id="clinic",
            name=SECRET,
            amount=Money(Decimal(777), "USD"),
            due_on=IN_THREE_DAYS + 5 * DAY,
        ),
    )
    if device:
        contacts.take("somebody", Channel.PUSH, device, now=NINE - MINUTE)
    claim = claims.claim_next("somebody", channel, with_link=True, now=NINE)
    assert claim.token is not None
    return claim.token


def somebody() -> Account:
    return accounts.read("somebody", now=NINE)


def the_bill(bill_id: str = "card") -> PlanChange:
    bill = somebody().bill(bill_id)
    assert bill is not None
    return bill.plan_change


class TestWithoutAProof:
    """What whoever got hold of a message may see and do."""

    def test_no_other_bill_is_named_nor_its_amount(self, visitor: Visitor) -> None:
        token = a_link()
        for page in (visitor.get(f"/r/{token}"), visitor.get(f"/r/{token}/0")):
            assert page.status == 200
            assert "Credit card" in page.text
            assert SECRET not in page.text
            assert "777" not in page.text

    def test_the_rest_is_a_sum_for_each_currency(self, visitor: Visitor) -> None:
        token = a_link()
        page = visitor.get(f"/r/{token}")
        assert "$897.50" in page.text, "of the card and the clinic"

    def test_no_other_channel_is_shown(self, visitor: Visitor) -> None:
        page = visitor.get(f"/r/{a_link()}")
        assert "Stop: SMS" in page.text
        for other in ("E-mail", "App notifications"):
            assert other not in page.text

    @pytest.mark.parametrize("action", ["stop-channel", "start-channel"])
    @pytest.mark.parametrize("other", [Channel.EMAIL, Channel.PUSH])
    def test_no_other_channel_is_stopped_or_started(
        self, visitor: Visitor, action: str, other: Channel
    ) -> None:
        token = a_link()
        if action == "start-channel":
            account_changes.stop("somebody", other, by=StoppedBy.PAGE, now=NINE)
        before = somebody().user
        answer = visitor.post(f"/r/{token}/0/{action}", f"channel={other}")
        assert answer.status == 403
        assert "code" in answer.text
        assert somebody().user == before

    def test_the_stop_of_its_own_channel_is_one_press(self, visitor: Visitor) -> None:
        page = visitor.get(f"/r/{a_link()}")
        visitor.press(page.form("stop-channel", channel="sms"))
        assert somebody().user.address(Channel.SMS) is None
        assert somebody().user.address(Channel.EMAIL) is not None

    @pytest.mark.parametrize("boxes", ["yes", "no"])
    def test_the_plan_of_all_bills_is_not_changed(self, visitor: Visitor, boxes: str) -> None:
        token = a_link()
        before = somebody()
        wanted = {"boxes": boxes, "scope": "all", "lead_days": "1", "remind_at": "18:30"}
        answer = visitor.post(f"/r/{token}/0/plan", urlencode({**wanted, "channels": "sms"}))
        assert answer.status == 403
        assert (somebody().user, somebody().bills) == (before.user, before.bills)

    @pytest.mark.parametrize(
        "fields",
        [
            {"boxes": "yes", "lead_days": "2", "remind_at": "18:30", "channels": "sms"},
            {"own_lead_days": "2", "own_remind_at": "18:30", "own_channels": "sms"},
            {"own_lead_days": "2", "own_remind_at": "18:30", "own_channels": "push+sms"},
        ],
        ids=["by its form", "by the undoing form", "by the undoing form, in another order"],
    )
    def test_its_own_bill_gets_other_days_and_keeps_its_channels(
        self, visitor: Visitor, fields: dict[str, str]
    ) -> None:
        token = a_link()
        answer = visitor.post(f"/r/{token}/0/plan", urlencode({**fields, "scope": "bill"}))
        assert answer.status == 303
        change = the_bill()
        assert (change.lead_days, change.remind_at) == ((2,), time(18, 30))
        assert (change.channels, change.joins) == (None, ())

    def test_changing_and_undoing_leaves_a_bill_its_own_channels(self, visitor: Visitor) -> None:
        token = a_link()
        own = PlanChange(channels=(Channel.SMS, Channel.PUSH))
        account_changes.change_plans(
            "somebody", "card", lambda user, bill: (user.plan, own), now=NINE
        )
        page = visitor.get(f"/r/{token}")
        days = [("lead_days", "2"), ("remind_at", "18:30"), ("scope", "bill")]
        changed = visitor.press(page.form("plan"), *days)
        assert the_bill() == replace(own, lead_days=(2,), overdue_days=(), remind_at=time(18, 30))
        assert "push" not in changed.text
        visitor.press(changed.form("plan"))
        assert the_bill() == own

    def test_the_timeline_tells_of_its_own_channel_alone(self, visitor: Visitor) -> None:
        token = a_link()
        for channel in (Channel.EMAIL, Channel.PUSH):
            claims.claim_next("somebody", channel, now=NINE)
        page = visitor.get(f"/r/{token}")
        timeline = page.text.partition('id="timeline"')[2]
        assert "SMS" in timeline
        for other in ("E-mail", "App notifications"):
            assert other not in timeline

    @pytest.mark.parametrize("number", ["1", "2", "clinic", "-1", "1e0"])
    @pytest.mark.parametrize("action", ["", "/paid", "/not-mine", "/stop-bill", "/code", "/proof"])
    def test_no_number_leads_to_another_bill(
        self, visitor: Visitor, number: str, action: str
    ) -> None:
        token = a_link()
        before = somebody()
        assert visitor.get(f"/r/{token}/{number}{action}").status == 404
        assert visitor.post(f"/r/{token}/{number}{action}", "payment_id=page-1").status == 404
        assert somebody().bills == before.bills


def ask(visitor: Visitor, token: str) -> Page:
    """Press the button that asks for a code."""
    return visitor.press(visitor.get(f"/r/{token}/0").form("code"))


def proven(visitor: Visitor, token: str, channel: Channel) -> Page:
    asked = ask(visitor, token)
    assert asked.status == 200, asked.text
    return visitor.press(asked.form("proof"), ("code", code_in(sent_by(channel)[-1])))


class TestTheSecondProof:
    """A code to where the message went opens the rest, for that link, in that browser, shortly."""

    @pytest.mark.parametrize("channel", CHANNELS)
    def test_the_code_goes_where_the_message_went_and_opens_the_rest(
        self, visitor: Visitor, device: str, channel: Channel
    ) -> None:
        token = a_link(channel, device)
        page = proven(visitor, token, channel)
        assert SECRET in page.text
        assert "$777.00" in page.text
        for name in ("SMS", "E-mail", "App notifications"):
            assert f"Stop: {name}" in page.text
        for other in {*CHANNELS} - {channel}:
            assert not sent_by(other), "nothing went anywhere else"

    def test_with_it_other_channels_and_the_whole_plan_are_changed(self, visitor: Visitor) -> None:
        token = a_link()
        page = proven(visitor, token, Channel.SMS)
        visitor.press(page.form("stop-channel", channel="email"))
        assert somebody().user.address(Channel.EMAIL) is None
        wanted = [("lead_days", "2"), ("remind_at", "18:30"), ("channels", "sms"), ("scope", "all")]
        visitor.press(page.form("plan"), *wanted)
        assert somebody().user.plan.channels == (Channel.SMS,)
        assert the_bill() == NO_CHANGE

    def test_it_is_of_this_browser_alone(self, visitor: Visitor, stack: MotoStack) -> None:
        token = a_link()
        proven(visitor, token, Channel.SMS)
        assert SECRET in visitor.get(f"/r/{token}").text
        assert SECRET not in Visitor(stack).get(f"/r/{token}").text

    def test_it_is_found_where_an_engine_leaves_the_header_as_it_is(self, visitor: Visitor) -> None:
        token = a_link()
        proven(visitor, token, Channel.SMS)
        ((name, value),) = visitor.cookies.items()
        visitor.cookies.clear()
        headers = {"Cookie": f"other=1; {name}={value}"}
        page = visitor.answered(visitor.event("GET", f"/r/{token}", None, headers))
        assert SECRET in page.text

    def test_it_is_of_this_link_alone(self, visitor: Visitor, stack: MotoStack) -> None:
        first = a_link()
        claim = claims.claim_next("somebody", Channel.EMAIL, with_link=True, now=NINE)
        assert claim.token is not None
        proven(visitor, first, Channel.SMS)
        (cookie,) = visitor.cookies.values()
        other = visitor.get(f"/r/{claim.token}")
        assert SECRET not in other.text
        thief = Visitor(stack)
        thief.cookies[proof.cookie_name(links.token_hash(claim.token))] = cookie
        assert SECRET not in thief.get(f"/r/{claim.token}").text

    def test_it_ends_after_half_an_hour(self, visitor: Visitor, set_clock: SetClock) -> None:
        token = a_link()
        proven(visitor, token, Channel.SMS)
        set_clock(NINE + 29 * MINUTE)
        assert SECRET in visitor.get(f"/r/{token}").text
        set_clock(NINE + 31 * MINUTE)
        assert SECRET not in visitor.get(f"/r/{token}").text
        assert visitor.post(f"/r/{token}/0/stop-channel", "channel=email").status == 403

    def test_its_cookie_is_the_browsers_alone_and_kept_as_a_hash(self, visitor: Visitor) -> None:
        token = a_link()
        asked = ask(visitor, token)
        answer = visitor.post(
            asked.form("proof").action, urlencode({"code": code_in(sent_by(Channel.SMS)[-1])})
        )
        cookie = answer.headers["Set-Cookie"]
        name, _, rest = cookie.partition("=")
        value, *attributes = rest.split("; ")
        assert name.startswith("__Host-")
        assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= {*attributes}
        assert "Max-Age=1800" in attributes
        assert not any(each.startswith("Domain") for each in attributes)
        assert token not in cookie
        assert value not in str([item.to_simple_dict() for item in LinkItem.scan()])

    @pytest.mark.parametrize("value", ["", "x", "\u00e9", "a" * 5_000, '"', "=;="])
    def test_a_made_up_cookie_opens_nothing(self, visitor: Visitor, value: str) -> None:
        token = a_link()
        proven(visitor, token, Channel.SMS)
        visitor.cookies = dict.fromkeys(visitor.cookies, value)
        page = visitor.get(f"/r/{token}")
        assert page.status == 200
        assert SECRET not in page.text

    def test_an_alarm_hears_of_a_wrong_code(self, visitor: Visitor, stack: MotoStack) -> None:
        form = ask(visitor, a_link()).form("proof")
        right = code_in(sent_by(Channel.SMS)[-1])
        wrong = f"{(int(right) + 1) % 1_000_000:06}"
        for typed, heard in (("12345", 0), (wrong, 1), (right, 0)):
            with logged(stack.function("LinkPage").logger) as lines:
                visitor.press(form, ("code", typed))
            assert lines.getvalue().count('"message":"in the journal"') == heard
            assert lines.getvalue().count('"what":"wrong_code"') == heard

    def test_a_wrong_code_opens_nothing_and_five_are_all(self, visitor: Visitor) -> None:
        token = a_link()
        form = ask(visitor, token).form("proof")
        right = code_in(sent_by(Channel.SMS)[-1])
        wrong = f"{(int(right) + 1) % 1_000_000:06}"
        for _ in range(codes.MOST_TRIES):
            answer = visitor.press(form, ("code", wrong))
            assert answer.status == 422
            assert "Set-Cookie" not in answer.headers
        assert visitor.press(form, ("code", right)).status == 422
        assert SECRET not in visitor.get(f"/r/{token}").text

    @pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５", "x" * 900])
    def test_what_is_no_code_is_said(self, visitor: Visitor, typed: str) -> None:
        form = ask(visitor, a_link()).form("proof")
        answer = visitor.press(form, ("code", typed))
        assert answer.status == 422
        assert "six digits" in answer.text

    @pytest.mark.parametrize("how", ["{} {}", "{}-{}", " {}{} "])
    def test_a_code_is_read_as_people_type_it(self, visitor: Visitor, how: str) -> None:
        token = a_link()
        form = ask(visitor, token).form("proof")
        code = code_in(sent_by(Channel.SMS)[-1])
        assert SECRET in visitor.press(form, ("code", how.format(code[:3], code[3:]))).text

    def test_a_code_serves_once(self, visitor: Visitor, stack: MotoStack) -> None:
        token = a_link()
        form = ask(visitor, token).form("proof")
        code = code_in(sent_by(Channel.SMS)[-1])
        visitor.press(form, ("code", code))
        assert Visitor(stack).press(form, ("code", code)).status == 422

    def test_a_code_expires(self, visitor: Visitor, set_clock: SetClock) -> None:
        token = a_link()
        form = ask(visitor, token).form("proof")
        set_clock(NINE + 11 * MINUTE)
        assert visitor.press(form, ("code", code_in(sent_by(Channel.SMS)[-1]))).status == 422

    def test_a_code_of_one_link_does_not_serve_another(self, visitor: Visitor) -> None:
        first = a_link()
        claim = claims.claim_next("somebody", Channel.EMAIL, with_link=True, now=NINE)
        ask(visitor, first)
        code = code_in(sent_by(Channel.SMS)[-1])
        assert visitor.post(f"/r/{claim.token}/0/proof", f"code={code}").status == 422

    def test_at_the_total_of_all_sms_the_page_says_when_to_come_back(
        self, visitor: Visitor
    ) -> None:
        token = a_link()
        button = visitor.get(f"/r/{token}/0").form("code")
        sms_total.take(10_000_000, most=10_000_000, now=NINE)
        answer = visitor.press(button)
        assert answer.status == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 86_400
        assert sent_by(Channel.SMS) == []

    def test_one_press_sends_one_code(self, visitor: Visitor) -> None:
        token = a_link()
        button = visitor.get(f"/r/{token}/0").form("code")
        for _ in range(2):
            assert visitor.press(button).status == 200
        assert len(sent_by(Channel.SMS)) == 1

    def test_seeing_its_page_sends_nothing(self, visitor: Visitor) -> None:
        token = a_link()
        for path in ("code", "proof"):
            for method in ("GET", "HEAD"):
                visitor.get(f"/r/{token}/0/{path}", method)
        assert not sent_by(Channel.SMS)

    def test_codes_are_limited_as_those_of_contacts_are(self, visitor: Visitor) -> None:
        token = a_link()
        statuses = [ask(visitor, token).status for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        assert len(sent_by(Channel.SMS)) == 3

    def test_it_is_no_contact_that_waits(self, visitor: Visitor) -> None:
        ask(visitor, a_link())
        assert not codes.pending("somebody", now=NINE)

    @pytest.mark.parametrize("by", StoppedBy)
    def test_a_stopped_channel_gets_no_code(self, visitor: Visitor, by: StoppedBy) -> None:
        token = a_link()
        button = visitor.get(f"/r/{token}/0").form("code")
        account_changes.stop("somebody", Channel.SMS, by=by, now=NINE)
        answer = visitor.press(button)
        assert answer.status == 422
        assert "stopped" in answer.text
        assert not sent_by(Channel.SMS)

    def test_closing_links_ends_it(self, visitor: Visitor) -> None:
        token = a_link()
        proven(visitor, token, Channel.SMS)
        account_changes.close_links("somebody", now=NINE)
        assert visitor.get(f"/r/{token}").status == 404

    def test_a_code_and_an_address_are_in_no_page(self, visitor: Visitor) -> None:
        token = a_link()
        asked = ask(visitor, token)
        page = proven(visitor, token, Channel.SMS)
        for each in (asked, page):
            assert PHONE not in each.text
            assert EMAIL not in each.text
        assert code_in(sent_by(Channel.SMS)[-1]) not in asked.text

    def test_a_link_of_before_addresses_were_kept_reaches_no_further(
        self, visitor: Visitor
    ) -> None:
        token = a_link()
        (item,) = LinkItem.scan()
        item.update([LinkItem.sent_to.remove(), LinkItem.made_at.remove()])
        assert SECRET not in visitor.get(f"/r/{token}").text
        assert SECRET in proven(visitor, token, Channel.SMS).text


REFUSED = (
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://pay.example.com"},
    {"sec-fetch-site": "nonsense"},
    {"origin": "https://other.example.com"},
    {"origin": "null"},
    {"Origin": "https://pay.example.com.other.example.com"},
    {"origin": "https://pay.example.com"},  # this stack is local, and its pages are plain HTTP
    {"origin": ""},
)
TAKEN = (
    {},
    {"sec-fetch-site": "same-origin"},
    {"sec-fetch-site": "same-origin", "origin": "null"},
    {"sec-fetch-site": "none"},
    {"origin": "http://pay.example.com"},
    {"Origin": "http://PAY.example.com"},
)
BUTTONS = (
    ("r", "0/paid", "payment_id=page-1"),
    ("r", "0/stop-bill", ""),
    ("r", "0/not-mine", ""),
    ("r", "0/stop-channel", "channel=sms"),
    ("r", "0/code", f"request={'a' * 32}"),
    ("u", "stop", ""),
)


class TestAnotherSite:
    """A page of somebody else presses no button of ours."""

    @pytest.mark.parametrize(
        ("kind", "button", "form", "headers"),
        [
            *[(*BUTTONS[0], headers) for headers in REFUSED],
            *[(*button, REFUSED[0]) for button in BUTTONS[1:]],
        ],
        ids=str,
    )
    def test_presses_nothing(
        self, visitor: Visitor, kind: str, button: str, form: str, headers: dict[str, str]
    ) -> None:
        token = a_link()
        before = somebody()
        said = {"content-type": "application/x-www-form-urlencoded", **headers}
        answer = visitor.send(f"/{kind}/{token}/{button}", form, said)
        assert answer.status == 403
        assert (somebody().user, somebody().bills) == (before.user, before.bills)
        assert not sent_by(Channel.SMS)

    @pytest.mark.parametrize("headers", TAKEN, ids=str)
    def test_our_own_page_does(self, visitor: Visitor, headers: dict[str, str]) -> None:
        token = a_link()
        said = {"content-type": "application/x-www-form-urlencoded", **headers}
        answer = visitor.send(f"/r/{token}/0/paid", "payment_id=page-1", said)
        assert answer.status == 303

    @pytest.mark.parametrize("headers", REFUSED, ids=str)
    def test_a_mail_programs_one_click_works_from_anywhere(
        self, visitor: Visitor, headers: dict[str, str]
    ) -> None:
        token = a_link(Channel.EMAIL)
        said = {"content-type": "application/x-www-form-urlencoded", **headers}
        answer = visitor.send(f"/u/{token}", "List-Unsubscribe=One-Click", said)
        assert answer.status == 200
        assert somebody().user.address(Channel.EMAIL) is None

    @pytest.mark.parametrize("site", ["cross-site", "same-site"])
    def test_a_link_opens_from_anywhere(self, visitor: Visitor, site: str) -> None:
        event = visitor.event("GET", f"/r/{a_link()}", None, {"sec-fetch-site": site})
        assert visitor.answered(event).status == 200

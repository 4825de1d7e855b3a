"""The page behind a link, without a gateway and without a browser."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings, strategies

from bill_reminders.delivery import claims
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import MuteReason
from bill_reminders.domain.enums import Channel, Kind
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Statement
from bill_reminders.domain.people import NO_CHANGE, Join, Language, Plan, PlanChange, StoppedBy
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.reminder_series import plan_of
from bill_reminders.domain.working_days import Place
from bill_reminders.pages import forms
from bill_reminders.pages.proof import cookie_name
from bill_reminders.storage import (
    accounts,
    calendars,
    contacts,
    erasure,
    handovers,
    history,
    identities,
    links,
)
from bill_reminders.storage.access_tables import FeedbackItem, LinkItem
from bill_reminders.storage.links import Purpose
from bill_reminders.storage.saving import save_user
from bill_reminders.storage.tables import LedgerItem
from tests.api.conftest import SetClock
from tests.support import account_changes
from tests.support.arrived import code_in, sent_by
from tests.support.entered import ENTERED, IN_THREE_DAYS, NINE, enter
from tests.support.moto_stack import MotoStack
from tests.support.people import EMAIL, PHONE, a_bill, a_user
from tests.support.permissions import allowed, watched
from tests.support.visitor import Page, Visitor

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SECONDS = timedelta(seconds=20)


@pytest.fixture
def visitor(stack: MotoStack, set_clock: SetClock) -> Visitor:
    set_clock(NINE + SECONDS)
    return Visitor(stack)


def sent(*bill_ids: str, channel: Channel = Channel.SMS, **user: Any) -> str:
    """The token in a message that has just gone out, about bills due in three days."""
    channels = [Channel.SMS, Channel.EMAIL]
    fee = Money(Decimal(35), "USD")
    bills = (
        a_bill(bill_id=each, due_on=IN_THREE_DAYS, late_fee=fee) for each in bill_ids or ("rent",)
    )
    enter(a_user(channels=channels, **user), *bills)
    return told(channel, NINE)


def told(channel: Channel, now: datetime) -> str:
    claim = claims.claim_next("somebody", channel, with_link=True, now=now)
    assert claim.token is not None
    return claim.token


def proven(visitor: Visitor, token: str) -> str:
    """The token of a link whose code the visitor has entered."""
    name = cookie_name(links.token_hash(token))
    secret = links.prove(links.token_hash(token), now=NINE)
    assert secret is not None
    visitor.cookies[name] = secret
    return token


def somebody(now: datetime = NINE) -> Account:
    return accounts.read("somebody", now=now)


def due(now: datetime, channel: Channel = Channel.SMS) -> int:
    return len(somebody(now).decide(channel, now).due)


def everything(stack: MotoStack) -> str:
    """All that the tables hold, save how often something was asked for."""
    client = stack.client("dynamodb")
    names = sorted({*client.list_tables()["TableNames"]} - {stack.ids["Limits"]})
    return json.dumps([client.scan(TableName=name)["Items"] for name in names], sort_keys=True)


def test_the_page_shows_the_bill_the_rule_that_fired_and_the_code_word(visitor: Visitor) -> None:
    page = visitor.get(f"/r/{sent(code_word='Heron')}")
    assert page.status == 200
    for shown in (
        "Lantern Bank Credit card",
        "$120.50",
        "due in 3 days",
        "Thursday, March 4, 2027",
        "By your reminder plan: 3 days before.",
        "planned for 09:00, by SMS",
        "Heron",
        "a late fee of $35.00",
        "Bills due in the next 30 days: 1",
    ):
        assert shown in page.text, shown


@pytest.mark.parametrize("language", Language)
def test_the_page_speaks_the_users_language(visitor: Visitor, language: Language) -> None:
    page = visitor.get(f"/r/{sent(language=language)}")
    assert f'<html lang="{language}">' in page.text
    assert "page_" not in page.text.partition("</style>")[2]


def test_an_account_number_is_masked(visitor: Visitor) -> None:
    enter(
        a_user(),
        a_bill(due_on=IN_THREE_DAYS, name="Card 4111 1111 1111 1111, from 2027-03-05"),
    )
    page = visitor.get(f"/r/{told(Channel.SMS, NINE)}")
    assert "*1111, from 2027-03-05" in page.text
    assert "4111" not in page.text


def test_a_page_may_be_kept_indexed_and_framed_by_nobody(visitor: Visitor) -> None:
    page = visitor.get(f"/r/{sent()}")
    headers = page.headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Robots-Tag"].startswith("noindex")
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "Set-Cookie" not in headers
    for foreign in ("<script", "src=", "http://", "https://", " style="):
        assert foreign not in page.text


def a_card(visitor: Visitor, set_clock: SetClock, minimum: str | None) -> Page:
    """The page of a card's older date, once a newer statement of 710.00 has come."""
    least = None if minimum is None else Decimal(minimum)
    card = a_bill(
        due_on=IN_THREE_DAYS,
        recurrence=Recurrence(IN_THREE_DAYS, 1, Unit.MONTH),
        statement_day=15,
        amount=None,
        statements=(Statement(0, Money(Decimal(500), "USD"), least),),
    )
    enter(a_user(), card)
    token = told(Channel.SMS, NINE)
    newer = Statement(1, Money(Decimal(710), "USD"))
    account_changes.record_statement("somebody", "bill", newer, now=NINE + 10 * DAY)
    set_clock(NINE + 10 * DAY)
    return visitor.get(f"/r/{token}")


def test_the_page_of_what_a_newer_statement_took_in_says_so_and_takes_no_payment(
    visitor: Visitor, set_clock: SetClock
) -> None:
    page = a_card(visitor, set_clock, None)
    assert "In the newer statement" in page.text
    assert "I have paid all of it" not in page.text
    assert "days overdue" not in page.text


@pytest.mark.parametrize("amount", [None, "25"])
def test_what_is_paid_on_the_page_of_a_missed_minimum_is_paid_of_the_newest_statement(
    visitor: Visitor, set_clock: SetClock, amount: str | None
) -> None:
    page = a_card(visitor, set_clock, "25.00")
    assert "Minimum payment of $25.00" in page.text
    assert "7 days overdue" in page.text
    paid = visitor.press(page.form("paid"), *([("amount", amount)] if amount else []))
    (card,) = somebody(NINE + 10 * DAY).bills
    assert [each.occurrence for each in card.payments] == [1]
    assert "In the newer statement" in paid.text
    undone = visitor.press(paid.form("unpaid"))
    assert "7 days overdue" in undone.text


class TestButtons:
    """Each does what it says at once, and can be undone."""

    def test_paid(self, visitor: Visitor) -> None:
        page = visitor.get(f"/r/{sent()}")
        button = page.form("paid")
        paid = visitor.press(button)
        assert "Thank you, that is noted." in paid.text
        assert "It is noted as paid on Monday, March 1, 2027." in paid.text
        assert somebody().bills[0].is_closed(0)
        assert due(NINE + 2 * DAY) == 0
        visitor.press(button)  # twice
        assert len(somebody().bills[0].payments) == 1
        undone = visitor.press(paid.form("unpaid"))
        assert "taken back" in undone.text
        assert not somebody().bills[0].payments
        assert due(NINE + 2 * DAY) == 1

    def test_paid_in_part(self, visitor: Visitor) -> None:
        page = visitor.get(f"/r/{sent()}")
        paid = visitor.press(page.form("paid"), ("amount", "20,50"))
        assert "$100.00 left of $120.50" in paid.text
        assert due(NINE + 2 * DAY) == 1
        visitor.press(paid.form("unpaid"))
        assert somebody().bills[0].owed(0).paid == Decimal(0)

    @pytest.mark.parametrize("typed", ["1,234", "1,234.00", "1.234,00", "１，２３４"])
    def test_paid_in_part_with_separators(self, visitor: Visitor, typed: str) -> None:
        page = visitor.get(f"/r/{sent()}")
        visitor.press(page.form("paid"), ("amount", typed))
        assert somebody().bills[0].owed(0).paid == Decimal(1234)

    def test_paid_in_part_of_what_nobody_knows_yet(self, visitor: Visitor) -> None:
        enter(a_user(), a_bill(due_on=IN_THREE_DAYS, amount=None, currency="KWD"))
        page = visitor.get(f"/r/{told(Channel.SMS, NINE)}")
        assert "(KWD)" in page.text
        asked = visitor.press(page.form("paid"), ("amount", "1,234"))
        assert (asked.status, "1234 or as 1.234" in asked.text) == (422, True)
        visitor.press(page.form("paid"), ("amount", "1.234"))
        assert somebody().bills[0].payments[0].amount == Money(Decimal("1.234"), "KWD")

    def test_paid_for_three_dates_at_once(self, visitor: Visitor) -> None:
        monthly = Recurrence(IN_THREE_DAYS, 1, Unit.MONTH)
        enter(a_user(), a_bill(due_on=IN_THREE_DAYS, recurrence=monthly))
        page = visitor.get(f"/r/{told(Channel.SMS, NINE)}")
        assert 'name="rest"' in page.text
        paid = visitor.press(page.form("paid"), ("amount", "361.50"), ("rest", "next_dates"))
        first, last = "Thursday, March 4, 2027", "Tuesday, May 4, 2027"
        assert f"It is part of $361.50 for 3 due dates, {first} to {last}." in paid.text
        assert "Undo for all 3 due dates" in paid.text
        bill = somebody().bills[0]
        assert [bill.is_closed(number) for number in range(4)] == [True, True, True, False]
        undone = visitor.press(paid.form("unpaid"))
        assert "taken back" in undone.text
        assert not somebody().bills[0].payments

    def test_paid_on_another_day_with_a_reference_and_a_note(self, visitor: Visitor) -> None:
        token = sent()
        form = visitor.get(f"/r/{token}").form("paid")
        asked = visitor.press(form, ("amount", "20"), ("paid_on", "2027-03-02"))
        assert (asked.status, "not here yet" in asked.text) == (422, True)
        asked = visitor.press(form, ("amount", "20"), ("paid_on", "soon"))
        assert (asked.status, "choose a date" in asked.text) == (422, True)
        paid = visitor.press(form, ("amount", "20"), ("paid_on", "2027-02-26"))
        assert "A payment of $20.00 on Friday, February 26, 2027 is noted." in paid.text
        said = {"reference": "Card 4111 1111 1111 1111", "note": "From 12345678"}
        account_changes.record_payment("somebody", "rent", payment_id="p", now=NINE, **said)
        shown = visitor.get(f"/r/{token}").text
        assert "Payment reference: Card *1111" in shown
        assert "Your note: From *5678" in shown

    def test_a_bill_that_falls_due_once_has_no_next_date_to_go_to(self, visitor: Visitor) -> None:
        assert 'name="rest"' not in visitor.get(f"/r/{sent()}").text

    def test_tomorrow(self, visitor: Visitor) -> None:
        page = visitor.get(f"/r/{sent()}")
        later = visitor.press(page.form("snooze", until="tomorrow"))
        assert "reminded again on Tuesday, March 2" in later.text
        assert somebody().wakes[Channel.SMS] == NINE + DAY
        visitor.press(later.form("unsnooze"))
        assert somebody().wakes[Channel.SMS] == NINE + 2 * DAY

    def test_on_a_date_past_the_due_day_wants_a_second_yes(self, visitor: Visitor) -> None:
        page = visitor.get(f"/r/{sent()}")
        form = replace(page.form("snooze", until="tomorrow"), fields={})
        asked = visitor.press(form, ("until", "2027-03-06"))
        assert "Be reminded only then?" in asked.text
        assert not somebody().bills[0].snoozes
        visitor.press(asked.form("snooze", confirmed="yes"))
        assert somebody().bills[0].snoozes[0].until == date(2027, 3, 6)

    @pytest.mark.parametrize("timing", ["too_early", "right", "too_late"])
    def test_feedback_and_better_words(self, visitor: Visitor, timing: str) -> None:
        page = visitor.get(f"/r/{sent()}")
        said = visitor.press(page.form("feedback"), ("timing", timing))
        key = ledger_key()
        assert (known := history.feedback_on("somebody", key)) is not None
        assert known.timing == timing
        said = visitor.press(said.form("feedback"), ("suggestion", "Say <b>less</b>."))
        assert "Say &lt;b&gt;less&lt;/b&gt;." in said.text
        assert (known := history.feedback_on("somebody", key)) is not None
        assert (known.timing, known.suggestion) == (timing, "Say <b>less</b>.")
        visitor.press(said.form("unsay"))
        assert history.feedback_on("somebody", key) is None

    def test_stop_for_this_bill(self, visitor: Visitor) -> None:
        page = visitor.get(f"/r/{sent('rent', 'power')}/0")
        stopped = visitor.press(page.form("stop-bill"))
        assert due(NINE + 2 * DAY) == 1, "the other bill goes on"
        visitor.press(stopped.form("remind-again"))
        assert due(NINE + 2 * DAY) == 2

    def test_not_mine(self, stack: MotoStack, visitor: Visitor) -> None:
        page = visitor.get(f"/r/{sent()}")
        put_on_the_bus = events_of(stack)
        disowned = visitor.press(page.form("not-mine"))
        assert "is told. If you dispute the bill, please tell its biller yourself." in disowned.text
        mute = somebody().bills[0].mute
        assert mute is not None
        assert mute.reason is MuteReason.NOT_MINE
        assert due(NINE + 2 * DAY) == 0
        visitor.press(disowned.form("remind-again"))
        assert due(NINE + 2 * DAY) == 1
        ids = {"user_id": "somebody", "bill_id": "rent"}
        assert [(kind, ids.items() <= detail.items()) for kind, detail in put_on_the_bus] == [
            ("bill not mine", True),
            ("bill mine after all", True),
        ]

    def test_stop_for_this_channel(self, visitor: Visitor) -> None:
        page = visitor.get(f"/r/{sent()}")
        stopped = visitor.press(page.form("stop-channel", channel="sms"))
        assert (due(NINE + 2 * DAY), due(NINE + 2 * DAY, Channel.EMAIL)) == (0, 1)
        visitor.press(stopped.form("start-channel", channel="sms"))
        assert due(NINE + 2 * DAY) == 1

    def test_a_stop_by_sms_is_not_lifted_by_the_page(self, visitor: Visitor) -> None:
        page = visitor.get(f"/r/{sent()}")
        stopped = visitor.press(page.form("stop-channel", channel="sms"))
        account_changes.stop("somebody", Channel.SMS, by=StoppedBy.REPLY, now=NINE)
        visitor.press(stopped.form("start-channel", channel="sms"))
        assert due(NINE + 2 * DAY) == 0
        assert "reply START" in visitor.get(page.form("paid").action.rpartition("/")[0]).text

    @pytest.mark.parametrize(
        ("by", "said"),
        [
            (StoppedBy.REPLY, "reply START"),
            (StoppedBy.PROVIDER, "phone company"),
            (StoppedBy.BOUNCED, "came back"),
            (StoppedBy.COMPLAINT, "unwanted"),
        ],
    )
    def test_what_the_page_cannot_start_again_it_explains(
        self, visitor: Visitor, by: StoppedBy, said: str
    ) -> None:
        token = sent()
        account_changes.stop("somebody", Channel.SMS, by=by, now=NINE)
        page = visitor.get(f"/r/{token}")
        assert said in page.text

    @pytest.mark.parametrize("scope", ["bill", "all"])
    def test_when_and_how_i_am_reminded(self, visitor: Visitor, scope: str) -> None:
        page = visitor.get(f"/r/{proven(visitor, sent())}")
        before = somebody()
        form = page.form("plan")
        changed = visitor.press(
            form,
            ("lead_days", "2"),
            ("remind_at", "18:30"),
            ("channels", "sms"),
            ("channels", "email"),
            ("scope", scope),
        )
        assert "Your reminders are changed." in changed.text
        after = somebody()
        plan = after.user.plan_for(after.bills[0].kind, after.bills[0].plan_change)
        assert (plan.lead_days, plan.overdue_days) == ((2,), ())
        assert plan.remind_at.strftime("%H:%M") == "18:30"
        assert (after.user == before.user) == (scope == "bill")
        assert after.wakes[Channel.SMS] == datetime(2027, 3, 2, 18, 30, tzinfo=NINE.tzinfo)
        visitor.press(changed.form("plan", scope=scope))
        assert (somebody().user, somebody().bills) == (before.user, before.bills)


def events_of(stack: MotoStack) -> list[tuple[str, dict[str, str]]]:
    """What is put on the bus from now on."""
    put: list[tuple[str, dict[str, str]]] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        for entry in params["Entries"]:
            assert entry["EventBusName"] == stack.ids["BillEvents"]
            put.append((entry["DetailType"], json.loads(entry["Detail"])))

    client = stack.function("LinkPage").events.client
    client.meta.events.register("before-parameter-build.*.PutEvents", note)
    return put


def ledger_key() -> str:
    (key,) = (row.key for row in LedgerItem.query("somebody") if row.channel == "sms")
    return str(key)


@pytest.mark.parametrize("scope", ["bill", "all"])
def test_changing_the_days_leaves_when_a_channel_joins(visitor: Visitor, scope: str) -> None:
    joins = (Join(Channel.EMAIL, 1),)
    channels = (Channel.SMS, Channel.EMAIL)
    token = proven(visitor, sent(plan=Plan(channels=channels, joins=joins)))
    page = visitor.get(f"/r/{token}")
    form = page.form("plan")
    days = [("lead_days", "2"), ("remind_at", "18:30"), ("scope", scope)]
    visitor.press(form, *days, ("channels", "sms"), ("channels", "email"))
    after = somebody()
    plan = after.user.plan_for(after.bills[0].kind, after.bills[0].plan_change)
    assert (plan.channels, plan.joins) == (channels, joins)
    visitor.press(form, *days, ("channels", "sms"))
    after = somebody()
    plan = after.user.plan_for(after.bills[0].kind, after.bills[0].plan_change)
    assert (plan.channels, plan.joins) == ((Channel.SMS,), ())


PAGE_PLAN = [*[("lead_days", day) for day in "310"], ("overdue_days", "1"), ("channels", "sms")]
"""What the form sends of the plan of `sent` for the user's own channel alone."""


def with_plan(*changes: tuple[str, str], scope: str = "bill", base: Any = PAGE_PLAN) -> Any:
    """The fields of a form, with all values of a name replaced by those in `changes`."""
    kept = [field for field in base if field[0] not in dict(changes)]
    at = [] if "remind_at" in dict(changes) else [("remind_at", "09:00")]
    return [*kept, *at, *changes, ("scope", scope)]


def test_a_bill_keeps_what_differs_and_follows_the_rest(visitor: Visitor) -> None:
    enter(a_user(), a_bill(bill_id="rent", due_on=IN_THREE_DAYS))
    form = visitor.get(f"/r/{told(Channel.SMS, NINE)}").form("plan")
    visitor.press(form, *with_plan(("remind_at", "18:30")))
    assert somebody().bills[0].plan_change == PlanChange(remind_at=time(18, 30))
    account_changes.change_user(
        "somebody", lambda user: replace(user, plan=replace(user.plan, lead_days=(7,))), now=NINE
    )
    assert plan_of(somebody().user, somebody().bills[0]).lead_days == (7,)
    visitor.press(form, *with_plan(("lead_days", "7")))
    assert somebody().bills[0].plan_change == NO_CHANGE, "it is as the user's again"


def test_a_bill_keeps_what_differs_from_the_plan_of_its_kind(visitor: Visitor) -> None:
    kinds = {Kind.RENT: PlanChange(lead_days=(5, 3))}
    enter(a_user(kind_plans=kinds), a_bill(bill_id="rent", kind=Kind.RENT, due_on=IN_THREE_DAYS))
    form = visitor.get(f"/r/{told(Channel.SMS, NINE)}").form("plan")
    days = (("lead_days", "3"), ("lead_days", "5"))
    visitor.press(form, *with_plan(*days, ("remind_at", "18:30")))
    assert somebody().bills[0].plan_change == PlanChange(remind_at=time(18, 30))


def test_unticking_and_ticking_a_channel_leaves_its_order_and_when_it_joins(
    visitor: Visitor,
) -> None:
    own = Plan(channels=(Channel.EMAIL, Channel.SMS), joins=(Join(Channel.SMS, 1),))
    user = a_user(channels=[Channel.SMS, Channel.EMAIL], plan=own)
    bill = a_bill(bill_id="rent", due_on=IN_THREE_DAYS)
    enter(user, bill)
    form = visitor.get(f"/r/{proven(visitor, told(Channel.EMAIL, NINE))}").form("plan")
    visitor.press(form, *with_plan(("channels", "sms")))
    assert somebody().bills[0].plan_change == PlanChange(channels=(Channel.SMS,), joins=own.joins)
    visitor.press(form, *with_plan(("channels", "sms"), ("channels", "email")))
    assert somebody().bills[0].plan_change == NO_CHANGE


@pytest.mark.parametrize("kind", [Kind.OTHER, Kind.RENT])
def test_a_plan_for_all_bills_is_that_of_the_bill_too_and_undone_for_both(
    visitor: Visitor, kind: Kind
) -> None:
    kinds = {Kind.RENT: PlanChange(remind_at=time(7))}
    own = PlanChange(lead_days=(3,), channels=(Channel.SMS,))
    others = PlanChange(lead_days=(3, 2))
    enter(
        a_user(channels=[Channel.SMS, Channel.EMAIL], kind_plans=kinds),
        a_bill(bill_id="mine", kind=kind, due_on=IN_THREE_DAYS, plan_change=own),
        a_bill(bill_id="other", due_on=IN_THREE_DAYS, plan_change=others),
        a_bill(bill_id="plain", due_on=IN_THREE_DAYS + 30 * DAY),
    )
    before = somebody()
    page = visitor.get(f"/r/{proven(visitor, told(Channel.SMS, NINE))}/0")
    wanted = with_plan(
        ("lead_days", "4"), ("remind_at", "18:30"), ("channels", "email"), scope="all"
    )
    changed = visitor.press(page.form("plan"), *wanted)
    after = somebody()
    for bill_id in ("mine", "plain"):
        bill = after.bill(bill_id)
        assert bill is not None
        plan = plan_of(after.user, bill)
        assert plan == Plan((4,), (1,), time(18, 30), (Channel.EMAIL,)), bill_id
    other = after.bill("other")
    assert other is not None
    assert other.plan_change == others
    mine = after.bill("mine")
    assert mine is not None
    kept = PlanChange(remind_at=time(18, 30)) if kind is Kind.RENT else NO_CHANGE
    assert mine.plan_change == kept
    visitor.press(changed.form("plan", scope="all"))
    assert (somebody().user, somebody().bills) == (before.user, before.bills)


@pytest.mark.parametrize("autopay", [True, False])
def test_the_days_of_a_bill_on_autopay_are_explained(visitor: Visitor, autopay: bool) -> None:
    due_on = IN_THREE_DAYS - 2 * DAY if autopay else IN_THREE_DAYS
    enter(a_user(), a_bill(due_on=due_on, autopay=autopay))
    page = visitor.get(f"/r/{told(Channel.SMS, NINE)}")
    assert ("on these days only if the payment fails" in page.text) == autopay


def test_a_message_that_stood_in_says_so_and_the_form_keeps_it(visitor: Visitor) -> None:
    plan = Plan(channels=(Channel.EMAIL, Channel.SMS), joins=(Join(Channel.SMS, None),))
    enter(a_user(channels=[Channel.SMS], plan=plan), a_bill(due_on=IN_THREE_DAYS))
    page = visitor.get(f"/r/{proven(visitor, told(Channel.SMS, NINE))}")
    assert "because another way failed" in page.text
    assert "SMS, only where another way fails" in page.text
    boxes = [("lead_days", "3"), ("channels", "email"), ("channels", "sms"), ("scope", "all")]
    visitor.press(page.form("plan"), *boxes)
    assert somebody().user.plan.joins == plan.joins


def test_a_message_that_did_not_stand_in_says_nothing_of_it(visitor: Visitor) -> None:
    assert "another way" not in visitor.get(f"/r/{sent()}").text


FAULTS: Mapping[str, tuple[str, list[tuple[str, str]], str]] = {
    "an amount in words": ("paid", [("amount", "ten")], "digits"),
    "an amount of two meanings": ("paid", [("amount", "1.234")], "1234 or as 1.234"),
    "no amount at all": ("paid", [("amount", "0")], "digits"),
    "a payment without its id": ("paid", [("payment_id", "other")], "try again"),
    "no date": ("snooze", [("until", "soon")], "choose a date"),
    "a date that is past": ("snooze", [("until", "2027-02-01")], "from tomorrow on"),
    "a date far away": ("snooze", [("until", "2028-02-01"), ("confirmed", "yes")], "60 days"),
    "an unknown opinion": ("feedback", [("timing", "never")], "try again"),
    "nothing said": ("feedback", [], "try again"),
    "words that a wrong encoding left": ("feedback", [("suggestion", "CafÃ©")], "symbols"),
    "a link": ("feedback", [("suggestion", "see https://pay.example")], "web addresses"),
    "a novel": ("feedback", [("suggestion", "x" * 501)], "500"),
    "no channel": ("plan", [("boxes", "yes"), ("scope", "bill")], "at least one way"),
    "an unknown channel": ("stop-channel", [("channel", "fax")], "try again"),
    "an unknown scope": ("plan", [("scope", "world")], "try again"),
    "a day of no plan": (
        "plan",
        [("scope", "bill"), ("lead_days", "9000"), ("channels", "sms")],
        "choose the days",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_cannot_be_read_is_said_and_changes_nothing(
    stack: MotoStack, visitor: Visitor, name: str
) -> None:
    action, fields, remedy = FAULTS[name]
    page = visitor.get(f"/r/{proven(visitor, sent())}")
    visitor.press(page.form("paid"), ("amount", "1"))  # so that its limit is counted before
    form = page.form(action) if action != "snooze" else replace(page.form(action), fields={})
    overwritten = {key: value for key, value in form.fields.items() if key not in dict(fields)}
    before = somebody()
    answer = visitor.press(replace(form, fields=overwritten), *fields)
    assert answer.status == 422
    assert remedy in answer.text
    assert somebody() == before


def test_a_message_about_several_bills_leads_to_each(visitor: Visitor) -> None:
    token = sent("power", "rent")
    page = visitor.get(f"/r/{token}")
    assert page.links == [f"/r/{token}/0", f"/r/{token}/1"]
    visitor.press(visitor.get(page.links[1]).form("paid"))
    assert [bill.bill_id for bill in somebody().bills if bill.is_closed(0)] == ["rent"]


@pytest.mark.parametrize("bill_ids", [["rent"], ["power", "rent"]])
def test_the_page_says_that_autopay_pays(
    visitor: Visitor, set_clock: SetClock, bill_ids: list[str]
) -> None:
    bills = [a_bill(bill_id=each, due_on=IN_THREE_DAYS, autopay=True) for each in bill_ids]
    enter(a_user(channels=[Channel.SMS]), *bills)
    day_before = NINE + 2 * DAY
    token = told(Channel.SMS, day_before)
    set_clock(day_before + SECONDS)
    if len(bills) > 1:
        assert visitor.get(f"/r/{token}").text.count("due tomorrow, by autopay") == 2
    page = visitor.get(f"/r/{token}/0")
    assert "Keep at least $120.50 in the account: it will be taken tomorrow" in page.text
    assert "Keep at least" not in visitor.press(page.form("paid")).text


def test_the_page_of_several_bills_names_the_last_working_day(
    visitor: Visitor, set_clock: SetClock
) -> None:
    sunday, thursday = date(2027, 3, 7), NINE + 3 * DAY
    user = a_user(channels=[Channel.SMS])
    enter(user, *(a_bill(bill_id=each, due_on=sunday, place=Place("US")) for each in "ab"))
    token = told(Channel.SMS, thursday)
    set_clock(thursday + SECONDS)
    assert visitor.get(f"/r/{token}").text.count("last working day is Fri, Mar 5.") == 2
    visitor.press(visitor.get(f"/r/{token}/0").form("paid"))
    assert visitor.get(f"/r/{token}").text.count("last working day is Fri, Mar 5.") == 1


def test_a_deleted_bill_says_so(visitor: Visitor) -> None:
    token = sent()
    account_changes.delete_bill("somebody", "rent", now=NINE)
    assert "has been deleted" in visitor.get(f"/r/{token}").text


def test_a_page_that_fails_denies_nothing_that_was_noted(
    stack: MotoStack, visitor: Visitor
) -> None:
    page = visitor.get(f"/r/{sent()}")
    stack.client("dynamodb").delete_table(TableName=FeedbackItem.Meta.table_name)
    failed = visitor.press(page.form("paid"))
    assert failed.status == 503
    assert somebody().bills[0].is_closed(0)
    assert "Please open the link again in a minute: it shows what has been noted." in failed.text


def walked(visitor: Visitor, start: str) -> Iterator[Page]:
    """Every page that a scanner reaches by links and by the addresses of forms, read only."""
    waiting, seen = [start], set()
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        for method in ("HEAD", "GET"):
            page = visitor.get(address, method)
            if page.status == 303:
                waiting.append(page.headers["Location"])
            yield page
        waiting += [*page.links, *(form.action for form in page.forms)]


def test_a_scanner_that_reads_every_address_changes_nothing(
    stack: MotoStack, visitor: Visitor
) -> None:
    token = sent("power", "rent")
    before = everything(stack)
    pages = [*walked(visitor, f"/r/{token}"), *walked(visitor, f"/u/{token}")]
    assert len(pages) > 30
    assert {page.status for page in pages} <= {200, 303, 404}
    assert everything(stack) == before


def expired(token: str, set_clock: SetClock) -> str:
    set_clock(NINE + 400 * DAY)
    return token


def closed(token: str, set_clock: SetClock) -> str:
    set_clock(NINE + 100 * DAY)
    return token


def revoked(token: str, set_clock: SetClock) -> str:
    LinkItem(links.token_hash(token)).delete()
    return token


def erased(token: str, set_clock: SetClock) -> str:
    erasure.erase("somebody")
    assert not list(LinkItem.scan())
    return token


def foreign(token: str, set_clock: SetClock) -> str:
    other = links.new_token()
    LinkItem(
        links.token_hash(other),
        purpose=Purpose.CALENDAR.value,
        user_id="somebody",
        expires_at=int((NINE + 900 * DAY).timestamp()),
    ).save()
    return other


def guessed(token: str, set_clock: SetClock) -> str:
    return links.new_token()


def removed(token: str, set_clock: SetClock) -> str:
    account_changes.give_up("somebody", Channel.SMS, PHONE, now=NINE)
    return token


def replaced(token: str, set_clock: SetClock) -> str:
    contacts.take("somebody", Channel.SMS, "+447700900124", now=NINE)
    return token


def closed_by_user(token: str, set_clock: SetClock) -> str:
    account_changes.close_links("somebody", now=NINE)
    return token


def closed_before_that_was_kept(token: str, set_clock: SetClock) -> str:
    old = [LinkItem.sent_to.remove(), LinkItem.made_at.remove()]
    LinkItem(links.token_hash(token)).update(old)
    return closed_by_user(token, set_clock)


DEAD = [
    *(expired, closed, revoked, erased, foreign, guessed, removed, replaced),
    *(closed_by_user, closed_before_that_was_kept),
]


@pytest.mark.parametrize("how", DEAD)
def test_a_link_that_opens_nothing_says_the_same_whatever_the_reason(
    visitor: Visitor, set_clock: SetClock, how: Callable[[str, SetClock], str]
) -> None:
    reference = visitor.get("/r/nothing")
    token = how(sent(), set_clock)
    for path in (f"/r/{token}", f"/r/{token}/0", f"/r/{token}/7"):
        page = visitor.get(path)
        assert (page.status, page.headers, page.text) == (404, reference.headers, reference.text)
        posted = visitor.post(f"{path}/paid", "")
        assert (posted.status, posted.text) == (404, reference.text)
    assert "This link no longer works" in reference.text
    assert "此链接已失效" in reference.text


def test_a_link_outlives_a_confirmation_anew_and_a_stop(visitor: Visitor) -> None:
    token = sent()
    account_changes.stop("somebody", Channel.SMS, now=NINE)
    assert visitor.get(f"/r/{token}").status == 200
    contacts.take("somebody", Channel.SMS, PHONE, now=NINE)
    assert visitor.get(f"/r/{token}").status == 200


def test_a_link_of_after_all_were_closed_opens(visitor: Visitor) -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS))
    account_changes.close_links("somebody", now=NINE - MINUTE)
    enter(a_user(), now=NINE - MINUTE)  # an import keeps them closed
    assert somebody().user.links_closed_at == NINE - MINUTE
    assert visitor.get(f"/r/{told(Channel.SMS, NINE)}").status == 200


def test_a_link_outlives_a_change_of_another_address(visitor: Visitor) -> None:
    token = sent()
    contacts.take("somebody", Channel.EMAIL, "new@example.com", now=NINE)
    assert visitor.get(f"/r/{token}").status == 200


def test_a_mailbox_in_another_case_is_the_same_address(visitor: Visitor) -> None:
    token = sent(channel=Channel.EMAIL)
    contacts.take("somebody", Channel.EMAIL, EMAIL.upper(), now=NINE)
    assert visitor.get(f"/u/{token}").status == 200


def test_a_link_of_before_addresses_were_kept_beside_it_runs_out_by_itself(
    visitor: Visitor,
) -> None:
    token = replaced(sent(), lambda _: None)
    LinkItem(links.token_hash(token)).update([LinkItem.sent_to.remove()])
    assert visitor.get(f"/r/{token}").status == 200


def test_what_stands_beside_a_link_tells_no_address(visitor: Visitor) -> None:
    token = sent()
    (item,) = LinkItem.scan()
    for text in (PHONE, f"sms:{PHONE}", f" {PHONE}"):
        assert item.sent_to != links.token_hash(text)
    assert token not in json.dumps(item.to_simple_dict(), default=str)
    assert PHONE not in json.dumps(item.to_simple_dict(), default=str)


B = "a1b2-c3d4"
FORM = "application/x-www-form-urlencoded"
MULTIPART = f"multipart/form-data; boundary={B}"
PARAMETER_FIRST = f'multipart/form-data; charset="utf-8; boundary=no"; boundary="{B}"'
ONE_CLICK = "List-Unsubscribe=One-Click"
NAME = 'form-data; name="List-Unsubscribe"'
DOT_NET = "form-data; name=List-Unsubscribe"
FOLDED = 'form-data;\r\n name="List-Unsubscribe"'


def part(disposition: str, more: str = "", value: str = "One-Click") -> str:
    """A form of one field, `value`, as multipart."""
    header = f"Content-Disposition: {disposition}\r\n{more}"
    return f"--{B}\r\n{header}\r\n{value}\r\n--{B}--\r\n"


OTHER_FIELD = f'--{B}\r\nContent-Disposition: form-data; name="x"\r\n\r\nOne-Click\r\n'
NESTED = "".join(
    f"--{n}\r\nContent-Type: multipart/mixed; boundary={n + 1}\r\n\r\n" for n in range(380)
).replace("--0\r\n", f"--{B}\r\n", 1)


class TestTheWayOut:
    """RFC 8058."""

    def test_that_of_an_old_address_does_not_stop_the_new_one(self, visitor: Visitor) -> None:
        token = sent(channel=Channel.EMAIL)
        contacts.take("somebody", Channel.EMAIL, "new@example.com", now=NINE)
        assert visitor.get(f"/u/{token}").status == 404
        assert visitor.post(f"/u/{token}", ONE_CLICK).status == 404
        assert visitor.post(f"/u/{token}/stop", "").status == 404
        assert due(NINE + 2 * DAY, Channel.EMAIL) == 1

    def test_one_post_stops_the_channel_at_once(self, visitor: Visitor) -> None:
        token = sent(channel=Channel.EMAIL)
        answer = visitor.post(f"/u/{token}", ONE_CLICK)
        assert (answer.status, answer.text) == (200, "")
        assert due(NINE + 2 * DAY, Channel.EMAIL) == 0
        assert due(NINE + 2 * DAY, Channel.SMS) == 1
        assert visitor.post(f"/u/{token}", ONE_CLICK).status == 200

    @pytest.mark.parametrize("encoded", [False, True], ids=["plain", "base64"])
    @pytest.mark.parametrize(
        ("headers", "body"),
        [
            pytest.param({"content-type": said}, body, id=name)
            for name, said, body in (
                ("as a browser writes it", MULTIPART, part(NAME)),
                ("with a name that is not quoted", MULTIPART, part(NAME.replace('"', ""))),
                ("as .NET writes it", f'Multipart/Form-Data; boundary="{B}"', part(DOT_NET)),
                (
                    "all in capitals",
                    f"MULTIPART/FORM-DATA; BOUNDARY={B}",
                    part('FORM-DATA; NAME="List-Unsubscribe"'),
                ),
                ("without a space", f"multipart/form-data;boundary={B}", part(NAME)),
                ("with more parameters", f"{MULTIPART}; charset=utf-8; x=y", part(NAME)),
                ("a parameter before the boundary", PARAMETER_FIRST, part(NAME)),
                ("with a header that is folded", MULTIPART, part(FOLDED)),
                ("with a file name", MULTIPART, part(f"{NAME}; filename=x")),
                ("the name last", MULTIPART, part('form-data; x="a;b"; name=List-Unsubscribe')),
                ("a space before the colon's value", MULTIPART, part(f"   {NAME}")),
                ("with a header of its own", MULTIPART, part(NAME, "X-Own: 1\r\n")),
                (
                    "with a charset",
                    MULTIPART,
                    part(NAME, "Content-Type: text/plain; charset=x\r\n"),
                ),
                ("among other fields", MULTIPART, OTHER_FIELD + part(NAME)),
                ("with lines that end as on Unix", MULTIPART, part(NAME).replace("\r\n", "\n")),
                ("with a preamble and an end", MULTIPART, f"hello\r\n{part(NAME)}bye"),
                ("without the last boundary", MULTIPART, part(NAME).removesuffix(f"--{B}--\r\n")),
                ("url-encoded", FORM, ONE_CLICK),
                ("url-encoded with a charset", f"{FORM}; charset=utf-8", ONE_CLICK),
                ("url-encoded in capitals", f"{FORM.upper()};CHARSET=UTF-8", ONE_CLICK),
                ("url-encoded among others", FORM, f"a=b&{ONE_CLICK}&c="),
                ("url-encoded to the letter", FORM, "List%2DUnsubscribe=One%2dClick"),
                ("with the end of a line", FORM, f"{ONE_CLICK}\r\n"),
            )
        ]
        + [
            pytest.param({"Content-Type": MULTIPART}, part(NAME), id="a header in capitals"),
            pytest.param({"CONTENT-TYPE": FORM}, ONE_CLICK, id="a header in capitals, url-encoded"),
            pytest.param({}, ONE_CLICK, id="with no type at all"),
        ],
    )
    def test_every_spelling_that_the_standards_allow_stops_the_channel(
        self, visitor: Visitor, headers: dict[str, str], body: str, encoded: bool
    ) -> None:
        token = sent(channel=Channel.EMAIL)
        answer = visitor.send(f"/u/{token}", body, headers, encoded=encoded)
        assert (answer.status, answer.text) == (200, "")
        assert due(NINE + 2 * DAY, Channel.EMAIL) == 0

    @pytest.mark.parametrize("encoded", [False, True], ids=["plain", "base64"])
    @pytest.mark.parametrize(
        ("content_type", "body"),
        [
            pytest.param(FORM, "", id="nothing"),
            pytest.param(FORM, "List-Unsubscribe=No", id="no"),
            pytest.param(FORM, "x" * 100_000, id="too much"),
            pytest.param(FORM, "&".join(["a=b"] * 200), id="too many fields"),
            pytest.param(FORM, "%ff%fe=\udcff", id="no text"),
            pytest.param(FORM, f"{ONE_CLICK}&List-Unsubscribe=No", id="yes and no"),
            pytest.param(MULTIPART, "", id="no part"),
            pytest.param(MULTIPART, ONE_CLICK, id="another format than it says"),
            pytest.param(MULTIPART, part(NAME, value="No"), id="no, in parts"),
            pytest.param(
                MULTIPART, part("form-data; name=x", value=NAME + " One-Click"), id="quoted"
            ),
            pytest.param(MULTIPART, part("attachment; name=List-Unsubscribe"), id="no field"),
            pytest.param(MULTIPART, part("form-data"), id="without a name"),
            pytest.param(MULTIPART, part('form-data; name="'), id="a quote that is open"),
            pytest.param(MULTIPART, "--" + B, id="cut off"),
            pytest.param(MULTIPART, f"--{B}\r\n" * 2_000, id="boundaries only"),
            pytest.param(MULTIPART, NESTED, id="parts in parts"),
            pytest.param("multipart/form-data", part(NAME), id="without a boundary"),
            pytest.param('multipart/form-data; boundary=""', part(NAME), id="an empty boundary"),
            pytest.param("multipart/form-data; boundary=y", part(NAME), id="another boundary"),
            pytest.param("multipart/form-data; boundary*=utf-9''%ff", part(NAME), id="odd charset"),
            pytest.param("multipart/mixed; boundary=" + B, part(NAME), id="no form"),
        ],
    )
    def test_a_post_of_anything_else_stops_nothing(
        self, visitor: Visitor, content_type: str, body: str, encoded: bool
    ) -> None:
        token = sent(channel=Channel.EMAIL)
        answer = visitor.send(f"/u/{token}", body, {"content-type": content_type}, encoded=encoded)
        assert answer.status == 404
        assert due(NINE + 2 * DAY, Channel.EMAIL) == 1

    @pytest.mark.parametrize("body", ["====", "a", "é", "\ud800"])
    def test_a_body_that_only_claims_to_be_base64_stops_nothing(
        self, visitor: Visitor, body: str
    ) -> None:
        token = sent(channel=Channel.EMAIL)
        event = visitor.event("POST", f"/u/{token}", body, {"content-type": FORM})
        assert visitor.answered(event | {"isBase64Encoded": True}).status == 404

    @settings(max_examples=300, deadline=None)
    @given(said=strategies.text(max_size=80), body=strategies.text(max_size=300))
    def test_no_body_is_too_broken_to_be_read(self, said: str, body: str) -> None:
        for content_type in (said, f"multipart/form-data; boundary={said}", MULTIPART):
            for text in (body, f"--{B}\r\n{body}\r\n--{B}--", part(body)):
                event = {"headers": {"content-type": content_type}, "body": text}
                fields = forms.fields_of(event)
                assert all(isinstance(each, list) for each in fields.values())

    def test_a_person_is_asked_and_may_take_it_back(self, visitor: Visitor) -> None:
        token = sent(channel=Channel.EMAIL)
        stopped = visitor.press(visitor.get(f"/u/{token}").form("stop"))
        assert "Stopped: E-mail" in stopped.text
        assert due(NINE + 2 * DAY, Channel.EMAIL) == 0
        visitor.press(stopped.form("start"))
        assert due(NINE + 2 * DAY, Channel.EMAIL) == 1

    def test_it_works_long_after_the_page_has_closed(
        self, visitor: Visitor, set_clock: SetClock
    ) -> None:
        token = sent(channel=Channel.EMAIL)
        set_clock(NINE + 300 * DAY)
        assert visitor.get(f"/r/{token}").status == 404
        assert visitor.post(f"/u/{token}", ONE_CLICK).status == 200


def test_hammering_at_buttons_is_refused(visitor: Visitor) -> None:
    page = visitor.get(f"/r/{sent()}")
    answers = [visitor.press(page.form("feedback")) for _ in range(121)]
    assert answers[-2].status == 422
    assert answers[-1].status == 429
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_a_link_of_a_refused_message_opens_nothing(visitor: Visitor) -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS))
    claim = claims.claim_next("somebody", Channel.SMS, with_link=True, now=NINE)
    assert claim.token is not None
    assert visitor.get(f"/r/{claim.token}").status == 200
    claims.release(claim, not_before=None, reason="Throttled", now=NINE)
    assert visitor.get(f"/r/{claim.token}").status == 404


def joined_by_a_stranger() -> str:
    """The token that undoes it. They have removed a contact since, and made a calendar."""
    enter(a_user("imported", channels=(Channel.SMS, Channel.EMAIL)))
    identities.join("issuer#stranger", "imported", made_by="request", now=NINE, channel=Channel.SMS)
    mailbox = accounts.read("imported", now=NINE).user.addresses[Channel.EMAIL]
    account_changes.give_up("imported", Channel.EMAIL, mailbox.value, now=NINE)
    calendars.renew("imported", now=NINE)
    joined = handovers.joined("imported")
    assert joined is not None
    return handovers.open_undo(joined, now=NINE)


def test_its_role_allows_what_it_does_and_no_more(stack: MotoStack, visitor: Visitor) -> None:
    token = sent()
    by_mail = told(Channel.EMAIL, NINE)
    with watched(stack) as used:
        asked = visitor.press(visitor.get(f"/r/{by_mail}").form("code"))
        visitor.press(asked.form("proof"), ("code", code_in(sent_by(Channel.EMAIL)[-1])))
        form = visitor.get(f"/r/{by_mail}").form("edit")
        corrected = visitor.press(form, ("amount", "130"), ("since", "now"))
        visitor.press(corrected.form("unedit"))
        page = visitor.get(f"/r/{token}")
        asked = visitor.press(page.form("code"))
        visitor.press(asked.form("proof"), ("code", "000000"))
        for action in ("not-mine", "stop-channel", "paid"):
            visitor.press(page.form(action))
        visitor.press(page.form("feedback"), ("timing", "right"))
        visitor.press(visitor.get(f"/r/{token}").form("unsay"))
        undone = visitor.press(visitor.get(f"/r/{joined_by_a_stranger()}").form("undo"))
        assert undone.status == 200
    permitted = allowed("LinkPage")
    seldom = {
        ("dynamodb:GetItem", "Limits"),  # to say how long to wait
        ("dynamodb:DeleteItem", "Ledger"),  # of a code that was refused
        ("secretsmanager:GetSecretValue", ""),  # once a process
    }
    assert sorted(used["LinkPage"] - permitted) == []
    assert sorted(permitted - used["LinkPage"] - seldom) == []


def test_the_role_of_unsubscribing_allows_what_it_does_and_no_more(
    stack: MotoStack, visitor: Visitor
) -> None:
    token = sent(channel=Channel.EMAIL)
    with watched(stack) as used:
        stopped = visitor.press(visitor.get(f"/u/{token}").form("stop"))
        visitor.press(stopped.form("start"))
        visitor.post(f"/u/{token}", ONE_CLICK)
    permitted = allowed("Unsubscribe")
    once_a_process = {("secretsmanager:GetSecretValue", "")}
    assert sorted(used["Unsubscribe"] - permitted) == []
    assert sorted(permitted - used["Unsubscribe"] - once_a_process) == []


def test_a_stored_user_keeps_how_an_address_was_stopped(stack: MotoStack) -> None:
    user = enter(a_user(channels=[Channel.SMS, Channel.EMAIL]))
    account_changes.stop("somebody", Channel.EMAIL, by=StoppedBy.UNSUBSCRIBE, now=ENTERED)
    save_user(user, shards=4, now=ENTERED)
    known = somebody().user.addresses[Channel.EMAIL]
    assert known.stopped_by is StoppedBy.UNSUBSCRIBE

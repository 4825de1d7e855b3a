"""The dashboard's widgets, as CloudWatch calls them."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from bill_reminders.domain.enums import Channel
from bill_reminders.storage import saving
from tests.adapters.conftest import SetClock
from tests.support.entered import ENTERED
from tests.support.functions import Context
from tests.support.moto_stack import MotoStack
from tests.support.people import PHONE, a_bill, a_user
from tests.support.permissions import CLOCK, allowed, watched
from tests.support.runbook import pages
from tests.support.template import ROOT

NOW = datetime(2027, 3, 2, 12, tzinfo=UTC)
MARKUP = '<b>"Rent"</b><cwdb-action action="call" endpoint="arn:aws:lambda:x">{}</cwdb-action>'


class Shown(HTMLParser):
    """What a widget's HTML is: its text, its fields, its buttons' endpoints, its tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.fields, self.buttons, self.tags = "", dict[str, str](), list[str](), set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.tags.add(tag)
        if tag == "input":
            self.fields[str(said["name"])] = said.get("value") or ""
        if tag == "cwdb-action":
            self.buttons.append(str(said["endpoint"]))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(autouse=True)
def _somebody(stack: MotoStack, set_clock: SetClock) -> None:
    set_clock(ENTERED)
    saving.save_user(a_user(channels=[Channel.SMS]), shards=4, now=ENTERED)
    bill = a_bill(due_on=date(2027, 3, 5), name=MARKUP)
    saving.save_bills("somebody", [lambda _: bill], now=ENTERED)
    set_clock(NOW)


type Switched = Callable[[str], None]


@pytest.fixture
def switched(stack: MotoStack) -> Iterator[Switched]:
    """Lets a test write the switches, and puts them back."""
    ssm, name = stack.client("ssm"), stack.ids["Switches"]
    before = ssm.get_parameter(Name=name)["Parameter"]["Value"]

    def write(value: str) -> None:
        ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)

    yield write
    write(before)


def call(stack: MotoStack, *, theme: str = "light", **event: Any) -> str:
    typed = event.pop("typed", {})
    whole = {
        "widget": "explain",
        "widgetContext": {"theme": theme, "forms": {"all": typed}},
    } | event
    return str(stack.function("AdminView").handler(whole, Context()))


def asked(stack: MotoStack, **typed: str) -> Shown:
    return Shown(call(stack, ask=True, typed=typed))


def test_it_is_drawn_with_an_empty_form_and_reads_nothing(stack: MotoStack) -> None:
    shown = Shown(call(stack))
    assert shown.fields == {"who": "", "bill": "", "at": ""}
    assert shown.buttons == [Context().invoked_function_arn]
    assert "Nothing is changed by asking." in shown.text


def test_it_answers_and_keeps_what_was_typed(stack: MotoStack) -> None:
    shown = asked(stack, who=" somebody ", bill="bill", at="")
    assert shown.fields == {"who": "somebody", "bill": "bill", "at": ""}
    assert "A reminder of Friday, March 5, 2027 is due now" in shown.text


@pytest.mark.parametrize("who", ["somebody", PHONE])
def test_who_it_is_may_be_an_address_which_no_log_has(
    stack: MotoStack, capsys: pytest.CaptureFixture[str], who: str
) -> None:
    assert "is due now" in asked(stack, who=who).text
    told = capsys.readouterr()
    assert PHONE not in told.out + told.err
    assert "Lantern" not in told.out + told.err


def test_markup_in_a_bill_stays_text_and_makes_no_button(stack: MotoStack) -> None:
    shown = asked(stack, who="somebody", bill=MARKUP[:60])
    shown_all = asked(stack, who="somebody")
    assert MARKUP in shown_all.text
    for each in (shown, shown_all):
        assert each.buttons == [Context().invoked_function_arn]
        assert "b" not in each.tags


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ({}, "Say who"),
        ({"who": "nobody"}, "There is no such user"),
        ({"who": "x@example.com"}, "Nobody has this address"),
        ({"who": "somebody", "bill": "gas"}, "no such bill"),
        ({"who": "somebody", "at": "noon"}, "The past time is not a date or an instant"),
    ],
)
def test_what_cannot_be_answered_says_the_remedy(
    stack: MotoStack, typed: dict[str, str], problem: str
) -> None:
    assert problem in asked(stack, **typed).text


def test_the_next_hours_count_whom_each_channel_looks_at(stack: MotoStack) -> None:
    """One user is due since this morning; another one on Thursday at nine."""
    saving.save_user(a_user("later", channels=[Channel.SMS]), shards=4, now=NOW)
    later = a_bill("later", due_on=date(2027, 3, 7))
    saving.save_bills("later", [lambda _: later], now=NOW)
    shown = Shown(call(stack, widget="hours", typed={"hours": "72"}))
    assert shown.fields == {"hours": "72"}
    assert [line.split() for line in shown.text.splitlines() if line.startswith("2027-")] == [
        ["2027-03-02", "12:00"],
        ["2027-03-04", "09:00"],
    ]
    assert "were not looked at yet" in shown.text
    near = Shown(call(stack, widget="hours", typed={"hours": "24"}))
    assert "2027-03-04" not in near.text


def test_the_first_line_says_whether_reminders_go_out_on_time(
    stack: MotoStack, set_clock: SetClock, switched: Switched
) -> None:
    """Somebody was due at nine. A tick that was missed is made good within five minutes."""
    on_time = "Reminders are going out on time."
    wake = datetime(2027, 3, 2, 9, tzinfo=UTC)
    set_clock(wake + timedelta(minutes=9))
    assert on_time in Shown(call(stack, widget="status")).text
    set_clock(wake + timedelta(minutes=11))
    late = Shown(call(stack, widget="status")).text
    assert on_time not in late
    assert "SMS: 1 user waits, the first since 2027-03-02 09:00 UTC." in " ".join(late.split())
    assert "docs/runbook.md#not-going-out" in late
    switched('{"sms": "paused", "push": "open", "email": "open"}')
    closed = Shown(call(stack, widget="status")).text
    assert on_time in closed
    assert "SMS is closed in the switches, and 1 user waits." in closed
    switched("paused")
    assert "The switches cannot be read" in Shown(call(stack, widget="status")).text


def test_the_pages_that_it_names_are_in_the_runbook() -> None:
    text = (ROOT / "layers/product/python/bill_reminders/console/status_widget.py").read_text()
    named = set(re.findall(r'"([a-z_]+(?:-[a-z_]+)+)"', text))
    assert named
    assert named <= set(pages())


@pytest.mark.parametrize(("typed", "hours"), [("", "24"), ("0", "1"), ("999", "72"), ("x", "24")])
def test_so_many_hours_are_shown_as_can_be(stack: MotoStack, typed: str, hours: str) -> None:
    assert Shown(call(stack, widget="hours", typed={"hours": typed})).fields == {"hours": hours}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (
            '{"sms": "paused", "push": "open", "email": "open"}',
            "Closed by an administrator: SMS.",
        ),
        ("paused", "The switches cannot be read, so nothing goes out on any channel."),
    ],
)
def test_a_closed_channel_is_named_and_explains_what_waits(
    stack: MotoStack, switched: Switched, value: str, said: str
) -> None:
    switched(value)
    shown = asked(stack, who="somebody")
    assert said in shown.text
    assert "an administrator has closed SMS" in shown.text


def test_it_has_both_themes(stack: MotoStack) -> None:
    assert call(stack, theme="light") != call(stack, theme="dark")


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"widget": "explain", "widgetContext": None},
        {"widget": "explain", "ask": True, "widgetContext": {"forms": {"all": ["who"]}}},
        {"widget": ["explain"]},
        {"widget": "explain", "ask": True, "widgetContext": {"forms": {"all": {"who": 7}}}},
    ],
)
def test_whatever_it_is_called_with_something_is_drawn(
    stack: MotoStack, event: dict[str, Any]
) -> None:
    drawn = stack.function("AdminView").handler(event, Context())
    assert "<" in drawn
    assert "could not be read" not in drawn


def test_a_fault_is_shown_in_a_sentence_and_logged_without_the_event(
    stack: MotoStack, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError(PHONE)

    monkeypatch.setattr("bill_reminders.storage.accounts.read", fails)
    assert "This could not be read just now" in asked(stack, who=PHONE).text
    (record,) = caplog.records
    told = str(vars(record))
    assert "RuntimeError" in told
    assert PHONE not in told


def test_its_role_allows_what_it_does_and_no_more(stack: MotoStack) -> None:
    with watched(stack) as used, stack.working("AdminView"):
        for who in ("somebody", PHONE):
            asked(stack, who=who)
        call(stack, widget="hours")
        call(stack, widget="status")
    permitted = allowed("AdminView")
    assert used["AdminView"] <= permitted
    assert permitted - used["AdminView"] <= {("secretsmanager:GetSecretValue", ""), CLOCK}


def test_it_says_what_it_is_where_widgets_are_chosen(stack: MotoStack) -> None:
    said = stack.function("AdminView").handler({"describe": True}, Context())
    assert "widget: explain | hours | status" in said["markdown"]


def test_the_sample_event_is_one(stack: MotoStack) -> None:
    event = json.loads((ROOT / "events" / "admin_view.json").read_text("utf-8"))
    assert "There is no such user" in stack.function("AdminView").handler(event, Context())

"""How a bill is paid: where messages lead to, what a file may overrule, what the journal tells."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.channels.email.compose import EmailText, email
from bill_reminders.channels.push.compose import push
from bill_reminders.channels.sms.answers import Answers
from bill_reminders.channels.sms.compose import sms
from bill_reminders.channels.sms.registered import Wording
from bill_reminders.channels.sms.text import segments
from bill_reminders.commands import bills as commands
from bill_reminders.commands.imports import Merging, import_bills
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import (
    HOW_TO_PAY,
    Bill,
    FailedDebit,
    Mute,
    MuteReason,
)
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.journal import differences
from bill_reminders.domain.payments import Payment
from bill_reminders.domain.people import Language, User
from bill_reminders.feeds.calendar import feed
from bill_reminders.messages.notices import Notice, Sender
from bill_reminders.messages.paying import in_message, on_page
from tests.support.people import a_bill, a_trigger, a_user

NOW = datetime(2027, 3, 2, 9, tzinfo=UTC)
TODAY = date(2027, 3, 2)
SENDER = Sender("Family Bills", "stop@bills.example.com")
OURS = "https://bills.example.com/r/k3VbT9xQmZ4cLw7Ns"
PAY = "https://bank.example.com/pay/7"
IN_LANGUAGES = pytest.mark.parametrize("language", Language)


def the_bill(**changes: Any) -> Bill:
    return a_bill(due_on=TODAY, **{"pay_link": PAY} | changes)


def a_notice(bill: Bill, due_on: date = TODAY) -> Notice:
    return Notice(bill, due_on, a_trigger(0), will_be_debited=bill.autopay)


def a_reader(language: Language = Language.ENGLISH, phone: str = "+447700900123") -> User:
    user = a_user(channels=tuple(Channel), language=language)
    reached = dict(user.addresses)
    reached[Channel.SMS] = replace(reached[Channel.SMS], value=phone)
    return replace(user, addresses=MappingProxyType(reached))


def an_email(*bills: Bill, language: Language = Language.ENGLISH) -> EmailText:
    return email(
        a_reader(language),
        [a_notice(bill) for bill in bills],
        today=TODAY,
        sender=SENDER,
        first=False,
        reference="reference",
        link=OURS,
        unsubscribe_link=OURS.replace("/r/", "/u/"),
    )


def an_sms(
    *bills: Bill,
    language: Language = Language.ENGLISH,
    phone: str = "+447700900123",
    first: bool = False,
    two_way: bool = False,
    link: str | None = OURS,
) -> str:
    user, notices = a_reader(language, phone), [a_notice(bill) for bill in bills]
    return sms(
        user, notices, today=TODAY, sender=SENDER, first=first, link=link, two_way=two_way
    ).body


def links_of(html: str) -> list[str]:
    return re.findall('href="([^"]*)"', html)


# The link -----------------------------------------------------------------------------------------


@IN_LANGUAGES
def test_the_first_button_of_an_email_leads_to_where_the_bill_is_paid(language: Language) -> None:
    text = an_email(the_bill(), language=language)
    assert links_of(text.html)[:2] == [PAY, OURS]
    assert "bank.example.com" in re.sub("<[^>]*>", "", text.html)
    assert f" {PAY}\n" in text.text
    assert text.text.index(PAY) < text.text.index(OURS)


def test_each_bill_of_an_email_has_its_own_button() -> None:
    other = "https://oak.example.com/?a=1&b=2"
    text = an_email(the_bill(bill_id="a"), the_bill(bill_id="b", pay_link=other))
    assert links_of(text.html)[:3] == [PAY, other.replace("&", "&amp;"), OURS]
    assert other in text.text


def test_a_touch_on_a_push_opens_where_its_one_bill_is_paid() -> None:
    def opened(*bills: Bill) -> str:
        notices = [a_notice(bill) for bill in bills]
        return push(a_reader(), notices, today=TODAY, sender=SENDER, first=False).link

    assert opened(the_bill()) == PAY
    assert opened(the_bill(pay_link=None)) == ""
    assert opened(the_bill(bill_id="a"), the_bill(bill_id="b")) == ""


SHORT = {"biller": "Lark", "name": "Rent"}


@IN_LANGUAGES
def test_an_sms_with_room_leads_to_both_and_to_ours_first(language: Language) -> None:
    text = an_sms(the_bill(pay_link="https://lark.example.com", **SHORT), language=language)
    assert segments(text) == (1 if language is Language.ENGLISH else 2)
    assert text.index(OURS) < text.index("https://lark.example.com")
    assert not re.search(r"https[!-~]*[^ -~]", text), "a space follows each link"


def test_an_sms_without_room_leads_to_our_page_alone() -> None:
    text = an_sms(the_bill())
    assert segments(text) == 1
    assert OURS in text and PAY not in text


def test_an_sms_of_two_segments_may_hold_what_two_segments_hold() -> None:
    long = the_bill(biller="Mutual Building Society", name="Second mortgage on the house, part 2")
    assert segments(an_sms(replace(long, pay_link=None))) == 2
    assert PAY in an_sms(long)


@given(st.integers(0, 440), st.sampled_from(Language), st.booleans(), st.booleans())
def test_the_link_to_pay_costs_no_segment_and_never_ours(
    length: int, language: Language, first: bool, two_way: bool
) -> None:
    bill = the_bill(pay_link=PAY + "x" * length)
    text, plain = (
        an_sms(each, language=language, first=first, two_way=two_way)
        for each in (bill, replace(bill, pay_link=None))
    )
    assert segments(text) <= segments(plain)
    assert OURS in text and OURS in plain
    assert (bill.pay_link in text) or text == plain


@pytest.mark.parametrize("phone", ["+8613000000000", "+919000000000", "+999123456789"])
def test_where_no_link_may_stand_there_is_none_to_pay(phone: str) -> None:
    text = an_sms(the_bill(), phone=phone)
    assert "example.com" not in text


def test_a_stack_whose_sms_have_no_page_may_lead_to_where_the_bill_is_paid() -> None:
    assert PAY in an_sms(the_bill(), link=None)


def test_of_several_bills_an_sms_leads_to_our_page_alone() -> None:
    text = an_sms(the_bill(bill_id="a"), the_bill(bill_id="b"))
    assert OURS in text and PAY not in text


def test_where_the_link_is_how_to_stop_there_is_but_one() -> None:
    assert PAY not in an_sms(the_bill(), first=True)
    assert PAY in an_sms(the_bill(), first=True, two_way=True)


NOT_TO_PAY = {
    "paid": the_bill(payments=(Payment(0, NOW),)),
    "taken by itself": the_bill(autopay=True),
    "not mine": the_bill(mute=Mute(NOW, MuteReason.NOT_MINE)),
}


@pytest.mark.parametrize("bill", NOT_TO_PAY.values(), ids=NOT_TO_PAY)
def test_nobody_is_led_to_pay_what_they_should_not(bill: Bill) -> None:
    notice = a_notice(bill)
    assert (in_message(notice).link, on_page(notice).link) == ("", "")
    assert PAY not in an_sms(bill)


def test_nobody_is_led_to_pay_what_is_presumed_to_be_taken() -> None:
    notice = a_notice(the_bill(autopay=True), due_on=date(2027, 2, 20))
    assert (in_message(notice).link, on_page(notice).link) == ("", "")


def test_after_a_failed_debit_the_link_is_there_again() -> None:
    bill = the_bill(autopay=True, failed_debits=(FailedDebit(0, NOW, "debit"),))
    notice = Notice(bill, TODAY, a_trigger(0))
    assert in_message(notice).link == on_page(notice).link == PAY


# The reference ------------------------------------------------------------------------------------


@IN_LANGUAGES
def test_an_email_names_the_reference_as_it_is_written(language: Language) -> None:
    text = an_email(the_bill(reference="INV <7>"), language=language)
    assert "INV <7>\n" in text.text
    assert "INV &lt;7&gt;" in text.html


def test_a_reference_hides_an_account_number_and_leads_nowhere() -> None:
    for name, seen in [
        ("RF18 5390 0754 7034", "*7034"),
        ("call 0800 1111", "call *1111"),
        ("2027-03", "2027-03"),
        ("pay.example", "pay. example"),
    ]:
        notice = a_notice(the_bill(reference=name))
        assert in_message(notice).reference == seen
        assert on_page(notice).reference == seen
        text = an_email(notice.bill)
        assert f": {seen}\n" in text.text
        assert name == seen or name not in text.text + text.html


def test_it_stands_in_no_sms_and_no_push() -> None:
    bill = the_bill(reference="INV 7", pay_link=None)
    pushed = push(a_reader(), [a_notice(bill)], today=TODAY, sender=SENDER, first=False)
    assert "INV" not in an_sms(bill) + pushed.title + pushed.body + pushed.link


@pytest.mark.parametrize("bill", NOT_TO_PAY.values(), ids=NOT_TO_PAY)
def test_what_is_not_to_pay_has_no_reference(bill: Bill) -> None:
    notice = a_notice(replace(bill, reference="INV 7"))
    assert (in_message(notice).reference, on_page(notice).reference) == ("", "")


# The note -----------------------------------------------------------------------------------------


def in_messages(bill: Bill, language: Language) -> Iterator[str]:
    notice, user = a_notice(bill), a_reader(language)
    for first in (True, False):
        pushed = push(user, [notice], today=TODAY, sender=SENDER, first=first)
        yield from (pushed.title, pushed.body, pushed.link)
        yield an_sms(bill, language=language, first=first, two_way=True)
    text = an_email(bill, language=language)
    yield from (text.subject, text.text, text.html)
    answers = Answers(language, "+447700900123", SENDER)
    yield answers.about(Wording.PAID, notice, TODAY).text
    yield answers.listing([notice], today=TODAY).text
    yield feed(Account(1, user, (bill,)), now=NOW).decode().replace("\r\n ", "")


@IN_LANGUAGES
def test_no_message_and_no_calendar_says_a_note(language: Language) -> None:
    bill = the_bill(note="Heron")
    for text in in_messages(bill, language):
        assert "Heron" not in text


@pytest.mark.parametrize("bill", [the_bill(), *NOT_TO_PAY.values()])
def test_the_page_shows_a_note_whatever_became_of_the_bill(bill: Bill) -> None:
    notice = a_notice(replace(bill, note="Account 12345678, see pay.example"))
    assert on_page(notice).note == "Account *5678, see pay. example"


# What people chose, and what is told of it --------------------------------------------------------

SAID = {"pay_link": PAY, "reference": "INV 7", "note": "From the joint account"}


def test_every_field_of_how_to_pay_is_looked_at_here() -> None:
    assert tuple(SAID) == HOW_TO_PAY


def imported(account: Account, **fields: Any) -> Bill:
    """The bill after its biller's file came again, with these fields."""
    draft = a_bill(due_on=TODAY, **fields)
    after = import_bills(account, [(0, lambda today: draft)], Merging(), now=NOW).after
    return after.need_bill("bill")


@pytest.mark.parametrize("name", HOW_TO_PAY)
def test_what_a_user_said_outlasts_the_next_file_and_what_they_left_does_not(name: str) -> None:
    account = Account(1, a_user(), (a_bill(due_on=TODAY, **{name: "of the biller"}),))
    said = a_bill(due_on=TODAY, **SAID)
    changed = commands.change(account, "bill", lambda known: lambda today: said, now=NOW)
    assert getattr(imported(changed), name) == SAID[name]
    assert getattr(imported(changed, **{name: "of the file"}), name) == SAID[name]
    assert getattr(imported(account, **{name: "of the file"}), name) == "of the file"
    assert getattr(imported(account), name) is None


@pytest.mark.parametrize("name", HOW_TO_PAY)
def test_the_journal_tells_that_it_changed_and_not_what_it_says(name: str) -> None:
    user, bare = a_user(), a_bill(due_on=TODAY)
    full, other = replace(bare, **{name: "one"}), replace(bare, **{name: "other"})

    def told(before: Bill, after: Bill) -> list[tuple[str, str | None, str | None]]:
        found = differences((user, (before,)), (user, (after,)))
        return [(each.what, each.old, each.new) for each in found]

    assert told(bare, full) == [(name, None, "…")]
    assert told(full, other) == [(name, "…", "…")]
    assert told(other, bare) == [(name, "…", None)]
    (new,) = differences((user, ()), (user, (full,)))
    assert new.new is not None and new.new.endswith(f"{name} …")


@pytest.mark.parametrize("name", HOW_TO_PAY)
def test_it_is_in_no_printed_form_of_a_bill(name: str) -> None:
    assert "secret" not in repr(a_bill(due_on=TODAY, **{name: "secret"}))

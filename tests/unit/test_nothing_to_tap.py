"""Names go out under the sender's name, so nothing in them leads anywhere when it is touched."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import cycle
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.api.bills import BillChange, BillFields, read_change, read_fields
from bill_reminders.api.problems import Problem
from bill_reminders.api.settings import SettingsChange, changed
from bill_reminders.channels.email.compose import EmailText, email
from bill_reminders.channels.one_off import DirectText
from bill_reminders.channels.push.compose import push
from bill_reminders.channels.sms.answers import Answers
from bill_reminders.channels.sms.compose import sms
from bill_reminders.channels.sms.registered import Wording
from bill_reminders.channels.sms.text import is_gsm, spelled
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Attestation, Language, User
from bill_reminders.feeds.calendar import feed
from bill_reminders.files import legible
from bill_reminders.files.bills import COLUMNS as BILL_COLUMNS
from bill_reminders.files.bills import read_bills, read_own_bills
from bill_reminders.files.users import COLUMNS, read_users
from bill_reminders.messages.names import shorten, shown, title
from bill_reminders.messages.notices import Notice, Sender
from tests.support.direct import trial
from tests.support.examples import examples
from tests.support.people import ATTESTED, a_bill, a_trigger, a_user
from tests.support.tappable import tappable

TODAY = date(2027, 3, 2)
NOW = datetime(2027, 3, 2, 9, tzinfo=UTC)
SENDER = Sender("Family Bills", "stop@bills.example.com")
LINK = "https://pay.example.com/r/k3VbT9xQmZ4cLw7Ns"
UNSUBSCRIBE = "https://pay.example.com/u/k3VbT9xQmZ4cLw7Ns"
OURS = (LINK, UNSUBSCRIBE, SENDER.unsubscribe_mailbox)
"""What the messages themselves lead to."""

LURES = [
    "final notice: pay-now.example/p",
    "www.pay.example",
    "pay.example",
    "Pay.Example.",
    "https://pay.example/p?x=1",
    "HTTP://PAY",
    "//localhost/p",
    "ftp://pay.example",
    "mailto:pay@example",
    "pay@mail.example",
    "pay＠mail．example",
    "ｐａｙ．ｅｘａｍｐｌｅ",
    "pay。example",
    "pay｡example",
    "pay․example",
    "pay·example",
    "pay.\u200dexample",
    "pay\u200b.\u200bexample",
    "支付.公司",
    "支付。公司",
    "оплата.рф",
    "भुगतान.भारत",
    "xn--e1afmkfd.xn--p1ai",
    "10.0.0.1/p",
    "a.b-c.example",
    "pay.co-x",
    "tel:112",
    "sms:12345",
    "call 0800 1111",
    "call (0800) 1111",
    "call 020 7946 0958",
    "+44 (0)20 7946 0958",
    "(202) 555-0123",
    "202.555.0123",
    "202~555~0123",
    "555-0123",
    "٠٨٠٠ ١١١١",
    "０８００－１１１１",
    "0800\u200d1111",
    "1-800-PAY-NOWW",
]
HARMLESS = [
    "No. 7",
    "St. Mary's",
    "24/7 Gym",
    "24/7 Gym 2027",
    "2027-03",
    "Rent 2027-03-05",
    "Rent (2027-03-05) 2",
    "1.5 GB",
    "1.5GB",
    "v2.0",
    "١.٥٠",
    "U.S. Bank",
    "J.P. Morgan",
    "S.p.A.",
    "Acme Inc.",
    "Rent...",
    "Coffee @ Home",
    "@lantern",
    "Rent: flat",
    "Rent:flat",
    "and/or",
    "A//",
    "Flat 12, 45 High Street",
    "Tax 2026/27",
    "1,234,567.89",
    "365-day plan",
]


@pytest.mark.parametrize("name", HARMLESS)
def test_a_name_that_leads_nowhere_stays_as_it_is(name: str) -> None:
    assert shown(name) == name


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        ("Booking.com", "Booking. com"),
        ("St.Mary's", "St. Mary's"),
        ("www.pay.example/p", "www. pay. example/p"),
        ("https://pay.example", "https: // pay. example"),
        ("pay@mail.example", "pay@ mail. example"),
        ("10.0.0.1", "10. 0. 0. 1"),
        ("tel:112", "tel: 112"),
        ("Policy 12345678", "Policy *5678"),
        ("call 0800 1111", "call *1111"),
        ("call (0800) 1111", "call (*1111"),
        ("1-800-PAY-NOWW", "1-800- PAY-NOWW"),
    ],
)
def test_what_leads_somewhere_is_broken_and_can_still_be_read(typed: str, seen: str) -> None:
    assert shown(typed) == seen


@given(st.text())
def test_what_is_broken_stays_as_it_is(typed: str) -> None:
    assert shown(shown(typed)) == shown(typed)


PIECES = st.sampled_from(
    [*"aZé9.:/@-。．·,() \u200d", "www", "http", "://", "example", "com", "公司", "0800", "555"]
)
TYPED = st.one_of(st.lists(PIECES, max_size=12).map("".join), st.sampled_from(LURES))


@examples(200)
@given(biller=TYPED, name=TYPED, width=st.integers(1, 60))
def test_no_title_leads_anywhere(biller: str, name: str, width: int) -> None:
    bill = a_bill(due_on=TODAY, biller=biller, name=name)
    assert not tappable(title(bill, "A bill", width=width))
    assert not tappable(shown(spelled(shown(biller))))
    assert not tappable(shorten(shown(name), width))


@pytest.mark.parametrize(
    ("biller", "name"),
    [
        ("pay.", "example"),
        ("pay", ".example"),
        ("支付。", "公司"),
        ("支付.", "公司"),
        ("Call 0800", "1111 now"),
        ("(202) 555", "0123"),
        ("pay@", "mail.example"),
    ],
)
def test_a_biller_and_a_name_lead_nowhere_together(biller: str, name: str) -> None:
    together = title(a_bill(due_on=TODAY, biller=biller, name=name), "A bill", width=40)
    assert not tappable(together)
    assert not re.search(r"[.。]公司", together)


@pytest.mark.parametrize("name", LURES)
def test_a_lure_costs_no_alphabet(name: str) -> None:
    assert is_gsm(shown(name)) >= is_gsm(name)


def a_reader(lure: str, language: Language, *, phone: str) -> User:
    channels = (Channel.SMS, Channel.PUSH, Channel.EMAIL)
    user = a_user(channels=channels, language=language, code_word=lure)
    vouched = Attestation(lure, ATTESTED.at, ATTESTED.evidence)
    reached = {each: replace(at, attestation=vouched) for each, at in user.addresses.items()}
    reached[Channel.SMS] = replace(reached[Channel.SMS], value=phone)
    return replace(user, addresses=MappingProxyType(reached))


def bills_of(lure: str) -> tuple[Bill, ...]:
    return (
        a_bill(bill_id="a", due_on=TODAY, biller=lure, name="Rent"),
        a_bill(bill_id="b", due_on=TODAY, biller="Oak", name=lure),
        a_bill(bill_id="c", due_on=TODAY, biller=lure, name=lure),
    )


PHONES = ["+447700900123", "+12025550123", "+8613000000000", "+919000000000"]


def in_messages(lure: str, language: Language, phone: str) -> Iterator[str]:
    """All that a name, a code word or a biller's own name gets into."""
    user = a_reader(lure, language, phone=phone)
    every = [Notice(bill, TODAY, a_trigger(0)) for bill in bills_of(lure)]
    yield from reminders(user, every[2:], link=None)
    yield from reminders(user, every, link=LINK)
    yield from answers(user, phone, every)
    yield from trials_of(user, phone)


def reminders(user: User, notices: list[Notice], *, link: str | None) -> Iterator[str]:
    yield sms(user, notices, today=TODAY, sender=SENDER, first=True, link=link, two_way=True).body
    yield from of_email(
        email(
            user, notices, today=TODAY, sender=SENDER, first=True, reference="reference",
            link=link, unsubscribe_link=link and UNSUBSCRIBE,
        )
    )  # fmt: skip
    pushed = push(user, notices, today=TODAY, sender=SENDER, first=True)
    yield from (pushed.title, pushed.body)


def answers(user: User, phone: str, notices: list[Notice]) -> Iterator[str]:
    writer = Answers(user.language, phone, SENDER)
    for wording in (Wording.PAID, Wording.SNOOZED, Wording.SNOOZE_LATE, Wording.UNDONE):
        yield writer.about(wording, notices[2], TODAY).text
    yield writer.which(notices)[0].text
    yield writer.listing(notices, today=TODAY).text


def trials_of(user: User, phone: str) -> Iterator[str]:
    for channel in Channel:
        text = trial(
            user.language, channel, to=phone, sender=SENDER, code_word=user.code_word
        )  # fmt: skip
        yield from of_email(text)


def of_email(text: EmailText | DirectText) -> Iterator[str]:
    yield text.subject
    yield text.text
    yield re.sub(r"<style.*?</style>|<[^>]*>", "\n", text.html, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("lure", "language", "phone"), list(zip(LURES, cycle(Language), cycle(PHONES), strict=False))
)
def test_no_message_leads_anywhere_but_to_ourselves(
    lure: str, language: Language, phone: str
) -> None:
    for text in set(in_messages(lure, language, phone)):
        assert_leads_nowhere(text)


def assert_leads_nowhere(text: str) -> None:
    for ours in OURS:
        text = text.replace(ours, "-")
    assert not tappable(text), text
    assert not re.search(r"[.．。｡․](\u200d)?(example|ｅｘａｍｐｌｅ|公司|рф|भारत|xn)", text), text


@pytest.mark.parametrize("lure", LURES[::3])
def test_no_calendar_leads_anywhere(lure: str) -> None:
    account = Account(1, a_reader(lure, Language.ENGLISH, phone=PHONES[0]), bills_of(lure))
    assert_leads_nowhere(feed(account, now=NOW).decode().replace("\r\n ", ""))


@pytest.mark.parametrize("language", Language)
def test_our_own_link_and_mailbox_stay_whole(language: Language) -> None:
    bills = [Notice(each, TODAY, a_trigger(0)) for each in bills_of("pay.example")]
    written = list(reminders(a_reader("Oak", language, phone=PHONES[0]), bills[:1], link=LINK))
    assert any(LINK in text for text in written)
    unlinked = reminders(a_reader("Oak", language, phone=PHONES[0]), bills[:1], link=None)
    assert any(SENDER.unsubscribe_mailbox in text for text in unlinked)


LINKED = ["https://pay.example", "Rent: hxxp://x", "a：／／b"]


@pytest.mark.parametrize("text", LINKED)
@pytest.mark.parametrize("field", ["biller", "name"])
def test_a_link_in_a_bill_is_refused_by_its_field_with_a_remedy(field: str, text: str) -> None:
    body = {"biller": "P", "name": "Power", "first_due": "2027-03-05"} | {field: text}
    with pytest.raises(Problem) as caught:
        read_fields(BillFields.model_validate(body), user_id="somebody", bill_id="bill")
    assert [each.field for each in caught.value.errors] == [field]
    assert "without ://" in caught.value.errors[0].detail


@pytest.mark.parametrize("text", LINKED)
def test_a_link_in_a_code_word_is_refused(text: str) -> None:
    with pytest.raises(Problem) as caught:
        changed(a_user(), SettingsChange(code_word=text))
    assert [each.field for each in caught.value.errors] == ["code_word"]


@pytest.mark.parametrize("text", LINKED)
@pytest.mark.parametrize("column", ["biller", "name"])
def test_a_link_in_a_file_of_bills_is_refused_by_row_and_column(column: str, text: str) -> None:
    cells = {"bill_id": "rent", "biller": "Oak", "name": "Rent", "first_due": "2027-03-01"}
    row = ",".join((cells | {column: text}).values())
    parsed = read_own_bills(f"{','.join(cells)}\n{row}\n", "somebody")
    assert [(error.row, error.column) for error in parsed.errors] == [(2, column)]
    given = dict.fromkeys(BILL_COLUMNS, "") | cells | {"user_id": "somebody", "repeats": "once"}
    given |= {column: text}
    of_many = read_bills(f"{','.join(given)}\n{','.join(given.values())}\n")
    assert [(error.row, error.column) for error in of_many.errors] == [(2, column)]


def a_row_of_users(**cells: str) -> str:
    given = dict.fromkeys(COLUMNS, "") | {
        "user_id": "somebody",
        "language": "en",
        "time_zone": "Europe/London",
        "channels": "sms",
        "attested_by": "Desk",
        "attested_at": "2027-01-01",
        "evidence": "form",
    }
    given |= cells
    return f"{','.join(given)}\n{','.join(given.values())}\n"


def test_a_link_in_the_name_of_who_vouches_is_refused_for_it_is_sent() -> None:
    parsed = read_users(a_row_of_users(attested_by="https://pay.example"))
    assert [(error.row, error.column) for error in parsed.errors] == [(2, "attested_by")]


def test_evidence_may_be_a_link_for_it_is_never_sent() -> None:
    assert not read_users(a_row_of_users(evidence="https://crm.example/consents/7")).errors


def test_a_suggestion_with_a_link_is_refused_with_a_remedy() -> None:
    assert "without ://" in (legible.link_fault("Say it as https://pay.example does") or "")


def test_a_bill_that_has_a_link_from_before_can_still_be_changed() -> None:
    known = a_bill(due_on=TODAY, biller="Oak", name="Rent https://pay.example")
    row = read_change(known, BillChange(amount="80.00"))
    assert (row.biller, row.name) == (known.biller, known.name)
    with pytest.raises(Problem):
        read_change(known, BillChange(name="https://pay.example"))

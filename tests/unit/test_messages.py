"""What each message says, in every language and on every channel."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.channels.email.compose import EmailText, email
from bill_reminders.channels.push.compose import PushText, push
from bill_reminders.channels.sms.compose import sms
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.money import Money
from bill_reminders.domain.people import Address, Attestation, Language, User
from bill_reminders.domain.recurrence import Recurrence
from bill_reminders.messages.notices import WHOLE, Notice, Part, Sender
from tests.support.mail import Page
from tests.support.people import a_trigger

EN, HANS, HANT = Language.ENGLISH, Language.SIMPLIFIED_CHINESE, Language.TRADITIONAL_CHINESE
IN_LANGUAGES = pytest.mark.parametrize("language", Language)
TODAY = date(2027, 3, 2)
SENDERS = {EN: "Family Bills", HANS: "家庭账本", HANT: "家庭帳本"}
BILLS = {
    EN: ("Lark", "Credit card", "USD"),
    HANS: ("纸鹤银行", "信用卡", "CNY"),
    HANT: ("紙鶴商業銀行", "信用卡", "TWD"),
}


def user(language: Language, source: str = "Lark") -> User:
    attestation = Attestation(source, at=datetime(2027, 1, 1, tzinfo=UTC), evidence="form 7")
    addresses = {channel: Address("somewhere", attestation) for channel in Channel}
    return User("user", language, ZoneInfo("Asia/Taipei"), addresses=addresses)


def sender(language: Language) -> Sender:
    return Sender(SENDERS[language], unsubscribe_mailbox="stop@bills.example.com")


def notice(
    language: Language,
    days: int,
    offset: int | None = None,
    *,
    biller: str | None = None,
    name: str | None = None,
    amount: str | None = "1234.56",
) -> Notice:
    """A bill due `days` after today, of which the plan's line `offset` is the reason."""
    usual_biller, usual_name, currency = BILLS[language]
    due_on = TODAY + timedelta(days)
    bill = Bill(
        "user",
        f"bill {days}",
        usual_biller if biller is None else biller,
        usual_name if name is None else name,
        Recurrence(due_on),
        owed_from=due_on,
        amount=None if amount is None else Money(Decimal(amount), currency),
    )
    return Notice(bill, due_on, a_trigger(-days if offset is None else offset))


def sms_of(language: Language, *notices: Notice, first: bool = False, part: Part = WHOLE) -> str:
    return sms(
        user(language), notices, today=TODAY, sender=sender(language), first=first, part=part
    ).body


def push_of(
    language: Language, *notices: Notice, first: bool = False, part: Part = WHOLE
) -> PushText:
    return push(
        user(language), notices, today=TODAY, sender=sender(language), first=first, part=part
    )


def email_of(
    language: Language, *notices: Notice, first: bool = False, part: Part = WHOLE
) -> EmailText:
    return email(
        user(language),
        notices,
        today=TODAY,
        sender=sender(language),
        first=first,
        reference="m-42",
        part=part,
    )


def digest(language: Language, count: int) -> Sequence[Notice]:
    """Bills due yesterday, today, tomorrow and so on, the latest first."""
    return [notice(language, days) for days in reversed(range(-1, count - 1))]


SINGLE = {
    (EN, 3): "Family Bills: Lark Credit card, $1,234.56, is due in 3 days (Fri, Mar 5). "
    "By your reminder plan: 3 days before.",
    (EN, 1): "Family Bills: Lark Credit card, $1,234.56, is due tomorrow (Wed, Mar 3). "
    "By your reminder plan: 1 day before.",
    (EN, 0): "Family Bills: Lark Credit card, $1,234.56, is due today (Tue, Mar 2). "
    "By your reminder plan: on the due day.",
    (EN, -1): "Family Bills: Lark Credit card, $1,234.56, is 1 day overdue (was due Mon, Mar 1). "
    "If already paid, please ignore. By your reminder plan: 1 day after.",
    (EN, -5): "Family Bills: Lark Credit card, $1,234.56, is 5 days overdue (was due Thu, Feb 25). "
    "If already paid, please ignore. By your reminder plan: 5 days after.",
    (HANS, 3): "【家庭账本】纸鹤银行信用卡：¥1,234.56，3天后到期（3月5日周五）。"
    "按提醒计划：提前3天。",
    (HANS, 1): "【家庭账本】纸鹤银行信用卡：¥1,234.56，明天到期（3月3日周三）。"
    "按提醒计划：提前1天。",
    (HANS, 0): "【家庭账本】纸鹤银行信用卡：¥1,234.56，今天到期（3月2日周二）。"
    "按提醒计划：到期当天。",
    (HANS, -1): "【家庭账本】纸鹤银行信用卡：¥1,234.56，已逾期1天（3月1日周一到期）。"
    "如已支付请忽略。按提醒计划：到期后1天。",
    (HANS, -5): "【家庭账本】纸鹤银行信用卡：¥1,234.56，已逾期5天（2月25日周四到期）。"
    "如已支付请忽略。按提醒计划：到期后5天。",
    (HANT, 3): "【家庭帳本】紙鶴商業銀行信用卡：$1,234.56，3天後到期（3月5日 週五）。"
    "依提醒計劃：提前3天。",
    (HANT, 1): "【家庭帳本】紙鶴商業銀行信用卡：$1,234.56，明天到期（3月3日 週三）。"
    "依提醒計劃：提前1天。",
    (HANT, 0): "【家庭帳本】紙鶴商業銀行信用卡：$1,234.56，今天到期（3月2日 週二）。"
    "依提醒計劃：到期當天。",
    (HANT, -1): "【家庭帳本】紙鶴商業銀行信用卡：$1,234.56，已逾期1天（3月1日 週一到期）。"
    "如已繳款請忽略。依提醒計劃：到期後1天。",
    (HANT, -5): "【家庭帳本】紙鶴商業銀行信用卡：$1,234.56，已逾期5天（2月25日 週四到期）。"
    "如已繳款請忽略。依提醒計劃：到期後5天。",
}


@pytest.mark.parametrize(("language", "days"), SINGLE)
def test_an_sms_says_who_what_how_much_when_and_why(language: Language, days: int) -> None:
    assert sms_of(language, notice(language, days)) == SINGLE[language, days]


@pytest.mark.parametrize(
    ("language", "days", "title"),
    [
        (EN, 3, "Lark Credit card is due in 3 days"),
        (EN, 1, "Lark Credit card is due tomorrow"),
        (EN, 0, "Lark Credit card is due today"),
        (EN, -1, "Lark Credit card is 1 day overdue"),
        (EN, -5, "Lark Credit card is 5 days overdue"),
        (HANS, 3, "纸鹤银行信用卡：3天后到期"),
        (HANS, -1, "纸鹤银行信用卡：已逾期1天"),
        (HANT, 0, "紙鶴商業銀行信用卡：今天到期"),
        (HANT, -5, "紙鶴商業銀行信用卡：已逾期5天"),
    ],
)
def test_a_title_and_a_subject_name_the_bill_and_when_but_no_amount(
    language: Language, days: int, title: str
) -> None:
    assert push_of(language, notice(language, days)).title == title
    assert email_of(language, notice(language, days)).subject == title


@pytest.mark.parametrize(
    ("language", "body"),
    [
        (EN, "$1,234.56. Due date: Fri, Mar 5. By your reminder plan: 3 days before."),
        (HANS, "¥1,234.56，到期日：3月5日周五。按提醒计划：提前3天。"),
        (HANT, "$1,234.56，到期日：3月5日 週五。依提醒計劃：提前3天。"),
    ],
)
def test_a_push_gives_the_amount_and_the_reason_below(language: Language, body: str) -> None:
    assert push_of(language, notice(language, 3)).body == body


@pytest.mark.parametrize(
    ("language", "title"),
    [
        (EN, "Lark Credit card is 1 day overdue; more bills: 2"),
        (HANS, "纸鹤银行信用卡：已逾期1天，还有2笔"),
        (HANT, "紙鶴商業銀行信用卡：已逾期1天，還有2筆"),
    ],
)
def test_a_title_counts_the_other_bills_and_not_days(language: Language, title: str) -> None:
    bills = digest(language, 3)
    assert push_of(language, *bills).title == email_of(language, *bills).subject == title


def test_words_count_from_today_and_never_from_the_trigger() -> None:
    late = notice(EN, 1, offset=-3)
    for text in (sms_of(EN, late), push_of(EN, late).title, email_of(EN, late).text):
        assert "due tomorrow" in text
        assert "in 3 days" not in text
    assert "By your reminder plan: 3 days before." in sms_of(EN, late)


@pytest.mark.parametrize(
    ("language", "sms_words", "other_words"),
    [
        (EN, "Lark Credit card, amount not known yet, is due today", "Amount not known yet"),
        (HANS, "纸鹤银行信用卡：金额待确认，今天到期", "金额待确认"),
        (HANT, "紙鶴商業銀行信用卡：金額待確認，今天到期", "金額待確認"),
    ],
)
def test_an_amount_that_nobody_knows_yet_is_said_so(
    language: Language, sms_words: str, other_words: str
) -> None:
    unknown = notice(language, 0, amount=None)
    assert sms_words in sms_of(language, unknown)
    assert other_words in push_of(language, unknown).body
    assert other_words in email_of(language, unknown).text
    assert other_words in email_of(language, unknown).html


@pytest.mark.parametrize(
    ("language", "body"),
    [
        (
            EN,
            "Family Bills: 2 bills. Lark Credit card, $1,234.56, 1 day overdue (Mar 1); "
            "Lark Credit card, $1,234.56, due today (Mar 2). Sent by your reminder plan.",
        ),
        (
            HANS,
            "【家庭账本】您有2笔账单：纸鹤银行信用卡 ¥1,234.56，已逾期1天（3月1日）；"
            "纸鹤银行信用卡 ¥1,234.56，今天到期（3月2日）。按提醒计划发送。",
        ),
        (
            HANT,
            "【家庭帳本】您有2筆帳單：紙鶴商業銀行信用卡 $1,234.56，已逾期1天（3月1日）；"
            "紙鶴商業銀行信用卡 $1,234.56，今天到期（3月2日）。依提醒計劃發送。",
        ),
    ],
)
def test_an_sms_digest_lists_the_nearest_due_first(language: Language, body: str) -> None:
    assert sms_of(language, *digest(language, 2)) == body


def test_a_digest_with_one_reason_gives_it() -> None:
    same = [notice(EN, 3, name="Credit card"), notice(EN, 3, name="Loan")]
    assert sms_of(EN, *same).endswith("By your reminder plan: 3 days before.")
    assert push_of(EN, *same).body.endswith("By your reminder plan: 3 days before.")


@pytest.mark.parametrize("count", [2, 5, 40])
@IN_LANGUAGES
def test_a_push_digest_has_a_line_a_bill_and_counts_the_rest(
    language: Language, count: int
) -> None:
    text = push_of(language, *digest(language, count))
    *lines, _why = text.body.split("\n")
    assert len(lines) == min(count, 4)
    assert str(count - 1) in text.title
    if count > 3:
        assert str(count - 3) in lines[3]


@pytest.mark.parametrize("count", [1, 2, 5, 40])
@IN_LANGUAGES
def test_an_email_has_every_bill_with_its_date_and_reason(language: Language, count: int) -> None:
    bills = digest(language, count)
    text = email_of(language, *bills)
    assert text.text.count("1,234.56") == text.html.count("1,234.56") == count
    reason = {EN: "By your reminder plan", HANS: "按提醒计划", HANT: "依提醒計劃"}[language]
    assert text.text.count(reason) == count
    assert text.text.count("2027") == count
    assert len(text.html) < 100_000, "longer pages are clipped by mail programs"


@pytest.mark.parametrize(
    ("language", "words"), [(EN, "(2 of 3)"), (HANS, "（2/3）"), (HANT, "（2/3）")]
)
@pytest.mark.parametrize("count", [1, 5])
def test_a_part_says_which_it_is_and_a_whole_does_not(
    language: Language, words: str, count: int
) -> None:
    bills = digest(language, count)
    of_three = Part(2, 3)
    assert words in sms_of(language, *bills, part=of_three)
    assert push_of(language, *bills, part=of_three).title.endswith(words)
    assert email_of(language, *bills, part=of_three).subject.endswith(words)
    assert "1 of 1" not in sms_of(language, *bills)
    assert "1/1" not in sms_of(language, *bills)


@pytest.mark.parametrize(
    ("language", "sms_end", "push_end", "email_line"),
    [
        (
            EN,
            "Sent for Lark. To stop, tell Lark.",
            "Sent for Lark. To stop, switch reminders off in the app's settings.",
            "This is our first e-mail to this address. It is sent for Lark.",
        ),
        (
            HANS,
            "本短信代Lark发送。如不想再收到，请告知Lark。",
            "本提醒代Lark发送。如不想再收到，可在应用的设置中关闭。",
            "这是我们发到此邮箱的第一封邮件，代Lark发送。",
        ),
        (
            HANT,
            "本訊息代Lark發送。如不想再收到，請告知Lark。",
            "本提醒代Lark發送。如不想再收到，可在應用程式的設定中關閉。",
            "這是我們寄到此地址的第一封郵件，代Lark發送。",
        ),
    ],
)
def test_the_first_message_to_an_address_says_for_whom_and_how_to_stop(
    language: Language, sms_end: str, push_end: str, email_line: str
) -> None:
    for count in (1, 2):
        bills = digest(language, count)
        assert sms_of(language, *bills, first=True).endswith(sms_end)
        assert push_of(language, *bills, first=True).body.endswith(push_end)
        mail = email_of(language, *bills, first=True)
        assert email_line in mail.text
        assert email_line in mail.html
        assert "STOP" not in sms_of(language, *bills)
        assert email_line not in email_of(language, *bills).text


def test_an_address_for_which_nobody_vouches_gets_no_first_message() -> None:
    stranger = User("user", EN, ZoneInfo("UTC"), addresses={Channel.SMS: Address("somewhere")})
    with pytest.raises(InvalidValue, match="not attested"):
        sms(stranger, [notice(EN, 1)], today=TODAY, sender=sender(EN), first=True)


def test_a_message_without_reminders_is_refused() -> None:
    with pytest.raises(InvalidValue, match="at least one"):
        sms_of(EN)


@IN_LANGUAGES
def test_every_email_says_how_to_stop_in_its_header_and_in_both_texts(language: Language) -> None:
    text = email_of(language, notice(language, 3))
    link = "mailto:stop@bills.example.com?subject=unsubscribe%20m-42"
    assert text.list_unsubscribe == f"<{link}>"
    assert Page(text.html).links == [link]
    assert "stop@bills.example.com" in text.text
    assert "unsubscribe m-42" in text.text


def test_a_reference_cannot_leave_its_place_in_the_header() -> None:
    text = email(
        user(EN),
        [notice(EN, 3)],
        today=TODAY,
        sender=Sender("Family Bills", "a+b?c>@bills.example.com"),
        first=False,
        reference="x>,<mailto:y?body=z&\r\nBcc: all",
    )
    assert re.fullmatch(r"<mailto:[\w.@+%-]+\?subject=[\w.%-]+>", text.list_unsubscribe)


@IN_LANGUAGES
def test_an_email_loads_nothing_and_leads_nowhere(language: Language) -> None:
    html = email_of(language, *digest(language, 5)).html
    assert Page(html).tags.isdisjoint({"img", "link", "script", "iframe", "form"})
    assert not re.search(r"https?:|url\(|@import", html)
    assert f'<html lang="{language}">' in html
    assert '<meta name="color-scheme" content="light dark">' in html


@IN_LANGUAGES
def test_what_an_inbox_previews_holds_no_amount(language: Language) -> None:
    hidden = re.search(
        '<div style="display:none[^>]*>(.*?)</div>', email_of(language, notice(language, 3)).html
    )
    assert hidden is not None
    assert "2027" in hidden[1]
    assert "1,234" not in hidden[1]
    assert hidden[1].count("&zwnj;") >= 80, "room for the first lines of the body otherwise"


def test_an_overdue_email_spares_who_has_paid() -> None:
    assert "If already paid" in email_of(EN, notice(EN, -1)).html
    assert "If already paid" not in email_of(EN, notice(EN, 0)).html


CONTROLS = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")
NAMES = st.text(max_size=200) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        "</td></table>",
        "{{ 7*7 }}",
        "{due}",
        "a\r\nBcc: all",
        "\u202e123",
    ]
)


@given(NAMES, NAMES, st.sampled_from(Language))
def test_no_name_breaks_a_line_or_turns_a_text_around(
    biller: str, name: str, language: Language
) -> None:
    odd = notice(language, 3, biller=biller, name=name)
    mail = email_of(language, odd)
    for line in (
        sms_of(language, odd),
        *vars_of(push_of(language, odd)),
        mail.subject,
        *mail.text.split("\n"),
    ):
        assert not CONTROLS.search(line)
    assert mail.text.count("\n") == email_of(language, notice(language, 3)).text.count("\n")


def vars_of(text: PushText) -> tuple[str, str]:
    return text.title, text.body


@given(NAMES, NAMES)
def test_no_name_becomes_markup(biller: str, name: str) -> None:
    usual = Page(email_of(EN, notice(EN, 3)).html)
    odd = Page(email_of(EN, notice(EN, 3, biller=biller, name=name)).html)
    assert odd.tags == usual.tags
    assert odd.links == usual.links


def test_a_name_with_markup_is_shown_as_it_was_typed() -> None:
    page = Page(email_of(EN, notice(EN, 3, biller="Tom & Co", name="<b>{{ 7*7 }}</b>")).html)
    assert {"Tom & Co", "<b>{{ 7*7 }}</b>"} <= set(page.words)


def test_a_bill_without_a_readable_name_is_still_announced() -> None:
    nameless = notice(EN, 0, biller="\0", name="\u202e")
    assert push_of(EN, nameless).title == "A bill is due today"
    assert "A bill, $1,234.56, is due today" in sms_of(EN, nameless)

"""What a code and a test message say, in every language and on every channel."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.channels.one_off import DirectText
from bill_reminders.channels.sms.text import segments
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.people import Language
from bill_reminders.messages.notices import Sender
from tests.support.direct import code, trial
from tests.support.mail import Page

EN, HANS, HANT = Language.ENGLISH, Language.SIMPLIFIED_CHINESE, Language.TRADITIONAL_CHINESE
IN_LANGUAGES = pytest.mark.parametrize("language", Language)
ON_CHANNELS = pytest.mark.parametrize("channel", Channel)
OF_CODES = pytest.mark.parametrize("channel", [Channel.SMS, Channel.EMAIL])
CONTROLS = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")

SENDERS_OF_20 = [
    "The Family Book-Keep",
    "Société de l'Épargne",
    "Caixa Econômica Sul²",
    "家庭账本提醒服务一二三四五六七八九十甲乙",
    "家庭帳本提醒服務一二三四五六七八九十甲乙",
    "||||||||||||||||||||",
    "😀" * 20,
]
assert {len(name) for name in SENDERS_OF_20} == {20}


def code_of(language: Language, channel: Channel, sender: str = "Bill reminders") -> DirectText:
    return code(
        language, channel, to="+447700900123", sender=Sender(sender, ""), code="123456", minutes=10
    )


def trial_of(
    language: Language,
    channel: Channel,
    sender: str = "Bill reminders",
    code_word: str | None = None,
) -> DirectText:
    return trial(
        language, channel, to="+447700900123", sender=Sender(sender, ""), code_word=code_word
    )


@pytest.mark.parametrize(
    ("language", "sender", "text"),
    [
        (
            EN,
            "Bill reminders",
            "Bill reminders: 123456 is your code, valid for 10 minutes. Never tell it to anybody. "
            "If you did not ask for it, ignore this.",
        ),
        (
            EN,
            "家庭账本",
            "家庭账本: 123456 is your code, valid 10 min. Tell nobody.",
        ),
        (
            HANS,
            "家庭账本",
            "【家庭账本】您的验证码是123456，10分钟内有效，请勿告诉任何人。"
            "如非本人操作，请忽略本短信。",
        ),
        (
            HANT,
            "家庭帳本",
            "【家庭帳本】您的驗證碼是123456，10分鐘內有效，請勿告訴任何人。"
            "如非本人操作，請忽略本訊息。",
        ),
    ],
)
def test_a_code_by_sms_says_from_whom_how_long_and_to_tell_nobody(
    language: Language, sender: str, text: str
) -> None:
    assert code_of(language, Channel.SMS, sender) == DirectText("", text, "")


@pytest.mark.parametrize("sender", SENDERS_OF_20)
@IN_LANGUAGES
def test_a_code_takes_one_segment_whatever_the_senders_name(
    language: Language, sender: str
) -> None:
    text = code_of(language, Channel.SMS, sender).text
    assert segments(text) == 1
    assert "123456" in text
    assert "10" in text.replace("123456", "")
    assert sender[:5] in text


@pytest.mark.parametrize("sender", [name for name in SENDERS_OF_20 if "😀" not in name])
@IN_LANGUAGES
def test_a_senders_name_of_20_characters_stands_whole_before_a_code(
    language: Language, sender: str
) -> None:
    assert sender in code_of(language, Channel.SMS, sender).text


@given(st.text(max_size=200), st.sampled_from(Language))
def test_no_senders_name_makes_a_code_take_two_segments(sender: str, language: Language) -> None:
    text = code_of(language, Channel.SMS, sender).text
    assert segments(text) == 1
    assert not CONTROLS.search(text)


@IN_LANGUAGES
def test_a_code_by_email_stands_in_both_texts_and_nowhere_else(language: Language) -> None:
    mail = code_of(language, Channel.EMAIL)
    assert mail.text.count("123456") == mail.html.count("123456") == 1
    assert "123456" not in mail.subject, "locked screens show it"
    assert mail.text.count("10") == 1
    assert "Bill reminders" in mail.text
    assert "Bill reminders" in mail.html


@IN_LANGUAGES
def test_what_an_inbox_previews_holds_no_code(language: Language) -> None:
    html = code_of(language, Channel.EMAIL).html
    hidden = re.search('<div style="display:none[^>]*>(.*?)</div>', html)
    assert hidden is not None
    assert "123456" not in hidden[1]
    assert hidden[1].count("&zwnj;") >= 80, "room for the first lines of the body otherwise"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (EN, "Nothing else is sent to this address unless it is confirmed."),
        (HANS, "此邮箱未经确认，我们不会再向它发送任何内容。"),
        (HANT, "此地址未經確認，我們不會再寄送任何內容。"),
    ],
)
def test_a_code_by_email_says_that_nothing_comes_unless_it_is_confirmed(
    language: Language, words: str
) -> None:
    mail = code_of(language, Channel.EMAIL)
    assert words in mail.text
    assert words in mail.html


@IN_LANGUAGES
def test_a_push_endpoint_takes_no_code(language: Language) -> None:
    with pytest.raises(InvalidValue, match="channel: takes no code: choose sms or email"):
        code_of(language, Channel.PUSH)


@pytest.mark.parametrize(
    ("language", "sms", "title", "body"),
    [
        (
            EN,
            "Bill reminders: A test message: reminders will arrive like this. Code word: Harbour",
            "Test message",
            "Reminders will arrive here like this. Your code word: Harbour",
        ),
        (
            HANS,
            "【Bill reminders】这是一条测试消息，今后的提醒会像这样发给您。暗号：Harbour",
            "测试消息",
            "今后的提醒会像这样发给您。您的暗号：Harbour",
        ),
        (
            HANT,
            "【Bill reminders】這是一則測試訊息，今後的提醒會像這樣傳送給您。暗號：Harbour",
            "測試訊息",
            "今後的提醒會像這樣傳送給您。您的暗號：Harbour",
        ),
    ],
)
def test_a_test_message_says_that_it_is_one_and_gives_the_code_word(
    language: Language, sms: str, title: str, body: str
) -> None:
    assert trial_of(language, Channel.SMS, code_word="Harbour") == DirectText("", sms, "")
    assert trial_of(language, Channel.PUSH, code_word="Harbour") == DirectText(title, body, "")
    mail = trial_of(language, Channel.EMAIL, code_word="Harbour")
    assert mail.subject == title
    for said in ("Harbour", "Bill reminders"):
        assert said in mail.text
        assert said in mail.html


@pytest.mark.parametrize("code_word", [None, "", "\0\u202e"])
@ON_CHANNELS
def test_who_has_no_code_word_is_not_told_of_one(channel: Channel, code_word: str | None) -> None:
    text = trial_of(EN, channel, code_word=code_word)
    assert "code word" not in text.text + text.html
    assert text == trial_of(EN, channel)


@pytest.mark.parametrize("sender", SENDERS_OF_20)
@IN_LANGUAGES
def test_a_test_message_without_a_code_word_takes_one_segment(
    language: Language, sender: str
) -> None:
    text = trial_of(language, Channel.SMS, sender).text
    assert segments(text) == 1
    assert sender[:5] in text


def test_an_ordinary_test_message_with_a_code_word_takes_one_segment() -> None:
    assert segments(trial_of(EN, Channel.SMS, "x" * 20, "y" * 20).text) == 1
    assert segments(trial_of(HANS, Channel.SMS, "家庭账本", "码" * 20).text) == 1
    assert segments(trial_of(HANT, Channel.SMS, "家庭帳本", "碼" * 20).text) == 1


@pytest.mark.parametrize("code_word", ["y" * 20, "码" * 20, "😀" * 20])
@IN_LANGUAGES
def test_a_code_word_of_20_characters_stands_whole_in_two_segments_at_most(
    language: Language, code_word: str
) -> None:
    for sender in SENDERS_OF_20:
        text = trial_of(language, Channel.SMS, sender, code_word).text
        assert segments(text) <= 2
        assert text.endswith(code_word)
        assert sender[:5] in text


ODD = st.text(max_size=200) | st.sampled_from(
    ["a\r\nBcc: all", "\u202e123", "{code}", "😀" * 90, "码" * 90, "|" * 90]
)


@given(ODD, ODD, st.sampled_from(Language), st.sampled_from(Channel))
def test_no_name_and_no_code_word_breaks_a_line_or_takes_three_segments(
    sender: str, code_word: str, language: Language, channel: Channel
) -> None:
    said = trial_of(language, channel, sender, code_word)
    usual = trial_of(language, channel, code_word="Harbour" if known(code_word) else None)
    assert said.text.count("\n") == usual.text.count("\n")
    for line in (said.subject, *said.text.split("\n")):
        assert not CONTROLS.search(line)
    if channel is Channel.SMS:
        assert segments(said.text) <= 2


def known(code_word: str) -> bool:
    return "code word" in trial_of(EN, Channel.PUSH, code_word=code_word).text


@OF_CODES
@IN_LANGUAGES
def test_no_code_holds_control_characters(language: Language, channel: Channel) -> None:
    said = code_of(language, channel, "Bill\r\nBcc: all\u202e reminders\0")
    for line in (said.subject, *said.text.split("\n")):
        assert not CONTROLS.search(line)
    assert "Bill Bcc: all reminders" in said.text
    assert not CONTROLS.search(said.html.replace("\n", ""))


@IN_LANGUAGES
def test_a_sender_with_markup_is_shown_as_it_was_typed(language: Language) -> None:
    for mail in (
        code_of(language, Channel.EMAIL, "<b>"),
        trial_of(language, Channel.EMAIL, "<b>"),
    ):
        page = Page(mail.html)
        assert "b" not in page.tags
        assert "<b>" in page.words
        assert "&lt;b&gt;" in mail.html
        assert "<b>" in mail.text


@IN_LANGUAGES
def test_a_code_word_with_markup_is_shown_as_it_was_typed(language: Language) -> None:
    mail = trial_of(language, Channel.EMAIL, code_word="<i>{{ 7*7 }}")
    page = Page(mail.html)
    assert "i" not in page.tags
    assert any(words.endswith("<i>{{ 7*7 }}") for words in page.words)
    assert "<i>{{ 7*7 }}" in mail.text


@IN_LANGUAGES
def test_a_direct_email_loads_nothing_and_leads_nowhere(language: Language) -> None:
    for mail in (code_of(language, Channel.EMAIL), trial_of(language, Channel.EMAIL)):
        page = Page(mail.html)
        assert page.links == []
        assert page.tags.isdisjoint({"img", "link", "script", "iframe", "form"})
        assert not re.search(r"https?:|url\(|@import", mail.html)
        assert f'<html lang="{language}">' in mail.html
        assert '<meta name="color-scheme" content="light dark">' in mail.html


@ON_CHANNELS
@IN_LANGUAGES
def test_only_an_email_has_html_and_only_an_sms_has_no_subject(
    language: Language, channel: Channel
) -> None:
    said = trial_of(language, channel)
    assert bool(said.html) is (channel is Channel.EMAIL)
    assert bool(said.subject) is (channel is not Channel.SMS)

"""What stands in an SMS beside the bill: link, code word, reply words, how to stop."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from bill_reminders.channels.sms.compose import sms
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.money import Money
from bill_reminders.domain.people import Address, Attestation, Language, User
from bill_reminders.domain.recurrence import Recurrence
from bill_reminders.messages.notices import Notice, Sender
from tests.support.people import a_trigger

EN, HANS, HANT = Language.ENGLISH, Language.SIMPLIFIED_CHINESE, Language.TRADITIONAL_CHINESE
TODAY = date(2027, 3, 2)
LINK = "https://pay.example.com/r/aZ09aZ09aZ09aZ09a"
BRITISH, KOREAN, TAIWANESE, SINGAPOREAN = "+447700900123", "+82100000", "+886900", "+6580000000"
SENDER = Sender("Family Bills", unsubscribe_mailbox="stop@bills.example.com")


def text(
    number: str = BRITISH,
    *,
    language: Language = EN,
    code_word: str | None = None,
    link: str | None = LINK,
    two_way: bool = False,
    first: bool = False,
    debited: bool = False,
    name: str = "Card",
) -> str:
    attestation = Attestation("Lark", datetime(2027, 1, 1, tzinfo=UTC), "form 7")
    addresses = {Channel.SMS: Address(number, attestation)}
    zone = ZoneInfo("Europe/London")
    user = User("user", language, zone, code_word=code_word, addresses=addresses)
    due_on = TODAY + timedelta(3)
    price = Money(Decimal("12.5"), "GBP")
    recurrence = Recurrence(due_on)
    bill = Bill("user", "b", "Lark", name, recurrence, owed_from=due_on, amount=price)
    notice = Notice(bill, due_on, a_trigger(-3))
    written = sms(
        user,
        [notice._replace(will_be_debited=debited)],
        today=TODAY,
        sender=SENDER,
        first=first,
        link=link,
        two_way=two_way,
    )
    assert written.wording == ""
    return written.body


@pytest.mark.parametrize(
    ("language", "written"),
    [
        (
            EN,
            "Family Bills: Lark Card, £12.50, is due in 3 days (Fri, Mar 5). By your reminder "
            f"plan: 3 days before. Reply PAID or SNOOZE. Details: {LINK} Code word: Bluebird",
        ),
        (
            HANS,
            "【Family Bills】Lark Card：£12.50，3天后到期（3月5日周五）。按提醒计划：提前3天。"
            f"可回复“已还”或“明天”。详情 {LINK} 暗号：Bluebird",
        ),
        (
            HANT,
            "【Family Bills】Lark Card：£12.50，3天後到期（3月5日 週五）。依提醒計劃：提前3天。"
            f"可回覆「已還」或「明天」。詳情 {LINK} 暗號：Bluebird",
        ),
    ],
)
def test_everything_stands_in_its_place(language: Language, written: str) -> None:
    assert text(language=language, code_word="Bluebird", two_way=True) == written


def test_a_link_ends_where_a_space_or_the_message_ends() -> None:
    for language in Language:
        assert text(language=language).endswith(f" {LINK}")
        assert f" {LINK} " in text(language=language, code_word="Bluebird")


@pytest.mark.parametrize("number", [SINGAPOREAN, TAIWANESE, "+999123456"])
def test_no_link_goes_where_it_is_not_known_to_arrive_but_the_code_word_does(number: str) -> None:
    written = text(number, code_word="Bluebird", first=True)
    assert "https:" not in written
    assert "link" not in written
    assert written.endswith("To stop, tell Lark. Code word: Bluebird")


@pytest.mark.parametrize("first", [False, True])
def test_reply_words_stand_only_where_country_and_number_take_replies(first: bool) -> None:
    assert "eply PAID or SNOOZE" in text(two_way=True, first=first)
    for written in (text(first=first), text("+97150000000", two_way=True, first=first)):
        assert "eply" not in written


@pytest.mark.parametrize(
    ("two_way", "link", "way"),
    [
        (True, LINK, "To stop: reply STOP or tell Lark."),
        (False, LINK, "To stop: open the link or tell Lark."),
        (False, None, "To stop, tell Lark."),
    ],
)
def test_the_first_message_says_the_way_to_stop_that_there_is(
    two_way: bool, link: str | None, way: str
) -> None:
    assert way in text(two_way=two_way, link=link, first=True)
    assert "stop" not in text(two_way=two_way, link=link).lower()


def test_nobody_is_asked_to_answer_paid_when_the_money_will_be_taken() -> None:
    written = text(two_way=True, debited=True)
    assert "it will be taken" in written
    assert "PAID" not in written


def test_a_code_word_on_several_lines_cannot_look_like_a_message_of_its_own() -> None:
    assert text(code_word=" Blue\n\u202ebird ").endswith("Code word: Blue bird")
    assert "Code word" not in text(code_word=" \n ")


def test_characters_that_korea_does_not_show_are_avoided() -> None:
    assert "后" not in text(KOREAN, language=HANS), "in English instead"
    assert "is due in 3 days" in text(KOREAN, language=HANS)
    assert "3天後到期" not in text(KOREAN, language=HANT, name="信用卡😀")
    text(KOREAN, language=HANS, name="纸鹤😀", code_word="萤火").encode("euc_kr")

"""What people write back, understood."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.people import Language
from bill_reminders.domain.replies import Wish
from bill_reminders.messages.catalogue import catalogue
from bill_reminders.replies.words import Said, understand

SAID = {
    Wish.STOP: [
        "STOP", "Stop.", "s t o p", "ＳＴＯＰ", "ARRET", "Arrêt", "CANCEL", "END", "OPT-OUT",
        "OPTOUT", "opt out", "QUIT", "REMOVE", "TD", "UNSUBSCRIBE", "STOPALL", "REVOKE", "T", "R",
        "退订", "退訂", "回复TD退订", "取消訂閱", "不要再發了", "停止發送", "please stop sending",
        "Paid. STOP", "stop 2", "cancel my reminders", "don't stop", "STOP🛑",
    ],
    Wish.PAID: [
        "PAID", "paid!", "I paid", "I've paid", "i have already paid it", "Paid today, thanks",
        "ＰＡＩＤ", "P A I D", "its paid", "bill paid", "payment made", "done", "已还", "已還",
        "已繳", "已经还了", "已經還了", "我已经还款了", "还清了", "付了", "钱还了，谢谢", "已付款",
        "缴费了", "搞定", "paid 👍",
    ],
    Wish.SNOOZE: [
        "SNOOZE", "snooze until tomorrow", "tomorrow", "Remind me tomorrow please", "later",
        "明天", "好的，明天", "明天再提醒我", "晚點再說", "推遲",
    ],
    Wish.START: ["START", "UNSTOP", "resume", "opt in", "恢复", "恢復", "重新订阅"],
    Wish.HELP: ["HELP", "info", "?", "？？", "who is this", "帮助", "幫助", "怎么用"],
    Wish.LIST: [
        "LIST", "my bills", "list bills", "what is due", "查询", "查詢",
        "我的账单", "帳單",
    ],
    Wish.UNDO: ["UNDO", "undo that", "撤销", "撤銷", "撤回"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "wish"), [(text, wish) for wish, texts in SAID.items() for text in texts]
)
def test_a_word_of_ours_or_what_people_say_in_its_place_is_understood(
    text: str, wish: Wish
) -> None:
    assert understand(text).wish is wish


@pytest.mark.parametrize(
    "text",
    [
        "not paid", "I have not paid yet", "unpaid", "half paid", "I paid half", "paid $50",
        "will be paid Friday", "paid?", "还没还", "還沒還", "没有还", "还款", "不还了", "还了一半",
        "未付", "remind me next week", "start over with the bank", "👍", "", " ", "...", "hello",
        "recompleted", "yes", "paid 2 of 3", "1234", "2 3",
    ],
)  # fmt: skip
def test_what_says_something_else_is_not_guessed_at(text: str) -> None:
    said = understand(text)
    assert said == Said()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2", Said(None, 2)),
        ("２", Said(None, 2)),
        ("②", Said(None, 2)),
        ("#2.", Said(None, 2)),
        ("No. 2 please", Said(None, 2)),
        ("number two", Said(None, 2)),
        ("2nd", Said(None, 2)),
        ("第二个", Said(None, 2)),
        ("第2筆", Said(None, 2)),
        ("paid 2", Said(Wish.PAID, 2)),
        ("已还2", Said(Wish.PAID, 2)),
        ("snooze 1", Said(Wish.SNOOZE, 1)),
    ],
)
def test_a_number_names_an_option(text: str, said: Said) -> None:
    assert understand(text) == said


@given(before=st.text(max_size=40), after=st.text(max_size=40))
def test_stop_is_heard_wherever_it_stands(before: str, after: str) -> None:
    assert understand(f"{before} stop {after}").wish is Wish.STOP
    assert understand(f"{before}退訂{after}").wish is Wish.STOP


@given(text=st.text(max_size=300))
def test_nothing_that_somebody_writes_is_too_much(text: str) -> None:
    understand(text)


@pytest.mark.parametrize("language", Language)
def test_every_word_that_a_message_offers_is_understood(language: Language) -> None:
    texts = catalogue(language).texts
    offers = "\n".join(
        text
        for key, text in texts.items()
        if key.startswith(("sms_replies", "sms_fixed_", "sms_help", "sms_stop_reply"))
    )
    quoted = re.findall(r"\b[A-Z]{4,}\b|(?<=[“「]).+?(?=[”」])", offers)
    listed = re.search("可回[复覆]：(.+?)。", texts["sms_help"])
    words = [*quoted, *(listed[1].split("、") if listed else ())]
    assert len(words) > 8
    assert [word for word in words if understand(word).wish is None] == []

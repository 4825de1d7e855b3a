"""What people write back, understood."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.people import Language
from bill_reminders.domain.replies import Intent
from bill_reminders.messages.catalogue import catalogue
from bill_reminders.replies import words
from bill_reminders.replies.words import Said, understand
from tests.support.examples import ALL, named, some_of

SAID = {
    Intent.STOP: [
        "STOP", "Stop.", "s t o p", "ＳＴＯＰ", "ARRET", "Arrêt", "CANCEL", "END", "OPT-OUT",
        "OPTOUT", "opt out", "QUIT", "REMOVE", "TD", "UNSUBSCRIBE", "STOPALL", "REVOKE", "T", "R",
        "退订", "退訂", "回复TD退订", "取消訂閱", "不要再發了", "停止發送", "please stop sending",
        "Paid. STOP", "stop 2", "cancel my reminders", "don't stop", "STOP🛑",
    ],
    Intent.PAID: [
        "PAID", "paid!", "I paid", "I've paid", "i have already paid it", "Paid today, thanks",
        "ＰＡＩＤ", "P A I D", "its paid", "bill paid", "payment made", "done", "已还", "已還",
        "已繳", "已经还了", "已經還了", "我已经还款了", "还清了", "付了", "钱还了，谢谢", "已付款",
        "缴费了", "搞定", "paid 👍",
    ],
    Intent.SNOOZE: [
        "SNOOZE", "snooze until tomorrow", "tomorrow", "Remind me tomorrow please", "later",
        "明天", "好的，明天", "明天再提醒我", "晚點再說", "推遲",
    ],
    Intent.START: ["START", "UNSTOP", "resume", "opt in", "恢复", "恢復", "重新订阅"],
    Intent.HELP: ["HELP", "info", "?", "？？", "who is this", "帮助", "幫助", "怎么用"],
    Intent.LIST: [
        "LIST", "my bills", "list bills", "what is due", "查询", "查詢",
        "我的账单", "帳單",
    ],
    Intent.UNDO: ["UNDO", "undo that", "撤销", "撤銷", "撤回"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "intent"), [(text, intent) for intent, texts in SAID.items() for text in texts]
)
def test_a_word_of_ours_or_what_people_say_in_its_place_is_understood(
    text: str, intent: Intent
) -> None:
    assert understand(text).intent is intent


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
        ("paid 2", Said(Intent.PAID, 2)),
        ("已还2", Said(Intent.PAID, 2)),
        ("snooze 1", Said(Intent.SNOOZE, 1)),
    ],
)
def test_a_number_names_an_option(text: str, said: Said) -> None:
    assert understand(text) == said


@given(before=st.text(max_size=40), after=st.text(max_size=40))
def test_stop_is_heard_wherever_it_stands(before: str, after: str) -> None:
    assert understand(f"{before} stop {after}").intent is Intent.STOP
    assert understand(f"{before}退訂{after}").intent is Intent.STOP


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
    offered = [*quoted, *(listed[1].split("、") if listed else ())]
    assert len(offered) > 8
    assert [word for word in offered if understand(word).intent is None] == []


# Whatever is written: it takes no longer than it is long

VOCABULARIES = [
    sorted({word for sentence in sentences for part in sentence for word in part.words})
    for each in (words._ENGLISH, words._CHINESE)
    for sentences in each.values()
]
"""Of each wish: words of two wishes are no sentence, and end the reading of both."""
ALL_WORDS = sorted(
    {word for vocabulary in VOCABULARIES for word in vocabulary}
    | words._POLITE
    | words._POLITE_CHINESE
    | words._NUMERALS.keys()
    | words._WHOLE_STOP
    | set(words._BEFORE_A_NUMBER)
)
STEPS_A_CHARACTER = 100
"""Each place of a text is looked at once for each part of each sentence, by each of its lengths."""


def steps_of(text: str) -> int:
    steps = 0

    def look(word: str, known: frozenset[str]) -> bool:
        nonlocal steps
        steps += 1
        return word in known

    understand(text, look=look)
    return steps


def too_long(repeated: str, times: int) -> bool:
    text = f"{repeated * times}x"  # no sentence ends in it, so nothing is understood early
    return steps_of(text) > STEPS_A_CHARACTER * len(text)


def test_a_word_however_often_takes_no_more_steps_than_it_is_long() -> None:
    chosen = some_of(ALL_WORDS, step=4)
    found = [word for word in chosen for times in (4, 16, 64) if too_long(word, times)]
    assert found == []


def test_two_words_however_often_take_no_more_steps_than_they_are_long() -> None:
    pairs = sorted(f"{one}{two}" for each in VOCABULARIES for one in each for two in each)
    assert [pair for pair in some_of(pairs, step=7) if too_long(pair, 4)] == []


@given(
    pieces=st.lists(
        st.sampled_from([*ALL_WORDS, " ", "\n", "“", '"', "'", "> "]), min_size=1, max_size=6
    ),
    times=st.integers(1, 40),
)
def test_nothing_made_of_our_words_takes_more_steps_than_it_is_long(
    pieces: list[str], times: int
) -> None:
    assert not too_long("".join(pieces), times)


def test_a_longer_text_is_only_searched_for_stop() -> None:
    a_little, a_lot = (steps_of("刚" * length) for length in (1_000, 10_000))
    assert a_lot < 10.1 * a_little
    assert understand("刚" * 10_000 + "退订").intent is Intent.STOP


@pytest.mark.parametrize("text", ["刚" * 40 + "x", "paid all " * 30 + "?!x", "查" * 60 + "经"])
def test_what_made_patterns_backtrack_is_not_understood_at_once(text: str) -> None:
    assert understand(text) == Said()


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        (" paid" + " " * 300, Intent.PAID),
        ("paid" + "!" * 300, Intent.PAID),
        ("paid" + " " * 300 + "not", None),
        (" " * 201 + "paid", None),
        ("x" * 300 + " stop", Intent.STOP),
        ("hello " * 100 + "wrong number", Intent.STOP),
    ],
)
def test_a_wish_is_read_at_the_beginning_and_stop_everywhere(
    text: str, intent: Intent | None
) -> None:
    assert understand(text).intent is intent


# Quotations

FIRST = (
    "Lantern: Lantern Bank Credit card, $120.50, is due in 3 days (Mar 4). Reply PAID or SNOOZE. "
    "Sent for Lantern Bank. To stop: reply STOP or tell Lantern Bank."
)
SHORT = "Lantern: Rent, $950.00, is due today. Stop: reply STOP or tell Crane."
LINK = "Lantern: Rent is due today. Sent for Crane. To stop: open the link or tell Crane."
CHINESE = (
    "【家庭账本】纸鹤银行信用卡：¥120.50，3天后到期（3月4日）。可回复“已还”或“明天”。"
    "不想再收到，可回复STOP或告知纸鹤银行。"
)
TRADITIONAL = (
    "【家庭帳本】紙鶴銀行信用卡：$120.50，3天後到期（3月4日）。可回覆「已還」或「明天」。"
    "不想再收到，可回覆STOP或告知紙鶴銀行。退訂請開啟連結。"
)
REACTIONS = [
    "Liked “{}”", "Loved “{}”", "Disliked “{}”", "Laughed at “{}”", "Emphasized “{}”",
    "Emphasised “{}”", "Questioned “{}”", "Removed a like from “{}”", "Removed a heart from “{}”",
    "Removed an exclamation from “{}”", "Removed a question mark from “{}”", "👍 to “{}”",
    "Reacted 👍 to “{}”", "Reacted with 👍 to “{}”", "Removed 👍 from “{}”", "❤️ to “{}”",
    "\u200b👍\u200b to “\u200a{}\u200a”", "👍🏽 to \"{}\"", "‼️ to “{}”", "Liked \"{}\"",
    "Liked '{}'", "liked «{}»", "Gefällt „{}“", "A aimé « {} »", "Le gustó “{}”", "“{}” 👍",
    "赞了“{}”", "喜欢了“{}”", "不喜欢“{}”", "大笑了“{}”", "强调了“{}”", "质疑了“{}”",
    "对“{}”表示喜欢", "移除了对“{}”的赞", "取消了对“{}”的反应", "👍 对“{}”", "喜愛了“{}”",
    "讚了「{}」", "對「{}」按讚", "喜歡「{}」", "移除了對「{}」的讚", "強調了「{}」",
    "覺得『{}』很讚",
    "赞了‘{}’", "讚了‘{}’", "移除了对‘{}’的赞", "按讚「{}」", "已按讚「{}」", "表示喜歡「{}」",
    "用👍回应了“{}”", "用 👍 回應「{}」",
    "取消赞“{}”", "移除了赞“{}”", "撤回了对“{}”的赞", "笑了“{}”",
    "Reacted with a sticker to “{}”", "Reacted with Genmoji to “{}”", "Reacted 1️⃣ to “{}”",
    "#️⃣ to “{}”", "Removed 1️⃣ from “{}”",
]  # fmt: skip


@pytest.mark.parametrize("message", [FIRST, SHORT, LINK, CHINESE, TRADITIONAL])
def test_a_reaction_is_no_wish_whatever_it_quotes(message: str) -> None:
    for quoted in (message, f"{message[:60]}…", f"{message}…"):
        texts = [reaction.format(quoted) for reaction in REACTIONS]
        assert [text for text in texts if understand(text) != Said()] == []


@pytest.mark.parametrize(
    "reaction",
    [
        "Liked “{}”", "👍 to “{}”", "Liked “{}", "赞了“{}”", "對「{}」按讚", "赞了‘{}’",
        "按讚「{}」", "用 👍 回應「{}」", "取消赞“{}”", "Reacted with a sticker to “{}”",
        "Reacted 1️⃣ to “{}”", "*️⃣ to “{}”",
    ],
)  # fmt: skip
def test_a_reaction_to_few_words_is_no_wish_either(reaction: str) -> None:
    for quoted in ("STOP", "Reply PAID", "PAID", "stop…", "退订", "已还", "2"):
        with named(quoted):
            said = understand(reaction.format(quoted))
            assert said == Said()
            assert said.only_quotes


@pytest.mark.parametrize(
    "text",
    [
        "Liked “… Reply PAID …”", "Liked “… reply STOP …”", "赞了“…退订”",
        "Liked “Lantern: reply ST…", "Liked an image", "Loved a photo",
        "Removed a like from an image",
        "Reacted 👍 to a photo", "👍 to an image", "赞了一张图片", "讚了圖片",
    ],
)  # fmt: skip
def test_a_phone_that_says_that_somebody_reacted_is_not_answered(text: str) -> None:
    said = understand(text)
    assert said == Said()
    assert said.only_quotes


@pytest.mark.parametrize(
    "form",
    [
        "“{}”", '"{}"', "「{}」", "‘{}’", "“{} …",
        "> {}", ">{}\n> and more", "Fwd: {}", "FW: {}", "转发：{}", "轉寄：{}",
        "---------- Forwarded message ---------\n{}",
        "On Mon, 1 Mar 2027 at 09:00, Lantern wrote:\n> {}",
        "On Mon, 1 Mar 2027 at 09:00, Lantern wrote:\n\n{}", "2027年3月1日，Lantern 写道：\n> {}",
    ],
)  # fmt: skip
def test_what_is_quoted_or_forwarded_is_nobodys_wish(form: str) -> None:
    for message in (FIRST, SHORT, CHINESE, TRADITIONAL):
        assert understand(form.format(message)) == Said()
        assert understand(f"What does this mean?\n{form}".format(message)).intent is None


def test_lines_that_tell_to_reply_are_nobodys_wish() -> None:
    assert understand("> Reply STOP").intent is None
    assert understand("> To stop: reply STOP or tell Crane.\nWhat is this").intent is Intent.HELP


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("STOP", Intent.STOP), ('"STOP"', Intent.STOP), ("“stop”", Intent.STOP),
        ("'STOP'", Intent.STOP),
        ("‘Stop’", Intent.STOP), ("「退訂」", Intent.STOP), ("Please stop", Intent.STOP),
        ("stop 2", Intent.STOP), ('"Please stop texting me"', Intent.STOP), ("> STOP", Intent.STOP),
        ("Fwd: STOP", Intent.STOP), ('"STOP', Intent.STOP),
        ("“ stop sending me all of this, I have "
        "told you more than once", Intent.STOP), ("don't stop 'til", Intent.STOP),
        ('I said "STOP"! So?', Intent.STOP), ("Liked it. Stop", Intent.STOP),
        ("I don't want 'em. Stop, tell 'em. It's the bosses' fault", Intent.STOP),
        ('"PAID"', Intent.PAID), ("“已还”", Intent.PAID), ("「明天」", Intent.SNOOZE),
        ("'2'", None),
    ],
)  # fmt: skip
def test_a_wish_in_marks_is_still_a_wish(text: str, intent: Intent | None) -> None:
    assert understand(text).intent is intent


@pytest.mark.parametrize("message", [FIRST, SHORT, CHINESE, TRADITIONAL])
@pytest.mark.parametrize(
    "form",
    [
        "“{}” {}", "“{}”\n{}", '"{}" {}', "Liked “{}” {}", "👍 to “{}”. {}", "赞了“{}”，{}",
        "> {}\n{}", "对「{}」{}", "On Mon, Lantern wrote:\n> {}\n{}",
    ],
)  # fmt: skip
def test_the_own_words_beside_a_quotation_count(form: str, message: str) -> None:
    assert understand(form.format(message, "STOP")).intent is Intent.STOP
    assert understand(form.format(message, "please stop this")).intent is Intent.STOP
    assert understand(form.format(message, "退订")).intent is Intent.STOP
    assert understand(form.format(message, "“STOP”")).intent is Intent.STOP
    assert understand(form.format(message, "paid")).intent is Intent.PAID
    assert understand(form.format(message, "paid").replace(message, "")).intent is not Intent.STOP


@pytest.mark.parametrize("message", [FIRST, SHORT, CHINESE])
@pytest.mark.parametrize("form", ["{1}\n> {0}", "{1} “{0}”", "{1}\nOn Mon, Crane wrote:\n{0}"])
def test_the_own_words_before_a_quotation_count(form: str, message: str) -> None:
    assert understand(form.format(message, "STOP")).intent is Intent.STOP
    assert understand(form.format(message, "已还")).intent is Intent.PAID


@pytest.mark.parametrize("signs", ["“", "”", "“”", '"', "'", " 'x", "x' ", "> \n", "「『", "fw:\n"])
def test_marks_however_many_are_read_once(signs: str) -> None:
    times = 20_000 if ALL else 4_000
    assert understand(signs * times + " stop").intent in (Intent.STOP, None)


# A number that is somebody else's now


@pytest.mark.parametrize(
    "text",
    [
        "wrong number", "Wrong number!!", "Sorry, you have the wrong number", "WRONG PERSON",
        "this is not my number", "ALTO", "Baja", "PARAR", "parar por favor", "darme de baja",
        "Número equivocado", "cancelar",
        "打错电话了", "你们发错人了", "號碼錯了", "不是本人", "你们发错了",
    ],
)  # fmt: skip
def test_who_is_not_meant_wishes_to_be_left_alone(text: str) -> None:
    assert understand(text) == Said(Intent.STOP)


@pytest.mark.parametrize(
    "text",
    [
        "please cancel", "pls end", "Please remove me", "Thanks, unsubscribe", "ok quit",
        "no more texts", "No more messages please", "leave me alone",
        "回复TD", "回TD", "回复T", "回復TD退訂", "停止提醒", "取消提醒", "不要发了", "别发了",
        "不要再提醒", "請停止提醒",
    ],
)  # fmt: skip
def test_who_says_it_politely_or_in_other_words_is_stopped_too(text: str) -> None:
    assert understand(text) == Said(Intent.STOP)


@pytest.mark.parametrize("text", ["not mine", "the number is wrong", "bajo", "发错了", "本人"])
def test_what_may_mean_a_bill_stops_nothing(text: str) -> None:
    assert understand(text) == Said()


@pytest.mark.parametrize("text", ["𝐒𝐓𝐎𝐏", "🅂🅃🄾🄿", "ⓢⓣⓞⓟ"])
def test_letters_from_a_keyboard_of_fonts_are_letters(text: str) -> None:
    assert understand(text).intent is Intent.STOP

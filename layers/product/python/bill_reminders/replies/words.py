"""What people write back: one of our words, or what they say in its place.

Case, width, spaces, accents, punctuation and either kind of Chinese writing make no difference.
What counts are the person's own words, not those that they quote: see quotations. STOP is heard
wherever it stands: who is stopped by mistake is told so and can write START, while who is not
stopped has been ignored; "wrong number" is one. Every other wish must be all that was written, but
for politeness: half a sentence that holds "paid" may as well say "not paid". It is looked for in
the first 200 characters.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice

from bill_reminders.domain.replies import Intent
from bill_reminders.replies.quotations import own_words
from bill_reminders.replies.sentences import (
    Look,
    Part,
    holds,
    is_in,
    is_sentence,
    maybe,
    one,
    some,
)
from bill_reminders.replies.spelling import words_of

LONGEST_WISH = 200
"""In characters; STOP is looked for behind them, too."""

# https://docs.aws.amazon.com/sms-voice/latest/userguide/opt-out-list-keywords.html lists ARRET to
# UNSUBSCRIBE; STOPALL and REVOKE are asked for by carriers and by 47 CFR 64.1200(a)(10). A message
# that begins with one is an opt-out, as with AWS itself. The last line is Spanish.
_OPENS_A_STOP = frozenset(
    [
        "arret", "cancel", "end", "optout", "quit", "remove", "stop", "td", "unsubscribe",
        "stopall", "revoke",
        "alto", "baja", "cancelar", "detener", "parar",
    ]
)  # fmt: skip
_ANYWHERE_A_STOP = frozenset(["stop", "stopall", "unsubscribe", "optout"])
_STOP_PHRASES = frozenset(
    [
        "opt out", "wrong number", "wrong person", "wrong phone", "not my number",
        "no more texts", "no more messages", "leave me alone",
        "de baja", "numero equivocado",
    ]
)  # fmt: skip
_STOP_CHINESE = frozenset(
    [
        "退订", "取消订阅", "停止发", "停止短信", "不要再发", "别再发", "不再接收", "拒收", "停发",
        "停收",
        "打错电话", "打错号码", "发错人", "发错号码", "号码错", "号码不对", "号码有误", "找错人",
        "认错人", "搞错人",
    ]
)  # fmt: skip
_WHOLE_STOP = frozenset(
    [
        "t", "r", "qx", "退", "停", "停止", "取消", "取消短信", "停止提醒", "取消提醒",
        "不要再提醒", "别再提醒", "不要发了", "别发了",
        "回复td", "回复t", "回复r", "回覆td", "回覆t", "回覆r", "回td", "回t", "回r",
        "不是本人", "你发错了", "您发错了", "你们发错了",
    ]
)  # fmt: skip
"""T, TD and R are what messages in mainland China offer."""

_POLITE = frozenset(
    [
        "please", "pls", "plz", "thanks", "thank", "you", "thx", "ty", "hi", "hello", "hey", "ok",
        "okay", "yes", "sorry", "sir", "madam",
    ]
)  # fmt: skip
_POLITE_CHINESE = frozenset(
    [
        "谢谢", "多谢", "请", "您好", "你好", "好的", "麻烦", "收到", "啊", "哦", "呢", "吧", "哈",
    ]
)  # fmt: skip

type Sentence = tuple[Part, ...]


def _only(*words: str) -> Sentence:
    return (one(*words),)


_TOMORROW = (" until tomorrow", " till tomorrow")
_SUBJECTS = tuple(
    f" {subject}{verb}"
    for subject in ("it", "its", "bill", "this", "that")
    for verb in ("", " is", " has been", " was")
)
_ENGLISH: Mapping[Intent, tuple[Sentence, ...]] = {
    Intent.PAID: (
        (
            maybe(" i", " we"),
            maybe(" have", " ive", " weve"),
            maybe(" just", " already", " all"),
            maybe(*_SUBJECTS),
            maybe(" already", " all"),
            one(" paid", " payed"),
            some(" it", " this", " that", " them", " all", " already", " now", " today",
                 " yesterday", " online", " in full",
                 " the bill", " the bills", " my bill", " my bills"),
        ),
        (one(" payment"), maybe(" is"), one(" made", " sent", " done", " complete", " completed")),
        (maybe(" its", " all"), one(" done")),
    ),
    Intent.SNOOZE: (
        (one(" snooze"), maybe(" it", " this"), maybe(*_TOMORROW)),
        _only(" later", " tomorrow", " not now"),
        (
            one(" remind me", " text me", " tell me", " ask me"),
            maybe(" again"),
            one(" later", " tomorrow"),
        ),
    ),
    Intent.START: (
        (one(" start"), maybe(" again")),
        _only(" unstop", " restart", " resume", " subscribe", " continue", " opt in", " optin"),
    ),
    Intent.HELP: (
        (one(" help"), maybe(" me")),
        _only(" info", " aide", " who is this", " what is this", " whos this", " whats this"),
    ),
    Intent.LIST: (
        (
            maybe(" list", " show", " list me", " show me"),
            some(" all", " my", " the"),
            one(" bill", " bills"),
        ),
        _only(" list", " status", " due", " what do i owe"),
        (one(" whats", " what is"), one(" due", " next")),
    ),
    Intent.UNDO: (
        (one(" undo"), maybe(" it", " that")),
        _only(" take it back", " take that back"),
    ),
}  # fmt: skip
"""Each word with the space before it."""
_CHINESE: Mapping[Intent, tuple[Sentence, ...]] = {
    Intent.PAID: (
        (
            maybe("账单", "钱", "款", "款项", "这笔", "这个"),
            maybe("我", "我们", "们"),
            some("已经", "已", "都", "刚刚", "刚才", "刚", "今天", "昨天"),
            maybe("全部", "全"),
            one("还款", "还", "付款", "付", "支付", "转账", "转", "缴纳", "缴费", "缴", "交费",
                "交"),
            maybe("清", "完", "过", "好", "掉"),
            maybe("钱", "款", "费"),
            some("了", "啦", "咯"),
        ),
        (maybe("已", "已经"), one("搞定", "办好", "完成"), maybe("了")),
    ),
    Intent.SNOOZE: (
        (
            one("明天", "明日", "明儿"),
            maybe("再"),
            maybe("提醒", "说", "通知", "还", "付", "交"),
            maybe("我"),
            maybe("一下"),
        ),
        (
            one("稍后", "晚点", "迟点", "迟些", "晚些"),
            maybe("再"),
            maybe("提醒", "提醒我", "说"),
        ),
        _only("推迟", "延后", "再提醒", "再提醒我"),
    ),
    Intent.START: (
        (one("恢复"), some("短信", "提醒", "订阅")),
        (maybe("重新"), one("订阅")),
        _only("开始", "开启", "继续"),
    ),
    Intent.HELP: (_only("帮助", "帮忙", "求助", "说明", "怎么用", "你是谁", "这是什么"),),
    Intent.LIST: (
        (maybe("查", "查询"), maybe("我的"), one("账单", "账", "清单")),
        _only("查", "查询", "列表", "cx"),
    ),
    Intent.UNDO: (_only("撤销", "撤消", "撤回"),),
}  # fmt: skip
_DONE = frozenset("已刚都了啦清完过好定")
"""One of them says that it is done: "还款" alone is what there is to do."""

_NUMERALS = {numeral: place for place, numeral in enumerate("一二三四五六七八九", 1)} | {
    numeral: place
    for place, numeral in enumerate(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"], 1
    )
}
_BEFORE_A_NUMBER = ("number", "option", "no", "nr", "第")
_ORDINALS = ("st", "nd", "rd", "th")
_COUNTERS = ("个", "笔", "号", "项")


@dataclass(frozen=True, slots=True)
class Said:
    """What a reply says: a wish, the `number` of an option, both, or nothing that is understood;
    the last also when it `only_quotes`, which wants no answer."""

    intent: Intent | None = None
    number: int | None = None
    only_quotes: bool = field(default=False, compare=False)


def understand(text: str, *, look: Look = is_in) -> Said:
    """What `text` asks for. Each step of the reading is a word that `look` looks up."""
    own = own_words(text)
    words = words_of(own.text)
    if _is_stop(words, look):
        return Said(Intent.STOP)
    said = _asked(own.text, words, look)
    is_quotation = own.is_reaction or (not words and bool(words_of(text)))
    return Said(only_quotes=True) if said == Said() and is_quotation else said


def _asked(text: str, words: list[str], look: Look) -> Said:
    """A wish other than STOP."""
    if len(text) > LONGEST_WISH:
        if words_of(text[LONGEST_WISH:]):
            return Said()
        text = text[:LONGEST_WISH]
    asks = not {"?", "？"}.isdisjoint(text)
    if not words:
        return Said(Intent.HELP) if asks else Said()
    plain = [word for word in words if not look(word, _POLITE)]
    intent = _intent(plain, look)
    if intent is None:
        return _numbered(plain, text, look)
    # "paid?" is a question
    return Said() if intent is Intent.PAID and asks else Said(intent)


def _numbered(words: list[str], text: str, look: Look) -> Said:
    """The number of an option, alone or after PAID or SNOOZE; an amount is none."""
    before, number = _split_number(_without_politeness(" ".join(words), look))
    if number is None or any(unicodedata.category(each) == "Sc" for each in text):
        return Said()
    if not before:
        return Said(number=number)
    intent = _intent(before, look)
    return Said(intent, number) if intent in (Intent.PAID, Intent.SNOOZE) else Said()


def _split_number(text: str) -> tuple[list[str], int | None]:
    """The words before the number that ends `text`, and the number."""
    counted = _without_end(_without_end(text, _COUNTERS), _ORDINALS)
    digits = next((n for n in (2, 1) if counted[-n:].isascii() and counted[-n:].isdigit()), 0)
    written = next((each for each in _NUMERALS if counted.endswith(each)), "")
    if not (digits or written):
        return [], None
    number = int(counted[-digits:]) if digits else _NUMERALS[written]
    before = counted[: -digits if digits else -len(written)].removesuffix(" ")
    return _without_end(before, _BEFORE_A_NUMBER).split(), number


def _without_end(text: str, ends: tuple[str, ...]) -> str:
    return text.removesuffix(next((end for end in ends if text.endswith(end)), ""))


def _is_stop(words: list[str], look: Look) -> bool:
    compact = "".join(words)
    plain = (word for word in words if not look(word, _POLITE))
    return (
        any(look(word, _OPENS_A_STOP) for word in islice(plain, 1))
        or look(compact, _OPENS_A_STOP)
        or look(_without_politeness(compact, look), _WHOLE_STOP)
        or any(look(word, _ANYWHERE_A_STOP) for word in words)
        or _holds_phrase(words, look)
        or holds(compact, _STOP_CHINESE, look)
    )


def _holds_phrase(words: list[str], look: Look) -> bool:
    return any(
        look(" ".join(words[start : start + count]), _STOP_PHRASES)
        for start in range(len(words))
        for count in (2, 3)
    )


def _intent(words: list[str], look: Look) -> Intent | None:
    spaced = "".join(f" {word}" for word in words)
    compact = _without_politeness("".join(words), look)
    return next((intent for intent in _ENGLISH if _is_intent(intent, spaced, compact, look)), None)


def _is_intent(intent: Intent, spaced: str, compact: str, look: Look) -> bool:
    in_english = (
        is_sentence(text, each, look)
        for each in _ENGLISH[intent]
        for text in (spaced, f" {compact}")
    )
    if any(in_english):
        return True
    if intent is Intent.PAID and not holds(compact, _DONE, look):
        return False
    return any(is_sentence(compact, each, look) for each in _CHINESE[intent])


def _without_politeness(text: str, look: Look) -> str:
    kept: list[str] = []
    at = 0
    while at < len(text):
        polite = next((n for n in (2, 1) if look(text[at : at + n], _POLITE_CHINESE)), 0)
        kept.append("" if polite else text[at])
        at += polite or 1
    return "".join(kept)

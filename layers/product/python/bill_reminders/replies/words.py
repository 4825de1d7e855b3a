"""What people write back: one of our words, or what they say in its place.

Case, width, spaces, accents, punctuation and either kind of Chinese writing make no difference.
STOP is heard wherever it stands: who is stopped by mistake is told so and can write START, while
who is not stopped has been ignored. Every other wish must be all that was written, but for
politeness: half a sentence that holds "paid" may as well say "not paid".
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from bill_reminders.domain.replies import Wish

_TRADITIONAL, _SIMPLIFIED = (
    "還經剛繳費納轉賬帳錢項個筆號訂閱發復幫詢單說遲點後開啟續繼銷過謝請煩別沒們麼誰給傳兒辦",
    "还经刚缴费纳转账账钱项个笔号订阅发复帮询单说迟点后开启续继销过谢请烦别没们么谁给传儿办",
)
_SCRIPT = str.maketrans(_TRADITIONAL, _SIMPLIFIED)
"""Of the characters in the patterns below alone; they are written in Simplified Chinese."""

# https://docs.aws.amazon.com/sms-voice/latest/userguide/opt-out-list-keywords.html lists ARRET to
# UNSUBSCRIBE; STOPALL and REVOKE are asked for by carriers and by 47 CFR 64.1200(a)(10). A message
# that begins with one is an opt-out, as with AWS itself.
_OPENS_A_STOP = frozenset(
    [
        "arret",
        "cancel",
        "end",
        "optout",
        "quit",
        "remove",
        "stop",
        "td",
        "unsubscribe",
        "stopall",
        "revoke",
    ]
)
_ANYWHERE_A_STOP = frozenset(["stop", "stopall", "unsubscribe", "optout"])
_STOP_CHINESE = re.compile("退订|取消订阅|停止发|停止短信|不要再发|别再发|不再接收|拒收|停发|停收")
_WHOLE_STOP = frozenset(["t", "r", "qx", "退", "停", "停止", "取消", "取消短信"])
"""T, TD and R are what messages in mainland China offer."""

_POLITE = frozenset(
    [
        "please",
        "pls",
        "plz",
        "thanks",
        "thank",
        "you",
        "thx",
        "ty",
        "hi",
        "hello",
        "hey",
        "ok",
        "okay",
        "yes",
        "sorry",
        "sir",
        "madam",
    ]
)
_POLITE_CHINESE = re.compile("谢谢|多谢|请|您好|你好|好的|麻烦|收到|啊|哦|呢|吧|哈")

_ENGLISH: Mapping[Wish, re.Pattern[str]] = {
    Wish.PAID: re.compile(
        r"((i|we) )?(have |ive |weve )?(just |already |all )?"
        r"((it|its|bill|this|that)( is| has been| was)? )?(already |all )?(paid|payed)"
        r"( (it|this|that|them|all|already|now|today|yesterday|online|in full|(the|my) bills?))*"
        r"|payment (is )?(made|sent|done|complete|completed)|(its |all )?done"
    ),
    Wish.SNOOZE: re.compile(
        r"snooze( it| this)?( (until|till) tomorrow)?|later|tomorrow|not now"
        r"|(remind|text|tell|ask) me (again )?(later|tomorrow)"
    ),
    Wish.START: re.compile(r"start( again)?|unstop|restart|resume|subscribe|continue|opt ?in"),
    Wish.HELP: re.compile(r"help( me)?|info|aide|(who|what) is this|whos this|whats this"),
    Wish.LIST: re.compile(
        r"((list|show)( me)? )?((all|my|the) )*bills?|list|status|due"
        r"|what(s| is) (due|next)|what do i owe"
    ),
    Wish.UNDO: re.compile(r"undo( it| that)?|take (it|that) back"),
}
_CHINESE: Mapping[Wish, re.Pattern[str]] = {
    Wish.PAID: re.compile(
        "(?=.*(已|刚|都|了|啦|清|完|过|好))"  # "还款" alone is what there is to do
        "(账单|钱|款|款项|这笔|这个)?我?们?(已经|已|都|刚刚|刚才|刚|今天|昨天)*(全部|全)?"
        "(还款|还|付款|付|缴纳|缴费|缴|交费|交|支付|转账|转)(清|完|过|好|掉)?(钱|款|费)?(了|啦|咯)*"
        "|(已经?)?(搞定|办好|完成)了?"
    ),
    Wish.SNOOZE: re.compile(
        "(明天|明日|明儿)再?(提醒|说|通知|还|付|交)?我?(一下)?"
        "|(稍后|晚点|迟点|迟些|晚些)再?(提醒我?|说)?|推迟|延后|再提醒我?"
    ),
    Wish.START: re.compile("恢复(短信|提醒|订阅)*|(重新)?订阅|开始|开启|继续"),
    Wish.HELP: re.compile("帮助|帮忙|求助|说明|怎么用|你是谁|这是什么"),
    Wish.LIST: re.compile("(查|查询)?(我的)?(账单|账|清单)|查|查询|列表|cx"),
    Wish.UNDO: re.compile("撤销|撤消|撤回"),
}
_NUMERALS = {numeral: place for place, numeral in enumerate("一二三四五六七八九", 1)} | {
    numeral: place
    for place, numeral in enumerate(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"], 1
    )
}
_NUMBER = re.compile(
    rf"(?P<before>.*?)(number|no|nr|option|第)? ?(?P<number>[0-9]{{1,2}}|{'|'.join(_NUMERALS)})"
    "(st|nd|rd|th)?(个|笔|号|项)?"
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a reply says: a wish, the `number` of an option, both, or nothing that is understood."""

    wish: Wish | None = None
    number: int | None = None


def understand(text: str) -> Said:
    """What `text` asks for."""
    words = _words(text)
    if _is_stop(words):
        return Said(Wish.STOP)
    if not words:
        return Said(Wish.HELP) if set(text) & set("?？") else Said()
    plain = [word for word in words if word not in _POLITE]
    wish = _wish(plain)
    if wish is None:
        return _numbered(plain, text)
    # "paid?" is a question
    return Said() if wish is Wish.PAID and set(text) & set("?？") else Said(wish)


def _numbered(words: list[str], text: str) -> Said:
    """The number of an option, alone or after PAID or SNOOZE; an amount is none."""
    found = _NUMBER.fullmatch(_without_politeness(" ".join(words)))
    if found is None or any(unicodedata.category(each) == "Sc" for each in text):
        return Said()
    written = found["number"]
    number = _NUMERALS[written] if written in _NUMERALS else int(written)
    before = found["before"].split()
    if not before:
        return Said(number=number)
    wish = _wish(before)
    return Said(wish, number) if wish in (Wish.PAID, Wish.SNOOZE) else Said()


def _words(text: str) -> list[str]:
    """The words of `text` in one form: lower case, half width, without accents, simplified."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(each for each in decomposed if not unicodedata.combining(each))
    joined = re.sub("['’`]", "", bare).translate(_SCRIPT)
    return re.findall(r"[^\W_]+", joined)


def _is_stop(words: list[str]) -> bool:
    compact = "".join(words)
    return bool(
        (words[:1] and words[0] in _OPENS_A_STOP)
        or compact in _OPENS_A_STOP | _WHOLE_STOP
        or not _ANYWHERE_A_STOP.isdisjoint(words)
        or ("opt", "out") in pairwise(words)
        or _STOP_CHINESE.search(compact)
    )  # fmt: skip


def _wish(words: list[str]) -> Wish | None:
    spaced = " ".join(words)
    compact = _without_politeness("".join(words))
    return next(
        (
            wish
            for wish in _ENGLISH
            if _ENGLISH[wish].fullmatch(spaced)
            or _ENGLISH[wish].fullmatch(compact)
            or _CHINESE[wish].fullmatch(compact)
        ),
        None,
    )


def _without_politeness(text: str) -> str:
    return _POLITE_CHINESE.sub("", text)

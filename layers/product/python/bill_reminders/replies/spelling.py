"""One form for what may be written in many: lower case, half width, no accents, simplified."""

import unicodedata

_TRADITIONAL, _SIMPLIFIED = (
    "還經剛繳費納轉賬帳錢項個筆號訂閱發復幫詢單說遲點後開啟續繼銷過謝請煩別沒們麼誰給傳兒辦"
    "錯電話碼對認誤讚歡愛強調質問應張圖條頻覺轉",
    "还经刚缴费纳转账账钱项个笔号订阅发复帮询单说迟点后开启续继销过谢请烦别没们么谁给传儿办"
    "错电话码对认误赞欢爱强调质问应张图条频觉转",
)
_SCRIPT = str.maketrans(_TRADITIONAL, _SIMPLIFIED)
"""Of the characters in our vocabulary alone, which is written in Simplified Chinese."""
_APOSTROPHES = frozenset("'’`")


def simplified(text: str) -> str:
    return text.translate(_SCRIPT)


def words_of(text: str) -> list[str]:
    """The words of `text`: what stands between signs that are neither letters nor digits."""
    # one character at a time: whole texts are sorted by accent, which takes the square of their
    # number, only for the accents to be dropped
    decomposed = "".join(unicodedata.normalize("NFKD", each) for each in text.casefold())
    bare = (each for each in decomposed.lower() if not unicodedata.combining(each))
    joined = simplified("".join(each for each in bare if each not in _APOSTROPHES))
    return "".join(each if each.isalnum() else " " for each in joined).split()

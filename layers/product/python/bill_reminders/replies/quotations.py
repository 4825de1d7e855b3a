"""Whose words a reply holds: a quotation of our message is nobody's wish.

Phones send a reaction as a text that quotes what it is about (`Liked “… reply STOP …”`,
`👍 to “…”`, `赞了“…”`), people answer under the lines that they answer to, or forward. Left out as
ours is:

- what a reaction quotes, to its last mark, or to the end where the phone has cut it off;
- lines that begin with `>`, and what follows the head of a forwarded or quoted message, unless it
  is the wish itself;
- between marks: what is longer than a wish (eight words, or sixteen Chinese characters), or tells
  somebody to reply. Single marks are apostrophes too, so there only the second counts. A mark that
  is never closed quotes only what ends in an ellipsis.

What is left are the person's own words. `"STOP"` is a wish, quoted or not.
"""

import unicodedata
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from bill_reminders.replies.spelling import simplified, words_of

_LONGEST_WISH = 8
"""In words; two Chinese characters count as one."""
_TELL_TO_REPLY = frozenset(["reply", "replies", "responda", "responde"])
_TELL_TO_REPLY_CHINESE = ("回复", "回覆")

_PAIRS = {
    "“": "”",
    "„": "“",
    "«": "»",
    "‹": "›",
    "「": "」",
    "『": "』",
    '"': '"',
    "＂": "＂",
    "\ue000": "\ue001",
}
_SINGLE = ("\ue000", "\ue001")
"""Stand for single marks once they are told from apostrophes."""
_SINGLE_MARKS = frozenset("'‘’`")
_CUT_OFF = ("…", "...")

_KEYCAP, _KEYS = "\u20e3", frozenset("0123456789#*")
"""A key is a picture by the sign that follows it."""
_REACTIONS = frozenset(
    [
        "liked",
        "loved",
        "disliked",
        "hearted",
        "laughed at",
        "emphasized",
        "emphasised",
        "questioned",
    ]
)
_AROUND_A_REACTION = frozenset([("reacted", "to"), ("removed", "from")])
"""First and last word: `Reacted with a sticker to`, `Removed a like from`."""
_PICTURED = frozenset(["to", "from", "对", "回应"])
"""Is a reaction after a picture alone: `👍 to`."""
_FEELINGS_CHINESE = (
    "赞", "点赞", "按赞", "喜欢", "不喜欢", "喜爱", "爱", "踩", "大笑", "笑", "强调", "质疑",
    "回应",
)  # fmt: skip
_TAKEN_BACK_CHINESE = tuple(
    f"{verb}{done}"
    for verb in ("移除", "取消", "撤销", "撤回", "删除", "收回")
    for done in ("", "了")
)
_REACTIONS_CHINESE = frozenset(
    f"{before}{verb}{done}"
    for before in ("", "已", "表示", "说", "用", "以", *_TAKEN_BACK_CHINESE)
    for verb in _FEELINGS_CHINESE
    for done in ("", "了")
) | frozenset(
    taken + whose for taken in ("", "已", *_TAKEN_BACK_CHINESE) for whose in ("对", "给", "向")
) | frozenset(["移除了", "取消了", "撤销了", "撤回了", "删除了", "收回了", "觉得"])  # fmt: skip
_THINGS = (
    "image", "photo", "picture", "video", "movie", "attachment", "message", "audio message",
    "voice message", "sticker", "location", "contact", "link", "file", "gif",
)  # fmt: skip
_ABOUT_A_THING = tuple(f" {a}{thing}" for thing in _THINGS for a in ("a ", "an ", "the ", ""))
_ABOUT_A_THING_CHINESE = tuple(
    f"{count}{thing}"
    for thing in ("图片", "照片", "视频", "附件", "消息", "信息", "短信")
    for count in ("一张", "一个", "一条", "一则", "")
)
_LONGEST_REACTION = 40

_FORWARDED = (
    "fwd:", "fw:", "begin forwarded message", "forwarded message", "original message",
    "转发:", "转发：", "转寄:", "转寄：", "原始邮件",
)  # fmt: skip
_QUOTED_BELOW = ("wrote:", "写道:", "写道：", "寫道:", "寫道：")


class Own(NamedTuple):
    """The `text` that is the person's own. With `is_reaction` a phone wrote it."""

    text: str
    is_reaction: bool = False


def own_words(text: str) -> Own:
    """What of `text` is nobody else's."""
    marked = _with_single_marks(text)
    after = _after_reaction(marked)
    kept = _without_quoted_lines(marked if after is None else after)
    for opening, closing in _PAIRS.items():
        kept = _without_quotations(kept, opening, closing)
    plain = kept.replace(_SINGLE[0], "'").replace(_SINGLE[1], "'")
    return Own(plain, is_reaction=after is not None)


def _is_ours(quoted: str, *, however_long: bool = False) -> bool:
    words = words_of(quoted)
    compact = "".join(words)
    tells = not _TELL_TO_REPLY.isdisjoint(words) or any(
        each in compact for each in _TELL_TO_REPLY_CHINESE
    )
    size = sum(1 if word.isascii() else (len(word) + 1) // 2 for word in words)
    return tells or (size > _LONGEST_WISH and not however_long)


# Between marks


def _with_single_marks(text: str) -> str:
    """`text` with its single quotation marks told from its apostrophes."""
    return "".join(
        _single_mark(sign, before, after) if sign in _SINGLE_MARKS else sign
        for before, sign, after in zip(f" {text}", text, f"{text[1:]} ", strict=False)
    )


def _single_mark(sign: str, before: str, after: str) -> str:
    if sign != "’" and not _takes_apostrophes(before) and not after.isspace():
        return _SINGLE[0]
    return _SINGLE[1] if not before.isspace() and not _takes_apostrophes(after) else sign


def _takes_apostrophes(sign: str) -> bool:
    """Whether it is a letter or digit, but of no script like the Chinese one."""
    return sign.isalnum() and unicodedata.category(sign) != "Lo"


def _without_quotations(text: str, opening: str, closing: str) -> str:
    kept, at = [], 0
    for start, end in _quotations(text, opening, closing):
        if _is_ours(text[start:end], however_long=opening == _SINGLE[0]):
            kept.append(text[at:start])
            at = end
    return " ".join([*kept, text[at:]])


def _quotations(text: str, opening: str, closing: str) -> Iterator[tuple[int, int]]:
    """The outermost quotations, with their marks."""
    ends, unclosed = _closed(text, opening, closing)
    if unclosed and opening != _SINGLE[0] and text.rstrip().endswith(_CUT_OFF):
        ends[unclosed[0]] = len(text)
    at = 0
    for start in sorted(ends):
        if start >= at:
            at = ends[start]
            yield start, at


def _closed(text: str, opening: str, closing: str) -> tuple[dict[int, int], list[int]]:
    """Where what opens at a place has been closed, and the places where nothing was."""
    ends: dict[int, int] = {}
    unclosed: list[int] = []
    for at, sign in enumerate(text):
        if sign == closing and unclosed:
            ends[unclosed.pop()] = at + 1
        elif sign == opening:
            unclosed.append(at)
    return ends, unclosed


# Reactions


def _after_reaction(text: str) -> str | None:
    """What stands after the quotation of a reaction; None when `text` is none."""
    start = next((at for at, sign in enumerate(text) if sign in _PAIRS), None)
    if start is None:
        return "" if _is_reaction_to_a_thing(text) else None
    if start > _LONGEST_REACTION or not _is_reaction(text[:start]):
        return None
    opening = text[start]
    closing = _PAIRS[opening]
    last = text.rfind(closing, start + 1) + 1 or len(text)
    if opening == closing:  # nothing tells which closes which
        return text[last:]
    return text[_closed(text, opening, closing)[0].get(start, last) :]


def _is_reaction_to_a_thing(text: str) -> bool:
    """`Liked an image`."""
    if len(text) > 2 * _LONGEST_REACTION:
        return False
    said = simplified(text.casefold().strip().rstrip(".。"))
    about = next((each for each in _ABOUT_A_THING if said.endswith(each)), None)
    about = about or next((each for each in _ABOUT_A_THING_CHINESE if said.endswith(each)), None)
    return about is not None and _is_reaction(said.removesuffix(about))


def _is_reaction(head: str) -> bool:
    """Whether `head` says what a phone did, as it writes it before what it quotes."""
    pictures = _KEYS if _KEYCAP in head else frozenset[str]()
    plain = "".join(
        " " if _is_picture(each) or each in pictures else each for each in head if _is_seen(each)
    )
    pictured = bool(pictures) or any(map(_is_picture, head))
    words = simplified(plain.casefold()).split()
    said = " ".join(words)
    return (
        said in _REACTIONS
        or (pictured and said in _PICTURED)
        or "".join(words) in _REACTIONS_CHINESE
        or (*words[:1], *words[-1:]) in _AROUND_A_REACTION
    )


def _is_picture(sign: str) -> bool:
    return unicodedata.category(sign) in ("So", "Sk") or sign in "‼⁉"


def _is_seen(sign: str) -> bool:
    """Whether it is more than a joint or a variant of a picture."""
    return unicodedata.category(sign) not in ("Cf", "Mn", "Me")


# Lines


def _without_quoted_lines(text: str) -> str:
    """`text` without the lines of a message that it answers to or forwards."""
    kept: list[str] = []
    has_quoted = False
    for is_quoted, lines in groupby(text.splitlines(), lambda line: line.lstrip().startswith(">")):
        block = "\n".join(lines)
        if is_quoted and _is_ours(block):
            has_quoted = True
        else:
            kept.append(block)
    return _without_forwarded("\n".join(kept), one_line=has_quoted)


def _without_forwarded(text: str, *, one_line: bool) -> str:
    """`text` up to the head of another message: without all that follows, or without that head,
    where `one_line` says that the rest is gone already."""
    lines = text.split("\n")
    head = next((at for at, line in enumerate(lines) if _is_head(line)), None)
    if head is None:
        return text
    end = head + 1 if one_line else len(lines)
    if not one_line and not _is_ours("\n".join(lines[head:])):
        return text
    return "\n".join([*lines[:head], *lines[end:]])


def _is_head(line: str) -> bool:
    said = simplified(line.casefold()).strip(" -_*\t")
    return said.startswith(_FORWARDED) or said.endswith(_QUOTED_BELOW)

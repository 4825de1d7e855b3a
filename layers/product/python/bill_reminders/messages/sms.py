"""SMS: counted in segments, and never longer than two.

A segment holds 160 characters of the GSM-7 alphabet (153 when there are several), or 70 (67)
when one character is not in it. Carriers bill each.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

import smsutil

from bill_reminders.domain.money import Money
from bill_reminders.domain.people import Channel, Language, User
from bill_reminders.messages.catalogue import Catalogue, catalogue
from bill_reminders.messages.locale import amount, plain_spaces, short_date, weekday_date
from bill_reminders.messages.names import clean, shorten
from bill_reminders.messages.notices import (
    WHOLE,
    Notice,
    Part,
    Sender,
    nearest_first,
    source_of,
)
from bill_reminders.messages.wording import (
    amount_of,
    bill_title,
    due,
    due_in_list,
    headline,
    if_paid,
    keep_money,
    part_of,
    pay_by,
    remark,
    why,
)

MOST_SEGMENTS = 2

LONGEST_NAME = 40
READABLE_NAME = 12
SHORTEST_NAME = 4
"""Widths in UTF-16 code units. Below the readable one a digest lists fewer bills instead; below the
shortest one a message rather does without the amount."""

MOST_LISTED = 10
"""No more bills fit into two segments, however short their names: a bound for the search alone."""

_TYPOGRAPHY = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "`": "'"}
)


@dataclass(frozen=True, slots=True)
class SmsText:
    body: str


def segments(text: str) -> int:
    """How many segments `text` takes, and is billed as."""
    return len(smsutil.split(text).parts)


def sms(
    user: User,
    notices: Sequence[Notice],
    *,
    today: date,
    sender: Sender,
    first: bool,
    part: Part = WHOLE,
) -> SmsText:
    """One SMS for all `notices`, the nearest due first, in two segments at most.

    `today` is the user's local date when it goes out; `first` adds how to stop.
    """
    words = catalogue(user.language)
    ordered = nearest_first(notices)
    draft = _Draft(
        words=words,
        notices=ordered,
        today=today,
        sender=clean(sender.name),
        source=(source_of(user, Channel.SMS) or clean(sender.name)) if first else "",
        part=part_of(words, part),
    )
    return SmsText(_fit(draft))


@dataclass(frozen=True, slots=True)
class _Size:
    """How much a draft says. Widths are in UTF-16 code units, `others` for sender and source.

    With `bills` 0 only the headline is left, without an amount.
    """

    bills: int
    names: int = LONGEST_NAME
    others: int = LONGEST_NAME
    terse: bool = False


@dataclass(frozen=True, slots=True)
class _Draft:
    """An SMS that can be written in any size; `source` is empty after the first message."""

    words: Catalogue
    notices: tuple[Notice, ...]
    today: date
    sender: str
    source: str
    part: str

    def write(self, size: _Size) -> str:
        text = self.words.sentences(
            self.part,
            self._told(size),
            "" if size.terse else self._for_one(partial(remark, write=self._money)),
            "" if size.terse else self._for_one(pay_by),
            "" if size.terse else self._for_one(if_paid),
            why(self.words, self.notices, short=size.terse),
            self._stop(size),
        )
        return in_gsm(
            self.words.say("sms_from", sender=shorten(self.sender, size.others), text=text)
        )

    def _told(self, size: _Size) -> str:
        if size.bills == 0:
            line = headline(self.words, self.notices, today=self.today, width=size.names)
            return self.words.say("sms_sentence", line=line)
        if len(self.notices) > 1:
            return self._bills(size)
        notice = self.notices[0]
        bill = bill_title(self.words, notice, width=size.names)
        if kept := keep_money(self.words, notice, self.today, self._money, bill=bill):
            return kept
        if size.terse:
            return self.words.say("sms_sentence", line=self._line(notice, size.names))
        return self._bill(notice, size)

    def _for_one(self, say: Callable[[Catalogue, Notice, date], str]) -> str:
        """Not in a digest, where it could be read as if it were about every bill."""
        return say(self.words, self.notices[0], self.today) if len(self.notices) == 1 else ""

    def _bill(self, notice: Notice, size: _Size) -> str:
        values = self._values(notice, size.names)
        values["date"] = weekday_date(notice.due_on, self.words.language)
        if notice.due_on < self.today:
            return self.words.say("sms_bill_overdue", **values)
        return self.words.say("sms_bill", **values)

    def _bills(self, size: _Size) -> str:
        bills = self.words.say("sms_digest_separator").join(
            self._line(notice, size.names) for notice in self.notices[: size.bills]
        )
        count = len(self.notices)
        if size.bills == count:
            return self.words.say("sms_digest", count=count, bills=bills)
        return self.words.say("sms_digest_more", count=count, bills=bills, more=count - size.bills)

    def _line(self, notice: Notice, width: int) -> str:
        return self.words.say("sms_line", **self._values(notice, width))

    def _values(self, notice: Notice, width: int) -> dict[str, str]:
        say_due = due if len(self.notices) == 1 else due_in_list
        return {
            "bill": bill_title(self.words, notice, width=width),
            "amount": amount_of(self.words, notice, self.today, self._money),
            "due": say_due(self.words, notice, self.today),
            "date": short_date(notice.due_on, self.words.language),
        }

    def _money(self, money: Money) -> str:
        """In English with the currency's code where its sign alone would force UCS-2."""
        language = self.words.language
        text = amount(money, language)
        if language is Language.ENGLISH and not _is_gsm(text):
            text = amount(money, language, symbol=False)
        return text

    def _stop(self, size: _Size) -> str:
        if not self.source:
            return ""
        key = "sms_stop_short" if size.terse else "sms_stop"
        return self.words.say(key, source=shorten(self.source, size.others))


def _is_gsm(text: str) -> bool:
    return bool(smsutil.is_valid_gsm(plain_spaces(text)))


def in_gsm(text: str) -> str:
    """`text` with plain spaces, and with plain quotes and dashes if that brings it into GSM-7."""
    spaced = plain_spaces(text)
    plain = spaced.translate(_TYPOGRAPHY)
    return plain if _is_gsm(plain) else spaced


def _fit(draft: _Draft) -> str:
    """The fullest of the draft's sizes that fits.

    What gives way, in this order: long names, down to a readable width; the full wording; the
    number of bills listed; every name, that of sender and source included; at last the amount.
    """
    for ladder in _ladders(len(draft.notices)):
        if _fits(draft.write(ladder[-1])):
            break
    return _widest_fit(draft, ladder)


def _ladders(count: int) -> Iterator[list[_Size]]:
    """Sizes from full to bare; the names of each ladder's sizes go from wide to narrow."""
    for bills in range(min(count, MOST_LISTED), 0, -1):
        for terse in (False, True):
            widths = range(LONGEST_NAME, READABLE_NAME - 1, -1)
            yield [_Size(bills, width, terse=terse) for width in widths]
    for bills, shortest in ((1, SHORTEST_NAME), (0, 1)):
        widths = range(LONGEST_NAME, shortest - 1, -1)
        yield [_Size(bills, min(width, READABLE_NAME), width, terse=True) for width in widths]


def _widest_fit(draft: _Draft, ladder: Sequence[_Size]) -> str:
    """Written in the first size of `ladder` that fits, else in its last."""
    first = bisect_left(ladder, True, key=lambda size: _fits(draft.write(size)))
    return draft.write(ladder[min(first, len(ladder) - 1)])


def _fits(text: str) -> bool:
    return segments(text) <= MOST_SEGMENTS

"""SMS: what stands in one, where; one segment where fewer words say the same, never more than two.

Where a country's rules allow it, a link and the user's code word stand at the end, always in that
order, so that what is missing is noticed. Where it registers wordings, registered.py writes.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import IntEnum
from functools import partial

from bill_reminders.domain.countries import SmsRules, rules_for
from bill_reminders.domain.money import Money
from bill_reminders.domain.people import Language, User
from bill_reminders.domain.terms import Channel
from bill_reminders.messages import registered
from bill_reminders.messages.catalogue import Catalogue, catalogue
from bill_reminders.messages.locale import short_date, weekday_date
from bill_reminders.messages.names import clean, shorten
from bill_reminders.messages.notices import (
    WHOLE,
    Notice,
    Part,
    Sender,
    nearest_first,
    source_of,
)
from bill_reminders.messages.sms_text import (
    LONGEST_NAME,
    READABLE_NAME,
    SmsText,
    fits,
    in_gsm,
    money_text,
    segments,
)
from bill_reminders.messages.wording import (
    amount_of,
    bill_title,
    due,
    due_in_list,
    headline,
    if_paid,
    is_to_be_taken,
    keep_money,
    part_of,
    pay_by,
    remark,
    why,
    with_last_working_day,
)

SHORTEST_NAME = 4
"""In UTF-16 code units. Below READABLE_NAME a digest lists fewer bills instead; below this one a
message rather does without the amount."""

CODE_WORD_WIDTH = 40
"""In UTF-16 code units: a code word of twenty emoji is still shown whole."""

MOST_LISTED = 10
"""No more bills fit into two segments, however short their names: a bound for the search alone."""


def sms(
    user: User,
    notices: Sequence[Notice],
    *,
    today: date,
    sender: Sender,
    first: bool,
    part: Part = WHOLE,
    link: str | None = None,
    two_way: bool = False,
) -> SmsText:
    """One SMS for all `notices`, the nearest due first, in two segments at most.

    `today` is the user's local date when it goes out; `first` adds how to stop. `link` is the page
    about this message; `two_way` says that the number it goes out from takes replies. The rules of
    the recipient's country decide what of that is said.
    """
    address = user.address(Channel.SMS)
    rules = rules_for(address.value if address else "")
    source = (source_of(user, Channel.SMS) or clean(sender.name)) if first else ""
    ordered = nearest_first(notices)
    if rules.templates:
        return registered.reminder(
            ordered, user.language, today=today, sender=sender, rules=rules, source=source
        )
    draft = _Draft(
        words=catalogue(user.language),
        notices=ordered,
        today=today,
        sender=clean(sender.name),
        source=source,
        part=part,
        link=link if link and rules.links else "",
        code_word=shorten(clean(user.code_word or ""), CODE_WORD_WIDTH),
        two_way=two_way and rules.two_way,
    )
    return SmsText(_in_alphabet(draft, rules))


def _in_alphabet(draft: "_Draft", rules: SmsRules) -> str:
    """In English where the language's own characters would not arrive; what even then does not
    becomes a question mark."""
    text = _fit(draft)
    if not rules.alphabet or _encodable(text, rules.alphabet):
        return text
    english = _fit(replace(draft, words=catalogue(Language.ENGLISH)))
    return english.encode(rules.alphabet, "replace").decode(rules.alphabet)


def _encodable(text: str, alphabet: str) -> bool:
    try:
        text.encode(alphabet)
    except UnicodeEncodeError:
        return False
    return True


class _Level(IntEnum):
    """How much is said beside the bills. TERSE says the same in fewer words. BRIEF leaves the
    remarks and the reply words out, and names the last working day beside the date; with a link
    SHORT leaves out why it came, which its page says; BARE leaves out the link as well."""

    FULL = 0
    TERSE = 1
    BRIEF = 2
    SHORT = 3
    BARE = 4


@dataclass(frozen=True, slots=True)
class _Size:
    """How much a draft says. Widths are in UTF-16 code units, `others` for sender and source.

    With `bills` 0 only the headline is left, without an amount.
    """

    bills: int
    names: int = LONGEST_NAME
    others: int = LONGEST_NAME
    level: _Level = _Level.FULL


@dataclass(frozen=True, slots=True)
class _Draft:
    """An SMS that can be written in any size; `source` is empty after the first message, `link` and
    `code_word` where there is none."""

    words: Catalogue
    notices: tuple[Notice, ...]
    today: date
    sender: str
    source: str
    part: Part
    link: str = field(repr=False)
    code_word: str
    two_way: bool

    def write(self, size: _Size) -> str:
        full = size.level <= _Level.TERSE
        text = self.words.sentences(
            part_of(self.words, self.part),
            self._told(size),
            self._for_one(partial(remark, write=self._money)) if full else "",
            self._for_one(pay_by) if full else "",
            self._for_one(if_paid) if full else "",
            self._why(size),
            self._replies() if full else "",
            self._stop(size),
            self._link(size),
            self.words.say("sms_code_word", word=self.code_word) if self.code_word else "",
        )
        signed = self.words.say("sms_from", sender=shorten(self.sender, size.others), text=text)
        return in_gsm(signed).strip()

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
        if size.level is not _Level.FULL:
            return self.words.say("sms_sentence", line=self._line(notice, size))
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
            self._line(notice, size) for notice in self.notices[: size.bills]
        )
        count = len(self.notices)
        if size.bills == count:
            return self.words.say("sms_digest", count=count, bills=bills)
        return self.words.say("sms_digest_more", count=count, bills=bills, more=count - size.bills)

    def _line(self, notice: Notice, size: _Size) -> str:
        values = self._values(notice, size.names)
        if self._names_last_day(notice, size):
            values["date"] = with_last_working_day(self.words, values["date"], notice, self.today)
        return self.words.say("sms_line", **values)

    def _names_last_day(self, notice: Notice, size: _Size) -> bool:
        """Whether a line says beside its date which working day is the last before: at the first
        mention of that date, where no sentence says it, as long as names are readable."""
        if size.names < READABLE_NAME:
            return False
        if len(self.notices) == 1:
            return size.level > _Level.TERSE
        first = next(
            each
            for each in self.notices
            if (each.due_on, each.last_working_day) == (notice.due_on, notice.last_working_day)
        )
        return first is notice

    def _values(self, notice: Notice, width: int) -> dict[str, str]:
        say_due = due if len(self.notices) == 1 else due_in_list
        return {
            "bill": bill_title(self.words, notice, width=width),
            "amount": amount_of(self.words, notice, self.today, self._money),
            "due": say_due(self.words, notice, self.today),
            "date": short_date(notice.due_on, self.words.language),
        }

    def _money(self, money: Money) -> str:
        return money_text(money, self.words.language)

    def _why(self, size: _Size) -> str:
        if size.level is _Level.BARE or (size.level is _Level.SHORT and self.link):
            return ""
        return why(self.words, self.notices, short=size.level is not _Level.FULL)

    def _replies(self) -> str:
        """What can be answered; not where the money will be taken anyway."""
        asks = len(self.notices) > 1 or not is_to_be_taken(self.notices[0], self.today)
        return self.words.say("sms_replies") if self.two_way and asks else ""

    def _stop(self, size: _Size) -> str:
        if not self.source:
            return ""
        full = size.level is _Level.FULL
        if self.two_way:
            key = "sms_stop_reply" if full else "sms_stop_reply_short"
        elif self.link and size.level is not _Level.BARE:
            key = "sms_stop_link" if full else "sms_stop_link_short"
        else:
            key = "sms_stop_tell" if full else "sms_stop_tell_short"
        return self.words.say(key, source=shorten(self.source, size.others))

    def _link(self, size: _Size) -> str:
        if not self.link or size.level is _Level.BARE:
            return ""
        key = "sms_link" if size.level is _Level.FULL else "sms_link_short"
        return self.words.say(key, link=self.link)


def _fit(draft: _Draft) -> str:
    """The fullest of the draft's sizes that fits.

    One segment, where fewer words say the same: carriers bill each. The first message to an address
    is written out, for it introduces who writes.

    What gives way to two, in this order: long names, down to a readable width; the remarks; where a
    link leads to it, why it came; the number of bills listed; every name, that of sender and source
    included, and with readable ones the last working days; the amount; at last the link.
    """
    for level in (_Level.FULL, _Level.TERSE):
        text = draft.write(_Size(len(draft.notices), level=level))
        if segments(text) == 1 and len(draft.notices) <= MOST_LISTED:
            return text
        if draft.source:
            break
    for ladder in _ladders(len(draft.notices)):
        if fits(draft.write(ladder[-1])):
            break
    return _widest_fit(draft, ladder)


def _ladders(count: int) -> Iterator[list[_Size]]:
    """Sizes from full to bare; the names of each ladder's sizes go from wide to narrow."""
    for bills in range(min(count, MOST_LISTED), 0, -1):
        for level in (_Level.FULL, _Level.BRIEF, _Level.SHORT):
            widths = range(LONGEST_NAME, READABLE_NAME - 1, -1)
            yield [_Size(bills, width, level=level) for width in widths]
    for bills, shortest, level in (
        (1, SHORTEST_NAME, _Level.SHORT),
        (0, 1, _Level.SHORT),
        (0, 1, _Level.BARE),
    ):
        widths = range(LONGEST_NAME, shortest - 1, -1)
        yield [_Size(bills, min(width, READABLE_NAME), width, level) for width in widths]


def _widest_fit(draft: _Draft, ladder: Sequence[_Size]) -> str:
    """Written in the first size of `ladder` that fits, else in its last."""
    first = bisect_left(ladder, True, key=lambda size: fits(draft.write(size)))
    return draft.write(ladder[min(first, len(ladder) - 1)])

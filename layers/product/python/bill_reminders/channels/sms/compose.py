"""SMS: what stands in one, where; one segment where fewer words say the same, never more than two.

Where a country's rules allow it, a link and the user's code word stand at the end, always in that
order, so that what is missing is noticed; between them the link to pay, where it costs no segment.
Where it registers wordings, registered.py writes.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import IntEnum
from functools import cache, cached_property, partial
from typing import NamedTuple

from bill_reminders.channels.sms import registered
from bill_reminders.channels.sms.text import (
    LONGEST_NAME,
    READABLE_NAME,
    SmsText,
    fits,
    in_gsm,
    is_gsm,
    money_text,
    segments,
    spelled,
)
from bill_reminders.domain.countries import SmsRules, rules_for
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.money import Money
from bill_reminders.domain.people import Language, User
from bill_reminders.messages.catalogue import Catalogue, catalogue
from bill_reminders.messages.locale import short_date, weekday_date
from bill_reminders.messages.names import CODE_WORD_WIDTH, ELLIPSIS, clean, shorten, shown
from bill_reminders.messages.notices import (
    WHOLE,
    Notice,
    Part,
    Sender,
    nearest_first,
    source_of,
)
from bill_reminders.messages.paying import in_message
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
    answered = two_way and rules.two_way
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
        code_word=shorten(shown(user.code_word or ""), CODE_WORD_WIDTH),
        two_way=answered,
        # where "the link" is how to stop, there is but one
        pay_link=_pay_link(ordered, rules) if answered or not (source and link) else "",
    )
    return SmsText(_in_alphabet(draft, rules))


def _pay_link(notices: Sequence[Notice], rules: SmsRules) -> str:
    """Where the one bill can be paid; of several nobody could tell whose link it is."""
    return in_message(notices[0]).link if rules.links and len(notices) == 1 else ""


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
    remarks and the reply words out, and names the last working day beside the date; SHORT leaves
    out who else can be told to stop where a reply does it, and with a link why it came, which its
    page says; BARE leaves out the link as well."""

    FULL = 0
    TERSE = 1
    BRIEF = 2
    SHORT = 3
    BARE = 4


class _Size(NamedTuple):
    """How much a draft says. Widths are in UTF-16 code units, `others` for sender and source.

    With `bills` 0 only the headline is left, without an amount.
    """

    bills: int
    names: int = LONGEST_NAME
    others: int = LONGEST_NAME
    level: _Level = _Level.FULL


@dataclass(frozen=True)  # without slots: what is the same in every size is kept
class _Draft:
    """An SMS that can be written in any size; `source` is empty after the first message, `link`,
    `pay_link` and `code_word` where there is none."""

    words: Catalogue
    notices: tuple[Notice, ...]
    today: date
    sender: str
    source: str
    part: Part
    link: str = field(repr=False)
    code_word: str
    two_way: bool
    pay_link: str = field(default="", repr=False)
    _lines: dict[tuple[int, int], str] = field(default_factory=dict, init=False, repr=False)
    """Lines of a digest that were written, by index and width of the names."""

    def in_plain_letters(self) -> "_Draft":
        """The draft with names spelled in GSM-7."""
        return replace(
            self,
            notices=tuple(map(_in_plain_letters, self.notices)),
            sender=spelled(self.sender),
            source=shown(spelled(self.source)),
        )

    def loses_a_name(self) -> bool:
        """Whether a name cannot be spelled whole in GSM-7."""
        bills = [notice.bill for notice in self.notices]
        names = [*(bill.biller for bill in bills), *(bill.name for bill in bills)]
        readable = filter(None, map(clean, (*names, self.sender, self.source)))
        return any(not plain or plain.endswith(ELLIPSIS) for plain in map(spelled, readable))

    def write(self, size: _Size, *, pay: bool = False) -> str:
        """With `pay` the link to pay stands behind ours."""
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
            self.words.say("sms_pay", link=self.pay_link) if pay else "",
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
            return self.words.say("sms_sentence", line=self._line(0, size))
        return self._bill(notice, size)

    def _for_one(self, say: Callable[[Catalogue, Notice, date], str]) -> str:
        """Not in a digest, where it could be read as if it were about every bill."""
        return say(self.words, self.notices[0], self.today) if len(self.notices) == 1 else ""

    def _bill(self, notice: Notice, size: _Size) -> str:
        values = self._values(0, size.names)
        values["date"] = weekday_date(notice.due_on, self.words.language)
        if notice.due_on < self.today:
            return self.words.say("sms_bill_overdue", **values)
        return self.words.say("sms_bill", **values)

    def _bills(self, size: _Size) -> str:
        bills = self.words.say("sms_digest_separator").join(
            self._line_of_many(index, size) for index in range(size.bills)
        )
        count = len(self.notices)
        if size.bills == count:
            return self.words.say("sms_digest", count=count, bills=bills)
        return self.words.say("sms_digest_more", count=count, bills=bills, more=count - size.bills)

    def _line_of_many(self, index: int, size: _Size) -> str:
        key = (index, size.names)
        if key not in self._lines:
            self._lines[key] = self._line(index, size)
        return self._lines[key]

    def _line(self, index: int, size: _Size) -> str:
        values = self._values(index, size.names)
        notice = self.notices[index]
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

    def _values(self, index: int, width: int) -> dict[str, str]:
        bill = bill_title(self.words, self.notices[index], width=width)
        return {"bill": bill, **self._facts[index]}

    @cached_property
    def _facts(self) -> tuple[dict[str, str], ...]:
        """What a line says of each notice beside its names."""
        say_due = due if len(self.notices) == 1 else due_in_list
        return tuple(
            {
                "amount": amount_of(self.words, notice, self.today, self._money),
                "due": say_due(self.words, notice, self.today),
                "date": short_date(notice.due_on, self.words.language),
            }
            for notice in self.notices
        )

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
        if self.two_way and size.level >= _Level.SHORT:
            return self.words.say("sms_stop_reply_only")
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


def _in_plain_letters(notice: Notice) -> Notice:
    bill = notice.bill
    biller, name = spelled(clean(bill.biller)), spelled(clean(bill.name))
    return notice._replace(bill=replace(bill, biller=biller, name=name))


def _fit(draft: _Draft) -> str:
    """The fullest of the draft's sizes that fits.

    Where it has to be cut and a name alone keeps it out of GSM-7, names are spelled in that, which
    has more than twice the room: always where the cut text ends in it anyway, else as long as every
    name stays whole.
    """
    text = _fitted(draft)
    whole = draft.write(_Size(len(draft.notices)))
    if is_gsm(whole) or fits(whole):
        return text
    in_plain_letters = _fitted(draft.in_plain_letters())
    if is_gsm(in_plain_letters) and (is_gsm(text) or not draft.loses_a_name()):
        return in_plain_letters
    return text


def _fitted(draft: _Draft) -> str:
    """The fullest of the draft's sizes that fits.

    One segment, where fewer words say the same: carriers bill each. The first message to an address
    is written out, for it introduces who writes. The link to pay takes only room that is left.

    What gives way to two, in this order: long names, down to a readable width; the remarks; where a
    reply stops them, who else can; where a link leads to it, why it came; the number of bills
    listed; every name, that of sender and source included, and with readable ones the last working
    days; the amount; at last the link.
    """
    sizes = [_Size(len(draft.notices)), _Size(len(draft.notices), level=_Level.TERSE)]
    for pay in (True, False) if draft.pay_link else (False,):
        for size in sizes[:1] if draft.source else sizes:
            text = draft.write(size, pay=pay)
            if segments(text) == 1 and len(draft.notices) <= MOST_LISTED:
                return text
    for ladder in _ladders(len(draft.notices)):
        if fits(draft.write(ladder[-1])):
            break
    return _widest_fit(draft, ladder)


def _ladders(count: int) -> Iterator[Sequence[_Size]]:
    """Sizes from full to bare; the names of each ladder's sizes go from wide to narrow."""
    for bills in range(min(count, MOST_LISTED), 0, -1):
        for level in (_Level.FULL, _Level.BRIEF, _Level.SHORT):
            yield _ladder(bills, level)
    for bills, shortest, level in (
        (1, SHORTEST_NAME, _Level.SHORT),
        (0, 1, _Level.SHORT),
        (0, 1, _Level.BARE),
    ):
        widths = range(LONGEST_NAME, shortest - 1, -1)
        yield [_Size(bills, min(width, READABLE_NAME), width, level) for width in widths]


@cache
def _ladder(bills: int, level: _Level) -> Sequence[_Size]:
    widths = range(LONGEST_NAME, READABLE_NAME - 1, -1)
    return [_Size(bills, width, level=level) for width in widths]


def _widest_fit(draft: _Draft, ladder: Sequence[_Size]) -> str:
    """Written in the first size of `ladder` that fits, else in its last."""
    first = bisect_left(ladder, True, key=lambda size: fits(draft.write(size)))
    return _paid_at(draft, ladder[min(first, len(ladder) - 1)])


def _paid_at(draft: _Draft, size: _Size) -> str:
    """Written with the link to pay where it costs no segment, and ours stands before it."""
    text = draft.write(size)
    if not draft.pay_link or size.level is _Level.BARE:
        return text
    terse = [size._replace(level=_Level.TERSE)] if size.level is _Level.FULL else []
    for each in [size, *([] if draft.source else terse)]:
        more = draft.write(each, pay=True)
        if segments(more) <= segments(text):
            return more
    return text

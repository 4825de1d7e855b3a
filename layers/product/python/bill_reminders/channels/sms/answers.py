"""Answers to what somebody wrote back by SMS."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from bill_reminders.channels.one_off import DirectText
from bill_reminders.channels.sms import registered
from bill_reminders.channels.sms.direct import direct_text, fit, in_sms
from bill_reminders.channels.sms.registered import KEYS, Wording
from bill_reminders.channels.sms.text import LONGEST_NAME, READABLE_NAME, money_text
from bill_reminders.domain.countries import SmsRules, rules_for
from bill_reminders.domain.people import Language
from bill_reminders.messages.catalogue import Catalogue, catalogue
from bill_reminders.messages.locale import short_date, weekday_date
from bill_reminders.messages.notices import Notice, Sender, nearest_first
from bill_reminders.messages.wording import amount_of, bill_title, due_in_list

MOST_LISTED = 9
"""Options have one digit; more bills hardly fit into two segments."""

_WIDTHS = (LONGEST_NAME, 30, 20, 16, READABLE_NAME)
"""Of names, the widest first."""


class Answers(NamedTuple):
    """Writes to the E.164 number `to`, in two segments at most and as its country wants it."""

    language: Language
    to: str
    sender: Sender

    @property
    def _words(self) -> Catalogue:
        return catalogue(self.language)

    @property
    def _rules(self) -> SmsRules:
        return rules_for(self.to)

    def plain(self, wording: Wording) -> DirectText:
        """One that names no bill."""
        return in_sms(self._words, self.to, self.sender, [self._words.say(KEYS[wording])],
                      wording, {})  # fmt: skip

    def about(self, wording: Wording, notice: Notice, day: date | None = None) -> DirectText:
        """One about a bill, and about `day` where its wording names one."""
        when = {} if day is None else {"date": weekday_date(day, self.language)}

        def write(width: int) -> str:
            bill = bill_title(self._words, notice, width=width)
            return self._words.say(KEYS[wording], bill=bill, **when)

        values = {"bill": bill_title(self._words, notice, width=LONGEST_NAME), **when}
        return in_sms(self._words, self.to, self.sender, [*map(write, _WIDTHS)], wording, values)

    def said_late(self, day: date) -> DirectText:
        """Whether what was written on `day` is still meant."""
        when = {"date": weekday_date(day, self.language)}
        text = self._words.say(KEYS[Wording.SAID_LATE], **when)
        return in_sms(self._words, self.to, self.sender, [text], Wording.SAID_LATE, when)

    def help(self) -> DirectText:
        if self._rules.templates:
            return self.plain(Wording.HELP)
        texts = [
            self._words.say("sms_help", mailbox=self.sender.unsubscribe_mailbox),
            self._words.say(KEYS[Wording.HELP]),
        ]
        return next(found for text in texts if (found := fit(self._words, self.sender, [text])))

    def which(self, notices: Sequence[Notice]) -> tuple[DirectText, int]:
        """A question which of them is meant, by number in the order given; and how many of them it
        names."""
        if self._rules.templates:
            first, second = (
                bill_title(self._words, notice, width=LONGEST_NAME) for notice in notices[:2]
            )
            values = {"bill": first, "bill_2": second}
            return in_sms(self._words, self.to, self.sender, [], Wording.WHICH, values), 2
        return self._as_many_as_fit(notices, self._question)

    def listing(self, notices: Sequence[Notice], *, today: date) -> DirectText:
        """What is open, the nearest due first; `today` is the user's local date."""
        ordered = nearest_first(notices)
        if self._rules.templates:
            return direct_text(
                registered.reminder(
                    ordered,
                    self.language,
                    today=today,
                    sender=self.sender,
                    rules=self._rules,
                    source="",
                )
            )

        def write(listed: Sequence[Notice], width: int) -> str:
            return self._list(listed, width, len(ordered), today)

        return self._as_many_as_fit(ordered, write)[0]

    def _as_many_as_fit(
        self, notices: Sequence[Notice], write: Callable[[Sequence[Notice], int], str]
    ) -> tuple[DirectText, int]:
        for count in range(min(len(notices), MOST_LISTED), 0, -1):
            texts = [write(notices[:count], width) for width in _WIDTHS]
            if found := fit(self._words, self.sender, texts):
                return found, count
        raise AssertionError("one bill with a short name always fits")

    def _question(self, notices: Sequence[Notice], width: int) -> str:
        options = [
            self._words.say(
                "sms_which_option",
                number=number,
                bill=bill_title(self._words, notice, width=width),
                date=short_date(notice.due_on, self.language),
            )
            for number, notice in enumerate(notices, 1)
        ]
        return self._words.say(
            "sms_which", options=self._words.say("sms_digest_separator").join(options)
        )

    def _list(self, notices: Sequence[Notice], width: int, count: int, today: date) -> str:
        words = self._words
        lines = [
            words.say(
                "sms_line",
                bill=bill_title(words, notice, width=width),
                amount=amount_of(words, notice, today, lambda m: money_text(m, self.language)),
                due=due_in_list(words, notice, today),
                date=short_date(notice.due_on, self.language),
            )
            for notice in notices
        ]
        if count == 1:
            return words.say("sms_sentence", line=lines[0])
        bills = words.say("sms_digest_separator").join(lines)
        if len(notices) == count:
            return words.say("sms_digest", count=count, bills=bills)
        more = count - len(notices)
        return words.say("sms_digest_more", count=count, bills=bills, more=more)

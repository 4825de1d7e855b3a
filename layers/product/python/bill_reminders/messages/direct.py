"""Messages that the user has just asked for: a code that confirms an address, a test message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Self

from bill_reminders.domain.countries import rules_for
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.people import Language
from bill_reminders.messages import registered
from bill_reminders.messages.catalogue import Catalogue, catalogue
from bill_reminders.messages.email import NAME_WIDTH, templates
from bill_reminders.messages.names import clean, shorten, shown
from bill_reminders.messages.notices import Sender
from bill_reminders.messages.registered import Wording
from bill_reminders.messages.sms import CODE_WORD_WIDTH
from bill_reminders.messages.sms_text import (
    LONGEST_NAME,
    MOST_SEGMENTS,
    READABLE_NAME,
    SmsText,
    in_gsm,
    segments,
)


@dataclass(frozen=True, slots=True)
class DirectText:
    """`subject` is the subject of an e-mail or the title of a push notification, `text` the body;
    `html` is for e-mail, `wording` the number of an SMS's registered wording. What a channel has
    not is ""."""

    subject: str
    text: str
    html: str
    wording: str = ""

    @classmethod
    def of_sms(cls, sms: SmsText) -> Self:
        return cls("", sms.body, "", sms.wording)


def code(
    language: Language, channel: Channel, *, to: str, sender: Sender, code: str, minutes: int
) -> DirectText:
    """The `code` that confirms the phone number or e-mail address `to`, valid for `minutes`.

    An SMS takes one segment. Raises InvalidValue for a channel that needs no code.
    """
    words = catalogue(language)
    match channel:
        case Channel.SMS:
            return _code_by_sms(words, to, sender, code, minutes)
        case Channel.EMAIL:
            return in_email(
                words,
                sender,
                subject=words.say("email_code_subject"),
                hello=words.say("email_code_hello"),
                headline=code,
                lines=[words.say("email_code_valid", minutes=minutes)],
                note=words.say("email_code_not_asked"),
                headline_is_code=True,
            )
        case Channel.PUSH:
            raise InvalidValue("channel", "takes no code: choose sms or email")


def _code_by_sms(words: Catalogue, to: str, sender: Sender, code: str, minutes: int) -> DirectText:
    values = {"code": code, "minutes": minutes}
    texts = [words.say(key, **values) for key in ("sms_code", "sms_code_short")]
    return in_sms(words, to, sender, texts, Wording.CODE, values)


def proof(
    language: Language, channel: Channel, *, to: str, sender: Sender, code: str, minutes: int
) -> DirectText:
    """The `code` that opens, on the page behind a message's link, what is beyond the message's own
    bills; to where the message went, valid for `minutes`. An SMS takes one segment."""
    words = catalogue(language)
    match channel:
        case Channel.SMS:
            return _code_by_sms(words, to, sender, code, minutes)
        case Channel.PUSH:
            said = words.say("proof_code_text", code=code, minutes=minutes)
            return DirectText(words.say("proof_code_subject"), said, "")
        case Channel.EMAIL:
            return in_email(
                words,
                sender,
                subject=words.say("proof_code_subject"),
                hello=words.say("proof_code_hello"),
                headline=code,
                lines=[words.say("email_code_valid", minutes=minutes)],
                note=words.say("proof_code_not_asked"),
                headline_is_code=True,
            )


def trial(
    user_language: Language, channel: Channel, *, to: str, sender: Sender, code_word: str | None
) -> DirectText:
    """A test message to the address `to`, with the user's code word if there is one and an SMS to
    that country may hold it. An SMS takes one segment where it can, else two."""
    words = catalogue(user_language)
    word = shorten(shown(code_word or ""), CODE_WORD_WIDTH)
    known_by = words.say("code_word", word=word) if word else ""
    subject, text = words.say("test_subject"), words.say("test_text")
    match channel:
        case Channel.SMS:
            said = words.say("sms_code_word", word=word) if word else ""
            body = words.sentences(words.say("sms_test"), said)
            return in_sms(words, to, sender, [body], Wording.TEST, {})
        case Channel.PUSH:
            return DirectText(subject, words.sentences(text, known_by), "")
        case Channel.EMAIL:
            return in_email(
                words,
                sender,
                subject=subject,
                hello=words.say("email_test_hello"),
                headline=text,
                lines=[known_by] if known_by else [],
                note=words.say("email_why_here"),
            )


def in_sms(
    words: Catalogue,
    to: str,
    sender: Sender,
    texts: Sequence[str],
    wording: Wording,
    values: Mapping[str, object],
) -> DirectText:
    """The first of `texts` that fits into one segment with a readable sender, else into two. The
    fullest stands first. Where wordings are registered, `wording` with `values`."""
    rules = rules_for(to)
    if rules.templates:
        return DirectText.of_sms(
            registered.say(wording, words.language, sender=sender, rules=rules, **values)
        )
    fitting = fit(words, sender, texts)
    assert fitting is not None, "every language has a text that fits"
    return fitting


def fit(words: Catalogue, sender: Sender, texts: Sequence[str]) -> DirectText | None:
    """The first of `texts` that fits into one segment behind a readable sender, else into two; None
    when none does."""
    name, fallback = clean(sender.name), None
    widths = range(LONGEST_NAME, READABLE_NAME - 1, -1)
    senders = dict.fromkeys(shorten(name, width) for width in widths)
    for text, short in product(texts, senders):
        draft = in_gsm(words.say("sms_from", sender=short, text=text))
        count = segments(draft)
        if count == 1:
            return DirectText.of_sms(SmsText(draft))
        if count <= MOST_SEGMENTS and fallback is None:
            fallback = draft
    return None if fallback is None else DirectText.of_sms(SmsText(fallback))


def in_email(
    words: Catalogue,
    sender: Sender,
    *,
    subject: str,
    hello: str,
    headline: str,
    lines: Sequence[str],
    note: str,
    headline_is_code: bool = False,
) -> DirectText:
    """An inbox previews the greeting, and so no code."""
    name = shorten(clean(sender.name), NAME_WIDTH)
    html = templates().get_template("direct.html")
    return DirectText(
        subject=subject,
        text="\n".join([hello, "", headline, *lines, "", "--", name, note]),
        html=html.render(
            language=words.language,
            subject=subject,
            preview=hello,
            hello=hello,
            headline=headline,
            headline_is_code=headline_is_code,
            lines=lines,
            sender=name,
            note=note,
        ),
    )

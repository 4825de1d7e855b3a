"""One-off messages by SMS: in one segment where they can be, else in two."""

from collections.abc import Mapping, Sequence
from itertools import product

from bill_reminders.channels.one_off import DirectText
from bill_reminders.channels.sms import registered
from bill_reminders.channels.sms.registered import Wording
from bill_reminders.channels.sms.text import (
    LONGEST_NAME,
    MOST_SEGMENTS,
    READABLE_NAME,
    SmsText,
    in_gsm,
    segments,
)
from bill_reminders.domain.countries import rules_for
from bill_reminders.domain.dead_channels import DeadChannel
from bill_reminders.domain.handovers import Handover
from bill_reminders.domain.people import Language
from bill_reminders.messages.catalogue import Catalogue, catalogue
from bill_reminders.messages.dead_channels import of_dead_channel
from bill_reminders.messages.handovers import of_handover
from bill_reminders.messages.names import CODE_WORD_WIDTH, clean, shorten, shown
from bill_reminders.messages.notices import Sender


def code(language: Language, *, to: str, sender: Sender, code: str, minutes: int) -> DirectText:
    """In one segment."""
    words, values = catalogue(language), {"code": code, "minutes": minutes}
    texts = [words.say(key, **values) for key in ("sms_code", "sms_code_short")]
    return in_sms(words, to, sender, texts, Wording.CODE, values)


proof = code


def trial(language: Language, *, to: str, sender: Sender, code_word: str | None) -> DirectText:
    """In one segment where it can, else in two; with the code word where the country lets it
    stand."""
    words = catalogue(language)
    word = shorten(shown(code_word or ""), CODE_WORD_WIDTH)
    said = words.say("sms_code_word", word=word) if word else ""
    body = words.sentences(words.say("sms_test"), said)
    return in_sms(words, to, sender, [body], Wording.TEST, {})


def handover(handover: Handover, *, to: str, sender: Sender, link: str) -> DirectText:
    words, said = catalogue(handover.was.language), of_handover(handover, link)
    undo_short = words.say("handover_undo_short", link=link) if link else said.undo
    texts = (words.sentences(said.what, said.undo), words.sentences(said.briefly, undo_short))
    fitting = fit(words, sender, texts)
    assert fitting is not None, "every language has a text that fits"
    return fitting


def dead_channel(dead: DeadChannel, *, to: str, sender: Sender) -> DirectText:
    """In one segment where it can, else in two. How to stop is written out where the address has to
    hear it, as long as there is room."""
    words, said = catalogue(dead.language), of_dead_channel(dead)
    key = "sms_stop_link" if dead.link else "sms_stop_tell"
    source = shorten(dead.source, READABLE_NAME)
    stop, stop_short = (
        words.say(each, source=source) if source else "" for each in (key, f"{key}_short")
    )
    tell = words.say("sms_stop_tell_short", source=source) if source else ""
    fullest = [words.sentences(each, said.change, stop) for each in (said.what, said.briefly)]
    # the link is worth a second segment, so that a shorter text is tried when nothing with it fits
    less = ([words.sentences(said.briefly, *each)] for each in ((said.change, stop_short), (tell,)))
    several = (fullest, *less)
    texts = fullest
    if not rules_for(to).templates:
        texts = next(each for each in several if fit(words, sender, each) is not None)
    values = {"channel": words.say(f"page_by_{dead.channel}"), "source": source}
    return in_sms(words, to, sender, texts, Wording.DEAD_CHANNEL, values, first=bool(source))


def in_sms(
    words: Catalogue,
    to: str,
    sender: Sender,
    texts: Sequence[str],
    wording: Wording,
    values: Mapping[str, object],
    *,
    first: bool = False,
) -> DirectText:
    """The first of `texts` that fits into one segment with a readable sender, else into two. The
    fullest stands first. Where wordings are registered, `wording` with `values`; `first` in its
    form with how to stop."""
    rules = rules_for(to)
    if rules.templates:
        return direct_text(
            registered.say(
                wording, words.language, sender=sender, rules=rules, first=first, **values
            )
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
            return direct_text(SmsText(draft))
        if count <= MOST_SEGMENTS and fallback is None:
            fallback = draft
    return None if fallback is None else direct_text(SmsText(fallback))


def direct_text(sms: SmsText) -> DirectText:
    return DirectText("", sms.body, wording=sms.wording)

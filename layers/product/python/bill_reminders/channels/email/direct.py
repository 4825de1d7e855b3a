"""One-off messages by e-mail."""

from collections.abc import Sequence

from bill_reminders.channels.email.compose import NAME_WIDTH, templates
from bill_reminders.channels.one_off import DirectText
from bill_reminders.domain.dead_channels import DeadChannel
from bill_reminders.domain.handovers import Handover
from bill_reminders.domain.people import Language
from bill_reminders.messages.catalogue import Catalogue, catalogue
from bill_reminders.messages.dead_channels import of_dead_channel
from bill_reminders.messages.handovers import of_handover
from bill_reminders.messages.names import clean, known_by, shorten
from bill_reminders.messages.notices import Sender

UNSUBSCRIBE_SUBJECT = "unsubscribe"


def code(language: Language, *, to: str, sender: Sender, code: str, minutes: int) -> DirectText:
    keys = ("email_code_subject", "email_code_hello", "email_code_not_asked")
    return _code(language, keys, sender, code, minutes)


def proof(language: Language, *, to: str, sender: Sender, code: str, minutes: int) -> DirectText:
    keys = ("proof_code_subject", "proof_code_hello", "proof_code_not_asked")
    return _code(language, keys, sender, code, minutes)


def _code(
    language: Language, keys: tuple[str, str, str], sender: Sender, code: str, minutes: int
) -> DirectText:
    words = catalogue(language)
    subject, hello, not_asked = map(words.say, keys)
    return _in_email(
        words,
        sender,
        subject=subject,
        hello=hello,
        headline=code,
        lines=[words.say("email_code_valid", minutes=minutes)],
        note=not_asked,
        headline_is_code=True,
    )


def trial(language: Language, *, to: str, sender: Sender, code_word: str | None) -> DirectText:
    words = catalogue(language)
    known = known_by(words, code_word)
    return _in_email(
        words,
        sender,
        subject=words.say("test_subject"),
        hello=words.say("email_test_hello"),
        headline=words.say("test_text"),
        lines=[known] if known else [],
        note=words.say("email_why_here"),
    )


def handover(handover: Handover, *, to: str, sender: Sender, link: str) -> DirectText:
    words, said = catalogue(handover.was.language), of_handover(handover, link)
    return _in_email(
        words,
        sender,
        subject=words.say("handover_subject"),
        hello=words.say("handover_hello"),
        headline=said.what,
        lines=[words.say("handover_week"), said.undo],
        note=words.say("email_why_here"),
    )


def dead_channel(dead: DeadChannel, *, to: str, sender: Sender) -> DirectText:
    words, said = catalogue(dead.language), of_dead_channel(dead)
    stop = [
        words.say("email_first", source=shorten(dead.source, NAME_WIDTH)),
        words.say(
            "email_stop_text", mailbox=sender.unsubscribe_mailbox, subject=UNSUBSCRIBE_SUBJECT
        ),
    ]
    return _in_email(
        words,
        sender,
        subject=said.subject,
        hello=words.say("dead_channel_hello"),
        headline=said.what,
        lines=[said.change, *(stop if dead.source else [])],
        note=words.say("email_why_here"),
    )


def _in_email(
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

"""One-off messages by app push."""

from bill_reminders.channels.one_off import DirectText
from bill_reminders.domain.dead_channels import DeadChannel
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.handovers import Handover
from bill_reminders.domain.people import Language
from bill_reminders.messages.catalogue import catalogue
from bill_reminders.messages.dead_channels import of_dead_channel
from bill_reminders.messages.handovers import of_handover
from bill_reminders.messages.names import known_by
from bill_reminders.messages.notices import Sender


def code(language: Language, *, to: str, sender: Sender, code: str, minutes: int) -> DirectText:
    """A device is confirmed by its token alone."""
    others = " or ".join(each for each in Channel if not each.is_device)
    raise InvalidValue("channel", f"takes no code: choose {others}")


def proof(language: Language, *, to: str, sender: Sender, code: str, minutes: int) -> DirectText:
    words = catalogue(language)
    said = words.say("proof_code_text", code=code, minutes=minutes)
    return DirectText(words.say("proof_code_subject"), said)


def trial(language: Language, *, to: str, sender: Sender, code_word: str | None) -> DirectText:
    words = catalogue(language)
    text = words.sentences(words.say("test_text"), known_by(words, code_word))
    return DirectText(words.say("test_subject"), text)


def handover(handover: Handover, *, to: str, sender: Sender, link: str) -> DirectText:
    words, said = catalogue(handover.was.language), of_handover(handover, link)
    return DirectText(words.say("handover_subject"), words.sentences(said.what, said.undo))


def dead_channel(dead: DeadChannel, *, to: str, sender: Sender) -> DirectText:
    words, said = catalogue(dead.language), of_dead_channel(dead)
    stop = words.say("push_stop", source=dead.source) if dead.source else ""
    return DirectText(said.subject, words.sentences(said.what, said.change, stop))

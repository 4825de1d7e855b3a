"""The message that an account was joined, or that an address of it went to somebody else."""

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.handovers import Handover, HandoverKind
from bill_reminders.messages.catalogue import catalogue
from bill_reminders.messages.direct import DirectText, fit, in_email
from bill_reminders.messages.notices import Sender

WHAT = {
    HandoverKind.JOINED: ("handover_joined", "handover_joined_short"),
    HandoverKind.MOVED: ("handover_moved", "handover_moved_short"),
}


def message(
    handover: Handover, channel: Channel, *, to: str, sender: Sender, link: str
) -> DirectText:
    """To the contact `to` on `channel`, with the `link` that undoes it; empty where none may stand.
    It names neither the address that changed hands nor any bill."""
    words = catalogue(handover.was.language)
    what, briefly = WHAT[handover.kind]
    said = words.say(what, channel=words.say(f"page_channel_{handover.channel or Channel.SMS}"))
    undo = words.say("handover_undo", link=link) if link else words.say("handover_no_link")
    match channel:
        case Channel.SMS:
            short = words.say(briefly)
            undo_short = words.say("handover_undo_short", link=link) if link else undo
            texts = (words.sentences(said, undo), words.sentences(short, undo_short))
            fitting = fit(words, sender, texts)
            assert fitting is not None, "every language has a text that fits"
            return fitting
        case Channel.PUSH:
            return DirectText(words.say("handover_subject"), words.sentences(said, undo), "")
        case Channel.EMAIL:
            return in_email(
                words,
                sender,
                subject=words.say("handover_subject"),
                hello=words.say("handover_hello"),
                headline=said,
                lines=[words.say("handover_week"), undo],
                note=words.say("email_why_here"),
            )

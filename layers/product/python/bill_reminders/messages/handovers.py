"""What is said when an account was joined, or an address of it went to somebody else."""

from typing import NamedTuple

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.handovers import Handover, HandoverKind
from bill_reminders.messages.catalogue import catalogue

WHAT = {
    HandoverKind.JOINED: ("handover_joined", "handover_joined_short"),
    HandoverKind.MOVED: ("handover_moved", "handover_moved_short"),
}


class HandoverWords(NamedTuple):
    """What happened, also in few words, and how to undo it."""

    what: str
    briefly: str
    undo: str


def of_handover(handover: Handover, link: str) -> HandoverWords:
    """In the language of the account, with the `link` that undoes it; "" where none may stand."""
    words = catalogue(handover.was.language)
    what, briefly = WHAT[handover.kind]
    return HandoverWords(
        words.say(what, channel=words.say(f"page_channel_{handover.channel or Channel.SMS}")),
        words.say(briefly),
        words.say("handover_undo", link=link) if link else words.say("handover_no_link"),
    )

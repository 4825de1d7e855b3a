"""What is said when reminders no longer arrive on a channel, to its user on another one."""

from typing import NamedTuple

from bill_reminders.domain.dead_channels import DeadChannel
from bill_reminders.domain.people import StoppedBy
from bill_reminders.messages.catalogue import catalogue


class DeadChannelWords(NamedTuple):
    """What happened, also in few words, and what to do."""

    subject: str
    what: str
    briefly: str
    change: str


def of_dead_channel(dead: DeadChannel) -> DeadChannelWords:
    words = catalogue(dead.language)
    channel = words.say(f"page_by_{dead.channel}")
    complained = dead.by is StoppedBy.COMPLAINT
    key = "dead_channel_complaint" if complained else "dead_channel_bounced"
    return DeadChannelWords(
        subject=words.say("dead_channel_subject", channel=channel),
        what=words.say(key, channel=channel),
        briefly=words.say("dead_channel_short", channel=channel),
        change=words.say("dead_channel_link", link=dead.link)
        if dead.link
        else words.say("dead_channel_change"),
    )

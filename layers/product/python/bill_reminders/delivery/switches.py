"""Switches: one parameter holds each channel's pause and circuit.

Its value is JSON that an administrator edits in the console:
`{"sms": "open", "push": "open", "email": "paused"}`. Anything but `open` closes a channel: nothing
is woken, claimed or sent, and all of it resumes when the channel opens again.

A deploy never writes the parameter, see template.yaml: a channel that came after it was made is
closed until an administrator names it there.
"""

import json
from typing import Any

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import MayPass

OPEN = "open"

MADE_WITH = (Channel.SMS, Channel.PUSH, Channel.EMAIL)
"""The channels that every parameter was made with: one that lacks any of them was spoiled."""


class UnreadableSwitches(MayPass):
    """The parameter does not hold switches. Nothing goes out until it does: a pause that was
    mistyped must not become a burst."""


def open_channels(ssm: Any, parameter: str) -> frozenset[Channel]:
    """The channels that may send now; one read. Raises UnreadableSwitches."""
    value = ssm.get_parameter(Name=parameter)["Parameter"]["Value"]
    try:
        states = json.loads(value)
        known = {channel: states[channel.value] for channel in MADE_WITH}
        later = {channel: states.get(channel.value) for channel in Channel if channel not in known}
    except (ValueError, KeyError, TypeError) as error:
        example = json.dumps({channel.value: OPEN for channel in Channel})
        raise UnreadableSwitches(f"the parameter {parameter} must read like {example}") from error
    return frozenset(channel for channel, state in (known | later).items() if state == OPEN)

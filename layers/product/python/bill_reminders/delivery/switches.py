"""Switches: one parameter holds each channel's pause and circuit.

Its value is JSON that an administrator edits in the console:
`{"sms": "open", "push": "open", "email": "paused"}`. Anything but `open` closes a channel: nothing
is woken, claimed or sent, and all of it resumes when the channel opens again.
"""

import json
from typing import Any

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import MayPass

OPEN = "open"


class UnreadableSwitches(MayPass):
    """The parameter does not hold switches. Nothing goes out until it does: a pause that was
    mistyped must not become a burst."""


def open_channels(ssm: Any, parameter: str) -> frozenset[Channel]:
    """The channels that may send now; one read. Raises UnreadableSwitches."""
    value = ssm.get_parameter(Name=parameter)["Parameter"]["Value"]
    try:
        states = json.loads(value)
        return frozenset(channel for channel in Channel if states[channel.value] == OPEN)
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableSwitches(
            f"the parameter {parameter} must read like "
            '{"sms": "open", "push": "open", "email": "open"}'
        ) from error

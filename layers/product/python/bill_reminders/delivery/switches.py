"""Switches: one parameter holds each channel's pause and circuit.

Its value is JSON that an administrator edits in the console:
`{"sms": "open", "push": "open", "email": "paused"}`. Anything but `open` closes a channel: nothing
is woken, claimed or sent, and all of it resumes when the channel opens again. An alarm tells of a
channel that is closed for hours, for a pause has no end of its own; `off` says that it is not used.

After the tables were restored from a backup, `unknown_before` stands beside them, an instant in
UTC: `"unknown_before": "2027-03-05T12:34Z"`. What was planned before it and has no final state in
the ledger is unknown then, and is not sent: it may have gone out after the backup was made. Once it
is long past it changes nothing, and may stay.

A deploy never writes the parameter, see template.yaml: a channel that came after it was made is
closed until an administrator names it there.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from bill_reminders import clock
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import MayPass
from bill_reminders.storage.attributes import parse_minute

OPEN, OFF = "open", "off"
UNKNOWN_BEFORE = "unknown_before"
AHEAD_AT_MOST = timedelta(minutes=5)
"""How far that instant may lie ahead of this machine's clock. One that was mistyped by a year must
not swallow a year's reminders."""

MADE_WITH = (Channel.SMS, Channel.PUSH, Channel.EMAIL)
"""The channels that every parameter was made with: one that lacks any of them was spoiled."""


class UnreadableSwitches(MayPass):
    """The parameter does not hold switches. Nothing goes out until it does: a pause that was
    mistyped must not become a burst."""


class Switches(NamedTuple):
    """The channels that may send now; since the tables were restored, the UTC instant before which
    nobody knows what went out; and the channels that are closed though they are used."""

    open: frozenset[Channel]
    unknown_before: datetime | None = None
    paused: frozenset[Channel] = frozenset()


def read(ssm: Any, parameter: str) -> Switches:
    """The switches as they are now; one read. Raises UnreadableSwitches."""
    return parse(ssm.get_parameter(Name=parameter)["Parameter"]["Value"], parameter)


def parse(value: str, parameter: str) -> Switches:
    """The switches that the parameter holds. Raises UnreadableSwitches."""
    try:
        states = json.loads(value)
        known = {channel: states[channel.value] for channel in MADE_WITH}
        later = {channel: states.get(channel.value) for channel in Channel if channel not in known}
    except (ValueError, KeyError, TypeError) as error:
        example = json.dumps({channel.value: OPEN for channel in Channel})
        raise UnreadableSwitches(f"the parameter {parameter} must read like {example}") from error
    return Switches(
        frozenset(channel for channel, state in (known | later).items() if state == OPEN),
        _unknown_before(states, parameter),
        frozenset(channel for channel, state in known.items() if state not in (OPEN, OFF)),
    )


def _unknown_before(states: Mapping[str, Any], parameter: str) -> datetime | None:
    found = states.get(UNKNOWN_BEFORE)
    if found is None:
        return None
    try:
        instant = parse_minute(found)
    except (ValueError, TypeError) as error:
        raise UnreadableSwitches(
            f"{UNKNOWN_BEFORE} in the parameter {parameter} must be an instant in UTC, like "
            '"2027-03-05T12:34Z"'
        ) from error
    if instant > clock.now() + AHEAD_AT_MOST:
        raise UnreadableSwitches(
            f"{UNKNOWN_BEFORE} in the parameter {parameter} lies ahead: write the instant, in UTC, "
            "from which on nothing was sent any more"
        )
    return instant

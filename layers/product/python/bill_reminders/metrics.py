"""Numbers for dashboards and alarms, in the lines that functions log anyway.

CloudWatch makes metrics of a line of JSON that has `_aws` at its root (the embedded metric format):
without a call, a permission or a library. The channel is the only dimension, for each combination
costs by itself; a country, a reason or a template is a field of the line. No number names anybody.

They are hints: a process that dies takes those of its batch with it. What became of a reminder
stands in the ledger.
"""

from collections.abc import Mapping
from time import time
from types import MappingProxyType
from typing import Any

from bill_reminders.domain.enums import Channel

NAMESPACE = "BillReminders"

BY_CHANNEL: Mapping[str, str] = MappingProxyType(
    {
        "Due": "users for whom the minute came at which a channel had something to say",
        "Claimed": "messages that a sender took on, each try anew",
        "Sent": "messages that the provider accepted",
        "Delivered": "messages that arrived, as the provider says",
        "Failed": "messages that certainly did not arrive",
        "Waiting": "messages that were not sent, and will be tried again",
        "Unknown": "messages of which nobody knows whether they went out",
        "Skipped": "reminders that were due and did not go out, for a reason in the ledger",
        "Circuit": "1 while a worker leaves its provider alone, else 0",
        "NothingAccepted": "1 for a batch that wanted to send and of which nothing was accepted; "
        "0 for one of which something was",
        "Quarantined": "users who were put aside because their wake-ups fail",
    }
)
"""Series that there are once a channel. A counter that is 0 is left out."""


def lag_of(channel: Channel) -> str:
    """How late messages leave, in seconds."""
    return f"{channel.value.capitalize()}LagSeconds"


def dead_letters_of(channel: Channel) -> str:
    """The signal of the queue that has the same name in template.yaml."""
    return f"{channel.value.capitalize()}DeadLetters"


WHOLE: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            map(lag_of, Channel), "from the planned minute until a batch's slowest was accepted"
        ),
        "SmsParts": "parts of SMS, as carriers bill them, of all kinds",
        "ApiErrors": "requests to the API that we could not answer",
        "PageErrors": "requests to pages and calendars that we could not answer",
    }
)
"""Series without a dimension."""

SIGNALS: Mapping[str, str] = MappingProxyType(
    {
        "AccountFaults": "a provider refuses because of the account",
        "AccountsPutAside": "somebody has more reminders live than a wake-up plans",
        "BillsNotMine": "somebody said that a bill is not theirs",
        "ChannelPaused": "a channel is closed in the switches",
        "DailyCapReached": "an address got as many messages as it may on a day",
        "EmailCodesBounce": "codes by e-mail come back too often",
        "EmailCodesRefused": "codes by e-mail are used up",
        "ErasedAccounts": "an erasure was asked for",
        "ExportedAccounts": "an export was asked for",
        "JobsDeadLetters": "a job arrived among the dead letters",
        "JoinedAccounts": "somebody joined an imported account",
        "MessagesPutOff": "a message cannot be settled",
        "OriginsUnread": "the sender IDs of SMS cannot be read",
        "ReceiptsAwaited": "messages went out since a receipt came last",
        "ReceiptsDeadLetters": "a receipt arrived among the dead letters",
        "RepliesDeadLetters": "a reply arrived among the dead letters",
        "SmsCodesRefused": "codes by SMS are used up",
        **dict.fromkeys(map(dead_letters_of, Channel), "a wake-up arrived among the dead letters"),
        "SmsTotalNearlyUsed": "most of the day's SMS are used",
        "TicksDeadLetters": "a tick arrived among the dead letters",
        "Trouble": "a function met what may pass",
        "UsersQuarantined": "somebody was put aside because their wake-ups fail",
        "UnknownRising": "several messages of one minute are unknown",
        "WrongCodes": "a wrong code was entered",
    }
)
"""What alarms wait for: 1 each time that it happens, and nothing else. So they cost nothing while
all is well, for CloudWatch bills a series for the hours in which it is written."""


def of(
    channel: str | None = None, counted: Mapping[str, float] | None = None, **whole: float
) -> dict[str, Any]:
    """Fields of a log line, of which CloudWatch makes series: what was `counted` is of the channel,
    the others are of the whole stack. The names are those above."""
    return _fields(channel, counted or {}, whole)


def signal(name: str, *, when: bool = True) -> dict[str, Any]:
    """Fields of a log line that an alarm waits for; none unless it is so."""
    return _fields(None, {}, {name: 1}) if when else {}


def _fields(
    channel: str | None, of_channel: Mapping[str, float], whole: Mapping[str, float]
) -> dict[str, Any]:
    named = {} if channel is None else {"channel": str(channel)}
    directives = [
        {
            "Namespace": NAMESPACE,
            "Dimensions": [dimensions],
            "Metrics": [{"Name": name} for name in values],
        }
        for dimensions, values in ((["channel"], of_channel), ([], whole))
        if values
    ]
    if not directives:
        return named
    described = {"Timestamp": int(time() * 1000), "CloudWatchMetrics": directives}
    return {**named, **of_channel, **whole, "_aws": described}

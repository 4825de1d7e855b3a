"""The ledger's words: what became of a reminder, and what may become of it next."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from dateutil.relativedelta import relativedelta

from bill_reminders.domain.reminders import Reminder, SkipReason

LEDGER_RETENTION = relativedelta(months=13)
"""From the due date on, or from when a row was last written on if that is later: longer than any
resend of a yearly bill's reminder is possible."""


class State(StrEnum):
    """Where a reminder, or the message that carries it, stands."""

    CLAIMED = "claimed"
    """A sender owns it and is about to hand it to the provider."""
    IN_DIGEST = "in_digest"
    """It travels in the message of the row that `message_key` names; look there."""
    WAITING = "waiting"
    """It was not sent, or nobody knows; it will be claimed again."""
    SENT = "sent"
    """The provider accepted it."""
    DELIVERED = "delivered"
    """The provider says that it arrived."""
    BOUNCED = "bounced"
    """It came back: there is no such address."""
    COMPLAINED = "complained"
    """It arrived, and its reader called it unwanted."""
    FAILED = "failed"
    """The provider refused this address or content for good, or could not deliver."""
    EXPIRED = "expired"
    """The provider gave up after trying for as long as it does."""
    UNKNOWN = "unknown"
    """It may have been handed over or not: nobody can tell."""
    SKIPPED = "skipped"
    """It was due and did not go out, for the reason in `reason`."""


S = State
_RECEIPTS = (S.SENT, S.EXPIRED, S.FAILED, S.DELIVERED, S.BOUNCED, S.COMPLAINED)
"""What a provider may say of a message, the last word last. A later one in this list goes over an
earlier one, in whatever order they arrive: mail bounces after it was taken in, and who complains
has received it."""

TRANSITIONS: Mapping[State | None, frozenset[State]] = MappingProxyType(
    {
        None: frozenset({S.CLAIMED, S.IN_DIGEST, S.SKIPPED, S.UNKNOWN}),
        S.WAITING: frozenset({S.CLAIMED, S.IN_DIGEST, S.SKIPPED, S.UNKNOWN, *_RECEIPTS}),
        S.CLAIMED: frozenset({S.WAITING, S.UNKNOWN, *_RECEIPTS}),
        S.IN_DIGEST: frozenset({S.WAITING, S.UNKNOWN}),
        S.UNKNOWN: frozenset({S.WAITING, *_RECEIPTS}),
        S.SKIPPED: frozenset(),
        **{state: frozenset(_RECEIPTS[place + 1 :]) for place, state in enumerate(_RECEIPTS)},
    }
)
"""What each state may become; None is a row that does not exist. Every write of a state is made on
condition of this table. Waiting becomes unknown when planning withdraws what perhaps was sent, and
what a receipt says when that comes before the second attempt. Without a row a reminder becomes
unknown when its row may be lost: after a restore."""
RECEIPTS = frozenset(_RECEIPTS)

UNDELIVERED = frozenset({S.CLAIMED, S.SENT, S.UNKNOWN})
"""What becomes waiting when a receipt names the account as the cause: the provider took the
message, and says itself that nobody got it. The one way back to a claim from what was taken."""
del S


ACCEPTED = frozenset({State.SENT, State.DELIVERED, State.COMPLAINED})
"""The provider took it, and has not said that it did not arrive."""

NOT_ARRIVED = frozenset({State.BOUNCED, State.FAILED, State.EXPIRED})
"""It is certain that its reader does not have it."""


def sources(state: State) -> list[State | None]:
    """The states that may become `state`."""
    return [before for before, after in TRANSITIONS.items() if state in after]


RECEIPT_WAIT = timedelta(minutes=10)
"""How long a message of which nobody knows waits for a receipt before a resend is considered."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A reminder's row in the ledger, as far as planning needs it.

    `attempt` counts claims from 1, `owner` is the claim that wrote it last; `message_key` names
    the row that holds the state of its message. A waiting row is not due again before `not_before`.
    `resends` counts how often it was given back without knowing whether it had gone out. `reason`
    tells why it was skipped or failed; `message_state` is the state of the message that carries it
    where another row holds that. `links` are the hashes of the links in its messages so far.
    """

    reminder: Reminder
    state: State
    attempt: int = 1
    owner: str | None = None
    not_before: datetime | None = None
    message_key: str | None = None
    resends: int = 0
    reason: str | None = None
    message_state: State | None = None
    links: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it may be claimed again; every other row stands in the way for ever."""
        return self.state is State.WAITING

    @property
    def may_be_known(self) -> bool:
        """Whether the user may have read it."""
        return self.state not in (State.SKIPPED, State.WAITING) or self.resends > 0

    @property
    def failed(self) -> bool:
        """Whether it certainly did not reach its user and is not tried again on its channel."""
        if self.state is State.SKIPPED:
            return self.reason == SkipReason.NO_ADDRESS
        return (self.message_state or self.state) in NOT_ARRIVED


def with_message(
    recorded: Mapping[str, Recorded], message_key: str, state: State
) -> Mapping[str, Recorded]:
    """The rows with the message that `message_key` names in `state`."""
    return {
        key: replace(row, state=state)
        if key == message_key
        else replace(row, message_state=state)
        if row.message_key == message_key
        else row
        for key, row in recorded.items()
    }


RESENDS_AT_MOST = 1

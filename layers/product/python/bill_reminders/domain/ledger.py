"""The ledger's words: what became of a reminder."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bill_reminders.domain.reminders import Reminder


class State(StrEnum):
    """Where a reminder, or the message that carries it, stands."""

    CLAIMED = "claimed"
    """A sender owns it and is about to hand it to the provider."""
    IN_DIGEST = "in_digest"
    """It travels in the message of the row that `message_key` names; look there."""
    SENT = "sent"
    """The provider accepted it."""
    WAITING = "waiting"
    """The provider refused it for now; it will be claimed again."""
    FAILED = "failed"
    """The provider refused this address or content for good."""
    UNKNOWN = "unknown"
    """The request left and no answer came: nobody can tell whether it was accepted."""
    SKIPPED = "skipped"
    """It was due and did not go out, for the reason in `reason`."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A reminder's row in the ledger, as far as planning needs it.

    `attempt` counts claims from 1, `owner` is the claim that wrote it last. A waiting row is not
    due again before `not_before`.
    """

    reminder: Reminder
    state: State
    attempt: int = 1
    owner: str | None = None
    not_before: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it may be claimed again; every other row stands in the way for ever."""
        return self.state is State.WAITING

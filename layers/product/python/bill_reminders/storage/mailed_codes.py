"""Codes by e-mail of a day (UTC), and how many of them came back: when too many do, no more go out,
for a provider that sees so many bounces stops the account's reminders too."""

from datetime import datetime

from bill_reminders.domain.local_time import DAY
from bill_reminders.storage import limits
from bill_reminders.storage.limits import Limit

IN_ALL = "codes/email/day"
NO_BOUND = 1_000_000_000

ENOUGH_TO_TELL = 50
"""Codes of a day; of fewer, a few mistyped addresses would be a large share."""
MOST_BOUNCES = 0.05
"""The share of them that may come back."""


def in_all(most: int) -> Limit:
    """How many codes by e-mail may go out in a day."""
    return Limit(IN_ALL, "everybody", most, DAY)


_SENT = in_all(NO_BOUND)
_BOUNCED = Limit("codes/email/bounced/day", "everybody", NO_BOUND, DAY)


def note_bounce(*, sent_at: datetime) -> None:
    """A code that the provider took at `sent_at` came back. Raises what the table raises."""
    limits.count(_BOUNCED, now=sent_at)


def too_many_bounce(now: datetime) -> bool:
    """Whether more of today's codes came back than may. Two reads; raises what the table raises."""
    bounced = limits.asked(_BOUNCED, now=now)
    if not bounced:
        return False
    sent = limits.asked(_SENT, now=now)
    return sent >= ENOUGH_TO_TELL and bounced > MOST_BOUNCES * sent

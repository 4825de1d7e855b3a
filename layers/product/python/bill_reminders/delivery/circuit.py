"""A circuit: when a provider refuses, or gives no answer, again and again, a sender leaves it alone
for a while.

A refused claim costs two transactions, and asking a provider that throttles makes it throttle
longer; what gets no answer may be sent once more, and no third time. While the circuit is open
nothing is claimed; wake-ups are acknowledged, and the index brings their users back. Each worker
has its own: nothing is shared that could itself fail.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

REFUSALS = 3
"""So many in a row open it."""
SHORTEST, LONGEST = timedelta(seconds=15), timedelta(minutes=4)
"""How long it stays open: doubled each time that the trial after it is refused. Less than the five
minutes after which the index brings everybody back."""


@dataclass(slots=True)
class Circuit:
    """One channel's, in one worker. It is closed while all is well."""

    troubles: int = 0
    open_until: datetime | None = None
    pause: timedelta = field(default=SHORTEST)

    @property
    def is_closed(self) -> bool:
        """Whether all is well, as far as this worker knows."""
        return self.open_until is None

    def allows(self, now: datetime) -> bool:
        """Whether a message may be tried; after the pause one at a time is, to find out."""
        return self.open_until is None or now >= self.open_until

    def taken(self) -> None:
        """The provider took a message, or refused one for good: it works."""
        self.troubles, self.open_until, self.pause = 0, None, SHORTEST

    def refuses(self, now: datetime) -> bool:
        """The provider refused what was begun at `now`, or gave no answer; whether that opened the
        circuit. What was under way when it opened says nothing new."""
        if self.open_until is not None and now < self.open_until:
            return False
        self.troubles += 1
        if self.troubles < REFUSALS:
            return False
        if self.open_until is not None:
            self.pause = min(2 * self.pause, LONGEST)
        self.open_until = now + self.pause
        return True

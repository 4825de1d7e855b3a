"""The pace of a worker: its share of what the account may send in a second.

There is no shared counter: as many workers as the queue lets run at the same time, each at its own
pace, are together no faster than the quota. Throttling by the provider is then a rarity, not a way
to steer.
"""

import time
from dataclasses import dataclass


@dataclass(slots=True)
class Pace:
    """At most one message every `interval` seconds."""

    interval: float
    _next: float = 0.0

    @classmethod
    def share(cls, per_second: float, workers: int) -> "Pace":
        """That of one of `workers` which together may send `per_second` messages."""
        return cls(workers / per_second)

    def wait(self) -> None:
        """Wait until a message may be sent, and take its place."""
        now = time.monotonic()
        if self._next > now:
            time.sleep(self._next - now)
        self._next = max(now, self._next) + self.interval

"""The pace of a worker: its share of what the account may send in a second.

There is no shared counter: as many workers as the queue lets run at the same time, each at its own
pace, are together no faster than the quota. Throttling by the provider is then a rarity, not a way
to steer.
"""

import math
import time
from dataclasses import dataclass, field
from threading import Lock

A_MESSAGE_TAKES = 0.25
"""Seconds, tables and provider together, on a slow day: with more than this pace can use at once,
claimed messages would only wait for each other."""


@dataclass(slots=True)
class Pace:
    """At most one message every `interval` seconds, whichever thread it is of."""

    interval: float
    _next: float = 0.0
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    @classmethod
    def share(cls, per_second: float, workers: int) -> "Pace":
        """That of one of `workers` which together may send `per_second` messages."""
        return cls(workers / per_second)

    @property
    def at_once(self) -> int:
        """How many messages must be under way together to keep this pace."""
        return max(1, math.ceil(A_MESSAGE_TAKES / self.interval))

    def wait(self) -> None:
        """Take the next place, and wait until it comes."""
        with self._lock:
            now = time.monotonic()
            place = max(now, self._next)
            self._next = place + self.interval
        if place > now:
            time.sleep(place - now)

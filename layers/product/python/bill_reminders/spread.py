"""Who comes when in the spread window: a place for each user, always the same one."""

import os
from hashlib import sha256

VARIABLE = "SPREAD_MINUTES"
"""The deployer's window, in minutes; without it, or with 0, nothing is spread."""


def window() -> int:
    """How many minutes the window is long."""
    return int(os.environ.get(VARIABLE) or 0)


def minutes_of(user_id: str) -> int:
    """How many minutes into the window this user's reminders before the due day go."""
    # not the hash that gives the shard: each shard shall be spread over all of the window
    place = int.from_bytes(sha256(f"spread:{user_id}".encode()).digest()[:8])
    return place % (window() + 1)

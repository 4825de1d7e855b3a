"""The queue's messages about what a user is to be told: a handover, a channel that died."""

import json


def body_of(user_id: str, key: str) -> str:
    return json.dumps({"tell": user_id, "handover": key})


def handover_of(body: str) -> tuple[str, str] | None:
    """The user and the key that a queue's message names; None for a message of another kind."""
    return _read(body, "handover")


def of_dead_channel(user_id: str, key: str) -> str:
    return json.dumps({"tell": user_id, "dead_channel": key})


def dead_channel_of(body: str) -> tuple[str, str] | None:
    """As `handover_of`, of the row about a dead channel."""
    return _read(body, "dead_channel")


def _read(body: str, what: str) -> tuple[str, str] | None:
    told = json.loads(body)
    return (told["tell"], told[what]) if what in told else None

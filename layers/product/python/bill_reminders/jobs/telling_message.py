"""The queue's message about a handover of which contacts are to be told."""

import json


def body_of(user_id: str, key: str) -> str:
    return json.dumps({"tell": user_id, "handover": key})


def handover_of(body: str) -> tuple[str, str] | None:
    """The user and the key that a queue's message names; None for a message of another kind."""
    told = json.loads(body)
    return (told["tell"], told["handover"]) if "tell" in told else None

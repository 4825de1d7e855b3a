"""Which one-off messages a function sends, and what their keys begin with.

Every function that knows a channel loads this module, and not the messages themselves.
"""

from enum import StrEnum

CODE = "code:"
"""With what the keys of codes begin."""


def tag_of(key: str) -> str:
    return key.replace(":", "-")


class Sends(StrEnum):
    """What one-off messages a function sends."""

    CODES = "codes"
    """Six-digit codes, which go where strangers may say."""
    OTHERS = "others"
    """All else that a user, or a change of theirs, asks for."""

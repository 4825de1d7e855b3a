"""Terms of the domain that stand in tables and settings as they are.

A module of their own, so that find_due, which knows no bill and no plan, loads nothing else.
"""

from enum import StrEnum
from typing import Self


class Channel(StrEnum):
    """A way to reach a user, and what a message on it is called."""

    SMS = "sms", "SMS"
    PUSH = "push", "push notification"
    EMAIL = "email", "e-mail"

    _value_: str
    message: str

    def __new__(cls, value: str, message: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.message = message or value
        return member


class Kind(StrEnum):
    """What a bill is for. A plan may differ by it."""

    CARD = "card"
    LOAN = "loan"
    MORTGAGE = "mortgage"
    INSTALMENT = "instalment"
    INSURANCE = "insurance"
    UTILITY = "utility"
    RENT = "rent"
    TAX = "tax"
    SUBSCRIPTION = "subscription"
    OTHER = "other"


class Label(StrEnum):
    """Whose money a bill is paid from."""

    PERSONAL = "personal"
    BUSINESS = "business"


class Shift(StrEnum):
    """What becomes of a due date that is not a working day."""

    NONE = "none"
    PREVIOUS = "previous"
    NEXT = "next"

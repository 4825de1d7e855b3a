"""Enums of the domain that stand in tables and settings as they are.

A module of their own, so that find_due, which knows no bill and no plan, loads nothing else.
"""

from enum import StrEnum
from typing import Self


class Channel(StrEnum):
    """A way to reach a user, what a message on it is called, and what its address is. A new one is
    a member here and a folder in channels/."""

    SMS = "sms", "SMS", "a phone number"
    PUSH = "push", "push notification", "a device"
    EMAIL = "email", "e-mail", "an e-mail address"

    _value_: str
    message: str
    address: str

    def __new__(cls, value: str, message: str = "", address: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.message = message or value
        member.address = address or "an address"
        return member

    @property
    def is_device(self) -> bool:
        """Whether its address is a device, which an app registers, and none that its owner reads
        and confirms with a code."""
        return self is Channel.PUSH

    @property
    def bears_our_tag(self) -> bool:
        """Whether its messages bear a tag of ours by which receipts name them; else those name the
        id that the provider gave."""
        return self is Channel.EMAIL


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

"""What users chose by themselves, where their biller's file has a word on it too.

The file comes again every night and says what the biller knows. Once a user set a field otherwise,
that field is theirs, and the file's word on it counts no more.
"""

from collections.abc import Iterable
from dataclasses import replace

from bill_reminders.domain.bills import HOW_TO_PAY, Bill
from bill_reminders.domain.people import User

OF_USER = ("language", "zone", "plan", "quiet_hours", "paused_until")
OF_BILL = ("plan_change", "label", *HOW_TO_PAY)


def with_user_overrides(before: User, after: User) -> User:
    """`after`, to which the user themselves changed `before`."""
    return replace(after, overrides=before.overrides | _differing(OF_USER, before, after))


def with_bill_overrides(before: Bill, after: Bill) -> Bill:
    """`after`, to which its user themselves changed `before`."""
    return replace(after, overrides=before.overrides | _differing(OF_BILL, before, after))


def _differing(fields: Iterable[str], before: object, after: object) -> frozenset[str]:
    return frozenset(each for each in fields if getattr(before, each) != getattr(after, each))

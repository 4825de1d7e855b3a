"""With what a command exits."""

from bill_reminders.domain.errors import BillRemindersError

GOOD, LEFT, NOT_DONE = 0, 1, 2
"""All is as it should be; something is left to do, and was named; nothing could be done."""


class WrongUse(BillRemindersError):
    """The command was asked for with too little, or too much."""

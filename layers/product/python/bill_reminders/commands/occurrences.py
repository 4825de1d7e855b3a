"""Which due date of a bill is meant."""

from datetime import date

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.errors import InvalidValue


def oldest_unpaid(bill: Bill, today: date) -> int:
    """The number of the oldest one that is open on the user's local date `today`, see
    Bill.first_unpaid. Raises InvalidValue ("occurrence") when nothing is left to pay."""
    return left_to_pay(bill.first_unpaid(today))


def left_to_pay(number: int | None) -> int:
    """`number`. Raises InvalidValue ("occurrence") when there is none."""
    if number is None:
        raise InvalidValue(
            "occurrence",
            "nothing of this bill is left to pay: name the occurrence that it is for",
        )
    return number


def need_due_date(bill: Bill, number: int) -> date:
    """The nominal due date of that number. Raises InvalidValue ("occurrence") without one."""
    due_on = bill.due_on(number)
    if due_on is None:
        raise InvalidValue(
            "occurrence", "the bill has no such occurrence: read the bill for their numbers"
        )
    return due_on

"""What a message is written from."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple, Self

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Owed
from bill_reminders.domain.people import User
from bill_reminders.domain.reminders import Reminder, Trigger
from bill_reminders.messages.names import shown


class Notice(NamedTuple):
    """One reminder with what its words need.

    `due_on` is the date in the user's zone by which it is to be paid, after the weekend and holiday
    shift. `last_working_day` is set when money may not move on that date. `will_be_debited` is for
    the reminder that stands for a plan with autopay, `date_changed` when the user had heard of
    another due date.
    """

    bill: Bill
    due_on: date
    trigger: Trigger
    last_working_day: date | None = None
    occurrence: int = 0
    will_be_debited: bool = False
    date_changed: bool = False

    @classmethod
    def of(cls, bill: Bill, reminder: Reminder) -> Self:
        payable_on = bill.payable_on(reminder.due_on)
        failed = {each.occurrence for each in bill.failed_debits}
        return cls(
            bill=bill,
            due_on=payable_on,
            trigger=reminder.trigger,
            last_working_day=bill.last_working_day(payable_on),
            occurrence=reminder.occurrence,
            will_be_debited=bill.terms_of(reminder.occurrence).autopay
            and reminder.occurrence not in failed,
            date_changed=reminder.revision > 0,
        )

    @property
    def owed(self) -> Owed:
        """What it costs and what is left."""
        return self.bill.owed(self.occurrence)

    @property
    def paid_in_part(self) -> Money | None:
        """What was paid towards an amount that nobody knows yet; None when nothing was."""
        amounts = [each.amount for each in self.bill.payments if each.occurrence == self.occurrence]
        currency = next((amount.currency for amount in amounts if amount is not None), None)
        owed = self.owed
        if owed.amount is not None or currency is None or not owed.paid:
            return None
        return Money(owed.paid, currency)


class Part(NamedTuple):
    """Which of several messages this is, counted from 1; one of one is not mentioned."""

    number: int
    of: int


WHOLE = Part(1, 1)


class Sender(NamedTuple):
    """Who the messages come from, and the e-mail address that takes requests to stop."""

    name: str
    unsubscribe_mailbox: str


def nearest_first(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    """The notices by due date, so that what is overdue or due soonest stands first."""
    ordered = sorted(notices, key=lambda notice: (notice.due_on, notice.bill.bill_id))
    if not ordered:
        raise InvalidValue("notices", "a message needs at least one reminder")
    return tuple(ordered)


def source_of(user: User, channel: Channel) -> str:
    """Who vouched for the user's address on `channel`, to be named in the first message to it.

    Raises InvalidValue when nobody did: then nothing may be sent there.
    """
    address = user.address(channel)
    if address is None or address.attestation is None:
        raise InvalidValue(f"addresses.{channel}", "is not attested, so it may not be written to")
    return shown(address.attestation.source)

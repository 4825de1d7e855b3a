"""Whom benchmarks remind: by e-mail, three days before a card's due day."""

from datetime import date, datetime, time
from decimal import Decimal
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.money import Money
from bill_reminders.domain.people import Address, Attestation, Language, Plan, User
from bill_reminders.domain.recurrence import Recurrence, Unit


def somebody(user_id: str, *, remind_at: time, entered: datetime) -> User:
    """Reminded at that time of day, UTC; their address is vouched for since `entered`."""
    vouched = Attestation("Branch desk", entered, "form 7")
    return User(
        user_id,
        Language.ENGLISH,
        ZoneInfo("UTC"),
        plan=Plan(channels=(Channel.EMAIL,), lead_days=(3,), remind_at=remind_at),
        addresses=MappingProxyType({Channel.EMAIL: Address(f"{user_id}@example.com", vouched)}),
    )


def a_card(user_id: str, bill_id: str, *, first_due: date, entered: datetime) -> Bill:
    return Bill(
        user_id,
        bill_id,
        "Lantern Bank",
        "Card",
        Recurrence(first_due, 1, Unit.MONTH),
        owed_from=entered.date(),
        amount=Money(Decimal("120.00"), "USD"),
    )

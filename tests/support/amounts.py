"""Amounts, short to write."""

from decimal import Decimal

from bill_reminders.domain.money import Money


def dollars(amount: str) -> Money:
    return Money(Decimal(amount), "USD")

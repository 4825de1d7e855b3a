"""People and bills for tests: as plain as can be, and changed where a test needs it."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from itertools import count
from types import MappingProxyType
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.countries import country_of
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.money import Money
from bill_reminders.domain.people import DEFAULT_PLAN, Address, Attestation, Language, User
from bill_reminders.domain.recurrence import Recurrence
from bill_reminders.domain.reminders import Trigger

PHONE = "+447700900123"
EMAIL = "somebody@example.com"
ENDPOINT = (
    "arn:aws:sns:us-east-1:000000000000:endpoint/GCM/app/00000000-0000-0000-0000-000000000000"
)
ATTESTED = Attestation("Branch desk", datetime(2027, 1, 1, tzinfo=UTC), "form 7")


OF_SERVICES = {
    500,
    *range(521, 530),
    532,
    533,
    544,
    566,
    577,
    588,
    800,
    822,
    833,
    844,
    855,
    866,
    877,
}
OF_SERVICES |= {880, 881, 882, 883, 884, 885, 886, 887, 888, 889, 900}
"""American area codes that are of no area: personal, toll-free and premium rate numbers."""


def fictitious_phone(number: int) -> str:
    """One of some 70,000 American numbers that could be dialled and are kept for fiction: 555-0100
    to 555-0199 of any area. The islands that share +1 have rules of their own."""
    areas = _american_areas()
    return f"+1{areas[number // 100 % len(areas)]}55501{number % 100:02}"


def new_phone() -> str:
    """A fictitious number that no other test of this process has: an address belongs to one
    account, and a drawn number is drawn twice one day."""
    return fictitious_phone(next(_new_numbers))


_new_numbers = count(5_000)
"""Behind the numbers that tests name themselves."""


@cache
def _american_areas() -> list[int]:
    american = (area for area in range(201, 990) if country_of(f"+1{area}") == "US")
    return [area for area in american if area not in OF_SERVICES]


def address_of(user_id: str, channel: Channel) -> str:
    """An address belongs to one user: everyone but "somebody" has their own."""
    if user_id == "somebody":
        return {Channel.SMS: PHONE, Channel.EMAIL: EMAIL, Channel.PUSH: ENDPOINT}[channel]
    number = crc32(user_id.encode())
    match channel:
        case Channel.SMS:
            return f"+999{number:010}"  # a country code that no country has
        case Channel.EMAIL:
            return f"{user_id}@example.com"
        case Channel.PUSH:
            return f"{ENDPOINT[:-12]}{number:012}"


def a_user(
    user_id: str = "somebody",
    *,
    channels: Iterable[Channel] = (Channel.SMS,),
    zone: str = "UTC",
    **changes: Any,
) -> User:
    """A user with the default plan and an attested address on each of `channels`."""
    channels = tuple(channels)
    user = User(
        user_id,
        Language.ENGLISH,
        ZoneInfo(zone),
        plan=replace(DEFAULT_PLAN, channels=channels),
        addresses=MappingProxyType(
            {channel: Address(address_of(user_id, channel), ATTESTED) for channel in channels}
        ),
    )
    return replace(user, **changes)


def a_bill(
    user_id: str = "somebody", bill_id: str = "bill", *, due_on: date, **changes: Any
) -> Bill:
    """A one-off bill of 120.50 USD, entered long before it is due."""
    fields: dict[str, Any] = {
        "biller": "Lantern Bank",
        "name": "Credit card",
        "recurrence": Recurrence(due_on),
        "owed_from": date(2027, 1, 1),
        "amount": Money(Decimal("120.50"), "USD"),
    }
    return Bill(**{"user_id": user_id, "bill_id": bill_id} | fields | changes)


def bill_due_today(user_id: str, bill_id: str = "bill", **changes: Any) -> Callable[[date], Bill]:
    """A draft, as importing makes them, of a bill that is due on the day it is entered."""
    return lambda today: a_bill(user_id, bill_id, due_on=today, owed_from=today, **changes)


def a_trigger(offset: int) -> Trigger:
    """The trigger of a plan's day: -3 is three days before the due date, 1 is a day overdue."""
    return Trigger.overdue(offset) if offset > 0 else Trigger.lead(-offset)

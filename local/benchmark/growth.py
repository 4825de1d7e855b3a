"""How planning grows with the bills of one user."""

import gc
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from time import process_time
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel, Kind, Shift
from bill_reminders.domain.loans import Loan, Method
from bill_reminders.domain.local_time import QuietHours
from bill_reminders.domain.money import Money
from bill_reminders.domain.people import Address, Attestation, Language, User
from bill_reminders.domain.planning import Decision, decide
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.working_days import Place
from local.benchmark.figures import Figure

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
SIZES = (5, 50, 500)
ROUNDS = 7
TARGET = 1.3
"""A bill among 500 may cost this many times a bill among 50: the rest is noise of the machine."""


def measured() -> Iterator[Figure]:
    """What one bill costs among many, against one among few."""
    costs = {size: _cost_per_bill(size) for size in SIZES}
    for fewer, more in ((5, 50), (50, 500), (5, 500)):
        name = f"planning: a bill among {more} / a bill among {fewer}"
        yield Figure(name, costs[more] / costs[fewer], "ratio", TARGET)


def a_user() -> User:
    by = Attestation("Branch desk", NOW, "form 7")
    return User(
        "somebody",
        Language.ENGLISH,
        ZoneInfo("America/New_York"),
        quiet_hours=QuietHours(time(22), time(7)),
        addresses=MappingProxyType({Channel.SMS: Address("+12025550123", by)}),
    )


def some_bills(count: int) -> tuple[Bill, ...]:
    """Bills of every step and kind, due all over the month; one in five is a mortgage."""
    units = (Unit.MONTH, Unit.WEEK, Unit.DAY, Unit.YEAR)
    return tuple(
        Bill(
            "somebody",
            f"bill-{number:03}",
            "Lantern Bank",
            "Bill",
            Recurrence(
                date(2026, 1, 1) + timedelta(days=number % 365),
                every=30 if units[number % 4] is Unit.DAY else 1,
                unit=Unit.MONTH if number % 5 == 0 else units[number % 4],
            ),
            owed_from=date(2027, 2, 1),
            kind=Kind.MORTGAGE if number % 5 == 0 else Kind.OTHER,
            loan=_mortgage(number) if number % 5 == 0 else None,
            place=Place("US"),
            shift=Shift.NEXT if number % 3 == 0 else Shift.NONE,
        )
        for number in range(count)
    )


def _mortgage(number: int) -> Loan:
    principal = Money(Decimal(100_000 + number), "USD")
    return Loan(principal, Decimal("0.0035"), 360, Method.EQUAL_INSTALMENT)


def _cost_per_bill(size: int) -> float:
    user, bills = a_user(), some_bills(size)

    def plan() -> Decision:
        return decide(user, bills, {}, channel=Channel.SMS, now=NOW)

    plan()  # schedules and calendars are worked out once and kept
    repeat = max(SIZES) // size
    return min(_seconds(plan, repeat) for _ in range(ROUNDS)) / (size * repeat)


def _seconds(work: Callable[[], object], repeat: int) -> float:
    gc.collect()
    start = process_time()
    for _ in range(repeat):
        work()
    return process_time() - start

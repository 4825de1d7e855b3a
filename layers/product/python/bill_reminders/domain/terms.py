"""Terms of a bill: its dates and what each costs. They have a time: each holds from an occurrence
on, until the next ones do. See docs/decisions.md."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Protocol

from bill_reminders.domain.enums import Shift
from bill_reminders.domain.loans import Instalment, Loan, schedule
from bill_reminders.domain.money import Money
from bill_reminders.domain.recurrence import Recurrence
from bill_reminders.domain.working_days import Place


class Dated(Protocol):
    """What a bill and its earlier and later terms have in common."""

    @property
    def recurrence(self) -> Recurrence: ...
    @property
    def amount(self) -> Money | None: ...
    @property
    def currency(self) -> str | None: ...
    @property
    def loan(self) -> Loan | None: ...
    @property
    def loan_first(self) -> int | None: ...
    @property
    def statement_day(self) -> int | None: ...
    @property
    def autopay(self) -> bool: ...
    @property
    def shift(self) -> Shift: ...
    @property
    def place(self) -> Place | None: ...


VALUES = (
    "recurrence",
    "amount",
    "currency",
    "loan",
    "loan_first",
    "statement_day",
    "autopay",
    "shift",
    "place",
)
"""What terms say, by its name on a bill, too."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds from occurrence `first` on, which is due on the nominal date `begins`.

    The fields are those of a Bill. `recurrence` may have dates before `begins`, which are not of
    these terms. `loan_first` is the number of the loan's first instalment, None for that of the
    recurrence's first date.
    """

    first: int
    begins: date
    recurrence: Recurrence
    amount: Money | None = None
    currency: str | None = None
    loan: Loan | None = None
    loan_first: int | None = None
    statement_day: int | None = None
    autopay: bool = False
    shift: Shift = Shift.NONE
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """An occurrence that keeps its own nominal date, and its amount if it has one, whatever the
    terms are: it was paid before they came."""

    number: int
    due_on: date
    amount: Money | None = None


def values(dated: Dated) -> dict[str, Any]:
    """By name what the terms of a bill, or earlier or later ones, say."""
    return {name: getattr(dated, name) for name in VALUES}


def hold_for_all(terms: Terms) -> bool:
    """Whether no date of the recurrence comes before them: a first date that tells the day of the
    month alone may be past."""
    recurrence = terms.recurrence
    numbers = (recurrence.first_number, *(number for number, _ in recurrence.earlier))
    return terms.first <= min(numbers)


def first_instalment(dated: Dated) -> int:
    """The number of the occurrence that is the loan's first instalment."""
    return dated.recurrence.first_number if dated.loan_first is None else dated.loan_first


def instalment_of(dated: Dated, number: int) -> Instalment | None:
    """What falls due of the loan as occurrence `number`; None where that is nothing, or it is no
    loan."""
    if dated.loan is None:
        return None
    return _instalments(dated.loan).get(number - first_instalment(dated) + 1)


def is_over(dated: Dated, number: int) -> bool:
    """Whether a loan has no instalment at `number` or later."""
    if dated.loan is None:
        return False
    return number - first_instalment(dated) + 1 > max(_instalments(dated.loan), default=0)


def dates_from(dated: Dated, day: date) -> Iterator[tuple[int, date]]:
    """The numbers and nominal dates, on `day` or later and in order, by these terms as if they held
    for all."""
    if dated.loan is None:
        return dated.recurrence.from_day(day)
    return _instalments_from(dated, day)


def _instalments_from(dated: Dated, day: date) -> Iterator[tuple[int, date]]:
    for number, due_on in dated.recurrence.from_day(day):
        if is_over(dated, number):
            return
        if instalment_of(dated, number) is not None:
            yield number, due_on


def due_on(dated: Dated, number: int) -> date | None:
    """The nominal date of occurrence `number` by these terms, as if they held for all."""
    if dated.loan is not None and instalment_of(dated, number) is None:
        return None
    return dated.recurrence.due_on(number)


@lru_cache(1024)
def _instalments(loan: Loan) -> dict[int, Instalment]:
    """By number; a loan of many years takes milliseconds to work out, and planning asks often."""
    return {instalment.number: instalment for instalment in schedule(loan)}

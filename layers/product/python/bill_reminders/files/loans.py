"""The columns that give a loan's terms; its schedule then says the amounts."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import Any

from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.loans import (
    MAX_FIRST_PERIOD,
    Loan,
    Method,
    RateChange,
    per_period,
    schedule,
)
from bill_reminders.domain.money import Money
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.files.cells import CellError, count
from bill_reminders.files.money import amount, percent_text, plain
from bill_reminders.files.rows import Row

IN_JSON: Mapping[str, str] = MappingProxyType(
    {
        "loan_method": "method",
        "principal": "principal",
        "rate": "rate",
        "instalments": "instalments",
        "rate_changes": "rate_changes",
        "stated_instalment": "stated_instalment",
        "first_period_days": "first_period_days",
    }
)
"""The columns, and what JSON calls each among the terms of a loan."""
NEEDED = ("loan_method", "principal", "rate", "instalments")
"""Of every loan; the others may be empty."""

MAX_PERCENT = 100

PERIODS_A_YEAR = {Unit.WEEK: 52, Unit.MONTH: 12, Unit.YEAR: 1}

PERIOD_DAYS = {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 30, Unit.YEAR: 360}
"""As interest for days counts them."""

_PERCENT_DECIMALS = Decimal("1e-10")
"""As many as the reader takes."""

_RATE = re.compile(r"[0-9]{1,3}(\.[0-9]{1,10})?")

_DAYS = re.compile(r"[1-9][0-9]{0,2}")

_CHANGE = re.compile(
    r"(?P<rate>[0-9.]+) after (?P<after>[0-9]{1,4})"
    r"(?: at (?P<stated>[0-9.]+))?(?: of (?P<instalments>[0-9]{1,4}))?"
)


def loan(row: Row, currency: str | None, recurrence: Recurrence | None) -> Loan | None:
    """The loan of the row: all that every loan needs, or none."""
    if not any(row[column] for column in IN_JSON):
        return None
    for column in NEEDED:
        if not row[column]:
            row.refuse(
                column, f"empty beside other terms of a loan: fill in {', '.join(NEEDED)}, or none"
            )
    if row["amount"]:
        row.refuse("amount", "beside the terms of a loan, which say it: leave it empty")
    if row["count"]:
        row.refuse("count", "beside a loan, which ends with its instalments: leave it empty")
    if not row["currency"]:
        row.refuse("currency", "empty beside a principal: write its ISO 4217 code, for example USD")
    method = row.read_optional("loan_method", loan_method)
    money = partial(amount, currency=currency)
    principal = row.read_optional("principal", money)
    percent = row.read_optional("rate", rate)
    instalments = row.read_optional("instalments", count)
    changes = row.read_optional("rate_changes", partial(rate_changes, stated=money)) or []
    stated = row.read_optional("stated_instalment", money)
    first_days = row.read_optional("first_period_days", first_period_days)
    periods = _periods_a_year(row, method, recurrence)
    if method is None or principal is None or instalments is None:
        return None
    if currency is None or percent is None or periods is None:
        return None
    try:
        whole = Loan(
            Money(principal, currency),
            _fraction(percent, periods),
            instalments,
            method,
            rate_changes=tuple(
                RateChange(after, _fraction(changed, periods), at, of_all)
                for after, changed, at, of_all in changes
            ),
            stated_instalment=stated,
            first_period_days=first_days,
            period_days=_period_days(first_days, recurrence),
        )
        _need_stated(whole)
    except InvalidValue as error:  # of a field that is called as its column is
        row.refuse(error.field, error.problem)
        return None
    return whole


def _need_stated(loan: Loan) -> None:
    """Raises InvalidValue for a first instalment that the lender cannot have stated for these
    terms. A later one may be meant to end the loan sooner, and may stand for what a prepayment has
    left, which is not among the terms."""
    if loan.stated_instalment is not None:
        paid_by = schedule(replace(loan, rate_changes=()))[-1].number
        if paid_by < loan.instalments:
            raise InvalidValue(
                "stated_instalment",
                f"pays the loan off with instalment {paid_by}: correct it, or write {paid_by} "
                "instalments",
            )


def _periods_a_year(row: Row, method: Method | None, recurrence: Recurrence | None) -> int | None:
    """How many periods the rate is of. A flat fee is one of a period already, and does not ask how
    many of them make a year."""
    if recurrence is None:
        return None
    if recurrence.unit is None:
        row.refuse(
            "repeats",
            "once, beside a loan: write how often an instalment falls due, for example every month",
        )
        return None
    if method is None or method is Method.FLAT_FEE:
        return 1
    year = PERIODS_A_YEAR.get(recurrence.unit)
    if year is None or year % recurrence.every:
        row.refuse(
            "repeats",
            "no whole number of them is a year, of which the rate is: write every month, week or "
            "year, or a number of months that divides 12 or of weeks that divides 52",
        )
        return None
    return year // recurrence.every


def _fraction(percent: Decimal, periods: int) -> Decimal:
    """The rate of one period, of a percentage of so many."""
    return per_period(percent / 100, periods)


def _period_days(first: int | None, recurrence: Recurrence | None) -> int:
    """Of a regular period; it counts beside a first one of odd length alone."""
    if first is None or recurrence is None or recurrence.unit is None:
        return PERIOD_DAYS[Unit.MONTH]
    return PERIOD_DAYS[recurrence.unit] * recurrence.every


def first_period_days(text: str) -> int:
    """From the payout to the first due date."""
    if not _DAYS.fullmatch(text):
        raise CellError(
            f"not a number of days from 1 to {MAX_FIRST_PERIOD}: write 46 for a payout 46 days "
            "before the first due date, or leave it empty for a regular period"
        )
    return int(text)


def loan_method(text: str) -> Method:
    """How the loan is paid back."""
    try:
        return Method(text.lower())
    except ValueError:
        raise CellError(f"not a method: write {', '.join(Method)}") from None


def rate(text: str) -> Decimal:
    """A percentage: of a year, or for a flat fee of a period."""
    if not _RATE.fullmatch(text):
        raise CellError("not a percentage: write 4.2 for 4.2%, without the sign")
    if (percent := Decimal(text)) > MAX_PERCENT:
        raise CellError(f"more than {MAX_PERCENT}%: write 4.2 for 4.2%")
    return percent


type ReadAmount = Callable[[str], Decimal]

type ReadChange = tuple[int, Decimal, Decimal | None, int | None]
"""After which instalment, the percentage, the instalment that is stated from then on, and how many
there are in all from then on."""


def rate_changes(text: str, *, stated: ReadAmount) -> list[ReadChange]:
    """`4.5 after 3; 4.3 after 15 at 5012.10 of 240`, in the order of the instalments. `stated`
    reads the amounts."""
    changes = [_rate_change(" ".join(each.lower().split()), stated) for each in text.split(";")]
    return sorted(changes, key=lambda change: change[0])


def _rate_change(text: str, stated: ReadAmount) -> ReadChange:
    match = _CHANGE.fullmatch(text)
    if not match:
        raise CellError(
            "not changes of the rate: write 4.5 after 3 for 4.5% once 3 instalments are over, 4.5 "
            "after 3 at 5065.74 with the instalment that the lender states, 4.5 after 3 of 360 "
            "with the number of all instalments, and a semicolon between several"
        )
    at, of_all = match["stated"], match["instalments"]
    return (
        int(match["after"]),
        rate(match["rate"]),
        None if at is None else stated(at),
        None if of_all is None else int(of_all),
    )


def _changes_text(changes: Iterable[Mapping[str, Any]]) -> str:
    """The cell that `rate_changes` reads, of what JSON says."""
    return "; ".join(
        f"{change['rate']} after {change['after']}"
        + (f" at {at}" if (at := change["stated_instalment"]) else "")
        + (f" of {count}" if (count := change["instalments"]) else "")
        for change in changes
    )


def loan_cells(loan: Loan | None, recurrence: Recurrence) -> dict[str, str]:
    """The cells that `loan` reads."""
    cells = cells_said(loan_view(loan, recurrence))
    return cells if loan is None else cells | {"principal": f"{loan.principal.amount:f}"}


def loan_view(loan: Loan | None, recurrence: Recurrence) -> dict[str, Any] | None:
    """The terms as JSON says them."""
    if loan is None:
        return None
    return {
        "method": loan.method.value,
        "principal": plain(loan.principal),
        "rate": yearly_percent(loan, loan.rate, recurrence),
        "instalments": loan.instalments,
        "rate_changes": [
            {
                "after": change.after,
                "rate": yearly_percent(loan, change.rate, recurrence),
                "stated_instalment": _plain(change.stated_instalment, loan),
                "instalments": change.instalments,
            }
            for change in loan.rate_changes
        ],
        "stated_instalment": _plain(loan.stated_instalment, loan),
        "first_period_days": loan.first_period_days,
    }


def _plain(amount: Decimal | None, loan: Loan) -> str | None:
    return None if amount is None else plain(Money(amount, loan.principal.currency))


def cells_said(terms: Mapping[str, Any] | None) -> dict[str, str]:
    """The cells of the terms that JSON says."""
    if terms is None:
        return {}
    cells = {column: str(terms[name]) for column, name in IN_JSON.items() if terms[name]}
    if terms["rate_changes"]:
        cells["rate_changes"] = _changes_text(terms["rate_changes"])
    return cells


def yearly_percent(loan: Loan, rate: Decimal, recurrence: Recurrence) -> str:
    """A rate of the loan as people know it: percent of a year, of a period for a flat fee.

    Reading it gives back the very fraction of a period that it was made from, for that was read
    from a percentage with no more decimals.
    """
    periods = 1
    if loan.method is not Method.FLAT_FEE and recurrence.unit is not None:
        periods = PERIODS_A_YEAR[recurrence.unit] // recurrence.every
    return percent_text((rate * periods * 100).quantize(_PERCENT_DECIMALS))

"""The columns that give a loan's terms; its schedule then says the amounts."""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import Any

from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.loans import Loan, Method, per_period
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
    }
)
"""The columns, and what JSON calls each among the terms of a loan."""
COLUMNS = tuple(IN_JSON)

MAX_PERCENT = 100

PERIODS_A_YEAR = {Unit.WEEK: 52, Unit.MONTH: 12, Unit.YEAR: 1}

_PERCENT_DECIMALS = Decimal("1e-10")
"""As many as the reader takes."""

_RATE = re.compile(r"[0-9]{1,3}(\.[0-9]{1,10})?")


def loan(row: Row, currency: str | None, recurrence: Recurrence | None) -> Loan | None:
    """The loan of the row: all four columns, or none."""
    if not any(row[column] for column in COLUMNS):
        return None
    for column in COLUMNS:
        if not row[column]:
            row.refuse(
                column, f"empty beside other terms of a loan: fill in {', '.join(COLUMNS)}, or none"
            )
    if row["amount"]:
        row.refuse("amount", "beside the terms of a loan, which say it: leave it empty")
    if row["count"]:
        row.refuse("count", "beside a loan, which ends with its instalments: leave it empty")
    if not row["currency"]:
        row.refuse("currency", "empty beside a principal: write its ISO 4217 code, for example USD")
    method = row.read_optional("loan_method", loan_method)
    principal = row.read_optional("principal", partial(amount, currency=currency))
    percent = row.read_optional("rate", rate)
    instalments = row.read_optional("instalments", count)
    fraction = _per_period(row, percent, method, recurrence)
    if method is None or principal is None or instalments is None:
        return None
    if currency is None or fraction is None:
        return None
    try:
        return Loan(Money(principal, currency), fraction, instalments, method)
    except InvalidValue as error:  # of a field that is called as its column is
        row.refuse(error.field, error.problem)
        return None


def _per_period(
    row: Row, percent: Decimal | None, method: Method | None, recurrence: Recurrence | None
) -> Decimal | None:
    """The rate of one period, as a fraction. A flat fee is one of a period already, and does not
    ask how many of them make a year."""
    if recurrence is None:
        return None
    if recurrence.unit is None:
        row.refuse(
            "repeats",
            "once, beside a loan: write how often an instalment falls due, for example every month",
        )
        return None
    fraction = None if percent is None else percent / 100
    if method is None or method is Method.FLAT_FEE:
        return fraction
    year = PERIODS_A_YEAR.get(recurrence.unit)
    if year is None or year % recurrence.every:
        row.refuse(
            "repeats",
            "no whole number of them is a year, of which the rate is: write every month, week or "
            "year, or a number of months that divides 12 or of weeks that divides 52",
        )
        return None
    return None if fraction is None else per_period(fraction, year // recurrence.every)


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


def loan_cells(loan: Loan | None, recurrence: Recurrence) -> dict[str, str]:
    """The cells that `loan` reads."""
    if loan is None:
        return {}
    return {
        "loan_method": loan.method.value,
        "principal": f"{loan.principal.amount:f}",
        "rate": yearly_percent(loan, recurrence),
        "instalments": str(loan.instalments),
    }


def loan_view(loan: Loan | None, recurrence: Recurrence) -> dict[str, Any] | None:
    """The terms as JSON says them."""
    if loan is None:
        return None
    return {
        "method": loan.method.value,
        "principal": plain(loan.principal),
        "rate": yearly_percent(loan, recurrence),
        "instalments": loan.instalments,
    }


def cells_said(terms: Mapping[str, Any] | None) -> dict[str, str]:
    """The cells of the terms that JSON says."""
    if terms is None:
        return {}
    return {column: str(terms[name]) for column, name in IN_JSON.items()}


def yearly_percent(loan: Loan, recurrence: Recurrence) -> str:
    """The rate as people know it: percent of a year, of a period for a flat fee.

    Reading it gives back the very fraction of a period that it was made from, for that was read
    from a percentage with no more decimals.
    """
    periods = 1
    if loan.method is not Method.FLAT_FEE and recurrence.unit is not None:
        periods = PERIODS_A_YEAR[recurrence.unit] // recurrence.every
    return percent_text((loan.rate * periods * 100).quantize(_PERCENT_DECIMALS))

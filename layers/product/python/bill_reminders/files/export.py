"""Bills to a CSV file that the reader of own bills takes back."""

import csv
import io
from collections.abc import Iterable
from decimal import Decimal

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.clock import wall_text
from bill_reminders.domain.loans import Loan, Method
from bill_reminders.domain.people import PlanChange
from bill_reminders.domain.recurrence import Recurrence
from bill_reminders.files.bills import OWN_COLUMNS, escaped, repeats_text
from bill_reminders.files.loans import PERIODS_A_YEAR
from bill_reminders.files.plans import channels_text, days_text

_PERCENT_DECIMALS = Decimal("1e-10")
"""As many as the reader takes."""


def write_bills(bills: Iterable[Bill]) -> str:
    """The bills that are not closed, by their ids, with the columns of the reader of own bills.

    What no column says is left out: statements, payments, snoozes, failed debits, prepayments, and
    which number the first date has.
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, OWN_COLUMNS, restval="")
    writer.writeheader()
    for bill in sorted(bills, key=lambda bill: bill.bill_id):
        if bill.closed_at is None:
            writer.writerow(_cells(bill))
    return text.getvalue()


def _cells(bill: Bill) -> dict[str, str | int | None]:
    recurrence, loan = bill.recurrence, bill.loan
    cells: dict[str, str | int | None] = {
        "bill_id": bill.bill_id,
        "biller": escaped(bill.biller),
        "name": escaped(bill.name),
        "kind": bill.kind.value,
        "label": bill.label.value,
        "amount": None if bill.amount is None else f"{bill.amount.amount:f}",
        "currency": bill.currency,
        "first_due": recurrence.first_due.isoformat(),
        "repeats": repeats_text(recurrence.every, recurrence.unit, last_day=recurrence.last_day),
        "count": recurrence.count,
        "until": None if recurrence.until is None else recurrence.until.isoformat(),
        "owed_from": bill.owed_from.isoformat(),
        "statement_day": bill.statement_day,
        "due_after_statement": recurrence.after_statement or None,
        "autopay": "yes" if bill.autopay else "no",
        "late_fee": None if bill.late_fee is None else f"{bill.late_fee.amount:f}",
        "late_apr": None if bill.late_apr is None else percent_text(bill.late_apr),
        "country": None if bill.place is None else bill.place.country,
        "subdivision": None if bill.place is None else bill.place.subdivision,
        "if_not_working_day": bill.shift.value,
    }
    if loan is not None:
        cells |= {
            "loan_method": loan.method.value,
            "principal": f"{loan.principal.amount:f}",
            "rate": yearly_percent(loan, recurrence),
            "instalments": loan.instalments,
        }
    return cells | _plan(bill.plan_change)


def _plan(change: PlanChange) -> dict[str, str | None]:
    channels = None
    if change.channels is not None:
        channels = channels_text(change.channels, change.joins)
    return {
        "lead_days": None if change.lead_days is None else days_text(change.lead_days),
        "overdue_days": None if change.overdue_days is None else days_text(change.overdue_days),
        "remind_at": None if change.remind_at is None else wall_text(change.remind_at),
        "channels": channels,
    }


def yearly_percent(loan: Loan, recurrence: Recurrence) -> str:
    """The rate as people know it: percent of a year, of a period for a flat fee.

    Reading it gives back the very fraction of a period that it was made from, for that was read
    from a percentage with no more decimals.
    """
    periods = 1
    if loan.method is not Method.FLAT_FEE and recurrence.unit is not None:
        periods = PERIODS_A_YEAR[recurrence.unit] // recurrence.every
    return percent_text((loan.rate * periods * 100).quantize(_PERCENT_DECIMALS))


def percent_text(percent: Decimal) -> str:
    """Without zeros at its end, never as 1E+3."""
    return f"{percent.normalize():f}"

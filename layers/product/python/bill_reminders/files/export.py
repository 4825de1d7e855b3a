"""Bills to a CSV file that the reader of own bills takes back."""

import csv
import io
from collections.abc import Iterable

from bill_reminders.domain.bills import Bill
from bill_reminders.files.bill_fields import written
from bill_reminders.files.bills import OWN_COLUMNS


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
            writer.writerow({"bill_id": bill.bill_id, **written(bill)})
    return text.getvalue()

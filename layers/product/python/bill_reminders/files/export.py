"""Bills to a CSV file that the reader of own bills takes back."""

import csv
import io
from collections.abc import Iterable

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.several_terms import since_when
from bill_reminders.files.bill_fields import OF_TERMS, OF_THE_BILL, SINCE, written
from bill_reminders.files.bills import OWN_COLUMNS


def write_bills(bills: Iterable[Bill]) -> str:
    """The bills that are not closed, by their ids, with the columns of the reader of own bills; of
    a bill with several terms a row for each.

    What no column says is left out: statements, payments, snoozes, failed debits, prepayments, and
    which number the first date has.
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, OWN_COLUMNS, restval="")
    writer.writeheader()
    for bill in sorted(bills, key=lambda bill: bill.bill_id):
        if bill.closed_at is None:
            of_bill = {"bill_id": bill.bill_id, **written(bill, OF_THE_BILL)}
            for day, terms in since_when(bill):
                own = bill.with_terms((terms,), 0)
                since = {} if day is None else {SINCE: day.isoformat()}
                fee = {"late_fee": ""} if own.late_fee is None else {}
                writer.writerow({**of_bill, **since, **fee, **written(own, OF_TERMS)})
    return text.getvalue()

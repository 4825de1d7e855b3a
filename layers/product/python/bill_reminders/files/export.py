"""Bills to a CSV file that the reader of own bills takes back."""

import csv
import io
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.terms import Terms, dates_from, due_on
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


def since_when(bill: Bill) -> list[tuple[date | None, Terms]]:
    """All terms of a bill, each with the day from which it is to be said to hold; None where there
    is one alone. A date that a change moved to a later day is of the change, too. Where one day
    cannot say both when terms begin and when those before them end, these say until when."""
    first, *others = bill.terms
    if not others:
        return [(None, first)]
    found: list[tuple[date | None, Terms]] = [(first.begins, first)]
    ends_at: int | None = None
    for terms in others:
        day, before = found[-1]
        ends_at = terms.first if ends_at is None else ends_at
        if terms is not others[-1] and _is_empty(terms):
            continue  # it only ended those before
        replaced = due_on(before, ends_at)
        if replaced is None or replaced >= terms.begins:
            found.append((terms.begins, terms))
        elif _has_no_date(terms, replaced):
            found.append((replaced, terms))
        else:
            last = due_on(before, ends_at - 1) or replaced - timedelta(days=1)
            ended = replace(before, recurrence=replace(before.recurrence, until=last))
            found[-1:] = [(day, ended), (terms.begins, terms)]
        ends_at = None
    return found


def _is_empty(terms: Terms) -> bool:
    return all(number < terms.first for number, _ in dates_from(terms, terms.begins))


def _has_no_date(terms: Terms, day: date) -> bool:
    """Whether terms have no date from a day on until they begin."""
    first = next(terms.recurrence.from_day(day), None)
    return first is None or first[1] >= terms.begins

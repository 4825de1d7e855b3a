"""Due-date revisions: how often an occurrence got another date after its user may have heard of
the one before.

A change of dates decides them, from what the ledger has of the dates that it leaves; whatever plans
takes them from the bill. See docs/decisions.md.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import takewhile
from typing import Any

from bill_reminders.domain.bills import Bill, Heard
from bill_reminders.domain.ledger import LEDGER_RETENTION, Recorded

MOST_HEARD = 120
"""Of one bill: those of a weekly bill for as long as its rows are kept, before today and after."""

DELETED_FOR = timedelta(days=90)
"""How long after a due date it matters that something of a deleted bill was heard of it, should the
bill be entered again under its id. Nothing reminds of a date that is longer ago."""

MOST_DELETED = 20
"""Dates of deleted bills, the latest: the schedule that keeps them is written at each claim."""


def moves_dates(before: Bill, after: Bill | None) -> bool:
    """Whether a change may give occurrences other dates; None stands for the bill's deletion."""
    return after is None or _dates(before) != _dates(after)


def _dates(bill: Bill) -> tuple[Any, ...]:
    terms = [(each.first, each.recurrence, each.loan, each.loan_first) for each in bill.terms]
    stated = [(each.occurrence, each.due_on) for each in bill.statements if each.due_on]
    return terms, bill.kept, stated


def left_dates(before: Bill, after: Bill | None, *, first: date, until: date) -> Sequence[date]:
    """The due dates from `first` to the day before `until` that the change takes from occurrences
    of `before`."""
    days = takewhile(lambda due: due[1] < until, before.dates_from(first))
    return [due_on for number, due_on in days if _leaves(before, after, number, due_on)]


def heard_of(
    before: Bill, after: Bill | None, rows: Iterable[Recorded], *, today: date
) -> tuple[Heard, ...]:
    """What is to be known of dates that were heard of, once a change has made `after` of `before`
    on the user's local date `today`.

    `rows` are all that the ledger has of the dates that the change leaves; more of them do no harm.
    When nobody has heard of a date, leaving it leaves no trace: so one that comes back has the
    revision that it had.
    """
    found = {each.occurrence: each for each in before.heard}
    for row in rows:
        number, due_on, said = _occurrence(row)
        if row.reminder.bill_id != before.bill_id or not row.may_be_known:
            continue
        revision = before.revision(number, due_on)
        # what was said before the date went away and came back is another revision's
        if said >= revision and _leaves(before, after, number, due_on):
            following = max(found[number].following if number in found else 0, said + 1)
            found[number] = Heard(number, due_on, revision, following)
    return _that_matter(found.values(), after, today)


def _occurrence(row: Recorded) -> tuple[int, date, int]:
    return row.reminder.occurrence, row.reminder.due_on, row.reminder.revision


def _leaves(before: Bill, after: Bill | None, number: int, due_on: date) -> bool:
    is_left = after is None or after.due_on(number) != due_on
    return is_left and before.due_on(number) == due_on


def _that_matter(several: Iterable[Heard], after: Bill | None, today: date) -> tuple[Heard, ...]:
    """Those whose rows are still kept, or whose occurrence is still to come; the latest."""

    def last_date(each: Heard) -> date:
        due_on = None if after is None else after.due_on(each.occurrence)
        return max(each.due_on, due_on or each.due_on)

    kept = [each for each in several if last_date(each) >= today - LEDGER_RETENTION]
    latest = sorted(kept, key=last_date)[-MOST_HEARD:]
    return tuple(sorted(latest, key=lambda each: each.occurrence))


type Deleted = tuple[str, Heard]
"""What was heard of an occurrence of a bill that was deleted, by the bill's id."""


def of_deleted(several: Iterable[Deleted], today: date) -> tuple[Deleted, ...]:
    """Those that still matter on the user's local date `today`, the latest last."""
    kept = [each for each in several if each[1].due_on >= today - DELETED_FOR]
    return tuple(sorted(kept, key=lambda each: (each[1].due_on, each[0]))[-MOST_DELETED:])

"""Several terms of a bill, one after the other: as people and files say them, and as they are said
again.

What is said of one is the dates of its own from a day on, until the day of the next. Nothing of it
is an edit, see domain.edits.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import zip_longest
from typing import Any

from bill_reminders.domain import terms as of_bills
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.loans import Loan
from bill_reminders.domain.local_time import DAY
from bill_reminders.domain.terms import Dated, Terms, first_instalment


def one_after_the_other(bill: Bill, following: Sequence[tuple[date, Bill]]) -> Bill:
    """`bill` with the terms of others, each from a day on, which come in order. Their dates are
    their own that are due on that day or later; those before them end there. An instalment is the
    next one of the loan before, where principal and method are the same."""
    several = list(bill.terms)
    for since, said in following:
        before = several[-1]
        if says_the_same(said, before):
            continue
        number = before.first
        for each, due_on in of_bills.dates_from(before, before.begins):
            if due_on >= since:
                break
            number = each + 1
        own = _begun(Terms(number, since, **of_bills.values(said)), before)
        if number == before.first:
            several.pop()  # it has no date by then
        several.append(own)
    return bill.with_terms(several, 0)


def since_when(bill: Bill) -> list[tuple[date | None, Terms]]:
    """All terms of a bill, each with the day from which it is to be said to hold; None where there
    is one alone. A date that a change moved to a later day is of the change, too. Where one day
    cannot say both when terms begin and when those before them end, these say until when."""
    first, *others = bill.terms
    first = _from_its_beginning(first)
    if not others:
        return [(None, first)]
    found: list[tuple[date | None, Terms]] = [(first.begins, first)]
    ends_at: int | None = None
    for terms, following in zip_longest(others, others[1:]):
        day, before = found[-1]
        ends_at = terms.first if ends_at is None else ends_at
        if following is not None and (following.begins <= terms.begins or _is_empty(terms)):
            continue  # it only ended those before
        replaced = of_bills.due_on(before, ends_at)
        if replaced is None or replaced >= terms.begins:
            found.append((terms.begins, terms))
        elif _has_no_date(terms, replaced):
            found.append((replaced, terms))
        else:
            last = of_bills.due_on(before, ends_at - 1) or replaced - DAY
            ended = replace(before, recurrence=replace(before.recurrence, until=last))
            found[-1:] = [(day, ended), (terms.begins, terms)]
        ends_at = None
    return found


def _from_its_beginning(first: Terms) -> Terms:
    """The first terms of a loan, counted from its first instalment: a first date that told the day
    of the month alone may be earlier."""
    again = first.recurrence
    if first.loan is None or again.first_due >= first.begins:
        return first
    return replace(
        first, recurrence=replace(again, first_due=first.begins, first_number=first.first)
    )


def _is_empty(terms: Terms) -> bool:
    return all(number < terms.first for number, _ in of_bills.dates_from(terms, terms.begins))


def _has_no_date(terms: Terms, day: date) -> bool:
    """Whether terms have no date from a day on until they begin."""
    first = next(terms.recurrence.from_day(day), None)
    return first is None or first[1] >= terms.begins


def is_written(bill: Bill, since: date, said: Dated) -> bool:
    """Whether terms from a day on are among those that a bill is said to have."""
    return any(day == since and says_the_same(said, each) for day, each in since_when(bill))


def says_the_same(said: Dated, known: Dated) -> bool:
    """Whether terms as they are entered are those that are known: whatever numbers the dates have,
    and whatever was paid back early."""
    again = replace(known.recurrence, first_number=said.recurrence.first_number)
    entered: dict[str, Any] = {
        "recurrence": replace(again, earlier=(), taken=()),
        "loan_first": said.loan_first,
    }
    if known.loan is not None and said.loan is not None:
        entered["loan"] = replace(known.loan, prepayments=said.loan.prepayments)
    return of_bills.values(said) == of_bills.values(known) | entered


def _begun(said: Terms, before: Terms) -> Terms:
    """Terms that begin with their first date on or after a day, and their loan where the one before
    it stands."""
    if said.loan is None:
        return numbered(replace(said, loan_first=None))
    goes_on = before.loan is not None and same_loan(said.loan, before.loan)
    first = first_instalment(before) if goes_on else said.first
    return numbered(replace(said, loan_first=first))


def same_loan(one: Loan, other: Loan) -> bool:
    return (one.principal, one.method) == (other.principal, other.method)


def numbered(terms: Terms, taken: tuple[int, ...] = ()) -> Terms:
    """Terms whose dates have the numbers from their first one on, but for those that are taken, the
    first of them the date with which they begin."""
    again, steps = terms.recurrence, terms.recurrence.steps_near(terms.begins)
    while (day := again.dated(steps)) is not None and day < terms.begins:
        steps += 1
    numbered = replace(again, first_number=terms.first - steps, taken=taken)
    return replace(terms, begins=day or terms.begins, recurrence=numbered)

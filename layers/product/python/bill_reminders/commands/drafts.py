"""Drafts of bills that are entered with several terms, one after the other."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from itertools import takewhile
from typing import NamedTuple

from bill_reminders.commands.bills import BillFactory, with_history
from bill_reminders.domain import edits, several_terms
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.terms import values

OF_THE_BILL = (
    "biller",
    "name",
    "kind",
    "label",
    "owed_from",
    "late_apr",
    "plan_change",
    "pay_link",
    "reference",
    "note",
)
"""What is entered of a bill and holds for all its terms; so does its late fee, in one currency."""


class TermsRefused(InvalidValue):
    """Terms that do not go with those before them, by their place among all that were given."""

    def __init__(self, error: InvalidValue, place: int) -> None:
        super().__init__(error.field, error.problem)
        self.place = place


def place_of(error: InvalidValue) -> int:
    """Which of the terms of a draft are at fault."""
    return error.place if isinstance(error, TermsRefused) else 0


class GivenTerms(NamedTuple):
    """Terms by a draft of their bill: since when they hold, and their place among all that were
    given."""

    since: date
    place: int
    draft: BillFactory


@dataclass(frozen=True, slots=True)
class SeveralTerms:
    """A bill's terms, at least one: each by a draft of the bill, with the day from which it holds.
    It begins with the first date that is due on that day or later; None means from now on."""

    given: tuple[tuple[date | None, BillFactory], ...]

    def bill_id(self, today: date) -> str:
        return self.given[0][1](today).bill_id

    def in_order(self, today: date) -> list[GivenTerms]:
        """By the days from which they hold. `today` is their user's local date."""
        places = enumerate(self.given)
        dated = [GivenTerms(since or today, place, draft) for place, (since, draft) in places]
        return sorted(dated, key=lambda each: each[:2])

    def as_of(self, today: date) -> BillFactory:
        """The draft of the whole bill, as its user enters it on their local date `today`. Each
        row's dates are its own, until the next one's day."""
        first, *others = self.in_order(today)
        is_dated = self.given[first.place][0] is not None or bool(others)

        def whole(owed_from: date) -> Bill:
            bill = first.draft(owed_from)
            if is_dated and _owes_before(bill, first.since):
                bill = replace(bill, owed_from=first.since)
            following = [(each.since, each.draft(bill.owed_from)) for each in others]
            after = several_terms.one_after_the_other(bill, following)
            for since, said in following:
                after = with_credit(after, said, since)
            after = after.as_of(today)
            for said in (bill, *(said for _, said in following)):
                after = with_fee_of(said, after)
            return after

        return whole


def followed_by(bill: Bill, draft: BillFactory, since: date, today: date) -> Bill:
    """`bill` with the terms of a draft from the first date on that is due on `since` or later;
    where it has none then, from the first one of the draft. What is not of the terms stays. Raises
    InvalidValue where a loan cannot be so."""
    first = edits.first_to_change(bill, today, since)
    begins = bill.in_terms_of(None if first is None else first[0])
    if several_terms.says_the_same(draft(today), begins):
        return bill

    def wanted(owed_from: date) -> Bill:
        return _of_the_same(bill, draft(owed_from))

    on = today if first is not None else max(today, since)
    after = with_history(begins, wanted, on, since)
    return with_credit(after, draft(today), since)


def in_terms_of(bill: Bill, said: Bill) -> Bill:
    """`said` with the terms of `bill`."""
    fee = said.late_fee
    same = fee is not None and fee.currency == bill.currency
    return replace(said, **values(bill), late_fee=fee if same else bill.late_fee)


def with_credit(bill: Bill, said: Bill, since: date = date.min) -> Bill:
    """`bill` with the credit that is said of the first date of its terms."""
    found = next(bill.dates_from(max(said.recurrence.first_due, since)), None)
    if found is None:
        return bill
    for credit in said.statements:
        with suppress(InvalidValue):  # payments of it are in another currency, and stay
            return bill.with_statement(replace(credit, occurrence=found[0]))
    return bill


def _of_the_same(bill: Bill, said: Bill) -> Bill:
    """`said` with the terms alone, and all else as `bill` has it."""
    kept = {name: getattr(bill, name) for name in OF_THE_BILL}
    fee = bill.late_fee
    same = fee is not None and fee.currency == said.currency
    return replace(said, **kept, late_fee=fee if same else None)


def with_fee_of(bill: Bill, after: Bill) -> Bill:
    """`after` with the late fee of `bill` as long as it is of the same currency."""
    fee = bill.late_fee
    if after.late_fee is not None or fee is None or fee.currency != after.currency:
        return after
    return replace(after, late_fee=fee)


def _owes_before(bill: Bill, day: date) -> bool:
    dates = takewhile(lambda each: each[1] < day, bill.owed_occurrences())
    return any(True for _ in dates)

"""What a bill's page shows of its terms: those to come, the form that changes them, the question
before a change for all dates."""

import re
from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Any
from uuid import uuid4

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.edits import Occurrences, first_to_change, opened_and_closed
from bill_reminders.domain.money import Money
from bill_reminders.domain.terms import Terms, instalment_of
from bill_reminders.messages.catalogue import Catalogue
from bill_reminders.messages.locale import amount, full_date
from bill_reminders.pages.forms import Form, field_of
from bill_reminders.pages.view import Opened

EDIT_ID = r"[0-9a-f]{32}"
"""The id of a change, made with its form, so that a second press is the same one."""

FIELDS = ("edit", "amount", "currency", "first_due", "autopay", "autopay_was", "since")
"""What a second yes says again."""

NAMED_AT_MOST = 12
"""Dates that are opened or closed; more are counted."""


def form(opened: Opened, bill: Bill, typed: Form) -> dict[str, Any]:
    """The form; `typed` is what was sent and could not be done, so that nobody types it again."""
    words, today = opened.words, opened.today
    first = first_to_change(bill, today, None)
    was = "yes" if bill.autopay else "no"
    is_ticked = field_of(typed, "autopay") == "yes" if typed else bill.autopay
    return {
        "id": sent if is_edit_id(sent := field_of(typed, "edit")) else uuid4().hex,
        "is_open": bool(typed),
        "is_loan": bill.loan is not None,
        "currency": bill.currency or _stated_in(bill),
        "autopay": is_ticked,
        "autopay_was": field_of(typed, "autopay_was") or was,
        "since": field_of(typed, "since") or "now",
        "now": words.say("page_edit_now_on")
        if first is None
        else words.say("page_edit_now", date=_payable(words, bill, first[1])),
        "typed": {
            name: field_of(typed, name) for name in ("amount", "currency", "first_due", "from")
        },
    }


def terms(opened: Opened, bill: Bill) -> list[str]:
    """A sentence for the terms of the next date, and for each of those that come after them; who
    pays, where it is another than before."""
    words, said = opened.words, list[str]()
    takes_itself: bool | None = None
    for each, number, due_on in _ahead(bill, opened.today):
        comes_again = each.recurrence.unit is not None
        key = "page_terms_from" if comes_again else "page_terms_on"
        costs = _costs(each, number)
        text = amount(costs, words.language)
        if costs is None and comes_again:
            text = words.say("page_terms_varies")
        by = ""
        if each.autopay is not takes_itself:
            by = words.say("page_terms_autopay" if each.autopay else "page_terms_by_hand")
        takes_itself = each.autopay
        from_then = words.say(key, date=_payable(words, bill, due_on), amount=text)
        said.append(words.sentences(from_then, by))
    return said


def asked(opened: Opened, known: Bill, bill: Bill, form: Form) -> dict[str, Any]:
    """What a change for all dates would make of a bill that is `known`, and the form that says yes
    to it."""
    opens, closes = opened_and_closed(known, bill, opened.today)
    again = {name: field_of(form, name) for name in FIELDS}
    return {
        "opens": _named(opened.words, bill, opens, with_rest=True),
        "closes": _named(opened.words, bill, closes, with_rest=False),
        "terms": terms(opened, bill),
        "fields": again | {"confirmed": "yes", "seen": seen(known, opened.today)},
    }


def _stated_in(bill: Bill) -> str:
    """The currency of the latest statement, of a bill that says none itself; "" for none."""
    return bill.statements[-1].amount.currency if bill.statements else ""


def seen(known: Bill, today: date) -> str:
    """Tells what was asked about one state of a bill from what is asked about another."""
    return f"{known.version}-{today.isoformat()}"


def is_edit_id(text: str) -> bool:
    return re.fullmatch(EDIT_ID, text) is not None


def _ahead(bill: Bill, today: date) -> Iterator[tuple[Terms, int, date]]:
    """The terms of the next date and later ones, each with the first occurrence that it is for."""
    first = first_to_change(bill, today, None)
    if first is None:
        return
    several = bill.in_terms_of(first[0])
    own, *later = several.terms[len(several.earlier_terms) :]
    yield own, *first
    for each in later:
        dates = (found for found in bill.dates_from(each.begins) if not bill.is_closed(found[0]))
        if (begins := next(dates, None)) is not None:
            yield each, *begins


def _costs(each: Terms, number: int) -> Money | None:
    if each.loan is None:
        return each.amount
    instalment = instalment_of(each, number)
    return None if instalment is None else Money(instalment.total, each.loan.principal.currency)


def _named(words: Catalogue, bill: Bill, found: Occurrences, *, with_rest: bool) -> list[str]:
    said = [
        _rest(words, bill, *each) if with_rest else _payable(words, bill, each[1])
        for each in islice(found, NAMED_AT_MOST)
    ]
    if len(found) > NAMED_AT_MOST:
        said.append(words.say("page_edit_more", count=len(found) - NAMED_AT_MOST))
    return said


def _rest(words: Catalogue, bill: Bill, number: int, due_on: date) -> str:
    left = amount(bill.owed(number).left, words.language)
    return words.say("page_edit_left", date=_payable(words, bill, due_on), amount=left)


def _payable(words: Catalogue, bill: Bill, due_on: date) -> str:
    return full_date(bill.payable_on(due_on), words.language)

"""An edit from now on never rewrites the past, whatever was entered, paid and edited before.

The histories are the same at every run; EDIT_HISTORIES=20000 takes more of them than every run
takes, and says what they held.
"""

import os
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bill_reminders.commands import imports
from bill_reminders.commands.drafts import SeveralTerms
from bill_reminders.commands.imports import Merging
from bill_reminders.console.sentences import sentence
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.explaining import Answer, explain
from bill_reminders.domain.money import Money
from bill_reminders.domain.recurrence import Recurrence
from bill_reminders.domain.terms import dates_from
from bill_reminders.files.bills import by_bill, read_own_bills
from bill_reminders.files.export import write_bills
from bill_reminders.storage import rows
from tests.edits.histories import AHEAD, Edit, Life, dates_of, seen

HISTORIES = int(os.environ.get("EDIT_HISTORIES", "400"))
HAPPENINGS = 14
AT_ONCE = 100


@pytest.mark.parametrize("block", range(-(-HISTORIES // AT_ONCE)))
def test_no_edit_rewrites_the_past(block: int, happened: Counter[str]) -> None:
    for seed in range(block * AT_ONCE, min((block + 1) * AT_ONCE, HISTORIES)):
        life = Life(seed)
        try:
            for edit in life.live(HAPPENINGS):
                holds(edit)
            is_told_once(life)
            says_in_a_file_what_it_is(life)
        except Exception as failure:
            failure.add_note(f"in history {seed}")
            raise
        happened.update(life.happened)
        happened["histories"] += 1
        happened["reminders"] += len(life.sent)


def holds(edit: Edit) -> None:
    today = edit.today
    before, after = seen(edit.before, today), seen(edit.after, today)
    for number, was in before.items():
        now = after.get(number)
        if was.closed:
            # closed dates stay closed, at their own date, amount and currency, be they past or not
            assert now is not None, f"the closed date {was} is gone"
            assert (now.due_on, now.closed) == (was.due_on, True), f"{was} became {now}"
            assert now.amount == was.amount, f"{was} became {now}"
        elif was.overdue:
            assert now == was, f"the overdue date {was} became {now}"
    for number, now in after.items():
        was_then = before.get(number)
        if now.closed:
            assert was_then is not None, f"{now} is closed by what was paid for another"
            assert was_then.closed, f"{now} is closed by an edit"
        if now.overdue:
            assert was_then is not None, f"{now} is overdue by an edit"
            assert was_then.overdue, f"{now} is overdue by an edit"
    days = [now.due_on for now in after.values() if now.due_on >= today and not now.closed]
    assert len(days) == len({*days}), f"a date stands twice: {days}"
    begins_as_it_says(edit.after)
    adds_one_currency(edit.after)
    counts_what_is_left(edit)
    reads_back(edit)
    item = rows.bill_item(edit.after)
    assert rows.bill_from(item) == edit.after


def says_in_a_file_what_it_is(life: Life) -> None:
    """What an export writes changes nothing of the bill, and makes the same one of an empty
    account, but for what happened to it."""
    bill = life.bill
    parsed = read_own_bills(write_bills([bill]), bill.user_id)
    assert not parsed.errors
    ((draft,),) = [[SeveralTerms(each.terms)] for each in by_bill(parsed.rows)]
    merging = Merging(own=True)

    def read_into(account: Account) -> Bill:
        after = imports.import_bills(account, [(0, draft)], merging, now=life.now).after
        return after.need_bill(bill.bill_id).as_of(life.today)

    known = replace(life.account, bills=(bill,))
    assert read_into(known) == bill
    new = read_into(replace(life.account, bills=()))
    kept = {each.due_on for each in bill.kept}
    assert spoken(new, kept) == spoken(bill, kept)


def spoken(bill: Bill, kept: set[date]) -> list[tuple[date, Money | None, bool, Any, Any]]:
    """Of the dates of its terms alone what they say, but for those that were kept from earlier
    ones; the numbers may be others."""
    alone = replace(bill, statements=(), payments=(), failed_debits=(), kept=(), settled=())

    def is_past(number: int, due_on: date) -> bool:
        """Whether its number is that of a kept date, and later terms have begun by then."""
        return any(number < each.first and due_on >= each.begins for each in bill.terms)

    return [
        (due_on, alone.owed(number).amount, terms.autopay, terms.shift, alone.currency_of(number))
        for number, due_on in dates_of(alone)
        for terms in [alone.terms_of(number)]
        if due_on not in kept and not is_past(number, due_on)
    ]


def begins_as_it_says(bill: Bill) -> None:
    """Terms begin with the date that has their first number, if they have a date."""
    for each in bill.terms:
        dates = dates_from(each, each.begins)
        first = next(((n, day) for n, day in dates if n >= each.first), None)
        assert first in (None, (each.first, each.begins)), f"{each} begins with {first}"


def adds_one_currency(bill: Bill) -> None:
    for number, _ in dates_of(bill):
        owed = bill.owed(number)
        if owed.amount is None:
            continue
        paid = [
            each.amount.amount
            for each in bill.payments
            if each.occurrence == number
            and each.amount is not None
            and each.amount.currency == owed.amount.currency
        ]
        assert owed.paid == sum(paid, Decimal(0))


def counts_what_is_left(edit: Edit) -> None:
    again = edit.changed.get("recurrence")
    count = edit.before.recurrence.count
    ends = edit.before.loan is not None or count is not None
    if not ends or (again is not None and (again.count, again.until) != (count, None)):
        return
    if edit.since is not None or edit.before.recurrence.until is not None:
        return
    if again is not None and edit.before.later_terms:
        return  # what comes later begins on its day, be there one date more before it or less
    if len({each.recurrence.count for each in edit.before.terms}) > 1:
        return
    left = [open_from(bill, edit.today) for bill in (edit.before, edit.after)]
    assert left[0] == left[1], f"{left[0]} dates were left, now {left[1]}"


def open_from(bill: Bill, today: date) -> int:
    dates = dates_of(bill, today + 20 * AHEAD)
    return sum(bill.payable_on(day) >= today and not bill.is_closed(n) for n, day in dates)


def reads_back(edit: Edit) -> None:
    if edit.since is not None or edit.after.later_terms or edit.before.later_terms:
        return
    if edit.by_file and edit.after.first_to_come(edit.today) is None:
        return  # a file says nothing of what is over
    for name in ("amount", "currency", "autopay"):
        wanted = edit.changed.get(name, getattr(edit.before, name))
        assert getattr(edit.after, name) == wanted, name
    again = edit.changed.get("recurrence")
    if isinstance(again, Recurrence):
        held = edit.after.recurrence
        assert held.steps_like(again)
        assert held.until == again.until


def is_told_once(life: Life) -> None:
    """No day of the plan is told twice of one date, unless the user heard of another between."""
    told: dict[tuple[date, str], int] = {}
    for _, reminder in life.sent:
        assert reminder.channel is Channel.SMS
        what = reminder.due_on, str(reminder.trigger)
        if what in told:
            assert reminder.revision > told[what], f"{reminder.key} was told before"
        told[what] = reminder.revision


@pytest.mark.parametrize("seed", range(40))
def test_whatever_happened_has_an_explanation(seed: int) -> None:
    """It says that something is due when planning does, and names what comes next as planned."""
    life = Life(seed)
    for _ in life.live(HAPPENINGS):
        account = replace(life.account, bills=(life.bill,))
        found = explain(account, life.bill, Channel.SMS, now=life.now)
        assert sentence(found, account.user)
        decision = account.decide(Channel.SMS, life.now)
        assert (found.answer is Answer.DUE) == bool(decision.due)
        if found.following is not None:
            assert found.following.at > life.now
            assert found.following.reminder.key not in account.recorded

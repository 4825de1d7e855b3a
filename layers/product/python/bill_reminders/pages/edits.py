"""What the form of a bill's page changes of the bill: its amount, its next due date, its autopay.

The fields are read by the rules of files, and the command is that of the API.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

from bill_reminders.commands import bills
from bill_reminders.commands.bills import BEGINNING, BillFactory, ChangedSince, Since
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.edits import NothingToCome, first_date_for, first_to_change
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.local_time import DAY
from bill_reminders.domain.reminders import Reminder
from bill_reminders.files import bill_fields, money
from bill_reminders.files.bills import read_bill
from bill_reminders.files.cells import CellError, day, half_width
from bill_reminders.files.rows import Row
from bill_reminders.messages.locale import full_date
from bill_reminders.pages import edit_form
from bill_reminders.pages.amounts import typed
from bill_reminders.pages.edit_form import EDIT_ID
from bill_reminders.pages.forms import AskFirst, Form, Unclear, field_of
from bill_reminders.pages.proof import NeedsProof
from bill_reminders.pages.view import Opened
from bill_reminders.storage import accounts, edits
from bill_reminders.storage.transactions import Write

CANNOT_BE = {
    "from": "page_fault_edit_many",
    "loan": "page_fault_edit_loan",
    "first_due": "page_fault_edit_known",
    "repeats": "page_fault_edit_known",
}
"""What the page says where a change cannot be, by the field that the command blames."""

UNREADABLE = {
    "amount": "page_fault_edit_amount",
    "currency": "page_fault_edit_currency",
    "first_due": "page_fault_edit_day",
    "until": "page_fault_edit_day_end",
}
"""The same by the column that a file would have it in."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a form asks for. An empty text, and None, leave what they are about as it is."""

    amount: str
    currency: str
    first_due: date | None
    autopay: bool | None
    since: Since


def change(opened: Opened, reminder: Reminder, form: Form) -> str:
    """Change the bill; what the page's address then says.

    Raises Unclear, NeedsProof, AskFirst for a change from the beginning that was not agreed to as
    it is now, and what accounts.change does.
    """
    edit_id = _edit_id(opened, form)
    wish = _wish(opened, form)
    user_id, bill_id = reminder.user_id, reminder.bill_id

    def beside(before: Account, after: Account) -> Iterator[Write]:
        was = before.need_bill(bill_id)
        if was != after.need_bill(bill_id):
            yield from edits.noted(edit_id, was, version=before.version + 1, now=opened.now)

    after = accounts.change(
        user_id,
        partial(_changed, opened, bill_id, wish, form),
        now=opened.now,
        beside=beside,
        known=opened.account,
    )
    # pressed twice, the change is there, and so is its undo
    is_made = after.written or edits.find(user_id, edit_id, now=opened.now) is not None
    return f"done=edit&edit={edit_id}" if is_made else "done=edit-same"


def undo(opened: Opened, reminder: Reminder, form: Form) -> str:
    """Make of the bill what it was before a change on its page. Raises Unclear when there is no
    such change, or the bill has changed since; NeedsProof; what accounts.change does."""
    edit = edits.find(reminder.user_id, _edit_id(opened, form), now=opened.now)
    if edit is None or edit.was.bill_id != reminder.bill_id:
        raise Unclear("page_fault_unedit")
    command = partial(
        bills.undo_change,
        bill_id=reminder.bill_id,
        was=edit.was,
        version=edit.version,
        now=opened.now,
    )
    try:
        accounts.change(reminder.user_id, command, now=opened.now, known=opened.account)
    except ChangedSince:
        raise Unclear("page_fault_unedit") from None
    return "done=unedit"


def _edit_id(opened: Opened, form: Form) -> str:
    if not opened.proven:
        raise NeedsProof
    edit_id = field_of(form, "edit")
    if re.fullmatch(EDIT_ID, edit_id) is None:
        raise Unclear("page_fault_form")
    return edit_id


def _wish(opened: Opened, form: Form) -> Wish:
    since = _since(opened, form)
    first_due = _day(form, "first_due", "page_fault_edit_day")
    earliest = max(opened.today, since) if isinstance(since, date) else opened.today
    if first_due is not None and first_due < earliest:
        said = full_date(earliest, opened.words.language)
        raise Unclear("page_fault_edit_day_past", date=said)
    ticked = field_of(form, "autopay") == "yes"
    wish = Wish(
        amount=field_of(form, "amount"),
        currency=field_of(form, "currency"),
        first_due=first_due,
        # only a box that was ticked or unticked says something
        autopay=None if ticked == (field_of(form, "autopay_was") == "yes") else ticked,
        since=since,
    )
    if not wish.amount and wish.first_due is None and wish.autopay is None:
        raise Unclear("page_fault_edit_nothing")
    return wish


def _since(opened: Opened, form: Form) -> Since:
    from_day = _day(form, "from", "page_fault_edit_from")
    since = field_of(form, "since")
    if since not in ("now", "later", BEGINNING):
        raise Unclear("page_fault_form")
    if since != "later":
        if from_day is not None:  # which of the two is meant?
            raise Unclear("page_fault_edit_since")
        return BEGINNING if since == BEGINNING else None
    if from_day is None:
        raise Unclear("page_fault_edit_from")
    if from_day < opened.today:
        raise Unclear("page_fault_edit_from_past")
    return from_day


def _day(form: Form, name: str, unreadable: str) -> date | None:
    text = field_of(form, name)
    try:
        return day(text) if text else None
    except CellError:
        raise Unclear(unreadable) from None


def _changed(opened: Opened, bill_id: str, wish: Wish, form: Form, account: Account) -> Account:
    """The account with the bill changed. Raises Unclear, AskFirst."""
    known, today = account.need_bill(bill_id), account.today(opened.now)
    later = wish.since if isinstance(wish.since, date) else None
    first = first_to_change(known, today, later)
    if later is not None and first is None:
        raise Unclear("page_fault_edit_from_none")
    try:
        after = bills.change(
            account,
            bill_id,
            partial(_draft, wish, today),
            since=wish.since,
            now=opened.now,
        )
    except NothingToCome:
        raise Unclear("page_fault_edit_day_over") from None
    except InvalidValue as error:
        raise Unclear(CANNOT_BE.get(error.field, "page_fault_edit_cannot")) from None
    bill = after.need_bill(bill_id)
    _need_moved(opened, wish, first, known, bill)
    if wish.since != BEGINNING or bill == known:
        return after
    seen = edit_form.seen(known, today)
    if (field_of(form, "confirmed"), field_of(form, "seen")) != ("yes", seen):
        raise AskFirst(edit_form.asked(opened, known, bill, form))
    return after


def _need_moved(
    opened: Opened, wish: Wish, first: tuple[int, date] | None, known: Bill, bill: Bill
) -> None:
    """Raises Unclear when the date that is said is not taken up: the bill has ended; it falls due
    then, but before it as well, and stays so; or no dates from the beginning lead there."""
    first_due = wish.first_due
    if first_due is None:
        return
    if first is None:
        if next(bill.dates_from(first_due), (0, None))[1] != first_due:
            raise Unclear("page_fault_edit_day_over")
        return
    number, was_due_on = first
    due_on = bill.due_on(number)
    if due_on == first_due:
        return
    if due_on == was_due_on:
        said = full_date(known.payable_on(was_due_on), opened.words.language)
        raise Unclear("page_fault_edit_day_between", date=said)
    if wish.since == BEGINNING:
        raise Unclear("page_fault_edit_always")


def _draft(wish: Wish, today: date, begins: Bill) -> BillFactory:
    """The bill as it is wished, given the terms that the change begins with. Raises Unclear."""
    said = bill_fields.viewed(begins)
    named = {
        **_said_of_amount(wish, begins),
        **_said_of_dates(wish, begins, said["repeats"], today),
    }
    if wish.autopay is not None:
        named["autopay"] = wish.autopay
    ids = {"user_id": begins.user_id, "bill_id": begins.bill_id}
    row = Row(0, ids | dict(bill_fields.cells_of(said | named)))
    read = read_bill(row, kept=bill_fields.staying(begins, {*named}))
    if row.errors or read is None:
        columns = (error.column for error in row.errors)
        keys = (UNREADABLE[column] for column in columns if column in UNREADABLE)
        raise Unclear(next(keys, "page_fault_edit_cannot"))
    return read.bill


def _said_of_amount(wish: Wish, begins: Bill) -> dict[str, Any]:
    if not wish.amount:
        return {}
    if begins.loan is not None:
        raise Unclear("page_fault_edit_loan_amount")
    try:
        currency = money.currency(half_width(wish.currency))
    except CellError:
        raise Unclear("page_fault_edit_currency") from None
    amount = typed(wish.amount, currency, "page_fault_edit_amount")
    said = {"amount": f"{amount:f}", "currency": currency}
    # later terms may be in another one than the form shows, and so may their fee
    return said if currency == begins.currency else {**said, "late_fee": None}


def _said_of_dates(
    wish: Wish, begins: Bill, repeats: Mapping[str, Any] | None, today: date
) -> dict[str, Any]:
    next_due, again = wish.first_due, begins.recurrence
    if next_due is None:
        return {}
    said: dict[str, Any] = {}
    if repeats is not None and again.last_day and (next_due + DAY).day != 1:
        # a day that is not the last one of its month is meant as it is written
        said["repeats"] = {**repeats, "last_day": False}
        again = replace(again, last_day=False)
    first: date | None = next_due
    coming = first_to_change(begins, today, None)
    if wish.since == BEGINNING and again.unit is not None:
        first = None if coming is None else first_date_for(begins, coming[0], next_due, again)
    if first is None:
        raise Unclear("page_fault_edit_always")
    return said | {"first_due": first.isoformat()}

"""Bills as older code stored them: read as they were, and rewritten by their next change alone.

The rows, and what the code of their time made of them, were written by that code.
"""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest

from bill_reminders.commands import bills as commands
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.forecast import forecast
from bill_reminders.domain.money import Money
from bill_reminders.storage import rows
from bill_reminders.storage.tables import BillItem
from tests.support.people import a_user
from tests.support.template import ROOT

STORED = {
    path.stem: json.loads(path.read_text())
    for path in sorted((ROOT / "tests" / "support" / "stored").glob("*.json"))
}
BILLS = [(name, item["bill_id"]["S"]) for name, read in STORED.items() for item in read["items"]]
NOW = datetime(2027, 2, 9, 12, tzinfo=UTC)
USER = a_user("ash", channels=(Channel.SMS,))


def item_of(written_by: str, bill_id: str) -> dict[str, Any]:
    items = STORED[written_by]["items"]
    return dict(next(each for each in items if each["bill_id"]["S"] == bill_id))


def read(written_by: str, bill_id: str) -> Bill:
    return rows.bill_from(BillItem.from_raw_data(item_of(written_by, bill_id)))


def dates_of(bill: Bill) -> list[list[Any]]:
    return [
        [number, f"{day}", owed.standing.value, owed.amount and str(owed.amount.amount)]
        for number, day in islice(bill.owed_occurrences(), 9)
        for owed in [bill.owed(number)]
    ]


def planned(bill: Bill) -> set[str]:
    until = NOW + timedelta(days=60)
    return {each.reminder.key for each in forecast(USER, (bill,), {}, now=NOW, until=until)}


def test_rows_of_two_ages_were_kept() -> None:
    assert STORED.keys() == {"first", "before_terms"}


@pytest.mark.parametrize(("written_by", "bill_id"), BILLS)
def test_a_stored_bill_is_read_as_it_was_and_not_rewritten(written_by: str, bill_id: str) -> None:
    bill = read(written_by, bill_id)
    assert dates_of(bill) == STORED[written_by]["dates"][bill_id]
    assert bill.as_of(date(2027, 2, 9)) is bill
    assert rows.bill_item(bill).serialize() == item_of(written_by, bill_id)


@pytest.mark.parametrize(("written_by", "bill_id"), BILLS)
def test_its_next_change_keeps_what_is_over_and_tells_nothing_twice(
    written_by: str, bill_id: str
) -> None:
    known = read(written_by, bill_id)
    account = Account(version=1, user=USER, bills=(known,))

    def dearer(begins: Bill) -> commands.BillFactory:
        fields = {name: getattr(begins, name) for name in ("recurrence", "loan", "statement_day")}
        said = Bill("ash", bill_id, "Thistledown", "Rent", owed_from=begins.owed_from, **fields)
        changed = {"amount": Money(Decimal("110.00"), "GBP")} if begins.loan is None else {}
        for name in ("autopay", "shift", "place", "kind"):
            changed[name] = getattr(begins, name)
        return lambda owed_from: replace(said, **changed)

    bill = commands.change(account, bill_id, dearer, now=NOW).need_bill(bill_id)
    over = [each for each in dates_of(known) if each[1] < "2027-02-09"]
    assert dates_of(bill)[: len(over)] == over
    assert planned(bill) == planned(known)
    again = rows.bill_from(BillItem.from_raw_data(rows.bill_item(bill).serialize()))
    assert again == bill

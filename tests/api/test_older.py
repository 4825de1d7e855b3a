"""Bills whose lists have grown long: nothing is lost, nothing fails half-way, all can be read."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bill_reminders.domain.bills import Bill, FailedDebit, Heard, Reopened, Snooze
from bill_reminders.domain.money import Money
from bill_reminders.domain.older import MOST, MOST_TEXT
from bill_reminders.domain.payments import Payment, Statement
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.revisions import MOST_HEARD
from bill_reminders.jobs.export import export
from bill_reminders.storage import accounts, rows
from bill_reminders.storage.erasure import erase
from bill_reminders.storage.record_tables import JournalItem
from bill_reminders.storage.tables import BillItem, LedgerItem
from tests.api.conftest import NOON, user_id
from tests.support.api import Person
from tests.support.moto_stack import SetClock

FIRST = date(2025, 6, 1)
DAY = timedelta(days=1)
KEY = {"Idempotency-Key": "5f0c7e52-6a55-4a43"}


def stored_daily_bill(person: Person, **changes: Any) -> str:
    """The address of a bill that falls due every day, as it is in the table."""
    bill = Bill(
        user_id=user_id(person),
        bill_id="daily",
        biller="Lantern Bank",
        name="Parking",
        recurrence=Recurrence(FIRST, 1, Unit.DAY),
        owed_from=FIRST,
        amount=Money(Decimal("2.50"), "GBP"),
    )
    rows.bill_item(replace(bill, **changes)).save()
    return "/v1/bills/daily"


def _at(number: int) -> datetime:
    return datetime.combine(FIRST + number * DAY, time(12), UTC)


def paid_daily(count: int) -> tuple[Payment, ...]:
    return tuple(Payment(number, _at(number), None, f"p{number}") for number in range(count))


def _in_parts(count: int) -> tuple[Payment, ...]:
    """Payments of a date that stays open."""
    cent = Money(Decimal("0.0001"), "GBP")
    return tuple(Payment(600, _at(600), cent, f"p{number:023}") for number in range(count))


def _bill(person: Person) -> Bill:
    return accounts.read(user_id(person), now=NOON).bills[0]


def test_the_payment_that_finds_no_room_makes_some_and_is_answered_the_same_again(
    person: Person,
) -> None:
    bill = stored_daily_bill(person, payments=paid_daily(MOST))
    first = person.post(f"{bill}/payments", {}, headers=KEY)
    again = person.post(f"{bill}/payments", {}, headers=KEY)
    assert (first.status, again.status, again.json) == (201, 201, first.json)
    kept = first.json["payments"]
    assert len(kept) < MOST
    older = person.get(f"{bill}/older-payments").json
    assert older["next_cursor"] is None
    numbers = [each["occurrence"] for each in [*reversed(older["payments"]), *kept]]
    assert numbers == list(range(MOST + 1))
    assert all(_bill(person).is_closed(number) for number in range(MOST + 1))
    gone = person.call("DELETE", f"{bill}/payments/{older['payments'][0]['payment_id']}")
    assert gone.status == 404


def test_older_payments_come_page_by_page_the_latest_first(
    person: Person, set_clock: SetClock
) -> None:
    bill = stored_daily_bill(person, payments=paid_daily(MOST))
    person.post(f"{bill}/payments", {})
    set_clock(NOON + 200 * DAY)
    known = _bill(person)
    more = [Payment(n, _at(n), None, f"p{n}") for n in range(MOST + 1, MOST + 320)]
    rows.bill_item(replace(known, payments=(*known.payments, *more))).save()
    person.post(f"{bill}/payments", {})
    first = person.get(f"{bill}/older-payments").json
    last = person.get(f"{bill}/older-payments?cursor={first['next_cursor']}").json
    assert last["next_cursor"] is None
    numbers = [each["occurrence"] for each in [*first["payments"], *last["payments"]]]
    assert numbers == [n for n in reversed(range(472)) if n != MOST], "that one was noted lately"
    assert len(numbers) + len(_bill(person).payments) == MOST + 321


@pytest.mark.parametrize("count", [MOST, 3_000])
def test_a_bill_that_can_make_no_room_refuses_and_is_left_as_it_is(
    person: Person, count: int
) -> None:
    bill = stored_daily_bill(person, payments=_in_parts(count))
    before = _bill(person)
    wish = {"occurrence": 600, "amount": "0.01"}
    for _ in range(2):
        refused = person.post(f"{bill}/payments", wish, headers=KEY)
        assert refused.status == 422, refused.text
        assert "at most 400 payments" in refused.text
    assert _bill(person) == before


def test_a_long_answer_is_kept_for_its_repetition(person: Person) -> None:
    """A bill with lists as long as they may be."""
    long, cent = "x" * 60, Money(Decimal("123456789012.34"), "GBP")
    bill = stored_daily_bill(
        person,
        recurrence=Recurrence(date(2019, 1, 1), 1, Unit.DAY),
        owed_from=date(2019, 1, 1),
        payments=tuple(Payment(2, _at(0), cent, f"{n:04}{long}") for n in range(MOST - 1)),
        failed_debits=tuple(FailedDebit(2, _at(0), f"{n:04}{long}") for n in range(MOST)),
        amount=Money(Decimal("99999999999999.99"), "GBP"),
    )
    first = person.post(f"{bill}/payments", {"occurrence": 5}, headers=KEY)
    assert first.status == 201, first.text
    assert len(first.text) > 100_000
    again = person.post(f"{bill}/payments", {"occurrence": 5}, headers=KEY)
    assert (again.status, again.json) == (201, first.json)


def test_the_largest_bill_fits_into_its_item(person: Person) -> None:
    sum_of = Money(Decimal("123456789012345.1234"), "GBP")
    stored_daily_bill(
        person,
        payments=tuple(
            Payment(
                9999, _at(n), sum_of, f"{n:064}", FIRST, "r" * 35, "n" * (MOST_TEXT // MOST - 35)
            )
            for n in range(MOST)
        ),
        statements=tuple(Statement(99_000 + n, sum_of, sum_of.amount) for n in range(MOST)),
        failed_debits=tuple(FailedDebit(9999, _at(n), f"{n:064}") for n in range(MOST)),
        snoozes=tuple(Snooze(9000 + n, FIRST) for n in range(MOST)),
        reopened=tuple(Reopened(9000 + n, _at(n)) for n in range(MOST)),
        heard=tuple(Heard(9000 + n, FIRST, 999, 999) for n in range(MOST_HEARD)),
        settled=tuple((2 * n, 2 * n) for n in range(MOST)),
        **dict.fromkeys(("pay_link", "reference", "note"), "n" * 500),
    )
    item = BillItem.get(user_id(person), "daily")
    assert _size(item.serialize()) < 400_000


def _size(value: Any) -> int:
    """Bytes that DynamoDB counts, at most: names and values, and 3 for each list, map and entry."""
    match value:
        case {"M": inner}:
            return 3 + sum(len(name) + 1 + _size(each) for name, each in inner.items())
        case {"L": inner}:
            return 3 + sum(1 + _size(each) for each in inner)
        case {"N": text} | {"S": text}:
            return len(str(text).encode())
        case {"BOOL": _} | {"NULL": _}:
            return 1
    return sum(len(name) + _size(each) for name, each in value.items())


def test_what_is_put_away_is_no_change_is_exported_and_is_erased(person: Person) -> None:
    bill = stored_daily_bill(person, payments=paid_daily(MOST))
    person.post(f"{bill}/payments", {})
    who = user_id(person)
    (told,) = [row for row in JournalItem.query(who) if row.changes and row.changes[0].bill]
    assert [(each.what, each.old) for each in told.changes] == [("payments", None)]
    document = json.loads(export(who, life=accounts.life_of(who), now=NOON))
    (older,) = document["put_away"]
    assert older["payments"][0]["occurrence"] == "0"
    assert document["reminders"] == []
    erase(who)
    assert [row.key for row in LedgerItem.query(who)] == []

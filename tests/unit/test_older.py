"""What a bill keeps when its lists have grown too long."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.bills import Bill, FailedDebit, Reopened, Snooze
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.loans import Effect, Loan, Method, Prepayment
from bill_reminders.domain.local_time import DAY
from bill_reminders.domain.money import Money
from bill_reminders.domain.older import LISTS, MOST, MOST_TEXT, RECENT, with_room, without
from bill_reminders.domain.payments import Payment, Standing, Statement
from bill_reminders.domain.recurrence import Recurrence, Unit
from tests.support.amounts import dollars
from tests.support.people import a_bill

FIRST = date(2020, 1, 1)
DAILY = a_bill(due_on=FIRST, recurrence=Recurrence(FIRST, 1, Unit.DAY), owed_from=FIRST)


def _at(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def _paid(number: int, amount: Money | None = None) -> Payment:
    return Payment(number, _at(FIRST + number * DAY), amount, f"p{number}")


def _lived(days: int, *, unpaid: frozenset[int] = frozenset()) -> tuple[Bill, list[Payment]]:
    """A bill that was paid on each day but some, and what it put away, in this order."""
    bill, put_away = DAILY, list[Payment]()
    for number in sorted({*range(days)} - unpaid):
        wished = replace(bill, payments=(*bill.payments, _paid(number)))
        kept = with_room(wished, bill, FIRST + number * DAY)
        put_away += wished.payments[: len(wished.payments) - len(kept.payments)]
        bill = kept
    return bill, put_away


def test_a_bill_that_is_paid_every_day_for_five_years_keeps_a_year() -> None:
    bill, put_away = _lived(1900)
    assert RECENT.days < len(bill.payments) <= MOST
    assert [*put_away, *bill.payments] == [_paid(number) for number in range(1900)]
    assert all(bill.is_closed(number) for number in range(1900))
    assert bill.first_unpaid(FIRST + 1899 * DAY) == 1900
    assert bill.settled == ((0, bill.payments[0].occurrence - 1),)
    assert bill.owed(0).standing is Standing.PAID
    assert bill.owed(0).left == dollars("0.00")


@given(st.frozensets(st.integers(0, 899), max_size=20))
def test_what_is_open_stays_open_and_what_is_closed_stays_closed(unpaid: frozenset[int]) -> None:
    bill, put_away = _lived(900, unpaid=unpaid)
    today = FIRST + 899 * DAY
    still_open = [number for number in range(900) if bill.is_open(number, FIRST, today)]
    assert still_open == sorted(unpaid)
    assert len(put_away) + len(bill.payments) == 900 - len(unpaid)
    assert len(bill.payments) <= MOST


def test_what_the_next_amount_is_expected_from_stays_and_so_does_what_is_open() -> None:
    weekly = replace(DAILY, amount=None, recurrence=Recurrence(FIRST, 1, Unit.WEEK))
    for number in range(60):
        weekly = weekly.with_statement(Statement(number, dollars(f"{number + 10}.00")))
        if number != 7:
            weekly = replace(weekly, payments=(*weekly.payments, _paid(number)))
    parts = [Payment(7, _at(FIRST), dollars("0.01"), f"part{each}") for each in range(MOST - 58)]
    wished = replace(weekly, payments=(*weekly.payments, *parts))
    kept = with_room(wished, weekly, date(2040, 1, 1))
    assert kept.statements == (weekly.statements[7], *weekly.statements[-6:])
    assert kept.owed(60).expected == weekly.owed(60).expected
    assert kept.owed(7) == wished.owed(7)
    assert kept.settled == ((0, 6), (8, 53))


def _with(name: str, count: int) -> Bill:
    """A bill with so many entries of a list, none of which can be put away."""
    cent = Money(Decimal("0.01"), "USD")
    numbers = range(count)
    lists = {
        "payments": [Payment(0, _at(FIRST), cent, f"p{each}") for each in numbers],
        "statements": [Statement(each, cent) for each in numbers],
        "snoozes": [Snooze(each, FIRST) for each in numbers],
        "failed_debits": [FailedDebit(0, _at(FIRST), f"e{each}") for each in numbers],
        "reopened": [Reopened(each, _at(FIRST)) for each in numbers],
    }
    if name == "prepayments":
        terms = Loan(
            Money(Decimal(1_000_000), "USD"), Decimal("0.01"), 360, Method.EQUAL_INSTALMENT
        )
        early = tuple(Prepayment(1, cent.amount, Effect.SHORTER_TERM) for each in numbers)
        return replace(DAILY, amount=None, loan=replace(terms, prepayments=early))
    return replace(DAILY, **{name: tuple(lists[name])})


@pytest.mark.parametrize("name", [*LISTS, "prepayments"])
def test_a_list_that_cannot_make_room_takes_no_more_and_says_what_to_do(name: str) -> None:
    full, beyond = _with(name, MOST), _with(name, MOST + 1)
    assert with_room(full, None, FIRST) is full
    with pytest.raises(InvalidValue, match=f"at most {MOST} .*: take back") as refused:
        with_room(beyond, full, FIRST)
    assert refused.value.field == name


@pytest.mark.parametrize("name", LISTS)
def test_a_list_from_before_the_bounds_may_stay_as_it_is_and_grow_shorter(name: str) -> None:
    legacy = _with(name, MOST + 20)
    renamed = replace(legacy, name="Another name")
    assert with_room(renamed, legacy, FIRST) == renamed
    shorter = replace(legacy, **{name: getattr(legacy, name)[1:]})
    assert with_room(shorter, legacy, FIRST) == shorter
    with pytest.raises(InvalidValue):
        with_room(_with(name, MOST + 21), legacy, FIRST)


def test_what_belongs_to_a_settled_date_goes_with_it() -> None:
    full = replace(
        _with("failed_debits", 3),
        payments=(_paid(0), _paid(1)),
        statements=(Statement(0, dollars("1.00")), Statement(2, dollars("2.00"))),
        snoozes=(Snooze(0, FIRST), Snooze(2, FIRST)),
    )
    kept = without(full, [(0, 1)])
    assert {name: len(getattr(kept, name)) for name in LISTS} == {
        "payments": 0,
        "statements": 1,
        "snoozes": 1,
        "failed_debits": 0,
        "reopened": 0,
    }


def test_a_year_is_counted_from_the_due_date() -> None:
    wished = replace(DAILY, payments=tuple(map(_paid, range(MOST + 1))))
    last = FIRST + (MOST - 1) * DAY
    for today, first_kept in ((last, MOST - 1 - 366), (last + timedelta(days=1), MOST - 366)):
        kept = with_room(wished, None, today)
        assert kept.payments[0].occurrence == first_kept


NOTE = "租" * 200


def test_notes_of_payments_have_room_of_their_own_and_old_ones_make_some() -> None:
    count = MOST_TEXT // len(NOTE.encode())
    noted = [replace(_paid(number), note=NOTE) for number in range(count + 1)]
    full = replace(DAILY, payments=tuple(noted[:-1]))
    assert with_room(full, None, FIRST) is full
    wished = replace(DAILY, payments=tuple(noted))
    with pytest.raises(InvalidValue, match="no more room: leave this one's out") as refused:
        with_room(wished, full, FIRST + count * DAY)
    assert refused.value.field == "note"
    later = with_room(wished, full, FIRST + RECENT + count * DAY)
    assert len(later.payments) < len(wished.payments)
    assert all(later.is_closed(number) for number in range(count + 1))

"""One payment for several due dates: what is over goes on to the next ones, if its user says so."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.commands import payments
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill, FailedDebit
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.loans import Loan, Method
from bill_reminders.domain.local_time import DAY
from bill_reminders.domain.money import Money
from bill_reminders.domain.paying_ahead import Rest
from bill_reminders.domain.payments import Payment, Standing, Statement
from bill_reminders.domain.recurrence import Recurrence, Unit
from tests.support.amounts import dollars
from tests.support.people import a_bill, a_user

FIRST = date(2027, 3, 5)
MONTHLY = Recurrence(FIRST, 1, Unit.MONTH)
NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
RENT = a_bill(due_on=FIRST, recurrence=MONTHLY, amount=dollars("100.00"))
POWER = replace(RENT, amount=None)
LOAN = replace(
    RENT,
    amount=None,
    loan=Loan(Money(Decimal(12000), "CNY"), Decimal("0.005"), 12, Method.EQUAL_INSTALMENT),
)


def euros(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def paid(
    bill: Bill,
    amount: Money | None,
    occurrence: int | None = None,
    *,
    now: datetime = NOW,
    **more: Any,
) -> Bill:
    said = {"payment_id": "p", "rest": Rest.NEXT_DATES} | more
    account = Account(1, a_user(), (bill,))
    after = payments.pay(account, bill.bill_id, occurrence, amount=amount, now=now, **said)
    return after.need_bill(bill.bill_id)


def undone(bill: Bill, payment_id: str = "p") -> Bill:
    account = Account(1, a_user(), (bill,))
    return payments.undo(account, bill.bill_id, payment_id, now=NOW).need_bill(bill.bill_id)


def parts(bill: Bill, payment_id: str = "p") -> dict[int, str]:
    found = [each for each in bill.payments if each.payment_id == payment_id]
    assert len({each.occurrence for each in found}) == len(found)
    return {each.occurrence: str(each.amount and each.amount.amount) for each in found}


def stated(bill: Bill, *amounts: str | Money) -> Bill:
    for number, amount in enumerate(amounts):
        money = dollars(amount) if isinstance(amount, str) else amount
        bill = bill.with_statement(Statement(number, money))
    return bill


ENDS = replace(RENT, recurrence=replace(MONTHLY, count=3))
ONCE = replace(RENT, recurrence=Recurrence(FIRST))
PAID_SECOND = RENT.with_payment(Payment(1, NOW, None, "before"))
PARTLY = RENT.with_payment(Payment(0, NOW, dollars("30.00"), "before"))

SPREAD: dict[str, tuple[Bill, str, dict[int, str]]] = {
    "three months at once": (RENT, "300.00", {0: "100.00", 1: "100.00", 2: "100.00"}),
    "two and a half": (RENT, "250.00", {0: "100.00", 1: "100.00", 2: "50.00"}),
    "no more than one": (RENT, "100.00", {0: "100.00"}),
    "less than one": (RENT, "99.99", {0: "99.99"}),
    "a cent more": (RENT, "100.01", {0: "100.00", 1: "0.01"}),
    "past one that is paid": (PAID_SECOND, "200.00", {0: "100.00", 2: "100.00"}),
    "from what is left of the first": (PARTLY, "200.00", {0: "70.00", 1: "100.00", 2: "30.00"}),
    "more than all that will come": (ENDS, "350.00", {0: "100.00", 1: "100.00", 2: "150.00"}),
    "a bill that falls due once": (ONCE, "150.00", {0: "150.00"}),
    "amounts that differ": (
        stated(POWER, "40.00", "60.00", "50.00"),
        "120.00",
        {0: "40.00", 1: "60.00", 2: "20.00"},
    ),
    "up to an amount that nobody knows": (
        stated(POWER, "40.00", "60.00"),
        "120.00",
        {0: "40.00", 1: "80.00"},
    ),
    "the amount itself is not known": (POWER, "120.00", {0: "120.00"}),
    "one of which nothing is owed": (
        stated(POWER, "40.00", "0.00", "50.00"),
        "60.00",
        {0: "40.00", 2: "20.00"},
    ),
    "up to another currency": (
        stated(RENT, "100.00", "100.00", euros("90.00")),
        "300.00",
        {0: "100.00", 1: "200.00"},
    ),
}


@pytest.mark.parametrize(("bill", "amount", "wanted"), SPREAD.values(), ids=SPREAD)
def test_what_is_over_goes_to_the_next_open_dates_in_order(
    bill: Bill, amount: str, wanted: dict[int, str]
) -> None:
    after = paid(bill, dollars(amount))
    assert parts(after) == wanted
    assert replace(undone(after), reopened=()) == bill


def test_what_is_over_stays_with_its_date_unless_the_user_says_otherwise() -> None:
    after = paid(RENT, dollars("300.00"), rest=Rest.STAYS)
    assert parts(after) == {0: "300.00"}
    assert after.owed(0).standing is Standing.OVERPAID
    assert after.first_unpaid(FIRST) == 1


def test_three_months_at_once_close_each_and_the_fourth_is_next() -> None:
    after = paid(RENT, dollars("300.00"))
    assert [after.owed(number).standing for number in range(4)] == [Standing.PAID] * 3 + [
        Standing.OPEN
    ]
    assert after.first_unpaid(FIRST) == 3


def test_from_the_date_that_is_named_it_goes_on_and_never_back() -> None:
    assert parts(paid(RENT, dollars("250.00"), 2)) == {2: "100.00", 3: "100.00", 4: "50.00"}
    assert parts(paid(PAID_SECOND, dollars("150.00"), 1)) == {2: "100.00", 3: "50.00"}


def test_the_oldest_open_one_comes_first_though_it_is_overdue() -> None:
    in_may = datetime(2027, 5, 1, 9, tzinfo=UTC)
    assert parts(paid(PAID_SECOND, dollars("250.00"), now=in_may)) == {
        0: "100.00",
        2: "100.00",
        3: "50.00",
    }


def test_what_is_presumed_to_be_paid_takes_nothing_and_a_failed_debit_does() -> None:
    in_may = datetime(2027, 5, 1, 9, tzinfo=UTC)
    debited = replace(RENT, autopay=True, failed_debits=(FailedDebit(0, NOW, "d"),))
    assert parts(paid(debited, dollars("200.00"), now=in_may)) == {0: "100.00", 2: "100.00"}


def test_all_that_is_owed_leaves_nothing_over() -> None:
    assert parts(paid(RENT, None)) == {0: "None"}


def test_at_most_so_many_dates_and_the_last_keeps_the_rest() -> None:
    found = parts(paid(RENT, dollars("100000.00")))
    assert list(found) == list(range(24))
    assert [*found.values()] == ["100.00"] * 23 + ["97700.00"]


def test_another_currency_is_refused_and_no_date_is_touched() -> None:
    with pytest.raises(InvalidValue) as refused:
        paid(RENT, euros("300.00"))
    assert refused.value.field == "currency"


OF_THE_BANK = {
    "a cent less each": ("3098.37", 3),
    "a cent less in all": ("3098.39", 3),
    "to the cent": ("3098.40", 3),
    "a cent more each": ("3098.43", 3),
    "one, a cent less": ("1032.79", 1),
    "one, a cent more": ("1032.81", 1),
}


@pytest.mark.parametrize(("amount", "closed"), OF_THE_BANK.values(), ids=OF_THE_BANK)
def test_instalments_as_the_bank_rounds_them_are_closed_each(amount: str, closed: int) -> None:
    after = paid(LOAN, Money(Decimal(amount), "CNY"))
    assert list(parts(after)) == list(range(closed))
    assert [after.owed(n).standing for n in range(closed)] == [Standing.PAID] * closed
    assert after.first_unpaid(FIRST) == closed


def test_what_is_more_than_rounding_goes_on() -> None:
    after = paid(LOAN, Money(Decimal("3098.44"), "CNY"))
    assert parts(after) == {0: "1032.80", 1: "1032.80", 2: "1032.80", 3: "0.04"}
    less = paid(LOAN, Money(Decimal("3098.36"), "CNY"))
    assert parts(less) == {0: "1032.80", 1: "1032.80", 2: "1032.76"}


def test_instalments_of_cents_are_paid_to_the_cent() -> None:
    terms = Loan(dollars("0.24"), Decimal(0), 12, Method.EQUAL_PRINCIPAL)
    tiny = replace(RENT, amount=None, loan=terms)
    assert parts(paid(tiny, dollars("0.03"))) == {0: "0.02", 1: "0.01"}


def test_the_same_payment_twice_is_noted_once() -> None:
    once = paid(RENT, dollars("300.00"))
    assert paid(once, dollars("300.00")) == once
    assert paid(once, dollars("300.00"), 7) == once


def test_undoing_it_opens_all_of_its_dates_again_and_no_other() -> None:
    both = paid(paid(RENT, dollars("150.00")), dollars("200.00"), payment_id="q")
    assert parts(both, "q") == {1: "50.00", 2: "100.00", 3: "50.00"}
    after = undone(both)
    assert parts(after) == {}
    assert parts(after, "q") == parts(both, "q")
    assert {each.occurrence for each in after.reopened} == {0, 1}
    assert [after.is_closed(number) for number in range(4)] == [False, False, True, False]


CENTS = st.integers(1, 100_000).map(lambda each: Decimal(each) / 100)


@st.composite
def bills(draw: st.DrawFn) -> Bill:
    """Monthly, with some amounts stated, some of them of nothing, some dates paid or paid in part,
    perhaps with an end or by the terms of a loan."""
    count = draw(st.none() | st.integers(1, 6))
    bill = replace(RENT, recurrence=replace(MONTHLY, count=count))
    match draw(st.sampled_from(["amount", "none", "loan"])):
        case "none":
            bill = replace(bill, amount=None)
        case "loan":
            method = draw(st.sampled_from(Method))
            principal = dollars(str(draw(CENTS) + 10))
            bill = replace(bill, amount=None, loan=Loan(principal, Decimal("0.01"), 8, method))
    for number in sorted(draw(st.sets(st.integers(0, 5)))):
        amount = draw(CENTS | st.just(Decimal(0)))
        code = draw(st.sampled_from(["USD", "USD", "USD", "EUR"]))
        bill = bill.with_statement(Statement(number, Money(amount, code)))
    for number in sorted(draw(st.sets(st.integers(0, 5)))):
        if bill.due_on(number) is not None:
            known = bill.currency_of(number) or "USD"
            amount = draw(st.none() | CENTS)
            money = None if amount is None else Money(amount, known)
            bill = bill.with_payment(Payment(number, NOW, money, f"b{number}"))
    return bill


@given(bills(), CENTS, st.none() | st.integers(0, 3), st.integers(0, 200))
def test_its_parts_are_what_was_paid_and_no_date_takes_more_than_is_left_but_the_last(
    bill: Bill, amount: Decimal, occurrence: int | None, days: int
) -> None:
    now = NOW + days * DAY
    today = now.date()
    number = bill.first_unpaid(today) if occurrence is None else occurrence
    if number is None or bill.due_on(number) is None:
        return
    money = Money(amount, bill.currency_of(number) or "USD")
    after = paid(bill, money, occurrence, now=now)
    found = [each for each in after.payments if each.payment_id == "p"]
    assert sum(each.amount.amount for each in found if each.amount) == amount
    assert {each.amount.currency for each in found if each.amount} == {money.currency}
    numbers = [each.occurrence for each in found]
    assert numbers == sorted(set(numbers))
    assert numbers[0] >= number
    for each in found:
        assert each.amount is not None
        assert each.amount.amount > 0
    for each in found[:-1]:
        left, tolerance = bill.owed(each.occurrence).left, bill.owed(each.occurrence).tolerance
        assert left is not None
        assert each.amount is not None
        assert left.currency == money.currency
        assert abs(each.amount.amount - left.amount) <= tolerance
        assert after.is_closed(each.occurrence)
    skipped = set(range(number, numbers[-1])) - set(numbers)
    for each_number in skipped:
        due_on = bill.due_on(each_number)
        assert (
            due_on is None or not bill.owes(due_on) or not bill.is_open(each_number, due_on, today)
        )
    assert undone(after).payments == bill.payments
    assert replace(undone(after), reopened=bill.reopened) == bill

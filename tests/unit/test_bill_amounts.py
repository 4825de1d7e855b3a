"""What an occurrence costs and what is left, worked out from statements, payments and terms."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.bills import Bill, FailedDebit
from bill_reminders.domain.edits import from_now_on
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.loans import Effect, Loan, Method, Prepayment
from bill_reminders.domain.local_time import DAY
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Payment, Standing, Statement
from bill_reminders.domain.recurrence import Recurrence, Unit
from tests.support.amounts import dollars
from tests.support.people import a_bill

FIRST = date(2027, 3, 5)
MONTHLY = Recurrence(FIRST, 1, Unit.MONTH)
AT = datetime(2027, 3, 1, 9, tzinfo=UTC)


def bill(**changes: object) -> Bill:
    return a_bill(due_on=FIRST, recurrence=MONTHLY, **changes)


def pay(amount: str | None, number: int = 0, payment_id: str = "p") -> Payment:
    return Payment(number, AT, None if amount is None else dollars(amount), payment_id)


@pytest.mark.parametrize(
    ("paid", "standing", "left"),
    [
        ([], Standing.OPEN, "120.50"),
        (["19.99"], Standing.PARTLY_PAID, "100.51"),
        (["20.00"], Standing.MINIMUM_MET, "100.50"),
        (["10.00", "10.00"], Standing.MINIMUM_MET, "100.50"),
        (["120.50"], Standing.PAID, "0"),
        ([None], Standing.PAID, "0"),
        (["5.00", None], Standing.PAID, "0"),
        (["120.51"], Standing.OVERPAID, "0"),
        (["120.50", "1.00"], Standing.OVERPAID, "0"),
    ],
)
def test_where_an_occurrence_stands_follows_from_what_was_paid(
    paid: list[str | None], standing: Standing, left: str
) -> None:
    owing = bill().with_statement(Statement(0, dollars("120.50"), Decimal("20.00")))
    for number, amount in enumerate(paid):
        owing = owing.with_payment(pay(amount, payment_id=f"p{number}"))
    assert owing.owed(0).standing is standing
    assert owing.owed(0).left == dollars(left)
    assert owing.is_closed(0) is (standing in (Standing.PAID, Standing.OVERPAID))
    assert owing.owed(1).standing is Standing.OPEN


def test_without_a_minimum_a_part_is_a_part() -> None:
    assert bill().with_payment(pay("120.49")).owed(0).standing is Standing.PARTLY_PAID


def test_a_statement_says_more_than_the_usual_amount() -> None:
    stated = bill().with_statement(Statement(1, dollars("99.00")))
    assert [stated.owed(n).amount for n in range(3)] == [
        dollars("120.50"),
        dollars("99.00"),
        dollars("120.50"),
    ]


def test_a_later_statement_takes_the_place_of_an_earlier_one() -> None:
    twice = bill().with_statement(Statement(1, dollars("99.00")))
    twice = twice.with_statement(Statement(0, dollars("1.00")))
    twice = twice.with_statement(Statement(1, dollars("98.00")))
    assert [(each.occurrence, each.amount) for each in twice.statements] == [
        (0, dollars("1.00")),
        (1, dollars("98.00")),
    ]


@pytest.mark.parametrize("amount", ["0.00", "-12.00"])
def test_a_statement_of_nothing_leaves_nothing_to_pay(amount: str) -> None:
    stated = bill(amount=None).with_statement(Statement(0, dollars(amount), Decimal(0)))
    assert stated.is_closed(0)
    assert not stated.is_closed(1)
    assert stated.first_unpaid(FIRST) == 1


def test_a_minimum_of_nothing_is_not_met_by_paying_nothing() -> None:
    stated = bill().with_statement(Statement(0, dollars("50.00"), Decimal(0)))
    assert stated.owed(0).standing is Standing.OPEN


def test_a_higher_statement_opens_an_occurrence_again() -> None:
    paid = bill().with_payment(pay("120.50"))
    assert paid.is_closed(0)
    assert not paid.with_statement(Statement(0, dollars("150.00"))).is_closed(0)


def history(*amounts: str) -> Bill:
    variable = bill(amount=None)
    for number, amount in enumerate(amounts):
        variable = variable.with_statement(Statement(number, dollars(amount)))
    return variable


@pytest.mark.parametrize(
    ("amounts", "usual"),
    [
        ((), None),
        (("90.00", "100.00"), None),
        (("90.00", "100.00", "95.00"), ("95.00", "90.00", "100.00")),
        (("90.00", "100.00", "95.00", "96.01"), ("95.51", "90.00", "100.00")),
        # only the last six count: the first is forgotten
        (("1.00", "2", "3", "4", "5", "6", "7"), ("4.50", "2", "7")),
    ],
)
def test_an_unknown_amount_is_expected_from_the_latest_statements(
    amounts: tuple[str, ...], usual: tuple[str, str, str] | None
) -> None:
    expected = history(*amounts).owed(len(amounts)).expected
    if usual is None:
        assert expected is None
    else:
        assert expected is not None
        assert (expected.usual, expected.low, expected.high) == tuple(map(dollars, usual))


def test_a_history_in_another_currency_says_nothing() -> None:
    moved = history("90.00", "91.00", "92.00")
    euros = Statement(3, Money(Decimal("80.00"), "EUR"))
    assert moved.with_statement(euros).owed(4).expected is None
    assert moved.with_statement(euros).owed(3).usual is None


@pytest.mark.parametrize(
    ("amount", "usual"),
    [("142.49", None), ("142.50", "95.00"), ("500.00", "95.00")],
)
def test_far_above_the_usual_is_half_as_much_again(amount: str, usual: str | None) -> None:
    stated = history("90.00", "100.00", "95.00", amount)
    assert stated.owed(3).usual == (None if usual is None else dollars(usual))


@pytest.mark.parametrize(
    ("amount", "usual"), [("190.00", None), ("200.00", None), ("200.01", "95.00")]
)
def test_what_was_as_high_before_is_not_far_above(amount: str, usual: str | None) -> None:
    stated = history("90.00", "200.00", "95.00", amount)
    assert stated.owed(3).usual == (None if usual is None else dollars(usual))


@pytest.mark.parametrize("place", range(7))
def test_far_above_is_above_all_of_the_last_six(place: int) -> None:
    """Whichever of them was as high; what came before the six is forgotten."""
    amounts = ["95.00"] * 7
    amounts[place] = "200.00"
    stated = history(*amounts, "200.00")
    assert stated.owed(7).usual == (dollars("95.00") if place == 0 else None)


def test_a_payment_or_statement_in_another_currency_is_refused() -> None:
    euros = Money(Decimal(5), "EUR")
    with pytest.raises(InvalidValue, match="currency"):
        bill().with_payment(Payment(0, AT, euros, "p"))
    paid = bill(amount=None).with_payment(pay("5.00"))
    with pytest.raises(InvalidValue, match="currency"):
        paid.with_payment(Payment(0, AT, euros, "q"))
    with pytest.raises(InvalidValue, match="currency"):
        paid.with_statement(Statement(0, euros))


def test_a_payment_is_noted_once_by_its_id() -> None:
    once = bill().with_payment(pay("5.00"))
    assert once.with_payment(pay("5.00")) == once
    assert once.with_payment(pay("5.00", payment_id="q")).owed(0).paid == Decimal("10.00")


def test_what_is_paid_already_takes_no_second_payment_of_all() -> None:
    once = bill().with_payment(pay(None))
    assert once.with_payment(pay(None, payment_id="q")) == once


def test_an_undone_payment_leaves_an_instant_only_if_it_reopens() -> None:
    both = bill().with_payment(pay("5.00", payment_id="a")).with_payment(pay(None, payment_id="b"))
    assert both.without_payment("a", 0, now=AT).reopened == ()
    assert both.without_payment("b", 0, now=AT).reopened[0].at == AT
    assert both.without_payment("c", 0, now=AT) == both


@pytest.mark.parametrize(
    ("paid", "first_unpaid"),
    [((), 0), ((0,), 1), ((1,), 0), ((0, 1), 2)],
)
def test_a_payment_that_names_none_goes_to_the_oldest_open_one(
    paid: tuple[int, ...], first_unpaid: int
) -> None:
    owing = bill(owed_from=FIRST)
    for number in paid:
        owing = owing.with_payment(pay(None, number, f"p{number}"))
    assert owing.first_unpaid(FIRST) == first_unpaid


def test_nothing_is_left_to_pay_of_a_bill_that_is_over() -> None:
    once = a_bill(due_on=FIRST).with_payment(pay(None))
    assert once.first_unpaid(FIRST) is None


LOAN = Loan(dollars("1200.00"), Decimal("0.01"), 12, Method.EQUAL_PRINCIPAL)


def test_a_loan_says_what_each_occurrence_costs_and_when_it_is_over() -> None:
    loan = bill(amount=None, loan=LOAN)
    assert [loan.owed(n).amount for n in (0, 1, 11)] == [
        dollars("112.00"),
        dollars("111.00"),
        dollars("101.00"),
    ]
    numbers = [number for number, _ in loan.occurrences_from(FIRST)]
    assert numbers == list(range(12))
    assert loan.due_on(12) is None


def test_a_prepayment_ends_a_loan_early_and_never_later() -> None:
    prepaid = replace(LOAN, prepayments=(Prepayment(2, Decimal("500.00"), Effect.SHORTER_TERM),))
    loan = bill(amount=None, loan=prepaid)
    assert [number for number, _ in loan.occurrences_from(FIRST)] == list(range(7))


def test_an_instalment_of_zero_does_not_fall_due() -> None:
    tiny = Loan(dollars("0.02"), Decimal(0), 5, Method.EQUAL_PRINCIPAL)
    loan = bill(amount=None, loan=tiny)
    due = [number for number, _ in loan.occurrences_from(FIRST)]
    assert all(loan.owed(number).amount != dollars("0.00") for number in due)
    assert len(due) < 5


def test_a_loan_that_starts_anew_counts_from_its_own_first_date() -> None:
    later = replace(MONTHLY, first_due=date(2027, 5, 5), first_number=2)
    loan = replace(bill(amount=None, loan=LOAN), recurrence=later)
    assert loan.owed(2).amount == dollars("112.00")


@given(
    st.lists(st.integers(1, 20_000), max_size=6),
    st.integers(1, 20_000),
    st.none() | st.integers(1, 20_000),
)
def test_what_is_left_and_what_was_paid_add_up(
    cents: list[int], total: int, minimum: int | None
) -> None:
    least = None if minimum is None else Decimal(minimum) / 100
    owing = bill().with_statement(Statement(0, Money(Decimal(total) / 100, "USD"), least))
    for number, amount in enumerate(cents):
        owing = owing.with_payment(
            Payment(0, AT, Money(Decimal(amount) / 100, "USD"), f"p{number}")
        )
    owed = owing.owed(0)
    assert owed.left is not None
    assert owed.left.amount == max(Decimal(0), Decimal(total - sum(cents)) / 100)
    assert owed.is_closed is (sum(cents) >= total)


def test_one_id_names_a_payment_of_each_occurrence() -> None:
    both = bill().with_payment(pay(None, 0)).with_payment(pay(None, 1))
    assert (both.is_closed(0), both.is_closed(1), both.is_closed(2)) == (True, True, False)
    undone = both.without_payment("p", 0, now=AT)
    assert (undone.is_closed(0), undone.is_closed(1)) == (False, True)


def test_a_late_and_an_early_payment_close_what_they_name() -> None:
    late = bill(owed_from=FIRST).with_payment(pay(None, 2))
    assert [late.first_unpaid(day) for day in (FIRST, date(2027, 6, 1))] == [0, 0]
    for number, following in ((0, 1), (1, 3)):
        late = late.with_payment(pay(None, number, f"p{number}"))
        assert late.first_unpaid(FIRST) == following


def test_a_part_does_not_move_the_next_payment_on() -> None:
    part = bill(owed_from=FIRST).with_payment(pay("120.49"))
    assert part.first_unpaid(FIRST) == 0
    assert part.with_payment(pay("0.01", payment_id="q")).first_unpaid(FIRST) == 1


def test_a_history_that_came_back_to_a_currency_counts_that_alone() -> None:
    mixed = bill(amount=None)
    for number, (amount, currency) in enumerate(
        [("90", "USD"), ("7", "EUR"), ("91", "USD"), ("8", "EUR"), ("92", "USD")]
    ):
        mixed = mixed.with_statement(Statement(number, Money(Decimal(amount), currency)))
    expected = mixed.owed(5).expected
    assert expected is not None
    assert (expected.low, expected.usual, expected.high) == tuple(map(dollars, ("90", "91", "92")))


def test_what_is_known_is_not_expected() -> None:
    known = history("90.00", "100.00", "95.00")
    assert replace(known, amount=dollars("1.00")).owed(3).expected is None
    # what comes after an occurrence says nothing about it
    assert known.owed(2).expected is None


def test_a_statement_says_more_than_an_instalment() -> None:
    loan = bill(amount=None, loan=LOAN).with_statement(Statement(1, dollars("50.00")))
    assert [loan.owed(n).amount for n in (1, 2)] == [dollars("50.00"), dollars("110.00")]


def test_a_prepayment_of_a_lower_instalment_keeps_the_number_of_them() -> None:
    lower = Prepayment(2, Decimal("500.00"), Effect.LOWER_INSTALMENT)
    loan = bill(amount=None, loan=replace(LOAN, prepayments=(lower,)))
    assert [number for number, _ in loan.occurrences_from(FIRST)] == list(range(12))
    assert [loan.owed(n).amount for n in (1, 2)] == [dollars("111.00"), dollars("55.00")]


@pytest.mark.parametrize(("count", "last"), [(None, 11), (5, 4), (40, 11)])
def test_a_loan_ends_with_its_last_instalment_or_earlier(count: int | None, last: int) -> None:
    loan = bill(amount=None, loan=LOAN)
    loan = replace(loan, recurrence=replace(MONTHLY, count=count))
    assert [number for number, _ in loan.occurrences_from(FIRST)][-1] == last
    assert loan.due_on(last + 1) is None


def test_what_is_debited_by_itself_is_presumed_paid_until_somebody_says_that_it_failed() -> None:
    """And a debit that failed is the one of the latest date unless another is named."""
    debited = replace(bill(owed_from=FIRST), autopay=True)
    third = debited.due_on(2)
    assert third is not None
    assert (debited.first_unpaid(third), debited.first_unpaid(third + DAY)) == (2, 3)
    assert (debited.debited_last(third), debited.debited_last(third - DAY)) == (2, 1)
    failed = debited.with_failed_debit(FailedDebit(1, AT, "r-1"))
    assert failed.first_unpaid(third + DAY) == 1
    assert failed.with_payment(pay(None, 1)).first_unpaid(third + DAY) == 3
    assert bill(owed_from=FIRST).first_unpaid(third + DAY) == 0, "without autopay nobody pays it"


def test_before_the_first_date_a_failed_debit_is_of_that() -> None:
    debited = replace(bill(owed_from=FIRST), autopay=True)
    assert debited.debited_last(FIRST - DAY) == 0


def test_what_is_overdue_stays_so_when_the_dates_begin_anew() -> None:
    """A biller's file that gives the next date, moved by a weekend, as the first one."""
    known = bill(owed_from=FIRST).with_payment(pay(None, 0))
    april, may = known.due_on(1), known.due_on(2)
    assert april is not None and may is not None
    wanted = replace(known, recurrence=Recurrence(may + 2 * DAY, 1, Unit.MONTH))
    anew = from_now_on(known, wanted, april + DAY)
    assert [*islice(anew.owed_occurrences(), 4)] == [
        (0, FIRST),
        (1, april),
        (2, may + 2 * DAY),
        (3, date(2027, 6, 7)),
    ]
    assert (anew.is_closed(0), anew.first_unpaid(may)) == (True, 1)
    again = replace(wanted, owed_from=anew.owed_from)
    assert from_now_on(anew, again, may) == anew, "it is kept when the file comes again"
    in_time = from_now_on(known, wanted, april)
    assert in_time.due_on(1) == may + 2 * DAY, "what had not come yet has another date now"


def test_what_is_overdue_for_years_stays_so() -> None:
    known = bill(owed_from=FIRST)
    wanted = replace(known, recurrence=Recurrence(date(2030, 3, 6), 1, Unit.MONTH))
    anew = from_now_on(known, wanted, date(2030, 3, 1))
    dates = [*islice(anew.owed_occurrences(), 38)]
    assert dates[:36] == [*islice(known.owed_occurrences(), 36)]
    assert dates[36:] == [(36, date(2030, 3, 6)), (37, date(2030, 4, 6))]


@pytest.mark.parametrize(
    ("amount", "paid", "standing"),
    [
        # of instalments of 112.00, of 1,120 yen, of 1.120 dinars, of 2 yen
        ("1200.00 USD", "112.00", Standing.PAID),
        ("1200.00 USD", "111.99", Standing.PAID),
        ("1200.00 USD", "111.98", Standing.PARTLY_PAID),
        ("1200.00 USD", "112.01", Standing.PAID),
        ("1200.00 USD", "112.02", Standing.OVERPAID),
        ("12000 JPY", "1119", Standing.PAID),
        ("12000 JPY", "1118", Standing.PARTLY_PAID),
        ("12.000 KWD", "1.119", Standing.PAID),
        ("12.000 KWD", "1.118", Standing.PARTLY_PAID),
        ("24 JPY", "1", Standing.PARTLY_PAID),
    ],
)
def test_an_instalment_is_paid_by_a_cent_less_or_more(
    amount: str, paid: str, standing: Standing
) -> None:
    principal, currency = amount.split()
    terms = replace(LOAN, principal=Money(Decimal(principal), currency))
    loan = bill(amount=None, loan=terms)
    assert loan.owed(0).standing is Standing.OPEN
    paid_of = loan.with_payment(Payment(0, AT, Money(Decimal(paid), currency), "p"))
    assert paid_of.owed(0).standing is standing
    assert paid_of.is_closed(0) is (standing is not Standing.PARTLY_PAID)
    left = paid_of.owed(0).left
    assert left is not None and (left.amount == 0) is paid_of.is_closed(0)


def test_all_but_computed_instalments_are_paid_to_the_last_cent() -> None:
    stated = bill(amount=None, loan=LOAN).with_statement(Statement(0, dollars("112.00")))
    for of in (stated, bill(amount=dollars("112.00"))):
        for paid, standing in (("111.99", Standing.PARTLY_PAID), ("112.01", Standing.OVERPAID)):
            paid_of = of.with_payment(Payment(0, AT, dollars(paid), "p"))
            assert paid_of.owed(0).standing is standing

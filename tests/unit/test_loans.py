"""Loan schedules against tables worked out by hand, and what holds for every loan.

In a table a row is what falls due in one period: principal, interest or fee, balance after it.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.loans import (
    Effect,
    Instalment,
    Loan,
    Method,
    Prepayment,
    effective_annual_rate,
    per_period,
    schedule,
    total_interest,
)
from bill_reminders.domain.money import Money
from tests.support.examples import examples

EQUAL_INSTALMENT = Method.EQUAL_INSTALMENT
EQUAL_PRINCIPAL = Method.EQUAL_PRINCIPAL
INTEREST_ONLY = Method.INTEREST_ONLY
FLAT_FEE = Method.FLAT_FEE
SHORTER_TERM = Effect.SHORTER_TERM
LOWER_INSTALMENT = Effect.LOWER_INSTALMENT

Early = tuple[int, str, Effect]


def loan(
    method: Method, amount: str, rate: str | Decimal, instalments: int, *prepayments: Early
) -> Loan:
    number, currency = amount.split()
    return Loan(
        Money(Decimal(number), currency),
        Decimal(rate),
        instalments,
        method,
        tuple(Prepayment(after, Decimal(early), effect) for after, early, effect in prepayments),
    )


def table(of: Loan) -> list[str]:
    return [f"{row.principal} {row.interest} {row.balance}" for row in schedule(of)]


@pytest.mark.parametrize(
    ("of", "rows"),
    [
        pytest.param(  # 1200 x 0.01 x 1.030301 / 0.030301 = 408.0265
            loan(EQUAL_INSTALMENT, "1200 USD", "0.01", 3),
            ["396.03 12.00 803.97", "399.99 8.04 403.98", "403.98 4.04 0.00"],
            id="equal instalments of 408.03, the last of 408.02",
        ),
        pytest.param(
            loan(EQUAL_PRINCIPAL, "1000 EUR", "0.01", 3),
            ["333.33 10.00 666.67", "333.33 6.67 333.34", "333.34 3.33 0.00"],
            id="equal parts of the principal",
        ),
        pytest.param(
            loan(INTEREST_ONLY, "1000 CNY", "0.005", 3),
            ["0.00 5.00 1000.00", "0.00 5.00 1000.00", "1000.00 5.00 0.00"],
            id="interest only, the principal at the end",
        ),
        pytest.param(
            loan(FLAT_FEE, "1000 CNY", "0.006", 3),
            ["333.33 6.00 666.67", "333.33 6.00 333.34", "333.34 6.00 0.00"],
            id="a flat fee on the original principal",
        ),
        pytest.param(  # 100000 x 0.015 x 1.045678375 / 0.045678375 = 34338.296
            loan(EQUAL_INSTALMENT, "100000 JPY", "0.015", 3),
            ["32838 1500 67162", "33331 1007 33831", "33831 507 0"],
            id="yen have no decimals",
        ),
        pytest.param(
            loan(EQUAL_PRINCIPAL, "10000 KRW", "0.01", 3),
            ["3333 100 6667", "3333 67 3334", "3334 33 0"],
            id="won have no decimals",
        ),
        pytest.param(  # 100 x 0.01 x 1.0201 / 0.0201 = 50.75124
            loan(EQUAL_INSTALMENT, "100 KWD", "0.01", 2),
            ["49.751 1.000 50.249", "50.249 0.502 0.000"],
            id="Kuwaiti dinars have three decimals",
        ),
        pytest.param(
            loan(EQUAL_INSTALMENT, "100 USD", "0", 3),
            ["33.33 0.00 66.67", "33.33 0.00 33.34", "33.34 0.00 0.00"],
            id="no interest",
        ),
        pytest.param(
            loan(EQUAL_INSTALMENT, "100 USD", "0.015", 1),
            ["100.00 1.50 0.00"],
            id="a single instalment",
        ),
        pytest.param(  # 0.05 x 0.5 x 2.25 / 1.25 = 0.045; 0.05 x 0.5 = 0.025; 0.03 x 0.5 = 0.015
            loan(EQUAL_INSTALMENT, "0.05 USD", "0.5", 2),
            ["0.02 0.03 0.03", "0.03 0.02 0.00"],
            id="halves go up",
        ),
        pytest.param(  # a third of 0.01 is exactly a twelfth of 4%, and of 1.50 half a cent
            loan(INTEREST_ONLY, "1.50 USD", per_period(Decimal("0.04"), 12), 1),
            ["1.50 0.01 0.00"],
            id="halves go up though a twelfth of the yearly rate has no end",
        ),
    ],
)
def test_a_schedule_worked_out_by_hand(of: Loan, rows: list[str]) -> None:
    assert table(of) == rows


def test_an_instalment_has_its_number_and_its_total() -> None:
    rows = schedule(loan(EQUAL_INSTALMENT, "1200 USD", "0.01", 3))
    assert [(row.number, row.total) for row in rows] == [
        (1, Decimal("408.03")),
        (2, Decimal("408.03")),
        (3, Decimal("408.02")),
    ]


def test_a_mortgage_of_thirty_years() -> None:
    """200,000 at 6%: the 1,199.10 a month of every textbook."""
    rows = schedule(loan(EQUAL_INSTALMENT, "200000 USD", per_period(Decimal("0.06"), 12), 360))
    assert {row.total for row in rows[:-1]} == {Decimal("1199.10")}
    assert rows[-1].number == 360


def test_total_interest_is_what_the_credit_costs() -> None:
    of = loan(FLAT_FEE, "1000 CNY", "0.006", 3)
    assert total_interest(schedule(of)) == Decimal("18.00")


@pytest.mark.parametrize(
    ("of", "rows"),
    [
        pytest.param(
            loan(EQUAL_INSTALMENT, "1200 USD", "0.01", 3, (1, "403.97", SHORTER_TERM)),
            ["396.03 12.00 400.00", "400.00 4.00 0.00"],
            id="equal instalments, shorter",
        ),
        pytest.param(  # 400 x 0.01 x 1.0201 / 0.0201 = 203.005
            loan(EQUAL_INSTALMENT, "1200 USD", "0.01", 3, (1, "403.97", LOWER_INSTALMENT)),
            ["396.03 12.00 400.00", "199.00 4.00 201.00", "201.00 2.01 0.00"],
            id="equal instalments, lower",
        ),
        pytest.param(
            loan(EQUAL_PRINCIPAL, "1200 USD", "0.01", 6, (2, "400", SHORTER_TERM)),
            [
                "200.00 12.00 1000.00",
                "200.00 10.00 400.00",
                "200.00 4.00 200.00",
                "200.00 2.00 0.00",
            ],
            id="equal principal, shorter",
        ),
        pytest.param(
            loan(EQUAL_PRINCIPAL, "1200 USD", "0.01", 6, (4, "200", LOWER_INSTALMENT)),
            [
                "200.00 12.00 1000.00",
                "200.00 10.00 800.00",
                "200.00 8.00 600.00",
                "200.00 6.00 200.00",
                "100.00 2.00 100.00",
                "100.00 1.00 0.00",
            ],
            id="equal principal, lower",
        ),
        pytest.param(
            loan(INTEREST_ONLY, "1000 CNY", "0.005", 3, (1, "400", LOWER_INSTALMENT)),
            ["0.00 5.00 600.00", "0.00 3.00 600.00", "600.00 3.00 0.00"],
            id="interest only, lower",
        ),
        pytest.param(
            loan(FLAT_FEE, "1200 CNY", "0.005", 4, (1, "300", SHORTER_TERM)),
            ["300.00 6.00 600.00", "300.00 6.00 300.00", "300.00 6.00 0.00"],
            id="a flat fee does not fall, it ends sooner",
        ),
        pytest.param(
            loan(FLAT_FEE, "1200 CNY", "0.005", 4, (2, "300", LOWER_INSTALMENT)),
            ["300.00 6.00 900.00", "300.00 6.00 300.00", "150.00 6.00 150.00", "150.00 6.00 0.00"],
            id="a flat fee does not fall with the instalment",
        ),
        pytest.param(
            loan(EQUAL_PRINCIPAL, "1200 USD", "0.01", 4, (0, "400", LOWER_INSTALMENT)),
            ["200.00 8.00 600.00", "200.00 6.00 400.00", "200.00 4.00 200.00", "200.00 2.00 0.00"],
            id="before the first instalment",
        ),
        pytest.param(
            loan(
                EQUAL_PRINCIPAL,
                "1200 USD",
                "0",
                6,
                (1, "300", SHORTER_TERM),  # 700 left: 4 more, to number 5
                (2, "200", LOWER_INSTALMENT),  # 300 left over 3
            ),
            [
                "200.00 0.00 700.00",
                "200.00 0.00 300.00",
                "100.00 0.00 200.00",
                "100.00 0.00 100.00",
                "100.00 0.00 0.00",
            ],
            id="a lower instalment after a shorter term does not bring the old term back",
        ),
        pytest.param(
            loan(
                EQUAL_PRINCIPAL,
                "1200 USD",
                "0",
                4,
                (1, "300", LOWER_INSTALMENT),
                (1, "300", LOWER_INSTALMENT),
            ),
            ["300.00 0.00 300.00", "100.00 0.00 200.00", "100.00 0.00 100.00", "100.00 0.00 0.00"],
            id="two after the same instalment",
        ),
        pytest.param(
            loan(EQUAL_INSTALMENT, "1200 USD", "0.01", 3, (1, "803.97", LOWER_INSTALMENT)),
            ["396.03 12.00 0.00"],
            id="all that is owed ends the loan",
        ),
        pytest.param(
            loan(EQUAL_INSTALMENT, "1200 USD", "0.01", 3, (0, "1200", SHORTER_TERM)),
            [],
            id="paid off before the first instalment",
        ),
        pytest.param(  # 1000 / 12 is 83.33 and 0.04 for the last
            loan(FLAT_FEE, "1000 CNY", "0.006", 12, (1, "749.97", SHORTER_TERM)),
            ["83.33 6.00 166.70", "83.33 6.00 83.37", "83.37 6.00 0.00"],
            id="four fen are not worth one more fee",
        ),
        pytest.param(
            loan(FLAT_FEE, "1000 CNY", "0.006", 12, (1, "833.28", SHORTER_TERM)),
            ["83.33 6.00 83.39", "83.39 6.00 0.00"],
            id="nor are six, half a fen for each of twelve",
        ),
        pytest.param(  # 83.40 - 83.33 = 0.07, more than twelve half fen
            loan(FLAT_FEE, "1000 CNY", "0.006", 12, (1, "833.27", SHORTER_TERM)),
            ["83.33 6.00 83.40", "83.33 6.00 0.07", "0.07 6.00 0.00"],
            id="seven fen are more than rounding leaves",
        ),
        pytest.param(  # the rest is at most half an instalment, not 10 x 0.005
            loan(EQUAL_PRINCIPAL, "0.10 USD", "0", 10, (5, "0.02", SHORTER_TERM)),
            [f"0.01 0.00 0.0{cents}" for cents in (9, 8, 7, 6, 3, 2, 1, 0)],
            id="instalments of one cent do not grow",
        ),
    ],
)
def test_a_prepayment_worked_out_by_hand(of: Loan, rows: list[str]) -> None:
    assert table(of) == rows


@pytest.mark.parametrize(
    ("of", "rows"),
    [
        pytest.param(
            loan(EQUAL_PRINCIPAL, "2 JPY", "0", 3), [(1, 1, 0), (2, 0, 0)], id="rounded up"
        ),
        pytest.param(  # 11 / 7 is rounded to 2: five times, and 1
            loan(EQUAL_PRINCIPAL, "11 JPY", "0", 7),
            [(1, 9, 0), (2, 7, 0), (3, 5, 0), (4, 3, 0), (5, 1, 0), (6, 0, 0)],
            id="rounded up, with less for the last",
        ),
        pytest.param(loan(EQUAL_INSTALMENT, "1 JPY", "0", 3), [(3, 0, 0)], id="rounded down"),
        pytest.param(loan(INTEREST_ONLY, "9 JPY", "0.01", 3), [(3, 0, 0)], id="interest of zero"),
        pytest.param(
            loan(FLAT_FEE, "1 JPY", "0.5", 3), [(1, 1, 1), (2, 1, 1), (3, 0, 1)], id="a fee alone"
        ),
        pytest.param(
            loan(EQUAL_INSTALMENT, "1 JPY", "0", 3, (1, "1", SHORTER_TERM)), [], id="never reached"
        ),
    ],
)
def test_an_instalment_of_zero_is_left_out_and_the_others_keep_their_numbers(
    of: Loan, rows: list[tuple[int, int, int]]
) -> None:
    """The rows here are number, balance and interest."""
    assert [(row.number, int(row.balance), int(row.interest)) for row in schedule(of)] == rows


@pytest.mark.parametrize(
    ("of", "periods_a_year", "rate"),
    [
        # 60/(1+r) + 60/(1+r)^2 = 100: r = 120 / (root(27600) - 60) - 1
        pytest.param(loan(FLAT_FEE, "100 USD", "0.1", 2), 1, "0.130662386292", id="two by hand"),
        pytest.param(loan(FLAT_FEE, "100 USD", "0.01", 1), 12, "0.126825030132", id="1.01^12"),
        pytest.param(
            loan(INTEREST_ONLY, "1000 CNY", "0.005", 3), 12, "0.0616778118645", id="1.005^12"
        ),
        # 110 after one period: the fee of the second is saved
        pytest.param(
            loan(FLAT_FEE, "100 USD", "0.1", 2, (1, "50", SHORTER_TERM)), 1, "0.1", id="paid off"
        ),
        pytest.param(
            loan(INTEREST_ONLY, "100 USD", "0.1", 2, (1, "40", LOWER_INSTALMENT)),
            2,
            "0.21",
            id="interest costs the same whenever it is paid back",
        ),
        # 80 owed from the start and 120 paid after one period
        pytest.param(
            loan(FLAT_FEE, "100 USD", "0.2", 1, (0, "20", LOWER_INSTALMENT)),
            1,
            "0.25",
            id="at once",
        ),
        pytest.param(loan(FLAT_FEE, "100 USD", "0", 12), 12, "0", id="free"),
        pytest.param(
            loan(FLAT_FEE, "100 USD", "0.1", 2, (0, "100", SHORTER_TERM)), 1, "0", id="never used"
        ),
    ],
)
def test_the_true_annual_rate_worked_out_by_hand(of: Loan, periods_a_year: int, rate: str) -> None:
    assert effective_annual_rate(of, periods_a_year) == Decimal(rate)


def test_a_flat_fee_of_seven_percent_is_truly_thirteen() -> None:
    """12 x 0.6% looks like 7.2% a year, and costs nearly twice that."""
    true = effective_annual_rate(loan(FLAT_FEE, "12000 CNY", "0.006", 12), 12)
    assert Decimal("0.138") < true < Decimal("0.139")


@pytest.mark.parametrize(
    ("annual", "periods", "rate"),
    [
        ("0.06", 12, "0.005"),
        ("0.04", 12, "0.003333333333333333333333333333"),
        ("0.365", 365, "0.001"),
        ("0", 1, "0"),
    ],
)
def test_a_yearly_rate_is_divided_by_the_periods(annual: str, periods: int, rate: str) -> None:
    assert per_period(Decimal(annual), periods) == Decimal(rate)


GOOD = loan(EQUAL_PRINCIPAL, "1200 USD", "0.01", 6)


@pytest.mark.parametrize(
    ("field", "remedy", "change"),
    [
        ("principal", "write the amount", {"principal": Money(Decimal(0), "USD")}),
        ("principal", "write the amount", {"principal": Money(Decimal("-0.01"), "USD")}),
        ("principal", "write the amount", {"principal": Money(Decimal("NaN"), "USD")}),
        ("principal", "write at most 15", {"principal": Money(Decimal("1e15"), "USD")}),
        ("principal", "USD has 2", {"principal": Money(Decimal("1.005"), "USD")}),
        ("principal", "JPY has 0", {"principal": Money(Decimal("1.5"), "JPY")}),
        ("principal", "KWD has 3", {"principal": Money(Decimal("0.0005"), "KWD")}),
        ("rate", "write 0.005 for 0.5%", {"rate": Decimal("-0.001")}),
        ("rate", "write 0.005 for 0.5%", {"rate": Decimal("1.001")}),
        ("rate", "write 0.005 for 0.5%", {"rate": Decimal("Infinity")}),
        ("instalments", "1 to 1200", {"instalments": 0}),
        ("instalments", "1 to 1200", {"instalments": 1201}),
        (
            "prepayments",
            "list them",
            {
                "prepayments": (
                    Prepayment(2, Decimal(1), SHORTER_TERM),
                    Prepayment(1, Decimal(1), SHORTER_TERM),
                )
            },
        ),
        (
            "prepayments",
            "USD has 2",
            {"prepayments": (Prepayment(1, Decimal("0.001"), SHORTER_TERM),)},
        ),
        (
            "prepayments",
            "choose lower_instalment",
            {
                "method": INTEREST_ONLY,
                "prepayments": (Prepayment(1, Decimal(1), SHORTER_TERM),),
            },
        ),
    ],
)
def test_a_loan_that_cannot_be_is_refused_with_the_remedy(
    field: str, remedy: str, change: dict[str, object]
) -> None:
    with pytest.raises(InvalidValue, match=remedy) as refused:
        replace(GOOD, **change)  # type: ignore[arg-type]
    assert refused.value.field == field


@pytest.mark.parametrize(
    "prepayments",
    [
        pytest.param([(1, "1000.01", LOWER_INSTALMENT)], id="more than the balance"),
        pytest.param([(6, "0.01", LOWER_INSTALMENT)], id="after the last instalment"),
        pytest.param(
            [(1, "600", SHORTER_TERM), (3, "0.01", SHORTER_TERM)], id="after the new last"
        ),
        pytest.param(
            [(1, "1000", SHORTER_TERM), (1, "0.01", SHORTER_TERM)], id="after the balance"
        ),
        pytest.param([(9, "0.01", LOWER_INSTALMENT)], id="after the term"),
    ],
)
def test_a_prepayment_of_what_is_not_owed_is_refused(prepayments: list[Early]) -> None:
    of = loan(EQUAL_PRINCIPAL, "1200 USD", "0.01", 6, *prepayments)
    with pytest.raises(InvalidValue, match=r"lower it, or leave it out") as refused:
        schedule(of)
    assert refused.value.field == "prepayments"
    assert prepayments[-1][1] not in str(refused.value)


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "Infinity"])
def test_a_prepayment_of_nothing_is_refused(amount: str) -> None:
    with pytest.raises(InvalidValue, match="above zero") as refused:
        Prepayment(1, Decimal(amount), SHORTER_TERM)
    assert refused.value.field == "amount"


def test_a_prepayment_before_the_loan_is_refused() -> None:
    with pytest.raises(InvalidValue, match="how many instalments") as refused:
        Prepayment(-1, Decimal(1), SHORTER_TERM)
    assert refused.value.field == "after"


@pytest.mark.parametrize("periods", [0, -12, 367])
def test_a_year_without_sensible_periods_is_refused(periods: int) -> None:
    with pytest.raises(InvalidValue, match="12 for months"):
        per_period(Decimal("0.06"), periods)
    with pytest.raises(InvalidValue, match="12 for months"):
        effective_annual_rate(GOOD, periods)


@pytest.mark.parametrize("rate", ["-0.01", "NaN"])
def test_a_yearly_rate_below_zero_is_refused(rate: str) -> None:
    with pytest.raises(InvalidValue, match=r"write 0\.06") as refused:
        per_period(Decimal(rate), 12)
    assert refused.value.field == "annual_rate"


def test_the_largest_loan_is_exact_whatever_the_callers_precision() -> None:
    of = loan(FLAT_FEE, "999999999999999.99 USD", "1", 1200)
    rate = effective_annual_rate(of, 12)
    with localcontext(prec=3):
        rows = schedule(of)
        assert effective_annual_rate(of, 12) == rate
    assert sum(row.principal for row in rows) == of.principal.amount
    assert rows[-1].interest == of.principal.amount


# What holds for every loan.

DECIMALS = {"JPY": 0, "KRW": 0, "CNY": 2, "USD": 2, "KWD": 3}
property_of_loans = examples(30)


@st.composite
def loans(draw: st.DrawFn, *, prepaid: bool = True) -> tuple[Loan, Fraction]:
    """A loan, and its exact rate per period: twelfths of a percentage, most without an end."""
    currency = draw(st.sampled_from(sorted(DECIMALS)))
    minor_units = draw(st.integers(1, 200) | st.integers(1, 10**9))
    annual = draw(st.just(0) | st.integers(1, 4000))
    of = Loan(
        Money(Decimal(minor_units).scaleb(-DECIMALS[currency]), currency),
        per_period(Decimal(annual) / 10_000, 12),
        draw(st.integers(1, 40)),
        draw(st.sampled_from(Method)),
    )
    effects = [LOWER_INSTALMENT] if of.method is INTEREST_ONLY else list(Effect)
    for _ in range(draw(st.integers(0, 3)) if prepaid else 0):
        earliest = max((prepayment.after for prepayment in of.prepayments), default=0)
        owed = [(row.number, row.balance) for row in schedule(of) if row.balance]
        possible = [(after, balance) for after, balance in owed if after >= earliest]
        if possible:
            after, balance = draw(st.sampled_from(possible))
            amount = draw(st.integers(1, int(balance.scaleb(DECIMALS[currency]))))
            early = Prepayment(
                after,
                Decimal(amount).scaleb(-DECIMALS[currency]),
                draw(st.sampled_from(effects)),
            )
            of = replace(of, prepayments=(*of.prepayments, early))
    return of, Fraction(annual, 120_000)


def steps(of: Loan) -> Iterator[tuple[Decimal, Instalment]]:
    """Each instalment with the balance before it."""
    balance = of.principal.amount
    for row in schedule(of):
        yield balance, row
        balance = row.balance


@property_of_loans
@given(loans())
def test_the_parts_of_the_principal_and_the_prepayments_are_the_principal(
    drawn: tuple[Loan, Fraction],
) -> None:
    of, _ = drawn
    early = sum((prepayment.amount for prepayment in of.prepayments), Decimal(0))
    assert sum((row.principal for row in schedule(of)), early) == of.principal.amount


@property_of_loans
@given(loans())
def test_a_balance_only_falls_and_ends_at_zero(drawn: tuple[Loan, Fraction]) -> None:
    of, _ = drawn
    rows = schedule(of)
    for (before, row), following in zip(steps(of), (*rows[1:], None), strict=True):
        until = following.number if following else of.instalments + 1
        early = [p.amount for p in of.prepayments if row.number <= p.after < until]
        assert row.balance == before - row.principal - sum(early)
        assert 0 <= row.balance <= before
        assert row.principal >= 0
    assert rows[-1].balance == 0


@property_of_loans
@given(loans())
def test_every_amount_is_whole_minor_units_and_no_instalment_is_zero(
    drawn: tuple[Loan, Fraction],
) -> None:
    of, _ = drawn
    places = DECIMALS[of.principal.currency]
    for row in schedule(of):
        for amount in (row.principal, row.interest, row.balance):
            assert amount.as_tuple().exponent == -places
        assert row.total > 0


@property_of_loans
@given(loans())
def test_interest_is_the_balance_times_the_rate_rounded_half_up(
    drawn: tuple[Loan, Fraction],
) -> None:
    of, rate = drawn
    scale = 10 ** DECIMALS[of.principal.currency]
    for before, row in steps(of):
        base = of.principal.amount if of.method is FLAT_FEE else before
        assert row.interest * scale == floor(Fraction(base) * scale * rate + Fraction(1, 2))


@property_of_loans
@given(loans())
def test_numbers_rise_and_never_pass_the_term(drawn: tuple[Loan, Fraction]) -> None:
    of, _ = drawn
    numbers = [0, *(row.number for row in schedule(of)), of.instalments + 1]
    assert all(earlier < later for earlier, later in pairwise(numbers))


@property_of_loans
@given(loans(prepaid=False))
def test_all_instalments_but_the_last_are_equal(drawn: tuple[Loan, Fraction]) -> None:
    of, _ = drawn
    rows = schedule(of)[:-1]
    level = [row.total if of.method is EQUAL_INSTALMENT else row.principal for row in rows]
    assert len(set(level)) <= 1


@property_of_loans
@given(loans(prepaid=False), st.data())
def test_a_shorter_term_keeps_the_amount_and_the_earlier_instalments(
    drawn: tuple[Loan, Fraction], data: st.DataObject
) -> None:
    of, _ = drawn
    rows = schedule(of)
    if of.method is INTEREST_ONLY or len(rows) < 2:
        return
    at = data.draw(st.integers(0, len(rows) - 2))
    places = DECIMALS[of.principal.currency]
    amount = data.draw(st.integers(1, int(rows[at].balance.scaleb(places))))
    early = Prepayment(rows[at].number, Decimal(amount).scaleb(-places), SHORTER_TERM)
    shorter = schedule(replace(of, prepayments=(early,)))

    def level(row: Instalment) -> Decimal:
        return row.total if of.method is EQUAL_INSTALMENT else row.principal

    assert shorter[:at] == rows[:at]
    assert {level(row) for row in shorter[at:-1]} <= {level(rows[0])}
    assert shorter[-1].number <= rows[-1].number
    assert total_interest(shorter) <= total_interest(rows)


@property_of_loans
@given(loans(prepaid=False))
def test_a_flat_fee_always_costs_more_than_the_same_rate_on_the_balance(
    drawn: tuple[Loan, Fraction],
) -> None:
    of, _ = drawn
    flat = replace(of, method=FLAT_FEE)
    interest = replace(of, method=EQUAL_PRINCIPAL)
    assert effective_annual_rate(flat, 12) >= effective_annual_rate(interest, 12)

"""Loans whose rate changes: what was paid stays, what is left is computed anew.

In a table a row is what falls due in one period: principal, interest or fee, balance after it.
"""

from dataclasses import replace
from decimal import Decimal

import pytest

from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.loans import (
    Effect,
    Loan,
    Method,
    Prepayment,
    RateChange,
    effective_annual_rate,
    need_covered,
    per_period,
    schedule,
)
from bill_reminders.domain.money import Money

EQUAL_INSTALMENT = Method.EQUAL_INSTALMENT
EQUAL_PRINCIPAL = Method.EQUAL_PRINCIPAL
INTEREST_ONLY = Method.INTEREST_ONLY
FLAT_FEE = Method.FLAT_FEE


def monthly(percent: str) -> Decimal:
    return per_period(Decimal(percent) / 100, 12)


MORTGAGE = Loan(Money(Decimal("1000000.00"), "CNY"), monthly("4.2"), 360, EQUAL_INSTALMENT)


def changed(of: Loan, *changes: tuple[int, str]) -> Loan:
    """`of` with rates per period, each by the instalment after which it holds."""
    several = tuple(RateChange(after, Decimal(rate)) for after, rate in changes)
    return replace(of, rate_changes=several)


def loan(
    method: Method, amount: str, rate: str, instalments: int, *changes: tuple[int, str]
) -> Loan:
    number, currency = amount.split()
    of = Loan(Money(Decimal(number), currency), Decimal(rate), instalments, method)
    return changed(of, *changes)


def table(of: Loan) -> list[str]:
    return [f"{row.principal} {row.interest} {row.balance}" for row in schedule(of)]


@pytest.mark.parametrize(("percent", "rest"), [("4.5", "5065.74"), ("3.5", "4492.93")])
def test_a_mortgage_whose_rate_changes_after_three_instalments(percent: str, rest: str) -> None:
    before = schedule(MORTGAGE)
    assert (before[0].total, before[2].balance) == (Decimal("4890.17"), Decimal("995814.87"))
    after = schedule(replace(MORTGAGE, rate_changes=(RateChange(3, monthly(percent)),)))
    assert after[:3] == before[:3]
    assert {row.total for row in after[3:-1]} == {Decimal(rest)}
    assert (len(after), after[-1].number, after[-1].balance) == (360, 360, 0)


@pytest.mark.parametrize(
    ("of", "rows"),
    [
        pytest.param(  # 803.97 x 0.02 x 1.0404 / 0.0404 = 414.0843
            loan(EQUAL_INSTALMENT, "1200 USD", "0.01", 3, (1, "0.02")),
            ["396.03 12.00 803.97", "398.00 16.08 405.97", "405.97 8.12 0.00"],
            id="equal instalments are computed anew from what is left",
        ),
        pytest.param(
            loan(EQUAL_PRINCIPAL, "1000 EUR", "0.01", 3, (1, "0.03")),
            ["333.33 10.00 666.67", "333.33 20.00 333.34", "333.34 10.00 0.00"],
            id="equal parts of the principal stay, with other interest",
        ),
        pytest.param(
            loan(INTEREST_ONLY, "1000 CNY", "0.005", 3, (2, "0.004")),
            ["0.00 5.00 1000.00", "0.00 5.00 1000.00", "1000.00 4.00 0.00"],
            id="interest alone is other interest",
        ),
        pytest.param(
            loan(FLAT_FEE, "1000 CNY", "0.006", 3, (1, "0.005")),
            ["333.33 6.00 666.67", "333.33 5.00 333.34", "333.34 5.00 0.00"],
            id="a flat fee is the new part of the original principal",
        ),
        pytest.param(
            loan(EQUAL_INSTALMENT, "1200 USD", "0.02", 3, (0, "0.01")),
            table(loan(EQUAL_INSTALMENT, "1200 USD", "0.01", 3)),
            id="before the first instalment it is as if it had always been so",
        ),
        pytest.param(  # 1000 x 0.01 x 1.030301 / 0.030301 = 340.02, then 669.98 / 2, then 0.02
            loan(EQUAL_INSTALMENT, "1000 USD", "0.01", 3, (1, "0"), (2, "0.02")),
            ["330.02 10.00 669.98", "334.99 0.00 334.99", "334.99 6.70 0.00"],
            id="twice, once to no interest",
        ),
        pytest.param(
            loan(EQUAL_INSTALMENT, "1000 USD", "0", 3, (2, "0.02")),
            ["333.33 0.00 666.67", "333.33 0.00 333.34", "333.34 6.67 0.00"],
            id="the last instalment alone",
        ),
    ],
)
def test_a_change_of_the_rate_worked_out_by_hand(of: Loan, rows: list[str]) -> None:
    assert table(of) == rows


def test_a_prepayment_after_the_same_instalment_comes_before_the_change() -> None:
    """The bank computes the new instalment from what is left after it."""
    early = Prepayment(1, Decimal("403.97"), Effect.LOWER_INSTALMENT)
    of = replace(loan(EQUAL_INSTALMENT, "1200 USD", "0.01", 3, (1, "0.02")), prepayments=(early,))
    # 400 x 0.02 x 1.0404 / 0.0404 = 206.0198
    assert table(of) == ["396.03 12.00 400.00", "198.02 8.00 201.98", "201.98 4.04 0.00"]
    shorter = replace(of, prepayments=(replace(early, effect=Effect.SHORTER_TERM),))
    assert table(shorter) == ["396.03 12.00 400.00", "400.00 8.00 0.00"]


def test_a_change_that_a_prepayment_leaves_behind_changes_nothing() -> None:
    of = loan(EQUAL_INSTALMENT, "1200 USD", "0.01", 3, (2, "0.02"))
    gone = replace(of, prepayments=(Prepayment(1, Decimal("803.97"), Effect.SHORTER_TERM),))
    assert table(gone) == ["396.03 12.00 0.00"]


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ([(2, "0.02"), (1, "0.01")], "list each once"),
        ([(2, "0.02"), (2, "0.01")], "list each once"),
        ([(3, "0.02")], "fewer than there are"),
        ([(-1, "0.02")], "how many instalments"),
        ([(1, "-0.01")], "write 0.005"),
        ([(1, "1.01")], "write 0.005"),
        ([(1, "NaN")], "write 0.005"),
    ],
)
def test_a_change_of_the_rate_that_cannot_be_is_refused_with_the_remedy(
    changes: list[tuple[int, str]], remedy: str
) -> None:
    with pytest.raises(InvalidValue, match=remedy) as refused:
        loan(EQUAL_INSTALMENT, "1200 USD", "0.01", 3, *changes)
    assert refused.value.field == "rate_changes"


def test_a_rate_may_change_a_hundred_and_twenty_times() -> None:
    changes = [(after, "0.01") for after in range(121)]
    assert len(schedule(changed(MORTGAGE, *changes[:120]))) == 360
    with pytest.raises(InvalidValue, match="at most 120") as refused:
        changed(MORTGAGE, *changes)
    assert refused.value.field == "rate_changes"


# The lender's own instalment ----------------------------------------------------------------------

CAR = Loan(Money(Decimal("1200"), "USD"), Decimal("0.01"), 3, EQUAL_INSTALMENT)


def stated(of: Loan, instalment: str) -> Loan:
    return replace(of, stated_instalment=Decimal(instalment))


@pytest.mark.parametrize(
    ("of", "rows"),
    [
        pytest.param(  # 408.03 by the formula
            stated(CAR, "408.02"),
            ["396.02 12.00 803.98", "399.98 8.04 404.00", "404.00 4.04 0.00"],
            id="a cent below",
        ),
        pytest.param(
            stated(CAR, "12"),
            ["0.00 12.00 1200.00", "0.00 12.00 1200.00", "1200.00 12.00 0.00"],
            id="no more than the interest",
        ),
        pytest.param(
            stated(replace(CAR, method=FLAT_FEE), "412.50"),
            ["400.50 12.00 799.50", "400.50 12.00 399.00", "399.00 12.00 0.00"],
            id="with a flat fee",
        ),
        pytest.param(  # 803.98 x 0.02 x 1.0404 / 0.0404 = 414.0895
            stated(changed(CAR, (1, "0.02")), "408.02"),
            ["396.02 12.00 803.98", "398.01 16.08 405.97", "405.97 8.12 0.00"],
            id="until the rate changes",
        ),
        pytest.param(
            replace(
                stated(CAR, "408.02"),
                rate_changes=(RateChange(1, Decimal("0.02"), Decimal("414.00")),),
            ),
            ["396.02 12.00 803.98", "397.92 16.08 406.06", "406.06 8.12 0.00"],
            id="the change states its own",
        ),
        pytest.param(  # the part of the principal stays
            stated(changed(replace(CAR, method=FLAT_FEE), (1, "0.02")), "412.50"),
            ["400.50 12.00 799.50", "400.50 24.00 399.00", "399.00 24.00 0.00"],
            id="another flat fee",
        ),
        pytest.param(  # 400 x 0.01 x 1.0201 / 0.0201 = 203.005
            replace(
                stated(CAR, "408.02"),
                prepayments=(Prepayment(1, Decimal("403.98"), Effect.LOWER_INSTALMENT),),
            ),
            ["396.02 12.00 400.00", "199.00 4.00 201.00", "201.00 2.01 0.00"],
            id="until a prepayment lowers it",
        ),
        pytest.param(
            replace(
                stated(CAR, "408.02"),
                prepayments=(Prepayment(1, Decimal("403.98"), Effect.LOWER_INSTALMENT),),
                rate_changes=(RateChange(1, Decimal("0.01"), Decimal("202.99")),),
            ),
            ["396.02 12.00 400.00", "198.99 4.00 201.01", "201.01 2.01 0.00"],
            id="one that is stated after a prepayment, at the same rate",
        ),
        pytest.param(
            replace(
                stated(CAR, "408.02"),
                prepayments=(Prepayment(1, Decimal("403.98"), Effect.SHORTER_TERM),),
            ),
            ["396.02 12.00 400.00", "400.00 4.00 0.00"],
            id="a shorter term keeps it",
        ),
        pytest.param(
            replace(CAR, rate_changes=(RateChange(1, Decimal(0), Decimal("1000")),)),
            ["396.03 12.00 803.97", "803.97 0.00 0.00"],
            id="a larger one ends the loan sooner",
        ),
    ],
)
def test_an_instalment_that_the_lender_states_holds_for_all_but_the_last(
    of: Loan, rows: list[str]
) -> None:
    assert table(of) == rows


@pytest.mark.parametrize(
    ("method", "instalment", "remedy"),
    [
        (EQUAL_INSTALMENT, "0", "what the lender states"),
        (EQUAL_INSTALMENT, "-1", "what the lender states"),
        (EQUAL_INSTALMENT, "NaN", "what the lender states"),
        (EQUAL_INSTALMENT, "408.025", "USD has 2"),
        (EQUAL_INSTALMENT, "11.99", "have it computed"),
        (FLAT_FEE, "11.99", "have it computed"),
        (EQUAL_PRINCIPAL, "408.02", "leave it empty"),
        (INTEREST_ONLY, "408.02", "leave it empty"),
    ],
)
def test_an_instalment_that_the_lender_cannot_state_is_refused_with_the_remedy(
    method: Method, instalment: str, remedy: str
) -> None:
    of = replace(CAR, method=method)
    with pytest.raises(InvalidValue, match=remedy) as refused:
        schedule(stated(of, instalment))
    assert refused.value.field == "stated_instalment"
    with pytest.raises(InvalidValue, match=remedy) as refused:
        need_covered(
            replace(of, rate_changes=(RateChange(0, Decimal("0.01"), Decimal(instalment)),))
        )
    assert refused.value.field.endswith("rate_changes")


# A first period of odd length ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("of", "days", "rows"),
    [
        pytest.param(  # 1200 x 0.01 x 46 / 30
            CAR,
            46,
            ["396.03 18.40 803.97", "399.99 8.04 403.98", "403.98 4.04 0.00"],
            id="longer",
        ),
        pytest.param(
            CAR, 1, ["396.03 0.40 803.97", "399.99 8.04 403.98", "403.98 4.04 0.00"], id="shorter"
        ),
        pytest.param(CAR, 30, table(CAR), id="regular"),
        pytest.param(
            replace(CAR, method=EQUAL_PRINCIPAL, period_days=90),
            46,
            ["400.00 6.13 800.00", "400.00 8.00 400.00", "400.00 4.00 0.00"],
            id="equal principal, by the quarter",
        ),
        pytest.param(
            replace(CAR, method=INTEREST_ONLY),
            46,
            ["0.00 18.40 1200.00", "0.00 12.00 1200.00", "1200.00 12.00 0.00"],
            id="interest alone",
        ),
        pytest.param(
            stated(CAR, "408.02"),
            46,
            ["396.02 18.40 803.98", "399.98 8.04 404.00", "404.00 4.04 0.00"],
            id="beside the lender's instalment",
        ),
        pytest.param(
            changed(CAR, (0, "0.02")),
            15,
            ["392.11 12.00 807.89", "399.95 16.16 407.94", "407.94 8.16 0.00"],
            id="at the rate that holds then",
        ),
        pytest.param(
            replace(CAR, prepayments=(Prepayment(0, Decimal(300), Effect.SHORTER_TERM),)),
            46,
            ["399.03 13.80 500.97", "403.02 5.01 97.95", "97.95 0.98 0.00"],
            id="on what is left of a prepayment before it",
        ),
        pytest.param(replace(CAR, instalments=1), 46, ["1200.00 18.40 0.00"], id="the only one"),
    ],
)
def test_a_first_period_pays_interest_for_its_days_alone(
    of: Loan, days: int, rows: list[str]
) -> None:
    assert table(replace(of, first_period_days=days)) == rows


@pytest.mark.parametrize(
    ("method", "days", "remedy"),
    [
        (EQUAL_INSTALMENT, 0, "1 to 999"),
        (EQUAL_INSTALMENT, 1000, "1 to 999"),
        (FLAT_FEE, 46, "leave it empty"),
    ],
)
def test_a_first_period_that_cannot_be_is_refused_with_the_remedy(
    method: Method, days: int, remedy: str
) -> None:
    with pytest.raises(InvalidValue, match=remedy) as refused:
        replace(CAR, method=method, first_period_days=days)
    assert refused.value.field == "first_period_days"


@pytest.mark.parametrize(("days", "rate"), [(30, "0.21"), (15, "0.21"), (60, "0.21")])
def test_interest_for_odd_days_is_nearly_what_the_true_rate_is(days: int, rate: str) -> None:
    """Simple interest for half a period is a little more than the compounded one, for two less."""
    of = replace(CAR, rate=Decimal("0.1"), method=INTEREST_ONLY, first_period_days=days)
    found = effective_annual_rate(of, 2)
    assert abs(found - Decimal(rate)) < Decimal("0.01")
    assert (found > Decimal(rate), found < Decimal(rate)) == (days < 30, days > 30)

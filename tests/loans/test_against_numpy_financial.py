"""5,000 random loans against numpy-financial: every instalment, and every schedule as a whole.

The library computes unrounded annuities in floats; ours rounds every instalment, and what rounding
moves stays in the balance and earns interest. Two comparisons therefore, both over all loans:

- **instalment by instalment**: the library gets the balance that we owed just before it (`ipmt`),
  and the balance and term from which the amount was computed, at the start or after a prepayment
  (`pmt`). Principal, interest and total then differ by rounding alone: at most one minor unit.
- **as a whole**, where the library sees none of our figures: its own balances (`fv`), which may
  part from ours by one minor unit for each instalment and the interest on it; and the worth of our
  instalments and prepayments at the loan's rate (`npv`), which must be what was borrowed, to half a
  minor unit for each instalment.

It is independent: nothing of ours is asked but for the results, the library uses closed formulas in
binary floats where ours steps through Decimals, and it solves for an internal rate of return in its
own way. A float carries an amount of 10^9 minor units, the largest here, to about 10^-6 of one;
`FLOAT` allows for that where thousands of them are added up.
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache

import numpy as np
import numpy_financial as npf
import pytest
from numpy.typing import NDArray

from bill_reminders.domain.loans import (
    Effect,
    Instalment,
    Loan,
    Method,
    Prepayment,
    effective_annual_rate,
    per_period,
    schedule,
)
from bill_reminders.domain.money import Money

LOANS = 5_000
DECIMALS = {"CNY": 2, "USD": 2, "EUR": 2, "JPY": 0, "KRW": 0, "KWD": 3}
TERMS = [1, 2, 3, 6, 12, 24, 36, 60, 120, 240, 360]
FLOAT = 1e-3  # of a minor unit

Floats = NDArray[np.float64]
Row = tuple[Loan, tuple[Instalment, ...]]


@cache
def loans() -> Sequence[Row]:
    """The loans with our schedules, the same at every run: a third has a prepayment, a tenth no
    interest."""
    chance = random.Random(20270301)
    rows: list[Row] = []
    for number in range(LOANS):
        currency = chance.choice(list(DECIMALS))
        minor_units = round(10 ** chance.uniform(3, 9))
        annual = chance.choice([0] + 9 * [chance.randint(1, 3600)])  # hundredths of a percent
        loan = Loan(
            principal=Money(Decimal(minor_units).scaleb(-DECIMALS[currency]), currency),
            rate=per_period(Decimal(annual) / 10_000, 12),
            instalments=chance.choice(TERMS),
            method=list(Method)[number % len(Method)],
        )
        if chance.random() < 1 / 3:
            loan = replace(loan, prepayments=(_prepayment(loan, chance),))
        rows.append((loan, schedule(loan)))
    return rows


def _prepayment(loan: Loan, chance: random.Random) -> Prepayment:
    owed = {0: loan.principal.amount}
    owed |= {row.number: row.balance for row in schedule(loan) if row.balance}
    after = chance.choice(list(owed))
    scale = DECIMALS[loan.principal.currency]
    amount = max(1, int(owed[after].scaleb(scale) * Decimal(min(1, chance.uniform(0, 1.1)))))
    effect = chance.choice(list(Effect))
    if loan.method is Method.INTEREST_ONLY:
        effect = Effect.LOWER_INSTALMENT
    return Prepayment(after, Decimal(amount).scaleb(-scale), effect)


def minor_units(loan: Loan, amounts: Sequence[Decimal]) -> Floats:
    scale = DECIMALS[loan.principal.currency]
    return np.array([float(amount.scaleb(scale)) for amount in amounts])


def principal_of(loan: Loan) -> float:
    return float(minor_units(loan, [loan.principal.amount])[0])


def level_rate(loan: Loan) -> float:
    """The rate at which the level amounts of the method are an annuity: 0 for equal parts."""
    return float(loan.rate) if loan.method is Method.EQUAL_INSTALMENT else 0.0


def owed_before(loan: Loan, rows: Sequence[Instalment]) -> Floats:
    at_start = loan.principal.amount
    at_start -= sum((p.amount for p in loan.prepayments if p.after == 0), Decimal(0))
    return minor_units(loan, [at_start, *(row.balance for row in rows[:-1])])


def their_levels(loan: Loan, rows: Sequence[Instalment]) -> Floats:
    """The unrounded amount that stays equal, at each instalment."""
    levels = np.full(len(rows), -npf.pmt(level_rate(loan), loan.instalments, principal_of(loan)))
    for prepayment in loan.prepayments:
        if prepayment.effect is Effect.LOWER_INSTALMENT:
            later = np.array([row.number > prepayment.after for row in rows])
            left = loan.instalments - prepayment.after
            levels[later] = -npf.pmt(level_rate(loan), left, owed_before(loan, rows)[later][:1])
    return levels


def flows(loan: Loan, rows: Sequence[Instalment]) -> Floats:
    """What the lender pays out (negative) and gets, a figure a period."""
    values = np.zeros(max(row.number for row in rows) + 1)
    values[0] = -principal_of(loan)
    for row, total in zip(rows, minor_units(loan, [row.total for row in rows]), strict=True):
        values[row.number] += total
    for prepayment in loan.prepayments:
        values[prepayment.after] += minor_units(loan, [prepayment.amount])[0]
    return values


def test_every_instalment_is_the_librarys_to_one_minor_unit() -> None:
    compared = 0
    for loan, rows in loans():
        if not rows:  # no interest, and paid off before the first
            continue
        owed = owed_before(loan, rows)
        charged_on = owed
        if loan.method is Method.FLAT_FEE:
            charged_on = np.full(len(rows), principal_of(loan))
        interest = -npf.ipmt(float(loan.rate), 1, loan.instalments, charged_on)
        match loan.method:
            case Method.EQUAL_INSTALMENT:
                principal = their_levels(loan, rows) - interest
            case Method.EQUAL_PRINCIPAL | Method.FLAT_FEE:
                principal = their_levels(loan, rows)
            case Method.INTEREST_ONLY:
                principal = np.zeros(len(rows))
        if all(prepayment.after < rows[-1].number for prepayment in loan.prepayments):
            principal[-1] = -npf.ppmt(float(loan.rate), 1, 1, owed[-1])  # all that is left

        for ours, theirs in (
            ([row.principal for row in rows], principal),
            ([row.interest for row in rows], interest),
            ([row.total for row in rows], principal + interest),
        ):
            apart = np.abs(minor_units(loan, ours) - theirs)
            assert np.all(apart <= 1 + FLOAT), loan
        compared += len(rows)
    assert compared > 50 * LOANS


def test_every_principal_is_paid_back_exactly() -> None:
    for loan, rows in loans():
        early = sum((p.amount for p in loan.prepayments), Decimal(0))
        assert sum((row.principal for row in rows), early) == loan.principal.amount, loan


def test_no_balance_leaves_the_librarys_by_more_than_a_minor_unit_for_each_instalment() -> None:
    compared = 0
    for loan, rows in loans():
        if loan.prepayments or loan.method is Method.INTEREST_ONLY:
            continue
        rate, principal = level_rate(loan), principal_of(loan)
        numbers = np.array([row.number for row in rows])
        level = -npf.pmt(rate, loan.instalments, principal)
        theirs = npf.fv(rate, numbers, level, -principal)
        allowed = npf.fv(rate, numbers, -1.0, 0.0)  # a minor unit an instalment, with interest
        ours = minor_units(loan, [row.balance for row in rows])
        assert np.all(np.abs(ours - theirs) <= allowed + FLOAT), loan
        compared += 1
    assert compared > LOANS / 3


def test_all_that_is_paid_is_worth_the_principal_at_the_loans_rate() -> None:
    compared = 0
    for loan, rows in loans():
        if not rows or loan.method is Method.FLAT_FEE:
            continue
        worth = npf.npv(float(loan.rate), flows(loan, rows))
        assert abs(worth) <= rows[-1].number / 2 + FLOAT, loan
        compared += 1
    assert compared > LOANS / 2


def test_a_shorter_term_is_the_librarys_number_of_instalments() -> None:
    """`nper` counts in fractions: ours is the next whole number, or the one below it where only
    the rest of the rounding would be left for one more."""
    compared = 0
    for loan, rows in loans():
        if not rows or loan.method is Method.INTEREST_ONLY:
            continue
        for prepayment in loan.prepayments:
            level = -npf.pmt(level_rate(loan), loan.instalments, principal_of(loan))
            later = np.array([row.number > prepayment.after for row in rows])
            if prepayment.effect is Effect.LOWER_INSTALMENT or level < 1000 or not later.any():
                continue
            owed = owed_before(loan, rows)[later][0]
            exact = npf.nper(level_rate(loan), -round(level), owed)
            rest = loan.instalments / level  # in instalments
            left = rows[-1].number - prepayment.after
            assert exact - rest <= left < exact + 1 + rest, loan
            compared += 1
    assert compared > LOANS / 20


def test_the_true_annual_rate_is_the_librarys_internal_rate_of_return() -> None:
    compared = 0
    for loan, rows in loans():
        if not rows or not loan.rate or loan.instalments > 60:
            continue
        theirs = (1 + npf.irr(flows(loan, rows))) ** 12 - 1
        ours = effective_annual_rate(loan, 12)
        assert float(ours) == pytest.approx(theirs, rel=1e-6, abs=1e-9), loan
        compared += 1
    assert compared > LOANS / 2

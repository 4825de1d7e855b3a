"""Loans with histories, against a second implementation that shares no code with the product:
rates that change, principal paid back early, instalments that the lender states, first periods of
odd length, in currencies of no, two and three decimals.

It counts in whole minor units and exact fractions, where ours steps through Decimals. The
histories are the same at every run; LOAN_HISTORIES=20000 takes more of them than the thousand and
a half that every run takes.
"""

import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from math import floor

import numpy_financial as npf

from bill_reminders.domain.loans import (
    Effect,
    Loan,
    Method,
    Prepayment,
    RateChange,
    per_period,
    schedule,
)
from bill_reminders.domain.money import Money
from tests.support.examples import named

HISTORIES = int(os.environ.get("LOAN_HISTORIES", "1500"))
DECIMALS = {"JPY": 0, "KRW": 0, "CNY": 2, "USD": 2, "KWD": 3}
TERMS = [1, 2, 3, 7, 12, 24, 36, 60, 120, 360]
METHODS = ["equal_instalment", "equal_principal", "interest_only", "flat_fee"]
A_YEAR = 120_000  # hundredths of a percent a year in a fraction a month


@dataclass(frozen=True)
class Early:
    """Principal paid back after an instalment."""

    after: int
    amount: int
    shorter: bool


@dataclass(frozen=True)
class Changed:
    """A yearly rate in hundredths of a percent after an instalment, with the lender's own one."""

    after: int
    rate: int
    stated: int | None


@dataclass(frozen=True)
class History:
    """A loan in minor units, and what came after it was made."""

    method: str
    currency: str
    principal: int
    rate: int
    count: int
    stated: int | None = None
    days: tuple[int, int] | None = None
    early: Sequence[Early] = ()
    changed: Sequence[Changed] = ()


@dataclass(frozen=True)
class Due:
    """An instalment, and what is left once it and all that follows it is paid."""

    number: int
    principal: int
    interest: int
    left: int


# The second implementation ------------------------------------------------------------------------


def half_up(amount: Fraction) -> int:
    return floor(amount + Fraction(1, 2))


@dataclass
class Bank:
    """What a lender has in its books of one loan."""

    of: History
    left: int = field(init=False)
    rate: Fraction = field(init=False)
    ends: int = field(init=False)
    level: int = field(init=False)

    def __post_init__(self) -> None:
        self.left, self.ends = self.of.principal, self.of.count
        self.rate = Fraction(self.of.rate, A_YEAR)
        self.level = self.computed(self.ends)
        if self.of.stated is not None:
            self.agree(self.of.stated)

    def interest(self, of_period: Fraction = Fraction(1)) -> int:
        owed = self.of.principal if self.of.method == "flat_fee" else self.left
        return half_up(owed * self.rate * of_period)

    def computed(self, count: int) -> int:
        """What stays the same over `count` instalments."""
        if self.of.method == "interest_only":
            return 0
        if self.of.method != "equal_instalment" or not self.rate:
            return half_up(Fraction(self.left, count))
        return half_up(self.left * self.rate / (1 - (1 + self.rate) ** -count))

    def agree(self, stated: int) -> None:
        flat = self.of.method == "flat_fee"
        self.level = max(0, stated - self.interest()) if flat else stated

    def part(self) -> int:
        """Of the principal, in one instalment that is not the last."""
        if self.of.method == "equal_instalment":
            return max(0, self.level - self.interest())
        return self.level

    def take_early(self, early: Early, number: int) -> None:
        self.left -= early.amount
        if not early.shorter:
            self.level = self.computed(self.ends - number) if self.left else 0
            return
        kept, small, periods = self.left, Fraction(min(self.of.count, self.level), 2), 0
        while periods < self.ends - number:
            self.left -= self.part()
            periods += 1
            if self.left <= small:
                break
        self.left, self.ends = kept, number + periods

    def change(self, changed: Changed, number: int) -> None:
        self.rate = Fraction(changed.rate, A_YEAR)
        if changed.stated is not None:
            self.agree(changed.stated)
        elif self.of.method == "equal_instalment":
            self.level = self.computed(self.ends - number)

    def instalments(self) -> Iterator[Due]:
        for number in range(self.of.count):
            for early in self.of.early:
                if early.after == number:
                    self.take_early(early, number)
            if not self.left:
                return
            for changed in self.of.changed:
                if changed.after == number:
                    self.change(changed, number)
            part = min(self.left, self.left if number + 1 == self.ends else self.part())
            odd = Fraction(1) if number or self.of.days is None else Fraction(*self.of.days)
            interest = self.interest(odd)
            self.left -= part
            early_then = sum(each.amount for each in self.of.early if each.after == number + 1)
            if part or interest:
                yield Due(number + 1, part, interest, self.left - early_then)


# Histories ----------------------------------------------------------------------------------------


def a_history(chance: random.Random) -> History:
    method = chance.choice(METHODS)
    of = History(
        method,
        chance.choice(sorted(DECIMALS)),
        round(10 ** chance.uniform(1, 9)),
        chance.choice([0, *(chance.randint(1, 3600) for _ in range(9))]),
        chance.choice(TERMS),
    )
    if chance.random() < 1 / 3:
        of = replace(of, stated=near(chance, Bank(of)))
    if method != "flat_fee" and chance.random() < 1 / 3:
        of = replace(of, days=(chance.randint(1, 999), chance.choice([7, 14, 30, 90, 360])))
    after = 0
    for _ in range(chance.randint(0, 4)):
        owed = {0: of.principal - sum(each.amount for each in of.early if each.after == 0)}
        owed |= {each.number: each.left for each in Bank(of).instalments()}
        later = [number for number, left in owed.items() if left and number >= after]
        if not later:
            break
        after = chance.choice(later)
        of = with_event(of, after, owed[after], chance)
    return of


def near(chance: random.Random, bank: Bank) -> int | None:
    """What a lender may state: ours, or a little beside it, and no less than the interest."""
    if bank.of.method not in ("equal_instalment", "flat_fee"):
        return None
    fee = bank.interest() if bank.of.method == "flat_fee" else 0
    return max(1, bank.interest(), bank.level + fee + chance.randint(-3, 3))


def with_event(of: History, after: int, left: int, chance: random.Random) -> History:
    if chance.random() < 1 / 2 or any(each.after == after for each in of.changed):
        amount = max(1, round(left * chance.choice([1, chance.random(), chance.random() / 10])))
        shorter = of.method != "interest_only" and chance.random() < 1 / 2
        early = Early(after, min(amount, left), shorter)
        if early in of.early:
            return of
        return replace(of, early=[*of.early, early])
    changed = Changed(after, chance.choice([0, chance.randint(1, 3600)]), None)
    if chance.random() < 1 / 3:
        then = Bank(replace(of, rate=changed.rate, principal=left, count=of.count - after))
        if of.method == "equal_instalment":
            changed = replace(changed, stated=near(chance, then))
    return replace(of, changed=[*of.changed, changed])


@cache
def histories() -> Sequence[History]:
    chance = random.Random(20270307)
    return [a_history(chance) for _ in range(HISTORIES)]


# Ours ---------------------------------------------------------------------------------------------


def ours(of: History) -> Loan:
    def money(minor_units: int) -> Decimal:
        return Decimal(minor_units).scaleb(-DECIMALS[of.currency])

    def rate(yearly: int) -> Decimal:
        return per_period(Decimal(yearly) / 10_000, 12)

    def stated(minor_units: int | None) -> Decimal | None:
        return None if minor_units is None else money(minor_units)

    effects = {True: Effect.SHORTER_TERM, False: Effect.LOWER_INSTALMENT}
    loan = Loan(
        Money(money(of.principal), of.currency),
        rate(of.rate),
        of.count,
        Method(of.method),
        tuple(Prepayment(e.after, money(e.amount), effects[e.shorter]) for e in of.early),
        tuple(RateChange(c.after, rate(c.rate), stated(c.stated)) for c in of.changed),
        stated(of.stated),
    )
    if of.days is None:
        return loan
    return replace(loan, first_period_days=of.days[0], period_days=of.days[1])


@cache
def pairs() -> Sequence[tuple[History, Sequence[Due]]]:
    """The histories with what ours makes of them, in minor units."""
    return [(of, our_rows(of)) for of in histories()]


def our_rows(of: History) -> Sequence[Due]:
    scale = DECIMALS[of.currency]

    def minor_units(amount: Decimal) -> int:
        units = amount.scaleb(scale)
        assert units == int(units)
        return int(units)

    return [
        Due(row.number, *map(minor_units, (row.principal, row.interest, row.balance)))
        for row in schedule(ours(of))
    ]


def test_every_history_is_what_the_second_implementation_makes_of_it() -> None:
    instalments = 0
    for of, rows in pairs():
        with named(of):
            assert rows == list(Bank(of).instalments())
        instalments += len(rows)
    assert instalments > 20 * HISTORIES


def test_the_histories_hold_what_they_shall() -> None:
    known = histories()
    for method in METHODS:
        for events in ("early", "changed"):
            assert sum(each.method == method and bool(getattr(each, events)) for each in known) > 50
    for currency in DECIMALS:
        assert sum(each.currency == currency for each in known) > 100
    assert sum(each.stated is not None for each in known) > 100
    assert sum(each.days is not None for each in known) > 100
    assert sum(any(c.stated for c in each.changed) for each in known) > 20
    both = [
        each for each in known if {e.after for e in each.early} & {c.after for c in each.changed}
    ]
    assert len(both) > 20
    for shorter in (True, False):
        assert sum(any(e.shorter is shorter for e in each.early) for each in known) > 100


def test_the_principal_is_paid_back_exactly_and_no_balance_grows() -> None:
    for of, rows in pairs():
        with named(of):
            early = sum(each.amount for each in of.early)
            assert sum(row.principal for row in rows) + early == of.principal
            before = of.principal
            for row in rows:
                assert (row.principal >= 0, row.interest >= 0) == (True, True)
                assert row.principal + row.interest > 0
                assert 0 <= row.left <= before
                before = row.left
            assert [row.number for row in rows] == sorted({row.number for row in rows})
            assert not rows or (rows[-1].number <= of.count and rows[-1].left == 0)


def test_what_came_before_an_event_is_what_it_was_without_it() -> None:
    for of, rows in pairs():
        latest = max([*of.early, *of.changed], key=lambda each: each.after, default=None)
        if latest is None:
            continue
        without = replace(
            of,
            early=[each for each in of.early if each is not latest],
            changed=[each for each in of.changed if each is not latest],
        )
        with named(of):
            before = [row for row in our_rows(without) if row.number <= latest.after]
            known = [row for row in rows if row.number <= latest.after]
            assert known[:-1] == before[:-1]
            assert [(row.principal, row.interest) for row in known] == [
                (row.principal, row.interest) for row in before
            ]


def test_another_rate_leaves_the_number_of_instalments() -> None:
    """But for loans so small that rounding alone may pay them off."""
    compared = 0
    for of, rows in pairs():
        if not of.changed or not rows or of.count > 120:
            continue
        latest = of.changed[-1]
        if any(each.after >= latest.after for each in of.early):
            continue  # they are of what the change left
        if of.stated is not None or any(each.stated is not None for each in of.changed):
            continue  # a larger instalment may end a loan sooner
        without = our_rows(replace(of, changed=of.changed[:-1]))
        at = next((row.left for row in without if row.number == latest.after), of.principal)
        if at < 10**5 or max(of.rate, latest.rate) > 1800:
            continue
        with named(of):
            assert rows[-1].number == without[-1].number
        compared += 1
    assert compared > HISTORIES / 75


def test_an_instalment_after_another_rate_is_the_librarys_to_half_a_minor_unit() -> None:
    compared = 0
    for of, rows in pairs():
        if of.method != "equal_instalment":
            continue
        ends = rows[-1].number if rows else 0
        for changed in of.changed:
            later = [row for row in rows if row.number > changed.after][:-1]
            if not later or changed.stated is not None or any(e.shorter for e in of.early):
                continue
            left = next(
                (row.left for row in rows if row.number == changed.after),
                of.principal - sum(each.amount for each in of.early if each.after == 0),
            )
            first = later[0]
            if first.number == 1 or ends < of.count:
                continue
            exact = -npf.pmt(changed.rate / A_YEAR, of.count - changed.after, left)
            with named(of):
                assert abs(first.principal + first.interest - exact) <= 0.5 + 1e-3
            compared += 1
    assert compared > HISTORIES / 50

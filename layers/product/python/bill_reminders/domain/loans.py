"""Loans and instalment plans: what falls due in each period, and what the credit really costs.

Amounts are in the major unit of the loan's currency and always whole minor units of it (cents, fen,
yen, fils). A period is whatever lies between two instalments, mostly a month.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from enum import StrEnum
from typing import NamedTuple

from babel.numbers import get_currency_precision

from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.money import Money, decimals_of, minor_unit

MAX_INSTALMENTS = 1200
MAX_DIGITS = 15  # of a principal, before the point
MAX_RATE = 1  # per period: 100%
MAX_FIRST_PERIOD = 999  # days
MAX_RATE_CHANGES = 120  # one a quarter for thirty years

UNCOVERED = (
    "an instalment that does not cover the interest of its first period: correct it, or leave it "
    "empty to have it computed"
)

_EXACT = Context(prec=60)  # a balance times a rate of 40 digits, without rounding
_RATE = Context(prec=28)  # fits into a DynamoDB number, which has 38
_SHOWN = Context(prec=12)
_SOLVED = Decimal("1e-20")


class Method(StrEnum):
    """How a loan is paid back.

    The rate is that of `Loan.rate`; "interest" is the balance times the rate, except for FLAT_FEE.
    """

    EQUAL_INSTALMENT = "equal_instalment"
    """等额本息, an annuity: principal and interest together are the same in every period."""

    EQUAL_PRINCIPAL = "equal_principal"
    """等额本金: the same part of the principal in every period, and interest on what is left."""

    INTEREST_ONLY = "interest_only"
    """先息后本: interest in every period, the whole principal with the last instalment."""

    FLAT_FEE = "flat_fee"
    """分期手续费, as card instalment plans charge it: the same part of the principal in every
    period, and a fee that stays a fraction of the *original* principal while the balance falls."""


class Effect(StrEnum):
    """What a prepayment changes: fewer instalments (缩短期限), or lower ones (减少月供)."""

    SHORTER_TERM = "shorter_term"
    LOWER_INSTALMENT = "lower_instalment"


@dataclass(frozen=True, slots=True)
class Prepayment:
    """Principal paid back early, right after instalment number `after` (0: before the first), so
    that no interest has run since.

    Raises InvalidValue for `after` below 0 and for an amount that is not above zero.
    """

    after: int
    amount: Decimal
    effect: Effect

    def __post_init__(self) -> None:
        if self.after < 0:
            raise InvalidValue(
                "after", "below zero: write how many instalments were paid before the prepayment"
            )
        if not (self.amount.is_finite() and self.amount > 0):
            raise InvalidValue("amount", "not above zero: write the principal that is paid early")


@dataclass(frozen=True, slots=True)
class RateChange:
    """Another rate, a fraction per period as `Loan.rate`, from the instalment behind number `after`
    on (0: from the first). `stated_instalment` is what the lender says that each of them is, if it
    does. With `instalments` the loan has so many in all from then on.

    Raises InvalidValue for `after` below 0, for a rate that is negative or above 1, for an
    instalment that is not above zero, and for fewer instalments than one more than `after`, or more
    than 1200.
    """

    after: int
    rate: Decimal
    stated_instalment: Decimal | None = None
    instalments: int | None = None

    def __post_init__(self) -> None:
        if self.after < 0:
            raise InvalidValue(
                "rate_changes", "after less than none: write how many instalments come before it"
            )
        _need_rate("rate_changes", self.rate)
        _need_above_zero("rate_changes", self.stated_instalment)
        if self.instalments is not None and not self.after < self.instalments <= MAX_INSTALMENTS:
            raise InvalidValue(
                "instalments",
                f"out of range: so many are over already, or more than {MAX_INSTALMENTS}: write "
                "how many there are in all",
            )


@dataclass(frozen=True, slots=True)
class Loan:
    """What was borrowed, and the terms of paying it back.

    `rate` is a fraction per period (0.005 is 0.5%), at most 1; see `per_period` for a yearly one.
    With FLAT_FEE it is the fee of one period as a fraction of the original principal. `prepayments`
    stand in the order they are made, `rate_changes` in the order they come into force.
    `stated_instalment` is what the lender says that each instalment is, if it does.
    `first_period_days` are those from the payout to the first due date where they are no regular
    period, which counts as `period_days` (30 for a month).

    Raises InvalidValue, with the name of the field, for: a principal that is not above zero, has
    more than 15 digits before the point, or more decimals than its currency; a rate that is
    negative or above 1; fewer than 1 or more than 1200 instalments; prepayments out of order, with
    too many decimals, or of a shorter term where every instalment but the last is interest alone;
    more than 120 changes of the rate, and one that is out of order, comes after the same instalment
    as another, or after the last; a stated instalment that is not above zero, has too many
    decimals, or is of a method by which they differ anyway; a first period of fewer than 1 or more
    than 999 days, or of a flat fee.
    """

    principal: Money
    rate: Decimal
    instalments: int
    method: Method
    prepayments: tuple[Prepayment, ...] = ()
    rate_changes: tuple[RateChange, ...] = ()
    stated_instalment: Decimal | None = None
    first_period_days: int | None = None
    period_days: int = 30

    def __post_init__(self) -> None:
        amount = self.principal.amount
        if not (amount.is_finite() and amount > 0):
            raise InvalidValue("principal", "not above zero: write the amount that is borrowed")
        if amount.adjusted() >= MAX_DIGITS:
            raise InvalidValue(
                "principal", f"too large: write at most {MAX_DIGITS} digits before the point"
            )
        self._need_whole_minor_units("principal", amount)
        _need_rate("rate", self.rate)
        if not 1 <= self.instalments <= MAX_INSTALMENTS:
            raise InvalidValue(
                "instalments", f"out of range: write a number from 1 to {MAX_INSTALMENTS}"
            )
        before = 0
        for prepayment in self.prepayments:
            self._need_whole_minor_units("prepayments", prepayment.amount)
            if prepayment.after < before:
                raise InvalidValue(
                    "prepayments", "out of order: list them by the instalment that they follow"
                )
            if self.method is Method.INTEREST_ONLY and prepayment.effect is Effect.SHORTER_TERM:
                raise InvalidValue(
                    "prepayments",
                    "an interest-only loan ends when its principal falls due, whatever is paid "
                    f"before: choose {Effect.LOWER_INSTALMENT}",
                )
            before = prepayment.after
        self._need_changes_in_order()
        _need_above_zero("stated_instalment", self.stated_instalment)
        self._need_stated("stated_instalment", self.stated_instalment)
        for change in self.rate_changes:
            self._need_stated("rate_changes", change.stated_instalment)
        self._need_first_period()

    def _need_first_period(self) -> None:
        if self.first_period_days is None:
            return
        if self.method is Method.FLAT_FEE:
            raise InvalidValue(
                "first_period_days",
                "beside a flat fee, which goes by periods and not by days: leave it empty",
            )
        if not (1 <= self.first_period_days <= MAX_FIRST_PERIOD and self.period_days > 0):
            raise InvalidValue(
                "first_period_days", f"out of range: write 1 to {MAX_FIRST_PERIOD} days"
            )

    def _need_stated(self, field: str, instalment: Decimal | None) -> None:
        if instalment is None:
            return
        if self.method not in (Method.EQUAL_INSTALMENT, Method.FLAT_FEE):
            raise InvalidValue(
                field,
                f"an instalment beside {self.method}, by which they are not all the same: leave it "
                "empty",
            )
        self._need_whole_minor_units(field, instalment)

    def _need_changes_in_order(self) -> None:
        if len(self.rate_changes) > MAX_RATE_CHANGES:
            raise InvalidValue(
                "rate_changes",
                f"too many: write at most {MAX_RATE_CHANGES}, leave out those that changed little",
            )
        before, count = -1, self.instalments
        for change in self.rate_changes:
            count = self._need_before_last(change, count)
            if change.after <= before:
                raise InvalidValue(
                    "rate_changes",
                    "out of order, or two after the same instalment: list each once, by the "
                    "instalment that it follows",
                )
            before = change.after

    def _need_before_last(self, change: RateChange, count: int) -> int:
        if change.after >= count:
            raise InvalidValue(
                "rate_changes",
                "after the last instalment: write how many instalments come before it, fewer than "
                "there are",
            )
        return count if change.instalments is None else change.instalments

    def _need_whole_minor_units(self, field: str, amount: Decimal) -> None:
        places = decimals_of(self.principal.currency)
        with localcontext(_EXACT):
            if amount.scaleb(places) % 1:
                raise InvalidValue(
                    field,
                    f"too many decimals: {self.principal.currency} has {places}, write no more "
                    "than that",
                )


class Instalment(NamedTuple):
    """What falls due in period `number` (from 1): a part of the principal, and interest or a fee.

    `balance` is the principal still owed when the next period begins: after this instalment and
    after the prepayments that follow it.
    """

    number: int
    principal: Decimal
    interest: Decimal
    balance: Decimal

    @property
    def total(self) -> Decimal:
        """The amount to pay."""
        return self.principal + self.interest


def per_period(annual_rate: Decimal, periods_a_year: int) -> Decimal:
    """The rate of one period, as a fraction: the nominal yearly rate over the periods in a year.

    No compounding, as loan contracts mean it: 月利率 = 年利率 ÷ 12 (People's Bank of China,
    银发〔2005〕129号, on the interest of deposits and loans). To 28 digits. Raises InvalidValue for
    a negative rate, and for fewer than 1 or more than 366 periods a year.
    """
    if not (annual_rate.is_finite() and annual_rate >= 0):
        raise InvalidValue("annual_rate", "below zero: write 0.06 for 6% a year")
    _need_periods(periods_a_year)
    return _RATE.divide(annual_rate, Decimal(periods_a_year))


def schedule(loan: Loan) -> tuple[Instalment, ...]:
    """The instalments of `loan` in order, until nothing is owed any more.

    With B the balance before an instalment, P the principal, i the rate and n the instalments:

    - EQUAL_INSTALMENT: P·i·(1+i)^n / ((1+i)^n - 1) in total, B·i of it interest. The annuity
      formula: PMT of OASIS OpenFormula 1.2, and 每月还款额 of Chinese mortgage contracts.
    - EQUAL_PRINCIPAL: P/n, and B·i interest.
    - INTEREST_ONLY: B·i interest; P with the last.
    - FLAT_FEE: P/n, and a fee of P·i. A prepayment does not lower the fee, it can only end it.

    Each amount is rounded half up to the digits that are used of the currency; the last instalment
    pays the principal that is left, whatever rounding made of it. Where rounding up has paid a loan
    off early, it ends there. An instalment of zero (no rate and a principal too small for its term)
    is left out and its number not used, so that a number always tells the period.

    After a prepayment of LOWER_INSTALMENT the instalments left stay as many and are computed anew
    from the balance. After one of SHORTER_TERM the amount (of EQUAL_PRINCIPAL and FLAT_FEE: the
    part of the principal) stays what it was, until the balance is paid; what rounding has left over
    goes with the last instalment and makes no instalment of its own. Neither lengthens the loan.

    After a change of the rate the instalments before it stay, and so does the number of those left.
    EQUAL_INSTALMENT is computed anew by the same formula: from the balance, the new rate and the
    instalments that are left, as loan contracts of a floating rate have it (重定价日). Of the other
    methods the part of the principal stays what it was and interest follows the new rate; of
    FLAT_FEE the fee becomes the new fraction of the original principal. Prepayments after the same
    instalment come before it. A change may also say how many instalments there are in all from then
    on: what stays equal is computed anew over those that are left.

    An instalment that the lender states holds for every one but the last, which takes the rest,
    until the rate changes or a prepayment lowers the instalments: then it is computed anew, unless
    the change states its own (one to the same rate may, for a prepayment). A larger one than the
    formula's may pay the loan off before its last instalment, and it ends there.

    The first instalment of a loan with `first_period_days` pays interest for so many days: of a
    period, days / period_days, in which a month has 30 and a year 360 (日利率 = 年利率 ÷ 360 =
    月利率 ÷ 30: People's Bank of China, 银发〔2005〕129号). Its part of the principal, and all that
    follows, are what they would be without.

    The parts of the principal and the prepayments add up to the principal exactly.

    Raises InvalidValue: ("prepayments") when one is more than the balance at its time, or comes
    when nothing is owed any more; ("stated_instalment") when that is less than the interest or fee
    of the first period. One of a change that is less, for a prepayment was undone perhaps, counts
    as the interest alone: see `need_covered`.
    """
    with localcontext(_EXACT):
        rows: list[Instalment] = []
        rate, balance = loan.rate, _whole(loan, loan.principal.amount)
        number, last = 0, loan.instalments
        level = _agreed(loan, loan, balance, last)
        if loan.stated_instalment and loan.stated_instalment < _interest(loan, rate, balance):
            raise InvalidValue("stated_instalment", UNCOVERED)
        prepayments, changes = list(loan.prepayments), list(loan.rate_changes)
        while balance:
            while prepayments and prepayments[0].after == number:
                prepayment = prepayments.pop(0)
                balance = _prepaid(loan, balance, prepayment)
                if prepayment.effect is Effect.LOWER_INSTALMENT:
                    level = _level(loan, rate, balance, last - number)
                else:
                    last = number + _count(loan, rate, balance, level, last - number)
                if rows:
                    rows[-1] = rows[-1]._replace(balance=balance)
            if not balance:
                break
            if changes and changes[0].after == number:
                change = changes.pop(0)
                rate, grown = change.rate, change.instalments is not None
                last = change.instalments or last
                if change.stated_instalment or grown or loan.method is Method.EQUAL_INSTALMENT:
                    level = _agreed(loan, change, balance, last - number)
            number += 1
            interest = _interest(loan, rate, balance)
            principal = _principal(loan, level, interest)
            if number == last or principal > balance:
                principal = balance
            charged = _of_first_days(loan, rate, balance, interest) if number == 1 else interest
            balance -= principal
            if principal or charged:
                rows.append(Instalment(number, principal, charged, balance))
        for prepayment in prepayments:
            _prepaid(loan, balance, prepayment)
        return tuple(rows)


def need_covered(loan: Loan | None) -> None:
    """Raises InvalidValue ("loan.rate_changes") when an instalment that a change of the rate states
    is less than the interest or fee of its first period, prepayments minded."""
    if loan is None or not any(each.stated_instalment for each in loan.rate_changes):
        return
    rows = schedule(loan)[:-1]
    for change in loan.rate_changes:
        first = next((row for row in rows if row.number > change.after), None)
        if first is None or first.principal or change.stated_instalment is None:
            continue
        if change.stated_instalment < first.interest:
            raise InvalidValue("loan.rate_changes", UNCOVERED)


def total_interest(instalments: Iterable[Instalment]) -> Decimal:
    """What the credit costs: all interest or fees, in the currency's major unit."""
    return sum((instalment.interest for instalment in instalments), Decimal(0))


def effective_annual_rate(loan: Loan, periods_a_year: int) -> Decimal:
    """The true yearly rate of `loan`, as a fraction: (1+r)^`periods_a_year` - 1.

    r is the internal rate of return of what is really paid and when, so that a fee counts on the
    principal that the borrower still has: P = the sum of payment k / (1+r)^k, with prepayments at
    the instalment they follow, and a first period of odd length as so many of a period's days. This
    is 贷款年化利率 by the compound method (复利计算方法, IRR) of
    the People's Bank of China, 公告〔2021〕第3号, and the equation of Annex I of Directive
    2008/48/EC for equal periods. The APR of the United States (Regulation Z) is r times the
    periods, without compounding. To 12 significant digits; 0 when nothing is paid but principal.

    Raises InvalidValue for fewer than 1 or more than 366 periods a year, and as `schedule` does.
    """
    _need_periods(periods_a_year)
    instalments = schedule(loan)
    if not instalments:
        return Decimal(0)
    with localcontext(_EXACT):
        flows = [Decimal(0)] * (instalments[-1].number + 1)
        flows[0] = -loan.principal.amount
        for instalment in instalments:
            flows[instalment.number] += instalment.total
        for prepayment in loan.prepayments:
            flows[prepayment.after] += prepayment.amount
        first = Decimal(loan.first_period_days or loan.period_days) / loan.period_days
        annual = (1 + _rate_of_return(flows, first)) ** periods_a_year - 1
    return _SHOWN.plus(annual)


def _rate_of_return(flows: list[Decimal], first: Decimal) -> Decimal:
    """The rate at which `flows` (the first negative, the others not, no less in than out) are
    worth nothing, by Newton's method from 0. The second is due `first` periods after the first one,
    the others a period each after the one before.

    The worth falls with the rate and is convex, so every step from the left stays left of the
    solution: it cannot overshoot, and needs no bracket.
    """
    rate = Decimal(0)
    while True:
        discount = 1 / (1 + rate)
        worth = slope = Decimal(0)
        for flow in reversed(flows[1:]):  # Horner's scheme, for the polynomial in `discount`
            slope = slope * discount + worth
            worth = worth * discount + flow
        until_first = discount**first
        slope = until_first * (slope + first * worth / discount)
        worth = until_first * worth + flows[0]
        step = worth / (slope * discount * discount)
        rate += step
        if step <= rate * _SOLVED:
            return rate


def _level(loan: Loan, rate: Decimal, balance: Decimal, count: int) -> Decimal:
    """What stays equal over `count` instalments: the total, or the part of the principal."""
    match loan.method:
        case Method.EQUAL_INSTALMENT:
            # The annuity formula over i: Horner's scheme divides by 1 + (1+i) + ... + (1+i)^(n-1),
            # which neither needs a rate above zero nor cancels digits near it.
            growth, annuities = 1 + rate, Decimal(0)
            for _ in range(count):
                annuities = annuities * growth + 1
            return _round(loan, balance * growth**count / annuities)
        case Method.EQUAL_PRINCIPAL | Method.FLAT_FEE:
            return _round(loan, balance / count)
        case Method.INTEREST_ONLY:
            return _round(loan, Decimal(0))


def _agreed(loan: Loan, terms: Loan | RateChange, balance: Decimal, count: int) -> Decimal:
    """What stays equal, as `_level` has it, by the instalment that `terms` state if they do."""
    if terms.stated_instalment is None:
        return _level(loan, terms.rate, balance, count)
    stated = terms.stated_instalment
    if loan.method is Method.FLAT_FEE:
        stated = max(stated - _interest(loan, terms.rate, balance), Decimal(0))
    return _whole(loan, stated)


def _interest(loan: Loan, rate: Decimal, balance: Decimal) -> Decimal:
    base = loan.principal.amount if loan.method is Method.FLAT_FEE else balance
    return _round(loan, base * rate)


def _of_first_days(loan: Loan, rate: Decimal, balance: Decimal, regular: Decimal) -> Decimal:
    """The interest of the first instalment."""
    if loan.first_period_days is None:
        return regular
    return _interest(loan, rate * loan.first_period_days / loan.period_days, balance)


def _principal(loan: Loan, level: Decimal, interest: Decimal) -> Decimal:
    return max(level - interest, Decimal(0)) if loan.method is Method.EQUAL_INSTALMENT else level


def _count(loan: Loan, rate: Decimal, balance: Decimal, level: Decimal, at_most: int) -> int:
    """How many instalments of `level` pay `balance`, when the last may carry a small rest.

    Rounding leaves up to half a minor unit for each instalment of the loan. One more period for
    that, with a fee perhaps, is what nobody would want; half an instalment more is the most.
    """
    rest = min(loan.instalments * rounding_unit(loan.principal.currency), level) / 2
    for count in range(1, at_most):
        balance -= _principal(loan, level, _interest(loan, rate, balance))
        if balance <= rest:
            return count
    return at_most


def _prepaid(loan: Loan, balance: Decimal, prepayment: Prepayment) -> Decimal:
    if prepayment.amount > balance:
        raise InvalidValue(
            "prepayments",
            f"the one after instalment {prepayment.after} is more than what is owed by then: "
            "lower it, or leave it out",
        )
    return _whole(loan, balance - prepayment.amount)


def _whole(loan: Loan, amount: Decimal) -> Decimal:
    """`amount`, which is in whole minor units, with the decimals that those have."""
    return amount.quantize(minor_unit(loan.principal.currency))


def rounding_unit(currency: str) -> Decimal:
    """What computed amounts are rounded to: the digits that CLDR shows of the currency, which are
    fewer than its minor unit has where coins are out of use. Lenders there ask for whole amounts,
    and loans that are stored keep the instalments that they have always had.

    A lender that rounds otherwise than we do is apart by this much: what is paid of an instalment
    may be as much beside it.
    """
    return Decimal(1).scaleb(-get_currency_precision(currency))


def _round(loan: Loan, amount: Decimal) -> Decimal:
    """Half up to the rounding unit.

    A twelfth of 4% is not a finite decimal: of 1.50 it comes to 0.0049999..., where the contract
    says exactly 0.005. So the tail is cut first, nine digits below that unit.
    """
    unit = rounding_unit(loan.principal.currency)
    return amount.quantize(unit.scaleb(-9)).quantize(unit, ROUND_HALF_UP)


def _need_above_zero(field: str, instalment: Decimal | None) -> None:
    if instalment is not None and not (instalment.is_finite() and instalment > 0):
        raise InvalidValue(
            field, "an instalment not above zero: write what the lender states, or leave it empty"
        )


def _need_rate(field: str, rate: Decimal) -> None:
    if not (rate.is_finite() and 0 <= rate <= MAX_RATE):
        raise InvalidValue(
            field,
            "not a fraction per period from 0 to 1: write 0.005 for 0.5%, and divide a yearly "
            "rate by the periods in a year",
        )


def _need_periods(periods_a_year: int) -> None:
    if not 1 <= periods_a_year <= 366:
        raise InvalidValue(
            "periods_a_year", "out of range: write a number from 1 to 366, 12 for months"
        )

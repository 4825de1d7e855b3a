"""What it costs to miss a bill: the biller's fee, and interest on what is overdue."""

from decimal import Context, localcontext
from typing import NamedTuple

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.money import Money, half_up
from bill_reminders.domain.payments import Standing

_EXACT = Context(prec=60)  # an amount times a rate times days, and enough digits of the quotient


class LateCost(NamedTuple):
    """What is known of the cost: each is None while unknown, and zero where there is none."""

    fee: Money | None
    interest: Money | None

    @property
    def total(self) -> Money | None:
        """The sum of what is known; None when the two are in different currencies, as when a
        statement came in another one than the bill's."""
        if self.fee is None or self.interest is None:
            return self.fee or self.interest
        if self.fee.currency != self.interest.currency:
            return None
        return Money(self.fee.amount + self.interest.amount, self.fee.currency)


def late_cost(bill: Bill, number: int, *, days: int) -> LateCost | None:
    """What occurrence `number` costs when it is paid `days` (1 or more) after the date on which it
    was payable; None when nothing is known, or nothing is left to pay.

    The fee is charged once, and not when the minimum payment was made. Interest is simple: what is
    left, times the yearly rate, times the days over 365, rounded half up to the minor unit. That is
    Actual/365 (Fixed) of the 2006 ISDA Definitions, section 4.16(d), and a card's daily periodic
    rate of Regulation Z, 12 CFR 1026.14(b). An estimate: lenders that compound, or that divide by
    360 (日利率 = 年利率 ÷ 360; People's Bank of China, 银发〔2005〕129号), charge a little more.

    Raises InvalidValue for fewer days.
    """
    if days < 1:
        raise InvalidValue("days", "below 1: what is paid on the due date is not late")
    owed = bill.owed(number)
    if owed.is_closed:
        return None
    fee = None if owed.standing is Standing.MINIMUM_MET else bill.late_fee
    if fee is not None and bill.terms_of(number).currency not in (None, fee.currency):
        fee = None  # what its terms before had is not known any more
    interest = None
    if owed.left is not None and bill.late_apr is not None:
        with localcontext(_EXACT):
            exact = owed.left.amount * bill.late_apr * days / (100 * 365)
            interest = Money(half_up(exact, owed.left.currency), owed.left.currency)
    return None if fee is None and interest is None else LateCost(fee, interest)

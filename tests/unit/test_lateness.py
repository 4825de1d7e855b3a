"""What it costs to miss a bill: the fee, simple interest by the day, and the words for both."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Kind
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.lateness import LateCost, late_cost
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Payment, Statement
from bill_reminders.domain.people import Language
from bill_reminders.messages.lateness import cost_of_missing
from tests.support.amounts import dollars
from tests.support.people import a_bill

DUE = date(2027, 3, 5)
AT = datetime(2027, 3, 1, 9, tzinfo=UTC)
EN, HANS, HANT = Language


def costly(
    amount: str | None = "1240.00",
    fee: str | None = "35.00",
    apr: str | None = "18.25",
    currency: str = "USD",
    kind: Kind = Kind.CARD,
) -> Bill:
    return a_bill(
        due_on=DUE,
        kind=kind,
        amount=None if amount is None else Money(Decimal(amount), currency),
        late_fee=None if fee is None else Money(Decimal(fee), currency),
        late_apr=None if apr is None else Decimal(apr),
    )


def with_minimum(bill: Bill, paid: str) -> Bill:
    """A card's statement of $1,240.00, at least $40.00 of it by the due date."""
    stated = bill.with_statement(Statement(0, dollars("1240.00"), Decimal("40.00")))
    return stated.with_payment(Payment(0, AT, dollars(paid), "p"))


def known(bill: Bill, days: int = 1) -> LateCost:
    cost = late_cost(bill, 0, days=days)
    assert cost is not None
    return cost


@pytest.mark.parametrize(
    ("amount", "apr", "currency", "days", "interest"),
    [
        ("1240.00", "18.25", "USD", 1, "0.62"),
        ("1240.00", "18.25", "USD", 30, "18.60"),
        ("1234.56", "18.25", "USD", 1, "0.62"),  # 0.61728
        ("10.00", "18.25", "USD", 1, "0.01"),  # 0.005: half up
        ("9.99", "18.25", "USD", 1, "0.00"),
        ("9.99", "18.25", "USD", 3, "0.01"),  # rounded once, not by the day
        ("100.00", "24.99", "USD", 365, "24.99"),
        ("100.00", "24.99", "USD", 366, "25.06"),  # a leap year has no shorter days
        ("100.00", "0", "USD", 60, "0.00"),
        ("100.00", "1000", "USD", 365, "1000.00"),
        ("48000", "14.6", "JPY", 1, "19"),
        ("100.000", "7.3", "KWD", 10, "0.200"),
        ("9999999999999.99", "999.9999", "USD", 60, "16438354520547.93"),
    ],
)
def test_interest_is_what_is_left_times_the_rate_times_the_days_over_365(
    amount: str, apr: str, currency: str, days: int, interest: str
) -> None:
    cost = known(costly(amount, None, apr, currency), days)
    assert (cost.fee, str(cost.interest and cost.interest.amount)) == (None, interest)


@pytest.mark.parametrize(
    ("bill", "cost", "total"),
    [
        (costly(), LateCost(dollars("35.00"), dollars("1.24")), dollars("36.24")),
        (costly(apr=None), LateCost(dollars("35.00"), None), dollars("35.00")),
        (costly(fee=None), LateCost(None, dollars("1.24")), dollars("1.24")),
        (costly(amount=None), LateCost(dollars("35.00"), None), dollars("35.00")),
        (costly(fee="0", apr="0"), LateCost(dollars("0"), dollars("0.00")), dollars("0.00")),
        (
            with_minimum(costly(), "39.99"),
            LateCost(dollars("35.00"), dollars("1.20")),
            dollars("36.20"),
        ),
        (with_minimum(costly(), "40.00"), LateCost(None, dollars("1.20")), dollars("1.20")),
        (
            costly(fee="35.00").with_statement(Statement(0, Money(Decimal(1240), "EUR"))),
            LateCost(dollars("35.00"), Money(Decimal("1.24"), "EUR")),
            None,
        ),
    ],
)
def test_the_cost_is_what_is_known_of_the_fee_and_the_interest(
    bill: Bill, cost: LateCost, total: Money | None
) -> None:
    assert known(bill, days=2) == cost
    assert cost.total == total


@pytest.mark.parametrize(
    "bill",
    [
        costly(fee=None, apr=None),
        costly(amount=None, fee=None),
        with_minimum(costly(apr=None), "40.00"),
        costly().with_payment(Payment(0, AT)),
        costly(amount=None).with_payment(Payment(0, AT)),
        costly().with_statement(Statement(0, dollars("-5.00"))),
    ],
)
def test_nothing_is_said_to_cost_what_is_unknown_or_paid(bill: Bill) -> None:
    assert late_cost(bill, 0, days=9) is None


@pytest.mark.parametrize("days", [0, -1])
def test_what_is_paid_in_time_has_no_cost_of_being_late(days: int) -> None:
    with pytest.raises(InvalidValue, match="below 1"):
        late_cost(costly(), 0, days=days)


def test_a_fee_is_in_the_currency_of_the_bill() -> None:
    with pytest.raises(InvalidValue, match="write it in USD"):
        replace(costly(), late_fee=Money(Decimal(35), "EUR"))


AMOUNTS = st.integers(1, 10**15).map(lambda cents: Decimal(cents).scaleb(-2))
RATES = st.integers(0, 10**7).map(lambda rate: Decimal(rate).scaleb(-4))
DAYS = st.integers(1, 36_500)


@given(AMOUNTS, RATES, DAYS)
def test_interest_is_the_exact_fraction_rounded_half_up(
    amount: Decimal, apr: Decimal, days: int
) -> None:
    interest = known(costly(str(amount), None, str(apr)), days).interest
    exact_cents = Fraction(amount) * 100 * Fraction(apr) / 100 * days / 365
    assert interest is not None
    assert interest.amount * 100 == Decimal(exact_cents.__floor__()) + (
        Decimal(0) if exact_cents % 1 < Fraction(1, 2) else Decimal(1)
    )


@given(AMOUNTS, RATES, DAYS, st.integers(1, 400))
def test_waiting_longer_never_costs_less_and_the_fee_is_charged_once(
    amount: Decimal, apr: Decimal, days: int, more: int
) -> None:
    bill = costly(str(amount), "35.00", str(apr))
    sooner, later = known(bill, days), known(bill, days + more)
    assert sooner.total is not None
    assert later.total is not None
    assert sooner.fee == later.fee
    assert sooner.total.amount <= later.total.amount


@given(AMOUNTS, st.decimals("0.01", "0.99", places=2), RATES, DAYS)
def test_paying_a_part_never_costs_more(
    amount: Decimal, part: Decimal, apr: Decimal, days: int
) -> None:
    bill = costly(str(amount), "35.00", str(apr))
    paid = (amount * part).quantize(Decimal("0.01"), ROUND_FLOOR)
    after = known(bill.with_payment(Payment(0, AT, Money(paid, "USD"), "p")), days).total
    before = known(bill, days).total
    assert before is not None
    assert after is not None
    assert after.amount <= before.amount


# The words ---------------------------------------------------------------------------------------

SOME_TAX = {"kind": Kind.TAX}


def told(bill: Bill, language: Language = EN, *, days_late: int = -3) -> str:
    today = DUE + timedelta(days=days_late)
    return cost_of_missing(language, bill, 0, today=today, due_on=DUE)


@pytest.mark.parametrize(
    ("bill", "days_late", "said"),
    [
        (
            costly(**SOME_TAX),
            -3,
            "If it is missed: a late fee of $35.00 and about $0.62 interest a day (18.25% a year).",
        ),
        (costly(**SOME_TAX, apr=None), 0, "If it is missed: a late fee of $35.00."),
        (
            costly(**SOME_TAX, fee=None),
            0,
            "If it is missed: about $0.62 interest a day (18.25% a year).",
        ),
        (
            costly(None, **SOME_TAX),
            0,
            "If it is missed: a late fee of $35.00 and interest at 18.25% a year on what is "
            "overdue.",
        ),
        (
            costly("9.99", None, **SOME_TAX),
            0,
            "If it is missed: interest at 18.25% a year on what is overdue.",
        ),
        (
            costly(fee="0", apr="0", **SOME_TAX),
            0,
            "If it is missed: no fee and no interest, as far as we know.",
        ),
        (
            costly(**SOME_TAX),
            2,
            "What being late may have cost so far: a late fee of $35.00 and about $1.24 interest "
            "(18.25% a year).",
        ),
        (
            costly(None, None, **SOME_TAX),
            2,
            "What being late may have cost so far: interest at 18.25% a year on what is overdue.",
        ),
        (
            with_minimum(costly(), "40.00"),
            0,
            "If the rest is paid later: about $0.60 interest a day (18.25% a year).",
        ),
        (
            with_minimum(costly(), "40.00"),
            2,
            "What being late may have cost so far: about $1.20 interest (18.25% a year).",
        ),
        (with_minimum(costly(apr=None), "40.00"), 0, "Interest may run on the rest."),
        (costly().with_payment(Payment(0, AT)), 2, ""),
    ],
)
def test_the_words_name_what_is_known(bill: Bill, days_late: int, said: str) -> None:
    assert told(bill, days_late=days_late) == said


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        *(
            (
                kind,
                "Paying late usually costs a fee and interest. "
                "It can also show in the credit record.",
            )
            for kind in (Kind.CARD, Kind.LOAN, Kind.MORTGAGE, Kind.INSTALMENT)
        ),
        (Kind.INSURANCE, "If it stays unpaid, the cover may lapse."),
        (
            Kind.UTILITY,
            "Paying late may cost a fee. If it stays unpaid for long, the service may be cut off.",
        ),
        (Kind.RENT, "Paying late may cost a fee. If it stays unpaid, the lease may be ended."),
        (Kind.TAX, "Paying late usually costs a penalty and interest."),
        (Kind.SUBSCRIPTION, "If it stays unpaid, the service may be paused."),
        (Kind.OTHER, "Paying late may cost a fee."),
    ],
)
@pytest.mark.parametrize("days_late", [-3, 2])
def test_where_nothing_is_known_the_words_say_what_is_usual_for_the_kind(
    kind: Kind, said: str, days_late: int
) -> None:
    assert told(costly(fee=None, apr=None, kind=kind), days_late=days_late) == said


def test_what_else_may_come_of_it_is_said_beside_a_cost_that_is_known() -> None:
    assert told(costly(kind=Kind.INSURANCE, apr=None)) == (
        "If it is missed: a late fee of $35.00. If it stays unpaid, the cover may lapse."
    )


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            HANS,
            "如果逾期未付：违约金US$35.00，每天约US$0.62利息（年利率18.25%）。也可能影响征信记录。",
        ),
        (
            HANT,
            "若逾期未繳：逾期費用US$35.00，每天約US$0.62利息（年利率18.25%）。也可能影響信用紀錄。",
        ),
    ],
)
def test_chinese_says_the_same(language: Language, said: str) -> None:
    assert told(costly(), language) == said


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_something_to_say_in_one_or_two_sentences(
    kind: Kind, language: Language
) -> None:
    full_stop = ". " if language is EN else "。"
    for bill in (costly(kind=kind), costly(kind=kind, fee=None, apr=None)):
        text = told(bill, language)
        assert 1 <= len([each for each in text.split(full_stop) if each]) <= 2

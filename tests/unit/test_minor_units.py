"""How many decimals amounts have: what may be entered, what is computed, what is shown."""

from decimal import Decimal

import pytest
from iso4217 import Currency

from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.loans import Loan, Method, Prepayment, schedule
from bill_reminders.domain.money import Money, decimals_of, in_minor_units
from bill_reminders.domain.people import Language
from bill_reminders.files import money
from bill_reminders.files.cells import CellError
from bill_reminders.messages.locale import amount


def test_a_currency_has_the_decimals_of_iso_4217() -> None:
    listed = {each.code: each.exponent for each in Currency if each.exponent is not None}
    assert {code: decimals_of(code) for code in listed} == listed


@pytest.mark.parametrize(
    ("currency", "written"),
    [("RSD", "4532.18"), ("ALL", "12.50"), ("IQD", "1.005"), ("JPY", "1200"), ("USD", "0.01")],
)
def test_what_the_minor_unit_can_say_may_be_entered_and_reads_back(
    currency: str, written: str
) -> None:
    entered = money.amount(written, currency=currency)
    assert entered == Decimal(written)
    assert f"{in_minor_units(Money(entered, currency)):f}" == written
    with pytest.raises(CellError, match="too many decimals"):
        money.amount(f"{written}{'' if '.' in written else '.'}0", currency=currency)


@pytest.mark.parametrize(
    ("currency", "written", "shown"),
    [
        ("RSD", "4532.18", "RSD 4,532.18"),
        ("RSD", "4532", "RSD 4,532"),
        ("RSD", "4532.50", "RSD 4,532.50"),
        ("IQD", "1.005", "IQD 1.005"),
        ("HUF", "1000", "HUF 1,000.00"),
        ("USD", "120", "$120.00"),
        ("JPY", "1200", "¥1,200"),
        ("CLF", "1", "CLF 1.0000"),
    ],
)
def test_only_decimals_that_are_zero_are_left_out(currency: str, written: str, shown: str) -> None:
    text = amount(Money(Decimal(written), currency), Language.ENGLISH)
    assert text.replace("\N{NO-BREAK SPACE}", " ") == shown


def totals(currency: str, principal: str, *prepaid: Prepayment) -> list[Decimal]:
    loan = Loan(
        Money(Decimal(principal), currency),
        Decimal("0.005"),
        3,
        Method.EQUAL_INSTALMENT,
        prepayments=prepaid,
    )
    return [each.total for each in schedule(loan)]


@pytest.mark.parametrize(
    ("currency", "instalments"),
    [
        ("HUF", ["33667.22", "33667.22", "33667.22"]),
        ("IDR", ["33667.22", "33667.22", "33667.22"]),
        ("RSD", ["33667", "33667", "33668"]),
        ("LAK", ["33667", "33667", "33668"]),
    ],
)
def test_stored_loans_keep_the_instalments_that_they_had(
    currency: str, instalments: list[str]
) -> None:
    assert totals(currency, "100000") == [Decimal(each) for each in instalments]


def test_a_principal_with_minor_units_is_paid_to_the_last_of_them() -> None:
    *whole, last = totals("RSD", "100000.55")
    assert all(each == each.to_integral_value() for each in whole)
    loan = Loan(Money(Decimal("100000.55"), "RSD"), Decimal(0), 3, Method.EQUAL_PRINCIPAL)
    assert sum(each.principal for each in schedule(loan)) == Decimal("100000.55")
    assert last != last.to_integral_value()
    with pytest.raises(InvalidValue, match="RSD has 2"):
        totals("RSD", "100000.555")

"""What happens to a bill or a user, on the tables: noted once, and planned again at once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from bill_reminders.commands.snoozes import NeedsConfirmation
from bill_reminders.delivery.claims import claim_next
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel, Kind
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.loans import Effect, Loan, Method, Prepayment
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Standing, Statement
from bill_reminders.domain.people import Join, Plan, PlanChange
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.storage import accounts
from bill_reminders.storage.accounts import UnknownUser
from bill_reminders.storage.erasure import erase
from bill_reminders.storage.saving import save_bills, save_user
from bill_reminders.storage.tables import BillItem
from tests.support import account_changes
from tests.support.amounts import dollars
from tests.support.entered import (
    ENTERED,
    IN_THREE_DAYS,
    NINE,
    SHARDS,
    enter,
    ledger_of,
    schedule,
    states_of,
    wakes_at,
)
from tests.support.people import a_bill, a_user

pytestmark = pytest.mark.usefixtures("stack")

DAY = timedelta(days=1)
MONTHLY = Recurrence(IN_THREE_DAYS, 1, Unit.MONTH)


def the_bill() -> Bill:
    return accounts.read("somebody", now=NINE).bills[0]


def test_a_payment_is_noted_once_and_the_next_occurrence_is_planned() -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS, recurrence=MONTHLY))
    assert wakes_at("somebody") == NINE

    def pay() -> bool:
        return account_changes.record_payment("somebody", "bill", payment_id="tx-1", now=ENTERED)

    assert pay()
    assert not pay()
    assert the_bill().payments[0].occurrence == 0
    assert wakes_at("somebody") == NINE + 31 * DAY


def test_a_part_leaves_the_rest_to_be_reminded_of() -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS))
    paid = dollars("20.50")
    assert account_changes.record_payment(
        "somebody", "bill", 0, payment_id="tx-1", amount=paid, now=ENTERED
    )
    assert the_bill().owed(0).left == dollars("100.00")
    assert wakes_at("somebody") == NINE


def test_an_undone_payment_plans_the_days_to_come_and_makes_up_for_none() -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS))
    account_changes.record_payment("somebody", "bill", 0, payment_id="tx-1", now=ENTERED)
    assert wakes_at("somebody") is None
    later = NINE + timedelta(hours=1)
    assert account_changes.undo_payment("somebody", "bill", "tx-1", now=later)
    assert not account_changes.undo_payment("somebody", "bill", "tx-1", now=later)
    assert claim_next("somebody", Channel.SMS, now=later + timedelta(minutes=1)).reminders == ()
    assert states_of("somebody") == {"bill#0000#r0#lead:3#sms": "skipped"}
    assert wakes_at("somebody") == NINE + 2 * DAY


def test_everything_about_a_bill_comes_back_from_its_table() -> None:
    loan = Loan(dollars("1200.00"), Decimal("0.005"), 12, Method.EQUAL_PRINCIPAL)
    change = PlanChange(channels=(Channel.PUSH, Channel.SMS), joins=(Join(Channel.SMS, 0),))
    bill = a_bill(
        due_on=IN_THREE_DAYS,
        recurrence=replace(MONTHLY, count=14, after_statement=20),
        kind=Kind.LOAN,
        amount=None,
        loan=loan,
        statement_day=None,
        autopay=True,
        late_fee=dollars("35.00"),
        late_apr=Decimal("18.25"),
        plan_change=change,
    )
    enter(a_user(), bill)
    assert the_bill() == bill
    statement = Statement(0, dollars("106.00"), Decimal("10.00"))
    account_changes.record_statement("somebody", "bill", statement, now=ENTERED)
    paid = dollars("10.00")
    account_changes.record_payment("somebody", "bill", 0, payment_id="a", amount=paid, now=ENTERED)
    account_changes.record_failed_debit("somebody", "bill", 0, "returned-1", now=NINE)
    account_changes.snooze("somebody", "bill", 0, IN_THREE_DAYS, now=NINE)
    prepayment = Prepayment(1, Decimal("500.00"), Effect.SHORTER_TERM)
    assert account_changes.record_prepayment("somebody", "bill", prepayment, now=NINE)
    assert not account_changes.record_prepayment("somebody", "bill", prepayment, now=NINE)
    known = the_bill()
    assert known.owed(0).standing is Standing.MINIMUM_MET
    assert (known.failed_debits[0].event, known.snoozes[0].until) == ("returned-1", IN_THREE_DAYS)
    assert known.loan is not None
    assert known.loan.prepayments == (prepayment,)


def test_a_statements_own_date_is_stored_and_older_rows_have_none() -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS, recurrence=MONTHLY))
    first = Statement(0, dollars("-12.00"))
    second = Statement(1, dollars("70"), due_on=date(2027, 4, 20))
    account_changes.record_statement("somebody", "bill", first, now=ENTERED)
    before = the_bill()
    item = BillItem.get("somebody", "bill")
    assert "due_on" not in item.serialize()["statements"]["L"][0]["M"]
    account_changes.record_statement("somebody", "bill", second, now=ENTERED)
    assert the_bill().statements == (*before.statements, second)
    assert (the_bill().due_on(0), the_bill().due_on(1)) == (IN_THREE_DAYS, date(2027, 4, 20))


def test_a_credit_that_a_file_gives_is_of_its_first_date_until_it_gives_an_amount() -> None:
    card = a_bill(due_on=IN_THREE_DAYS, recurrence=MONTHLY, kind=Kind.CARD, amount=None)
    enter(a_user(), card)
    credit = replace(card, currency="USD", statements=(Statement(0, dollars("-12.00")),))
    for _ in range(2):
        save_bills("somebody", [lambda _: credit], now=NINE)
        assert the_bill().is_closed(0)
        assert not the_bill().is_closed(1)
    corrected = replace(card, amount=dollars("50.00"))
    save_bills("somebody", [lambda _: corrected], now=NINE)
    assert the_bill().statements == ()
    assert the_bill().owed(0).left == dollars("50.00")
    following = replace(credit, recurrence=replace(MONTHLY, first_due=date(2027, 4, 4)))
    save_bills("somebody", [lambda _: following], now=NINE)
    assert [each.occurrence for each in the_bill().statements] == [1]


def test_a_file_that_is_imported_again_keeps_what_happened() -> None:
    bill = a_bill(due_on=IN_THREE_DAYS, recurrence=MONTHLY, amount=None)
    enter(a_user(), bill)
    account_changes.record_statement("somebody", "bill", Statement(0, dollars("9.00")), now=ENTERED)
    account_changes.snooze("somebody", "bill", 0, date(2027, 3, 2), now=NINE)
    account_changes.record_payment("somebody", "bill", 0, payment_id="a", now=NINE)
    account_changes.undo_payment("somebody", "bill", "a", now=NINE)
    known = the_bill()
    save_bills("somebody", [lambda _: bill], now=NINE)
    assert the_bill() == known


@pytest.mark.parametrize(("moved_by", "kept"), [(-2, False), (-1, True), (5, True)])
def test_a_due_date_that_moves_to_before_a_snooze_ends_it(moved_by: int, kept: bool) -> None:
    """But not a snooze past the due date, to which the user said yes twice."""
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS), a_bill("somebody", "late", due_on=IN_THREE_DAYS))
    account_changes.snooze("somebody", "bill", 0, IN_THREE_DAYS - DAY, now=NINE)
    confirmed = IN_THREE_DAYS + DAY
    account_changes.snooze("somebody", "late", 0, confirmed, confirmed=True, now=NINE)
    moved = IN_THREE_DAYS + moved_by * DAY
    drafts = [a_bill("somebody", name, due_on=moved) for name in ("bill", "late")]
    save_bills("somebody", [lambda _, bill=bill: bill for bill in drafts], now=NINE)
    bill, late = (accounts.read("somebody", now=NINE).bill(name) for name in ("bill", "late"))
    assert bill is not None and late is not None
    assert bool(bill.snoozes) == kept
    assert late.snoozes[0].until == confirmed


@pytest.mark.parametrize(("later", "left"), [(1, None), (6, None), (7, 1), (31, 1)])
def test_the_next_date_of_a_bill_that_was_paid_is_owed_anew(later: int, left: int | None) -> None:
    """Of one that falls due once, which is how some files give what recurs."""
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS))
    account_changes.record_payment("somebody", "bill", payment_id="a", now=NINE)
    again = a_bill(due_on=IN_THREE_DAYS + later * DAY)
    for _ in range(2):
        save_bills("somebody", [lambda _: again], now=NINE)
        assert the_bill().first_unpaid(NINE.date()) == left
    assert the_bill().payments[0].occurrence == 0


def test_what_is_overdue_is_reminded_of_though_the_file_begins_with_the_next_date() -> None:
    yesterday = NINE.date() - DAY
    monthly = Recurrence(yesterday, 1, Unit.MONTH)
    enter(a_user(plan=Plan(lead_days=())), a_bill(due_on=yesterday, recurrence=monthly))
    assert wakes_at("somebody") == NINE
    moved = monthly.due_on(1)
    assert moved is not None
    anew = Recurrence(moved + 2 * DAY, 1, Unit.MONTH)
    for _ in range(2):
        bill = a_bill(due_on=anew.first_due, recurrence=anew)
        save_bills("somebody", [lambda _, bill=bill: bill], now=NINE - timedelta(hours=1))
        assert the_bill().first_unpaid(NINE.date()) == 0
        assert wakes_at("somebody") == NINE, "one day overdue"


def test_a_failed_debit_wakes_every_channel_at_the_next_minute() -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS, autopay=True))
    assert wakes_at("somebody") == NINE + 2 * DAY

    def fail() -> bool:
        return account_changes.record_failed_debit("somebody", "bill", 0, "returned-1", now=NINE)

    assert fail()
    assert not fail()
    assert wakes_at("somebody") == NINE + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("until", "field"),
    [(date(2027, 3, 1), "until"), (date(2027, 3, 5), "until"), (date(2027, 5, 4), "until")],
    ids=["today", "past the due date and not confirmed", "too late"],
)
def test_a_snooze_that_makes_no_sense_is_refused(until: date, field: str) -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS))
    with pytest.raises(InvalidValue) as refused:
        account_changes.snooze("somebody", "bill", 0, until, now=NINE)
    assert refused.value.field == field
    assert the_bill().snoozes == ()


def test_a_snooze_past_the_due_date_wants_a_second_yes() -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS))
    late = date(2027, 3, 6)
    with pytest.raises(NeedsConfirmation):
        account_changes.snooze("somebody", "bill", 0, late, now=NINE)
    assert account_changes.snooze("somebody", "bill", 0, late, confirmed=True, now=NINE)


def test_stop_is_kept_when_the_user_is_imported_again() -> None:
    user = enter(a_user(), a_bill(due_on=IN_THREE_DAYS))
    assert account_changes.stop("somebody", Channel.SMS, now=ENTERED)
    assert not account_changes.stop("somebody", Channel.SMS, now=NINE)
    save_user(user, shards=SHARDS, now=ENTERED)
    assert claim_next("somebody", Channel.SMS, now=NINE).reminders == ()
    assert ledger_of("somebody")[0].reason == "no_address"
    assert account_changes.start("somebody", Channel.SMS, now=NINE)
    assert not accounts.read("somebody", now=NINE).user.addresses[Channel.SMS].stopped_at


def test_a_plan_by_kind_moves_the_wake_up_of_bills_of_that_kind() -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS, kind=Kind.TAX))
    change = PlanChange(lead_days=(10, 1))
    assert account_changes.change_kind_plan("somebody", Kind.TAX, change, now=ENTERED)
    assert wakes_at("somebody") == NINE - 7 * DAY


def test_a_deleted_bill_and_a_closed_one_wake_nobody() -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS), a_bill(bill_id="other", due_on=IN_THREE_DAYS))
    assert account_changes.close_bill("somebody", "bill", now=ENTERED)
    assert wakes_at("somebody") == NINE
    assert account_changes.delete_bill("somebody", "other", now=ENTERED)
    assert not account_changes.delete_bill("somebody", "other", now=ENTERED)
    assert wakes_at("somebody") is None


def test_a_move_to_another_zone_moves_what_is_to_come() -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS))
    tokyo = ZoneInfo("Asia/Tokyo")
    account_changes.change_user("somebody", lambda user: replace(user, zone=tokyo), now=ENTERED)
    assert wakes_at("somebody") == NINE - timedelta(hours=9)


def test_planning_again_changes_nothing_but_the_version() -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS))
    version = schedule("somebody").version
    account_changes.plan_again("somebody", now=ENTERED)
    assert wakes_at("somebody") == NINE
    assert schedule("somebody").version == version + 1


def test_an_erased_user_leaves_nothing_and_no_claim_brings_them_back() -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS))
    claim_next("somebody", Channel.SMS, now=NINE)
    erase("somebody")
    erase("somebody")
    assert ledger_of("somebody") == []
    assert list(BillItem.query("somebody")) == []
    with pytest.raises(UnknownUser):
        claim_next("somebody", Channel.SMS, now=NINE)
    with pytest.raises(UnknownUser):
        account_changes.record_payment("somebody", "bill", payment_id="a", now=NINE)


@pytest.mark.parametrize(
    ("act", "field"),
    [
        (
            lambda: account_changes.record_statement(
                "somebody", "bill", Statement(0, dollars("5.00"), Decimal(6)), now=NINE
            ),
            "minimum",
        ),
        (lambda: account_changes.close_bill("somebody", "none", now=NINE), "bill_id"),
        (
            lambda: account_changes.record_payment("somebody", "bill", 7, payment_id="a", now=NINE),
            "occurrence",
        ),
        (
            lambda: account_changes.record_failed_debit("somebody", "bill", 0, "a b", now=NINE),
            "event",
        ),
        (
            lambda: account_changes.record_payment(
                "somebody", "bill", 0, payment_id="a", amount=dollars("0"), now=NINE
            ),
            "amount",
        ),
        (
            lambda: account_changes.record_payment(
                "somebody", "bill", 0, payment_id="a", amount=Money(Decimal(1), "EUR"), now=NINE
            ),
            "currency",
        ),
        (
            lambda: account_changes.record_prepayment(
                "somebody", "bill", Prepayment(0, Decimal(1), Effect.SHORTER_TERM), now=NINE
            ),
            "bill_id",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_the_name_of_its_field(
    act: Callable[[], object], field: str
) -> None:
    enter(a_user(), a_bill(due_on=IN_THREE_DAYS))
    with pytest.raises(InvalidValue) as refused:
        act()
    assert refused.value.field == field

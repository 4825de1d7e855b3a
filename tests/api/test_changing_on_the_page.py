"""What somebody corrects of a bill on its page: from now on, from a later day, or for all dates."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from html import unescape
from typing import Any

import pytest

from bill_reminders.commands import bills
from bill_reminders.commands.bills import BillFactory
from bill_reminders.delivery import claims
from bill_reminders.domain.bills import Bill, FailedDebit, Mute, MuteReason, Snooze
from bill_reminders.domain.enums import Channel, Kind, Shift
from bill_reminders.domain.loans import Loan, Method
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Payment, Statement
from bill_reminders.domain.people import Language, PlanChange
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.working_days import Place
from bill_reminders.jobs import export
from bill_reminders.messages.catalogue import catalogue
from bill_reminders.pages.proof import cookie_name
from bill_reminders.storage import accounts, edits, erasure, links, rows
from bill_reminders.storage.record_tables import EditItem
from tests.api.conftest import SetClock
from tests.support import account_changes
from tests.support.entered import IN_THREE_DAYS, NINE, enter
from tests.support.moto_stack import MotoStack
from tests.support.people import a_bill, a_user
from tests.support.visitor import Page, Visitor

DAY = timedelta(days=1)
MONTHLY = Recurrence(IN_THREE_DAYS, 1, Unit.MONTH)
SINCE_JANUARY = Recurrence(date(2027, 1, 4), 1, Unit.MONTH)
NOW, LATER, ALWAYS = ("since", "now"), ("since", "later"), ("since", "beginning")
HUNDRED_AND_TEN = ("amount", "110")
LAST_DAYS = Recurrence(date(2027, 3, 31), 1, Unit.MONTH, last_day=True)
PAID = Money(Decimal("120.50"), "USD")


@dataclass
class Reader:
    """Somebody who has been reminded of one bill, at its page."""

    stack: MotoStack
    visitor: Visitor
    token: str

    @property
    def bill(self) -> Bill:
        return accounts.read("somebody", now=NINE).need_bill("bill")

    @property
    def page(self) -> Page:
        return self.visitor.get(f"/r/{self.token}")

    def prove(self, now: datetime = NINE) -> None:
        secret = links.prove(links.token_hash(self.token), now=now)
        assert secret is not None
        self.visitor.cookies[cookie_name(links.token_hash(self.token))] = secret

    def edit(self, *more: tuple[str, str]) -> Page:
        return self.visitor.press(self.page.form("edit"), *more)

    def stored(self) -> str:
        client = self.stack.client("dynamodb")
        return json.dumps(
            [client.scan(TableName=self.stack.ids[each])["Items"] for each in ("Bills", "Ledger")],
            sort_keys=True,
        )

    def costs(self, *numbers: int) -> list[str]:
        amounts = [self.bill.owed(number).amount for number in numbers]
        return [f"{each.amount:f}" for each in amounts if each is not None]

    def dates(self, *numbers: int) -> list[str]:
        return [str(self.bill.due_on(number)) for number in numbers]


Begin = Callable[..., Reader]


@pytest.fixture
def begin(stack: MotoStack, set_clock: SetClock) -> Begin:
    def begin(
        *,
        language: Language = Language.ENGLISH,
        proven: bool = True,
        beside: Bill | None = None,
        **bill: Any,
    ) -> Reader:
        set_clock(NINE + timedelta(seconds=20))
        fields: dict[str, Any] = {"due_on": IN_THREE_DAYS, "recurrence": MONTHLY}
        others = () if beside is None else (beside,)
        enter(a_user(language=language), a_bill(**(fields | bill)), *others)
        claim = claims.claim_next("somebody", Channel.SMS, with_link=True, now=NINE)
        assert claim.token is not None
        reader = Reader(stack, Visitor(stack), claim.token)
        if proven:
            reader.prove()
        return reader

    return begin


def seen(page: Page) -> str:
    return unescape(page.text.partition("</style>")[2])


# From when on -------------------------------------------------------------------------------------


def test_an_amount_holds_from_now_on_and_the_page_says_from_which_date(begin: Begin) -> None:
    reader = begin(recurrence=SINCE_JANUARY)
    assert "from now on, first for Thursday, March 4, 2027" in seen(reader.page)
    changed = reader.edit(HUNDRED_AND_TEN, NOW)
    assert "The bill is changed." in changed.text
    assert "From Thursday, March 4, 2027: $110.00." in changed.text
    assert reader.costs(0, 1, 2, 3) == ["120.50", "120.50", "110", "110"]


def test_a_later_date_leaves_what_comes_before_it(begin: Begin) -> None:
    reader = begin()
    changed = reader.edit(HUNDRED_AND_TEN, LATER, ("from", "2027-07-01"))
    assert "From Thursday, March 4, 2027: $120.50." in changed.text
    assert "From Sunday, July 4, 2027: $110.00." in changed.text
    assert reader.costs(0, 3, 4, 5) == ["120.50", "120.50", "110", "110"]


def test_terms_to_come_are_shown_to_whoever_has_the_link(begin: Begin) -> None:
    reader = begin(proven=False)
    assert "From Sunday" not in seen(reader.page)
    reader.prove()
    reader.edit(HUNDRED_AND_TEN, LATER, ("from", "2027-07-01"))
    reader.visitor.cookies.clear()
    assert "From Sunday, July 4, 2027: $110.00." in seen(reader.page)
    assert "From Thursday" not in seen(reader.page)


def test_a_next_due_date_is_the_next_one(begin: Begin) -> None:
    reader = begin()
    changed = reader.edit(("first_due", "2027-03-20"), NOW)
    assert "From Saturday, March 20, 2027: $120.50." in changed.text
    assert reader.dates(0, 1) == ["2027-03-20", "2027-04-20"]


def test_a_day_that_is_not_the_last_of_its_month_is_meant_as_it_is_written(begin: Begin) -> None:
    reader = begin(recurrence=LAST_DAYS, plan_change=PlanChange(lead_days=(30,)))
    reader.edit(("first_due", "2027-04-15"), NOW)
    assert reader.dates(0, 1) == ["2027-04-15", "2027-05-15"]


def test_autopay_holds_from_now_on_and_says_only_what_was_ticked_or_unticked(begin: Begin) -> None:
    reader = begin()
    reader.edit(("autopay", "yes"), LATER, ("from", "2027-04-01"))
    assert [each.autopay for each in reader.bill.terms] == [False, True]
    said = seen(reader.page)
    assert "From Sunday, April 4, 2027: $120.50. The biller takes it by itself." in said
    reader.edit(HUNDRED_AND_TEN, LATER, ("from", "2027-04-01"))  # the box shows how it is now
    assert [each.autopay for each in reader.bill.terms] == [False, True]


def test_after_a_change_the_page_says_who_pays(begin: Begin) -> None:
    reader = begin()
    changed = reader.edit(("autopay", "yes"), NOW)
    said = "From Thursday, March 4, 2027: $120.50."
    assert f"{said} The biller takes it by itself." in changed.text
    changed = reader.edit(NOW)  # nothing ticked
    assert f"{said} You pay it yourself." in changed.text


def test_an_amount_that_differs_each_time_is_not_called_unknown(begin: Begin) -> None:
    reader = begin(amount=None, currency="USD", recurrence=SINCE_JANUARY)
    changed = reader.edit(("first_due", "2027-03-20"), NOW)
    assert "From Saturday, March 20, 2027: an amount that differs each time." in changed.text


def test_a_bill_that_has_ended_gets_no_next_date(begin: Begin) -> None:
    reader = begin()
    ended = Recurrence(date(2027, 1, 4), 1, Unit.MONTH, count=2)
    rows.bill_item(a_bill(due_on=IN_THREE_DAYS, recurrence=ended)).save()
    before = reader.stored()
    refused = reader.edit(("first_due", "2027-04-20"), NOW)
    assert (refused.status, "this bill has ended" in refused.text) == (422, True)
    assert reader.stored() == before


def test_the_day_of_what_was_paid_once_was_always_another_and_it_stays_paid(begin: Begin) -> None:
    reader = begin(recurrence=Recurrence(IN_THREE_DAYS))
    reader.visitor.press(reader.page.form("paid"))
    asked = reader.edit(("first_due", "2027-03-08"), ALWAYS)
    assert "No due date would be opened or closed by it." in asked.text
    reader.visitor.press(asked.form("edit", confirmed="yes"))
    assert reader.dates(0) == ["2027-03-08"]
    assert reader.bill.is_closed(0)


def test_a_bill_that_falls_due_once_says_on_which_day(begin: Begin) -> None:
    reader = begin(recurrence=Recurrence(IN_THREE_DAYS))
    assert 'value="later"' not in reader.page.text
    changed = reader.edit(HUNDRED_AND_TEN, ("first_due", "2027-03-08"), NOW)
    assert "On Monday, March 8, 2027: $110.00." in changed.text


def test_a_bill_whose_currency_nobody_knows_gets_one_with_its_amount(begin: Begin) -> None:
    reader = begin(amount=None)
    asked = reader.edit(HUNDRED_AND_TEN, NOW)
    assert (asked.status, "three letters" in asked.text) == (422, True)
    assert 'type="text" name="currency"' in asked.text
    reader.edit(("amount", "1.234"), ("currency", "ｋｗｄ"), NOW)
    assert reader.bill.amount == Money(Decimal("1.234"), "KWD")
    assert 'type="text" name="currency"' not in reader.page.text


def test_an_amount_is_in_the_currency_that_the_form_shows(begin: Begin) -> None:
    reader = begin(late_fee=Money(Decimal(35), "USD"))
    ninety = Money(Decimal(90), "EUR")

    def in_euros(known: Bill) -> BillFactory:
        return lambda _: replace(known, amount=ninety, late_fee=None)

    change = partial(bills.change, bill_id="bill", draft=in_euros, since=date(2027, 6, 1), now=NINE)
    account_changes.did("somebody", change, now=NINE)
    assert "(USD)" in reader.page.text
    reader.edit(HUNDRED_AND_TEN, LATER, ("from", "2027-08-01"))
    assert reader.bill.owed(4).amount == Money(Decimal(90), "EUR")
    assert reader.bill.owed(5).amount == Money(Decimal(110), "USD")


def test_a_loan_has_no_amount_to_write_and_its_day_moves(begin: Begin) -> None:
    loan = Loan(Money(Decimal(12000), "USD"), Decimal("0.004"), 12, Method.EQUAL_INSTALMENT)
    reader = begin(amount=None, loan=loan)
    assert 'name="amount" inputmode="decimal" autocomplete="off" maxlength' not in reader.page.text
    asked = reader.edit(HUNDRED_AND_TEN, NOW)
    assert (asked.status, "terms of the loan" in asked.text) == (422, True)
    before = reader.costs(*range(12))
    reader.edit(("first_due", "2027-03-20"), NOW)
    assert reader.dates(0, 11) == ["2027-03-20", "2028-02-20"]
    assert reader.costs(*range(12)) == before


COME_ONCE = Recurrence(IN_THREE_DAYS)
LOAN = Loan(Money(Decimal(12000), "USD"), Decimal("0.004"), 12, Method.EQUAL_INSTALMENT)
STATED = (Statement(1, Money(Decimal(80), "USD")), Statement(2, PAID, Decimal(25)))
ALL_PAID = Payment(0, NINE - 20 * DAY, None, "all")

BILLS: Mapping[str, Mapping[str, Any]] = {
    "once": {"recurrence": COME_ONCE},
    "once, overdue": {"recurrence": Recurrence(date(2027, 2, 20))},
    "once, paid": {"recurrence": COME_ONCE, "payments": (ALL_PAID,)},
    "once, paid and over": {"recurrence": Recurrence(date(2027, 2, 20)), "payments": (ALL_PAID,)},
    "a week": {"recurrence": Recurrence(date(2026, 12, 3), 1, Unit.WEEK)},
    "every day": {"recurrence": Recurrence(date(2027, 1, 4), 1, Unit.DAY)},
    "a year": {"recurrence": Recurrence(date(2024, 2, 29), 1, Unit.YEAR)},
    "last days": {"recurrence": Recurrence(date(2027, 1, 31), 1, Unit.MONTH, last_day=True)},
    "the 31st": {"recurrence": Recurrence(date(2026, 12, 31), 1, Unit.MONTH)},
    "counted": {"recurrence": Recurrence(date(2027, 1, 4), 1, Unit.MONTH, count=5)},
    "over": {"recurrence": Recurrence(date(2027, 1, 4), 1, Unit.MONTH, count=2)},
    "a card": {"amount": None, "statement_day": 15, "kind": Kind.CARD, "statements": STATED},
    "after its statement": {
        "amount": None,
        "recurrence": Recurrence(date(2027, 1, 20), 1, Unit.MONTH, after_statement=20),
    },
    "a loan": {"amount": None, "loan": LOAN},
    "autopay": {"autopay": True},
    "moved by weekends": {"shift": Shift.NEXT, "place": Place("GB")},
    "closed": {"closed_at": NINE - DAY},
    "silent": {"mute": Mute(NINE - DAY, MuteReason.STOPPED)},
    "with a fee": {"late_fee": Money(Decimal(35), "USD"), "late_apr": Decimal(18)},
    "snoozed": {"snoozes": (Snooze(2, date(2027, 3, 3)),)},
    "a debit failed": {
        "autopay": True,
        "failed_debits": (FailedDebit(1, NINE - 20 * DAY, "debit"),),
    },
}


@pytest.mark.parametrize("name", BILLS)
def test_whatever_the_bill_is_a_change_is_made_and_undone_or_refused(
    begin: Begin, name: str
) -> None:
    reader = begin()
    fields = {"recurrence": SINCE_JANUARY, **BILLS[name]}
    rows.bill_item(a_bill(due_on=IN_THREE_DAYS, **fields)).save()
    address, before = f"/r/{reader.token}", reader.bill
    ticked = (("autopay", "yes"),)
    kept, other = (ticked, ()) if before.autopay else ((), ticked)
    for since in ((NOW,), (LATER, ("from", "2027-04-10")), (ALWAYS,)):
        for said in ((HUNDRED_AND_TEN, *kept), (("first_due", "2027-04-20"), *kept), other):
            form = reader.visitor.get(address).form("edit")
            answer = reader.visitor.press(form, *said, *since)
            if "Yes, it was always so" in answer.text:
                answer = reader.visitor.press(answer.form("edit", confirmed="yes"))
            assert answer.status in (200, 422)
            if "The bill is changed." in answer.text:
                assert reader.bill != before
                reader.visitor.press(answer.form("unedit"))
            assert reader.bill == before, (since, said)


# For all dates ------------------------------------------------------------------------------------


def test_what_was_always_so_is_asked_about_first_and_says_what_it_opens(begin: Begin) -> None:
    reader = begin(recurrence=SINCE_JANUARY, payments=(Payment(0, NINE - 50 * DAY, PAID, "one"),))
    before = reader.stored()
    asked = reader.edit(("amount", "130"), ALWAYS)
    assert asked.status == 200
    said = seen(asked)
    assert "Something would be left to pay for:" in said
    assert "Monday, January 4, 2027: $9.50 left" in said
    assert "Nothing would be left" not in said
    assert "From Thursday, March 4, 2027: $130.00." in said
    assert 'value="130"' in said
    assert reader.stored() == before
    changed = reader.visitor.press(asked.form("edit", confirmed="yes"))
    assert "The bill is changed." in changed.text
    assert reader.costs(0, 1, 2) == ["130", "130", "130"]


def test_what_was_always_so_says_what_it_closes(begin: Begin) -> None:
    part = Money(Decimal(100), "USD")
    reader = begin(recurrence=SINCE_JANUARY, payments=(Payment(1, NINE - 20 * DAY, part, "one"),))
    asked = seen(reader.edit(("amount", "100"), ALWAYS))
    assert "Nothing would be left to pay for:" in asked
    assert "<li>Thursday, February 4, 2027</li>" in asked


def test_what_was_always_so_is_asked_about_also_where_it_opens_and_closes_nothing(
    begin: Begin,
) -> None:
    reader = begin()
    before = reader.stored()
    asked = reader.edit(HUNDRED_AND_TEN, ALWAYS)
    assert "No due date would be opened or closed by it." in asked.text
    assert reader.stored() == before
    pressed = reader.visitor.press(asked.form("edit", confirmed="yes"))
    assert "The bill is changed." in pressed.text
    again = reader.visitor.press(asked.form("edit", confirmed="yes"))
    assert "Undo: as it was before" in again.text
    assert reader.costs(0) == ["110"]


def test_a_yes_to_another_state_of_the_bill_asks_again(begin: Begin) -> None:
    reader = begin(recurrence=SINCE_JANUARY)
    asked = reader.edit(("amount", "130"), ALWAYS)
    assert "January" not in seen(asked).partition("Yes, it")[0]
    account_changes.record_payment("somebody", "bill", payment_id="p", occurrence=0, now=NINE)
    account_changes.record_payment(
        "somebody", "bill", payment_id="q", occurrence=1, amount=PAID, now=NINE
    )
    before = reader.stored()
    anew = reader.visitor.press(asked.form("edit", confirmed="yes"))
    assert "Thursday, February 4, 2027: $9.50 left" in seen(anew)
    assert reader.stored() == before
    reader.visitor.press(anew.form("edit", confirmed="yes"))
    assert reader.costs(1) == ["130"]


def test_many_dates_are_counted(begin: Begin) -> None:
    weekly = Recurrence(date(2026, 11, 5), 1, Unit.WEEK)
    payments = tuple(Payment(number, NINE - 10 * DAY, PAID, f"p{number}") for number in range(17))
    reader = begin(recurrence=weekly, payments=payments, owed_from=date(2026, 11, 1))
    asked = seen(reader.edit(("amount", "130"), ALWAYS))
    assert asked.count("$9.50 left") == 12
    assert "<li>and 5 more</li>" in asked


def test_another_day_that_was_always_so_moves_all_dates(begin: Begin) -> None:
    reader = begin(recurrence=SINCE_JANUARY, payments=(Payment(0, NINE - 50 * DAY, PAID, "one"),))
    asked = reader.edit(("first_due", "2027-03-10"), ALWAYS)
    reader.visitor.press(asked.form("edit", confirmed="yes"))
    assert reader.dates(0, 1, 2, 3) == ["2027-01-10", "2027-02-10", "2027-03-10", "2027-04-10"]
    assert reader.bill.is_closed(0)


def test_the_day_of_a_bill_that_falls_due_once_was_always_so(begin: Begin) -> None:
    reader = begin(recurrence=Recurrence(IN_THREE_DAYS))
    asked = reader.edit(("first_due", "2027-03-08"), ALWAYS)
    reader.visitor.press(asked.form("edit", confirmed="yes"))
    assert reader.dates(0) == ["2027-03-08"]


@pytest.mark.parametrize(
    ("recurrence", "day"),
    [
        pytest.param(Recurrence(date(2027, 2, 4), 1, Unit.MONTH), "2027-03-31", id="short month"),
        pytest.param(SINCE_JANUARY, "2027-03-28", id="nearer to another date"),
    ],
)
def test_a_day_that_cannot_hold_for_all_dates_is_refused(
    begin: Begin, recurrence: Recurrence, day: str
) -> None:
    reader = begin(recurrence=recurrence)
    before = reader.stored()
    asked = reader.edit(("first_due", day), ALWAYS)
    assert asked.status == 422
    assert "it cannot hold for all due dates" in asked.text
    assert reader.stored() == before


# Pressed twice, and undone ------------------------------------------------------------------------

CHANGES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "an amount from now on": (HUNDRED_AND_TEN, NOW),
    "an amount from a later date": (HUNDRED_AND_TEN, LATER, ("from", "2027-05-01")),
    "a day from now on": (("first_due", "2027-03-20"), NOW),
    "a day from a later date": (("first_due", "2027-05-20"), LATER, ("from", "2027-05-01")),
    "autopay": (("autopay", "yes"), NOW),
    "all of it": (HUNDRED_AND_TEN, ("first_due", "2027-03-20"), ("autopay", "yes"), NOW),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("recurrence", [MONTHLY, SINCE_JANUARY], ids=["new", "under way"])
def test_a_change_is_undone_as_if_it_had_not_been(
    begin: Begin, recurrence: Recurrence, name: str
) -> None:
    reader = begin(recurrence=recurrence)
    reader.edit(("amount", "90"), LATER, ("from", "2027-08-01"))  # so that there are terms to keep
    before = reader.bill
    form = reader.page.form("edit")
    changed = reader.visitor.press(form, *CHANGES[name])
    made = reader.bill
    assert made != before
    again = reader.visitor.press(form, *CHANGES[name])
    assert reader.bill == made
    assert again.form("unedit").fields == changed.form("unedit").fields
    for _ in range(2):  # the second press changes nothing
        undone = reader.visitor.press(changed.form("unedit"))
        assert "The change is undone" in undone.text
        assert reader.bill == before


def test_a_change_for_all_dates_is_undone_with_terms_that_differed(begin: Begin) -> None:
    reader = begin(recurrence=SINCE_JANUARY)
    reader.edit(("amount", "90"), LATER, ("from", "2027-08-01"))
    before = reader.bill
    asked = reader.edit(HUNDRED_AND_TEN, ALWAYS)
    changed = reader.visitor.press(asked.form("edit", confirmed="yes"))
    assert reader.costs(0, 2, 8) == ["110", "110", "110"]
    reader.visitor.press(changed.form("unedit"))
    assert reader.bill == before


BESIDE: Mapping[str, tuple[Mapping[str, Any], tuple[tuple[str, str], ...]]] = {
    "kept": ({"payments": (Payment(1, NINE - DAY, PAID, "ahead"),)}, (HUNDRED_AND_TEN,)),
    "snoozes": ({"snoozes": (Snooze(0, date(2027, 3, 4)),)}, (("first_due", "2027-03-02"),)),
    "owed_from": ({"owed_from": date(2027, 3, 4)}, (("first_due", "2027-03-02"),)),
    "late_fee": (
        {"late_fee": Money(Decimal(35), "USD")},
        (HUNDRED_AND_TEN, ("currency", "EUR")),
    ),
}


@pytest.mark.parametrize("name", BESIDE)
def test_what_a_change_takes_along_comes_back_with_its_undo(begin: Begin, name: str) -> None:
    fields, said = BESIDE[name]
    reader = begin()
    rows.bill_item(a_bill(**({"due_on": IN_THREE_DAYS, "recurrence": MONTHLY} | fields))).save()
    before, form = reader.bill, reader.page.form("edit")
    shown = {key: value for key, value in form.fields.items() if key not in dict(said)}
    changed = reader.visitor.press(replace(form, fields=shown), *said, NOW)
    assert getattr(reader.bill, name) != getattr(before, name)
    reader.visitor.press(changed.form("unedit"))
    assert reader.bill == before


def paid_since(reader: Reader) -> None:
    account_changes.record_payment("somebody", "bill", payment_id="p", now=NINE)


def edited_since(reader: Reader) -> None:
    reader.edit(("amount", "99"), NOW)


@pytest.mark.parametrize("happens", [paid_since, edited_since])
def test_a_change_is_not_undone_over_what_came_after_it(
    begin: Begin, happens: Callable[[Reader], None]
) -> None:
    reader = begin()
    undo = reader.edit(HUNDRED_AND_TEN, NOW).form("unedit")
    happens(reader)
    before = reader.stored()
    refused = reader.visitor.press(undo)
    assert refused.status == 422
    assert "The bill has changed since" in refused.text
    assert reader.stored() == before


def test_a_change_is_undone_on_the_page_of_its_own_bill_alone(begin: Begin) -> None:
    reader = begin(beside=a_bill(bill_id="other", due_on=IN_THREE_DAYS))
    own, other = reader.page.links
    undo = reader.visitor.press(reader.visitor.get(own).form("edit"), HUNDRED_AND_TEN, NOW)
    form = undo.form("unedit")
    before = reader.stored()
    refused = reader.visitor.press(replace(form, action=f"{other}/unedit"))
    assert (refused.status, "cannot be undone here" in refused.text) == (422, True)
    assert reader.stored() == before
    reader.visitor.press(form)
    assert reader.costs(0) == ["120.50"]


def test_a_change_is_undone_for_a_day(begin: Begin, set_clock: SetClock) -> None:
    reader = begin()
    undo = reader.edit(HUNDRED_AND_TEN, NOW).form("unedit")
    set_clock(NINE + edits.KEPT + DAY)
    reader.prove(NINE + edits.KEPT + DAY)
    refused = reader.visitor.press(undo)
    assert (refused.status, "cannot be undone here" in refused.text) == (422, True)
    assert reader.costs(0) == ["110"]


def test_what_it_says_already_changes_nothing(begin: Begin) -> None:
    reader = begin()
    before = reader.stored()
    same = reader.edit(("amount", "120.50"), NOW)
    assert "The bill says so already" in same.text
    assert "Undo: as it was before" not in same.text
    same = reader.edit(("amount", "120.50"), ALWAYS)
    assert "The bill says so already" in same.text
    assert reader.stored() == before


def test_what_is_kept_for_the_undo_is_little_runs_out_and_goes_with_its_user(begin: Begin) -> None:
    reader = begin(
        recurrence=SINCE_JANUARY, payments=(Payment(0, NINE, PAID, "p", reference="Invoice 7"),)
    )
    reader.edit(HUNDRED_AND_TEN, NOW)
    (item,) = EditItem.query("somebody", EditItem.key.startswith("edit:"))
    assert "Invoice" not in item.was
    assert item.expires_at == int((NINE + timedelta(seconds=20) + edits.KEPT).timestamp())
    life = accounts.life_of("somebody")
    exported = json.loads(export.export("somebody", life=life, now=NINE))
    assert not any(each["key"].startswith("edit:") for each in exported["reminders"])
    erasure.erase("somebody")
    assert not list(EditItem.query("somebody"))


# Who may ------------------------------------------------------------------------------------------


def test_a_link_alone_corrects_no_bill(begin: Begin) -> None:
    reader = begin()
    form = reader.page.form("edit")
    undo = reader.edit(HUNDRED_AND_TEN, LATER, ("from", "2027-05-01")).form("unedit")
    reader.visitor.cookies.clear()
    page = reader.page
    assert "/edit" not in page.text
    assert '<a href="#more">' in page.text
    before = reader.stored()
    for press, more in ((form, (("amount", "1"), NOW)), (undo, ())):
        refused = reader.visitor.press(press, *more)
        assert refused.status == 403
        assert "ask for a code first" in refused.text
        assert "/edit" not in refused.text
    assert reader.stored() == before


def test_an_address_that_was_made_up_offers_no_undo(begin: Begin) -> None:
    reader = begin()
    for query in ("done=edit", "done=edit&edit=x%22%3E", "edit=" + "0" * 32):
        page = reader.visitor.get(f"/r/{reader.token}/0?{query}")
        assert page.status == 200
        assert "/unedit" not in page.text


# What cannot be -----------------------------------------------------------------------------------

FAULTS: Mapping[str, tuple[tuple[tuple[str, str], ...], str]] = {
    "nothing": ((NOW,), "nothing"),
    "an amount in words": ((("amount", "ten"), NOW), "amount"),
    "nothing to pay": ((("amount", "0"), NOW), "amount"),
    "a credit": ((("amount", "-5"), NOW), "amount"),
    "too many digits": ((("amount", "1" * 14), NOW), "amount"),
    "a date that is none": ((("first_due", "2027-02-30"), NOW), "day"),
    "a date in words": ((("first_due", "soon"), NOW), "day"),
    "a date that is past": ((("first_due", "2027-02-28"), NOW), "day_past"),
    "a date before the later one": (
        (("first_due", "2027-04-30"), LATER, ("from", "2027-05-01")),
        "day_past",
    ),
    "a date that is one already": ((("first_due", "2027-06-04"), NOW), "day_between"),
    "a date that is one of all": ((("first_due", "2027-06-04"), ALWAYS), "day_between"),
    "a date that is one later": (
        (("first_due", "2027-06-04"), HUNDRED_AND_TEN, LATER, ("from", "2027-05-01")),
        "day_between",
    ),
    "a date behind the end": ((("first_due", "2028-04-04"), NOW), "day_end"),
    "no later date": ((HUNDRED_AND_TEN, LATER), "from"),
    "a later date that is none": ((HUNDRED_AND_TEN, LATER, ("from", "2027-06-31")), "from"),
    "a later date that is past": ((HUNDRED_AND_TEN, LATER, ("from", "2027-02-28")), "from_past"),
    "no date then": ((HUNDRED_AND_TEN, LATER, ("from", "2028-01-01")), "from_none"),
    "a later date beside now": ((HUNDRED_AND_TEN, NOW, ("from", "2027-05-01")), "since"),
    "a later date beside always": ((HUNDRED_AND_TEN, ALWAYS, ("from", "2027-05-01")), "since"),
    "a day far away for all": ((("first_due", "2027-03-28"), ALWAYS), "always"),
}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", FAULTS)
def test_what_cannot_be_is_named_with_its_remedy_and_changes_nothing(
    begin: Begin, name: str, language: Language
) -> None:
    sent, key = FAULTS[name]
    reader = begin(recurrence=replace(SINCE_JANUARY, until=date(2027, 12, 31)), language=language)
    before = reader.stored()
    refused = reader.edit(*sent)
    assert refused.status == 422
    said = catalogue(language).say(f"page_fault_edit_{key}", date="|").split("|")
    assert all(each in seen(refused) for each in said)
    assert reader.stored() == before
    assert "<details open>" in refused.text
    for field, text in sent:  # nobody types it again
        marked = f'value="{text}" checked' if field == "since" else f'name="{field}"'
        assert marked in refused.text
        assert field == "since" or f'value="{text}"' in refused.text


@pytest.mark.parametrize("sent", [(), (("since", "never"),), (NOW, ("edit", "x"))])
def test_a_form_that_is_none_of_ours_changes_nothing(
    begin: Begin, sent: tuple[tuple[str, str], ...]
) -> None:
    reader = begin()
    form = reader.page.form("edit")
    before = reader.stored()
    named = dict(sent)
    fields = {name: value for name, value in form.fields.items() if name not in named}
    refused = reader.visitor.press(replace(form, fields=fields), HUNDRED_AND_TEN, *sent)
    assert (refused.status, "try again from this page" in refused.text) == (422, True)
    assert reader.stored() == before


def test_an_amount_of_two_meanings_is_not_guessed(begin: Begin) -> None:
    reader = begin()
    asked = reader.edit(("amount", "1.234"), NOW)
    assert (asked.status, "1234 or as 1.234" in asked.text) == (422, True)


@pytest.mark.parametrize("typed", ["1,234.50", "１２３４，５０", "1 234,50", "1234.5"])
def test_an_amount_is_read_as_payments_are(begin: Begin, typed: str) -> None:
    reader = begin()
    reader.edit(("amount", typed), NOW)
    assert reader.bill.amount == Money(Decimal("1234.5"), "USD")


@pytest.mark.parametrize("typed", ["２０２７－０３－２０", "2027/3/20", "2027年3月20日"])
def test_a_date_is_read_as_files_have_it(begin: Begin, typed: str) -> None:
    reader = begin()
    reader.edit(("first_due", typed), NOW)
    assert reader.dates(0) == ["2027-03-20"]


def test_what_was_paid_for_a_date_that_would_not_be_is_said(begin: Begin) -> None:
    last_days = Recurrence(date(2027, 1, 4), 1, Unit.MONTH, last_day=True)
    paid = Payment(0, NINE - 20 * DAY, PAID, "one")
    reader = begin(recurrence=last_days, due_on=date(2027, 3, 31), payments=(paid,))
    refused = reader.edit(("first_due", "2027-03-20"), ALWAYS)
    assert refused.status == 422
    assert "take that back first" in refused.text

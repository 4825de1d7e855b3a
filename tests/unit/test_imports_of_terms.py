"""What a file makes of bills with several terms, and of one that cannot be so."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from bill_reminders.commands.bills import BillFactory
from bill_reminders.commands.drafts import SeveralTerms, place_of
from bill_reminders.commands.imports import Imported, Merging, Saved, import_bills
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.money import Money
from bill_reminders.domain.recurrence import Recurrence, Unit
from tests.support.people import a_bill, a_user

USER = replace(a_user(), user_id="ash")
BEGINS = date(2027, 1, 4)
DAY = timedelta(days=1)


def costing(amount: str, bill_id: str = "rent", currency: str = "GBP") -> BillFactory:
    bill = a_bill(
        "ash",
        bill_id,
        due_on=BEGINS,
        recurrence=Recurrence(BEGINS, 1, Unit.WEEK),
        amount=Money(Decimal(amount), currency),
    )
    return lambda owed_from: replace(bill, owed_from=owed_from)


def read(account: Account, today: date, *drafts: BillFactory | SeveralTerms) -> Imported:
    now = datetime.combine(today, datetime.min.time(), tzinfo=UTC) + timedelta(hours=12)
    return import_bills(account, enumerate(drafts), Merging(leave_out=True), now=now)


def an_account(*bills: Bill) -> Account:
    return Account(version=1, user=USER, bills=bills)


def test_a_bill_with_more_terms_than_fit_is_left_out_and_the_others_go_in() -> None:
    account = read(an_account(), BEGINS, costing("100")).after
    for week in range(1, 60):
        account = read(account, BEGINS + 7 * week * DAY, costing(str(100 + week))).after
    assert len(account.need_bill("rent").terms) == 60
    imported = read(
        account, BEGINS + 60 * 7 * DAY, costing("99"), costing("20", "gas"), costing("30", "power")
    )
    ((place, error),) = imported.refused
    assert (place, error.field, place_of(error)) == (0, "from", 0)
    assert imported.saved == {Saved.NEW: 2}
    assert imported.after.need_bill("rent") == account.need_bill("rent")


def test_the_terms_at_fault_are_named_by_their_place() -> None:
    account = read(an_account(), BEGINS, costing("100")).after
    for week in range(1, 60):
        account = read(account, BEGINS + 7 * week * DAY, costing(str(100 + week))).after
    today = BEGINS + 59 * 7 * DAY
    several = SeveralTerms(((None, costing("159")), (today + 30 * DAY, costing("7"))))
    ((_, error),) = read(account, today, several).refused
    assert place_of(error) == 1


def test_terms_of_an_ended_bill_that_goes_on_later() -> None:
    """Its dates end, and others begin on a later day."""
    ends = costing("100")(BEGINS)
    until = replace(ends.recurrence, until=BEGINS + 20 * DAY)
    again = replace(costing("50")(BEGINS), recurrence=Recurrence(date(2027, 6, 1), 1, Unit.MONTH))
    several = SeveralTerms(
        ((None, lambda _: replace(ends, recurrence=until)), (date(2027, 6, 1), lambda _: again))
    )
    for before in (an_account(), an_account(replace(ends, recurrence=until))):
        bill = read(before, BEGINS, several).after.need_bill("rent")
        dates = [due_on for _, due_on in bill.dates_from(date.min) if due_on < date(2027, 8, 1)]
        assert dates == [
            *(date(2027, 1, 4), date(2027, 1, 11), date(2027, 1, 18)),
            *(date(2027, 6, 1), date(2027, 7, 1)),
        ]

"""The bounds of an account at every entrance: what they refuse, what they say, what they let be."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bill_reminders.delivery import claims
from bill_reminders.domain.bills import Bill, Mute, MuteReason
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Plan, PlanChange
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.storage import accounts, rows
from tests.api.conftest import NOON, SetClock, user_id
from tests.support.account_changes import change_user
from tests.support.api import Person, Reply
from tests.support.entered import ENTERED, IN_THREE_DAYS, NINE, enter, store
from tests.support.moto_stack import MotoStack
from tests.support.people import a_bill, a_user
from tests.support.visitor import Page, Visitor

DAY = timedelta(days=1)
DAILY = {
    "biller": "Lantern Bank", "name": "Card", "amount": "9", "currency": "USD",
    "first_due": "2027-03-04", "repeats": {"unit": "day"},
}  # fmt: skip
A_YEAR = PlanChange(lead_days=tuple(range(366)), overdue_days=tuple(range(1, 61)))
TOO_FAR = {"lead_days": [365], "overdue_days": [1]}


def refused(answer: Reply, *fields: str) -> None:
    assert answer.status == 422, answer.text
    assert {*answer.faults()} == {*fields}
    for said in answer.faults().values():
        assert "reminders live at once: choose fewer or nearer lead days" in said


def stored(person: Person, **changes: Any) -> str:
    """The address of a daily bill as it may stand in the tables from before the bounds."""
    recurrence = Recurrence(NOON.date(), 1, Unit.DAY)
    bill = a_bill(
        user_id(person), "heavy", due_on=NOON.date(), recurrence=recurrence, plan_change=A_YEAR,
        owed_from=NOON.date(),
    )  # fmt: skip
    rows.bill_item(replace(bill, **changes)).save()
    return "/v1/bills/heavy"


def test_a_bill_with_too_many_reminders_is_refused_however_it_comes(person: Person) -> None:
    refused(person.post("/v1/bills", DAILY | {"plan": TOO_FAR}), "plan.lead_days")
    assert person.get("/v1/bills").json["bills"] == []
    made = person.post("/v1/bills", DAILY)
    assert made.status == 201, made.text
    bill = person.get(made.headers["location"])
    address = made.headers["location"]
    refused(person.patch(address, {"plan": TOO_FAR}, bill.etag), "plan.lead_days")
    monthly = {"repeats": {"unit": "month"}, "plan": TOO_FAR}
    changed = person.patch(address, monthly, bill.etag)
    assert changed.status == 200, changed.text
    refused(person.patch(address, {"repeats": {"unit": "day"}}, changed.etag), "plan.lead_days")


def test_settings_that_make_too_many_are_refused_by_the_plan_that_does(person: Person) -> None:
    person.post("/v1/bills", DAILY | {"kind": "card"})
    etag = person.get("/v1/settings").etag
    refused(person.patch("/v1/settings", {"plan": TOO_FAR}, etag), "plan.lead_days")
    kinds = {"kind_plans": {"card": TOO_FAR}}
    refused(person.patch("/v1/settings", kinds, etag), "kind_plans.card.lead_days")
    other = person.patch("/v1/settings", {"kind_plans": {"loan": TOO_FAR}}, etag)
    assert other.status == 200, other.text


def test_what_was_closed_or_silenced_comes_back_only_within_the_bounds(person: Person) -> None:
    bill = stored(person, closed_at=NOON)
    refused(person.post(f"{bill}/reopen"), "plan.lead_days")
    stored(person, mute=Mute(NOON, MuteReason.STOPPED))
    refused(person.call("DELETE", f"{bill}/silence"), "plan.lead_days")


@pytest.mark.parametrize(
    "change",
    [
        lambda p, bill: p.post(f"{bill}/payments", {}),
        lambda p, bill: p.post(f"{bill}/snoozes", {"until": "2027-03-02", "confirmed": True}),
        lambda p, bill: p.call("PUT", f"{bill}/silence", {"reason": "stopped"}),
        lambda p, bill: p.patch(bill, {"name": "Another"}, p.get(bill).etag),
        lambda p, bill: p.patch(bill, {"plan": {"lead_days": [3]}}, p.get(bill).etag),
        lambda p, bill: p.patch(bill, {"plan": {"lead_days": [*range(20)]}}, p.get(bill).etag),
        lambda p, bill: p.patch(
            "/v1/settings", {"paused_until": "2027-03-09"}, p.get("/v1/settings").etag
        ),
        lambda p, bill: p.post(f"{bill}/close"),
        lambda p, bill: p.call("DELETE", bill),
    ],
    ids=[
        "pay", "snooze", "stop", "name", "shorten", "shorten less", "pause", "close", "delete",
    ],
)  # fmt: skip
def test_who_is_above_the_bounds_today_may_do_all_that_does_not_enlarge(
    person: Person, change: Callable[[Person, str], Reply]
) -> None:
    bill = stored(person)
    answer = change(person, bill)
    assert answer.status in (200, 201, 204), answer.text


CSV = {"content-type": "text/csv"}
HEADER = "bill_id,biller,name,first_due,repeats,lead_days,overdue_days"


def own_file(*bill_ids: str, lead_days: str = "3") -> str:
    rows = [f"{each},Oak Homes,Rent,2027-03-05,every day,{lead_days},1" for each in bill_ids]
    return "\n".join([HEADER, *rows])


def test_a_file_leaves_out_what_is_too_much_and_names_its_row(person: Person) -> None:
    raw = "\n".join([own_file("rent"), own_file("far", lead_days="365").splitlines()[1]])
    answer = person.post("/v1/bills/files/csv", raw=raw, headers=CSV).json
    assert (answer["new"], len(answer["errors"])) == (1, 1)
    (error,) = answer["errors"]
    assert (error["row"], error["column"]) == (3, "lead_days")
    assert "choose fewer or nearer lead days" in error["detail"]
    none = person.post("/v1/bills/files/csv?all_or_none=true", raw=raw, headers=CSV).json
    assert (none["new"], none["unchanged"], none["errors"][0]["row"]) == (0, 0, 3)


def test_who_is_above_the_bounds_gets_no_more_bills(person: Person) -> None:
    stored(person)
    (error,) = person.post("/v1/bills/files/csv", raw=own_file("rent"), headers=CSV).json["errors"]
    assert (error["row"], error["column"]) == (2, "lead_days")
    assert "or close or delete bills" in error["detail"]
    refused(person.post("/v1/bills", DAILY), "plan.lead_days")


def test_a_file_takes_twenty_days_of_a_plan(person: Person) -> None:
    days = "+".join(map(str, range(1, 22)))
    raw = own_file("rent", lead_days=days).replace("every day", "every year")
    (error,) = person.post("/v1/bills/files/csv", raw=raw, headers=CSV).json["errors"]
    assert (error["row"], error["column"]) == (2, "lead_days")
    assert error["detail"] == "more than 20 days: keep at most 20 of them"


# The page ----------------------------------------------------------------------------------------


@pytest.fixture
def visitor(stack: MotoStack, set_clock: SetClock) -> Visitor:
    set_clock(NINE)
    return Visitor(stack)


def page_of(visitor: Visitor, bill: Bill, **user: Any) -> Page:
    store(a_user(**user), bill)
    claim = claims.claim_next("somebody", Channel.SMS, with_link=True, now=NINE)
    return visitor.get(f"/r/{claim.token}")


def ticked(*lead_days: int, scope: str = "bill") -> list[tuple[str, str]]:
    return [
        *(("lead_days", str(day)) for day in lead_days),
        ("overdue_days", "1"), ("channels", "sms"), ("remind_at", "09:00"), ("scope", scope),
    ]  # fmt: skip


def plan_of_rent() -> Plan:
    account = accounts.read("somebody", now=NINE)
    bill = account.bill("rent")
    assert bill is not None
    return account.user.plan_for(bill.kind, bill.plan_change)


@pytest.mark.parametrize("scope", ["bill", "all"])
def test_the_page_takes_twenty_days_and_says_so(visitor: Visitor, scope: str) -> None:
    page = page_of(visitor, a_bill(bill_id="rent", due_on=IN_THREE_DAYS))
    answer = visitor.press(page.form("plan"), *ticked(*range(21), scope=scope))
    assert answer.status == 422
    assert "at most 20 days before the due date" in answer.text
    assert plan_of_rent() == Plan()
    assert visitor.press(page.form("plan"), *ticked(*range(20), scope=scope)).status == 200
    assert len(plan_of_rent().lead_days) == 20


def test_days_that_stand_there_may_stay_and_go(visitor: Visitor) -> None:
    long = Plan(lead_days=tuple(range(30)))
    page = page_of(visitor, a_bill(bill_id="rent", due_on=IN_THREE_DAYS), plan=long)
    form = page.form("plan")
    assert visitor.press(form, *ticked(*range(30))[:-2], ("remind_at", "18:30"),
                         ("scope", "bill")).status == 200  # fmt: skip
    assert plan_of_rent().remind_at.hour == 18
    assert visitor.press(form, *ticked(*range(25))).status == 200
    assert plan_of_rent().lead_days == tuple(range(25))
    assert visitor.press(form, *ticked(*range(1, 31))).status == 422


def test_the_page_refuses_too_many_at_once_and_says_what_to_choose(visitor: Visitor) -> None:
    daily = a_bill(
        bill_id="rent", due_on=IN_THREE_DAYS, recurrence=Recurrence(IN_THREE_DAYS, 1, Unit.DAY)
    )
    page = page_of(visitor, daily)
    answer = visitor.press(page.form("plan"), *ticked(365))
    assert answer.status == 422
    assert "too many reminders at once. Please choose fewer days" in answer.text
    assert plan_of_rent() == Plan()


def test_the_calendar_of_who_is_above_the_bounds_is_answered(person: Person) -> None:
    bill = stored(person)
    assert person.get(bill).json["planned_reminders"] == []
    following = person.get("/v1/settings").json["next_reminders"]
    assert set(following.values()) == {None}


def test_a_setting_of_somebody_above_the_bounds_can_be_changed(stack: MotoStack) -> None:
    enter(a_user())
    recurrence = Recurrence(ENTERED.date(), 1, Unit.DAY)
    store_bill = a_bill(due_on=ENTERED.date(), recurrence=recurrence, plan_change=A_YEAR)
    rows.bill_item(store_bill).save()
    assert change_user("somebody", lambda user: replace(user, tips=False), now=NINE)

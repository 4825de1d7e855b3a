"""A due date that moves, through the real store: what was said of a date is not said of it again,
however far back the ledger happens to be read."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from bill_reminders.commands.bills import change
from bill_reminders.delivery.claims import claim_next, mark, release
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill, Heard
from bill_reminders.domain.enums import Channel, Shift
from bill_reminders.domain.ledger import State
from bill_reminders.domain.loans import Loan, Method
from bill_reminders.domain.money import Money
from bill_reminders.domain.people import Join, User
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.reminders import Reminder, Trigger
from bill_reminders.domain.working_days import Place
from bill_reminders.storage import accounts, rows, tables
from bill_reminders.storage.saving import save_bills
from tests.support.account_changes import change_user, delete_bill, plan_again
from tests.support.entered import enter, states_of, wakes_at
from tests.support.functions import counted_calls
from tests.support.moto_stack import MotoStack
from tests.support.people import a_bill, a_user

pytestmark = pytest.mark.usefixtures("stack")

FIRST, LATER = date(2027, 3, 20), date(2027, 4, 10)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2027-{text}").replace(tzinfo=UTC)


def redate(due_on: date, *, now: datetime, bill_id: str = "bill") -> None:
    save_bills("somebody", [lambda _: a_bill(bill_id=bill_id, due_on=due_on)], now=now)


def live(until: str) -> list[str]:
    """All that goes out until then: each message's minute, and what it says, as its key does."""
    sent: list[str] = []
    while (wake := wakes_at("somebody")) is not None and wake <= at(until):
        claim = claim_next("somebody", Channel.SMS, now=wake)
        if claim.reminders:
            mark(claim, State.SENT, now=wake)
        sent += [
            f"{wake:%m-%d %H:%M} {each.due_on:%m-%d} r{each.revision} {each.trigger}"
            for each in claim.reminders
        ]
    return sent


def another_bill(now: datetime) -> None:
    shifted = a_bill(
        bill_id="another",
        due_on=date(2027, 12, 1),
        shift=Shift.NEXT,
        place=Place("US"),
    )
    save_bills("somebody", [lambda _: shifted], now=now)


def overdue_days(*days: int) -> Callable[[datetime], None]:
    def change(user: User) -> User:
        return replace(user, plan=replace(user.plan, overdue_days=days))

    return lambda now: change_user("somebody", change, now=now) and None


@pytest.mark.parametrize(
    "widen",
    [
        pytest.param(another_bill, id="a bill that a holiday moves on"),
        pytest.param(overdue_days(1, 30), id="overdue day 30"),
        pytest.param(overdue_days(1, 60), id="overdue day 60"),
    ],
)
def test_a_ledger_that_is_read_from_earlier_on_sends_nothing_again(
    widen: Callable[[datetime], None],
) -> None:
    enter(a_user(zone="America/New_York"), a_bill(due_on=FIRST))
    assert live("03-18 12:00") == ["03-17 13:00 03-20 r0 lead:3"]
    redate(LATER, now=at("03-18 12:00"))
    assert live("04-08 12:00") == ["04-07 13:00 04-10 r1 lead:3"]
    widen(at("04-08 12:00"))
    plan_again("somebody", now=at("04-08 12:30"))
    assert live("04-12 12:00") == [
        "04-09 13:00 04-10 r1 lead:1",
        "04-10 13:00 04-10 r1 lead:0",
        "04-11 13:00 04-10 r1 overdue:1",
    ]


@pytest.mark.parametrize("days", [3, 13, 14, 21, 100, 250])
def test_a_date_that_moved_after_it_was_told_is_told_as_changed(days: int) -> None:
    enter(a_user(zone="America/New_York"), a_bill(due_on=FIRST))
    live("03-18 12:00")
    redate(FIRST + timedelta(days=days), now=at("03-18 12:00"))
    sent = live("12-31 12:00")
    assert len(sent) >= 3
    assert all(" r1 " in line for line in sent)


Entrance = Callable[[Bill, datetime], object]


def by_file(bill: Bill, now: datetime) -> object:
    return save_bills("somebody", [lambda _: bill], now=now)


def by_own_file(bill: Bill, now: datetime) -> object:
    return save_bills("somebody", [lambda _: bill], now=now, own=True)


def by_form(bill: Bill, now: datetime) -> object:
    def edit(account: Account) -> Account:
        return change(account, bill.bill_id, lambda known: lambda _: bill, now=now)

    return accounts.change("somebody", edit, now=now)


MONTHLY = Recurrence(FIRST, 1, Unit.MONTH)
LOAN = Loan(Money(Decimal(1200), "USD"), Decimal("0.01"), 12, Method.EQUAL_INSTALMENT)


@pytest.mark.parametrize(
    ("bill", "entrance"),
    [
        pytest.param(a_bill(due_on=FIRST), by_own_file, id="own file"),
        pytest.param(a_bill(due_on=FIRST), by_form, id="form"),
        pytest.param(a_bill(due_on=FIRST, recurrence=MONTHLY), by_form, id="form, monthly"),
        pytest.param(a_bill(due_on=FIRST, recurrence=MONTHLY), by_file, id="file, monthly"),
        pytest.param(
            a_bill(due_on=FIRST, recurrence=MONTHLY, amount=None, loan=LOAN), by_file, id="loan"
        ),
    ],
)
def test_every_entrance_that_moves_a_date_makes_the_revision(
    bill: Bill, entrance: Entrance
) -> None:
    enter(a_user(zone="America/New_York"), bill)
    live("03-18 12:00")
    recurrence = replace(bill.recurrence, first_due=FIRST + timedelta(days=5))
    entrance(replace(bill, recurrence=recurrence), at("03-18 12:00"))
    sent = live("04-23 12:00")
    assert sent[0] == "03-22 13:00 03-25 r1 lead:3"
    assert [line for line in sent if " 04-25 r0 " in line] == [
        line for line in sent if " 04-25 " in line
    ]


@pytest.mark.parametrize(
    ("steps", "sent"),
    [
        pytest.param(
            [("03-18 12:00", LATER), ("03-18 13:00", FIRST)],
            ["03-17 13:00 03-20 r0 lead:3", "03-19 13:00 03-20 r0 lead:1"],
            id="back, and nobody heard of the other date",
        ),
        pytest.param(
            [("03-18 12:00", date(2027, 3, 21)), ("03-18 18:00", FIRST)],
            [
                "03-17 13:00 03-20 r0 lead:3",
                "03-18 13:00 03-21 r1 lead:3",
                "03-18 18:01 03-20 r2 lead:3",
                "03-19 13:00 03-20 r2 lead:1",
            ],
            id="back, after the other date was told",
        ),
        pytest.param(
            [("03-18 12:00", LATER), ("04-08 12:00", date(2027, 4, 30)), ("04-08 18:00", LATER)],
            [
                "03-17 13:00 03-20 r0 lead:3",
                "04-07 13:00 04-10 r1 lead:3",
                "04-09 13:00 04-10 r1 lead:1",
            ],
            id="away for some hours",
        ),
        pytest.param(
            [("03-16 12:00", LATER), ("03-16 13:00", date(2027, 5, 10)), ("04-01 12:00", LATER)],
            ["04-07 13:00 04-10 r0 lead:3", "04-09 13:00 04-10 r0 lead:1"],
            id="moved thrice, before anybody heard of it",
        ),
    ],
)
def test_a_date_is_told_again_exactly_if_another_may_have_been_heard_in_between(
    steps: list[tuple[str, date]], sent: list[str]
) -> None:
    enter(a_user(zone="America/New_York"), a_bill(due_on=FIRST))
    found: list[str] = []
    for when, due_on in steps:
        found += live(when)
        redate(due_on, now=at(when))
    found += live("04-09 13:00")
    assert found[: len(sent)] == sent
    assert len({line.split(" ", 2)[2] for line in found}) == len(found)


def test_what_was_told_of_a_date_long_ago_is_read_by_its_keys() -> None:
    enter(a_user(zone="America/New_York"), a_bill(due_on=date(2027, 2, 20)))
    live("03-01 12:00")
    with counted_calls(tables.connection.client) as calls:
        redate(date(2027, 9, 20), now=at("09-01 12:00"))
    assert calls.count("Query") == 3, "bills, the ledger, and the rows of the date that is left"
    assert live("09-18 12:00") == ["09-17 13:00 09-20 r1 lead:3"]


@pytest.mark.parametrize("due_on", [FIRST, FIRST + timedelta(days=30)])
def test_no_more_is_read_where_no_date_moves_or_its_rows_were_read_anyway(due_on: date) -> None:
    enter(a_user(zone="America/New_York"), a_bill(due_on=FIRST))
    live("03-18 12:00")
    with counted_calls(tables.connection.client) as calls:
        moved = a_bill(due_on=due_on, name="Rent")
        save_bills("somebody", [lambda _: moved], now=at("03-18 12:00"))
    assert calls.count("Query") == 2


def test_what_is_claimed_while_a_date_moves_was_heard() -> None:
    enter(a_user(zone="America/New_York"), a_bill(due_on=FIRST))
    nine = at("03-17 13:00")
    claims: list[bool] = []

    def edit(account: Account) -> Account:
        if not claims:
            claims.append(bool(claim_next("somebody", Channel.SMS, now=nine).reminders))
        return account.with_bill(a_bill(due_on=LATER))

    after = accounts.change("somebody", edit, now=nine)
    assert claims == [True]
    assert after.written
    for account in (after, accounts.read("somebody", now=nine)):
        assert account.bills[0].heard == (Heard(0, FIRST, 0, 1),)


def test_the_working_day_after_is_no_other_date() -> None:
    before = a_bill(due_on=FIRST, place=Place("US"), shift=Shift.PREVIOUS)
    after = replace(before, shift=Shift.NEXT)
    enter(a_user(zone="America/New_York"), before)
    assert live("03-17 12:00") == ["03-16 13:00 03-20 r0 lead:3"]
    save_bills("somebody", [lambda _: after], now=at("03-17 12:00"))
    assert accounts.read("somebody", now=at("03-17 12:00")).bills[0].heard == ()
    assert all(" r0 " in line for line in live("03-24 12:00"))


def test_a_bill_that_is_deleted_and_entered_again_knows_what_was_heard() -> None:
    enter(a_user(zone="America/New_York"), a_bill(due_on=FIRST))
    live("03-18 12:00")
    delete_bill("somebody", "bill", now=at("03-18 12:00"))
    plan_again("somebody", now=at("03-18 12:01"))
    redate(LATER, now=at("03-18 12:02"))
    assert live("04-08 12:00") == ["04-07 13:00 04-10 r1 lead:3"]
    delete_bill("somebody", "bill", now=at("04-08 12:00"))
    redate(LATER, now=at("04-08 12:02"))
    assert live("04-09 13:00") == ["04-09 13:00 04-10 r1 lead:1"]
    assert accounts.read("somebody", now=at("04-09 13:00")).deleted == ()


def test_what_an_older_rule_sent_does_not_go_again() -> None:
    enter(a_user(zone="America/New_York"), a_bill(due_on=LATER))
    lead = Reminder(
        *("somebody", "bill", 0, LATER, Trigger.lead(3), Channel.SMS),
        planned_at=at("04-07 13:00"),
        revision=2,
    )
    rows.ledger_item(lead, State.SENT, attempt=1, at=lead.planned_at).save()
    assert live("04-09 13:00") == ["04-09 13:00 04-10 r0 lead:1"]
    redate(date(2027, 4, 20), now=at("04-09 14:00"))
    assert live("04-17 14:00") == ["04-17 13:00 04-20 r3 lead:3"]


def test_what_waits_is_withdrawn_with_the_change_after_which_nobody_looks_at_it() -> None:
    user = a_user(zone="America/New_York")
    late = replace(user, plan=replace(user.plan, overdue_days=(30,)))
    enter(late, a_bill(due_on=FIRST))
    live("03-20 14:00")
    wake = at("04-19 13:00")
    claim = claim_next("somebody", Channel.SMS, now=wake)
    release(claim, not_before=at("04-19 20:00"), reason="throttled", now=wake)
    overdue_days(1)(at("04-19 14:00"))
    live("05-30 12:00")
    assert states_of("somebody")["bill#0000#r0#overdue:30#sms"] == State.SKIPPED


@pytest.mark.parametrize("bills", [100, 250])
def test_more_may_wait_than_one_transaction_withdraws(bills: int) -> None:
    user = a_user(zone="America/New_York")
    late = replace(user, plan=replace(user.plan, lead_days=(), overdue_days=(30,)))
    enter(late, *(a_bill(bill_id=f"bill-{number}", due_on=FIRST) for number in range(bills)))
    wake = at("04-19 13:00")
    while (claim := claim_next("somebody", Channel.SMS, now=wake)).reminders:
        release(claim, not_before=at("04-19 20:00"), reason="throttled", now=wake)
    assert len(states_of("somebody")) == bills
    overdue_days(1)(at("04-19 14:00"))
    assert accounts.read("somebody", now=at("04-19 14:00")).user.plan.overdue_days == (1,)
    assert {*states_of("somebody").values()} == {State.SKIPPED}


def test_a_channel_stands_in_though_the_failed_digest_is_of_a_date_long_gone() -> None:
    user = a_user(channels=[Channel.PUSH, Channel.SMS])
    plan = replace(user.plan, joins=(Join(Channel.SMS, None),))
    enter(replace(user, plan=plan), a_bill(due_on=FIRST))
    lead = Reminder(
        *("somebody", "bill", 0, FIRST, Trigger.lead(3), Channel.PUSH),
        planned_at=at("03-17 09:00"),
    )
    gone = replace(lead, bill_id="gone", due_on=date(2027, 2, 1), trigger=Trigger.overdue(44))
    for reminder, state in ((gone, State.FAILED), (lead, State.IN_DIGEST)):
        item = rows.ledger_item(reminder, state, attempt=1, at=lead.planned_at)
        item.message_key = gone.key
        item.save()
    account = accounts.read("somebody", now=at("03-17 09:05"))
    due = account.decide(Channel.SMS, at("03-17 09:05")).due
    assert [(str(each.trigger), each.channel) for each in due] == [("lead:3", Channel.SMS)]


def test_an_administrator_can_read_what_was_heard(stack: MotoStack) -> None:
    enter(a_user(zone="America/New_York"), a_bill(due_on=FIRST))
    live("03-18 12:00")
    redate(LATER, now=at("03-18 12:00"))
    shown = stack.client("dynamodb").get_item(
        TableName=stack.ids["Bills"],
        Key={"user_id": {"S": "somebody"}, "bill_id": {"S": "bill"}},
    )["Item"]
    numbers = {"occurrence": {"N": "0"}, "revision": {"N": "0"}, "following": {"N": "1"}}
    assert shown["heard"] == {"L": [{"M": numbers | {"due_on": {"S": "2027-03-20"}}}]}

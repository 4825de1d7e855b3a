"""What payments, changes and a withdrawn bill make of the reminders that are planned.

Unless a test says otherwise a bill of 120.50 USD is due on 10 February 2027 and every month after
it, and is reminded by the default plan. All times are those on the wall in New York.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import Recorded, State
from bill_reminders.domain.money import Money
from bill_reminders.domain.paying_ahead import parts
from bill_reminders.domain.payments import Payment, Statement
from bill_reminders.domain.people import Language, PlanChange, User
from bill_reminders.domain.planning import Decision, decide
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.reminders import Reminder, Trigger
from bill_reminders.messages.catalogue import catalogue
from bill_reminders.messages.notices import Notice
from bill_reminders.messages.wording import amount_alone, remark
from tests.support.people import a_bill, a_user

NEW_YORK = ZoneInfo("America/New_York")
DUE = date(2027, 2, 10)
USER = a_user(zone="America/New_York")
BILL = a_bill(due_on=DUE, recurrence=Recurrence(DUE, 1, Unit.MONTH))
ONCE = a_bill(due_on=DUE)
CARD = BILL.with_statement(Statement(0, Money(Decimal("500.00"), "USD"), Decimal("25.00")))


def at(wall: str) -> datetime:
    return datetime.fromisoformat(f"2027-{wall}").replace(tzinfo=NEW_YORK).astimezone(UTC)


def decided(
    now: str, *bills: Bill, user: User = USER, recorded: Iterable[Recorded] = ()
) -> Decision:
    ledger = {row.reminder.key: row for row in recorded}
    return decide(user, bills, ledger, channel=Channel.SMS, now=at(now))


def fates(decision: Decision) -> set[str]:
    """Of each occurrence, by its number: `0 lead:3 due`, `1 lead:3 while_paid`."""
    due = {f"{each.occurrence} {each.trigger} due" for each in decision.due}
    return due | {
        f"{skip.reminder.occurrence} {skip.reminder.trigger} {skip.reason}"
        for skip in decision.skipped
    }


def went(trigger: str, planned: str, state: State = State.SENT, number: int = 0) -> Recorded:
    due_on = BILL.due_on(number)
    assert due_on is not None
    reminder = Reminder(
        *("somebody", "bill", number, due_on, Trigger.parse(trigger), Channel.SMS), at(planned)
    )
    return Recorded(reminder, state)


def pay(
    amount: str | None, number: int = 0, payment_id: str = "p", when: str = "02-08 10:00"
) -> Payment:
    money = None if amount is None else Money(Decimal(amount), "USD")
    return Payment(number, at(when), money, payment_id)


SENT_LEAD_3 = went("lead:3", "02-07 09:00")


@pytest.mark.parametrize(
    ("bill", "amounts", "goes_on"),
    [
        pytest.param(BILL, [], True, id="open"),
        pytest.param(BILL, ["0.01"], True, id="partly paid"),
        pytest.param(BILL, ["60.00", "60.49"], True, id="all but a cent in two parts"),
        pytest.param(CARD, ["24.99"], True, id="below the minimum"),
        pytest.param(CARD, ["25.00"], True, id="the minimum met"),
        pytest.param(CARD, ["120.50"], True, id="the usual amount, when the statement says more"),
        pytest.param(replace(BILL, amount=None), ["500.00"], True, id="of what nobody knows"),
        pytest.param(replace(BILL, amount=None), [None], False, id="all of what nobody knows"),
        pytest.param(BILL, ["120.50"], False, id="paid"),
        pytest.param(BILL, ["60.00", "60.50"], False, id="paid in two parts"),
        pytest.param(BILL, ["1.00", None], False, id="a part, then the rest"),
        pytest.param(BILL, ["120.51"], False, id="overpaid"),
        pytest.param(CARD, ["500.00"], False, id="the whole statement"),
    ],
)
def test_an_occurrence_is_reminded_of_until_nothing_is_left_to_pay(
    bill: Bill, amounts: list[str | None], *, goes_on: bool
) -> None:
    for number, amount in enumerate(amounts):
        bill = bill.with_payment(pay(amount, payment_id=f"p{number}"))
    decision = decided("02-09 09:00", bill, recorded=[SENT_LEAD_3])
    assert fates(decision) == ({"0 lead:1 due"} if goes_on else set())
    assert decision.next_at == at("02-10 09:00" if goes_on else "03-07 09:00")


def test_a_statement_of_nothing_is_not_reminded_of() -> None:
    nothing = BILL.with_statement(Statement(0, Money(Decimal(0), "USD")))
    assert decided("02-07 09:00", nothing) == Decision((), (), at("03-07 09:00"))


def test_a_statement_above_what_was_paid_reminds_of_the_rest() -> None:
    paid = BILL.with_payment(pay("120.50"))
    more = paid.with_statement(Statement(0, Money(Decimal("130.00"), "USD")))
    assert fates(decided("02-09 09:00", paid, recorded=[SENT_LEAD_3])) == set()
    assert fates(decided("02-09 09:00", more, recorded=[SENT_LEAD_3])) == {"0 lead:1 due"}


LATE = replace(
    BILL,
    recurrence=Recurrence(DUE, 1, Unit.WEEK),
    plan_change=PlanChange(lead_days=(), overdue_days=(1, 8, 15)),
)


def late_row(row: Recorded, number: int) -> Recorded:
    due_on = LATE.due_on(number)
    assert due_on is not None
    return replace(row, reminder=replace(row.reminder, occurrence=number, due_on=due_on))


@pytest.mark.parametrize(
    ("paid", "left"),
    [
        ((), {"0 overdue:15 due", "1 overdue:8 due", "2 overdue:1 due"}),
        ((1,), {"0 overdue:15 due", "2 overdue:1 due"}),
        ((0, 2), {"1 overdue:8 due"}),
        ((0, 1, 2), set()),
        ((3,), {"0 overdue:15 due", "1 overdue:8 due", "2 overdue:1 due"}),
    ],
)
def test_each_unpaid_occurrence_stays_overdue_on_its_own_day(
    paid: tuple[int, ...], left: set[str]
) -> None:
    bill = LATE
    for number in paid:
        bill = bill.with_payment(pay(None, number, f"p{number}"))
    earlier = [
        went("overdue:1", "02-11 09:00"),
        went("overdue:8", "02-18 09:00"),
        late_row(went("overdue:1", "02-18 09:00"), 1),
    ]
    assert fates(decided("02-25 09:00", bill, recorded=earlier)) == left


# --- undone ---


@pytest.mark.parametrize(
    ("undone_at", "expected", "next_at"),
    [
        pytest.param("02-08 12:00", set(), "02-09 09:00", id="before the next day of the plan"),
        pytest.param("02-09 08:59", set(), "02-09 09:00", id="a minute before it"),
        pytest.param("02-09 09:00", {"0 lead:1 while_paid"}, "02-10 09:00", id="at that minute"),
        pytest.param("02-09 12:00", {"0 lead:1 while_paid"}, "02-10 09:00", id="after it"),
        pytest.param(
            *("02-10 12:00", {"0 lead:1 superseded", "0 lead:0 while_paid"}, "02-11 09:00"),
            id="on the due day",
        ),
        pytest.param(
            "02-11 12:00",
            {"0 lead:1 superseded", "0 lead:0 superseded", "0 overdue:1 while_paid"},
            "03-07 09:00",
            id="when all has passed",
        ),
    ],
)
def test_an_undone_payment_brings_back_the_days_to_come_and_no_other(
    undone_at: str, expected: set[str], next_at: str
) -> None:
    paid = BILL.with_payment(pay(None))
    bill = paid.without_payment("p", 0, now=at(undone_at))
    decision = decided(undone_at, bill, recorded=[SENT_LEAD_3])
    assert fates(decision) == expected
    assert decision.next_at == at(next_at)


def test_an_undone_part_that_closed_nothing_keeps_no_day_back() -> None:
    part = BILL.with_payment(pay("5.00", when="02-08 10:00"))
    bill = part.without_payment("p", 0, now=at("02-09 10:00"))
    assert fates(decided("02-09 10:00", bill, recorded=[SENT_LEAD_3])) == {"0 lead:1 due"}


def test_of_two_payments_the_one_that_is_undone_last_reopens() -> None:
    both = BILL.with_payment(pay("120.50")).with_payment(pay("120.50", payment_id="q"))
    one = both.without_payment("p", 0, now=at("02-08 12:00"))
    assert fates(decided("02-09 09:00", one, recorded=[SENT_LEAD_3])) == set()
    none = one.without_payment("q", 0, now=at("02-09 10:00"))
    assert fates(decided("02-09 10:00", none, recorded=[SENT_LEAD_3])) == {"0 lead:1 while_paid"}


def test_paying_again_after_an_undone_payment_closes_again() -> None:
    bill = BILL.with_payment(pay(None)).without_payment("p", 0, now=at("02-08 12:00"))
    again = bill.with_payment(pay(None, payment_id="q"))
    assert fates(decided("02-09 09:00", again, recorded=[SENT_LEAD_3])) == set()


# --- settings ---

ROWS = [
    ("lead:3", "02-07 09:00"),
    ("lead:1", "02-09 09:00"),
    ("lead:0", "02-10 09:00"),
    ("overdue:1", "02-11 09:00"),
]


@given(
    st.sampled_from(["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "Europe/London"]),
    st.integers(1, 4),
    st.sets(st.integers(0, 40), max_size=4),
    st.sets(st.integers(1, 10), max_size=3),
    st.times(),
    st.integers(0, 5 * 24 * 60),
)
def test_neither_another_zone_nor_another_plan_repeats_what_was_sent(
    zone: str, count: int, leads: set[int], overdues: set[int], remind_at: time, later: int
) -> None:
    plan = replace(
        USER.plan,
        lead_days=tuple(leads),
        overdue_days=tuple(overdues),
        remind_at=remind_at.replace(second=0, microsecond=0),
    )
    moved = replace(USER, zone=ZoneInfo(zone), plan=plan)
    rows = {row.reminder.key: row for row in (went(*each) for each in ROWS[:count])}
    now = at(ROWS[count - 1][1]) + timedelta(minutes=later)
    decision = decide(moved, [ONCE], rows, channel=Channel.SMS, now=now)
    fated = [*decision.due, *(skip.reminder for skip in decision.skipped)]
    assert not {each.key for each in fated} & rows.keys()
    assert len({each.key for each in fated}) == len(fated)
    assert len(decision.due) <= 1
    assert decision.next_at is None or decision.next_at > now


@pytest.mark.parametrize(
    ("zone", "next_at"),
    [
        ("Pacific/Kiritimati", "2027-02-08T19:00"),
        ("Europe/London", "2027-02-09T09:00"),
        ("Pacific/Pago_Pago", "2027-02-09T20:00"),
    ],
)
def test_what_is_still_to_come_follows_the_new_zone(zone: str, next_at: str) -> None:
    moved = replace(USER, zone=ZoneInfo(zone))
    decision = decided("02-07 12:00", ONCE, user=moved, recorded=[SENT_LEAD_3])
    assert fates(decision) == set()
    assert decision.next_at == datetime.fromisoformat(next_at).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("stopped", "fate"),
    [(None, "due"), ("02-01 10:00", "no_address"), ("02-09 08:59", "no_address")],
)
def test_after_stop_a_reminder_is_noted_and_not_sent(stopped: str | None, fate: str) -> None:
    address = replace(USER.addresses[Channel.SMS], stopped_at=at(stopped) if stopped else None)
    user = USER.with_address(Channel.SMS, address)
    assert address.usable is (stopped is None)
    decision = decided("02-09 09:00", ONCE, user=user, recorded=[SENT_LEAD_3])
    assert fates(decision) == {f"0 lead:1 {fate}"}
    assert decision.next_at == at("02-10 09:00")


def test_stop_on_one_channel_leaves_the_others() -> None:
    both = a_user(zone="America/New_York", channels=[Channel.SMS, Channel.EMAIL])
    stopped = replace(both.addresses[Channel.SMS], stopped_at=at("02-01 10:00"))
    user = both.with_address(Channel.SMS, stopped)
    by_email = decide(user, [ONCE], {}, channel=Channel.EMAIL, now=at("02-07 09:00"))
    assert fates(by_email) == {"0 lead:3 due"}


# --- deleted, and waiting ---


@pytest.mark.parametrize("state", list(State))
def test_of_a_deleted_bill_only_what_waits_is_withdrawn(state: State) -> None:
    row = went("lead:1", "02-09 09:00", state)
    decision = decided("02-09 09:01", recorded=[row])
    assert fates(decision) == ({"0 lead:1 withdrawn"} if state is State.WAITING else set())
    assert (decision.due, decision.next_at) == ((), None)


@pytest.mark.parametrize(
    "needless",
    [
        pytest.param(ONCE.with_payment(pay("120.50")), id="paid"),
        pytest.param(ONCE.with_payment(pay("500.00")), id="overpaid"),
        pytest.param(
            ONCE.with_statement(Statement(0, Money(Decimal(0), "USD"))), id="nothing is owed"
        ),
        pytest.param(replace(ONCE, closed_at=at("02-09 09:00")), id="closed"),
        pytest.param(replace(ONCE, owed_from=date(2027, 2, 11)), id="not owed"),
    ],
)
def test_what_waits_is_withdrawn_when_nothing_is_left_to_pay(needless: Bill) -> None:
    row = went("lead:1", "02-09 09:00", State.WAITING)
    assert fates(decided("02-09 09:01", needless, recorded=[row])) == {"0 lead:1 withdrawn"}


def test_what_waits_of_a_part_that_is_paid_still_goes() -> None:
    row = went("lead:1", "02-09 09:00", State.WAITING)
    part = ONCE.with_payment(pay("20.00"))
    assert fates(decided("02-09 09:01", part, recorded=[SENT_LEAD_3, row])) == {"0 lead:1 due"}


def test_a_date_that_moves_before_anything_went_out_is_no_revision() -> None:
    refused = replace(went("lead:3", "02-07 09:00", State.WAITING), not_before=at("02-08 12:30"))
    moved = a_bill(due_on=date(2027, 2, 9))
    decision = decided("02-08 12:00", moved, recorded=[refused])
    assert [(str(each.trigger), each.revision) for each in decision.due] == [("lead:1", 0)]


def test_what_was_paid_ahead_is_not_reminded_of_and_the_next_names_what_is_left() -> None:
    paid = BILL
    for number, part in parts(BILL, 0, Money(Decimal("250.00"), "USD"), DUE):
        paid = paid.with_payment(pay(str(part.amount), number))
    assert decided("02-08 10:01", paid, recorded=[SENT_LEAD_3]) == Decision(
        (), (), at("04-07 09:00")
    )
    (reminder,) = decided("04-07 09:00", paid).due
    assert (reminder.occurrence, str(reminder.trigger)) == (2, "lead:3")
    said = remark(catalogue(Language.ENGLISH), Notice.of(paid, reminder), date(2027, 4, 7))
    alone = amount_alone(catalogue(Language.ENGLISH), Notice.of(paid, reminder), date(2027, 4, 7))
    assert "$111.50 left of $120.50" in f"{alone} {said}"

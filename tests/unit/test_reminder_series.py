"""Which reminders stand in the chain of one occurrence, and which occurrences are looked at beyond
those that the plan reaches."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bill_reminders.domain import reminder_series as module
from bill_reminders.domain.bills import Bill, FailedDebit, Mute, MuteReason, Snooze
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import Recorded, State
from bill_reminders.domain.ledger_history import LedgerHistory
from bill_reminders.domain.people import Join, Plan, PlanChange
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.reminder_series import (
    chain_of,
    first_due_date,
    is_stand_in,
    reminder_series,
    singled_out,
    stood_in_for,
)
from bill_reminders.domain.reminders import Reminder, Trigger
from tests.support.people import a_bill, a_user

DUE = date(2027, 2, 10)
DAY = timedelta(days=1)
NOW = datetime(2027, 2, 1, 12, 0, tzinfo=UTC)
USER = a_user()
MONTHLY = a_bill(due_on=DUE, recurrence=Recurrence(DUE, 1, Unit.MONTH))
PLAN = ["lead:3", "lead:1", "lead:0", "overdue:1"]


def triggers(bill: Bill, number: int = 0) -> list[str]:
    due_on = MONTHLY.due_on(number)
    assert due_on is not None
    chain = chain_of(USER, bill, Channel.SMS, number, due_on, LedgerHistory({}))
    return [str(planned.reminder.trigger) for planned in chain]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_snooze_and_a_failed_debit_belong_to_their_own_occurrence(number: int) -> None:
    snoozed = MONTHLY.with_snooze(Snooze(1, date(2027, 3, 5)))
    assert ("snooze:2027-03-05" in triggers(snoozed, number)) is (number == 1)
    failed = replace(MONTHLY, autopay=True).with_failed_debit(FailedDebit(1, NOW, "r-1"))
    expected = ["autopay_failed:r-1", *PLAN] if number == 1 else ["lead:1"]
    assert triggers(failed, number) == expected


def test_a_silenced_bill_says_nothing_of_what_was_snoozed_either() -> None:
    silenced = replace(
        MONTHLY.with_snooze(Snooze(0, date(2027, 2, 5))),
        mute=Mute(NOW, MuteReason.STOPPED),
    )
    assert triggers(silenced) == []


def test_without_days_in_its_plan_a_failed_debit_is_not_told_either() -> None:
    bill = replace(MONTHLY, plan_change=PlanChange(lead_days=(), overdue_days=()))
    assert triggers(bill.with_failed_debit(FailedDebit(0, NOW, "r-1"))) == []


@pytest.mark.parametrize(("owed_from", "is_owed"), [(DUE - DAY, True), (DUE, True), (DUE + DAY, 0)])
def test_what_was_owed_before_the_bill_was_entered_is_not_singled_out(
    owed_from: date, is_owed: bool
) -> None:
    snoozed = replace(MONTHLY, owed_from=owed_from).with_snooze(Snooze(0, date(2027, 3, 1)))
    assert singled_out(USER, snoozed, NOW) == ({0: DUE} if is_owed else {})


def test_what_matters_no_more_is_not_singled_out() -> None:
    snoozed = MONTHLY.with_snooze(Snooze(0, DUE))
    last = datetime(2027, 2, 19, 12, 0, tzinfo=UTC)
    assert singled_out(USER, snoozed, last) == {0: DUE}
    assert singled_out(USER, snoozed, last + DAY) == {}


def test_the_plan_reaches_as_far_back_as_its_last_notice_helps() -> None:
    assert first_due_date(USER, MONTHLY, NOW) == NOW.date() - 9 * DAY - DAY
    silent = replace(MONTHLY, plan_change=PlanChange(overdue_days=()))
    assert first_due_date(USER, silent, NOW) == NOW.date() - 9 * DAY


def test_one_that_is_not_owed_hides_none_that_is() -> None:
    bill = replace(MONTHLY, owed_from=DUE + DAY)
    for number in (0, 1):
        bill = bill.with_snooze(Snooze(number, date(2027, 3, 15)))
    assert list(singled_out(USER, bill, NOW)) == [1]


PUSH_THEN_SMS = Plan(channels=(Channel.PUSH, Channel.SMS), joins=(Join(Channel.SMS, 1),))
REACHED = a_user(channels=PUSH_THEN_SMS.channels, plan=PUSH_THEN_SMS)


def told(bill: Bill, number: int, channel: Channel = Channel.PUSH) -> Reminder:
    due_on = bill.due_on(number)
    assert due_on is not None
    return Reminder("somebody", "bill", number, due_on, Trigger.lead(3), channel, NOW)


def test_who_stands_in_looks_at_what_the_ledger_has_as_far_back_as_the_plan_reaches() -> None:
    daily = replace(MONTHLY, recurrence=Recurrence(DUE, 1, Unit.DAY))
    rows = [Recorded(told(daily, number), State.SENT) for number in range(5)]
    history = LedgerHistory({row.reminder.key: row for row in rows})
    now = datetime(2027, 2, 22, 12, 0, tzinfo=UTC)
    earliest = first_due_date(REACHED, daily, now)
    assert earliest == DUE + 2 * DAY
    found = stood_in_for(REACHED, daily, Channel.SMS, now, history)
    assert found == {number: DUE + number * DAY for number in (2, 3, 4)}
    assert stood_in_for(REACHED, daily, Channel.PUSH, now, history) == {}
    assert stood_in_for(REACHED, daily, Channel.EMAIL, now, history) == {}


@pytest.mark.parametrize(
    "bill",
    [
        replace(MONTHLY, plan_change=PlanChange(lead_days=(3,), overdue_days=())),
        replace(MONTHLY, autopay=True, plan_change=PlanChange(lead_days=(0,), overdue_days=())),
    ],
)
def test_a_channel_that_never_speaks_of_a_bill_is_not_looked_for_in_it(
    bill: Bill, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = replace(REACHED, plan=replace(PUSH_THEN_SMS, joins=(Join(Channel.SMS, 0),)))
    user = REACHED if not bill.autopay else late
    monkeypatch.setattr(module, "chain_of", None)
    assert list(reminder_series(user, bill, Channel.SMS, NOW, LedgerHistory({}))) == []


def test_who_stands_in_and_who_takes_part() -> None:
    early, late = told(MONTHLY, 0), replace(told(MONTHLY, 0), trigger=Trigger.lead(1))
    found = [
        is_stand_in(REACHED, MONTHLY, replace(reminder, channel=channel))
        for channel in Channel
        for reminder in (early, late)
    ]
    assert [*Channel] == [Channel.SMS, Channel.PUSH, Channel.EMAIL]
    assert found == [True, False, False, False, False, False]

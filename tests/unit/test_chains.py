"""Which reminders stand in the chain of one occurrence, and which occurrences are looked at beyond
those that the plan reaches."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bill_reminders.domain.bills import FailedDebit, Silence, SilenceReason, Snooze
from bill_reminders.domain.chains import chain_of, first_due_date, singled_out
from bill_reminders.domain.past import Past
from bill_reminders.domain.people import Channel, PlanChange
from bill_reminders.domain.recurrence import Recurrence, Unit
from tests.support.people import a_bill, a_user

DUE = date(2027, 2, 10)
DAY = timedelta(days=1)
NOW = datetime(2027, 2, 1, 12, 0, tzinfo=UTC)
USER = a_user()
MONTHLY = a_bill(due_on=DUE, recurrence=Recurrence(DUE, 1, Unit.MONTH))
PLAN = ["lead:3", "lead:1", "lead:0", "overdue:1"]


def triggers(bill: object, number: int = 0) -> list[str]:
    due_on = MONTHLY.due_on(number)
    assert due_on is not None
    chain = chain_of(USER, bill, Channel.SMS, number, due_on, Past({}))  # type: ignore[arg-type]
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
        silence=Silence(NOW, SilenceReason.STOPPED),
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

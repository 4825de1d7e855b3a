"""Snoozes and automatic payments: when there is silence, and what breaks it.

Unless a test says otherwise one bill is due on 10 February 2027 and reminded by the default plan.
All times are those on the wall in New York. A line reads `02-07 09:00 lead:3`, with the reason
behind it when nothing was sent.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.bills import Bill, FailedDebit, Snooze
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import Recorded, State
from bill_reminders.domain.local_time import QuietHours
from bill_reminders.domain.payments import Payment
from bill_reminders.domain.people import Join, User
from bill_reminders.domain.planning import Decision, decide, wake_at
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.reminders import Reminder, SkipReason, Trigger
from tests.support.people import a_bill, a_user

NEW_YORK = ZoneInfo("America/New_York")
DUE = date(2027, 2, 10)
USER = a_user(zone="America/New_York")
SLEEPER = replace(USER, quiet_hours=QuietHours(time(22), time(7)))
BILL = a_bill(due_on=DUE)
AUTOPAY = replace(BILL, autopay=True)
PLAN = [
    "02-07 09:00 lead:3",
    "02-09 09:00 lead:1",
    "02-10 09:00 lead:0",
    "02-11 09:00 overdue:1",
]

type Ledger = dict[str, Recorded]
type Change = tuple[str, Callable[[Bill, datetime], Bill]]


def at(wall: str) -> datetime:
    return datetime.fromisoformat(f"2027-{wall}").replace(tzinfo=NEW_YORK).astimezone(UTC)


def decided(user: User, bill: Bill, now: datetime, recorded: Ledger | None = None) -> Decision:
    return decide(user, [bill], recorded or {}, channel=Channel.SMS, now=now)


def lived(bill: Bill, *changes: Change, user: User = USER, until: str = "05-01 00:00") -> list[str]:
    """What happens from the first of February on, with each change made at its time."""
    recorded: Ledger = {}
    lines: list[str] = []
    coming = sorted(((at(wall), change) for wall, change in changes), key=lambda each: each[0])
    wake = wake_at(decided(user, bill, at("02-01 12:00")), at("02-01 12:00"))
    while coming or (wake is not None and wake <= at(until)):
        if coming and (wake is None or coming[0][0] < wake):
            now, change = coming.pop(0)
            bill = change(bill, now)
            wake = wake_at(decided(user, bill, now, recorded), now)
            continue
        assert wake is not None
        decision = decided(user, bill, wake, recorded)
        fates: list[tuple[Reminder, str]] = [(each, "") for each in decision.due]
        fates += [(skip.reminder, f" {skip.reason}") for skip in decision.skipped]
        for reminder, reason in fates:
            assert reminder.key not in recorded, f"{reminder.key} was claimed twice"
            state = State.SKIPPED if reason else State.SENT
            recorded[reminder.key] = Recorded(reminder, state)
            when = wake.astimezone(NEW_YORK)
            lines.append(f"{when:%m-%d %H:%M} {reminder.trigger}{reason}")
        wake = decision.next_at
    return lines


def sent(lines: list[str]) -> list[str]:
    return [line for line in lines if line.count(" ") == 2]


def noted(lines: list[str], reason: SkipReason) -> list[str]:
    return [line.split()[2] for line in lines if line.endswith(f" {reason}")]


def snooze(when: str, until: str, number: int = 0) -> Change:
    return when, lambda bill, now: bill.with_snooze(
        Snooze(number, date.fromisoformat(f"2027-{until}"))
    )


def failed(when: str, event: str = "r-1", number: int = 0) -> Change:
    return when, lambda bill, now: bill.with_failed_debit(FailedDebit(number, now, event))


def paid(when: str, number: int = 0) -> Change:
    return when, lambda bill, now: bill.with_payment(Payment(number, now, payment_id="p"))


def undone(when: str, number: int = 0) -> Change:
    return when, lambda bill, now: bill.without_payment("p", number, now=now)


# --- snooze ---


@pytest.mark.parametrize(
    ("when", "until", "lines"),
    [
        pytest.param(
            *("02-07 10:00", "02-08"),
            [PLAN[0], "02-08 09:00 snooze:2027-02-08", *PLAN[1:]],
            id="to tomorrow: one reminder more",
        ),
        pytest.param(
            *("02-06 10:00", "02-08"),
            ["02-07 09:00 lead:3 snoozed", "02-08 09:00 snooze:2027-02-08", *PLAN[1:]],
            id="over a day of the plan",
        ),
        pytest.param(
            *("02-06 10:00", "02-10"),
            [
                "02-07 09:00 lead:3 snoozed",
                "02-09 09:00 lead:1 snoozed",
                "02-10 09:00 lead:0",
                "02-10 09:00 snooze:2027-02-10 merged",
                PLAN[3],
            ],
            id="to the due day: the plan's reminder stands for both",
        ),
        pytest.param(
            *("02-07 10:00", "02-11"),
            [
                PLAN[0],
                "02-09 09:00 lead:1 snoozed",
                "02-10 09:00 lead:0 snoozed",
                "02-11 09:00 overdue:1",
                "02-11 09:00 snooze:2027-02-11 merged",
            ],
            id="to an overdue day",
        ),
        pytest.param(
            *("02-09 10:00", "04-11"),
            [
                *PLAN[:2],
                "02-10 09:00 lead:0 snoozed",
                "02-11 09:00 overdue:1 snoozed",
                "04-11 09:00 snooze:2027-04-11",
            ],
            id="sixty days past the due date",
        ),
        pytest.param(
            *("02-12 10:00", "02-14"),
            [*PLAN, "02-14 09:00 snooze:2027-02-14"],
            id="when all of the plan was sent",
        ),
    ],
)
def test_a_snooze_notes_what_it_keeps_back_and_reminds_once(
    when: str, until: str, lines: list[str]
) -> None:
    assert lived(BILL, snooze(when, until)) == lines


def test_a_snooze_after_a_snooze_reminds_again_on_its_own_day() -> None:
    lines = lived(BILL, snooze("02-07 10:00", "02-08"), snooze("02-08 10:00", "02-12"))
    assert sent(lines) == [
        PLAN[0],
        "02-08 09:00 snooze:2027-02-08",
        "02-12 09:00 snooze:2027-02-12",
    ]
    assert noted(lines, SkipReason.SNOOZED) == ["lead:1", "lead:0", "overdue:1"]


def test_a_snooze_of_one_occurrence_leaves_the_next_alone() -> None:
    monthly = replace(BILL, recurrence=Recurrence(DUE, 1, Unit.MONTH))
    lines = lived(monthly, snooze("02-06 10:00", "03-09"), until="03-20 00:00")
    assert sent(lines) == [
        "03-07 09:00 lead:3",
        "03-09 09:00 snooze:2027-03-09",
        "03-09 09:00 lead:1",
        "03-10 09:00 lead:0",
        "03-11 09:00 overdue:1",
    ]


@pytest.mark.parametrize(
    ("remind_at", "quiet", "line"),
    [
        ("23:00", (time(22), time(7)), "02-10 21:59 snooze:2027-02-10"),
        ("06:00", (time(22), time(7)), "02-10 07:00 snooze:2027-02-10"),
        ("09:00", (time(8), time(0)), "02-10 07:59 snooze:2027-02-10"),
    ],
)
def test_a_snooze_to_the_due_day_is_told_on_it_whatever_the_quiet_hours(
    remind_at: str, quiet: tuple[time, time], line: str
) -> None:
    plan = replace(
        USER.plan, lead_days=(3,), overdue_days=(), remind_at=time.fromisoformat(remind_at)
    )
    user = replace(USER, plan=plan, quiet_hours=QuietHours(*quiet))
    assert line in sent(lived(BILL, snooze("02-05 10:00", "02-10"), user=user))


def test_a_snooze_to_another_day_waits_for_the_end_of_quiet_hours() -> None:
    late = replace(SLEEPER, plan=replace(USER.plan, remind_at=time(23), lead_days=()))
    lines = sent(lived(BILL, snooze("02-05 10:00", "02-07"), user=late))
    assert lines[0] == "02-08 07:00 snooze:2027-02-07"


def test_a_channel_that_has_not_joined_hears_of_no_snooze() -> None:
    listed = (Channel.PUSH, Channel.SMS)
    plan = replace(USER.plan, channels=listed, joins=(Join(Channel.SMS, 0),))
    joined = replace(a_user(zone="America/New_York", channels=listed), plan=plan)
    assert sent(lived(BILL, snooze("02-07 10:00", "02-08"), user=joined)) == PLAN[2:]


def test_a_payment_ends_a_snooze() -> None:
    assert lived(BILL, snooze("02-07 10:00", "02-12"), paid("02-08 10:00")) == PLAN[:1]


# --- autopay ---


@pytest.mark.parametrize("lead_days", [(3, 1, 0), (30, 0), (1,), ()])
def test_one_reminder_the_day_before_stands_for_the_whole_plan(lead_days: tuple[int, ...]) -> None:
    user = replace(USER, plan=replace(USER.plan, lead_days=lead_days))
    assert lived(AUTOPAY, user=user) == ["02-09 09:00 lead:1"]


def test_a_plan_without_days_stays_without_with_autopay_and_a_failed_debit() -> None:
    silent = replace(USER, plan=replace(USER.plan, lead_days=(), overdue_days=()))
    assert lived(AUTOPAY, failed("02-10 10:00"), user=silent) == []


@pytest.mark.parametrize(
    ("when", "lines"),
    [
        pytest.param(
            "02-05 14:00",
            ["02-05 14:01 autopay_failed:r-1", *PLAN],
            id="before the plan: all of it comes back",
        ),
        pytest.param(
            "02-08 14:00",
            ["02-08 14:01 autopay_failed:r-1", "02-08 14:01 lead:3 superseded", *PLAN[1:]],
            id="in the middle of it: the days to come, and those before are noted",
        ),
        pytest.param(
            "02-10 08:00",
            [
                PLAN[1],
                "02-10 08:01 autopay_failed:r-1",
                "02-10 08:01 lead:3 superseded",
                *PLAN[2:],
            ],
            id="in the morning of the due day: that day's reminder is still to come",
        ),
        pytest.param(
            "02-10 14:00",
            [
                PLAN[1],
                "02-10 14:01 autopay_failed:r-1",
                "02-10 14:01 lead:3 superseded",
                "02-10 14:01 lead:0 merged",
                PLAN[3],
            ],
            id="in the afternoon: it stands for what the day would have said",
        ),
        pytest.param(
            "02-25 14:00",
            [
                PLAN[1],
                "02-25 14:01 autopay_failed:r-1",
                *(f"02-25 14:01 {each} superseded" for each in ("lead:3", "lead:0", "overdue:1")),
            ],
            id="past the due date",
        ),
    ],
)
def test_a_failed_debit_is_told_at_once_and_brings_back_the_days_to_come(
    when: str, lines: list[str]
) -> None:
    assert lived(AUTOPAY, failed(when)) == lines


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("02-08 21:59", "02-09 07:00"),  # the next whole minute is quiet
        ("02-08 22:00", "02-09 07:00"),
        ("02-09 06:59", "02-09 07:00"),
        ("02-09 07:00", "02-09 07:01"),
        ("02-10 23:00", "02-11 07:00"),  # never too late
        ("03-01 23:00", "03-02 07:00"),
    ],
)
def test_a_failed_debit_waits_for_the_end_of_quiet_hours(when: str, told: str) -> None:
    assert f"{told} autopay_failed:r-1" in lived(AUTOPAY, failed(when), user=SLEEPER)


@pytest.mark.parametrize(
    ("events", "lines"),
    [
        pytest.param(
            [("02-12 10:00", "r-1"), ("02-15 10:00", "r-2")],
            ["02-12 10:01 autopay_failed:r-1", "02-15 10:01 autopay_failed:r-2"],
            id="on another day",
        ),
        pytest.param(
            [("02-12 10:00", "r-1"), ("02-12 15:00", "r-2")],
            ["02-12 10:01 autopay_failed:r-1", "02-12 15:01 autopay_failed:r-2"],
            id="on the same day",
        ),
        pytest.param(
            [("02-12 10:00", "r-1"), ("02-15 10:00", "r-1")],
            ["02-12 10:01 autopay_failed:r-1"],
            id="the same event again is no other",
        ),
    ],
)
def test_a_second_debit_that_fails_is_told_too_and_each_once(
    events: list[tuple[str, str]], lines: list[str]
) -> None:
    changes = [failed(when, event) for when, event in events]
    assert sent(lived(AUTOPAY, *changes)) == [PLAN[1], *lines]


def test_a_debit_that_fails_without_autopay_is_told_beside_the_plan() -> None:
    assert sent(lived(BILL, failed("02-08 10:00"))) == [
        PLAN[0],
        "02-08 10:01 autopay_failed:r-1",
        *PLAN[1:],
    ]


@pytest.mark.parametrize(
    ("when", "plan", "lines"),
    [
        ("02-09 08:00", {}, ["02-09 08:01 autopay_failed:r-1", *PLAN[1:]]),
        ("02-11 08:00", {}, [*PLAN[1:3], "02-11 08:01 autopay_failed:r-1", PLAN[3]]),
        (
            "02-10 00:00",
            {"remind_at": time(22)},
            [
                *("02-07 22:00 lead:3", "02-09 22:00 lead:1", "02-10 00:01 autopay_failed:r-1"),
                *("02-10 22:00 lead:0", "02-11 22:00 overdue:1"),
            ],
        ),
        (
            "02-10 08:59",  # the same minute: one message says both
            {},
            [PLAN[1], "02-10 09:00 autopay_failed:r-1", PLAN[3]],
        ),
    ],
    ids=["the day before", "overdue", "at midnight", "in its minute"],
)
def test_a_debit_that_fails_in_the_morning_swallows_nothing_of_its_day(
    when: str, plan: dict[str, Any], lines: list[str]
) -> None:
    user = replace(USER, plan=replace(USER.plan, **plan))
    assert [line for line in sent(lived(BILL, failed(when), user=user)) if line in lines] == lines


def test_nor_do_two_of_them_but_each_is_told_once() -> None:
    lines = sent(lived(BILL, failed("02-10 06:00", "r-1"), failed("02-10 07:00", "r-2")))
    assert lines[2:] == [
        *("02-10 06:01 autopay_failed:r-1", "02-10 07:01 autopay_failed:r-2", *PLAN[2:])
    ]


def test_what_a_failed_debit_says_late_is_said_with_the_due_day_at_once() -> None:
    """It goes first; another message of the same minute would say the same."""
    _, fail = failed("02-10 08:00")
    decision = decided(USER, fail(BILL, at("02-10 08:00")), at("02-10 09:30"))
    assert [str(each.trigger) for each in decision.due] == ["autopay_failed:r-1"]
    skipped = {str(each.reminder.trigger): each.reason for each in decision.skipped}
    assert skipped["lead:0"] is SkipReason.SUPERSEDED


@pytest.mark.parametrize("when", ["02-09 20:00", "02-10 08:55"])
def test_a_failed_debit_that_nobody_heard_of_is_told_though_another_went_meanwhile(
    when: str,
) -> None:
    """Its provider took it and handed it to nobody; only another one of its kind would say it."""
    _, fail = failed(when)
    bill = fail(BILL, at(when))
    (told,) = decided(USER, bill, at(when) + timedelta(minutes=1)).due
    recorded = {told.key: Recorded(told, State.SENT)}
    (due_today,) = decided(USER, bill, at("02-10 09:00"), recorded).due
    assert str(due_today.trigger) == "lead:0"
    recorded |= {due_today.key: Recorded(due_today, State.SENT)}
    recorded[told.key] = Recorded(told, State.WAITING, not_before=at("02-10 09:20"))
    again = decided(USER, bill, at("02-10 09:20"), recorded)
    assert [str(each.trigger) for each in again.due] == ["autopay_failed:r-1"]


def test_a_snooze_to_the_due_day_is_kept_where_quiet_hours_bring_the_day_before_to_it() -> None:
    plan = replace(USER.plan, lead_days=(3, 1), remind_at=time(23))
    user = replace(SLEEPER, plan=plan)
    lines = sent(lived(BILL, snooze("02-09 10:00", "02-10"), user=user))
    assert lines == ["02-08 07:00 lead:3", "02-10 07:00 lead:1", "02-12 07:00 overdue:1"]


def test_a_failed_debit_of_one_month_leaves_the_next_to_autopay() -> None:
    monthly = replace(AUTOPAY, recurrence=Recurrence(DUE, 1, Unit.MONTH))
    lines = sent(lived(monthly, failed("02-10 10:00"), until="03-20 00:00"))
    assert lines == [PLAN[1], "02-10 10:01 autopay_failed:r-1", PLAN[3], "03-09 09:00 lead:1"]


def test_a_failed_debit_breaks_a_snooze_and_the_snooze_goes_on() -> None:
    lines = lived(AUTOPAY, snooze("02-08 10:00", "02-20"), failed("02-10 10:00"))
    assert sent(lines) == ["02-10 10:01 autopay_failed:r-1", "02-20 09:00 snooze:2027-02-20"]
    assert noted(lines, SkipReason.SNOOZED) == ["lead:1", "overdue:1"]


def test_a_failed_debit_of_what_is_paid_is_not_told() -> None:
    assert lived(AUTOPAY, paid("02-09 10:00"), failed("02-10 10:00")) == [PLAN[1]]


MINUTES = st.integers(0, 30 * 24 * 60).map(
    lambda minutes: f"{datetime(2027, 2, 1, 13) + timedelta(minutes=minutes):%m-%d %H:%M}"
)


@given(
    st.lists(MINUTES, max_size=3, unique=True),
    st.none() | MINUTES,
    st.integers(1, 30),
    st.sampled_from([USER, SLEEPER]),
)
def test_every_failed_debit_is_told_once_or_merged_into_a_nearer_reminder(
    events: list[str], snoozed_at: str | None, days: int, user: User
) -> None:
    changes = [failed(when, f"r-{number}") for number, when in enumerate(events)]
    if snoozed_at is not None:
        day = at(snoozed_at).astimezone(NEW_YORK).date() + timedelta(days=days)
        changes.append(snooze(snoozed_at, f"{day:%m-%d}"))
    lines = lived(AUTOPAY, *changes, user=user)
    found = [line for line in lines if "autopay_failed" in line]
    assert sorted(line.split()[2] for line in found) == [
        f"autopay_failed:r-{number}" for number in range(len(events))
    ]
    assert {*found} - {*sent(lines)} == {line for line in found if line.endswith(" merged")}


# --- what a failed debit comes to when it cannot go out at once ---


def test_a_failed_debit_that_waits_breaks_through_a_snooze_too() -> None:
    bill = AUTOPAY.with_snooze(Snooze(0, date(2027, 2, 20)))
    bill = bill.with_failed_debit(FailedDebit(0, at("02-10 10:00"), "r-1"))
    told = Reminder(
        *("somebody", "bill", 0, DUE, Trigger.autopay_failed("r-1"), Channel.SMS),
        planned_at=at("02-10 10:00"),
    )
    refused = Recorded(told, State.WAITING, not_before=at("02-11 09:00"))
    decision = decided(USER, bill, at("02-11 09:00"), {told.key: refused})
    assert [str(each.trigger) for each in decision.due] == ["autopay_failed:r-1"]


def test_a_failed_debit_that_a_pause_holds_back_is_told_when_the_due_day_is_over() -> None:
    plan = replace(USER.plan, overdue_days=())
    away = replace(USER, paused_until=DUE, plan=plan)
    lines = sent(lived(AUTOPAY, failed("02-09 10:00"), user=away))
    assert lines == ["02-11 09:00 autopay_failed:r-1"]


def test_a_failed_debit_that_a_pause_outlasts_leaves_the_notice_that_still_helps() -> None:
    plan = replace(USER.plan, lead_days=(0,), overdue_days=(6,))
    away = replace(USER, paused_until=DUE + timedelta(days=8), plan=plan)
    assert sent(lived(AUTOPAY, failed("02-10 10:00"), user=away)) == ["02-19 09:00 overdue:6"]


def test_a_failed_debit_goes_first_up_to_the_last_day_on_which_it_helps() -> None:
    late = replace(USER, plan=replace(USER.plan, overdue_days=(6,)))
    _, fail = failed("02-12 10:00")
    bill = fail(AUTOPAY, at("02-12 10:00"))
    told = [str(each.trigger) for each in decided(late, bill, at("02-19 23:59")).due]
    assert told == ["autopay_failed:r-1"]
    told = [str(each.trigger) for each in decided(late, bill, at("02-20 00:00")).due]
    assert told == ["overdue:6"]


def test_of_what_is_behind_a_failed_debit_that_waits_only_the_nearer_is_kept() -> None:
    _, fail = failed("02-08 10:00")
    bill = fail(BILL, at("02-08 10:00"))
    (told,) = decided(USER, bill, at("02-08 10:01")).due
    refused = {told.key: Recorded(told, State.WAITING, not_before=at("02-09 12:00"))}
    decision = decided(USER, bill, at("02-09 09:00"), refused)
    assert [str(each.reminder.trigger) for each in decision.skipped] == ["lead:3"]
    assert (decision.due, decision.next_at) == ((), at("02-09 12:00"))


def test_nor_is_the_nearer_dropped_when_nothing_is_behind() -> None:
    _, fail = failed("02-06 10:00")
    bill = fail(BILL, at("02-06 10:00"))
    (told,) = decided(USER, bill, at("02-06 10:01")).due
    refused = {told.key: Recorded(told, State.WAITING, not_before=at("02-08 12:00"))}
    decision = decided(USER, bill, at("02-07 09:00"), refused)
    assert (decision.due, decision.skipped) == ((), ())
    assert decision.next_at == at("02-08 12:00")


def test_a_failed_debit_that_reaches_nobody_keeps_nothing_nearer_waiting() -> None:
    late = replace(USER, plan=replace(USER.plan, overdue_days=(6,)))
    _, fail = failed("02-12 10:00")
    nowhere = replace(late, addresses={})
    decision = decided(nowhere, fail(AUTOPAY, at("02-12 10:00")), at("02-17 12:00"))
    skipped = {str(each.reminder.trigger): each.reason for each in decision.skipped}
    assert skipped["autopay_failed:r-1"] is SkipReason.NO_ADDRESS
    assert skipped["overdue:6"] is SkipReason.SUPERSEDED
    assert (decision.due, decision.next_at) == ((), None)


def test_an_undone_payment_silences_nothing_of_another_occurrence() -> None:
    monthly = replace(BILL, recurrence=Recurrence(DUE, 1, Unit.MONTH))
    _, pay = paid("03-08 10:00")
    _, undo = undone("03-09 10:00")
    bill = undo(pay(monthly, at("03-08 10:00")), at("03-09 10:00"))
    due = decided(USER, bill, at("03-09 10:05")).due
    assert [(each.due_on, str(each.trigger)) for each in due] == [(date(2027, 3, 10), "lead:1")]


def test_nor_one_of_a_later_occurrence_that_of_the_present_one() -> None:
    monthly = replace(BILL, recurrence=Recurrence(DUE, 1, Unit.MONTH))
    _, pay = paid("02-08 10:00", number=1)
    _, undo = undone("02-09 09:05", number=1)
    bill = undo(pay(monthly, at("02-08 10:00")), at("02-09 09:05"))
    due = decided(USER, bill, at("02-09 09:10")).due
    assert [(each.due_on, str(each.trigger)) for each in due] == [(DUE, "lead:1")]


def test_snoozes_of_two_occurrences_hide_no_day_between_them() -> None:
    monthly = replace(BILL, recurrence=Recurrence(DUE, 1, Unit.MONTH))
    bill = monthly.with_snooze(Snooze(0, date(2027, 3, 20)))
    bill = bill.with_snooze(Snooze(4, date(2027, 6, 12)))
    assert decided(USER, bill, at("02-25 10:00")).next_at == at("03-07 09:00")


def test_a_debit_that_fails_in_the_minute_of_an_undone_payment_is_told() -> None:
    lines = lived(AUTOPAY, paid("02-08 10:00"), undone("02-09 14:00:20"), failed("02-09 14:00:40"))
    assert "02-09 14:01 autopay_failed:r-1" in lines


def test_the_plan_that_a_failed_debit_brings_back_is_kept_far_ahead_of_the_due_date() -> None:
    plan = replace(USER.plan, lead_days=(90,), overdue_days=())
    monthly = replace(AUTOPAY, recurrence=Recurrence(DUE, 1, Unit.MONTH))
    lines = lived(
        *(monthly, failed("02-11 10:00", number=4)),
        user=replace(USER, plan=plan),
        until="03-20 00:00",
    )
    assert "03-12 09:00 lead:90" in lines  # of what is due on 10 June

"""Which reminders go out, which are noted as skipped and why, and when to look again.

Unless a test says otherwise the user lives in New York and owes one bill, due once on Wednesday,
10 February 2027, and is reminded by the default plan. All times are those on the wall in New York,
`02-10 09:00`, in 2027.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest

from bill_reminders.domain.bills import Bill, Heard, Mute, MuteReason
from bill_reminders.domain.enums import Channel, Shift
from bill_reminders.domain.ledger import Recorded, State
from bill_reminders.domain.local_time import QuietHours
from bill_reminders.domain.payments import Payment
from bill_reminders.domain.people import Address, Attestation, Language, Plan, PlanChange, User
from bill_reminders.domain.planning import Decision, decide, earliest_due_date, wake_at
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.reminders import Reminder, Trigger
from bill_reminders.domain.working_days import FURTHEST, Place

NEW_YORK = ZoneInfo("America/New_York")
MINUTE = timedelta(minutes=1)

ATTESTED = Attestation("Branch desk", at=datetime(2026, 8, 14, tzinfo=UTC), evidence="form 7")
USER = User(
    user_id="ash",
    language=Language.ENGLISH,
    zone=NEW_YORK,
    addresses=MappingProxyType(
        {
            Channel.SMS: Address("+447700900101", ATTESTED),
            Channel.EMAIL: Address("ash@example.com", ATTESTED),
        }
    ),
)
BILL = Bill(
    user_id="ash",
    bill_id="rent",
    biller="Thistledown",
    name="Rent",
    recurrence=Recurrence(date(2027, 2, 10)),
    owed_from=date(2027, 1, 1),
)
MONTHLY = replace(BILL, recurrence=Recurrence(date(2027, 2, 10), 1, Unit.MONTH))
LONG_BEFORE = "01-05 12:00"

type Ledger = dict[str, Recorded]


def instant(wall: str, zone: ZoneInfo = NEW_YORK) -> datetime:
    return datetime.fromisoformat(f"2027-{wall}").replace(tzinfo=zone).astimezone(UTC)


def wall(instant: datetime | None) -> str | None:
    return f"{instant.astimezone(NEW_YORK):%m-%d %H:%M}" if instant else None


def quiet(span: str) -> QuietHours:
    start, end = map(time.fromisoformat, span.split("-"))
    return QuietHours(start, end)


def user(**plan: object) -> User:
    return replace(USER, plan=replace(USER.plan, **plan))


def reminder(bill: Bill, trigger: str, planned: str, **changes: object) -> Reminder:
    return replace(
        Reminder(
            user_id="ash",
            bill_id=bill.bill_id,
            occurrence=0,
            due_on=bill.recurrence.first_due,
            trigger=Trigger.parse(trigger),
            channel=Channel.SMS,
            planned_at=instant(planned),
        ),
        **changes,
    )


def ledger(*rows: Recorded) -> Ledger:
    return {row.reminder.key: row for row in rows}


def decided(
    now: str,
    *bills: Bill,
    user: User = USER,
    recorded: Ledger | None = None,
    channel: Channel = Channel.SMS,
    since: str | None = None,
) -> Decision:
    return decide(
        user,
        bills or (BILL,),
        recorded or {},
        channel=channel,
        now=instant(now),
        since=instant(since) if since else None,
    )


def fates(decision: Decision) -> dict[str, str]:
    """What becomes of each trigger at this instant."""
    due = {str(reminder.trigger): "due" for reminder in decision.due}
    skipped = {str(skip.reminder.trigger): str(skip.reason) for skip in decision.skipped}
    assert not due.keys() & skipped.keys()
    return skipped | due


def claim(recorded: Ledger, decision: Decision) -> None:
    """Write down what was decided, as the ledger does."""
    rows = [Recorded(reminder, State.SENT) for reminder in decision.due]
    rows += [Recorded(skip.reminder, State.SKIPPED) for skip in decision.skipped]
    recorded.update(ledger(*rows))


def history(
    user: User = USER,
    *bills: Bill,
    start: str = LONG_BEFORE,
    recorded: Ledger | None = None,
    days: int = 120,
) -> list[str]:
    """The lines `02-07 09:00 lead:3` of what happens from `start` on, woken at each `next_at`."""
    bills, recorded, lines = bills or (BILL,), {} if recorded is None else recorded, []
    begin = instant(start)
    now = wake_at(decided(start, *bills, user=user, recorded=recorded), begin)
    while now is not None and now <= begin + timedelta(days):
        decision = decide(user, bills, recorded, channel=Channel.SMS, now=now)
        lines += [f"{wall(now)} {trigger} {fate}" for trigger, fate in fates(decision).items()]
        claim(recorded, decision)
        assert decision.next_at is None or decision.next_at > now
        now = decision.next_at
    return [line.removesuffix(" due") for line in lines]


# The plan


def test_the_default_plan_is_three_days_one_day_the_day_and_one_overdue_at_nine() -> None:
    assert history() == [
        "02-07 09:00 lead:3",
        "02-09 09:00 lead:1",
        "02-10 09:00 lead:0",
        "02-11 09:00 overdue:1",
    ]


@pytest.mark.parametrize(
    ("plan", "lines"),
    [
        pytest.param(
            {"lead_days": (30,), "overdue_days": ()},
            ["01-11 09:00 lead:30"],
            id="one lead day",
        ),
        pytest.param(
            {"lead_days": (0, 1), "remind_at": time(18, 30)},
            ["02-09 18:30 lead:1", "02-10 18:30 lead:0", "02-11 18:30 overdue:1"],
            id="another time, days in any order",
        ),
        pytest.param(
            {"lead_days": (), "overdue_days": (1, 7, 60)},
            ["02-11 09:00 overdue:1", "02-17 09:00 overdue:7", "04-11 09:00 overdue:60"],
            id="overdue alone, each day once",
        ),
        pytest.param({"lead_days": (), "overdue_days": ()}, [], id="nothing"),
        pytest.param({"channels": (Channel.EMAIL,)}, [], id="on another channel"),
    ],
)
def test_the_plan_is_the_users_to_change_for_all_bills_or_for_one(
    plan: dict[str, object], lines: list[str]
) -> None:
    assert history(user(**plan)) == lines
    assert history(USER, replace(BILL, plan_change=PlanChange(**plan))) == lines


def test_a_far_lead_day_of_a_later_date_comes_before_a_near_one_of_an_earlier_date() -> None:
    bill = replace(MONTHLY, recurrence=Recurrence(date(2027, 4, 20), 1, Unit.MONTH))
    assert history(user(lead_days=(31, 0), overdue_days=()), bill) == [
        "03-20 09:00 lead:31",
        "04-19 09:00 lead:31",
        "04-20 09:00 lead:0",
    ]


# Quiet hours


@pytest.mark.parametrize(
    ("remind_at", "span", "lines"),
    [
        pytest.param(
            *("23:00", "22:00-08:00"),
            ["02-08 08:00 lead:3", "02-10 21:59 lead:0", "02-12 08:00 overdue:1"],
            id="before midnight: to their end, on the due day to the minute before",
        ),
        pytest.param(
            *("06:00", "22:00-08:00"),
            ["02-07 08:00 lead:3", "02-10 08:00 lead:0", "02-11 08:00 overdue:1"],
            id="after midnight: their end is still the due day, the minute before is not",
        ),
        pytest.param(
            *("09:00", "08:00-16:00"),
            ["02-07 16:00 lead:3", "02-10 07:59 lead:0", "02-11 16:00 overdue:1"],
            id="by day: of two minutes on the due day the earlier",
        ),
        pytest.param(
            *("00:30", "00:00-20:00"),
            ["02-07 20:00 lead:3", "02-10 20:00 lead:0", "02-11 20:00 overdue:1"],
            id="from midnight on, twenty hours",
        ),
        pytest.param(
            *("22:00", "22:00-08:00"),
            ["02-08 08:00 lead:3", "02-10 21:59 lead:0", "02-12 08:00 overdue:1"],
            id="their start is quiet",
        ),
        pytest.param(
            *("08:00", "22:00-08:00"),
            ["02-07 08:00 lead:3", "02-10 08:00 lead:0", "02-11 08:00 overdue:1"],
            id="their end is not",
        ),
    ],
)
def test_quiet_hours_move_a_reminder(remind_at: str, span: str, lines: list[str]) -> None:
    plan = {"lead_days": (3, 0), "remind_at": time.fromisoformat(remind_at)}
    assert history(replace(user(**plan), quiet_hours=quiet(span))) == lines


def test_a_reminder_goes_the_day_before_when_quiet_hours_leave_nothing_of_the_due_day() -> None:
    # The clocks of Apia went from the end of 29 December 2011 to the start of the 31st.
    apia = ZoneInfo("Pacific/Apia")
    somebody = replace(user(lead_days=(0,)), zone=apia, quiet_hours=quiet("22:00-08:00"))
    bill = replace(BILL, recurrence=Recurrence(date(2011, 12, 30)), owed_from=date(2011, 12, 1))
    now = datetime(2011, 12, 20, tzinfo=UTC)
    decision = decide(somebody, [bill], {}, channel=Channel.SMS, now=now)
    assert decision.next_at == datetime(2011, 12, 29, 21, 59, tzinfo=apia).astimezone(UTC)


def test_two_reminders_that_quiet_hours_bring_to_one_day_go_as_the_nearer() -> None:
    somebody = replace(user(remind_at=time(21)), quiet_hours=quiet("20:30-10:00"))
    recorded: Ledger = {}
    assert history(somebody, recorded=recorded) == [
        "02-08 10:00 lead:3",
        "02-10 20:29 lead:1 merged",
        "02-10 20:29 lead:0",
        "02-12 10:00 overdue:1",
    ]
    # Its own 10:00 on the tenth is not when it was planned any more.
    planned = {
        str(row.reminder.trigger): wall(row.reminder.planned_at) for row in recorded.values()
    }
    assert planned["lead:1"] == "02-10 20:29"


# Created late, or an outage


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("02-07 08:59", {}),
        ("02-07 09:00", {"lead:3": "due"}),
        ("02-09 08:59", {"lead:3": "due"}),
        ("02-09 13:20", {"lead:3": "superseded", "lead:1": "due"}),
        ("02-10 23:59", {"lead:3": "superseded", "lead:1": "superseded", "lead:0": "due"}),
        ("02-11 00:00", {"lead:3": "superseded", "lead:1": "superseded", "lead:0": "expired"}),
        (
            "02-11 09:00",
            dict.fromkeys(("lead:3", "lead:1", "lead:0"), "superseded") | {"overdue:1": "due"},
        ),
        (
            "02-18 23:59",
            dict.fromkeys(("lead:3", "lead:1", "lead:0"), "superseded") | {"overdue:1": "due"},
        ),
        (
            "02-19 00:00",
            dict.fromkeys(("lead:3", "lead:1", "lead:0"), "superseded") | {"overdue:1": "expired"},
        ),
    ],
)
def test_of_what_was_missed_the_nearest_goes_while_it_helps_and_the_rest_is_noted(
    now: str, expected: dict[str, str]
) -> None:
    assert fates(decided(now)) == expected


def test_a_catch_up_is_one_message_and_the_plan_goes_on() -> None:
    assert history(start="02-09 13:20") == [
        "02-09 13:21 lead:3 superseded",
        "02-09 13:21 lead:1",
        "02-10 09:00 lead:0",
        "02-11 09:00 overdue:1",
    ]


def test_what_was_missed_is_not_caught_up_once_a_nearer_reminder_was_sent() -> None:
    sent = ledger(Recorded(reminder(BILL, "lead:1", "02-09 09:00"), State.SENT))
    assert fates(decided("02-09 13:20", recorded=sent)) == {"lead:3": "superseded"}


def test_a_catch_up_waits_for_the_end_of_quiet_hours() -> None:
    somebody = replace(user(lead_days=(3, 1)), quiet_hours=quiet("22:00-08:00"))
    decision = decided("02-09 23:30", user=somebody)
    assert fates(decision) == {"lead:3": "superseded"}
    assert wall(decision.next_at) == "02-10 08:00"
    assert history(somebody, start="02-09 23:30")[1:] == [
        "02-10 08:00 lead:1",
        "02-11 09:00 overdue:1",
    ]


@pytest.mark.parametrize("start", ["02-09 23:30", "02-10 00:30", "02-10 07:59"])
def test_a_catch_up_that_quiet_hours_bring_to_the_day_of_a_nearer_one_goes_with_it(
    start: str,
) -> None:
    """Not both within an hour, in the same words."""
    somebody = replace(USER, quiet_hours=quiet("22:00-08:00"))
    decision = decided(start, user=somebody)
    assert fates(decision) == {"lead:3": "superseded", "lead:1": "merged"}
    assert wall(decision.next_at) == "02-10 09:00"
    assert history(somebody, start=start)[2:] == [
        "02-10 09:00 lead:0",
        "02-11 09:00 overdue:1",
    ]


def test_a_notice_that_quiet_hours_bring_to_the_day_of_a_later_one_goes_with_it() -> None:
    somebody = replace(user(lead_days=(0,), overdue_days=(1, 2)), quiet_hours=quiet("22:00-08:00"))
    assert history(somebody, start="02-11 23:30") == [
        "02-11 23:31 lead:0 superseded",
        "02-11 23:31 overdue:1 merged",
        "02-12 09:00 overdue:2",
    ]


def test_a_catch_up_goes_by_itself_when_the_nearer_one_was_sent_or_noted() -> None:
    somebody = replace(USER, quiet_hours=quiet("22:00-08:00"))
    noted = ledger(Recorded(reminder(BILL, "lead:0", "02-10 09:00"), State.SKIPPED))
    decision = decided("02-09 23:30", user=somebody, recorded=noted)
    assert wall(decision.next_at) == "02-10 08:00"


def test_a_catch_up_that_quiet_hours_keep_beyond_the_due_day_is_noted_and_not_sent() -> None:
    somebody = replace(user(lead_days=(0,), overdue_days=()), quiet_hours=quiet("22:00-08:00"))
    assert history(somebody, start="02-10 23:30") == ["02-11 00:00 lead:0 expired"]


def test_after_a_long_outage_everything_is_noted_and_only_what_helps_goes_out() -> None:
    # Nothing was planned from the ninth of February on; the bill falls due on the tenth of each
    # month, and it is 11 April.
    decision = decided("04-11 12:00", MONTHLY, since="02-09 09:00")
    noted = [(str(skip.reminder.due_on), str(skip.reminder.trigger)) for skip in decision.skipped]
    triggers = ("lead:3", "lead:1", "lead:0", "overdue:1")
    months = ("2027-02-10", "2027-03-10", "2027-04-10")
    assert noted == [(month, t) for month in months for t in triggers][:-1]
    assert {str(skip.reason) for skip in decision.skipped} == {"superseded", "expired"}
    assert [(str(r.due_on), str(r.trigger)) for r in decision.due] == [("2027-04-10", "overdue:1")]

    # Without the outage the older months are long settled, and their rows need not be read.
    settled = decided("04-11 12:00", MONTHLY)
    assert {str(skip.reminder.due_on) for skip in settled.skipped} == {"2027-04-10"}


def test_the_ledger_is_read_as_far_back_as_an_overdue_notice_can_matter() -> None:
    # Nine days more than the plan's last overdue day: seven that it helps, two for quiet hours
    # and the zone.
    yearly = replace(BILL, plan_change=PlanChange(overdue_days=(1, 60)))
    assert earliest_due_date(USER, [BILL], instant("02-28 12:00")) <= date(2027, 2, 19)
    assert earliest_due_date(USER, [BILL, yearly], instant("04-20 12:00")) <= date(2027, 2, 10)


def test_the_ledger_is_read_further_back_where_holidays_put_a_due_date_off() -> None:
    put_off = replace(BILL, shift=Shift.NEXT, place=Place("DE"))
    at = instant("02-28 12:00")
    assert earliest_due_date(USER, [put_off], at) == earliest_due_date(USER, [BILL], at) - FURTHEST
    ahead = replace(put_off, shift=Shift.PREVIOUS)
    assert earliest_due_date(USER, [ahead], at) == earliest_due_date(USER, [BILL], at)


# What is owed


def test_a_payment_closes_its_occurrence_and_no_other() -> None:
    paid = MONTHLY.with_payment(Payment(0, paid_at=instant("02-09 20:00")))
    assert history(USER, paid)[:2] == ["03-07 09:00 lead:3", "03-09 09:00 lead:1"]
    assert fates(decided("02-10 09:00", paid)) == {}


def test_a_second_payment_of_an_occurrence_changes_nothing() -> None:
    paid = BILL.with_payment(Payment(0, paid_at=instant("02-09 20:00")))
    assert paid.with_payment(Payment(0, paid_at=instant("02-09 20:01"))) == paid


def test_each_unpaid_occurrence_is_overdue_on_its_own() -> None:
    weekly = replace(
        BILL,
        recurrence=Recurrence(date(2027, 2, 3), 1, Unit.WEEK),
        plan_change=PlanChange(lead_days=(), overdue_days=(1, 8)),
    )
    decision = decided("02-11 09:00", weekly)
    assert [(r.occurrence, str(r.trigger)) for r in decision.due] == [
        (0, "overdue:8"),
        (1, "overdue:1"),
    ]
    paid = weekly.with_payment(Payment(1, paid_at=instant("02-11 08:00")))
    assert [r.occurrence for r in decided("02-11 09:00", paid).due] == [0]


def test_a_closed_bill_is_never_reminded() -> None:
    assert history(USER, replace(MONTHLY, closed_at=instant(LONG_BEFORE))) == []


@pytest.mark.parametrize(
    ("owed_from", "first_line"),
    [
        (date(2027, 2, 10), "02-07 09:00 lead:3"),
        (date(2027, 2, 11), "03-07 09:00 lead:3"),
    ],
)
def test_what_fell_due_before_the_bill_was_owed_is_not_reminded(
    owed_from: date, first_line: str
) -> None:
    assert history(USER, replace(MONTHLY, owed_from=owed_from))[0] == first_line


@pytest.mark.parametrize(
    "address",
    [None, Address("+447700900101")],
    ids=["none", "nobody vouches for it"],
)
def test_without_a_usable_address_a_reminder_is_noted_and_not_sent(address: Address | None) -> None:
    addresses = {} if address is None else {Channel.SMS: address}
    somebody = replace(user(overdue_days=()), addresses=MappingProxyType(addresses))
    assert history(somebody) == [
        "02-07 09:00 lead:3 no_address",
        "02-09 09:00 lead:1 no_address",
        "02-10 09:00 lead:0 no_address",
    ]


def test_channels_are_told_apart() -> None:
    both = user(channels=(Channel.SMS, Channel.EMAIL)).without_address(Channel.EMAIL)
    sent = ledger(Recorded(reminder(BILL, "lead:3", "02-07 09:00"), State.SENT))
    by_sms = decided("02-07 09:00", user=both, recorded=sent)
    by_email = decided("02-07 09:00", user=both, recorded=sent, channel=Channel.EMAIL)
    assert (fates(by_sms), fates(by_email)) == ({}, {"lead:3": "no_address"})


# Sent, waiting and lost


@pytest.mark.parametrize("state", [state for state in State if state is not State.WAITING])
def test_what_was_claimed_is_never_claimed_again(state: State) -> None:
    claimed = ledger(Recorded(reminder(BILL, "lead:3", "02-07 09:00"), state))
    decision = decided("02-07 09:00", recorded=claimed)
    assert fates(decision) == {}
    assert wall(decision.next_at) == "02-09 09:00"


def waiting(until: str | None, **changes: object) -> Ledger:
    not_before = instant(until) if until else None
    put_back = reminder(BILL, "lead:3", "02-07 09:00", **changes)
    return ledger(Recorded(put_back, State.WAITING, not_before=not_before))


@pytest.mark.parametrize(
    ("now", "expected", "next_at"),
    [
        pytest.param("02-07 09:05", {}, "02-07 09:20", id="not yet"),
        pytest.param("02-07 09:20", {"lead:3": "due"}, "02-09 09:00", id="now"),
        pytest.param("02-07 09:50", {"lead:3": "due"}, "02-09 09:00", id="since a while"),
        pytest.param(
            *("02-09 09:00", {"lead:3": "superseded", "lead:1": "due"}, "02-10 09:00"),
            id="too late",
        ),
    ],
)
def test_what_waits_is_due_again_when_its_time_has_come(
    now: str, expected: dict[str, str], next_at: str
) -> None:
    decision = decided(now, recorded=waiting("02-07 09:20"))
    assert (fates(decision), wall(decision.next_at)) == (expected, next_at)


def test_what_waits_is_noted_when_the_due_day_is_over_first() -> None:
    row = Recorded(
        reminder(BILL, "lead:0", "02-10 09:00"),
        State.WAITING,
        not_before=instant("02-11 01:00"),
    )
    late = decided("02-11 00:00", recorded=ledger(row), user=user(lead_days=(0,)))
    assert fates(late) == {"lead:0": "expired"}


@pytest.mark.parametrize(
    "bill",
    [
        pytest.param(BILL.with_payment(Payment(0, paid_at=instant("02-07 09:10"))), id="paid"),
        pytest.param(replace(BILL, closed_at=instant("02-07 09:10")), id="closed"),
        pytest.param(replace(BILL, recurrence=Recurrence(date(2027, 2, 20))), id="due date moved"),
        pytest.param(replace(BILL, plan_change=PlanChange(lead_days=(1,))), id="not in the plan"),
        pytest.param(
            replace(BILL, plan_change=PlanChange(channels=(Channel.EMAIL,))), id="another channel"
        ),
        pytest.param(
            replace(BILL, bill_id="other", recurrence=Recurrence(date(2027, 2, 20))), id="deleted"
        ),
    ],
)
def test_what_waits_is_withdrawn_when_it_became_needless(bill: Bill) -> None:
    decision = decided("02-07 09:11", bill, recorded=waiting("02-07 09:20"))
    assert fates(decision)["lead:3"] == "withdrawn"
    assert "lead:3" not in {str(reminder.trigger) for reminder in decision.due}
    assert wake_at(decision, instant("02-07 09:11")) == instant("02-07 09:12")


def test_what_waits_on_one_channel_is_not_withdrawn_by_another() -> None:
    paid = BILL.with_payment(Payment(0, paid_at=instant("02-07 09:10")))
    decision = decided("02-07 09:11", paid, recorded=waiting(None), channel=Channel.EMAIL)
    assert fates(decision) == {}


# Changes

TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    ("changed", "lines"),
    [
        pytest.param(
            user(remind_at=time(18)),
            ["02-09 18:00 lead:1", "02-10 18:00 lead:0", "02-11 18:00 overdue:1"],
            id="another time",
        ),
        pytest.param(
            user(lead_days=(5, 3, 2)),
            ["02-07 12:01 lead:5 superseded", "02-08 09:00 lead:2", "02-11 09:00 overdue:1"],
            id="other days",
        ),
        pytest.param(
            # Nine in Tokyo is 19:00 on the day before in New York.
            replace(USER, zone=TOKYO),
            ["02-08 19:00 lead:1", "02-09 19:00 lead:0", "02-10 19:00 overdue:1"],
            id="another zone",
        ),
        pytest.param(
            replace(USER, quiet_hours=quiet("08:00-11:00")),
            ["02-09 11:00 lead:1", "02-10 07:59 lead:0", "02-11 11:00 overdue:1"],
            id="quiet hours",
        ),
    ],
)
def test_a_change_plans_again_and_repeats_no_lead_day(changed: User, lines: list[str]) -> None:
    sent = ledger(Recorded(reminder(BILL, "lead:3", "02-07 09:00"), State.SENT))
    assert history(changed, start="02-07 12:00", recorded=sent) == lines


def test_a_farther_lead_day_that_a_new_plan_brings_is_not_caught_up_after_a_nearer_one() -> None:
    sent = ledger(Recorded(reminder(BILL, "lead:3", "02-07 09:00"), State.SENT))
    decision = decided("02-08 12:00", user=user(lead_days=(5, 1, 0)), recorded=sent)
    assert fates(decision) == {"lead:5": "superseded"}
    failed = ledger(Recorded(reminder(BILL, "lead:3", "02-07 09:00"), State.SKIPPED))
    assert fates(decided("02-08 12:00", user=user(lead_days=(5, 1, 0)), recorded=failed)) == {
        "lead:5": "due"
    }


# A pause: holiday mode until a date, which is still part of it.


def paused_until(day: str, **changes: object) -> User:
    return replace(USER, paused_until=date.fromisoformat(f"2027-{day}"), **changes)


OVERDUE = "02-11 09:00 overdue:1"


@pytest.mark.parametrize(
    ("away", "lines"),
    [
        pytest.param(
            paused_until("02-06"),
            ["02-07 09:00 lead:3", "02-09 09:00 lead:1", "02-10 09:00 lead:0", OVERDUE],
            id="over before the first reminder",
        ),
        pytest.param(
            paused_until("02-07"),
            ["02-08 09:00 lead:3", "02-09 09:00 lead:1", "02-10 09:00 lead:0", OVERDUE],
            id="what was missed goes out on the day after",
        ),
        pytest.param(
            paused_until("02-08"),
            ["02-09 09:00 lead:1", "02-10 09:00 lead:0", OVERDUE],
            id="the nearer one of that day goes in its place",
        ),
        pytest.param(
            paused_until("02-09", quiet_hours=quiet("08:00-10:00")),
            ["02-10 10:00 lead:0", "02-11 10:00 overdue:1"],
            id="not in the quiet hours that the pause ends in",
        ),
        pytest.param(
            paused_until("02-09", quiet_hours=quiet("20:00-08:00"), plan=Plan(remind_at=time(21))),
            ["02-10 19:59 lead:0", "02-12 08:00 overdue:1"],
            id="before quiet hours that end when it is too late",
        ),
        pytest.param(
            paused_until("02-10"),
            [OVERDUE],
            id="over when the bill is overdue",
        ),
        pytest.param(
            paused_until("02-15"),
            ["02-16 09:00 overdue:1"],
            id="an overdue notice that still helps",
        ),
        pytest.param(paused_until("02-28"), [], id="nothing helps any more"),
    ],
)
def test_nothing_goes_out_in_a_pause_and_one_catch_up_after_it(
    away: User, lines: list[str]
) -> None:
    sent = [line for line in history(away) if line.count(" ") == 2]
    assert sent == lines


def test_whatever_a_pause_held_back_is_noted() -> None:
    recorded: Ledger = {}
    history(paused_until("02-28"), recorded=recorded)
    assert len(recorded) == 4


def test_what_was_missed_in_a_silence_is_said_once_when_it_is_taken_back() -> None:
    silenced = replace(BILL, mute=Mute(instant(LONG_BEFORE), MuteReason.STOPPED))
    in_it = decided("02-09 12:00", silenced)
    assert (fates(in_it), in_it.next_at) == ({}, None)
    after = decided("02-09 12:00", BILL)
    assert fates(after) == {"lead:3": "superseded", "lead:1": "due"}
    assert wall(after.next_at) == "02-10 09:00"


MOVED_TO_18 = user(lead_days=(3,), overdue_days=(), remind_at=time(18))


def test_what_waits_goes_at_its_new_time_when_the_plan_moves_it_into_the_future() -> None:
    decision = decided("02-07 09:05", user=MOVED_TO_18, recorded=waiting("02-07 09:20"))
    assert (fates(decision), wall(decision.next_at)) == ({}, "02-07 18:00")


def test_what_was_sent_is_not_planned_at_its_new_time() -> None:
    sent = ledger(Recorded(reminder(BILL, "lead:3", "02-07 09:00"), State.SENT))
    assert decided("02-07 09:05", user=MOVED_TO_18, recorded=sent).next_at is None


# Another due date: the bill falls due on the tenth, then on the twentieth, then on the tenth again.

MOVED = replace(BILL, recurrence=Recurrence(date(2027, 2, 20)))
TOLD_OF_10TH = Recorded(reminder(BILL, "lead:3", "02-07 09:00"), State.SENT)
TOLD_OF_20TH = Recorded(reminder(MOVED, "lead:3", "02-17 09:00", revision=1), State.SENT)
AFTER_10TH = replace(MOVED, heard=(Heard(0, date(2027, 2, 10), 0, 1),))
BACK_UNTOLD = replace(BILL, heard=AFTER_10TH.heard)
BACK = replace(BILL, heard=(Heard(0, date(2027, 2, 20), 1, 2),))
AT_REVISION_3 = reminder(BILL, "lead:3", "02-07 09:00", revision=3)


def revisions(decision: Decision) -> list[tuple[str, int]]:
    return [(str(reminder.trigger), reminder.revision) for reminder in decision.due]


@pytest.mark.parametrize(
    ("bill", "now", "rows", "expected"),
    [
        pytest.param(BILL, "02-07 09:00", [], [("lead:3", 0)], id="the first date"),
        pytest.param(MOVED, "02-17 09:00", [], [("lead:3", 0)], id="moved before anybody was told"),
        pytest.param(AFTER_10TH, "02-17 09:00", [], [("lead:3", 1)], id="moved after that"),
        pytest.param(
            *(BACK_UNTOLD, "02-08 12:00", [TOLD_OF_10TH], []),
            id="moved back, nobody told in between",
        ),
        pytest.param(
            *(BACK, "02-08 12:00", [TOLD_OF_10TH, TOLD_OF_20TH], [("lead:3", 2)]),
            id="moved back, told in between",
        ),
        pytest.param(
            *(BACK, "02-08 12:00", [TOLD_OF_20TH, TOLD_OF_10TH], [("lead:3", 2)]),
            id="moved back, whatever the ledger's order",
        ),
        pytest.param(
            *(AFTER_10TH, "02-18 12:00", [TOLD_OF_10TH, TOLD_OF_20TH], []),
            id="moved and told already",
        ),
        pytest.param(
            *(BILL, "02-08 12:00", [replace(TOLD_OF_10TH, reminder=AT_REVISION_3)], []),
            id="told under a revision that the bill knows nothing of",
        ),
    ],
)
def test_another_due_date_is_told_again_if_the_user_heard_of_the_one_before(
    bill: Bill, now: str, rows: list[Recorded], expected: list[tuple[str, int]]
) -> None:
    assert revisions(decided(now, bill, recorded=ledger(*rows))) == expected


def test_what_waits_under_a_revision_that_the_bill_knows_nothing_of_goes_under_it() -> None:
    row = Recorded(AT_REVISION_3, State.WAITING)
    decision = decided("02-08 12:00", BILL, recorded=ledger(row))
    assert (decision.due, decision.skipped) == ((AT_REVISION_3,), ())


def test_a_date_that_moved_and_came_back_has_keys_of_its_own() -> None:
    recorded = ledger(TOLD_OF_10TH, TOLD_OF_20TH)
    claim(recorded, decided("02-08 12:00", BACK, recorded=recorded))
    assert sorted(recorded) == [
        "2027-02-10#rent#0000#r0#lead:3#sms",
        "2027-02-10#rent#0000#r2#lead:3#sms",
        "2027-02-20#rent#0000#r1#lead:3#sms",
    ]


def test_the_revision_is_that_of_one_occurrence_of_one_bill() -> None:
    other = replace(MOVED, bill_id="power")
    assert revisions(decided("02-17 09:00", other, recorded=ledger(TOLD_OF_10TH))) == [
        ("lead:3", 0)
    ]
    later = replace(MONTHLY, recurrence=Recurrence(date(2027, 1, 20), 1, Unit.MONTH))
    assert revisions(decided("02-17 09:00", later, recorded=ledger(TOLD_OF_10TH))) == [
        ("lead:3", 0)
    ]


# When to look again


@pytest.mark.parametrize(
    ("now", "next_at"),
    [
        ("02-01 12:00", "02-07 09:00"),
        ("02-07 08:59", "02-07 09:00"),
        ("02-07 09:00", "02-09 09:00"),
        ("02-09 09:00", "02-10 09:00"),
        ("02-10 10:00", "02-11 09:00"),
        ("02-11 09:00", None),
        ("03-20 12:00", None),
    ],
)
def test_the_next_look_is_at_the_next_reminder_and_never_now(now: str, next_at: str | None) -> None:
    assert wall(decided(now).next_at) == next_at


def test_the_next_look_is_at_the_first_of_all_bills() -> None:
    power = replace(BILL, bill_id="power", plan_change=PlanChange(remind_at=time(8)))
    assert wall(decided("02-08 12:00", BILL, power).next_at) == "02-09 08:00"
    assert wall(decided("02-08 12:00", power, BILL).next_at) == "02-09 08:00"


@pytest.mark.parametrize(
    ("now", "wake"),
    [
        pytest.param("02-07 08:00", "02-07 09:00", id="nothing due: the next reminder"),
        pytest.param("02-07 09:00", "02-07 09:01", id="something due: the next minute"),
        pytest.param("02-07 09:00:59", "02-07 09:01", id="something due: a whole minute"),
        pytest.param("02-19 09:00", "02-19 09:01", id="something to note: the next minute"),
        pytest.param("03-20 12:00", None, id="nothing any more"),
    ],
)
def test_a_change_wakes_a_channel_no_earlier_than_the_next_minute(
    now: str, wake: str | None
) -> None:
    assert wall(wake_at(decided(now), instant(now))) == wake


def test_bills_of_one_minute_are_due_together_in_the_order_of_their_dates() -> None:
    # Keys start with the due date, so a claim of many rows takes the most urgent first.
    earlier = replace(BILL, bill_id="z", recurrence=Recurrence(date(2027, 2, 8)))
    later = replace(BILL, bill_id="a", recurrence=Recurrence(date(2027, 2, 10)))
    due = decided("02-07 09:00", later, earlier).due
    assert [(reminder.bill_id, str(reminder.trigger)) for reminder in due] == [
        ("z", "lead:1"),
        ("a", "lead:3"),
    ]


def test_a_user_without_bills_is_left_alone() -> None:
    decision = decide(USER, [], {}, channel=Channel.SMS, now=instant(LONG_BEFORE))
    assert decision == Decision(due=(), skipped=(), next_at=None)
    assert wake_at(decision, instant(LONG_BEFORE)) is None

"""What is coming: planning played forward gives what the machine will do, minute by minute.

Unless a test says otherwise the user lives in New York, is reminded by SMS and the default plan,
and owes one bill, due once on Wednesday, 10 February 2027; it is noon on 5 January. A line reads
`02-07 09:00 lead:3`, wall time in New York, with the reason behind it when nothing will go out.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from types import FrameType, MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.bills import Bill, FailedDebit, Reopened, Snooze
from bill_reminders.domain.enums import Channel, Shift
from bill_reminders.domain.forecast import Coming, forecast, next_on_each_channel
from bill_reminders.domain.ledger import Recorded, State
from bill_reminders.domain.local_time import QuietHours, next_minute
from bill_reminders.domain.payments import Payment
from bill_reminders.domain.people import Address, Join, Plan, PlanChange, User
from bill_reminders.domain.planning import Decision, decide, wake_at
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.reminders import Reminder, Trigger
from tests.support.examples import examples
from tests.support.people import a_bill, a_user

NEW_YORK = ZoneInfo("America/New_York")
DAY = timedelta(days=1)
DUE = date(2027, 2, 10)
USER = a_user(zone="America/New_York")
BILL = a_bill(due_on=DUE)
AUTOPAY = replace(BILL, autopay=True)
MONTHLY = replace(BILL, recurrence=Recurrence(DUE, 1, Unit.MONTH))
PLAN = ["02-07 09:00 lead:3", "02-09 09:00 lead:1", "02-10 09:00 lead:0", "02-11 09:00 overdue:1"]

type Ledger = dict[str, Recorded]


def at(wall: str) -> datetime:
    return datetime.fromisoformat(f"2027-{wall}").replace(tzinfo=NEW_YORK).astimezone(UTC)


NOW = at("01-05 12:00")


def line(coming: Coming) -> str:
    skip = f" {coming.skip}" if coming.skip is not None else ""
    return f"{coming.at.astimezone(NEW_YORK):%m-%d %H:%M} {coming.reminder.trigger}{skip}"


def lines(
    *bills: Bill,
    user: User = USER,
    recorded: Ledger | None = None,
    now: str = "01-05 12:00",
    until: str = "05-01 00:00",
    at_most: int | None = None,
) -> list[str]:
    coming = forecast(
        user, bills or (BILL,), recorded or {}, now=at(now), until=at(until), at_most=at_most
    )
    return [line(each) for each in coming]


def ledger(*rows: Recorded) -> Ledger:
    return {row.reminder.key: row for row in rows}


def lead_3(**changes: Any) -> Reminder:
    three_days_before = Reminder(
        *("somebody", "bill", 0, DUE, Trigger.lead(3), Channel.SMS, at("02-07 09:00"))
    )
    return replace(three_days_before, **changes)


# What a life brings


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        pytest.param(USER, PLAN, id="the default plan"),
        pytest.param(
            replace(
                USER,
                plan=Plan(lead_days=(3, 0), remind_at=time(23)),
                quiet_hours=QuietHours(time(22), time(8)),
            ),
            ["02-08 08:00 lead:3", "02-10 21:59 lead:0", "02-12 08:00 overdue:1"],
            id="quiet hours",
        ),
        pytest.param(
            replace(
                USER,
                plan=replace(USER.plan, remind_at=time(21)),
                quiet_hours=QuietHours(time(20, 30), time(10)),
            ),
            [
                "02-08 10:00 lead:3",
                "02-10 20:29 lead:0",
                "02-10 20:29 lead:1 merged",
                "02-12 10:00 overdue:1",
            ],
            id="quiet hours that bring two to one day",
        ),
        pytest.param(
            replace(USER, paused_until=date(2027, 2, 7)),
            ["02-08 09:00 lead:3", *PLAN[1:]],
            id="a pause, and the one missed goes after it",
        ),
        pytest.param(
            replace(USER, paused_until=date(2027, 2, 10)),
            [
                "02-09 09:00 lead:3 superseded",
                "02-10 09:00 lead:1 superseded",
                "02-11 00:00 lead:0 expired",
                "02-11 09:00 overdue:1",
            ],
            id="a pause over the due day",
        ),
        pytest.param(
            replace(USER, plan=replace(USER.plan, overdue_days=(1, 7, 60))),
            [*PLAN, "02-17 09:00 overdue:7", "04-11 09:00 overdue:60"],
            id="overdue days",
        ),
        pytest.param(
            replace(USER, addresses=MappingProxyType({})),
            [f"{each} no_address" for each in PLAN],
            id="no address",
        ),
        pytest.param(
            replace(USER, addresses=MappingProxyType({Channel.SMS: Address("+12025550123")})),
            [f"{each} no_address" for each in PLAN],
            id="an address that nobody vouches for",
        ),
    ],
)
def test_what_comes_is_what_the_users_settings_make_of_the_plan(
    user: User, expected: list[str]
) -> None:
    assert lines(user=user) == expected


@pytest.mark.parametrize(
    ("bill", "expected"),
    [
        pytest.param(
            replace(BILL, snoozes=(Snooze(0, date(2027, 2, 8)),)),
            ["02-07 09:00 lead:3 snoozed", "02-08 09:00 snooze:2027-02-08", *PLAN[1:]],
            id="snoozed",
        ),
        pytest.param(AUTOPAY, ["02-09 09:00 lead:1"], id="autopay"),
        pytest.param(BILL.with_payment(Payment(0, paid_at=NOW)), [], id="paid"),
        pytest.param(
            MONTHLY.with_payment(Payment(0, paid_at=NOW)),
            ["03-07 09:00 lead:3", "03-09 09:00 lead:1"],
            id="this month paid, the next is not",
        ),
        pytest.param(replace(MONTHLY, closed_at=NOW), [], id="closed"),
        pytest.param(
            replace(BILL, plan_change=PlanChange(channels=(Channel.EMAIL,), lead_days=(2,))),
            ["02-08 09:00 lead:2", "02-11 09:00 overdue:1"],
            id="a plan of its own, of whose channels there is no address",
        ),
        pytest.param(
            replace(BILL, recurrence=Recurrence(date(2027, 2, 13)), shift=Shift.NEXT),
            [
                "02-12 09:00 lead:3",
                "02-14 09:00 lead:1",
                "02-15 09:00 lead:0",
                "02-16 09:00 overdue:1",
            ],
            id="due on a Saturday, payable on Monday",
        ),
    ],
)
def test_what_comes_is_what_is_known_of_the_bill(bill: Bill, expected: list[str]) -> None:
    assert lines(bill, until="03-09 12:00") == expected


@pytest.mark.parametrize(
    ("bill", "now", "expected"),
    [
        pytest.param(BILL, "02-07 08:59", PLAN, id="not yet due"),
        pytest.param(BILL, "02-07 09:00", ["02-07 09:01 lead:3", *PLAN[1:]], id="due now"),
        pytest.param(
            *(BILL, "02-09 13:20"),
            ["02-09 13:21 lead:1", "02-09 13:21 lead:3 superseded", *PLAN[2:]],
            id="entered late",
        ),
        pytest.param(
            replace(AUTOPAY, failed_debits=(FailedDebit(0, at("02-08 07:30"), "no-funds"),)),
            "02-08 07:30",
            ["02-08 07:31 autopay_failed:no-funds", "02-08 07:31 lead:3 superseded", *PLAN[1:]],
            id="a debit that failed just now",
        ),
    ],
)
def test_what_is_due_already_comes_in_the_next_minute(
    bill: Bill, now: str, expected: list[str]
) -> None:
    assert lines(bill, now=now) == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param(Recorded(lead_3(), State.SENT), PLAN[1:], id="sent"),
        pytest.param(Recorded(lead_3(), State.UNKNOWN), PLAN[1:], id="unknown"),
        pytest.param(
            Recorded(lead_3(), State.WAITING, not_before=at("02-07 09:20")),
            ["02-07 09:20 lead:3", *PLAN[1:]],
            id="waits for the provider",
        ),
        pytest.param(
            Recorded(lead_3(trigger=Trigger.lead(5)), State.WAITING, not_before=at("02-07 09:20")),
            ["02-07 09:06 lead:3", "02-07 09:06 lead:5 withdrawn", *PLAN[1:]],
            id="waits, and the plan wants it no more",
        ),
        pytest.param(
            Recorded(lead_3(bill_id="deleted"), State.WAITING),
            ["02-07 09:06 lead:3", *PLAN[1:]],
            id="waits of a bill that is not asked about",
        ),
    ],
)
def test_what_was_done_already_does_not_come_again(row: Recorded, expected: list[str]) -> None:
    recorded = ledger(row)
    assert lines(now="02-07 09:05", recorded=recorded) == expected
    assert recorded == ledger(row), "the play is not written down"


def test_a_channel_that_joins_later_comes_from_then_on() -> None:
    plan = Plan(channels=(Channel.EMAIL, Channel.SMS), joins=(Join(Channel.SMS, 0),))
    user = a_user(channels=(Channel.EMAIL, Channel.SMS), zone="America/New_York", plan=plan)
    coming = forecast(user, [BILL], {}, now=NOW, until=at("05-01 00:00"))
    assert [f"{line(each)} by {each.reminder.channel}" for each in coming] == [
        "02-07 09:00 lead:3 by email",
        "02-09 09:00 lead:1 by email",
        "02-10 09:00 lead:0 by email",
        "02-10 09:00 lead:0 by sms",
        "02-11 09:00 overdue:1 by email",
        "02-11 09:00 overdue:1 by sms",
    ]
    by_sms = forecast(user, [BILL], {}, channels=[Channel.SMS], now=NOW, until=at("05-01 00:00"))
    assert by_sms == tuple(each for each in coming if each.reminder.channel is Channel.SMS)


def test_several_bills_stand_in_the_order_in_which_they_come() -> None:
    rent = replace(BILL, bill_id="rent")
    card = replace(BILL, bill_id="card", recurrence=Recurrence(DUE - DAY))
    coming = forecast(USER, [rent, card], {}, now=NOW, until=at("02-09 09:00"))
    assert [f"{line(each)} {each.reminder.bill_id}" for each in coming] == [
        "02-06 09:00 lead:3 card",
        "02-07 09:00 lead:3 rent",
        "02-08 09:00 lead:1 card",
        "02-09 09:00 lead:0 card",
        "02-09 09:00 lead:1 rent",
    ]


@pytest.mark.parametrize(
    ("until", "expected"),
    [("02-07 08:59", []), ("02-07 09:00", PLAN[:1]), ("02-09 08:59", PLAN[:1])],
)
def test_the_end_is_included(until: str, expected: list[str]) -> None:
    assert lines(until=until) == expected


# The next one


def test_the_next_one_of_each_channel_is_the_first_that_goes_out() -> None:
    user = a_user(
        channels=(Channel.SMS, Channel.EMAIL),
        zone="America/New_York",
        plan=Plan(channels=(Channel.SMS, Channel.EMAIL, Channel.PUSH)),
    )
    later = replace(BILL, bill_id="later", recurrence=Recurrence(DUE + DAY))
    snoozed = replace(
        BILL,
        snoozes=(Snooze(0, DUE),),
        plan_change=PlanChange(channels=(Channel.SMS, Channel.PUSH)),
    )
    following = next_on_each_channel(user, [later, snoozed], {}, now=NOW)
    assert {channel: each and line(each) for channel, each in following.items()} == {
        Channel.SMS: "02-08 09:00 lead:3",
        Channel.EMAIL: "02-08 09:00 lead:3",
        Channel.PUSH: None,  # there is no address
    }


def test_the_next_one_is_looked_for_within_400_days() -> None:
    yearly = replace(
        BILL,
        recurrence=Recurrence(DUE, 1, Unit.YEAR),
        plan_change=PlanChange(lead_days=(0,)),
        payments=(Payment(0, paid_at=NOW),),
    )
    next_year = datetime(2028, 2, 10, 9, tzinfo=NEW_YORK).astimezone(UTC)
    early, late = (
        next_on_each_channel(USER, [yearly], {}, now=next_year - days)[Channel.SMS]
        for days in (401 * DAY, 400 * DAY)
    )
    assert early is None
    assert late is not None
    assert late.at == next_year


def decisions_of(play: Callable[[], object]) -> int:
    count = 0

    def counted(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event == "call" and frame.f_code is decide.__code__

    sys.setprofile(counted)
    try:
        play()
    finally:
        sys.setprofile(None)
    return count


def test_few_are_had_for_a_look_at_each_bill_and_at_each_that_comes() -> None:
    bills = [
        replace(MONTHLY, bill_id=f"bill-{n}", recurrence=Recurrence(DUE + n * DAY, 1, Unit.MONTH))
        for n in range(20)
    ]
    nobody = replace(USER, addresses=MappingProxyType({}))

    def few() -> object:
        return forecast(USER, bills, {}, now=NOW, until=NOW + 90 * DAY, at_most=5)

    # On the channels that no plan has there are only the looks.
    assert decisions_of(few) <= 3 * 20 + 2 * 5  # at most two bills have the same instant
    assert decisions_of(lambda: next_on_each_channel(USER, bills, {}, now=NOW)) == 20 + 1
    assert decisions_of(lambda: next_on_each_channel(nobody, bills, {}, now=NOW)) == 0


# The real machine


class Machine:
    """What delivers, without its machines: woken by channel, it decides on all bills together."""

    def __init__(self, user: User, bills: Sequence[Bill]) -> None:
        self.user, self.bills = user, bills
        self.recorded: Ledger = {}

    def decide(self, channel: Channel, now: datetime) -> Decision:
        return decide(self.user, self.bills, self.recorded, channel=channel, now=now)

    def live(self, now: datetime, until: datetime) -> list[Coming]:
        """What comes after `now`, in no order."""
        came: list[Coming] = []
        wakes = {channel: wake_at(self.decide(channel, now), now) for channel in Channel}
        while pending := [each for each in wakes.values() if each is not None and each <= until]:
            woken_at = min(pending)
            for channel in (each for each in Channel if wakes[each] == woken_at):
                decision = self.decide(channel, woken_at)
                came += [Coming(reminder, woken_at) for reminder in decision.due]
                came += [Coming(s.reminder, woken_at, s.reason) for s in decision.skipped]
                for reminder in decision.due:
                    self.recorded[reminder.key] = Recorded(reminder, State.SENT)
                for skip in decision.skipped:
                    self.recorded[skip.reminder.key] = Recorded(skip.reminder, State.SKIPPED)
                wakes[channel] = decision.next_at
        return came


START = datetime(2027, 2, 20, tzinfo=UTC)  # clocks change in the weeks after it
MINUTES = st.integers(0, 24 * 60 - 1)
WALL_TIMES = MINUTES.map(lambda minutes: time(minutes // 60, minutes % 60))
PLANS = st.builds(
    Plan,
    lead_days=st.lists(st.integers(0, 12), unique=True, max_size=3).map(tuple),
    overdue_days=st.lists(st.integers(1, 12), unique=True, max_size=2).map(tuple),
    remind_at=WALL_TIMES,
    channels=st.sampled_from([(Channel.SMS,), (Channel.SMS, Channel.EMAIL)]),
    joins=st.sampled_from([(), (Join(Channel.EMAIL, 1),)]),
)
QUIET = st.tuples(MINUTES, st.integers(1, 20 * 60)).map(
    lambda span: QuietHours(*(time(m // 60 % 24, m % 60) for m in (span[0], span[0] + span[1])))
)
ZONES = st.sampled_from(["America/New_York", "Asia/Kolkata", "Africa/Cairo", "Pacific/Kiritimati"])


@st.composite
def users(draw: st.DrawFn) -> User:
    return a_user(
        channels=draw(st.sampled_from([(Channel.SMS,), (Channel.SMS, Channel.EMAIL)])),
        zone=draw(ZONES),
        plan=draw(PLANS),
        quiet_hours=draw(st.none() | QUIET),
        paused_until=draw(st.none() | dates_after_start(0, 40)),
    )


def dates_after_start(first: int, last: int) -> st.SearchStrategy[date]:
    return st.integers(first, last).map(lambda days: START.date() + days * DAY)


@st.composite
def bills(draw: st.DrawFn, bill_id: str) -> Bill:
    every = st.sampled_from([(1, None), (3, Unit.DAY), (1, Unit.WEEK), (1, Unit.MONTH)])
    return a_bill(
        bill_id=bill_id,
        due_on=START.date(),
        recurrence=Recurrence(draw(dates_after_start(-5, 20)), *draw(every)),
        autopay=draw(st.sampled_from([False, False, True])),
        shift=draw(st.sampled_from(Shift)),
    )


def changed(bill: Bill, now: datetime) -> st.SearchStrategy[Bill]:
    """The bill after what may have happened to it by `now`."""
    numbers, today = st.integers(0, 3), now.date()
    return st.one_of(
        st.just(bill),
        st.just(replace(bill, closed_at=now)),
        numbers.map(lambda number: bill.with_payment(Payment(number, now))),
        numbers.map(lambda number: replace(bill, reopened=(Reopened(number, now),))),
        numbers.map(lambda number: bill.with_failed_debit(FailedDebit(number, now, "no-funds"))),
        st.builds(
            lambda number, days: bill.with_snooze(Snooze(number, today + days * DAY)),
            numbers,
            st.integers(0, 20),
        ),
        dates_after_start(-5, 20).map(
            lambda day: replace(bill, recurrence=replace(bill.recurrence, first_due=day))
        ),
    )


@st.composite
def machines(draw: st.DrawFn) -> tuple[Machine, datetime]:
    """A machine that ran for a while, and the instant beside it at which something changed."""
    now = START + draw(st.integers(0, 15 * 24 * 3600)) * timedelta(seconds=1)
    user, count = draw(users()), draw(st.integers(1, 2))
    machine = Machine(user, [draw(bills(f"bill-{number}")) for number in range(count)])
    machine.live(START, now)
    for key in list(machine.recorded)[-1:]:
        if draw(st.booleans()):
            later = next_minute(now + draw(st.integers(0, 90)) * timedelta(minutes=1))
            machine.recorded[key] = replace(
                machine.recorded[key], state=State.WAITING, not_before=later
            )
    machine.bills = [draw(changed(bill, now)) for bill in machine.bills]
    machine.user = draw(st.just(user) | users())
    return machine, now


@examples(30)
@given(machines(), st.integers(0, 30))
def test_what_is_said_to_come_is_what_comes(
    machine_and_now: tuple[Machine, datetime], at_most: int
) -> None:
    machine, now = machine_and_now
    until = now + 25 * DAY
    known = dict(machine.recorded)
    coming = forecast(machine.user, machine.bills, known, now=now, until=until)
    following = next_on_each_channel(machine.user, machine.bills, known, now=now)
    few = forecast(machine.user, machine.bills, known, now=now, until=until, at_most=at_most)

    came = machine.live(now, until)

    assert list(coming) == sorted(came, key=lambda each: (each.at, each.reminder.key))
    assert few == coming[:at_most]
    for channel in Channel:
        out = (each for each in coming if each.skip is None and each.reminder.channel is channel)
        first = next(out, None)
        assert following[channel] == first or (first is None and following[channel].at > until)
    assert all(each.at == each.at.replace(second=0, microsecond=0) for each in coming)


def test_a_daily_bill_is_played_for_months() -> None:
    """What waited when they began is withdrawn once, though the play forgets by their end."""
    daily = replace(BILL, recurrence=Recurrence(DUE, 1, Unit.DAY))
    machine = Machine(USER, [daily])
    now, until = at("02-07 09:05"), at("05-07 00:00")
    machine.recorded = ledger(Recorded(lead_3(trigger=Trigger.lead(5)), State.WAITING))
    coming = forecast(USER, [daily], dict(machine.recorded), now=now, until=until)
    assert len(coming) > 300
    assert list(coming) == sorted(
        machine.live(now, until), key=lambda each: (each.at, each.reminder.key)
    )

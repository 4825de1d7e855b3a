"""A user who moves to another zone: what was sent is not repeated, and what was asked for is not
lost. One bill is due on 20 March 2027 and reminded at 22:00; all instants are UTC."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bill_reminders.domain.bills import Bill, FailedDebit, Snooze
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import Recorded, State
from bill_reminders.domain.people import User
from bill_reminders.domain.planning import decide, wake_at
from tests.support.people import a_bill, a_user

DUE, SNOOZED_TO = date(2027, 3, 20), date(2027, 3, 18)
START = datetime(2027, 3, 1, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
USER = a_user(zone="America/Los_Angeles")
USER = replace(USER, plan=replace(USER.plan, lead_days=(3, 1, 0), remind_at=time(22)))
BILL = a_bill(due_on=DUE)

ZONES = st.sampled_from(
    [
        *("Pacific/Pago_Pago", "America/Los_Angeles", "America/New_York", "UTC"),
        *("Europe/Berlin", "Asia/Kathmandu", "Asia/Tokyo", "Pacific/Kiritimati"),
    ]
)

type Change = tuple[datetime, User | Snooze | FailedDebit]


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2027-{text}").replace(tzinfo=UTC)


def moved(zone: str, user: User = USER) -> User:
    return replace(user, zone=ZoneInfo(zone))


def applied(user: User, bill: Bill, change: User | Snooze | FailedDebit) -> tuple[User, Bill]:
    match change:
        case Snooze():
            return user, bill.with_snooze(change)
        case FailedDebit():
            return user, bill.with_failed_debit(change)
    return change, bill


def lived(*changes: Change, user: User = USER, bill: Bill = BILL) -> list[tuple[str, str]]:
    """What goes out, in order; each change is made at its instant."""
    recorded: dict[str, Recorded] = {}
    sent: list[tuple[str, str]] = []
    coming = [*changes]
    now: datetime = START
    while True:
        decision = decide(user, [bill], recorded, channel=Channel.SMS, now=now)
        rows = [Recorded(each, State.SENT) for each in decision.due]
        rows += [Recorded(each.reminder, State.SKIPPED) for each in decision.skipped]
        assert not recorded.keys() & {row.reminder.key for row in rows}
        recorded |= {row.reminder.key: row for row in rows}
        sent += [(f"{now:%m-%d %H:%M}", str(each.trigger)) for each in decision.due]
        wake = decision.next_at
        while coming and (wake is None or coming[0][0] < wake):
            now, change = coming.pop(0)
            user, bill = applied(user, bill, change)
            wake = wake_at(decide(user, [bill], recorded, channel=Channel.SMS, now=now), now)
        if wake is None:
            return sent
        now = wake


def test_a_snooze_survives_a_move_eastward() -> None:
    """What was sent at 22:00 in Los Angeles was sent after midnight in New York."""
    assert lived(
        (at("03-18 07:00"), Snooze(0, SNOOZED_TO)),
        (at("03-18 16:00"), moved("America/New_York")),
    )[:2] == [("03-18 05:00", "lead:3"), ("03-19 02:00", "snooze:2027-03-18")]


@pytest.mark.parametrize(
    "zone",
    [
        "America/Los_Angeles",
        "America/New_York",
        "Europe/London",
        "Asia/Tokyo",
        "Pacific/Kiritimati",
    ],
)
@pytest.mark.parametrize("hour", [0, 6, 9, 18, 23])
def test_it_does_wherever_its_user_goes_and_whenever_they_are_reminded(
    zone: str, hour: int
) -> None:
    early = replace(USER, plan=replace(USER.plan, remind_at=time(hour)))
    sent = lived(
        (at("03-18 08:00"), Snooze(0, DUE - DAY)),
        (at("03-18 16:00"), moved(zone, early)),
        user=early,
    )
    assert {trigger for _, trigger in sent} >= {"lead:3", "lead:0"}
    on_the_day = [told for told, trigger in sent if trigger in ("lead:1", "snooze:2027-03-19")]
    assert len(on_the_day) == 1
    assert at(on_the_day[0]).astimezone(ZoneInfo(zone)).date() == DUE - DAY


def test_it_does_after_a_move_westward_too() -> None:
    user = moved("Asia/Tokyo")
    sent = lived(
        (at("03-17 14:00"), Snooze(0, SNOOZED_TO)),
        (at("03-17 16:00"), moved("America/Los_Angeles")),
        user=user,
    )
    assert sent[:2] == [("03-17 13:00", "lead:3"), ("03-19 05:00", "snooze:2027-03-18")]


@given(ZONES, ZONES, st.integers(0, 48 * 60), st.integers(0, 23))
@example("America/Los_Angeles", "America/New_York", 11 * 60, 22)
def test_whoever_snoozed_and_moves_hears_again_by_then_on_one_wall_or_the_other(
    home: str, abroad: str, minutes: int, hour: int
) -> None:
    user = replace(moved(home), plan=replace(USER.plan, remind_at=time(hour)))

    def on(zone: str, day: date) -> datetime:
        return datetime.combine(day, time(hour), ZoneInfo(zone)).astimezone(UTC)

    told = on(home, DUE - 3 * DAY)
    move = told + 2 * MINUTE + minutes * MINUTE
    changes = [(told + MINUTE, Snooze(0, SNOOZED_TO)), (move, moved(abroad, user))]
    sent = [at(instant) for instant, _ in lived(*changes, user=user)]
    assert sent[0] == told
    latest = max(on(home, SNOOZED_TO), on(abroad, SNOOZED_TO), move + MINUTE)
    assert told < sent[1] <= latest


def test_what_says_that_a_debit_failed_in_the_evening_hides_no_due_day_in_the_east() -> None:
    """At 21:30 on the 19th, which is the 20th in New York."""
    user = replace(USER, plan=replace(USER.plan, remind_at=time(9)))
    sent = lived(
        (at("03-20 04:30"), FailedDebit(0, at("03-20 04:30"), "r-1")),
        (at("03-20 06:00"), moved("America/New_York", user)),
        user=user,
        bill=replace(BILL, autopay=True),
    )
    assert sent[-3:] == [
        ("03-20 04:31", "autopay_failed:r-1"),
        ("03-20 13:00", "lead:0"),
        ("03-21 13:00", "overdue:1"),
    ]


@given(
    ZONES,
    st.lists(st.tuples(st.integers(0, 30 * 24), ZONES), max_size=3, unique_by=lambda each: each[0]),
    st.integers(0, 23),
)
def test_whoever_moves_hears_each_day_of_the_plan_once_or_a_nearer_one(
    home: str, moves: list[tuple[int, str]], hour: int
) -> None:
    user = replace(moved(home), plan=replace(USER.plan, remind_at=time(hour)))
    changes = [
        (START + hours * timedelta(hours=1) + MINUTE, moved(zone, user))
        for hours, zone in sorted(moves)
    ]
    sent = [trigger for _, trigger in lived(*changes, user=user)]
    order = ["lead:3", "lead:1", "lead:0", "overdue:1"]
    places = [order.index(trigger) for trigger in sent]
    assert all(one < other for one, other in pairwise(places))
    assert sent[-1] == "overdue:1"

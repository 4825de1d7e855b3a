"""What a payment, a snooze, a failed debit or a change of settings makes of the reminders to come.

`History` lives through a few weeks of one user: it wakes when planning says, writes down what went
out and what was noted, and takes each change at its time. All times are on the wall in New York.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain import cards
from bill_reminders.domain.bills import Bill, FailedDebit, Snooze
from bill_reminders.domain.enums import Channel, Kind
from bill_reminders.domain.ledger import Recorded, State
from bill_reminders.domain.local_time import QuietHours, local_date
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Payment, Statement
from bill_reminders.domain.people import Join, PlanChange, User
from bill_reminders.domain.planning import Decision, decide, earliest_due_date, wake_at
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.reminders import Reminder, SkipReason, Trigger, TriggerKind
from tests.support.examples import examples
from tests.support.people import a_bill, a_user

NEW_YORK = ZoneInfo("America/New_York")
DUE = date(2027, 2, 10)
USER = a_user(zone="America/New_York", channels=[Channel.SMS, Channel.PUSH])
BILL = a_bill(due_on=DUE)
MONTHLY = replace(BILL, recurrence=Recurrence(DUE, 1, Unit.MONTH))
QUIET = QuietHours(time(22), time(7))

Change = Callable[[User, Bill, datetime], tuple[User, Bill]]


def at(wall: str) -> datetime:
    return datetime.fromisoformat(f"2027-{wall}").replace(tzinfo=NEW_YORK).astimezone(UTC)


class History:
    """What happens on one channel from the first of February on."""

    def __init__(self, user: User, bill: Bill, channel: Channel = Channel.SMS) -> None:
        self.user, self.bill, self.channel = user, bill, channel
        self.recorded: dict[str, Recorded] = {}
        self.told: list[tuple[datetime, Reminder, SkipReason | None]] = []

    def decide(self, now: datetime, since: datetime | None = None) -> Decision:
        earliest = earliest_due_date(self.user, [self.bill], since or now)
        read = {key: row for key, row in self.recorded.items() if row.reminder.due_on >= earliest}
        return decide(self.user, [self.bill], read, channel=self.channel, now=now, since=since)

    def live(
        self, changes: Iterable[tuple[datetime, Change]] = (), until: str = "03-20 00:00"
    ) -> "History":
        coming = sorted(changes, key=lambda change: change[0])
        now = at("02-01 12:00")
        wake = wake_at(self.decide(now), now)
        while True:
            if coming and (wake is None or coming[0][0] < wake):
                now, change = coming.pop(0)
                self.user, self.bill = change(self.user, self.bill, now)
                wake = wake_at(self.decide(now, since=wake), now)
            elif wake is None or wake > at(until):
                return self
            else:
                now, decision = wake, self.decide(wake, since=wake)
                self.claim(decision, now)
                assert decision.next_at is None or decision.next_at > now
                wake = decision.next_at

    def claim(self, decision: Decision, now: datetime) -> None:
        fates: list[tuple[Reminder, SkipReason | None]] = [(each, None) for each in decision.due]
        fates += [(skip.reminder, skip.reason) for skip in decision.skipped]
        for reminder, reason in fates:
            assert reminder.key not in self.recorded, f"{reminder.key} was claimed twice"
            state = State.SENT if reason is None else State.SKIPPED
            self.recorded[reminder.key] = Recorded(reminder, state)
            self.told.append((now, reminder, reason))

    @property
    def sent(self) -> list[str]:
        return [
            f"{now.astimezone(NEW_YORK):%m-%d %H:%M} {reminder.trigger}"
            for now, reminder, reason in self.told
            if reason is None
        ]

    def noted(self, reason: SkipReason) -> list[str]:
        return [str(reminder.trigger) for _, reminder, why in self.told if why is reason]


def lived(bill: Bill, *changes: tuple[str, Change], user: User = USER, **more: str) -> History:
    return History(user, bill).live([(at(wall), change) for wall, change in changes], **more)


def paid(number: int = 0, amount: str | None = None, payment_id: str = "p") -> Change:
    money = None if amount is None else Money(Decimal(amount), "USD")
    return lambda user, bill, now: (
        user,
        bill.with_payment(Payment(number, now, money, payment_id)),
    )


def undone(payment_id: str = "p", number: int = 0) -> Change:
    def undo(user: User, bill: Bill, now: datetime) -> tuple[User, Bill]:
        after, today = bill.without_payment(payment_id, number, now=now), local_date(now, user.zone)
        return user, cards.with_days_left_out(bill, after, number, today=today, now=now)

    return undo


def stated(amount: str, minimum: str | None = None, number: int = 0) -> Change:
    least = None if minimum is None else Decimal(minimum)
    statement = Statement(number, Money(Decimal(amount), "USD"), least)
    return lambda user, bill, now: (user, bill.with_statement(statement))


def unstated(number: int) -> Change:
    return lambda user, bill, now: (user, bill.without_statement(number))


def snoozed(until: date, number: int = 0) -> Change:
    return lambda user, bill, now: (user, bill.with_snooze(Snooze(number, until)))


def debit_failed(event: str = "r-1", number: int = 0) -> Change:
    return lambda user, bill, now: (
        user,
        bill.with_failed_debit(FailedDebit(number, now, event)),
    )


def plan(**changes: object) -> Change:
    return lambda user, bill, now: (replace(user, plan=replace(user.plan, **changes)), bill)


def zone(name: str) -> Change:
    return lambda user, bill, now: (replace(user, zone=ZoneInfo(name)), bill)


def test_nobody_pays_and_each_day_of_the_plan_is_sent() -> None:
    assert lived(BILL).sent == [
        "02-07 09:00 lead:3",
        "02-09 09:00 lead:1",
        "02-10 09:00 lead:0",
        "02-11 09:00 overdue:1",
    ]


# --- paid, partly paid, undone ---


def test_paid_closes_that_occurrence_only() -> None:
    history = lived(MONTHLY, ("02-08 10:00", paid()))
    assert history.sent == [
        "02-07 09:00 lead:3",
        "03-07 09:00 lead:3",
        "03-09 09:00 lead:1",
        "03-10 09:00 lead:0",
        "03-11 09:00 overdue:1",
    ]


def test_an_early_payment_of_the_next_month_leaves_this_one_open() -> None:
    history = lived(MONTHLY, ("02-08 10:00", paid(1)))
    assert [line[:5] for line in history.sent] == ["02-07", "02-09", "02-10", "02-11"]


@pytest.mark.parametrize("amount", ["20.00", "120.49"])
def test_partly_paid_goes_on(amount: str) -> None:
    assert lived(BILL, ("02-08 10:00", paid(amount=amount))).sent == lived(BILL).sent


@pytest.mark.parametrize("amount", ["120.50", "121.00"])
def test_what_is_paid_in_parts_or_too_much_is_closed(amount: str) -> None:
    assert lived(BILL, ("02-08 10:00", paid(amount=amount))).sent == ["02-07 09:00 lead:3"]


CARD = BILL.with_statement(Statement(0, Money(Decimal(500), "USD"), Decimal(25)))


def test_a_met_minimum_goes_on_up_to_the_due_day_and_is_not_overdue_after_it() -> None:
    history = lived(CARD, ("02-08 10:00", paid(amount="25.00")))
    assert [*history.sent, "02-11 09:00 overdue:1"] == lived(CARD).sent
    assert lived(CARD, ("02-08 10:00", paid(amount="24.99"))).sent == lived(CARD).sent


def test_a_minimum_that_is_undone_after_the_due_day_brings_no_day_back_that_has_passed() -> None:
    late = replace(CARD, plan_change=PlanChange(lead_days=(0,), overdue_days=(1, 3)))
    history = lived(late, ("02-08 10:00", paid(amount="25.00")), ("02-12 10:00", undone()))
    assert history.sent == ["02-10 09:00 lead:0", "02-13 09:00 overdue:3"]
    assert history.noted(SkipReason.WHILE_PAID) == ["overdue:1"]


def test_a_minimum_that_is_undone_before_the_due_day_keeps_no_day_back() -> None:
    history = lived(CARD, ("02-08 10:00", paid(amount="25.00")), ("02-09 09:00", undone()))
    assert history.sent == lived(CARD).sent


def test_several_unpaid_occurrences_are_each_overdue_on_their_own() -> None:
    late = replace(MONTHLY, plan_change=PlanChange(lead_days=(), overdue_days=(1, 30)))
    history = lived(late, ("02-20 10:00", paid(1)))
    assert history.sent == ["02-11 09:00 overdue:1", "03-12 09:00 overdue:30"]
    assert lived(late).sent == [
        "02-11 09:00 overdue:1",
        "03-11 09:00 overdue:1",
        "03-12 09:00 overdue:30",
    ]


def test_an_undone_payment_plans_future_days_only() -> None:
    history = lived(BILL, ("02-08 10:00", paid()), ("02-09 21:00", undone()))
    assert history.sent == ["02-07 09:00 lead:3", "02-10 09:00 lead:0", "02-11 09:00 overdue:1"]
    assert history.noted(SkipReason.WHILE_PAID) == ["lead:1"]


def test_an_undone_payment_after_the_due_day_brings_nothing_back() -> None:
    history = lived(BILL, ("02-08 10:00", paid()), ("02-11 10:00", undone()))
    assert history.sent == ["02-07 09:00 lead:3"]


# --- snooze ---


@pytest.mark.parametrize(
    ("when", "until", "sent", "noted"),
    [
        # to a day without a reminder of the plan
        ("02-07 10:00", date(2027, 2, 8), ["02-08 09:00 snooze:2027-02-08"], []),
        # over a day of the plan
        ("02-07 10:00", date(2027, 2, 9), [], []),
        ("02-05 10:00", date(2027, 2, 8), ["02-08 09:00 snooze:2027-02-08"], ["lead:3"]),
        # past the due date
        (
            "02-09 10:00",
            date(2027, 2, 14),
            ["02-14 09:00 snooze:2027-02-14"],
            ["lead:0", "overdue:1"],
        ),
    ],
)
def test_a_snooze_is_silent_until_its_day(
    when: str, until: date, sent: list[str], noted: list[str]
) -> None:
    history = lived(BILL, (when, snoozed(until)))
    usual = [line for line in lived(BILL).sent if line.split()[2] not in noted]
    assert history.sent == sorted([*usual, *sent])
    assert history.noted(SkipReason.SNOOZED) == noted


def test_a_snooze_merges_with_what_is_planned_for_that_day() -> None:
    history = lived(BILL, ("02-07 10:00", snoozed(date(2027, 2, 9))))
    assert history.sent == lived(BILL).sent
    assert history.noted(SkipReason.MERGED) == ["snooze:2027-02-09"]


def test_the_last_snooze_counts() -> None:
    history = lived(
        BILL, ("02-07 10:00", snoozed(date(2027, 3, 1))), ("02-07 11:00", snoozed(date(2027, 2, 8)))
    )
    assert history.sent[1] == "02-08 09:00 snooze:2027-02-08"
    assert len(history.sent) == 5


def test_a_snooze_far_past_the_due_date_is_not_forgotten() -> None:
    history = lived(MONTHLY, ("02-09 10:00", snoozed(date(2027, 3, 18))))
    assert history.sent[-1] == "03-18 09:00 snooze:2027-03-18"


def test_a_snooze_to_the_due_day_keeps_to_it_in_quiet_hours() -> None:
    sleeper = replace(
        USER, quiet_hours=QuietHours(time(8), time(0)), plan=replace(USER.plan, lead_days=(3,))
    )
    history = lived(BILL, ("02-07 10:00", snoozed(DUE)), user=sleeper)
    assert "02-10 07:59 snooze:2027-02-10" in history.sent


# --- autopay ---

AUTOPAY = replace(BILL, autopay=True)


def test_autopay_reminds_once_the_day_before() -> None:
    assert lived(AUTOPAY).sent == ["02-09 09:00 lead:1"]


def test_a_failed_debit_is_told_at_once_and_restores_the_plan() -> None:
    history = lived(AUTOPAY, ("02-09 14:00", debit_failed()))
    assert history.sent == [
        "02-09 09:00 lead:1",
        "02-09 14:01 autopay_failed:r-1",
        "02-10 09:00 lead:0",
        "02-11 09:00 overdue:1",
    ]
    assert history.noted(SkipReason.SUPERSEDED) == ["lead:3"]


def test_a_failed_debit_of_the_due_day_waits_for_quiet_hours_and_is_not_lost() -> None:
    sleeper = replace(USER, quiet_hours=QUIET)
    history = lived(AUTOPAY, ("02-10 23:00", debit_failed()), user=sleeper)
    assert history.sent == ["02-09 09:00 lead:1", "02-11 07:00 autopay_failed:r-1"]
    assert history.noted(SkipReason.MERGED) == ["overdue:1"]


def test_a_failed_debit_that_a_pause_holds_back_still_helps_after_the_due_day() -> None:
    away = replace(USER, paused_until=DUE, plan=replace(USER.plan, overdue_days=()))
    history = lived(AUTOPAY, ("02-10 10:00", debit_failed()), user=away)
    assert history.sent == ["02-11 09:00 autopay_failed:r-1"]


def test_a_second_failed_debit_is_told_too() -> None:
    history = lived(AUTOPAY, ("02-10 10:00", debit_failed()), ("02-12 10:00", debit_failed("r-2")))
    assert history.sent == [
        "02-09 09:00 lead:1",
        "02-10 10:01 autopay_failed:r-1",
        "02-11 09:00 overdue:1",
        "02-12 10:01 autopay_failed:r-2",
    ]


def test_the_next_month_is_paid_by_itself_again() -> None:
    monthly = replace(MONTHLY, autopay=True)
    history = lived(monthly, ("02-10 10:00", debit_failed()), ("02-10 11:00", paid()))
    assert history.sent[-1] == "03-09 09:00 lead:1"


def test_a_failed_debit_breaks_through_a_snooze() -> None:
    history = lived(
        AUTOPAY, ("02-09 10:00", snoozed(date(2027, 2, 20))), ("02-10 10:00", debit_failed())
    )
    assert "02-10 10:01 autopay_failed:r-1" in history.sent


# --- plans ---


def test_a_plan_for_a_kind_and_for_a_bill_change_the_users_own() -> None:
    kinds = MappingProxyType({Kind.RENT: PlanChange(lead_days=(5,), overdue_days=())})
    user = replace(USER, kind_plans=kinds)
    rent = replace(BILL, kind=Kind.RENT)
    assert lived(rent, user=user).sent == ["02-05 09:00 lead:5"]
    assert lived(BILL, user=user).sent == lived(BILL).sent
    own = replace(rent, plan_change=PlanChange(lead_days=(2,)))
    assert lived(own, user=user).sent == ["02-08 09:00 lead:2"]


def test_a_channel_that_escalates_joins_on_its_day() -> None:
    joined = replace(USER, plan=replace(USER.plan, joins=(Join(Channel.SMS, 0),)))
    assert [line[12:] for line in History(joined, BILL, Channel.SMS).live().sent] == [
        "lead:0",
        "overdue:1",
    ]
    assert len(History(joined, BILL, Channel.PUSH).live().sent) == 4


def test_a_bills_own_channels_do_not_escalate_by_the_users_plan() -> None:
    joined = replace(USER, plan=replace(USER.plan, joins=(Join(Channel.SMS, 0),)))
    own = replace(BILL, plan_change=PlanChange(channels=(Channel.SMS,)))
    assert lived(own, user=joined).sent == lived(BILL).sent


def test_a_channel_that_joins_after_the_last_reminder_says_nothing_for_ever() -> None:
    plan_ = replace(USER.plan, lead_days=(3,), overdue_days=(), joins=(Join(Channel.SMS, 1),))
    assert lived(MONTHLY, user=replace(USER, plan=plan_)).told == []


@pytest.mark.parametrize("days", [0, 1, 28, 365])
def test_lead_days_reach_from_the_due_day_to_a_year_before(days: int) -> None:
    due = date(2027, 2, 3) + timedelta(days=days)
    user = replace(USER, plan=replace(USER.plan, lead_days=(days,), overdue_days=()))
    assert lived(a_bill(due_on=due), user=user).sent == [f"02-03 09:00 lead:{days}"]


def test_a_changed_plan_never_repeats_what_was_sent() -> None:
    history = lived(BILL, ("02-07 12:00", plan(lead_days=(5, 3, 2, 0))))
    assert history.sent == [
        "02-07 09:00 lead:3",
        "02-08 09:00 lead:2",
        "02-10 09:00 lead:0",
        "02-11 09:00 overdue:1",
    ]
    assert history.noted(SkipReason.SUPERSEDED) == ["lead:5"]


@pytest.mark.parametrize("name", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu"])
def test_a_move_to_another_zone_repeats_nothing_and_loses_nothing(name: str) -> None:
    history = lived(BILL, ("02-07 12:00", zone(name)))
    assert sorted(line.split()[2] for line in history.sent) == [
        "lead:0",
        "lead:1",
        "lead:3",
        "overdue:1",
    ]


def test_stop_is_noted_and_start_brings_the_rest_back() -> None:
    def stop(user: User, bill: Bill, now: datetime) -> tuple[User, Bill]:
        address = user.addresses[Channel.SMS]
        return user.with_address(Channel.SMS, replace(address, stopped_at=now)), bill

    def start(user: User, bill: Bill, now: datetime) -> tuple[User, Bill]:
        address = user.addresses[Channel.SMS]
        return user.with_address(Channel.SMS, replace(address, stopped_at=None)), bill

    history = lived(BILL, ("02-08 12:00", stop), ("02-09 12:00", start))
    assert history.noted(SkipReason.NO_ADDRESS) == ["lead:1"]
    assert history.sent == [line for line in lived(BILL).sent if "lead:1" not in line]


# --- whatever happens, in whatever order ---

MOMENTS = st.integers(0, 47 * 24 * 60).map(
    lambda minutes: at("02-01 12:01") + timedelta(minutes=minutes)
)
DAYS = st.dates(date(2027, 2, 2), date(2027, 4, 5))
NUMBERS = st.integers(0, 1)
CHANGES = st.one_of(
    st.builds(paid, NUMBERS, st.sampled_from([None, "20.00", "120.50"]), st.sampled_from("pq")),
    st.builds(undone, st.sampled_from("pq"), NUMBERS),
    st.builds(
        stated,
        st.sampled_from(["0", "-12.00", "20.00", "500.00"]),
        st.none(),
        NUMBERS,
    ),
    st.builds(stated, st.just("500.00"), st.just("20.00"), NUMBERS),
    st.builds(unstated, NUMBERS),
    st.builds(debit_failed, st.sampled_from(["r-1", "r-2"]), NUMBERS),
    st.builds(zone, st.sampled_from(["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kolkata"])),
    st.builds(plan, lead_days=st.sampled_from([(3, 1, 0), (7, 2), (0,), (30, 5, 1)])),
    st.builds(plan, remind_at=st.times().map(lambda t: t.replace(second=0, microsecond=0))),
    st.builds(plan, joins=st.sampled_from([(), (Join(Channel.SMS, 1),)])),
)
A_CARD = replace(MONTHLY, statement_day=20, plan_change=PlanChange(overdue_days=(1, 15, 30)))
BILLS = st.sampled_from(
    [
        BILL,
        MONTHLY,
        A_CARD,
        AUTOPAY,
        replace(MONTHLY, autopay=True, plan_change=PlanChange(lead_days=(9,))),
    ]
)


@st.composite
def changes(draw: st.DrawFn) -> list[tuple[datetime, Change]]:
    drawn = draw(st.lists(st.tuples(MOMENTS, CHANGES), max_size=6))
    for now in draw(st.lists(MOMENTS, max_size=2)):
        ahead = local_date(now, NEW_YORK) + timedelta(days=draw(st.integers(2, 20)))
        drawn.append((now, snoozed(ahead, draw(NUMBERS))))
    return drawn


@examples(60)
@given(BILLS, changes(), st.sampled_from([None, QUIET, QuietHours(time(6), time(23))]))
def test_no_order_of_changes_sends_twice_or_at_the_wrong_time(
    bill: Bill, drawn: list[tuple[datetime, Change]], quiet: QuietHours | None
) -> None:
    zones: list[tuple[datetime, ZoneInfo]] = [(at("02-01 12:00"), NEW_YORK)]
    history = History(replace(USER, quiet_hours=quiet), bill)
    seen: list[tuple[datetime, User, Bill]] = []

    def watched(change: Change) -> Change:
        def made(user: User, bill: Bill, now: datetime) -> tuple[User, Bill]:
            changed = change(user, bill, now)
            zones.append((now, changed[0].zone))
            seen.append((now, *changed))
            return changed

        return made

    history.live([(now, watched(change)) for now, change in drawn])  # no key is claimed twice
    for now, reminder, reason in history.told:
        if reason is not None:
            continue
        there = next(place for since, place in reversed(zones) if since <= now)
        assert quiet is None or not quiet.cover(now, there)
        if reminder.trigger.offset is not None and reminder.trigger.offset <= 0:
            assert local_date(now, there) <= reminder.due_on
        then = next((after for since, _, after in reversed(seen) if since <= now), bill)
        number, today = reminder.occurrence, local_date(now, there)
        assert not then.is_closed(number)
        is_debit = reminder.trigger.kind is TriggerKind.AUTOPAY_FAILED
        assert is_debit or not cards.is_carried(then, number, today)
        if reminder.trigger.is_overdue:
            assert then.is_overdue(number, then.payable_on(reminder.due_on), today)
    sent = [now for now, _, reason in history.told if reason is None]
    assert len(set(sent)) >= len(sent) / 2  # two occurrences of one bill at most share a minute


@given(BILLS, changes(), st.floats(0, 1))
def test_planning_from_any_instant_before_the_next_look_gives_the_same_look(
    bill: Bill, drawn: list[tuple[datetime, Change]], part: float
) -> None:
    history = History(USER, bill).live(drawn, until="02-09 09:30")
    now = at("02-09 09:30")
    decision = history.decide(now)
    if decision.due or decision.skipped or decision.next_at is None:
        return
    between = now + (decision.next_at - now - timedelta(minutes=1)) * part
    again = history.decide(between.replace(second=0, microsecond=0))
    assert (again.due, again.skipped, again.next_at) == ((), (), decision.next_at)


def test_a_trigger_is_read_as_it_is_written() -> None:
    for trigger in (
        Trigger.lead(3),
        Trigger.overdue(1),
        Trigger.snooze(DUE),
        Trigger.autopay_failed("r-1"),
    ):
        assert Trigger.parse(str(trigger)) == trigger


def test_what_waits_of_a_deleted_bill_is_still_read_and_withdrawn() -> None:
    after = at("02-11 12:00")
    assert earliest_due_date(USER, [], after) <= DUE

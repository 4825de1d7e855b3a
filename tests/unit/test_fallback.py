"""Which channel stands in for which, when, and when not.

One bill is due on 10 February 2027; the user lives in UTC. `Story` lives through it on all
channels, with a provider that does as it is told.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.bills import Bill, FailedDebit, Snooze
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.forecast import next_on_each_channel
from bill_reminders.domain.ledger import Recorded, State, with_message
from bill_reminders.domain.local_time import QuietHours
from bill_reminders.domain.people import Join, Plan, User
from bill_reminders.domain.planning import decide, earliest_due_date, wake_at
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.reminders import Reminder
from bill_reminders.files.plans import channels
from tests.support.people import a_bill, a_user

SMS, PUSH, EMAIL = Channel.SMS, Channel.PUSH, Channel.EMAIL
DUE = date(2027, 2, 10)
BILL = a_bill(due_on=DUE)
MINUTE = timedelta(minutes=1)
START = datetime(2027, 2, 1, tzinfo=UTC)
CERTAIN = (State.FAILED, State.BOUNCED, State.EXPIRED)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2027-{text}").replace(tzinfo=UTC)


def user_with(
    listed: str, *, addresses: tuple[Channel, ...] = tuple(Channel), **more: object
) -> User:
    wanted, joins = channels(listed)
    plan = Plan(channels=wanted, joins=joins)
    return replace(a_user(channels=addresses, **more), plan=plan)


Fates = Mapping[tuple[str, Channel], tuple[State, timedelta]]
"""What a provider makes of a trigger on a channel, and how long after it was sent it says so."""


class Story:
    """What goes out, by time: `02-07 09:00 lead:3 push`."""

    def __init__(self, user: User, *bills: Bill, fates: Fates | None = None) -> None:
        self.user, self.bills, self.fates = user, bills or (BILL,), fates or {}
        self.recorded: dict[str, Recorded] = {}
        self.sent: list[str] = []
        self.noted: list[str] = []
        self.coming: list[tuple[datetime, Callable[[], None]]] = []

    def decide(self, channel: Channel, now: datetime, since: datetime | None) -> object:
        earliest = earliest_due_date(self.user, self.bills, since or now)
        read = {key: row for key, row in self.recorded.items() if row.reminder.due_on >= earliest}
        return decide(self.user, self.bills, read, channel=channel, now=now, since=since)

    def then(self, when: str, change: Callable[["Story"], None]) -> "Story":
        self.coming.append((at(when), lambda: change(self)))
        return self

    def live(self, until: str = "02-28 00:00") -> "Story":
        wakes = self._plan(START, {})
        while True:
            self.coming.sort(key=lambda each: each[0])
            wake = min((when, channel) for channel, when in wakes.items()) if wakes else None
            if self.coming and (wake is None or self.coming[0][0] <= wake[0]):
                now, happen = self.coming.pop(0)
                happen()
                wakes = self._plan(now, wakes)
            elif wake is None or wake[0] > at(until):
                return self
            else:
                next_at = self._tick(wake[1], wake[0])
                wakes = {channel: when for channel, when in wakes.items() if channel != wake[1]}
                wakes |= {} if next_at is None else {wake[1]: next_at}

    def _plan(self, now: datetime, since: Mapping[Channel, datetime]) -> dict[Channel, datetime]:
        wakes = {}
        for channel in Channel:
            decision = self.decide(channel, now, since.get(channel))
            if (wake := wake_at(decision, now)) is not None:
                wakes[channel] = wake
        return wakes

    def _tick(self, channel: Channel, now: datetime) -> datetime | None:
        decision = self.decide(channel, now, now)
        for reminder in decision.due:
            trigger = str(reminder.trigger)
            self.sent.append(f"{now:%m-%d %H:%M} {trigger} {channel}")
            self.recorded[reminder.key] = Recorded(reminder, State.SENT)
            if (trigger, channel) in self.fates:
                state, after = self.fates[trigger, channel]
                self.coming.append((now + after, lambda r=reminder, s=state: self._learn(r, s)))
        for skip in decision.skipped:
            self.noted.append(f"{skip.reminder.trigger} {channel} {skip.reason}")
            self.recorded[skip.reminder.key] = Recorded(
                skip.reminder, State.SKIPPED, reason=skip.reason
            )
        return decision.next_at

    def _learn(self, reminder: Reminder, state: State) -> None:
        self.recorded = dict(with_message(self.recorded, reminder.key, state))


def lived(listed: str, fates: Fates | None = None, **more: object) -> list[str]:
    return Story(user_with(listed, **more), fates=fates).live().sent


def test_it_is_silent_while_nothing_fails() -> None:
    assert lived("push+sms@fallback") == lived("push")
    assert lived("sms@fallback+push") == lived("push")


@pytest.mark.parametrize("state", CERTAIN)
def test_what_failed_goes_by_it_at_once(state: State) -> None:
    fates = {("lead:1", PUSH): (state, 3 * MINUTE)}
    assert lived("push+sms@fallback", fates) == [
        "02-07 09:00 lead:3 push",
        "02-09 09:00 lead:1 push",
        "02-09 09:04 lead:1 sms",
        "02-10 09:00 lead:0 push",
        "02-11 09:00 overdue:1 push",
    ]


@pytest.mark.parametrize("state", sorted(set(State) - {*CERTAIN, State.WAITING, State.SKIPPED}))
def test_what_may_have_arrived_does_not(state: State) -> None:
    fates = {("lead:1", PUSH): (state, 3 * MINUTE)}
    assert lived("push+sms@fallback", fates) == lived("push")


def test_what_the_provider_puts_off_is_waited_for() -> None:
    story = Story(user_with("push+sms@fallback"))

    def refuse(story: Story) -> None:
        key = next(key for key in story.recorded if "lead:1" in key)
        waiting = replace(story.recorded[key], state=State.WAITING, not_before=at("02-09 11:00"))
        story.recorded[key] = waiting

    assert "02-09 11:00 lead:1 push" in story.then("02-09 09:01", refuse).live().sent
    assert not [line for line in story.sent if line.endswith("sms")]


def test_without_an_address_everything_goes_by_it_and_in_time() -> None:
    assert lived("push+sms@fallback", addresses=(SMS,)) == [
        "02-07 09:00 lead:3 sms",
        "02-09 09:00 lead:1 sms",
        "02-10 09:00 lead:0 sms",
        "02-11 09:00 overdue:1 sms",
    ]


def test_an_address_that_is_stopped_hands_over_and_takes_back() -> None:
    both = user_with("push+sms@fallback")

    def stop(story: Story) -> None:
        story.user = user_with("push+sms@fallback", addresses=(SMS,))

    def start(story: Story) -> None:
        story.user = both

    story = Story(both).then("02-08 12:00", stop).then("02-10 12:00", start).live()
    assert [line[12:] for line in story.sent] == [
        "lead:3 push",
        "lead:1 sms",
        "lead:0 sms",
        "overdue:1 push",
    ]


def test_they_stand_in_in_their_order() -> None:
    listed = "push+email@fallback+sms@fallback"
    fates = {("lead:1", PUSH): (State.FAILED, MINUTE)}
    assert "02-09 09:02 lead:1 email" in lived(listed, fates)
    assert not [line for line in lived(listed, fates) if line.endswith("sms")]
    fates |= {("lead:1", EMAIL): (State.BOUNCED, 30 * MINUTE)}
    assert "02-09 09:33 lead:1 sms" in lived(listed, fates)
    assert "02-07 09:00 lead:3 sms" in lived(listed, addresses=(SMS,))


def test_all_that_take_part_must_have_failed() -> None:
    fates = {("lead:1", PUSH): (State.FAILED, MINUTE)}
    assert not [line for line in lived("push+sms+email@fallback", fates) if "email" in line]
    fates |= {("lead:1", SMS): (State.FAILED, 5 * MINUTE)}
    assert "02-09 09:06 lead:1 email" in lived("push+sms+email@fallback", fates)


def test_one_that_joins_later_stands_in_before() -> None:
    fates = {(trigger, PUSH): (State.FAILED, MINUTE) for trigger in ("lead:3", "lead:0")}
    assert lived("push+sms@0", fates) == [
        "02-07 09:00 lead:3 push",
        "02-07 09:02 lead:3 sms",
        "02-09 09:00 lead:1 push",
        "02-10 09:00 lead:0 push",
        "02-10 09:00 lead:0 sms",
        "02-11 09:00 overdue:1 push",
        "02-11 09:00 overdue:1 sms",
    ]


@pytest.mark.parametrize(
    ("listed", "same"),
    [
        ("sms@0", "sms"),
        ("sms@0+email@0", "sms+email@0"),
        ("sms@0+push@1", "sms@0+push"),
        ("email@fallback+sms@0", "email@fallback+sms"),
    ],
)
def test_where_each_joins_later_the_first_to_join_takes_part_in_everything(
    listed: str, same: str
) -> None:
    """A device that is gone leaves `sms@0` of `push+sms@0`: the days before are still asked for."""
    assert lived(listed) == lived(same)


@pytest.mark.parametrize("listed", ["push@fallback", "push@fallback+sms@fallback"])
def test_the_first_of_nothing_but_fallbacks_takes_part_in_everything(listed: str) -> None:
    assert lived(listed) == lived("push")


def test_without_an_address_of_its_own_it_leaves_it_to_the_next() -> None:
    story = Story(user_with("push+email@fallback+sms@fallback", addresses=(SMS,))).live()
    assert [line for line in story.sent if not line.endswith("sms")] == []
    assert [line for line in story.noted if "email" in line] == []
    assert "lead:3 push no_address" in story.noted


def test_it_waits_for_the_end_of_its_own_quiet_hours() -> None:
    quiet = QuietHours(time(9, 2), time(17))
    fates = {("lead:1", PUSH): (State.FAILED, 5 * MINUTE)}
    assert "02-09 17:00 lead:1 sms" in lived("push+sms@fallback", fates, quiet_hours=quiet)


def test_what_would_come_too_late_is_noted() -> None:
    fates = {("lead:1", PUSH): (State.FAILED, timedelta(days=2))}
    bill = replace(BILL, plan_change=replace(BILL.plan_change, lead_days=(1,), overdue_days=()))
    story = Story(user_with("push+sms@fallback"), bill, fates=fates).live()
    assert [line[12:] for line in story.sent] == ["lead:1 push"]
    assert story.noted == ["lead:1 sms expired"]


def test_nothing_older_comes_after_something_nearer_that_went_out() -> None:
    fates = {("lead:3", PUSH): (State.BOUNCED, timedelta(days=2, hours=1))}
    story = Story(user_with("push+sms@fallback"), fates=fates).live()
    assert story.sent == lived("push")
    assert story.noted == ["lead:3 sms superseded"]


def test_but_it_does_where_the_nearer_failed_as_well_and_only_once() -> None:
    fates = {
        ("lead:3", PUSH): (State.BOUNCED, timedelta(days=2, hours=1)),
        ("lead:1", PUSH): (State.BOUNCED, timedelta(hours=1)),
    }
    story = Story(user_with("push+sms@fallback"), fates=fates).live()
    assert "02-09 10:01 lead:1 sms" in story.sent
    assert story.noted == ["lead:3 sms superseded"]


def test_a_receipt_that_takes_the_failure_back_withdraws_what_waits() -> None:
    quiet = QuietHours(time(9, 2), time(17))
    story = Story(
        user_with("push+sms@fallback", quiet_hours=quiet),
        fates={("lead:1", PUSH): (State.FAILED, 5 * MINUTE)},
    )

    def arrive(story: Story) -> None:
        key = next(key for key in story.recorded if "lead:1#push" in key)
        story.recorded[key] = replace(story.recorded[key], state=State.DELIVERED)

    assert story.then("02-09 12:00", arrive).live().sent == lived("push", quiet_hours=quiet)


def test_a_snooze_and_a_failed_debit_are_stood_in_for() -> None:
    snoozed = BILL.with_snooze(Snooze(0, date(2027, 2, 12)))
    fates = {("snooze:2027-02-12", PUSH): (State.FAILED, MINUTE)}
    story = Story(user_with("push+sms@fallback"), snoozed, fates=fates).live()
    assert "02-12 09:02 snooze:2027-02-12 sms" in story.sent
    failed = replace(BILL, autopay=True).with_failed_debit(FailedDebit(0, at("02-10 10:00"), "r-1"))
    fates = {("autopay_failed:r-1", PUSH): (State.FAILED, MINUTE)}
    story = Story(user_with("push+sms@fallback"), failed, fates=fates).live()
    assert [line[6:] for line in story.sent if line.endswith("sms")] == [
        "10:02 autopay_failed:r-1 sms"
    ]


def test_what_fails_in_a_snooze_is_not_stood_in_for() -> None:
    def snooze(story: Story) -> None:
        story.bills = (BILL.with_snooze(Snooze(0, date(2027, 2, 9))),)

    fates = {("lead:3", EMAIL): (State.EXPIRED, timedelta(hours=11))}
    story = Story(user_with("email+sms@fallback"), fates=fates).then("02-07 10:00", snooze).live()
    assert [line for line in story.sent if line.endswith("sms")] == []
    assert "lead:3 sms snoozed" in story.noted


def test_of_a_digest_each_is_stood_in_for() -> None:
    power = a_bill(bill_id="power", due_on=DUE)
    story = Story(user_with("push+sms@fallback"), BILL, power)

    def fail(story: Story) -> None:
        first, *others = (key for key in sorted(story.recorded) if "lead:1" in key)
        for key in others:
            story.recorded[key] = replace(
                story.recorded[key], state=State.IN_DIGEST, message_key=first
            )
        story.recorded = dict(with_message(story.recorded, first, State.BOUNCED))

    sent = story.then("02-09 09:10", fail).live().sent
    assert sent.count("02-09 09:11 lead:1 sms") == 2


def test_a_bill_without_end_that_never_fails_is_not_searched_without_end() -> None:
    monthly = replace(BILL, recurrence=Recurrence(DUE, 1, Unit.MONTH))
    user = user_with("push+sms@fallback")
    decision = decide(user, [monthly], {}, channel=SMS, now=START)
    assert (decision.due, decision.skipped, decision.next_at) == ((), (), None)


def test_the_outlook_knows_who_stands_in() -> None:
    user = user_with("push+sms@fallback", addresses=(SMS,))
    coming = next_on_each_channel(user, [BILL], {}, now=START)
    assert coming[PUSH] is None
    assert coming[SMS] is not None and coming[SMS].at == at("02-07 09:00")


PLANS = st.tuples(
    st.lists(st.sampled_from(Channel), min_size=1, unique=True),
    st.lists(st.none() | st.tuples(st.none() | st.integers(0, 9)), min_size=3, max_size=3),
)


@given(PLANS, st.integers(-9, 12))
def test_whoever_takes_no_part_stands_in_behind_all_who_do(
    drawn: tuple[list[Channel], list[tuple[int | None] | None]], days: int
) -> None:
    listed, late = drawn
    joins = tuple(Join(channel, *join) for channel, join in zip(listed, late, strict=False) if join)
    plan = Plan(channels=tuple(listed), joins=joins)
    part = {channel for channel in listed if plan.takes_part(channel, days)}
    assert part, "every day that is asked for has somebody"
    order = [channel for channel in listed if channel not in part] if part else []
    for place, channel in enumerate(order):
        assert set(plan.stands_in_for(channel, days)) == part | set(order[:place])
    assert all(plan.stands_in_for(channel, days) == () for channel in part)

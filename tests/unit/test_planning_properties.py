"""The planner, driven through weeks of ticks for people drawn at random.

`Life.live` wakes at `next_at`, decides, writes down what was decided and sleeps until the next.
What it wrote down is held against the rules of docs/rules.md, and against the count of
tests/brute_force.py.
"""

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import Recorded, State
from bill_reminders.domain.local_time import local_date
from bill_reminders.domain.people import User
from bill_reminders.domain.planning import Decision, decide, earliest_due_date, wake_at
from bill_reminders.domain.reminders import Reminder, Trigger
from bill_reminders.files.bills import read_bills
from bill_reminders.files.users import read_users
from tests.brute_force import Expected, enumerate_due
from tests.support.examples import examples

# Offsets of whole, half and quarter hours, far from UTC on either side, daylight saving in both
# hemispheres, shifts of half an hour (Lord Howe) and two hours (Troll), and shifts at midnight.
ZONES = (
    "Africa/Cairo",
    "America/New_York",
    "America/Nuuk",
    "America/Santiago",
    "Antarctica/Troll",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Shanghai",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Europe/London",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "UTC",
)
# A run starts within the fortnight after and lasts nine weeks: clocks change in each of them.
MONTHS_BEFORE_A_SHIFT = (date(2026, 9, 1), date(2027, 2, 20), date(2027, 9, 1))
WEEKS = timedelta(weeks=9)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)

PROPERTY = examples(30)


@dataclass(frozen=True)
class Household:
    """A user and their bills, as the rows of users.csv and bills.csv, and when they came in."""

    user_row: Mapping[str, str]
    bill_rows: tuple[Mapping[str, str], ...]
    imported_at: datetime

    @property
    def until(self) -> datetime:
        return self.imported_at + WEEKS

    def user(self) -> User:
        (row,) = read_users(as_csv(self.user_row)).rows
        return row.user

    def bills(self) -> tuple[Bill, ...]:
        rows = read_bills(as_csv(*self.bill_rows)).rows
        today = local_date(self.imported_at, self.user().zone)
        assert len(rows) == len(self.bill_rows)
        return tuple(row.bill(today) for row in rows)


def as_csv(*rows: Mapping[str, str]) -> str:
    return "\n".join(",".join(cells) for cells in (rows[0], *(row.values() for row in rows)))


def joined(numbers: st.SearchStrategy[int], most: int) -> st.SearchStrategy[str]:
    """A cell with up to `most` different numbers."""
    lists = st.lists(numbers, unique=True, max_size=most)
    return lists.map(lambda days: "+".join(map(str, days)) or "none")


def wall_time(minutes: int) -> str:
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


# Mostly near the due date, where reminders meet; sometimes as far as is allowed.
LEAD_DAYS = joined(st.integers(0, 4) | st.integers(0, 40) | st.integers(0, 365), 3)
OVERDUE_DAYS = joined(st.integers(1, 4) | st.integers(1, 60), 2)
# Clocks change between 23:00 and 03:00.
WALL_TIMES = (st.integers(0, 24 * 60 - 1) | st.integers(23 * 60, 27 * 60)).map(wall_time)
CHANNELS = st.sampled_from(
    [
        "sms",
        "email",
        "sms+email",
        "push+sms@0",
        "email+sms@2",
        "email+sms@fallback",
        "push@fallback+sms@fallback+email@1",
        "push+email@fallback+sms@fallback",
    ]
)
REPEATS = st.sampled_from(
    [
        "once",
        "every 10 days",
        "every 3 weeks",
        "every month",
        "last day of every month",
        "every 3 months",
        "every year",
    ]
)


@st.composite
def quiet_hours(draw: st.DrawFn) -> str:
    start = draw(st.integers(0, 24 * 60 - 1))
    return f"{wall_time(start)}-{wall_time(start + draw(st.integers(1, 20 * 60)))}"


@st.composite
def households(draw: st.DrawFn) -> Household:
    imported_at = datetime.combine(
        draw(st.sampled_from(MONTHS_BEFORE_A_SHIFT)), datetime.min.time(), tzinfo=UTC
    ) + timedelta(seconds=draw(st.integers(0, 14 * 24 * 3600)))
    user = {
        "user_id": "ash",
        "language": "en",
        "time_zone": draw(st.sampled_from(ZONES)),
        "channels": draw(CHANNELS),
        "lead_days": draw(st.just("") | LEAD_DAYS),
        "overdue_days": draw(st.just("") | OVERDUE_DAYS),
        "remind_at": draw(st.just("") | WALL_TIMES),
        "quiet_hours": draw(st.just("") | quiet_hours() | quiet_hours()),
        # where the law knows quiet hours, and where it does not
        "phone": draw(st.sampled_from(["+1 202-555-0101", "+44 7700 900101"])),
        "email": draw(st.sampled_from(["", "ash@example.com"])),
        "push_token": "",
        "attested_by": "Branch desk",
        "attested_at": "2026-08-14",
        "evidence": "form 7",
    }
    bills = tuple(draw(bill(str(n), imported_at.date())) for n in range(draw(st.integers(1, 2))))
    return Household(user, bills, imported_at)


@st.composite
def bill(draw: st.DrawFn, bill_id: str, today: date) -> dict[str, str]:
    first_due = today + draw(st.integers(-120, 100)) * DAY
    ago = st.integers(0, 80).map(lambda days: str(today - days * DAY))
    repeats, after = draw(REPEATS), draw(st.just("") | st.integers(1, 40).map(str))
    ends = st.integers(31, 150).map(lambda days: str(first_due + days * DAY))
    return {
        "bill_id": bill_id,
        "user_id": "ash",
        "biller": "Thistledown",
        "name": "Rent",
        "amount": "",
        "currency": "",
        "first_due": str(first_due),
        "repeats": repeats,
        "count": draw(st.sampled_from(["", "", "3"])),
        "due_after_statement": after if "month" in repeats else "",
        "autopay": draw(st.sampled_from(["", "no", "yes"])),
        "until": draw(st.just("") | ends),
        "owed_from": draw(st.just("") | ago),
        "lead_days": draw(st.just("") | LEAD_DAYS),
        "overdue_days": draw(st.just("") | OVERDUE_DAYS),
        "remind_at": draw(st.just("") | WALL_TIMES),
        "channels": draw(st.just("") | CHANNELS),
        "country": "",
        "subdivision": "",
        # weekends alone: the count by hand knows no country's holidays in these years
        "if_not_working_day": draw(st.sampled_from(["", "previous", "next"])),
    }


@dataclass(frozen=True)
class Entry:
    """A line of a household's history: `at` is the tick that sent a reminder or skipped it."""

    reminder: Reminder
    outcome: str
    at: datetime


@dataclass(frozen=True)
class Look:
    """A tick that looked at a channel, and what the planner said."""

    channel: Channel
    at: datetime
    decision: Decision


class Life:
    """The delivery loop of one household, without its machines."""

    def __init__(self, household: Household) -> None:
        self.household = household
        self.user = household.user()
        self.bills = household.bills()
        self.recorded: dict[str, Recorded] = {}
        self.entries: list[Entry] = []
        self.looks: list[Look] = []

    def payable_on(self, reminder: Reminder) -> date:
        (bill,) = (bill for bill in self.bills if bill.bill_id == reminder.bill_id)
        return bill.payable_on(reminder.due_on)

    def decide(self, channel: Channel, now: datetime, since: datetime | None = None) -> Decision:
        """Decide from what storage would read: the ledger from the earliest due date on."""
        earliest = earliest_due_date(self.user, self.bills, since or now)
        read = {key: row for key, row in self.recorded.items() if row.reminder.due_on >= earliest}
        return decide(self.user, self.bills, read, channel=channel, now=now, since=since)

    def live(self, outage: tuple[datetime, datetime] | None = None) -> "Life":
        """Import the household, then tick until its end; an outage delays the ticks in it."""
        now = self.household.imported_at
        wakes = {channel: wake_at(self.decide(channel, now), now) for channel in Channel}
        while True:
            waiting = {channel: wake for channel, wake in wakes.items() if wake is not None}
            channel = min(waiting, key=waiting.__getitem__, default=Channel.SMS)
            wake = waiting.get(channel)
            if wake is None or wake > self.household.until:
                return self
            late = outage is not None and outage[0] <= wake < outage[1]
            now = outage[1] if outage is not None and late else wake
            decision = self.decide(channel, now, since=wake)
            self.looks.append(Look(channel, now, decision))
            self.claim(decision, now)
            assert decision.next_at is None or decision.next_at > now
            wakes[channel] = decision.next_at

    def claim(self, decision: Decision, now: datetime) -> None:
        fates = [(reminder, "sent") for reminder in decision.due]
        fates += [(skip.reminder, f"skipped:{skip.reason}") for skip in decision.skipped]
        for reminder, outcome in fates:
            assert reminder.key not in self.recorded, f"{reminder.key} was claimed twice"
            state = State.SENT if outcome == "sent" else State.SKIPPED
            reason = outcome.removeprefix("skipped:")
            self.recorded[reminder.key] = Recorded(reminder, state, reason=reason)
            self.entries.append(Entry(reminder, outcome, now))

    @property
    def sent(self) -> Iterator[Entry]:
        return (entry for entry in self.entries if entry.outcome == "sent")


OUTAGES = st.none() | st.tuples(
    st.integers(1, 50).map(lambda hours: timedelta(hours=hours * 7)),
    st.integers(1, 26).map(lambda hours: timedelta(hours=hours)),
)


@PROPERTY
@given(households(), OUTAGES)
def test_the_planner_and_a_count_that_shares_no_code_with_it_agree(
    household: Household, outage_from_and_for: tuple[timedelta, timedelta] | None
) -> None:
    outage = None
    if outage_from_and_for is not None:
        start = household.imported_at.replace(second=0, microsecond=0) + outage_from_and_for[0]
        outage = (start, start + outage_from_and_for[1])
    with tempfile.TemporaryDirectory() as folder:
        users, bills = Path(folder, "users.csv"), Path(folder, "bills.csv")
        users.write_text(as_csv(household.user_row), encoding="utf-8")
        bills.write_text(as_csv(*household.bill_rows), encoding="utf-8")
        expected = enumerate_due(
            users, bills, imported_at=household.imported_at, until=household.until, outage=outage
        )
    found = [
        Expected(
            user_id=reminder.user_id,
            bill_id=reminder.bill_id,
            occurrence=reminder.occurrence,
            due_on=reminder.due_on,
            trigger=str(reminder.trigger),
            channel=reminder.channel.value,
            planned_at=reminder.planned_at,
            outcome=entry.outcome,
            sent_at=entry.at if entry.outcome == "sent" else None,
        )
        for entry in Life(household).live(outage).entries
        for reminder in [entry.reminder]
    ]
    assert sorted(found, key=repr) == sorted(expected, key=repr)


@PROPERTY
@given(households())
def test_nothing_goes_out_in_quiet_hours_or_when_it_helps_no_more(household: Household) -> None:
    life = Life(household).live()
    zone = life.user.zone
    for entry in life.sent:
        assert not life.user.quiet_on(entry.reminder.channel).cover(entry.at, zone)
        assert entry.at >= entry.reminder.planned_at
        today = local_date(entry.at, zone)
        if entry.reminder.trigger.is_overdue:
            planned_on = local_date(entry.reminder.planned_at, zone)
            assert life.payable_on(entry.reminder) < today <= planned_on + 7 * DAY
        else:
            assert today <= life.payable_on(entry.reminder)


@PROPERTY
@given(households())
def test_whatever_the_plan_wants_is_sent_or_noted_as_skipped(household: Household) -> None:
    life = Life(household).live()
    noted = {
        (r.bill_id, r.due_on, r.trigger, r.channel) for r in (e.reminder for e in life.entries)
    }
    # Two days from either end, quiet hours and zones cannot have moved a reminder out of the run.
    first, last = household.imported_at.date() + 2 * DAY, household.until.date() - 2 * DAY
    for bill in life.bills:
        plan = life.user.plan.with_change(bill.plan_change)
        triggers = [*map(Trigger.lead, plan.lead_days), *map(Trigger.overdue, plan.overdue_days)]
        if bill.autopay and triggers:
            triggers = [Trigger.lead(1)]
        for trigger in triggers:
            offset = (trigger.offset or 0) * DAY
            for _, due_on in bill.occurrences_from(first - offset):
                if bill.payable_on(due_on) + offset > last:
                    break
                for channel in plan.channels:
                    if not plan.takes_part(channel, -(trigger.offset or 0)):
                        continue
                    assert (bill.bill_id, due_on, trigger, channel) in noted


@PROPERTY
@given(households(), st.floats(0, 1))
def test_until_the_next_look_there_is_nothing_to_say(household: Household, part: float) -> None:
    life = Life(household).live()
    # Everything later is not written down yet at a tick, so the ledger is played again.
    again = Life(household)
    for look in life.looks[:25]:
        again.claim(look.decision, look.at)
        next_at = look.decision.next_at
        end = household.until if next_at is None else next_at - timedelta(seconds=1)
        for instant in (look.at + (end - look.at) * part, end):
            assert again.decide(look.channel, instant) == Decision((), (), next_at)


@PROPERTY
@given(households(), st.integers(0, 60), st.integers(1, 60 * 24 * 60))
def test_an_outage_loses_no_reminder_and_sends_none_twice(
    household: Household, days: int, minutes: int
) -> None:
    begin = household.imported_at + days * DAY
    # Four days before the end, so that quiet hours leave nothing open there.
    end = min(begin + minutes * MINUTE, household.until - 4 * DAY).replace(second=0)
    late = Life(household).live(outage=(begin, end))
    assert late.recorded.keys() == Life(household).live().recorded.keys()
    for entry in late.sent:
        today = local_date(entry.at, late.user.zone)
        planned_on = local_date(entry.reminder.planned_at, late.user.zone)
        overdue = entry.reminder.trigger.is_overdue
        assert today <= (planned_on + 7 * DAY if overdue else late.payable_on(entry.reminder))
    # No burst: of what an outage held back, one reminder of an occurrence goes out.
    held_back = Counter(
        (entry.reminder.bill_id, entry.reminder.occurrence, entry.reminder.channel)
        for entry in late.sent
        if begin <= entry.reminder.planned_at <= end and entry.at >= end
    )
    assert all(count == 1 for count in held_back.values())

"""Cards, counted twice: the planner and the count of tests/brute_force.py live through the same
statements, payments and their undoing, in any order, and must note the same."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import takewhile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.commands import payments
from bill_reminders.domain import revisions
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.ledger import Recorded, State
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Statement
from bill_reminders.domain.planning import Decision, decide, wake_at
from bill_reminders.domain.reminders import Reminder
from bill_reminders.files.bills import read_bills
from bill_reminders.files.users import read_users
from tests.brute_force import Expected, enumerate_due
from tests.support.examples import examples
from tests.unit.test_planning_properties import as_csv

IMPORTED = datetime(2027, 1, 20, 12, tzinfo=UTC)
UNTIL = IMPORTED + timedelta(days=110)
DAY = timedelta(days=1)
USER = {
    "user_id": "ash",
    "language": "en",
    "channels": "sms",
    "remind_at": "09:00",
    "lead_days": "3+1+0",
    "phone": "+44 7700 900101",
    "email": "",
    "push_token": "",
    "attested_by": "Branch desk",
    "attested_at": "2026-08-14",
    "evidence": "form 7",
}
BILL = {
    "bill_id": "card",
    "user_id": "ash",
    "biller": "Thistledown",
    "name": "Card",
    "currency": "USD",
    "until": "",
    "owed_from": "",
    "lead_days": "",
    "remind_at": "",
    "channels": "",
    "country": "",
    "subdivision": "",
}
EVENT = dict.fromkeys(
    ("user_id", "bill_id", "due_on", "amount", "currency", "minimum", "until", "value"), ""
)

Row = Mapping[str, str]


@dataclass(frozen=True)
class Story:
    """A user and a bill as rows of files, and what happens to it, in the order of its minutes."""

    user: Row
    bill: Row
    events: tuple[Row, ...]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    first_due = date(2027, 1, 22) + draw(st.integers(0, 30)) * DAY
    user = USER | {
        "time_zone": draw(st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York"])),
        "overdue_days": draw(st.sampled_from(["1", "1+10", "2+20+33", "5+29+30+31"])),
        "quiet_hours": draw(st.sampled_from(["", "08:00-17:00", "21:00-10:00"])),
    }
    cycle = draw(st.sampled_from(["", "day", "day", "after"]))
    bill = BILL | {
        "kind": draw(st.sampled_from(["card", "other", "utility"])),
        "amount": draw(st.sampled_from(["", "", "80.00"])),
        "first_due": str(first_due),
        "repeats": draw(st.sampled_from(["every month", "every 2 months"])),
        "statement_day": str(draw(st.integers(1, 31))) if cycle == "day" else "",
        "due_after_statement": str(draw(st.integers(1, 60))) if cycle == "after" else "",
        "autopay": draw(st.sampled_from(["no", "no", "no", "yes"])),
        "overdue_days": "",
        "if_not_working_day": draw(st.sampled_from(["", "previous", "next"])),
    }
    dates = [str(due_on) for _, due_on in dues(the_bill(bill))]
    drawn = draw(st.lists(events(dates), max_size=9))
    story = Story(user, bill, tuple(sorted(drawn, key=lambda each: each["at"])))
    return Story(user, bill, tuple(Life(story).possible()))


@st.composite
def events(draw: st.DrawFn, dates: list[str]) -> dict[str, str]:
    at = IMPORTED + timedelta(minutes=draw(st.integers(1, 100 * 24 * 60)))
    due_on = draw(st.sampled_from(dates))
    event = EVENT | {
        "at": at.strftime("%Y-%m-%dT%H:%MZ"),
        "user_id": "ash",
        "bill_id": "card",
        "due_on": due_on,
        "currency": "USD",
    }
    match draw(st.sampled_from(["stated", "stated", "paid", "unstated", "undone", "failed"])):
        case "stated":
            own = date.fromisoformat(due_on) + draw(st.integers(-20, 20)) * DAY
            return event | {
                "event": "stated",
                "amount": draw(st.sampled_from(["500.00", "500.00", "60.00", "0.00", "-12.00"])),
                "minimum": draw(st.sampled_from(["", "25.00"])),
                "currency": draw(st.sampled_from(["USD", "USD", "USD", "EUR"])),
                "value": draw(st.sampled_from(["", "", str(own)])),
            }
        case "paid":
            amount = draw(st.sampled_from(["", "20.00", "25.00", "60.00"]))
            return event | {
                "event": "paid",
                "amount": amount,
                "value": draw(st.sampled_from("pqr")),
            }
        case "undone":
            return event | {"event": "undone", "due_on": "", "value": draw(st.sampled_from("pqr"))}
        case "failed":
            return event | {"event": "debit_failed", "value": f"d{at:%m%d%H%M}{due_on}"}
    return event | {"event": "unstated"}


def the_bill(row: Row) -> Bill:
    (read,) = read_bills(as_csv(row)).rows
    return read.bill(IMPORTED.date())


def dues(bill: Bill) -> Iterator[tuple[int, date]]:
    return takewhile(lambda due: due[1] < UNTIL.date(), bill.recurrence.from_day(date.min))


class Life:
    """The delivery loop of one user with one bill, without its machines."""

    def __init__(self, story: Story) -> None:
        (row,) = read_users(as_csv(story.user)).rows
        bill = the_bill(story.bill)
        self.story = story
        self.numbers = {str(due_on): number for number, due_on in dues(bill)}
        self.account = Account(1, row.user, (bill,))
        self.recorded: dict[str, Recorded] = {}
        self.told: list[tuple[datetime, Reminder, str]] = []

    def possible(self) -> Iterator[Row]:
        """The events that the product lets happen, one after the other."""
        for event in self.story.events:
            try:
                self.happens(event)
            except InvalidValue:
                continue
            yield event

    def happens(self, event: Row) -> None:
        now = datetime.fromisoformat(event["at"])
        amount = Money(Decimal(event["amount"]), event["currency"]) if event["amount"] else None
        number = self.numbers.get(event["due_on"], 0)
        match event["event"]:
            case "stated":
                assert amount is not None
                minimum = Decimal(event["minimum"]) if event["minimum"] else None
                due_on = date.fromisoformat(event["value"]) if event["value"] else None
                statement = Statement(number, amount, minimum, due_on)
                change = partial(payments.state, bill_id="card", statement=statement)
            case "unstated":
                change = partial(payments.unstate, bill_id="card", occurrence=number)
            case "paid":
                change = partial(payments.pay, occurrence=number, amount=amount, now=now)
                change = partial(change, bill_id="card", payment_id=event["value"])
            case "undone":
                change = partial(payments.undo, payment_id=event["value"], now=now)
                change = partial(change, bill_id="card")
            case _:
                change = partial(payments.fail_debit, occurrence=number, event=event["value"])
                change = partial(change, bill_id="card", now=now)
        before, after = self.account.bills[0], change(self.account)
        today, rows = after.today(now), self.recorded.values()
        heard = revisions.heard_of(before, after.bills[0], rows, today=today)
        self.account = after.with_bill(replace(after.bills[0], heard=heard))

    def decide(self, now: datetime, since: datetime | None = None) -> Decision:
        user, bills = self.account.user, self.account.bills
        return decide(user, bills, self.recorded, channel=Channel.SMS, now=now, since=since)

    def live(self) -> "Life":
        coming = [(datetime.fromisoformat(each["at"]), each) for each in self.story.events]
        wake = wake_at(self.decide(IMPORTED), IMPORTED)
        while True:
            if coming and (wake is None or coming[0][0] < wake):
                now, event = coming.pop(0)
                self.happens(event)
                wake = wake_at(self.decide(now, since=wake), now)
            elif wake is None or wake > UNTIL:
                return self
            else:
                now, decision = wake, self.decide(wake, since=wake)
                self.claim(decision, now)
                wake = decision.next_at

    def claim(self, decision: Decision, now: datetime) -> None:
        fates = [(reminder, "sent") for reminder in decision.due]
        fates += [(skip.reminder, f"skipped:{skip.reason}") for skip in decision.skipped]
        for reminder, outcome in fates:
            assert reminder.key not in self.recorded, f"{reminder.key} was claimed twice"
            state = State.SENT if outcome == "sent" else State.SKIPPED
            reason = outcome.removeprefix("skipped:")
            self.recorded[reminder.key] = Recorded(reminder, state, reason=reason)
            self.told.append((now, reminder, outcome))


@examples(60)
@given(stories())
def test_a_card_is_reminded_of_as_a_count_that_shares_no_code_says(story: Story) -> None:
    with tempfile.TemporaryDirectory() as folder:
        users, bills, happened = (Path(folder, name) for name in ("u.csv", "b.csv", "e.csv"))
        users.write_text(as_csv(story.user), encoding="utf-8")
        bills.write_text(as_csv(story.bill), encoding="utf-8")
        if story.events:
            happened.write_text(as_csv(*story.events), encoding="utf-8")
        expected = enumerate_due(
            *(users, bills),
            imported_at=IMPORTED,
            until=UNTIL,
            events_csv=happened if story.events else None,
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
            outcome=outcome,
            sent_at=now if outcome == "sent" else None,
            revision=reminder.revision,
        )
        for now, reminder, outcome in Life(story).live().told
    ]
    missing, needless = set(expected) - set(found), set(found) - set(expected)
    assert (missing, needless) == (set(), set())
    assert len(found) == len(set(found)) == len(expected)

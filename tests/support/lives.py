"""The life of one user with one bill, by rows of files: their planner ticks, events happen between
its ticks, and what it said is compared with the count of tests/brute_force.py."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import takewhile
from pathlib import Path

from bill_reminders.commands import payments, snoozes
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
from local import sample_events
from tests.brute_force import Expected, enumerate_due

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
    "bill_id": "bill",
    "user_id": "ash",
    "biller": "Thistledown",
    "name": "Rent",
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
    ("at", "user_id", "event", "bill_id", "due_on", "amount", "currency", "minimum", "until"), ""
) | {"user_id": "ash", "bill_id": "bill", "currency": "USD", "value": ""}

type Row = Mapping[str, str]


def as_csv(*rows: Row) -> str:
    return "\n".join(",".join(cells) for cells in (rows[0], *(row.values() for row in rows)))


def minute_text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%MZ")


@dataclass(frozen=True)
class Story:
    """A user and a bill as rows of files, and what happens to it, in the order of its minutes."""

    user: Row
    bill: Row
    events: tuple[Row, ...]

    def possible(self) -> "Story":
        """With those events alone that the product lets happen, one after the other."""
        return replace(self, events=tuple(Life(self).possible()))


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

    @property
    def bill(self) -> Bill:
        return self.account.bills[0]

    def as_of(self, now: datetime) -> None:
        """As the store reads it."""
        self.account = self.account.with_bill(self.bill.as_of(self.account.today(now)))

    def possible(self) -> Iterator[Row]:
        """The events that the product lets happen, one after the other."""
        for event in self.story.events:
            try:
                self.happens(event)
            except (InvalidValue, ValueError):
                continue
            yield event

    def number_of(self, due_on: str) -> int:
        """Of the date as it is now, or was at first."""
        try:
            return sample_events.number_of(self.bill, due_on)
        except ValueError:
            return self.numbers[due_on]

    def happens(self, event: Row) -> None:
        now = datetime.fromisoformat(event["at"])
        self.as_of(now)
        amount = Money(Decimal(event["amount"]), event["currency"]) if event["amount"] else None
        kind, value, bill_id = event["event"], event["value"], "bill"
        number = 0 if kind in ("changed", "undone") else self.number_of(event["due_on"])
        match kind:
            case "changed":
                change = partial(sample_events.changed, event=event, now=now)
            case "stated":
                assert amount is not None
                minimum = Decimal(event["minimum"]) if event["minimum"] else None
                due_on = date.fromisoformat(value) if value else None
                statement = Statement(number, amount, minimum, due_on)
                change = partial(payments.state, bill_id=bill_id, statement=statement)
            case "unstated":
                change = partial(payments.unstate, bill_id=bill_id, occurrence=number)
            case "paid":
                change = partial(payments.pay, occurrence=number, amount=amount, now=now)
                change = partial(change, bill_id=bill_id, payment_id=value)
            case "undone":
                change = partial(payments.undo, bill_id=bill_id, payment_id=value, now=now)
            case "snoozed":
                until = date.fromisoformat(event["until"])
                change = partial(snoozes.snooze, occurrence=number, until=until, confirmed=True)
                change = partial(change, bill_id=bill_id, now=now)
            case _:
                change = partial(payments.fail_debit, occurrence=number, event=value)
                change = partial(change, bill_id=bill_id, now=now)
        before, after = self.bill, change(self.account)
        today, rows = after.today(now), self.recorded.values()
        heard = before.heard
        if revisions.moves_dates(before, after.bills[0]):
            heard = revisions.heard_of(before, after.bills[0], rows, today=today)
        self.account = after.with_bill(replace(after.bills[0], heard=heard))

    def decide(self, now: datetime, since: datetime | None = None) -> Decision:
        self.as_of(now)
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


def counted(story: Story) -> list[Expected]:
    """What the enumerator says of it."""
    with tempfile.TemporaryDirectory() as folder:
        users, bills, happened = (Path(folder, name) for name in ("u.csv", "b.csv", "e.csv"))
        users.write_text(as_csv(story.user), encoding="utf-8")
        bills.write_text(as_csv(story.bill), encoding="utf-8")
        if story.events:
            happened.write_text(as_csv(*story.events), encoding="utf-8")
        return enumerate_due(
            *(users, bills),
            imported_at=IMPORTED,
            until=UNTIL,
            events_csv=happened if story.events else None,
        )


def planned(story: Story) -> list[Expected]:
    """What the planner does in it."""
    return [
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


def both_say_the_same(story: Story) -> None:
    expected, found = counted(story), planned(story)
    missing, needless = set(expected) - set(found), set(found) - set(expected)
    assert (missing, needless) == (set(), set())
    assert len(found) == len(set(found)) == len(expected)

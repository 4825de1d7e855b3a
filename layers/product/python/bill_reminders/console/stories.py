"""What is known of a user's reminders: why each bill is or is not reminded of now, and what the
ledger and the journal say of a span of time."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bill_reminders.console import sentences
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.explaining import Explanation, explain
from bill_reminders.domain.ledger import Recorded, State
from bill_reminders.domain.reminder_series import plan_of
from bill_reminders.storage import ledger_rows, rows
from bill_reminders.storage.record_tables import DifferenceMap, JournalItem
from bill_reminders.storage.tables import LedgerItem

AROUND = timedelta(days=2)
"""How far around a past instant rows are shown."""

MOST_MOMENTS = 100

FURTHEST_BACK = timedelta(days=400)
"""Of dates that were due longer before that time nothing is read: hardly a word is said of them."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that the tables say happened at a UTC instant."""

    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Story:
    """One bill on the channels of its plan, now."""

    bill: Bill
    explanations: tuple[Explanation, ...]


def stories(
    account: Account, bill_id: str | None, *, open_channels: Collection[Channel], now: datetime
) -> list[Story]:
    """Why each bill, or one, is or is not reminded of at `now`, channel by channel."""
    wanted = [bill for bill in account.bills if bill_id in (None, bill.bill_id)]
    return [
        Story(
            bill,
            tuple(
                explain(account, bill, channel, now=now, is_open=channel in open_channels)
                for channel in plan_of(account.user, bill).channels
            ),
        )
        for bill in sorted(wanted, key=lambda bill: bill.bill_id)
    ]


def timeline(
    account: Account, bill_id: str | None, *, start: datetime, end: datetime
) -> list[Moment]:
    """What the rows of the ledger and of the journal say of the time from `start` to `end`, the
    latest of it, in order. Nothing is planned again: the tables say what was."""
    moments = [*_of_ledger(account, bill_id, start), *_of_journal(account, bill_id)]
    within = [each for each in moments if start <= each.at <= end]
    return sorted(within, key=lambda each: each.at)[-MOST_MOMENTS:]


def _of_ledger(account: Account, bill_id: str | None, start: datetime) -> Iterator[Moment]:
    user_id, first = account.user.user_id, (start - FURTHEST_BACK).date()
    keys = LedgerItem.key.between(f"{first}", ledger_rows.LAST_DUE_DATE)
    names = {bill.bill_id: bill for bill in account.bills}
    for item in LedgerItem.query(user_id, keys, consistent_read=True):
        if item.bill_id is None or bill_id not in (None, item.bill_id):
            continue
        row = rows.recorded_from(item)
        reminder = row.reminder
        bill = names.get(reminder.bill_id)
        due = sentences.day(reminder.due_on)
        if bill is not None:
            due = sentences.due_date(bill, reminder.due_on)
        channel = sentences.NAMES[reminder.channel]
        about = f"{reminder.bill_id}, {channel}, {sentences.trigger(reminder.trigger)} of {due}"
        yield Moment(reminder.planned_at, f"{about}: planned for this minute.")
        yield from _of_row(item, row, about)


def _of_row(item: LedgerItem, row: Recorded, about: str) -> Iterator[Moment]:
    said = sentences.outcome(row, row.reminder.channel)
    if row.state is State.SKIPPED:
        yield Moment(item.recorded_at, f"{about}: not sent. {said}")
        return
    tries = "" if row.attempt == 1 else f", try {row.attempt}"
    claimed = "travels in another message" if row.state is State.IN_DIGEST else "claimed"
    yield Moment(item.recorded_at, f"{about}: {claimed}{tries}.")
    yield Moment(item.settled_at or item.recorded_at, f"{about}: {said}")


def _of_journal(account: Account, bill_id: str | None) -> Iterator[Moment]:
    """Who changed what; not from which value to which, for that may be private."""
    for item in JournalItem.query(account.user.user_id, consistent_read=True):
        changes = [
            each for each in item.changes or () if bill_id is None or each.bill in (None, bill_id)
        ]
        if item.changes and not changes:
            continue
        names = ", ".join(dict.fromkeys(map(_name, changes))) or "nothing by itself"
        more = f" and {item.left_out} more" if item.left_out else ""
        yield Moment(item.at, f"Journal: {item.event} through {item.through}: {names}{more}.")


def _name(change: DifferenceMap) -> str:
    return f"{change.bill}: {change.what}" if change.bill else change.what


def around(instant: datetime) -> tuple[datetime, datetime]:
    """The span that is shown of a past instant."""
    at = instant.astimezone(UTC)
    return at - AROUND, at + AROUND

"""The ledger and the feedback as their user may read them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from bill_reminders.domain.journal import Event, fields_between
from bill_reminders.domain.ledger import Recorded, State
from bill_reminders.domain.reminders import Reminder
from bill_reminders.storage import journal, rows
from bill_reminders.storage.access_tables import FeedbackItem
from bill_reminders.storage.ledger_rows import LAST_DUE_DATE
from bill_reminders.storage.tables import LedgerItem
from bill_reminders.storage.transactions import Write

FIRST_DUE_DATE = "0"
PAGE = 100


class DeliveredReminder(NamedTuple):
    """A reminder's row with what only its user asks for. `message_key` names the row of the message
    that it travelled in, which may be its own."""

    recorded: Recorded
    reason: str | None
    recorded_at: datetime
    settled_at: datetime | None
    message_key: str | None

    @property
    def key(self) -> str:
        return self.recorded.reminder.key


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a user said about a reminder; None where they said nothing."""

    timing: str | None
    useful: bool | None
    suggestion: str | None
    given_at: datetime


def page(
    user_id: str, *, fits: Callable[[DeliveredReminder], bool], limit: int, after: str | None
) -> tuple[list[DeliveredReminder], bool]:
    """The latest due dates first, from after the key `after` on; and whether there are more."""
    upper = LAST_DUE_DATE if after is None else after
    found: list[DeliveredReminder] = []
    query = LedgerItem.query(
        user_id,
        LedgerItem.key.between(FIRST_DUE_DATE, upper),
        scan_index_forward=False,
        page_size=PAGE,
    )
    for item in query:
        if item.key == after:
            continue
        told = _told(item)
        if not fits(told):
            continue
        if len(found) == limit:
            return found, True
        found.append(told)
    return found, False


def of_occurrence(reminder: Reminder) -> list[DeliveredReminder]:
    """All that the ledger knows about the occurrence of `reminder`, by the time planned."""
    stem = reminder.key.partition(f"#r{reminder.revision}#")[0]
    rows = LedgerItem.query(reminder.user_id, LedgerItem.key.startswith(f"{stem}#"))
    return sorted(map(_told, rows), key=lambda told: told.recorded.reminder.planned_at)


def find(user_id: str, key: str) -> DeliveredReminder | None:
    """One reminder of the user's, by its ledger key."""
    try:
        item = LedgerItem.get(user_id, key)
    except LedgerItem.DoesNotExist:
        return None
    return None if item.bill_id is None else _told(item)


def messages_of(
    user_id: str, several: Iterable[DeliveredReminder]
) -> Mapping[str, DeliveredReminder]:
    """The rows of the messages that reminders travelled in, by key, where they are not the
    reminders' own: the state of a digest stands there."""
    keys = {
        told.message_key
        for told in several
        if told.recorded.state is State.IN_DIGEST and told.message_key is not None
    }
    found = (find(user_id, key) for key in sorted(keys))
    return {told.key: told for told in found if told is not None}


def _told(item: LedgerItem) -> DeliveredReminder:
    return DeliveredReminder(
        recorded=rows.recorded_from(item),
        reason=item.reason,
        recorded_at=item.recorded_at,
        settled_at=item.settled_at,
        message_key=item.message_key,
    )


def feedback_on(user_id: str, key: str) -> Feedback | None:
    try:
        return _feedback(FeedbackItem.get(user_id, key, consistent_read=True))
    except FeedbackItem.DoesNotExist:
        return None


def all_feedback(user_id: str) -> dict[str, Feedback]:
    """By ledger key."""
    return {item.reminder_id: _feedback(item) for item in FeedbackItem.query(user_id)}


def give_feedback(user_id: str, key: str, feedback: Feedback) -> None:
    """In place of what was said about that reminder before. Nothing is kept of a user who is gone.
    Raises transactions.Busy or Lost."""
    item = FeedbackItem(
        user_id,
        key,
        timing=feedback.timing,
        useful=feedback.useful,
        suggestion=feedback.suggestion,
        given_at=feedback.given_at,
    )
    _say(user_id, key, feedback, lambda write: write.save(item), now=feedback.given_at)


def take_feedback_back(user_id: str, key: str, *, now: datetime) -> None:
    """As if nothing had been said about that reminder. Raises transactions.Busy or Lost."""
    item = FeedbackItem(user_id, key)
    _say(user_id, key, None, lambda write: write.delete(item), now=now)


def _say(user_id: str, key: str, feedback: Feedback | None, write: Write, *, now: datetime) -> None:
    """What was said already is not said again."""
    known = feedback_on(user_id, key)
    if known is not None and feedback is not None:
        known = replace(known, given_at=feedback.given_at)
    if found := fields_between(f"feedback.{key}", known, feedback):
        journal.note(user_id, Event.FEEDBACK, now=now, found=found, writes=[write])


def _feedback(item: FeedbackItem) -> Feedback:
    return Feedback(item.timing, item.useful, item.suggestion, item.given_at)

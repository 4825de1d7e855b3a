"""What a user was asked by SMS last, what a reply of theirs did last, and what each reply did."""

from datetime import datetime

from pynamodb.expressions.update import Action

from bill_reminders.domain.replies import LASTS, Intent, LastAction, Question, Target
from bill_reminders.storage.access_tables import ConversationItem
from bill_reminders.storage.accounts import Once
from bill_reminders.storage.record_tables import DeedItem
from bill_reminders.storage.rows import ledger_expiry
from bill_reminders.storage.tables import ScheduleItem
from bill_reminders.storage.transactions import Write, commit

DID = "did:"
"""What the keys of those rows in the ledger begin with that say what a reply did."""


def read(user_id: str) -> tuple[Question | None, LastAction | None]:
    """The last question and the last deed, however old."""
    try:
        item = ConversationItem.get(user_id, consistent_read=True)
    except ConversationItem.DoesNotExist:
        return None, None
    question = action = None
    if item.asked is not None and item.asked_by is not None and item.asked_at is not None:
        options = tuple(map(_target, item.options or ()))
        question = Question(Intent(item.asked), options, item.asked_by, item.asked_at)
    if item.did is not None and item.did_by and item.did_at is not None and item.did_to:
        action = LastAction(
            Intent(item.did),
            _target(item.did_to),
            item.did_by,
            item.did_at,
            item.did_said_at or item.did_at,  # absent from older items
            item.undone_by,
        )
    return question, action


def done(user_id: str, message_id: str) -> LastAction | None:
    """What that reply did, however long ago and whatever others did since; None when nothing."""
    try:
        item = DeedItem.get(user_id, _key(message_id), consistent_read=True)
    except DeedItem.DoesNotExist:
        return None
    return LastAction(
        Intent(item.did), _target(item.to), message_id, item.recorded_at, item.said_at
    )


def ask(user_id: str, question: Question) -> None:
    """Remember a question in place of the one before. Raises transactions.Stale when there is no
    such user any more, Busy or Lost."""
    asked = _written(
        user_id,
        question.asked_at,
        ConversationItem.asked.set(question.intent.value),
        ConversationItem.asked_by.set(question.asked_by),
        ConversationItem.asked_at.set(question.asked_at),
        ConversationItem.options.set(list(map(_text, question.options))),
    )
    exists = ScheduleItem.user_id.exists()  # an erased user must not come back
    commit(lambda write: write.condition_check(ScheduleItem, user_id, condition=exists), asked)


def once(user_id: str, action: LastAction, *, last: LastAction) -> Once:
    """What notes `deed` together with what it does, so that the same reply does it once; `last` is
    what UNDO is about from then on."""
    row = DeedItem(
        user_id,
        _key(action.by),
        did=action.intent.value,
        to=_text(action.target),
        said_at=action.said_at,
        recorded_at=action.at,
        expires_at=ledger_expiry(None, action.at),
    )
    new = DeedItem.key.does_not_exist()
    return Once(
        (lambda write: write.save(row, condition=new), _noted(user_id, last, action.at)),
        lambda: done(user_id, action.by) is not None,
    )


def _noted(user_id: str, last: LastAction, at: datetime) -> Write:
    undone = ConversationItem.undone_by
    return _written(
        user_id,
        at,
        ConversationItem.did.set(last.intent.value),
        ConversationItem.did_to.set(_text(last.target)),
        ConversationItem.did_by.set(last.by),
        ConversationItem.did_at.set(last.at),
        ConversationItem.did_said_at.set(last.said_at),
        undone.remove() if last.undone_by is None else undone.set(last.undone_by),
    )


def _written(user_id: str, at: datetime, *what: Action) -> Write:
    expires_at = int((at + 2 * LASTS).timestamp())
    actions = [*what, ConversationItem.expires_at.set(expires_at)]
    return lambda write: write.update(ConversationItem(user_id), actions=actions)


def _key(message_id: str) -> str:
    return f"{DID}{message_id}"


def _text(target: Target) -> str:
    return f"{target.occurrence}#{target.bill_id}"


def _target(text: str) -> Target:
    occurrence, _, bill_id = text.partition("#")
    return Target(bill_id, int(occurrence))

"""What a user was asked by SMS last, and what a reply of theirs did last."""

from collections.abc import Iterable
from datetime import datetime

from pynamodb.expressions.update import Action

from bill_reminders.domain.replies import LASTS, Deed, Question, Target, Wish
from bill_reminders.storage.access_tables import ConversationItem
from bill_reminders.storage.tables import ScheduleItem
from bill_reminders.storage.transactions import commit


def read(user_id: str) -> tuple[Question | None, Deed | None]:
    """The last question and the last deed, however old."""
    try:
        item = ConversationItem.get(user_id, consistent_read=True)
    except ConversationItem.DoesNotExist:
        return None, None
    question = deed = None
    if item.asked is not None and item.asked_by is not None and item.asked_at is not None:
        options = tuple(map(_target, item.options or ()))
        question = Question(Wish(item.asked), options, item.asked_by, item.asked_at)
    if item.did is not None and item.did_by and item.did_at is not None and item.did_to:
        target = _target(item.did_to)
        deed = Deed(Wish(item.did), target, item.did_by, item.did_at, item.undone_by)
    return question, deed


def ask(user_id: str, question: Question) -> None:
    """Remember a question in place of the one before. Raises transactions.Stale when there is no
    such user any more, Busy or Lost."""
    _write(
        user_id,
        question.asked_at,
        ConversationItem.asked.set(question.wish.value),
        ConversationItem.asked_by.set(question.asked_by),
        ConversationItem.asked_at.set(question.asked_at),
        ConversationItem.options.set(list(map(_text, question.options))),
    )


def note(user_id: str, deed: Deed) -> None:
    """Remember what a reply does, before it is done: the same reply, when it is handed over again,
    then does the same. Raises what ask does."""
    undone = ConversationItem.undone_by
    _write(
        user_id,
        deed.at,
        ConversationItem.did.set(deed.wish.value),
        ConversationItem.did_to.set(_text(deed.target)),
        ConversationItem.did_by.set(deed.by),
        ConversationItem.did_at.set(deed.at),
        undone.remove() if deed.undone_by is None else undone.set(deed.undone_by),
    )


def _write(user_id: str, at: datetime, *what: Action) -> None:
    item = ConversationItem(user_id)
    actions: Iterable[Action] = [
        *what,
        ConversationItem.expires_at.set(int((at + 2 * LASTS).timestamp())),
    ]
    exists = ScheduleItem.user_id.exists()  # an erased user must not come back
    commit(
        lambda write: write.condition_check(ScheduleItem, user_id, condition=exists),
        lambda write: write.update(item, actions=list(actions)),
    )


def _text(target: Target) -> str:
    return f"{target.occurrence}#{target.bill_id}"


def _target(text: str) -> Target:
    occurrence, _, bill_id = text.partition("#")
    return Target(bill_id, int(occurrence))

"""The page that undoes a handover, and its button."""

from datetime import datetime

from bill_reminders.domain.handovers import Handover, HandoverKind
from bill_reminders.domain.local_time import local_date
from bill_reminders.messages.catalogue import catalogue
from bill_reminders.messages.locale import full_date
from bill_reminders.pages import view
from bill_reminders.storage import undoing

WHAT = {
    HandoverKind.JOINED: ("page_undo_joined", "page_undo_joined_means"),
    HandoverKind.MOVED: ("page_undo_moved", "page_undo_moved_means"),
}


def page(token: str, handover: Handover, now: datetime, *, gone: bool = False) -> str:
    """What happened, and the button; or that it is undone, or `gone`: cannot be any more. It names
    no address and no bill."""
    user = handover.was
    words = catalogue(user.language)
    if gone:
        return view.notice_page(user.language, "page_undo_gone")
    if not handover.may_be_undone(now):
        done = handover.undone_at is not None
        return view.notice_page(user.language, "page_undo_done" if done else "page_undo_gone")
    what, means = WHAT[handover.kind]
    made_on = full_date(local_date(handover.made_at, user.zone), words.language)
    until = full_date(local_date(handover.undo_until, user.zone), words.language)
    return view.render(
        "undo.html",
        user.language,
        action=f"/r/{token}/undo",
        what=words.say(what, date=made_on),
        means=words.say(means),
        until=words.say("page_undo_until", date=until),
    )


def press(handover: Handover, now: datetime) -> bool:
    """What the button does; False when it comes too late. Raises what accounts.change does."""
    return not handover.may_be_undone(now) or undoing.undo(handover, now=now)

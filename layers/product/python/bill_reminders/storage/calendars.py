"""The link of a user's calendar feed: one at most, for as long as they want.

It does not expire, for calendars are subscribed to for years; a new one takes its place, or it is
withdrawn. `calendar#<user_id>` leads from the user to its hash, in `purpose`.
"""

from collections.abc import Iterator
from datetime import datetime

from bill_reminders.storage import accounts, links
from bill_reminders.storage.access_tables import LinkItem
from bill_reminders.storage.accounts import Contended, UnknownUser
from bill_reminders.storage.links import Purpose
from bill_reminders.storage.tables import ScheduleItem
from bill_reminders.storage.transactions import Stale, Write, commit


def since(user_id: str) -> datetime | None:
    """Since when there is a link; None when there is none."""
    known = _known(user_id)
    return None if known is None else known.made_at


def renew(user_id: str, *, now: datetime) -> str:
    """A new token, in place of an earlier one, which opens nothing from then on.

    Raises accounts.UnknownUser, accounts.Contended, transactions.Busy or Lost.
    """
    token = links.new_token()
    for _ in range(accounts.ROUNDS):
        try:
            commit(*_renewal(user_id, token, _known(user_id), now))
        except Stale:
            if not accounts.exists(user_id):
                raise UnknownUser("the user does not exist") from None
            continue
        return token
    raise Contended("the calendar's link is changing too fast")


def _renewal(user_id: str, token: str, known: LinkItem | None, now: datetime) -> Iterator[Write]:
    link = LinkItem(
        links.token_hash(token), purpose=Purpose.CALENDAR.value, user_id=user_id, made_at=now
    )
    to_it = LinkItem(back(user_id), purpose=link.token_hash, user_id=user_id, made_at=now)
    exists = ScheduleItem.user_id.exists()  # an erased user must not come back
    unchanged = (
        LinkItem.token_hash.does_not_exist() if known is None else LinkItem.purpose == known.purpose
    )
    yield lambda write: write.condition_check(ScheduleItem, user_id, condition=exists)
    yield lambda write: write.save(to_it, condition=unchanged)
    yield lambda write: write.save(link)
    if known is not None:
        yield lambda write: write.delete(LinkItem(known.purpose))


def withdraw(user_id: str) -> bool:
    """Let no link open the user's calendar any more; False when there was none. Raises
    accounts.Contended, transactions.Busy or Lost."""
    for _ in range(accounts.ROUNDS):
        known = _known(user_id)
        if known is None:
            return False
        try:
            commit(*_withdrawal(known))
        except Stale:
            continue
        return True
    raise Contended("the calendar's link is changing too fast")


def _withdrawal(known: LinkItem) -> Iterator[Write]:
    unchanged = LinkItem.purpose == known.purpose
    yield lambda write: write.delete(known, condition=unchanged)
    yield lambda write: write.delete(LinkItem(known.purpose))


def _known(user_id: str) -> LinkItem | None:
    try:
        return LinkItem.get(back(user_id), consistent_read=True)
    except LinkItem.DoesNotExist:
        return None


def back(user_id: str) -> str:
    """The key of what leads from a user to the hash of their calendar's link."""
    return f"calendar#{user_id}"

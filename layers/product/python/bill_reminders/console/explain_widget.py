"""The widget that answers "why did she not get it?"."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from bill_reminders.console import sentences, stories
from bill_reminders.console.calls import Call, Means
from bill_reminders.delivery.switches import UnreadableSwitches
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.files.cells import CellError, instant
from bill_reminders.storage import accounts
from bill_reminders.storage.addresses import owner_of

LATELY = timedelta(days=14)


class Unanswerable(BillRemindersError):
    """What was asked cannot be answered; the message says the remedy."""


def answer(call: Call, means: Means, *, now: datetime) -> Mapping[str, Any]:
    """What the widget shows: the form as it was filled in, and what is known."""
    shown: dict[str, Any] = {name: call.field(name) for name in ("who", "bill", "at")}
    if not call.ask:
        return shown
    try:
        return shown | known(shown["who"], shown["bill"] or None, shown["at"], means, now=now)
    except Unanswerable as error:
        return shown | {"problem": str(error)}


def known(who: str, bill_id: str | None, at: str, means: Means, *, now: datetime) -> dict[str, Any]:
    """What is known of somebody's reminders, of all bills or one: now, or around a past time.
    Raises Unanswerable."""
    past = _instant(at)
    try:
        account = accounts.read(owner(who), now=now, reach=(now - LATELY).date())
    except accounts.UnknownUser:
        raise Unanswerable("There is no such user: look at the id again.") from None
    if bill_id is not None and account.bill(bill_id) is None:
        raise Unanswerable("The user has no such bill: leave it empty for all of them.")
    zone = account.user.zone
    open_channels, closed = _switches(means)
    start, end = (now - LATELY, now) if past is None else stories.around(past)
    return {
        "user_id": account.user.user_id,
        "now": sentences.when(now, zone),
        "closed": closed,
        "bills": []
        if past is not None
        else [
            {
                "bill_id": story.bill.bill_id,
                "title": f"{story.bill.biller}, {story.bill.name}",
                "channels": [
                    (sentences.NAMES[each.channel], sentences.sentence(each, account.user))
                    for each in story.explanations
                ],
            }
            for story in stories.stories(account, bill_id, open_channels=open_channels, now=now)
        ],
        "moments": [
            (sentences.when(each.at, zone), each.what)
            for each in stories.timeline(account, bill_id, start=start, end=end)
        ],
    }


def _switches(means: Means) -> tuple[Collection[Channel], str]:
    """The channels that may send, and a sentence on those that may not, if there are any."""
    try:
        found = means.read_open()
    except UnreadableSwitches:
        return (), "The switches cannot be read, so nothing goes out on any channel."
    closed = [sentences.NAMES[each] for each in Channel if each not in found]
    return found, f"Closed by an administrator: {', '.join(closed)}." if closed else ""


def owner(who: str) -> str:
    """The id of a user who is named by it, or by a phone number or an e-mail address, which is
    looked up by its keyed hash. Raises Unanswerable."""
    if not who:
        raise Unanswerable("Say who: a user id, a phone number with +, or an e-mail address.")
    if "@" not in who and not who.startswith("+"):
        return who
    channel = Channel.EMAIL if "@" in who else Channel.SMS
    found = owner_of(channel, who)
    if found is None or found.user_id is None:
        raise Unanswerable("Nobody has this address: look at it again, or give the user's id.")
    return str(found.user_id)


def _instant(text: str) -> datetime | None:
    try:
        return instant(text) if text else None
    except CellError as error:
        raise Unanswerable(f"The past time is {error}.") from None

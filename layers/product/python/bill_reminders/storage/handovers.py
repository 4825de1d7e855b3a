"""Handovers on record, in the ledger's table: found by the account, and erased with it."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from secrets import token_hex

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from bill_reminders.domain.account import Account
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.domain.handovers import UNDO_LASTS, Handover, HandoverKind, others, undo_until
from bill_reminders.storage import accounts, links, rows
from bill_reminders.storage.access_tables import LinkItem
from bill_reminders.storage.links import Purpose
from bill_reminders.storage.record_tables import HANDOVER, HandoverItem
from bill_reminders.storage.tables import LedgerItem, UserItem
from bill_reminders.storage.transactions import Write, condition_failed

KEPT = timedelta(days=60)
"""Longer than its messages wait for the end of quiet hours, and can be undone."""

TOLD = "told:"


class NotSettled(BillRemindersError):
    """The other contacts of the account may undo that somebody joined it, `until` then."""

    def __init__(self, until: datetime, retry_after: timedelta) -> None:
        super().__init__("the joining may still be undone")
        self.until = until
        self.retry_after = retry_after


def key_of(kind: HandoverKind, channel: Channel | None) -> str:
    """Its key in the ledger: an account is joined once, an address leaves its channel."""
    joined = kind is HandoverKind.JOINED
    return f"{HANDOVER}{kind}" if joined or channel is None else f"{HANDOVER}{kind}-{channel}"


def begun(
    kind: HandoverKind, account: Account, channel: Channel | None, *, by: str, now: datetime
) -> Iterator[Write]:
    """What records a handover of the account as it is now, as part of the transaction that makes
    it; nothing when there is nobody to tell."""
    was = account.user
    if not others(was, channel):
        return
    until = undo_until(was, channel, now)
    item = HandoverItem(
        was.user_id,
        key_of(kind, channel),
        event=token_hex(8),
        life=account.life,
        kind=kind.value,
        channel=None if channel is None else channel.value,
        by=by,
        was=json.dumps(rows.user_item(was).to_dynamodb_dict()),
        made_at=now,
        undo_until=until,
        expires_at=int((now + KEPT).timestamp()),
    )
    yield lambda transaction: transaction.save(item)


def find(user_id: str, key: str) -> Handover | None:
    try:
        return _handover(HandoverItem.get(user_id, key, consistent_read=True))
    except HandoverItem.DoesNotExist:
        return None


def joined(user_id: str) -> Handover | None:
    """How the account came to be joined, while that is on record."""
    return find(user_id, key_of(HandoverKind.JOINED, None))


def need_settled(user_id: str, *, now: datetime) -> None:
    """Raises NotSettled while the other contacts of an account may undo that somebody joined it:
    until then nobody takes everything away with them, erases it or gives it up."""
    found = joined(user_id)
    if found is None or not found.may_be_undone(now):
        return
    if accounts.lives(user_id, found.life):
        raise NotSettled(found.undo_until, found.undo_until - now)


def _handover(item: HandoverItem) -> Handover:
    was = UserItem()
    was.from_dynamodb_dict(json.loads(item.was))
    return Handover(
        kind=HandoverKind(item.kind),
        event=item.event,
        life=item.life,
        was=rows.user_from(was),
        channel=None if item.channel is None else Channel(item.channel),
        by=item.by,
        made_at=item.made_at,
        undo_until=item.undo_until,
        undone_at=item.undone_at,
    )


def row_key(handover: Handover, channel: Channel) -> str:
    """The ledger key of the message that tells the contact on `channel`."""
    return f"{TOLD}{handover.event}-{channel}"


def open_undo(handover: Handover, *, now: datetime) -> str:
    """A new token that undoes the handover for seven days."""
    token, until = links.new_token(), now + UNDO_LASTS
    LinkItem(
        links.token_hash(token),
        purpose=Purpose.UNDO.value,
        user_id=handover.user_id,
        reminders=[key_of(handover.kind, handover.channel), handover.event],
        made_at=now,
        expires_at=int(until.timestamp()),
    ).save()
    return token


def note_told(handover: Handover, channel: Channel, token: str, *, now: datetime) -> None:
    """The contact on `channel` was told: the week begins now, and the token goes with the row of
    the message when the account is erased."""
    key = key_of(handover.kind, handover.channel)
    until = now + UNDO_LASTS
    later = (HandoverItem.undo_until < until) & (HandoverItem.event == handover.event)
    _update(HandoverItem(handover.user_id, key), [HandoverItem.undo_until.set(until)], later)
    told = LedgerItem.link.set(links.token_hash(token))
    row = LedgerItem(handover.user_id, row_key(handover, channel))
    _update(row, [told], LedgerItem.key.exists())


def _update(item: HandoverItem | LedgerItem, actions: list[Action], condition: Condition) -> None:
    try:
        item.update(actions, condition=condition)
    except UpdateError as error:
        if not condition_failed(error):
            raise


def close_undo(token: str) -> None:
    LinkItem(links.token_hash(token)).delete()


def behind(token: str, *, now: datetime) -> Handover | None:
    """The handover that `token` undoes; None when it is none, or its seven days are over."""
    link = links.find(token, Purpose.UNDO, now=now)
    if link is None:
        return None
    key, event = link.reminders
    found = find(link.user_id, key)
    return found if found is not None and found.event == event else None


def undone(handover: Handover, *, now: datetime) -> Write:
    """Notes that it is undone, as part of a transaction."""
    item = HandoverItem(handover.user_id, key_of(handover.kind, handover.channel))
    still = HandoverItem.undone_at.does_not_exist() & (HandoverItem.event == handover.event)
    actions: list[Action] = [HandoverItem.undone_at.set(now)]
    return lambda transaction: transaction.update(item, actions=actions, condition=still)

"""Tells a user on another channel that reminders no longer arrive on one: once, in hours that suit,
where they may be written to. The ledger's row about it is the record, the queue's message a hint;
what has to wait is handed over again by the sweep."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from aws_lambda_powertools import Logger

from bill_reminders.channels import registry
from bill_reminders.channels.one_off import Direct
from bill_reminders.channels.providers import NoAnswer, Refused, Rejected
from bill_reminders.delivery import dead_channels, direct
from bill_reminders.delivery.claims import read_row
from bill_reminders.domain.account import Account
from bill_reminders.domain.dead_channels import DeadChannel, is_dead_since, may_go_at, to_tell
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import State
from bill_reminders.domain.people import Address
from bill_reminders.domain.reminders import Reminder
from bill_reminders.jobs.telling import Outbound
from bill_reminders.messages.names import clean
from bill_reminders.messages.notices import source_of
from bill_reminders.storage import accounts, links
from bill_reminders.storage.access_tables import LinkItem
from bill_reminders.storage.accounts import UnknownUser
from bill_reminders.storage.handovers import TOLD
from bill_reminders.storage.tables import LedgerItem
from bill_reminders.storage.transactions import Stale, Write, commit

logger = Logger(child=True)

ASKED_AGAIN = timedelta(minutes=15)
"""After that, when a provider or a limit refused it for now."""

TOLD_WITHIN = timedelta(days=30)
"""Later it is no news."""


def tell(user_id: str, key: str, outbound: Outbound, *, now: datetime) -> None:
    """Tell the user of `key`, a row about a dead channel, if nobody has. May be repeated. Raises
    what the tables raise."""
    row = dead_channels.find(user_id, key)
    if row is None:
        return
    try:
        account = accounts.read(user_id, now=now)
    except UnknownUser:  # being erased
        return
    dead = Channel(row.channel)
    if not is_dead_since(account.user, dead, row.planned_at):
        dead_channels.settle(row, State.SKIPPED, reason="withdrawn", now=now)
        return
    if now > row.planned_at + TOLD_WITHIN:
        dead_channels.settle(row, State.SKIPPED, reason="expired", now=now)
        return
    with suppress(UnknownUser):
        _tell(account, row, dead, outbound, now)


def _tell(
    account: Account, row: LedgerItem, dead: Channel, outbound: Outbound, now: datetime
) -> None:
    """Where no other channel can be used any more there is nothing to do."""
    user_id = account.user.user_id
    tries = _tries(user_id, row)
    if any(state is not State.FAILED for state in tries.values()):
        in_doubt = {State.CLAIMED, State.UNKNOWN} & {*tries.values()}
        dead_channels.settle(row, State.UNKNOWN if in_doubt else State.SENT, now=now)
        return
    waits: list[datetime] = []
    for channel, address in to_tell(account.user, dead):
        if channel in tries:  # its provider takes no such message for that address
            continue
        may_go = may_go_at(account.user, channel, now)
        if may_go > now:
            waits.append(may_go)
            continue
        try:
            state = _send(account, row, dead, channel, address, outbound, now)
        except Refused:
            waits.append(now + ASKED_AGAIN)
        except Rejected:
            continue
        else:
            dead_channels.settle(row, state, now=now)
            logger.info("told of a dead channel", user_id=user_id, channel=dead.value)
            return
    if waits:
        dead_channels.put_off(row, min(waits))
    else:
        dead_channels.settle(row, State.SKIPPED, reason="no_address", now=now)


def _tries(user_id: str, row: LedgerItem) -> Mapping[Channel, State]:
    """What became of the messages that were to tell it before."""
    known = {channel: read_row(user_id, _key_of(row, channel)) for channel in Channel}
    return {channel: State(told.state) for channel, told in known.items() if told is not None}


def _key_of(row: LedgerItem, channel: Channel) -> str:
    return f"{TOLD}{row.key}-{channel}"


def _send(
    account: Account,
    row: LedgerItem,
    dead: Channel,
    channel: Channel,
    address: Address,
    outbound: Outbound,
    now: datetime,
) -> State:
    user = account.user
    source = source_of(user, channel) or clean(outbound.sender.name)
    told = DeadChannel(
        user.language,
        dead,
        user.addresses[dead].stopped_by,
        link=_link(account, row, channel, address, outbound, now),
        source=source if account.says_how_to_stop(channel) else "",
    )
    message = Direct(
        user.user_id,
        _key_of(row, channel),
        channel,
        address.value,
        lambda: registry.words(channel).dead_channel(
            told, to=address.value, sender=outbound.sender
        ),
        self_registered=user.self_registered,
        life=account.life,
        push_lasts=timedelta(days=1),
    )
    try:
        return direct.send(message, outbound.senders, now=now)
    except NoAnswer:  # no second one is risked
        return State.UNKNOWN


def _link(
    account: Account,
    row: LedgerItem,
    channel: Channel,
    address: Address,
    outbound: Outbound,
    now: datetime,
) -> str:
    """To a page about the latest reminder of the dead channel, as a message on `channel` would have
    it; "" where none may stand, or there is no such reminder. Its token goes with the row when the
    account is erased, an earlier one that was not sent at once."""
    origin = registry.contact(channel).link_origin(
        address.value, page=outbound.page_origin, short=outbound.sms_origin
    )
    about = _latest(account, Channel(row.channel))
    if not origin or about is None:
        return ""
    token = links.new_token()
    hashed = links.token_hash(token)
    item = LedgerItem(row.user_id, row.key)
    writes: list[Write] = [
        links.of_message(token, [about], channel=channel, address=address.value, now=now),
        lambda write: write.update(
            item, actions=[LedgerItem.link.set(hashed)], condition=LedgerItem.settle_at.exists()
        ),
    ]
    if row.link is not None:
        unsent = LinkItem(row.link)
        writes.append(lambda write: write.delete(unsent))
    try:
        commit(*writes)
    except Stale as error:
        raise UnknownUser("the account was erased, or its user was told meanwhile") from error
    row.link = hashed
    return f"{origin}/r/{token}"


def _latest(account: Account, dead: Channel) -> Reminder | None:
    known = (
        each.reminder
        for each in account.recorded.values()
        if each.reminder.channel is dead and account.bill(each.reminder.bill_id) is not None
    )
    return max(known, key=lambda reminder: (reminder.planned_at, reminder.key), default=None)

"""What a user has just asked for: a code, a test message. It goes at once, whatever the hour, to
one address, once, and is in the ledger like everything that goes out."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from bill_reminders.channels.one_off import Direct
from bill_reminders.channels.providers import NoAnswer, Refused, Rejected
from bill_reminders.delivery import direct_rows
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import State
from bill_reminders.trouble import may_pass, name_of

if TYPE_CHECKING:
    from bill_reminders.channels.contract import DirectSender

logger = Logger(child=True)

type Senders = Mapping[Channel, DirectSender]
"""Who sends, by channel: registry.DirectSenders, or just what a function needs."""


def send(message: Direct, senders: Senders, *, now: datetime) -> State:
    """Send a message once; what became of it, or of the one that went before under this key.

    A refusal for now is raised and forgotten, so that it may be asked for again. Raises
    providers.Refused (UsedUp is of it), Rejected (NotServed is of it) or NoAnswer, the last two
    after they were noted; what direct_rows.claim raises, accounts.UnknownUser of it: nothing was
    sent then.
    """
    known = direct_rows.claim(
        message.user_id, message.key, message.channel, life=message.life, now=now
    )
    if known is State.FAILED:
        raise Rejected("rejected before")
    if known is not None:
        return known
    try:
        provider_id = senders[message.channel].send(message, message.compose(), now=now)
    except Refused:
        direct_rows.give_back(message.user_id, message.key)
        raise
    except Rejected as error:
        direct_rows.mark(message.user_id, message.key, State.FAILED, now=now, reason=error.reason)
        raise
    except NoAnswer:
        direct_rows.mark(message.user_id, message.key, State.UNKNOWN, now=now)
        raise
    try:
        direct_rows.mark(message.user_id, message.key, State.SENT, now=now, provider_id=provider_id)
    except Exception as error:
        if not may_pass(error):
            raise
        logger.warning("sent and not marked", user_id=message.user_id, error=name_of(error))
    return State.SENT

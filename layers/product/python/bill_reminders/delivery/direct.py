"""What a user has just asked for: a code, a test message. It goes at once, whatever the hour, to
one address, once, and is in the ledger like everything that goes out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from pynamodb.exceptions import PynamoDBException

from bill_reminders.delivery import direct_rows, providers
from bill_reminders.delivery.providers import NoAnswer, Refused, Rejected
from bill_reminders.delivery.requests import Mailbox, email_request, push_request, sms_request
from bill_reminders.delivery.sender_ids import DeployedSenderIds, SenderIds, SenderIdsUnread
from bill_reminders.delivery.sms_bounds import SmsBounds
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import State
from bill_reminders.messages.direct import DirectText
from bill_reminders.messages.sms_text import segments
from bill_reminders.trouble import may_pass, name_of

logger = Logger(child=True)

PUSH_LASTS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Direct:
    """A message about no bill. `key` is its name in the ledger: `code:<id>`, `test:<id>`; `compose`
    is called only when it has not gone out before. Of who is `self_registered` an SMS may use up
    less of the day's total. A device that was off for longer than `push_lasts` is not shown it."""

    user_id: str
    key: str
    channel: Channel
    address: str = field(repr=False)
    compose: Callable[[], DirectText]
    self_registered: bool
    push_lasts: timedelta = PUSH_LASTS


def send(
    message: Direct, *, mailbox: Mailbox | None = None, bounds: SmsBounds, now: datetime
) -> State:
    """Send a message once; what became of it, or of the one that went before under this key. Who
    writes no e-mails needs no `mailbox`.

    A refusal for now is raised and forgotten, so that it may be asked for again. Raises
    providers.Refused, Rejected or NoAnswer, the last two after they were noted. Of SMS it raises
    sms_bounds.SmsUsedUp, which is Refused, and CountryNotAllowed, which is Rejected.
    """
    known = direct_rows.claim(message.user_id, message.key, message.channel, now=now)
    if known is State.FAILED:
        raise Rejected("rejected before")
    if known is not None:
        return known
    try:
        provider_id = _send_once(message, mailbox, bounds, now)
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


def need_country(number: str, bounds: SmsBounds) -> None:
    """Raises sms_bounds.CountryNotAllowed where no SMS goes to an E.164 `number`; Refused while
    that cannot be told. One read."""
    bounds.need_country(number, _origins(bounds))


def _send_once(message: Direct, mailbox: Mailbox | None, bounds: SmsBounds, now: datetime) -> str:
    text = message.compose()
    match message.channel:
        case Channel.SMS:
            origins = _origins(bounds)
            bounds.need_country(message.address, origins)
            origin = origins.of(message.address)
            request = sms_request(message.address, text.text, origin=origin, wording=text.wording)
            _take_parts(message, segments(text.text), bounds, now)
            return providers.send_once(_client("sns").publish, **request)
        case Channel.PUSH:
            request = push_request(
                message.address, text.subject, text.text, expires_in=message.push_lasts
            )
            return providers.send_once(_client("sns").publish, **request)
        case Channel.EMAIL:
            assert mailbox is not None, "an e-mail is from somebody"
            request = email_request(
                sender=mailbox,
                to=message.address,
                subject=text.subject,
                text=text.text,
                html=text.html,
                message_id=direct_rows.mail_tag(message.key),
            )
            return providers.send_once(_client("sesv2").send_email, **request)


def _origins(bounds: SmsBounds) -> SenderIds:
    origins = DeployedSenderIds(_client("ssm"), bounds.origins_parameter)
    origins.refresh()
    try:
        return origins.known()
    except SenderIdsUnread:
        raise Refused("origins_unread") from None


def _take_parts(message: Direct, parts: int, bounds: SmsBounds, now: datetime) -> None:
    try:
        bounds.take(parts, self_registered=message.self_registered, now=now)
    except PynamoDBException as error:
        if not may_pass(error):
            raise
        raise Refused("total_unread") from error


@cache
def _client(service: str) -> Any:
    return providers.client(service)

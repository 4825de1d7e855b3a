"""What a user has just asked for: a code, a test message. It goes at once, whatever the hour, to
one address, once, and is in the ledger like everything that goes out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from bill_reminders.delivery import providers
from bill_reminders.delivery.origins import DeployedOrigins
from bill_reminders.delivery.providers import NoAnswer, Refused, Rejected
from bill_reminders.delivery.requests import Mailbox, email_request, push_request, sms_request
from bill_reminders.domain.ledger import State
from bill_reminders.domain.terms import Channel
from bill_reminders.messages.direct import DirectText
from bill_reminders.storage import direct_rows

PUSH_LASTS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Direct:
    """A message about no bill. `key` is its name in the ledger: `code:<id>`, `test:<id>`; `compose`
    is called only when it has not gone out before."""

    user_id: str
    key: str
    channel: Channel
    address: str = field(repr=False)
    compose: Callable[[], DirectText]


def send(
    message: Direct, *, mailbox: Mailbox | None = None, origins_parameter: str, now: datetime
) -> State:
    """Send a message once; what became of it, or of the one that went before under this key. Who
    writes no e-mails needs no `mailbox`.

    A refusal for now is raised and forgotten, so that it may be asked for again. Raises
    providers.Refused, Rejected or NoAnswer, the last two after they were noted.
    """
    known = direct_rows.claim(message.user_id, message.key, message.channel, now=now)
    if known is State.FAILED:
        raise Rejected("rejected before")
    if known is not None:
        return known
    try:
        provider_id = _send_once(message, mailbox, origins_parameter)
    except Refused:
        direct_rows.give_back(message.user_id, message.key)
        raise
    except Rejected as error:
        direct_rows.mark(message.user_id, message.key, State.FAILED, now=now, reason=error.reason)
        raise
    except NoAnswer:
        direct_rows.mark(message.user_id, message.key, State.UNKNOWN, now=now)
        raise
    direct_rows.mark(message.user_id, message.key, State.SENT, now=now, provider_id=provider_id)
    return State.SENT


def _send_once(message: Direct, mailbox: Mailbox | None, origins_parameter: str) -> str:
    text = message.compose()
    match message.channel:
        case Channel.SMS:
            origins = DeployedOrigins(_client("ssm"), origins_parameter)
            origins.refresh()
            origin = origins.current.of(message.address)
            request = sms_request(message.address, text.text, origin=origin, wording=text.wording)
            return providers.send_once(_client("sns").publish, **request)
        case Channel.PUSH:
            request = push_request(message.address, text.subject, text.text, expires_in=PUSH_LASTS)
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


@cache
def _client(service: str) -> Any:
    return providers.client(service)

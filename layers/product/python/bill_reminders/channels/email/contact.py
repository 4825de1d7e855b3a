"""Mailboxes: how they are written, and what bounds the codes that go there. Strangers decide where
codes go, and what comes back of them harms the sender's name with every mailbox provider."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from aws_lambda_powertools import Logger

from bill_reminders import metrics
from bill_reminders.channels.email.parameters import EmailParameters
from bill_reminders.channels.one_off import CodeRequest
from bill_reminders.domain.local_time import DAY
from bill_reminders.domain.mailboxes import domain_key, mailbox_key
from bill_reminders.domain.people import User
from bill_reminders.files.addresses import email
from bill_reminders.storage import mailed_codes
from bill_reminders.storage.limits import HOUR, Limit, TooOften

logger = Logger(child=True)

USED_UP: Mapping[str, tuple[str, str]] = {
    mailed_codes.IN_ALL: ("codes by e-mail are used up", "EmailCodesRefused")
}

read = email


def counted_as(address: str) -> str:
    """A mailbox is one, however its address is written."""
    return mailbox_key(address)


def code_limits(asked: CodeRequest, parameters: EmailParameters) -> Iterator[Limit]:
    """In all, and to one domain: whoever makes up addresses does it at domains of theirs or at dead
    ones, and those come back."""
    yield mailed_codes.in_all(parameters.email_codes_per_day)
    domain = domain_key(asked.address)
    if domain is not None:
        yield Limit("codes/domain/hour", domain, 30, HOUR)
        yield Limit("codes/domain/day", domain, 100, DAY)


def trial_limits(user: User) -> Iterable[Limit]:
    return ()


def need_few_returned(now: datetime) -> None:
    if mailed_codes.too_many_bounce(now):
        logger.warning("codes by e-mail bounce too often", **metrics.signal("EmailCodesBounce"))
        wait = mailed_codes.in_all(1).ends_in(now)
        raise TooOften(wait, ["codes/email/bounced/day"])


def note_returned(*, sent_at: datetime) -> None:
    mailed_codes.note_bounce(sent_at=sent_at)


def link_origin(address: str, *, page: str, short: str) -> str:
    return page


def takes_own_words(address: str) -> bool:
    return True

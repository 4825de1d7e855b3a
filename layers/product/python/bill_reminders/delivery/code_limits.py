"""How many six-digit codes may go out, whatever they are asked for: a contact, a page's link."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from aws_lambda_powertools import Logger

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.local_time import DAY
from bill_reminders.domain.mailboxes import domain_key, mailbox_key
from bill_reminders.domain.quotas import SELF_REGISTERED_CODES_A_DAY
from bill_reminders.storage import limits, mailed_codes
from bill_reminders.storage.addresses import address_hash
from bill_reminders.storage.limits import HOUR, Limit, TooOften

logger = Logger(child=True)

CODES_IN_ALL = "codes/sms/day"

USED_UP = {
    CODES_IN_ALL: "codes by SMS are used up",
    mailed_codes.IN_ALL: "codes by e-mail are used up",
}
"""Words that alarms look for."""


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """Who asks for a code, and where it goes; `source` is the IP address that the request came
    from."""

    user_id: str
    channel: Channel
    address: str = field(repr=False)
    source: str = field(repr=False)
    self_registered: bool


@dataclass(frozen=True, slots=True)
class CodesPerDay:
    """How many may go out in a day (UTC), of all users together."""

    sms: int
    email: int


def reserve(request: CodeRequest, most: CodesPerDay, *, now: datetime) -> None:
    """Count a code that is about to be sent. Raises limits.TooOften, transactions.Busy or Lost."""
    if request.channel is Channel.EMAIL:
        _need_few_bounces(now)
    try:
        limits.reserve((*limits_of(request), *_by_channel(request, most)), now=now)
    except TooOften as error:
        for what in USED_UP.keys() & set(error.what):
            logger.warning(USED_UP[what], user_id=request.user_id)
        raise


def limits_of(request: CodeRequest) -> tuple[Limit, ...]:
    """How many codes may go out: for one user, to one address, and asked for from one source, which
    stops SMS pumping through many accounts. A mailbox is one, however its address is written."""
    is_mail = request.channel is Channel.EMAIL
    address = mailbox_key(request.address) if is_mail else request.address
    named = address_hash(request.channel, address)
    return (
        Limit("codes/user/hour", request.user_id, 5, HOUR),
        Limit("codes/user/day", request.user_id, 10, DAY),
        Limit("codes/address/hour", named, 3, HOUR),
        Limit("codes/address/day", named, 6, DAY),
        Limit("codes/source/hour", request.source, 20, HOUR),
        Limit("codes/source/day", request.source, 60, DAY),
    )


def sms_code_limit(most: int) -> Limit:
    """How many codes by SMS may go out in all. Who pumps from many places stops at it, and so does
    everybody, until the next day begins in UTC: reminders do not count and go on."""
    return Limit(CODES_IN_ALL, "everybody", most, DAY)


def email_code_limits(address: str, most: int) -> Iterator[Limit]:
    """How many codes by e-mail may go out in all, and to one domain: whoever makes up addresses
    does it at domains of theirs or at dead ones, and those come back."""
    yield mailed_codes.in_all(most)
    domain = domain_key(address)
    if domain is not None:
        yield Limit("codes/domain/hour", domain, 30, HOUR)
        yield Limit("codes/domain/day", domain, 100, DAY)


def _by_channel(request: CodeRequest, most: CodesPerDay) -> Iterator[Limit]:
    if request.channel is Channel.EMAIL:
        yield from email_code_limits(request.address, most.email)
    if request.channel is Channel.SMS:
        yield sms_code_limit(most.sms)
        if request.self_registered:
            a_day = SELF_REGISTERED_CODES_A_DAY
            yield Limit("codes/sms/user/day", request.user_id, a_day, DAY)


def _need_few_bounces(now: datetime) -> None:
    """Raises TooOften while too many of today's codes by e-mail came back."""
    if mailed_codes.too_many_bounce(now):  # an alarm looks for these words
        logger.warning("codes by e-mail bounce too often")
        wait = mailed_codes.in_all(1).ends_in(now)
        raise TooOften(wait, ["codes/email/bounced/day"])

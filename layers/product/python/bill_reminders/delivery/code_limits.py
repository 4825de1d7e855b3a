"""How many six-digit codes may go out, whatever they are asked for: a contact, a page's link."""

from datetime import datetime

from aws_lambda_powertools import Logger

from bill_reminders import metrics
from bill_reminders.channels import registry
from bill_reminders.channels.one_off import CodeRequest
from bill_reminders.channels.registry import Parameters
from bill_reminders.domain.local_time import DAY
from bill_reminders.storage import limits
from bill_reminders.storage.addresses import address_hash
from bill_reminders.storage.limits import HOUR, Limit, TooOften

logger = Logger(child=True)


def reserve(request: CodeRequest, parameters: Parameters, *, now: datetime) -> None:
    """Count a code that is about to be sent. Raises limits.TooOften, transactions.Busy or Lost."""
    contact = registry.contact(request.channel)
    contact.need_few_returned(now)
    of_channel = contact.code_limits(request, parameters[request.channel])
    try:
        limits.reserve((*limits_of(request), *of_channel), now=now)
    except TooOften as error:
        for what in contact.USED_UP.keys() & set(error.what):
            words, metric = contact.USED_UP[what]
            logger.warning(words, user_id=request.user_id, **metrics.signal(metric))
        raise


def limits_of(request: CodeRequest) -> tuple[Limit, ...]:
    """How many codes may go out: for one user, to one address, and asked for from one source, which
    stops SMS pumping through many accounts."""
    address = registry.contact(request.channel).counted_as(request.address)
    named = address_hash(request.channel, address)
    return (
        Limit("codes/user/hour", request.user_id, 5, HOUR),
        Limit("codes/user/day", request.user_id, 10, DAY),
        Limit("codes/address/hour", named, 3, HOUR),
        Limit("codes/address/day", named, 6, DAY),
        Limit("codes/source/hour", request.source, 20, HOUR),
        Limit("codes/source/day", request.source, 60, DAY),
    )

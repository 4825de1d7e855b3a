"""send_sms: a nudge comes in, what is due by SMS goes out through SNS."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import environment
from bill_reminders.delivery import providers
from bill_reminders.delivery.requests import sms_request
from bill_reminders.delivery.sender import Outgoing
from bill_reminders.delivery.worker import SenderSettings, Worker
from bill_reminders.domain.people import Channel
from bill_reminders.messages.sms import sms

logger = Logger()
settings = environment.read(SenderSettings)
sns = providers.client("sns")


def send(outgoing: Outgoing) -> str:
    text = sms(
        outgoing.user,
        outgoing.notices,
        today=outgoing.today,
        sender=settings.sender,
        first=outgoing.first,
        part=outgoing.part,
    )
    return providers.send_once(sns.publish, **sms_request(outgoing.address, text.body))


worker = Worker(Channel.SMS, settings, send, provider=sns)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return worker.work(event, context)

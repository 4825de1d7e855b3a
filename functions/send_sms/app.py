"""send_sms: a nudge comes in, what is due by SMS goes out through SNS."""

from bill_reminders.cold_start import ready

from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import environment
from bill_reminders.batches import BatchAnswer
from bill_reminders.delivery import providers
from bill_reminders.delivery.origins import DeployedOrigins
from bill_reminders.delivery.requests import sms_request
from bill_reminders.delivery.sender import Outgoing
from bill_reminders.delivery.worker import SenderSettings, Worker
from bill_reminders.domain.terms import Channel
from bill_reminders.messages.sms import sms


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsSettings(SenderSettings):
    sms_origins_parameter: str


logger = Logger()
settings = environment.read(SmsSettings)
origins = DeployedOrigins(providers.client("ssm"), settings.sms_origins_parameter)
sns = providers.client("sns")


def send(outgoing: Outgoing) -> str:
    origin = origins.current.of(outgoing.address)
    text = sms(
        outgoing.user,
        outgoing.notices,
        today=outgoing.today,
        sender=settings.sender,
        first=outgoing.first,
        part=outgoing.part,
        link=outgoing.link,
        two_way=origin.two_way,
    )
    request = sms_request(outgoing.address, text.body, origin=origin, wording=text.wording)
    return providers.send_once(sns.publish, **request)


worker = Worker(Channel.SMS, settings, send, provider=sns)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> BatchAnswer:
    origins.refresh()  # once a batch
    return worker.work(event, context)


ready()

"""send_sms: a wake-up comes in, what is due by SMS goes out through SNS."""

from bill_reminders.cold_start import ready

from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import clock, environment
from bill_reminders.batches import BatchAnswer
from bill_reminders.delivery import providers
from bill_reminders.delivery.requests import sms_request
from bill_reminders.delivery.sender import Outgoing
from bill_reminders.delivery.sender_ids import DeployedSenderIds
from bill_reminders.delivery.sms_bounds import SmsBounds
from bill_reminders.delivery.sms_budget import SmsBudget
from bill_reminders.delivery.worker import SenderSettings, Worker
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.journal import Entrance
from bill_reminders.messages.sms import sms
from bill_reminders.messages.sms_text import segments
from bill_reminders.storage import access_tables
from bill_reminders.storage.journal import through


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsSettings(SenderSettings):
    sms_origins_parameter: str
    limits_table: str
    sms_parts_per_day: int
    sms_self_registered_percent: int
    sms_countries: str = ""


logger = Logger()
settings = environment.read(SmsSettings)
access_tables.bind(limits=settings.limits_table)
origins = DeployedSenderIds(providers.client("ssm"), settings.sms_origins_parameter)
bounds = SmsBounds.of(settings)
budget = SmsBudget(bounds)
sns = providers.client("sns")


def send(outgoing: Outgoing) -> str:
    bounds.need_country(outgoing.address, origins.current)
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
    budget.take(segments(text.body))
    request = sms_request(outgoing.address, text.body, origin=origin, wording=text.wording)
    return providers.send_once(sns.publish, **request)


def prepare(wake_ups: int) -> bool:
    origins.refresh()
    origins.known()
    return budget.open(wake_ups, clock.now())


worker = Worker(
    Channel.SMS, settings, send, provider=sns, prepare=prepare, held_until=budget.held_until
)


@logger.inject_lambda_context
@through(Entrance.DELIVERY)
def handler(event: dict[str, Any], context: LambdaContext) -> BatchAnswer:
    return worker.work(event, context)


ready()

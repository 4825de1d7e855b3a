"""send_sms: a wake-up comes in, what is due by SMS goes out through SNS."""

from bill_reminders.cold_start import ready

from typing import Any, NamedTuple

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import environment
from bill_reminders.batches import BatchAnswer
from bill_reminders.channels.sms.parameters import SmsParameters
from bill_reminders.channels.sms.sender import SmsReminders
from bill_reminders.delivery.worker import SenderSettings, Worker
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.journal import Entrance
from bill_reminders.storage import tables
from bill_reminders.storage.journal import through


class SmsSettings(NamedTuple):
    limits_table: str


logger = Logger()
with environment.all_at_once():
    settings = environment.read(SenderSettings)
    own = environment.read(SmsSettings)
    parameters = environment.read(SmsParameters)
tables.bind(limits=own.limits_table)
reminders = SmsReminders(settings.sender, parameters)
worker = Worker(Channel.SMS, settings, reminders)


@logger.inject_lambda_context
@through(Entrance.DELIVERY)
def handler(event: dict[str, Any], context: LambdaContext) -> BatchAnswer:
    return worker.work(event, context)


ready()

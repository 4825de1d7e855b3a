"""send_push: a wake-up comes in, what is due by app push goes out through SNS."""

from bill_reminders.cold_start import ready

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import environment
from bill_reminders.batches import BatchAnswer
from bill_reminders.channels.push.sender import PushReminders
from bill_reminders.delivery.worker import SenderSettings, Worker
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.journal import Entrance
from bill_reminders.storage.journal import through

logger = Logger()
settings = environment.read(SenderSettings)
reminders = PushReminders(settings.sender)
worker = Worker(Channel.PUSH, settings, reminders)


@logger.inject_lambda_context
@through(Entrance.DELIVERY)
def handler(event: dict[str, Any], context: LambdaContext) -> BatchAnswer:
    return worker.work(event, context)


ready()

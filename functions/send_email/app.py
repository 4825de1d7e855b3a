"""send_email: a wake-up comes in, what is due by e-mail goes out through SES."""

from bill_reminders.cold_start import ready

from typing import Any, NamedTuple

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import environment
from bill_reminders.batches import BatchAnswer
from bill_reminders.channels.email.request import Mailbox
from bill_reminders.channels.email.sender import EmailReminders
from bill_reminders.delivery.worker import SenderSettings, Worker
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.journal import Entrance
from bill_reminders.storage.journal import through


class EmailSettings(NamedTuple):
    from_address: str
    configuration_set: str


logger = Logger()
with environment.all_at_once():
    settings = environment.read(SenderSettings)
    own = environment.read(EmailSettings)
mailbox = Mailbox(own.from_address, own.configuration_set, settings.sender_name)
reminders = EmailReminders(settings.sender, mailbox)
worker = Worker(Channel.EMAIL, settings, reminders)


@logger.inject_lambda_context
@through(Entrance.DELIVERY)
def handler(event: dict[str, Any], context: LambdaContext) -> BatchAnswer:
    return worker.work(event, context)


ready()

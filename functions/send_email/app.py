"""send_email: a wake-up comes in, what is due by e-mail goes out through SES."""

from bill_reminders.cold_start import ready

from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import environment
from bill_reminders.batches import BatchAnswer
from bill_reminders.delivery import providers
from bill_reminders.delivery.requests import Mailbox, email_request
from bill_reminders.delivery.sender import Outgoing
from bill_reminders.delivery.worker import SenderSettings, Worker
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.journal import Entrance
from bill_reminders.messages.email import email, templates
from bill_reminders.storage.journal import through


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailSettings(SenderSettings):
    from_address: str
    configuration_set: str


logger = Logger()
settings = environment.read(EmailSettings)
mailbox = Mailbox(settings.from_address, settings.configuration_set, settings.sender_name)
ses = providers.client("sesv2")
templates()  # now, when a cold start has a whole processor, and not at the first e-mail


def send(outgoing: Outgoing) -> str:
    text = email(
        outgoing.user,
        outgoing.notices,
        today=outgoing.today,
        sender=settings.sender,
        first=outgoing.first,
        reference=outgoing.message_id,
        part=outgoing.part,
        link=outgoing.link,
        unsubscribe_link=outgoing.unsubscribe_link,
    )
    return providers.send_once(
        ses.send_email,
        **email_request(
            sender=mailbox,
            to=outgoing.address,
            subject=text.subject,
            text=text.text,
            html=text.html,
            message_id=outgoing.message_id,
            list_unsubscribe=text.list_unsubscribe,
            one_click=text.one_click,
        ),
    )


worker = Worker(Channel.EMAIL, settings, send, provider=ses)


@logger.inject_lambda_context
@through(Entrance.DELIVERY)
def handler(event: dict[str, Any], context: LambdaContext) -> BatchAnswer:
    return worker.work(event, context)


ready()

"""send_push: a wake-up comes in, what is due by app push goes out through SNS."""

from bill_reminders.cold_start import ready

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import environment
from bill_reminders.batches import BatchAnswer
from bill_reminders.delivery import providers
from bill_reminders.delivery.requests import Opens, push_request
from bill_reminders.delivery.sender import Outgoing
from bill_reminders.delivery.worker import SenderSettings, Worker
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.journal import Entrance
from bill_reminders.messages.push import push
from bill_reminders.storage.journal import through

logger = Logger()
settings = environment.read(SenderSettings)
sns = providers.client("sns")


def send(outgoing: Outgoing) -> str:
    text = push(
        outgoing.user,
        outgoing.notices,
        today=outgoing.today,
        sender=settings.sender,
        first=outgoing.first,
        part=outgoing.part,
    )
    bills = {notice.bill.bill_id for notice in outgoing.notices}
    request = push_request(
        outgoing.address,
        text.title,
        text.body,
        expires_in=outgoing.expires_in,
        opens=Opens(
            url=text.link or outgoing.link,
            page=outgoing.link if text.link else None,
            thread=bills.pop() if len(bills) == 1 else "bills",
            badge=len(outgoing.notices),
        ),
    )
    return providers.send_once(sns.publish, **request)


worker = Worker(Channel.PUSH, settings, send, provider=sns)


@logger.inject_lambda_context
@through(Entrance.DELIVERY)
def handler(event: dict[str, Any], context: LambdaContext) -> BatchAnswer:
    return worker.work(event, context)


ready()

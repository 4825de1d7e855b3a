"""read_replies: an SMS comes in, what it asks for is done and answered."""

from bill_reminders.cold_start import ready

from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import batches, clock, environment
from bill_reminders.batches import BatchAnswer, Message
from bill_reminders.delivery import providers
from bill_reminders.delivery.origins import DeployedOrigins
from bill_reminders.logs import where
from bill_reminders.messages.notices import Sender
from bill_reminders.replies import conversation, inbound
from bill_reminders.replies.conversation import Desk
from bill_reminders.replies.inbound import Unreadable
from bill_reminders.storage import binding


@dataclass(frozen=True, slots=True)
class RepliesConfig:
    schedules_table: str
    users_table: str
    bills_table: str
    ledger_table: str
    addresses_table: str
    conversations_table: str
    limits_table: str
    address_key_arn: str
    sms_origins_parameter: str
    sender_name: str
    unsubscribe_mailbox: str


logger = Logger()
config = environment.read(RepliesConfig)
binding.bind(config)
origins = DeployedOrigins(providers.client("ssm"), config.sms_origins_parameter)


def take(message: Message) -> None:
    try:
        desk = Desk(
            Sender(config.sender_name, config.unsubscribe_mailbox),
            origins.current,
            config.sms_origins_parameter,
        )
        reply = inbound.parse(message.body, clock_offset=clock.offset())
        conversation.take(reply, desk, now=clock.now())
    except Unreadable as error:
        logger.error("not a reply", reason=str(error))
        raise
    except Exception as error:
        logger.error("reply failed", error=type(error).__name__, where=where(error))
        raise


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> BatchAnswer:
    origins.refresh()  # once a batch
    return batches.work(event, take)


ready()

"""read_replies: an SMS comes in, what it asks for is done and answered; STOP before all else."""

from bill_reminders.cold_start import ready

from datetime import timedelta
from typing import Any, NamedTuple

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import batches, clock, environment, metrics
from bill_reminders.batches import BatchAnswer, Later, Message
from bill_reminders.channels import providers
from bill_reminders.channels.sms.parameters import SmsParameters
from bill_reminders.channels.sms.sender import DirectSms
from bill_reminders.channels.sms.sender_ids import DeployedSenderIds
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.journal import Entrance
from bill_reminders.domain.replies import Intent
from bill_reminders.logs import where
from bill_reminders.messages.notices import Sender
from bill_reminders.replies import conversation, inbound
from bill_reminders.replies.conversation import Outbound, StillQuiet
from bill_reminders.replies.inbound import UnreadableReply
from bill_reminders.replies.words import understand
from bill_reminders.storage import binding
from bill_reminders.storage.journal import through
from bill_reminders.trouble import may_pass, name_of


class RepliesConfig(NamedTuple):
    schedules_table: str
    users_table: str
    bills_table: str
    ledger_table: str
    journal_table: str
    addresses_table: str
    conversations_table: str
    limits_table: str
    address_key_arn: str
    sender_name: str
    unsubscribe_mailbox: str
    queue_url: str
    later_seconds: int


logger = Logger()
with environment.all_at_once():
    config = environment.read(RepliesConfig)
    parameters = environment.read(SmsParameters)
binding.bind(config)
later = Later(config.queue_url, config.later_seconds)
sender_ids = DeployedSenderIds(providers.client("ssm"), parameters.sms_origins_parameter)
senders = {Channel.SMS: DirectSms(parameters)}


def take(message: Message) -> None:
    try:
        outbound = Outbound(
            Sender(config.sender_name, config.unsubscribe_mailbox),
            sender_ids,
            senders,
        )
        reply = inbound.parse(message.body, clock_offset=clock.offset())
        conversation.take(reply, outbound, now=clock.now())
    except UnreadableReply as error:
        logger.error("not a reply", reason=str(error))
        raise
    except StillQuiet:
        logger.info("quiet hours, asked about later")
        raise
    except Exception as error:
        logger.error(
            "reply failed",
            error=name_of(error),
            where=where(error),
            may_pass=may_pass(error),
            **metrics.signal("Trouble", when=may_pass(error)),
        )
        raise


def other_than_stop(record: dict[str, Any]) -> bool:
    """Sorts a batch: a STOP must not wait for what takes long, or ends the function."""
    try:
        text = inbound.parse(record["body"], clock_offset=timedelta()).text
    except UnreadableReply:  # told of in its turn
        return True
    return understand(text).intent is not Intent.STOP


@logger.inject_lambda_context
@through(Entrance.REPLY)
def handler(event: dict[str, Any], context: LambdaContext) -> BatchAnswer:
    sender_ids.refresh()  # once a batch
    stops_first = {"Records": sorted(event["Records"], key=other_than_stop)}
    return batches.work(stops_first, take, later)


ready()

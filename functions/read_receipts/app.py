"""read_receipts: a provider says what became of a message, the ledger takes note.

Events of the SMS delivery log come straight from CloudWatch and are put on the queue, so that each
is worked, retried and kept by itself like all other receipts.
"""

from bill_reminders.cold_start import ready

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import batched
from typing import Any, NamedTuple

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import aws, batches, clock, environment
from bill_reminders.batches import BatchAnswer, Later, Message
from bill_reminders.channels import registry
from bill_reminders.channels.receipts import UnreadableReceipt
from bill_reminders.domain.errors import MayPass
from bill_reminders.domain.journal import Entrance
from bill_reminders.logs import where
from bill_reminders.receipts import handling, inbound
from bill_reminders.receipts.handling import TooEarly
from bill_reminders.receipts.inbound import PlainText
from bill_reminders.storage import binding
from bill_reminders.storage.journal import through
from bill_reminders.trouble import may_pass, name_of


class ReceiptsConfig(NamedTuple):
    schedules_table: str
    users_table: str
    bills_table: str
    ledger_table: str
    journal_table: str
    addresses_table: str
    limits_table: str
    address_key_arn: str
    receipts_queue_url: str
    later_seconds: int


class EventsNotQueued(MayPass):
    """The queue took only a part of the events: CloudWatch's next try brings all of them again."""


PATIENCE = 3
"""How often a receipt of a message that the ledger does not know comes back before it is decided by
its address. By then a claim that was never marked has become unknown."""

logger = Logger()
with environment.all_at_once():
    config = environment.read(ReceiptsConfig)
    topics = registry.topics()
binding.bind(config)
sqs = aws.client("sqs")
later = Later(config.receipts_queue_url, config.later_seconds)


@dataclass(slots=True)
class Totals:
    """What a batch came to; `faults` are those of the account, by channel and reason."""

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)


def take(message: Message, totals: Totals) -> None:
    try:
        forgotten = inbound.forgotten(message.body)
        if forgotten is not None:
            enqueue(inbound.log_events(forgotten))
            return
        receipt = inbound.parse(message.body, topics)
        if receipt is None:
            return
        done = handling.take(
            replace(receipt, at=receipt.at + clock.offset()),
            may_wait=message.receives < PATIENCE,
            now=clock.now(),
        )
        totals.outcomes[done.outcome.value] += 1
        if done.account_fault is not None:
            totals.faults[receipt.channel.value, done.account_fault] += 1
    except PlainText as text:
        logger.info("a text that is no receipt, acknowledged", why=str(text))
    except TooEarly:
        totals.outcomes["too_early"] += 1
        raise
    except UnreadableReceipt as error:
        logger.error("not a receipt", reason=str(error))
        raise
    except Exception as error:
        logger.error(
            "receipt failed",
            error=name_of(error),
            where=where(error),
            may_pass=may_pass(error),
        )
        raise


def enqueue(bodies: list[str]) -> None:
    for batch in batched(bodies, 10, strict=False):
        refused = send(send(batch))  # what a busy queue refuses it often takes the next moment
        if refused:
            raise EventsNotQueued(f"{len(refused)} events of the log were refused by the queue")


def send(bodies: Sequence[str]) -> Sequence[str]:
    """Put up to ten on the queue; those that it refused."""
    if not bodies:
        return ()
    answer = sqs.send_message_batch(
        QueueUrl=config.receipts_queue_url,
        Entries=[{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)],
    )
    return [bodies[int(each["Id"])] for each in answer.get("Failed", ())]


@logger.inject_lambda_context
@through(Entrance.RECEIPT)
def handler(event: dict[str, Any], context: LambdaContext) -> BatchAnswer | None:
    if "awslogs" in event:
        enqueue(inbound.log_events(event))
        return None
    totals = Totals()
    answer = batches.work(event, lambda message: take(message, totals), later)
    for (channel, reason), count in totals.faults.items():
        # an alarm waits for these words
        logger.error(
            "account at fault, reminders wait", channel=channel, reason=reason, receipts=count
        )
    logger.info("receipts read", outcomes=totals.outcomes)
    return answer


ready()

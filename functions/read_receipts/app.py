"""read_receipts: a provider says what became of a message, the ledger takes note.

Events of the SMS delivery log come straight from CloudWatch and are put on the queue, so that each
is worked, retried and kept by itself like all other receipts.
"""

from bill_reminders.cold_start import ready

from collections import Counter
from dataclasses import dataclass, replace
from itertools import batched
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import aws, batches, clock, environment
from bill_reminders.batches import BatchAnswer, Message
from bill_reminders.logs import where
from bill_reminders.receipts import desk, inbound
from bill_reminders.receipts.desk import TooEarly
from bill_reminders.receipts.inbound import Unreadable
from bill_reminders.storage import binding


@dataclass(frozen=True, slots=True)
class ReceiptsConfig:
    schedules_table: str
    users_table: str
    bills_table: str
    ledger_table: str
    addresses_table: str
    address_key_arn: str
    receipts_queue_url: str


class NotQueued(RuntimeError):
    """The queue took only a part of the events: CloudWatch's next try brings all of them again."""


PATIENCE = 3
"""How often a receipt of a message that the ledger does not know comes back before it is decided by
its address. By then a claim that was never marked has become unknown."""

logger = Logger()
config = environment.read(ReceiptsConfig)
binding.bind(config)
sqs = aws.client("sqs")


def take(message: Message, outcomes: Counter[str]) -> None:
    try:
        forgotten = inbound.forgotten(message.body)
        if forgotten is not None:
            enqueue(inbound.log_events(forgotten))
            return
        receipt = inbound.parse(message.body)
        if receipt is None:
            return
        outcome = desk.take(
            replace(receipt, at=receipt.at + clock.offset()),
            may_wait=message.receives < PATIENCE,
            now=clock.now(),
        )
        outcomes[outcome.value] += 1
    except TooEarly:
        outcomes["too_early"] += 1
        raise
    except Unreadable as error:
        logger.error("not a receipt", reason=str(error))
        raise
    except Exception as error:
        logger.error("receipt failed", error=type(error).__name__, where=where(error))
        raise


def enqueue(bodies: list[str]) -> None:
    for batch in batched(bodies, 10, strict=False):
        answer = sqs.send_message_batch(
            QueueUrl=config.receipts_queue_url,
            Entries=[{"Id": str(n), "MessageBody": body} for n, body in enumerate(batch)],
        )
        if answer.get("Failed"):
            raise NotQueued(f"{len(answer['Failed'])} events of the log were refused by the queue")


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> BatchAnswer | None:
    if "awslogs" in event:
        enqueue(inbound.log_events(event))
        return None
    outcomes: Counter[str] = Counter()
    answer = batches.work(event, lambda message: take(message, outcomes))
    logger.info("receipts read", outcomes=outcomes)
    return answer


ready()

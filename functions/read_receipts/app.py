"""read_receipts: a provider says what became of a message, the ledger takes note.

Events of the SMS delivery log come straight from CloudWatch and are put on the queue, so that each
is worked, retried and kept by itself like all other receipts.
"""

from bill_reminders.cold_start import ready

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import batched
from types import MappingProxyType
from typing import Any, NamedTuple

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import aws, batches, clock, environment, metrics
from bill_reminders.batches import BatchAnswer, Later, Message
from bill_reminders.channels import registry
from bill_reminders.channels.receipts import UnreadableReceipt
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import MayPass
from bill_reminders.domain.journal import Entrance
from bill_reminders.domain.ledger import NOT_ARRIVED, State
from bill_reminders.logs import where
from bill_reminders.receipts import handling, inbound
from bill_reminders.receipts.handling import Effect, TooEarly
from bill_reminders.receipts.inbound import PlainText
from bill_reminders.storage import binding, channels
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

COUNTED_AS: Mapping[State | None, str] = MappingProxyType(
    {State.DELIVERED: "Delivered", State.WAITING: "Waiting", **dict.fromkeys(NOT_ARRIVED, "Failed")}
)
"""A complaint is about a message that is counted already."""

logger = Logger()
with environment.all_at_once():
    config = environment.read(ReceiptsConfig)
    topics = registry.topics()
binding.bind(config)
sqs = aws.client("sqs")
heard: dict[Channel, datetime] = {}
later = Later(config.receipts_queue_url, config.later_seconds)


@dataclass(slots=True)
class Totals:
    """What a batch came to; `faults` are those of the account, by channel and reason, `counted` is
    what messages became, by metrics' names."""

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)
    counted: dict[Channel, Counter[str]] = field(default_factory=dict)


def take(message: Message, totals: Totals) -> None:
    try:
        forgotten = inbound.forgotten(message.body)
        if forgotten is not None:
            enqueue(inbound.log_events(forgotten))
            return
        receipt = inbound.parse(message.body, topics)
        if receipt is None:
            return
        now = clock.now()
        done = handling.take(
            replace(receipt, at=receipt.at + clock.offset()),
            may_wait=message.receives < PATIENCE,
            now=now,
        )
        totals.outcomes[done.outcome.value] += 1
        if done.account_fault is not None:
            totals.faults[receipt.channel.value, done.account_fault] += 1
        if done.became in COUNTED_AS:
            counted = totals.counted.setdefault(receipt.channel, Counter())
            counted[COUNTED_AS[done.became]] += 1
        if done.outcome is not Effect.FOREIGN:
            hear(receipt.channel, now)
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
            **metrics.signal("Trouble", when=may_pass(error)),
        )
        raise


def hear(channel: Channel, now: datetime) -> None:
    """Let it be known now and then that receipts come, where one comes for every message. What
    cannot be told is told by the next."""
    if not (channel.bears_our_tag or registry.receipt(channel).FINDS_UNMARKED):
        return
    if channel in heard and now < heard[channel] + channels.RECEIPTS_TOLD_EVERY:
        return
    with suppress(Exception):
        channels.receipt_came(channel, now)
        heard[channel] = now


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
        logger.error(
            "account at fault, reminders wait",
            channel=channel,
            reason=reason,
            receipts=count,
            **metrics.signal("AccountFaults"),
        )
    for of_channel, counted in totals.counted.items():
        logger.info("messages settled", **metrics.of(of_channel, counted))
    logger.info("receipts read", outcomes=totals.outcomes)
    return answer


ready()

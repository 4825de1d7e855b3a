"""reconcile: every minute, find out what became of messages that nobody marked, and hand over what
is to be told of channels that died. Now and then look for what nobody else tells of."""

from bill_reminders.cold_start import ready

from functools import cache
from typing import Any, NamedTuple

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import aws, clock, environment
from bill_reminders.delivery.lookout import Lookout
from bill_reminders.delivery.sweep import sweep
from bill_reminders.domain.enums import Channel
from bill_reminders.jobs.telling_message import of_dead_channel
from bill_reminders.storage import tables


class Settings(NamedTuple):
    schedules_table: str
    users_table: str
    bills_table: str
    ledger_table: str
    jobs_queue_url: str
    dead_letters: str
    resend_unknown: str = ""

    @property
    def resend(self) -> frozenset[Channel]:
        """The channels on which a duplicate is better than a miss."""
        return frozenset(Channel(name) for name in self.resend_unknown.split(",") if name)

    @property
    def queues(self) -> dict[str, str]:
        """The URLs of queues with dead letters, by the signal of each."""
        return dict(each.split("=", 1) for each in self.dead_letters.split())


RESERVE_MILLISECONDS = 8_000
"""What settling one message may take with a table that is busy."""

logger = Logger()
settings = environment.read(Settings)
resend = settings.resend
tables.bind(
    schedules=settings.schedules_table,
    users=settings.users_table,
    bills=settings.bills_table,
    ledger=settings.ledger_table,
)


@cache
def sqs() -> Any:
    """Made when it is first needed: channels seldom die."""
    return aws.client("sqs", aws.PROMPT)


def hand_over(user_id: str, key: str) -> None:
    sqs().send_message(QueueUrl=settings.jobs_queue_url, MessageBody=of_dead_channel(user_id, key))


lookout = Lookout(settings.queues, sqs)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    now = clock.now()
    try:
        outcomes = sweep(
            now,
            resend=resend,
            has_time=lambda: context.get_remaining_time_in_millis() > RESERVE_MILLISECONDS,
            hand_over=hand_over,
        )
    finally:
        lookout.look(now)
    logger.info("sweep", messages={outcome.value: count for outcome, count in outcomes.items()})


ready()

"""run_jobs: writes the exports and finishes the erasures that the API has promised, and tells users
what happened to their account or to a channel of theirs."""

from bill_reminders.cold_start import ready

from typing import Any, NamedTuple

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import aws, batches, clock, environment, metrics
from bill_reminders.batches import BatchAnswer, Later, Message
from bill_reminders.channels import registry
from bill_reminders.channels.sends import Sends
from bill_reminders.jobs import dead_channels, runner, telling
from bill_reminders.jobs.message import job_of
from bill_reminders.jobs.runner import Bucket
from bill_reminders.jobs.sign_ins import UserPool
from bill_reminders.jobs.telling import Outbound, Waits
from bill_reminders.jobs.telling_message import dead_channel_of, handover_of
from bill_reminders.logs import where
from bill_reminders.messages.notices import Sender
from bill_reminders.storage import binding
from bill_reminders.trouble import may_pass, name_of


class JobsConfig(NamedTuple):
    schedules_table: str
    users_table: str
    bills_table: str
    ledger_table: str
    limits_table: str
    journal_table: str
    identities_table: str
    addresses_table: str
    codes_table: str
    links_table: str
    conversations_table: str
    answers_table: str
    feedback_table: str
    jobs_table: str
    exports_bucket: str
    queue_url: str
    later_seconds: int
    address_key_arn: str
    sender_name: str
    from_address: str
    page_origin: str
    link_origin: str = ""
    user_pool_id: str = ""

    @property
    def outbound(self) -> Outbound:
        return Outbound(
            sender=Sender(self.sender_name, self.from_address),
            senders=senders,
            page_origin=self.page_origin,
            sms_origin=self.link_origin,
        )


logger = Logger()
with environment.all_at_once():
    config = environment.read(JobsConfig)
    parameters = registry.parameters(Sends.OTHERS)
senders = registry.DirectSenders(parameters)
binding.bind(config)
later = Later(config.queue_url, config.later_seconds)
bucket = Bucket(aws.client("s3"), config.exports_bucket)
pool = UserPool(config.user_pool_id)


def run(message: Message) -> None:
    try:
        handover = handover_of(message.body)
        if handover is not None:
            telling.tell(*handover, config.outbound, now=clock.now())
            return
        died = dead_channel_of(message.body)
        if died is not None:
            dead_channels.tell(*died, config.outbound, now=clock.now())
            return
        job = job_of(message.body)
        if job is None:
            logger.info("job is gone, acknowledged")
            return
        runner.run(job, bucket, pool, now=clock.now())
        logger.info("job done", kind=job.kind.value, user_id=job.user_id)
    except Waits:
        raise  # until quiet hours are over: it comes back
    except Exception as error:
        logger.error(
            "job failed",
            error=name_of(error),
            where=where(error),
            may_pass=may_pass(error),
            **metrics.signal("Trouble", when=may_pass(error)),
        )
        raise


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> BatchAnswer:
    return batches.work(event, run, later)


ready()

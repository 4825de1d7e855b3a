"""run_jobs: writes the exports and finishes the erasures that the API has promised."""

from bill_reminders.cold_start import ready

import json
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import aws, batches, clock, environment
from bill_reminders.batches import BatchAnswer, Message
from bill_reminders.jobs import runner
from bill_reminders.jobs.runner import Bucket
from bill_reminders.logs import where
from bill_reminders.storage import binding, jobs


@dataclass(frozen=True, slots=True)
class JobsConfig:
    schedules_table: str
    users_table: str
    bills_table: str
    ledger_table: str
    identities_table: str
    addresses_table: str
    codes_table: str
    links_table: str
    conversations_table: str
    answers_table: str
    feedback_table: str
    jobs_table: str
    exports_bucket: str
    address_key_arn: str


logger = Logger()
config = environment.read(JobsConfig)
binding.bind(config)
bucket = Bucket(aws.client("s3"), config.exports_bucket)


def run(message: Message) -> None:
    try:
        named = json.loads(message.body)
        job = jobs.find(named["identity"], named["job_id"])
        if job is None:  # its week is over, or an erasure took it along
            logger.info("job is gone, acknowledged")
            return
        runner.run(job, bucket, now=clock.now())
        logger.info("job done", kind=job.kind.value, user_id=job.user_id)
    except Exception as error:
        logger.error("job failed", error=type(error).__name__, where=where(error))
        raise


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> BatchAnswer:
    return batches.work(event, run)


ready()

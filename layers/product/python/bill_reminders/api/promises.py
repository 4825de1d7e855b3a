"""What the API promises and a job does later; and joining, which promises to clear up."""

import json
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from bill_reminders import aws
from bill_reminders.api.callers import caller
from bill_reminders.api.config import config
from bill_reminders.api.idempotency import derived_id
from bill_reminders.domain.terms import Channel
from bill_reminders.storage import accounts, identities, jobs
from bill_reminders.storage.jobs import Job, JobKind, JobState


def join(router: Router, imported_id: str, *, now: datetime) -> None:
    """Raises what identities.join raises."""
    identity = caller(router).identity
    own_id = identities.user_of(identity)
    if own_id is not None and own_id != imported_id:
        # Before it gives way: the job does nothing should it still be there.
        job = promise(router, JobKind.CLEARANCE, own_id, now=now)
        enqueue(router, job, delay=config(router).erasure_delay_seconds)
    identities.join(identity, imported_id, now=now)


def promise(router: Router, kind: JobKind, user_id: str, *, now: datetime) -> Job:
    """Note a job for an account, which each request makes once. It is to be enqueued next."""
    endpoints: tuple[str, ...] = ()
    if kind is not JobKind.EXPORT:
        push = accounts.read(user_id, now=now).user.addresses.get(Channel.PUSH)
        endpoints = () if push is None else (push.value,)
    request = derived_id(router)
    job = Job(
        identity=caller(router).identity,
        job_id=sha256(f"{request}\0{user_id}".encode()).hexdigest()[:24],
        kind=kind,
        user_id=user_id,
        state=JobState.RUNNING,
        created_at=now,
        endpoints=endpoints,
        request=request,
    )
    jobs.promise(job)
    return job


def enqueue(router: Router, job: Job, *, delay: int) -> None:
    _sqs().send_message(
        QueueUrl=config(router).jobs_queue_url,
        DelaySeconds=delay,
        MessageBody=json.dumps({"identity": job.identity, "job_id": job.job_id}),
    )


@cache
def _sqs() -> Any:
    return aws.client("sqs")

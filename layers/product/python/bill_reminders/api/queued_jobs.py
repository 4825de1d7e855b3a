"""What the API promises and a job does later; and joining, which promises to clear up."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from bill_reminders import aws
from bill_reminders.api import audit
from bill_reminders.api.callers import caller
from bill_reminders.api.config import config
from bill_reminders.api.idempotency import derived_id
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.handovers import HandoverKind
from bill_reminders.domain.journal import Event
from bill_reminders.domain.people import Address
from bill_reminders.jobs import telling_message as telling
from bill_reminders.jobs.message import body_of
from bill_reminders.storage import accounts, contacts, handovers, identities, jobs
from bill_reminders.storage.jobs import Job, JobKind, JobState


def join(
    router: Router, imported_id: str, *, now: datetime, channel: Channel | None = None
) -> None:
    """Join an imported account by its contact on `channel`, None for a link code; its other
    contacts will be told. What the caller confirmed before comes along. Raises what identities.join
    raises."""
    identity = caller(router).identity
    own_id = identities.user_of(identity)
    brought: Mapping[Channel, Address] = {}
    if own_id is not None and own_id != imported_id:
        brought = accounts.read(own_id, now=now).user.addresses
        # Before it gives way: the job does nothing should it still be there.
        job = promise(router, JobKind.CLEARANCE, own_id, now=now)
        enqueue(router, job, delay=config(router).erasure_delay_seconds)
    tell(router, imported_id, handovers.key_of(HandoverKind.JOINED, None))
    made_by = derived_id(router)
    if identities.join(identity, imported_id, made_by=made_by, now=now, channel=channel):
        audit.tell(Event.JOINED)
        contacts.bring(imported_id, brought, now=now)


def tell(router: Router, user_id: str, key: str) -> None:
    """Have the other contacts told of a handover, before it comes about: should it not, the job
    finds none and does nothing."""
    _sqs().send_message(
        QueueUrl=config(router).jobs_queue_url,
        DelaySeconds=config(router).erasure_delay_seconds,
        MessageBody=telling.body_of(user_id, key),
    )


def joined_from(router: Router) -> str | None:
    """The caller's account that gave way when this very request joined another one; None when it
    did not."""
    request = derived_id(router)
    promised = jobs.of(caller(router).identity)
    return next(
        (j.user_id for j in promised if j.kind is JobKind.CLEARANCE and j.request == request), None
    )


def promise(router: Router, kind: JobKind, user_id: str, *, now: datetime) -> Job:
    """Note a job for an account, which each request makes once. It is to be enqueued next."""
    endpoints: tuple[str, ...] = ()
    if kind is JobKind.EXPORT:
        life = accounts.life_of(user_id)
    else:
        account = accounts.read(user_id, now=now)
        life, push = account.life, account.user.addresses.get(Channel.PUSH)
        endpoints = () if push is None else (push.value,)
    request = derived_id(router)
    job = Job(
        identity=caller(router).identity,
        job_id=_job_id(request, user_id, life),
        kind=kind,
        user_id=user_id,
        state=JobState.RUNNING,
        created_at=now,
        endpoints=endpoints,
        request=request,
        life=life,
    )
    if jobs.promise(job) and kind in jobs.NOTED:
        audit.tell(jobs.NOTED[kind])
    return job


def _job_id(request: str, user_id: str, life: str | None) -> str:
    """A key is free again after a day: with it, a later life of the same account is another job."""
    named = (request, user_id) if life is None else (request, user_id, life)
    return sha256("\0".join(named).encode()).hexdigest()[:24]


def enqueue(router: Router, job: Job, *, delay: int) -> None:
    _sqs().send_message(
        QueueUrl=config(router).jobs_queue_url,
        DelaySeconds=delay,
        MessageBody=body_of(job),
    )


@cache
def _sqs() -> Any:
    return aws.client("sqs", aws.PROMPT)

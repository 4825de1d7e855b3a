"""Runs one job. Any may be repeated, for a queue may deliver twice: what is done is done, and an
erasure that died half-way finds less to do."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bill_reminders.channels.push import endpoints
from bill_reminders.domain.enums import Channel
from bill_reminders.jobs.export import export
from bill_reminders.jobs.sign_ins import UserPool
from bill_reminders.storage import accounts, addresses, erasure, jobs, leftovers
from bill_reminders.storage.jobs import Job, JobKind, JobState, SignIn


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where exports lie."""

    s3: Any
    name: str

    def put(self, key: str, body: bytes) -> None:
        self.s3.put_object(
            Bucket=self.name,
            Key=key,
            Body=body,
            ContentType="application/json; charset=utf-8",
            ContentDisposition='attachment; filename="bill-reminders.json"',
        )

    def delete(self, key: str) -> None:
        self.s3.delete_object(Bucket=self.name, Key=key)


def run(job: Job, bucket: Bucket, pool: UserPool, *, now: datetime) -> None:
    """Do what `job` promised and note that it is done."""
    if job.state is JobState.DONE:
        return
    sign_in: SignIn | None = None
    match job.kind:
        case JobKind.EXPORT:
            bucket.put(job.object_key, export(job.user_id, life=job.life, now=now))
        case JobKind.ERASURE:
            erasure.begin(job.user_id, job.life)  # if the request died before it could
            leftovers.clear(job.user_id)
            _forget_devices(job)
            sign_in = _forget_person(job, bucket, pool)
        case JobKind.CLEARANCE if not accounts.lives(job.user_id, job.life):
            leftovers.clear(job.user_id)
            _forget_devices(job)
    jobs.finish(job, now=now, sign_in=sign_in)


def _forget_devices(job: Job) -> None:
    for endpoint in job.endpoints:
        owner = addresses.owner_of(Channel.PUSH, endpoint)
        if owner is None or owner.user_id is None:  # else somebody has registered it since
            endpoints.delete_endpoint(endpoint)


def _forget_person(job: Job, bucket: Bucket, pool: UserPool) -> SignIn:
    """What is kept by who signs in. The sign-in itself goes last: until all else is gone, who asked
    can sign in and read how far it is."""
    if job.person is None:
        return SignIn.NONE
    erasure.forget_answers(job.person, until=job.created_at)
    _forget_exports(job, job.person, bucket)
    return pool.erase(job.person)


def _forget_exports(job: Job, person: str, bucket: Bucket) -> None:
    """All that went before, of accounts that gave way to this one, too."""
    for other in jobs.of(person):
        if other.kind is JobKind.EXPORT and other.created_at <= job.created_at:
            bucket.delete(other.object_key)
            jobs.forget(other)

"""Runs one job. Any may be repeated: an export is written anew, an erasure finds less to do."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bill_reminders.delivery import endpoints
from bill_reminders.domain.terms import Channel
from bill_reminders.jobs.export import export
from bill_reminders.storage import accounts, addresses, erasure, jobs
from bill_reminders.storage.jobs import Job, JobKind


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


def run(job: Job, bucket: Bucket, *, now: datetime) -> None:
    """Do what `job` promised and note that it is done."""
    match job.kind:
        case JobKind.EXPORT:
            bucket.put(job.object_key, export(job.user_id, now=now))
        case JobKind.ERASURE:
            erasure.begin(job.user_id)  # if the request died before it could
            erasure.finish(job.user_id)
            erasure.forget_answers(job.identity)
            _forget_devices(job)
            _forget_exports(job, bucket)
        case JobKind.CLEARANCE if not accounts.exists(job.user_id):
            erasure.finish(job.user_id)
            _forget_devices(job)
    jobs.finish(job, now=now)


def _forget_devices(job: Job) -> None:
    for endpoint in job.endpoints:
        owner = addresses.owner_of(Channel.PUSH, endpoint)
        if owner is None or owner.user_id is None:  # else somebody has registered it since
            endpoints.delete_endpoint(endpoint)


def _forget_exports(job: Job, bucket: Bucket) -> None:
    """All that went before, of accounts that gave way to this one, too."""
    for other in jobs.of(job.identity):
        if other.kind is JobKind.EXPORT and other.created_at <= job.created_at:
            bucket.delete(other.object_key)
            jobs.forget(other)

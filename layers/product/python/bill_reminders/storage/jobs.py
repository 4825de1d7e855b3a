"""Jobs: exports and erasures that outlive the request that asked for them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from pynamodb.exceptions import PutError, UpdateError
from pynamodb.expressions.update import Action

from bill_reminders.storage.access_tables import JobItem
from bill_reminders.storage.transactions import condition_failed

KEPT = timedelta(days=7)


class JobKind(StrEnum):
    EXPORT = "export"
    ERASURE = "erasure"
    CLEARANCE = "clearance"
    """Of what an own account left that gave way to an imported one; nobody asks for its status."""


class JobState(StrEnum):
    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Job:
    """What was promised to `identity`, by which `request` (see answers.Request.derived_id).
    `endpoints` are the SNS endpoints to delete: an erasure finds no user any more who could name
    them."""

    identity: str
    job_id: str
    kind: JobKind
    user_id: str
    state: JobState
    created_at: datetime
    done_at: datetime | None = None
    endpoints: tuple[str, ...] = field(default=(), repr=False)
    request: str | None = None

    @property
    def object_key(self) -> str:
        """Where an export lies in the bucket."""
        return f"{self.job_id}.json"


def promise(job: Job) -> bool:
    """Note a job; False when it was noted before."""
    item = JobItem(
        job.identity,
        job.job_id,
        kind=job.kind.value,
        user_id=job.user_id,
        state=job.state.value,
        request=job.request,
        created_at=job.created_at,
        endpoints=list(job.endpoints) or None,
        expires_at=int((job.created_at + KEPT).timestamp()),
    )
    try:
        item.save(condition=JobItem.identity.does_not_exist())
    except PutError as error:
        if not condition_failed(error):
            raise
        return False
    return True


def find(identity: str, job_id: str) -> Job | None:
    try:
        item = JobItem.get(identity, job_id, consistent_read=True)
    except JobItem.DoesNotExist:
        return None
    return _job(item)


def of(identity: str) -> Iterator[Job]:
    """All jobs that an identity was promised and that are still known."""
    return map(_job, JobItem.query(identity, consistent_read=True))


def forget(job: Job) -> None:
    JobItem(job.identity, job.job_id).delete()


def _job(item: JobItem) -> Job:
    return Job(
        identity=item.identity,
        job_id=item.job_id,
        kind=JobKind(item.kind),
        user_id=item.user_id,
        state=JobState(item.state),
        created_at=item.created_at,
        done_at=item.done_at,
        endpoints=tuple(item.endpoints or ()),
        request=item.request,
    )


def finish(job: Job, *, now: datetime) -> None:
    """Note that a job is done; what an erasure had to remember is forgotten with it."""
    actions: list[Action] = [
        JobItem.state.set(JobState.DONE.value),
        JobItem.done_at.set(now),
        JobItem.endpoints.remove(),
    ]
    try:
        JobItem(job.identity, job.job_id).update(actions, condition=JobItem.identity.exists())
    except UpdateError as error:
        if not condition_failed(error):
            raise

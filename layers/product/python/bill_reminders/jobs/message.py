"""The queue's message of a job. An erasure must come to its end also when its record is gone, so
the message says all that it needs."""

import json
from datetime import UTC, datetime

from bill_reminders.storage import jobs
from bill_reminders.storage.attributes import INSTANT_FORMAT
from bill_reminders.storage.jobs import Job, JobKind, JobState


def body_of(job: Job) -> str:
    return json.dumps(
        {
            "identity": job.identity,
            "job_id": job.job_id,
            "kind": job.kind.value,
            "user_id": job.user_id,
            "life": job.life,
            "signed_in_as": job.signed_in_as,
            "created_at": job.created_at.astimezone(UTC).strftime(INSTANT_FORMAT),
            "endpoints": list(job.endpoints),
        }
    )


def job_of(body: str) -> Job | None:
    """The job as its record has it, else as the message tells it. None for an export without a
    record, which an erasure took along or whose week is over, and for a message of an earlier
    version, which told nothing more. Raises for what is no message of a job."""
    told = json.loads(body)
    known = jobs.find(told["identity"], told["job_id"])
    if known is not None or "kind" not in told:
        return known
    kind = JobKind(told["kind"])
    return None if kind is JobKind.EXPORT else _told(told, kind)


def _told(told: dict[str, str], kind: JobKind) -> Job:
    return Job(
        identity=told["identity"],
        job_id=told["job_id"],
        kind=kind,
        user_id=told["user_id"],
        life=told["life"],
        state=JobState.RUNNING,
        created_at=datetime.strptime(told["created_at"], INSTANT_FORMAT).replace(tzinfo=UTC),
        endpoints=tuple(told["endpoints"]),
        signed_in_as=told.get("signed_in_as"),
    )

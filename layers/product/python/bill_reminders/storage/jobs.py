"""Jobs: exports and erasures that outlive the request that asked for them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from pynamodb.exceptions import PutError, UpdateError
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from bill_reminders.domain.journal import Event
from bill_reminders.storage import journal
from bill_reminders.storage.sign_in_tables import JobItem
from bill_reminders.storage.transactions import condition_failed

KEPT = timedelta(days=7)
NEW = JobItem.identity.does_not_exist()


_OPERATOR = "operator#"
"""Before the user's id, in place of an identity: nobody signs in as that."""


def of_operator(user_id: str) -> str:
    """What an erasure that an operator asked for is promised to."""
    return f"{_OPERATOR}{user_id}"


class JobKind(StrEnum):
    EXPORT = "export"
    ERASURE = "erasure"
    CLEARANCE = "clearance"
    """Of what an own account left that gave way to an imported one; nobody asks for its status."""


class JobState(StrEnum):
    RUNNING = "running"
    DONE = "done"


class SignIn(StrEnum):
    """What became of the sign-in of an account that was erased."""

    DELETED = "deleted"
    KEPT = "kept"
    """A new account has been made with it since."""
    AT_ISSUER = "at_issuer"
    """Its issuer's to delete."""
    NONE = "none"
    """Nobody ever signed in to the account."""


@dataclass(frozen=True, slots=True)
class Job:
    """What was promised to `identity`, by which `request` (see idempotency.Request.derived_id). It
    is about that `life` of the account alone, see accounts.life_of. `sign_in` is what became of the
    sign-in, when an erasure is done; `signed_in_as` is whose it was, where an operator asked.
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
    life: str | None = None
    sign_in: SignIn | None = None
    signed_in_as: str | None = None

    @property
    def person(self) -> str | None:
        """The identity that the account was signed in to as; None where nobody ever did."""
        return self.signed_in_as if self.identity.startswith(_OPERATOR) else self.identity

    @property
    def object_key(self) -> str:
        """Where an export lies in the bucket."""
        return f"{self.job_id}.json"


NOTED = {JobKind.EXPORT: Event.EXPORT, JobKind.ERASURE: Event.ERASURE}
"""What the journal calls a job that a user asked for."""


def promise(job: Job) -> bool:
    """Note a job, and in the user's journal that they asked for it; False when it was noted before.
    Raises transactions.Busy or Lost."""
    item = JobItem(
        job.identity,
        job.job_id,
        kind=job.kind.value,
        user_id=job.user_id,
        life=job.life,
        signed_in_as=job.signed_in_as,
        state=job.state.value,
        request=job.request,
        created_at=job.created_at,
        endpoints=list(job.endpoints) or None,
        expires_at=int((job.created_at + KEPT).timestamp()),
    )
    event = NOTED.get(job.kind)
    put = partial(_put, item)
    if event is not None and journal.note(job.user_id, event, now=job.created_at, writes=[put]):
        return True
    # noted before, or of an account that is gone by now
    try:
        item.save(condition=NEW)
    except PutError as error:
        if not condition_failed(error):
            raise
        return False
    return True


def _put(item: JobItem, transaction: TransactWrite) -> None:
    transaction.save(item, condition=NEW)


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
        life=item.life,
        sign_in=None if item.sign_in is None else SignIn(item.sign_in),
        signed_in_as=item.signed_in_as,
    )


def finish(job: Job, *, now: datetime, sign_in: SignIn | None = None) -> None:
    """Note that a job is done; what an erasure had to remember is forgotten with it."""
    actions: list[Action] = [
        JobItem.state.set(JobState.DONE.value),
        JobItem.done_at.set(now),
        JobItem.endpoints.remove(),
        JobItem.life.remove(),
        JobItem.signed_in_as.remove(),
    ]
    if sign_in is not None:
        actions.append(JobItem.sign_in.set(sign_in.value))
    try:
        JobItem(job.identity, job.job_id).update(actions, condition=JobItem.identity.exists())
    except UpdateError as error:
        if not condition_failed(error):
            raise

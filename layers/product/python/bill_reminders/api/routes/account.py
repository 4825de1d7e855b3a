"""The account: make one, join one, take everything away with you, erase everything."""

from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal
from uuid import uuid4

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body as BodyParam
from aws_lambda_powertools.event_handler.openapi.params import Path
from botocore.config import Config
from pydantic import Field

from bill_reminders import aws, clock
from bill_reminders.api import audit, queued_jobs
from bill_reminders.api.answering import ALWAYS, LOCATION, POSTED, WITH_BODY, answers, ok
from bill_reminders.api.callers import caller, me
from bill_reminders.api.config import config
from bill_reminders.api.fields import (
    Answer,
    Body,
    Instant,
    LanguageName,
    instant_or_none,
    instant_text,
)
from bill_reminders.api.idempotency import IdempotencyKey, derived_id, done_once
from bill_reminders.api.problems import Problem, fault, invalid, no_account, not_found, read
from bill_reminders.api.settings import ZoneName
from bill_reminders.domain.journal import Event
from bill_reminders.domain.local_time import DAY
from bill_reminders.domain.people import DEFAULT_PLAN, Language, User
from bill_reminders.files import users
from bill_reminders.storage import (
    accounts,
    erasure,
    handovers,
    identities,
    jobs,
    journal,
    limits,
    link_codes,
)
from bill_reminders.storage.jobs import Job, JobKind, JobState
from bill_reminders.storage.limits import HOUR, Limit
from bill_reminders.trouble import may_pass, name_of

router = Router()
logger = Logger(child=True)

DOWNLOAD_SECONDS = 300


class NewAccount(Body):
    """What an account cannot do without."""

    language: Annotated[
        LanguageName, Field(description="The language of messages.", examples=["en"])
    ]
    time_zone: Annotated[
        ZoneName,
        Field(
            description=(
                "The IANA time zone of the user's place, as the browser or phone knows it. All due "
                "dates and times of day are meant there."
            )
        ),
    ]


class AccountMade(Answer):
    """An account."""

    user_id: Annotated[
        str, Field(description="Its id, which never changes.", examples=["u3f2b9c0d"])
    ]


class LinkCode(Body):
    """A code that a biller handed out."""

    link_code: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9 -]{10,18}[A-Za-z0-9]$",
            description="Twelve letters and digits; case, spaces and hyphens do not matter.",
            examples=["K7PD-3MWX-Q94T"],
        ),
    ]


class Erasure(Body):
    """A wish that cannot be taken back."""

    confirm: Annotated[
        Literal["erase everything"],
        Field(description="These very words, so that nobody erases by accident."),
    ]


class JobStatus(Answer):
    """An export or an erasure."""

    job_id: Annotated[str, Field(description="Its id.", examples=["0123456789abcdef01234567"])]
    kind: Annotated[Literal["export", "erasure"], Field(description="What it does.")]
    state: Annotated[
        Literal["running", "done"],
        Field(description="An erasure takes about three minutes, an export seconds."),
    ]
    created_at: Annotated[Instant, Field(description="When it was asked for.")]
    done_at: Annotated[Instant | None, Field(description="When it was done; null while it runs.")]
    download_url: Annotated[
        str | None,
        Field(
            description=(
                "Where a finished export is fetched, as JSON, without a token; good for five "
                "minutes, then read the status again. The export itself is kept for a day."
            ),
            examples=["https://exports.example.com/abc.json"],
        ),
    ] = None
    sign_in: Annotated[
        Literal["deleted", "kept", "at_issuer", "none"] | None,
        Field(
            description=(
                "What became of the sign-in of an account that was erased: `deleted` from the user "
                "pool of this deployment; `at_issuer`: tokens come from another provider, and "
                "whoever runs that deletes the sign-in there; `kept`: a new account was made with "
                "it in the meantime; `none`: there was none. Null until an erasure is done, and "
                "for an export."
            ),
            examples=["deleted"],
        ),
    ] = None


JobId = Annotated[str, Path(pattern=r"^[0-9a-f]{24}$", description="The job's id.")]


@router.post(
    "/v1/account",
    status_code=201,
    middlewares=[done_once],
    tags=["First use"],
    operation_id="createAccount",
    summary="Create an account",
    description=(
        "Makes an account for the token's owner, with the default plan: 3 days before, 1 day "
        "before and on the due day, at 09:00, then once when 1 day overdue. Where whoever runs "
        "this has closed sign-up, GET /v1/setup says so, and imported accounts alone are joined."
    ),
    responses=answers(
        201,
        AccountMade,
        "The account is there.",
        "invalid-request",
        *WITH_BODY,
        *POSTED,
        "sign-up-closed",
        "conflict",
        "internal",
        "try-again",
        headers=LOCATION,
    ),
)
def create_account(
    body: Annotated[NewAccount, BodyParam(description="Language and zone.")], key: IdempotencyKey
) -> Response[AccountMade]:
    if not config(router).takes_new_users:
        raise Problem(
            "sign-up-closed",
            "new accounts are not taken here: join the one that your biller made, with its link "
            "code, at POST /v1/account/join",
        )
    user = User(
        user_id=f"u{uuid4().hex[:24]}",
        language=Language(body.language),
        zone=read(users.time_zone, body.time_zone, "time_zone"),
        plan=replace(DEFAULT_PLAN, channels=()),
        self_registered=True,
    )
    user_id = identities.register(
        user,
        caller(router).identity,
        made_by=derived_id(router),
        shards=config(router).shards_read,
        now=clock.now(),
    )
    return ok(AccountMade(user_id=user_id), 201, location="/v1/settings")


@router.post(
    "/v1/account/join",
    middlewares=[done_once],
    tags=["First use"],
    operation_id="joinAccount",
    summary="Join an imported account",
    description=(
        "Opens the account that a biller has made, with the link code that it handed out. The "
        "caller's own account, if there is one, must hold no bills and is given up. The contacts "
        "of the one that is joined are told, and may undo it for seven days. At most 10 tries a "
        "day."
    ),
    responses=answers(
        200,
        AccountMade,
        "The token opens that account from now on.",
        "invalid-request",
        *WITH_BODY,
        *POSTED,
        "conflict",
        "too-often",
        "internal",
        "try-again",
    ),
)
def join_account(
    body: Annotated[LinkCode, BodyParam(description="The code.")], key: IdempotencyKey
) -> Response[AccountMade]:
    now, identity = clock.now(), caller(router).identity
    limits.reserve(
        (
            Limit("joins/identity/day", identity, 10, DAY),
            Limit("joins/source/hour", caller(router).source, 60, HOUR),
        ),
        now=now,
    )
    user_id = link_codes.user_of(body.link_code, now=now)
    if user_id is None:  # used by an earlier try of this request?
        user_id = identities.joined_by(identity, derived_id(router))
    if user_id is None or not accounts.exists(user_id):
        _note_wrong_code(identity, now)
        remedy = "no such code, or used or expired: ask who gave it to you for a new one"
        raise invalid([fault("link_code", remedy)])
    queued_jobs.join(router, user_id, now=now)
    _use_up_code(user_id)
    return ok(AccountMade(user_id=user_id))


def _note_wrong_code(identity: str, now: datetime) -> None:
    """Whoever has no account yet has no journal; the alarm counts them all the same."""
    own_id = identities.user_of(identity)
    if own_id is not None:
        journal.note(own_id, Event.WRONG_CODE, now=now)
    audit.tell(Event.WRONG_CODE)


def _use_up_code(user_id: str) -> None:
    """The code has served. Should it stay for now it opens nothing: the account is joined."""
    try:
        link_codes.withdraw(user_id)
    except Exception as error:
        if not may_pass(error):
            raise
        logger.warning("link code stays until it expires", error=name_of(error))


@router.post(
    "/v1/account/exports",
    status_code=202,
    middlewares=[done_once],
    tags=["Account"],
    operation_id="exportAccount",
    summary="Export everything",
    description=(
        "Collects all that is kept about the user in one JSON file: settings, contacts, bills, "
        "payments, every reminder, all feedback, and what changed when. At most 5 a day. After an "
        "imported account was joined its other contacts may undo that for seven days: until then "
        "the answer is 409 and names the date."
    ),
    responses=answers(
        202,
        JobStatus,
        "It is being written; read its status.",
        *ALWAYS,
        *POSTED,
        "conflict",
        "too-often",
        headers=LOCATION,
    ),
)
def export_account(key: IdempotencyKey) -> Response[JobStatus]:
    user_id, now = me(router), clock.now()
    handovers.need_settled(user_id, now=now)
    limits.reserve((Limit("exports/day", user_id, 5, DAY),), now=now)
    job = queued_jobs.promise(router, JobKind.EXPORT, user_id, now=now)
    queued_jobs.enqueue(router, job, delay=0)
    return ok(_status(job), 202, location=f"/v1/account/jobs/{job.job_id}")


@router.post(
    "/v1/account/erasures",
    status_code=202,
    middlewares=[done_once],
    tags=["Account"],
    operation_id="eraseAccount",
    summary="Erase everything",
    description=(
        "Erases the account and all that is kept about the user, for good. From the answer on "
        "nothing goes out, and the token has no account; what is queued is dropped. What is left "
        "is deleted within minutes; the status can be read for a week, as long as a token lasts. "
        "A sign-in of this deployment's own user pool is deleted, too. Where tokens come from "
        "another provider, whoever runs that deletes the sign-in: `sign_in` in the status says "
        "which. A STOP that was said outlives it, as a hash, so that the address is left alone. "
        "Backups hold what was erased for up to 35 days more. After an imported account was "
        "joined its other contacts may undo that for seven days: until then the answer is 409 and "
        "names the date."
    ),
    responses=answers(
        202,
        JobStatus,
        "Nothing goes out any more; the rest is being erased.",
        *ALWAYS,
        *WITH_BODY,
        *POSTED,
        "conflict",
        headers=LOCATION,
    ),
)
def erase_account(
    body: Annotated[Erasure, BodyParam(description="The wish.")], key: IdempotencyKey
) -> Response[JobStatus]:
    identity, now = caller(router).identity, clock.now()
    user_id = identities.user_of(identity)
    if user_id is None:
        job = _promised_before(identity)
    else:
        handovers.need_settled(user_id, now=now)
        job = queued_jobs.promise(router, JobKind.ERASURE, user_id, now=now)
    # in this order: should this die in between, the job still comes and does it all
    queued_jobs.enqueue(router, job, delay=config(router).erasure_delay_seconds)
    erasure.begin(job.user_id, job.life)
    erasure.forget_answers(identity, until=job.created_at)
    return ok(_status(job), 202, location=f"/v1/account/jobs/{job.job_id}")


def _promised_before(identity: str) -> Job:
    """The job of this very request, whose first try took the account away. Raises a no-account
    problem when there is none."""
    request = derived_id(router)
    promised = (job for job in jobs.of(identity) if job.kind is JobKind.ERASURE)
    by_this = [job for job in promised if job.request == request]
    if not by_this:
        raise no_account()
    return max(by_this, key=lambda job: job.created_at)


@router.get(
    "/v1/account/jobs/<job_id>",
    tags=["Account"],
    operation_id="getJob",
    summary="Read the status of an export or erasure",
    description="Also after the account is erased.",
    responses=answers(
        200, JobStatus, "The status.", "invalid-request", "not-found", "internal", "try-again"
    ),
)
def get_job(job_id: JobId) -> Response[JobStatus]:
    job = jobs.find(caller(router).identity, job_id)
    if job is None or job.kind is JobKind.CLEARANCE:
        raise not_found("job")
    return ok(_status(job))


def _status(job: Job) -> JobStatus:
    url = None
    if job.kind is JobKind.EXPORT and job.state is JobState.DONE:
        url = _s3().generate_presigned_url(
            "get_object",
            Params={"Bucket": config(router).exports_bucket, "Key": job.object_key},
            ExpiresIn=DOWNLOAD_SECONDS,
        )
    return JobStatus(
        job_id=job.job_id,
        kind="export" if job.kind is JobKind.EXPORT else "erasure",
        state=job.state.value,
        created_at=instant_text(job.created_at),
        done_at=instant_or_none(job.done_at),
        download_url=url,
        sign_in=None if job.sign_in is None else job.sign_in.value,
    )


@cache
def _s3() -> Any:
    return aws.client("s3", config=Config(signature_version="s3v4"))

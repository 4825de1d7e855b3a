"""Erase somebody whom a biller imported, by the biller's id of them.

It is the same erasure as the one that a user asks for: from now on nothing goes out, and run_jobs
deletes what is left once no message can be on its way any more.
"""

import argparse
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import boto3

from bill_reminders import clock
from bill_reminders.cli.outcomes import GOOD, LEFT, WrongUse
from bill_reminders.domain.enums import Channel
from bill_reminders.importing.target import connect
from bill_reminders.jobs.message import body_of
from bill_reminders.storage import accounts, erasure, identities, jobs
from bill_reminders.storage.jobs import Job, JobKind, JobState, SignIn, of_operator

DELAY_SECONDS = 130
"""Longer than the lease of a claim: what was claimed before has gone out by then."""


@dataclass(frozen=True, slots=True)
class Queue:
    """Where run_jobs finds what to do."""

    sqs: Any
    url: str
    delay_seconds: int = DELAY_SECONDS

    def put(self, job: Job) -> None:
        self.sqs.send_message(
            QueueUrl=self.url, DelaySeconds=self.delay_seconds, MessageBody=body_of(job)
        )


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--user", default="", metavar="ID", help="who is erased: the user_id of the imported file"
    )
    parser.add_argument(
        "--delay",
        type=int,
        default=DELAY_SECONDS,
        metavar="SECONDS",
        help="until what is left is deleted; not shorter than a message may be on its way",
    )


def run(options: argparse.Namespace) -> int:
    if not options.user:
        raise WrongUse("say who: --user with the id of one person")
    target = connect(options.stack)
    queue = Queue(boto3.client("sqs"), target.jobs_queue_url, options.delay)
    job = erase(options.user, queue, now=clock.now())
    if job is None:
        print(f"there is no user {options.user}: nothing to erase")
        return LEFT
    print(told(job))
    print(STAYS)
    return GOOD


def erase(user_id: str, queue: Queue, *, now: datetime) -> Job | None:
    """Begin to erase a user, or tell how far an earlier erasure is; None when nothing is known of
    them. May be repeated. Raises accounts.Contended, transactions.Busy or Lost, botocore's errors.
    """
    if not accounts.exists(user_id):
        return _latest(user_id)
    job = _job(user_id, now)
    jobs.promise(job)
    queue.put(job)  # first: should this die now, the job still comes and does it all
    erasure.begin(user_id, job.life)
    return job


def _latest(user_id: str) -> Job | None:
    return max(jobs.of(of_operator(user_id)), key=lambda job: job.created_at, default=None)


def _job(user_id: str, now: datetime) -> Job:
    account = accounts.read(user_id, now=now)
    push = account.user.addresses.get(Channel.PUSH)
    named = f"{of_operator(user_id)}\0{account.life}"
    return Job(
        identity=of_operator(user_id),
        job_id=sha256(named.encode()).hexdigest()[:24],
        kind=JobKind.ERASURE,
        user_id=user_id,
        state=JobState.RUNNING,
        created_at=now,
        endpoints=() if push is None else (push.value,),
        life=account.life,
        signed_in_as=identities.signed_in_as(user_id),
    )


_SIGN_INS = {
    SignIn.DELETED: "The sign-in was deleted from the user pool.",
    SignIn.KEPT: "The sign-in was kept: a new account has been made with it.",
    SignIn.AT_ISSUER: "The sign-in is still at its provider: delete it there.",
    SignIn.NONE: "Nobody had signed in to it.",
}


def told(job: Job) -> str:
    """How far an erasure is, for who asked for it. It names no address and nothing of a bill."""
    match job.state, job.done_at:
        case JobState.DONE, datetime() as done_at:
            sign_in = _SIGN_INS[job.sign_in or SignIn.NONE]
            return f"{job.user_id}: erased on {done_at:%Y-%m-%d %H:%M} UTC. {sign_in}"
    return (
        f"{job.user_id}: nothing goes out any more. Bills, messages, contacts, links and exports "
        "are still being deleted, which takes about three minutes; run this again to see the end."
    )


STAYS = (
    "What stays: a STOP, as a hash of its address; backups of the tables for 35 days; log lines "
    "with the user id for as long as the logs are kept. See docs/privacy.md."
)

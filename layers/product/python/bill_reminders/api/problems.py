"""Problem documents (RFC 9457): one table from our errors to what a front end gets.

`type` is the anchor of the problem on the page of the API's documentation. Nothing that was sent is
repeated: a wrong value may be an address.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from http import HTTPStatus
from math import ceil
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from pydantic import BaseModel, ConfigDict, Field

from bill_reminders.api.fields import instant_text
from bill_reminders.channels.providers import NoAnswer, NotServed, Refused, Rejected, UsedUp
from bill_reminders.commands.bills import TooManyBills
from bill_reminders.commands.snoozes import NeedsConfirmation
from bill_reminders.delivery.bill_events import NotTold
from bill_reminders.domain.account import NoSuchBill
from bill_reminders.domain.bounds import TooManyReminders
from bill_reminders.domain.errors import BillRemindersError, InvalidValue, MayPass
from bill_reminders.files.cells import CellError
from bill_reminders.storage.accounts import Contended, UnknownUser
from bill_reminders.storage.codes import NoCode, OldCode, WrongCode
from bill_reminders.storage.handovers import NotSettled
from bill_reminders.storage.idempotency import AnotherRequest, InProgress
from bill_reminders.storage.identities import AlreadyJoined, AlreadyRegistered, NotEmpty
from bill_reminders.storage.limits import TooOften
from bill_reminders.storage.transactions import Busy, Lost
from bill_reminders.trouble import code_of, is_failure_of_aws, is_throttling, may_pass

CONTENT_TYPE = "application/problem+json"


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    model_config = ConfigDict(defer_build=True)

    where: Annotated[
        str,
        Field(
            alias="in",
            description="Where it stands: body, query, path or header.",
            examples=["body"],
        ),
    ]
    field: Annotated[
        str,
        Field(
            description="Its name; inside of objects and lists with dots. Empty for the whole.",
            examples=["plan.lead_days.0"],
        ),
    ]
    detail: Annotated[
        str,
        Field(
            description="What is wrong with it, and the remedy.",
            examples=["more than 365: write a smaller number"],
        ),
    ]


class ProblemDocument(BaseModel):
    """Why a request was not done, after RFC 9457. Nothing of it was done."""

    model_config = ConfigDict(defer_build=True)

    type: Annotated[
        str,
        Field(
            description="The kind of problem, as an address relative to the API.",
            examples=["/v1/docs#invalid-request"],
        ),
    ]
    title: Annotated[
        str, Field(description="The kind of problem in words.", examples=["Invalid request"])
    ]
    status: Annotated[int, Field(description="The HTTP status.", examples=[400])]
    detail: Annotated[
        str,
        Field(
            description="What is the case and what to do about it.",
            examples=["1 field cannot be used: see errors"],
        ),
    ]
    errors: Annotated[
        list[Fault],
        Field(description="Each field at fault; empty when the fault lies in no single one."),
    ]


KINDS: Mapping[str, tuple[HTTPStatus, str]] = {
    "invalid-request": (HTTPStatus.BAD_REQUEST, "Invalid request"),
    "sign-up-closed": (HTTPStatus.FORBIDDEN, "Sign-up is closed"),
    "not-found": (HTTPStatus.NOT_FOUND, "Not found"),
    "no-account": (HTTPStatus.NOT_FOUND, "No account yet"),
    "method-not-allowed": (HTTPStatus.METHOD_NOT_ALLOWED, "Method not allowed"),
    "in-progress": (HTTPStatus.CONFLICT, "Still being worked on"),
    "conflict": (HTTPStatus.CONFLICT, "Not possible as things stand"),
    "too-many": (HTTPStatus.CONFLICT, "A limit is reached"),
    "changed-meanwhile": (HTTPStatus.PRECONDITION_FAILED, "Changed meanwhile"),
    "too-large": (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Too large"),
    "unsupported-media-type": (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Unsupported media type"),
    "invalid-value": (HTTPStatus.UNPROCESSABLE_ENTITY, "A value cannot be used"),
    "needs-confirmation": (HTTPStatus.UNPROCESSABLE_ENTITY, "Ask once more"),
    "key-used": (HTTPStatus.UNPROCESSABLE_ENTITY, "Idempotency key used already"),
    "precondition-required": (HTTPStatus.PRECONDITION_REQUIRED, "If-Match is missing"),
    "too-often": (HTTPStatus.TOO_MANY_REQUESTS, "Too often"),
    "internal": (HTTPStatus.INTERNAL_SERVER_ERROR, "Our fault"),
    "try-again": (HTTPStatus.SERVICE_UNAVAILABLE, "Try again"),
}
"""Every kind of problem that this API answers with: its status and title."""


def fault(field: str, detail: str, where: str = "body") -> Fault:
    return Fault(**{"in": where, "field": field, "detail": detail})


MOST_FAULTS = 100
"""That one answer names: nobody corrects more at once, and a body of 64 KiB can have thousands."""


class Problem(BillRemindersError):
    """What a route raises to answer with a problem of `kind`, one of KINDS."""

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        errors: Iterable[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.errors = list(errors)
        self.headers = dict(headers or {})

    def within(self, place: str) -> "Problem":
        """The same problem of an object that stands at `place` in the body."""
        inside = [fault(f"{place}.{each.field}", each.detail, each.where) for each in self.errors]
        return Problem(self.kind, self.detail, errors=inside, headers=self.headers)

    @property
    def status(self) -> int:
        return KINDS[self.kind][0].value

    @property
    def body(self) -> str:
        status, title = KINDS[self.kind]
        document = ProblemDocument(
            type=f"/v1/docs#{self.kind}",
            title=title,
            status=status.value,
            detail=self.detail,
            errors=self.errors,
        )
        return json.dumps(document.model_dump(by_alias=True), ensure_ascii=False)

    def response(self) -> Response[Any]:
        return Response(self.status, CONTENT_TYPE, self.body, headers=dict(self.headers))


def invalid(errors: Iterable[Fault], kind: str = "invalid-value") -> Problem:
    """Some fields cannot be used; each of the first faults says why."""
    faults = list(errors)
    count = "1 field" if len(faults) == 1 else f"{len(faults)} fields"
    named = f" for the first {MOST_FAULTS}" if len(faults) > MOST_FAULTS else ""
    detail = f"{count} cannot be used: see errors{named}"
    return Problem(kind, detail, errors=faults[:MOST_FAULTS])


def read[T](parse: Callable[[str], T], text: str, field: str, where: str = "body") -> T:
    """What the reader of a file's cells makes of a field. Raises an invalid-value problem."""
    try:
        return parse(text)
    except CellError as error:
        raise invalid([fault(field, str(error), where)]) from None


def not_found(what: str) -> Problem:
    """Whether it is another user's or does not exist at all is not told."""
    return Problem("not-found", f"you have no such {what}: list them to find it")


def no_account() -> Problem:
    return Problem("no-account", "this token has no account yet: create one with POST /v1/account")


def _retry_after(wait: timedelta) -> dict[str, str]:
    return {"Retry-After": str(max(1, ceil(wait.total_seconds())))}


def _say(kind: str, detail: str, wait: timedelta | None = None) -> Callable[[Any], Problem]:
    headers = None if wait is None else _retry_after(wait)
    return lambda _: Problem(kind, detail, headers=headers)


def _plan_at_fault(error: TooManyReminders) -> str:
    plan = "plan" if error.kind is None else f"kind_plans.{error.kind}"
    return f"{plan}.{error.field}"


SOON, WHEN_MENDED = timedelta(seconds=1), timedelta(minutes=1)

_TABLE: Mapping[type[BillRemindersError], Callable[[Any], Problem]] = {
    NeedsConfirmation: lambda e: invalid([fault(e.field, e.problem)], "needs-confirmation"),
    NoSuchBill: lambda _: not_found("bill"),
    TooManyReminders: lambda e: invalid([fault(_plan_at_fault(e), e.problem)]),
    InvalidValue: lambda e: invalid([fault(e.field, e.problem)]),
    UnknownUser: lambda _: no_account(),
    AlreadyRegistered: _say("conflict", "this token has an account: read GET /v1/settings"),
    AlreadyJoined: _say("conflict", "somebody signs in to that account: ask who gave you the code"),
    NotEmpty: _say(
        "conflict",
        "your account has bills, and would be given up for the one that your biller made: "
        "export them, delete them, join, then import them",
    ),
    NotSettled: lambda e: Problem(
        "conflict",
        "this account was joined lately, and its other contacts may undo that: exports, erasure "
        f"and joining another account work from {instant_text(e.until)} on",
        headers=_retry_after(e.retry_after),
    ),
    NoCode: _say(
        "conflict",
        "no code waits for this contact: it expired or was tried five times; add it anew",
    ),
    OldCode: _say(
        "conflict",
        "somebody has confirmed this address since your code was sent: add the contact again, and "
        "enter the new code",
    ),
    WrongCode: lambda e: invalid(
        [
            fault(
                "code", f"not the code that was sent: enter the latest one, {e.left} tries are left"
            )
        ]
    ),
    TooOften: lambda e: Problem(
        "too-often", "asked for too often: wait", headers=_retry_after(e.retry_after)
    ),
    InProgress: lambda e: Problem(
        "in-progress",
        "a request with this idempotency key is being worked on: repeat it later",
        headers=_retry_after(e.retry_after),
    ),
    AnotherRequest: lambda _: invalid(
        [
            fault(
                "Idempotency-Key",
                "used for a request with another body or query: take a new one for each new "
                "request",
                "header",
            )
        ],
        "key-used",
    ),
    TooManyBills: lambda e: Problem(
        "too-many", f"you would have more than {e.most} {e.which} bills: close or delete some first"
    ),
    UsedUp: lambda e: Problem("too-often", e.remedy, headers=_retry_after(e.retry_after)),
    NotServed: lambda e: invalid([fault("address", e.remedy)]),
    Rejected: lambda _: invalid([fault("address", "the provider does not accept it: correct it")]),
    Refused: _say("try-again", "the provider takes no message at the moment", timedelta(minutes=1)),
    NoAnswer: _say(
        "try-again",
        "the provider did not answer: the message may arrive, or ask again",
        timedelta(minutes=1),
    ),
    NotTold: _say("try-again", "the biller cannot be told at the moment", SOON),
    Contended: _say("try-again", "the account changes too fast", SOON),
    Busy: _say("try-again", "the tables are busy", SOON),
    Lost: _say("try-again", "no answer came: repeat it with the same idempotency key", SOON),
    MayPass: _say("try-again", "not possible at the moment", SOON),
}


def of(error: Exception) -> Problem | None:
    """The problem that an error means to a caller; None when it is nobody's but ours."""
    if isinstance(error, Problem):
        return error
    for kind in type(error).__mro__:
        if kind in _TABLE:
            return _TABLE[kind](error)
    return _trouble(error) if may_pass(error) else None


def _trouble(error: Exception) -> Problem:
    """A table, queue, topic, parameter, secret, bucket or bus: too busy, out of reach, or closed to
    us until an administrator has opened it, which takes longer."""
    passes_by_itself = is_throttling(error) or is_failure_of_aws(error) or not code_of(error)
    wait = SOON if passes_by_itself else WHEN_MENDED
    detail = "the service is busy or out of reach: repeat it, a POST with the same idempotency key"
    return Problem("try-again", detail, headers=_retry_after(wait))

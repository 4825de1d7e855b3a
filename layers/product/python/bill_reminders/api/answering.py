"""How routes describe what they answer, for the document and for themselves."""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from pydantic import BaseModel

from bill_reminders.api.problems import CONTENT_TYPE, KINDS, ProblemDocument

ETAG = {
    "ETag": {
        "description": "Names this state; send it as If-Match.",
        "required": True,
        "schema": {"type": "string"},
    }
}
LOCATION = {
    "Location": {
        "description": "Where it is found.",
        "required": True,
        "schema": {"type": "string"},
    }
}
RETRY = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
}

ALWAYS = ("invalid-request", "no-account", "internal", "try-again")
"""Every route of a user may answer with these."""
WITH_BODY = ("too-large", "unsupported-media-type", "invalid-value")
"""And those that take a body with these."""
POSTED = ("in-progress", "key-used")
"""And every POST with these."""

_WAITING = {"in-progress", "too-often", "try-again"}


def answers(
    status: int,
    model: type[BaseModel] | None,
    description: str,
    *kinds: str,
    headers: dict[str, Any] | None = None,
) -> dict[int, Any]:
    """The `responses` of a route: what it answers when all is well, and the kinds of problems."""
    well: dict[str, Any] = {"description": description}
    if model is not None:
        well["content"] = {"application/json": {"model": model}}
    if headers:
        well["headers"] = headers
    responses: dict[int, Any] = {status: well}
    by_status: dict[int, list[str]] = {}
    for kind in dict.fromkeys(kinds):
        by_status.setdefault(KINDS[kind][0].value, []).append(kind)
    for failed, several in by_status.items():
        responses[failed] = {
            "description": "; ".join(f"{KINDS[kind][1]} (`{kind}`)" for kind in several) + ".",
            "content": {CONTENT_TYPE: {"model": ProblemDocument}},
        }
        if _WAITING & set(several):
            responses[failed]["headers"] = RETRY
    return responses


def ok[T: BaseModel](
    body: T, status: int = 200, *, etag: str | None = None, location: str | None = None
) -> Response[T]:
    headers: dict[str, str | list[str]] = {}
    if etag is not None:
        headers["ETag"] = etag
    if location is not None:
        headers["Location"] = location
    return Response(status, "application/json", body, headers=headers)


def nothing() -> Response[None]:
    """204: done, and there is nothing to say."""
    return Response(204, None, None)

"""Idempotency-Key: a POST that is repeated is done once and answered as it was."""

import json
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from aws_lambda_powertools.event_handler.openapi.params import Header

from bill_reminders import clock
from bill_reminders.storage import idempotency
from bill_reminders.storage.idempotency import Request, StoredAnswer
from bill_reminders.trouble import may_pass

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[A-Za-z0-9_-]{8,64}$",
        description=(
            "A name that you make up for this request, such as a UUID. Repeated within a day with "
            "the same body and query it is done once, and answered as the first time; with another "
            "body or query: 422."
        ),
        examples=["5f0c7e52-6a55-4a43-9d0f-3f7a5f3b2c11"],
    ),
]

KEPT_HEADERS = ("ETag", "Location")


def request_of(app: Any) -> Request:
    """The request that is being worked on, as something to be done once."""
    event = app.current_event
    return Request(
        caller=app.context["caller"].identity,
        method=event.http_method,
        path=event.raw_path,
        key=event.headers["idempotency-key"],
        body=app.context["body"],
        query=event.raw_query_string,
    )


def derived_id(router: Router) -> str:
    """An id for what this request creates, the same for each repetition of it."""
    return request_of(router).derived_id


def done_once(app: Any, next_middleware: NextMiddleware) -> Response[Any]:
    """The middleware of every POST. An answer is kept only when it was done: after a problem the
    same key may be used again."""
    request = request_of(app)
    begun = idempotency.begin(request, now=clock.now())
    if isinstance(begun, StoredAnswer):
        return Response(begun.status, "application/json", begun.body, headers=dict(begun.headers))
    try:
        response = next_middleware(app)
    except Exception:
        idempotency.unlock(request, begun)
        raise
    headers = {
        name: str(response.headers[name]) for name in KEPT_HEADERS if name in response.headers
    }
    body = None if response.body is None else json.dumps(response.body, ensure_ascii=False)
    try:
        idempotency.finish(request, begun, StoredAnswer(response.status_code, body, headers))
    except Exception as error:
        if not may_pass(error):
            raise
        # the work is done, and its ids derive from the key: whoever repeats it finds it
        idempotency.unlock(request, begun)
    return response

"""What can go wrong between us and AWS, made to happen at botocore's own events.

Nothing of ours is patched: the clients of the product get handlers for the moment before a request
leaves, and for the moment after AWS has acted on it.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any
from unittest.mock import patch

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from moto.core.botocore_stubber import MockRawResponse

_AWS = "https://aws.example.com"
RESET = ConnectionClosedError(endpoint_url=_AWS)
TIMEOUT = ReadTimeoutError(endpoint_url=_AWS)
UNREACHABLE = EndpointConnectionError(endpoint_url=_AWS)
NEVER_CONNECTED = ConnectTimeoutError(endpoint_url=_AWS)

Act = Callable[[AWSPreparedRequest], AWSResponse | None]
"""Sees a request. May raise, or give the answer in place of AWS; None lets it pass."""


@contextmanager
def before(client: Any, operation: str, act: Act) -> Iterator[None]:
    """Every attempt of `operation` meets `act` before it reaches AWS."""

    def meet(request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        return act(request)

    event = f"before-send.*.{operation}"
    client.meta.events.register_first(event, meet)
    try:
        yield
    finally:
        client.meta.events.unregister(event, meet)


@contextmanager
def after(client: Any, operation: str, act: Act) -> Iterator[None]:
    """Every attempt of `operation` meets `act` when AWS has acted on it: an error raised here is
    an answer that got lost."""

    def meet(event_name: str, request: AWSPreparedRequest, **_: Any) -> None:
        if event_name.endswith(f".{operation}"):
            act(request)

    client.meta.events.register_last("before-send", meet)  # moto answers at the same event
    try:
        yield
    finally:
        client.meta.events.unregister("before-send", meet)


@contextmanager
def failing_after(client: Any, operation: str, code: str, *, status: int) -> Iterator[list[str]]:
    """AWS acts on `operation`, and the first time says that it failed, also to the library's own
    attempts; the list holds what it was that failed so."""
    failed: list[str] = []
    call = client._make_api_call

    def make(name: str, request: dict[str, Any]) -> Any:
        answer = call(name, request)
        if name != operation or failed:
            return answer
        failed.append(name)
        said: Any = {
            "Error": {"Code": code, "Message": "no"},
            "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": {}},
        }
        raise ClientError(said, name)

    with patch.object(client, "_make_api_call", make):
        yield failed


@contextmanager
def before_call(client: Any, operation: str, act: Callable[[], Any]) -> Iterator[None]:
    """`act` happens once, just before the first call of `operation`, and may itself make some."""
    calls = count()

    def meet(**_: Any) -> None:
        if next(calls) == 0:
            act()

    event = f"before-call.*.{operation}"
    client.meta.events.register(event, meet)
    try:
        yield
    finally:
        client.meta.events.unregister(event, meet)


def raises(error: BaseException) -> Act:
    def act(_: AWSPreparedRequest) -> None:
        raise error

    return act


def first(times: int, act: Act) -> Act:
    """`act` for as many requests as `times`, and AWS for all others."""
    calls = count()

    def limited(request: AWSPreparedRequest) -> AWSResponse | None:
        return act(request) if next(calls) < times else None

    return limited


def counting(requests: list[AWSPreparedRequest], act: Act | None = None) -> Act:
    """Note every attempt on the wire, then go on with `act`."""

    def noting(request: AWSPreparedRequest) -> AWSResponse | None:
        requests.append(request)
        return act(request) if act is not None else None

    return noting


def answers(status: int, body: str, headers: Mapping[str, str] | None = None) -> Act:
    def act(request: AWSPreparedRequest) -> AWSResponse:
        request.url = _AWS  # moto hears of every request, and must not take this one for its own
        return AWSResponse(request.url, status, headers or {}, MockRawResponse(body))

    return act


def json_error(code: str, *, status: int = 400, message: str = "no", **more: Any) -> Act:
    """An error as DynamoDB, SQS, SSM and SES write it."""
    body = json.dumps({"__type": code, "message": message, "Message": message, **more})
    return answers(status, body, {"x-amzn-errortype": code})


def xml_error(code: str, *, status: int = 400, message: str = "no") -> Act:
    """An error as SNS writes it."""
    return answers(
        status,
        f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error>"
        "<RequestId>0</RequestId></ErrorResponse>",
    )


def cancelled(reasons: Sequence[str]) -> Act:
    """A transaction that DynamoDB cancelled, with a reason for each of its actions."""
    return json_error(
        "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        message=f"Transaction cancelled, reasons [{', '.join(reasons)}]",
        CancellationReasons=[{"Code": reason} for reason in reasons],
    )


def content(request: AWSPreparedRequest) -> Any:
    """The JSON of a request."""
    return json.loads(request.body)

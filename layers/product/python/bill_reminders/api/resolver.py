"""The router of one function: requests in, answers and problems out."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestValidationError,
    ResponseValidationError,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import clock, metrics, rate_limit
from bill_reminders.api import problems, requests
from bill_reminders.api.callers import Caller, caller_of
from bill_reminders.api.fields import FORMS
from bill_reminders.api.problems import Fault, Problem, fault, invalid
from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.logs import where
from bill_reminders.storage import limits
from bill_reminders.storage.limits import Standing
from bill_reminders.trouble import may_pass, name_of

logger = Logger(child=True)

NO_HEADERS: Mapping[str, str] = MappingProxyType({})
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Api:
    """Routers put together, with one answer to everything that can go wrong."""

    def __init__(
        self,
        routers: Iterable[Router],
        *,
        calls_per_identity: int,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        """`calls_per_identity` is how many requests one identity may make in five minutes;
        `context` is what routes find in their router's context beside the caller."""
        self._calls_per_identity = calls_per_identity
        self._context = dict(context or {})
        self.resolver = APIGatewayHttpResolver(
            enable_validation=True, response_validation_error_http_code=500
        )
        for router in routers:
            self.resolver.include_router(router)
        handle = self.resolver.exception_handler
        handle(NotFoundError)(self._no_route)
        handle(RequestValidationError)(_invalid_request)
        handle(ResponseValidationError)(_unexpected)
        handle(BillRemindersError)(_known_error)
        handle(Exception)(_known_error)

    def answer(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """The gateway's answer to one request, whatever happens."""
        try:
            caller = caller_of(event)
            standing = self._count(caller)
        except Exception as error:
            return _answer(_plain(_problem(error)))
        told = rate_limit.headers(rate_limit.IDENTITY, standing)
        if standing.is_over:
            problem = Problem("too-often", "you called too often: wait, see Retry-After")
            return _answer(_plain(problem), told)
        try:
            body = requests.check(event)
        except Problem as problem:
            return _answer(_plain(problem), told)
        self.resolver.append_context(caller=caller, body=body, **self._context)
        return _answer(self.resolver.resolve(event, context), told)

    def _count(self, caller: Caller) -> Standing:
        """One more request of this identity, whatever becomes of it."""
        most = self._calls_per_identity
        limit = rate_limit.of_caller(rate_limit.IDENTITY, caller.identity, most)
        return limits.count(limit, now=clock.now())

    def _no_route(self, _: NotFoundError) -> Response[Any]:
        path = self.resolver.current_event.path
        allowed = [
            route.method
            for route in (*self.resolver._static_routes, *self.resolver._dynamic_routes)
            if route.rule.match(path)
        ]
        if not allowed:
            nothing = "there is nothing at this address: GET /v1/openapi.json names them all"
            return Problem("not-found", nothing).response()
        order = sorted(set(allowed), key=METHODS.index)
        return Problem(
            "method-not-allowed",
            f"this address takes {', '.join(order)}",
            headers={"Allow": ", ".join(order)},
        ).response()


def _plain(problem: Problem) -> dict[str, Any]:
    headers = {**problem.headers, "Content-Type": problems.CONTENT_TYPE}
    return {
        "statusCode": problem.status,
        "headers": headers,
        "body": problem.body,
        "isBase64Encoded": False,
    }


def _answer(result: dict[str, Any], more: Mapping[str, str] = NO_HEADERS) -> dict[str, Any]:
    result["headers"] = {**HEADERS, **result["headers"], **more}
    if result["body"] is None:  # of a 204; the gateway wants a text or none at all
        del result["body"]
    return result


def _known_error(error: Exception) -> Response[Any]:
    return _problem(error).response()


def _problem(error: Exception) -> Problem:
    problem = problems.of(error)
    if problem is None:
        return _failed(error)
    if may_pass(error):
        counted = metrics.of(ApiErrors=1)
        logger.warning("trouble", error=name_of(error), where=where(error), **counted)
    logger.info("request refused", problem=problem.kind, fields=[f.field for f in problem.errors])
    return problem


def _failed(error: Exception) -> Problem:
    counted = metrics.of(ApiErrors=1)
    logger.error("request failed", error=type(error).__name__, where=where(error), **counted)
    return Problem("internal", "the request failed; it may be repeated")


def _unexpected(error: Exception) -> Response[Any]:
    return _failed(error).response()


def _invalid_request(error: RequestValidationError) -> Response[Any]:
    # not the fields: the name of an unknown one is whatever was sent
    faults = sorted({each["type"] for each in error.errors()})
    logger.info("request refused", problem="invalid-request", faults=faults)
    return invalid(map(_fault, error.errors()), "invalid-request").response()


def _fault(error: Mapping[str, Any]) -> Fault:
    where, *path = error["loc"]
    names = [str(part) for part in path if not str(part).startswith(("function-", "nullable["))]
    if where == "query":
        names = names[:1]  # which of those that are given several times has no name to send
    field = ".".join(names)[:200]
    if where == "header":
        field = field.title()  # Idempotency-Key, as it is described
    return fault(field, _detail(error), str(where))


_REMEDIES = {
    "missing": "missing: add it",
    "extra_forbidden": "not known here: leave it out",
    "string_type": "not a text: write it in quotes",
    "int_type": "not a whole number: write digits without quotes",
    "int_parsing": "not a whole number: write digits",
    "int_from_float": "not a whole number: leave the decimals out",
    "int_parsing_size": "too large: write a smaller number",
    "bool_type": "neither true nor false: write one of them, without quotes",
    "bool_parsing": "neither true nor false: write one of them",
    "list_type": "not a list: write it in square brackets",
    "dict_type": "not an object: write it in curly brackets",
    "model_type": "not an object: write it in curly brackets",
    "model_attributes_type": "not an object: write it in curly brackets",
    "literal_error": "not a choice: write {expected}",
    "less_than_equal": "more than {le}: write a smaller number",
    "greater_than_equal": "less than {ge}: write a larger number",
    "string_too_long": "too long: write at most {max_length} characters",
    "string_too_short": "too short: write at least {min_length} characters",
    "too_long": "too many: write at most {max_length}",
    "too_short": "too few: write at least {min_length}",
    "string_pattern_mismatch": "not in the form that is described: it must match {pattern}",
}
"""What to do about each kind of error that the validation library names."""


def _detail(error: Mapping[str, Any]) -> str:
    if error["type"] == "string_pattern_mismatch" and error["ctx"]["pattern"] in FORMS:
        return FORMS[error["ctx"]["pattern"]]
    remedy = _REMEDIES.get(error["type"], "not as it is described: see the API's document")
    return remedy.format_map(error.get("ctx") or {})

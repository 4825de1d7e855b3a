"""ETags: whoever changes something says which state of it they saw (RFC 9110)."""

from collections.abc import Callable
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Header

from bill_reminders.api.problems import Problem
from bill_reminders.domain.errors import BillRemindersError

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=200,
        description=(
            'The ETag that was read, in its quotes, or "*" for whatever is there. Without it: 428. '
            "When it was changed meanwhile: 412; read it again. A change that is already made is "
            "answered with 200 all the same, so it may be repeated when no answer came."
        ),
    ),
]


def etag(version: int) -> str:
    """Of an item's version, which each write of it raises."""
    return f'"v{version}"'


def need_match(if_match: str | None, current: str, is_made: Callable[[], bool]) -> None:
    """Raises a 428 problem without If-Match; a 412 problem when it names another state, unless what
    is asked for `is_made`: whoever repeats a change whose answer got lost names the state before.
    """
    if not if_match:
        raise Problem(
            "precondition-required",
            "changes need the ETag that you read: send it as If-Match",
        )
    wanted = [each.strip() for each in if_match.split(",")]
    if "*" not in wanted and current not in wanted and not _holds(is_made):
        raise Problem(
            "changed-meanwhile", "it was changed since you read it: read it again, then change it"
        )


def _holds(is_made: Callable[[], bool]) -> bool:
    try:
        return is_made()
    except BillRemindersError:  # it cannot be made at all
        return False

"""ETags: whoever changes something says which state of it they saw (RFC 9110)."""

import re
from decimal import Decimal
from hashlib import sha256
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Header

from bill_reminders.api.problems import Problem

_AMOUNT = re.compile(r"Decimal\('([0-9.E+-]+)'\)")

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=200,
        description=(
            'The ETag that was read, in its quotes, or "*" for whatever is there. Without it: 428. '
            "When it was changed meanwhile: 412; read it again."
        ),
    ),
]


def etag(*parts: object) -> str:
    """Of values that say all that can change; their repr is their identity.

    A table keeps 120.50 as 120.5: an amount is the same with and without its last zeros.
    """
    said = _AMOUNT.sub(lambda found: str(Decimal(found[1]).normalize()), repr(parts))
    return f'"{sha256(said.encode()).hexdigest()[:32]}"'


def need_match(if_match: str | None, current: str) -> None:
    """Raises a 428 problem without If-Match, a 412 problem when it names another state."""
    if not if_match:
        raise Problem(
            "precondition-required",
            "changes need the ETag that you read: send it as If-Match",
        )
    wanted = [each.strip() for each in if_match.split(",")]
    if "*" not in wanted and current not in wanted:
        raise Problem(
            "changed-meanwhile", "it was changed since you read it: read it again, then change it"
        )

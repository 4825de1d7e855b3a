"""What time it is: the machine's clock, which a local stack may move."""

import os
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from bill_reminders import aws

OFFSET_VARIABLE = "CLOCK_OFFSET_PARAMETER"
"""Names a parameter with seconds to add. Exists on local stacks alone: see template.yaml."""


@cache
def _parameters() -> Any:
    return aws.client("ssm", aws.PROMPT)


def offset() -> timedelta:
    """How far this stack's clock is moved; nothing is read unless the stack is a local one."""
    name = os.environ.get(OFFSET_VARIABLE)
    if not name:
        return timedelta()
    value = _parameters().get_parameter(Name=name)["Parameter"]["Value"]
    return timedelta(seconds=float(value))


def now() -> datetime:
    """The present instant, aware UTC."""
    return datetime.now(UTC) + offset()

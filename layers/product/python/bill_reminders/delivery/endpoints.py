"""SNS endpoints: a device's token made into something that push can be sent to."""

import re
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from bill_reminders.delivery import providers
from bill_reminders.delivery.providers import Rejected

_EXISTING = re.compile(r"Endpoint (arn:\S+) already exists")


def endpoint_of(application: str, token: str) -> str:
    """The endpoint of a token, enabled. SNS answers with the one that it already has, if any; one
    that it disabled, because an earlier token was dead, is mended.

    Raises providers.Rejected when SNS takes no such token.
    """
    try:
        answer = _sns().create_platform_endpoint(PlatformApplicationArn=application, Token=token)
        endpoint = str(answer["EndpointArn"])
    except ClientError as error:
        known = _EXISTING.search(error.response["Error"].get("Message", ""))
        if error.response["Error"]["Code"] not in ("InvalidParameter", "InvalidParameterException"):
            raise
        if known is None:
            raise Rejected("invalid") from None
        endpoint = known[1]
    _mend(endpoint, token)
    return endpoint


def _mend(endpoint: str, token: str) -> None:
    known = _sns().get_endpoint_attributes(EndpointArn=endpoint)["Attributes"]
    wanted = {"Enabled": "true", "Token": token}
    if any(known.get(name, "").lower() != value.lower() for name, value in wanted.items()):
        _sns().set_endpoint_attributes(EndpointArn=endpoint, Attributes=wanted)


def delete_endpoint(endpoint: str) -> None:
    """Forget a device. Does nothing when SNS has no such endpoint."""
    try:
        _sns().delete_endpoint(EndpointArn=endpoint)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("NotFound", "NotFoundException"):
            raise


@cache
def _sns() -> Any:
    return providers.client("sns")

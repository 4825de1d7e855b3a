"""SNS endpoints: a device's token made into something that push can be sent to."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from bill_reminders.channels import providers
from bill_reminders.channels.providers import Refused, Rejected

_EXISTING = re.compile(r"Endpoint (arn:\S+) already exists")


def endpoint_of(application: str, token: str, *, sns: Any | None = None) -> str:
    """The endpoint of a token, enabled. SNS answers with the one that it already has, if any, or
    names it in an error when other data was stored with it; one that it disabled, because an
    earlier token was dead, is enabled again. An import brings its own `sns`, which tries again.

    Raises providers.Rejected when SNS takes no such token, Refused when it takes none for now.
    """
    sns = sns or _sns()
    wanted = {"PlatformApplicationArn": application, "Token": token}
    try:
        endpoint = _ask(sns.create_platform_endpoint, **wanted)
    except ClientError as error:
        known = _EXISTING.search(error.response["Error"].get("Message", ""))
        if known is None:
            raise Rejected("invalid") from None
        endpoint = {"EndpointArn": known[1]}
    arn = str(endpoint["EndpointArn"])
    _enable(sns, arn, token)
    return arn


def _enable(sns: Any, endpoint: str, token: str) -> None:
    known = _ask(sns.get_endpoint_attributes, EndpointArn=endpoint)["Attributes"]
    wanted = {"Enabled": "true", "Token": token}
    if any(known.get(name, "").lower() != value.lower() for name, value in wanted.items()):
        _ask(sns.set_endpoint_attributes, EndpointArn=endpoint, Attributes=wanted)


def delete_endpoint(endpoint: str) -> None:
    """Forget a device. Does nothing when SNS has no such endpoint. Raises providers.Refused."""
    try:
        _ask(_sns().delete_endpoint, EndpointArn=endpoint)
    except ClientError:
        return  # there is none


_AT_FAULT = {"InvalidParameter", "InvalidParameterException", "NotFound", "NotFoundException"}


def _ask(operation: Callable[..., Any], **request: Any) -> dict[str, Any]:
    """Each of these calls may be repeated. Raises Refused, and ClientError for what is wrong with
    the request itself."""
    try:
        return dict(operation(**request))
    except ClientError as error:
        if error.response["Error"]["Code"] in _AT_FAULT:
            raise
        raise Refused(error.response["Error"]["Code"]) from None
    except BotoCoreError:
        raise Refused("unreachable") from None


@cache
def _sns() -> Any:
    return providers.client("sns")

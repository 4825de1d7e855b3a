"""What a provider may answer to a send, and what that means for the claim.

One attempt on the wire: a client that retries by itself would send twice whenever an answer is
lost. A retry is a new claim.
"""

from collections.abc import Callable
from typing import Any

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
)
from botocore.parsers import ResponseParserError

from bill_reminders import aws
from bill_reminders.domain.errors import BillRemindersError

CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 5

OPTED_OUT, ENDPOINT_DISABLED = "opted_out", "endpoint_disabled"

ADDRESS_FAULTS = {
    "BadRequestException": "invalid",
    "EndpointDisabled": ENDPOINT_DISABLED,
    "InvalidParameter": "invalid",
    "InvalidParameterValue": "invalid",
    "OptedOut": OPTED_OUT,
    "OptedOutException": OPTED_OUT,
}
"""Errors that mean this address or this content will never do, and what to note. All other errors
of the 4xx kind are ours or the account's: throttling, a missing permission, a sandbox, a spend
limit, an identity that is not verified. An administrator can mend those while the reminder still
helps, so they wait."""


UNREADABLE_ANSWER = (ResponseParserError, AttributeError, KeyError, TypeError)
"""What botocore and the look for an id raise when an answer is not what it should be."""


class Refused(BillRemindersError):
    """The provider took nothing, for now: it may be asked again later."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the provider refused the message for now: {reason}")
        self.reason = reason


class Rejected(BillRemindersError):
    """The provider took nothing and never will for this address or content."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the provider rejected the message: {reason}")
        self.reason = reason


class NoAnswer(BillRemindersError):
    """The request left and no clear answer came: nobody can tell whether it was taken."""


def client(service: str) -> Any:
    """A client that makes exactly one attempt on the wire."""
    return aws.client(
        service,
        config=Config(
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=READ_TIMEOUT_SECONDS,
            retries={"total_max_attempts": 1},
        ),
    )


def send_once(send: Callable[..., dict[str, Any]], **request: Any) -> str:
    """Make one call that sends, and return the provider's message id.

    Raises Refused, Rejected or NoAnswer, without the provider's own error behind them: its text
    may repeat the address.
    """
    try:
        return str(send(**request)["MessageId"])
    except UNREADABLE_ANSWER:
        raise NoAnswer("the provider's answer could not be read") from None
    except ClientError as error:
        raise _verdict(error) from None
    except (ConnectTimeoutError, EndpointConnectionError, NoCredentialsError):
        raise Refused("unreachable") from None
    except ParamValidationError:
        raise Rejected("invalid") from None
    except BotoCoreError:
        raise NoAnswer("the connection broke after the request left") from None


def _verdict(error: ClientError) -> BillRemindersError:
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    code = error.response.get("Error", {}).get("Code", "unexplained")
    if status >= 500:
        return NoAnswer("the provider failed after the request left")
    if code in ADDRESS_FAULTS:
        return Rejected(ADDRESS_FAULTS[code])
    return Refused(code)

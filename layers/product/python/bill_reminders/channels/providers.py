"""What a provider may answer to a send, and what that means for the claim.

One attempt on the wire: a client that retries by itself would send twice whenever an answer is
lost. A retry is a new claim.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import cache
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
from bill_reminders.channels.provider_answers import ANSWERS
from bill_reminders.channels.verdicts import Fault
from bill_reminders.domain.errors import BillRemindersError, MayPass
from bill_reminders.domain.people import StoppedBy

TOO_MANY_REQUESTS = 429

CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 5

UNREADABLE_ANSWER = (ResponseParserError, AttributeError, KeyError, TypeError)
"""What botocore and the look for an id raise when an answer is not what it should be."""


class Refused(MayPass):
    """The provider took nothing, for now: it may be asked again later. `of_account` tells that
    nothing will change until an administrator does something about the account, `of_all` that the
    next message will fare no better, whoever it is for."""

    def __init__(self, reason: str, *, of_account: bool = False, of_all: bool = True) -> None:
        super().__init__(f"the provider refused the message for now: {reason}")
        self.reason = reason
        self.of_account = of_account
        self.of_all = of_all


class Rejected(BillRemindersError):
    """The provider took nothing and never will for this address or content. `stop` tells that the
    address is of no use any more, and why."""

    def __init__(self, reason: str, stop: StoppedBy | None = None) -> None:
        super().__init__(f"the provider rejected the message: {reason}")
        self.reason = reason
        self.stop = stop


class NotServed(Rejected):
    """The channel goes to no such address here, whatever the message. `remedy` says what to do."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.remedy = remedy


class UsedUp(Refused):
    """As much went out by the channel today as may: again in `retry_after`, when the next day
    begins (UTC). `remedy` says what else there is to do."""

    def __init__(self, reason: str, remedy: str, retry_after: timedelta) -> None:
        super().__init__(reason)
        self.remedy = remedy
        self.retry_after = retry_after


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


@cache
def shared(service: str) -> Any:
    """Such a client for all one-off messages of this process."""
    return client(service)


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


def send_one_off(service: str, operation: str, **request: Any) -> str:
    """The same for a one-off message, by the process's own client. A connection that died while
    the function was frozen would cost it its one attempt."""
    known = shared(service)
    known.close()
    return send_once(getattr(known, operation), **request)


STOPS = {Fault.ADDRESS: StoppedBy.BOUNCED, Fault.OPTED_OUT: StoppedBy.PROVIDER}
"""Faults after which an address is not tried again, and the reason that is kept."""


def _verdict(error: ClientError) -> BillRemindersError:
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    known = error.response.get("Error", {})
    code = str(known.get("Code", "unexplained"))
    if status >= 500:
        return NoAnswer("the provider failed after the request left")
    meant = ANSWERS.verdict(str(known.get("Message", "")), kind=code)
    assert meant is not None, "the table knows every code"
    match meant.fault:
        case Fault.PASSING:
            return Refused(code)
        case Fault.ACCOUNT | Fault.SENDER:
            is_throttled = status == TOO_MANY_REQUESTS
            of_all = is_throttled or meant.fault is Fault.ACCOUNT
            return Refused(code, of_account=not is_throttled, of_all=of_all)
    return Rejected(meant.reason or code, STOPS.get(meant.fault))

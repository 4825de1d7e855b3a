"""One transaction: written, found stale, refused for the moment, or nobody knows."""

from collections.abc import Callable
from typing import Never

from botocore.exceptions import BotoCoreError, ConnectTimeoutError, EndpointConnectionError
from pynamodb.exceptions import PynamoDBException, TransactWriteError
from pynamodb.transactions import TransactWrite
from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_after_delay,
    wait_random_exponential,
)

from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.storage.tables import connection

ACTIONS_AT_MOST = 100
"""DynamoDB's limit for one transaction."""

BUSY_REASONS = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
BUSY_CODES = {
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "TransactionInProgressException",
}

Write = Callable[[TransactWrite], None]
"""One action to add to a transaction."""


class Stale(BillRemindersError):
    """A condition failed: what was read before deciding has changed. Read and decide again."""


class Busy(BillRemindersError):
    """The table refused the transaction for now, and went on refusing. Nothing was written."""


class Lost(BillRemindersError):
    """The request left and no answer came. Read back what it would have written."""


def commit(*writes: Write) -> None:
    """Write all or nothing; a conflict with another transaction is tried again, with jitter.

    Raises Stale, Busy or Lost.
    """
    retries = Retrying(
        retry=retry_if_exception_type(Busy),
        wait=wait_random_exponential(multiplier=0.05, max=1),
        stop=stop_after_attempt(8) | stop_after_delay(5),
        reraise=True,
    )
    retries(_write, writes)


def _write(writes: tuple[Write, ...]) -> None:
    transaction = TransactWrite(connection=connection)
    for write in writes:
        write(transaction)
    try:
        transaction._commit()
    except TransactWriteError as error:
        _explain(error)


def error_code(error: PynamoDBException) -> str:
    """The code of AWS's answer; empty when none came. PynamoDB's own property fails on those."""
    response = getattr(error.cause, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def condition_failed(error: PynamoDBException) -> bool:
    """Whether a single write was refused by its own condition. Transactions raise Stale instead."""
    return error_code(error) == "ConditionalCheckFailedException"


def is_trouble(error: Exception) -> bool:
    """Whether a table could not be reached or refused for now; not for what was asked of it. The
    same may be asked again in a minute."""
    if isinstance(error, PynamoDBException):
        return error_code(error) != "ValidationException"
    return isinstance(error, (Busy, Lost, BotoCoreError))


def _explain(error: TransactWriteError) -> Never:
    reasons = {reason.code for reason in error.cancellation_reasons if reason is not None}
    code = error_code(error)
    if "ConditionalCheckFailed" in reasons:
        raise Stale("the schedule or a ledger row changed since it was read") from error
    if reasons & BUSY_REASONS or code in BUSY_CODES:
        raise Busy("the table is busy") from error
    if isinstance(error.cause, (ConnectTimeoutError, EndpointConnectionError)):
        raise Busy("the table could not be reached") from error
    if isinstance(error.cause, BotoCoreError) or code == "InternalServerError":
        raise Lost("no answer came back from the table") from error
    raise error

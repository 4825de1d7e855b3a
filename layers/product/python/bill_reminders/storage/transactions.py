"""One transaction: written, found stale, refused for the moment, or nobody knows."""

from collections.abc import Callable
from functools import partial
from typing import Never

from botocore.exceptions import BotoCoreError, ConnectTimeoutError, EndpointConnectionError
from botocore.parsers import ResponseParserError
from pynamodb.exceptions import PynamoDBException, TransactWriteError
from pynamodb.transactions import TransactWrite

from bill_reminders import trouble
from bill_reminders.domain.errors import MayPass
from bill_reminders.storage.patience import again_while
from bill_reminders.storage.tables import connection

ACTIONS_AT_MOST = 100
"""DynamoDB's limit for one transaction."""

CANCELLED = "TransactionCanceledException"
FAULTY_REASONS = {"DuplicateItem", "ItemCollectionSizeLimitExceeded", "ValidationError"}
"""Why a transaction was cancelled that will be cancelled again and again."""

Write = Callable[[TransactWrite], None]
"""One action to add to a transaction."""


class Stale(MayPass):
    """A condition failed: what was read before deciding has changed. Read and decide again."""


class Busy(MayPass):
    """The table refused the transaction for now, and went on refusing. Nothing was written."""


class Lost(MayPass):
    """The request left and no answer came. Read back what it would have written."""


def commit(*writes: Write) -> None:
    """Write all or nothing; a conflict with another transaction is tried again, with jitter.

    Raises Stale, Busy or Lost.
    """
    again_while(partial(_write, writes), _is_busy, first_pause=0.05, attempts=8, seconds=5)


def _is_busy(error: BaseException) -> bool:
    return isinstance(error, Busy)


def _write(writes: tuple[Write, ...]) -> None:
    transaction = TransactWrite(connection=connection)
    for write in writes:
        write(transaction)
    try:
        transaction._commit()
    except TransactWriteError as error:
        _explain(error)
    except ResponseParserError as error:
        raise Lost("the answer of the table could not be read") from error


def error_code(error: PynamoDBException) -> str:
    """The code of AWS's answer; empty when none came. PynamoDB's own property fails on those."""
    return trouble.code_of(error)


def condition_failed(error: PynamoDBException) -> bool:
    """Whether a single write was refused by its own condition. Transactions raise Stale instead."""
    return error_code(error) == "ConditionalCheckFailedException"


def _explain(error: TransactWriteError) -> Never:
    reasons = {reason.code for reason in error.cancellation_reasons if reason is not None}
    if "ConditionalCheckFailed" in reasons:
        raise Stale("the schedule or a ledger row changed since it was read") from error
    if reasons & trouble.THROTTLING or trouble.is_throttling(error):
        raise Busy("the table is busy") from error
    if trouble.code_of(error) == CANCELLED and not reasons & FAULTY_REASONS:
        raise Busy("the table cancelled the transaction for now") from error
    if isinstance(error.cause, (ConnectTimeoutError, EndpointConnectionError)):
        raise Busy("the table could not be reached") from error
    if isinstance(error.cause, BotoCoreError) or trouble.is_failure_of_aws(error):
        raise Lost("no answer came back from the table") from error
    raise error

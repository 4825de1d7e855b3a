"""What may pass, as opposed to what is wrong with a message, an account or our own code.

The one place that says so for every table, queue, topic, parameter, secret, bucket and bus. AWS
names the faults of a request with few codes; whatever else it answers is about the moment or about
the deployment: throttling, a failure of its own, a missing permission, a key that is disabled, a
table that is being restored. Waiting ends the first kind, an administrator the second, often while
a reminder still helps. Neither is the fault of the message at hand, and all the others meet it too.
So it is never poison: a sender leaves the user in the index, a queue whose message is the only
record gets it back for later, the API answers 503. An alarm tells when it lasts.
"""

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError, ValidationError
from botocore.parsers import ResponseParserError
from pynamodb.exceptions import PutError, PynamoDBException

from bill_reminders.domain.errors import MayPass

FAULTS = {
    "BatchRequestTooLong",
    "ConditionalCheckFailedException",
    "DuplicateItemException",
    "EntityTooLarge",
    "IdempotentParameterMismatchException",
    "InvalidAction",
    "InvalidArgument",
    "InvalidMessageContents",
    "InvalidParameter",
    "InvalidParameterCombination",
    "InvalidParameterException",
    "InvalidParameterValue",
    "InvalidParameterValueException",
    "InvalidRequest",
    "InvalidRequestException",
    "ItemCollectionSizeLimitExceededException",
    "KeyTooLongError",
    "MalformedXML",
    "MissingParameter",
    "SerializationException",
    "TransactionCanceledException",
    "UnknownOperationException",
    "UnsupportedOperation",
    "ValidationError",
    "ValidationException",
}
"""AWS's codes for what is wrong with the request itself, which the same request meets for ever."""

THROTTLING = {
    "LimitExceededException",
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "SlowDown",
    "Throttling",
    "ThrottledException",
    "ThrottlingError",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionConflict",
    "TransactionConflictException",
    "TransactionInProgressException",
}
"""AWS's codes for "too much at once": nothing was done, and a second later it may be."""


def may_pass(error: BaseException) -> bool:
    """Whether the same may be asked again later, and then succeed."""
    match error:
        case MayPass() | ResponseParserError():
            return True
        case PutError(cause=None):  # the table left items of a batch unprocessed, again and again
            return True
        case PynamoDBException(cause=Exception() as cause):
            return may_pass(cause)
        case ClientError():
            return _status(error) >= 500 or code_of(error) not in FAULTS
        case BotoCoreError():  # no connection, no answer, no credentials
            return not isinstance(error, (ParamValidationError, ValidationError))
    return False


def is_throttling(error: BaseException) -> bool:
    """Whether nothing but too much at once is the matter."""
    return code_of(error) in THROTTLING


def is_failure_of_aws(error: BaseException) -> bool:
    """Whether AWS failed by itself: what was asked for may have been done."""
    return _status(_cause(error)) >= 500


def code_of(error: BaseException) -> str:
    """The code in AWS's answer, without the prefix that some services write; empty when none came.
    It never repeats what was sent."""
    answer = getattr(_cause(error), "response", None) or {}
    code = str(answer.get("Error", {}).get("Code", ""))
    return code.rpartition("#")[2].rpartition(".")[2]


def name_of(error: BaseException) -> str:
    """What a log line calls an error: AWS's code, else its type."""
    return code_of(error) or type(error).__name__


def _cause(error: BaseException) -> BaseException:
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, BaseException) else error


def _status(error: BaseException) -> int:
    """The HTTP status of AWS's answer, 0 when none came. PynamoDB's own error leaves it out, and
    has AWS's behind it."""
    answer = getattr(error, "response", None) or {}
    if "ResponseMetadata" in answer:
        return int(answer["ResponseMetadata"].get("HTTPStatusCode", 0))
    return 0 if error.__cause__ is None else _status(error.__cause__)

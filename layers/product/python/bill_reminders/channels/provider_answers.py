"""The errors of SNS Publish and SESv2 SendEmail; their kind is the code of the error."""

from bill_reminders.channels.verdicts import (
    ACCOUNT,
    ADDRESS,
    ANY,
    MESSAGE,
    OPTED_OUT,
    PASSING,
    SENDER,
    Verdicts,
    rows,
)

PARAMETER = (
    "InvalidParameter InvalidParameterException InvalidParameterValue"
    " InvalidParameterValueException ParameterValueInvalid"
)
VALIDATION = "ValidationError ValidationException"
NO_SUCH = "NotFound NotFoundException"
THROTTLED = (
    "Throttling ThrottlingException Throttled ThrottledException TooManyRequests"
    " TooManyRequestsException RequestLimitExceeded RequestThrottled RequestThrottledException"
    " KMSThrottling KMSThrottlingException SlowDown"
)

ANSWERS = Verdicts(
    # Answers of SNS: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html#API_Publish_Errors
    *rows("OptedOut OptedOutException", OPTED_OUT, "opted_out", ANY),
    *rows("EndpointDisabled EndpointDisabledException", ADDRESS, "endpoint_disabled", ANY),
    *rows(f"{PARAMETER} {VALIDATION}", OPTED_OUT, "opted_out", "opted out", "opted-out"),
    # an endpoint that was deleted: field-cases, and the same words in LocalStack's SNS provider
    *rows(
        f"{PARAMETER} {VALIDATION} {NO_SUCH}",
        ADDRESS,
        "endpoint_gone",
        "no endpoint found",
        "endpoint does not exist",
        "endpoint was not found",
    ),
    # named by the attribute or the text of the same code
    *rows(
        f"{PARAMETER} {VALIDATION}",
        SENDER,
        None,
        "AWS.SNS.SMS.SenderID",
        "AWS.MM.SMS.OriginationNumber",
        "AWS.MM.SMS.EntityId",
        "AWS.MM.SMS.TemplateId",
        "sender id",
        "senderid",
        "origination",
        "originationnumber",
        "not registered",
    ),
    *rows(
        f"{PARAMETER} {VALIDATION} BadRequestException",
        ACCOUNT,
        None,
        "sandbox",
        "quota",
        "spend limit",
        "spending limit",
        "not registered",
        "not verified",
        "configuration set",
        "from address",
        "paused",
        "suspended",
        "credentials",
    ),
    # "PhoneNumber Reason: ... is not valid to publish to": in a Region without SMS every number
    # gets the same (aws/aws-sdk-js#1368), so it fails, and stops nobody
    *rows(f"{PARAMETER} {VALIDATION}", MESSAGE, "invalid", "invalid parameter phonenumber"),
    *rows(PARAMETER, MESSAGE, "invalid", ANY),
    # Answers of SES: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html and
    # https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html
    *rows(
        "MessageRejected MessageRejectedException",
        ADDRESS,
        "suppressed",
        "address blacklisted",
        "suppression list",
    ),
    *rows("BadRequestException", MESSAGE, "invalid", ANY),
    # https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html: one code, two
    # meanings
    *rows(THROTTLED, ACCOUNT, None, "message quota exceeded", "quota exceeded"),
    *rows(THROTTLED, PASSING, None, ANY),
    # all else of the 4xx kind is the account's or ours: permissions, identities, keys, sandboxes
    *rows(ANY, ACCOUNT, None, ANY),
)

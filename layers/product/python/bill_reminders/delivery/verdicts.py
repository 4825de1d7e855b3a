"""What providers say of a message, in their answers and in their receipts, and what that means.

One table: each row is a kind of saying, the words that mark it, and whose fault that is. The first
row that fits speaks. A text is compared by its words alone: capitals, signs and spaces differ from
one form of a message to the next.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """Who or what stands in the way, which decides whether the same may be asked again."""

    ACCOUNT = "account"
    """The account: quota, pause, sender, registration, sandbox, permission. An administrator can
    change that while the reminder still helps, so it waits, and an alarm says so."""
    SENDER = "sender"
    """The account's sender ID, number, template or registration for one country: it waits for an
    administrator like the account, and says nothing of other countries."""
    PASSING = "passing"
    """Nothing that lasts: throttling, a phone that is off, a full mailbox."""
    ADDRESS = "address"
    """There is no such number, mailbox or device (any more): it is not written to again."""
    OPTED_OUT = "opted_out"
    """The owner of the address opted out with the provider."""
    MESSAGE = "message"
    """This message alone; the next one to that address is tried again."""


class Form(StrEnum):
    """Where a saying comes from."""

    ANSWER = "answer"
    """The error of SNS Publish or SESv2 SendEmail; its kind is the error's code."""
    SMS = "sms"
    """`providerResponse` in the delivery log of SMS."""
    PUSH = "push"
    """An event of a platform application, `FailureType` and `FailureMessage`."""
    BOUNCE = "bounce"
    """A bounce of SES; its kind is the type, its text the subtype and the SMTP status."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whose fault it is, and why in one word of ours; None keeps the provider's code."""

    fault: Fault
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Row:
    form: Form
    kinds: frozenset[str]
    words: str
    verdict: Verdict

    def fits(self, kind: str, text: str) -> bool:
        is_kind = not self.kinds or kind in self.kinds
        return is_kind and (not self.words or f" {self.words} " in text)


_OUR_WORDS = re.compile(r"[a-z0-9]+(?:[./'_-]+[a-z0-9]+)*")


def _words(text: str) -> str:
    """The words of a text, each with a space before and after it."""
    return f" {' '.join(_OUR_WORDS.findall(text.casefold()))} "


def _rows(form: Form, kinds: str, fault: Fault, reason: str | None, *texts: str) -> Iterator[_Row]:
    for text in texts:
        yield _Row(
            form, frozenset(kinds.casefold().split()), _words(text).strip(), Verdict(fault, reason)
        )


ANSWER, SMS, PUSH, BOUNCE = Form.ANSWER, Form.SMS, Form.PUSH, Form.BOUNCE
ACCOUNT, PASSING, ADDRESS = Fault.ACCOUNT, Fault.PASSING, Fault.ADDRESS
OPTED_OUT, MESSAGE, SENDER = Fault.OPTED_OUT, Fault.MESSAGE, Fault.SENDER
ANY = ""
"""Every kind, or every text of a kind."""

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

_TABLE: tuple[_Row, ...] = (
    # Answers of SNS: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html#API_Publish_Errors
    *_rows(ANSWER, "OptedOut OptedOutException", OPTED_OUT, "opted_out", ANY),
    *_rows(ANSWER, "EndpointDisabled EndpointDisabledException", ADDRESS, "endpoint_disabled", ANY),
    *_rows(ANSWER, f"{PARAMETER} {VALIDATION}", OPTED_OUT, "opted_out", "opted out", "opted-out"),
    # an endpoint that was deleted: field-cases, and the same words in LocalStack's SNS provider
    *_rows(
        ANSWER,
        f"{PARAMETER} {VALIDATION} {NO_SUCH}",
        ADDRESS,
        "endpoint_gone",
        "no endpoint found",
        "endpoint does not exist",
        "endpoint was not found",
    ),
    # named by the attribute or the text of the same code
    *_rows(
        ANSWER,
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
    *_rows(
        ANSWER,
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
    *_rows(
        ANSWER, f"{PARAMETER} {VALIDATION}", MESSAGE, "invalid", "invalid parameter phonenumber"
    ),
    *_rows(ANSWER, PARAMETER, MESSAGE, "invalid", ANY),
    # Answers of SES: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html and
    # https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html
    *_rows(
        ANSWER,
        "MessageRejected MessageRejectedException",
        ADDRESS,
        "suppressed",
        "address blacklisted",
        "suppression list",
    ),
    *_rows(ANSWER, "BadRequestException", MESSAGE, "invalid", ANY),
    # https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html: one code, two
    # meanings
    *_rows(ANSWER, THROTTLED, ACCOUNT, None, "message quota exceeded", "quota exceeded"),
    *_rows(ANSWER, THROTTLED, PASSING, None, ANY),
    # all else of the 4xx kind is the account's or ours: permissions, identities, keys, sandboxes
    *_rows(ANSWER, ANY, ACCOUNT, None, ANY),
    # The log of SMS. What speaks of the account stands in no list of AWS's but in people's logs:
    # GSA/notifications-api#2001, aws/aws-sdk-js#3843, and the same sentences of End User Messaging
    *_rows(SMS, ANY, ACCOUNT, "quota", "quota", "spend limit", "spending limit", "spend threshold"),
    *_rows(
        SMS,
        ANY,
        ACCOUNT,
        "account",
        "your account",
        "for account",
        "account is",
        "sandbox",
        "not authorized",
        "not enabled for",
    ),
    *_rows(
        SMS,
        ANY,
        ACCOUNT,
        "sender",
        "origination",
        "originator",
        "sender id",
        "senderid",
        "sender not registered",
        "sender is not registered",
        "destination is not registered",
        "destination not registered",
        "destination is not verified",
        "destination not verified",
        "entity id",
        "template id",
    ),
    # https://docs.aws.amazon.com/sns/latest/dg/sms_stats_cloudwatch.html, "SMS delivery failure
    # reasons"; an older edition says "blacklisted" (aws/aws-sdk-js#3133)
    *_rows(SMS, ANY, ACCOUNT, "max_price", "exceed max price"),
    *_rows(SMS, ANY, OPTED_OUT, "opted_out", "opted out", "opted-out"),
    *_rows(SMS, ANY, ADDRESS, "no_such_number", "invalid phone number", "phone number is invalid"),
    *_rows(
        SMS,
        ANY,
        PASSING,
        "unreachable",
        "currently unreachable/unavailable",
        "currently unreachable",
        "currently unavailable",
    ),
    *_rows(SMS, ANY, MESSAGE, "blocked_by_phone", "phone has blocked SMS"),
    *_rows(
        SMS,
        ANY,
        MESSAGE,
        "blocked",
        "is on a blocked list",
        "is blacklisted",
        "carrier has blocked this message",
        "blocked as spam by phone carrier",
    ),
    *_rows(SMS, ANY, MESSAGE, "invalid", "message body is invalid"),
    *_rows(SMS, ANY, MESSAGE, "not_delivered", "unknown error attempting to reach phone"),
    # Events of platform applications. AWS lists no failure types; these were seen in deployments
    # (re:Post "list of available FailureTypes"), or are the push services' own:
    # https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns
    # https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
    *_rows(
        PUSH,
        ANY,
        ACCOUNT,
        "credentials",
        "platform credentials",
        "PlatformCredentialsExpired",
        "PlatformCredentialsInvalid",
        "PlatformApplicationDisabled",
        "platform application is disabled",
        "InvalidCredentials",
        "InvalidProviderToken",
        "ExpiredProviderToken",
        "MissingProviderToken",
        "BadCertificate",
        "BadCertificateEnvironment",
        "THIRD_PARTY_AUTH_ERROR",
        "AuthenticationError",
    ),
    *_rows(
        PUSH,
        ANY,
        ADDRESS,
        "device_is_gone",
        "InvalidPlatformToken",
        "PlatformTokenExpired",
        "platform token associated with the endpoint is not valid",
        "EndpointDisabled",
        "endpoint is disabled",
        "EndpointNotFound",
        "endpoint was not found",
        "Unregistered",
        "NotRegistered",
        "BadDeviceToken",
        "ExpiredToken",
        "DeviceTokenNotForTopic",
        "InvalidRegistration",
    ),
    *_rows(
        PUSH,
        ANY,
        MESSAGE,
        "invalid",
        "InvalidNotification",
        "notification body is invalid",
        "PayloadTooLarge",
        "MessageTooBig",
    ),
    # Bounces: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
    # "Bounce types". A mailbox that wants SPF, DKIM or DMARC of us says so in the status: RFC 7372
    # and the registry of enhanced status codes
    *_rows(
        BOUNCE,
        ANY,
        ACCOUNT,
        "sender_not_proven",
        *(f"5.7.{detail}" for detail in (20, 21, 22, 23, 24, 25, 26, 27)),
    ),
    *_rows(BOUNCE, "Permanent", OPTED_OUT, "opted_out", "UnsubscribedRecipient"),
    *_rows(
        BOUNCE,
        "Permanent",
        MESSAGE,
        "content_refused",
        "MessageTooLarge",
        "ContentRejected",
        "AttachmentRejected",
    ),
    *_rows(BOUNCE, "Permanent", ADDRESS, "bounced", ANY),
    *_rows(BOUNCE, ANY, PASSING, "bounced_for_now", ANY),
)


def verdict(form: Form, text: str, *, kind: str = "") -> Verdict | None:
    """What a saying means; None when no row knows it."""
    kind, words = kind.casefold(), _words(text)
    fitting = (row for row in _TABLE if row.form is form and row.fits(kind, words))
    return next((row.verdict for row in fitting), None)

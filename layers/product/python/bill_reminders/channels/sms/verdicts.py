"""What `providerResponse` says in the delivery log of SMS."""

from bill_reminders.channels.verdicts import (
    ACCOUNT,
    ADDRESS,
    ANY,
    MESSAGE,
    OPTED_OUT,
    PASSING,
    Verdicts,
    rows,
)

VERDICTS = Verdicts(
    # The log of SMS. What speaks of the account stands in no list of AWS's but in people's logs:
    # GSA/notifications-api#2001, aws/aws-sdk-js#3843, and the same sentences of End User Messaging
    *rows(ANY, ACCOUNT, "quota", "quota", "spend limit", "spending limit", "spend threshold"),
    *rows(
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
    *rows(
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
    *rows(ANY, ACCOUNT, "max_price", "exceed max price"),
    *rows(ANY, OPTED_OUT, "opted_out", "opted out", "opted-out"),
    *rows(ANY, ADDRESS, "no_such_number", "invalid phone number", "phone number is invalid"),
    *rows(
        ANY,
        PASSING,
        "unreachable",
        "currently unreachable/unavailable",
        "currently unreachable",
        "currently unavailable",
    ),
    *rows(ANY, MESSAGE, "blocked_by_phone", "phone has blocked SMS"),
    *rows(
        ANY,
        MESSAGE,
        "blocked",
        "is on a blocked list",
        "is blacklisted",
        "carrier has blocked this message",
        "blocked as spam by phone carrier",
    ),
    *rows(ANY, MESSAGE, "invalid", "message body is invalid"),
    *rows(ANY, MESSAGE, "not_delivered", "unknown error attempting to reach phone"),
)

"""What a bounce of SES says: its kind is the type, its text the subtype and the SMTP status."""

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
    # Bounces: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
    # "Bounce types". A mailbox that wants SPF, DKIM or DMARC of us says so in the status: RFC 7372
    # and the registry of enhanced status codes
    *rows(
        ANY,
        ACCOUNT,
        "sender_not_proven",
        *(f"5.7.{detail}" for detail in (20, 21, 22, 23, 24, 25, 26, 27)),
    ),
    *rows("Permanent", OPTED_OUT, "opted_out", "UnsubscribedRecipient"),
    *rows(
        "Permanent",
        MESSAGE,
        "content_refused",
        "MessageTooLarge",
        "ContentRejected",
        "AttachmentRejected",
    ),
    *rows("Permanent", ADDRESS, "bounced", ANY),
    *rows(ANY, PASSING, "bounced_for_now", ANY),
)

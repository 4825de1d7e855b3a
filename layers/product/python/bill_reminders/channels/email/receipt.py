"""Events of SES:
https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html"""

from collections.abc import Mapping
from typing import Any

from bill_reminders.channels.email.verdicts import VERDICTS
from bill_reminders.channels.receipts import Meaning, Receipt, ident, instant, meant, text_of
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import State
from bill_reminders.domain.people import StoppedBy

TOPIC, MARK = "EMAIL_EVENTS_TOPIC", "eventType"
FINDS_UNMARKED = False  # they bear our own tag


def read(event: Mapping[str, Any]) -> Receipt | None:
    mail = event["mail"]
    meaning = _meaning(text_of(event["eventType"]), event)
    if meaning is None:
        return None
    (tag,) = mail["tags"]["message_id"]
    (address,) = mail["destination"]  # we write to one at a time
    return meaning.receipt(
        channel=Channel.EMAIL,
        receipt_id=ident(tag),
        provider_id=ident(mail["messageId"]),
        at=instant(mail["timestamp"]),
        address=text_of(address),
    )


_MEANINGS: Mapping[str, Meaning] = {
    "Send": Meaning(State.SENT),
    "Delivery": Meaning(State.DELIVERED),
    "Reject": Meaning(State.FAILED, "rejected"),
    "Rendering Failure": Meaning(State.FAILED, "not_rendered"),
}
"""Delays, openings and the like are left out: they say nothing final."""


def _meaning(kind: str, event: Mapping[str, Any]) -> Meaning | None:
    if kind == "Bounce":
        bounce = event["bounce"]
        statuses = (each.get("status") for each in bounce.get("bouncedRecipients") or ())
        text = " ".join(str(each) for each in (bounce.get("bounceSubType"), *statuses))
        return meant(VERDICTS.verdict(text, kind=text_of(bounce["bounceType"])), text)
    if kind == "Complaint":
        return _of_complaint(event["complaint"])
    return _MEANINGS.get(kind)


def _of_complaint(complaint: Mapping[str, Any]) -> Meaning | None:
    # mailbox providers also tell when somebody takes a mail out of the junk folder
    if complaint.get("complaintFeedbackType") == "not-spam":
        return None
    # SES kept it back, because of a complaint about an earlier one
    is_kept_back = complaint.get("complaintSubType") == "OnAccountSuppressionList"
    state = State.BOUNCED if is_kept_back else State.COMPLAINED
    return Meaning(state, "complained", StoppedBy.COMPLAINT)

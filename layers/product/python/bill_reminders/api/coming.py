"""Reminders in JSON: those to come, and those of the ledger."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from typing import Annotated

from pydantic import Field

from bill_reminders.api.fields import Answer, ChannelName, Day, Instant, instant_text
from bill_reminders.domain.account import Account
from bill_reminders.domain.forecast import Coming
from bill_reminders.domain.ledger import State
from bill_reminders.domain.people import Language
from bill_reminders.messages.explanations import because, outcome


class ComingReminder(Answer):
    """A reminder that will come due if nothing else happens."""

    at: Annotated[Instant, Field(description="When it goes out.")]
    channel: Annotated[ChannelName, Field(description="Where.", examples=["sms"])]
    bill_id: Annotated[str, Field(description="The bill.", examples=["rent"])]
    biller: Annotated[str, Field(description="Who is to be paid.", examples=["Lantern Bank"])]
    name: Annotated[str, Field(description="What the bill is called.", examples=["Credit card"])]
    occurrence: Annotated[
        int, Field(description="Which due date of it, counted from 0.", examples=[0])
    ]
    due_on: Annotated[
        Day, Field(description="By when it is to be paid, weekends and holidays minded.")
    ]
    nominal_due_on: Annotated[Day, Field(description="The date before that shift.")]
    trigger: Annotated[
        str,
        Field(
            description=(
                "What makes it due: `lead:3`, `overdue:1`, `snooze:2027-03-02`, "
                "`autopay_failed:<event>`."
            ),
            examples=["lead:3"],
        ),
    ]
    why: Annotated[
        str,
        Field(
            description="The same as a sentence in the user's language.",
            examples=["By your reminder plan: 3 days before."],
        ),
    ]
    goes_out: Annotated[
        bool, Field(description="False when as things stand it will be noted and not sent.")
    ]
    held_back: Annotated[
        str | None,
        Field(
            description="Why it does not go out, as a sentence in the user's language; else null.",
            examples=[None],
        ),
    ]


def coming_view(coming: Coming, account: Account) -> ComingReminder:
    reminder = coming.reminder
    bill = account.bill(reminder.bill_id)
    assert bill is not None, "planned from this very account"
    language = account.user.language
    return ComingReminder(
        at=instant_text(coming.at),
        channel=reminder.channel.value,
        bill_id=reminder.bill_id,
        biller=bill.biller,
        name=bill.name,
        occurrence=reminder.occurrence,
        due_on=bill.payable_on(reminder.due_on).isoformat(),
        nominal_due_on=reminder.due_on.isoformat(),
        trigger=str(reminder.trigger),
        why=because(language, reminder.trigger),
        goes_out=coming.skip is None,
        held_back=_held_back(language, coming),
    )


def _held_back(language: Language, coming: Coming) -> str | None:
    if coming.skip is None:
        return None
    return outcome(language, State.SKIPPED, coming.skip.value)


def reminder_id(key: str) -> str:
    """A ledger key as it may stand in an address."""
    return urlsafe_b64encode(key.encode()).decode().rstrip("=")


def key_of(ident: str) -> str | None:
    """The ledger key of an id; None for what is none."""
    try:
        return urlsafe_b64decode(ident + "=" * (-len(ident) % 4)).decode()
    except (NotBase64, UnicodeDecodeError):
        return None

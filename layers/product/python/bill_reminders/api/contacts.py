"""Contacts and devices in JSON."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from bill_reminders.api.fields import Answer, Body, Instant, instant_text
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Address
from bill_reminders.storage.codes import Pending

LONGEST_CONSENT = 500
ENTERED = "entered the code that was sent there"
"""What stands for the user's consent where a front end shows no words of its own."""

ContactState = Literal["confirmed", "attested", "pending", "stopped"]
StoppedByName = Literal["reply", "page", "unsubscribe", "provider", "bounced", "complaint"]

if TYPE_CHECKING:
    type ContactChannel = str
else:  # as fields.ValueOf, of the channels whose addresses are no devices
    ContactChannel = Literal[*(each.value for each in Channel if not each.is_device)]

_FOR_WHAT = ", ".join(f"{each} for {each.address}" for each in Channel if not each.is_device)


class NewContact(Body):
    """An address to be confirmed."""

    channel: Annotated[ContactChannel, Field(description=f"{_FOR_WHAT}.", examples=["sms"])]
    address: Annotated[
        str,
        Field(
            min_length=3,
            max_length=320,
            description=(
                "A phone number with + and its country code, or an e-mail address. A six-digit "
                "code is sent there."
            ),
            examples=["+12025550123"],
        ),
    ]


class CodeEntered(Body):
    """The code that was sent to the contact."""

    code: Annotated[
        str,
        Field(pattern=r"^[0-9]{6}$", description="The six digits.", examples=["042137"]),
    ]
    consent: Annotated[
        str,
        Field(
            min_length=1,
            max_length=LONGEST_CONSENT,
            description=(
                "The words that the user agreed to on your page, for example what is sent and how "
                "to stop it. They are kept with the time, as evidence."
            ),
            examples=["Send me reminders by text. I can reply STOP at any time."],
        ),
    ] = ENTERED


class Contact(Answer):
    """An address at which the user is reached, or that waits to be confirmed."""

    contact_id: Annotated[
        str,
        Field(
            description="Its id: the same before and after it is confirmed.",
            examples=["0123456789abcdef0123"],
        ),
    ]
    channel: Annotated[ContactChannel, Field(description="Its channel.", examples=["sms"])]
    address: Annotated[
        str, Field(description="The address in its normal form.", examples=["+12025550123"])
    ]
    state: Annotated[
        ContactState,
        Field(
            description=(
                "confirmed: its owner entered the code; attested: a biller vouches for it; "
                "pending: the code is to be entered; stopped: see stopped_by, and confirm it anew "
                "to lift that. Only the first two are written to. One that is confirmed anew keeps "
                "its state until then."
            ),
            examples=["confirmed"],
        ),
    ]
    stopped_by: Annotated[
        StoppedByName | None,
        Field(
            description=(
                "How it came to be stopped; null when it is not. reply: STOP from it; page: a "
                "button of the page behind a link; unsubscribe: the mail program's button; "
                "provider: its owner opted out with the provider; bounced: messages came back, or "
                "the device is gone; complaint: a message was reported as unwanted."
            ),
            examples=["bounced"],
        ),
    ] = None
    code_expires_at: Annotated[
        Instant | None, Field(description="Until when the code may be entered; null without one.")
    ] = None
    tries_left: Annotated[
        int | None, Field(description="How often the code may still be entered.", examples=[5])
    ] = None


class Contacts(Answer):
    """All contacts: at most one of each channel, and those that wait."""

    contacts: Annotated[list[Contact], Field(description="Those in use first.")]


class Confirmed(Answer):
    """A confirmed contact."""

    contact: Annotated[Contact, Field(description="The contact, now in use.")]
    joined: Annotated[
        bool,
        Field(
            description=(
                "Whether this was the key to an account that a biller had made: from now on the "
                "token opens that one, with its bills and settings."
            ),
            examples=[False],
        ),
    ]


class NewDevice(Body):
    """A device that takes push notifications."""

    platform: Annotated[
        Literal["apple", "google"],
        Field(description="apple for APNs, google for FCM.", examples=["google"]),
    ]
    token: Annotated[
        str,
        Field(
            min_length=16,
            max_length=4096,
            description="The token that the operating system gave to the app.",
            examples=["d1f2c3b4a5968778695a4b3c2d1e0f00"],
        ),
    ]
    resume: Annotated[
        bool,
        Field(
            description=(
                "True when the user has just turned notifications on again in the app: push that "
                "was stopped goes on. Leave it out at a mere start of the app."
            ),
            examples=[False],
        ),
    ] = False


class Device(Answer):
    """The device that takes push notifications: the one registered last."""

    device_id: Annotated[str, Field(description="Its id.", examples=["0123456789abcdef0123"])]
    state: Annotated[
        Literal["confirmed", "attested", "stopped"],
        Field(description="As of a contact.", examples=["confirmed"]),
    ]
    stopped_by: Annotated[
        StoppedByName | None,
        Field(
            description=(
                "As of a contact. Registering the device again lifts `bounced`, and with `resume` "
                "any other."
            ),
            examples=["bounced"],
        ),
    ] = None


class Devices(Answer):
    """The registered devices; one at most, the one registered last."""

    devices: Annotated[list[Device], Field(description="The devices.")]


def state_of(address: Address) -> Literal["confirmed", "attested", "stopped"]:
    if address.stopped_at is not None:
        return "stopped"
    return "confirmed" if address.confirmed else "attested"


def stopped_by(address: Address) -> StoppedByName | None:
    return None if address.stopped_at is None else address.stopped_by.value


def contact_view(
    contact_id: str, channel: Channel, address: Address, pending: Pending | None = None
) -> Contact:
    """An address in use; `pending` is the code that would confirm it anew."""
    return Contact(
        contact_id=contact_id,
        channel=channel.value,
        address=address.value,
        state=state_of(address),
        stopped_by=stopped_by(address),
        code_expires_at=None if pending is None else instant_text(pending.expires_at),
        tries_left=None if pending is None else pending.tries_left,
    )


def pending_view(pending: Pending) -> Contact:
    return Contact(
        contact_id=pending.contact_id,
        channel=pending.channel.value,
        address=pending.address,
        state="pending",
        code_expires_at=instant_text(pending.expires_at),
        tries_left=pending.tries_left,
    )

"""What a channel is given: messages to send, and who asks for a code.

Types alone stand in contract.py. Every function that knows a channel loads this module, so it loads
no words, no tables and no people.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from bill_reminders.domain.enums import Channel

if TYPE_CHECKING:
    from bill_reminders.domain.people import User
    from bill_reminders.messages.notices import Notice, Part


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message with reminders, to compose and send.

    `today` is the user's local date; all words count days from it, so `expires_in` is how long it
    lasts. `first` is the first message to this address, which says how to stop. `message_id` is
    ours and says nothing about the user. `link` is the address of the message's page,
    `unsubscribe_link` that at which one request stops the channel; both are None where a message
    carries none.
    """

    user: "User"
    address: str = field(repr=False)
    notices: tuple["Notice", ...]
    today: date
    expires_in: timedelta
    first: bool
    part: "Part"
    message_id: str
    link: str | None = field(default=None, repr=False)
    unsubscribe_link: str | None = field(default=None, repr=False)


# One-off messages: a code, a test message, an answer ----------------------------------------------

CODE = "code:"
"""With what the keys of codes begin."""

DEVICE_WAITS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class DirectText:
    """`subject` is the subject of an e-mail or the title of a push notification, `text` the body;
    `html` is for e-mail, `wording` the number of an SMS's registered wording. What a channel has
    not is ""."""

    subject: str
    text: str
    html: str = ""
    wording: str = ""


@dataclass(frozen=True, slots=True)
class Direct:
    """A message about no bill. `key` is its name in the ledger: `code:<id>`, `test:<id>`; `compose`
    is called only when it has not gone out before. Of who is `self_registered` an SMS may use up
    less of the day's total. It goes only while the account has that `life`, see
    accounts.life_of. A device that was off for longer than `push_lasts` is not shown it."""

    user_id: str
    key: str
    channel: Channel
    address: str = field(repr=False)
    compose: Callable[[], DirectText]
    self_registered: bool
    life: str | None
    push_lasts: timedelta = DEVICE_WAITS

    @property
    def is_code(self) -> bool:
        return self.key.startswith(CODE)

    @property
    def tag(self) -> str:
        """By which a provider names it that takes tags."""
        return tag_of(self.key)


def tag_of(key: str) -> str:
    return key.replace(":", "-")


class Sends(StrEnum):
    """What one-off messages a function sends."""

    CODES = "codes"
    """Six-digit codes, which go where strangers may say."""
    OTHERS = "others"
    """All else that a user, or a change of theirs, asks for."""


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """Who asks for a code, and where it goes; `source` is the IP address that the request came
    from."""

    user_id: str
    channel: Channel
    address: str = field(repr=False)
    source: str = field(repr=False)
    self_registered: bool

"""What a channel is given: a message with reminders. One-off messages stand in one_off.py.

Types alone stand in contract.py. Every sender loads this module, so it loads no words, no tables
and no people.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

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

"""One-off messages, about no bill: a code, a test message, an answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from bill_reminders.channels.sends import CODE, tag_of
from bill_reminders.domain.enums import Channel

DEVICE_WAITS = timedelta(minutes=10)


class DirectText(NamedTuple):
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


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """Who asks for a code, and where it goes; `source` is the IP address that the request came
    from."""

    user_id: str
    channel: Channel
    address: str = field(repr=False)
    source: str = field(repr=False)
    self_registered: bool

"""What a provider says of one message, later, in our own words; nothing of its text goes
further."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from bill_reminders.channels.verdicts import Fault, Verdict
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.domain.ledger import State
from bill_reminders.domain.people import StoppedBy

_ID = re.compile(r"[A-Za-z0-9._@-]{1,200}")


class UnreadableReceipt(BillRemindersError):
    """What came is no receipt; the message names what is wrong and repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider says of one message.

    `receipt_id` is our own tag of an e-mail, the provider's id of all else; None when it is about
    the address and no message. `at` is when the provider took the message, by its own clock. `stop`
    tells that `address` is of no use any more, `of_account` that the account is at fault and nobody
    got the message. `unknown_text` is a reason that no table of ours knows. `foreign` tells that
    the message is another application's, which shares the account.
    """

    channel: Channel
    receipt_id: str | None
    provider_id: str
    state: State
    at: datetime
    reason: str | None = None
    stop: StoppedBy | None = None
    of_account: bool = False
    foreign: bool = False
    address: str | None = field(default=None, repr=False)
    unknown_text: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What became of a message, why, and what else that says."""

    state: State
    reason: str | None = None
    stop: StoppedBy | None = None
    of_account: bool = False
    unknown_text: str | None = field(default=None, repr=False)

    def receipt(self, **known: Any) -> Receipt:
        """The receipt of which it is the meaning."""
        return Receipt(
            state=self.state,
            reason=self.reason,
            stop=self.stop,
            of_account=self.of_account,
            unknown_text=self.unknown_text,
            **known,
        )


MEANINGS: Mapping[Fault, Meaning] = {
    Fault.ACCOUNT: Meaning(State.FAILED, of_account=True),
    Fault.SENDER: Meaning(State.FAILED, of_account=True),
    Fault.PASSING: Meaning(State.EXPIRED),
    Fault.ADDRESS: Meaning(State.BOUNCED, stop=StoppedBy.BOUNCED),
    Fault.OPTED_OUT: Meaning(State.FAILED, stop=StoppedBy.PROVIDER),
    Fault.MESSAGE: Meaning(State.FAILED),
}


def meant(verdict: Verdict | None, text: str) -> Meaning:
    """What a failure means of which the provider says `text`; `verdict` is None for one that no
    table knows."""
    if verdict is None:
        return Meaning(State.FAILED, "not_delivered", unknown_text=text)
    return replace(MEANINGS[verdict.fault], reason=verdict.reason)


def ident(value: object) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise UnreadableReceipt("the id is not one")
    return value


def text_of(value: object) -> str:
    if not isinstance(value, str):
        raise UnreadableReceipt("not a text where one belongs")
    return value


def instant(value: object) -> datetime:
    at = datetime.fromisoformat(text_of(value))
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)

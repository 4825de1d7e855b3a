"""What the folder of a channel offers. Each protocol here is a module of that folder or, where it
says so, a class in it; tests/unit/test_channels.py holds all folders to it. Only type checkers load
it: what is loaded with a channel stands in given.py, one_off.py and sends.py."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from bill_reminders.channels.given import Outgoing
from bill_reminders.channels.one_off import CodeRequest, Direct, DirectText
from bill_reminders.channels.receipts import Receipt
from bill_reminders.channels.sends import Sends
from bill_reminders.domain.dead_channels import DeadChannel
from bill_reminders.domain.handovers import Handover
from bill_reminders.domain.people import Language, User
from bill_reminders.messages.notices import Sender
from bill_reminders.storage.limits import Limit


class ReminderSender(Protocol):
    """Sends the messages with reminders: a class in `sender.py`, which the channel's function
    makes."""

    @property
    def provider(self) -> Any:
        """The client of the provider."""

    def prepare(self, wake_ups: int) -> bool:
        """Read what a batch of so many needs; whether anything may be sent."""

    def held_until(self, user: User, now: datetime) -> datetime | None:
        """Until when a user's reminders wait; None for those that do not."""

    def used(self) -> Mapping[str, float]:
        """What the messages of a batch took beside being one each, by metrics' names: told once."""

    def send(self, outgoing: Outgoing) -> str:
        """Compose and send; the provider's message id. Raises providers.Refused, Rejected or
        NoAnswer."""


# One-off messages: a code, a test message, an answer ----------------------------------------------


class DirectWords(Protocol):
    """`direct.py`: the words of one-off messages to the address `to`."""

    def code(
        self, language: Language, *, to: str, sender: Sender, code: str, minutes: int
    ) -> DirectText:
        """The `code` that confirms the address, valid for `minutes`. Raises InvalidValue where an
        address is not confirmed so."""

    def proof(
        self, language: Language, *, to: str, sender: Sender, code: str, minutes: int
    ) -> DirectText:
        """The `code` that opens, on the page behind a message's link, what is beyond the message's
        own bills; valid for `minutes`."""

    def trial(
        self, language: Language, *, to: str, sender: Sender, code_word: str | None
    ) -> DirectText:
        """A test message, with the user's code word if there is one and it may stand there."""

    def handover(self, handover: Handover, *, to: str, sender: Sender, link: str) -> DirectText:
        """That the account was joined, or that an address of it went to somebody else, with the
        `link` that undoes it; empty where none may stand. It names neither the address that changed
        hands nor any bill."""

    def dead_channel(self, dead: DeadChannel, *, to: str, sender: Sender) -> DirectText:
        """That reminders by another channel no longer arrive. It names neither that address nor any
        bill."""


class DirectSender(Protocol):
    """Sends one-off messages: what `sender.py` makes of the channel's parameters by `direct()`."""

    def need_reachable(self, address: str) -> None:
        """Raises providers.NotServed where nothing goes to that address; Refused while that cannot
        be told."""

    def send(self, message: Direct, text: DirectText, *, now: datetime) -> str:
        """Send once; the provider's message id. Raises providers.Refused, Rejected, NoAnswer."""


class SenderModule(Protocol):
    """`sender.py`."""

    def direct(self, parameters: Any) -> DirectSender:
        """Who sends one-off messages, by the channel's parameters."""


class ParametersModule(Protocol):
    """`parameters.py`: what the channel needs of the environment of a function that sends one-off
    messages. It loads nothing else: many functions start with it."""

    PARAMETERS: type[Any]
    """A dataclass for environment.read."""

    NEEDED_FOR: Mapping[Sends, frozenset[str]]
    """Its fields that have a default and are needed all the same, by what is sent."""


# Addresses ----------------------------------------------------------------------------------------


class ContactModule(Protocol):
    """`contact.py`: the addresses of the channel."""

    USED_UP: Mapping[str, tuple[str, str]]
    """Limits of codes for all users together, with the words of the log when one is used up and the
    metric that an alarm waits for."""

    def read(self, text: str) -> str:
        """An address in its normal form. Raises cells.CellError."""

    def counted_as(self, address: str) -> str:
        """The same for all ways to write what reaches the same person."""

    def code_limits(self, asked: CodeRequest, parameters: Any) -> Iterable[Limit]:
        """What bounds the codes by this channel beside what bounds all of them."""

    def trial_limits(self, user: User) -> Iterable[Limit]:
        """What bounds a user's test messages by this channel beside what bounds all of them."""

    def need_few_returned(self, now: datetime) -> None:
        """Raises limits.TooOften while too many of today's codes came back."""

    def note_returned(self, *, sent_at: datetime) -> None:
        """A code that the provider took at `sent_at` came back."""

    def link_origin(self, address: str, *, page: str, short: str) -> str:
        """Where links in a message to that address begin: `page`, or the `short` one of SMS, which
        may be ""; "" where no link may stand."""

    def takes_own_words(self, address: str) -> bool:
        """Whether a message may say there what was not registered beforehand."""


# Receipts -----------------------------------------------------------------------------------------


class ReceiptModule(Protocol):
    """`receipt.py`: what the provider says later."""

    TOPIC: str
    """The variable of the environment with the ARN of the topic that events come through; "" for
    events that come by a log."""

    MARK: str
    """The field that all events of its topic have, and no event of another one."""

    FINDS_UNMARKED: bool
    """Whether receipts come for every message, and call it by the provider's id alone. One that
    names an id which the ledger lacks then means what nobody marked: the only such message to its
    address at that time."""

    def read(self, event: Mapping[str, Any]) -> Receipt | None:
        """The receipt in an event; None when it says nothing that changes anything. Raises
        receipts.UnreadableReceipt, or what a look into a wrong event raises."""

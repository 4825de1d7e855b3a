"""Every channel's folder, by its Channel: a member of that enum and a folder of its name are all
that the rest of the code needs to know of a new one.

A part is loaded when it is asked for: a sender starts with what its own channel needs.
"""

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from bill_reminders import environment
from bill_reminders.channels.sends import Sends
from bill_reminders.domain.enums import Channel

if TYPE_CHECKING:
    from bill_reminders.channels.contract import (
        ContactModule,
        DirectSender,
        DirectWords,
        ParametersModule,
        ReceiptModule,
        SenderModule,
    )

type Parameters = Mapping[Channel, Any]
"""What each channel needs of the environment."""


def words(channel: Channel) -> "DirectWords":
    return cast("DirectWords", _part(channel, "direct"))


def contact(channel: Channel) -> "ContactModule":
    return cast("ContactModule", _part(channel, "contact"))


def receipt(channel: Channel) -> "ReceiptModule":
    return cast("ReceiptModule", _part(channel, "receipt"))


def parameters(*kinds: Sends) -> Parameters:
    """What the channels need of the environment of a function that sends one-off messages for these
    kinds. Raises environment.MissingConfiguration."""
    return MappingProxyType({channel: _parameters(channel, kinds) for channel in Channel})


def _parameters(channel: Channel, kinds: Iterable[Sends]) -> Any:
    module = cast("ParametersModule", _part(channel, "parameters"))
    needed = {name for each in kinds for name in module.NEEDED_FOR.get(each, ())}
    return environment.read(module.PARAMETERS, required=needed)


def topics() -> Mapping[str, Channel]:
    """The ARNs of the topics that receipts come through, each of one channel alone. Raises
    environment.MissingConfiguration."""
    named = {channel: receipt(channel).TOPIC for channel in Channel}
    return {environment.text(name): channel for channel, name in named.items() if name}


class DirectSenders(Mapping[Channel, "DirectSender"]):
    """Who sends one-off messages, by channel. What that takes is loaded when one goes out."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters

    def __getitem__(self, channel: Channel) -> "DirectSender":
        sender = cast("SenderModule", _part(channel, "sender"))
        return sender.direct(self._parameters[channel])

    def __iter__(self) -> Iterator[Channel]:
        return iter(self._parameters)

    def __len__(self) -> int:
        return len(self._parameters)


def _part(channel: Channel, name: str) -> Any:
    return import_module(f"{__package__}.{channel.value}.{name}")

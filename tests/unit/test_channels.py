"""Every channel's folder offers what the contract asks for."""

import inspect
from importlib import import_module
from typing import Any

import pytest

from bill_reminders.channels import contract, registry, sends
from bill_reminders.domain.enums import Channel

PARTS = {
    "direct": contract.DirectWords,
    "contact": contract.ContactModule,
    "receipt": contract.ReceiptModule,
    "sender": contract.SenderModule,
    "parameters": contract.ParametersModule,
}
PURPOSES = {each.value for each in sends.Sends}


def parameters_of(function: Any) -> list[tuple[str, Any]]:
    known = inspect.signature(function).parameters.values()
    return [(each.name, each.kind) for each in known if each.name != "self"]


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("part", PARTS)
def test_a_folder_has_the_part(channel: Channel, part: str) -> None:
    module = import_module(f"bill_reminders.channels.{channel}.{part}")
    for name in PARTS[part].__annotations__:
        assert hasattr(module, name), name
    for name, asked in inspect.getmembers(PARTS[part], inspect.isfunction):
        if not name.startswith("_"):
            assert parameters_of(getattr(module, name)) == parameters_of(asked), name


@pytest.mark.parametrize("channel", Channel)
def test_its_receipts_are_told_from_those_of_others(channel: Channel) -> None:
    mine = registry.receipt(channel)
    assert bool(mine.TOPIC) == bool(mine.MARK), "a topic has a mark, and a log has neither"
    others = [registry.receipt(each) for each in Channel if each is not channel]
    assert not mine.MARK or mine.MARK not in {each.MARK for each in others}


@pytest.mark.parametrize("channel", Channel)
def test_its_senders_do_what_the_contract_says(channel: Channel) -> None:
    module = import_module(f"bill_reminders.channels.{channel}.sender")
    reminders = next(each for name, each in vars(module).items() if name.endswith("Reminders"))
    for asked, made in (
        (contract.ReminderSender, reminders),
        (contract.DirectSender, type(module.direct(made_of(channel)))),
    ):
        for name, function in inspect.getmembers(asked, inspect.isfunction):
            if not name.startswith("_"):
                assert parameters_of(getattr(made, name)) == parameters_of(function), name


def made_of(channel: Channel) -> Any:
    kind = import_module(f"bill_reminders.channels.{channel}.parameters").PARAMETERS
    return kind(**{name: kind_of("1") for name, kind_of in kind.__annotations__.items()})


@pytest.mark.parametrize("channel", Channel)
def test_what_it_needs_is_a_field_by_purpose(channel: Channel) -> None:
    module = import_module(f"bill_reminders.channels.{channel}.parameters")
    assert module.NEEDED_FOR.keys() <= PURPOSES
    needed = {name for names in module.NEEDED_FOR.values() for name in names}
    assert needed <= {*module.PARAMETERS._fields}

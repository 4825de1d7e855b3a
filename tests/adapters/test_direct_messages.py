"""What was asked for goes once, while the account lives, and leaves nothing in an erased one."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from bill_reminders.channels.one_off import Direct, DirectText
from bill_reminders.channels.providers import NoAnswer, Refused, Rejected
from bill_reminders.delivery import direct, direct_rows
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import State
from bill_reminders.storage import accounts, erasure, tables
from bill_reminders.storage.accounts import Contended, UnknownUser
from bill_reminders.storage.tables import ScheduleItem
from bill_reminders.storage.transactions import Lost
from tests.support import wire
from tests.support.entered import NINE, enter, ledger_of, states_of
from tests.support.people import PHONE, a_user

pytestmark = pytest.mark.usefixtures("stack")

KEYS = pytest.mark.parametrize("key", ["code:1", "test:1", "reply:1", "told:1-sms"])


class Provider:
    """Takes everything, or does as it is told while a message is on its way."""

    def __init__(self, act: Callable[[], Any] = lambda: None) -> None:
        self._act = act
        self.sent: list[str] = []

    def need_reachable(self, address: str) -> None:
        """Everybody is."""

    def send(self, message: Direct, text: DirectText, *, now: Any) -> str:
        self.sent.append(message.key)
        self._act()
        return "provider-1"


def asked_for(key: str = "code:1", *, life: str | None = None) -> Direct:
    life = life or accounts.life_of("somebody")
    return Direct("somebody", key, Channel.SMS, PHONE, lambda: DirectText("", "words"), False, life)


def send(message: Direct, provider: Provider) -> State:
    return direct.send(message, {Channel.SMS: provider}, now=NINE)


def test_it_goes_once() -> None:
    enter(a_user())
    provider = Provider()
    assert send(asked_for(), provider) is State.SENT
    assert send(asked_for(), provider) is State.SENT
    assert provider.sent == ["code:1"]
    assert states_of("somebody") == {"": "sent"}


@KEYS
def test_to_an_erased_account_nothing_goes_and_nothing_is_noted(key: str) -> None:
    enter(a_user())
    message, provider = asked_for(key), Provider()
    erasure.erase("somebody")
    with pytest.raises(UnknownUser):
        send(message, provider)
    assert (provider.sent, ledger_of("somebody")) == ([], [])


def test_nor_to_another_life_of_it() -> None:
    enter(a_user())
    message, provider = asked_for(), Provider()
    erasure.erase("somebody")
    enter(a_user())
    with pytest.raises(UnknownUser):
        send(message, provider)
    assert (provider.sent, ledger_of("somebody")) == ([], [])


def test_an_account_from_before_lives_were_told_apart_gets_it() -> None:
    enter(a_user())
    ScheduleItem("somebody").update([ScheduleItem.life.remove()])
    message, provider = asked_for(), Provider()
    assert message.life is None
    assert send(message, provider) is State.SENT
    erasure.erase("somebody")
    with pytest.raises(UnknownUser):
        send(message, provider)
    assert ledger_of("somebody") == []


def test_one_that_is_erased_while_it_is_claimed_gets_nothing() -> None:
    enter(a_user())
    message, provider = asked_for(), Provider()
    with (
        wire.before_call(
            tables.connection.client, "TransactWriteItems", lambda: erasure.erase("somebody")
        ),
        pytest.raises(UnknownUser),
    ):
        send(message, provider)
    assert (provider.sent, ledger_of("somebody")) == ([], [])


@pytest.mark.parametrize(
    "error", [None, NoAnswer("no"), Rejected("invalid"), Refused("busy")], ids=repr
)
def test_what_becomes_of_a_message_brings_no_row_back(error: Exception | None) -> None:
    def erased() -> None:
        erasure.erase("somebody")
        if error is not None:
            raise error

    enter(a_user())
    provider = Provider(erased)
    with suppress(NoAnswer, Rejected, Refused):
        send(asked_for(), provider)
    assert (provider.sent, ledger_of("somebody")) == (["code:1"], [])


@pytest.mark.parametrize("state", State)
def test_no_mark_makes_a_row(state: State) -> None:
    enter(a_user())
    direct_rows.mark("somebody", "code:1", state, now=NINE, provider_id="p")
    assert ledger_of("somebody") == []


def test_a_claim_whose_answer_got_lost_is_taken_back() -> None:
    enter(a_user())
    message, provider = asked_for(), Provider()
    with (
        wire.after(tables.connection.client, "TransactWriteItems", wire.raises(wire.TIMEOUT)),
        suppress(Lost),
    ):
        send(message, provider)
    assert len(provider.sent) <= 1
    assert states_of("somebody") in ({}, {"": "sent"})
    assert send(message, provider) is State.SENT
    assert provider.sent == ["code:1"]


def test_one_that_was_given_back_while_it_was_looked_up_may_be_asked_for_again() -> None:
    enter(a_user())
    message, provider = asked_for(), Provider()
    direct_rows.claim("somebody", "code:1", Channel.SMS, life=message.life, now=NINE)
    with (
        wire.before_call(
            tables.connection.client,
            "GetItem",
            lambda: direct_rows.give_back("somebody", "code:1"),
        ),
        pytest.raises(Contended),
    ):
        send(message, provider)
    assert send(message, provider) is State.SENT

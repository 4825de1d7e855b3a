"""Which row of the ledger a receipt is about, and that it changes no other."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bill_reminders.delivery import receipts
from bill_reminders.delivery.failures import Failure
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import State
from bill_reminders.storage.rows import ledger_expiry
from bill_reminders.storage.tables import LedgerItem
from tests.support.entered import NINE
from tests.support.moto_stack import MotoStack

SECOND = timedelta(seconds=1)
AT = NINE + 5 * SECOND
EARLIEST, LATEST = AT - 12 * SECOND, AT + 2 * SECOND
"""When an SMS that left at AT, by the provider's clock, may have been claimed."""


@pytest.fixture(autouse=True)
def _tables(stack: MotoStack) -> Iterator[None]:
    yield


def row(key: str = "one", **changes: Any) -> LedgerItem:
    """An SMS of which nobody knows whether it left."""
    known = {
        "bill_id": "rent",
        "trigger": "lead:0",
        "channel": "sms",
        "planned_at": NINE,
        "state": "unknown",
        "attempt": 1,
        "recorded_at": NINE,
        "owner": "owner-5",
        "expires_at": 2_000_000_000,
    }
    item = LedgerItem("somebody", key, **known | changes)
    item.save()
    return item


def unknown_sms() -> str | None:
    found = receipts.only_unknown("somebody", Channel.SMS, sent_at=AT)
    return None if found is None else found.key


# Without a name that the ledger knows ------------------------------------------------------------


@pytest.mark.parametrize("recorded_at", [EARLIEST, NINE, LATEST])
def test_it_is_what_may_have_left_then(recorded_at: Any) -> None:
    row(recorded_at=recorded_at)
    assert unknown_sms() == "one"


@pytest.mark.parametrize(
    "changes",
    [
        {"recorded_at": EARLIEST - SECOND},
        {"recorded_at": LATEST + SECOND},
        {"channel": "email"},
        {"channel": "zzz"},
        {"state": "claimed"},
        {"state": "waiting"},
        {"provider_id": "sms-9"},
        {"owner": None},
    ],
)
def test_it_is_nothing_else(changes: dict[str, Any]) -> None:
    row(**changes)
    assert unknown_sms() is None
    row("two")
    assert unknown_sms() == "two"


# By the name that we gave it, or the provider ----------------------------------------------------


def test_it_is_the_row_of_that_name_on_that_channel() -> None:
    row(receipt_id="r-5")
    for found in (
        receipts.named("r-5", Channel.SMS),
        receipts.named_in("somebody", "r-5", Channel.SMS),
    ):
        assert found is not None
        assert found.key == "one"


@pytest.mark.parametrize(
    ("of", "channel"),
    [("sms", Channel.EMAIL), ("sms", Channel.PUSH), ("email", Channel.SMS), ("push", Channel.SMS)],
)
def test_a_name_is_good_for_its_channel_alone(of: str, channel: Channel) -> None:
    row(receipt_id="r-5", channel=of)
    assert receipts.named("r-5", channel) is None
    assert receipts.named_in("somebody", "r-5", channel) is None


def test_a_name_is_the_whole_of_it() -> None:
    row(receipt_id="r-5", channel="push")
    for other in ("r-4", "r-6", "r-"):
        assert receipts.named(other, Channel.PUSH) is None
        assert receipts.named_in("somebody", other, Channel.PUSH) is None


@pytest.mark.parametrize("now", ["r-4", "r-6", None])
def test_what_bears_another_name_by_now_is_not_meant(
    now: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = row(receipt_id="r-5")  # by the index, which lags
    row(receipt_id=now)
    monkeypatch.setattr(LedgerItem.by_receipt, "query", lambda receipt_id: [shown])
    assert receipts.named("r-5", Channel.SMS) is None


# What it makes of it -----------------------------------------------------------------------------


def delivered(item: LedgerItem) -> bool:
    failure = Failure(State.DELIVERED)
    return receipts.apply(item, failure, provider_id="sms-9", now=AT)


def test_it_says_whether_it_told_anything() -> None:
    item = row()
    assert delivered(item) is True
    assert delivered(item) is False


def test_a_row_that_a_receipt_writes_on_is_kept_as_long_again() -> None:
    assert delivered(row(expires_at=1)) is True
    assert LedgerItem.get("somebody", "one").expires_at == ledger_expiry(None, AT)


@pytest.mark.parametrize("moved_on", [{"attempt": 0}, {"attempt": 2}, {"owner": "owner-6"}])
def test_it_says_nothing_of_a_later_claim(moved_on: dict[str, Any]) -> None:
    item = row()
    row(**moved_on)
    assert delivered(item) is False
    assert LedgerItem.get("somebody", "one").state == "unknown"


@pytest.mark.parametrize("moved_on", [{"attempt": 2}, {"owner": "owner-6"}])
def test_nor_when_what_it_was_read_as_was_nobodys(moved_on: dict[str, Any]) -> None:
    item = row(owner=None)
    row(**{"owner": None} | moved_on)
    assert delivered(item) is False
    assert LedgerItem.get("somebody", "one").state == "unknown"


def test_it_says_nothing_of_what_was_erased() -> None:
    item = row()
    LedgerItem("somebody", "one").delete()
    assert delivered(item) is False
    assert list(LedgerItem.query("somebody")) == []
    bounced = Failure(State.BOUNCED, reason="address")
    assert receipts.apply(item, bounced, provider_id="sms-9", now=AT) is False

"""A claim takes what is due for one sender, once, and never what was paid or changed before it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from bill_reminders.delivery import claims, failures
from bill_reminders.delivery.claims import Claim, claim_next
from bill_reminders.delivery.failures import Failure
from bill_reminders.delivery.sender import Outgoing, deliver
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import State
from bill_reminders.domain.people import Address, Plan, PlanChange
from bill_reminders.storage import accounts, tables
from bill_reminders.storage.rows import ledger_item
from bill_reminders.storage.saving import save_bills, save_user
from bill_reminders.storage.tables import BillItem, LedgerItem
from bill_reminders.storage.transactions import Busy
from tests.support import wire
from tests.support.account_changes import record_failed_debit, record_payment
from tests.support.entered import (
    ENTERED,
    IN_THREE_DAYS,
    NINE,
    SHARDS,
    enter,
    ledger_of,
    rests_at,
    schedule,
    states_of,
    wakes_at,
)
from tests.support.functions import counted_calls
from tests.support.people import a_bill, a_user

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
RENT = "rent#0000#r0#lead:3#sms"
POWER = "power#0000#r0#lead:3#sms"

pytestmark = pytest.mark.usefixtures("stack")


class Recorder:
    """A provider that takes everything and remembers it."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []

    def __call__(self, outgoing: Outgoing) -> str:
        self.sent.append(outgoing)
        return f"provider-{len(self.sent)}"


def enter_bills(*bill_ids: str, channels: tuple[Channel, ...] = (Channel.SMS,)) -> None:
    """Somebody, with bills whose first reminder is due at NINE."""
    bills = (a_bill(bill_id=bill_id, due_on=IN_THREE_DAYS) for bill_id in bill_ids)
    enter(a_user(channels=channels), *bills)


def claim_sms(now: Any = NINE) -> Claim:
    return claim_next("somebody", Channel.SMS, now=now)


def claimed(claim: Claim) -> set[str]:
    return {reminder.bill_id for reminder in claim.reminders}


def pay(bill_id: str = "rent") -> bool:
    return record_payment("somebody", bill_id, 0, payment_id="payment", now=NINE)


def take_away(bill_id: str) -> None:
    """Another sender's claim of one reminder, without a trace on the schedule."""
    account = accounts.read("somebody", now=NINE)
    due = account.decide(Channel.SMS, NINE).due
    (reminder,) = (reminder for reminder in due if reminder.bill_id == bill_id)
    item = ledger_item(reminder, State.CLAIMED, attempt=1, at=NINE)
    item.owner = "another sender"
    item.save()


# What a claim takes ------------------------------------------------------------------------------


def test_a_claim_takes_what_is_due_and_moves_the_instant() -> None:
    enter_bills("rent")
    claim = claim_sms()
    assert claimed(claim) == {"rent"}
    assert claim.attempt == 1
    assert states_of("somebody") == {RENT: "claimed"}
    assert wakes_at("somebody") == NINE + 2 * DAY


def test_a_claim_leaves_the_version_so_that_channels_do_not_fail_each_other() -> None:
    enter_bills("rent", channels=(Channel.SMS, Channel.EMAIL))
    with (
        wire.before_call(
            tables.connection.client,
            "TransactWriteItems",
            lambda: claim_next("somebody", Channel.EMAIL, now=NINE),
        ),
        counted_calls(tables.connection.client) as calls,
    ):
        claim_sms()
    assert calls.count("TransactWriteItems") == 2
    assert schedule("somebody").version == 2
    assert wakes_at("somebody", Channel.SMS) == wakes_at("somebody", Channel.EMAIL)


def test_a_second_claim_gets_nothing_and_writes_nothing() -> None:
    enter_bills("rent")
    claim_sms()
    with counted_calls(tables.connection.client) as calls:
        second = claim_sms()
    assert not second.reminders
    assert not second.more
    assert "TransactWriteItems" not in calls


def test_nothing_is_claimed_before_its_minute() -> None:
    enter_bills("rent")
    assert not claim_sms(NINE - MINUTE).reminders
    assert wakes_at("somebody") == NINE
    assert not ledger_of("somebody")


def test_a_wake_up_with_nothing_to_say_moves_on() -> None:
    enter_bills("rent")
    schedule("somebody").update([tables.ScheduleItem.sms_next_at.set(NINE - DAY)])
    assert not claim_sms(NINE - DAY).reminders
    assert wakes_at("somebody") == NINE


def test_what_is_skipped_is_noted_in_the_same_transaction() -> None:
    """An outage of three days: the nearest reminder goes out, the older ones are noted."""
    enter_bills("rent")
    with counted_calls(tables.connection.client) as calls:
        claim = claim_sms(NINE + 3 * DAY)
    assert [str(reminder.trigger) for reminder in claim.reminders] == ["lead:0"]
    assert calls.count("TransactWriteItems") == 1
    rows = {row.trigger: (row.state, row.reason) for row in ledger_of("somebody")}
    assert rows == {
        "lead:3": ("skipped", "superseded"),
        "lead:1": ("skipped", "superseded"),
        "lead:0": ("claimed", None),
    }


def test_what_is_skipped_alone_is_noted_and_sends_nothing() -> None:
    enter(replace(a_user(), addresses={}), a_bill(bill_id="rent", due_on=IN_THREE_DAYS))
    provider = Recorder()
    assert not deliver("somebody", Channel.SMS, now=NINE, send=provider)
    assert not provider.sent
    (row,) = ledger_of("somebody")
    assert (row.state, row.reason, row.attempt) == ("skipped", "no_address", 0)
    assert wakes_at("somebody") == NINE + 2 * DAY


# Digests -----------------------------------------------------------------------------------------


def test_bills_that_are_due_together_are_one_claim_with_one_message() -> None:
    enter_bills("rent", "power", "water")
    claim = claim_sms()
    assert claimed(claim) == {"rent", "power", "water"}
    rows = ledger_of("somebody")
    assert {row.message_key for row in rows} == {claim.message_key}
    assert {row.owner for row in rows} == {claim.owner}
    assert sorted(row.state for row in rows) == ["claimed", "in_digest", "in_digest"]
    (head,) = (row for row in rows if row.state == "claimed")
    assert head.key == claim.message_key


def test_more_than_one_transaction_takes_becomes_several_numbered_messages() -> None:
    enter_bills(*(f"bill-{number:03}" for number in range(205)))
    provider = Recorder()
    instants = []

    def send(outgoing: Outgoing) -> str:
        instants.append(wakes_at("somebody"))
        return provider(outgoing)

    outcomes = deliver("somebody", Channel.SMS, now=NINE, send=send)
    assert outcomes == {State.SENT: 3}
    assert [(sent.part.number, sent.part.of) for sent in provider.sent] == [(1, 3), (2, 3), (3, 3)]
    assert [len(sent.notices) for sent in provider.sent] == [98, 98, 9]
    assert len({n.bill.bill_id for sent in provider.sent for n in sent.notices}) == 205
    assert instants == [NINE, NINE, NINE + 2 * DAY], "the instant stays until the last claim"
    assert [sent.first for sent in provider.sent] == [True, False, False]


@pytest.mark.parametrize("at_most", [3, 4, 5])
def test_what_is_skipped_takes_its_room_in_a_transaction(
    at_most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two bills four rows are skipped and two are due."""
    monkeypatch.setattr(claims, "ROWS_AT_MOST", at_most)
    enter_bills("rent", "power")
    rows: list[int] = []

    def count(params: dict[str, Any], **_: Any) -> None:
        rows.append(sum("Put" in each for each in params["TransactItems"]))

    events = tables.connection.client.meta.events
    events.register("before-parameter-build.dynamodb.TransactWriteItems", count)
    made = [claim_sms(NINE + 3 * DAY)]
    while made[-1].more:
        made.append(claim_sms(NINE + 3 * DAY))
    assert max(rows) <= at_most
    assert sum(rows) == 6
    assert sorted(bill_id for claim in made for bill_id in claimed(claim)) == ["power", "rent"]


def test_a_crash_between_two_messages_of_one_wake_up_leaves_the_rest_due() -> None:
    enter_bills(*(f"bill-{number:03}" for number in range(105)))
    assert claim_sms().more
    assert wakes_at("somebody") == NINE
    rest = claim_sms()
    assert len(rest.reminders) == 7
    assert not rest.more


# Races with changes ------------------------------------------------------------------------------


def test_a_bill_that_is_paid_between_read_and_claim_is_not_claimed() -> None:
    enter_bills("rent")
    with wire.before_call(tables.connection.client, "TransactWriteItems", pay):
        claim = claim_sms()
    assert not claim.reminders
    assert not ledger_of("somebody")
    assert wakes_at("somebody") is None


def test_a_digest_goes_out_without_the_bill_that_is_paid_meanwhile() -> None:
    enter_bills("rent", "power")
    with wire.before_call(tables.connection.client, "TransactWriteItems", pay):
        claim = claim_sms()
    assert claimed(claim) == {"power"}
    assert states_of("somebody") == {POWER: "claimed"}


def test_a_new_address_saved_between_read_and_claim_is_the_one_written_to() -> None:
    enter_bills("rent")
    by = a_user().addresses[Channel.SMS].attestation
    user = a_user().with_address(Channel.SMS, Address("+12025550145", by))
    with wire.before_call(
        tables.connection.client,
        "TransactWriteItems",
        lambda: save_user(user, shards=SHARDS, now=NINE),
    ):
        claim = claim_sms()
    assert claim.user == user
    assert claimed(claim) == {"rent"}


def test_a_user_who_is_erased_between_read_and_claim_gets_nothing() -> None:
    enter_bills("rent")
    with (
        wire.before_call(
            tables.connection.client, "TransactWriteItems", lambda: schedule("somebody").delete()
        ),
        pytest.raises(accounts.UnknownUser),
    ):
        claim_sms()
    assert not ledger_of("somebody")


@pytest.mark.parametrize("version", [1, 3])
def test_a_claim_is_of_the_very_version_that_was_read(version: int) -> None:
    """A lower one, too: of a user who was erased and entered anew."""
    enter_bills("rent")
    assert schedule("somebody").version == 2

    def meanwhile() -> None:
        schedule("somebody").update([tables.ScheduleItem.version.set(version)])

    with (
        wire.before_call(tables.connection.client, "TransactWriteItems", meanwhile),
        counted_calls(tables.connection.client) as calls,
    ):
        assert claimed(claim_sms()) == {"rent"}
    assert calls.count("TransactWriteItems") == 2


def test_what_is_due_since_a_wake_up_found_nothing_is_claimed() -> None:
    enter_bills("rent")
    pay()
    schedule("somebody").update([tables.ScheduleItem.sms_next_at.set(NINE)])
    power = a_bill(bill_id="power", due_on=IN_THREE_DAYS)
    with wire.before_call(
        tables.connection.client,
        "TransactWriteItems",
        lambda: save_bills("somebody", [lambda _: power], now=ENTERED),
    ):
        assert claimed(claim_sms()) == {"power"}


def test_two_claims_at_once_share_nothing() -> None:
    enter_bills("rent")
    others: list[Claim] = []
    with wire.before_call(
        tables.connection.client, "TransactWriteItems", lambda: others.append(claim_sms())
    ):
        ours = claim_sms()
    assert claimed(others[0]) == {"rent"}
    assert not ours.reminders
    (row,) = ledger_of("somebody")
    assert row.owner == others[0].owner


def test_a_row_that_another_sender_claimed_is_left_out_of_the_digest() -> None:
    enter_bills("rent", "power", "water")
    with wire.before_call(
        tables.connection.client, "TransactWriteItems", lambda: take_away("power")
    ):
        claim = claim_sms()
    assert claimed(claim) == {"rent", "water"}
    owners = {row.bill_id: row.owner for row in ledger_of("somebody")}
    assert owners == {"power": "another sender", "rent": claim.owner, "water": claim.owner}


# Lost answers and conflicts ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bills", "times"),
    [(("rent",), 1), (("power", "rent", "water"), 1), (("power", "rent", "water"), 100)],
    ids=["one bill", "a digest", "a digest, at every attempt"],
)
def test_a_claim_whose_answer_is_lost_is_recognised_as_ours(
    bills: tuple[str, ...], times: int
) -> None:
    enter_bills(*bills)
    provider = Recorder()
    client = tables.connection.client
    with wire.after(client, "TransactWriteItems", wire.first(times, wire.raises(wire.TIMEOUT))):
        outcomes = deliver("somebody", Channel.SMS, now=NINE, send=provider)
    assert outcomes == {State.SENT: 1}
    (sent,) = provider.sent
    assert {notice.bill.bill_id for notice in sent.notices} == set(bills)
    rows = ledger_of("somebody")
    assert {row.owner for row in rows} == {sent.message_id}
    assert {row.attempt for row in rows} == {1}
    assert sorted(row.state for row in rows) == sorted(["sent", *["in_digest"] * (len(bills) - 1)])
    assert not deliver("somebody", Channel.SMS, now=NINE, send=provider)


@pytest.mark.parametrize(
    ("code", "status"),
    [("InternalServerError", 500), ("ServiceUnavailable", 503), ("InternalFailure", 500)],
)
def test_a_claim_that_the_table_made_and_called_failed_is_recognised_as_ours(
    code: str, status: int
) -> None:
    enter_bills("rent")
    provider = Recorder()
    client = tables.connection.client
    with wire.failing_after(client, "TransactWriteItems", code, status=status) as failed:
        outcomes = deliver("somebody", Channel.SMS, now=NINE, send=provider)
    assert failed
    assert outcomes == {State.SENT: 1}
    (row,) = ledger_of("somebody")
    assert (row.state, row.attempt, row.owner) == ("sent", 1, provider.sent[0].message_id)


def test_a_claim_that_got_lost_on_the_way_is_made_again() -> None:
    enter_bills("rent")
    provider = Recorder()
    attempts: list[Any] = []
    client = tables.connection.client
    one_call = client.meta.config.retries["total_max_attempts"]
    lost = wire.counting(attempts, wire.first(one_call, wire.raises(wire.RESET)))
    with wire.before(client, "TransactWriteItems", lost):
        outcomes = deliver("somebody", Channel.SMS, now=NINE, send=provider)
    assert len(attempts) == one_call + 1
    assert outcomes == {State.SENT: 1}
    assert states_of("somebody") == {RENT: "sent"}


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalServerError"])
def test_a_claim_whose_answer_is_lost_is_read_back_from_a_busy_table(code: str) -> None:
    """It is in the ledger, and nobody but its owner will ever send it."""
    enter_bills("rent")
    provider = Recorder()
    client = tables.connection.client
    lost: list[Any] = []
    busy: list[Any] = []

    def lose(_: Any) -> None:
        if not lost:
            lost.append("the answer")
            raise wire.TIMEOUT

    def refuse(request: Any) -> Any:
        if lost and len(busy) < 2 * client.meta.config.retries["total_max_attempts"]:
            busy.append(request)
            return wire.json_error(code, status=400 if "Throttling" in code else 500)(request)
        return None

    with (
        wire.after(client, "TransactWriteItems", lose),
        wire.before(client, "GetItem", refuse),
    ):
        outcomes = deliver("somebody", Channel.SMS, now=NINE, send=provider)
    assert len(busy) == 4, "two reads, each with the library's own second attempt"
    assert outcomes == {State.SENT: 1}
    assert states_of("somebody") == {RENT: "sent"}


def test_a_payment_after_a_claim_whose_answer_is_lost_comes_too_late() -> None:
    """The claim was committed first, so all of its message is ours to send."""
    enter_bills("rent", "power")
    provider = Recorder()
    payments: list[str] = []

    def pay_then_lose(_: Any) -> None:
        if payments == ["begun"]:
            return  # the payment's own transaction
        if not payments:
            payments.append("begun")
            pay()
            payments.append("done")
        raise wire.TIMEOUT

    with wire.after(tables.connection.client, "TransactWriteItems", pay_then_lose):
        deliver("somebody", Channel.SMS, now=NINE, send=provider)
    (sent,) = provider.sent
    assert {notice.bill.bill_id for notice in sent.notices} == {"rent", "power"}
    assert sorted(states_of("somebody").values()) == ["in_digest", "sent"]


def test_a_conflict_is_tried_again_until_it_passes() -> None:
    enter_bills("rent")
    attempts: list[Any] = []
    conflict = wire.first(3, wire.cancelled(["None", "TransactionConflict"]))
    with wire.before(
        tables.connection.client, "TransactWriteItems", wire.counting(attempts, conflict)
    ):
        claim = claim_sms()
    assert claimed(claim) == {"rent"}
    assert claim.attempt == 1
    assert len(attempts) == 4


@pytest.mark.parametrize("reason", ["TransactionConflict", "ThrottlingError"])
def test_a_table_that_stays_busy_is_left_alone_and_nothing_changes(reason: str) -> None:
    enter_bills("rent")
    provider = Recorder()
    known = accounts.read("somebody", now=NINE)
    with (
        wire.before(
            tables.connection.client, "TransactWriteItems", wire.cancelled(["None", reason])
        ),
        pytest.raises(Busy),
    ):
        deliver("somebody", Channel.SMS, now=NINE, send=provider)
    assert not provider.sent
    assert accounts.read("somebody", now=NINE) == known
    assert deliver("somebody", Channel.SMS, now=NINE, send=provider) == {State.SENT: 1}


def test_an_account_that_changes_at_every_claim_is_given_up_untouched() -> None:
    enter_bills("rent")
    with (
        wire.before(
            tables.connection.client,
            "TransactWriteItems",
            wire.cancelled(["ConditionalCheckFailed", "None"]),
        ),
        pytest.raises(accounts.Contended),
    ):
        claim_sms()
    assert wakes_at("somebody") == NINE
    assert not ledger_of("somebody")


# Marks -------------------------------------------------------------------------------------------


def test_the_owner_marks_what_became_of_the_message() -> None:
    enter_bills("rent", "power")
    claim = claim_sms()
    assert claims.mark(claim, State.SENT, now=NINE + MINUTE, provider_id="p-1")
    head = LedgerItem.get("somebody", claim.message_key)
    assert (head.state, head.provider_id, head.settled_at) == ("sent", "p-1", NINE + MINUTE)
    assert head.settle_at is None


def test_a_message_is_marked_once() -> None:
    enter_bills("rent")
    claim = claim_sms()
    assert claims.mark(claim, State.SENT, now=NINE, provider_id="p-1")
    assert not claims.mark(claim, State.FAILED, now=NINE, reason="late")
    assert states_of("somebody") == {RENT: "sent"}


@pytest.mark.parametrize("stale", [{"owner": "somebody else"}, {"attempt": 2}])
def test_a_stale_owner_marks_and_releases_nothing(stale: dict[str, Any]) -> None:
    enter_bills("rent")
    claim = claim_sms()
    known = accounts.read("somebody", now=NINE)
    other = replace(claim, **stale)
    assert not claims.mark(other, State.SENT, now=NINE, provider_id="p-1")
    if "owner" in stale:
        assert not claims.release(other, not_before=NINE + MINUTE, reason="r", now=NINE)
    assert accounts.read("somebody", now=NINE) == known
    assert states_of("somebody") == {RENT: "claimed"}


# The daily cap -----------------------------------------------------------------------------------


def at_minutes(*minutes: int, zone: str = "UTC") -> None:
    """Somebody with a bill for each of these minutes after NINE."""
    plans = [
        PlanChange(lead_days=(3,), remind_at=(NINE + each * MINUTE).time()) for each in minutes
    ]
    bills = (
        a_bill(bill_id=f"bill-{n}", due_on=IN_THREE_DAYS, plan_change=plan)
        for n, plan in enumerate(plans)
    )
    enter(a_user(zone=zone), *bills)


def test_an_address_gets_so_many_messages_a_day_and_the_rest_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(claims, "MESSAGES_A_DAY", 2)
    at_minutes(0, 1, 2, 3)
    for minutes in range(2):
        assert len(claim_sms(NINE + minutes * MINUTE).reminders) == 1
    for minutes in (2, 3, 60):
        claim = claim_sms(NINE + minutes * MINUTE)
        assert claim.capped
        assert not claim.reminders
    midnight = NINE.replace(hour=0) + DAY
    assert wakes_at("somebody") == midnight
    assert len(ledger_of("somebody")) == 2
    claim = claim_sms(midnight)
    assert not claim.capped
    assert claimed(claim) == {"bill-2", "bill-3"}


def test_the_cap_is_reserved_in_the_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two senders at once, each with another reminder: one of them sees the other's message."""
    monkeypatch.setattr(claims, "MESSAGES_A_DAY", 1)
    at_minutes(0, 1)
    others: list[Claim] = []
    client = tables.connection.client
    with wire.before_call(client, "TransactWriteItems", lambda: others.append(claim_sms())):
        claim = claim_sms(NINE + MINUTE)
    assert claimed(others[0]) == {"bill-0"}
    assert claim.capped
    assert not claim.reminders
    assert len(ledger_of("somebody")) == 1


@pytest.mark.parametrize("by_now", [0, 2])
def test_a_claim_counts_from_what_others_counted_meanwhile(by_now: int) -> None:
    at_minutes(0, 5)
    claim_sms(NINE)
    count = tables.messages(Channel.SMS)
    assert getattr(schedule("somebody"), count.attr_name) == 1
    with wire.before_call(
        tables.connection.client,
        "TransactWriteItems",
        lambda: schedule("somebody").update([count.set(by_now)]),
    ):
        assert claim_sms(NINE + 5 * MINUTE).reminders
    assert getattr(schedule("somebody"), count.attr_name) == by_now + 1


def test_another_channel_and_another_day_count_for_themselves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(claims, "MESSAGES_A_DAY", 1)
    enter_bills("rent", channels=(Channel.SMS, Channel.EMAIL))
    assert claim_sms().reminders
    assert claim_next("somebody", Channel.EMAIL, now=NINE).reminders
    assert claim_sms(NINE + 2 * DAY).reminders


# Releases ----------------------------------------------------------------------------------------


def release(claim: Claim, minutes: int = 7) -> bool:
    later = NINE + minutes * MINUTE
    return claims.release(claim, not_before=later, reason="Throttling", now=NINE)


def test_a_release_makes_the_whole_digest_wait_and_wakes_the_user_then() -> None:
    enter_bills("rent", "power")
    claim = claim_sms()
    assert release(claim)
    rows = ledger_of("somebody")
    assert {(row.state, row.reason) for row in rows} == {("waiting", "Throttling")}
    assert {(row.owner, row.message_key, row.settle_at) for row in rows} == {(None, None, None)}
    assert {row.not_before for row in rows} == {NINE + 7 * MINUTE}
    assert wakes_at("somebody") == NINE + 7 * MINUTE
    assert schedule("somebody").version == 3, "a release is a change like any other"


@pytest.mark.parametrize("moved_on", [{"owner": "0"}, {"owner": "~"}, {"attempt": 2}])
@pytest.mark.parametrize("place", [0, 1], ids=["the message", "one of its digest"])
def test_a_release_gives_back_no_row_that_is_another_claims(
    place: int, moved_on: dict[str, Any]
) -> None:
    enter_bills("rent", "power")
    claim = claim_sms()
    rows = ledger_of("somebody")
    assert rows[0].key == claim.message_key
    rows[place].update([getattr(LedgerItem, name).set(value) for name, value in moved_on.items()])
    with suppress(accounts.Contended):
        release(claim)
    assert [row.attribute_values for row in ledger_of("somebody")] == [
        row.attribute_values for row in rows
    ]


def test_a_release_gives_back_no_message_that_arrived_after_all() -> None:
    enter_bills("rent")
    claim = claim_sms()
    arrived = [LedgerItem.state.set("delivered")]
    ledger_of("somebody")[0].update(arrived)
    with suppress(accounts.Contended):
        release(claim)
    assert states_of("somebody") == {RENT: "delivered"}


def test_what_waits_is_claimed_again_as_its_next_attempt() -> None:
    enter_bills("rent", "power")
    release(claim_sms())
    assert not claim_sms(NINE + 6 * MINUTE).reminders
    again = claim_sms(NINE + 7 * MINUTE)
    assert claimed(again) == {"rent", "power"}
    assert again.attempt == 2
    assert again.first, "the greeting did not go out at the first attempt"
    rows = ledger_of("somebody")
    assert {row.attempt for row in rows} == {2}
    assert {row.reason for row in rows} == {None}
    assert {row.not_before for row in rows} == {None}


def test_the_first_attempts_owner_cannot_mark_the_second() -> None:
    enter_bills("rent")
    claim = claim_sms()
    release(claim)
    again = claim_sms(NINE + 7 * MINUTE)
    assert not claims.mark(claim, State.SENT, now=NINE, provider_id="late")
    assert not release(claim)
    assert claims.mark(again, State.SENT, now=NINE, provider_id="p-2")


def test_a_bill_that_is_paid_while_it_waits_is_withdrawn_and_never_sent() -> None:
    enter_bills("rent")
    release(claim_sms())
    pay()
    assert wakes_at("somebody") == NINE + MINUTE, "woken to note it"
    provider = Recorder()
    assert not deliver("somebody", Channel.SMS, now=NINE + 7 * MINUTE, send=provider)
    assert not provider.sent
    (row,) = ledger_of("somebody")
    assert (row.state, row.reason, row.attempt) == ("skipped", "withdrawn", 1)
    assert wakes_at("somebody") is None


def test_a_payment_while_the_provider_is_asked_is_kept_by_the_release() -> None:
    enter_bills("rent", "power")
    claim = claim_sms()
    pay()
    release(claim)
    again = claim_sms(NINE + 7 * MINUTE)
    assert claimed(again) == {"power"}
    assert states_of("somebody") == {RENT: "skipped", POWER: "claimed"}


def test_what_waits_past_its_use_is_noted_as_expired() -> None:
    plan = Plan(lead_days=(3,), overdue_days=())
    enter(a_user(plan=plan), a_bill(bill_id="rent", due_on=IN_THREE_DAYS))
    release(claim_sms())
    assert not claim_sms(NINE + 4 * DAY).reminders
    (row,) = ledger_of("somebody")
    assert (row.state, row.reason) == ("skipped", "expired")


def test_a_release_whose_answer_is_lost_is_done_once() -> None:
    enter_bills("rent")
    claim = claim_sms()
    lost = wire.raises(wire.TIMEOUT)
    with wire.after(tables.connection.client, "TransactWriteItems", lost):
        release(claim)
    assert states_of("somebody") == {RENT: "waiting"}
    assert schedule("somebody").version == 3


def test_attempts_of_one_reminder_are_counted_and_never_repeat() -> None:
    enter_bills("rent")
    attempts = []
    for number in range(4):
        claim = claim_sms(NINE + number * 7 * MINUTE)
        attempts.append(claim.attempt)
        claims.release(
            claim,
            not_before=NINE + (number + 1) * 7 * MINUTE,
            reason="Throttling",
            now=NINE + number * 7 * MINUTE,
        )
    assert all(earlier + 1 == later for earlier, later in pairwise(attempts))


# Quarantine --------------------------------------------------------------------------------------


def test_a_quarantine_takes_the_channel_out_of_its_index_alone() -> None:
    enter_bills("rent", channels=(Channel.SMS, Channel.EMAIL))
    claims.quarantine("somebody", Channel.SMS)
    assert wakes_at("somebody", Channel.SMS) is None
    assert rests_at("somebody", Channel.SMS) == NINE
    assert wakes_at("somebody", Channel.EMAIL) == NINE


@pytest.mark.parametrize(
    "meanwhile",
    [
        [tables.ScheduleItem.version.set(9)],
        [tables.next_at(Channel.SMS).set(NINE + 2 * DAY)],
        [tables.ScheduleItem.version.set(9), tables.next_at(Channel.SMS).set(NINE + 2 * DAY)],
    ],
    ids=["another change", "another claim", "both"],
)
def test_a_quarantine_leaves_an_account_that_moved_on(meanwhile: list[Any]) -> None:
    """Whatever moved it plans, or has planned, the channel by itself."""
    enter_bills("rent")

    def move_on() -> None:
        schedule("somebody").update(meanwhile)

    with wire.before_call(tables.connection.client, "TransactWriteItems", move_on):
        claims.quarantine("somebody", Channel.SMS)
    assert rests_at("somebody") is None
    assert wakes_at("somebody") is not None


def test_messages_are_counted_by_the_day_though_another_claim_begins_it() -> None:
    """The other began today's count since this one read yesterday's: both numbers are 1."""
    enter_bills("rent")
    counted_on, messages = tables.counted_on(Channel.SMS), tables.messages(Channel.SMS)
    yesterday = NINE.date() - DAY
    schedule("somebody").update([counted_on.set(yesterday), messages.set(1)])

    def begin_today() -> None:
        schedule("somebody").update([counted_on.set(NINE.date()), messages.set(1)])

    with wire.before_call(tables.connection.client, "TransactWriteItems", begin_today):
        assert claim_sms().reminders
    assert schedule("somebody").sms_messages == 2


def test_what_is_due_and_what_is_skipped_are_one_claim() -> None:
    """Of a bill that is due today the reminder of three days ago is noted, the last one sent."""
    enter(a_user(), a_bill(bill_id="rent", due_on=NINE.date()))
    schedule("somebody").update([tables.next_at(Channel.SMS).set(NINE - 3 * DAY)])
    claim = claim_sms()
    assert len(claim.reminders) == 1
    assert "skipped" in states_of("somebody").values()
    assert not claim.more


def test_a_mark_says_its_reason_and_a_better_one_takes_it_away() -> None:
    enter_bills("rent")
    claim = claim_sms()
    assert claims.mark_unknown(claim, reason="no_answer", now=NINE)
    assert ledger_of("somebody")[0].reason == "no_answer"
    assert claims.mark(claim, State.SENT, provider_id="p-1", now=NINE)
    assert ledger_of("somebody")[0].reason is None


def test_a_rejection_keeps_its_reason() -> None:
    enter_bills("rent")
    assert claims.mark(claim_sms(), State.FAILED, reason="invalid", now=NINE)
    assert ledger_of("somebody")[0].reason == "invalid"


def test_a_claim_that_succeeds_ends_the_quarantine() -> None:
    enter_bills("rent")
    claims.quarantine("somebody", Channel.SMS)
    assert claimed(claim_sms()) == {"rent"}
    assert rests_at("somebody") is None
    assert wakes_at("somebody") == NINE + 2 * DAY


def test_a_claim_with_nothing_to_say_ends_the_quarantine_too() -> None:
    enter_bills("rent")
    claims.quarantine("somebody", Channel.SMS)
    assert not claim_sms(NINE - DAY).reminders
    assert rests_at("somebody") is None
    assert wakes_at("somebody") == NINE


def test_nor_does_it_last_when_nothing_is_left_to_say() -> None:
    enter_bills("rent")
    claims.quarantine("somebody", Channel.SMS)
    BillItem("somebody", "rent").delete()  # by itself: a change would end it, too
    assert not claim_sms().reminders
    assert (rests_at("somebody"), wakes_at("somebody")) == (None, None)


def test_a_change_ends_the_quarantine() -> None:
    enter_bills("rent", "power")
    claims.quarantine("somebody", Channel.SMS)
    record_payment("somebody", "power", 0, payment_id="payment", now=ENTERED)
    assert rests_at("somebody") is None
    assert wakes_at("somebody") == NINE


def test_what_a_long_quarantine_missed_is_noted_when_it_ends() -> None:
    plan = Plan(lead_days=(3,), overdue_days=())
    enter(a_user(plan=plan), a_bill(bill_id="rent", due_on=IN_THREE_DAYS))
    claims.quarantine("somebody", Channel.SMS)
    assert not claim_sms(NINE + 60 * DAY).reminders
    (row,) = ledger_of("somebody")
    assert (row.state, row.reason) == ("skipped", "expired")


def test_a_change_in_between_makes_the_quarantine_needless() -> None:
    enter_bills("rent", "power")
    with wire.before_call(tables.connection.client, "TransactWriteItems", pay):
        claims.quarantine("somebody", Channel.SMS)
    assert rests_at("somebody") is None
    assert wakes_at("somebody") is not None


@pytest.mark.parametrize(
    "version",
    [
        None,
        {"S": "seven"},
        {"BOOL": True},
        {"NULL": True},
        {"L": [{"N": "7"}]},
        {"M": {"a": {"N": "7"}}},
        {"NS": ["7", "8"]},
    ],
)
def test_who_cannot_be_read_is_put_aside_as_they_stand(version: dict[str, Any] | None) -> None:
    """Whatever stands where the version belongs: the condition compares just that."""
    enter_bills("rent")
    key = {"user_id": {"S": "somebody"}}
    table = tables.ScheduleItem.Meta.table_name
    client = tables.connection.client
    item = client.get_item(TableName=table, Key=key)["Item"]
    spoilt = {name: value for name, value in item.items() if name != "version"}
    client.put_item(
        TableName=table, Item=spoilt if version is None else {**spoilt, "version": version}
    )
    with pytest.raises(tables.UnreadableItem):
        accounts.read("somebody", now=NINE)
    assert claims.quarantine("somebody", Channel.SMS) == NINE
    after = client.get_item(TableName=table, Key=key)["Item"]
    assert "sms_next_at" not in after
    assert after["sms_quarantined_at"] == item["sms_next_at"]
    claims.bring_back("somebody", Channel.SMS, NINE)
    assert client.get_item(TableName=table, Key=key)["Item"]["sms_next_at"] == item["sms_next_at"]
    client.put_item(TableName=table, Item=item)
    assert accounts.read("somebody", now=NINE).wakes == {Channel.SMS: NINE}


def test_nobody_is_quarantined_who_does_not_wait_or_exist() -> None:
    enter(a_user())
    claims.quarantine("somebody", Channel.SMS)
    assert rests_at("somebody") is None
    with pytest.raises(accounts.UnknownUser):
        claims.quarantine("nobody", Channel.SMS)


# How long a row is kept --------------------------------------------------------------------------

LONG_AGO = date(2026, 1, 1)
"""Fourteen months before NINE."""


def expire(now: datetime) -> None:
    """As DynamoDB takes away what has expired."""
    for row in ledger_of("somebody"):
        if row.expires_at <= now.timestamp():
            row.delete()


def fail_a_debit_of_long_ago() -> None:
    bill = a_bill(bill_id="rent", due_on=LONG_AGO, owed_from=LONG_AGO, autopay=True)
    enter(a_user(channels=(Channel.SMS,)), bill)
    record_failed_debit("somebody", "rent", 0, "returned-1", now=NINE)


def test_a_debit_of_long_ago_that_failed_is_told_once() -> None:
    fail_a_debit_of_long_ago()
    provider = Recorder()
    for minutes in range(1, 4):
        now = NINE + minutes * MINUTE
        deliver("somebody", Channel.SMS, now=now, send=provider)
        expire(now)
    assert len(provider.sent) == 1


def given_back(claim: Claim, now: datetime) -> bool:
    return claims.release(claim, not_before=None, reason="busy", now=now)


@pytest.mark.parametrize(
    "say",
    [
        lambda claim, now: claims.mark(claim, State.SENT, now=now),
        lambda claim, now: claims.mark_failed(claim, reason="invalid", now=now),
        lambda claim, now: claims.mark_unknown(claim, reason="no_answer", now=now),
        lambda claim, now: failures.note(claim, Failure(State.FAILED, "invalid"), now=now),
        given_back,
    ],
    ids=["sent", "failed", "unknown", "failed and planned anew", "given back"],
)
def test_what_is_said_of_it_later_keeps_its_row_as_long_again(
    say: Callable[[Claim, datetime], bool],
) -> None:
    fail_a_debit_of_long_ago()
    claim = claim_sms(NINE + MINUTE)
    assert claimed(claim) == {"rent"}
    assert say(claim, NINE + 40 * DAY)
    (row,) = (row for row in ledger_of("somebody") if row.key == claim.message_key)
    assert row.expires_at == datetime(2028, 5, 10, tzinfo=UTC).timestamp()


def test_a_row_about_a_date_to_come_is_kept_from_that_date_on() -> None:
    enter_bills("rent")
    claim = claim_sms()
    (row,) = ledger_of("somebody")
    from_its_date = datetime(2028, 4, 4, tzinfo=UTC).timestamp()
    assert row.expires_at == from_its_date
    assert claims.mark(claim, State.SENT, now=NINE)
    (row,) = ledger_of("somebody")
    assert row.expires_at == from_its_date

"""The ledger's table of transitions: what a provider says ends in one state, whatever the order."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import (
    RECEIPT_WAIT,
    TRANSITIONS,
    Recorded,
    State,
    sources,
    with_message,
)
from bill_reminders.domain.ledger_history import LedgerHistory
from bill_reminders.domain.reminders import Reminder, SkipReason, Trigger

RECEIPTS = (
    State.SENT,
    State.EXPIRED,
    State.FAILED,
    State.DELIVERED,
    State.BOUNCED,
    State.COMPLAINED,
)


def after(start: State, receipts: tuple[State, ...] | list[State]) -> State:
    state = start
    for receipt in receipts:
        if receipt in TRANSITIONS[state]:
            state = receipt
    return state


@given(
    st.sampled_from([State.CLAIMED, State.UNKNOWN, State.SENT]),
    st.lists(st.sampled_from(RECEIPTS), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
)
def test_receipts_end_in_one_state_whatever_their_order_and_however_often_each_comes(
    start: State, receipts: list[State], random: object
) -> None:
    shuffled = [*receipts, *receipts]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert after(start, receipts) == after(start, shuffled)


def test_the_last_word_of_contradictory_receipts() -> None:
    for order in permutations((State.DELIVERED, State.BOUNCED, State.SENT)):
        assert after(State.CLAIMED, order) is State.BOUNCED
    for order in permutations((State.FAILED, State.DELIVERED)):
        assert after(State.SENT, order) is State.DELIVERED
    for order in permutations((State.COMPLAINED, State.BOUNCED, State.DELIVERED)):
        assert after(State.UNKNOWN, order) is State.COMPLAINED


def test_every_state_has_its_place_in_the_table_and_can_be_reached() -> None:
    assert set(TRANSITIONS) == {None, *State}
    reached: set[State] = set()
    while more := {each for state in (None, *reached) for each in TRANSITIONS[state]} - reached:
        reached |= more
    assert reached == set(State)


def test_what_was_noted_as_skipped_or_reported_as_unwanted_stays_so() -> None:
    assert not TRANSITIONS[State.SKIPPED]
    assert not TRANSITIONS[State.COMPLAINED]


def test_only_what_waits_is_claimed_again() -> None:
    assert sources(State.CLAIMED) == [None, State.WAITING]
    assert sources(State.SKIPPED) == [None, State.WAITING]


def test_what_the_provider_took_is_never_sent_again() -> None:
    """No way leads from a receipt back to a claim."""
    for receipt in RECEIPTS:
        reached, new = {receipt}, {receipt}
        while new := {each for state in new for each in TRANSITIONS[state]} - reached:
            reached |= new
        assert State.WAITING not in reached
        assert State.CLAIMED not in reached


DUE = date(2027, 3, 4)
REMINDER = Reminder(
    user_id="somebody",
    bill_id="bill",
    occurrence=0,
    due_on=DUE,
    trigger=Trigger.lead(0),
    channel=Channel.SMS,
    planned_at=datetime(2027, 3, 4, 9, 0, tzinfo=UTC),
)


def test_a_receipt_is_waited_for_as_long_as_the_rules_say() -> None:
    assert timedelta(minutes=10) == RECEIPT_WAIT


@pytest.mark.parametrize("state", State)
def test_who_may_have_read_what(state: State) -> None:
    row = Recorded(REMINDER, state)
    assert (row.attempt, row.resends) == (1, 0)
    assert row.may_be_known is (state not in (State.SKIPPED, State.WAITING))
    assert replace(row, resends=1).may_be_known


@pytest.mark.parametrize("reason", SkipReason)
def test_what_was_skipped_failed_only_for_want_of_an_address(reason: SkipReason) -> None:
    row = Recorded(REMINDER, State.SKIPPED, reason=reason)
    assert row.failed is (reason is SkipReason.NO_ADDRESS)


def test_what_rides_in_a_digest_fails_with_its_message() -> None:
    rows = {
        "a": Recorded(REMINDER, State.SENT, message_key="a"),
        "b": Recorded(REMINDER, State.IN_DIGEST, message_key="a"),
        "c": Recorded(REMINDER, State.IN_DIGEST, message_key="d", message_state=State.SENT),
    }
    assert [row.failed for row in rows.values()] == [False] * 3
    after = with_message(rows, "a", State.BOUNCED)
    assert [row.failed for row in after.values()] == [True, True, False]
    assert [row.state for row in after.values()] == ["bounced", "in_digest", "in_digest"]


def test_what_went_out_elsewhere_is_heard_only_by_who_asks_for_it() -> None:
    skipped = replace(REMINDER, occurrence=1)
    by_email = replace(REMINDER, channel=Channel.EMAIL)
    by_push = replace(REMINDER, channel=Channel.PUSH)
    history = LedgerHistory(
        {
            "skipped": Recorded(skipped, State.SKIPPED),
            "by sms": Recorded(REMINDER, State.BOUNCED),
            "by email": Recorded(by_email, State.SENT),
            "by push": Recorded(by_push, State.FAILED),
        }
    )
    assert history.heard(REMINDER, revision=0, anywhere=False) == [REMINDER]
    assert history.heard(REMINDER, revision=0, anywhere=True) == [REMINDER, by_email]
    assert history.heard(skipped, revision=0, anywhere=True) == []
    assert history.occurrences("bill") == {(0, REMINDER.due_on), (1, REMINDER.due_on)}
    assert history.occurrences("another") == set()

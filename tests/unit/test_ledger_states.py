"""The ledger's table of transitions: what a provider says ends in one state, whatever the order."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.ledger import TRANSITIONS, State, sources

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

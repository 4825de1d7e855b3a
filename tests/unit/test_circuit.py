"""The circuit opens after refusals in a row, tries one message after its pause, and closes."""

from datetime import UTC, datetime, timedelta

from bill_reminders.delivery.circuit import LONGEST, REFUSALS, SHORTEST, Circuit

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def opened() -> Circuit:
    circuit = Circuit()
    assert [circuit.refuses(NOW) for _ in range(REFUSALS)] == [False] * (REFUSALS - 1) + [True]
    return circuit


def test_refusals_in_a_row_open_it_and_a_message_that_is_taken_starts_the_count_anew() -> None:
    circuit = Circuit()
    for _ in range(5):
        assert not circuit.refuses(NOW)
        assert not circuit.refuses(NOW)
        circuit.taken()
    assert circuit.allows(NOW)
    assert not opened().allows(NOW)


def test_after_its_pause_one_message_finds_out() -> None:
    circuit = opened()
    assert not circuit.allows(NOW + SHORTEST - SECOND)
    assert circuit.allows(NOW + SHORTEST)
    assert not circuit.refuses(NOW), "under way when it opened"
    assert circuit.refuses(NOW + SHORTEST), "the trial alone opens it again"
    assert not circuit.refuses(NOW + SHORTEST), "so does another at the same time, no longer"
    assert not circuit.allows(NOW + SHORTEST + 2 * SHORTEST - SECOND)
    circuit.taken()
    assert circuit.allows(NOW + SHORTEST)
    assert circuit == Circuit()


def test_a_trial_that_is_refused_long_after_the_pause_opens_it_again() -> None:
    """Nobody may have been due for an hour."""
    circuit, later = opened(), NOW + timedelta(hours=1)
    assert circuit.allows(later)
    assert circuit.refuses(later)
    assert not circuit.allows(later + SECOND)


def test_it_is_closed_until_it_opens_and_again_when_a_message_was_taken() -> None:
    circuit = Circuit()
    for _ in range(REFUSALS):
        assert circuit.is_closed
        circuit.refuses(NOW)
    assert not circuit.is_closed
    assert circuit.allows(NOW + SHORTEST)
    assert not circuit.is_closed, "not before the trial was taken"
    circuit.taken()
    assert circuit.is_closed


def test_its_pause_grows_and_stays_shorter_than_the_index_takes_to_come_back() -> None:
    circuit, now = opened(), NOW
    pauses = []
    for _ in range(10):
        assert circuit.open_until is not None
        pauses.append(circuit.open_until - now)
        now = circuit.open_until
        circuit.refuses(now)
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (SHORTEST, LONGEST)
    assert timedelta(minutes=5) > LONGEST

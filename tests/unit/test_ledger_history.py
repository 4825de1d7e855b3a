"""What the ledger's rows say of the past to planning."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import Recorded, State
from bill_reminders.domain.ledger_history import LedgerHistory
from bill_reminders.domain.reminders import Reminder, Trigger

DUE = date(2027, 2, 10)
LEAD = Reminder(
    *("somebody", "bill", 0, DUE, Trigger.lead(3), Channel.SMS),
    planned_at=datetime(2027, 2, 7, 9, tzinfo=UTC),
)
NEARER = replace(LEAD, trigger=Trigger.lead(1), planned_at=datetime(2027, 2, 9, 9, tzinfo=UTC))


def history(*rows: Recorded) -> LedgerHistory:
    return LedgerHistory({row.reminder.key: row for row in rows})


@pytest.mark.parametrize(
    ("rows", "revision", "found"),
    [
        ([(0, State.SENT)], 0, (0, State.SENT)),
        ([(1, State.SENT)], 0, (1, State.SENT)),
        ([(0, State.SENT)], 1, None),
        ([(0, State.SENT), (2, State.SKIPPED)], 1, (2, State.SKIPPED)),
        ([(0, State.SENT), (2, State.SENT)], 0, (2, State.SENT)),
        ([(0, State.SENT), (2, State.WAITING)], 0, (0, State.SENT)),
        ([(0, State.WAITING), (2, State.WAITING)], 0, (2, State.WAITING)),
        ([], 0, None),
    ],
)
def test_a_row_counts_for_a_reminder_of_its_date_at_its_revision_or_an_earlier_one(
    rows: list[tuple[int, State]], revision: int, found: tuple[int, State] | None
) -> None:
    known = history(*(Recorded(replace(LEAD, revision=number), state) for number, state in rows))
    row = known.row(replace(LEAD, revision=revision))
    assert (row and (row.reminder.revision, row.state)) == found
    assert known.row(replace(NEARER, revision=revision)) is None
    assert known.row(replace(LEAD, due_on=date(2027, 2, 12), revision=revision)) is None


def test_what_was_said_under_an_earlier_revision_of_the_date_is_not_heard() -> None:
    told = history(Recorded(NEARER, State.SENT))
    assert told.heard(LEAD, revision=0, anywhere=False) == [NEARER]
    assert told.heard(LEAD, revision=1, anywhere=False) == []


@pytest.mark.parametrize(
    ("channel", "state", "anywhere", "is_heard"),
    [
        (Channel.SMS, State.SENT, False, True),
        (Channel.SMS, State.BOUNCED, False, True),
        (Channel.EMAIL, State.SENT, False, False),
        (Channel.EMAIL, State.SENT, True, True),
        (Channel.EMAIL, State.BOUNCED, False, False),
        (Channel.EMAIL, State.BOUNCED, True, False),
    ],
)
def test_what_went_out_on_another_channel_counts_for_a_stand_in_alone(
    channel: Channel, state: State, anywhere: bool, is_heard: bool
) -> None:
    row = Recorded(replace(NEARER, channel=channel), state)
    assert history(row).heard(LEAD, revision=0, anywhere=anywhere) == (
        [row.reminder] if is_heard else []
    )

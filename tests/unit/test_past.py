"""What the ledger's rows say of the past to planning."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bill_reminders.domain.ledger import Recorded, State
from bill_reminders.domain.past import Past
from bill_reminders.domain.reminders import Reminder, SkipReason, Trigger
from bill_reminders.domain.terms import Channel

DUE = date(2027, 2, 10)
LEAD = Reminder(
    *("somebody", "bill", 0, DUE, Trigger.lead(3), Channel.SMS),
    planned_at=datetime(2027, 2, 7, 9, tzinfo=UTC),
)
NEARER = replace(LEAD, trigger=Trigger.lead(1), planned_at=datetime(2027, 2, 9, 9, tzinfo=UTC))


def past(*rows: Recorded) -> Past:
    return Past({row.reminder.key: row for row in rows})


def test_what_was_only_noted_hides_nothing_that_was_told() -> None:
    noted = Recorded(LEAD, State.SKIPPED, reason=SkipReason.SNOOZED.value)
    told = Recorded(NEARER, State.SENT)
    assert past(noted, told).revision("bill", 0, date(2027, 2, 12)) == 1
    assert past(noted).revision("bill", 0, date(2027, 2, 12)) == 0


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
    assert past(row).heard(LEAD, anywhere=anywhere) == ([row.reminder] if is_heard else [])

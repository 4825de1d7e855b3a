"""Due-date revisions: decided by the change that moves a date, from what was said of it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.bills import Bill, Heard
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import Recorded, State
from bill_reminders.domain.planning import decide, earliest_due_date
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.reminders import Reminder, Trigger
from bill_reminders.domain.revisions import (
    MOST_DELETED,
    MOST_HEARD,
    heard_of,
    left_dates,
    moves_dates,
    of_deleted,
)
from tests.support.examples import examples
from tests.support.people import a_bill
from tests.unit.test_planning_properties import Household, households

TODAY = date(2027, 3, 18)
DAY = timedelta(days=1)
FIRST, SECOND, THIRD = date(2027, 3, 20), date(2027, 4, 10), date(2027, 4, 20)
ONCE = a_bill(due_on=FIRST)
MONTHLY = replace(ONCE, recurrence=Recurrence(date(2026, 1, 20), 1, Unit.MONTH))


def said(
    due_on: date, revision: int = 0, number: int = 0, state: State = State.SENT, bill_id: str = ""
) -> Recorded:
    reminder = Reminder(
        *("somebody", bill_id or "bill", number, due_on, Trigger.lead(3), Channel.SMS),
        planned_at=datetime(2027, 3, 17, 9, tzinfo=UTC),
        revision=revision,
    )
    return Recorded(reminder, state)


def redated(bill: Bill, due_on: date, *rows: Recorded) -> Bill:
    moved = replace(bill, recurrence=replace(bill.recurrence, first_due=due_on))
    return replace(moved, heard=heard_of(bill, moved, rows, today=TODAY))


def test_a_date_that_somebody_may_have_heard_of_makes_a_revision() -> None:
    moved = redated(ONCE, SECOND, said(FIRST))
    assert moved.heard == (Heard(0, FIRST, 0, 1),)
    assert [moved.revision(0, day) for day in (FIRST, SECOND, THIRD)] == [0, 1, 1]
    assert moved.revision(1, SECOND) == 0


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(said(FIRST, state=State.SKIPPED), id="only noted"),
        pytest.param(said(FIRST, state=State.WAITING), id="never went out"),
        pytest.param(said(SECOND), id="another date"),
        pytest.param(said(FIRST, number=1), id="another occurrence"),
        pytest.param(said(FIRST, bill_id="another"), id="another bill"),
    ],
)
def test_what_says_nothing_of_the_date_that_is_left_makes_none(row: Recorded) -> None:
    assert redated(ONCE, SECOND, row).heard == ()


def test_a_date_that_comes_back_unheard_in_between_has_its_old_revision() -> None:
    back = redated(redated(ONCE, SECOND, said(FIRST)), FIRST)
    assert back.revision(0, FIRST) == 0


def test_a_date_that_comes_back_after_another_was_heard_has_a_revision_of_its_own() -> None:
    away = redated(ONCE, SECOND, said(FIRST))
    back = redated(away, FIRST, said(FIRST), said(SECOND, 1))
    assert back.revision(0, FIRST) == 2
    assert redated(back, SECOND, said(FIRST), said(SECOND, 1)).revision(0, SECOND) == 1
    assert redated(back, SECOND, said(FIRST), said(FIRST, 2)).revision(0, SECOND) == 3


def test_what_an_older_rule_counted_is_never_counted_again() -> None:
    moved = redated(ONCE, SECOND, said(FIRST, 4), said(FIRST, 2))
    assert [moved.revision(0, day) for day in (FIRST, SECOND)] == [0, 5]


def test_a_date_that_is_gone_and_comes_back_is_known_still() -> None:
    ahead = Recurrence(date(2027, 5, 20), 1, Unit.MONTH, first_number=16)
    later = replace(MONTHLY, recurrence=ahead)
    gone = replace(later, heard=heard_of(MONTHLY, later, [said(FIRST, number=14)], today=TODAY))
    assert gone.due_on(14) is None
    assert (gone.revision(14, FIRST), gone.revision(14, FIRST + DAY)) == (0, 1)


def test_what_stays_overdue_through_a_new_anchor_keeps_its_revision() -> None:
    overdue = ((13, date(2027, 2, 20)),)
    later = replace(
        MONTHLY,
        recurrence=Recurrence(SECOND, 1, Unit.MONTH, first_number=15, earlier=overdue),
    )
    rows = [said(date(2027, 2, 20), number=13), said(FIRST, number=14)]
    assert [each.occurrence for each in heard_of(MONTHLY, later, rows, today=TODAY)] == [14]


def test_only_dates_that_are_left_are_asked_for() -> None:
    until = date(2027, 3, 1)
    other = replace(MONTHLY, recurrence=replace(MONTHLY.recurrence, first_due=date(2026, 1, 21)))
    later = replace(MONTHLY, recurrence=Recurrence(FIRST, 1, Unit.MONTH, first_number=14))
    found = left_dates(MONTHLY, other, first=date(2026, 12, 1), until=until)
    assert found == [date(2026, 12, 20), date(2027, 1, 20), date(2027, 2, 20)]
    assert left_dates(MONTHLY, later, first=date(2026, 12, 1), until=until) == found
    assert left_dates(MONTHLY, None, first=date(2026, 12, 1), until=until) == found
    assert left_dates(MONTHLY, replace(MONTHLY, name="Card"), first=FIRST, until=THIRD) == []
    assert not moves_dates(MONTHLY, replace(MONTHLY, name="Card"))


def test_what_matters_no_more_is_forgotten() -> None:
    old = Heard(0, date(2026, 2, 1), 0, 1)
    known = replace(ONCE, recurrence=Recurrence(FIRST, first_number=1), heard=(old,))
    assert redated(known, SECOND).heard == ()
    assert redated(replace(ONCE, heard=(old,)), SECOND).heard == (old,), "its date is still to come"
    many = tuple(Heard(number, FIRST + number * DAY, 0, 1) for number in range(2, 2 * MOST_HEARD))
    assert len(redated(replace(ONCE, heard=many), SECOND).heard) == MOST_HEARD


def test_what_matters_no_more_of_deleted_bills_is_forgotten() -> None:
    dates = [TODAY - 91 * DAY, *(TODAY + each * DAY for each in range(MOST_DELETED + 5))]
    kept = of_deleted([("bill", Heard(0, day, 0, 1)) for day in dates], TODAY)
    assert [each.due_on for _, each in kept] == dates[-MOST_DELETED:]


@given(st.lists(st.tuples(st.sampled_from([FIRST, SECOND, THIRD]), st.booleans()), max_size=8))
def test_a_date_is_told_again_exactly_if_another_was_heard_in_between(
    steps: list[tuple[date, bool]],
) -> None:
    bill, rows, last_heard = ONCE, [], None
    for due_on, is_told in [(FIRST, True), *steps]:
        bill = redated(bill, due_on, *rows)
        revision = bill.revision(0, due_on)
        is_known = said(due_on, revision) in rows
        assert is_known == (last_heard == due_on)
        if is_told and not is_known:
            assert all(row.reminder.revision < revision for row in rows)
            rows.append(said(due_on, revision))
            last_heard = due_on


# Windows -----------------------------------------------------------------------------------------

STATES = st.sampled_from(list(State))
TRIGGERS = st.sampled_from([*map(Trigger.lead, (0, 1, 3, 9)), *map(Trigger.overdue, (1, 9))])


@st.composite
def ledgers(draw: st.DrawFn, bills: Iterable[Bill], now: datetime) -> dict[str, Recorded]:
    """Rows of occurrences under their dates and others, far and near, at any revision."""
    rows: dict[str, Recorded] = {}
    for bill in bills:
        for number, due_on in islice(bill.recurrence.from_day(now.date() - 130 * DAY), 12):
            for _ in range(draw(st.integers(0, 4))):
                moved = draw(st.sampled_from([0, 0, 0, -100, -40, -15, -2, 20]))
                trigger = draw(TRIGGERS)
                reminder = Reminder(
                    *(bill.user_id, bill.bill_id, number, due_on + moved * DAY, trigger),
                    channel=draw(st.sampled_from(list(Channel))),
                    planned_at=now - draw(st.integers(0, 40)) * DAY,
                    revision=draw(st.integers(0, 2)),
                )
                row = Recorded(reminder, draw(STATES), message_state=draw(st.none() | STATES))
                rows[reminder.key] = row
    return rows


@examples(60)
@given(st.data(), households())
def test_a_longer_look_back_decides_the_same(data: st.DataObject, household: Household) -> None:
    user, now = household.user(), household.imported_at
    bills = household.bills()
    recorded = data.draw(ledgers(bills, now))
    earliest = earliest_due_date(user, bills, now)
    windows = [earliest, *(earliest - days * DAY for days in (1, 13, 14, 30, 60, 1000))]
    for channel in Channel:
        several = [
            decide(
                user,
                bills,
                {key: row for key, row in recorded.items() if row.reminder.due_on >= since},
                channel=channel,
                now=now,
            )
            for since in windows
        ]
        assert all(shorter == longer for shorter, longer in pairwise(several))

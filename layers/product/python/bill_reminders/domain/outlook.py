"""The outlook: what will go out if nothing else happens.

It plays planning forward instead of reading plans a second time: at each instant that planning
names it is asked again, and told that what it decided was done. So quiet hours, pauses, snoozes and
merging are minded by construction.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bill_reminders.domain import planning
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.ledger import Recorded, State
from bill_reminders.domain.people import Channel, User
from bill_reminders.domain.reminders import Reminder, SkipReason

FURTHEST = timedelta(days=400)
"""How far `next_on_each_channel` looks: a yearly bill's next reminder is nearer."""


@dataclass(frozen=True, slots=True)
class Coming:
    """A reminder that comes due at `at` (UTC, a whole minute). `skip` is None when it goes out."""

    reminder: Reminder
    at: datetime
    skip: SkipReason | None = None


def outlook(
    user: User,
    bills: Iterable[Bill],
    recorded: Mapping[str, Recorded],
    *,
    channels: Iterable[Channel] = tuple(Channel),
    now: datetime,
    until: datetime,
    at_most: int | None = None,
) -> tuple[Coming, ...]:
    """All that comes due after `now`, up to and including `until`; the earliest first, and no more
    than `at_most`."""
    wanted = tuple(channels)
    found: list[Coming] = []
    for bill, known in _by_bill(bills, recorded):
        for channel in wanted:
            played = _play(user, bill, known, channel, now, until)
            for count, coming in enumerate(played, start=1):
                found.append(coming)
                if count == at_most:
                    break
    found.sort(key=lambda coming: (coming.at, coming.reminder.key))
    return tuple(found if at_most is None else found[:at_most])


def next_on_each_channel(
    user: User, bills: Iterable[Bill], recorded: Mapping[str, Recorded], *, now: datetime
) -> Mapping[Channel, Coming | None]:
    """The next reminder that goes out on each channel, within 400 days; None when there is none."""
    nearest: dict[Channel, Coming | None] = dict.fromkeys(Channel)
    for bill, known in _by_bill(bills, recorded):
        for channel in Channel:
            best = nearest[channel]
            until = now + FURTHEST if best is None else best.at
            played = _play(user, bill, known, channel, now, until)
            first = next((coming for coming in played if coming.skip is None), None)
            if first is not None and (best is None or _place(first) < _place(best)):
                nearest[channel] = first
    return nearest


def _place(coming: Coming) -> tuple[datetime, str]:
    return coming.at, coming.reminder.key


def _by_bill(
    bills: Iterable[Bill], recorded: Mapping[str, Recorded]
) -> Iterator[tuple[Bill, dict[str, Recorded]]]:
    """Each bill with its own rows: planning judges each bill by itself."""
    rows: dict[str, dict[str, Recorded]] = {}
    for key, row in recorded.items():
        rows.setdefault(row.reminder.bill_id, {})[key] = row
    for bill in bills:
        yield bill, rows.get(bill.bill_id, {})


def _play(
    user: User,
    bill: Bill,
    recorded: Mapping[str, Recorded],
    channel: Channel,
    now: datetime,
    until: datetime,
) -> Iterator[Coming]:
    rows = dict(recorded)
    decision = planning.decide(user, (bill,), rows, channel=channel, now=now)
    at = planning.wake_at(decision, now)
    while at is not None and at <= until:
        decision = planning.decide(user, (bill,), rows, channel=channel, now=at)
        for reminder in decision.due:
            rows[reminder.key] = Recorded(reminder, State.SENT)
            yield Coming(reminder, at)
        for skip in decision.skipped:
            rows[skip.reminder.key] = Recorded(skip.reminder, State.SKIPPED)
            yield Coming(skip.reminder, at, skip.reason)
        following = decision.next_at
        assert following is None or following > at, f"planning stands still at {at}"
        at = following

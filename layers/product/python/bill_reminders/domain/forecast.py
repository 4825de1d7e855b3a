"""The outlook: what will go out if nothing else happens.

It plays planning forward instead of reading plans a second time: at each instant that planning
names it is asked again, and told that what it decided was done. So quiet hours, pauses, snoozes and
merging are minded by construction.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from itertools import islice, product
from math import inf
from typing import NamedTuple

from bill_reminders.domain import bounds, planning
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import Recorded, State
from bill_reminders.domain.local_time import local_date
from bill_reminders.domain.people import User
from bill_reminders.domain.reminders import Reminder, SkipReason

FURTHEST = timedelta(days=400)
"""How far `next_on_each_channel` looks: a yearly bill's next reminder is nearer,
unless it was paid weeks ahead."""

_ROOM = 50
"""With fewer rows of a bill none is forgotten: that takes a moment, too."""


class Coming(NamedTuple):
    """A reminder that comes due at `at` (UTC, a whole minute). `skip` is None when it goes out."""

    reminder: Reminder
    at: datetime
    skip: SkipReason | None = None


def forecast(
    user: User,
    bills: Iterable[Bill],
    recorded: Mapping[str, Recorded],
    *,
    channels: Iterable[Channel] = Channel,
    now: datetime,
    until: datetime,
    at_most: int | None = None,
    effort: float = inf,
) -> tuple[Coming, ...]:
    """All that comes due of `bills` after `now` (UTC), up to and including `until`, and no more
    than `at_most`; by `at`, then by key. Few are had for little: nothing beyond them is planned.
    Nor is anything after so many reminders were looked at as `effort` says: the nearest are there.

    `recorded` is what planning.decide wants at `now`; rows of other bills do not matter. Nothing
    comes of more bills than a wake-up plans: their user is put aside.
    """
    played = _played(user, tuple(bills), recorded, channels, now, until, effort)
    return tuple(islice(played, at_most))


def next_on_each_channel(
    user: User,
    bills: Iterable[Bill],
    recorded: Mapping[str, Recorded],
    *,
    channels: Iterable[Channel] = Channel,
    now: datetime,
) -> Mapping[Channel, Coming | None]:
    """The next reminder that goes out on each channel, within 400 days; None when there is none."""
    bills, channels = tuple(bills), tuple(channels)
    following: dict[Channel, Coming | None] = dict.fromkeys(channels)
    for channel in channels:
        if user.address(channel) is None:
            continue  # all would be played to the end, and noted as skipped
        played = _played(user, bills, recorded, (channel,), now, now + FURTHEST)
        following[channel] = next((coming for coming in played if coming.skip is None), None)
    return following


def _played(
    user: User,
    bills: Sequence[Bill],
    recorded: Mapping[str, Recorded],
    channels: Iterable[Channel],
    now: datetime,
    until: datetime,
    effort: float = inf,
) -> Iterator[Coming]:
    """What comes, in order. Whoever stops reading stops the play."""
    if bounds.is_beyond(user, bills, local_date(now, user.zone)):
        return
    rows: defaultdict[str, dict[str, Recorded]] = defaultdict(dict)
    for key, row in recorded.items():
        rows[row.reminder.bill_id][key] = row
    parts = [
        _Part(user, bill, channel, rows.get(bill.bill_id, {}))
        for bill, channel in product(bills, channels)
    ]
    # The number stands behind the instant so that no two parts are ever compared.
    wakes = [(at, n) for n, part in enumerate(parts) if (at := part.first(now)) is not None]
    heapify(wakes)
    planned = sum(part.planned for part in parts)
    while wakes and (at := wakes[0][0]) <= until and planned < effort:
        together: list[Coming] = []
        while wakes and wakes[0][0] == at:
            _, n = heappop(wakes)
            coming, next_at = parts[n].play(at)
            planned += parts[n].planned
            together += coming
            if next_at is not None:
                heappush(wakes, (next_at, n))
        yield from sorted(together, key=lambda coming: coming.reminder.key)


class _Part:
    """One bill on one channel: planning judges each by itself, so each is played by itself."""

    def __init__(
        self, user: User, bill: Bill, channel: Channel, recorded: Mapping[str, Recorded]
    ) -> None:
        self._user, self._bill, self._channel = user, bill, channel
        self._recorded = recorded
        self._rows = dict(recorded)
        self._room = max(_ROOM, 2 * len(self._rows))
        self.planned = 0
        """How many reminders were looked at for the latest decision."""

    def first(self, now: datetime) -> datetime | None:
        """When to play first."""
        return planning.wake_at(self._decide(now), now)

    def play(self, at: datetime) -> tuple[list[Coming], datetime | None]:
        """What comes at `at`, and when to play again, given that it was done."""
        decision = self._decide(at)
        next_at = decision.next_at
        assert next_at is None or next_at > at, (
            f"planning {self._bill.bill_id} by {self._channel} at {at} goes back to {next_at}"
        )
        coming = [Coming(reminder, at) for reminder in decision.due]
        coming += [Coming(skip.reminder, at, skip.reason) for skip in decision.skipped]
        for each in coming:
            state = State.SENT if each.skip is None else State.SKIPPED
            self._rows[each.reminder.key] = Recorded(each.reminder, state)
        self._forget(at)
        return coming, next_at

    def _decide(self, at: datetime) -> planning.Decision:
        decision = planning.decide(
            self._user, (self._bill,), self._rows, channel=self._channel, now=at
        )
        self.planned = decision.planned
        return decision

    def _forget(self, at: datetime) -> None:
        """Let go of what was played and matters no more: to carry all of it along would cost the
        square of the days that are played."""
        if len(self._rows) <= self._room:
            return
        earliest = planning.earliest_due_date(self._user, (self._bill,), at)
        self._rows = {
            key: row
            for key, row in self._rows.items()
            if key in self._recorded or row.reminder.due_on >= earliest
        }
        self._room = max(_ROOM, 2 * len(self._rows))

"""What one process may still send of the day's total of SMS: reserved a batch at a time, so that
the counter, which all processes share, is written once a batch and not once a message.

What a process has reserved and not used when it ends is lost to its day: so it reserves no more
than the batch that it is about to work may need.
"""

from datetime import UTC, date, datetime, timedelta
from random import uniform
from threading import Lock

from bill_reminders.channels.sms.bounds import SmsBounds, SmsUsedUp
from bill_reminders.channels.sms.text import MOST_SEGMENTS
from bill_reminders.domain.local_time import next_minute
from bill_reminders.domain.people import User
from bill_reminders.storage import sms_total

SMALLEST_SHARE = 50
"""Of a small total a process reserves no more than this part of it, lest the few that run at once
keep all of it from the others."""

HELD_MINUTES = 60
"""After so long it is looked again whether there is room for who registered by themselves."""


class SmsBudget:
    """This process's part of the day's total. Threads may share it."""

    def __init__(self, bounds: SmsBounds) -> None:
        self._bounds = bounds
        self._most_ahead = bounds.parts_per_day // SMALLEST_SHARE
        self._lock = Lock()
        self._now = datetime.min.replace(tzinfo=UTC)
        self._day = date.min
        self._left = 0
        self._used = 0
        self._is_used_up = False

    def open(self, messages: int, now: datetime) -> bool:
        """Reserve what a batch of so many messages that begins at `now` may need; False when the
        day's total is used up. One write, or none when enough is left of what was reserved. Raises
        what the table raises."""
        with self._lock:
            self._begin(now)
            self._reserve(max(MOST_SEGMENTS, min(messages * MOST_SEGMENTS, self._most_ahead)))
            # a message may need as many: with less, all would be claimed and given back
            is_open = self._left >= MOST_SEGMENTS
        if not is_open:
            self._bounds.tell(self._bounds.parts_per_day)
        return is_open

    def take(self, parts: int) -> None:
        """Take the parts of one message of the batch that was opened. Raises SmsUsedUp, and what
        the table raises."""
        with self._lock:
            self._reserve(parts)
            if self._left < parts:
                raise SmsUsedUp(sms_total.ends_in(self._now))
            self._left -= parts

    def held_until(self, user: User, now: datetime) -> datetime | None:
        """Until when a user's reminders wait; None for those who may draw from the total. Who
        registered by themselves draws after imported users, as of the last reservation here."""
        if not user.self_registered or self._used < self._bounds.most_for(self_registered=True):
            return None
        return next_minute(now + timedelta(minutes=HELD_MINUTES * uniform(0.9, 1.1)))

    def _begin(self, now: datetime) -> None:
        self._now, today = now, now.astimezone(UTC).date()
        if today != self._day:
            self._day, self._left, self._used, self._is_used_up = today, 0, 0, False

    def _reserve(self, parts: int) -> None:
        """Have at least `parts`, as far as the total still holds them."""
        wanted = parts - self._left
        if wanted <= 0 or self._is_used_up:
            return
        most = self._bounds.parts_per_day
        taken, self._used = sms_total.take_up_to(wanted, most=most, now=self._now)
        self._left += taken
        self._is_used_up = taken < wanted
        self._bounds.tell(self._used)

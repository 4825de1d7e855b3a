"""What the ledger knows of a user's reminders, in the form in which planning asks for it."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import date

from bill_reminders.domain.ledger import Recorded
from bill_reminders.domain.reminders import Reminder
from bill_reminders.domain.terms import Channel

type _Name = tuple[str, int, int]
"""Bill, occurrence and due-date revision."""


class Past:
    """The rows of a user's recent reminders, by ledger key."""

    def __init__(self, rows: Mapping[str, Recorded]) -> None:
        self.rows = rows
        self._told: dict[tuple[str, int], Reminder] = {}
        self._heard: defaultdict[_Name, list[Recorded]] = defaultdict(list)
        self._occurrences: defaultdict[str, set[int]] = defaultdict(set)
        for row in rows.values():
            reminder = row.reminder
            self._occurrences[reminder.bill_id].add(reminder.occurrence)
            if not row.may_be_known:
                continue  # noted, and nobody was told
            self._heard[_name(reminder)].append(row)
            known = self._told.setdefault((reminder.bill_id, reminder.occurrence), reminder)
            if reminder.revision > known.revision:
                self._told[reminder.bill_id, reminder.occurrence] = reminder

    def revision(self, bill_id: str, occurrence: int, due_on: date) -> int:
        """The due-date revision: one more than the ledger's latest, unless that has the same date.

        So a date that moves and comes back is told again if the user heard of the other one in
        between, and is not if nobody had told them.
        """
        latest = self._told.get((bill_id, occurrence))
        if latest is None:
            return 0
        return latest.revision if latest.due_on == due_on else latest.revision + 1

    def heard(self, reminder: Reminder, *, anywhere: bool) -> Sequence[Reminder]:
        """What went out about the reminder's occurrence on its own channel; with `anywhere` also
        on others, as far as it may have arrived."""
        return [
            row.reminder
            for row in self._heard.get(_name(reminder), ())
            if row.reminder.channel is reminder.channel or (anywhere and not row.failed)
        ]

    def elsewhere(self, reminder: Reminder) -> Callable[[Channel], Recorded | None]:
        """Looks up the row of the same reminder on another channel."""
        return lambda other: self.rows.get(replace(reminder, channel=other).key)

    def occurrences(self, bill_id: str) -> Set[int]:
        """The bill's occurrences of which there is a row."""
        return self._occurrences.get(bill_id, set())


def _name(reminder: Reminder) -> _Name:
    return (reminder.bill_id, reminder.occurrence, reminder.revision)

"""What the ledger knows of a user's reminders, in the form in which planning asks for it.

It says the same however far back the ledger was read: of an occurrence only the rows of its present
due date count.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import date

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import Recorded
from bill_reminders.domain.reminders import Reminder, Trigger

type _Date = tuple[str, int, date]
"""Bill, occurrence and due date."""


class LedgerHistory:
    """The rows of a user's recent reminders, by ledger key.

    A row counts for a reminder of the same bill, occurrence, due date, trigger and channel when its
    due-date revision is the reminder's or a later one. There are later ones only where a bill knows
    of no revision although the ledger does, which counted them by itself before bills did.
    """

    def __init__(self, rows: Mapping[str, Recorded]) -> None:
        self.rows = rows
        self._known: defaultdict[_Date, list[Recorded]] = defaultdict(list)
        self._counted: defaultdict[tuple[_Date, Trigger, Channel], list[Recorded]]
        self._counted = defaultdict(list)
        self._occurrences: defaultdict[str, set[tuple[int, date]]] = defaultdict(set)
        for row in rows.values():
            reminder, on = row.reminder, _date(row.reminder)
            self._occurrences[reminder.bill_id].add((reminder.occurrence, reminder.due_on))
            self._counted[on, reminder.trigger, reminder.channel].append(row)
            if row.may_be_known:
                self._known[on].append(row)

    def row(self, reminder: Reminder) -> Recorded | None:
        """The row that counts for the reminder: one that stands in its way before one that waits,
        then the latest."""
        counted = self._counted.get((_date(reminder), reminder.trigger, reminder.channel), ())
        rows = [row for row in counted if row.reminder.revision >= reminder.revision]
        return max(rows, key=lambda row: (not row.is_open, row.reminder.revision), default=None)

    def heard(self, reminder: Reminder, *, revision: int, anywhere: bool) -> Sequence[Reminder]:
        """What went out about the reminder's occurrence, since its due-date revision is `revision`,
        on its own channel; with `anywhere` also on others, as far as it may have arrived."""
        return [
            row.reminder
            for row in self._known.get(_date(reminder), ())
            if row.reminder.revision >= revision
            and (row.reminder.channel is reminder.channel or (anywhere and not row.failed))
        ]

    def elsewhere(self, reminder: Reminder) -> Callable[[Channel], Recorded | None]:
        """Looks up the row of the same reminder on another channel."""
        return lambda other: self.row(replace(reminder, channel=other))

    def occurrences(self, bill_id: str) -> Set[tuple[int, date]]:
        """The bill's occurrences of which there is a row, each with the due date that it had."""
        return self._occurrences.get(bill_id, set())


def _date(reminder: Reminder) -> _Date:
    return (reminder.bill_id, reminder.occurrence, reminder.due_on)

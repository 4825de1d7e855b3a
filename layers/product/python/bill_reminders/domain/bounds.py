"""Bounds of one account: how many reminders may be live at once, so that nobody delays others.

A reminder is live from the day on which it may go out until the day on which it can matter no more.
They are counted from the dates alone, without planning one of them, and per channel: each channel
plans as many. Rules: the row "live at once" in docs/rules.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Kind
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.local_time import DAY
from bill_reminders.domain.people import User
from bill_reminders.domain.recurrence import Recurrence
from bill_reminders.domain.reminder_series import AUTOPAY_LEAD_DAYS, LOOK_BACK, plan_of
from bill_reminders.domain.terms import Dated, first_instalment

LIVE_OF_BILL = 400
"""A bill that falls due every day may be reminded of a year ahead."""
LIVE_OF_USER = 6_000
"""500 open bills that fall due every week, with the default plan, have 4,000."""
PLANNED_AT_ONCE = 2 * LIVE_OF_USER
"""What a wake-up plans at most. Only an account from before the bounds can have more: it is put
aside, for a batch in which it is planned would deliver to nobody else."""

REMEDY = (
    "choose fewer or nearer lead days, fewer or earlier overdue days, or due dates that are "
    "further apart"
)


class TooManyReminders(InvalidValue):
    """A change would make more reminders live at once than one bill, or one user, may have.

    `bill_id` is a bill at fault. `kind` is set where it is the plan for that kind of bill.
    """

    def __init__(self, most: int, bill_id: str, kind: Kind | None = None) -> None:
        whose, remedy = "one bill", REMEDY
        if most == LIVE_OF_USER:
            whose, remedy = "the open bills of one user", f"{REMEDY}; or close or delete bills"
        super().__init__(
            "lead_days", f"{whose} would have more than {most:,} reminders live at once: {remedy}"
        )
        self.bill_id = bill_id
        self.kind = kind


def live(user: User, bill: Bill, today: date) -> int:
    """About how many reminders of `bill` are live at once on one channel, on the user's local
    `today` or later: as many dates as lie between the last overdue day with the look back behind
    today and the farthest lead day ahead of it, times the triggers of each.

    A bill that is closed or silenced has none. Payments do not matter: they come and go.
    """
    if not bill.reminds:
        return 0
    plan = plan_of(user, bill)
    triggers = len(plan.lead_days) + len(plan.overdue_days)
    if not triggers:
        return 0
    farthest = max(plan.lead_days, default=0)
    if bill.autopays == {True}:
        farthest, triggers = AUTOPAY_LEAD_DAYS, 1
    back = LOOK_BACK + max(plan.overdue_days, default=0) * DAY
    window = back.days + farthest + 1
    after = max(today - back, bill.owed_from)
    several = [(dated, max(after, begins)) for dated, begins in _in_force(bill, after)]
    most = max(_at_most_within(_dates(dated), window, begins) for dated, begins in several)
    # where one takes the other's place there may be one more than either has
    return triggers * (most + len(several) - 1)


@lru_cache(4096)  # a change counts what was, what shall be, and what is then planned
def _at_most_within(dates: Recurrence, days: int, after: date) -> int:
    return dates.at_most_within(days, after=after)


def _in_force(bill: Bill, after: date) -> list[tuple[Dated, date]]:
    """The terms that hold from the local date `after` on, each with the date from which it does."""
    if not (bill.earlier_terms or bill.later_terms):
        return [(bill, date.min)]
    several = bill.terms
    over = sum(each.begins <= after for each in several)
    return [(each, each.begins) for each in several[max(0, over - 1) :]]


def _dates(dated: Dated) -> Recurrence:
    """A loan ends with its last instalment."""
    if dated.loan is None:
        return dated.recurrence
    begins = dated.recurrence.first_number - first_instalment(dated)
    return replace(dated.recurrence, count=max(0, dated.loan.instalments - begins))


def is_beyond(user: User, bills: Iterable[Bill], today: date) -> bool:
    """Whether more reminders of a user's bills are live at once than a wake-up plans."""
    return sum(live(user, bill, today) for bill in bills) > PLANNED_AT_ONCE


type Holding = tuple[User, Sequence[Bill]]
"""A user and their bills."""


def need_bounds(before: Holding, after: Holding, today: date) -> None:
    """Raises TooManyReminders when a change enlarges what is live at once beyond the bounds. What
    leaves it as it was, or lowers it, may always be done."""
    counts = _counts(after, today)
    if sum(counts.values()) <= LIVE_OF_USER and max(counts.values(), default=0) <= LIVE_OF_BILL:
        return
    known = _counts(before, today)
    grown = [key for key, count in counts.items() if count > known.get(key, 0)]
    large = next((key for key in grown if counts[key] > LIVE_OF_BILL), None)
    if large is not None:
        raise TooManyReminders(LIVE_OF_BILL, large, _changed_kind(large, before, after))
    if sum(counts.values()) > max(LIVE_OF_USER, sum(known.values())):
        raise TooManyReminders(LIVE_OF_USER, grown[0], _changed_kind(grown[0], before, after))


def _counts(of: Holding, today: date) -> dict[str, int]:
    user, bills = of
    return {bill.bill_id: live(user, bill, today) for bill in bills}


def _changed_kind(bill_id: str, before: Holding, after: Holding) -> Kind | None:
    kind = next(bill.kind for bill in after[1] if bill.bill_id == bill_id)
    return kind if before[0].kind_plans.get(kind) != after[0].kind_plans.get(kind) else None


class Room:
    """How much of the bounds a user's bills leave, for bills that come or change one by one."""

    def __init__(self, user: User, bills: Sequence[Bill], today: date) -> None:
        self._user = user
        self._today = today
        self._counts = _counts((user, bills), today)
        self._total = sum(self._counts.values())

    def take(self, bill: Bill) -> None:
        """Count `bill` in, in place of what it was. Raises TooManyReminders as `need_bounds`."""
        count, known = live(self._user, bill, self._today), self._counts.get(bill.bill_id, 0)
        total = self._total + count - known
        if count > max(known, LIVE_OF_BILL):
            raise TooManyReminders(LIVE_OF_BILL, bill.bill_id)
        if count > known and total > LIVE_OF_USER:
            raise TooManyReminders(LIVE_OF_USER, bill.bill_id)
        self._counts[bill.bill_id], self._total = count, total

"""An edit of a bill's terms: from now on, from a later date, or from the beginning.

From now on means: from the first date that is neither closed nor past (today is not past). What is
over keeps its date, its amount and its currency, be it closed or overdue; so does what was closed
ahead of it. See docs/decisions.md.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import count, islice, takewhile
from typing import Any

from bill_reminders.domain import terms as of_bills
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.loans import Loan, RateChange, schedule
from bill_reminders.domain.local_time import DAY
from bill_reminders.domain.recurrence import Recurrence
from bill_reminders.domain.several_terms import numbered, same_loan
from bill_reminders.domain.terms import Kept, Terms, first_instalment
from bill_reminders.domain.working_days import FURTHEST

CORRECTION = 7 * DAY
"""A new date that follows the last one by less corrects that one, and is no next one."""

MOST_TERMS = 60
"""Of one bill. When more would come, the oldest go whose dates are closed and long over."""

LOOKED_AT = 5000
"""Dates that are looked at for the first one that can be: those of thirteen years of days."""


class NothingToCome(InvalidValue):
    """An edit from now on of a bill that has ended."""

    def __init__(self) -> None:
        super().__init__(
            "from",
            "it has no date to come, and what is over keeps what it had: let the change hold from "
            "the beginning, or give the bill later dates with it",
        )


def first_to_change(bill: Bill, today: date, since: date | None) -> tuple[int, date] | None:
    """The first date that an edit on the local date `today` changes, on or after `since` if that is
    given: its number and nominal date. None where there is none."""
    found = bill.first_to_come(today)
    if since is not None and found is not None:
        ahead = bill.dates_from(max(found[1], since))
        return next((each for each in ahead if bill.may_change(each[0])), None)
    if found is None and since is None and bill.recurrence.unit is None:
        # what falls due once has no date after it: as long as it is open, an edit is of that one
        number = bill.recurrence.first_number
        due_on = bill.due_on(number)
        if due_on is not None and not bill.is_closed(number):
            return number, due_on
    return found


def from_now_on(known: Bill, wanted: Bill, today: date, since: date | None = None) -> Bill:
    """`wanted` (which has terms alone) with the terms that an edit of `known` makes: those of
    `wanted` from now on, or from the first date on or after `since`. `known` has the terms of its
    first date to change as its own, see commands.bills.basis.

    What happened to the bill stays, by number. Raises InvalidValue where a loan cannot be so, or
    would lose an instalment;
    NothingToCome where the bill has ended and the edit gives it no date.
    """
    numbered = _with_first_instalments(known)
    first = first_to_change(known, today, since)
    dates = _Dates(numbered, wanted, first, today, since)
    try:
        loan, loan_first = _loan(numbered, wanted, dates.number)
    except InvalidValue:
        if first is None:
            raise NothingToCome from None
        raise
    said = {"recurrence": dates.recurrence, "loan": loan, "loan_first": loan_first}
    old, new = of_bills.values(numbered), of_bills.values(wanted) | said
    changed = {name: value for name, value in new.items() if value != old[name]}
    if not changed:
        return _with_all_terms(wanted, known.terms, len(known.earlier_terms), known.kept)
    own = Terms(dates.number, dates.begins, **new)
    if first is None and of_bills.due_on(own, own.first) is None:
        raise NothingToCome
    held = numbered.terms[: len(known.earlier_terms) + 1]
    earlier = [each for each in held if each.first < own.first]
    later: list[Terms] = []
    kept = dates.kept
    for each in numbered.later_terms:
        following = _following(each, numbered, [own, *later][-1], changed)
        if following is None:
            continue
        has_own_dates = each.recurrence != numbered.recurrence
        if has_own_dates and following.first != each.first:
            kept = _all_kept(kept, _kept_ahead(known, each.first - 1))
            following = _past_kept(following, kept)
        if following.first <= own.first:
            own = own if later else _overtaken(own, following)
            continue
        while later and later[-1].first >= following.first:
            later.pop()  # none of its dates is left
        later.append(following)
    for terms in (own, *later):
        _need_every_instalment(terms, kept)
    several = _that_matter([*earlier, own, *later], known, today)
    is_owed = dates.due_on is not None and known.owes(dates.due_on)
    if is_owed and wanted.owed_from == known.owed_from:
        # what takes the place of a date that is owed is owed, too
        wanted = replace(wanted, owed_from=min(known.owed_from, own.begins))
    return _with_all_terms(wanted, several, several.index(own), kept)


def _need_every_instalment(terms: Terms, kept: Sequence[Kept]) -> None:
    """Raises InvalidValue where a date of a loan falls on that of an instalment that was paid ahead
    and has another number: one of the two instalments would never fall due."""
    if terms.loan is None:
        return
    for each in kept:
        found = next(terms.recurrence.from_day(max(each.due_on, terms.begins)), None)
        if found is not None and found[1] == each.due_on and found[0] != each.number:
            raise InvalidValue(
                "repeats",
                f"the instalment of {each.due_on} is paid ahead, and another one would fall on "
                "that day: take the payment back first, or change the dates once that day is over",
            )


def _with_first_instalments(known: Bill) -> Bill:
    """`known`, whose loans say which occurrence is their first instalment: the dates may get
    another first one."""
    several = [
        each if each.loan is None else replace(each, loan_first=first_instalment(each))
        for each in known.terms
    ]
    return known.with_terms(several, len(known.earlier_terms))


def from_the_beginning(known: Bill, wanted: Bill) -> Bill:
    """`wanted` (which has terms alone) with its terms for all dates, as if they had been entered
    so. `known` is as for `from_now_on`.

    Raises InvalidValue when something is known of a date that there would not be any more.
    """
    old, new = of_bills.values(known), of_bills.values(wanted)
    first = known.terms[0]
    loan = _whole_loan(known, wanted)
    if wanted.recurrence.steps_behind(known.recurrence) is None:
        recurrence = wanted.recurrence.in_place_of(first.recurrence, keep_anchor=False)
        only = new | {"recurrence": recurrence, "loan": loan, "loan_first": None}
        bill = replace(wanted, **only)
        is_like = bill.recurrence.steps_like(known.terms[0].recurrence)
        _need_dates(known, bill, "first_due" if is_like else "repeats", same=not is_like)
        return bill
    recurrence = _with_end(known.recurrence, wanted.recurrence)
    new |= {"recurrence": recurrence, "loan": loan, "loan_first": known.loan_first}
    changed = {name: value for name, value in new.items() if value != old[name]}
    several = [_as_if(each, known, changed) for each in known.terms]
    kept = tuple(replace(each, amount=None) for each in known.kept)
    bill = _with_all_terms(wanted, several, len(known.earlier_terms), kept)
    if recurrence != known.recurrence:
        _need_dates(known, bill, "until" if recurrence.count == known.recurrence.count else "count")
    return bill


def first_date_for(known: Bill, number: int, due_on: date, again: Recurrence) -> date | None:
    """The first date of `known` as if its dates had always gone by the step of `again` to
    occurrence `number` on `due_on`. None where no first date leads there, as none in February
    leads to 31 July."""
    steps = number - known.terms[0].first
    by_step = replace(again, first_due=due_on, until=None, count=None, earlier=(), taken=())
    first = by_step.dated(-steps)
    if first is None or replace(by_step, first_due=first).dated(steps) != due_on:
        return None
    return first


def taken_back(bill: Bill, was: Bill) -> Bill:
    """`bill` with all that an edit may have changed of it as in `was`, before the edit."""
    before = bill.with_terms(was.terms, len(was.earlier_terms))
    return replace(
        before,
        kept=was.kept,
        owed_from=was.owed_from,
        late_fee=was.late_fee,
        snoozes=was.snoozes,
    )


type Occurrences = list[tuple[int, date]]
"""Numbers and nominal dates."""


def opened_and_closed(before: Bill, after: Bill, today: date) -> tuple[Occurrences, Occurrences]:
    """The occurrences up to the local date `today`, and those of which something is known, that a
    change opened or closed."""
    numbers = _known_of(before) | _known_of(after)
    for bill in (before, after):
        passed = takewhile(lambda each: each[1] <= today, bill.owed_occurrences())
        numbers |= {number for number, _ in passed}
    opened: Occurrences = []
    closed: Occurrences = []
    for number in sorted(numbers):
        due_on = after.due_on(number)
        if due_on is None:
            continue
        payable_on = after.payable_on(due_on)
        was_due_on = before.due_on(number)
        is_open = after.owes(due_on) and after.is_open(number, payable_on, today)
        was_open = (
            was_due_on is not None
            and before.owes(was_due_on)
            and before.is_open(number, before.payable_on(was_due_on), today)
        )
        if is_open is not was_open:
            (opened if is_open else closed).append((number, due_on))
    return opened, closed


def _as_if(each: Terms, known: Bill, changed: dict[str, Any]) -> Terms:
    """Terms as if what an edit changes had been so in them."""
    said = dict(changed)
    if "recurrence" in said and each.recurrence != known.recurrence:
        del said["recurrence"]
    if "loan" in said and each.loan_first != known.loan_first:
        said.pop("loan")
    return replace(each, **said)


def _with_all_terms(
    wanted: Bill, several: Sequence[Terms], in_force: int, kept: tuple[Kept, ...]
) -> Bill:
    return replace(wanted.with_terms(several, in_force), kept=kept)


def _first_after_all(wanted: Bill, recurrence: Recurrence, number: int, today: date) -> int:
    """The number of the first date to come of a bill that had ended before occurrence `number`:
    what it would have had since then is not owed."""
    for each, due_on in recurrence.from_day(recurrence.first_due):
        number = max(number, each)
        if each == number and wanted.payable_on(due_on) >= today:
            return number
    return number + 1


def _last_number(known: Bill) -> int:
    """The highest number of a bill without dates to come."""
    numbers = (number for number, _ in islice(known.dates_from(date.min), LOOKED_AT))
    return max(numbers, default=known.recurrence.first_number - 1)


def _date_before(known: Bill, number: int, due_on: date | None) -> date | None:
    """The date before occurrence `number`, which is due on `due_on`: not that of one that was paid
    ahead and keeps a later date."""
    for each in range(number - 1, number - 2 - len(known.kept), -1):
        day = known.due_on(each)
        if day is not None and (due_on is None or day <= due_on):
            return day
    return None


class _Dates:
    """The dates that an edit makes from the occurrence `number` on, which was due on `due_on`; None
    when the bill has ended. The first of them is `begins`. `kept` are those that keep their own."""

    def __init__(
        self,
        known: Bill,
        wanted: Bill,
        first: tuple[int, date] | None,
        today: date,
        since: date | None,
    ) -> None:
        self.before, self.said = known.recurrence, wanted.recurrence
        self._since = since
        self._known, self._wanted, self._today = known, wanted, today
        if first is not None and self._begins_to_repeat(first[1]):
            first = None
        self.due_on: date | None = None if first is None else first[1]
        self.number = _last_number(known) + 1 if first is None else first[0]
        self._last = _date_before(known, self.number, self.due_on)
        self._restepped = not self.said.steps_like(self.before)
        self._as_many = self.said.count is not None and self.said.count == self.before.count
        self.kept = _kept(known, self.number, moved=self._restepped)
        if first is None and self._corrects_the_one_date:
            self._take_the_one_date()
        self.recurrence = self._recurrence()
        if self.due_on is None:
            self.number = _first_after_all(wanted, self.recurrence, self.number, today)
        days = (day for n, day in self.recurrence.from_day(date.min) if n >= self.number)
        self.begins = next(days, self.due_on or max(today, self._last or today) + DAY)

    def _begins_to_repeat(self, due_on: date) -> bool:
        """Whether a date that is over is to repeat: it stays what it is, and none is due before
        today that was not."""
        return self.said.unit is not None and self._known.payable_on(due_on) < self._today

    def _recurrence(self) -> Recurrence:
        if self.said.steps_behind(self.before) is not None:
            return _with_end(self.before, self.said)
        if self.said.unit is None and self.due_on is None and not self._fits(self.said.first_due):
            return self.before  # the date of what was paid is corrected, and it stays paid
        again = replace(self.said, count=None) if self._as_many else self.said
        if self._restepped and self.said.first_due == self.before.first_due and self.due_on:
            steps, again = 0, replace(again, first_due=self.due_on)
            if again.count is not None:  # of all, not of those that are left
                left = again.count - self._gone
                again = replace(again, count=left)
                if left < 1 and self._last is not None:  # the last one is over
                    steps, again = 1, replace(again, first_due=self._last, count=1)
        else:
            steps = self._first_steps(again)
        numbers = self.before.taken if not self._restepped else [k.number for k in self.kept]
        taken = tuple(sorted(each for each in numbers if each >= self.number))
        again = replace(again, first_number=self.number - steps, taken=taken)
        return self._with_as_many_left(again, steps) if self._as_many else again

    @property
    def _corrects_the_one_date(self) -> bool:
        """Whether another date is said of what falls due once, was paid and is not over: it stays
        paid."""
        is_once = (self.said.unit, self.before.unit) == (None, None)
        if not is_once or self._last is None or self.said.first_due == self.before.first_due:
            return False
        is_over = self._known.payable_on(self._last) < self._today
        return not is_over and not self._fits(self.said.first_due)

    def _take_the_one_date(self) -> None:
        self.number, self.due_on = self.number - 1, self._last
        amount = self._known.owed(self.number).amount
        others = [each for each in self.kept if each.number != self.number]
        self.kept = (*others, Kept(self.number, self.said.first_due, amount))
        self._last = self._known.due_on(self.number - 1)

    def _first_steps(self, again: Recurrence) -> int:
        """How many dates of those that are said come before the first one of the edit."""
        if again.unit is None:
            return 0
        steps = again.steps_near(self._today - FURTHEST)
        while (day := again.dated(steps)) is not None and not self._fits(day):
            steps += 1
        if day is None or steps == 0 or self._restepped or self.due_on is None:
            return steps  # all of them, where none is to come
        # it tells the day alone: the date that is nearest to the one whose place it takes
        while (following := again.dated(steps + 1)) is not None:
            if abs(following - self.due_on) >= abs(day - self.due_on):
                break
            steps, day = steps + 1, following
        return steps

    def _fits(self, day: date) -> bool:
        """Whether a date can be the first one: it is not past, and is no correction of the last.
        With a day that is said dates of another step begin then; another day of the same step
        takes the place of the date that is near."""
        if self._since is not None and self.due_on is not None:
            earliest = self._since if self._restepped else self.due_on - self.said.half_step
            if day < earliest:
                return False
        if self._last is not None and day - self._last < min(CORRECTION, self.said.half_step):
            return False
        return self._wanted.payable_on(day) >= self._today

    @property
    def _gone(self) -> int:
        """How many dates a bill that counts them had before the edit."""
        dates = self.before.from_day(self.before.first_due)
        return sum(number < self.number for number, _ in dates)

    def _with_as_many_left(self, again: Recurrence, steps: int) -> Recurrence:
        """The dates that begin so many steps after the first one, as many as were left before."""
        dates = self.before.from_day(self.before.first_due)
        first = max(self.number, self._known.terms_from or self.number)
        left = sum(
            number >= first and not _is_kept(number, day, self._known.kept) for number, day in dates
        )
        left -= len(self.kept) - len(self._known.kept)
        while left > 0 and (day := again.dated(steps)) is not None:
            left -= not _is_kept(again.number_of(steps), day, self.kept)
            steps += 1
        return replace(again, count=steps)


def _is_kept(number: int, day: date, kept: Sequence[Kept]) -> bool:
    return any(each.number == number or each.due_on == day for each in kept)


def _with_end(before: Recurrence, said: Recurrence) -> Recurrence:
    """The same dates with the end that is said. A file that always gives the next date as the first
    one counts from there; who says the same count changes none."""
    behind = said.steps_behind(before) or 0
    count = said.count
    if count is not None and count != before.count:
        count += behind
    return replace(before, until=said.until, count=count)


def _kept(known: Bill, number: int, *, moved: bool) -> tuple[Kept, ...]:
    """What keeps its own date when terms come over it from occurrence `number` on: what is closed;
    and, when the numbers behind it go to dates of another step, all of which something is known."""
    return _all_kept(known.kept, _kept_ahead(known, number, closed_only=not moved))


def _all_kept(several: Sequence[Kept], others: Sequence[Kept]) -> tuple[Kept, ...]:
    found = {each.number: each for each in (*several, *others)}
    return tuple(found[each] for each in sorted(found))


def _past_kept(later: Terms, kept: Sequence[Kept]) -> Terms:
    """Later terms whose dates got other numbers, which are none of those that are kept."""
    numbers = {each.number for each in kept}
    first = next(each for each in count(later.first) if each not in numbers)
    taken = tuple(sorted(each for each in numbers if each > first))
    return numbered(replace(later, first=first), taken)


def _kept_ahead(known: Bill, number: int, *, closed_only: bool = False) -> list[Kept]:
    """The occurrences after `number` of which something is known, or which are closed."""
    numbers = {each for each in _known_of(known) if each > number}
    numbers |= {n for first, last in known.settled for n in range(max(first, number + 1), last + 1)}
    found = []
    for each in sorted(numbers):
        due_on = known.due_on(each)
        if due_on is not None and (not closed_only or known.is_closed(each)):
            found.append(Kept(each, due_on, known.owed(each).amount))
    return found


_TOGETHER = {
    **dict.fromkeys(("amount", "currency"), ("amount", "currency")),
    **dict.fromkeys(("loan", "loan_first"), ("loan", "loan_first")),
}
"""What says nothing by itself."""


def _following(later: Terms, known: Bill, before: Terms, changed: dict[str, Any]) -> Terms | None:
    """Later terms, now behind those `before` them, with what an edit changes where they had the
    same; None when they have no date any more."""
    said = {
        name: value
        for name, value in changed.items()
        if all(
            getattr(later, each) == getattr(known, each) for each in _TOGETHER.get(name, (name,))
        )
    }
    if "recurrence" not in changed:
        return replace(later, **said)
    again = said.get("recurrence", later.recurrence)
    if _without_end(changed["recurrence"]) == _without_end(known.recurrence):
        # what they took over stays theirs; that they moved a date of it brings none back
        said["recurrence"] = again
        return replace(later, **said)
    ahead = before.recurrence.from_day(later.begins)
    first = next((number for number, _ in ahead if number >= before.first), None)
    number, begins = next(again.from_day(later.begins), (None, None))
    if first is None:
        first = (
            max((n for n, _ in before.recurrence.from_day(before.begins)), default=before.first) + 1
        )
    if number is None or begins is None:
        return None
    said["recurrence"] = replace(again, first_number=again.first_number + first - number)
    return replace(later, **said, first=first, begins=begins)


def _overtaken(own: Terms, later: Terms) -> Terms:
    """The terms of an edit that leaves no date before later ones: they hold what those say, on the
    dates that were said now."""
    said = of_bills.values(later)
    kept = {name: getattr(own, name) for name in ("recurrence", "loan", "loan_first")}
    return replace(own, **(said | kept))


def _without_end(recurrence: Recurrence) -> Recurrence:
    return replace(recurrence, until=None, count=None)


def _that_matter(several: list[Terms], known: Bill, today: date) -> list[Terms]:
    """All terms, without the oldest when there are too many and nothing is left to pay of them."""
    long_ago = today - timedelta(days=400)
    while len(several) > MOST_TERMS:
        oldest, following = several[0], several[1]
        numbers = range(oldest.first, following.first)
        if following.begins > long_ago or not all(map(known.is_closed, numbers)):
            raise InvalidValue(
                "from",
                f"more than {MOST_TERMS} changes of a bill whose dates are open or less than a "
                "year past: state single amounts, or enter a new bill from the next date on",
            )
        several = several[1:]
    return several


def _known_of(bill: Bill) -> set[int]:
    """The occurrences of which something was paid, stated or not debited."""
    return {
        *(each.occurrence for each in bill.payments),
        *(each.occurrence for each in bill.statements),
        *(each.occurrence for each in bill.failed_debits),
    }


# Loans --------------------------------------------------------------------------------------------


def _loan(known: Bill, wanted: Bill, number: int) -> tuple[Loan | None, int | None]:
    """The loan from occurrence `number` on, and which occurrence is its first instalment."""
    said, before = wanted.loan, known.loan
    if said is None:
        return None, None
    if before is None or not same_loan(said, before):
        return said, number
    first = first_instalment(known)
    over = number - first
    if over <= 0:
        return _prepaid(said, before), first
    changed = _changed_loan(before, said, over)
    _need_schedule(changed)
    return changed, first


def _changed_loan(before: Loan, said: Loan, over: int) -> Loan:
    """A loan of which `over` instalments are over, with what is said of those that are left. Its
    rate, instalment and number of instalments are those of now, unless they are as they began."""
    to_come = said.rate_changes or before.rate_changes
    changes = {each.after: each for each in before.rate_changes if each.after < over}
    changes |= {each.after: each for each in to_come if each.after >= over}
    now = RateChange(over, said.rate, said.stated_instalment)
    is_said = (said.rate, said.stated_instalment, said.instalments) != (
        before.rate,
        before.stated_instalment,
        before.instalments,
    )
    if is_said and over not in {each.after for each in said.rate_changes}:
        in_force = _in_force(before, over)
        count = said.instalments if said.instalments != before.instalments else None
        if (now.rate, now.stated_instalment, count) != in_force:
            changes[over] = replace(now, instalments=count)
    ordered = tuple(changes[after] for after in sorted(changes))
    return replace(before, rate_changes=ordered)


def _in_force(loan: Loan, over: int) -> tuple[Any, ...]:
    """Rate, stated instalment and changed number of instalments once so many are over."""
    rate, stated, count = loan.rate, loan.stated_instalment, None
    for change in loan.rate_changes:
        if change.after <= over:
            rate, stated, count = change.rate, change.stated_instalment, change.instalments or count
    return rate, stated, count


def _prepaid(said: Loan, before: Loan) -> Loan:
    """The loan as it is said with what was paid back early, which nobody enters with it."""
    if said.prepayments or said.instalments != before.instalments:
        return said
    try:
        whole = replace(said, prepayments=before.prepayments)
        schedule(whole)
    except InvalidValue:  # by these terms it cannot have been paid
        return said
    return whole


def _whole_loan(known: Bill, wanted: Bill) -> Loan | None:
    if wanted.loan is None or known.loan is None:
        return wanted.loan
    return _prepaid(wanted.loan, known.loan)


def _need_schedule(loan: Loan) -> None:
    try:
        schedule(loan)
    except InvalidValue as error:
        raise InvalidValue("loan", error.problem) from error


# From the beginning -------------------------------------------------------------------------------


def _need_dates(known: Bill, bill: Bill, field: str, *, same: bool = False) -> None:
    """Raises InvalidValue of that `field` unless all of which something is known has a date still,
    the `same` one where that is asked for."""
    for number in sorted(_known_of(known)):
        due_on = bill.due_on(number)
        if due_on is None or (same and due_on != known.due_on(number)):
            raise InvalidValue(
                field,
                f"something was paid or stated for {known.due_on(number)}, which would not be due "
                "any more: take that back first, or let the change hold from now on",
            )

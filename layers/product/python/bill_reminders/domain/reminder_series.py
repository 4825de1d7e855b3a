"""Chains: all reminders of one occurrence on one channel, and the instant of each.

What the plan wants, what the user snoozed to, and what a failed debit adds. Rules: docs/rules.md.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bill_reminders.domain import cards
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import Recorded
from bill_reminders.domain.ledger_history import LedgerHistory
from bill_reminders.domain.local_time import (
    DAY,
    MINUTE,
    QuietSpans,
    floor_minute,
    instant_of,
    local_date,
)
from bill_reminders.domain.people import FURTHEST_LEAD, Plan, User
from bill_reminders.domain.reminders import Reminder, Trigger, TriggerKind

OVERDUE_USEFUL = 7 * DAY
"""How long after its planned day a notice still helps once the due day is over."""

LOOK_BACK = OVERDUE_USEFUL + 2 * DAY
"""How far behind its last trigger an occurrence can matter; quiet hours and zones add two days."""

AUTOPAY_LEAD_DAYS = 1
"""With autopay one reminder, to keep the money in the account, stands for the whole plan."""


_DEBIT = TriggerKind.AUTOPAY_FAILED


class Planned(NamedTuple):
    """A reminder in its chain; `merged` when the next one goes in its place, `stands_in` when it
    goes because it failed on other channels. `revision` is the bill's, and the reminder's own
    unless the ledger has it under another one."""

    reminder: Reminder
    payable_on: date
    remind_at: time
    stands_in: bool
    revision: int = 0
    merged: bool = False

    def last_useful_day(self, zone: ZoneInfo) -> date:
        """The local date until which a message still helps: the due day, or a week when the
        reminder comes after it. A failed debit always has the week."""
        planned_on = local_date(self.reminder.planned_at, zone)
        is_failed = self.reminder.trigger.kind is _DEBIT
        if planned_on > self.payable_on or is_failed:
            return planned_on + OVERDUE_USEFUL
        return self.payable_on


type Chain = tuple[Planned, ...]
"""From the farthest reminder to the nearest."""


def plan_of(user: User, bill: Bill) -> Plan:
    return user.plan_for(bill.kind, bill.plan_change)


def singled_out(user: User, bill: Bill, start: datetime) -> dict[int, date]:
    """The occurrences with a snooze or a failed debit that can matter at `start` or later: numbers
    and due dates. They need not lie where the plan alone would look."""
    days = [(each.occurrence, each.until) for each in bill.snoozes]
    days += [(each.occurrence, local_date(each.at, user.zone)) for each in bill.failed_debits]
    earliest = local_date(start, user.zone) - LOOK_BACK
    found: dict[int, date] = {}
    for number, day in sorted(days):
        due_on = bill.due_on(number)
        if due_on is None or not bill.owes(due_on):
            continue
        # the plan that a failed debit brings back may begin before that of an earlier occurrence
        if max(day, bill.payable_on(due_on)) >= earliest:
            found[number] = due_on
    return found


def first_due_date(user: User, bill: Bill, start: datetime) -> date:
    """No occurrence due before this date matters at `start` or later, save those singled out."""
    look_back = max(plan_of(user, bill).overdue_days, default=0)
    return local_date(start, user.zone) - LOOK_BACK - look_back * DAY


def stood_in_for(
    user: User, bill: Bill, channel: Channel, start: datetime, history: LedgerHistory
) -> dict[int, date]:
    """The occurrences in which `channel` may stand in for others by what the ledger has of them:
    numbers and due dates. Where it has nothing the addresses alone decide, see `chains`."""
    plan = plan_of(user, bill)
    if channel not in plan.channels or plan.takes_part(channel, FURTHEST_LEAD):
        return {}
    earliest = first_due_date(user, bill, start)
    return {
        number: due_on
        for number, due_on in sorted(history.occurrences(bill.bill_id))
        if due_on >= earliest and bill.due_on(number) == due_on
    }


def reminder_series(
    user: User, bill: Bill, channel: Channel, start: datetime, history: LedgerHistory
) -> Iterator[Chain]:
    """The chains of the bill's open occurrences that can matter at `start` or later, in order;
    those of `stood_in_for` may be missing."""
    plan = plan_of(user, bill)
    if not bill.reminds or channel not in plan.channels:
        return
    usual = [
        -(trigger.offset or 0)
        for autopay in bill.autopays
        for trigger in _by_plan(plan, autopay=autopay)
    ]
    if not any(
        plan.takes_part(channel, days) or _stands_in(user, plan, channel, days, lambda other: None)
        for days in usual
    ):
        return  # a bill without end would be searched without end
    for number, due_on in bill.occurrences_from(first_due_date(user, bill, start)):
        if chain := chain_of(user, bill, channel, number, due_on, history):
            yield chain


def chain_of(
    user: User, bill: Bill, channel: Channel, number: int, due_on: date, history: LedgerHistory
) -> Chain:
    """The chain of one occurrence; empty when nothing shall remind of it."""
    plan = plan_of(user, bill)
    if not bill.reminds or channel not in plan.channels or bill.is_closed(number):
        return ()
    payable_on = bill.payable_on(due_on)
    quiet = user.quiet_on(channel)
    dated = [
        (trigger, planned_instant(user, plan, payable_on, trigger, quiet))
        for trigger in _wanted(bill, plan, number)
    ]
    dated += [
        (Trigger.autopay_failed(failed.event), quiet.end_after(floor_minute(failed.at), user.zone))
        for failed in bill.failed_debits
        if failed.occurrence == number and _days(plan)
    ]
    revision = bill.revision(number, due_on)
    found: list[Planned] = []
    for trigger, planned_at in dated:
        reminder = Reminder(
            user_id=user.user_id,
            bill_id=bill.bill_id,
            occurrence=number,
            due_on=due_on,
            trigger=trigger,
            channel=channel,
            planned_at=planned_at,
            revision=revision,
        )
        days = _days_before(trigger, payable_on)
        takes_part = plan.takes_part(channel, days)
        if takes_part or _stands_in(user, plan, channel, days, history.elsewhere(reminder)):
            known = history.row(reminder)
            if known is not None:
                reminder = replace(reminder, revision=known.reminder.revision)
            found.append(
                Planned(reminder, payable_on, plan.remind_at, not takes_part, revision=revision)
            )
    found.sort(key=lambda planned: _nearness(planned.reminder, payable_on, user.zone))
    by_day = groupby(found, lambda planned: local_date(planned.reminder.planned_at, user.zone))
    failed_on = {
        Trigger.autopay_failed(each.event): local_date(each.at, user.zone)
        for each in bill.failed_debits
    }
    chain: list[Planned] = []
    for day, several in by_day:
        debits = {trigger for trigger, on in failed_on.items() if on == day}
        chain += _of_one_day([*several], debits)
    return tuple(chain)


def is_stand_in(user: User, bill: Bill, reminder: Reminder) -> bool:
    """Whether the plan lets the reminder go by its channel only because it fails on others."""
    days = _days_before(reminder.trigger, bill.payable_on(reminder.due_on))
    plan, channel = plan_of(user, bill), reminder.channel
    return channel in plan.channels and bool(plan.stands_in_for(channel, days))


def _days_before(trigger: Trigger, payable_on: date) -> int:
    """How many days before the due date the reminder comes, negative after it; what a failed debit
    brings is as urgent as on the due day."""
    if trigger.day is not None:
        return (payable_on - trigger.day).days
    return -(trigger.offset or 0)


def _stands_in(
    user: User,
    plan: Plan,
    channel: Channel,
    days: int,
    row_of: Callable[[Channel], Recorded | None],
) -> bool:
    """Whether a reminder `days` before the due date goes by `channel` because all others failed."""
    ahead = plan.stands_in_for(channel, days)
    return (
        bool(ahead)
        and user.address(channel) is not None
        and all(_failed(user, other, row_of(other)) for other in ahead)
    )


def _failed(user: User, channel: Channel, row: Recorded | None) -> bool:
    """Whether it certainly does not reach the user there. What has not gone out will not without a
    usable address; why it was skipped meanwhile, each channel finds for itself."""
    if row is None or not (row.may_be_known or row.failed):
        return user.address(channel) is None
    return row.failed


def _nearness(reminder: Reminder, payable_on: date, zone: ZoneInfo) -> tuple[date, int, date]:
    """What orders the reminders that one occurrence wants: the day on which each goes out, then its
    kind, then the day that it is for before quiet hours moved it."""
    planned_on = local_date(reminder.planned_at, zone)
    return planned_on, reminder.trigger.rank, _meant_for(reminder, payable_on) or planned_on


def _meant_for(reminder: Reminder, payable_on: date) -> date | None:
    """The day that it is for; None of a failed debit, which is for no day."""
    offset = reminder.trigger.offset
    return reminder.trigger.day if offset is None else payable_on + offset * DAY


def is_nearer(sent: Reminder, planned: Planned) -> bool:
    """Whether what went out stands nearer than `planned`, of the same occurrence.

    By the days that they are for: on which day it went out depends on the zone and the hours that
    its user had then. A failed debit is for no day: nothing but a later one stands for it, and it
    stands for what had come by then.
    """
    reminder = planned.reminder
    if reminder.trigger.kind is _DEBIT:
        return sent.trigger.kind is _DEBIT and sent.planned_at > reminder.planned_at
    meant_for = _meant_for(reminder, planned.payable_on)
    sent_for = _meant_for(sent, planned.payable_on)
    if meant_for is None or sent_for is None:
        return sent.planned_at >= reminder.planned_at
    return (sent_for, sent.trigger.rank) > (meant_for, reminder.trigger.rank)


def planned_instant(
    user: User, plan: Plan, payable_on: date, trigger: Trigger, quiet: QuietSpans
) -> datetime:
    """The UTC instant of a lead day, an overdue day or a snooze, for an occurrence payable on
    `payable_on`; not in quiet hours.

    Quiet hours move it to their end, save on the due day: there to the last minute before them
    when that is the same day, else to their end when that is still the due day, else to the last
    minute before them after all, since later would be too late. A lead day is then put off by the
    user's place in the spread window, within its own day.
    """
    day = trigger.day or payable_on + (trigger.offset or 0) * DAY
    nominal = instant_of(day, plan.remind_at, user.zone)
    end = quiet.end_after(nominal, user.zone)
    if trigger.kind is TriggerKind.LEAD and trigger.days:
        return _spread(end, user, quiet)
    if end == nominal or day != payable_on:
        return end
    before = quiet.last_minute_before(nominal, user.zone)
    if local_date(before, user.zone) != payable_on and local_date(end, user.zone) == payable_on:
        return end
    return before


def _spread(instant: datetime, user: User, quiet: QuietSpans) -> datetime:
    """Neither into quiet hours nor into another day; the last minute before them is late enough."""
    if not user.spread_minutes:
        return instant
    later = instant + timedelta(minutes=user.spread_minutes)
    midnight = instant_of(local_date(instant, user.zone) + DAY, time(), user.zone)
    later = quiet.last_minute_before(min(later, midnight - MINUTE), user.zone)
    return max(later, instant)


def _days(plan: Plan) -> bool:
    return bool(plan.lead_days or plan.overdue_days)


def _by_plan(plan: Plan, *, autopay: bool) -> set[Trigger]:
    """What the plan wants of an occurrence; with `autopay` its biller takes the money."""
    if autopay and _days(plan):
        leads, overdues = {AUTOPAY_LEAD_DAYS}, set[int]()
    else:
        leads, overdues = {*plan.lead_days}, {*plan.overdue_days}
    return {*map(Trigger.lead, leads), *map(Trigger.overdue, overdues)}


def _wanted(bill: Bill, plan: Plan, number: int) -> set[Trigger]:
    """What the plan and the snooze want of one occurrence."""
    failed = any(each.occurrence == number for each in bill.failed_debits)
    snoozes = (each.until for each in bill.snoozes if each.occurrence == number)
    terms = bill if bill.terms_from is None else bill.terms_of(number)
    planned = _by_plan(plan, autopay=terms.autopay and not failed)
    if bill.statements and cards.is_minimum_met(bill, number):  # open still, and not overdue
        planned = {trigger for trigger in planned if not trigger.is_overdue}
    return planned | {*map(Trigger.snooze, snoozes)}


def _of_one_day(several: Sequence[Planned], debits: Collection[Trigger]) -> Iterator[Planned]:
    """Those of one day, in their order: the nearest goes, at its own time, and the others with it.
    But `debits` failed that day: each is told at once, and stands for nothing that the plan is yet
    to say."""
    usual = [each for each in several if each.reminder.trigger.kind is not _DEBIT]
    at = usual[-1].reminder.planned_at if usual else None
    before = [
        each
        for each in several
        if at is not None and each.reminder.trigger in debits and each.reminder.planned_at < at
    ]
    yield from _merged(before)
    yield from _merged([each for each in several if each not in before])


def _merged(several: Sequence[Planned]) -> Iterator[Planned]:
    """The last goes, and the others with it."""
    for planned in several[:-1]:
        reminder = replace(planned.reminder, planned_at=several[-1].reminder.planned_at)
        yield planned._replace(reminder=reminder, merged=True)
    yield from several[-1:]

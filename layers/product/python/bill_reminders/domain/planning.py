"""Planning: which reminders are due now, which are noted as skipped, and when to look again.

Pure functions of the user, their bills, the ledger and an instant. The rules are those of
docs/rules.md; nothing here knows how a reminder travels.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time

from bill_reminders.domain import cards
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import RESENDS_AT_MOST, Recorded, State
from bill_reminders.domain.ledger_history import LedgerHistory
from bill_reminders.domain.local_time import DAY, QuietSpans, instant_of, local_date, next_minute
from bill_reminders.domain.people import User
from bill_reminders.domain.reminder_series import (
    LOOK_BACK,
    Chain,
    Planned,
    chain_of,
    first_due_date,
    is_nearer,
    plan_of,
    planned_instant,
    reminder_series,
    singled_out,
    stood_in_for,
)
from bill_reminders.domain.reminders import Reminder, Skip, SkipReason, Trigger, TriggerKind
from bill_reminders.domain.working_days import FURTHEST


@dataclass(frozen=True, slots=True)
class Decision:
    """What one channel should do for one user at one instant.

    `due` goes out now, as one digest; `skipped` is noted; `next_at` is the next instant at which
    the channel may have something to say, given that both are claimed. `planned` counts the
    reminders that were looked at for it.
    """

    due: tuple[Reminder, ...]
    skipped: tuple[Skip, ...]
    next_at: datetime | None
    planned: int = field(default=0, compare=False)


def decide(
    user: User,
    bills: Iterable[Bill],
    recorded: Mapping[str, Recorded],
    *,
    channel: Channel,
    now: datetime,
    since: datetime | None = None,
) -> Decision:
    """Decide for `channel` at `now` (UTC).

    `recorded` maps the ledger keys of the user's recent reminders, see `earliest_due_date`.
    `since` is an earlier instant from which nothing was planned yet (an outage): occurrences that
    mattered then are looked at too, so that none is passed over without a note.
    """
    bills, start = tuple(bills), min(now, since or now)
    history = LedgerHistory(recorded)
    decisions: list[Decision] = []
    seen: set[str] = set()
    for bill in bills:
        wake: datetime | None = None
        farthest = _farthest_lead(user, bill)
        for chain, in_order in _chains_to_judge(user, bill, channel, start, history):
            if in_order and wake is not None and _starts_after(chain, wake, user, farthest):
                break
            seen.update(planned.reminder.key for planned in chain)
            decision = _judge(user, bill, chain, history, now)
            decisions.append(decision)
            wake = min(filter(None, (wake, decision.next_at)), default=None)
    unseen = [
        row.reminder
        for key, row in recorded.items()
        if row.is_open and row.reminder.channel is channel and key not in seen
    ]
    if unseen:  # what is older may have been read or not, and must not make a difference
        earliest = earliest_due_date(user, bills, start)
        unseen = [reminder for reminder in unseen if reminder.due_on >= earliest]
    withdrawn = (Skip(reminder, SkipReason.WITHDRAWN) for reminder in unseen)
    due = [reminder for decision in decisions for reminder in decision.due]
    skipped = [skip for decision in decisions for skip in decision.skipped]
    wakes = [decision.next_at for decision in decisions if decision.next_at is not None]
    return Decision(
        due=tuple(sorted(due, key=lambda reminder: reminder.key)),
        skipped=(*skipped, *withdrawn),
        next_at=min(wakes, default=None),
        planned=len(seen),
    )


def wake_at(decision: Decision, now: datetime) -> datetime | None:
    """When a channel must be woken if nothing is claimed yet: for what is due, the next minute."""
    return next_minute(now) if decision.due or decision.skipped else decision.next_at


def earliest_due_date(user: User, bills: Iterable[Bill], start: datetime) -> date:
    """No occurrence due before this date matters to a decision that starts at `start`."""
    dates = [local_date(start, user.zone) - LOOK_BACK]  # what waits of a deleted bill, too
    for bill in bills:
        first = first_due_date(user, bill, start)
        # what a holiday moved on was due earlier than it is payable
        dates.append(first - FURTHEST if bill.moves_on else first)
        dates += singled_out(user, bill, start).values()
    return min(dates)


def deserves_resend(
    row: Recorded,
    user: User,
    bill: Bill | None,
    recorded: Mapping[str, Recorded],
    *,
    now: datetime,
    at_once: bool = False,
) -> bool:
    """Whether a second message is better at `now` than perhaps none: once, while it still helps,
    and when no nearer reminder of the occurrence is to come; `at_once` asks whether it would also
    go now. `row`, one of `recorded`, is of a message of which nobody can tell whether it went
    out."""
    if bill is None or row.resends >= RESENDS_AT_MOST:
        return False
    reminder = row.reminder
    if reminder.due_on < earliest_due_date(user, (bill,), now):  # nothing decides about it any more
        return False
    waiting = replace(row, state=State.WAITING, not_before=None, resends=RESENDS_AT_MOST)
    again = {**recorded, reminder.key: waiting}
    decision = decide(user, (bill,), again, channel=reminder.channel, now=now)
    if any(skip.reminder.key == reminder.key for skip in decision.skipped):
        return False
    if at_once and all(due.key != reminder.key for due in decision.due):
        return False
    return not _nearer_comes(user, bill, reminder, LedgerHistory(recorded), now)


def _nearer_comes(
    user: User, bill: Bill, reminder: Reminder, history: LedgerHistory, now: datetime
) -> bool:
    """Whether a nearer reminder of the occurrence goes out by the channel up to the due day, if
    nothing else happens. An overdue notice would be too late to stand for one that came before it,
    and nothing but another of its kind for what says that a debit failed."""
    chain = chain_of(user, bill, reminder.channel, reminder.occurrence, reminder.due_on, history)
    keys = [planned.reminder.key for planned in chain]
    nearer = chain[keys.index(reminder.key) + 1 :] if reminder.key in keys else ()
    is_debit = reminder.trigger.kind is TriggerKind.AUTOPAY_FAILED
    stand_for_it = {
        planned.reminder.key
        for planned in nearer
        if not is_debit or planned.reminder.trigger.kind is TriggerKind.AUTOPAY_FAILED
    }
    payable_on = bill.payable_on(reminder.due_on)
    at: datetime | None = now
    while stand_for_it and at is not None and local_date(at, user.zone) <= payable_on:
        decision = _judge(user, bill, chain, history, at)
        if any(due.key in stand_for_it for due in decision.due):
            return True
        at = decision.next_at
    return False


def _chains_to_judge(
    user: User, bill: Bill, channel: Channel, start: datetime, history: LedgerHistory
) -> Iterator[tuple[Chain, bool]]:
    """Each chain, and whether those after it start no earlier than it does."""
    special = singled_out(user, bill, start) | stood_in_for(user, bill, channel, start, history)
    for number, due_on in special.items():
        if chain := chain_of(user, bill, channel, number, due_on, history):
            yield chain, False
    for chain in reminder_series(user, bill, channel, start, history):
        if chain[0].reminder.occurrence not in special:
            yield chain, True


def _farthest_lead(user: User, bill: Bill) -> int | None:
    """How many days ahead the plan speaks, where that differs by occurrence: automatic payment has
    one reminder of its own, and may hold for some dates alone. Else None."""
    if len(bill.autopays) == 1:
        return None
    return max(plan_of(user, bill).lead_days, default=0)


def _starts_after(chain: Chain, instant: datetime, user: User, farthest: int | None) -> bool:
    """Whether this occurrence and those after it have nothing to say up to `instant`; `farthest` is
    how many days ahead those after it may speak, None where they do as this one does.

    Quiet hours bring one reminder forward, and put another one off, by a day at most.
    """
    first = local_date(chain[0].reminder.planned_at, user.zone)
    if farthest is not None:
        first = min(first, chain[0].payable_on - farthest * DAY)
    return first - 2 * DAY > local_date(instant, user.zone)


def _is_open(row: Recorded | None) -> bool:
    return row is None or row.is_open


def _judge(
    user: User,
    bill: Bill,
    chain: Chain,
    history: LedgerHistory,
    now: datetime,
) -> Decision:
    """Decide one occurrence: of what has come due only one reminder can still go out, see
    `_foremost`, and only if none that is nearer went out under an earlier plan."""
    recorded = history.rows
    due: list[Reminder] = []
    skipped: list[Skip] = []
    arrived = [planned for planned in chain if planned.reminder.planned_at <= now]
    wakes = [
        planned.reminder.planned_at
        for planned in chain
        if planned.reminder.planned_at > now and _is_open(recorded.get(planned.reminder.key))
    ]
    reopened_at = _reopened_at(bill, chain)
    snoozed = _is_snoozed(user, bill, chain, now)
    foremost = _foremost(user, arrived, recorded, now)
    held_until = _held_until(user, foremost, recorded, now)
    # asked of few: most bills have no statements, and all reminders come this way
    carried, balance_paid = _balance(user, bill, chain, now) if bill.statements else (False, False)
    is_nearer = False
    for planned in arrived:
        reminder = planned.reminder
        is_failed_debit = reminder.trigger.kind is TriggerKind.AUTOPAY_FAILED
        row = recorded.get(reminder.key)
        if carried and (balance_paid or not is_failed_debit):
            if _is_open(row):
                skipped.append(Skip(reminder, SkipReason.CARRIED))
            continue
        if is_nearer and held_until is not None:
            wakes.append(held_until)  # it may be needed, should the other help no more by then
            continue
        is_nearer = is_nearer or planned is foremost
        if not _is_open(row):
            continue
        if planned is not foremost or _nearer_went_out(planned, history):
            reason = SkipReason.MERGED if planned.merged else SkipReason.SUPERSEDED
            skipped.append(Skip(reminder, reason))
            continue
        was_paid = reopened_at is not None and reminder.planned_at <= reopened_at
        if was_paid and not is_failed_debit:
            skipped.append(Skip(reminder, SkipReason.WHILE_PAID))
            continue
        if snoozed and not is_failed_debit:
            skipped.append(Skip(reminder, SkipReason.SNOOZED))
            continue
        verdict = _judge_nearest(user, planned, row, now)
        if not is_failed_debit and _night_brings_nearer(
            user, planned, verdict, chain, history, now
        ):
            verdict = SkipReason.MERGED
        match verdict:
            case SkipReason():
                skipped.append(Skip(reminder, verdict))
            case datetime():
                wakes.append(verdict)
            case None:
                due.append(reminder)
    return Decision(tuple(due), tuple(skipped), min(wakes, default=None))


def _balance(user: User, bill: Bill, chain: Chain, now: datetime) -> tuple[bool, bool]:
    """Whether a newer statement holds what is left of the occurrence, and whether that is paid."""
    number, today = chain[0].reminder.occurrence, local_date(now, user.zone)
    carried = cards.is_carried(bill, number, today)
    return carried, carried and cards.is_paid_since(bill, number, today)


def _night_brings_nearer(
    user: User,
    planned: Planned,
    verdict: SkipReason | datetime | None,
    chain: Chain,
    history: LedgerHistory,
    now: datetime,
) -> bool:
    """Whether quiet hours put what has come due off, by that `verdict`, to the day of a nearer
    reminder which goes later on it: then they bring two to one day, and the nearer goes."""
    quiet, zone, recorded = user.quiet_on(planned.reminder.channel), user.zone, history.rows
    if not isinstance(verdict, datetime) or not quiet.cover(now, zone):
        return False
    until = quiet.end_after(now, zone)
    if verdict != until:
        return False
    return any(
        nearer.reminder.planned_at > until
        and local_date(nearer.reminder.planned_at, zone) == local_date(until, zone)
        and _is_open(recorded.get(nearer.reminder.key))
        for nearer in chain
    )


def _is_snoozed(user: User, bill: Bill, chain: Chain, now: datetime) -> bool:
    """Whether the user wants silence still. What the snooze is merged with ends it; so it does on a
    channel that only stands in, and has no reminder of its own for that."""
    first = chain[0]
    channel, number = first.reminder.channel, first.reminder.occurrence
    until = bill.snoozed_until(number)
    if until is None:
        return False
    trigger, quiet = Trigger.snooze(until), user.quiet_on(channel)
    for planned in chain:
        if planned.reminder.trigger == trigger:
            return planned.reminder.planned_at > now
    return planned_instant(user, plan_of(user, bill), first.payable_on, trigger, quiet) > now


def _foremost(
    user: User, arrived: Sequence[Planned], recorded: Mapping[str, Recorded], now: datetime
) -> Planned | None:
    """Which of those that have come due may go: a failed debit that nobody has heard of while it
    still helps, since no other reminder says so; else the nearest."""
    for planned in reversed(arrived):
        if (
            planned.reminder.trigger.kind is TriggerKind.AUTOPAY_FAILED
            and _is_open(recorded.get(planned.reminder.key))
            and local_date(now, user.zone) <= planned.last_useful_day(user.zone)
        ):
            return planned
    return arrived[-1] if arrived else None


def _held_until(
    user: User, foremost: Planned | None, recorded: Mapping[str, Recorded], now: datetime
) -> datetime | None:
    """Until when a failed debit that goes before nearer reminders has to wait; None when it goes
    now, or is not that."""
    if foremost is None or foremost.reminder.trigger.kind is not TriggerKind.AUTOPAY_FAILED:
        return None
    row = recorded.get(foremost.reminder.key)
    verdict = _judge_nearest(user, foremost, row, now)
    return verdict if isinstance(verdict, datetime) and _is_open(row) else None


def _reopened_at(bill: Bill, chain: Chain) -> datetime | None:
    number = chain[0].reminder.occurrence
    return next((each.at for each in bill.reopened if each.occurrence == number), None)


def _nearer_went_out(planned: Planned, history: LedgerHistory) -> bool:
    heard = history.heard(planned.reminder, revision=planned.revision, anywhere=planned.stands_in)
    return any(is_nearer(other, planned) for other in heard)


def _judge_nearest(
    user: User, planned: Planned, row: Recorded | None, now: datetime
) -> SkipReason | datetime | None:
    """Why the reminder is skipped, or until when it waits, or None: it goes out now."""
    last_useful = planned.last_useful_day(user.zone)
    if local_date(now, user.zone) > last_useful:
        return SkipReason.EXPIRED
    if row is not None and row.not_before is not None and row.not_before > now:
        return row.not_before
    silent_until = _silent_until(user, planned, now)
    if silent_until is not None:
        # or when it helps no more, to be noted while planning still looks at its occurrence
        return min(silent_until, instant_of(last_useful + DAY, time(), user.zone))
    if user.address(planned.reminder.channel) is None:
        return SkipReason.NO_ADDRESS
    return None


def _silent_until(user: User, planned: Planned, now: datetime) -> datetime | None:
    """The end of the pause, or of the quiet hours, in which `now` lies."""
    quiet = user.quiet_on(planned.reminder.channel)
    resumes_at = _end_of_pause(user, planned.remind_at, quiet)
    if resumes_at is not None and now < resumes_at:
        return resumes_at
    return quiet.end_after(now, user.zone) if quiet.cover(now, user.zone) else None


def _end_of_pause(user: User, remind_at: time, quiet: QuietSpans) -> datetime | None:
    """When reminders go out again: the day after the pause, at the usual time of day. Where it is
    quiet from then on until the next day, which may be too late: in the last minute before."""
    if user.paused_until is None:
        return None
    day = user.paused_until + DAY
    usual = instant_of(day, remind_at, user.zone)
    if local_date(quiet.end_after(usual, user.zone), user.zone) == day:
        return usual
    before = quiet.last_minute_before(usual, user.zone)
    return before if local_date(before, user.zone) == day else usual

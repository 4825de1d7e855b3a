"""Planning: which reminders are due now, which are noted as skipped, and when to look again.

Pure functions of the user, their bills, the ledger and an instant. The rules are those of
docs/rules.md; nothing here knows how a reminder travels.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.clock import DAY, instant_of, local_date, next_minute
from bill_reminders.domain.ledger import Recorded, State
from bill_reminders.domain.people import Channel, Plan, User
from bill_reminders.domain.reminders import Reminder, Skip, SkipReason, Trigger
from bill_reminders.domain.working_days import FURTHEST, Shift

OVERDUE_USEFUL = 7 * DAY
"""How long after its planned day an overdue notice still helps."""

LOOK_BACK = OVERDUE_USEFUL + 2 * DAY
"""How far behind its last trigger an occurrence can matter; quiet hours and zones add two days."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What one channel should do for one user at one instant.

    `due` goes out now, as one digest; `skipped` is noted; `next_at` is the next instant at which
    the channel may have something to say, given that both are claimed.
    """

    due: tuple[Reminder, ...]
    skipped: tuple[Skip, ...]
    next_at: datetime | None


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
    start = min(now, since or now)
    told = _latest_told(recorded.values())
    heard = _nearest_heard(recorded.values(), channel)
    decisions: list[Decision] = []
    seen: set[str] = set()
    for bill in bills:
        wake: datetime | None = None
        for chain in _chains(user, bill, channel, start, told):
            if wake is not None and _starts_after(chain, wake, user):
                break
            seen.update(planned.reminder.key for planned in chain)
            decision = _judge(user, chain, recorded, heard, now)
            decisions.append(decision)
            wake = min(filter(None, (wake, decision.next_at)), default=None)
    withdrawn = tuple(
        Skip(row.reminder, SkipReason.WITHDRAWN)
        for key, row in recorded.items()
        if row.is_open and row.reminder.channel is channel and key not in seen
    )
    due = [reminder for decision in decisions for reminder in decision.due]
    skipped = [skip for decision in decisions for skip in decision.skipped]
    wakes = [decision.next_at for decision in decisions if decision.next_at is not None]
    return Decision(
        due=tuple(sorted(due, key=lambda reminder: reminder.key)),
        skipped=(*skipped, *withdrawn),
        next_at=min(wakes, default=None),
    )


def wake_at(decision: Decision, now: datetime) -> datetime | None:
    """When a channel must be woken if nothing is claimed yet: for what is due, the next minute."""
    return next_minute(now) if decision.due or decision.skipped else decision.next_at


def earliest_due_date(user: User, bills: Iterable[Bill], start: datetime) -> date:
    """No occurrence due before this date matters to a decision that starts at `start`."""
    bills = tuple(bills)
    plans = (user.plan.with_change(bill.plan_change) for bill in bills)
    first = _first_due_date(user, start, max(map(_look_back_days, plans), default=0))
    # what a holiday moved on was due earlier than it is payable
    return first - FURTHEST if any(bill.shift is Shift.NEXT for bill in bills) else first


@dataclass(frozen=True, slots=True)
class _Planned:
    """A reminder in the chain of its occurrence; `merged` when the next one goes in its place."""

    reminder: Reminder
    payable_on: date
    remind_at: time
    merged: bool = False


type _Chain = tuple[_Planned, ...]
"""The reminders of one occurrence on one channel, from the earliest trigger to the latest."""


def _look_back_days(plan: Plan) -> int:
    return max(plan.overdue_days, default=0)


def _first_due_date(user: User, start: datetime, look_back_days: int) -> date:
    return local_date(start, user.zone) - LOOK_BACK - look_back_days * DAY


def _triggers(plan: Plan) -> list[Trigger]:
    leads = {Trigger.lead(days) for days in plan.lead_days}
    return sorted(leads | {Trigger.overdue(days) for days in plan.overdue_days})


@dataclass(frozen=True, slots=True)
class _Occurrence:
    number: int
    due_on: date
    payable_on: date
    revision: int


type _Told = Mapping[tuple[str, int], Reminder]
"""The reminder of the highest revision in the ledger, by bill and occurrence."""


def _latest_told(recorded: Iterable[Recorded]) -> _Told:
    latest: dict[tuple[str, int], Reminder] = {}
    for row in recorded:
        if row.state is State.SKIPPED:
            continue  # noted, and nobody was told
        reminder = row.reminder
        known = latest.setdefault((reminder.bill_id, reminder.occurrence), reminder)
        if reminder.revision > known.revision:
            latest[reminder.bill_id, reminder.occurrence] = reminder
    return latest


def _revision(bill: Bill, number: int, due_on: date, told: _Told) -> int:
    """The due-date revision: one more than the ledger's latest, unless that has the same date.

    So a date that moves and comes back is told again if the user heard of the other one in
    between, and is not if nobody had told them.
    """
    latest = told.get((bill.bill_id, number))
    if latest is None:
        return 0
    return latest.revision if latest.due_on == due_on else latest.revision + 1


def _chains(
    user: User, bill: Bill, channel: Channel, start: datetime, told: _Told
) -> Iterator[_Chain]:
    """The chains of the bill's open occurrences that can matter at `start` or later."""
    plan = user.plan.with_change(bill.plan_change)
    triggers = _triggers(plan)
    if bill.closed_at is not None or channel not in plan.channels or not triggers:
        return
    first = _first_due_date(user, start, _look_back_days(plan))
    paid = bill.paid
    for number, due_on in bill.occurrences_from(first):
        if number not in paid:
            revision = _revision(bill, number, due_on, told)
            occurrence = _Occurrence(number, due_on, bill.payable_on(due_on), revision)
            yield _chain(user, plan, bill, occurrence, triggers, channel)


def _chain(
    user: User,
    plan: Plan,
    bill: Bill,
    occurrence: _Occurrence,
    triggers: list[Trigger],
    channel: Channel,
) -> _Chain:
    chain: list[_Planned] = []
    for trigger in reversed(triggers):
        reminder = Reminder(
            user_id=user.user_id,
            bill_id=bill.bill_id,
            occurrence=occurrence.number,
            due_on=occurrence.due_on,
            trigger=trigger,
            channel=channel,
            planned_at=planned_instant(user, plan, occurrence.payable_on, trigger),
            revision=occurrence.revision,
        )
        nearer = chain[-1].reminder if chain else None
        if nearer is not None and _same_day(reminder, nearer, user):
            merged = replace(reminder, planned_at=nearer.planned_at)
            chain.append(_Planned(merged, occurrence.payable_on, plan.remind_at, merged=True))
        else:
            chain.append(_Planned(reminder, occurrence.payable_on, plan.remind_at))
    return tuple(reversed(chain))


def _same_day(one: Reminder, other: Reminder, user: User) -> bool:
    return local_date(one.planned_at, user.zone) == local_date(other.planned_at, user.zone)


def planned_instant(user: User, plan: Plan, payable_on: date, trigger: Trigger) -> datetime:
    """The UTC instant of `trigger` for an occurrence payable on `payable_on`, not in quiet hours.

    Quiet hours move it to their end, save on the due day: there to the last minute before them
    when that is the same day, else to their end when that is still the due day, else to the last
    minute before them after all, since later would be too late.
    """
    nominal = instant_of(payable_on + trigger.offset * DAY, plan.remind_at, user.zone)
    quiet = user.quiet_hours
    if quiet is None or not quiet.cover(nominal, user.zone):
        return nominal
    end = quiet.end_after(nominal, user.zone)
    if trigger.offset != 0:
        return end
    before = quiet.last_minute_before(nominal, user.zone)
    if local_date(before, user.zone) != payable_on and local_date(end, user.zone) == payable_on:
        return end
    return before


def _is_open(row: Recorded | None) -> bool:
    return row is None or row.is_open


type _Heard = Mapping[tuple[str, int, int], Trigger]
"""The nearest trigger that went out, by bill, occurrence and revision."""


def _nearest_heard(recorded: Iterable[Recorded], channel: Channel) -> _Heard:
    heard: dict[tuple[str, int, int], Trigger] = {}
    for row in recorded:
        reminder = row.reminder
        if reminder.channel is channel and row.state not in (State.SKIPPED, State.WAITING):
            name = (reminder.bill_id, reminder.occurrence, reminder.revision)
            heard[name] = max(heard.get(name, reminder.trigger), reminder.trigger)
    return heard


def _judge(
    user: User,
    chain: _Chain,
    recorded: Mapping[str, Recorded],
    heard: _Heard,
    now: datetime,
) -> Decision:
    """Decide one occurrence: of what has come due only the nearest reminder can still go out, and
    only if none that is nearer went out under an earlier plan."""
    due: list[Reminder] = []
    skipped: list[Skip] = []
    arrived = [planned for planned in chain if planned.reminder.planned_at <= now]
    wakes = [
        planned.reminder.planned_at
        for planned in chain
        if planned.reminder.planned_at > now and _is_open(recorded.get(planned.reminder.key))
    ]
    for planned in arrived:
        reminder = planned.reminder
        row = recorded.get(reminder.key)
        if not _is_open(row):
            continue
        name = (reminder.bill_id, reminder.occurrence, reminder.revision)
        nearer_went_out = heard.get(name, reminder.trigger) > reminder.trigger
        if planned is not arrived[-1] or nearer_went_out:
            reason = SkipReason.MERGED if planned.merged else SkipReason.SUPERSEDED
            skipped.append(Skip(reminder, reason))
            continue
        verdict = _judge_nearest(user, planned, row, now)
        match verdict:
            case SkipReason():
                skipped.append(Skip(reminder, verdict))
            case datetime():
                wakes.append(verdict)
            case None:
                due.append(reminder)
    return Decision(tuple(due), tuple(skipped), min(wakes, default=None))


def _judge_nearest(
    user: User, planned: _Planned, row: Recorded | None, now: datetime
) -> SkipReason | datetime | None:
    """Why the reminder is skipped, or until when it waits, or None: it goes out now."""
    last_useful = _last_useful_day(user, planned)
    if local_date(now, user.zone) > last_useful:
        return SkipReason.EXPIRED
    if row is not None and row.not_before is not None and row.not_before > now:
        return row.not_before
    resumes_at = _end_of_pause(user, planned.remind_at)
    if resumes_at is not None and now < resumes_at:
        # or when it helps no more, to be noted while planning still looks at its occurrence
        return min(resumes_at, instant_of(last_useful + DAY, time(), user.zone))
    if user.quiet_hours is not None and user.quiet_hours.cover(now, user.zone):
        return user.quiet_hours.end_after(now, user.zone)
    if user.address(planned.reminder.channel) is None:
        return SkipReason.NO_ADDRESS
    return None


def _end_of_pause(user: User, remind_at: time) -> datetime | None:
    """When reminders go out again: the day after the pause, at the usual time of day."""
    if user.paused_until is None:
        return None
    return instant_of(user.paused_until + DAY, remind_at, user.zone)


def _last_useful_day(user: User, planned: _Planned) -> date:
    """The local date until which a message still helps: the due day, or a week when overdue."""
    if planned.reminder.trigger.is_overdue:
        return local_date(planned.reminder.planned_at, user.zone) + OVERDUE_USEFUL
    return planned.payable_on


def _starts_after(chain: _Chain, instant: datetime, user: User) -> bool:
    """Whether this occurrence and those after it have nothing to say up to `instant`.

    Quiet hours bring a reminder forward by a day at most.
    """
    first = chain[0]
    day = first.payable_on + (first.reminder.trigger.offset - 1) * DAY
    return day > local_date(instant, user.zone)

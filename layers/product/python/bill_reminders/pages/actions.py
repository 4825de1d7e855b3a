"""What the buttons of a page do. Each may be pressed twice, and each can be undone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial

from bill_reminders.commands import mute, payments, snoozes, stops
from bill_reminders.commands.plans import change_plans
from bill_reminders.delivery.bill_events import BillEvents
from bill_reminders.domain.bills import Bill, MuteReason
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.local_time import DAY
from bill_reminders.domain.money import Money
from bill_reminders.domain.paying_ahead import Rest
from bill_reminders.domain.people import (
    MOST_LEAD_DAYS,
    MOST_OVERDUE_DAYS,
    NO_CHANGE,
    Plan,
    PlanChange,
    StoppedBy,
    User,
)
from bill_reminders.domain.reminder_series import plan_of
from bill_reminders.domain.reminders import Reminder
from bill_reminders.files import legible, plans
from bill_reminders.files.rows import Row
from bill_reminders.messages.names import clean
from bill_reminders.pages.amounts import typed
from bill_reminders.pages.forms import Form, Unclear, field_of
from bill_reminders.pages.proof import NeedsProof
from bill_reminders.pages.view import (
    OWN,
    PAGE_LIFTS,
    PLAN_CELLS,
    Opened,
    balance_of,
    plan_query,
)
from bill_reminders.storage import accounts, history
from bill_reminders.storage.accounts import Command, Tell
from bill_reminders.storage.history import Feedback

type PlanOfForm = Callable[[Form, User, Bill], tuple[Plan, PlanChange]]
"""What a form makes of a user's plan, and of what a bill changes in it."""

LONGEST_SUGGESTION = 500
LONGEST_ID = 64
TIMINGS = ("too_early", "right", "too_late")


def act(
    action: str, opened: Opened, reminder: Reminder, form: Form, events: BillEvents
) -> str | None:
    """Do what the button `action` says; what the page's address then says about it, or None when
    there is no such button.

    Raises Unclear, NeedsProof, AskFirst, snoozes.NeedsConfirmation and other InvalidValue, what
    accounts.change does.
    """
    match action:
        case "plan":
            return f"done=plan&{_change_plan(opened, reminder, form)}"
        case "edit" | "unedit":
            # what it takes is loaded for it alone: other buttons are pressed far more often
            from bill_reminders.pages import edits  # noqa: PLC0415

            press = edits.change if action == "edit" else edits.undo
            return press(opened, reminder, form)
        case "feedback":
            _give_feedback(opened, reminder, form)
        case "unsay":
            history.take_feedback_back(reminder.user_id, reminder.key, now=opened.now)
        case _ if action in _COMMANDS:
            command = _COMMANDS[action](opened, reminder, form)
            _change(opened, command, tell=partial(events.tell, now=opened.now))
        case _:
            return None
    return f"done={action}"


def _change(opened: Opened, command: Command, *, tell: Tell = lambda facts: None) -> None:
    accounts.change(
        opened.account.user.user_id, command, now=opened.now, tell=tell, known=opened.account
    )


def _pay(opened: Opened, reminder: Reminder, form: Form) -> Command:
    payment_id = field_of(form, "payment_id")
    if not payment_id.startswith("page-") or len(payment_id) > LONGEST_ID:
        raise Unclear("page_fault_form")
    return partial(
        payments.pay,
        bill_id=reminder.bill_id,
        occurrence=balance_of(opened, reminder),
        payment_id=payment_id,
        amount=_amount(opened, reminder, field_of(form, "amount")),
        rest=Rest.NEXT_DATES if field_of(form, "rest") == Rest.NEXT_DATES else Rest.STAYS,
        paid_on=_date(field_of(form, "paid_on")) if field_of(form, "paid_on") else None,
        now=opened.now,
    )


def _amount(opened: Opened, reminder: Reminder, text: str) -> Money | None:
    """None for all of it."""
    bill = opened.account.bill(reminder.bill_id)
    if not text or bill is None:
        return None
    currency = bill.currency_of(reminder.occurrence)
    if currency is None:
        raise Unclear("page_fault_currency")
    return Money(typed(text, currency, "page_fault_amount"), currency)


def _undo_payment(opened: Opened, reminder: Reminder, form: Form) -> Command:
    paid = field_of(form, "payment_id")
    return partial(payments.undo, bill_id=reminder.bill_id, payment_id=paid, now=opened.now)


def snooze_date(opened: Opened, form: Form) -> date:
    """Until when; raises Unclear."""
    text = field_of(form, "until")
    if text == "tomorrow":
        return opened.today + DAY
    return _date(text)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unclear("page_fault_date") from None


def _snooze(opened: Opened, reminder: Reminder, form: Form) -> Command:
    return partial(
        snoozes.snooze,
        bill_id=reminder.bill_id,
        occurrence=reminder.occurrence,
        until=snooze_date(opened, form),
        confirmed=field_of(form, "confirmed") == "yes",
        now=opened.now,
    )


def _undo_snooze(opened: Opened, reminder: Reminder, form: Form) -> Command:
    return partial(snoozes.undo, bill_id=reminder.bill_id, occurrence=reminder.occurrence)


def _give_feedback(opened: Opened, reminder: Reminder, form: Form) -> None:
    timing, suggestion = field_of(form, "timing"), clean(field_of(form, "suggestion"))
    if timing not in ("", *TIMINGS) or not (timing or suggestion):
        raise Unclear("page_fault_form")
    if len(suggestion) > LONGEST_SUGGESTION:
        raise Unclear("page_fault_suggestion")
    if suggestion and legible.fault(suggestion) is not None:
        raise Unclear("page_fault_unreadable")
    if legible.link_fault(suggestion) is not None:
        raise Unclear("page_fault_link")
    known = history.feedback_on(reminder.user_id, reminder.key)
    said = known or Feedback(None, None, None, opened.now)
    history.give_feedback(
        reminder.user_id,
        reminder.key,
        replace(
            said,
            timing=timing or said.timing,
            suggestion=suggestion or said.suggestion,
            given_at=opened.now,
        ),
    )


def _not_mine(opened: Opened, reminder: Reminder, form: Form) -> Command:
    return _mute(opened, reminder, MuteReason.NOT_MINE)


def _stop_bill(opened: Opened, reminder: Reminder, form: Form) -> Command:
    return _mute(opened, reminder, MuteReason.STOPPED)


def _mute(opened: Opened, reminder: Reminder, reason: MuteReason) -> Command:
    return partial(mute.mute, bill_id=reminder.bill_id, reason=reason, now=opened.now)


def _remind_again(opened: Opened, reminder: Reminder, form: Form) -> Command:
    return partial(mute.unmute, bill_id=reminder.bill_id)


def _channel(opened: Opened, form: Form) -> Channel:
    """The one that the button names, if the link reaches it."""
    try:
        channel = Channel(field_of(form, "channel"))
    except ValueError:
        raise Unclear("page_fault_form") from None
    if not opened.reaches(channel):
        raise NeedsProof
    return channel


def _stop_channel(opened: Opened, reminder: Reminder, form: Form) -> Command:
    channel = _channel(opened, form)
    return partial(stops.stop, channel=channel, by=StoppedBy.PAGE, now=opened.now)


def _start_channel(opened: Opened, reminder: Reminder, form: Form) -> Command:
    return partial(stops.start, channel=_channel(opened, form), lifts=PAGE_LIFTS)


_COMMANDS: Mapping[str, Callable[[Opened, Reminder, Form], Command]] = {
    "paid": _pay,
    "unpaid": _undo_payment,
    "snooze": _snooze,
    "unsnooze": _undo_snooze,
    "not-mine": _not_mine,
    "stop-bill": _stop_bill,
    "remind-again": _remind_again,
    "stop-channel": _stop_channel,
    "start-channel": _start_channel,
}


def _change_plan(opened: Opened, reminder: Reminder, form: Form) -> str:
    """Change the plan of this bill or the user's own; the query that holds what both were."""
    bill = opened.account.bill(reminder.bill_id)
    scope = field_of(form, "scope")
    if bill is None or scope not in ("bill", "all"):
        raise Unclear("page_fault_form")
    if scope == "all" and not opened.proven:
        raise NeedsProof
    wanted: PlanOfForm = _ticked if field_of(form, "boxes") == "yes" else _as_before
    if not opened.proven:
        wanted = _with_channels_as_they_are(wanted)
    _change(
        opened,
        partial(change_plans, bill_id=reminder.bill_id, plans=partial(wanted, form)),
    )
    return plan_query(opened, bill, scope)


def _with_channels_as_they_are(wanted: PlanOfForm) -> PlanOfForm:
    """For a link alone: its bill gets other days, but says nothing on other channels, nor falls
    silent on them."""

    def limited(form: Form, user: User, bill: Bill) -> tuple[Plan, PlanChange]:
        shown = [channel.value for channel in plan_of(user, bill).channels]
        _, change = wanted({**form, "channels": shown, f"{OWN}channels": ()}, user, bill)
        own = bill.plan_change
        return user.plan, replace(change, channels=own.channels, joins=own.joins)

    return limited


def _as_before(form: Form, user: User, bill: Bill) -> tuple[Plan, PlanChange]:
    """What an undoing form holds; a bill's change leaves the user's own plan out."""
    own = {name: form.get(f"{OWN}{name}", ()) for name in PLAN_CELLS}
    return user.plan.with_change(_read_plan(form)), _read_plan(own)


def _ticked(form: Form, user: User, bill: Bill) -> tuple[Plan, PlanChange]:
    """What a page's own form makes of the user's plan and of the bill's change of it. The form has
    every cell; the bill keeps those that differ from what it would follow anyway, so that it
    follows the others when they change."""
    everywhere = field_of(form, "scope") == "all"
    follows = user.plan_for(bill.kind, NO_CHANGE)
    wanted = _boxes(form, plan_of(user, bill), user.plan if everywhere else follows)
    if everywhere:
        user = replace(user, plan=user.plan.with_change(wanted))
        follows = user.plan_for(bill.kind, NO_CHANGE)
    return user.plan, _differing(wanted, follows)


def _boxes(form: Form, shown: Plan, follows: Plan) -> PlanChange:
    """One value for each box that is ticked, none of a cell where none is. A box says nothing of
    the order of channels and of when each joins: the plan that has the same ones does, `shown`
    first."""
    cells = {name: ["+".join(form.get(name, ())) or "none"] for name in PLAN_CELLS}
    if not form.get("channels"):
        raise Unclear("page_fault_channels")
    kept = PlanChange(
        lead_days=_kept(form.get("lead_days", ()), shown.lead_days),
        overdue_days=_kept(form.get("overdue_days", ()), shown.overdue_days),
    )
    cells |= {"lead_days": []} if kept.lead_days is not None else {}
    cells |= {"overdue_days": []} if kept.overdue_days is not None else {}
    change = _read_plan({**cells, "remind_at": form.get("remind_at", ())}).over(kept)
    channels = change.channels or ()
    for plan in (shown, follows):
        if set(channels) == set(plan.channels):
            return replace(change, channels=plan.channels, joins=plan.joins)
    order = (*shown.channels, *follows.channels, *channels)
    joins = {join.channel: join for plan in (follows, shown) for join in plan.joins}
    return replace(
        change,
        channels=tuple(sorted(channels, key=order.index)),
        joins=tuple(joins[channel] for channel in channels if channel in joins),
    )


def _kept(ticked: Sequence[str], shown: tuple[int, ...]) -> tuple[int, ...] | None:
    """The days that stay where no other is ticked, though they be more than may be entered today;
    None where one is."""
    known = {str(day): day for day in shown}
    if len({*ticked}) < len(ticked) or not known.keys() >= {*ticked}:
        return None
    return tuple(known[day] for day in ticked)


def _differing(change: PlanChange, plan: Plan) -> PlanChange:
    """What of `change` makes another plan of `plan`. Channels and joins are one cell."""
    follows = change.channels == plan.channels and {*change.joins} == {*plan.joins}
    return PlanChange(
        lead_days=_unless_same(change.lead_days, plan.lead_days),
        overdue_days=_unless_same(change.overdue_days, plan.overdue_days),
        remind_at=None if change.remind_at == plan.remind_at else change.remind_at,
        channels=None if follows else change.channels,
        joins=() if follows else change.joins,
    )


def _unless_same(days: tuple[int, ...] | None, plan: tuple[int, ...]) -> tuple[int, ...] | None:
    return None if days is None or {*days} == {*plan} else days


def _read_plan(form: Form) -> PlanChange:
    """The cells of a plan; one that is missing changes nothing."""
    cells = {name: field_of(form, name) for name in PLAN_CELLS}
    row = Row(0, cells)
    change = plans.plan_change(row)
    for name, most in (("lead_days", MOST_LEAD_DAYS), ("overdue_days", MOST_OVERDUE_DAYS)):
        if cells[name].count("+") >= most:
            raise Unclear(f"page_fault_{name}")
    if row.errors:
        raise Unclear("page_fault_plan")
    return change


def stop_from_mail(user_id: str, channel: Channel, *, now: datetime) -> None:
    """What a mail program's own button does, without asking twice."""
    by = StoppedBy.UNSUBSCRIBE
    accounts.change(user_id, partial(stops.stop, channel=channel, by=by, now=now), now=now)


def start_from_mail(user_id: str, channel: Channel, *, now: datetime) -> None:
    accounts.change(user_id, partial(stops.start, channel=channel, lifts=PAGE_LIFTS), now=now)

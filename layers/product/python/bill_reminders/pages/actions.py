"""What the buttons of a page do. Each may be pressed twice, and each can be undone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from bill_reminders.delivery.bill_events import BillEvents
from bill_reminders.domain.bills import Bill, SilenceReason
from bill_reminders.domain.chains import plan_of
from bill_reminders.domain.clock import DAY
from bill_reminders.domain.money import Money
from bill_reminders.domain.people import NO_CHANGE, Plan, PlanChange, StoppedBy, User
from bill_reminders.domain.reminders import Reminder
from bill_reminders.domain.terms import Channel
from bill_reminders.files import money, plans
from bill_reminders.files.cells import CellError
from bill_reminders.files.rows import Row
from bill_reminders.messages.names import clean
from bill_reminders.pages.view import OWN, PAGE_LIFTS, PLAN_CELLS, Opened, plan_query
from bill_reminders.storage import happenings, history
from bill_reminders.storage.history import Feedback

type Form = Mapping[str, Sequence[str]]
"""The fields of a form: each with what was sent for it."""

LONGEST_SUGGESTION = 500
LONGEST_ID = 64
TIMINGS = ("too_early", "right", "too_late")


class Unclear(Exception):
    """A field cannot be read; `key` is the sentence that says what to do."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def act(
    action: str, opened: Opened, reminder: Reminder, form: Form, events: BillEvents
) -> str | None:
    """Do what the button `action` says; what the page's address then says about it, or None when
    there is no such button.

    Raises Unclear, happenings.NeedsConfirmation and other InvalidValue, what accounts.change does.
    """
    match action:
        case "not-mine":
            # told first: if what follows fails, the user presses again, and is told of again
            events.not_mine(reminder.user_id, reminder.bill_id, now=opened.now)
            _silence(opened, reminder, SilenceReason.NOT_MINE)
        case "remind-again":
            bill = opened.account.bill(reminder.bill_id)
            if bill is not None and bill.is_not_mine:
                events.mine_after_all(reminder.user_id, reminder.bill_id, now=opened.now)
            happenings.unsilence(reminder.user_id, reminder.bill_id, now=opened.now)
        case "plan":
            return f"done=plan&{_change_plan(opened, reminder, form)}"
        case _ if action in _SIMPLE:
            _SIMPLE[action](opened, reminder, form)
        case _:
            return None
    return f"done={action}"


def _field(form: Form, name: str) -> str:
    return next(iter(form.get(name, ())), "").strip()


def _pay(opened: Opened, reminder: Reminder, form: Form) -> None:
    payment_id = _field(form, "payment_id")
    if not payment_id.startswith("page-") or len(payment_id) > LONGEST_ID:
        raise Unclear("page_fault_form")
    happenings.record_payment(
        reminder.user_id,
        reminder.bill_id,
        reminder.occurrence,
        payment_id=payment_id,
        amount=_amount(opened, reminder, _field(form, "amount")),
        now=opened.now,
    )


def _amount(opened: Opened, reminder: Reminder, text: str) -> Money | None:
    """None for all of it."""
    bill = opened.account.bill(reminder.bill_id)
    if not text or bill is None:
        return None
    owed = bill.owed(reminder.occurrence)
    currency = bill.currency if owed.amount is None else owed.amount.currency
    if currency is None:
        raise Unclear("page_fault_currency")
    try:
        paid = money.amount(text.replace(",", "."), currency=currency)
    except CellError:
        raise Unclear("page_fault_amount") from None
    return Money(paid, currency)


def _undo_payment(opened: Opened, reminder: Reminder, form: Form) -> None:
    happenings.undo_payment(
        reminder.user_id, reminder.bill_id, _field(form, "payment_id"), now=opened.now
    )


def snooze_date(opened: Opened, form: Form) -> date:
    """Until when; raises Unclear."""
    text = _field(form, "until")
    if text == "tomorrow":
        return opened.today + DAY
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unclear("page_fault_date") from None


def _snooze(opened: Opened, reminder: Reminder, form: Form) -> None:
    happenings.snooze(
        reminder.user_id,
        reminder.bill_id,
        reminder.occurrence,
        snooze_date(opened, form),
        confirmed=_field(form, "confirmed") == "yes",
        now=opened.now,
    )


def _undo_snooze(opened: Opened, reminder: Reminder, form: Form) -> None:
    happenings.undo_snooze(reminder.user_id, reminder.bill_id, reminder.occurrence, now=opened.now)


def _give_feedback(opened: Opened, reminder: Reminder, form: Form) -> None:
    timing, suggestion = _field(form, "timing"), clean(_field(form, "suggestion"))
    if timing not in ("", *TIMINGS) or not (timing or suggestion):
        raise Unclear("page_fault_form")
    if len(suggestion) > LONGEST_SUGGESTION:
        raise Unclear("page_fault_suggestion")
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


def _take_feedback_back(opened: Opened, reminder: Reminder, form: Form) -> None:
    history.take_feedback_back(reminder.user_id, reminder.key)


def _silence(opened: Opened, reminder: Reminder, reason: SilenceReason) -> None:
    happenings.silence(reminder.user_id, reminder.bill_id, reason, now=opened.now)


def _stop_bill(opened: Opened, reminder: Reminder, form: Form) -> None:
    _silence(opened, reminder, SilenceReason.STOPPED)


def _channel(form: Form) -> Channel:
    try:
        return Channel(_field(form, "channel"))
    except ValueError:
        raise Unclear("page_fault_form") from None


def _stop_channel(opened: Opened, reminder: Reminder, form: Form) -> None:
    happenings.stop(reminder.user_id, _channel(form), by=StoppedBy.PAGE, now=opened.now)


def _start_channel(opened: Opened, reminder: Reminder, form: Form) -> None:
    happenings.start(reminder.user_id, _channel(form), lifts=PAGE_LIFTS, now=opened.now)


_SIMPLE: Mapping[str, Callable[[Opened, Reminder, Form], None]] = {
    "paid": _pay,
    "unpaid": _undo_payment,
    "snooze": _snooze,
    "unsnooze": _undo_snooze,
    "feedback": _give_feedback,
    "unsay": _take_feedback_back,
    "stop-bill": _stop_bill,
    "stop-channel": _stop_channel,
    "start-channel": _start_channel,
}


def _change_plan(opened: Opened, reminder: Reminder, form: Form) -> str:
    """Change the plan of this bill or the user's own; the query that holds what both were."""
    bill = opened.account.bill(reminder.bill_id)
    scope = _field(form, "scope")
    if bill is None or scope not in ("bill", "all"):
        raise Unclear("page_fault_form")
    wanted = _ticked if _field(form, "boxes") == "yes" else _as_before
    happenings.change_plans(
        reminder.user_id,
        reminder.bill_id,
        lambda user, bill: wanted(form, user, bill),
        now=opened.now,
    )
    return plan_query(opened.account.user, bill, scope)


def _as_before(form: Form, user: User, bill: Bill) -> tuple[Plan, PlanChange]:
    """What an undoing form holds; a bill's change leaves the user's own plan out."""
    own = {name: form.get(f"{OWN}{name}", ()) for name in PLAN_CELLS}
    return user.plan.with_change(_read_plan(form)), _read_plan(own)


def _ticked(form: Form, user: User, bill: Bill) -> tuple[Plan, PlanChange]:
    """What a page's own form makes of the user's plan and of the bill's change of it. The form has
    every cell; the bill keeps those that differ from what it would follow anyway, so that it
    follows the others when they change."""
    everywhere = _field(form, "scope") == "all"
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
    change = _read_plan({**cells, "remind_at": form.get("remind_at", ())})
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
    cells = {name: _field(form, name) for name in PLAN_CELLS}
    row = Row(0, cells)
    change = plans.plan_change(row)
    if row.errors:
        raise Unclear("page_fault_plan")
    return change


def stop_from_mail(user_id: str, channel: Channel, *, now: datetime) -> None:
    """What a mail program's own button does, without asking twice."""
    happenings.stop(user_id, channel, by=StoppedBy.UNSUBSCRIBE, now=now)


def start_from_mail(user_id: str, channel: Channel, *, now: datetime) -> None:
    happenings.start(user_id, channel, lifts=PAGE_LIFTS, now=now)

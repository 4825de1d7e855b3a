"""What the buttons of a page do. Each may be pressed twice, and each can be undone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from bill_reminders.delivery.bill_events import BillEvents
from bill_reminders.domain.bills import SilenceReason
from bill_reminders.domain.chains import plan_of
from bill_reminders.domain.clock import DAY
from bill_reminders.domain.money import Money
from bill_reminders.domain.people import Plan, PlanChange, StoppedBy, User
from bill_reminders.domain.reminders import Reminder
from bill_reminders.domain.terms import Channel
from bill_reminders.files import money, plans
from bill_reminders.files.cells import CellError, wall_time
from bill_reminders.messages.names import clean
from bill_reminders.pages.view import PAGE_LIFTS, Opened, plan_query
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
            silence = None if bill is None else bill.silence
            if silence is not None and silence.reason is SilenceReason.NOT_MINE:
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
    """Change the plan of this bill or the user's own; the query that holds what it was."""
    bill = opened.account.bill(reminder.bill_id)
    scope = _field(form, "scope")
    if bill is None or scope not in ("bill", "all"):
        raise Unclear("page_fault_form")
    base = plan_of(opened.account.user, bill) if scope == "bill" else opened.account.user.plan
    change = _plan_change(form, base)
    if scope == "bill":
        happenings.change_bill_plan(reminder.user_id, reminder.bill_id, change, now=opened.now)
        return plan_query(bill.plan_change, scope)
    was = opened.account.user.plan

    def with_plan(user: User) -> User:
        return replace(user, plan=user.plan.with_change(change))

    happenings.change_user(reminder.user_id, with_plan, now=opened.now)
    return plan_query(was, scope)


def _plan_change(form: Form, base: Plan) -> PlanChange:
    """The form's plan. An undoing form has the cells as they were, and a page's own form one value
    for each box that is ticked: there a channel joins when it did in `base`."""
    boxes = _field(form, "boxes") == "yes"

    def cell(name: str) -> str:
        return "+".join(form.get(name, ())) or ("none" if boxes else "")

    leads, overdues, at = cell("lead_days"), cell("overdue_days"), _field(form, "remind_at")
    listed = "+".join(form.get("channels", ()))
    if boxes and not listed:
        raise Unclear("page_fault_channels")
    try:
        channels = plans.channels(listed) if listed else None
        joins = () if channels is None else channels[1]
        if boxes and channels is not None:
            joins = tuple(join for join in base.joins if join.channel in channels[0])
        return PlanChange(
            lead_days=plans.lead_days(leads) if leads else None,
            overdue_days=plans.overdue_days(overdues) if overdues else None,
            remind_at=wall_time(at) if at else None,
            channels=None if channels is None else channels[0],
            joins=joins,
        )
    except CellError:
        raise Unclear("page_fault_plan") from None


def stop_from_mail(user_id: str, channel: Channel, *, now: datetime) -> None:
    """What a mail program's own button does, without asking twice."""
    happenings.stop(user_id, channel, by=StoppedBy.UNSUBSCRIBE, now=now)


def start_from_mail(user_id: str, channel: Channel, *, now: datetime) -> None:
    happenings.start(user_id, channel, lifts=PAGE_LIFTS, now=now)

"""What the pages show, from the account and the ledger."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from bill_reminders.domain import cards
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import LATE_AT_MOST, Bill, MuteReason
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.forecast import forecast
from bill_reminders.domain.local_time import DAY, local_date, wall_text
from bill_reminders.domain.people import NO_CHANGE, Language, Plan, StoppedBy, User
from bill_reminders.domain.reminder_series import is_stand_in, plan_of
from bill_reminders.domain.reminders import Reminder, Trigger
from bill_reminders.files.plans import COLUMNS, plan_cells
from bill_reminders.messages.catalogue import Catalogue, catalogue
from bill_reminders.messages.explanations import because, outcome
from bill_reminders.messages.lateness import cost_of_missing
from bill_reminders.messages.locale import amount, full_date, weekday_date
from bill_reminders.messages.names import shown
from bill_reminders.messages.notices import Notice
from bill_reminders.messages.paying import on_page
from bill_reminders.messages.wording import (
    amount_alone,
    bill_title,
    due,
    due_in_list,
    keep_money,
    pay_by,
    remark,
    rule,
)
from bill_reminders.pages import chart
from bill_reminders.pages.forms import Form
from bill_reminders.pages.payments import payments_of
from bill_reminders.storage.history import DeliveredReminder, Feedback
from bill_reminders.storage.links import Link

NAME_WIDTH = 80
AHEAD = 100 * DAY
"""How far ahead the timeline tells what is planned."""
USUAL_LEADS = (14, 7, 5, 3, 2, 1, 0)
USUAL_OVERDUES = (1, 3, 7)

WHY_STOPPED = {
    StoppedBy.REPLY: "page_stopped_reply",
    StoppedBy.PROVIDER: "page_stopped_provider",
    StoppedBy.BOUNCED: "page_stopped_bounced",
    StoppedBy.COMPLAINT: "page_stopped_complaint",
}
"""What the page says where it cannot lift a stop."""

PAGE_LIFTS = frozenset({StoppedBy.PAGE, StoppedBy.UNSUBSCRIBE})
"""A STOP by SMS is not taken back by whoever holds a link."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A link that was opened: whose, and which reminders it is about."""

    token: str = field(repr=False)
    link: Link
    account: Account
    reminders: tuple[Reminder, ...]
    now: datetime
    proven: bool = False
    """Whether the code was entered in this browser: without it a link reaches its message alone."""

    def reaches(self, channel: Channel) -> bool:
        """Whether the channel may be shown and changed."""
        return self.proven or channel is self.link.channel

    def is_of_message(self, bill: Bill) -> bool:
        return any(each.bill_id == bill.bill_id for each in self.reminders)

    @property
    def words(self) -> Catalogue:
        return catalogue(self.account.user.language)

    @property
    def today(self) -> date:
        return local_date(self.now, self.account.user.zone)


def render(template: str, language: Language, **values: Any) -> str:
    words = catalogue(language)
    page = _templates().get_template(template)
    return page.render(language=language, say=words.say, css=css(), **values)


@cache
def css() -> str:
    """The one style sheet, inlined; its hash stands in the content security policy."""
    loader = _templates().loader
    assert loader is not None
    return loader.get_source(_templates(), "page.css")[0]


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("bill_reminders.pages"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def bill_page(
    opened: Opened,
    number: int,
    told: Iterable[DeliveredReminder],
    feedback: Feedback | None,
    *,
    done: str = "",
    was: Mapping[str, str] | None = None,
    fault: str = "",
    ask: date | None = None,
    edit: str = "",
    typed: Form | None = None,
    sure: Mapping[str, Any] | None = None,
) -> str:
    """The page of one bill. `done` names what was just done, `was` is the plan before it, `edit`
    the id of a change of the bill; `fault` says what could not be done; `ask` is a snooze that
    wants a second yes, `sure` a change that does; `typed` what was sent of one that could not be
    made."""
    account, reminder, words = opened.account, opened.reminders[number], opened.words
    bill = account.bill(reminder.bill_id)
    if bill is None:
        return notice_page(account.user.language, "page_bill_gone")
    notice = Notice.of(bill, reminder)
    user, today = account.user, opened.today
    is_carried = cards.is_carried(bill, reminder.occurrence, today)
    is_over = is_carried or bill.is_closed(reminder.occurrence)
    all_dues = chart.due_soon(account.bills, today)
    due_dates = [each for each in all_dues if opened.proven or opened.is_of_message(each.bill)]
    until = bill.snoozed_until(reminder.occurrence)
    return render(
        "bill.html",
        user.language,
        base=f"/r/{opened.token}/{number}",
        overview=f"/r/{opened.token}" if len(opened.reminders) > 1 else "",
        title=bill_title(words, notice, width=NAME_WIDTH),
        amount=amount_alone(words, notice, today),
        date=words.say("email_due_date", date=full_date(notice.due_on, words.language)),
        due=_over(words, is_carried=is_carried) if is_over else due(words, notice, today),
        is_paid=is_over,
        remark="" if is_over else _remark(words, notice, today),
        rule=_rule(words, user, bill, reminder),
        cost=cost_of_missing(
            user.language, bill, reminder.occurrence, today=today, due_on=notice.due_on
        ),
        paying=on_page(notice),
        code_word=shown(user.code_word or ""),
        payments=[
            each
            for of_date in sorted({reminder.occurrence, balance_of(opened, reminder)})
            for each in payments_of(words, user, bill, of_date)
        ],
        today=today,
        comes_again=bill.recurrence.unit is not None,
        payment_id=f"page-{uuid4().hex}",
        currency=bill.currency_of(reminder.occurrence) or "",
        snoozed="" if until is None or until < today else full_date(until, words.language),
        tomorrow=today + DAY,
        last_snooze=notice.due_on + LATE_AT_MOST * DAY,
        ask=ask,
        ask_text="" if ask is None else full_date(ask, words.language),
        due_text=full_date(notice.due_on, words.language),
        feedback=feedback,
        mute="" if bill.mute is None else bill.mute.reason.value,
        not_mine=MuteReason.NOT_MINE.value,
        channels=_channels(opened),
        proven=opened.proven,
        plan=_plan_form(words, user, bill),
        done=done,
        was=dict(was or {}),
        **_of_terms(opened, bill, typed or {}, edit if done == "edit" else "", done),
        sure=sure,
        fault=fault,
        timeline=[*_past(opened, told), *_planned(opened, bill, reminder)],
        chart=chart.bars(due_dates, today),
        chart_days=chart.DAYS,
        chart_height=chart.HEIGHT,
        due_dates=[
            {
                "date": weekday_date(each.payable_on, words.language),
                "title": bill_title(words, Notice.of(each.bill, reminder), width=NAME_WIDTH),
                "amount": amount(each.owed.left, words.language),
            }
            for each in due_dates
        ],
        nothing_ahead=not all_dues,
        total=words.say(
            "page_total" if len(due_dates) == len(all_dues) else "page_total_all",
            total=" + ".join(amount(each, words.language) for each in totals),
        )
        if (totals := chart.totals(all_dues))
        else "",
        ask_code=code_form(opened),
    )


def _of_terms(opened: Opened, bill: Bill, typed: Form, edit: str, done: str) -> dict[str, Any]:
    """What the page says of the bill's terms, and the form that changes them. Most bills have one
    set of terms, and most who look have not entered a code: they wait for none of it."""
    is_changed = done in ("edit", "unedit")
    if not (opened.proven or bill.later_terms or is_changed):
        return {"terms": [], "form": None, "undoes": ""}
    from bill_reminders.pages import edit_form  # noqa: PLC0415

    terms = edit_form.terms(opened, bill)
    return {
        "terms": terms if is_changed else terms[1:],
        "form": edit_form.form(opened, bill, typed) if opened.proven else None,
        "undoes": edit if opened.proven and edit_form.is_edit_id(edit) else "",
    }


def code_form(opened: Opened) -> dict[str, str]:
    """What the button needs that sends a code."""
    channel = opened.link.channel
    name = "" if channel is None else opened.words.say(f"page_channel_{channel}")
    return {"channel": name, "request": uuid4().hex}


def overview_page(opened: Opened) -> str:
    """The bills of a message that tells of several."""
    words, account = opened.words, opened.account
    bills = []
    for number, reminder in enumerate(opened.reminders):
        bill = account.bill(reminder.bill_id)
        if bill is None:
            continue
        notice = Notice.of(bill, reminder)
        is_carried = cards.is_carried(bill, reminder.occurrence, opened.today)
        is_over = is_carried or bill.is_closed(reminder.occurrence)
        far = due_in_list(words, notice, opened.today)
        bills.append(
            {
                "href": f"/r/{opened.token}/{number}",
                "title": bill_title(words, notice, width=NAME_WIDTH),
                "amount": amount_alone(words, notice, opened.today),
                "due": _over(words, is_carried=is_carried) if is_over else far,
                "pay_by": "" if is_over else pay_by(words, notice, opened.today),
            }
        )
    user = account.user
    return render(
        "overview.html", user.language, cards=bills, code_word=shown(user.code_word or "")
    )


def unsubscribe_page(opened: Opened, channel: Channel) -> str:
    """Stop a channel, or take that back: what a mail program's own link opens."""
    user = opened.account.user
    known = {each["channel"]: each for each in _channels(opened)}
    if channel.value not in known:
        return notice_page(user.language, "page_no_channel")
    shown = known[channel.value]
    return render("unsubscribe.html", user.language, base=f"/u/{opened.token}", channel=shown)


def notice_page(language: Language, key: str) -> str:
    """One sentence, and nothing to do."""
    return render("notice.html", language, text=catalogue(language).say(key))


def page_for_anybody(key: str) -> str:
    """One sentence in all languages, for nobody knows whose the link was."""
    texts = [(language, catalogue(language).say(key)) for language in Language]
    return render("dead.html", Language.ENGLISH, texts=texts)


def balance_of(opened: Opened, reminder: Reminder) -> int:
    """The occurrence that a payment on the page of `reminder` goes to: its own, or the newer
    statement of the card that has taken it in."""
    bill, number = opened.account.bill(reminder.bill_id), reminder.occurrence
    return number if bill is None else cards.balance_of(bill, number, opened.today)


def _over(words: Catalogue, *, is_carried: bool) -> str:
    return words.say("page_carried" if is_carried else "page_paid")


def _remark(words: Catalogue, notice: Notice, today: date) -> str:
    return words.sentences(
        keep_money(words, notice, today),
        remark(words, notice, today),
        pay_by(words, notice, today),
    )


def _rule(words: Catalogue, user: User, bill: Bill, reminder: Reminder) -> str:
    at = wall_text(reminder.planned_at.astimezone(user.zone).time())
    channel = words.say(f"page_by_{reminder.channel}")
    reason = because(user.language, reminder.trigger)
    came = words.say("page_came", at=at, channel=channel)
    stood_in = words.say("page_stood_in") if is_stand_in(user, bill, reminder) else ""
    return words.sentences(reason, came, stood_in)


def _channels(opened: Opened) -> list[dict[str, Any]]:
    """Each channel with an address that the link reaches: whether it is stopped, and whether the
    page may lift that."""
    words = opened.words
    return [
        {
            "channel": channel.value,
            "name": words.say(f"page_channel_{channel}"),
            "stopped": address.stopped_at is not None,
            "lifts": address.stopped_by in PAGE_LIFTS,
            "why": WHY_STOPPED.get(address.stopped_by),
        }
        for channel, address in opened.account.user.addresses.items()
        if address.attestation is not None and opened.reaches(channel)
    ]


PLAN_CELLS = COLUMNS
"""The fields of the page's form of a plan: the cells of a file, so that its rules read them."""

OWN = "own_"
"""Begins the cells of what the bill itself changes."""

PLAN_FIELDS = ("scope", *PLAN_CELLS, *(f"{OWN}{name}" for name in PLAN_CELLS))
"""What an address may hold of the plans that stood before."""


def plan_query(opened: Opened, bill: Bill, scope: str) -> str:
    """What stood before a change, for the address of the page that offers to undo it."""
    plan = plan_cells(opened.account.user.plan if scope == "all" else NO_CHANGE)
    change = bill.plan_change
    if not opened.proven:
        change = replace(change, channels=None, joins=())
    own = {f"{OWN}{name}": cell for name, cell in plan_cells(change).items()}
    return urlencode({"scope": scope, **plan, **own})


def _plan_form(words: Catalogue, user: User, bill: Bill) -> dict[str, Any]:
    plan = plan_of(user, bill)
    return {
        "leads": [
            {
                "days": days,
                "text": rule(words, Trigger.lead(days)),
                "on": days in plan.lead_days,
            }
            for days in sorted({*USUAL_LEADS, *plan.lead_days}, reverse=True)
        ],
        "overdues": [
            {
                "days": days,
                "text": rule(words, Trigger.overdue(days)),
                "on": days in plan.overdue_days,
            }
            for days in sorted({*USUAL_OVERDUES, *plan.overdue_days})
        ],
        "at": wall_text(plan.remind_at),
        "autopay": bill.autopay,
        "channels": [
            {
                "channel": channel.value,
                "name": _name_in_plan(words, plan, channel),
                "on": channel in plan.channels,
            }
            for channel in Channel
            if channel in user.addresses or channel in plan.channels
        ],
    }


def _name_in_plan(words: Catalogue, plan: Plan, channel: Channel) -> str:
    name = words.say(f"page_channel_{channel}")
    if channel in plan.channels and not plan.takes_part(channel, -1):
        return words.say("page_only_fallback", channel=name)
    return name


def _past(opened: Opened, told: Iterable[DeliveredReminder]) -> list[dict[str, str]]:
    words, user = opened.words, opened.account.user
    return [
        _entry(
            words,
            user,
            each.recorded.reminder,
            outcome(user.language, each.recorded.state, each.reason),
        )
        for each in told
        if opened.reaches(each.recorded.reminder.channel)
    ]


def _planned(opened: Opened, bill: Bill, reminder: Reminder) -> list[dict[str, str]]:
    words, account, now = opened.words, opened.account, opened.now
    coming = forecast(
        account.user, (bill,), account.recorded, now=now, until=now + AHEAD, at_most=20
    )
    return [
        _entry(words, account.user, each.reminder, words.say("page_planned"))
        for each in coming
        if each.skip is None
        and each.reminder.occurrence == reminder.occurrence
        and opened.reaches(each.reminder.channel)
    ]


def _entry(words: Catalogue, user: User, reminder: Reminder, said: str) -> dict[str, str]:
    local = reminder.planned_at.astimezone(user.zone)
    return {
        "when": f"{full_date(local.date(), words.language)} {wall_text(local.time())}",
        "channel": words.say(f"page_channel_{reminder.channel}"),
        "text": words.sentences(because(user.language, reminder.trigger), said),
    }

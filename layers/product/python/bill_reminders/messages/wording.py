"""The phrases that all channels share: how far the due date is, and why the message came."""

from collections.abc import Sequence
from datetime import date

from bill_reminders.domain import cards
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Owed, Standing
from bill_reminders.domain.reminders import Trigger, TriggerKind
from bill_reminders.messages.catalogue import Catalogue
from bill_reminders.messages.lateness import Write, cost_of_missing
from bill_reminders.messages.locale import amount, short_date, weekday_date
from bill_reminders.messages.names import title
from bill_reminders.messages.notices import WHOLE, Notice, Part


def is_late(notice: Notice, today: date) -> bool:
    """Whether it is overdue in earnest: once the minimum is paid, only interest can run."""
    return notice.due_on < today and notice.owed.standing is not Standing.MINIMUM_MET


def is_to_be_taken(notice: Notice, today: date) -> bool:
    """Whether the biller will take the money, so that there is nothing to do but keep it ready."""
    return notice.will_be_debited and notice.due_on >= today


def due(words: Catalogue, notice: Notice, today: date) -> str:
    """How far the due date is; softer when only interest can run any more."""
    if notice.due_on < today and not is_late(notice, today):
        return words.say("balance_open")
    return due_date(words, notice.due_on, today)


def due_in_list(words: Catalogue, notice: Notice, today: date) -> str:
    """How far the due date is, for a bill among several: no sentence of its own says there that a
    debit failed or will come, or that the date moved."""
    far = due(words, notice, today)
    if notice.trigger.kind is TriggerKind.AUTOPAY_FAILED:
        return words.say("due_with_note", due=far, note=words.say("rule_autopay_failed"))
    if is_to_be_taken(notice, today):
        return words.say("due_with_note", due=far, note=words.say("note_autopay"))
    if notice.date_changed:
        return words.say("due_with_note", due=far, note=words.say("note_date_changed"))
    return far


def due_date(words: Catalogue, due_on: date, today: date) -> str:
    """How far `due_on` is from `today`, the user's local date when the message goes out.

    Never from the trigger: a reminder that was planned three days ahead may go out late.
    """
    match (due_on - today).days:
        case 0:
            return words.say("due_today")
        case 1:
            return words.say("due_tomorrow")
        case -1:
            return words.say("overdue_one_day")
        case days if days > 0:
            return words.say("due_in_days", days=days)
        case days:
            return words.say("overdue_days", days=-days)


def rule(words: Catalogue, trigger: Trigger) -> str:
    """What `trigger` stands for: a line of the user's plan, a snooze, a failed debit."""
    match trigger.kind, trigger.days:
        case TriggerKind.LEAD, 0:
            key = "rule_due_day"
        case TriggerKind.LEAD, 1:
            key = "rule_one_day_before"
        case TriggerKind.LEAD, _:
            key = "rule_days_before"
        case TriggerKind.OVERDUE, 1:
            key = "rule_one_day_after"
        case TriggerKind.OVERDUE, _:
            key = "rule_days_after"
        case TriggerKind.SNOOZE, _:
            key = "rule_snoozed"
        case TriggerKind.AUTOPAY_FAILED, _:
            key = "rule_autopay_failed"
    return words.say(key, days=trigger.days)


def why(words: Catalogue, notices: Sequence[Notice], *, short: bool = False) -> str:
    """Why these came, in one sentence: their rule if they share one, else the plan."""
    triggers = {notice.trigger for notice in notices}
    if len(triggers) > 1:
        return words.say("why_plan_short" if short else "why_plan")
    trigger = triggers.pop()
    if trigger.kind is TriggerKind.SNOOZE:
        return words.say("why_snoozed")
    if trigger.kind is TriggerKind.AUTOPAY_FAILED:
        return words.say("why_autopay_failed")
    return words.say("why_short" if short else "why", rule=rule(words, trigger))


def if_paid(words: Catalogue, notice: Notice, today: date) -> str:
    """A word for who has paid already, when the bill is overdue; else nothing."""
    return words.say("if_paid") if is_late(notice, today) else ""


def pay_by(words: Catalogue, notice: Notice, today: date) -> str:
    """The last working day before, where money may not move on the due date and that day is not
    over yet; else nothing."""
    day = _payable_until(notice, today)
    return words.say("pay_by", date=weekday_date(day, words.language)) if day else ""


def with_last_working_day(words: Catalogue, said: str, notice: Notice, today: date) -> str:
    """`said` of a bill in a list, with what pay_by says as a note: which bill a sentence after the
    list is about, nobody could tell."""
    day = _payable_until(notice, today)
    if day is None:
        return said
    note = words.say("note_last_working_day", date=short_date(day, words.language))
    return words.say("due_with_note", due=said, note=note)


def _payable_until(notice: Notice, today: date) -> date | None:
    day = notice.last_working_day
    return None if day is None or day < today else day


def bill_title(words: Catalogue, notice: Notice, *, width: int) -> str:
    """The biller and the bill's name, each at most `width` UTF-16 code units."""
    return title(notice.bill, words.say("bill_unnamed"), width=width)


def keep_money(
    words: Catalogue, notice: Notice, today: date, write: Write | None = None, *, bill: str = ""
) -> str:
    """What stands in place of the usual words when the money will be taken: how much must be there
    by when; nothing otherwise. `bill` is named where no title does."""
    if not is_to_be_taken(notice, today):
        return ""
    left = notice.owed.left
    if left is None:
        key = "sms_keep_enough_money" if bill else "keep_enough_money"
    else:
        key = "sms_keep_money" if bill else "keep_money"
    text = write or _as_usual(words)
    return words.say(
        key,
        bill=bill,
        amount=amount_of(words, notice, today, write) if left is None else text(left),
        when=_when(words, notice.due_on, today),
        date=weekday_date(notice.due_on, words.language),
    )


def _when(words: Catalogue, day: date, today: date) -> str:
    """How far `day` is from `today`, which is not after it."""
    match (day - today).days:
        case 0:
            return words.say("day_today")
        case 1:
            return words.say("day_tomorrow")
        case days:
            return words.say("day_in_days", days=days)


def remark(words: Catalogue, notice: Notice, today: date, write: Write | None = None) -> str:
    """What a user would want to know about this one: a due date that moved, an amount far above the
    usual, the range of one that is not known, interest on what is left. Mostly nothing."""
    owed = notice.owed
    text = write or _as_usual(words)
    said: list[str] = []
    if notice.date_changed:
        said.append(words.say("date_changed"))
    if owed.usual is not None:
        said.append(words.say("far_above_usual", amount=text(owed.usual)))
    if owed.expected is not None:
        low, high = text(owed.expected.low), text(owed.expected.high)
        said.append(words.say("usual_range", low=low, high=high))
    if owed.standing is Standing.MINIMUM_MET:
        said.append(_interest(words, notice, today, write))
    return words.sentences(*said)


def _interest(words: Catalogue, notice: Notice, today: date, write: Write | None) -> str:
    """On what is left once the minimum is paid: how much, where the rate is known."""
    if not notice.bill.late_apr:
        return words.say("interest_may_run") if notice.due_on < today else ""
    return cost_of_missing(
        words.language,
        notice.bill,
        notice.occurrence,
        today=today,
        due_on=notice.due_on,
        write=write,
    )


def amount_alone(words: Catalogue, notice: Notice, today: date) -> str:
    """The amount where no words stand before it."""
    text = amount_of(words, notice, today)
    return text[0].upper() + text[1:]


def amount_of(words: Catalogue, notice: Notice, today: date, write: Write | None = None) -> str:
    """What is to be paid, as far as anybody knows: all, what is left, the minimum beside it, what
    is usual, or when the statement says. `write` writes the amounts, by default as the language
    does."""
    owed = notice.owed
    text = write or _as_usual(words)
    if owed.amount is None or owed.left is None:
        unknown = _unknown_amount(words, owed, today, text)
        if (paid := notice.paid_in_part) is None:
            return unknown
        return words.say("amount_and_paid", amount=unknown, paid=text(paid))
    if (missed := cards.missed_minimum(notice.bill, notice.occurrence, today)) is not None:
        return words.say("amount_minimum_missed", minimum=text(missed))
    values = {"amount": text(owed.amount), "left": text(owed.left)}
    if owed.standing is Standing.MINIMUM_MET:
        return words.say("amount_minimum_met", **values)
    if owed.minimum:
        values["minimum"] = text(Money(owed.minimum - owed.paid, owed.amount.currency))
        key = "amount_left_with_minimum" if owed.paid else "amount_with_minimum"
        return words.say(key, **values)
    return words.say("amount_left", **values) if owed.paid else values["amount"]


def _unknown_amount(words: Catalogue, owed: Owed, today: date, text: Write) -> str:
    if owed.expected is not None:
        return words.say("amount_about", amount=text(owed.expected.usual))
    if owed.statement_on is not None and owed.statement_on >= today:
        return words.say("amount_pending", date=short_date(owed.statement_on, words.language))
    return words.say("amount_unknown")


def _as_usual(words: Catalogue) -> Write:
    return lambda money: amount(money, words.language)


def headline(
    words: Catalogue, notices: Sequence[Notice], *, today: date, width: int, part: Part = WHOLE
) -> str:
    """The nearest bill and when it is due, without an amount: locked screens show it. Who reads no
    more than this shall not pay by hand what will be taken."""
    nearest = notices[0]
    say_due = due_in_list if is_to_be_taken(nearest, today) else due
    values = {
        "bill": bill_title(words, nearest, width=width),
        "due": say_due(words, nearest, today),
    }
    more = len(notices) - 1
    if more:
        line = words.say("bill_due_and_more", **values, more=more)
    else:
        line = words.say("bill_due", **values)
    return words.sentences(line, part_of(words, part))


def part_of(words: Catalogue, part: Part) -> str:
    """`(2 of 3)`, or nothing for a message that stands alone."""
    return words.say("part", number=part.number, of=part.of) if part.of > 1 else ""

"""The phrases that all channels share: how far the due date is, and why the message came."""

from collections.abc import Callable, Sequence
from datetime import date

from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Owed, Standing
from bill_reminders.domain.reminders import Trigger, TriggerKind
from bill_reminders.messages.catalogue import Catalogue
from bill_reminders.messages.locale import amount, short_date, weekday_date
from bill_reminders.messages.names import title
from bill_reminders.messages.notices import WHOLE, Notice, Part


def due(words: Catalogue, notice: Notice, today: date) -> str:
    """How far the due date is; softer when only interest can run any more."""
    if notice.due_on < today and notice.owed.standing is Standing.MINIMUM_MET:
        return words.say("balance_open")
    return due_date(words, notice.due_on, today)


def due_in_list(words: Catalogue, notice: Notice, today: date) -> str:
    """How far the due date is, for a bill among several: no sentence of its own says there that a
    debit failed or will come, or that the date moved."""
    far = due(words, notice, today)
    if notice.trigger.kind is TriggerKind.AUTOPAY_FAILED:
        return words.say("due_with_note", due=far, note=words.say("rule_autopay_failed"))
    if notice.will_be_debited and notice.due_on >= today:
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
    """The line of the user's plan that `trigger` stands for."""
    if trigger.kind is TriggerKind.SNOOZE:
        return words.say("rule_snoozed")
    if trigger.kind is TriggerKind.AUTOPAY_FAILED:
        return words.say("rule_autopay_failed")
    match trigger.kind, trigger.days:
        case TriggerKind.LEAD, 0:
            key = "rule_due_day"
        case TriggerKind.LEAD, 1:
            key = "rule_one_day_before"
        case TriggerKind.OVERDUE, 1:
            key = "rule_one_day_after"
        case TriggerKind.OVERDUE, _:
            key = "rule_days_after"
        case _:
            key = "rule_days_before"
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
    is_late = notice.due_on < today and notice.owed.standing is not Standing.MINIMUM_MET
    return words.say("if_paid") if is_late else ""


def pay_by(words: Catalogue, notice: Notice, today: date) -> str:
    """The last working day before, where money may not move on the due date and that day is not
    over yet; else nothing."""
    day = notice.last_working_day
    if day is None or day < today:
        return ""
    return words.say("pay_by", date=weekday_date(day, words.language))


def bill_title(words: Catalogue, notice: Notice, *, width: int) -> str:
    """The biller and the bill's name, each at most `width` UTF-16 code units."""
    return title(notice.bill, words.say("bill_unnamed"), width=width)


def remark(
    words: Catalogue, notice: Notice, today: date, write: Callable[[Money], str] | None = None
) -> str:
    """What a user would want to know about this one: the money that must be there, a due date that
    moved, an amount far above the usual, the range of one that is not known. Mostly nothing.
    `write` as for `amount_of`."""
    owed = notice.owed
    text = write or (lambda money: amount(money, words.language))
    said: list[str] = []
    if notice.will_be_debited and notice.due_on >= today:
        said.append(words.say("will_be_debited", date=weekday_date(notice.due_on, words.language)))
    if notice.date_changed:
        said.append(words.say("date_changed"))
    if owed.usual is not None:
        said.append(words.say("far_above_usual", amount=text(owed.usual)))
    if owed.expected is not None:
        low, high = text(owed.expected.low), text(owed.expected.high)
        said.append(words.say("usual_range", low=low, high=high))
    return words.sentences(*said)


def amount_alone(words: Catalogue, notice: Notice, today: date) -> str:
    """The amount where no words stand before it."""
    owed = notice.owed
    if owed.amount is None and owed.expected is None and not _is_pending(owed, today):
        return words.say("amount_unknown_alone")
    text = amount_of(words, notice, today)
    return text[0].upper() + text[1:]


def amount_of(
    words: Catalogue, notice: Notice, today: date, write: Callable[[Money], str] | None = None
) -> str:
    """What is to be paid, as far as anybody knows: all, what is left, the minimum beside it, what
    is usual, or when the statement says. `write` writes the amounts, by default as the language
    does."""
    owed = notice.owed
    text = write or (lambda money: amount(money, words.language))
    if owed.amount is None or owed.left is None:
        return _unknown_amount(words, owed, today, text)
    values = {"amount": text(owed.amount), "left": text(owed.left)}
    if owed.standing is Standing.MINIMUM_MET:
        return words.say("amount_minimum_met", **values)
    if owed.standing is Standing.PARTLY_PAID:
        return words.say("amount_left", **values)
    if owed.minimum:
        minimum = text(Money(owed.minimum, owed.amount.currency))
        return words.say("amount_with_minimum", minimum=minimum, **values)
    return values["amount"]


def _unknown_amount(words: Catalogue, owed: Owed, today: date, text: Callable[[Money], str]) -> str:
    if owed.expected is not None:
        return words.say("amount_about", amount=text(owed.expected.usual))
    if owed.statement_on is not None and _is_pending(owed, today):
        return words.say("amount_pending", date=short_date(owed.statement_on, words.language))
    return words.say("amount_unknown")


def _is_pending(owed: Owed, today: date) -> bool:
    return owed.statement_on is not None and owed.statement_on >= today


def headline(
    words: Catalogue, notices: Sequence[Notice], *, today: date, width: int, part: Part = WHOLE
) -> str:
    """The nearest bill and when it is due, without an amount: locked screens show it."""
    values = {
        "bill": bill_title(words, notices[0], width=width),
        "due": due(words, notices[0], today),
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

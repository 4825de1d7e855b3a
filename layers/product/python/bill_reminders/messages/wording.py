"""The phrases that all channels share: how far the due date is, and why the message came."""

from collections.abc import Sequence
from datetime import date

from bill_reminders.domain.reminders import Trigger
from bill_reminders.messages.catalogue import Catalogue
from bill_reminders.messages.locale import amount, weekday_date
from bill_reminders.messages.names import title
from bill_reminders.messages.notices import WHOLE, Notice, Part


def due(words: Catalogue, due_on: date, today: date) -> str:
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
    match trigger.offset:
        case 0:
            return words.say("rule_due_day")
        case -1:
            return words.say("rule_one_day_before")
        case 1:
            return words.say("rule_one_day_after")
        case _ if trigger.is_overdue:
            return words.say("rule_days_after", days=trigger.days)
        case _:
            return words.say("rule_days_before", days=trigger.days)


def why(words: Catalogue, notices: Sequence[Notice], *, short: bool = False) -> str:
    """Why these came, in one sentence: their rule if they share one, else the plan."""
    triggers = {notice.trigger for notice in notices}
    if len(triggers) > 1:
        return words.say("why_plan_short" if short else "why_plan")
    return words.say("why_short" if short else "why", rule=rule(words, triggers.pop()))


def if_paid(words: Catalogue, notice: Notice, today: date) -> str:
    """A word for who has paid already, when the bill is overdue; else nothing."""
    return words.say("if_paid") if notice.due_on < today else ""


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


def amount_alone(words: Catalogue, notice: Notice) -> str:
    """The amount where no words stand before it."""
    money = notice.bill.amount
    return words.say("amount_unknown_alone") if money is None else amount(money, words.language)


def headline(
    words: Catalogue, notices: Sequence[Notice], *, today: date, width: int, part: Part = WHOLE
) -> str:
    """The nearest bill and when it is due, without an amount: locked screens show it."""
    values = {
        "bill": bill_title(words, notices[0], width=width),
        "due": due(words, notices[0].due_on, today),
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

"""What it costs to miss a bill, in words: what is known of it, else what is usual for its kind."""

from collections.abc import Callable, Mapping
from datetime import date

from bill_reminders.domain import cards
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Kind
from bill_reminders.domain.lateness import LateCost, late_cost
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Standing
from bill_reminders.domain.people import Language
from bill_reminders.messages.catalogue import Catalogue, catalogue
from bill_reminders.messages.locale import amount, percent

type Write = Callable[[Money], str]
"""How an amount is written."""

_CREDIT = (Kind.CARD, Kind.LOAN, Kind.MORTGAGE, Kind.INSTALMENT)
_USUALLY: Mapping[Kind, str] = {
    **dict.fromkeys(_CREDIT, "usually_fee_and_interest"),
    **dict.fromkeys((Kind.UTILITY, Kind.RENT, Kind.OTHER), "usually_fee"),
    Kind.TAX: "usually_penalty",
}
_BESIDE: Mapping[Kind, str] = {
    **dict.fromkeys(_CREDIT, "late_credit"),
    Kind.INSURANCE: "late_cover",
    Kind.UTILITY: "late_supply",
    Kind.RENT: "late_lease",
    Kind.SUBSCRIPTION: "late_service",
}
"""What may come of it beside fees and interest."""


def cost_of_missing(
    language: Language,
    bill: Bill,
    occurrence: int,
    *,
    today: date,
    due_on: date,
    write: Write | None = None,
) -> str:
    """What it costs to miss `occurrence`, in one or two sentences; nothing when it is paid, or a
    newer statement of a card has taken it in.

    `due_on` is the date on which it is payable; after it, counted from the user's local `today`,
    they say what it has cost so far. `write` writes the amounts, by default as the language does.
    """
    owed = bill.owed(occurrence)
    if owed.is_closed or cards.is_carried(bill, occurrence, today):
        return ""
    words = catalogue(language)
    days_late = (today - due_on).days
    cost = late_cost(bill, occurrence, days=max(days_late, 1)) or LateCost(None, None)
    text = write or (lambda money: amount(money, language))
    parts = _parts(words, bill, cost, days_late, text)
    if owed.standing is Standing.MINIMUM_MET:  # only interest can run any more
        frame = "if_rest_waits" if days_late < 1 else "missed_so_far"
        return words.say(frame, cost=parts) if parts else words.say("interest_may_run")
    if parts:
        said = words.say("if_missed" if days_late < 1 else "missed_so_far", cost=parts)
    else:
        said = _of_kind(words, _USUALLY, bill.kind)
    return words.sentences(said, _of_kind(words, _BESIDE, bill.kind))


def _of_kind(words: Catalogue, lines: Mapping[Kind, str], kind: Kind) -> str:
    return words.say(lines[kind]) if kind in lines else ""


def _parts(words: Catalogue, bill: Bill, cost: LateCost, days_late: int, text: Write) -> str:
    """The fee and the interest; "" while neither is known."""
    fee, interest = "", _interest(words, bill, cost, days_late, text)
    if cost.fee is not None and cost.fee.amount:
        fee = words.say("late_fee", amount=text(cost.fee))
    if fee and interest:
        return words.say("late_fee_and_interest", fee=fee, interest=interest)
    is_free = cost.fee is not None or bill.late_apr is not None
    return fee or interest or (words.say("late_nothing") if is_free else "")


def _interest(words: Catalogue, bill: Bill, cost: LateCost, days_late: int, text: Write) -> str:
    """Of a day, or since the due date; of a year where that cannot be told in money."""
    if not bill.late_apr:
        return ""
    rate = percent(bill.late_apr, words.language)
    if cost.interest is None or not cost.interest.amount:
        return words.say("late_interest_a_year", rate=rate)
    key = "late_interest_a_day" if days_late < 1 else "late_interest_so_far"
    return words.say(key, amount=text(cost.interest), rate=rate)

"""SMS for countries that register each wording: a closed set of whole sentences with gaps.

What goes out there is an instance of one of them, to the letter; `make texts` lists them for
registration. A wording's number is its name with providers and in the SmsOrigins parameter: it is
never given to another one.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from enum import IntEnum

from bill_reminders.channels.sms.text import READABLE_NAME, SmsText, fits, in_gsm, money_text
from bill_reminders.domain import cards
from bill_reminders.domain.countries import SmsRules
from bill_reminders.domain.people import Language
from bill_reminders.domain.reminders import TriggerKind
from bill_reminders.messages.catalogue import Catalogue, catalogue
from bill_reminders.messages.locale import weekday_date
from bill_reminders.messages.names import clean, shorten
from bill_reminders.messages.notices import Notice, Sender
from bill_reminders.messages.wording import bill_title, is_late, is_to_be_taken


class Wording(IntEnum):
    """One sentence in English. Those below FIRST have a second form with how to stop, that much
    higher; each language starts a hundred higher."""

    BEFORE = 1
    TODAY = 2
    OVERDUE = 3
    MINIMUM_MET = 4
    KEEP_MONEY = 5
    AUTOPAY_FAILED = 6
    NEW_DATE = 7
    TWO_BILLS = 8
    MORE_BILLS = 9
    KEEP_ENOUGH = 10
    DEAD_CHANNEL = 11
    CODE = 41
    TEST = 42
    PAID = 61
    SNOOZED = 62
    STOPPED = 63
    STARTED = 64
    NOTHING_DUE = 65
    WHICH = 66
    HELP = 67
    SNOOZE_LATE = 68
    UNDONE = 69
    SAID_LATE = 70


FIRST = 20
_STARTS = {
    Language.ENGLISH: 0,
    Language.SIMPLIFIED_CHINESE: 100,
    Language.TRADITIONAL_CHINESE: 200,
}

REMINDERS = frozenset(wording for wording in Wording if wording < FIRST)
"""Those that may be the first message to an address, what tells of a dead channel among them."""

KEYS = {
    Wording.BEFORE: "sms_fixed_before",
    Wording.TODAY: "sms_fixed_today",
    Wording.OVERDUE: "sms_fixed_overdue",
    Wording.MINIMUM_MET: "sms_fixed_minimum_met",
    Wording.KEEP_MONEY: "sms_fixed_keep_money",
    Wording.AUTOPAY_FAILED: "sms_fixed_autopay_failed",
    Wording.NEW_DATE: "sms_fixed_new_date",
    Wording.TWO_BILLS: "sms_fixed_two_bills",
    Wording.MORE_BILLS: "sms_fixed_more_bills",
    Wording.KEEP_ENOUGH: "sms_fixed_keep_enough",
    Wording.DEAD_CHANNEL: "sms_fixed_dead_channel",
    Wording.CODE: "sms_code_short",
    Wording.TEST: "sms_test",
    Wording.PAID: "sms_fixed_paid",
    Wording.SNOOZED: "sms_fixed_snoozed",
    Wording.STOPPED: "sms_fixed_stopped",
    Wording.STARTED: "sms_fixed_started",
    Wording.NOTHING_DUE: "sms_fixed_nothing_due",
    Wording.WHICH: "sms_fixed_which",
    Wording.HELP: "sms_fixed_help",
    Wording.SNOOZE_LATE: "sms_fixed_snooze_late",
    Wording.UNDONE: "sms_fixed_undone",
    Wording.SAID_LATE: "sms_fixed_said_late",
}

LONGEST_VALUE = 30
"""What India's DLT platforms let a gap hold, in characters; here in UTF-16 code units, which are no
fewer."""

LONGEST_AMOUNT = 24
"""Room for "about CLF 9,999,999.9900"."""

LONGEST_SENDER = 20
"""As the parameter SenderName allows."""

SHORTEST_BILL = 8


def number_of(wording: Wording, language: Language, *, first: bool = False) -> str:
    """The number that a wording is registered under."""
    return str(_STARTS[language] + wording + (FIRST if first else 0))


def pattern(
    wording: Wording, language: Language, *, sender: Sender, rules: SmsRules, first: bool = False
) -> str:
    """The wording with its gaps as {names}, the sender's name filled in: it is part of what is
    registered."""
    words = catalogue(language)
    text = words.texts[KEYS[wording]]
    if first:
        text = words.sentences(text, words.texts["sms_fixed_stop"])
    name = in_gsm(shorten(clean(sender.name), LONGEST_SENDER))
    name = name.replace("{", "{{").replace("}", "}}")
    return (rules.signature or words.texts["sms_from"]).format(sender=name, text=text)


def say(
    wording: Wording,
    language: Language,
    *,
    sender: Sender,
    rules: SmsRules,
    first: bool = False,
    **values: object,
) -> SmsText:
    """A code, a test message or an answer in its registered wording; long values are cut. `first`
    says how to stop, too."""
    form = pattern(wording, language, sender=sender, rules=rules, first=first)
    cut = {name: _value(str(value)) for name, value in values.items()}
    return SmsText(form.format_map(cut), number_of(wording, language, first=first))


def reminder(
    notices: Sequence[Notice],
    language: Language,
    *,
    today: date,
    sender: Sender,
    rules: SmsRules,
    source: str,
) -> SmsText:
    """One SMS for `notices`, the nearest due first. With `source` it is the first to its address,
    and says how to stop. Two bills stand in it if both names stay readable, else the nearest."""
    words = catalogue(language)
    first = bool(source)
    match notices:
        case [notice]:
            kinds = [(_single(notice, today), SHORTEST_BILL)]
        case [_, _]:
            kinds = [(Wording.TWO_BILLS, READABLE_NAME), (Wording.MORE_BILLS, SHORTEST_BILL)]
        case _:
            kinds = [(Wording.MORE_BILLS, SHORTEST_BILL)]
    texts = (
        SmsText(
            pattern(wording, language, sender=sender, rules=rules, first=first).format_map(
                _values(words, notices, today, room)
                | {"source": _value(source, min(room, LONGEST_SENDER))}
            ),
            number_of(wording, language, first=first),
        )
        for wording, shortest in kinds
        for room in range(LONGEST_VALUE, shortest - 1, -1)
    )
    return next(text for text in texts if fits(text.body))


def listing(language: Language, *, sender: Sender, rules: SmsRules) -> Iterator[tuple[str, str]]:
    """The number and pattern of every wording."""
    for first in (False, True):
        for wording in Wording:
            if not first or wording in REMINDERS:
                form = pattern(wording, language, sender=sender, rules=rules, first=first)
                yield number_of(wording, language, first=first), form


def _single(notice: Notice, today: date) -> Wording:
    if is_to_be_taken(notice, today):
        return Wording.KEEP_ENOUGH if notice.owed.left is None else Wording.KEEP_MONEY
    if notice.trigger.kind is TriggerKind.AUTOPAY_FAILED:
        return Wording.AUTOPAY_FAILED
    if notice.due_on < today:
        return Wording.OVERDUE if is_late(notice, today) else Wording.MINIMUM_MET
    if notice.date_changed:
        return Wording.NEW_DATE
    return Wording.TODAY if notice.due_on == today else Wording.BEFORE


def _values(words: Catalogue, notices: Sequence[Notice], today: date, room: int) -> dict[str, str]:
    """What fills the gaps; names that a wording has not are left over."""
    values = {"count": str(len(notices))}
    for end, notice in zip(("", "_2"), notices, strict=False):
        values[f"bill{end}"] = _title(words, notice, room)
        values[f"amount{end}"] = _amount(words, notice, today)
        values[f"date{end}"] = _value(weekday_date(notice.due_on, words.language))
    return values


def _title(words: Catalogue, notice: Notice, room: int) -> str:
    """The biller and the bill's name, as much of both as `room` holds."""
    titles = (bill_title(words, notice, width=width) for width in range(room, 0, -1))
    return next(fitting for title in titles if (fitting := _fitting(title, room)))


def _amount(words: Catalogue, notice: Notice, today: date) -> str:
    """One amount: what is left to pay, or what is usual; else that nobody knows. Half an amount
    would be a wrong one, so what does not fit is not known either."""
    owed = notice.owed
    left = cards.missed_minimum(notice.bill, notice.occurrence, today) or owed.left
    if left is not None:
        text = money_text(left, words.language)
    elif owed.expected is not None:
        usual = money_text(owed.expected.usual, words.language)
        text = words.say("amount_about", amount=usual)
    else:
        text = ""
    return _fitting(text, LONGEST_AMOUNT) or words.say("amount_unknown")


def _value(text: str, room: int = LONGEST_VALUE) -> str:
    """`text` in at most `room` UTF-16 code units; the dots of GSM-7 take more than an ellipsis."""
    cuts = (shorten(text, width) for width in range(room, 0, -1))
    return next(fitting for cut in cuts if (fitting := _fitting(cut, room)) or not cut)


def _fitting(text: str, room: int) -> str:
    """`text` as it is sent, or "" if that takes more than `room`."""
    sent = in_gsm(text)
    return sent if shorten(sent, room) == sent else ""

"""What an administrator is told of a reminder, in plain English. Times are those of the user's own
clock, with UTC beside it where it differs."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.explaining import Answer, Explanation
from bill_reminders.domain.ledger import Recorded, State
from bill_reminders.domain.people import Language, StoppedBy, User
from bill_reminders.domain.reminders import SkipReason, Trigger, TriggerKind
from bill_reminders.messages.locale import full_date

ADDRESSES: Mapping[Channel, str] = {
    Channel.SMS: "phone number",
    Channel.PUSH: "device",
    Channel.EMAIL: "e-mail address",
}

NAMES: Mapping[Channel, str] = {
    Channel.SMS: "SMS",
    Channel.PUSH: "push",
    Channel.EMAIL: "e-mail",
}

STOPS: Mapping[StoppedBy, str] = {
    StoppedBy.REPLY: "its owner replied STOP",
    StoppedBy.PAGE: "the user stopped it on a page",
    StoppedBy.UNSUBSCRIBE: "the user pressed unsubscribe in their mail program",
    StoppedBy.PROVIDER: "its owner opted out with the provider",
    StoppedBy.BOUNCED: "a message came back: there is no such address any more",
    StoppedBy.COMPLAINT: "its owner reported a message as unwanted",
}

SKIPS: Mapping[SkipReason, str] = {
    SkipReason.NO_ADDRESS: "There was no usable {address} when it was due.",
    SkipReason.MERGED: "Quiet hours brought it to the day of a nearer one, which went instead.",
    SkipReason.SUPERSEDED: "It was missed, and a nearer reminder of the same date took its place.",
    SkipReason.EXPIRED: "It was missed, and by then it would not have helped any more.",
    SkipReason.SNOOZED: "The user asked not to hear of it before a later day.",
    SkipReason.WHILE_PAID: "It fell due while its date stood as paid; that was undone later.",
    SkipReason.CARRIED: "A newer statement of the card had taken in what was left.",
    SkipReason.WITHDRAWN: "While it waited for another try, something made it needless.",
    SkipReason.RESTORED: "It was planned before a restore from backup, and may have gone out.",
}

STATES: Mapping[State, str] = {
    State.CLAIMED: "A sender took it on and is about to send it.",
    State.IN_DIGEST: "It travels in one message with others.",
    State.WAITING: "It was not sent, or nobody knows; it is tried again.",
    State.SENT: "The provider accepted it, and has said nothing of it since.",
    State.DELIVERED: "The provider says that it arrived.",
    State.BOUNCED: "It came back: there is no such address.",
    State.COMPLAINED: "It arrived, and its reader reported it as unwanted.",
    State.FAILED: "The provider refused it for good, or could not deliver it.",
    State.EXPIRED: "The provider gave up after trying for as long as it does.",
    State.UNKNOWN: "Nobody can tell whether it went out.",
    State.SKIPPED: "It was due and did not go out.",
}

_ANSWERS: Mapping[Answer, str] = {
    Answer.CLOSED: "The bill was closed on {at}: nothing reminds of it.",
    Answer.NOT_MINE: "The user said on {at} that the bill is not theirs: nothing reminds of it.",
    Answer.SILENCED: "The user stopped the reminders of this bill on {at}.",
    Answer.NOTHING_OWED: "No date of it is owed: all are from before {owed_from}, or it has none.",
    Answer.NOT_IN_PLAN: "The plan of this bill does not name {channel}.",
    Answer.NO_ADDRESS: "The user has no {address}.",
    Answer.UNCONFIRMED: (
        "The {address} may not be used: nobody entered the code that was sent to it, and no biller "
        "vouches for it."
    ),
    Answer.STOPPED: "The {address} is stopped since {at}: {stop}.",
    Answer.BEYOND: (
        "The account has more reminders than are planned, so nothing of it is: its plan or its "
        "bills have to become fewer."
    ),
    Answer.PUT_ASIDE: (
        "The user was put aside for {channel} on {at}, because their wake-up failed each time it "
        "was tried. It is tried once a day."
    ),
    Answer.PAUSED: "The user paused all reminders up to {until}.",
    Answer.DUE: "A reminder of {due} is due now, and goes out with the next look of the sender.",
    Answer.SWITCHED_OFF: (
        "A reminder of {due} is due, and an administrator has closed {channel}: it goes out when "
        "that is opened, if it still helps then."
    ),
    Answer.LIMIT: (
        "A reminder of {due} is due, and as many messages went out today as may on {channel}."
    ),
    Answer.WAITING: (
        "A reminder of {due} was tried and did not go out for certain ({reason}); it is tried "
        "again on {waits_until}."
    ),
    Answer.QUIET: "A reminder of {due} waits for the end of the quiet hours for {channel}.",
    Answer.SNOOZED: "The user asked on this bill to hear nothing of {due} before {until}.",
    Answer.ALL_PAID: "Nothing is left to pay of it, and no date comes any more.",
    Answer.PAID: "{due} is paid.",
    Answer.SENT: "{trigger} of {due}: {row}",
    Answer.SKIPPED: "{trigger} of {due}: {row}",
    Answer.STANDS_IN: "{channel} takes no part by the plan; it stands in where others fail.",
    Answer.NOT_YET: "Nothing was due yet of {due}.",
    Answer.NO_MORE: "By the plan no reminder of {due} is to come.",
}


def sentence(found: Explanation, user: User) -> str:
    """Why it is, or is not, reminded of; and what comes next."""
    zone = user.zone
    words: dict[str, Callable[[], str]] = {
        "at": lambda: when(found.at, zone),
        "until": lambda: day(found.until),
        "due": lambda: due_date(found.bill, found.due_on),
        "owed_from": lambda: day(found.bill.owed_from),
        "channel": lambda: NAMES[found.channel],
        "address": lambda: ADDRESSES[found.channel],
        "stop": lambda: STOPS[StoppedBy(found.reason or "")],
        "reason": lambda: found.reason or "no answer",
        "waits_until": lambda: when(None if found.row is None else found.row.not_before, zone),
        "row": lambda: "" if found.row is None else outcome(found.row, found.channel),
        "trigger": lambda: "" if found.row is None else trigger(found.row.reminder.trigger),
    }
    text = _ANSWERS[found.answer].format_map(_Lazy(words))
    said = text[0].upper() + text[1:]
    if found.following is None:
        return said
    coming = found.following
    next_one = f"{trigger(coming.reminder.trigger)}, {when(coming.at, zone)}"
    return f"{said} Next: {next_one}."


class _Lazy(dict[str, Callable[[], str]]):
    """Words by name, each made when a sentence has it."""

    def __getitem__(self, name: str) -> str:  # type: ignore[override]
        return super().__getitem__(name)()


def outcome(row: Recorded, channel: Channel) -> str:
    """What became of a reminder, and of the message that carries it."""
    state = row.message_state or row.state
    if row.state is State.SKIPPED or row.reason == SkipReason.RESTORED:
        try:
            return SKIPS[SkipReason(row.reason or "")].format(address=ADDRESSES[channel])
        except ValueError:
            return STATES[row.state]
    said = STATES[state]
    if row.reason and state in (State.FAILED, State.WAITING, State.UNKNOWN, State.BOUNCED):
        said = f"{said} The reason noted: {row.reason}."
    if row.resends:
        said = f"{said} It was sent once more, as nobody knew."
    return said


def trigger(cause: Trigger) -> str:
    """Which reminder of a date it is."""
    match cause.kind:
        case TriggerKind.AUTOPAY_FAILED:
            return "Automatic payment failed"
        case TriggerKind.SNOOZE:
            return "The reminder asked for" if cause.day is None else f"Asked for {day(cause.day)}"
        case TriggerKind.OVERDUE:
            return f"{_days(cause.days)} overdue"
    return "On the due day" if cause.days == 0 else f"{_days(cause.days)} before"


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def due_date(bill: Bill, due_on: date | None) -> str:
    """A due date as it is to be paid; with the nominal one where a weekend moves it."""
    if due_on is None:
        return "its date"
    payable_on = bill.payable_on(due_on)
    moved = "" if payable_on == due_on else f" (for {day(due_on)})"
    return f"{day(payable_on)}{moved}"


def day(day_: date | None) -> str:
    return "" if day_ is None else full_date(day_, Language.ENGLISH)


def when(instant: datetime | None, zone: ZoneInfo) -> str:
    """`Friday 5 March 2027 at 09:00 (14:00 UTC)`."""
    if instant is None:
        return "a later minute"
    local, utc = instant.astimezone(zone), instant.astimezone(UTC)
    beside = "UTC" if local.utcoffset() == utc.utcoffset() else f"{utc:%H:%M} UTC"
    if local.date() != utc.date():
        beside = f"{utc:%Y-%m-%d %H:%M} UTC"
    return f"{day(local.date())} at {local:%H:%M} ({beside})"

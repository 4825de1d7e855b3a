"""A nudge comes in: claim what is due, send it once, mark what became of it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import uniform

from bill_reminders.delivery.nudges import Nudge
from bill_reminders.delivery.providers import NoAnswer, Refused, Rejected
from bill_reminders.domain.clock import floor_minute, local_date, next_minute
from bill_reminders.domain.ledger import State
from bill_reminders.domain.people import Channel, User
from bill_reminders.messages.notices import Notice, Part
from bill_reminders.storage import ledger
from bill_reminders.storage.ledger import ROWS_AT_MOST, Claim

AHEAD_AT_MOST = timedelta(minutes=5)
"""How far a nudge's minute may run ahead of this machine's clock and still be believed."""

DELAY_AT_MOST_MINUTES = 60


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to compose and send.

    `today` is the user's local date; all words count days from it. `first` is the first message
    to this address, which says how to stop. `message_id` is ours and says nothing about the user.
    """

    user: User
    address: str = field(repr=False)
    notices: tuple[Notice, ...]
    today: date
    first: bool
    part: Part
    message_id: str


Send = Callable[[Outgoing], str]
"""Compose and send; the provider's message id. Raises providers.Refused, Rejected or NoAnswer."""


def effective_now(clock: datetime, nudge: Nudge) -> datetime:
    """The later of the clock and the nudge's minute, so that a clock which is slow by less than
    five minutes still finds due what woke it."""
    return nudge.minute if clock < nudge.minute <= clock + AHEAD_AT_MOST else clock


def deliver(user_id: str, channel: Channel, *, now: datetime, send: Send) -> Counter[State]:
    """Send the user everything that is due on `channel` at `now`; what became of the messages.

    Raises accounts.UnknownUser, accounts.Contended, transactions.Busy. A claim whose release or
    mark was what failed stays `claimed`, with a lease that runs out.
    """
    outcomes: Counter[State] = Counter()
    number = 0
    more = True
    while more:
        claim = ledger.claim_next(user_id, channel, now=now)
        more = claim.more
        if claim.reminders:
            number += 1
            part = Part(number, number - (-claim.left // ROWS_AT_MOST))
            outcomes[_send_claim(claim, part, now, send)] += 1
    return outcomes


def _send_claim(claim: Claim, part: Part, now: datetime, send: Send) -> State:
    address = claim.user.address(claim.channel)
    assert address is not None, "planning lets nothing be claimed without a usable address"
    outgoing = Outgoing(
        user=claim.user,
        address=address.value,
        notices=tuple(
            Notice(claim.bills[reminder.bill_id], reminder.due_on, reminder.trigger)
            for reminder in claim.reminders
        ),
        today=local_date(now, claim.user.zone),
        first=claim.first,
        part=part,
        message_id=claim.owner,
    )
    try:
        provider_id = send(outgoing)
    except Refused as refusal:
        later = _later(now, claim.attempt)
        ledger.release(claim, not_before=later, reason=refusal.reason, now=now)
        return State.WAITING
    except Rejected as rejection:
        ledger.mark(claim, State.FAILED, now=now, reason=rejection.reason)
        return State.FAILED
    except NoAnswer:
        ledger.mark(claim, State.UNKNOWN, now=now, reason="no_answer")
        return State.UNKNOWN
    ledger.mark(claim, State.SENT, now=now, provider_id=provider_id)
    return State.SENT


def _later(now: datetime, attempt: int) -> datetime:
    """When to ask the provider again: 1, 2, 4 ... minutes, an hour at most, each with jitter so
    that those refused together do not come back together."""
    minutes = min(DELAY_AT_MOST_MINUTES, 2 ** (attempt - 1))
    return next_minute(floor_minute(now) + timedelta(minutes=minutes * uniform(0.5, 1.5)))

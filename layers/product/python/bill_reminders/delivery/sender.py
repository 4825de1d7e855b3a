"""A wake-up comes in: claim what is due, send it once, mark what became of it."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, time, timedelta
from random import uniform

from aws_lambda_powertools import Logger

from bill_reminders import metrics
from bill_reminders.channels.given import Outgoing
from bill_reminders.channels.providers import NoAnswer, Refused, Rejected
from bill_reminders.delivery import claims, failures
from bill_reminders.delivery.claims import ROWS_AT_MOST, Claim, HeldUntil
from bill_reminders.delivery.failures import Failure
from bill_reminders.delivery.wake_ups import WakeUp
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import MayPass
from bill_reminders.domain.ledger import State
from bill_reminders.domain.local_time import DAY, floor_minute, instant_of, local_date, next_minute
from bill_reminders.messages.notices import Notice, Part
from bill_reminders.storage.accounts import FirstRead, UnknownUser
from bill_reminders.trouble import may_pass

logger = Logger(child=True)

AHEAD_AT_MOST = timedelta(minutes=5)
"""How far a wake-up's minute may run ahead of this machine's clock and still be believed."""

DELAY_AT_MOST_MINUTES = 60

PAGE, UNSUBSCRIBE = "/r/", "/u/"
"""Where a message's token stands in an address: the shorter, the more room an SMS has for words."""


class NotGivenBack(MayPass):
    """What was claimed was not sent and stays `claimed` until its lease runs out."""


Send = Callable[[Outgoing], str]
"""Compose and send; the provider's message id. Raises providers.Refused, Rejected or NoAnswer."""


def effective_now(clock: datetime, wake_up: WakeUp) -> datetime:
    """The later of the clock and the wake-up's minute, so that a clock which is slow by less than
    five minutes still finds due what woke it."""
    return wake_up.minute if clock < wake_up.minute <= clock + AHEAD_AT_MOST else clock


def deliver(
    user_id: str,
    channel: Channel,
    *,
    now: datetime,
    send: Send,
    link_origin: str = "",
    note_lag: Callable[[timedelta], None] = lambda lag: None,
    first_read: FirstRead | None = None,
    held_until: HeldUntil = lambda user: None,
    unknown_before: datetime | None = None,
    counted: Counter[str] | None = None,
) -> Counter[State]:
    """Send the user everything that is due on `channel` at `now`; what became of the messages. They
    carry links that begin with `link_origin`, or none. `note_lag` hears of each message that was
    accepted how long before `now` its user was to be woken. `first_read` is the user's account as
    far as it was read before, `held_until` tells whose reminders wait. What was planned
    `unknown_before` is noted and not sent, see claims.claim_next. `counted` is told what
    happens, as it happens, by metrics' names.

    Raises accounts.UnknownUser, what trouble.may_pass names (NotGivenBack is of it), and whatever
    composing a message or marking it raises.
    """
    outcomes: Counter[State] = Counter()
    counted = Counter() if counted is None else counted
    number = 0
    more = True
    while more:
        claim = claims.claim_next(
            user_id,
            channel,
            with_link=bool(link_origin),
            now=now,
            first_read=first_read,
            held_until=held_until,
            unknown_before=unknown_before,
        )
        first_read = None
        more = claim.more
        counted["Skipped"] += claim.skipped
        if claim.aside:
            logger.error(
                "too much to plan, put aside",
                user_id=user_id,
                channel=channel.value,
                **metrics.signal("AccountsPutAside"),
            )
        if claim.capped:
            logger.error(
                "daily cap reached, the rest waits",
                user_id=user_id,
                channel=channel.value,
                **metrics.signal("DailyCapReached"),
            )
        if claim.reminders:
            number += 1
            part = Part(number, number - (-claim.left // ROWS_AT_MOST))
            counted["Claimed"] += 1
            outcome = _send_claim(claim, part, now, send, link_origin)
            outcomes[outcome] += 1
            counted[outcome.value.capitalize()] += 1
            # what is left stays in the index: no second message is risked to learn the same
            more = more and outcome not in TROUBLES
            if outcome is State.SENT and claim.woken_at is not None:
                note_lag(now - claim.woken_at)
    return outcomes


def _send_claim(claim: Claim, part: Part, now: datetime, send: Send, origin: str) -> State:
    address = claim.user.address(claim.channel)
    assert address is not None, "planning lets nothing be claimed without a usable address"
    today = local_date(now, claim.user.zone)
    outgoing = Outgoing(
        user=claim.user,
        address=address.value,
        notices=tuple(
            Notice.of(claim.bills[reminder.bill_id], reminder) for reminder in claim.reminders
        ),
        today=today,
        expires_in=instant_of(today + DAY, time(), claim.user.zone) - now,
        first=claim.first,
        part=part,
        message_id=claim.owner,
        link=None if claim.token is None else f"{origin}{PAGE}{claim.token}",
        unsubscribe_link=None if claim.token is None else f"{origin}{UNSUBSCRIBE}{claim.token}",
    )
    try:
        provider_id = send(outgoing)
    except Refused as refusal:
        later = _later(now, claim.attempt)
        _give_back(claim, not_before=later, reason=refusal.reason, now=now)
        _log_refusal(claim, refusal)
        return State.WAITING
    except Rejected as rejection:
        _note_failure(claim, rejection, address.value, now)
        return State.FAILED
    except NoAnswer:
        claims.mark_unknown(claim, reason="no_answer", now=now)
        return State.UNKNOWN
    except Exception:
        # nothing left this machine: the words could not be composed
        _give_back(claim, not_before=None, reason="not_composed", now=now)
        raise
    claims.mark(claim, State.SENT, now=now, provider_id=provider_id)
    return State.SENT


TROUBLES = frozenset({State.WAITING, State.UNKNOWN})
"""What becomes of a message when its provider is in trouble: refused for now, or no answer."""


def _log_refusal(claim: Claim, refusal: Refused) -> None:
    log, words = (
        (logger.error, "account at fault, reminders wait")
        if refusal.of_account
        else (logger.warning, "provider refuses, reminders wait")
    )
    log(
        words,
        channel=claim.channel.value,
        reason=refusal.reason,
        attempt=claim.attempt,
        **metrics.signal("AccountFaults", when=refusal.of_account),
    )


def _note_failure(claim: Claim, rejection: Rejected, address: str, now: datetime) -> None:
    failure = Failure(State.FAILED, rejection.reason, rejection.stop, address)
    try:
        failures.note(claim, failure, now=now)
    except UnknownUser:  # erased in between
        claims.mark(claim, State.FAILED, reason=rejection.reason, now=now)
    except Exception as error:
        if not may_pass(error):
            raise
        # the next message to that address will be told the same, and stop it
        claims.mark_failed(claim, reason=rejection.reason, now=now)


def _give_back(claim: Claim, *, not_before: datetime | None, reason: str, now: datetime) -> None:
    """Release a claim that was not sent. Raises NotGivenBack when the tables do not let it."""
    try:
        claims.release(claim, not_before=not_before, reason=reason, now=now)
    except Exception as error:
        if not may_pass(error):
            raise
        raise NotGivenBack(f"{reason}, and the claim could not be given back") from error


def _later(now: datetime, attempt: int) -> datetime:
    """When to ask the provider again: 1, 2, 4 ... minutes, an hour at most, each with jitter so
    that those refused together do not come back together."""
    minutes = min(DELAY_AT_MOST_MINUTES, 2 ** (attempt - 1))
    return next_minute(floor_minute(now) + timedelta(minutes=minutes * uniform(0.5, 1.5)))

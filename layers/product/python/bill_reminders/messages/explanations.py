"""The answers to "why did I get this?" and "why did I not?"."""

from collections.abc import Mapping

from bill_reminders.domain.ledger import State
from bill_reminders.domain.people import Language
from bill_reminders.domain.reminders import SkipReason, Trigger, TriggerKind
from bill_reminders.messages.catalogue import catalogue
from bill_reminders.messages.locale import full_date
from bill_reminders.messages.wording import rule

_OUTCOMES: Mapping[State, str] = {
    State.CLAIMED: "outcome_claimed",
    State.IN_DIGEST: "outcome_in_digest",
    State.WAITING: "outcome_waiting",
    State.SENT: "outcome_sent",
    State.DELIVERED: "outcome_delivered",
    State.BOUNCED: "outcome_bounced",
    State.COMPLAINED: "outcome_complained",
    State.FAILED: "outcome_failed",
    State.EXPIRED: "outcome_expired",
    State.UNKNOWN: "outcome_unknown",
    State.SKIPPED: "outcome_skipped",
}

_SKIPS: Mapping[str, str] = {
    SkipReason.NO_ADDRESS: "skipped_no_address",
    SkipReason.MERGED: "skipped_merged",
    SkipReason.SUPERSEDED: "skipped_superseded",
    SkipReason.EXPIRED: "skipped_expired",
    SkipReason.SNOOZED: "skipped_snoozed",
    SkipReason.WHILE_PAID: "skipped_while_paid",
    SkipReason.CARRIED: "skipped_carried",
    SkipReason.WITHDRAWN: "skipped_withdrawn",
    SkipReason.RESTORED: "skipped_restored",
}


def because(language: Language, trigger: Trigger) -> str:
    """Why a reminder of `trigger` comes. True on any day: a snooze is named by its date."""
    words = catalogue(language)
    if trigger.kind is TriggerKind.AUTOPAY_FAILED:
        return words.say("why_autopay_failed")
    if trigger.day is not None:
        return words.say("why_snoozed_until", date=full_date(trigger.day, language))
    return words.say("why", rule=rule(words, trigger))


def outcome(language: Language, state: State, reason: str | None) -> str:
    """What became of a reminder, or will, in one sentence.

    `reason` is the ledger's: a skip reason, else a provider's words, which are not shown.
    """
    key = _OUTCOMES[state]
    if state is State.SKIPPED or (state is State.UNKNOWN and reason == SkipReason.RESTORED):
        key = _SKIPS.get(reason or "", key)
    return catalogue(language).say(key)

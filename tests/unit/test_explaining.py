"""The administrator's question, "why did she not get it?", has one true answer for every case."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bill_reminders.commands import mute, payments, snoozes, stops
from bill_reminders.console import sentences
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import MuteReason
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.explaining import Answer, Explanation, explain
from bill_reminders.domain.ledger import Recorded, State
from bill_reminders.domain.local_time import QuietHours
from bill_reminders.domain.people import Address, Join, Plan, StoppedBy
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.reminders import Reminder, SkipReason, Trigger
from tests.support.people import a_bill, a_user

DUE = date(2027, 3, 5)
NOW = datetime(2027, 3, 2, 12, tzinfo=UTC)
"""Three days before the due date, three hours after that day's reminder."""
MONTHLY = Recurrence(DUE, 1, Unit.MONTH)


def account(*, bill: dict[str, Any] | None = None, **user: Any) -> Account:
    fields: dict[str, Any] = {"due_on": DUE, "recurrence": MONTHLY} | (bill or {})
    return Account(version=1, user=a_user(**user), bills=(a_bill(**fields),))


def row(
    state: State, *, reason: str | None = None, trigger: str = "lead:3", **fields: Any
) -> dict[str, Recorded]:
    nine = datetime(2027, 3, 2, 9, tzinfo=UTC)
    reminder = Reminder("somebody", "bill", 0, DUE, Trigger.parse(trigger), Channel.SMS, nine)
    return {reminder.key: Recorded(reminder, state, reason=reason, **fields)}


def asked(
    known: Account, now: datetime = NOW, channel: Channel = Channel.SMS, **options: Any
) -> Explanation:
    return explain(known, known.bills[0], channel, now=now, **options)


def told(known: Account, now: datetime = NOW, **options: Any) -> str:
    return sentences.sentence(asked(known, now, **options), known.user)


SENT = row(State.SENT)


def paid(known: Account) -> Account:
    return payments.pay(known, "bill", None, payment_id="p", amount=None, now=NOW)


def muted(known: Account, reason: MuteReason) -> Account:
    return mute.mute(known, "bill", reason=reason, now=NOW)


def stopped(by: StoppedBy) -> Account:
    return stops.stop(account(), Channel.SMS, by=by, now=NOW)


def snoozed(known: Account) -> Account:
    return snoozes.snooze(known, "bill", 0, date(2027, 3, 4), confirmed=True, now=NOW)


CASES: dict[str, tuple[Account, Answer, str]] = {
    "closed": (
        account(bill={"closed_at": NOW}),
        Answer.CLOSED,
        "The bill was closed on Tuesday, March 2, 2027 at 12:00 (UTC): nothing reminds of it.",
    ),
    "not mine": (
        muted(account(), MuteReason.NOT_MINE),
        Answer.NOT_MINE,
        "The user said on Tuesday, March 2, 2027 at 12:00 (UTC) that the bill is not theirs",
    ),
    "silenced": (
        muted(account(), MuteReason.STOPPED),
        Answer.SILENCED,
        "The user stopped the reminders of this bill on Tuesday, March 2, 2027",
    ),
    "entered after its date": (
        account(bill={"recurrence": Recurrence(DUE), "owed_from": date(2027, 3, 6)}),
        Answer.NOTHING_OWED,
        "No date of it is owed: all are from before Saturday, March 6, 2027",
    ),
    "a plan without the channel": (
        replace(account(channels=(Channel.EMAIL,))),
        Answer.NOT_IN_PLAN,
        "The plan of this bill does not name SMS.",
    ),
    "no address": (
        replace(account(), user=a_user().without_address(Channel.SMS)),
        Answer.NO_ADDRESS,
        "The user has no phone number.",
    ),
    "an address without consent": (
        replace(account(), user=a_user().with_address(Channel.SMS, Address("+447700900124"))),
        Answer.UNCONFIRMED,
        "The phone number may not be used: nobody entered the code that was sent to it",
    ),
    "too many reminders": (
        replace(account(), beyond=True),
        Answer.BEYOND,
        "The account has more reminders than are planned",
    ),
    "put aside": (
        replace(account(), quarantined={Channel.SMS: NOW}),
        Answer.PUT_ASIDE,
        "The user was put aside for SMS on Tuesday, March 2, 2027 at 12:00 (UTC)",
    ),
    "paused": (
        account(paused_until=date(2027, 3, 3)),
        Answer.PAUSED,
        "The user paused all reminders up to Wednesday, March 3, 2027. Next: 1 day before, "
        "Thursday, March 4, 2027 at 09:00 (UTC).",
    ),
    "due": (
        account(),
        Answer.DUE,
        "A reminder of Friday, March 5, 2027 is due now, and goes out with the next look of the",
    ),
    "quiet": (
        account(quiet_hours=QuietHours(datetime(1, 1, 1, 8).time(), datetime(1, 1, 1, 18).time())),
        Answer.QUIET,
        "A reminder of Friday, March 5, 2027 waits for the end of the quiet hours for SMS.",
    ),
    "tried": (
        replace(
            account(),
            recorded=row(State.WAITING, reason="throttled", not_before=NOW + timedelta(minutes=5)),
        ),
        Answer.WAITING,
        "A reminder of Friday, March 5, 2027 was tried and did not go out for certain (throttled); "
        "it is tried again on Tuesday, March 2, 2027 at 12:05 (UTC).",
    ),
    "snoozed": (
        snoozed(replace(account(), recorded=SENT)),
        Answer.SNOOZED,
        "The user asked on this bill to hear nothing of Friday, March 5, 2027 before Thursday",
    ),
    "paid": (
        paid(account()),
        Answer.PAID,
        "Friday, March 5, 2027 is paid. Next: 3 days before, Friday, April 2, 2027 at 09:00 (UTC).",
    ),
    "paid for good": (
        paid(account(bill={"recurrence": Recurrence(DUE)})),
        Answer.ALL_PAID,
        "Nothing is left to pay of it, and no date comes any more.",
    ),
    "sent": (
        replace(account(), recorded=SENT),
        Answer.SENT,
        "3 days before of Friday, March 5, 2027: The provider accepted it, and has said nothing of "
        "it since. Next: 1 day before, Thursday, March 4, 2027 at 09:00 (UTC).",
    ),
    "not yet": (
        account(bill={"recurrence": Recurrence(date(2027, 4, 5))}),
        Answer.NOT_YET,
        "Nothing was due yet of Monday, April 5, 2027. Next: 3 days before, Friday, April 2",
    ),
    "a channel that stands in": (
        replace(
            account(),
            user=replace(
                a_user(channels=(Channel.EMAIL, Channel.SMS)),
                plan=Plan(channels=(Channel.EMAIL, Channel.SMS), joins=(Join(Channel.SMS, None),)),
            ),
        ),
        Answer.STANDS_IN,
        "SMS takes no part by the plan; it stands in where others fail.",
    ),
    "a plan without days": (
        replace(
            account(bill={"recurrence": Recurrence(DUE)}),
            user=replace(a_user(), plan=Plan(lead_days=(), overdue_days=())),
        ),
        Answer.NO_MORE,
        "By the plan no reminder of Friday, March 5, 2027 is to come.",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_every_case_has_its_sentence(name: str) -> None:
    known, answer, said = CASES[name]
    assert asked(known).answer is answer
    assert told(known).startswith(said), told(known)


def test_no_answer_is_left_out() -> None:
    elsewhere = {Answer.STOPPED, Answer.LIMIT, Answer.SKIPPED, Answer.SWITCHED_OFF}
    assert {answer for _, answer, _ in CASES.values()} | elsewhere == {*Answer}


@pytest.mark.parametrize("by", StoppedBy)
def test_every_stop_is_told_with_its_cause(by: StoppedBy) -> None:
    assert asked(stopped(by)).answer is Answer.STOPPED
    assert sentences.STOPS[by] in told(stopped(by))


def test_a_day_that_is_full_says_so() -> None:
    full = replace(account(), counted={Channel.SMS: (NOW.date(), 10)})
    assert asked(full, at_most=10).answer is Answer.LIMIT
    assert asked(full, at_most=11).answer is Answer.DUE
    assert "as many messages went out today as may on SMS" in told(full, at_most=10)


def test_a_channel_that_an_administrator_closed_says_so() -> None:
    assert asked(account(), is_open=False).answer is Answer.SWITCHED_OFF
    assert "an administrator has closed SMS" in told(account(), is_open=False)
    assert asked(paid(account()), is_open=False).answer is Answer.PAID


@pytest.mark.parametrize("reason", [each for each in SkipReason if each is not SkipReason.RESTORED])
def test_every_reason_to_skip_has_a_sentence(reason: SkipReason) -> None:
    known = replace(account(), recorded=row(State.SKIPPED, reason=reason.value))
    assert asked(known).answer is Answer.SKIPPED
    assert sentences.SKIPS[reason].format(address="phone number") in told(known)


@pytest.mark.parametrize("state", [each for each in State if each is not State.SKIPPED])
def test_every_state_and_receipt_has_a_sentence(state: State) -> None:
    ((_, recorded),) = row(state, reason="why").items()
    said = sentences.outcome(recorded, Channel.SMS)
    assert said.startswith(sentences.STATES[state])
    says_why = state in (State.FAILED, State.WAITING, State.UNKNOWN, State.BOUNCED)
    assert ("The reason noted: why." in said) is says_why


def test_what_travels_in_another_message_has_the_state_of_that() -> None:
    ((_, recorded),) = row(State.IN_DIGEST, message_state=State.DELIVERED).items()
    assert sentences.outcome(recorded, Channel.SMS) == sentences.STATES[State.DELIVERED]


def test_what_a_restore_left_open_says_so() -> None:
    ((_, recorded),) = row(State.UNKNOWN, reason=SkipReason.RESTORED.value).items()
    assert sentences.outcome(recorded, Channel.SMS) == sentences.SKIPS[SkipReason.RESTORED]


def test_the_users_clock_stands_beside_utc() -> None:
    known = paid(account(zone="Asia/Shanghai"))
    assert told(known).endswith("Friday, April 2, 2027 at 09:00 (01:00 UTC).")


def test_an_amount_is_never_part_of_it() -> None:
    known = account(bill={"amount": None, "note": "private", "reference": "INV-7"})
    assert "INV" not in told(known)
    assert Decimal("120.50") == a_bill(due_on=DUE).amount.amount  # type: ignore[union-attr]
    assert "120" not in told(account())

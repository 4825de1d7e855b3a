"""What became of a message that nobody marked: it is found, waits for a receipt, and is sent once
more at most, where that is better than perhaps nothing."""

import logging
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from pynamodb.exceptions import UpdateError

from bill_reminders.delivery import claims, direct_rows, receipts, reconciling, sweep
from bill_reminders.delivery.claims import LEASE
from bill_reminders.delivery.failures import Failure
from bill_reminders.delivery.wake_ups import WakeUp
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import RECEIPT_WAIT, State
from bill_reminders.domain.local_time import QuietHours, floor_minute
from bill_reminders.domain.people import Join, Plan, PlanChange
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.storage import accounts, channels, erasure, rows, tables
from bill_reminders.storage.access_tables import LinkItem
from bill_reminders.storage.accounts import Contended
from bill_reminders.storage.tables import BillItem, LedgerItem
from tests.adapters.conftest import SetClock
from tests.support import account_changes, wire
from tests.support.entered import (
    IN_THREE_DAYS,
    NINE,
    enter,
    ledger_of,
    states_of,
    wakes_at,
)
from tests.support.functions import Context, sample_event, sqs_event
from tests.support.moto_stack import MotoStack
from tests.support.people import a_bill, a_user
from tests.support.permissions import allowed, watched

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
TODAY = date(2027, 3, 1)
"""Due on the day of NINE: worth a second message."""
RENT, POWER = "rent#0000#r0#lead:0#sms", "power#0000#r0#lead:3#sms"
AFTER_LEASE = NINE + LEASE
AFTER_WAIT = NINE + LEASE + RECEIPT_WAIT


BUSY = wire.json_error("ProvisionedThroughputExceededException")
NO_ANSWER = wire.raises(wire.TIMEOUT)


class Died(BaseException):
    """The process is gone: nothing of ours may catch it."""


class Stage:
    """A stack with an SMS sender and the sweep, at a moment of one's choice."""

    def __init__(self, stack: MotoStack, set_clock: SetClock) -> None:
        self.stack = stack
        self.set_clock = set_clock
        self.sender = stack.function("SendSms")
        self.accepted = 0

    def send(self, user_id: str = "somebody", *, act: wire.Act | None = None) -> None:
        """The sender gets a wake-up; a provider that acts as `act` says, or takes everything."""
        before = len(self.messages())
        body = WakeUp(user_id, NINE).body()
        if act is None:
            self.sender.handler(sqs_event(body), Context())
        else:
            with wire.before(self.sender.reminders.provider, "Publish", act), suppress(Died):
                self.sender.handler(sqs_event(body), Context())
        self.accepted = len(self.messages()) - before

    def messages(self) -> list[str]:
        from moto.backends import get_backend

        backend = get_backend("sns")["123456789012"]["us-east-1"]
        return [text for _, text in backend.sms_messages.values()]

    def die_after_the_claim(self, user_id: str = "somebody") -> None:
        self.send(user_id, act=wire.raises(Died()))

    def sweep(self) -> None:
        self.stack.function("Settle").handler(sample_event("reconcile"), Context())


@pytest.fixture
def stage(stack: MotoStack, set_clock: SetClock) -> Stage:
    set_clock(NINE)
    return Stage(stack, set_clock)


def due_today(bill_id: str, user_id: str = "somebody") -> Bill:
    """Without the lead days that were missed before NINE."""
    return a_bill(user_id, bill_id, due_on=TODAY, plan_change=PlanChange(lead_days=(0,)))


def rent() -> None:
    enter(a_user(), due_today("rent"))


def row_of(bill_id: str) -> LedgerItem:
    (row,) = (row for row in ledger_of("somebody") if row.bill_id == bill_id)
    return row


# A claim that was never marked -------------------------------------------------------------------


def test_a_claim_is_its_owners_until_the_lease_is_over(stage: Stage) -> None:
    rent()
    stage.die_after_the_claim()
    stage.set_clock(AFTER_LEASE - 5 * SECOND)
    stage.sweep()
    assert states_of("somebody") == {RENT: "claimed"}


def test_a_claim_whose_lease_is_over_is_unknown(stage: Stage) -> None:
    rent()
    stage.die_after_the_claim()
    stage.set_clock(AFTER_LEASE + SECOND)
    stage.sweep()
    row = row_of("rent")
    assert (row.state, row.reason) == ("unknown", "not_marked")
    assert row.settle_at == AFTER_WAIT + timedelta(seconds=(row.recorded_at - NINE).seconds)
    stage.sweep()
    assert states_of("somebody") == {RENT: "unknown"}


@pytest.mark.parametrize("skipped", [False, True])
def test_an_erasure_takes_the_link_of_a_message_that_was_given_back(
    stage: Stage, skipped: bool
) -> None:
    """Nobody knows whether its reader has that link; the next claim has another one."""
    rent()
    claims.claim_next("somebody", Channel.SMS, with_link=True, now=NINE)
    for minutes in range(3, 16):
        stage.set_clock(NINE + minutes * MINUTE)
        stage.sweep()
    assert states_of("somebody") == {RENT: "waiting"}
    if skipped:
        account_changes.close_bill("somebody", "rent", now=NINE + 16 * MINUTE)
    claim = claims.claim_next("somebody", Channel.SMS, with_link=True, now=NINE + 16 * MINUTE)
    assert len(claim.reminders) == (not skipped)
    assert len(list(LinkItem.scan())) == 1 + (not skipped)
    erasure.erase("somebody")
    assert not list(LinkItem.scan())


def test_on_its_due_day_it_is_sent_once_more_and_never_a_third_time(stage: Stage) -> None:
    rent()
    stage.die_after_the_claim()
    for minutes in range(3, 16):
        stage.set_clock(NINE + minutes * MINUTE)
        stage.sweep()
    row = row_of("rent")
    assert (row.state, row.resends, row.settle_at) == ("waiting", 1, None)
    assert wakes_at("somebody") == NINE + 13 * MINUTE
    stage.die_after_the_claim()  # the second attempt, too
    assert row_of("rent").attempt == 2
    for minutes in range(17, 40):
        stage.set_clock(NINE + minutes * MINUTE)
        stage.sweep()
    row = row_of("rent")
    assert (row.state, row.resends, row.settle_at) == ("unknown", 1, None)
    stage.send()
    assert stage.accepted == 0


def test_the_second_attempt_is_marked_like_any_other(stage: Stage) -> None:
    rent()
    stage.die_after_the_claim()
    for minutes in (3, 15):
        stage.set_clock(NINE + minutes * MINUTE)
        stage.sweep()
    stage.set_clock(NINE + 16 * MINUTE)
    stage.send()
    assert stage.accepted == 1
    assert "STOP" in stage.messages()[-1].upper(), "the first message may never have been read"
    row = row_of("rent")
    assert (row.state, row.resends, row.settle_at) == ("sent", 1, None)


def test_before_its_due_day_it_stays_unknown_for_a_nearer_one_is_still_to_come(
    stage: Stage,
) -> None:
    enter(a_user(), a_bill(bill_id="rent", due_on=IN_THREE_DAYS))
    stage.die_after_the_claim()
    for minutes in (3, 15, 16):
        stage.set_clock(NINE + minutes * MINUTE)
        stage.sweep()
    row = row_of("rent")
    assert (row.state, row.resends, row.settle_at) == ("unknown", None, None)
    stage.send()
    assert stage.accepted == 0


@pytest.mark.parametrize(
    "bill",
    [
        {"due_on": TODAY + timedelta(days=1), "autopay": True},
        {"due_on": IN_THREE_DAYS, "plan_change": PlanChange(lead_days=(3,))},
        {"due_on": IN_THREE_DAYS, "plan_change": PlanChange(lead_days=(7, 3))},
    ],
    ids=["the only one of what is debited", "the only lead day", "the last lead day"],
)
def test_before_its_due_day_it_is_sent_once_more_when_no_nearer_one_is_to_come(
    stage: Stage, bill: dict[str, Any]
) -> None:
    enter(a_user(), a_bill(bill_id="rent", **bill))
    stage.die_after_the_claim()
    for minutes in (3, 15):
        stage.set_clock(NINE + minutes * MINUTE)
        stage.sweep()
    assert set(states_of("somebody").values()) - {"skipped"} == {"waiting"}
    stage.set_clock(NINE + 16 * MINUTE)
    stage.send()
    assert stage.accepted == 1
    assert [(row.state, row.resends) for row in ledger_of("somebody") if row.resends] == [
        ("sent", 1)
    ]


def test_of_a_digest_only_what_is_due_is_sent_again(stage: Stage) -> None:
    enter(
        a_user(),
        due_today("rent"),
        a_bill(bill_id="power", due_on=IN_THREE_DAYS),
    )
    stage.die_after_the_claim()
    for minutes in (3, 15):
        stage.set_clock(NINE + minutes * MINUTE)
        stage.sweep()
    assert states_of("somebody") == {RENT: "waiting", POWER: "unknown"}
    stage.set_clock(NINE + 16 * MINUTE)
    stage.send()
    assert states_of("somebody") == {RENT: "sent", POWER: "unknown"}
    assert row_of("power").message_key is None


def test_a_digest_whose_first_row_stays_unknown_still_gives_back_the_others(stage: Stage) -> None:
    """Its bill was deleted; the message's row is the one of the first key."""
    enter(a_user(), due_today("a"), due_today("b"))
    stage.die_after_the_claim()
    first, second = "a#0000#r0#lead:0#sms", "b#0000#r0#lead:0#sms"
    assert states_of("somebody") == {first: "claimed", second: "in_digest"}
    BillItem("somebody", "a").delete()
    for minutes in (3, 15):
        stage.set_clock(NINE + minutes * MINUTE)
        stage.sweep()
    assert states_of("somebody") == {first: "unknown", second: "waiting"}


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda: account_changes.record_payment("somebody", "rent", 0, payment_id="p", now=NINE),
        lambda: account_changes.close_bill("somebody", "rent", now=NINE),
        lambda: account_changes.stop("somebody", Channel.SMS, now=NINE),
    ],
    ids=["paid", "closed", "stopped"],
)
def test_what_happened_meanwhile_keeps_the_second_message_back(
    stage: Stage, meanwhile: object
) -> None:
    rent()
    stage.die_after_the_claim()
    assert callable(meanwhile)
    meanwhile()
    for minutes in (3, 15, 16):
        stage.set_clock(NINE + minutes * MINUTE)
        stage.sweep()
        stage.send()
        assert stage.accepted == 0
    assert row_of("rent").state == "unknown", "never skipped: it may have gone out"


def test_a_second_message_that_would_come_too_late_is_not_sent(stage: Stage) -> None:
    rent()
    stage.die_after_the_claim()
    for later in (MINUTE * 3, MINUTE * 15):
        stage.set_clock(NINE + later)
        stage.sweep()
    stage.set_clock(NINE + timedelta(days=1))  # the due day is over before it could be sent
    stage.send()
    assert stage.accepted == 1, "the overdue notice"
    states = states_of("somebody")
    assert states == {RENT: "unknown", "rent#0000#r0#overdue:1#sms": "sent"}
    assert {row.trigger: row.resends for row in ledger_of("somebody")} == {
        "lead:0": 1,
        "overdue:1": None,
    }


def test_the_channels_policy_may_forbid_a_second_message(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage.stack.function("Settle"), "resend", frozenset({Channel.EMAIL}))
    rent()
    stage.die_after_the_claim()
    for minutes in (3, 15):
        stage.set_clock(NINE + minutes * MINUTE)
        stage.sweep()
    assert states_of("somebody") == {RENT: "unknown"}
    assert row_of("rent").settle_at is None


# A provider that gave no answer ------------------------------------------------------------------


def test_what_got_no_answer_waits_for_a_receipt_and_is_sent_once_more(stage: Stage) -> None:
    rent()
    stage.send(act=wire.raises(wire.TIMEOUT))
    row = row_of("rent")
    assert (row.state, row.reason) == ("unknown", "no_answer")
    stage.set_clock(NINE + RECEIPT_WAIT - 5 * SECOND)
    stage.sweep()
    assert states_of("somebody") == {RENT: "unknown"}
    stage.set_clock(NINE + RECEIPT_WAIT + 5 * SECOND)
    stage.sweep()
    assert states_of("somebody") == {RENT: "waiting"}
    stage.set_clock(NINE + RECEIPT_WAIT + MINUTE)
    stage.send()
    assert stage.accepted == 1
    assert states_of("somebody") == {RENT: "sent"}


def at_minute(stage: Stage, minutes: int) -> None:
    stage.set_clock(NINE + minutes * MINUTE)
    stage.sweep()


def others_wait(*user_ids: str) -> None:
    """Users besides somebody whose reminder is due now."""
    for user_id in user_ids:
        enter(a_user(user_id), due_today("rent", user_id))


def news() -> channels.News:
    return channels.news(Channel.SMS)


def test_it_waits_until_another_message_was_taken(stage: Stage) -> None:
    rent()
    others_wait("first", "last")
    stage.send(act=NO_ANSWER)
    stage.set_clock(NINE + 5 * MINUTE)
    stage.send("first", act=NO_ANSWER)
    for minutes in range(10, 25):
        at_minute(stage, minutes)
        assert states_of("somebody") == {RENT: "unknown"}
    look_at = row_of("rent").settle_at
    assert NINE + 24 * MINUTE < look_at < NINE + 26 * MINUTE, "then one may be risked, not before"
    stage.set_clock(NINE + 24 * MINUTE + 30 * SECOND)
    stage.send("last")
    assert stage.accepted == 1
    at_minute(stage, 26)
    assert states_of("somebody") == {RENT: "waiting"}


def test_a_success_before_the_last_trouble_is_no_reason_to_send_again(stage: Stage) -> None:
    rent()
    others_wait("first", "last")
    stage.send(act=NO_ANSWER)
    stage.set_clock(NINE + 2 * MINUTE)
    stage.send("first")
    stage.set_clock(NINE + 4 * MINUTE)
    stage.send("last", act=NO_ANSWER)
    at_minute(stage, 11)
    assert states_of("somebody") == {RENT: "unknown"}
    known = news()
    assert known.succeeded_at is not None
    assert known.unanswered_at is not None
    assert floor_minute(known.succeeded_at) == NINE + 2 * MINUTE
    assert floor_minute(known.unanswered_at) == NINE + 4 * MINUTE
    assert known.unanswered == 1, "since the last success"


def test_one_of_those_that_wait_finds_out_and_the_others_follow_it(stage: Stage) -> None:
    others_wait("first", "last")
    for user_id in ("first", "last"):
        stage.send(user_id, act=NO_ANSWER)
    for minutes in range(10, 22):
        at_minute(stage, minutes)
    states = {user_id: set(states_of(user_id).values()) for user_id in ("first", "last")}
    assert sorted(map(str, states.values())) == ["{'unknown'}", "{'waiting'}"]
    one, other = sorted(states, key=lambda user_id: states[user_id] == {"unknown"})
    stage.set_clock(NINE + 22 * MINUTE)
    stage.send(one)
    assert stage.accepted == 1
    for minutes in range(23, 55):
        at_minute(stage, minutes)
    assert states_of(other) == {RENT: "waiting"}


@pytest.mark.parametrize(("sleeper", "other"), [("first", "last"), ("last", "first")])
def test_nobody_is_risked_who_would_wait_for_their_morning(
    stage: Stage, sleeper: str, other: str
) -> None:
    """They would find nothing out, and the others would wait for them."""
    quiet = QuietHours(time(9, 5), time(20))
    enter(a_user(sleeper, quiet_hours=quiet), due_today("rent", sleeper))
    others_wait(other)
    for user_id in ("first", "last"):
        stage.send(user_id, act=NO_ANSWER)
    for minutes in (11, 22, 24):
        at_minute(stage, minutes)
    assert states_of(other) == {RENT: "waiting"}
    assert states_of(sleeper) == {RENT: "unknown"}


def test_who_has_too_much_to_plan_is_not_sent_anything_again(stage: Stage) -> None:
    rent()
    stage.send(act=NO_ANSWER)
    daily = Recurrence(TODAY, 1, Unit.DAY)
    days = PlanChange(tuple(range(366)), tuple(range(1, 61)))
    heavy = a_bill(bill_id="heavy", due_on=TODAY, recurrence=daily, plan_change=days)
    rows.bill_item(replace(heavy, owed_from=TODAY)).save()
    at_minute(stage, 11)
    assert states_of("somebody") == {RENT: "unknown"}
    assert row_of("rent").settle_at is None
    assert news().unanswered == 1, "nothing was risked"


def test_two_sweeps_at_once_risk_one_message(stage: Stage) -> None:
    known = news()
    assert [channels.take_trial(known, NINE) for _ in range(2)] == [True, False]
    again = news()
    assert not channels.take_trial(again, NINE + 9 * MINUTE)
    assert channels.take_trial(again, NINE + 10 * MINUTE)
    assert not channels.take_trial(again, NINE + 40 * MINUTE), "somebody else did"


@pytest.mark.parametrize(("hours", "state"), [(71, "waiting"), (72, "unknown")])
def test_after_three_days_it_is_final(stage: Stage, hours: int, state: str) -> None:
    """Of an overdue notice, which helps for a week."""
    overdue = a_bill(
        bill_id="rent", due_on=TODAY - timedelta(days=1), plan_change=PlanChange(lead_days=())
    )
    enter(a_user(), overdue)
    stage.send(act=NO_ANSWER)
    assert row_of("rent").state == "unknown"
    stage.set_clock(NINE + timedelta(hours=hours, minutes=1))
    stage.sweep()
    row = row_of("rent")
    assert (row.state, row.settle_at) == (state, None)


def test_a_receipt_ends_the_wait(stage: Stage) -> None:
    rent()
    others_wait("first")
    stage.send(act=NO_ANSWER)
    stage.set_clock(NINE + 5 * MINUTE)
    stage.send("first", act=NO_ANSWER)
    at_minute(stage, 11)
    row = row_of("rent")
    failure = Failure(State.DELIVERED)
    assert receipts.apply(row, failure, provider_id="p-1", now=NINE + 12 * MINUTE)
    for minutes in range(13, 60):
        at_minute(stage, minutes)
    assert states_of("somebody") == {RENT: "delivered"}
    assert row_of("rent").settle_at is None


def test_a_payment_ends_the_wait(stage: Stage) -> None:
    rent()
    others_wait("first")
    stage.send(act=NO_ANSWER)
    stage.set_clock(NINE + 5 * MINUTE)
    stage.send("first", act=NO_ANSWER)
    at_minute(stage, 11)
    account_changes.record_payment("somebody", "rent", 0, payment_id="p", now=NINE + 12 * MINUTE)
    for minutes in range(13, 25):
        at_minute(stage, minutes)
    row = row_of("rent")
    assert (row.state, row.settle_at) == ("unknown", None)


def test_good_news_is_told_once_a_minute_and_bad_news_at_once(stage: Stage) -> None:
    users = [f"user-{number}" for number in range(5)]
    others_wait(*users)
    told: list[datetime | None] = []
    for seconds, user_id in zip((0, 30, 80, 100, 120), users, strict=True):
        stage.set_clock(NINE + seconds * SECOND)
        stage.send(user_id, act=NO_ANSWER if seconds == 100 else None)
        told.append(news().succeeded_at)
    ten = timedelta(seconds=10)
    assert [(at - NINE) // ten for at in told if at] == [0, 0, 8, 8, 12]
    assert (news().unanswered_at, news().unanswered) == (None, 0)


def test_what_cannot_be_told_fails_no_wake_up(stage: Stage) -> None:
    rent()
    calls: list[str] = []

    def refused(request: AWSPreparedRequest) -> AWSResponse | None:
        if "channel#sms" not in str(request.body):
            return None
        calls.append("refused")
        return BUSY(request)

    with wire.before(tables.connection.client, "UpdateItem", refused):
        stage.send()
    assert calls
    assert (stage.accepted, states_of("somebody")) == (1, {RENT: "sent"})
    assert news() == channels.News(Channel.SMS)


def test_an_owner_who_comes_late_still_says_what_it_knows(stage: Stage) -> None:
    rent()
    claim = claims.claim_next("somebody", Channel.SMS, now=NINE)
    stage.set_clock(AFTER_LEASE + SECOND)
    stage.sweep()
    assert claims.mark(claim, State.SENT, provider_id="p-1", now=AFTER_LEASE + SECOND)
    stage.set_clock(AFTER_WAIT + MINUTE)
    stage.sweep()
    assert states_of("somebody") == {RENT: "sent"}


def test_a_stale_owner_says_nothing_once_it_was_given_back(stage: Stage) -> None:
    rent()
    claim = claims.claim_next("somebody", Channel.SMS, now=NINE)
    for instant in (AFTER_LEASE + SECOND, AFTER_WAIT + SECOND):
        stage.set_clock(instant)
        stage.sweep()
    assert states_of("somebody") == {RENT: "waiting"}
    assert not claims.mark(claim, State.SENT, provider_id="p-1", now=AFTER_WAIT)
    assert not claims.release(claim, not_before=None, reason="Throttling", now=AFTER_WAIT)
    assert states_of("somebody") == {RENT: "waiting"}


def test_what_failed_while_the_tables_were_busy_wakes_who_stands_in_later(stage: Stage) -> None:
    plan = Plan(channels=(Channel.SMS, Channel.EMAIL), joins=(Join(Channel.EMAIL, None),))
    enter(a_user(channels=plan.channels, plan=plan), due_today("rent"))
    with ExitStack() as trouble:

        def reject(request: AWSPreparedRequest) -> AWSResponse | None:
            trouble.enter_context(wire.before(tables.connection.client, "TransactWriteItems", BUSY))
            return wire.xml_error("InvalidParameter")(request)

        stage.send(act=reject)
    row = row_of("rent")
    assert (row.state, row.reason) == ("failed", "invalid")
    assert wakes_at("somebody", Channel.EMAIL) is None
    stage.set_clock(NINE + 2 * MINUTE)
    stage.sweep()
    assert wakes_at("somebody", Channel.EMAIL) == NINE + 3 * MINUTE
    row = row_of("rent")
    assert (row.state, row.settle_at) == ("failed", None)


def test_what_is_found_out_later_keeps_a_row_as_long_again(stage: Stage) -> None:
    def soon_gone() -> None:
        row_of("rent").update([LedgerItem.expires_at.set(1)])

    rent()
    stage.die_after_the_claim()
    kept = row_of("rent").expires_at
    for at, state in ((AFTER_LEASE, "unknown"), (AFTER_WAIT, "waiting")):
        soon_gone()
        stage.set_clock(at + SECOND)
        stage.sweep()
        assert (row_of("rent").state, row_of("rent").expires_at) == (state, kept)


# The sweep itself --------------------------------------------------------------------------------


def test_what_was_asked_for_is_unknown_and_not_looked_at_again(stage: Stage) -> None:
    rent()
    direct_rows.claim(
        "somebody", "code:one", Channel.SMS, life=accounts.life_of("somebody"), now=NINE
    )
    stage.set_clock(AFTER_LEASE + SECOND)
    stage.sweep()
    row = LedgerItem.get("somebody", "code:one")
    assert (row.state, row.settle_at) == ("unknown", None)


def test_a_message_that_cannot_be_settled_is_in_nobodys_way(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "A_SHARD", 1)
    rent()
    stage.die_after_the_claim()
    stage.set_clock(AFTER_LEASE + SECOND)
    stage.sweep()
    item = BillItem.get("somebody", "rent")
    tables.connection.client.update_item(  # as only a hand in the console could
        TableName=BillItem.Meta.table_name,
        Key={"user_id": {"S": "somebody"}, "bill_id": {"S": "rent"}},
        UpdateExpression="SET kind = :kind",
        ExpressionAttributeValues={":kind": {"S": "no kind at all"}},
    )
    stage.set_clock(AFTER_WAIT + SECOND)
    with pytest.raises(sweep.SweepFailed):
        stage.sweep()
    assert row_of("rent").settle_at > AFTER_WAIT + 50 * MINUTE
    stage.sweep()
    item.save()
    stage.set_clock(AFTER_WAIT + timedelta(hours=1, minutes=1))
    stage.sweep()
    assert states_of("somebody") == {RENT: "waiting"}


def test_a_table_in_trouble_puts_no_message_off(stage: Stage) -> None:
    rent()
    stage.die_after_the_claim()
    stage.set_clock(AFTER_LEASE + SECOND)
    due_at = row_of("rent").settle_at
    client = tables.connection.client
    for operation, trouble in (("GetItem", BUSY), ("GetItem", NO_ANSWER), ("UpdateItem", BUSY)):
        with wire.before(client, operation, trouble), pytest.raises(sweep.SweepFailed):
            stage.sweep()
        assert row_of("rent").settle_at == due_at
    stage.sweep()
    assert states_of("somebody") == {RENT: "unknown"}


def test_with_no_time_left_the_next_sweep_goes_on(stage: Stage) -> None:
    rent()
    stage.die_after_the_claim()
    stage.set_clock(AFTER_LEASE + SECOND)
    settle = stage.stack.function("Settle")
    settle.handler(sample_event("reconcile"), Context(milliseconds_left=1000))
    assert states_of("somebody") == {RENT: "claimed"}
    stage.sweep()
    assert states_of("somebody") == {RENT: "unknown"}


def abandoned(shard: int, count: int) -> None:
    """Messages in that shard that nobody marked."""
    for number in range(count):
        LedgerItem(
            f"of shard {shard}",
            f"test:{number}",
            trigger="test",
            channel="sms",
            planned_at=NINE,
            state="claimed",
            attempt=1,
            recorded_at=NINE,
            owner="owner",
            settle_shard=shard,
            settle_at=AFTER_LEASE,
            expires_at=2_000_000_000,
        ).save()


def settled_of(shard: int) -> int:
    return sum(row.state == "unknown" for row in ledger_of(f"of shard {shard}"))


def sweep_at_most(messages: int, now: datetime) -> None:
    before = sum(map(settled_of, reconciling.SHARDS))

    def has_time() -> bool:
        return sum(map(settled_of, reconciling.SHARDS)) - before < messages

    sweep.sweep(now, resend=(), has_time=has_time)


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("minute", [0, 5])
@pytest.mark.parametrize("crowded", [0, 5])
def test_what_has_gathered_in_one_shard_takes_no_others_share(crowded: int, minute: int) -> None:
    for shard in reconciling.SHARDS:
        abandoned(shard, 9 if shard == crowded else 1)
    sweep_at_most(len(reconciling.SHARDS), AFTER_LEASE + minute * MINUTE)
    assert [settled_of(shard) for shard in reconciling.SHARDS] == [1] * len(reconciling.SHARDS)


@pytest.mark.parametrize("instant", ["0", "-", "2027-03-01", "2027-02-30T09:00:00Z"])
def test_a_row_whose_instant_is_none_keeps_no_other_of_its_shard_waiting(
    stage: Stage, instant: str
) -> None:
    """It is put off by an hour like all poison, which puts its instant right."""
    abandoned(3, 5)
    key = {"user_id": {"S": "of shard 3"}, "key": {"S": "test:2"}}
    stage.stack.client("dynamodb").update_item(
        TableName=stage.stack.ids["Ledger"],
        Key=key,
        UpdateExpression="SET settle_at = :none",
        ExpressionAttributeValues={":none": {"S": instant}},
    )
    with pytest.raises(sweep.SweepFailed):
        sweep.sweep(AFTER_LEASE, resend=(), has_time=lambda: True)
    assert settled_of(3) == 4
    sweep.sweep(AFTER_LEASE + sweep.POISON_RESTS, resend=(), has_time=lambda: True)
    assert settled_of(3) == 5


@pytest.mark.usefixtures("stack")
def test_each_minute_another_shard_comes_first() -> None:
    for shard in reconciling.SHARDS:
        abandoned(shard, 2)
    for minute in reconciling.SHARDS:
        sweep_at_most(1, AFTER_LEASE + minute * MINUTE)
    assert [settled_of(shard) for shard in reconciling.SHARDS] == [1] * len(reconciling.SHARDS)


@pytest.mark.usefixtures("stack")
def test_a_sweep_whose_time_is_over_still_says_what_failed() -> None:
    abandoned(0, 2)
    seen: list[object] = []

    def fails(request: AWSPreparedRequest) -> AWSResponse | None:
        seen.append(request)
        return BUSY(request)

    with (
        wire.before(tables.connection.client, "GetItem", fails),
        pytest.raises(sweep.SweepFailed),
    ):
        sweep.sweep(AFTER_LEASE, resend=(), has_time=lambda: not seen)


@pytest.mark.usefixtures("stack")
def test_where_reading_a_shard_took_all_the_time_nothing_is_begun() -> None:
    for shard in reconciling.SHARDS:
        abandoned(shard, 1)
    seen: list[object] = []

    def fails(request: AWSPreparedRequest) -> AWSResponse | None:
        seen.append(request)
        return BUSY(request)

    with (
        wire.before(tables.connection.client, "Query", fails),
        pytest.raises(sweep.SweepFailed),
    ):
        sweep.sweep(AFTER_LEASE, resend=(), has_time=lambda: not seen)
    assert sum(map(settled_of, reconciling.SHARDS)) == 0


def test_two_sweeps_at_once_give_it_back_once(stage: Stage) -> None:
    rent()
    stage.die_after_the_claim()
    stage.set_clock(AFTER_LEASE + SECOND)
    stage.sweep()
    (message,) = (
        each
        for shard in reconciling.SHARDS
        for each in reconciling.unreconciled(shard, now=AFTER_WAIT + MINUTE, limit=9)
    )
    later = AFTER_WAIT + MINUTE
    channels.succeeded(Channel.SMS, NINE + MINUTE)  # neither has to find out

    def other() -> None:
        assert reconciling.reconcile(message, resend=tuple(Channel), now=later) == "resent"

    with wire.before_call(tables.connection.client, "TransactWriteItems", other):
        assert reconciling.reconcile(message, resend=tuple(Channel), now=later) == "left"
    assert states_of("somebody") == {RENT: "waiting"}
    assert row_of("rent").resends == 1


# What another did between reading and writing -----------------------------------------------------

MOVED_ON = pytest.mark.parametrize(
    "change",
    [
        {"owner": "0"},
        {"owner": "~"},
        {"owner": None},
        {"attempt": 0},
        {"attempt": 9},
        {"state": "delivered"},
        {"state": "waiting"},
    ],
    ids=lambda change: " ".join(f"{name} {value}" for name, value in change.items()),
)
"""Another claim with an id before or after ours in the alphabet, one that was given back, and other
words for what became of it."""


def move_on(change: dict[str, Any]) -> None:
    """As another's write leaves the message's row, by itself."""
    actions = [
        getattr(LedgerItem, name).remove()
        if value is None
        else getattr(LedgerItem, name).set(value)
        for name, value in change.items()
    ]
    row_of("rent").update(actions)


def settled_meanwhile(
    change: dict[str, Any], *, before: str, now: datetime, resend: tuple[Channel, ...]
) -> reconciling.Outcome:
    """Settle the rent's message, whose row moves on just before that call; nothing is written."""
    message = reconciling.Unreconciled("somebody", row_of("rent").key)
    seen: list[dict[str, Any]] = []

    def meanwhile() -> None:
        move_on(change)
        seen.append(row_of("rent").attribute_values)

    with wire.before_call(tables.connection.client, before, meanwhile):
        outcome = reconciling.reconcile(message, resend=resend, now=now)
    assert row_of("rent").attribute_values == seen[0]
    return outcome


@MOVED_ON
def test_a_claim_that_moved_on_does_not_lapse(stage: Stage, change: dict[str, Any]) -> None:
    rent()
    stage.die_after_the_claim()
    late = AFTER_LEASE + MINUTE
    outcome = settled_meanwhile(change, before="UpdateItem", now=late, resend=())
    assert outcome == "left"


@MOVED_ON
@pytest.mark.parametrize(
    ("before", "resend"),
    [("UpdateItem", ()), ("Query", (Channel.SMS,)), ("TransactWriteItems", (Channel.SMS,))],
    ids=["where no second one is sent", "before the account is read", "before it is written"],
)
def test_what_moved_on_is_neither_given_back_nor_left_unknown(
    stage: Stage, change: dict[str, Any], before: str, resend: tuple[Channel, ...]
) -> None:
    rent()
    stage.send(act=wire.raises(wire.TIMEOUT))
    late = NINE + RECEIPT_WAIT + MINUTE
    assert settled_meanwhile(change, before=before, now=late, resend=resend) == "left"


@pytest.mark.parametrize("change", [None, {"owner": "0"}, {"attempt": 9}, {"state": "waiting"}])
def test_what_failed_is_planned_anew_unless_it_moved_on(
    stage: Stage, change: dict[str, Any] | None
) -> None:
    rent()
    stage.die_after_the_claim()
    row_of("rent").update([LedgerItem.state.set("failed")])
    late = AFTER_LEASE + MINUTE
    if change is not None:
        outcome = settled_meanwhile(change, before="Query", now=late, resend=())
        assert outcome == "left"
        return
    message = reconciling.Unreconciled("somebody", row_of("rent").key)
    assert reconciling.reconcile(message, resend=(), now=late) == "planned"
    assert row_of("rent").settle_at is None
    assert reconciling.reconcile(message, resend=(), now=late) == "left"


@pytest.mark.parametrize(
    "change", [{"owner": "0"}, {"owner": "~"}, {"message_key": "0"}, {"message_key": "~"}]
)
def test_a_row_that_left_its_digest_is_not_given_back_with_it(
    stage: Stage, change: dict[str, Any]
) -> None:
    enter(a_user(), due_today("rent"), due_today("power"))
    stage.die_after_the_claim()
    stage.set_clock(AFTER_LEASE + SECOND)
    stage.sweep()
    first, other = sorted(ledger_of("somebody"), key=lambda row: row.state == "in_digest")
    assert (first.state, other.state) == ("unknown", "in_digest")

    def meanwhile() -> None:
        actions = [getattr(LedgerItem, name).set(value) for name, value in change.items()]
        LedgerItem("somebody", other.key).update(actions)

    message = reconciling.Unreconciled("somebody", first.key)
    with (
        wire.before_call(tables.connection.client, "TransactWriteItems", meanwhile),
        suppress(Contended),  # of no claim that there is, so nobody can tell
    ):
        reconciling.reconcile(message, resend=tuple(Channel), now=AFTER_WAIT + MINUTE)
    after = LedgerItem.get("somebody", other.key)
    assert (after.state, after.resends) == ("in_digest", None)


def test_it_is_looked_at_from_its_minute_on_and_not_before(stage: Stage) -> None:
    rent()
    stage.die_after_the_claim()
    row = row_of("rent")
    message = reconciling.Unreconciled("somebody", row.key)
    early, late = row.settle_at - SECOND, row.settle_at
    assert reconciling.reconcile(message, resend=(), now=early) == "left"
    assert reconciling.reconcile(message, resend=(), now=late) == "lapsed"
    gone = reconciling.Unreconciled("somebody", "2027-03-01#none#0000#r0#lead:0#sms")
    assert reconciling.reconcile(gone, resend=(), now=late) == "left"


def test_a_lease_is_two_minutes_from_the_claim_on(stage: Stage) -> None:
    rent()
    claim = claims.claim_next("somebody", Channel.SMS, now=NINE)
    assert claim.reminders
    assert row_of("rent").settle_at == NINE + 2 * MINUTE


def test_what_is_put_off_comes_later_and_what_is_settled_stays_so(stage: Stage) -> None:
    rent()
    stage.die_after_the_claim()
    message = reconciling.Unreconciled("somebody", row_of("rent").key)
    later = AFTER_LEASE + 30 * MINUTE
    reconciling.put_off(message, until=later)
    assert row_of("rent").settle_at == later
    row_of("rent").update([*claims.NO_LOOK])
    reconciling.put_off(message, until=later + MINUTE)  # nobody needs to look any more
    assert row_of("rent").settle_at is None
    with wire.before(tables.connection.client, "UpdateItem", BUSY), pytest.raises(UpdateError):
        reconciling.put_off(message, until=later)


def test_a_user_who_is_erased_while_they_are_settled_is_left(stage: Stage) -> None:
    rent()
    stage.send(act=wire.raises(wire.TIMEOUT))
    message = reconciling.Unreconciled("somebody", row_of("rent").key)
    late = NINE + RECEIPT_WAIT + MINUTE
    tables.ScheduleItem("somebody").delete()
    assert reconciling.reconcile(message, resend=tuple(Channel), now=late) == "unknown"
    row_of("rent").update(
        [LedgerItem.state.set("failed"), LedgerItem.settle_at.set(late), *IN_ITS_SHARD]
    )
    assert reconciling.reconcile(message, resend=tuple(Channel), now=late) == "left"


IN_ITS_SHARD = (LedgerItem.settle_shard.set(claims.settle_shard("somebody")),)


def test_an_erased_user_leaves_nothing_to_settle(stage: Stage) -> None:
    rent()
    stage.die_after_the_claim()
    erasure.erase("somebody")
    stage.set_clock(AFTER_WAIT + MINUTE)
    stage.sweep()
    assert not ledger_of("somebody")


def test_the_sweep_dies_at_any_call_and_ends_as_if_it_had_not(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """Each run has a message whose lease is over and one whose wait is."""
    caplog.set_level(logging.CRITICAL)

    def play(dies_at: int | None) -> int:
        erasure.erase("somebody")
        stage.set_clock(NINE)
        rent()
        stage.die_after_the_claim()
        stage.set_clock(AFTER_LEASE + SECOND)
        if dies_at is None or dies_at < 100:
            stage.sweep()
            stage.set_clock(AFTER_WAIT + SECOND)
        calls = dying(stage, None if dies_at is None else dies_at % 100)
        for minutes in (0, 11):
            stage.set_clock(AFTER_WAIT + minutes * MINUTE + 2 * SECOND)
            stage.sweep()
        return calls

    for base in (0, 100):
        calls = play(base + 99)
        assert calls > 8
        for number in range(calls):
            play(base + number)
            assert states_of("somebody") == {RENT: "waiting"}, number
            stage.set_clock(AFTER_WAIT + 12 * MINUTE)
            stage.send()
            assert stage.accepted == 1
            assert states_of("somebody") == {RENT: "sent"}


def dying(stage: Stage, dies_at: int | None) -> int:
    """Sweep; the process dies as its call `dies_at` would leave. How many calls it made."""
    calls = 0

    def leaves(**_: object) -> None:
        nonlocal calls
        if calls == dies_at:
            raise Died
        calls += 1

    events = tables.connection.client.meta.events
    events.register_first("before-send", leaves)
    try:
        with suppress(Died):
            stage.sweep()
    finally:
        events.unregister("before-send", leaves)
    return calls


def test_the_role_allows_what_the_sweep_needs_and_no_more(stage: Stage) -> None:
    with watched(stage.stack) as used, stage.stack.working("Settle"):
        rent()
        stage.die_after_the_claim()
        used.clear()
        for minutes in (3, 15):
            stage.set_clock(NINE + minutes * MINUTE)
            stage.sweep()
    of_the_runtime = {("sqs:SendMessage", "")}  # buries a sweep that failed
    assert sorted(used["Settle"]) == sorted(allowed("Settle") - of_the_runtime)

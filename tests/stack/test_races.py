"""Races on the deployed tables: the real handlers, held at the calls that they make.

A barrier cannot reach into a function's own process, so the handlers run in this one.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Thread, local
from typing import Any

import pytest

from bill_reminders.delivery.nudges import Nudge
from bill_reminders.domain.clock import floor_minute
from bill_reminders.domain.people import Channel
from bill_reminders.storage import tables
from bill_reminders.storage.people import record_payment, save_bills
from bill_reminders.storage.tables import LedgerItem
from local.stack import Stack
from tests.stack.conftest import NOW, Handlers, register_user
from tests.support.functions import Context, sqs_event
from tests.support.people import bill_due_today

SENDERS = {Channel.SMS: "SendSms", Channel.PUSH: "SendPush", Channel.EMAIL: "SendEmail"}
DUPLICATES = 200
ROUNDS = 50

NewId = Callable[[], str]


@contextmanager
def held_at_claim(hold: Callable[[], None]) -> Iterator[None]:
    """Calls `hold` before each transaction, in the thread that is about to send it."""
    events = tables.connection.client.meta.events

    def held(**_: Any) -> None:
        hold()

    events.register("before-call.dynamodb.TransactWriteItems", held)
    try:
        yield
    finally:
        events.unregister("before-call.dynamodb.TransactWriteItems", held)


def once_a_thread(action: Callable[[], object]) -> Callable[[], None]:
    """`action` the first time that a thread comes by; what the action itself calls passes."""
    passed = local()

    def maybe() -> None:
        if not getattr(passed, "by", False):
            passed.by = True
            action()

    return maybe


def messages_to(stack: Stack, user_id: str) -> Counter[Channel]:
    """What the providers took for this user, whose id is part of each of their texts."""
    return Counter(sent.channel for sent in stack.outbox() if user_id in sent.text)


def nudged(handlers: Handlers, channel: Channel, user_id: str) -> Any:
    event = sqs_event(Nudge(user_id, floor_minute(NOW)).body())
    return handlers[SENDERS[channel]].handler(event, Context())


@pytest.mark.parametrize("channel", Channel)
def test_two_hundred_duplicate_nudges_at_once_send_one_message(
    stack: Stack, handlers: Handlers, new_id: NewId, channel: Channel
) -> None:
    user_id = new_id()
    register_user(stack, user_id, channels=(channel,))
    save_bills(user_id, [bill_due_today(user_id, name=user_id)], now=NOW)
    # nobody claims before all of them have decided that the reminder is theirs to send
    all_have_decided = Barrier(DUPLICATES)
    with (
        held_at_claim(once_a_thread(lambda: all_have_decided.wait(timeout=120))),
        ThreadPoolExecutor(DUPLICATES) as pool,
    ):
        answers = list(pool.map(lambda _: nudged(handlers, channel, user_id), range(DUPLICATES)))

    assert messages_to(stack, user_id) == {channel: 1}
    assert [row.state for row in LedgerItem.query(user_id)].count("sent") == 1
    assert answers == [{"batchItemFailures": []}] * DUPLICATES


def test_a_payment_before_the_claim_always_stops_it(
    stack: Stack, handlers: Handlers, new_id: NewId
) -> None:
    paid_in_time = 0
    users = [new_id() for _ in range(ROUNDS)]
    for user_id in users:
        register_user(stack, user_id, channels=(Channel.SMS,))
        save_bills(user_id, [bill_due_today(user_id, name=user_id)], now=NOW)

        def pay(user_id: str = user_id) -> None:
            # in a thread of its own, as the API's function would, and committed when it ends
            nonlocal paid_in_time
            payment = Thread(target=lambda: record_payment(user_id, "bill", 0, now=NOW))
            payment.start()
            payment.join(timeout=60)
            paid_in_time += not payment.is_alive()

        with held_at_claim(in_this_thread_only(once_a_thread(pay))):
            nudged(handlers, Channel.SMS, user_id)

    assert paid_in_time == ROUNDS
    assert [user_id for user_id in users if messages_to(stack, user_id)] == []
    assert [
        row.key for user_id in users for row in LedgerItem.query(user_id) if row.state != "skipped"
    ] == []


def in_this_thread_only(action: Callable[[], None]) -> Callable[[], None]:
    """`action` in the thread that holds; the payment's own transaction passes."""
    holder = local()
    holder.here = True

    def maybe() -> None:
        if getattr(holder, "here", False):
            action()

    return maybe


def test_a_payment_after_the_claim_finds_one_message_sent(
    stack: Stack, handlers: Handlers, new_id: NewId
) -> None:
    sns = handlers["SendSms"].sns.meta.events
    paid_after_claim = 0
    users = [new_id() for _ in range(ROUNDS)]
    for user_id in users:
        register_user(stack, user_id, channels=(Channel.SMS,))
        save_bills(user_id, [bill_due_today(user_id, name=user_id)], now=NOW)

        def pay(user_id: str = user_id, **_: Any) -> None:
            nonlocal paid_after_claim
            claimed = [row.state for row in LedgerItem.query(user_id, consistent_read=True)]
            paid_after_claim += claimed.count("claimed")
            record_payment(user_id, "bill", 0, now=NOW)

        sns.register("before-call.sns.Publish", pay)
        try:
            nudged(handlers, Channel.SMS, user_id)
        finally:
            sns.unregister("before-call.sns.Publish", pay)
        nudged(handlers, Channel.SMS, user_id)

    assert paid_after_claim == ROUNDS
    assert [messages_to(stack, user_id) for user_id in users] == [{Channel.SMS: 1}] * ROUNDS

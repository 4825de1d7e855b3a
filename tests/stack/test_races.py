"""Races on the deployed tables: the real handlers, held at the calls that they make.

A barrier cannot reach into a function's own process, so the handlers run in this one.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from threading import Barrier, Thread, local
from typing import Any

import pytest

from bill_reminders.delivery.wake_ups import WakeUp
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.local_time import floor_minute
from bill_reminders.domain.people import User
from bill_reminders.storage import tables
from bill_reminders.storage.erasure import erase
from bill_reminders.storage.saving import save_bills
from bill_reminders.storage.tables import LedgerItem
from local.stack import Stack
from tests.stack.conftest import Handlers
from tests.stack.people import NOW, register_user
from tests.support.account_changes import (
    change_user,
    delete_bill,
    record_payment,
    undo_payment,
)
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


def woken(handlers: Handlers, channel: Channel, user_id: str) -> Any:
    event = sqs_event(WakeUp(user_id, floor_minute(NOW)).body())
    return handlers[SENDERS[channel]].handler(event, Context())


@pytest.mark.parametrize("channel", Channel)
def test_two_hundred_duplicate_wake_ups_at_once_send_one_message(
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
        answers = list(pool.map(lambda _: woken(handlers, channel, user_id), range(DUPLICATES)))

    assert messages_to(stack, user_id) == {channel: 1}
    assert [row.state for row in LedgerItem.query(user_id)].count("sent") == 1
    assert answers == [{"batchItemFailures": []}] * DUPLICATES


def the_first_time(action: Callable[[], None]) -> Callable[[], None]:
    """`action` at the sender's own transaction; that of what changes meanwhile passes."""
    passed = False

    def maybe() -> None:
        nonlocal passed
        if not passed:
            passed = True
            action()

    return maybe


def nothing_before_it_is_overdue(user: User) -> User:
    return replace(user, plan=replace(user.plan, lead_days=()))


CHANGES: dict[str, Callable[[str], object]] = {
    "settings": lambda user_id: change_user(user_id, nothing_before_it_is_overdue, now=NOW),
    "payment": lambda user_id: record_payment(user_id, "bill", 0, payment_id="p", now=NOW),
    "undo": lambda user_id: undo_payment(user_id, "paid", "earlier", now=NOW),
    "deletion": lambda user_id: delete_bill(user_id, "bill", now=NOW),
    "erasure": erase,
}
RACES = pytest.mark.parametrize("change", CHANGES)


def register_racer(stack: Stack, user_id: str) -> None:
    """A user with a bill that is due today, and one due today that is paid."""
    register_user(stack, user_id, channels=(Channel.SMS,))
    drafts = [
        bill_due_today(user_id, name=user_id),
        bill_due_today(user_id, "paid", name=f"Paid {user_id}"),
    ]
    save_bills(user_id, drafts, now=NOW)
    record_payment(user_id, "paid", 0, payment_id="earlier", now=NOW)


def texts_to(stack: Stack, users: Iterable[str]) -> dict[str, list[str]]:
    outbox = [sent.text for sent in stack.outbox()]
    return {user_id: [text for text in outbox if user_id in text] for user_id in users}


def rows_of(user_id: str) -> dict[str, str]:
    """The state of each row of the due day, or the reason why it was skipped, by its bill."""
    return {
        row.bill_id: row.reason or row.state
        for row in LedgerItem.query(user_id, consistent_read=True)
        if row.trigger == "lead:0"
    }


@RACES
def test_a_change_before_the_claim_is_never_missed(
    stack: Stack, handlers: Handlers, new_id: NewId, change: str
) -> None:
    committed_in_time = 0
    users = [new_id() for _ in range(ROUNDS)]
    for user_id in users:
        register_racer(stack, user_id)

        def commit(user_id: str = user_id) -> None:
            # in a thread of its own, as another function would, and committed when it ends
            nonlocal committed_in_time
            thread = Thread(target=CHANGES[change], args=(user_id,))
            thread.start()
            thread.join(timeout=60)
            committed_in_time += not thread.is_alive()

        with held_at_claim(the_first_time(commit)):
            woken(handlers, Channel.SMS, user_id)
        woken(handlers, Channel.SMS, user_id)

    assert committed_in_time == ROUNDS
    texts = texts_to(stack, users)
    rows = [rows_of(user_id) for user_id in users]
    if change == "undo":  # which takes nothing away from the other bill, and makes up for nothing
        assert all(len(sent) == 1 and "Paid" not in sent[0] for sent in texts.values())
        assert rows == [{"bill": "sent", "paid": "while_paid"}] * ROUNDS
    else:
        assert not any(texts.values())
        assert not any(states for states in rows)


@RACES
def test_a_change_after_the_claim_finds_one_message_sent(
    stack: Stack, handlers: Handlers, new_id: NewId, change: str
) -> None:
    sns = handlers["SendSms"].reminders.provider.meta.events
    changed_after_claim = 0
    users = [new_id() for _ in range(ROUNDS)]
    for user_id in users:
        register_racer(stack, user_id)

        def commit(user_id: str = user_id, **_: Any) -> None:
            nonlocal changed_after_claim
            changed_after_claim += [*rows_of(user_id).values()].count("claimed")
            CHANGES[change](user_id)

        sns.register("before-call.sns.Publish", commit)
        try:
            woken(handlers, Channel.SMS, user_id)
        finally:
            sns.unregister("before-call.sns.Publish", commit)
        woken(handlers, Channel.SMS, user_id)

    assert changed_after_claim == ROUNDS
    assert {len(sent) for sent in texts_to(stack, users).values()} == {1}
    undone = {"paid": "while_paid"} if change == "undo" else {}
    expected = {} if change == "erasure" else {"bill": "sent", **undone}
    assert [rows_of(user_id) for user_id in users] == [expected] * ROUNDS

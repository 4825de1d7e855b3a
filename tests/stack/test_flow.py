"""The flow as deployed: the engine runs the functions, the queues and the schedule."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import boto3

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.local_time import floor_minute
from bill_reminders.storage.saving import save_bills
from bill_reminders.storage.tables import LedgerItem, ScheduleItem, UserItem
from local.stack import Stack, wait_until
from tests.stack.people import NOW, register_user
from tests.support.people import bill_due_today

NewId = Callable[[], str]


def texts_to(stack: Stack, user_id: str) -> list[str]:
    return [sent.text for sent in stack.outbox() if user_id in sent.text]


def test_a_bill_that_comes_due_goes_out_on_every_channel(stack: Stack, new_id: NewId) -> None:
    user_id = new_id()
    register_user(stack, user_id, channels=tuple(Channel))
    save_bills(user_id, [bill_due_today(user_id, name=user_id)], now=NOW - timedelta(minutes=1))
    stack.tick()
    wait_until(lambda: len(texts_to(stack, user_id)) == 3, 60, "a channel sent nothing")
    stack.settle()

    rows = list(LedgerItem.query(user_id))
    sent = [row for row in rows if row.state == "sent"]
    assert sorted(row.channel for row in sent) == ["email", "push", "sms"]
    outbox = {message.provider_id: message.channel for message in stack.outbox()}
    assert {row.channel: outbox[row.provider_id or ""] for row in sent} == {
        channel.value: channel for channel in Channel
    }


def test_bills_that_are_due_together_travel_in_one_message(stack: Stack, new_id: NewId) -> None:
    user_id = new_id()
    register_user(stack, user_id, channels=(Channel.EMAIL,))
    bills = [bill_due_today(user_id, bill_id=f"bill-{n}", name=f"{user_id} {n}") for n in range(4)]
    save_bills(user_id, bills, now=NOW - timedelta(minutes=1))
    stack.tick()
    wait_until(lambda: bool(texts_to(stack, user_id)), 60, "nothing was sent")
    stack.settle()

    (text,) = texts_to(stack, user_id)
    assert all(f"{user_id} {n}" in text for n in range(4))
    due = [row for row in LedgerItem.query(user_id) if row.state != "skipped"]
    assert sorted(row.state for row in due) == ["in_digest", "in_digest", "in_digest", "sent"]
    assert len({row.message_key for row in due}) == 1


def test_a_poison_message_ends_in_the_dead_letters_and_its_siblings_are_sent(
    stack: Stack, new_id: NewId
) -> None:
    users = [new_id(), new_id()]
    for user_id in users:
        register_user(stack, user_id, channels=(Channel.SMS,))
        save_bills(user_id, [bill_due_today(user_id, name=user_id)], now=NOW)
    broken = new_id()
    register_user(stack, broken, channels=(Channel.SMS,))
    save_bills(broken, [bill_due_today(broken, name=broken)], now=NOW)
    waiting = ScheduleItem.get(broken).sms_next_at
    UserItem(broken).update([UserItem.time_zone.set("Atlantis/Lost_City")])

    minute = f"{NOW:%Y-%m-%dT%H:%MZ}"
    bodies = [
        json.dumps({"format": 1, "user_id": user_id, "minute": minute})
        for user_id in (users[0], broken, users[1])
    ]
    bodies.insert(1, "this is no wake-up")
    queue = stack.outputs["SmsQueueUrl"]
    boto3.client("sqs").send_message_batch(
        QueueUrl=queue,
        Entries=[{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)],
    )

    wait_until(lambda: stack.dead_letters() == 2, 120, "the poison did not end as dead letters")
    assert [len(texts_to(stack, user_id)) for user_id in users] == [1, 1]
    schedule = ScheduleItem.get(broken)
    assert (schedule.sms_next_at, schedule.sms_quarantined_at) == (None, waiting)

    # what brings a user back once the cause is mended: redrive the dead letters
    UserItem(broken).update([UserItem.time_zone.set("UTC")])
    letters = boto3.client("sqs")
    for letter in letters.receive_message(
        QueueUrl=stack.outputs["SmsDeadLettersUrl"], MaxNumberOfMessages=10
    )["Messages"]:
        if broken in letter["Body"]:
            letters.send_message(QueueUrl=queue, MessageBody=letter["Body"])
        letters.delete_message(
            QueueUrl=stack.outputs["SmsDeadLettersUrl"], ReceiptHandle=letter["ReceiptHandle"]
        )
    wait_until(lambda: len(texts_to(stack, broken)) == 1, 60, "the redrive sent nothing")
    stack.settle()
    schedule = ScheduleItem.get(broken)
    assert schedule.sms_quarantined_at is None
    assert schedule.sms_next_at is not None


def test_a_paused_channel_delays_no_other_and_catches_up_when_it_opens(
    stack: Stack, new_id: NewId
) -> None:
    user_id = new_id()
    register_user(stack, user_id, channels=(Channel.SMS, Channel.EMAIL))
    save_bills(user_id, [bill_due_today(user_id, name=user_id)], now=NOW - timedelta(minutes=1))
    with stack.paused(Channel.SMS):
        stack.tick()
        wait_until(lambda: bool(texts_to(stack, user_id)), 60, "e-mail waited for SMS")
        stack.settle()
        assert len(texts_to(stack, user_id)) == 1

    stack.set_clock(NOW + timedelta(minutes=5))  # the next look at what is older
    stack.tick()
    wait_until(lambda: len(texts_to(stack, user_id)) == 2, 60, "SMS did not catch up")
    stack.settle()
    assert len(texts_to(stack, user_id)) == 2


def test_the_schedule_itself_finds_what_is_due_and_what_a_lost_tick_left(
    stack: Stack, new_id: NewId
) -> None:
    """Nothing here invokes find_due: its schedule does, once. The clock is put so that this fire
    falls on a minute divisible by five; one user is on time, the tick of the other never came."""
    on_time, late = new_id(), new_id()
    fires_as = NOW.replace(minute=30, second=0)
    for user_id, due_at in ((on_time, fires_as), (late, fires_as - timedelta(minutes=3))):
        register_user(stack, user_id, channels=(Channel.SMS,))
        before = due_at - timedelta(minutes=1)
        save_bills(user_id, [bill_due_today(user_id, name=user_id)], now=before)
        assert ScheduleItem.get(user_id).sms_next_at == due_at
    real = datetime.now(UTC)
    next_fire = floor_minute(real) + timedelta(minutes=1)
    stack.set_clock(fires_as + timedelta(seconds=1) - (next_fire - real))

    for user_id in (on_time, late):
        wait_until(partial(texts_to, stack, user_id), 90, "the schedule woke nobody")
    stack.settle()
    assert [len(texts_to(stack, user_id)) for user_id in (on_time, late)] == [1, 1]

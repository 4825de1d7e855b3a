"""Replies to SMS as deployed: topic, queue, function, answer, and what the next claim finds."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta

import boto3
import pytest

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Address
from bill_reminders.storage import accounts
from bill_reminders.storage.saving import save_bills, save_user
from local.stack import Stack, wait_until
from tests.stack.people import NOW
from tests.support.people import ATTESTED, a_user, bill_due_today
from tests.support.sms_replies import ORIGINS, envelope

NewId = Callable[[], str]
PHONE = "+12025550164"
"""In a country of ORIGINS; no other user of these tests has it."""


@pytest.fixture(autouse=True)
def two_way(stack: Stack) -> Iterator[None]:
    """Numbers of the United States take replies meanwhile."""
    ssm, name = boto3.client("ssm"), stack.outputs["SmsOriginsParameter"]
    before = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    ssm.put_parameter(Name=name, Value=json.dumps(ORIGINS), Type="String", Overwrite=True)
    yield
    ssm.put_parameter(Name=name, Value=before, Type="String", Overwrite=True)


def enter(stack: Stack, user_id: str, phone: str, *names: str) -> None:
    user = a_user(user_id).with_address(Channel.SMS, Address(phone, ATTESTED))
    save_user(user, shards=int(stack.outputs["ShardsRead"]), now=NOW)
    bills = [bill_due_today(user_id, name, name=name, biller="Lantern") for name in names]
    save_bills(user_id, bills, now=NOW - timedelta(minutes=1))


def write(stack: Stack, phone: str, text: str) -> None:
    """As the provider hands it to the topic."""
    message = json.loads(envelope(text, sender=phone))["Message"]
    boto3.client("sns").publish(TopicArn=stack.outputs["SmsRepliesTopic"], Message=message)


def got(stack: Stack, phone: str) -> list[str]:
    return [sent.text for sent in stack.outbox() if sent.address == phone]


def test_a_conversation_from_the_reminder_to_stop(stack: Stack, new_id: NewId) -> None:
    user_id, phone = new_id(), PHONE
    enter(stack, user_id, phone, "Rent", "Power")
    stack.tick()
    wait_until(lambda: len(got(stack, phone)) == 1, 60, "no reminder")
    assert "Reply PAID or SNOOZE" in got(stack, phone)[0]

    def answer_to(text: str, count: int) -> str:
        write(stack, phone, text)
        wait_until(lambda: len(got(stack, phone)) == count, 60, f"no answer to {text}")
        return got(stack, phone)[-1]

    assert "1: Lantern Power" in answer_to("I paid", 2)
    assert "Lantern Rent is noted as paid" in answer_to("2", 3)
    bills = {bill.bill_id: bill for bill in accounts.read(user_id, now=NOW).bills}
    assert [payment.occurrence for payment in bills["Rent"].payments] == [0]
    assert bills["Power"].payments == ()
    assert "You get no more SMS" in answer_to("Stop!", 4)

    stack.set_clock(NOW + timedelta(days=1))  # one is overdue by then, and nothing may be sent
    stack.tick()
    stack.settle()
    assert len(got(stack, phone)) == 4


def test_what_is_no_reply_ends_as_a_dead_letter(stack: Stack, new_id: NewId) -> None:
    boto3.client("sns").publish(TopicArn=stack.outputs["SmsRepliesTopic"], Message="no reply")
    queue = stack.outputs["RepliesDeadLettersUrl"]

    def letters() -> int:
        found = boto3.client("sqs").get_queue_attributes(
            QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(found["Attributes"]["ApproximateNumberOfMessages"])

    wait_until(lambda: letters() == 1, 180, "the poison did not end as a dead letter")
    boto3.client("sqs").purge_queue(QueueUrl=queue)

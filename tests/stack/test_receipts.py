"""What providers say later, through the deployed topics, log subscription, queue and function."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import boto3

from bill_reminders.domain.enums import Channel
from bill_reminders.storage import accounts
from bill_reminders.storage.saving import save_bills
from bill_reminders.storage.tables import LedgerItem
from local.stack import Stack, wait_until
from tests.stack.people import NOW, register_user
from tests.support import receipts as forms
from tests.support.people import address_of, bill_due_today

NewId = Callable[[], str]
LOG = "sns/us-east-1/000000000000/DirectPublishToPhoneNumber"


def message_to(stack: Stack, user_id: str, channel: Channel) -> LedgerItem:
    """A reminder that went out to a new user."""
    register_user(stack, user_id, channels=(channel,))
    save_bills(user_id, [bill_due_today(user_id, name=user_id)], now=NOW - timedelta(minutes=1))
    stack.tick()
    wait_until(lambda: "sent" in states(user_id), 60, "nothing was sent")
    (row,) = (row for row in LedgerItem.query(user_id) if row.state == "sent")
    return row


def states(user_id: str) -> set[str]:
    return {row.state for row in LedgerItem.query(user_id, consistent_read=True)}


def test_a_mail_that_came_back_stops_its_address(stack: Stack, new_id: NewId) -> None:
    user_id = new_id()
    row = message_to(stack, user_id, Channel.EMAIL)
    address = address_of(user_id, Channel.EMAIL)
    event = forms.of_email(
        "Bounce", tag=row.owner or "", address=address, at=datetime.now(UTC), bounceType="Permanent"
    )
    boto3.client("sns").publish(
        TopicArn=stack.outputs["EmailEventsTopic"], Message=forms.event_in(event)
    )
    wait_until(lambda: "bounced" in states(user_id), 60, "the receipt was not read")
    known = accounts.read(user_id, now=NOW).user.addresses[Channel.EMAIL]
    assert known.stopped_by == "bounced"


def test_the_log_of_sms_says_that_one_arrived(stack: Stack, new_id: NewId) -> None:
    user_id = new_id()
    row = message_to(stack, user_id, Channel.SMS)
    line = forms.log_line(
        number=address_of(user_id, Channel.SMS),
        provider_id=row.provider_id or "",
        at=datetime.now(UTC),
    )
    logs = boto3.client("logs")
    logs.create_log_stream(logGroupName=LOG, logStreamName=user_id)
    logs.put_log_events(
        logGroupName=LOG,
        logStreamName=user_id,
        logEvents=[{"timestamp": int(time.time() * 1000), "message": line}],
    )
    wait_until(lambda: "delivered" in states(user_id), 60, "the receipt was not read")


def test_a_device_that_is_gone_gets_nothing_more(stack: Stack, new_id: NewId) -> None:
    user_id = new_id()
    row = message_to(stack, user_id, Channel.PUSH)
    endpoint = accounts.read(user_id, now=NOW).user.addresses[Channel.PUSH].value
    event = forms.of_device(
        endpoint=endpoint, provider_id=row.provider_id or "", at=datetime.now(UTC)
    )
    boto3.client("sns").publish(
        TopicArn=stack.outputs["DeviceEventsTopic"], Message=forms.event_in(event)
    )
    wait_until(lambda: "bounced" in states(user_id), 60, "the receipt was not read")
    assert accounts.read(user_id, now=NOW).user.address(Channel.PUSH) is None

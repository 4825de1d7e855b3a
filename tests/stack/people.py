"""The users of tests on the deployed stack, and the minute in which they are reminded."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import boto3

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Address
from bill_reminders.storage.saving import save_user
from local.stack import Stack
from tests.support.people import ATTESTED, a_user

NOW = datetime(2027, 3, 2, 9, 0, 2, tzinfo=UTC)
"""Where the stack's clock is put: two seconds into a minute that the schedule would wake."""


def register_user(stack: Stack, user_id: str, *, channels: Iterable[Channel], **more: Any) -> None:
    """A user whose device, if they use one, the engine's SNS knows."""
    user = a_user(user_id, channels=channels, **more)
    if Channel.PUSH in user.addresses:
        endpoint = boto3.client("sns").create_platform_endpoint(
            PlatformApplicationArn=stack.push_application, Token=f"device-of-{user_id}"
        )
        user = user.with_address(Channel.PUSH, Address(endpoint["EndpointArn"], ATTESTED))
    save_user(user, shards=int(stack.outputs["ShardsRead"]), now=NOW)

"""What arrived at phones, mailboxes and devices, on moto."""

import re

from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from bill_reminders.domain.enums import Channel


def code_in(text: str) -> str:
    """The six digits in a message; a colour of its style has as many."""
    return re.findall(r"(?<!#)\b\d{6}\b", text)[0]


def sent_by(channel: Channel) -> list[str]:
    """What went out on a channel, as its receivers read it."""
    if channel is Channel.EMAIL:
        messages = get_backend("ses")[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages
        return [str(each.body) for each in messages]
    sns = get_backend("sns")[DEFAULT_ACCOUNT_ID]["us-east-1"]
    if channel is Channel.SMS:
        return [text for _, text in sns.sms_messages.values()]
    (endpoint,) = sns.platform_endpoints.values()
    return [str(each) for each in endpoint.messages.values()]

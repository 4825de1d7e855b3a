"""One-off messages in the words of any channel."""

from typing import Any

from bill_reminders.channels import registry
from bill_reminders.channels.one_off import DirectText
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Language


def code(language: Language, channel: Channel, **values: Any) -> DirectText:
    return registry.words(channel).code(language, **values)


def trial(language: Language, channel: Channel, **values: Any) -> DirectText:
    return registry.words(channel).trial(language, **values)

"""What nobody's own work tells of, looked for now and then: dead letters, receipts that stop.

AWS counts no message that a queue itself moves to its dead letters, and how many lie there says
nothing of the next while an old one is left. So they are counted here.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from aws_lambda_powertools import Logger

from bill_reminders import metrics
from bill_reminders.delivery.depth import held
from bill_reminders.domain.enums import Channel
from bill_reminders.logs import where
from bill_reminders.storage import channels
from bill_reminders.trouble import name_of

logger = Logger(child=True)

LETTERS_EVERY_MINUTES = 5
RECEIPTS_EVERY_MINUTES, RECEIPTS_AT = 15, 7
"""People choose round times of day, and receipts take a moment."""


class Lookout:
    """Of one process: `dead_letters` are the URLs of queues by the signal of each."""

    def __init__(self, dead_letters: Mapping[str, str], sqs: Callable[[], Any]) -> None:
        self._dead_letters = dead_letters
        self._sqs = sqs
        self._held: dict[str, int] = {}

    def look(self, now: datetime) -> None:
        """Tell of what is new, in the minutes in which it is looked for. It raises nothing: the
        next look finds it."""
        if now.minute % LETTERS_EVERY_MINUTES == 0:
            for name, url in self._dead_letters.items():
                self._try(self._count_letters, name, url)
        if now.minute % RECEIPTS_EVERY_MINUTES == RECEIPTS_AT:
            for channel in Channel:
                self._try(_await_receipts, channel)

    def _count_letters(self, name: str, url: str) -> None:
        """A process that begins to look takes all that lie there for new: better a second word of
        an old letter than none of a new one."""
        before, now_held = self._held.get(name, 0), held(self._sqs(), url)
        self._held[name] = now_held
        if now_held > before:
            logger.error("dead letters", queue=name, held=now_held, **metrics.signal(name))

    def _try[*Given](self, look: Callable[[*Given], None], *given: *Given) -> None:
        try:
            look(*given)
        except Exception as error:
            logger.warning("not looked at", error=name_of(error), where=where(error))


def _await_receipts(channel: Channel) -> None:
    """Only where they have come before: a channel may have none."""
    if channels.news(channel).awaits_receipts:
        logger.warning(
            "no receipts, and messages go out",
            channel=channel.value,
            **metrics.signal("ReceiptsAwaited"),
        )

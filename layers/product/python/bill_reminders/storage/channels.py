"""How a channel's provider answers: told by the senders, once a batch at most, and by who reads
receipts; asked by the sweep before it lets a message be sent once more. One item a channel, so what
one process learnt is known to all, and to those that start later."""

from datetime import datetime, timedelta
from typing import NamedTuple

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import RECEIPT_WAIT
from bill_reminders.storage.record_tables import ChannelItem
from bill_reminders.storage.transactions import condition_failed

LONGEST_WAIT = timedelta(hours=2)
"""Between two messages that are risked to find out whether the provider answers again."""

FORGOTTEN = 2 * LONGEST_WAIT
"""What got no answer so long before says nothing of a trouble that begins now."""

RECEIPTS_TOLD_EVERY = timedelta(minutes=10)
"""How often a process says that receipts come."""


class News(NamedTuple):
    """What is known of a channel's provider. `succeeded_at` is when a message was begun that it
    took, `unanswered_at` when the last one was begun that it gave no answer to; `unanswered` counts
    those since the last success. `receipt_at` is when a receipt came last, give or take
    RECEIPTS_TOLD_EVERY. None and 0 where there was none."""

    channel: Channel
    succeeded_at: datetime | None = None
    unanswered_at: datetime | None = None
    unanswered: int = 0
    receipt_at: datetime | None = None

    @property
    def awaits_receipts(self) -> bool:
        """Whether messages went out since receipts came last, though some have come before."""
        if self.receipt_at is None or self.succeeded_at is None:
            return False
        return self.succeeded_at > self.receipt_at + 1.5 * RECEIPTS_TOLD_EVERY

    def is_good(self, *, since: datetime) -> bool:
        """Whether the provider has taken a message since then, and the last word is that."""
        last = max(since, self.unanswered_at or since)
        return self.succeeded_at is not None and self.succeeded_at > last

    @property
    def trial_at(self) -> datetime | None:
        """From when on a message may be risked to find out: ten minutes after the one that got no
        answer, twice as long for each further one, two hours at most. None for at once."""
        at, succeeded = self.unanswered_at, self.succeeded_at
        if at is None or (succeeded is not None and succeeded > at):
            return None
        doublings = min(max(self.unanswered, 1) - 1, 10)
        return at + min(RECEIPT_WAIT * 2**doublings, LONGEST_WAIT)


def news(channel: Channel) -> News:
    """What is known of the channel by now."""
    try:
        item = ChannelItem.get(*_key(channel), consistent_read=True)
    except ChannelItem.DoesNotExist:
        return News(channel)
    unanswered = item.unanswered or 0
    return News(channel, item.succeeded_at, item.unanswered_at, unanswered, item.receipt_at)


def succeeded(channel: Channel, at: datetime) -> None:
    """The provider took a message that was begun at `at`."""
    ChannelItem(*_key(channel)).update(
        [
            ChannelItem.succeeded_at.set(at),
            ChannelItem.unanswered_at.remove(),
            ChannelItem.unanswered.remove(),
        ]
    )


def receipt_came(channel: Channel, at: datetime) -> None:
    """The provider said at `at` what became of a message."""
    ChannelItem(*_key(channel)).update([ChannelItem.receipt_at.set(at)])


def unanswered(channel: Channel, count: int, at: datetime) -> None:
    """The provider gave no answer to `count` messages, the last of them begun at `at`."""
    still = ChannelItem.unanswered_at > at - FORGOTTEN
    at_it = ChannelItem.unanswered_at.set(at)
    if not _written(channel, [at_it, ChannelItem.unanswered.add(count)], still):
        ChannelItem(*_key(channel)).update([at_it, ChannelItem.unanswered.set(count)])


def take_trial(known: News, now: datetime) -> bool:
    """Whether the caller, and nobody else, may risk a message now to find out. It counts as one
    without an answer until there is one: who risks it may die of it."""
    if known.trial_at is not None and now < known.trial_at:
        return False
    at = known.unanswered_at
    count = known.unanswered if at is not None and at > now - FORGOTTEN else 0
    unchanged = (
        ChannelItem.unanswered_at.does_not_exist()
        if at is None
        else ChannelItem.unanswered_at == at
    )
    actions: list[Action] = [
        ChannelItem.unanswered_at.set(now),
        ChannelItem.unanswered.set(count + 1),
    ]
    return _written(known.channel, actions, unchanged)


def _written(channel: Channel, actions: list[Action], condition: Condition) -> bool:
    try:
        ChannelItem(*_key(channel)).update(actions, condition=condition)
    except UpdateError as error:
        if not condition_failed(error):
            raise
        return False
    return True


def _key(channel: Channel) -> tuple[str, str]:
    """No user is called so: their ids hold no #."""
    return f"channel#{channel}", "news"

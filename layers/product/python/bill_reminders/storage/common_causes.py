"""A failure whose text no table knows: is it the address's, or does it come for one after another?

Kept with the limits, under a keyed hash of the text; of the addresses that it came for only keyed
hashes are kept, of the latest ones, each with the second at which it came.
"""

import re
from datetime import datetime, timedelta
from typing import NamedTuple

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from bill_reminders.domain.enums import Channel
from bill_reminders.storage.access_tables import SameTextItem
from bill_reminders.storage.keyed_hash import keyed_hash
from bill_reminders.storage.transactions import Busy, condition_failed

ADDRESSES, WINDOW = 5, timedelta(hours=1)
"""So many different addresses within so long are no coincidence: then it is the account's."""

ROUNDS = 10

MOST_COMPARED = 1_000
"""Characters of a text; those of providers are sentences."""

_WITH_DIGITS = re.compile(r"\S*\d\S*")
_WORDS = re.compile(r"[^\W_]+|#")


class Seen(NamedTuple):
    """The hash of an address, and the epoch second at which a failure came for it."""

    whose: str
    at: int


def is_the_accounts(channel: Channel, text: str, address: str, *, now: datetime) -> bool:
    """Note that `text` came for `address`, and tell whether it came for ADDRESSES different ones
    within the last hour. An address counts once, however often its receipt comes.

    Raises transactions.Busy when others note the same all the time, and what the table raises.
    """
    counter = f"same_text#{keyed_hash('text', f'{channel}:{normal_form(text)}')[:32]}"
    seen = Seen(keyed_hash("failed address", f"{channel}:{address}")[:16], int(now.timestamp()))
    for _ in range(ROUNDS):
        known = _read(counter)
        latest = _with(seen, known)
        if _write(counter, latest, known, now):
            return len(latest) >= ADDRESSES
    raise Busy("many note the same text at once")


def normal_form(text: str) -> str:
    """A text without its numbers, signs and capitals: those differ from one address to the next."""
    words = _WORDS.findall(_WITH_DIGITS.sub("#", text[:MOST_COMPARED].casefold()))
    return re.sub(r"#(?: #)+", "#", " ".join(words))


def _with(seen: Seen, known: SameTextItem | None) -> list[Seen]:
    """The latest of different addresses within the window; more than ADDRESSES change nothing."""
    start = seen.at - int(WINDOW.total_seconds())
    others = [] if known is None else [_parsed(each) for each in known.seen]
    recent = [each for each in others if each.at > start and each.whose != seen.whose]
    return sorted([*recent, seen], key=lambda each: each.at)[-ADDRESSES:]


def _parsed(text: str) -> Seen:
    whose, _, at = text.partition("@")
    return Seen(whose, int(at))


def _read(counter: str) -> SameTextItem | None:
    try:
        return SameTextItem.get(counter, consistent_read=True)
    except SameTextItem.DoesNotExist:
        return None


def _write(counter: str, latest: list[Seen], known: SameTextItem | None, now: datetime) -> bool:
    """False when somebody else has written since it was read."""
    actions: list[Action] = [
        SameTextItem.seen.set([f"{each.whose}@{each.at}" for each in latest]),
        SameTextItem.asked.set(1 if known is None else known.asked + 1),
        SameTextItem.expires_at.set(int((now + 2 * WINDOW).timestamp())),
    ]
    try:
        SameTextItem(counter).update(actions, condition=_unchanged(known))
    except UpdateError as error:
        if not condition_failed(error):
            raise
        return False
    return True


def _unchanged(known: SameTextItem | None) -> Condition:
    if known is None:
        return SameTextItem.counter.does_not_exist()
    return SameTextItem.asked == known.asked

"""What providers say of a message, in their answers and in their receipts, and what that means.

A table for each form of it: a row is a kind of saying, the words that mark it, and whose fault that
is. The first row that fits speaks. A text is compared by its words alone: capitals, signs and
spaces differ from one form of a message to the next.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple


class Fault(StrEnum):
    """Who or what stands in the way, which decides whether the same may be asked again."""

    ACCOUNT = "account"
    """The account: quota, pause, sender, registration, sandbox, permission. An administrator can
    change that while the reminder still helps, so it waits, and an alarm says so."""
    SENDER = "sender"
    """The account's sender ID, number, template or registration for one country: it waits for an
    administrator like the account, and says nothing of other countries."""
    PASSING = "passing"
    """Nothing that lasts: throttling, a phone that is off, a full mailbox."""
    ADDRESS = "address"
    """There is no such number, mailbox or device (any more): it is not written to again."""
    OPTED_OUT = "opted_out"
    """The owner of the address opted out with the provider."""
    MESSAGE = "message"
    """This message alone; the next one to that address is tried again."""


class Verdict(NamedTuple):
    """Whose fault it is, and why in one word of ours; None keeps the provider's code."""

    fault: Fault
    reason: str | None = None


class _Row(NamedTuple):
    """No kinds are all of them, no words any text."""

    kinds: frozenset[str]
    words: str
    verdict: Verdict

    def fits(self, kind: str, text: str) -> bool:
        is_kind = not self.kinds or kind in self.kinds
        return is_kind and (not self.words or f" {self.words} " in text)


_OUR_WORDS = re.compile(r"[a-z0-9]+(?:[./'_-]+[a-z0-9]+)*")


def _words(text: str) -> str:
    """The words of a text, each with a space before and after it."""
    return f" {' '.join(_OUR_WORDS.findall(text.casefold()))} "


def rows(kinds: str, fault: Fault, reason: str | None, *texts: str) -> Iterator[_Row]:
    """A row for each of the `texts`, said of one of the `kinds`, which stand with spaces
    between."""
    for text in texts:
        yield _Row(
            frozenset(kinds.casefold().split()), _words(text).strip(), Verdict(fault, reason)
        )


class Verdicts:
    """The table of one form."""

    def __init__(self, *table: _Row) -> None:
        self._table = table

    def verdict(self, text: str, *, kind: str = "") -> Verdict | None:
        """What a saying means; None when no row knows it."""
        kind, words = kind.casefold(), _words(text)
        return next((row.verdict for row in self._table if row.fits(kind, words)), None)


ACCOUNT, PASSING, ADDRESS = Fault.ACCOUNT, Fault.PASSING, Fault.ADDRESS
OPTED_OUT, MESSAGE, SENDER = Fault.OPTED_OUT, Fault.MESSAGE, Fault.SENDER
ANY = ""
"""Every kind, or every text of a kind."""

"""What the campaign sees while it happens: each claim and each note is held against the script at
once, and each fault is put down to the claim whose message it leaves in doubt.

A message may be `unknown` only if something was injected at the calls where that belongs: its
sender died between the claim and the mark, or stood still for longer than its lease, or the
provider's answer or the mark after it met trouble.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.brute_force import CHANNELS, MINUTE
from tests.chaos.expressions import Item
from tests.chaos.oracle import Fact, Facts, Oracle, Script

NO_WORD = ("lost", "silent", "failed", "failed_after", "died", "died_after")
"""Answers of a provider that leave nobody who knows."""
SKEW_AT_MOST = 5
"""Minutes by which a function believes a clock that is ahead of its own."""


@dataclass
class Claimed:
    """A claim as it was written; `minute` is when, by the clock of who claimed."""

    user_id: str
    channel: str
    keys: tuple[str, ...]
    minute: datetime
    life: int
    in_doubt: str = ""
    """What was injected that lets its message be `unknown`."""


@dataclass
class Work:
    """A handler at work, by its own clock `at` its beginning: the claim whose message it has not
    marked yet, and whether that has left."""

    at: datetime
    owner: str = ""
    sent: bool = False
    stood_still: bool = False


@dataclass
class Witness:
    """All of one world. Without people in the `script` nothing is judged."""

    script: Script = field(default_factory=Script)
    claims: dict[str, Claimed] = field(default_factory=dict)
    bad_words: set[tuple[str, str]] = field(default_factory=set)
    """Users and channels of which a provider said that the address is of no use."""
    wrong: list[str] = field(default_factory=list)
    skewed: bool = False

    def sees_rows(
        self,
        written: list[Item],
        facts: Facts,
        stopped: frozenset[str],
        work: Work,
        now: datetime,
    ) -> None:
        """Rows of a user that one call has put into the ledger, by the clock of who wrote them;
        `facts` are from before it."""
        claimed = [item for item in written if _text(item, "state") in ("claimed", "in_digest")]
        if claimed:
            self._claimed(claimed, work, now)
        for item in written:
            state, user_id = _text(item, "state"), _text(item, "user_id")
            word = "sent" if item in claimed else f"skipped:{_text(item, 'reason')}"
            if state == "unknown" and int(item.get("resends", {"N": "0"})["N"]) == 0:
                self.wrong.append(f"unknown, and never sent: {_text(item, 'key')}")
            if not self.script.users:
                continue
            if user_id not in self.script.users:
                self.wrong.append(f"written of who is erased: {_text(item, 'key')} ({user_id})")
                continue
            oracle = Oracle(self.script, user_id, facts, stopped)
            said = oracle.judge(_text(item, "key"), word, self._minutes(work, now))
            if said is not None:
                self.wrong.append(f"{said} ({user_id})")

    def _minutes(self, work: Work, now: datetime) -> list[datetime]:
        """By the clock of who decides, who may have stood still since; where clocks differ, that of
        who woke it may count."""
        whole = now.replace(second=0)
        ahead = range(1, SKEW_AT_MOST + 1) if self.skewed else ()
        return [now, work.at, *(whole + minutes * MINUTE for minutes in ahead)]

    def _claimed(self, items: list[Item], work: Work, now: datetime) -> None:
        first = items[0]
        channel = _text(first, "channel")
        keys = tuple(_text(item, "key") for item in items)
        work.owner, work.sent = _text(first, "owner"), False
        why = "stood still" if work.stood_still else ""
        user_id = _text(first, "user_id")
        life = self.script.lives.get(user_id, 0)
        self.claims[work.owner] = Claimed(user_id, channel, keys, now, life, why)

    def sees_state(self, row: Item, work: Work | None) -> None:
        """A row of the ledger after a call that wrote to it."""
        owner, state = row.get("owner", {"S": ""})["S"], _text(row, "state")
        if work is not None and work.owner and owner in (work.owner, "") and state != "claimed":
            work.owner = ""
        if state != "unknown":
            return
        claim = self.claims.get(owner)
        if claim is None or not self.is_of_this_life(owner):  # nobody is left to be told
            return
        if not claim.in_doubt:
            name = f"{claim.user_id} {_text(row, 'key')}"
            self.wrong.append(f"unknown, and nothing was injected: {name}")

    def sees_fault(self, work: Work, what: str, *, death: bool) -> None:
        """Something was injected into a handler's work."""
        if work.owner and (death or work.sent):
            self.claims[work.owner].in_doubt = what

    def sees_standstill(self, work: Work) -> None:
        work.stood_still = True
        if work.owner:
            self.claims[work.owner].in_doubt = "stood still"

    def claimed_on(self, user_id: str, channel: str, minute: datetime) -> int:
        """How many messages were claimed for an address on the user's day of `minute`."""
        zone = self.script.zone(user_id)
        today = minute.astimezone(zone).date()
        return sum(
            claim.minute.astimezone(zone).date() == today
            for owner, claim in self.claims.items()
            if self.is_of_this_life(owner) and (claim.user_id, claim.channel) == (user_id, channel)
        )

    def is_of_this_life(self, owner: str) -> bool:
        """Whether a claim was made of the account that its user has now."""
        claim = self.claims[owner]
        return claim.life == self.script.lives.get(claim.user_id, 0)


def stopped_channels(user: Item | None) -> frozenset[str]:
    """The channels whose address the tables say is not to be used."""
    if user is None:
        return frozenset()
    return frozenset(each for each in CHANNELS if "stopped_at" in user.get(each, {"M": {}})["M"])


def facts_of(rows: list[Item]) -> dict[str, Fact]:
    """What the ledger has of a user's reminders, each with the state of its message."""
    by_key = {_text(row, "key"): row for row in rows if "state" in row}

    def state(row: Item) -> str:
        carrier = by_key.get(row.get("message_key", {"S": ""})["S"], row)
        return _text(carrier if _text(row, "state") == "in_digest" else row, "state")

    return {
        key: Fact(
            state(row),
            row.get("reason", {"S": ""})["S"],
            int(row.get("resends", {"N": "0"})["N"]),
            instant(row["not_before"]["S"]) if "not_before" in row else None,
            instant(row["planned_at"]["S"]),
        )
        for key, row in by_key.items()
        if key.count("#") == 5
    }


def instant(text: str) -> datetime:
    """As the tables have it: of seconds or of minutes, in UTC."""
    found = datetime.fromisoformat(text)
    assert found.utcoffset() == timedelta(), text
    return found


def _text(item: Item, name: str) -> str:
    return str(item[name]["S"])

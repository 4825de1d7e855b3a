"""Counts what should have gone out, what the ledger says and what the providers got, and compares.

The three counts come from three places: an enumerator that shares no code with the planner, the
ledger's rows, and the outboxes of the engine.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bill_reminders.domain.ledger import State
from bill_reminders.storage.tables import LedgerItem
from local.stack import Sent
from tests.brute_force import Expected

LATE_AFTER = timedelta(minutes=2)

Key = tuple[str, str, int, int, str, str]
"""User, bill, occurrence, due-date revision, trigger, channel."""


@dataclass(frozen=True)
class Tally:
    """The comparison. `wrong` holds a sentence for each disagreement.

    `caught_up` counts the messages of the first five minutes after the outage, `most_at_once` those
    of them that one person got on one channel.
    """

    due: int
    sent: Mapping[str, int]
    skipped: Mapping[str, int]
    messages: Mapping[str, Mapping[str, int]]
    lost: int
    duplicated: int
    late: int
    caught_up: int
    most_at_once: int
    wrong: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "due": self.due,
            "sent": dict(self.sent),
            "skipped": dict(self.skipped),
            "messages": {name: dict(counts) for name, counts in self.messages.items()},
            "lost": self.lost,
            "duplicated": self.duplicated,
            "late": self.late,
            "caught_up": self.caught_up,
            "most_at_once": self.most_at_once,
            "wrong": list(self.wrong),
        }


def compare(
    expected: Iterable[Expected],
    rows: Iterable[LedgerItem],
    outbox: Iterable[Sent],
    owners: Mapping[str, str],
    *,
    outage_end: datetime,
) -> Tally:
    """`owners` maps each address, as the outbox shows it, to its user."""
    wanted = {
        (e.user_id, e.bill_id, e.occurrence, e.revision, e.trigger, e.channel): e for e in expected
    }
    rows = list(rows)
    ledger = {_key(row): row for row in rows}
    by_name = {(row.user_id, row.key): row for row in ledger.values()}
    outbox = list(outbox)
    wrong: list[str] = []
    late = 0

    for key, row in ledger.items():
        row_outcome = outcome(row, by_name)
        promise = wanted.get(key)
        if promise is None:
            wrong.append(f"{key} is {row_outcome} and was not expected")
        elif promise.outcome != row_outcome:
            wrong.append(f"{key} is {row_outcome}, expected {promise.outcome}")
        elif promise.planned_at != row.planned_at:
            wrong.append(f"{key} was planned for {row.planned_at}, expected {promise.planned_at}")
        elif promise.sent_at is not None:
            late += not timedelta() <= row.recorded_at - promise.sent_at <= LATE_AFTER
    if len(ledger) != len(rows):
        wrong.append("the ledger has two rows of one reminder")
    missing = [key for key in wanted if key not in ledger]
    wrong += [f"{key} was due and is not in the ledger" for key in missing]

    messages = {
        "expected": _messages_expected(wanted.values()),
        "ledger": Counter(
            (row.user_id, row.channel)
            for row in ledger.values()
            if row.state == State.SENT.value and row.message_key == row.key
        ),
        "outboxes": Counter((owners[sent.address], sent.channel.value) for sent in outbox),
    }
    lost = messages["expected"] - messages["outboxes"]
    extra = messages["outboxes"] - messages["expected"]
    wrong += [f"{who} got {count} messages too few" for who, count in lost.items()]
    wrong += [f"{who} got {count} messages too many" for who, count in extra.items()]
    if messages["ledger"] != messages["outboxes"]:
        wrong.append("the ledger and the outboxes do not agree")
    accepted = Counter(sent.provider_id for sent in outbox)
    noted = Counter(row.provider_id for row in ledger.values() if row.provider_id is not None)
    if accepted != noted:
        wrong.append("the ledger does not name each accepted message exactly once")
    repeated = Counter((sent.address, sent.text) for sent in outbox)
    twice = sum(count - 1 for count in repeated.values())

    after_outage = Counter(
        (row.user_id, row.channel)
        for row in ledger.values()
        if row.message_key == row.key
        and timedelta() <= row.recorded_at - outage_end < timedelta(minutes=5)
    )

    return Tally(
        due=len(wanted),
        sent=Counter(
            row.channel for row in ledger.values() if outcome(row, by_name) == State.SENT.value
        ),
        skipped=Counter(row.reason for row in ledger.values() if row.state == State.SKIPPED.value),
        messages={name: _by_channel(counts) for name, counts in messages.items()},
        lost=len(missing) + lost.total(),
        duplicated=max(twice, extra.total()),
        late=late,
        caught_up=after_outage.total(),
        most_at_once=max(after_outage.values(), default=0),
        wrong=tuple(wrong),
    )


def outcome(row: LedgerItem, rows: Mapping[tuple[str, str], LedgerItem]) -> str:
    """What became of a reminder; in a digest, what became of the message that carries it."""
    if row.state == State.IN_DIGEST.value and row.message_key is not None:
        row = rows[row.user_id, row.message_key]
    return f"skipped:{row.reason}" if row.state == State.SKIPPED.value else str(row.state)


def _key(row: LedgerItem) -> Key:
    return (row.user_id, row.bill_id, row.occurrence, row.revision, row.trigger, row.channel)


def _messages_expected(expected: Iterable[Expected]) -> Counter[tuple[str, str]]:
    """One message a user, channel and minute."""
    digests = {(e.user_id, e.channel, e.sent_at) for e in expected if e.outcome == "sent"}
    return Counter((user_id, channel) for user_id, channel, _ in digests)


def _by_channel(counts: Counter[tuple[str, str]]) -> Counter[str]:
    totals: Counter[str] = Counter()
    for (_, channel), count in counts.items():
        totals[channel] += count
    return totals

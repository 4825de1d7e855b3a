"""make demo: six weeks of reminders on a local stack, what each person got, and three counts."""

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Language
from bill_reminders.domain.reminders import SkipReason, Trigger
from bill_reminders.messages.catalogue import catalogue
from bill_reminders.messages.wording import rule
from bill_reminders.storage import rows
from bill_reminders.storage.tables import LedgerItem, UserItem
from local import sample, sample_events
from local.play import play
from local.stack import BUILD, Sent, Stack, deployed
from local.tally import Tally, compare
from tests.brute_force import enumerate_due

LAST_DAY = datetime(2027, 3, 31, 23, 59, tzinfo=UTC)
OUTAGE = (datetime(2027, 3, 7, 8, tzinfo=UTC), datetime(2027, 3, 8, 10, tzinfo=UTC))
"""26 hours without a tick."""
HISTORY = BUILD / "history.txt"
"""What is printed, a line each and not folded."""
WIDTH = 110
"""Characters a line, where no terminal says how many there are."""

NAMES = {"sms": "SMS", "push": "push", "email": "e-mail"}
SKIPPED = {
    SkipReason.NO_ADDRESS.value: "no address that may be used",
    SkipReason.MERGED.value: "quiet hours moved it to the day of a nearer reminder",
    SkipReason.SUPERSEDED.value: "missed, and a nearer reminder took its place",
    SkipReason.EXPIRED.value: "missed, and too late to help",
    SkipReason.SNOOZED.value: "they asked not to hear of it before a later day",
    SkipReason.WHILE_PAID.value: "it stood as paid at that time",
    SkipReason.CARRIED.value: "a newer statement has taken it in",
    SkipReason.WITHDRAWN.value: "no longer needed",
}


def main() -> int:
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    with ExitStack() as leaving:
        with console.status("building and deploying the stack on this machine"):
            stack = leaving.enter_context(deployed())
        tally = _run(console, stack)
        memory = stack.peak_memory()
    if memory:
        most = max(memory, key=lambda name: memory[name])
        console.print(f"memory of a function: at most {memory[most]} MB, {most}")
    figures = {**tally.as_json(), "peak_memory_mb": memory}
    BUILD.joinpath("demo.json").write_text(json.dumps(figures, indent=2) + "\n")
    return 1 if _failed(tally) else 0


def _run(console: Console, stack: Stack) -> Tally:
    stack.set_clock(sample.FIRST_DAY)
    sample.load(stack)
    _play(console, stack)
    users = {item.user_id: item for item in UserItem.scan(consistent_read=True)}
    ledger = list(LedgerItem.scan(LedgerItem.state.exists(), consistent_read=True))
    outbox = stack.outbox()
    owners = _owners(users)
    _print_people(console, users, ledger, outbox)
    expected = enumerate_due(
        sample.USERS,
        sample.BILLS,
        imported_at=sample.FIRST_DAY,
        until=LAST_DAY,
        events_csv=sample_events.EVENTS,
        outage=OUTAGE,
    )
    tally = compare(expected, ledger, outbox, owners, outage_end=OUTAGE[1])
    _print_totals(console, tally)
    return tally


def _play(console: Console, stack: Stack) -> None:
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console
    ) as progress:
        days = (LAST_DAY - sample.FIRST_DAY).days + 1
        bar = progress.add_task("15 February 2027", total=days)
        events = sample_events.read()
        for minute in play(stack, sample.FIRST_DAY, LAST_DAY, events=events, outage=OUTAGE):
            progress.update(
                bar,
                completed=(minute - sample.FIRST_DAY).total_seconds() / 86_400,
                description=f"{minute.day:2} {minute:%B %Y}",
            )
        progress.update(bar, completed=days)


def _owners(users: Mapping[str, UserItem]) -> dict[str, str]:
    return {
        address.value: item.user_id
        for item in users.values()
        for address in rows.user_from(item).addresses.values()
    }


def _print_people(
    console: Console,
    users: Mapping[str, UserItem],
    ledger: Sequence[LedgerItem],
    outbox: Iterable[Sent],
) -> None:
    texts = {sent.provider_id: sent.text for sent in outbox}
    history: list[str] = []
    by_user: defaultdict[str, list[LedgerItem]] = defaultdict(list)
    for row in ledger:
        by_user[row.user_id].append(row)
    for user_id, item in sorted(users.items()):
        bills = sample.bill_names(user_id)
        zones = _zones(user_id)
        console.print()
        console.rule(f"[bold]{user_id}[/bold]  {item.time_zone}  {item.language}", align="left")
        table = Table(box=None, expand=True, padding=(0, 1), collapse_padding=True)
        table.add_column("on their clock", width=18, no_wrap=True)
        table.add_column("by", width=8)
        table.add_column("what they got", ratio=3, overflow="fold")
        table.add_column("why", ratio=2, overflow="fold", style="dim")
        told = [*_events(by_user[user_id], bills, texts), *_doings(user_id, bills)]
        for at, *lines in sorted(told, key=lambda line: line[0]):
            zone = next(zone for since, zone in reversed(zones) if since <= at)
            when = at.astimezone(zone).strftime("%a %d %b %H:%M")
            table.add_row(when, *map(escape, lines), end_section=True)
            history.append(" | ".join((user_id, when, *lines)).replace("\n", "; "))
        console.print(table)
    HISTORY.write_text("\n".join(history) + "\n", encoding="utf-8")


def _zones(user_id: str) -> list[tuple[datetime, ZoneInfo]]:
    """Where the person lives, and since when."""
    home = next(row["time_zone"] for row in sample.people() if row["user_id"] == user_id)
    moves = [
        (sample_events.instant(event), ZoneInfo(event["value"]))
        for event in sample_events.read()
        if event["user_id"] == user_id and event["event"] == "moved"
    ]
    return [(datetime.min.replace(tzinfo=UTC), ZoneInfo(home)), *moves]


def _events(
    ledger: Sequence[LedgerItem],
    bills: Mapping[str, str],
    texts: Mapping[str, str],
) -> Iterable[tuple[datetime, str, str, str]]:
    """One line a message or a skipped reminder."""
    carried: defaultdict[str, list[LedgerItem]] = defaultdict(list)
    for row in ledger:
        carried[row.message_key or row.key].append(row)
    for together in carried.values():
        first = together[0]
        when = first.recorded_at
        why = "\n".join(f"{bills[row.bill_id]}: {_rule(row)}" for row in together)
        if first.reason is not None:
            yield when, NAMES[first.channel], f"nothing: {SKIPPED[first.reason]}", why
        else:
            head = next(row for row in together if row.key == (row.message_key or row.key))
            yield when, NAMES[first.channel], _shown(head, texts), why


def _doings(user_id: str, bills: Mapping[str, str]) -> Iterable[tuple[datetime, str, str, str]]:
    """One line for each thing that the person, or a biller, did."""
    for event in sample_events.read():
        if event["user_id"] == user_id:
            amount = f"{event['amount']} {event['currency']}" if event["amount"] else ""
            word = "from" if event["event"] == "changed" else "due"
            due_on = f"{word} {event['due_on']}" if event["due_on"] else ""
            until = f"until {event['until']}" if event["until"] else ""
            words = (event["event"].replace("_", " "), amount, until, event["value"])
            about = " ".join(filter(None, (bills.get(event["bill_id"], ""), due_on)))
            yield sample_events.instant(event), "-->", " ".join(filter(None, words)), about


def _rule(row: LedgerItem) -> str:
    words = catalogue(Language.ENGLISH)
    return f"{rule(words, Trigger.parse(row.trigger))}, due {row.due_on:%d %b}"


def _shown(head: LedgerItem, texts: Mapping[str, str]) -> str:
    text = texts.get(head.provider_id or "", f"({head.state})")
    if head.channel == Channel.PUSH.value:
        text = json.loads(text)["default"]
    if head.channel == Channel.EMAIL.value:
        body, _, _ = text.partition("\n--\n")
        text = " / ".join(filter(None, body.splitlines()))
    return text


def _print_totals(console: Console, tally: Tally) -> None:
    table = Table(title="[bold]Messages by three independent counts[/bold]", title_justify="left")
    table.add_column("counted from")
    for channel in Channel:
        table.add_column(NAMES[channel.value], justify="right")
    names = {
        "expected": "an enumerator that knows nothing of the planner",
        "ledger": "the ledger",
        "outboxes": "the providers' outboxes",
    }
    for name, words in names.items():
        counts = tally.messages[name]
        table.add_row(words, *(str(counts.get(channel.value, 0)) for channel in Channel))
    console.print(table)
    sent = ", ".join(f"{count} by {NAMES[name]}" for name, count in sorted(tally.sent.items()))
    skipped = ", ".join(f"{count} {reason}" for reason, count in sorted(tally.skipped.items()))
    console.print(f"due: {tally.due} reminders")
    console.print(f"sent: {sent}; several that are due together go as one message")
    console.print(f"skipped: {skipped or 'none'}")
    console.print(
        f"after 26 hours without a tick: {tally.caught_up} messages, "
        f"at most {tally.most_at_once} to one person on one channel"
    )
    colour = "red" if _failed(tally) else "green"
    console.print(
        f"[bold {colour}]lost {tally.lost}, duplicated {tally.duplicated}, "
        f"late {tally.late}[/bold {colour}]"
    )
    for sentence in tally.wrong[:20]:
        console.print(f"[red]{escape(sentence)}[/red]")


def _failed(tally: Tally) -> bool:
    burst = tally.most_at_once > 1
    return bool(tally.wrong or tally.lost or tally.duplicated or tally.late or burst)


if __name__ == "__main__":
    sys.exit(main())

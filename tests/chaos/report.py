"""The report of the campaign: docs/fault-campaign.md."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.chaos.wire import FAULTS
from tests.support.template import ROOT

REPORT = ROOT / "docs" / "fault-campaign.md"

HEAD = """# The fault campaign

Written by `make chaos`, which runs the real handlers of find_due, the senders, settle,
read_receipts, read_replies, run_jobs and link_page against tables, queues and providers in memory;
and, with a fault proxy on the wire, the deployed local stack.

What is due nobody asks the product: a script says what people entered and did, and
`tests/chaos/oracle.py` reads from it, by docs/rules.md and the enumerator's instants, what has to
be said, what may be, and what must not. Each claim and each note of the ledger is held against it
when it is written, rows, instants to wake at and providers at the end. `skipped` counts only with a
reason that the script explains, `unknown` and a second message only where a fault was injected at
the send or at the mark after it. Troubles that last have a comparison of their own, and meet
functions with the visibility times, receives and delays of the deployed queues.

The tables' double is compared with moto, call by call, in `tests/chaos/test_store.py`. A run that
was stopped goes on where it was; `SCHEDULES=N` and
`PAIRS=N` bound it, `make clean` starts it anew. A schedule is made from its number: the same
everywhere. One that does not hold is told without the steps that it fails without. A slice of it is
part of `make test`.

"""

KINDS = {
    "answer lost": "AWS acted, its answer never came",
    "clock skew": "clocks up to five minutes apart",
    "connection died": "a provider's connection was dead when a function came back to it",
    "died": "the process died before or after a call",
    "died_after": "the process died when a provider had taken the message",
    "failed": "a provider failed with 500 and took nothing",
    "failed_after": "a provider took the message and failed with 500",
    "index lag": "the indexes did not show what was written",
    "lasting": "a call met a trouble that lasts",
    "lost": "a provider took the message and went silent",
    "meanwhile": "somebody paid, stopped, paused, moved, wrote, pressed a page's button or was "
    "erased; the biller changed a bill; another worker or a sweep went ahead",
    "opted_out": "a provider says that the address opted out, or is disabled",
    "poison": "something unreadable in a queue",
    "refused": "a provider refused for good",
    "silent": "a provider took nothing and went silent",
    "throttled": "a table or a provider throttled",
    "transaction conflict": "a transaction was cancelled by a conflict",
}


COUNTED = ("fired", "accepted", "at_provider", "lost", "duplicated", "unknown", "resent")


def _on_the_wire(wires: Mapping[str, Any], throttled: Mapping[str, Any]) -> str:
    lines = [
        "\n## On the wire\n\nThe deployed local stack, with a fault proxy between functions and "
        "engine: one operation misbehaves in one way until the queues are empty or for "
        "16 seconds, then everything runs on. *At the provider* counts requests to send, behind "
        "the proxy; *at rest* how many minutes after the trouble's minute the slowest was. Kinds: "
        f"{', '.join(FAULTS)}, for every call and for every other; each schedule by itself stands "
        "in `build/chaos.json`.\n\n"
        "| stage | operation | schedules | faults | accepted | at the provider | lost "
        "| duplicated | unknown | resent | at rest |\n"
        "|---|---|---|---|---|---|---|---|---|---|---|\n"
    ]
    rows: dict[tuple[str, str], Counter[str]] = {}
    for each in wires.values():
        row = rows.setdefault((each["stage"], each["operation"]), Counter())
        row["schedules"] += 1
        row.update({count: each[count] for count in COUNTED})
        row["minutes"] = max(row["minutes"], each["minutes"])
    for (stage, operation), row in rows.items():
        numbers = " | ".join(str(row[count]) for count in ("schedules", *COUNTED, "minutes"))
        lines.append(f"| {stage} | `{operation}` | {numbers} |\n")
    if again := {name: each["reruns"] for name, each in wires.items() if each.get("reruns")}:
        named = ", ".join(f"`{name}` ({times})" for name, times in again.items())
        lines.append(f"\nRun again, for their fault had not happened: {named}.\n")
    if throttled:
        lines.append(
            f"\nWith SMS throttled to nothing ({throttled['refused']} refusals), e-mail and push "
            f"of the same tick for {throttled['users']} users took {throttled['ratio']} times "
            "what they took untroubled in the same run.\n"
        )
    return "".join(lines)


def write(state: Mapping[str, Any]) -> None:
    """`state` is build/chaos.json."""
    lines = [HEAD, "| | |\n|---|---|\n"]
    for name, what in (
        ("singles", "a single fault at each call, of each kind"),
        (
            "lasting",
            "troubles that last 25 minutes to 3 hours: each kind of call with each kind of fault, "
            "all calls or a part of them; other versions, clocks, orders and expiry",
        ),
        ("pairs", "pairs of deaths, at every two calls"),
        ("schedules", "schedules of 30 steps that dice choose"),
        ("on_moto", "more of them with tables on moto"),
        ("faults", "faults injected"),
        ("accepted", "messages that the providers took"),
        ("lost", "reminders lost"),
        ("duplicated", "messages sent twice beyond the counted resends"),
        ("unknown", "reminders that stayed `unknown`"),
        ("resent", "reminders sent once more because nobody knew"),
        ("slowest_recovery_minutes", "minutes until the slowest schedule was at rest"),
    ):
        lines.append(f"| {what} | {state[name]:,} |\n")
    lines.append(f"| schedules in which anything was wrong | {len(state['failures'])} |\n")
    if drained := state["backlog"]:
        lines.append(
            f"\n## A backlog\n\n{drained['users']:,} users were due in an outage of 27 hours, with "
            f"50 deaths while it drained: {drained['sent']:,} messages went out, "
            f"{drained['expired']:,} reminders were past their use and noted so, "
            f"{drained['twice']} went out twice, "
            f"{drained['too_late']} past their use, {drained['left']} were left. It took "
            f"{drained['wake_ups']:,} wake-ups in {drained['minutes']} minutes of ticks.\n"
        )
    if wires := state["wire"]:
        lines.append(_on_the_wire(wires, state["sms_throttled"]))
    lines.append("\n## Faults by kind\n\n| kind | times |\n|---|---|\n")
    lines += [f"| {KINDS[kind]} | {n:,} |\n" for kind, n in state["faults_by_kind"].items()]
    lines.append(
        "\n## Guards\n\nEach was taken out of the code in turn; where that was noticed:\n\n"
        "| guard | noticed |\n|---|---|\n"
    )
    lines += [f"| {name} | {seen or 'not noticed'} |\n" for name, seen in state["guards"].items()]
    for failure in state["failures"][:20]:
        lines.append(f"\n**{failure['schedule']}**: {'; '.join(failure['wrong'][:5])}\n")
    REPORT.write_text("".join(lines))

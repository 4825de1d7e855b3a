"""make demo, as a newcomer runs it."""

import json
import subprocess
import sys

from local.benchmark.cold_start import MOST_MEMORY
from local.stack import BUILD, ROOT

RULES_AT_WORK = (
    "minimum paid",
    "The automatic payment did not go",
    "The due date has changed",
    "far above the usual",
    "帳單為準",
    "Banks are closed",
    "snoozed until then",
    "it stood as paid at that time",
    "moved Pacific/Auckland",
    "deleted | 物业费",
    "Keep at least",
    "Usually",
    "还剩",
    "尚餘",
    "5 days before, due 05 Apr",
    "was due",
    "Apartment rent, $1,950.00, due in 3 days (Apr 1)",
    "Store card, $870.00 left, minimum paid",
    "Store card, $1,210.00, minimum $40.00, is 1 day overdue",
    "a newer statement has taken it in | Store card: 5 days after, due 18 Mar",
    "Marigold & Wren Mortgage / £1,166.39",
)


def test_the_demo_loses_nothing_and_repeats_nothing() -> None:
    BUILD.joinpath("demo.json").unlink(missing_ok=True)
    finished = subprocess.run(
        [sys.executable, "-m", "local.demo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-3000:] + finished.stderr[-3000:]
    totals = json.loads(BUILD.joinpath("demo.json").read_text())
    messages = totals["messages"]
    assert messages["expected"] == messages["ledger"] == messages["outboxes"]
    assert (totals["lost"], totals["duplicated"], totals["late"]) == (0, 0, 0)
    assert totals["wrong"] == []
    # so that an empty comparison does not pass for a good one
    assert totals["due"] == sum(totals["sent"].values()) + sum(totals["skipped"].values())
    assert set(totals["sent"]) == {"sms", "push", "email"}
    noted = {"carried", "merged", "no_address", "superseded", "snoozed", "while_paid"}
    assert noted <= set(totals["skipped"])
    # 26 hours without a tick end in one message a person and channel
    assert totals["caught_up"] >= totals["most_at_once"] == 1
    assert "lost 0, duplicated 0, late 0" in finished.stdout
    if sys.platform == "linux":
        memory = totals["peak_memory_mb"]
        assert {"FindDue", "SendSms", "SendPush", "SendEmail"} <= set(memory)
        assert max(memory.values()) <= MOST_MEMORY
    history = BUILD.joinpath("history.txt").read_text(encoding="utf-8")
    assert [words for words in RULES_AT_WORK if words not in history] == []

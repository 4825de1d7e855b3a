"""make demo, as a newcomer runs it."""

import json
import subprocess
import sys

from local.stack import BUILD, ROOT


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
    assert {"merged", "no_address", "superseded"} <= set(totals["skipped"])
    assert "lost 0, duplicated 0, late 0" in finished.stdout

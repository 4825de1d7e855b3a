"""A sender's warm path against a plain loop, at a table's and a provider's usual latency."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

from bill_reminders.storage import rows
from bill_reminders.storage.tables import ScheduleItem
from local.benchmark.answers import ANYBODY, Item, answering
from local.benchmark.cold_start import built
from local.benchmark.figures import Figure
from local.benchmark.people import a_card, somebody
from local.stack import ROOT

BATCH = 10
"""As in template.yaml."""
CPU_AT_MOST = 1.0
SPEED_AT_LEAST = 15.0


def measured() -> Iterator[Figure]:
    """CPU a reminder, and reminders a second of one worker, as multiples of the plain loop's."""
    found = compared(BATCH)
    peer, ours = found["peer"], found["ours"]
    cpu = ours["milliseconds"] / peer["milliseconds"]
    speed = ours["per_second"] / peer["per_second"]
    yield Figure("warm: CPU a reminder", cpu, "x plain loop", CPU_AT_MOST)
    yield Figure("warm: reminders a second", speed, "x plain loop", SPEED_AT_LEAST, least=True)


def compared(batch: int) -> dict[str, dict[str, float]]:
    """CPU milliseconds a reminder and reminders a second, of the plain loop and of ours."""
    function = built()["SendEmail"]
    names = function.variables
    program = (
        f"import sys; sys.path[:0] = {[*map(str, (*function.paths, ROOT))]}\n"
        "from local.benchmark.warm_path import compare\n"
        f"compare({batch}, {names['BILLS_TABLE']!r}, {names['LEDGER_TABLE']!r})"
    )
    with answering(_items(names)) as environment:
        finished = subprocess.run(
            [os.path.realpath(sys.executable), "-I", "-S", "-B", "-c", program],
            env={
                **environment,
                **names,
                "AWS_LAMBDA_FUNCTION_NAME": "measured",
                "POWERTOOLS_LOG_LEVEL": "WARNING",
                "CLOCK_OFFSET_PARAMETER": "",
                "PER_SECOND": "100000",  # the pace shall not be what is measured
                "LINK_ORIGIN": "https://links.example.com",
            },
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    answer: dict[str, dict[str, float]] = json.loads(finished.stdout.splitlines()[-1])
    return answer


def _items(names: dict[str, str]) -> dict[str, list[Item]]:
    """What the tables hold for anybody: one bill, due in three days, to be told of now."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    entered = now - timedelta(days=30)
    user = somebody(ANYBODY, remind_at=time(now.hour, now.minute), entered=entered)
    bill = a_card(ANYBODY, "bill", first_due=now.date() + timedelta(days=3), entered=entered)
    schedule = ScheduleItem(ANYBODY, shard=0, version=3, email_next_at=now)
    models: dict[str, Any] = {
        names["SCHEDULES_TABLE"]: schedule,
        names["USERS_TABLE"]: rows.user_item(user),
        names["BILLS_TABLE"]: rows.bill_item(bill),
    }
    return {
        **{table: [dict(model.serialize())] for table, model in models.items()},
        names["LEDGER_TABLE"]: [],
    }

"""make drain: when the last message leaves, if everybody chose nine o'clock in one zone.

Writes build/drain.json and the table in the README. `make drain CHECK=20000` plays so many users on
the local stack besides, and compares.
"""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from local import tables
from local.costs.arithmetic import assumed
from local.drain import check
from local.drain.simulation import Channel, Drained, Setup, by_quota_alone, drain
from local.stack import BUILD, ROOT

README = ROOT / "README.md"
MARK = "<!-- drain -->"
LATE_AT_MOST = 1.05
"""Times what the quota alone dictates."""

type Rows = list[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Plan:
    """A deployment: quotas of its account and the parameters that go with them. The quotas are by
    channel: SMS, push, e-mail."""

    name: str
    per_second: tuple[int, int, int]
    concurrency: tuple[int, int, int]
    shards: int
    finder_megabytes: int
    crowds: tuple[int, ...]

    def setup(self, users: int, machine: dict[str, Any]) -> Setup:
        """With so many waiting on each channel."""
        names = ("SMS", "push", "e-mail")
        channels = zip(names, self.per_second, self.concurrency, strict=True)
        return Setup(
            tuple(Channel(name, users, quota, workers) for name, quota, workers in channels),
            self.shards,
            self.finder_megabytes,
            machine,
        )


PLANS = (
    Plan("as deployed", (20, 100, 14), (5, 25, 4), 16, 1024, (10_000, 100_000)),
    Plan("raised", (100, 400, 200), (35, 140, 70), 16, 1769, (1_000_000, 10_000_000)),
    Plan("raised twice", (200, 600, 400), (70, 300, 150), 16, 1769, (10_000_000, 100_000_000)),
    Plan("too much", (500, 5_000, 2_000), (170, 1_000, 700), 16, 1769, (100_000_000,)),
)


def main() -> int:
    rows, figures = sizing(a_machine())
    tables.show(rows, caption="\n".join(f"{plan.name}: {_parameters(plan)}" for plan in PLANS))
    BUILD.mkdir(exist_ok=True)
    (BUILD / "drain.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    tables.put_between(MARK, section(rows), README)
    if users := int(os.environ.get("CHECK") or 0):
        print(check.compared(users, a_machine()))
    return 0 if all(figure["holds"] for figure in figures) else 1


def a_machine() -> dict[str, Any]:
    machine: dict[str, Any] = assumed()["machine"]
    return machine


def sizing(
    machine: dict[str, Any], plans: Sequence[Plan] = PLANS
) -> tuple[Rows, list[dict[str, Any]]]:
    """The table of the README, and the same as figures."""
    rows: Rows = [("parameters", "users", "last SMS", "last push", "last e-mail", "held up by")]
    figures: list[dict[str, Any]] = []
    for plan in plans:
        for users in plan.crowds:
            setup = plan.setup(users, machine)
            drained, alone = drain(setup), by_quota_alone(setup.channels)
            rows.append((plan.name, f"{users:,}", *_shown(drained), _first(drained)))
            figures += [
                {
                    "name": f"{plan.name}, {users} users, {name}",
                    "seconds": round(found.last),
                    "by_quota_alone": round(alone[name]),
                    "bottleneck": found.bottleneck,
                    "holds": found.last <= LATE_AT_MOST * alone[name],
                }
                for name, found in drained.items()
            ]
    return rows, figures


def section(rows: Rows) -> str:
    """What stands in the README, its marks included."""
    rule = ("---", *("---:" for _ in rows[0][1:-1]), "---")
    table = tables.markdown(rows, rule)
    plans = "\n".join(f"- {plan.name}: {_parameters(plan)}" for plan in PLANS)
    return f"{MARK}\n\n{table}\n\n{plans}\n\n{MARK}"


def _parameters(plan: Plan) -> str:
    def three(values: tuple[int, int, int]) -> str:
        return "/".join(f"{value:,}" for value in values)

    return (
        f"{three(plan.per_second)} SMS/pushes/e-mails a second, `…Concurrency` "
        f"{three(plan.concurrency)}, `ShardsRead` {plan.shards}, "
        f"`FinderMemory` {plan.finder_megabytes}"
    )


def _shown(drained: dict[str, Drained]) -> list[str]:
    return [_time(found.last) for found in drained.values()]


def _time(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return (
        f"{days} d {hours} h"
        if days
        else f"{hours} h {minutes:02} min"
        if hours
        else f"{minutes} min"
    )


def _first(drained: dict[str, Drained]) -> str:
    """Of the channel that is last."""
    return max(drained.values(), key=lambda found: found.last).bottleneck


if __name__ == "__main__":
    sys.exit(main())

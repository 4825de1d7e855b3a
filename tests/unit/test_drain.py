"""The simulation of a crowd: nobody is lost in it, and each limit binds where it is the least."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.drain.__main__ import LATE_AT_MOST, PLANS, README, a_machine, section, sizing
from local.drain.simulation import (
    FINDER,
    PARTITIONS,
    QUOTA,
    WORKERS,
    Channel,
    Setup,
    by_quota_alone,
    drain,
)
from tests.support.examples import ALL

MACHINE = a_machine()


def setup(
    users: int = 10_000,
    *,
    per_second: float = 100,
    concurrency: int = 40,
    shards: int = 4,
    finder_megabytes: int = 1024,
    **machine: Any,
) -> Setup:
    channel = Channel("SMS", users, per_second, concurrency)
    return Setup((channel,), shards, finder_megabytes, {**MACHINE, **machine})


@given(
    users=st.integers(1, 30_000),
    per_second=st.integers(10, 500),
    concurrency=st.integers(2, 20),
    shards=st.integers(1, 16),
    finder_megabytes=st.sampled_from([256, 1024, 1769]),
)
def test_nothing_is_faster_than_the_quota(users: int, **parameters: int) -> None:
    played = setup(users, **parameters)  # type: ignore[arg-type]
    found = drain(played)["SMS"]
    assert found.last >= by_quota_alone(played.channels)["SMS"] - 1
    assert sum(found.held_by.values()) >= users / parameters["per_second"] - 1


@pytest.mark.parametrize(
    ("parameters", "bottleneck"),
    [
        ({}, QUOTA),
        ({"per_second": 500, "concurrency": 2}, WORKERS),
        ({"per_second": 900, "concurrency": 50, "shards": 1}, PARTITIONS),
        ({"per_second": 900, "concurrency": 50, "finder_megabytes": 256, "users": 300_000}, FINDER),
        ({"per_second": 900, "concurrency": 50, "workers_more_a_minute": 0}, WORKERS),
    ],
    ids=["quota", "concurrency", "partition", "finder", "ramp"],
)
def test_what_is_least_holds_up(parameters: Mapping[str, Any], bottleneck: str) -> None:
    assert drain(setup(**parameters))["SMS"].bottleneck == bottleneck


def test_channels_share_the_finder() -> None:
    alone = setup(200_000, per_second=400, concurrency=20, finder_megabytes=256)
    three = tuple(replace(alone.channels[0], name=name) for name in ("SMS", "push", "e-mail"))
    together = replace(alone, channels=three)
    assert drain(together)["SMS"].last > drain(alone)["SMS"].last


def test_one_user_leaves_right_after_the_tick() -> None:
    assert drain(setup(1))["SMS"].last == pytest.approx(3, abs=1)


def test_plans_up_to_their_crowds_keep_the_quotas_time() -> None:
    for plan in PLANS[:2]:
        played = plan.setup(plan.crowds[0], MACHINE)
        alone = by_quota_alone(played.channels)
        for name, found in drain(played).items():
            assert found.last <= LATE_AT_MOST * alone[name], (plan.name, name)


def test_the_readme_says_what_make_drain_says() -> None:
    readme = README.read_text(encoding="utf-8")
    if ALL:
        assert section(sizing(MACHINE)[0]) in readme, "run make drain"
    smaller = [replace(plan, crowds=plan.crowds[:1]) for plan in PLANS]
    for line in section(sizing(MACHINE, smaller)[0]).splitlines():
        assert line in readme, "run make drain"

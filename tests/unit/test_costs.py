"""The bill: it adds up, it follows what is counted, and the README says the same."""

from decimal import Decimal
from functools import cache

import pytest

from bill_reminders import metrics
from bill_reminders.domain.enums import Channel
from local.benchmark.counts import KNOWN
from local.costs.__main__ import README, a_workload, million, section
from local.costs.arithmetic import (
    ALARMS,
    COMPOSITE_ALARMS,
    METRICS,
    SERVICES,
    TABLES,
    Line,
    Prices,
    Workload,
    message,
    month,
    standing_still,
)
from tests.support.template import template

PRICES = Prices()


@cache
def workload() -> Workload:
    return a_workload()


def test_the_readme_says_what_make_cost_says() -> None:
    assert section(PRICES, workload()) in README.read_text(encoding="utf-8"), "run make cost"


def test_what_watches_is_counted_as_the_template_has_it() -> None:
    kinds = [each["Type"] for each in template()["Resources"].values()]
    assert kinds.count("AWS::CloudWatch::Alarm") == ALARMS
    assert kinds.count("AWS::CloudWatch::CompositeAlarm") == COMPOSITE_ALARMS
    assert "AWS::Logs::MetricFilter" not in kinds, "a filter makes a metric, too"
    assert len(Channel) * len(metrics.BY_CHANNEL) + len(metrics.WHOLE) == METRICS


def test_services_add_up_to_the_whole() -> None:
    lines = month(10_000, workload())
    parts = [PRICES.of(line for line in lines if line.service == each) for each in SERVICES]
    assert sum(parts) == PRICES.of(lines)


def test_a_month_is_standing_still_and_so_much_a_user() -> None:
    nobody, one, many = (PRICES.of(month(users, workload())) for users in (0, 1, 1_000))
    assert nobody == PRICES.of(standing_still(workload()))
    assert many - nobody == pytest.approx(1_000 * (one - nobody))


@pytest.mark.parametrize("reminders", [1, 5])
def test_write_units_of_a_message_are_those_that_are_counted(reminders: int) -> None:
    name = {1: "a single reminder", 5: "a digest of 5"}[reminders]
    counted = reminders * KNOWN[f"{name}: write units a reminder"]
    claimed, *_ = (
        line.quantity
        for line in message(reminders, "push", workload())
        if (line.service, line.price) == (TABLES, "write_unit")
    )
    assert claimed == counted


def test_what_goes_together_costs_less_each() -> None:
    each = [million(PRICES, workload(), reminders=count) for count in (1, 2, 5, 10)]
    assert each == sorted(each, reverse=True)
    assert each[-1] > 0


def test_every_channel_has_a_share_and_no_more_than_all_is_sent() -> None:
    shares = workload().user["channels"]
    assert set(shares) == {channel.value for channel in Channel}
    assert sum(shares.values()) == pytest.approx(1)


def test_prices_are_decimals_of_what_the_file_says() -> None:
    assert PRICES.of([Line(TABLES, "write_unit", 1_000_000)]) == Decimal("0.625")
    assert PRICES.of([]) == 0

"""Alarms as CloudWatch evaluates them: M of N periods, statistics, dimensions, missing data.

See "Evaluating an alarm" and "How alarms treat missing data" in Amazon CloudWatch's user guide. One
thing is simpler here: AWS looks at a few periods more than N when data is late.
"""

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.template import rendered, template
from tests.support.watch import Point, Series

OK, ALARM, UNSURE = "OK", "ALARM", "INSUFFICIENT_DATA"

STATISTICS: Mapping[str, Callable[[list[float]], float]] = {
    "Sum": sum,
    "Maximum": max,
    "Minimum": min,
    "Average": lambda values: sum(values) / len(values),
    "SampleCount": len,
}
OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
KNOWN = {
    *("AlarmDescription", "AlarmActions", "Namespace", "MetricName", "Statistic", "Period"),
    *("EvaluationPeriods", "DatapointsToAlarm", "Threshold", "ComparisonOperator", "Dimensions"),
    "TreatMissingData",
}
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Alarm:
    """One of the template's."""

    name: str
    series: Series
    statistic: str
    period: timedelta
    periods: int
    to_alarm: int
    threshold: float
    comparison: str
    missing: str

    @classmethod
    def of(cls, name: str, properties: Mapping[str, Any], parameters: Mapping[str, Any]) -> "Alarm":
        assert set(properties) <= KNOWN, f"teach Alarm {set(properties) - KNOWN}"
        dimensions = properties.get("Dimensions", ())
        pairs = frozenset((each["Name"], _name_of(each["Value"])) for each in dimensions)
        threshold = properties["Threshold"]
        if isinstance(threshold, dict):
            threshold = parameters[threshold["Ref"]]
        return cls(
            name,
            Series(properties["Namespace"], properties["MetricName"], pairs),
            properties["Statistic"],
            timedelta(seconds=properties["Period"]),
            properties["EvaluationPeriods"],
            properties.get("DatapointsToAlarm", properties["EvaluationPeriods"]),
            float(threshold),
            properties["ComparisonOperator"],
            properties["TreatMissingData"],
        )

    def states(
        self, points: Iterable[Point], start: datetime, end: datetime
    ) -> Iterator[tuple[datetime, str]]:
        """Its state at the end of each period from `start` to `end`; unsure before."""
        values: dict[datetime, list[float]] = {}
        for at, series, value in points:
            if series == self.series:
                values.setdefault(self._begin(at), []).append(value)
        state, at = UNSURE, self._begin(start) + self.period
        while at <= end:
            state = self._state(values, at, state)
            yield at, state
            at += self.period

    def _begin(self, at: datetime) -> datetime:
        """Of the period that `at` lies in: aligned as CloudWatch aligns them."""
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        return at - (at - epoch) % self.period

    def _state(self, values: Mapping[datetime, list[float]], at: datetime, before: str) -> str:
        ends = [at - number * self.period for number in range(1, self.periods + 1)]
        known = [self._is_breaching(values[each]) for each in ends if each in values]
        lacking = self.periods - len(known)
        breaching = sum(known) + (lacking if self.missing == "breaching" else 0)
        good = len(known) - sum(known) + (lacking if self.missing == "notBreaching" else 0)
        if breaching >= self.to_alarm:
            return ALARM
        if good > self.periods - self.to_alarm:
            return OK
        return UNSURE if self.missing == "missing" and not known else before

    def _is_breaching(self, values: list[float]) -> bool:
        found = STATISTICS[self.statistic](values)
        return OPERATORS[self.comparison](found, self.threshold)


def _name_of(value: Any) -> str:
    """A dimension's value; of what is deployed its logical id."""
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), _]}:
            return name
    assert isinstance(value, str)
    return value


EVERYTHING = {"LinkDomain": "pay.example.com", "AlarmEmail": "ops@example.com"}
"""What makes the template have all of its alarms."""


def alarms(**parameters: str) -> dict[str, Alarm]:
    """All alarms with a metric."""
    defaults = {name: each.get("Default") for name, each in template()["Parameters"].items()}
    return {
        name: Alarm.of(name, part["Properties"], defaults | parameters)
        for name, part in resources("AWS::CloudWatch::Alarm", **parameters).items()
    }


def composites() -> dict[str, str]:
    """The rules of the alarms that are made of others."""
    found = resources("AWS::CloudWatch::CompositeAlarm")
    return {name: part["Properties"]["AlarmRule"]["Fn::Sub"] for name, part in found.items()}


def resources(kind: str, **parameters: str) -> dict[str, Any]:
    whole = rendered("prod", **EVERYTHING | parameters)["Resources"]
    return {name: part for name, part in whole.items() if part["Type"] == kind}


def parts_of(rule: str) -> list[str]:
    """The alarms of which one is enough for a composite one."""
    found = [re.fullmatch(r'ALARM\("\$\{(\w+)\}"\)', each) for each in re.split(r"\s+OR\s+", rule)]
    assert all(found), f"teach parts_of {rule}"
    return [each[1] for each in found if each is not None]


def rings(alarm: Alarm, points: Iterable[Point], start: datetime, end: datetime) -> list[datetime]:
    """When it goes into alarm, as often as it does: each is one message to whoever is on call."""
    found: list[datetime] = []
    before = UNSURE
    for at, state in alarm.states(points, start, end):
        if state == ALARM != before:
            found.append(at)
        before = state
    return found


def last_state(alarm: Alarm, points: Iterable[Point], start: datetime, end: datetime) -> str:
    *_, (_, state) = [(start, UNSURE), *alarm.states(points, start, end)]
    return state

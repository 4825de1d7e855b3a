"""What CloudWatch makes of the lines that functions log: the numbers, when they came."""

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from aws_lambda_powertools import Logger

from bill_reminders import metrics
from bill_reminders.domain.enums import Channel

CHANNELS = {channel.value for channel in Channel}


class Series(NamedTuple):
    """A metric as CloudWatch bills it: with a value for each of its dimensions."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]] = frozenset()


class Point(NamedTuple):
    """One value."""

    at: datetime
    series: Series
    value: float


def now_here() -> datetime:
    return datetime.now(UTC)


@dataclass
class Watch:
    """Reads what is logged, and keeps the numbers in it by the clock `now`."""

    now: Callable[[], datetime] = now_here
    points: list[Point] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    _begun: str = ""

    def write(self, text: str) -> None:
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            if line.startswith("{"):
                self._read(json.loads(line))

    def flush(self) -> None:
        """Everything is read at once."""

    def _read(self, entry: dict[str, Any]) -> None:
        self.entries.append(entry)
        for directive in entry.get("_aws", {}).get("CloudWatchMetrics", ()):
            assert isinstance(entry["_aws"]["Timestamp"], int)
            for named in directive["Metrics"]:
                assert directive["Dimensions"], "CloudWatch takes no metric without a list of them"
                for dimensions in directive["Dimensions"]:
                    pairs = frozenset((each, entry[each]) for each in dimensions)
                    self.note(directive["Namespace"], named["Name"], entry[named["Name"]], pairs)

    def note(
        self,
        namespace: str,
        name: str,
        value: float,
        dimensions: frozenset[tuple[str, str]] = frozenset(),
    ) -> None:
        """A value, of ours or one that AWS writes by itself."""
        if namespace == metrics.NAMESPACE:
            _need_known(name, dimensions)
        self.points.append(Point(self.now(), Series(namespace, name, dimensions), float(value)))

    def totals(self, channel: str) -> Counter[str]:
        """What was counted of a channel."""
        found: Counter[str] = Counter()
        for _, series, value in self.points:
            if ("channel", channel) in series.dimensions:
                found[series.name] += int(value)
        return found

    def total(self, name: str) -> float:
        """The sum of a metric of the whole stack."""
        return sum(value for _, series, value in self.points if series[1:] == (name, frozenset()))


def _need_known(name: str, dimensions: frozenset[tuple[str, str]]) -> None:
    """The channel is the only dimension, and each name is in the product's list."""
    if name in metrics.BY_CHANNEL:
        ((dimension, channel),) = dimensions
        assert dimension == "channel" and channel in CHANNELS, (name, dimensions)
        return
    assert name in metrics.WHOLE or name in metrics.SIGNALS, name
    assert not dimensions, (name, dimensions)


@contextmanager
def watched(now: Callable[[], datetime] = now_here) -> Iterator[Watch]:
    """The numbers of all functions meanwhile, also where their lines are switched off."""
    handler = Logger().registered_handler
    assert isinstance(handler, logging.StreamHandler)
    watch = Watch(now)
    disabled = logging.root.manager.disable
    usual = handler.setStream(watch)
    logging.disable(logging.NOTSET)
    try:
        yield watch
    finally:
        logging.disable(disabled)
        handler.setStream(usual)

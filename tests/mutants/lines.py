"""A plug-in of pytest: which lines of a module each test runs, and how long the test takes.

The file of the module is in MUTANTS_MODULE; what was seen goes to MUTANTS_SEEN as JSON, by test:
`{"seconds": 0.1, "lines": [1, 2]}`. Lines that run when the module is imported stand under "",
whichever test imports it first.
"""

import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from inspect import CO_OPTIMIZED
from pathlib import Path
from time import perf_counter
from types import CodeType
from typing import Any

import pytest

_MODULE = os.path.realpath(os.environ["MUTANTS_MODULE"])
_monitoring = sys.monitoring
_seconds: dict[str, float] = {}
_lines: dict[str, set[int]] = defaultdict(set)
_present = ""


def _line(code: CodeType, line: int) -> Any:
    if code.co_filename == _MODULE:
        in_function = code.co_flags & CO_OPTIMIZED
        _lines[_present if in_function else ""].add(line)
    return _monitoring.DISABLE  # this line, until the next test


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    global _present
    _present, started = item.nodeid, perf_counter()
    _monitoring.restart_events()
    result = yield
    _seconds[item.nodeid] = perf_counter() - started
    return result


def pytest_sessionfinish() -> None:
    _monitoring.set_events(_monitoring.COVERAGE_ID, _monitoring.events.NO_EVENTS)
    seen = {
        test: {"seconds": _seconds.get(test, 0.0), "lines": sorted(_lines[test])}
        for test in ("", *_seconds)
    }
    Path(os.environ["MUTANTS_SEEN"]).write_text(json.dumps(seen, indent=1), encoding="utf-8")


_monitoring.use_tool_id(_monitoring.COVERAGE_ID, "mutants")
_monitoring.register_callback(_monitoring.COVERAGE_ID, _monitoring.events.LINE, _line)
_monitoring.set_events(_monitoring.COVERAGE_ID, _monitoring.events.LINE)

"""A plug-in of pytest: a test that takes much longer than it did loops for ever, and has failed.

MUTANTS_SEEN names the file of `tests.mutants.lines`.
"""

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import FrameType

import pytest

from tests.mutants.trial import read_seen

_seen = read_seen(Path(os.environ["MUTANTS_SEEN"]))
_out = os.dup(1)  # pytest takes the other one away while tests run


def _too_long(test: str, number: int, frame: FrameType | None) -> None:
    os.write(_out, f"\nFAILED {test}\n".encode())
    os._exit(1)  # no matter what it waits for


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    signal.signal(signal.SIGALRM, partial(_too_long, item.nodeid))
    signal.alarm(20 + int(5 * _seen[item.nodeid].seconds))
    result = yield
    signal.alarm(0)
    return result

"""A stack of its own for every test, and a clock that tests can set."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from botocore.client import BaseClient

from bill_reminders import clock
from bill_reminders.storage import tables
from tests.support.moto_stack import OFFSET_PARAMETER, MotoStack, SetClock, moto_stack


@pytest.fixture
def stack() -> Iterator[MotoStack]:
    with moto_stack() as deployed, _consistent_reads():
        assert tables.connection.client is not None  # made here, or each thread would make one
        yield deployed


@contextmanager
def _consistent_reads() -> Iterator[None]:
    """Moto shows at once what was written, and DynamoDB only to those who ask for that. What the
    product reads of a table it asks for; an index may lag, and so may the history that people look
    at."""
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def asking(client: Any, operation: str, request: dict[str, Any]) -> Any:
        reads = {
            "GetItem": [request],
            "Query": [request] if "IndexName" not in request else [],
            "BatchGetItem": [*request.get("RequestItems", {}).values()],
        }
        for read in reads.get(operation, []):
            assert read.get("ConsistentRead") or not _rests_on_it(), f"may lag: {read}"
        return call(client, operation, request)

    with patch.object(BaseClient, "_make_api_call", asking):
        yield


def _rests_on_it() -> bool:
    """Whether it is the product that reads, and neither a test nor the history."""
    frame, callers = sys._getframe().f_back, set[str]()
    while frame is not None:
        callers.add(frame.f_globals.get("__name__", ""))
        frame = frame.f_back
    if "bill_reminders.storage.history" in callers:
        return False
    return any(caller.startswith("bill_reminders.") for caller in callers)


@pytest.fixture
def set_clock(stack: MotoStack, monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Moves the product's clock."""
    monkeypatch.setenv(clock.OFFSET_VARIABLE, OFFSET_PARAMETER)
    return stack.set_clock

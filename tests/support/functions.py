"""The functions as the tests call them: the real handlers, loaded into this process."""

import importlib.util
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

from tests.support.template import ROOT, template

FOLDERS: Mapping[str, str] = {
    name: Path(part["Properties"]["CodeUri"]).name
    for name, part in template()["Resources"].items()
    if part["Type"] == "AWS::Serverless::Function"
}
"""Of each function, by its logical id."""


@dataclass(frozen=True)
class Context:
    """What Lambda hands to a handler beside its event."""

    function_name: str = "function"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:function"
    aws_request_id: str = "00000000-0000-0000-0000-000000000000"
    milliseconds_left: int = 30_000

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds_left


def load(logical_id: str, environment: Mapping[str, str]) -> ModuleType:
    """A fresh import of a function's app.py with just this environment beside the machine's."""
    path = ROOT / "functions" / FOLDERS[logical_id] / "app.py"
    spec = importlib.util.spec_from_file_location(f"app_{FOLDERS[logical_id]}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with patch.dict(os.environ, environment):
        spec.loader.exec_module(module)
    return module


def sample_event(name: str) -> Any:
    """The event that administrators paste into the console."""
    return json.loads((ROOT / "events" / f"{name}.json").read_text())


def sqs_event(*bodies: str, receives: int = 1) -> dict[str, Any]:
    """A batch of messages as a queue hands it to a function."""
    return {
        "Records": [
            {
                "messageId": f"message-{number}",
                "receiptHandle": "handle",
                "body": body,
                "attributes": {"ApproximateReceiveCount": str(receives)},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:wake-ups",
                "awsRegion": "us-east-1",
            }
            for number, body in enumerate(bodies)
        ]
    }


@contextmanager
def counted_calls(*clients: Any) -> Iterator[list[str]]:
    """The operations that `clients` send to AWS, in order of their start."""
    calls: list[str] = []

    def note(model: Any, **_: Any) -> None:
        calls.append(model.name)

    for client in clients:
        client.meta.events.register("before-call.*.*", note)
    try:
        yield calls
    finally:
        for client in clients:
            client.meta.events.unregister("before-call.*.*", note)

"""What a cold start costs: a fresh process, from the built layers, until the function is ready.

Each round runs all in another order, and each function right after its B: boto3 and one DynamoDB
client, from the same layers. CPU of the process, interpreter included.
"""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from samcli.yamlhelper import yaml_parse

from local.benchmark.figures import Figure
from local.stack import BUILT, build

ROUNDS = 15
SENDERS = ("SendSms", "SendPush", "SendEmail")
READERS = ("ReadReceipts", "ReadReplies")
API = ("ApiSettings", "ApiBills", "ApiReminders")
TARGETS = {
    "FindDue": 0.85,
    **dict.fromkeys(SENDERS, 1.0),
    **dict.fromkeys(READERS, 1.0),
    **dict.fromkeys(API, 1.3),
    "LinkPage": 1.2,
    "Unsubscribe": 1.2,
}
LARGEST = 40.0
"""MB of layers and functions together, unzipped."""
MOST_MEMORY = 128.0

BASE = "import boto3; boto3.client('dynamodb')"
FUNCTION = "import app; from bill_reminders.storage import tables; tables.connection.client"
USED = """
import re, time
print(time.process_time(), re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
"""


@dataclass(frozen=True, slots=True)
class Start:
    """CPU seconds, and the most memory in MB."""

    seconds: float
    memory: float


@dataclass(frozen=True, slots=True)
class Function:
    """A built function: where Python finds its modules, and its environment."""

    paths: tuple[Path, ...]
    variables: dict[str, str]


def measured() -> Iterator[Figure]:
    """Cold starts against B, memory, and the size of what is deployed."""
    build()
    functions = built()
    starts: dict[str, list[Start]] = {name: [] for name in TARGETS}
    ratios: dict[str, list[float]] = {name: [] for name in TARGETS}
    order = list(TARGETS)
    for _ in range(ROUNDS):
        random.shuffle(order)
        for name in order:
            function = functions[name]
            base = _start(BASE, function.paths[1:], {})
            start = _start(FUNCTION, function.paths, function.variables)
            starts[name].append(start)
            ratios[name].append(start.seconds / base.seconds)
    for name, target in TARGETS.items():
        yield Figure(f"cold start of {name}", median(ratios[name]), "x B", target)
    for name in TARGETS:
        most = max(start.memory for start in starts[name])
        yield Figure(f"memory of {name} when it is ready", most, "MB", MOST_MEMORY)
    size = sum(file.stat().st_size for file in BUILT.rglob("*") if file.is_file())
    yield Figure("layers and functions, unzipped", size / 1_000_000, "MB", LARGEST)


def built() -> dict[str, Function]:
    """Every function of the built template."""
    template = yaml_parse((BUILT / "template.yaml").read_text(encoding="utf-8"))
    defaults = {name: each.get("Default") for name, each in template["Parameters"].items()}

    def text(value: Any) -> str:
        """A value that a function can start with, if not work."""
        match value:
            case {"Fn::If": [_, _, otherwise]}:  # as on AWS: the conditions are of local stacks
                return text(otherwise)
            case {"Ref": name}:
                return str(name if defaults.get(name) is None else defaults[name])
            case str() | int():
                return str(value)
        return "none"

    shared = template["Globals"]["Function"]
    found: dict[str, Function] = {}
    for name in TARGETS:
        own = template["Resources"][name]["Properties"]
        layers = [*shared["Layers"], *own.get("Layers", ())]
        variables = shared["Environment"]["Variables"] | own["Environment"]["Variables"]
        found[name] = Function(
            (BUILT / name, *(BUILT / layer["Ref"] / "python" for layer in layers)),
            {variable: text(value) for variable, value in variables.items()},
        )
    return found


def _start(program: str, paths: Sequence[Path], variables: dict[str, str]) -> Start:
    """Run a program with these folders alone beside Python's own library."""
    lines = f"import sys\nsys.path[:0] = {json.dumps([str(path) for path in paths])}\n"
    finished = subprocess.run(
        # -S: nothing of this environment; -B: what is not compiled yet stays so
        [os.path.realpath(sys.executable), "-I", "-S", "-B", "-c", f"{lines}{program}\n{USED}"],
        env={
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_LAMBDA_FUNCTION_NAME": "measured",
            **variables,
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    seconds, kilobytes = finished.stdout.split()
    return Start(float(seconds), float(kilobytes) / 1024)

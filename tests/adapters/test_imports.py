"""What a function loads when it starts: each module is paid for at every cold start.

In a process of its own, with the machine's libraries; `make bench` measures the built layers.
"""

import json
import os
import subprocess
import sys
from functools import cache

import pytest

from tests.support.functions import FOLDERS
from tests.support.moto_stack import CREDENTIALS
from tests.support.template import ROOT, function_environment, template

VALIDATING = {"ApiSettings", "ApiBills", "ApiReminders"}
WRITING = {
    "SendSms",
    "SendPush",
    "SendEmail",
    "LinkPage",
    "CalendarFeed",
    "ReadReplies",
    "RunJobs",
    *VALIDATING,
}
RENDERING = {"SendEmail", "LinkPage"}
NOWHERE = ("boto3", "s3transfer", "holidays")


@cache
def loaded(name: str) -> frozenset[str]:
    """The modules that are there when a function is ready."""
    environment = function_environment(name, {each: each for each in template()["Resources"]})
    program = "import json, sys; import app; print(json.dumps(sorted(sys.modules)))"
    paths = [ROOT / "functions" / FOLDERS[name], ROOT / "layers/product/python"]
    finished = subprocess.run(
        [sys.executable, "-c", program],
        env={
            "PATH": os.environ["PATH"],
            **CREDENTIALS,
            **environment,
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return frozenset(json.loads(finished.stdout))


@pytest.mark.parametrize("name", FOLDERS)
def test_a_function_loads_only_what_it_needs(name: str) -> None:
    modules = loaded(name)
    for library in NOWHERE:
        assert library not in modules
    assert ("pydantic" in modules) == (name in VALIDATING)
    assert ("jinja2" in modules) == (name in RENDERING)
    if name not in WRITING:
        assert "babel.dates" not in modules


def test_find_due_loads_neither_bills_nor_people() -> None:
    assert (
        loaded("FindDue")
        & {
            "aws_lambda_powertools.utilities.batch",
            "bill_reminders.domain.bills",
            "bill_reminders.domain.people",
            "tenacity",
        }
        == set()
    )

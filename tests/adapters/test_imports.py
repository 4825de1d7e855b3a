"""What a function loads when it starts: each module is paid for at every cold start.

In a process of its own, with the machine's libraries; `make bench` measures the built layers.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

import pytest

from tests.support.functions import FOLDERS
from tests.support.moto_stack import CREDENTIALS
from tests.support.template import ROOT, function_environment, template

VALIDATING = {"ApiSettings", "ApiBills", "ApiReminders"}
WRITING = {
    "AdminView",
    "SendSms",
    "SendPush",
    "SendEmail",
    "LinkPage",
    "Unsubscribe",
    "CalendarFeed",
    "ReadReplies",
    "RunJobs",
    *VALIDATING,
}
RENDERING = {"AdminView", "SendEmail", "LinkPage", "Unsubscribe"}
NOWHERE = (
    "boto3",
    "s3transfer",
    "holidays",
    "email_validator",
    "phonenumbers",
    "aws_lambda_powertools.utilities.batch",
)


OTHER_TABLES = {"storage.record_tables", "storage.access_tables", "storage.sign_in_tables"}
WHEN_IT_IS_ASKED_FOR = {
    "FindDue": {"domain.bills", "domain.people", *OTHER_TABLES},
    "SendSms": {"storage.sign_in_tables", "pages", "files"},
    "SendPush": {"storage.sign_in_tables", "pages", "files"},
    "SendEmail": {"storage.sign_in_tables", "pages", "files"},
    "ReadReceipts": {"storage.sign_in_tables", "pages"},
    "ReadReplies": {"storage.sign_in_tables", "storage.handovers", "pages", "files"},
    "LinkPage": {
        "pages.actions",
        "pages.code_page",
        "pages.edit_form",
        "pages.edits",
        "pages.proof_code",
        "pages.undo",
        "commands.bills",
        "domain.edits",
        "storage.codes",
        "storage.edits",
        "storage.handovers",
        "storage.sign_in_tables",
        "storage.undoing",
        "files.money",
        "delivery.direct",
    },
}
"""What a function has no need of before its first event, though it may load some of it then."""


@dataclass(frozen=True)
class Ready:
    """A function that was just loaded: its modules, and how many objects are left alone by the
    garbage collector, if that works again."""

    modules: frozenset[str]
    frozen: int
    collects: bool


@cache
def ready(name: str) -> Ready:
    """Load a function as Lambda does."""
    environment = function_environment(name, {each: each for each in template()["Resources"]})
    program = (
        "import gc, json, sys, app;"
        "print(json.dumps([list(sys.modules), gc.get_freeze_count(), gc.isenabled()]))"
    )
    paths = [ROOT / "functions" / FOLDERS[name], ROOT / "layers/product/python"]
    finished = subprocess.run(
        [sys.executable, "-c", program],
        env={
            "PATH": os.environ["PATH"],
            **CREDENTIALS,
            **environment,
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    modules, frozen, collects = json.loads(finished.stdout)
    return Ready(frozenset(modules), frozen, collects)


@pytest.mark.parametrize("name", FOLDERS)
def test_a_function_loads_only_what_it_needs(name: str) -> None:
    modules = ready(name).modules
    for library in NOWHERE:
        assert library not in modules
    assert ("pydantic" in modules) == (name in VALIDATING)
    assert ("jinja2" in modules) == (name in RENDERING)
    if name not in WRITING:
        assert "babel.dates" not in modules


@pytest.mark.parametrize("name", sorted(FOLDERS.keys() - {"ApiDocs"}))
def test_what_was_loaded_is_not_looked_at_by_every_collection(name: str) -> None:
    assert ready(name).frozen > 10_000
    assert ready(name).collects


@pytest.mark.parametrize("name", WHEN_IT_IS_ASKED_FOR)
def test_what_is_seldom_needed_is_loaded_when_it_is(name: str) -> None:
    seldom = {f"bill_reminders.{module}" for module in WHEN_IT_IS_ASKED_FOR[name]}
    assert all(find_spec(module) for module in seldom), "one was renamed: look for its new name"
    assert ready(name).modules & seldom == set()
    assert "tenacity" not in ready(name).modules

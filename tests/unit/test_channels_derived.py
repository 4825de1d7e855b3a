"""What all channels have is made from the enum: a new member has it, and is forgotten nowhere."""

import ast
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from bill_reminders.domain.enums import Channel
from tests.support.moto_stack import CREDENTIALS
from tests.support.template import ROOT, function_environment, template

PRODUCT = ROOT / "layers/product/python/bill_reminders"
FUNCTIONS = ROOT / "functions"

WITH_A_FOURTH = """
import json
from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType
from typing import get_args
from zoneinfo import ZoneInfo

from bill_reminders.domain import enums

class Told(StrEnum):
    message = property(str)

enums.Channel = Channel = Told("Channel", {c.name: c.value for c in enums.Channel} | {"FAX": "fax"})

import app
from bill_reminders.delivery import switches
from bill_reminders.api import fields, settings
from bill_reminders.domain.people import Address, Language, User
from bill_reminders.storage import rows, tables

SWITCHES = (
    '{"sms": "open", "push": "open", "email": "paused"}',
    '{"sms": "open", "push": "open", "email": "paused", "fax": "paused"}',
    '{"sms": "open", "push": "open", "email": "paused", "fax": "open"}',
)

class Kept:
    def __init__(self, value):
        self.value = value

    def get_parameter(self, Name):
        return {"Parameter": {"Value": self.value}}

user = User("somebody", Language.ENGLISH, ZoneInfo("UTC"))
user = replace(user, addresses=MappingProxyType({c: Address(f"at {c}") for c in Channel}))
stored = rows.user_item(user).serialize()
read = rows.user_from(tables.UserItem.from_raw_data(stored))
print(json.dumps({
    "schedule": list(tables.ScheduleItem.get_attributes()),
    "indexes": {c: tables.due_index(c).Meta.index_name for c in Channel},
    "addresses": {c: stored[c]["M"]["address"]["S"] for c in Channel},
    "read": {c: each.value for c, each in read.addresses.items()},
    "names": get_args(fields.ChannelName),
    "next": list(settings.NextReminders.model_fields),
    "routes": {r.channel: [r.queue_url, r.per_second] for r in app.ROUTES},
    "open": {value: sorted(switches.read(Kept(value), "").open) for value in SWITCHES},
}))
"""


def find_due(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Load it, the tables and the API's fields with a fourth channel, in a process of its own."""
    paths = map(str, (FUNCTIONS / "find_due", ROOT / "layers/product/python"))
    return subprocess.run(
        [sys.executable, "-c", WITH_A_FOURTH],
        env={"PATH": os.environ["PATH"], **CREDENTIALS, "PYTHONPATH": os.pathsep.join(paths)}
        | function_environment("FindDue", {each: each for each in template()["Resources"]})
        | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@cache
def with_a_fourth() -> Any:
    finished = find_due({"FAX_QUEUE_URL": "FaxNudges", "FAX_PER_SECOND": "2"})
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


def test_a_new_channel_has_its_attributes_and_its_index() -> None:
    told = with_a_fourth()
    of_sms = {name for name in told["schedule"] if name.startswith("sms_")}
    assert len(of_sms) == 5
    assert {name.replace("sms_", "fax_") for name in of_sms} <= set(told["schedule"])
    assert told["indexes"]["fax"] == "fax_due"


def test_an_address_on_a_new_channel_is_kept() -> None:
    told = with_a_fourth()
    assert told["addresses"] == told["read"]
    assert told["read"]["fax"] == "at fax"


def test_the_api_takes_and_tells_a_new_channel() -> None:
    told = with_a_fourth()
    assert told["names"] == told["next"] == [*Channel, "fax"]


def test_find_due_wakes_a_new_channel() -> None:
    told = with_a_fourth()["routes"]
    assert list(told) == [*Channel, "fax"]
    assert told["fax"] == ["FaxNudges", 2.0]


def test_a_new_channel_is_closed_until_the_switches_name_it_and_closes_no_other() -> None:
    told = with_a_fourth()["open"]
    assert list(told.values()) == [["push", "sms"], ["push", "sms"], ["fax", "push", "sms"]]


def test_find_due_names_what_a_new_channel_lacks() -> None:
    refusal = find_due({"FAX_PER_SECOND": "many"}).stderr
    assert "FAX_QUEUE_URL is missing, FAX_PER_SECOND is not a number" in refusal


AT_HOME = ("domain/enums.py", "channels/", "messages/")
"""Where channels are at home, each with what is its own."""

BY_THEIR_NATURE = {
    "api/plans.py": "an example in the document",
    "console/explain_widget.py": "what is typed tells its channel: + or @",
    "console/sentences.py": "what its address is called, a phone number or a device",
    "delivery/switches.py": "those that the deployed parameter was made with",
    "domain/people.py": "mailboxes differ in case, numbers have a law",
    "files/users.py": "columns of the file",
    "importing/importer.py": "columns of the file",
    "metrics.py": "codes are limited by two channels alone, each with an alarm of its own",
}
"""Modules in which a new channel changes nothing unless it has the same nature."""


def words(name: str) -> list[str]:
    """`sms_next_at`, `SmsDue` and `Channel.SMS` in small words."""
    return [word.lower() for word in re.findall("[A-Z]?[a-z]+|[A-Z]+", name)]


def names_in(tree: ast.AST) -> Iterator[str]:
    """What a module names, also in texts that are nothing but a name."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="Channel"), attr=name):
                yield f"Channel.{name}"
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Constant(value=str(name)):
                if re.fullmatch(r"\w+", name):
                    yield name
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield name
            case ast.arg(arg=name) | ast.keyword(arg=str(name)):
                yield name


def typed_for_each(module: str) -> dict[str, set[str]]:
    """Names that differ by nothing but the channel, with the channels that have one."""
    families: defaultdict[str, set[str]] = defaultdict(set)
    for split in map(words, names_in(ast.parse(module))):
        for channel in Channel:
            if channel.value in split:
                family = " ".join("..." if word == channel.value else word for word in split)
                families[family].add(channel.value)
    return {family: found for family, found in families.items() if len(found) > 1}


def modules() -> Iterator[tuple[str, str]]:
    """All modules with their text: the product's by their path in it, the functions' by theirs."""
    for folder, base in ((PRODUCT, PRODUCT), (FUNCTIONS, ROOT)):
        for path in sorted(folder.rglob("*.py")):
            yield path.relative_to(base).as_posix(), path.read_text()


def test_no_module_types_the_same_for_each_channel() -> None:
    """And each that is named above still does."""
    found = {
        name: families
        for name, text in modules()
        if not name.startswith(AT_HOME) and (families := typed_for_each(text))
    }
    assert found.keys() == BY_THEIR_NATURE.keys(), (
        "make it from Channel, or say above why it is no list of channels"
    )


@pytest.mark.parametrize(
    "module",
    [
        "sms_next_at = push_next_at = Attribute()",
        "class SmsDue: ...\nclass EmailDue: ...",
        "addresses = {Channel.SMS: item.a, Channel.PUSH: item.b}",
        "user = User(sms=None, push=None)",
        "print(item.sms, item.push)",
        "Name = Literal['sms', 'email']",
        "def of(sms_queue_url: str, email_queue_url: str) -> None: ...",
    ],
)
def test_what_is_typed_for_each_is_seen(module: str) -> None:
    assert typed_for_each(module)


def test_what_is_of_one_channel_is_not_taken_for_a_list() -> None:
    assert not typed_for_each("sms_parts = push_lasts = 1\nwhere = 'by SMS, push or e-mail'")

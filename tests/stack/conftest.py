"""A deployed stack for each process that runs tests of this folder; each test brings its own
users."""

import os
from collections.abc import Callable, Iterator
from types import ModuleType
from uuid import uuid4

import boto3
import pytest
from playwright.sync_api import Browser
from schemathesis.pytest.plugin import SchemathesisFunction

from local.stack import Stack, deployed
from tests.stack.chromium import chromium
from tests.stack.people import NOW
from tests.support.clients import forget_clients
from tests.support.functions import FOLDERS, load

Handlers = dict[str, ModuleType]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test an id of its own: those that Schemathesis makes of one have all the same, and
    pytest-xdist would run but the last of them."""
    for item in items:
        if isinstance(item, SchemathesisFunction):
            item._id = item.id.with_params(item.operation_label)
    assert len({item.nodeid for item in items}) == len(items)


@pytest.fixture(scope="session")
def stack(worker_id: str) -> Iterator[Stack]:
    forget_clients()
    with deployed(log=f"engine-{worker_id}.log") as stack:
        yield stack
    forget_clients()


@pytest.fixture(autouse=True)
def at_nine(stack: Stack) -> None:
    stack.set_clock(NOW)


@pytest.fixture(scope="session")
def handlers(stack: Stack) -> Handlers:
    """The functions in this process, each with the environment that it was deployed with."""
    client = boto3.client("lambda")
    modules = {}
    for logical_id in FOLDERS:
        name = stack.outputs[f"{logical_id}Function"]
        deployed = client.get_function_configuration(FunctionName=name)
        modules[logical_id] = load(
            logical_id, {**os.environ, **deployed["Environment"]["Variables"]}
        )
    return modules


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def new_id() -> Callable[[], str]:
    """Some bills bear it as their name: seven digits in it would be masked as a number."""
    letters = str.maketrans("0123456789", "ghijklmnop")
    return lambda: f"user-{uuid4().hex[:12].translate(letters)}"

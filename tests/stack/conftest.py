"""One deployed stack for all tests of this folder; each test brings its own users."""

import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from types import ModuleType
from uuid import uuid4

import boto3
import pytest

from bill_reminders.domain.people import Address, Channel
from bill_reminders.storage.people import save_user
from local.stack import Stack, deployed
from tests.support.clients import forget_clients
from tests.support.functions import FOLDERS, load
from tests.support.people import ATTESTED, a_user

NOW = datetime(2027, 3, 2, 9, 0, 2, tzinfo=UTC)
"""Where the stack's clock is put: two seconds into a minute that the schedule would wake."""

Handlers = dict[str, ModuleType]


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    forget_clients()
    with deployed() as stack:
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


def register_user(stack: Stack, user_id: str, *, channels: Iterable[Channel]) -> None:
    """A user whose device, if they use one, the engine's SNS knows."""
    user = a_user(user_id, channels=channels)
    if Channel.PUSH in user.addresses:
        endpoint = boto3.client("sns").create_platform_endpoint(
            PlatformApplicationArn=stack.push_application, Token=f"device-of-{user_id}"
        )
        user = user.with_address(Channel.PUSH, Address(endpoint["EndpointArn"], ATTESTED))
    save_user(user, shards=int(stack.outputs["ShardsRead"]), now=NOW)


@pytest.fixture
def new_id() -> Callable[[], str]:
    """Some bills bear it as their name: all digits, it would be masked as an account number."""
    return lambda: f"user-x{uuid4().hex[:12]}"

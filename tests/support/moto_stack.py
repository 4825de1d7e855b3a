"""The stored parts of the template on moto, in this process."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, datetime
from functools import cache
from threading import RLock
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import patch

import boto3
from botocore import endpoint
from botocore.model import Shape
from botocore.signers import RequestSigner
from joserfc.jwk import RSAKey
from moto import mock_aws
from moto.backends import get_backend
from moto.cognitoidp import models as cognito
from moto.core import DEFAULT_ACCOUNT_ID, responses
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.common_types import TYPE_RESPONSE
from moto.core.request import normalize_request
from moto.core.responses import BaseResponse
from moto.core.serialize import ResponseSerializer
from moto.core.utils import camelcase_to_underscores, method_names_from_class
from moto.dynamodb import models as dynamodb
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table
from moto.dynamodb.parsing.expressions import UpdateExpressionParser
from moto.dynamodb.responses import DynamoHandler
from moto.kms import models as kms
from moto.sqs import models as sqs
from moto.ssm.responses import SimpleSystemManagerResponse
from moto.utilities.utils import load_resource
from werkzeug.exceptions import HTTPException

from bill_reminders import aws
from bill_reminders.storage.binding import bind_all
from tests.support.clients import forget_clients
from tests.support.functions import load
from tests.support.template import (
    function_environment,
    named,
    secrets_of_template,
    stored_parts,
)

STACK = "bill-reminders-moto"
OFFSET_PARAMETER = "/tests/clock-offset"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
}

SetClock = Callable[[datetime], None]


class MotoStack:
    """The tables, queues and parameters of template.yaml, and the functions on them."""

    def __init__(self) -> None:
        body = json.dumps(stored_parts())
        # from moto itself: over HTTP it takes longer to ask for a stack, or about one, than to make
        # it; and moto reads it as YAML, which takes longer than all else here
        with patch("moto.cloudformation.models.yaml.load", lambda text, **_: json.loads(text)):
            made = _backend("cloudformation").create_stack(STACK, body, {})
        self.ids: dict[str, str] = {
            resource.logical_resource_id: resource.physical_resource_id
            for resource in made.stack_resources
            if resource is not None  # moto lists what a condition leaves out
        }
        outputs = {output["OutputKey"]: output["OutputValue"] for output in made.outputs}
        for name in secrets_of_template():
            _client("secretsmanager").create_secret(Name=name, SecretString="of this test")
            self.ids[name] = name
        for name in named("AWS::Events::EventBus"):
            _client("events").create_event_bus(Name=name)
            self.ids[name] = name
        for name in named("AWS::SES::ConfigurationSet"):
            _client("sesv2").create_configuration_set(ConfigurationSetName=name)
            self.ids[name] = name
        for name in named("AWS::SNS::Topic"):
            self.ids[name] = name  # what comes through one says its name, and nobody asks it
        for name in named("AWS::Cognito::UserPool"):
            options = {"UsernameAttributes": ["email"]}
            self.ids[name] = _backend("cognito-idp").create_user_pool(name, options).id
        bind_all(outputs)
        self.at_work = ""
        self._functions: dict[str, ModuleType] = {}
        self._clients: dict[str, Any] = {}

    def function(self, logical_id: str) -> ModuleType:
        if logical_id not in self._functions:
            environment = function_environment(logical_id, dict(self.ids))
            self._functions[logical_id] = load(logical_id, environment)
        return self._functions[logical_id]

    @contextmanager
    def working(self, logical_id: str) -> Iterator[None]:
        """Let `logical_id` be who makes the calls to AWS meanwhile, for who watches them."""
        before, self.at_work = self.at_work, logical_id
        try:
            yield
        finally:
            self.at_work = before

    def client(self, service: str) -> Any:
        """Of this stack alone: tests hang into clients what shall happen to a call."""
        if service not in self._clients:
            self._clients[service] = boto3.client(service)
        return self._clients[service]

    def set_clock(self, instant: datetime) -> None:
        """Move the product's clock as a local stack's is moved; it goes on from there. The
        environment has to name OFFSET_PARAMETER."""
        seconds = (instant - datetime.now(UTC)).total_seconds()
        _client("ssm").put_parameter(
            Name=OFFSET_PARAMETER, Value=str(seconds), Type="String", Overwrite=True
        )


ITEMS = {
    f"DynamoDB_20120810.{name}".encode(): name
    for name in (
        *("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan"),
        *("BatchGetItem", "BatchWriteItem", "TransactGetItems", "TransactWriteItems"),
    )
}
"""The operations that take and give items alone, by how a request names them."""
AT_HAND: Mapping[str, type[BaseResponse]] = {
    "https://dynamodb.us-east-1.amazonaws.com/": DynamoHandler,
    "https://ssm.us-east-1.amazonaws.com/": SimpleSystemManagerResponse,
}
"""Who answers at the addresses that are called most: moto looks for them among those of all its
services, at each call."""


class _Items(DynamoHandler):
    """A request for items without the HTTP that moto wraps around it: two thirds of its time. What
    moto's methods take and return is the JSON that AWS takes and answers with."""

    def __init__(self, operation: str, body: str | bytes) -> None:
        super().__init__()
        self.operation = operation
        self.body = self.params = json.loads(body)
        self.region, self.current_account = "us-east-1", DEFAULT_ACCOUNT_ID
        self.response_headers = {"x-amzn-requestid": "of a test"}

    def answer(self) -> TYPE_RESPONSE:
        try:
            found: Any = getattr(self, _underscored(self.operation))().result
        except HTTPException as error:  # moto's form of what AWS refuses
            headers = {**self.response_headers, **dict(error.get_headers())}
            return error.code or 400, headers, error.description or ""
        return 200, dict(self.response_headers), json.dumps(found)


_underscored = cache(camelcase_to_underscores)
_update_expression = cache(UpdateExpressionParser.make)  # who changes one makes a copy


@contextmanager
def _one_call_at_a_time() -> Iterator[None]:
    """Moto copies its tables while other threads write to them; AWS has no such trouble."""
    lock = RLock()
    process = BotocoreStubber.process_request

    def process_alone(stubber: BotocoreStubber, request: Any) -> Any:
        with lock:
            if request.url not in AT_HAND:
                return process(stubber, request)
            operation = ITEMS.get(request.headers["X-Amz-Target"])
            if operation is not None:
                return _Items(operation, request.body).answer()
            asked = normalize_request(request)
            return AT_HAND[request.url].dispatch(asked, asked.raw_url, asked.headers)

    with patch.object(BotocoreStubber, "process_request", process_alone):
        yield


@contextmanager
def _unsigned() -> Iterator[None]:
    """Nobody here looks at a signature, which takes a seventh of a call."""
    sign = RequestSigner.sign

    def sign_others(signer: RequestSigner, operation: str, request: Any, *rest: Any) -> None:
        if request.url not in AT_HAND:
            sign(signer, operation, request, *rest)

    with patch.object(RequestSigner, "sign", sign_others):
        yield


@contextmanager
def _quick_answers() -> Iterator[None]:
    """Moto takes each DynamoDB value apart and looks for its parts under six names, most of them of
    other services: a third of what a test takes. What it keeps is what AWS answers. And it lists
    the methods of its own classes anew at each call."""
    serialize = ResponseSerializer._serialize
    value_of = ResponseSerializer.get_value

    def as_kept(
        serializer: ResponseSerializer, serialized: Any, value: Any, shape: Shape, key: str
    ) -> None:
        if isinstance(value, dict) and shape.name == "AttributeValue":
            serializer._default_serialize(serialized, value, shape, key)
        else:
            serialize(serializer, serialized, value, shape, key)

    def first_as_named(serializer: ResponseSerializer, value: Any, key: str, shape: Shape) -> Any:
        if isinstance(value, dict) and serializer.service_model.service_name == "dynamodb":
            return value.get(key)
        return value_of(serializer, value, key, shape)

    with (
        patch.object(ResponseSerializer, "get_value", first_as_named),
        patch.object(ResponseSerializer, "_serialize", as_kept),
        patch.object(responses, "method_names_from_class", cache(method_names_from_class)),
        patch.object(sqs, "camelcase_to_underscores", _underscored),
        patch.object(UpdateExpressionParser, "make", _update_expression),
    ):
        yield


def _copied(kept: Any) -> Any:
    return kept if isinstance(kept, Table) else deepcopy(kept)


@contextmanager
def _quick_transactions() -> Iterator[None]:
    """Moto copies a whole table for each action of a transaction, to undo what fails. The items
    that it writes to are enough."""
    transact = DynamoDBBackend.transact_write_items

    def undone(backend: DynamoDBBackend, actions: list[dict[str, Any]]) -> None:
        before = [kept for action in actions for kept in _before(backend, *action.values())]
        try:
            transact(backend, actions)
        except Exception:
            for table, hash_value, range_value, item in before:
                if item is None:
                    table.delete_item(hash_value, range_value)
                elif range_value is None:
                    table.items[hash_value] = item
                else:
                    table.items[hash_value][range_value] = item
            raise

    with (
        patch.object(dynamodb, "copy", SimpleNamespace(deepcopy=_copied)),
        patch.object(DynamoDBBackend, "transact_write_items", undone),
    ):
        yield


def _before(
    backend: DynamoDBBackend, written: dict[str, Any]
) -> list[tuple[Table, DynamoType, DynamoType | None, Item | None]]:
    key = written.get("Key") or written["Item"]
    table = backend.tables.get(written["TableName"])
    if table is None or not key.keys() >= set(table.table_key_attrs):
        return []  # moto refuses it
    hash_value = DynamoType(key[table.hash_key_attr])
    range_value = DynamoType(key[table.range_key_attr]) if table.range_key_attr else None
    return [(table, hash_value, range_value, deepcopy(table.get_item(hash_value, range_value)))]


@contextmanager
def _retries_at_once() -> Iterator[None]:
    """Botocore lets seconds pass before it tries again; nothing here gets better by waiting."""
    with patch.object(endpoint, "time", SimpleNamespace(sleep=lambda _: None)):
        yield


_key = cache(kms.generate_private_key)


@cache
def _key_of_pools() -> Any:
    return RSAKey.import_key(load_resource("cognitoidp/resources/jwks-private.json"))


@contextmanager
def _keys_made_once() -> Iterator[None]:
    """Moto makes an RSA key for whatever a stack encrypts, and reads its own for each user pool:
    most of what a stack costs. No test looks at them."""
    known = SimpleNamespace(RSAKey=SimpleNamespace(import_key=lambda _: _key_of_pools()))
    with patch.object(kms, "generate_private_key", _key), patch.object(cognito, "jwk", known):
        yield


@cache
def _session() -> boto3.Session:
    """The product's own, for all stacks: reading AWS's service files is most of what a client
    costs."""
    return boto3.Session(botocore_session=aws.session())


@cache
def _client(service: str) -> Any:
    """To deploy with, whatever the stack: a client keeps nothing of it."""
    return _session().client(service)


def _backend(service: str) -> Any:
    return get_backend(service)[DEFAULT_ACCOUNT_ID]["us-east-1"]  # type: ignore[call-overload]


@contextmanager
def moto_stack() -> Iterator[MotoStack]:
    """A new stack, empty, gone afterwards."""
    with (
        patch.dict(os.environ, CREDENTIALS),
        patch("boto3.DEFAULT_SESSION", _session()),
        mock_aws(config={"core": {"reset_boto3_session": False}}),
        _one_call_at_a_time(),
        _unsigned(),
        _quick_answers(),
        _keys_made_once(),
        _quick_transactions(),
        _retries_at_once(),
    ):
        forget_clients()
        yield MotoStack()
    forget_clients()

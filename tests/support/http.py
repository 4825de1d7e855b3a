"""The HTTP API as a front end calls it: over the wire, with a token, and with nothing of ours."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

import boto3
from boto3.dynamodb.conditions import Key

from tests.support.api import Reply
from tests.support.template import OPENAPI

SECONDS = 60


class Front:
    """One front end of one user. `token` None: nobody has signed in."""

    def __init__(self, base: str, token: str | None = None) -> None:
        self.base = base
        self.token = token

    def call(
        self,
        method: str,
        address: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Reply:
        """`body` goes as JSON, `raw` as it is. A POST gets an idempotency key unless one is given
        in `headers`, whose names are in small letters."""
        sent: dict[str, str] = {}
        if self.token is not None:
            sent["authorization"] = f"Bearer {self.token}"
        if method == "POST":
            sent["idempotency-key"] = uuid4().hex
        data = raw if body is None else json.dumps(body).encode()
        if data is not None:
            sent["content-type"] = "application/json"
        request = Request(
            self.base + address, data=data, headers={**sent, **(headers or {})}, method=method
        )
        try:
            answer = urlopen(request, timeout=SECONDS)
        except HTTPError as refusal:  # an answer like any other
            answer = refusal
        with answer:
            lowered = {name.lower(): value for name, value in answer.headers.items()}
            return Reply(answer.status, lowered, answer.read().decode())

    def get(self, address: str) -> Reply:
        return self.call("GET", address)

    def post(self, address: str, body: Any = None, *, key: str | None = None, **more: Any) -> Reply:
        if key is not None:
            more["headers"] = {**more.get("headers", {}), "idempotency-key": key}
        return self.call("POST", address, body, **more)

    def put(self, address: str, body: Any) -> Reply:
        return self.call("PUT", address, body)

    def delete(self, address: str) -> Reply:
        return self.call("DELETE", address)

    def patch(self, address: str, body: Any, etag: str | None = None) -> Reply:
        return self.call("PATCH", address, body, headers={} if etag is None else {"if-match": etag})

    def registered(self, zone: str = "UTC", language: str = "en") -> "Front":
        made = self.post("/v1/account", {"language": language, "time_zone": zone})
        assert made.status == 201, made.text
        return self


@dataclass(frozen=True)
class Operation:
    """One operation of the API's document."""

    name: str
    method: str
    path: str
    public: bool

    def __str__(self) -> str:
        return self.name

    @property
    def needs_an_id(self) -> bool:
        return "{" in self.path


def operations() -> list[Operation]:
    """All operations of the API's document."""
    document = json.loads(OPENAPI.read_text())
    return [
        Operation(
            name=operation["operationId"],
            method=method.upper(),
            path=path,
            public=not operation.get("security", document["security"]),
        )
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


def claims_in(token: str) -> dict[str, Any]:
    """What a token says; whether it is true is the gateway's business."""
    middle = token.split(".")[1]
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return claims


def identity_in(token: str) -> str:
    """Whom the tables know the owner of a token as."""
    claims = claims_in(token)
    return f"{claims['iss']}#{claims['sub']}"


def kept_of(outputs: Mapping[str, str], user_id: str, identity: str) -> dict[str, list[Any]]:
    """What the deployed tables hold about a user, by the table."""
    keys = [
        ("Users", "user_id", user_id),
        ("Schedules", "user_id", user_id),
        ("Bills", "user_id", user_id),
        ("Ledger", "user_id", user_id),
        ("Journal", "owner", user_id),
        ("Codes", "user_id", user_id),
        ("Feedback", "user_id", user_id),
        ("Identities", "identity", identity),
        ("Identities", "identity", f"user#{user_id}"),
        ("Answers", "caller", sha256(identity.encode()).hexdigest()),
    ]
    tables = boto3.resource("dynamodb")
    found: dict[str, list[Any]] = {}
    for name, attribute, value in keys:
        items = tables.Table(outputs[f"{name}Table"]).query(
            KeyConditionExpression=Key(attribute).eq(value), ConsistentRead=True
        )["Items"]
        found.setdefault(name, []).extend(items)
    addresses = tables.Table(outputs["AddressesTable"]).scan(ConsistentRead=True)["Items"]
    found["Addresses"] = [item for item in addresses if item.get("user_id") == user_id]
    return found

"""The HTTP API on moto: requests as the gateway hands them to the functions, without a gateway."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

from tests.support.functions import Context
from tests.support.moto_stack import MotoStack
from tests.support.template import template

ISSUER = "https://issuer.example.com"


@dataclass(frozen=True)
class Reply:
    """What a caller gets; header names in small letters."""

    status: int
    headers: Mapping[str, str]
    text: str = field(repr=False)

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def etag(self) -> str:
        return self.headers["etag"]

    def faults(self) -> dict[str, str]:
        """The fields that a problem names, with the remedy of each."""
        assert self.headers["content-type"] == "application/problem+json", self.text
        return {each["field"]: each["detail"] for each in self.json["errors"]}


def _function_of(path: str) -> str:
    """Which function the template's routes lead to: the most specific route wins."""
    resources = template()["Resources"]
    best, length = "", -1
    for route in (r["Properties"] for r in resources.values() if r["Type"].endswith("V2::Route")):
        pattern = route["RouteKey"].partition(" ")[2]
        stem = pattern.removesuffix("{proxy+}")
        fits = path.startswith(stem) and path != stem if stem != pattern else path == pattern
        if fits and len(stem) > length:
            target = route["Target"]["Fn::Sub"]
            best, length = target.split("{")[1].removesuffix("Integration}"), len(stem)
    return best


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The gateway joins with a comma what is given several times."""
    found: dict[str, str] = {}
    for name, value in pairs:
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


class Person:
    """Somebody with a token."""

    def __init__(
        self, stack: MotoStack, subject: str, source: str = "192.0.2.1", issuer: str = ISSUER
    ) -> None:
        self.stack = stack
        self.subject = subject
        self.source = source
        self.issuer = issuer

    @property
    def identity(self) -> str:
        return f"{self.issuer}#{self.subject}"

    def call(
        self,
        method: str,
        address: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        raw: bytes | str | None = None,
    ) -> Reply:
        parts = urlsplit(address)
        sent = {"content-type": "application/json"} if body is not None or raw is not None else {}
        if method == "POST":
            sent["idempotency-key"] = uuid4().hex
        sent |= {name.lower(): value for name, value in (headers or {}).items()}
        event: dict[str, Any] = {
            "version": "2.0",
            "routeKey": "ANY /v1/{proxy+}",
            "rawPath": parts.path,
            "rawQueryString": parts.query,
            "headers": {name: value for name, value in sent.items() if value is not None},
            "requestContext": {
                "stage": "$default",
                "http": {"method": method, "path": parts.path, "sourceIp": self.source},
                "authorizer": {"jwt": {"claims": {"iss": self.issuer, "sub": self.subject}}},
            },
            "isBase64Encoded": False,
        }
        if parts.query:
            event["queryStringParameters"] = _joined(parse_qsl(parts.query, keep_blank_values=True))
        if raw is not None:
            event["body"] = raw if isinstance(raw, str) else raw.decode()
        elif body is not None:
            event["body"] = json.dumps(body)
        function = _function_of(parts.path)
        handler = self.stack.function(function).handler
        with self.stack.working(function):
            answer = handler(event, Context())
        lowered = {name.lower(): str(value) for name, value in answer["headers"].items()}
        return Reply(answer["statusCode"], lowered, answer.get("body") or "")

    def get(self, address: str) -> Reply:
        return self.call("GET", address)

    def post(self, address: str, body: Any = None, **more: Any) -> Reply:
        return self.call("POST", address, body, **more)

    def patch(self, address: str, body: Any, etag: str | None = None) -> Reply:
        return self.call("PATCH", address, body, headers={} if etag is None else {"if-match": etag})

    def registered(self, zone: str = "UTC", language: str = "en") -> "Person":
        made = self.post("/v1/account", {"language": language, "time_zone": zone})
        assert made.status == 201, made.text
        return self

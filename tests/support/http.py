"""The HTTP API as a front end calls it: over the wire, with a token, and with nothing of ours."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

from tests.support.api import Reply

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

    def post(
        self, address: str, body: Any = None, *, key: str | None = None, **more: Any
    ) -> Reply:
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

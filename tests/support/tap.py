"""A tap in front of an AWS endpoint: it counts the requests that get there by operation, and keeps
those to send; it may throttle them, or answer with 500 what was carried out all the same."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "te", "upgrade"}
SENDS = ("Publish", "SendEmail")
SES = re.compile(r"/v2/email/outbound-emails$")


class Tap:
    """Listens from the start. `sends` holds the bodies of requests to send. `failing` names
    operations that succeed and say 500, `refusing` those that are throttled, each with AWS's code
    for it; `every_other` spares every second one of them that is `met`."""

    def __init__(self, endpoint: str) -> None:
        self.sends: list[bytes] = []
        self.failing: set[str] = set()
        self.refusing: dict[str, str] = {}
        self.every_other = False
        self.met = self.failed = 0
        target, tap, lock = urlsplit(endpoint).netloc, self, Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                operation = _operation(self.headers, self.path, body)
                with lock:
                    if operation in SENDS:
                        tap.sends.append(body)
                    tap.met += operation in tap.failing or operation in tap.refusing
                    spared = tap.every_other and tap.met % 2 == 0
                if operation in tap.refusing and not spared:
                    self._answer(429, tap.refusing[operation])
                    return
                passed = {n: v for n, v in self.headers.items() if n.lower() not in HOP}
                connection = HTTPConnection(target, timeout=60)
                connection.request(self.command, self.path, body, passed)
                answer = connection.getresponse()
                status, content = answer.status, answer.read()
                headers = {n: v for n, v in answer.getheaders() if n.lower() not in HOP}
                connection.close()
                if operation in tap.failing and status == 200 and not spared:
                    self._answer(500, "InternalServerError")
                    return
                self._send(status, headers, content)

            def _answer(self, status: int, code: str) -> None:
                with lock:
                    tap.failed += 1
                headers = {"Content-Type": "application/json", "X-Amzn-ErrorType": code}
                self._send(status, headers, json.dumps({"__type": code}).encode())

            def _send(self, status: int, headers: dict[str, str], content: bytes) -> None:
                self.send_response_only(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_PUT = do_DELETE = do_POST  # noqa: N815 (the names are the library's)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


def _operation(headers: Any, path: str, body: bytes) -> str:
    if target := headers.get("X-Amz-Target"):
        return str(target).rpartition(".")[2]
    if SES.search(path):
        return "SendEmail"
    return parse_qs(body.decode("utf-8", "replace")).get("Action", [path])[0]


@contextmanager
def tapped(endpoint: str) -> Iterator[Tap]:
    tap = Tap(endpoint)
    Thread(target=tap.server.serve_forever, daemon=True).start()
    try:
        yield tap
    finally:
        tap.server.shutdown()
        tap.server.server_close()

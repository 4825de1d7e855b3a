"""The short domain of links, on this machine: a port that leads to the deployed HTTP API.

On AWS that is a domain name with a certificate, mapped to the API. The engine finds an API by a
longer address; links must be short, and open in a browser.
"""

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from http.client import HTTPMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import IO, Any
from urllib.error import HTTPError

NOT_PASSED_ON = {"connection", "host", "transfer-encoding", "content-length", "date", "server"}


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect is the browser's to follow."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        return None


class Front:
    """Listens from the start; `target` is the API's address, known once it is deployed."""

    def __init__(self) -> None:
        self.target = ""
        front = self
        opener = urllib.request.build_opener(_NoRedirects)

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                request = urllib.request.Request(
                    front.target + self.path,
                    data=self.rfile.read(length) if length else None,
                    headers=_passed_on(self.headers),
                    method=self.command,
                )
                try:
                    answer: Any = opener.open(request, timeout=60)
                except HTTPError as error:
                    answer = error
                with answer:
                    body = answer.read()
                    self.send_response(answer.status)
                    for name, value in _passed_on(answer.headers).items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    if self.command != "HEAD":
                        self.wfile.write(body)

            do_HEAD = do_POST = do_GET  # noqa: N815 (the names are the library's)

            def log_message(self, *_: Any) -> None:
                """Say nothing: a path may hold a token."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def domain(self) -> str:
        """As the template's LinkDomain takes it."""
        return f"localhost:{self.server.server_port}"


def _passed_on(headers: Message) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in NOT_PASSED_ON}


@contextmanager
def front() -> Iterator[Front]:
    listening = Front()
    Thread(target=listening.server.serve_forever, daemon=True).start()
    try:
        yield listening
    finally:
        listening.server.shutdown()
        listening.server.server_close()

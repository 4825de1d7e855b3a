"""A send that hangs reaches the provider once: counted at the wire, where a library's own second
attempt would show."""

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bill_reminders.channels import providers
from bill_reminders.channels.email.request import Mailbox, email_request
from bill_reminders.channels.providers import NoAnswer
from bill_reminders.channels.sms.request import sms_request
from tests.support.moto_stack import CREDENTIALS
from tests.support.people import EMAIL, PHONE


class Deaf:
    """A server that reads what comes and answers nothing; or hangs up, once it has read."""

    def __init__(self, *, hangs_up: bool) -> None:
        self.requests = 0
        self._hangs_up = hangs_up
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            if connection.recv(65536):
                self.requests += 1
            self._open.append(connection)
            if self._hangs_up:
                connection.close()

    def close(self) -> None:
        self._socket.close()
        for connection in self._open:
            connection.close()


@pytest.fixture(params=[False, True], ids=["silent", "hangs up"])
def deaf(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deaf]:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(providers, "READ_TIMEOUT_SECONDS", 0.5)
    server = Deaf(hangs_up=request.param)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    yield server
    server.close()


def text(client: Any) -> str:
    return providers.send_once(client.publish, **sms_request(PHONE, "Due today"))


def email(client: Any) -> str:
    request = email_request(
        sender=Mailbox("reminders@example.com", "events"),
        to=EMAIL,
        subject="Due today",
        text="Due today",
        html="<p>Due today</p>",
        message_id="one",
    )
    return providers.send_once(client.send_email, **request)


@pytest.mark.parametrize(("service", "send"), [("sns", text), ("sesv2", email)])
def test_it_reaches_the_provider_once(deaf: Deaf, service: str, send: Callable[[Any], str]) -> None:
    with pytest.raises(NoAnswer):
        send(providers.client(service))
    assert deaf.requests == 1

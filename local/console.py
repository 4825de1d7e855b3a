"""The administrator's dashboard, on this machine: a page that draws it as CloudWatch does.

The deployed dashboard says what is on it; each custom widget is drawn by invoking the deployed
function with the event that CloudWatch sends.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import boto3

PAGE = Path(__file__).with_suffix(".html")


def widgets(dashboard: str) -> list[dict[str, Any]]:
    """What stands on the deployed dashboard, in order."""
    body = boto3.client("cloudwatch").get_dashboard(DashboardName=dashboard)["DashboardBody"]
    found = []
    for each in json.loads(body)["widgets"]:
        properties = each["properties"]
        widget = {"type": each["type"], "title": properties["title"]}
        if each["type"] == "custom":
            widget |= {"endpoint": properties["endpoint"], "params": properties["params"]}
        else:
            widget["alarms"] = _alarms(properties["alarms"])
        found.append(widget)
    return found


def _alarms(arns: list[str]) -> list[dict[str, str]]:
    names = [arn.rpartition(":")[2] for arn in arns]
    pages = boto3.client("cloudwatch").get_paginator("describe_alarms").paginate()
    states = {e["AlarmName"]: e["StateValue"] for page in pages for e in page["MetricAlarms"]}
    return [{"name": name, "state": states.get(name, "INSUFFICIENT_DATA")} for name in names]


def call(said: Mapping[str, Any]) -> str:
    """What the widget's function gives back, for the parameters and what was typed."""
    event = {
        **said["params"],
        "widgetContext": {
            "theme": said["theme"],
            "forms": {"all": said["forms"]},
            "params": said["params"],
        },
    }
    answer = boto3.client("lambda").invoke(
        FunctionName=said["endpoint"], Payload=json.dumps(event).encode()
    )
    return str(json.loads(answer["Payload"].read()))


def _handler(dashboard: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/widgets":
                self._answer(json.dumps(widgets(dashboard)), "application/json")
            elif self.path == "/":
                self._answer(PAGE.read_text("utf-8"), "text/html")
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            if self.path != "/call":
                self.send_error(404)
                return
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(call(said), "text/html")

        def _answer(self, text: str, kind: str) -> None:
            body = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing: a form may hold an address."""

    return Handler


@contextmanager
def drawn(dashboard: str) -> Iterator[str]:
    """The address of the page."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(dashboard))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()

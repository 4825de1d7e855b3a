"""The local AWS engine: MiniStack in a process of its own, on loopback.

Run as a module it becomes the engine; `running` starts it from another program and stops it.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partialmethod
from pathlib import Path
from typing import Any
from urllib.error import URLError

REGION = "us-east-1"
ACCOUNT = "000000000000"
START_SECONDS = 60
LOOPBACK = "127.0.0.1"


class EngineDidNotStart(RuntimeError):
    """The engine's process ended or did not answer in time; its log says why."""


def environment(endpoint: str) -> dict[str, str]:
    """What AWS clients need to talk to the engine, and to nothing else: neither the profiles nor
    the credentials of the person who runs it are in reach."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SESSION_TOKEN": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "3",
    }


@contextmanager
def running(log: Path, port: int = 0) -> Iterator[str]:
    """Run an engine; yields its endpoint. `port` 0 takes a free one. Leaves nothing running."""
    port = port or free_port()
    endpoint = f"http://{LOOPBACK}:{port}"
    log.parent.mkdir(parents=True, exist_ok=True)
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AWS_") and name != "PYTHONPATH"
    }
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "local.engine"],
            cwd=Path(__file__).parents[1],
            env={
                **own,
                "BIND_HOST": LOOPBACK,
                "GATEWAY_PORT": str(port),
                "MINISTACK_REGION": REGION,
                "LOG_LEVEL": "WARNING",
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_healthy(process, endpoint, log)
        yield endpoint
    finally:
        # the session holds the engine and every function's process that it started
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(process: subprocess.Popen[bytes], endpoint: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.05)
    raise EngineDidNotStart(f"the local engine did not start, see {log}")


def keep_pushes() -> None:
    """Keep what is published to push endpoints where the engine keeps its SMS.

    The engine accepts such a message and forgets it; the demo and the tests want to read it.
    """
    from ministack.services import sns

    publish = sns._publish

    def publish_and_keep(params: dict[str, Any]) -> Any:
        answer = publish(params)
        endpoint = sns._p(params, "TargetArn")
        if answer[0] == 200 and endpoint in sns._platform_endpoints:
            message_id = answer[2].decode().split("<MessageId>")[1].split("<")[0]
            message = sns._p(params, "Message")
            sns._sms_log_for(endpoint).append({"MessageId": message_id, "Message": message})
        return answer

    sns._publish = publish_and_keep


def read_concurrency_as_number() -> None:
    """A stack's parameters are text: where a number belongs AWS reads one, the engine does not."""
    from ministack.services import lambda_svc

    concurrency = lambda_svc._sqs_esm_concurrency

    def concurrency_of(mapping: dict[str, Any], *rest: Any, **named: Any) -> Any:
        scaling = mapping.get("ScalingConfig") or {}
        if "MaximumConcurrency" in scaling:
            scaling["MaximumConcurrency"] = int(scaling["MaximumConcurrency"])
        return concurrency(mapping, *rest, **named)

    lambda_svc._sqs_esm_concurrency = concurrency_of


def read_cors_as_cloudformation_writes_it() -> None:
    """A template's CORS settings begin with capitals, the engine's own call with small letters."""
    from ministack.services import apigateway

    headers, preflight = apigateway._cors_response_headers, apigateway._cors_preflight_response

    def lower(settings: dict[str, Any]) -> dict[str, Any]:
        return {name[0].lower() + name[1:]: value for name, value in settings.items()}

    apigateway._cors_response_headers = lambda settings, origin: headers(lower(settings), origin)
    apigateway._cors_preflight_response = lambda settings, origin: preflight(
        lower(settings), origin
    )


def answer_before_the_log() -> None:
    """The engine holds every answer back for 0.05 s in case the function has logged something that
    has not come yet. Here such a line goes into the log with the next call's."""
    from ministack.core.lambda_runtime import Worker

    drain = Worker._drain_stderr_bounded
    Worker._drain_stderr_bounded = partialmethod(drain, first_line_wait=0.002)


if __name__ == "__main__":
    from ministack.app import main

    keep_pushes()
    read_concurrency_as_number()
    read_cors_as_cloudformation_writes_it()
    answer_before_the_log()
    main()

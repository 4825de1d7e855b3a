"""A stand-in at the wire: it answers senders after as long as AWS takes, and keeps nothing.

A process of its own, so that only the work of who asks is measured. Reads get the items that were
handed to it, for whichever user they name; each write and each send is taken.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from local.engine import LOOPBACK, environment, free_port

TABLE_SECONDS, PROVIDER_SECONDS = 0.005, 0.040
SWITCHES = {"sms": "open", "push": "open", "email": "open"}
ANYBODY = "anybody"
"""Stands in the items where the user's id goes."""

type Item = dict[str, Any]
"""As DynamoDB writes it: each value with its type."""


class StandIn:
    """What it answers to one request."""

    def __init__(self, items: Mapping[str, Sequence[Item]]) -> None:
        self._items = {table: json.dumps(found) for table, found in items.items()}
        self._operations: dict[str, Callable[[Any], Any]] = {
            "GetItem": self._get_item,
            "Query": self._query,
            "BatchGetItem": self._batch_get_item,
            "UpdateItem": lambda asked: {"Attributes": asked["Key"]},
            "GetParameter": lambda _: {"Parameter": {"Value": json.dumps(SWITCHES)}},
        }

    def answer(self, path: str, target: str, body: bytes) -> tuple[float, bytes]:
        """After how many seconds it answers, and what."""
        if not target:  # SES names its operations in the path
            return PROVIDER_SECONDS, b'{"MessageId": "taken"}'
        operation = self._operations.get(target.rpartition(".")[2])
        if operation is None:
            return TABLE_SECONDS, b"{}"
        return TABLE_SECONDS, json.dumps(operation(json.loads(body))).encode()

    def _of(self, table: str, user_id: str) -> list[Item]:
        found: list[Item] = json.loads(self._items[table].replace(ANYBODY, user_id))
        return found

    def _get_item(self, asked: Any) -> Any:
        found = self._of(asked["TableName"], asked["Key"]["user_id"]["S"])
        return {"Item": found[0]} if found else {}

    def _query(self, asked: Any) -> Any:
        user_id = next(iter(asked["ExpressionAttributeValues"].values()))["S"]
        found = self._of(asked["TableName"], user_id)
        return {"Items": found, "Count": len(found), "ScannedCount": len(found)}

    def _batch_get_item(self, asked: Any) -> Any:
        return {
            "Responses": {
                table: [
                    item for key in wanted["Keys"] for item in self._of(table, key["user_id"]["S"])
                ]
                for table, wanted in asked["RequestItems"].items()
            }
        }


@contextmanager
def answering(items: Mapping[str, Sequence[Item]]) -> Iterator[dict[str, str]]:
    """Run it; yields the environment with which AWS clients talk to it."""
    port = free_port()
    command = [sys.executable, "-m", "local.benchmark.answers", str(port)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write(json.dumps(items))
        process.stdin.close()
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the stand-in of AWS did not start")
        yield environment(f"http://{LOOPBACK}:{port}")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


async def _serve(stand_in: StandIn, port: int) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in head[1:])
                }
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                asked_at = time.monotonic()
                target = headers.get("x-amz-target", "")
                seconds, answer = stand_in.answer(head[0].split(" ")[1], target, body)
                await asyncio.sleep(max(0.0, asked_at + seconds - time.monotonic()))
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\n"
                    b"content-length: %d\r\n\r\n%s" % (len(answer), answer)
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # who asked has gone
        finally:
            writer.close()

    server = await asyncio.start_server(talk, LOOPBACK, port)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(StandIn(json.load(sys.stdin)), int(sys.argv[1])))

"""What is looked at before a request reaches its route: size, media type, and JSON that says one
thing only."""

import json
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any, Never

from bill_reminders.api.problems import Problem, fault, invalid

LARGEST_JSON = 64 * 1024
LARGEST_FILE = 512 * 1024

FILES = {"/v1/bills/files/csv": "text/csv"}
"""Paths that take a file instead of JSON."""


def check(event: dict[str, Any]) -> bytes:
    """The request's body, which is empty, a file, or an object in sound JSON; its media type is
    then written as routes expect it. Raises Problem."""
    body = _body(event)
    path = str(event["rawPath"])
    wanted = FILES.get(path, "application/json")
    if len(body) > (LARGEST_FILE if path in FILES else LARGEST_JSON):
        most = (LARGEST_FILE if path in FILES else LARGEST_JSON) // 1024
        raise Problem("too-large", f"the body is larger than {most} KiB: send less at once")
    if not body:
        return body
    given = str((event.get("headers") or {}).get("content-type", "")).partition(";")[0].strip()
    if given.lower() != wanted:
        raise Problem(
            "unsupported-media-type", f"this takes {wanted}: name it in the Content-Type header"
        )
    event["headers"] = {**event["headers"], "content-type": wanted}
    if wanted == "application/json":
        _check_json(body)
    return body


def _body(event: Mapping[str, Any]) -> bytes:
    text = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(text).encode("utf-8", "surrogatepass")
    try:
        return b64decode(text, validate=True)
    except ValueError:
        _refuse("not readable: send it again")


def _check_json(body: bytes) -> None:
    try:
        value = json.loads(body.decode(), object_pairs_hook=_no_twins, parse_constant=_no_constant)
        _need_whole_characters(value)
    except UnicodeError:
        _refuse("not in UTF-8: send it in UTF-8")
    except RecursionError:
        _refuse("nested too deep: send what the document describes")
    except ValueError:
        _refuse("not JSON: check brackets, quotes and commas")
    if not isinstance(value, dict):
        _refuse("not an object: write it in curly brackets")


def _need_whole_characters(value: Any) -> None:
    """Raises an invalid-request problem for half characters, which cannot be stored."""
    found = [_shown(path) for path in _halves(value, ())]
    if found:
        remedy = "holds half a character: type the text again, and send it in UTF-8"
        raise invalid([fault(field, remedy) for field in dict.fromkeys(found)], "invalid-request")


def _halves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Where half characters are: the names that lead to each text that has one."""
    if isinstance(value, str) and any("\ud800" <= each <= "\udfff" for each in value):
        yield path
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _halves(name, ())
            yield from _halves(each, (*path, name))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _halves(each, (*path, str(place)))


def _shown(path: tuple[str, ...]) -> str:
    """The field, unless one of its names may be something that nobody else should read."""
    is_plain = all((name.isascii() and name.isidentifier()) or name.isdigit() for name in path)
    return ".".join(path) if is_plain and all(len(name) < 30 for name in path) else ""


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        twin = next(name for name in names if names.count(name) > 1)
        raise invalid(
            [fault(_shown((twin,)), "stands here twice: keep one of them")], "invalid-request"
        )
    return dict(pairs)


def _no_constant(_: str) -> Never:
    raise ValueError("no number")


def _refuse(detail: str) -> Never:
    raise invalid([fault("", detail)], "invalid-request")

"""The readable page of the API's document, for a front-end developer who has nothing else.

Plain HTML without scripts or anything from elsewhere: it is served under a policy that allows
neither.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from bill_reminders.api.problems import KINDS
from local.stack import ROOT

REMEDIES = {
    "invalid-request": "Correct the fields that `errors` names; the shape is in this document.",
    "not-found": "Read the list again: it was removed, or never was yours.",
    "no-account": "Create one with POST /v1/account, or join one with POST /v1/account/join.",
    "method-not-allowed": "Use a method that the header Allow names.",
    "in-progress": "Repeat it with the same key after the seconds of Retry-After.",
    "conflict": "Do first what the detail says.",
    "too-many": "Close or delete some first.",
    "changed-meanwhile": "Read it again, then change it with the new ETag.",
    "too-large": "Send less at once.",
    "unsupported-media-type": "Name the type that the operation takes in Content-Type.",
    "invalid-value": "Correct the values that `errors` names; each says how.",
    "needs-confirmation": "Ask the user once more, then repeat it as confirmed.",
    "key-used": "Make up a new Idempotency-Key for each new request.",
    "precondition-required": "Send the ETag that you read as If-Match.",
    "too-often": "Wait for the seconds of Retry-After.",
    "internal": "Repeat it; should it stay, tell whoever runs this.",
    "try-again": "Repeat it with the same key after the seconds of Retry-After.",
}
"""What to do about each kind of problem."""

WORDS = {"integer": "whole number", "string": "text", "boolean": "true or false"}

METHODS = ("get", "post", "put", "patch", "delete")


def page(document: str) -> str:
    """The page of an OpenAPI document in JSON."""
    schema = json.loads(document)
    environment = Environment(
        loader=FileSystemLoader(ROOT / "local"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"prose": prose, "shape": shape, "limits": limits}
    return environment.get_template("api_page.html").render(
        info=schema["info"],
        tags=[(tag, list(_operations(schema, tag["name"]))) for tag in schema["tags"]],
        schemas=schema["components"]["schemas"],
        problems=[
            (kind, status.value, title, REMEDIES[kind]) for kind, (status, title) in KINDS.items()
        ],
    )


def _operations(schema: Mapping[str, Any], tag: str) -> Iterator[dict[str, Any]]:
    for path, methods in sorted(schema["paths"].items()):
        for method in METHODS:
            operation = methods.get(method)
            if operation is None or tag not in operation["tags"]:
                continue
            body = operation.get("requestBody", {}).get("content", {})
            yield {
                **operation,
                "path": path,
                "method": method.upper(),
                "parameters": operation.get("parameters", []),
                "body": next(iter(body.values()), None),
                "curl": _curl(schema, method.upper(), path, operation, body),
            }


def _curl(
    schema: Mapping[str, Any],
    method: str,
    path: str,
    operation: Mapping[str, Any],
    body: Mapping[str, Any],
) -> str:
    lines = [f'curl -X {method} "$API{path}"', '-H "Authorization: Bearer $TOKEN"']
    for parameter in operation.get("parameters", []):
        if parameter["name"] == "Idempotency-Key":
            lines.append('-H "Idempotency-Key: $(uuidgen)"')
        if parameter["name"] == "If-Match":
            lines.append("-H 'If-Match: \"the-etag-you-read\"'")
    for kind, media in body.items():
        lines.append(f'-H "Content-Type: {kind}"')
        if kind == "application/json":
            example = json.dumps(_example(schema, media["schema"]), ensure_ascii=False)
            lines.append(f"-d '{example}'")
        else:
            lines.append("--data-binary @bills.csv")
    return " \\\n    ".join(lines)


def _example(schema: Mapping[str, Any], node: Mapping[str, Any]) -> Any:
    """An example of a value: given, or put together from those of its required fields."""
    if node.get("examples"):
        return node["examples"][0]
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        return _example(schema, schema["components"]["schemas"][name])
    if "anyOf" in node:
        return _example(schema, node["anyOf"][0])
    if "properties" in node:
        needed = node.get("required") or list(node["properties"])[:1]
        return {name: _example(schema, node["properties"][name]) for name in needed}
    return node.get("const", node.get("enum", [None])[0])


def prose(text: str) -> Markup:
    """Paragraphs, **strong words** and `code` of a description; all else is shown as it is."""
    paragraphs = []
    for paragraph in text.strip().split("\n\n"):
        safe = str(escape(" ".join(paragraph.split())))
        safe = re.sub(r"`([^`]+)`", r"<code>\1</code>", safe)
        safe = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", safe)
        paragraphs.append(f"<p>{safe}</p>")
    return Markup("\n".join(paragraphs))


def shape(node: Mapping[str, Any]) -> Markup:
    """What a value is, in words; an object is a link to its description."""
    match node:
        case {"$ref": name}:
            said = Markup('<a href="#schema-{0}">{0}</a>').format(name.rpartition("/")[2])
        case {"anyOf": several}:
            said = Markup(" or ").join(map(shape, several))
        case {"enum": choices}:
            said = Markup(", ").join(Markup("<code>{}</code>").format(each) for each in choices)
        case {"const": only}:
            said = Markup("<code>{}</code>").format(only)
        case {"type": "array", "items": item}:
            said = Markup("list of ") + shape(item)
        case {"type": "object", "additionalProperties": dict(of)}:
            said = Markup("object of ") + shape(of)
        case _:
            plain = str(node.get("type", "value"))
            said = escape(node.get("x-kind") or WORDS.get(plain, plain))
    return said


def limits(node: Mapping[str, Any]) -> str:
    """The bounds of a value, in words; empty for none."""
    for each in node.get("anyOf", ()):
        if found := limits(each):
            return found
    said = []
    if "minimum" in node or "maximum" in node:
        said.append(f"{node.get('minimum', '')} to {node.get('maximum', '')}".strip())
    if "maxLength" in node:
        said.append(f"{node.get('minLength', 0)} to {node['maxLength']} characters")
    if "maxItems" in node:
        said.append(f"at most {node['maxItems']}")
    if "pattern" in node and "x-kind" not in node:
        said.append(f"matches {node['pattern']}")
    if "default" in node and node["default"] is not None:
        said.append(f"default {json.dumps(node['default'])}")
    return "; ".join(said)

"""The readable page of the API's document, for a front-end developer who has nothing else.

Plain HTML without scripts or anything from elsewhere: it is served under a policy that allows
neither. What is said of a thing comes from the document; here is only how it is put in words.
"""

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from bill_reminders.api.fields import FORMS
from bill_reminders.api.problems import CONTENT_TYPE, KINDS

Node = Mapping[str, Any]
"""A schema, or another part of the document."""

REMEDIES = {
    "invalid-request": "Give each field that `errors` names the shape that is described here; "
    "the same request again is refused again.",
    "sign-up-closed": "Ask the user for the link code of their imported account, and join it with "
    "`POST /v1/account/join`. `GET /v1/setup` says beforehand whether sign-up is open.",
    "not-found": "Read the list again: it was removed, or never was this user's.",
    "no-account": "Create one with `POST /v1/account`, or join one with `POST /v1/account/join`.",
    "method-not-allowed": "Use a method that the header `Allow` names.",
    "in-progress": "Wait for the seconds of `Retry-After`, then repeat it with the same key.",
    "conflict": "Do first what `detail` says, or read again what there is now.",
    "too-many": "Close or delete some first; `detail` names the limit.",
    "changed-meanwhile": "Read it again, show what is new, then change it with the new `ETag`.",
    "too-large": "Send less at once: split a file into several.",
    "unsupported-media-type": "Name the type that the operation takes in `Content-Type`.",
    "invalid-value": "Show each `detail` of `errors` beside its field: it says what to enter.",
    "needs-confirmation": "Ask the user once more; if they mean it, repeat it as confirmed, with a "
    "new `Idempotency-Key`.",
    "key-used": "Make up a new `Idempotency-Key` for each new request; keep one only to repeat the "
    "very same.",
    "precondition-required": "Read it first, then send its `ETag` as `If-Match`.",
    "too-often": "Wait for the seconds of `Retry-After`, and tell the user so.",
    "internal": "Repeat it once, a POST with the same key; if it stays, tell whoever runs the API.",
    "try-again": "Wait for the seconds of `Retry-After`, then repeat it, a POST with the same key.",
}
"""What to do about each kind of problem."""

METHODS = ("get", "post", "put", "patch", "delete")
SHOWN_OF_OPTIONAL = 3
"""How many fields an example sends of an object that needs none."""

LINE = 60
"""How long a line of an example may be before it is broken up."""

WORDS = {"integer": "whole number", "string": "text", "boolean": "true or false"}
MANY = {"integer": "whole numbers", "string": "texts"}
LETTERS = {
    "0-9": "digits",
    "0-9a-f": "digits and letters a to f",
    "A-Z": "capitals",
    "A-Z0-9": "capitals and digits",
    "A-Za-z0-9_-": "letters, digits, underscores and hyphens",
}
"""The characters of a pattern in words."""


def page(document: str) -> str:
    """The page of an OpenAPI document in JSON."""
    schema = json.loads(document)
    schemas = schema["components"]["schemas"]
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "breakable": breakable,
        "limits": limits,
        "line": line,
        "prose": prose,
        "sample": sample,
        "shape": shape,
    }
    html = environment.get_template("api_page.html").render(
        info=schema["info"],
        tags=[
            {**tag, "id": _anchor(tag["name"]), "operations": list(_operations(schema, tag))}
            for tag in schema["tags"]
        ],
        objects=[_object(schema, name) for name in sorted(schemas)],
        value_kinds=sorted(_value_kinds(schemas).items()),
        problems=[
            (kind, status.value, title, REMEDIES[kind]) for kind, (status, title) in KINDS.items()
        ],
    )
    return _linked(schema, html)


def _linked(schema: Node, html: str) -> str:
    """Operations that are named in the prose as links, such as `GET /v1/setup`."""
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            named = f"<code>{method.upper()} {escape(path)}</code>"
            html = html.replace(named, f'<a href="#{operation["operationId"]}">{named}</a>')
    return html


def _anchor(tag: str) -> str:
    return "tag-" + re.sub(r"[^a-z0-9]+", "-", tag.lower())


def _operations(schema: Node, tag: Node) -> Iterator[dict[str, Any]]:
    """A tag's operations: those on the whole before those on one thing, or a thing in it; else as
    the document has them, which is the order of use."""
    for path in sorted(schema["paths"], key=lambda path: path.count("{")):
        for method in METHODS:
            operation = schema["paths"][path].get(method)
            if operation and tag["name"] in operation["tags"]:
                yield _operation(schema, method.upper(), path, operation)


def _operation(schema: Node, method: str, path: str, operation: Node) -> dict[str, Any]:
    schemas = schema["components"]["schemas"]
    body = operation.get("requestBody", {}).get("content", {})
    kind, media = next(iter(body.items()), ("", None))
    answers = sorted(operation["responses"].items())
    return {
        "id": operation["operationId"],
        "method": method,
        "path": path,
        "summary": operation["summary"],
        "description": operation["description"],
        "parameters": operation.get("parameters", []),
        "media": media and {**media, "kind": kind, "fields": list(_fields(schemas, media))},
        "curl": _curl(schemas, method, path, operation),
        "answers": [_answer(*each) for each in answers if CONTENT_TYPE not in _media(each[1])],
        "problems": [_answer(*each) for each in answers if CONTENT_TYPE in _media(each[1])],
    }


def _media(answer: Node) -> Node:
    found: Node = answer.get("content", {})
    return found


def _answer(status: str, answer: Node) -> dict[str, Any]:
    named = re.findall(r"\(`([a-z-]+)`\)", answer["description"])
    return {
        "status": status,
        "description": answer["description"],
        "kinds": [(kind, KINDS[kind][1]) for kind in named if kind in KINDS],
        "bodies": [
            (kind, media["schema"])
            for kind, media in sorted(_media(answer).items())
            if kind != CONTENT_TYPE and media["schema"].get("type") != "null"
        ],
        "headers": sorted(answer.get("headers", {}).items()),
    }


def _fields(schemas: Node, media: Node) -> Iterator[tuple[str, bool, Node]]:
    """Name, whether it is needed, and schema of the fields of a body. Those of an object in it
    follow it, named as `errors` would name them."""
    whole = _inside(schemas, media["schema"])
    for name, field in whole.get("properties", {}).items():
        yield name, name in whole.get("required", ()), field
        part = _inside(schemas, field)
        for inner, of in part.get("properties", {}).items():
            yield f"{name}.{inner}", inner in part.get("required", ()), of


def _inside(schemas: Node, node: Node) -> Node:
    """The object that a schema refers to, alone or as what may also be null; else the schema."""
    for each in (node, *node.get("anyOf", ())):
        if name := _named(each):
            found: Node = schemas[name]
            return found
    return node


def _named(node: Node) -> str:
    return str(node.get("$ref", "")).rpartition("/")[2]


def _curl(schemas: Node, method: str, path: str, operation: Node) -> str:
    headers = ["Authorization: Bearer $TOKEN"]
    query = {}
    for parameter in operation.get("parameters", []):
        name, where, of = parameter["name"], parameter["in"], parameter["schema"]
        value = _value_of(schemas, name, of)
        if where == "path":
            path = path.replace(f"{{{name}}}", quote(str(value)))
        elif name == "Idempotency-Key":
            headers.append(f"{name}: $(uuidgen)")
        elif name == "If-Match":
            headers.append(f"{name}: $ETAG")
        elif where == "query" and (parameter.get("required") or _given(of) is not None):
            query[name] = value if isinstance(value, str) else json.dumps(value)
    verb = "" if method == "GET" else f"-X {method} "
    lines = [f'curl {verb}"$API{path}{"?" if query else ""}{urlencode(query)}"']
    body = operation.get("requestBody", {}).get("content", {})
    for kind, media in body.items():
        headers.append(f"Content-Type: {kind}")
        lines.append("--data-binary @bills.csv")
        if kind == "application/json":
            lines[-1] = f"-d {shlex.quote(_json(_example(schemas, media['schema'])))}"
    return " \\\n  ".join([lines[0], *(f'-H "{each}"' for each in headers), *lines[1:]])


def _value_of(schemas: Node, name: str, of: Node) -> Any:
    """An example of a parameter: its own, or that of the field which gives it to a caller."""
    if _given(of) is None:
        fields = (each.get("properties", {}).get(name) for _, each in sorted(schemas.items()))
        of = next((field for field in fields if field and _given(field) is not None), of)
    return _example(schemas, of)


def _given(node: Node) -> Any:
    """The first example that the document gives of a value, else its default."""
    for each in (node, *node.get("anyOf", ())):
        for example in each.get("examples", ()):
            if example is not None:
                return example
    return node.get("default")


def _example(schemas: Node, node: Node, whole: bool = False, inside: tuple[str, ...] = ()) -> Any:
    """An example of a value: given, or put together from its fields: all, or those it needs."""
    again = partial(_example, schemas, whole=whole, inside=inside)
    value: Any
    match node:
        case {"examples": [first, *_]} if not (whole and "properties" in node):
            value = first
        case {"const": first} | {"enum": [first, *_]} | {"default": first}:
            value = first
        case {"$ref": _}:
            name = _named(node)
            inner = (*inside, name)
            value = {} if name in inside else _example(schemas, schemas[name], whole, inner)
        case {"anyOf": [first, *_]}:
            value = again(first)
        case {"properties": properties}:
            names = list(properties)
            if not whole:
                names = node.get("required") or names[:SHOWN_OF_OPTIONAL]
            value = {name: again(properties[name]) for name in names}
        case {"additionalProperties": dict(each)}:
            names = node.get("propertyNames", {}).get("enum", ["name"])
            value = {names[0]: again(each)}
        case {"type": "array", "items": item}:
            value = [again(item)]
        case _:
            plain = {"boolean": True, "integer": node.get("minimum", 1), "string": "text"}
            value = plain.get(node.get("type", ""))
    return value


def _json(value: Any, indent: str = "") -> str:
    """Laid out to be read: what is short stays on one line."""
    short = json.dumps(value, ensure_ascii=False)
    if len(indent + short) <= LINE or not isinstance(value, dict | list):
        return short
    deeper = indent + "  "
    if isinstance(value, list):
        parts = [_json(each, deeper) for each in value]
    else:
        parts = [f"{json.dumps(name)}: {_json(each, deeper)}" for name, each in value.items()]
    first, last = "[]" if isinstance(value, list) else "{}"
    return f"{first}\n{deeper}" + f",\n{deeper}".join(parts) + f"\n{indent}{last}"


def _object(schema: Node, name: str) -> dict[str, Any]:
    """An object with what needs it, for a reader who came from elsewhere."""
    schemas = schema["components"]["schemas"]
    operations = [each for path in schema["paths"].values() for each in path.values()]

    def using(part: str) -> list[tuple[str, str]]:
        return sorted(
            (each["operationId"], each["operationId"])
            for each in operations
            if name in _names_in(each.get(part))
        )

    parts = [(f"schema-{n}", n) for n, each in sorted(schemas.items()) if name in _names_in(each)]
    answered = using("responses")
    everywhere = len(answered) == len(operations)
    example = _example(schemas, schemas[name], whole=True, inside=(name,))
    return {
        **schemas[name],
        "name": name,
        "sent": name in _sent(schema),
        "uses": [
            ("Sent with", using("requestBody")),
            ("Answered by", [("problems", "every operation")] if everywhere else answered),
            ("Part of", parts),
        ],
        "example": _json(example),
    }


def _sent(schema: Node) -> set[str]:
    """The objects that requests are made of, with those in them."""
    found: set[str] = set()
    bodies = [o.get("requestBody") for path in schema["paths"].values() for o in path.values()]
    more = _names_in(bodies)
    while more:
        found |= more
        more = _names_in([schema["components"]["schemas"][name] for name in more]) - found
    return found


def _nodes(tree: Any) -> Iterator[Node]:
    """All objects of a part of the document."""
    if isinstance(tree, Mapping):
        yield tree
    children: Iterable[Any] = tree.values() if isinstance(tree, Mapping) else tree
    for child in children:
        if isinstance(child, Mapping | list):
            yield from _nodes(child)


def _names_in(tree: Any) -> set[str]:
    return {_named(each) for each in _nodes(tree or {}) if isinstance(each.get("$ref"), str)}


def _value_kinds(schemas: Node) -> dict[str, str]:
    """What kinds of text there are, each with an example."""
    return {
        each["x-kind"]: each["examples"][0]
        for each in _nodes(schemas)
        if each.get("x-kind") and each.get("examples")
    }


def prose(text: str) -> Markup:
    """Paragraphs, **strong words** and `code` of a description; all else is shown as it is."""
    return Markup("\n").join(
        Markup("<p>{}</p>").format(line(paragraph)) for paragraph in text.strip().split("\n\n")
    )


def line(text: str) -> Markup:
    """One paragraph of prose, without its tag."""
    safe = str(escape(" ".join(text.split())))
    safe = re.sub(r"`([^`]+)`", r"<code>\1</code>", safe)
    return Markup(re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", safe))


def breakable(path: str) -> Markup:
    """A path that is broken before its slashes where it does not fit on a line."""
    return Markup("<wbr>/").join(path.split("/"))


def _code(value: Any) -> Markup:
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Markup("<code>{}</code>").format(shown)


def _listed(values: Iterable[Any]) -> Markup:
    return Markup(", ").join(map(_code, values))


def shape(node: Node) -> Markup:
    """What a value is, in words; an object is a link to its description."""
    match node:
        case {"$ref": _}:
            said = Markup('<a href="#schema-{0}">{0}</a>').format(_named(node))
        case {"anyOf": several}:
            several = list(map(shape, several))
            apart = ", or " if any("list of" in each for each in several) else " or "
            said = Markup(apart).join(several)
        case {"const": only} | {"enum": [only]}:
            said = Markup("exactly {}").format(_code(only))
        case {"enum": choices}:
            said = Markup("one of {}").format(_listed(choices))
        case {"type": "array", "items": item}:
            said = Markup("list of {}").format(MANY.get(item.get("type")) or shape(item))
        case {"additionalProperties": dict(each), "propertyNames": {"enum": names}}:
            said = Markup("object with any of the names {}, each {}").format(
                _listed(names), shape(each)
            )
        case {"additionalProperties": dict(each)}:
            said = Markup("object with any names, each {}").format(shape(each))
        case {"properties": properties}:
            said = Markup("object with {}").format(_listed(properties))
        case _:
            plain = str(node.get("type", "any value"))
            said = escape(node.get("x-kind") or WORDS.get(plain, plain))
    return said


def limits(node: Node) -> Markup:
    """The bounds of a value and its default, in words; empty for none."""
    said = [escape(each) for each in _bounds(node)]
    if "pattern" in node:
        said.append(_form(node["pattern"]))
    said += filter(None, map(limits, node.get("anyOf", ())))
    if "items" in node and (each_one := limits(node["items"])):
        said.append(Markup("each {}").format(each_one))
    if node.get("default") is not None:
        said.append(Markup("{} when left out").format(_code(node["default"])))
    return Markup("; ").join(said)


def _bounds(node: Node) -> Iterator[str]:
    for low, high, unit in (
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " entries"),
    ):
        match node.get(low), node.get(high):
            case None, None:
                continue
            case None, most:
                yield f"at most {most}{unit}"
            case least, None:
                yield f"at least {least}{unit}"
            case least, most:
                yield f"{least} to {most}{unit}"


def _form(pattern: str) -> Markup:
    """A pattern in the words of the API's own remedy, in our words, or as it is."""
    if pattern in FORMS:
        return escape(FORMS[pattern].partition(": write ")[2])
    if found := re.fullmatch(r"\^\[([^]]+)]\{(\d+)(?:,(\d+))?}\$", pattern):
        letters, least, most = found.groups()
        if letters in LETTERS:
            return escape(f"{least}{f' to {most}' if most else ''} {LETTERS[letters]}")
    if found := re.fullmatch(r"\^\[0-9]\{1,(\d+)}\(\\\.\[0-9]\{1,(\d+)}\)\?\$", pattern):
        return escape(f"up to {found[1]} digits, then up to {found[2]} after a point")
    return Markup("matches {}").format(_code(pattern))


def sample(node: Node) -> Markup:
    """An example of a value in JSON, where its shape does not show one already."""
    for each in (node, *node.get("anyOf", ())):
        if "enum" in each or "const" in each or each.get("type") == "boolean":
            return Markup("")
    given = _given({**node, "default": None})
    return Markup("") if given is None else _code(json.dumps(given, ensure_ascii=False))

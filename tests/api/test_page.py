"""The page of the API's document: complete, safe, readable by machines that read aloud, and in
step with the code."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from bill_reminders.api.document import as_text
from bill_reminders.api.problems import KINDS
from local import api_page
from tests.support.template import OPENAPI

TEXT = OPENAPI.read_text("utf-8")
DOCUMENT = json.loads(TEXT)
SCHEMAS = DOCUMENT["components"]["schemas"]
PAGE = api_page.page(TEXT)
STALE = "out of step with the code: run make openapi"
OPERATIONS = [
    (method.upper(), path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
EACH = pytest.mark.parametrize(
    ("method", "path", "operation"),
    OPERATIONS,
    ids=[each["operationId"] for *_, each in OPERATIONS],
)
VOID = {"meta", "wbr", "br"}


class Reader(HTMLParser):
    """What a reader finds: ids, links, headings, and the words below each heading with an id."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self.attributes: list[tuple[str, str]] = []
        self.levels: list[int] = []
        self.words: dict[str, str] = {"": ""}
        self.names: dict[str, list[str]] = {}
        self.open: list[str] = []
        self._below = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        given = {name: value or "" for name, value in attrs}
        self.attributes += given.items()
        if tag not in VOID:
            self.open.append(tag)
        if "id" in given:
            self.ids[given["id"]] += 1
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
            if "id" in given:
                self._below = given["id"]
                self.words[self._below] = ""
                self.names[self._below] = []
        if tag == "th" and given["scope"] == "row":
            self.names[self._below].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words[self._below] += data
        if self.open[-2:] == ["th", "code"]:
            self.names[self._below][-1] += data


READER = Reader(PAGE)


def plain(text: str) -> str:
    """Prose as it reads on the page."""
    return re.sub(r"`|\*\*", "", " ".join(text.split()))


def below(anchor: str) -> str:
    return " ".join(READER.words[anchor].split())


def test_what_is_served_is_what_the_routes_say() -> None:
    assert as_text() == TEXT, STALE
    assert (OPENAPI.parent / "docs.html").read_text("utf-8") == PAGE, STALE


@EACH
def test_an_operation_is_told_in_full(method: str, path: str, operation: dict[str, Any]) -> None:
    anchor = operation["operationId"]
    said = below(anchor)
    assert said.startswith(f"{method} {path} {operation['summary']} ")
    assert plain(operation["description"]) in said
    for parameter in operation.get("parameters", []):
        assert parameter["name"] in READER.names[anchor]
        assert plain(parameter["description"]) in said
    for media in operation.get("requestBody", {}).get("content", {}).values():
        for field in SCHEMAS.get(api_page._named(media["schema"]), {}).get("properties", {}):
            assert field in READER.names[anchor]
    for status, answer in operation["responses"].items():
        assert status in said
        for kind in re.findall(r"\(`([a-z-]+)`\)", answer["description"]):
            assert f"{kind} {KINDS[kind][1]}" in said
        for header in answer.get("headers", {}):
            assert header in said


@EACH
def test_an_example_can_be_pasted(method: str, path: str, operation: dict[str, Any]) -> None:
    said = READER.words[operation["operationId"]]
    prefix = "" if method == "GET" else f"-X {method} "
    address = re.sub(r"\\{\w+\\}", r"[\\w.-]+", re.escape(path))
    assert re.search(rf'curl {prefix}"\$API{address}["?]', said)
    assert '-H "Authorization: Bearer $TOKEN"' in said
    assert ('-H "Idempotency-Key: ' in said) == (method == "POST")
    assert ('-H "If-Match: $ETAG"' in said) == (method == "PATCH")
    if "application/json" in operation.get("requestBody", {}).get("content", {}):
        sent = re.search(r"-d '(.*?)'\n", said, re.DOTALL)
        assert sent
        assert isinstance(json.loads(sent[1]), dict)


@pytest.mark.parametrize("name", SCHEMAS)
def test_an_object_is_told_in_full(name: str) -> None:
    anchor = f"schema-{name}"
    said = below(anchor)
    assert plain(SCHEMAS[name]["description"]) in said
    for field, node in SCHEMAS[name]["properties"].items():
        assert field in READER.names[anchor]
        assert plain(node["description"]) in said
        for choice in node.get("enum", ()):
            assert choice in said


def schemas_in(node: Any) -> Iterator[dict[str, Any]]:
    yield node
    below = [*node.get("properties", {}).values(), *node.get("anyOf", ())]
    below += [node[part] for part in ("items", "propertyNames") if part in node]
    if isinstance(node.get("additionalProperties"), dict):
        below.append(node["additionalProperties"])
    for each in below:
        yield from schemas_in(each)


def test_no_keyword_of_a_schema_goes_unsaid() -> None:
    said = {"$ref", "type", "anyOf", "enum", "const", "items", "properties", "required", "x-kind"}
    said |= {"description", "default", "examples", "pattern", "minimum", "maximum", "minLength"}
    said |= {"maxLength", "minItems", "maxItems", "propertyNames", "additionalProperties"}
    of_a_kind = {"format"}  # always beside an x-kind, which says more
    sent = [*SCHEMAS.values()]
    sent += [each["schema"] for *_, o in OPERATIONS for each in o.get("parameters", ())]
    nodes = [node for schema in sent for node in schemas_in(schema)]
    assert {name for node in nodes for name in node} <= said | of_a_kind
    assert all("x-kind" in node for node in nodes if "format" in node)


@pytest.mark.parametrize(
    ("node", "words"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 31}, "whole number; 1 to 31"),
        ({"type": "integer", "minimum": 0}, "whole number; at least 0"),
        ({"type": "string", "maxLength": 20}, "text; at most 20 characters"),
        (
            {"anyOf": [{"type": "string", "minLength": 2}, {"type": "null"}]},
            "text or null; at least 2 characters",
        ),
        ({"type": "string", "x-kind": "UTC instant", "format": "date-time"}, "UTC instant; "),
        ({"type": "string", "pattern": "^[0-9]{6}$"}, "text; 6 digits"),
        ({"type": "string", "pattern": "^[A-Z0-9]{1,3}$"}, "text; 1 to 3 capitals and digits"),
        ({"type": "string", "pattern": "^(a|b)+$"}, "text; matches ^(a|b)+$"),
        ({"enum": ["a", "b"], "default": "a"}, "one of a, b; a when left out"),
        ({"const": "yes"}, "exactly yes; "),
        (
            {
                "anyOf": [
                    {"type": "array", "maxItems": 3, "items": {"type": "integer", "maximum": 9}},
                    {"type": "null"},
                ]
            },
            "list of whole numbers, or null; at most 3 entries; each at most 9",
        ),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Fault"}}, "list of Fault; "),
        (
            {"propertyNames": {"enum": ["a"]}, "additionalProperties": {"type": "boolean"}},
            "object with any of the names a, each true or false; ",
        ),
    ],
)
def test_types_and_limits_are_said_in_words(node: dict[str, Any], words: str) -> None:
    said = f"{api_page.shape(node)}; {api_page.limits(node)}"
    assert "".join(Reader(said).words.values()) == words


def test_every_kind_of_problem_has_its_place_and_one_sentence_of_remedy() -> None:
    assert list(api_page.REMEDIES) == list(KINDS)
    for kind, (status, title) in KINDS.items():
        remedy = plain(api_page.REMEDIES[kind])
        assert remedy.endswith(".")
        assert below(kind).startswith(f"{kind} {status.value} {title} {remedy}")


def test_every_type_of_problem_leads_to_its_place() -> None:
    types = SCHEMAS["ProblemDocument"]["properties"]["type"]["enum"]
    assert {each.partition("#")[2] for each in types} <= READER.ids.keys()


def test_every_link_leads_somewhere_and_every_id_stands_once() -> None:
    assert set(READER.ids.values()) == {1}
    links = {value for name, value in READER.attributes if name in ("href", "aria-labelledby")}
    assert {link.removeprefix("#") for link in links} - READER.ids.keys() == {"/v1/openapi.json"}


def test_the_page_runs_nothing_and_fetches_nothing() -> None:
    assert not {"script", "link", "img", "iframe", "object", "form", "base"} & READER.tags.keys()
    assert not re.search(r"url\(|@import", PAGE)
    for name, value in READER.attributes:
        assert not name.startswith("on")
        assert name not in ("src", "srcset", "style")
        assert name != "href" or value.startswith(("#", "/v1/"))


def test_the_page_can_be_listened_to() -> None:
    assert READER.open == []
    assert READER.levels[0] == 1
    assert READER.levels.count(1) == 1
    pairs = zip(READER.levels, READER.levels[1:], strict=False)
    assert all(deeper <= level + 1 for level, deeper in pairs)
    assert READER.tags["nav"] == READER.tags["main"] == READER.tags["header"] == 1
    assert PAGE.index('class="skip" href="#content"') < PAGE.index("<nav ")
    assert READER.tags["thead"] == READER.tags["table"] > 0
    assert re.findall("<th(?! role=)[ >]|<td(?! role=)[ >]", PAGE) == []


HOSTILE = '<img src=x onerror="alert(1)"></p><script>'


def poison(node: Any) -> None:
    """Puts hostile words wherever a document has words that are only shown."""
    for name, each in node.items():
        if name in ("description", "summary", "title", "default", "example"):
            node[name] = HOSTILE if isinstance(each, str) else each
        elif name in ("examples", "enum"):
            node[name] = [HOSTILE]
        for inner in each if isinstance(each, list) else [each]:
            if isinstance(inner, dict):
                poison(inner)


def test_hostile_words_are_shown_and_not_run() -> None:
    document = json.loads(TEXT)
    poison(document)
    reader = Reader(api_page.page(json.dumps(document)))
    assert reader.tags.keys() == READER.tags.keys()
    assert {name for name, _ in reader.attributes} == {name for name, _ in READER.attributes}
    for place in ("start", "getSettings", "importBills", "schema-Settings"):
        assert HOSTILE in reader.words[place]


def test_prose_knows_paragraphs_strong_words_and_code_and_nothing_else() -> None:
    assert api_page.prose("One\nline, **bold**.\n\n`a < b` & [c](d)") == (
        "<p>One line, <strong>bold</strong>.</p>\n<p><code>a &lt; b</code> &amp; [c](d)</p>"
    )


def test_the_same_document_gives_the_same_page() -> None:
    assert api_page.page(TEXT) == PAGE

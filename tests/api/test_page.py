"""The page of the API's document: complete, safe, and in step with the code."""

import json
import re
from collections import Counter

import pytest

from bill_reminders.api.document import as_text
from bill_reminders.api.problems import KINDS
from local import api_page
from tests.support.template import ROOT

TEXT = (ROOT / "docs" / "openapi.json").read_text("utf-8")
DOCUMENT = json.loads(TEXT)
SERVED = ROOT / "functions" / "api_docs"
PAGE = (SERVED / "docs.html").read_text("utf-8")
STALE = "run `make openapi`, and look at what changed"


def test_the_document_is_what_the_routes_say() -> None:
    assert as_text() == TEXT, STALE


def test_what_is_served_is_the_document_and_its_page() -> None:
    assert (SERVED / "openapi.json").read_text("utf-8") == TEXT, STALE
    assert api_page.page(TEXT) == PAGE, STALE


def test_every_operation_parameter_and_field_is_on_the_page() -> None:
    for methods in DOCUMENT["paths"].values():
        for operation in methods.values():
            assert f'<h3 id="{operation["operationId"]}">' in PAGE
            for parameter in operation.get("parameters", []):
                assert f"<code>{parameter['name']}</code>" in PAGE
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert f'<h3 id="schema-{name}">' in PAGE
        for field in schema["properties"]:
            assert f"<code>{field}</code>" in PAGE


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_problem_has_its_place_and_its_remedy(kind: str) -> None:
    assert f'id="{kind}"' in PAGE
    assert api_page.REMEDIES[kind]


def test_every_link_leads_somewhere_and_every_id_stands_once() -> None:
    ids = Counter(re.findall(r'id="([^"]+)"', PAGE))
    assert [each for each, count in ids.items() if count > 1] == []
    assert set(re.findall(r'href="#([^"]+)"', PAGE)) <= ids.keys()


def test_the_page_runs_nothing_and_fetches_nothing() -> None:
    assert "<script" not in PAGE
    assert "url(" not in PAGE
    assert not re.search(r'(src|href)="(?!#|/v1/)', PAGE)


def test_what_a_description_says_is_shown_and_not_run() -> None:
    hostile = TEXT.replace("Read all settings", "<img src=x onerror=alert(1)>")
    assert "<img" not in api_page.page(hostile)

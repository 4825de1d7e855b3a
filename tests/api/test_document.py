"""The API's document says all that a front-end developer needs, for they have nothing else."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bill_reminders.api import routes
from bill_reminders.domain.enums import Channel, Kind, Label, Shift
from bill_reminders.domain.ledger import State
from bill_reminders.domain.loans import Method
from bill_reminders.domain.people import Language
from bill_reminders.domain.recurrence import Unit
from tests.support.template import OPENAPI

DOCUMENT = json.loads(OPENAPI.read_text("utf-8"))
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
EACH = pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=[n for n, _ in OPERATIONS])


def properties() -> Iterator[tuple[str, dict[str, Any]]]:
    for schema, body in SCHEMAS.items():
        for name, field in body.get("properties", {}).items():
            yield f"{schema}.{name}", field


def test_every_module_of_routes_is_behind_one_function() -> None:
    there = {path.stem for path in Path(routes.__path__[0]).glob("[!_]*.py")}
    listed = [name for names in routes.FUNCTIONS.values() for name in names]
    assert sorted(listed) == sorted(there)


@EACH
def test_every_operation_says_what_it_does(name: str, operation: dict[str, Any]) -> None:
    for part in ("operationId", "summary", "description", "tags"):
        assert operation[part], part
    for parameter in operation.get("parameters", []):
        assert parameter["description"], parameter["name"]


@EACH
def test_every_operation_lists_its_answers_and_problems(
    name: str, operation: dict[str, Any]
) -> None:
    responses = operation["responses"]
    assert any(status.startswith("2") for status in responses)
    assert {"401", "429", "500", "503"} <= responses.keys()
    for status, response in responses.items():
        assert response["description"], status
        if status not in ("401", "429") and not status.startswith("2"):
            assert set(response["content"]) == {"application/problem+json"}, status


@EACH
def test_a_post_is_done_once_and_a_change_needs_what_was_read(
    name: str, operation: dict[str, Any]
) -> None:
    method = name.partition(" ")[0]
    headers = {p["name"]: p for p in operation.get("parameters", []) if p["in"] == "header"}
    assert ("Idempotency-Key" in headers) == (method == "POST")
    assert ("If-Match" in headers) == (method == "PATCH")
    if method == "POST":
        assert headers["Idempotency-Key"]["required"]
        assert "409" in operation["responses"]
    if method == "PATCH":
        assert headers["If-Match"]["required"]
        assert headers["If-Match"]["schema"]["type"] == "string"
        assert {"412", "428"} <= operation["responses"].keys()


def test_every_field_is_described() -> None:
    assert [name for name, field in properties() if not field.get("description")] == []


def test_every_object_is_described() -> None:
    assert [name for name, body in SCHEMAS.items() if not body.get("description")] == []


def test_no_object_that_is_sent_takes_unknown_fields() -> None:
    sent = {
        media["schema"]["$ref"].rpartition("/")[2]
        for _, operation in OPERATIONS
        for kind, media in operation.get("requestBody", {}).get("content", {}).items()
        if kind == "application/json"
    }
    assert sent
    assert all(SCHEMAS[name]["additionalProperties"] is False for name in sent)
    assert not {"user_id", "owner"} & {
        field for name in sent for field in SCHEMAS[name]["properties"]
    }


def test_dates_instants_and_times_of_day_are_told_apart() -> None:
    kinds: dict[str, set[str]] = {}

    def look(node: Any) -> None:
        if isinstance(node, dict):
            if "x-kind" in node:
                kinds.setdefault(node["x-kind"], set()).add(node["type"])
            for each in node.values():
                look(each)
        elif isinstance(node, list):
            for each in node:
                look(each)

    look(SCHEMAS)
    assert {
        "local date in the user's zone",
        "time of day in the user's zone",
        "UTC instant",
    } <= kinds.keys()
    assert all(types == {"string"} for types in kinds.values())


CHOICES = {
    ("PlanChannel", "channel"): Channel,
    ("NewBill", "kind"): Kind,
    ("NewBill", "label"): Label,
    ("NewBill", "if_not_working_day"): Shift,
    ("NewAccount", "language"): Language,
    ("Repeats", "unit"): Unit,
    ("LoanTerms", "method"): Method,
    ("Reminder", "state"): State,
}


@pytest.mark.parametrize(("schema", "field"), CHOICES)
def test_the_choices_are_those_of_the_domain(schema: str, field: str) -> None:
    assert SCHEMAS[schema]["properties"][field]["enum"] == [
        each.value for each in CHOICES[schema, field]
    ]


def test_every_plain_field_has_an_example() -> None:
    def tells(field: dict[str, Any]) -> bool:
        if {"$ref", "enum", "const", "examples"} & field.keys():
            return True
        return field.get("type") in ("array", "object", "boolean") or any(
            map(tells, field.get("anyOf", []))
        )

    assert [name for name, field in properties() if not tells(field)] == []

"""What docs/architecture.md names is there, and the floors stand on each other as it draws them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.template import ROOT

PRODUCT = ROOT / "layers/product/python/bill_reminders"
TEXT = (ROOT / "docs" / "architecture.md").read_text()

NAMED = re.findall(r"`([a-z_/]+\.py)`(?: \(`([a-z_]+)`\))?", TEXT.replace("\n", " "))
"""Modules, and what is named in them."""

MAY_USE = {
    "domain": {"domain"},
    "commands": {"commands", "domain"},
    "messages": {"messages", "domain"},
    "files": {"files", "domain"},
    "storage": {"storage", "commands", "domain"},
    "channels": {"channels", "messages", "files", "storage", "domain"},
}
"""On which folders each floor may stand; modules beside the folders are tools of all."""


def module(path: str) -> Path:
    return next(each for each in (PRODUCT / path, ROOT / path) if each.exists())


@pytest.mark.parametrize(("path", "name"), sorted(set(NAMED)))
def test_what_it_names_is_there(path: str, name: str) -> None:
    names = {
        each.name
        for each in ast.walk(ast.parse(module(path).read_text()))
        if isinstance(each, ast.FunctionDef | ast.ClassDef)
    }
    assert not name or name in names


def test_every_change_of_a_rows_state_says_anew_how_long_it_is_kept() -> None:
    """A row about a date long past would be gone at once, and its reminder sent again."""
    for path in PRODUCT.rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef):
                said = ast.unparse(function)
                # `_each` writes what its callers give it, and how long that is kept
                if "LedgerItem.state.set(" in said:
                    assert "kept(" in said or "_each(" in said, (path.name, function.name)


def used_by(folder: str) -> Iterator[tuple[str, str]]:
    """The product's folders that a folder's modules import from, with the module."""
    for path in (PRODUCT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                found = re.match(r"bill_reminders\.(\w+)", node.module)
                if found and (PRODUCT / found[1]).is_dir():
                    yield path.name, found[1]


@pytest.mark.parametrize("folder", MAY_USE)
def test_no_floor_stands_on_one_above_it(folder: str) -> None:
    assert {each for each in used_by(folder) if each[1] not in MAY_USE[folder]} == set()

"""docs/threat-model.md names a test for every attack; each of them exists."""

import re

from tests.support.template import ROOT

PAGE = (ROOT / "docs" / "threat-model.md").read_text()
ATTACKS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| attack |")
]
TESTS = frozenset(
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^\s*def (test_\w+)", path.read_text(), re.MULTILINE)
)


def test_each_attack_names_tests_that_exist() -> None:
    for attack, _, _, tests in ATTACKS:
        named = re.findall(r"`(test_\w+)`", tests)
        assert named, attack
        assert set(named) <= TESTS, attack


def test_there_is_a_row_for_each_door() -> None:
    assert len(ATTACKS) > 40

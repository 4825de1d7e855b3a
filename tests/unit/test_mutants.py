"""How the tests that try a mutant are chosen."""

from pathlib import Path

from tests.mutants.targets import PRODUCT, TARGETS
from tests.mutants.trial import Order, Seen, running, statement
from tests.support.template import ROOT

SOURCE = """\
import os

@wrapped
def first(
    number=1,
):
    if number > (
        2
    ):
        return [
            number,
            number + 1,
        ]
    return os
"""


def test_a_line_belongs_to_its_smallest_statement() -> None:
    assert [statement(SOURCE, line) for line in (1, 5, 8, 12, 14)] == [
        range(1, 2),
        range(3, 7),
        range(7, 10),
        range(10, 14),
        range(14, 15),
    ]


def test_a_line_outside_of_every_statement_stands_for_itself() -> None:
    assert statement(SOURCE, 2) == range(2, 3)


SEEN = {
    "": Seen(0.0, frozenset({1, 4})),
    "slow": Seen(3.0, frozenset({7, 10})),
    "quick": Seen(0.1, frozenset({7, 14})),
}


def test_who_runs_the_line_tries_it() -> None:
    assert running(range(7, 10), SEEN) == ["slow", "quick"]
    assert running(range(10, 14), SEEN) == ["slow"]


def test_what_runs_at_import_is_tried_by_all() -> None:
    assert running(range(3, 7), SEEN) == ["slow", "quick"]


def test_what_nothing_runs_is_tried_by_none() -> None:
    assert running(range(20, 21), SEEN) == []


def test_the_quickest_is_first_until_another_notices_more_in_its_time() -> None:
    seen = {"slow": Seen(3.0, frozenset()), "quick[a b]": Seen(0.5, frozenset())}
    order = Order(seen)
    assert order.of(seen) == ["quick[a b]", "slow"]
    for _ in range(9):
        order.learn(["quick[a b]", "slow"], "..F\nFAILED slow - AssertionError\n")
    assert order.of(seen) == ["slow", "quick[a b]"]
    for _ in range(3):
        order.learn(["quick[a b]", "slow"], "ERROR quick[a b]\n")
    assert order.of(seen) == ["quick[a b]", "slow"]


def test_a_mutant_that_nobody_noticed_makes_all_of_them_dearer() -> None:
    order = Order({"one": Seen(1.0, frozenset()), "two": Seen(1.4, frozenset())})
    order.learn(["one"], "1 passed")
    assert order.of(["one", "two"]) == ["two", "one"]


def test_all_that_decides_what_goes_out_is_mutated() -> None:
    """Whatever a module is called that is written tomorrow."""
    product = ROOT / PRODUCT
    modules = {
        f"{folder}/{file.stem}"
        for folder in ("commands", "delivery", "replies")
        for file in (product / folder).glob("*.py")
        if file.stem != "__init__"
    } | {"storage/accounts", "storage/transactions"}
    assert modules <= {target.module for target in TARGETS}


def test_each_module_and_each_test_that_answers_for_it_is_there() -> None:
    assert len({target.module for target in TARGETS}) == len(TARGETS)
    for target in TARGETS:
        for file in (target.path, *target.files):
            assert (ROOT / file).is_file(), file
        for test in target.chosen:
            file, _, name = test.partition("::")
            assert f"def {name}" in Path(ROOT / file).read_text(encoding="utf-8"), test

"""How the tests that try a mutant are chosen."""

from tests.mutants.trial import Seen, running, statement

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


def test_who_runs_the_line_tries_it_the_quickest_first() -> None:
    assert running(range(7, 10), SEEN) == ["quick", "slow"]
    assert running(range(10, 14), SEEN) == ["slow"]


def test_what_runs_at_import_is_tried_by_all() -> None:
    assert running(range(3, 7), SEEN) == ["quick", "slow"]


def test_what_nothing_runs_is_tried_by_none() -> None:
    assert running(range(20, 21), SEEN) == []

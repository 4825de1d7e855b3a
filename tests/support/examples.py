"""How many examples a run takes: all in `make test`, few in `make unit`, run often.

A property is drawn a sixth of its examples, a grid is walked in steps. EXAMPLES=all takes all.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hypothesis import settings

ALL = os.environ.get("EXAMPLES") == "all"
IN_ALL = 40
"""Examples of a property that names no other number."""
_FEWER = 6


def examples(in_all: int) -> settings:
    """`in_all` examples, or a sixth of them."""
    return settings(max_examples=number_of(in_all))


def number_of(in_all: int) -> int:
    return in_all if ALL else -(-in_all // _FEWER)


def some_of[T](grid: Sequence[T], *, step: int) -> Sequence[T]:
    """The grid, or each `step`th place of it: a step that shares no factor with the lengths of the
    sides meets every value of each."""
    return grid if ALL else grid[::step]


@contextmanager
def named(case: object) -> Iterator[None]:
    """Names in a failure which of many cases in one test it was."""
    try:
        yield
    except AssertionError as failure:
        failure.add_note(f"with {case!r}")
        raise

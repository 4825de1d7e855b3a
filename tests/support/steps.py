"""What a piece of work costs, in steps that no slow machine makes more of."""

import sys
from collections.abc import Callable


def steps(work: Callable[[], object]) -> int:
    """How many functions are called, which no machine is slower at than another."""
    count = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count

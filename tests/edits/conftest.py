from collections import Counter
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def happened() -> Iterator[Counter[str]]:
    """What the histories held, told at the end (`-s` shows it)."""
    counted: Counter[str] = Counter()
    yield counted
    print()
    for name, count in sorted(counted.items()):
        print(f"{name:24} {count:>9,}")

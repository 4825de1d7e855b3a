"""To look through all that was imported and collected for garbage, again and again, takes seconds
of the unit tests and minutes of the others."""

import gc

gc.set_threshold(100_000, 50, 100)


def pytest_collection_finish() -> None:
    gc.freeze()

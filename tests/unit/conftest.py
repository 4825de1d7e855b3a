"""Properties of the unit suite: the same examples in every run, and few enough for seconds."""

import gc

from hypothesis import settings

from tests.support.examples import IN_ALL, number_of

# To look through all that was imported and collected for garbage, again and again, takes seconds.
gc.set_threshold(100_000, 50, 100)

settings.register_profile(
    "unit", max_examples=number_of(IN_ALL), deadline=None, derandomize=True, database=None
)
settings.load_profile("unit")


def pytest_collection_finish() -> None:
    gc.freeze()

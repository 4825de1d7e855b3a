"""Properties of the unit suite: the same examples in every run, and few enough for seconds."""

from hypothesis import settings

from tests.support.examples import IN_ALL, number_of

settings.register_profile(
    "unit", max_examples=number_of(IN_ALL), deadline=None, derandomize=True, database=None
)
settings.load_profile("unit")

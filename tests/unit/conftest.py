"""Properties of the unit suite: the same examples in every run, and few enough for seconds."""

from hypothesis import settings

settings.register_profile("unit", max_examples=40, deadline=None, derandomize=True, database=None)
settings.load_profile("unit")

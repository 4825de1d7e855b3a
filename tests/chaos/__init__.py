"""The fault campaign: the real handlers in a world that fails in every way we can think of."""

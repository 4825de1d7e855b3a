"""What app push needs of the environment of a function that sends one-off messages: nothing."""

from collections.abc import Mapping
from typing import NamedTuple


class PushParameters(NamedTuple):
    """None."""


PARAMETERS = PushParameters

NEEDED_FOR: Mapping[str, frozenset[str]] = {}

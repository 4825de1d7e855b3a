"""What app push needs of the environment of a function that sends one-off messages: nothing."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PushParameters:
    """None."""


PARAMETERS = PushParameters

NEEDED_FOR: Mapping[str, frozenset[str]] = {}

"""What SMS need of the environment of a function that sends one-off messages."""

from collections.abc import Mapping
from typing import NamedTuple


class SmsParameters(NamedTuple):
    """The parameter with the sender ids; countries by ISO code with commas in between ("" for those
    with a sender id or a number of ours); how many parts may go out in a day, up to which
    percentage of them users who registered themselves may draw; how many codes of all users
    together."""

    sms_origins_parameter: str
    sms_parts_per_day: int
    sms_self_registered_percent: int
    sms_countries: str = ""
    sms_codes_per_day: int = 0


PARAMETERS = SmsParameters

NEEDED_FOR: Mapping[str, frozenset[str]] = {"codes": frozenset({"sms_codes_per_day"})}

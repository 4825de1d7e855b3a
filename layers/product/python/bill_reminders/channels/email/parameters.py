"""What e-mails need of the environment of a function that sends one-off messages."""

from collections.abc import Mapping
from typing import NamedTuple


class EmailParameters(NamedTuple):
    """Who they come from, by name and address; the configuration sets by which SES tells what
    becomes of them; how many codes may go out in a day, of all users together."""

    sender_name: str
    from_address: str
    configuration_set: str = ""
    codes_configuration_set: str = ""
    email_codes_per_day: int = 0


PARAMETERS = EmailParameters

NEEDED_FOR: Mapping[str, frozenset[str]] = {
    "codes": frozenset({"codes_configuration_set", "email_codes_per_day"}),
    "others": frozenset({"configuration_set"}),
}

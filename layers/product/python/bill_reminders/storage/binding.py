"""The tables, and the key of hashes, that a function or a tool may use."""

from collections.abc import Mapping
from typing import Any

from bill_reminders.storage import keyed_hash, tables

_TABLE = "_table"


def bind(*configs: Any) -> None:
    """Point at what a function's environment names, as `users_table` and `address_key_arn`: no
    more than its policy allows."""
    named = {name: value for config in configs for name, value in config._asdict().items()}
    tables.bind(
        **{name.removesuffix(_TABLE): named[name] for name in named if name.endswith(_TABLE)}
    )
    keyed_hash.bind(named["address_key_arn"])


def bind_all(outputs: Mapping[str, str]) -> None:
    """Point at everything that a stack's outputs name, for tools and tests. Raises KeyError for one
    that they do not name."""
    tables.bind(**{name: outputs[f"{name.capitalize()}Table"] for name in tables.TABLES})
    keyed_hash.bind(outputs["AddressKeyArn"])

"""The tables, and the key of hashes, that a function or a tool may use."""

from collections.abc import Mapping
from typing import Any

from bill_reminders.storage import access_tables, keyed_hash, tables

REMINDING = ("schedules", "users", "bills", "ledger", "journal")
ACCESS = (
    "identities",
    "addresses",
    "codes",
    "links",
    "conversations",
    "limits",
    "answers",
    "feedback",
    "jobs",
)


def bind(config: Any) -> None:
    """Point at what a function's environment names, as `users_table` and `address_key_arn`: no
    more than its policy allows."""
    named = {name: getattr(config, f"{name}_table", None) for name in (*REMINDING, *ACCESS)}
    tables.bind(**{name: named[name] for name in REMINDING})
    access_tables.bind(**{name: table for name in ACCESS if (table := named[name]) is not None})
    keyed_hash.bind(config.address_key_arn)


def bind_all(outputs: Mapping[str, str]) -> None:
    """Point at everything that a stack's outputs name, for tools and tests. Raises KeyError for one
    that they do not name."""
    tables.bind(**{name: outputs[f"{name.capitalize()}Table"] for name in REMINDING})
    access_tables.bind(**{name: outputs[f"{name.capitalize()}Table"] for name in ACCESS})
    keyed_hash.bind(outputs["AddressKeyArn"])

"""What an item's attributes become by a change, in the table's own format: what is stored there
beyond what this code knows of is kept.

Newer code may have written it, whose older version runs again: after a rollback, or on the machine
of who imports.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action

type Raw = Mapping[str, Mapping[str, Any]]
"""Attributes by name, each as {"S": "..."}, {"M": {...}} and so on."""

NAMES = ("payment_id", "event", "kind", "channel", "bill_id", "occurrence", "after", "first")
"""By the first of these that two elements of a list have, they are told to be the same one."""


def actions(stored: Raw, before: Raw, after: Raw) -> Iterator[Action]:
    """The updates that make `after` of an item that is `stored`, and of which this code knows
    `before`."""
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) == after.get(name):
            continue
        if name in after:
            yield Path(name).set(_merged(stored.get(name), before.get(name), after[name]))
        else:
            yield Path(name).remove()


def _merged(stored: Any, before: Any, after: Any) -> Any:
    match stored, before, after:
        case {"M": there}, {"M": known}, {"M": wanted}:
            unknown = {name: value for name, value in there.items() if name not in known}
            values = {
                name: _merged(there.get(name), known.get(name), value)
                for name, value in wanted.items()
            }
            return {"M": unknown | values}
        case {"L": there}, {"L": known}, {"L": wanted} if len(there) == len(known):
            return {"L": _elements(list(zip(there, known, strict=True)), wanted)}
    return after


def _elements(there: list[tuple[Any, Any]], wanted: list[Any]) -> list[Any]:
    """The elements that are wanted, each on top of the one that it was."""
    left, found = list(there), dict[int, tuple[Any, Any]]()
    for is_one in (_is_equal, _is_same):
        for place, value in enumerate(wanted):
            if place not in found:
                pair = next((each for each in left if is_one(each[1], value)), None)
                if pair is not None:
                    found[place] = pair
                    left.remove(pair)
    return [
        _merged(*found[place], value) if place in found else value
        for place, value in enumerate(wanted)
    ]


def _is_equal(known: Any, wanted: Any) -> bool:
    return bool(known == wanted)


def _is_same(known: Any, wanted: Any) -> bool:
    if "M" not in known or "M" not in wanted:
        return False
    named = (name for name in NAMES if name in known["M"] and name in wanted["M"])
    name = next(named, None)
    return name is not None and known["M"][name] == wanted["M"][name]

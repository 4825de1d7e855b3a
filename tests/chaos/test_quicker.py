"""What makes the library of the tables quicker gives what the library gives."""

from collections import Counter
from typing import Any
from unittest.mock import patch

from pynamodb.attributes import Attribute, AttributeContainer

from tests.chaos import machine, quicker
from tests.chaos.world import inhabited


def plain(value: Any) -> Any:
    """What a row holds, down to its texts and numbers."""
    if isinstance(value, AttributeContainer):
        return type(value), plain(value.attribute_values)
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


def test_it_reads_and_writes_as_the_library_does() -> None:
    known: dict[str, Any] = {name: getattr(holder, name) for holder, name, _ in quicker.PLACES}
    compared: Counter[str] = Counter()

    def value(attribute: Any, instance: Any, owner: Any) -> Any:
        found = quicker._value(attribute, instance, owner)
        assert found is known["__get__"](attribute, instance, owner)
        compared["__get__"] += 1
        return found

    def set_value(attribute: Any, instance: Any, new: Any) -> None:
        known["__set__"](attribute, instance, new)
        theirs = dict(instance.attribute_values)
        quicker._set_value(attribute, instance, new)
        assert instance.attribute_values == theirs
        compared["__set__"] += 1

    def set_defaults(row: Any, _user_instantiated: bool = True) -> None:
        before = dict(row.attribute_values)
        known["_set_defaults"](row, _user_instantiated)
        theirs = plain(row.attribute_values)
        row.attribute_values = before
        quicker._set_defaults(row, _user_instantiated)
        assert plain(row.attribute_values) == theirs
        compared["_set_defaults"] += 1

    def read(row: Any, attribute_values: Any) -> None:
        known["_container_deserialize"](row, attribute_values)
        theirs = plain(row.attribute_values)
        quicker._read(row, attribute_values)
        assert plain(row.attribute_values) == theirs
        compared["_container_deserialize"] += 1

    does = {
        "__get__": value,
        "__set__": set_value,
        "_set_defaults": set_defaults,
        "_container_deserialize": read,
    }
    places = tuple((holder, name, does[name]) for holder, name, _ in quicker.PLACES)
    with patch.object(quicker, "PLACES", places), inhabited() as make:
        assert all(totals.holds for _, _, totals in machine.runs(make, start=20, count=5))
    assert min(compared[name] for name in does) > 1000
    assert Attribute.__get__ is known["__get__"]

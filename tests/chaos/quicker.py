"""The library that reads and writes the tables' rows, for campaigns in memory: it goes through all
attributes of a model where a row has few of them, and that is a fifth of a schedule.

What is read is the same, see test_store.py; schedules on moto run with the library as it is.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from pynamodb.attributes import Attribute, AttributeContainer, MapAttribute
from pynamodb.constants import NULL

_get, _set = Attribute.__get__, Attribute.__set__


def _value(attribute: Any, instance: Any, owner: Any) -> Any:
    if instance is None or isinstance(instance, MapAttribute):
        return _get(attribute, instance, owner)
    name = attribute.attr_path[-1]
    return instance.attribute_values.get(instance._dynamo_to_python_attrs.get(name, name))


def _set_value(attribute: Any, instance: Any, value: Any) -> None:
    if isinstance(instance, MapAttribute):
        _set(attribute, instance, value)
    else:
        name = attribute.attr_path[-1]
        instance.attribute_values[instance._dynamo_to_python_attrs.get(name, name)] = value


@cache
def _defaults(model: Any, is_new: bool) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, attribute in model.get_attributes().items():
        of_new = attribute.default_for_new if is_new else None
        default = attribute.default if of_new is None else of_new
        if default is not None:
            found.append((name, default))
    return found


def _set_defaults(row: Any, _user_instantiated: bool = True) -> None:
    for name, default in _defaults(type(row), _user_instantiated):
        value = default() if callable(default) else default
        if value is not None:
            setattr(row, name, value)


@cache
def _named(model: Any) -> Mapping[str, tuple[str, Any]]:
    """A model's attributes by their names in the table."""
    return {each.attr_name: (name, each) for name, each in model.get_attributes().items()}


def _read(row: Any, attribute_values: Mapping[str, Mapping[str, Any]]) -> None:
    row.attribute_values = {}
    row._set_discriminator()
    row._set_defaults(_user_instantiated=False)
    known = _named(type(row))
    for key, value in attribute_values.items():
        if key in known and value and NULL not in value:
            name, attribute = known[key]
            setattr(row, name, attribute.deserialize(attribute.get_value(value)))


PLACES: tuple[tuple[type, str, Callable[..., Any]], ...] = (
    (Attribute, "__get__", _value),
    (Attribute, "__set__", _set_value),
    (AttributeContainer, "_set_defaults", _set_defaults),
    (AttributeContainer, "_container_deserialize", _read),
)


@contextmanager
def quicker() -> Iterator[None]:
    with ExitStack() as places:
        for holder, name, does in PLACES:
            places.enter_context(patch.object(holder, name, does))
        # it numbers its calls, for listeners that nobody has
        numbers = SimpleNamespace(uuid4=lambda: None)
        places.enter_context(patch("pynamodb.connection.base.uuid", numbers))
        yield

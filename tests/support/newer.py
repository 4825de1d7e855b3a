"""What newer code leaves in the tables: attributes of which this code knows nothing."""

from typing import Any

NEWER = {"S": "of newer code"}


def with_newer(value: Any) -> Any:
    """An attribute in which newer code has left something in every map."""
    match value:
        case {"M": known}:
            return {
                "M": {name: with_newer(each) for name, each in known.items()} | {"newer": NEWER}
            }
        case {"L": several}:
            return {"L": [with_newer(each) for each in several]}
    return value


def newer_item(item: dict[str, Any]) -> dict[str, Any]:
    """An item in which it has left something in every map, and beside them."""
    return {name: with_newer(value) for name, value in item.items()} | {"newer": NEWER}

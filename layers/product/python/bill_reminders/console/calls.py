"""A dashboard's call of a custom widget: what is asked for, with what was typed into its form.

CloudWatch calls a function with the widget's parameters, or with those of a button that was
pressed, and puts what was typed under `widgetContext`. See "Details about custom widgets" in the
Amazon CloudWatch User Guide.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from bill_reminders.domain.enums import Channel

LONGEST_FIELD = 320
"""Characters that a field may hold: the longest e-mail address has as many."""


class Call(NamedTuple):
    """`ask` tells that a button was pressed; else the widget is drawn for the first time, or
    again. `form` has what was typed, by the names of the fields."""

    widget: str
    ask: bool
    form: Mapping[str, str]
    is_dark: bool

    def field(self, name: str) -> str:
        """What was typed, without spaces around it; empty for nothing."""
        return self.form.get(name, "").strip()[:LONGEST_FIELD]


class Means(NamedTuple):
    """What widgets read beside the tables: which channels may send now, asked when it is needed,
    and how many shards users are spread over."""

    read_open: Callable[[], Collection[Channel]]
    shards: int


def read_call(event: Mapping[str, Any]) -> Call:
    """Whatever is missing or of another kind is as if it were not there."""
    context = _map(event.get("widgetContext"))
    typed = _map(_map(context.get("forms")).get("all"))
    return Call(
        widget=str(event.get("widget") or ""),
        ask=event.get("ask") is True,
        form={str(name): value for name, value in typed.items() if isinstance(value, str)},
        is_dark=context.get("theme") == "dark",
    )


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}

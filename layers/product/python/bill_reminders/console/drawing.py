"""Widgets as HTML. All data is escaped, so no button can be made of it: one that is made by data
could call any function that whoever looks may call."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from bill_reminders.console import explain_widget, hours_widget, status_widget
from bill_reminders.console.calls import Call, Means

type Widget = Callable[..., Mapping[str, Any]]

WIDGETS: Mapping[str, Widget] = {
    "explain": explain_widget.answer,
    "hours": hours_widget.answer,
    "status": status_widget.answer,
}
"""By the name that the dashboard gives in `widget`."""


def draw(call: Call, means: Means, *, endpoint: str, now: datetime) -> str:
    """The widget that is called for. `endpoint` is the function that its buttons call."""
    widget = WIDGETS.get(call.widget)
    if widget is None:
        names = sorted(WIDGETS)
        return _template("unknown.html").render(names=names, is_dark=call.is_dark)
    shown = widget(call, means, now=now)
    return _template(f"{call.widget}.html").render(
        shown=shown, endpoint=endpoint, is_dark=call.is_dark
    )


def failed() -> str:
    """What is shown when something went wrong; the log has the rest."""
    return _template("failed.html").render(is_dark=False)


def described() -> str:
    """What CloudWatch shows of the function where somebody chooses a widget."""
    return _template("described.md").render(names=sorted(WIDGETS))


def _template(name: str) -> Template:
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("bill_reminders.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

"""make dashboard: write the body of the administrator's dashboard into template.yaml.

What it shows is the short list below. CloudWatch wants each widget's place on a grid of 24 columns,
which is worked out here.
"""

import json
import re
from typing import Any, NamedTuple

from local.stack import ROOT

TEMPLATE = ROOT / "template.yaml"
COLUMNS = 24
INDENT = " " * 8

_BODY = re.compile(r"(?<=      DashboardBody: !Sub \|-\n)(?: {8}.*\n)+")


class Widget(NamedTuple):
    """A custom widget: its name, as admin_view knows it, its size on the grid, and whether it is
    drawn again when the dashboard is."""

    name: str
    title: str
    width: int
    height: int
    refreshes: bool = False


ROWS: tuple[tuple[Widget, ...], ...] = (
    (Widget("status", "Are reminders going out on time?", 24, 3, refreshes=True),),
    (Widget("hours", "The next hours", 24, 9),),
    (Widget("explain", "Why did she, or did she not, get it?", 24, 12),),
)


ALARMS_HEIGHT = 5

_ALARM = re.compile(
    r"^  (\w+):(?:  #.*)?\n    Type: AWS::CloudWatch::Alarm\n(?!    Condition:)", re.MULTILINE
)


def alarms(template: str) -> list[str]:
    """The logical ids of all alarms that every stack has."""
    return _ALARM.findall(template)


def body(template: str) -> dict[str, Any]:
    """The dashboard. `${...}` are what CloudFormation fills in."""
    arns = [f"${{{name}.Arn}}" for name in alarms(template)]
    widgets: list[dict[str, Any]] = []
    y = 0
    for row in ROWS:
        x = 0
        for each in row:
            widgets.append(_custom(each, x, y))
            x += each.width
        y += max(each.height for each in row)
        if row is ROWS[0]:
            widgets.append(_alarms(arns, y))
            y += ALARMS_HEIGHT
    return {"widgets": widgets}


def _alarms(arns: list[str], y: int) -> dict[str, Any]:
    return {
        "type": "alarm",
        "x": 0,
        "y": y,
        "width": COLUMNS,
        "height": ALARMS_HEIGHT,
        "properties": {"title": "Alarms", "alarms": arns},
    }


def _custom(widget: Widget, x: int, y: int) -> dict[str, Any]:
    return {
        "type": "custom",
        "x": x,
        "y": y,
        "width": widget.width,
        "height": widget.height,
        "properties": {
            "endpoint": "${AdminView.Arn}",
            "title": widget.title,
            "params": {"widget": widget.name},
            # what was typed would be lost by a redraw that nobody asked for
            "updateOn": {"refresh": widget.refreshes, "resize": False, "timeRange": False},
        },
    }


def written(template: str) -> str:
    """The template with the body in its place. Raises ValueError when it has none."""
    widgets = [json.dumps(each) for each in body(template)["widgets"]]
    lines = ['{"widgets": [', ",\n".join(widgets), "]}"]
    text = "".join(f"{INDENT}{line}\n" for line in "\n".join(lines).splitlines())
    found, count = _BODY.subn(lambda _: text, template)
    if count != 1:
        raise ValueError("the template has no one DashboardBody to write")
    return found


def main() -> None:
    TEMPLATE.write_text(written(TEMPLATE.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()

"""A measured figure beside its target, and how figures are shown."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local import tables


@dataclass(frozen=True, slots=True)
class Figure:
    """At most `target` is good, or at `least` that; None is for what has no target, and is shown to
    compare with."""

    name: str
    value: float
    unit: str
    target: float | None = None
    least: bool = False

    @property
    def holds(self) -> bool:
        if self.target is None:
            return True
        value = round(self.value, 2)
        return value >= self.target if self.least else value <= self.target

    @property
    def verdict(self) -> str:
        return "" if self.target is None else "holds" if self.holds else "missed"

    @property
    def shown(self) -> tuple[str, str, str, str]:
        target = "" if self.target is None else f"{'>= ' * self.least}{self.target:g}"
        return self.name, f"{self.value:.4g} {self.unit}", target, self.verdict


COLUMNS = ("figure", "value", "target", "verdict")


def show(figures: Sequence[Figure]) -> None:
    tables.show(_rows(figures))


def save(figures: Sequence[Figure], file: Path) -> None:
    """As JSON: `figures`, each with `name`, `value`, `unit`, `target` and `holds`."""
    rows = [
        {
            "name": figure.name,
            "value": round(figure.value, 3),
            "unit": figure.unit,
            "target": figure.target,
            "holds": figure.holds,
        }
        for figure in figures
    ]
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({"figures": rows}, indent=2) + "\n", encoding="utf-8")


def markdown(figures: Sequence[Figure]) -> str:
    """A table for a document."""
    return tables.markdown(_rows(figures), ("---",) * len(COLUMNS))


def _rows(figures: Sequence[Figure]) -> list[tuple[str, ...]]:
    return [COLUMNS, *(figure.shown for figure in figures)]

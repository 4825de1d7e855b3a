"""A figure of lines on logarithmic axes, as SVG."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import log10

WIDTH, HEIGHT, MARGIN, LEGEND = 680, 360, 56, 160
COLOURS = ("#0b5fff", "#c2410c", "#15803d", "#7e22ce")
DASHES = ("", "8 5", "2 4", "12 3 2 3")
"""Lines that lie on each other are told apart by their dashes."""

type Points = Sequence[tuple[float, float]]


def svg(lines: Mapping[str, Points], *, title: str, across: str, up: str) -> str:
    """`lines` by name, each of points with positive values but for a first x of 0, which is drawn
    as 1."""
    xs = [max(1.0, x) for points in lines.values() for x, _ in points]
    ys = [y for points in lines.values() for _, y in points]
    right, top = _decades(max(xs)), _decades(max(ys))

    def place(x: float, y: float) -> tuple[float, float]:
        wide, high = WIDTH - MARGIN - LEGEND, HEIGHT - 2 * MARGIN
        return (
            MARGIN + wide * log10(max(1.0, x)) / right,
            HEIGHT - MARGIN - high * log10(max(1.0, y)) / top,
        )

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'font-family="sans-serif" font-size="12"><title>{escape(title)}</title>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{MARGIN}" y="28" font-size="15">{escape(title)}</text>',
        f'<text x="{MARGIN}" y="{HEIGHT - 12}">{escape(across)}</text>',
        f'<text x="{MARGIN - 40}" y="{MARGIN - 8}">{escape(up)}</text>',
    ]
    for decade in range(right + 1):
        x, y = place(10**decade, 1)
        parts.append(f'<path d="M{x:.1f} {y:.1f}V{MARGIN}" stroke="#ddd"/>')
        parts.append(
            f'<text x="{x:.1f}" y="{y + 16:.1f}" text-anchor="middle">{10**decade:,}</text>'
        )
    for decade in range(top + 1):
        x, y = place(1, 10**decade)
        parts.append(f'<path d="M{x:.1f} {y:.1f}H{WIDTH - LEGEND}" stroke="#ddd"/>')
        parts.append(
            f'<text x="{x - 6:.1f}" y="{y + 4:.1f}" text-anchor="end">{10**decade:,}</text>'
        )
    for number, (name, points) in enumerate(lines.items()):
        look = f'stroke="{COLOURS[number]}" stroke-dasharray="{DASHES[number]}"'
        drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in points))
        parts.append(f'<polyline points="{drawn}" fill="none" stroke-width="2.5" {look}/>')
        parts.extend(_named(name, number, look))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _named(name: str, number: int, look: str) -> Iterator[str]:
    x, y = WIDTH - LEGEND + 10, MARGIN + 20 * number
    yield f'<path d="M{x} {y}h24" stroke-width="2.5" {look}/>'
    yield f'<text x="{x + 30}" y="{y + 4}">{escape(name)}</text>'


def _decades(most: float) -> int:
    return max(1, -int(-log10(most) // 1))

"""Tables as a terminal shows them and as a document holds them: a head, then rows of cells."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

type Rows = Sequence[tuple[str, ...]]


def show(rows: Rows, *, caption: str | None = None) -> None:
    head, *rest = rows
    table = Table(*head, caption=caption)
    for row in rest:
        table.add_row(*row)
    Console().print(table)


def markdown(rows: Rows, rule: tuple[str, ...]) -> str:
    """`rule` is the line below the head, which says how columns are aligned."""
    head, *rest = rows
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rest))


def put_between(mark: str, text: str, document: Path) -> None:
    """Replace what stands between a mark's two places by `text`, which holds both."""
    before, _, rest = document.read_text(encoding="utf-8").partition(mark)
    _, _, after = rest.partition(mark)
    document.write_text(f"{before}{text}{after}", encoding="utf-8")

"""The pages of docs/runbook.md."""

import re
from functools import cache

from tests.support.template import ROOT


@cache
def pages() -> dict[str, str]:
    """The text below each heading, by the anchor that leads there."""
    parts = re.split(r"^#{2,3} (.+)$", (ROOT / "docs/runbook.md").read_text(), flags=re.M)
    return {_anchor(head): text for head, text in zip(parts[1::2], parts[2::2], strict=True)}


def _anchor(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")

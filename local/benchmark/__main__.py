"""make bench: what the product costs against its targets, as ratios within this run and counts.

Writes build/bench.json and docs/benchmarks.md.
"""

import sys

from local import tables
from local.benchmark import cold_start, counts, crowd, figures, growth, sms_parts, warm
from local.stack import BUILD, ROOT

DOCUMENT = ROOT / "docs" / "benchmarks.md"
MARK = "<!-- figures -->"


def main() -> int:
    found = [
        figure
        for each in (cold_start, warm, counts, growth, crowd, sms_parts)
        for figure in each.measured()
    ]
    figures.show(found)
    figures.save(found, BUILD / "bench.json")
    tables.put_between(MARK, f"{MARK}\n\n{figures.markdown(found)}\n\n{MARK}", DOCUMENT)
    return 0 if all(figure.holds for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main())

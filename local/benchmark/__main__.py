"""make bench: what the product costs against its targets, as ratios within this run and counts.

Writes build/bench.json and docs/benchmarks.md.
"""

import sys

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
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(MARK)
    _, _, after = rest.partition(MARK)
    text = f"{before}{MARK}\n\n{figures.markdown(found)}\n\n{MARK}{after}"
    DOCUMENT.write_text(text, encoding="utf-8")
    return 0 if all(figure.holds for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main())

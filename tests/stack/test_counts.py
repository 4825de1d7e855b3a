"""What a reminder costs in AWS calls and in DynamoDB's units: a figure that grows fails here.

The arithmetic of each stands in docs/benchmarks.md, which `make bench` fills in.
"""

from local.benchmark import counts
from local.stack import Stack


def test_nothing_costs_more_than_it_did(stack: Stack) -> None:
    found = {figure.name: figure.value for figure in counts.counted_on(stack)}
    assert found == counts.KNOWN, (
        "lower it here when it fell; when it grew, say why in docs/benchmarks.md"
    )

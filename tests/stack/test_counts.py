"""What a reminder costs in AWS calls and in DynamoDB's units: a figure that grows fails here.

The arithmetic of each stands in docs/benchmarks.md, which `make bench` fills in.
"""

from local.benchmark import counts
from local.stack import Stack

COSTS = {
    "a single reminder: write units a reminder": 12,
    "a single reminder: AWS calls a message": 8,
    "a digest of 5: write units a reminder": 4,
    "a digest of 5: AWS calls a message": 8,
    "a reminder of one of 10 bills: read units": 4,
    "a quiet tick: AWS calls": 13,
    "a quiet tick: read units": 6,
    "a quiet tick: write units": 0,
    "a tick for 10: calls that put nudges": 1,
    "a tick for 10: write units": 0,
    "a payment: AWS calls": 5,
    "a payment: read units": 4,
    "a payment: write units": 4,
    "a setting changed: AWS calls": 5,
    "a setting changed: read units": 4,
    "a setting changed: write units": 6,
    "a bill created: AWS calls": 5,
    "a bill created: read units": 4,
    "a bill created: write units": 4,
}


def test_nothing_costs_more_than_it_did(stack: Stack) -> None:
    found = {figure.name: figure.value for figure in counts.counted_on(stack)}
    assert found == COSTS, "lower it here when it fell; when it grew, say why in docs/benchmarks.md"

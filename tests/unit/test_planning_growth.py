"""Planning grows with the number of bills and no faster, counted in calls and not in seconds."""

import sys
from types import FrameType
from typing import Any

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.planning import decide
from local.benchmark.growth import NOW, a_user, some_bills


def calls_to_plan(count: int) -> int:
    user, bills = a_user(), some_bills(count)
    calls = 0

    def counted(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event == "call"

    decide(user, bills, {}, channel=Channel.SMS, now=NOW)  # schedules and calendars are kept
    sys.setprofile(counted)
    try:
        decide(user, bills, {}, channel=Channel.SMS, now=NOW)
    finally:
        sys.setprofile(None)
    return calls


def test_ten_times_the_bills_take_ten_times_the_calls() -> None:
    few, many = calls_to_plan(20), calls_to_plan(200)
    assert few > 1000
    assert many < few * 10.5

"""What the API says is missing before reminders arrive."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.api.conftest import NOON, SetClock
from tests.api.test_bills import add
from tests.support.api import Person


def said(person: Person) -> tuple[bool, str | None]:
    setup = person.get("/v1/setup").json
    return setup["complete"], setup["next_step"]


def test_reminders_arrive_once_there_is_somebody_to_reach_and_a_bill(reached: Person) -> None:
    assert said(reached) == (False, "bill")
    add(reached)
    assert said(reached) == (True, "test_message")


ENDS: dict[str, Callable[[Person, str], object]] = {
    "closed": lambda person, address: person.post(f"{address}/close"),
    "paid": lambda person, address: person.post(f"{address}/payments", {}),
    "silenced": lambda person, address: person.call("PUT", f"{address}/silence", {}),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_bill_that_reminds_of_nothing_is_not_enough(reached: Person, end: str) -> None:
    address = add(reached, repeats=None)
    ENDS[end](reached, address)
    assert said(reached) == (False, "bill")
    add(reached)
    assert said(reached) == (True, "test_message")


def test_a_pause_is_named_while_it_lasts(reached: Person, set_clock: SetClock) -> None:
    add(reached)
    reached.patch("/v1/settings", {"paused_until": "2027-03-03"}, "*")
    assert said(reached) == (False, "resume")
    (step,) = [each for each in reached.get("/v1/setup").json["steps"] if not each["done"]][:1]
    assert (step["method"], step["path"]) == ("PATCH", "/v1/settings")
    assert "2027-03-03" in step["hint"]
    set_clock(NOON + timedelta(days=3))
    assert said(reached) == (True, "test_message")

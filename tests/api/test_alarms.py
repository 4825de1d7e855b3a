"""Every alarm that the API's functions ring, and what strangers do to it: it rings, and is quiet
again."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

import pytest

from bill_reminders.storage import link_codes, tables
from tests.api import test_email_codes as emails
from tests.api import test_spend as spend
from tests.api.conftest import SetClock
from tests.api.test_account import ERASE
from tests.support import wire
from tests.support.alarms import OK, alarms, last_state, rings
from tests.support.api import Person
from tests.support.entered import enter
from tests.support.functions import Context
from tests.support.moto_stack import MotoStack
from tests.support.people import a_user
from tests.support.watch import Watch, watched

START = spend.NOON
MINUTE = timedelta(minutes=1)


@dataclass
class Stage:
    """A stack whose clock goes on minute by minute while CloudWatch listens."""

    stack: MotoStack
    set_clock: SetClock
    watch: Watch
    now = START

    def minutes(self, count: int) -> None:
        self.now += count * MINUTE
        self.set_clock(self.now)


@pytest.fixture
def stage(stack: MotoStack, set_clock: SetClock) -> Iterator[Stage]:
    set_clock(START)
    with watched(lambda: made.now) as watch:
        made = Stage(stack, set_clock, watch)
        yield made


def codes_by_sms(stage: Stage) -> None:
    spend.deploy(stage.stack, SmsCodesPerDay=2)
    for number in range(4):
        spend.ask(spend.person(stage.stack, number), spend.phone(number))


def codes_by_email(stage: Stage) -> None:
    spend.deploy(stage.stack, EmailCodesPerDay=2)
    for number in range(4):
        spend.ask(spend.person(stage.stack, number), f"a@number-{number}.example.com")


def codes_come_back(stage: Stage) -> None:
    for number in range(3):
        emails.bounced(stage.stack, number)
    emails.sent_today(50)
    spend.ask(spend.person(stage.stack, 10), "ann@example.com")


def joins(stage: Stage) -> None:
    for number in range(3):
        enter(a_user(f"imported-{number}"))
        code = link_codes.create(f"imported-{number}", now=stage.now)
        joined = Person(stage.stack, f"person-{number}").post(
            "/v1/account/join", {"link_code": code}
        )
        assert joined.status == 200, joined.text


def exports(stage: Stage) -> None:
    for number in range(3):
        assert spend.person(stage.stack, number).post("/v1/account/exports").status == 202


def erasures(stage: Stage) -> None:
    for number in range(3):
        who = spend.person(stage.stack, number)
        assert who.post("/v1/account/erasures", ERASE).status == 202


def wrong_codes(stage: Stage) -> None:
    who = spend.person(stage.stack)
    added = spend.ask(who, spend.phone(1)).json["contact_id"]
    for number in range(3):
        entered = who.post(f"/v1/contacts/{added}/confirm", {"code": f"00000{number}"})
        assert entered.status in (200, 422)


A_BILL = {
    "biller": "Lantern Bank",
    "name": "Credit card",
    "kind": "card",
    "amount": "9.50",
    "currency": "GBP",
    "first_due": "2027-03-05",
}


def a_bill_is_not_mine(stage: Stage) -> None:
    who = spend.imported(stage.stack, "somebody")
    bill = who.post("/v1/bills", A_BILL)
    address = f"/v1/bills/{bill.json['bill_id']}/silence"
    assert who.call("PUT", address, {"reason": "not_mine"}).status == 200


PLAYS: Mapping[str, Callable[[Stage], None]] = {
    "SmsCodesAlarm": codes_by_sms,
    "EmailCodesAlarm": codes_by_email,
    "CodesBounceAlarm": codes_come_back,
    "JoinsByTheHour": joins,
    "ExportsByTheHour": exports,
    "ErasuresByTheHour": erasures,
    "WrongCodesByTheHour": wrong_codes,
    "NotMineAlarm": a_bill_is_not_mine,
}
TWO_AN_HOUR = {f"{each}Alarm": "2" for each in ("Joins", "Exports", "Erasures", "WrongCodes")}


@pytest.mark.parametrize("name", PLAYS)
def test_a_trouble_rings_its_alarm_which_is_quiet_when_it_is_over(stage: Stage, name: str) -> None:
    PLAYS[name](stage)
    stage.minutes(180)
    alarm = alarms(**TWO_AN_HOUR)[name]
    begins = START - 60 * MINUTE
    assert len(rings(alarm, stage.watch.points, begins, stage.now)) == 1
    assert last_state(alarm, stage.watch.points, begins, stage.now) == OK


def test_as_many_as_the_parameter_allows_ring_nothing(stage: Stage) -> None:
    exports(stage)
    stage.minutes(120)
    alarm = alarms(**TWO_AN_HOUR | {"ExportsAlarm": "3"})["ExportsByTheHour"]
    assert not rings(alarm, stage.watch.points, START, stage.now)


# Numbers that ring nothing -----------------------------------------------------------------------


@pytest.mark.parametrize("code", ["ProvisionedThroughputExceededException", "ValidationException"])
def test_requests_that_we_could_not_answer_are_counted(stage: Stage, code: str) -> None:
    """What may pass, and what is our fault."""
    who = spend.imported(stage.stack, "somebody")
    assert who.get("/v1/nothing").status == 404
    assert stage.watch.total("ApiErrors") == 0, "what callers get wrong is none"
    with wire.before(tables.connection.client, "Query", wire.json_error(code)):
        assert who.get("/v1/bills").status >= 500
    assert stage.watch.total("ApiErrors") == 1
    assert stage.watch.total("PageErrors") == 0


@pytest.mark.parametrize(
    ("function", "path"),
    [("LinkPage", "/r/a"), ("Unsubscribe", "/u/a"), ("CalendarFeed", "/c/a.ics")],
)
def test_pages_and_calendars_that_fail_are_counted(stage: Stage, function: str, path: str) -> None:
    http = {"method": "GET", "path": path, "sourceIp": "192.0.2.1"}
    event = {"rawPath": path, "headers": {}, "requestContext": {"http": http}}
    handler = stage.stack.function(function).handler
    assert handler(event, Context())["statusCode"] == 404
    assert stage.watch.total("PageErrors") == 0
    refuses = wire.json_error("ProvisionedThroughputExceededException")
    with wire.before(tables.connection.client, "GetItem", refuses):
        assert handler(event, Context())["statusCode"] == 503
    assert stage.watch.total("PageErrors") == 1


def test_parts_of_codes_are_counted_where_they_went_out(stage: Stage) -> None:
    spend.deploy(stage.stack, SmsCodesPerDay=2)
    for number in range(4):
        spend.ask(spend.person(stage.stack, number), spend.phone(number))
    assert stage.watch.total("SmsParts") == len(spend.numbers_written_to()) == 2


def test_no_line_with_a_number_holds_an_address(stage: Stage) -> None:
    wrong_codes(stage)
    text = str([each for each in stage.watch.entries if "_aws" in each])
    assert "SmsParts" in text
    assert "+1202555" not in text
